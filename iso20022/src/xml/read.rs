//! Reads bytes into a [`Document`], one event after the other, without recursion.
//!
//! Invariants: each limit is checked before the memory for what exceeds it is taken; the first
//! mistake ends the reading; the parser below never sees bytes that are not UTF-8.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::errors::Error;
use quick_xml::escape::EscapeError;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::PrefixDeclaration;
use std::borrow::Cow;

use super::{Attribute, Document, Limits, Node, XmlError, XmlFault};

const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// True for a character that XML 1.0 allows in a document.
pub(super) fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

pub(super) fn document<'input>(
    bytes: &'input [u8],
    limits: &Limits,
) -> Result<Document<'input>, XmlError> {
    let at =
        |fault, byte| XmlError { fault, line: line_of(bytes, byte), byte, path: String::new() };
    let text = decode(bytes, limits).map_err(|(fault, byte)| at(fault, byte))?;
    let skipped = bytes.len().saturating_sub(text.len());
    let mut builder = Builder::new(*limits);
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    loop {
        let byte = position(reader.buffer_position());
        let step = match reader.read_event() {
            Ok(event) => builder.event(event, byte),
            Err(error) => Err(malformed(&error)),
        };
        match step {
            Ok(Step::More) => {}
            Ok(Step::End) => return Ok(builder.document),
            Err(fault) => {
                let byte = byte.saturating_add(skipped);
                return Err(XmlError { path: builder.path(), ..at(fault, byte) });
            }
        }
    }
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

fn line_of(bytes: &[u8], byte: usize) -> usize {
    let before = bytes.get(..byte).unwrap_or(bytes);
    before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
}

/// The document's text without a byte order mark, or the fault and its byte.
fn decode<'input>(bytes: &'input [u8], limits: &Limits) -> Result<&'input str, (XmlFault, usize)> {
    if bytes.len() > limits.total_bytes {
        return Err((XmlFault::TooLarge { limit: limits.total_bytes }, limits.total_bytes));
    }
    let other_encoding = match bytes {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<', ..] => Some("UTF-32BE"),
        [0xff, 0xfe, 0, 0, ..] | [b'<', 0, 0, 0, ..] => Some("UTF-32LE"),
        [0xfe, 0xff, ..] | [0, b'<', ..] => Some("UTF-16BE"),
        [0xff, 0xfe, ..] | [b'<', 0, ..] => Some("UTF-16LE"),
        [0x4c, 0x6f, 0xa7, 0x94, ..] => Some("EBCDIC"),
        _ => None,
    };
    if let Some(found) = other_encoding {
        return Err((XmlFault::Encoding { found: found.to_owned() }, 0));
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| (XmlFault::InvalidUtf8, error.valid_up_to()))?;
    if let Some((byte, found)) = text.char_indices().find(|(_, found)| !is_allowed(*found)) {
        return Err((XmlFault::ForbiddenCharacter { code: u32::from(found) }, byte));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn malformed(error: &Error) -> XmlFault {
    XmlFault::Malformed { reason: error.to_string() }
}

enum Step {
    More,
    End,
}

/// A prefix that is bound to a namespace from the element at `depth` inwards.
struct Binding {
    depth: usize,
    prefix: String,
    /// `None` takes the default namespace back.
    namespace: Option<usize>,
}

struct Builder<'input> {
    limits: Limits,
    document: Document<'input>,
    /// The open elements' indices, outermost first.
    open: Vec<usize>,
    bindings: Vec<Binding>,
}

impl<'input> Builder<'input> {
    fn new(limits: Limits) -> Self {
        let namespaces = vec![XML_NAMESPACE.to_owned()];
        let document = Document { nodes: Vec::new(), attributes: Vec::new(), namespaces };
        let xml = Binding { depth: 0, prefix: "xml".to_owned(), namespace: Some(0) };
        Self { limits, document, open: Vec::new(), bindings: vec![xml] }
    }

    fn path(&self) -> String {
        self.open.iter().map(|index| format!("/{}", self.document.node(*index).name)).collect()
    }

