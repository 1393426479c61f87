//! What may be wrong with an XML document, and where.
//!
//! Invariant: every message says what to do about it. Absent: what may be wrong with a well-formed
//! message (see `fault`).

use std::fmt;

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlFault {
    /// More bytes than allowed.
    #[error("the document has more than {limit} bytes. Send several smaller messages")]
    TooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// Elements nested too deep.
    #[error("elements are nested more than {limit} deep. No ISO 20022 message needs that")]
    TooDeep {
        /// The most levels.
        limit: usize,
    },
    /// Too many elements.
    #[error("the document has more than {limit} elements. Send several smaller messages")]
    TooManyElements {
        /// The most elements.
        limit: usize,
    },
    /// A text or an attribute's value is too long.
    #[error("a text has more than {limit} bytes. Shorten it")]
    TextTooLong {
        /// The most bytes of one text.
        limit: usize,
    },
    /// A name is too long.
    #[error("a name has more than {limit} bytes. Use the names of the schema")]
    NameTooLong {
        /// The most bytes of one name.
        limit: usize,
    },
    /// Too many attributes in one element.
    #[error("an element has more than {limit} attributes. Remove those that no schema names")]
    TooManyAttributes {
        /// The most attributes of one element.
        limit: usize,
    },
    /// Too many namespace declarations in force.
    #[error("more than {limit} namespaces are declared at once. Declare only those in use")]
    TooManyNamespaces {
        /// The most declarations in force.
        limit: usize,
    },
    /// Not UTF-8 by its first bytes or its declaration.
    #[error("the document is encoded in {found}. Send it in UTF-8")]
    Encoding {
        /// The encoding that was recognized or declared.
        found: String,
    },
    /// Bytes that are not UTF-8.
    #[error("the bytes are not UTF-8. Send the document in UTF-8")]
    InvalidUtf8,
    /// A character that XML 1.0 does not allow.
    #[error("the character U+{code:04X} is not allowed in XML. Remove it")]
    ForbiddenCharacter {
        /// The character's number.
        code: u32,
    },
    /// Another version than 1.0.
    #[error("XML version {found} is not accepted. Send XML 1.0")]
    Version {
        /// The version that was declared.
        found: String,
    },
    /// A document type definition.
    #[error("the document has a DOCTYPE. Remove it: no ISO 20022 message needs one")]
    DocumentType,
    /// An entity that only a document type definition could declare.
    #[error("the entity &{name}; is not defined. Use &lt; &gt; &amp; &quot; &apos; or a number")]
    UnknownEntity {
        /// The entity's name.
        name: String,
    },
    /// Not well formed.
    #[error("not well-formed XML: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// A name that is not allowed in XML with namespaces.
    #[error("\"{name}\" is not a name in XML. Names start with a letter and hold no spaces")]
    Name {
        /// The name.
        name: String,
    },
    /// The same attribute twice in one element.
    #[error("the attribute {name} is given twice in one element. Keep one")]
    DuplicateAttribute {
        /// The attribute's name.
        name: String,
    },
    /// A prefix without a namespace.
    #[error("the prefix {prefix} is bound to no namespace. Declare xmlns:{prefix}")]
    UnboundPrefix {
        /// The prefix.
        prefix: String,
    },
    /// A second root element.
    #[error("a second root element {name} follows the first. Send one document at a time")]
    SecondRoot {
        /// The second root's name.
        name: String,
    },
    /// Text before or after the root element.
    #[error("text stands outside the root element. Remove what is before and after the document")]
    OutsideRoot,
    /// No element at all.
    #[error("the document has no element. Send a message")]
    NoRoot,
    /// The document ends inside an element.
    #[error("the document ends inside the element {name}. It may have been cut off: send it again")]
    Unclosed {
        /// The innermost open element.
        name: String,
    },
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct XmlError {
    /// What is wrong.
    pub fault: XmlFault,
    /// The line, from 1.
    pub line: usize,
    /// The byte in the document, from 0.
    pub byte: usize,
    /// The open elements: `/Envelope/Document`; empty outside the root.
    pub path: String,
}

impl fmt::Display for XmlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, byte {}", self.line, self.byte)?;
        if !self.path.is_empty() {
            write!(formatter, ", in {}", self.path)?;
        }
        write!(formatter, ": {}", self.fault)
    }
}
