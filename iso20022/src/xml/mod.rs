//! A bounded, namespace-aware XML reader and a small writer.
//!
//! Invariants: reading never recurses, so no input can grow the stack; every size is held by
//! [`Limits`]; a [`Document`] is well formed, has one root, and every prefix in it is resolved.
//! Absent: document type definitions and the entities they declare (refused by name), external
//! resources of any kind, XML 1.1, encodings other than UTF-8.

mod error;
mod read;
mod write;

use std::borrow::Cow;
use std::ops::Range;

pub use error::{XmlError, XmlFault};
pub(crate) use write::Writer;

/// The sizes that a document may have. Every one is checked while reading, before memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub total_bytes: usize,
    /// Elements open at once.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
    /// Bytes of text in one element, and of one attribute's value.
    pub text_bytes: usize,
    /// Bytes of one name, its prefix included.
    pub name_bytes: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Namespace declarations in force at once.
    pub namespaces: usize,
}

impl Default for Limits {
    /// Room for 8,192 rich payments in one message: 16 MiB, 64 levels, 500,000 elements.
    fn default() -> Self {
        Self {
            total_bytes: 16 * 1024 * 1024,
            depth: 64,
            elements: 500_000,
            text_bytes: 64 * 1024,
            name_bytes: 128,
            attributes: 16,
            namespaces: 64,
        }
    }
}

/// One element's data, in document order; its subtree is the nodes up to `end`.
#[derive(Debug)]
struct Node<'input> {
    name: String,
    /// An index into the document's namespaces.
    namespace: Option<usize>,
    text: Cow<'input, str>,
    /// The first node that is not in this one's subtree.
    end: usize,
    attributes: Range<usize>,
}

#[derive(Debug, PartialEq, Eq)]
struct Attribute {
    namespace: Option<usize>,
    name: String,
    value: String,
}

/// A document that was read whole: elements in document order, in one flat list.
#[derive(Debug)]
pub struct Document<'input> {
    nodes: Vec<Node<'input>>,
    attributes: Vec<Attribute>,
    namespaces: Vec<String>,
}

impl<'input> Document<'input> {
    /// Reads a document.
    ///
    /// # Errors
    /// [`XmlError`] says what is wrong, where (line, byte, path), and what to do.
    pub fn parse(bytes: &'input [u8], limits: &Limits) -> Result<Self, XmlError> {
        read::document(bytes, limits)
    }

    /// The outermost element.
    pub fn root(&self) -> Element<'_> {
        Element { document: self, index: 0 }
    }

    fn node(&self, index: usize) -> &Node<'input> {
        // Every index was made by this document, whose list only grows while it is read.
        &self.nodes[index]
    }
}

/// One element of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct Element<'document> {
    document: &'document Document<'document>,
    index: usize,
}

impl<'document> Element<'document> {
    fn node(self) -> &'document Node<'document> {
        self.document.node(self.index)
    }

    /// The name without its prefix.
    pub fn name(self) -> &'document str {
        &self.node().name
    }

    /// The namespace's name; `None` for an element in no namespace.
    pub fn namespace(self) -> Option<&'document str> {
        self.node()
            .namespace
            .and_then(|index| self.document.namespaces.get(index))
            .map(String::as_str)
    }

    /// The element's own text, without white space around it.
    pub fn text(self) -> &'document str {
        self.node().text.trim_matches([' ', '\t', '\n', '\r'])
    }

    /// The value of the attribute `name` that is in no namespace.
    pub fn attribute(self, name: &str) -> Option<&'document str> {
        let attributes = self.document.attributes.get(self.node().attributes.clone())?;
        let found = attributes
            .iter()
            .find(|attribute| attribute.namespace.is_none() && attribute.name == name);
        found.map(|attribute| attribute.value.as_str())
    }

    /// All attributes but namespace declarations: name without prefix, value.
    pub fn attributes(self) -> impl Iterator<Item = (&'document str, &'document str)> {
        let attributes = self.document.attributes.get(self.node().attributes.clone());
        attributes
            .unwrap_or_default()
            .iter()
            .map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
    }

    /// The child elements, in document order.
    pub fn children(self) -> Children<'document> {
        let next = self.index.saturating_add(1);
        Children { document: self.document, next, end: self.node().end }
    }

    /// True for an element without child elements.
    pub fn is_leaf(self) -> bool {
        self.node().end == self.index.saturating_add(1)
    }

    /// The children called `name` in this element's own namespace.
    pub fn named(self, name: &str) -> impl Iterator<Item = Element<'document>> {
        let namespace = self.namespace();
        self.children().filter(move |child| child.name() == name && child.namespace() == namespace)
    }
}

/// Iterates over child elements.
#[derive(Clone, Debug)]
pub struct Children<'document> {
    document: &'document Document<'document>,
    next: usize,
    end: usize,
}

impl<'document> Iterator for Children<'document> {
    type Item = Element<'document>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let child = Element { document: self.document, index: self.next };
        self.next = child.node().end;
        Some(child)
    }
}