    fn event(&mut self, event: Event<'input>, byte: usize) -> Result<Step, XmlFault> {
        match event {
            Event::Start(start) => self.start(&start)?,
            Event::Empty(start) => {
                self.start(&start)?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::Text(text) => {
                let text = normalized(text.into_inner());
                if text.contains("]]>") {
                    let reason = "\"]]>\" stands in a text. Write ]]&gt;".to_owned();
                    return Err(XmlFault::Malformed { reason });
                }
                self.text(text)?;
            }
            Event::CData(text) => self.cdata(normalized(text.into_inner()))?,
            Event::GeneralRef(reference) => {
                let character = resolve(&reference)?;
                self.cdata(Cow::Owned(character.to_string()))?;
            }
            Event::Decl(declaration) => check_declaration(&declaration, byte)?,
            Event::DocType(_) => return Err(XmlFault::DocumentType),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return self.finish(),
        }
        Ok(Step::More)
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), XmlFault> {
        let name = start.name().0;
        self.check_name(name)?;
        if self.open.is_empty() && !self.document.nodes.is_empty() {
            return Err(XmlFault::SecondRoot { name: name.to_owned() });
        }
        if self.open.len() >= self.limits.depth {
            return Err(XmlFault::TooDeep { limit: self.limits.depth });
        }
        if self.document.nodes.len() >= self.limits.elements {
            return Err(XmlFault::TooManyElements { limit: self.limits.elements });
        }
        let plain = self.declare_namespaces(start)?;
        let first = self.document.attributes.len();
        for (key, value) in plain {
            let (namespace, name) = self.resolve(&key, None)?;
            let attribute = Attribute { namespace, name: name.to_owned(), value };
            if self.has_attribute(first, &attribute) {
                return Err(XmlFault::DuplicateAttribute { name: key });
            }
            self.document.attributes.push(attribute);
        }
        let default = self.binding("").flatten();
        let (namespace, name) = self.resolve(name, default)?;
        self.open.push(self.document.nodes.len());
        self.document.nodes.push(Node {
            name: name.to_owned(),
            namespace,
            text: Cow::Borrowed(""),
            end: 0,
            attributes: first..self.document.attributes.len(),
        });
        Ok(())
    }

    /// Takes the namespace declarations into force and gives the other attributes.
    fn declare_namespaces(
        &mut self,
        start: &BytesStart<'_>,
    ) -> Result<Vec<(String, String)>, XmlFault> {
        let depth = self.open.len().saturating_add(1);
        let mut plain = Vec::new();
        let mut count = 0_usize;
        // The parser's own check for duplicates compares each with each, before any limit.
        for attribute in start.attributes().with_checks(false) {
            count = count.saturating_add(1);
            if count > self.limits.attributes {
                return Err(XmlFault::TooManyAttributes { limit: self.limits.attributes });
            }
            let attribute = attribute.map_err(|error| malformed(&Error::from(error)))?;
            let key = attribute.key;
            self.check_name(key.0)?;
            let value = self.attribute_value(&attribute)?;
            match key.as_namespace_binding() {
                None => plain.push((key.0.to_owned(), value)),
                Some(PrefixDeclaration::Default) => self.bind(depth, "", value)?,
                Some(PrefixDeclaration::Named(prefix)) => self.bind(depth, prefix, value)?,
            }
        }
        Ok(plain)
    }

    fn attribute_value(
        &self,
        attribute: &quick_xml::events::attributes::Attribute<'_>,
    ) -> Result<String, XmlFault> {
        if attribute.value.len() > self.limits.text_bytes {
            return Err(XmlFault::TextTooLong { limit: self.limits.text_bytes });
        }
        if attribute.value.contains('<') {
            let reason = "\"<\" stands in an attribute. Write &lt;".to_owned();
            return Err(XmlFault::Malformed { reason });
        }
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| {
            if let Error::Escape(EscapeError::UnrecognizedEntity(_, name)) = error {
                XmlFault::UnknownEntity { name }
            } else {
                malformed(&error)
            }
        })?;
        match value.chars().find(|character| !is_allowed(*character)) {
            Some(found) => Err(XmlFault::ForbiddenCharacter { code: u32::from(found) }),
            None => Ok(value.into_owned()),
        }
    }

    fn bind(&mut self, depth: usize, prefix: &str, namespace: String) -> Result<(), XmlFault> {
        let is_reserved = prefix == "xml" || prefix == "xmlns";
        if is_reserved || (namespace.is_empty() && !prefix.is_empty()) {
            let reason = format!("the prefix {prefix} cannot be bound to \"{namespace}\"");
            return Err(XmlFault::Malformed { reason });
        }
        let of_this_element = self.bindings.iter().rev().take_while(|known| known.depth == depth);
        if of_this_element.clone().any(|known| known.prefix == prefix) {
            return Err(XmlFault::DuplicateAttribute { name: format!("xmlns:{prefix}") });
        }
        if self.bindings.len() > self.limits.namespaces {
            return Err(XmlFault::TooManyNamespaces { limit: self.limits.namespaces });
        }
        let index = (!namespace.is_empty()).then(|| self.number_of(namespace));
        self.bindings.push(Binding { depth, prefix: prefix.to_owned(), namespace: index });
        Ok(())
    }

    /// The namespace's number: equal namespaces in force have the same.
    fn number_of(&mut self, namespace: String) -> usize {
        let namespaces = &mut self.document.namespaces;
        let mut in_force = self.bindings.iter().filter_map(|binding| binding.namespace);
        in_force.find(|index| namespaces.get(*index) == Some(&namespace)).unwrap_or_else(|| {
            namespaces.push(namespace);
            namespaces.len().saturating_sub(1)
        })
    }

    fn binding(&self, prefix: &str) -> Option<Option<usize>> {
        let mut newest_first = self.bindings.iter().rev();
        newest_first.find(|binding| binding.prefix == prefix).map(|binding| binding.namespace)
    }

    /// Splits a name at its prefix and resolves that; a name without prefix gets `default`.
    fn resolve<'name>(
        &self,
        name: &'name str,
        default: Option<usize>,
    ) -> Result<(Option<usize>, &'name str), XmlFault> {
        match name.split_once(':') {
            None => Ok((default, name)),
            Some((prefix, local)) => match self.binding(prefix) {
                Some(namespace) => Ok((namespace, local)),
                None => Err(XmlFault::UnboundPrefix { prefix: prefix.to_owned() }),
            },
        }
    }

    fn has_attribute(&self, first: usize, wanted: &Attribute) -> bool {
        let known = self.document.attributes.get(first..).unwrap_or_default();
        known.iter().any(|known| (&known.name, known.namespace) == (&wanted.name, wanted.namespace))
    }

    fn check_name(&self, name: &str) -> Result<(), XmlFault> {
        if name.len() > self.limits.name_bytes {
            return Err(XmlFault::NameTooLong { limit: self.limits.name_bytes });
        }
        let is_start = |found: char| found.is_alphabetic() || found == '_';
        let is_more =
            |found: char| found.is_alphanumeric() || matches!(found, '_' | '-' | '.' | '·');
        let is_part = |part: &str| {
            let mut characters = part.chars();
            characters.next().is_some_and(is_start) && characters.all(is_more)
        };
        let is_name = match name.split_once(':') {
            None => is_part(name),
            Some((prefix, local)) => is_part(prefix) && is_part(local),
        };
        if is_name { Ok(()) } else { Err(XmlFault::Name { name: name.to_owned() }) }
    }

    fn end(&mut self) {
        let depth = self.open.len();
        let count = self.document.nodes.len();
        if let Some(index) = self.open.pop()
            && let Some(node) = self.document.nodes.get_mut(index)
        {
            node.end = count;
        }
        while self.bindings.last().is_some_and(|binding| binding.depth >= depth) {
            self.bindings.pop();
        }
    }

    /// Text that may be mere layout, which is dropped where no other text came before it.
    fn text(&mut self, text: Cow<'input, str>) -> Result<(), XmlFault> {
        let is_layout = text.bytes().all(|byte| byte.is_ascii_whitespace());
        let has_text =
            self.open.last().is_some_and(|index| !self.document.node(*index).text.is_empty());
        if is_layout && !has_text { Ok(()) } else { self.cdata(text) }
    }

    fn cdata(&mut self, text: Cow<'input, str>) -> Result<(), XmlFault> {
        let node = self.open.last().and_then(|index| self.document.nodes.get_mut(*index));
        let Some(node) = node else { return Err(XmlFault::OutsideRoot) };
        if node.text.len().saturating_add(text.len()) > self.limits.text_bytes {
            return Err(XmlFault::TextTooLong { limit: self.limits.text_bytes });
        }
        if node.text.is_empty() {
            node.text = text;
        } else {
            node.text.to_mut().push_str(&text);
        }
        Ok(())
    }

    fn finish(&self) -> Result<Step, XmlFault> {
        if let Some(index) = self.open.last() {
            return Err(XmlFault::Unclosed { name: self.document.node(*index).name.clone() });
        }
        if self.document.nodes.is_empty() { Err(XmlFault::NoRoot) } else { Ok(Step::End) }
    }
}

/// Line ends as XML 1.0 wants them: one line feed each.
fn normalized(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, XmlFault> {
    match reference.resolve_char_ref().map_err(|error| malformed(&error))? {
        Some(found) if is_allowed(found) => Ok(found),
        Some(found) => Err(XmlFault::ForbiddenCharacter { code: u32::from(found) }),
        None => match &**reference {
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "amp" => Ok('&'),
            "quot" => Ok('"'),
            "apos" => Ok('\''),
            other => Err(XmlFault::UnknownEntity { name: other.chars().take(40).collect() }),
        },
    }
}

fn check_declaration(declaration: &BytesDecl<'_>, byte: usize) -> Result<(), XmlFault> {
    if byte != 0 {
        let reason = "the XML declaration must be the first thing in the document".to_owned();
        return Err(XmlFault::Malformed { reason });
    }
    let version = declaration.version().map_err(|error| malformed(&error))?;
    if version != "1.0" {
        return Err(XmlFault::Version { found: version.chars().take(20).collect() });
    }
    let Some(encoding) = declaration.encoding() else { return Ok(()) };
    let encoding = encoding.map_err(|error| malformed(&Error::from(error)))?;
    let is_accepted = ["utf-8", "us-ascii"].iter().any(|name| encoding.eq_ignore_ascii_case(name));
    if is_accepted {
        Ok(())
    } else {
        Err(XmlFault::Encoding { found: encoding.chars().take(40).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Document<'_>, XmlError> {
        Document::parse(text.as_bytes(), &Limits::default())
    }

    fn fault(bytes: &[u8]) -> XmlFault {
        Document::parse(bytes, &Limits::default()).unwrap_err().fault
    }

    #[test]
    fn namespaces_resolve_by_prefix_and_by_default() {
        let text = "\u{feff}<?xml version='1.0' encoding='utf-8'?>\r\n<!-- x --><a xmlns='urn:d' \
            xmlns:p='urn:p'><p:b Ccy='EUR' p:q='1'>&lt;x&#x41;&#66;\r\n<![CDATA[&<]]></p:b>\
            <c xmlns=''><d/></c><xml:e/></a>\n<?pi?>";
        let document = read(text).unwrap();
        let root = document.root();
        assert_eq!((root.name(), root.namespace(), root.text()), ("a", Some("urn:d"), ""));
        let children: Vec<_> = root.children().collect();
        assert_eq!(children.len(), 3);
        assert_eq!(children[0].namespace(), Some("urn:p"));
        assert_eq!(children[0].text(), "<xAB\n&<");
        assert_eq!(children[0].attribute("Ccy"), Some("EUR"));
        assert_eq!(children[0].attribute("q"), None);
        assert_eq!(children[0].attributes().count(), 2);
        assert_eq!(children[1].namespace(), None);
        assert_eq!(children[1].named("d").count(), 1);
        assert_eq!(children[2].namespace(), Some(XML_NAMESPACE));
        assert_eq!(root.named("b").count(), 0);
        assert!(children[0].is_leaf() && !children[1].is_leaf());
    }

    #[test]
    fn each_mistake_has_its_name() {
        let malformed = |text: &str| {
            let found = fault(text.as_bytes());
            assert!(matches!(found, XmlFault::Malformed { .. }), "{text}: {found:?}");
        };
        for text in [
            "</a>",
            "<a></b>",
            "<a><b></a></b>",
            "<a",
            "<a b=1/>",
            "<a b='1/>",
            "<a b='<'/>",
            "<a>&amp</a>",
            "<a>]]></a>",
            "<a><![CDATA[</a>",
            "<a><!-- -- --></a>",
            "<a xmlns:xml='urn:x'/>",
            "<a xmlns:p=''/>",
            " <?xml version='1.0'?><a/>",
            "<a><?xml version='1.0'?></a>",
            "<a>&#x110000;</a>",
        ] {
            malformed(text);
        }
        let named: [(&str, XmlFault); 17] = [
            ("", XmlFault::NoRoot),
            (" <!-- only this --> ", XmlFault::NoRoot),
            ("hello", XmlFault::OutsideRoot),
            ("<a/>tail", XmlFault::OutsideRoot),
            ("<a/>&lt;", XmlFault::OutsideRoot),
            ("<a/><b/>", XmlFault::SecondRoot { name: "b".into() }),
            ("<a><b>", XmlFault::Unclosed { name: "b".into() }),
            ("<!DOCTYPE a><a/>", XmlFault::DocumentType),
            ("<a>&bomb;</a>", XmlFault::UnknownEntity { name: "bomb".into() }),
            ("<a b='&bomb;'/>", XmlFault::UnknownEntity { name: "bomb".into() }),
            ("<a>&#1;</a>", XmlFault::ForbiddenCharacter { code: 1 }),
            ("<a b='&#xFFFE;'/>", XmlFault::ForbiddenCharacter { code: 0xfffe }),
            ("<a b='1' b='2'/>", XmlFault::DuplicateAttribute { name: "b".into() }),
            ("<p:a/>", XmlFault::UnboundPrefix { prefix: "p".into() }),
            ("<a p:b=''/>", XmlFault::UnboundPrefix { prefix: "p".into() }),
            ("<1a/>", XmlFault::Name { name: "1a".into() }),
            ("<?xml version='1.1'?><a/>", XmlFault::Version { found: "1.1".into() }),
        ];
        for (text, expected) in named {
            assert_eq!(fault(text.as_bytes()), expected, "{text}");
        }
        let same = "<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='' q:b=''/>";
        assert_eq!(fault(same.as_bytes()), XmlFault::DuplicateAttribute { name: "q:b".into() });
        assert_eq!(fault(b"<a>\x01</a>"), XmlFault::ForbiddenCharacter { code: 1 });
        assert_eq!(fault(b"<a>\xff</a>"), XmlFault::InvalidUtf8);
    }

    #[test]
    fn other_encodings_are_refused_by_name() {
        let utf16 = |text: &str, swap: bool| -> Vec<u8> {
            let bytes = |unit: u16| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() };
            text.encode_utf16().flat_map(bytes).collect()
        };
        for (bytes, name) in [
            (utf16("<a/>", false), "UTF-16LE"),
            (utf16("<a/>", true), "UTF-16BE"),
            (utf16("\u{feff}<a/>", false), "UTF-16LE"),
            (utf16("\u{feff}<a/>", true), "UTF-16BE"),
            (vec![0xff, 0xfe, 0, 0, b'<', 0, 0, 0], "UTF-32LE"),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>".to_vec(), "ISO-8859-1"),
            (b"<?xml version='1.0' encoding='UTF-16'?><a/>".to_vec(), "UTF-16"),
        ] {
            assert_eq!(fault(&bytes), XmlFault::Encoding { found: name.to_owned() });
        }
    }

    #[test]
    fn every_limit_holds() {
        let small = Limits {
            total_bytes: 200,
            depth: 3,
            elements: 5,
            text_bytes: 10,
            name_bytes: 8,
            attributes: 2,
            namespaces: 2,
        };
        let refused = |text: &str| Document::parse(text.as_bytes(), &small).unwrap_err().fault;
        assert!(Document::parse(b"<a><b><c/></b></a>", &small).is_ok());
        assert_eq!(refused(&"x".repeat(201)), XmlFault::TooLarge { limit: 200 });
        assert_eq!(refused("<a><b><c><d/></c></b></a>"), XmlFault::TooDeep { limit: 3 });
        let six = "<a><b/><b/><b/><b/><b/></a>";
        assert_eq!(refused(six), XmlFault::TooManyElements { limit: 5 });
        assert_eq!(refused("<a>12345<b/>678901</a>"), XmlFault::TextTooLong { limit: 10 });
        assert_eq!(refused("<a b='12345678901'/>"), XmlFault::TextTooLong { limit: 10 });
        assert_eq!(refused("<abcdefghi/>"), XmlFault::NameTooLong { limit: 8 });
        assert_eq!(refused("<a b='' c='' d=''/>"), XmlFault::TooManyAttributes { limit: 2 });
        let nested = "<a xmlns:b='u' xmlns:c='u'><a xmlns:d='u'/></a>";
        assert_eq!(refused(nested), XmlFault::TooManyNamespaces { limit: 2 });
        let beside = "<a><a xmlns:b='u' xmlns:c='u'/><a xmlns:b='u' xmlns:c='u'/></a>";
        assert!(Document::parse(beside.as_bytes(), &small).is_ok());
    }

    #[test]
    fn a_mistake_is_located() {
        let error = read("<a>\n <b>\n  <c>&x;</c></b></a>").unwrap_err();
        assert_eq!((error.line, error.byte, error.path.as_str()), (3, 14, "/a/b/c"));
        assert!(error.to_string().starts_with("line 3, byte 14, in /a/b/c: the entity &x;"));
    }
}
