//! Writes XML: elements in the order of the calls, indented, escaped.
//!
//! Invariants: what is written is well formed whatever the values are; the same calls give the same
//! bytes. Absent: knowledge of any schema.

/// A document that is being written.
#[derive(Debug)]
pub(crate) struct Writer {
    text: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// A document with its XML declaration.
    pub(crate) fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    /// Starts an element that has child elements.
    pub(crate) fn open(&mut self, name: &'static str) {
        self.start(name, &[]);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Starts an element in the default namespace `namespace`, which holds for its children too.
    pub(crate) fn open_in(&mut self, name: &'static str, namespace: &str) {
        self.start(name, &[("xmlns", namespace)]);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Ends the innermost open element.
    pub(crate) fn close(&mut self) {
        let Some(name) = self.open.pop() else { return };
        self.indent();
        self.end(name);
    }

    /// Writes an element that holds only text.
    pub(crate) fn leaf(&mut self, name: &'static str, value: &str) {
        self.leaf_with(name, &[], value);
    }

    /// Writes an element that holds only text, with attributes.
    pub(crate) fn leaf_with(
        &mut self,
        name: &'static str,
        attributes: &[(&'static str, &str)],
        value: &str,
    ) {
        self.start(name, attributes);
        self.text.push('>');
        self.escape(value);
        self.end(name);
    }

    /// Writes an element without content.
    pub(crate) fn empty(&mut self, name: &'static str) {
        self.start(name, &[]);
        self.text.push_str("/>\n");
    }

    /// Ends all open elements and gives the document.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn start(&mut self, name: &'static str, attributes: &[(&'static str, &str)]) {
        self.indent();
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            self.text.push(' ');
            self.text.push_str(attribute);
            self.text.push_str("=\"");
            self.escape(value);
            self.text.push('"');
        }
    }

    fn end(&mut self, name: &'static str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push_str(">\n");
    }

    fn indent(&mut self) {
        for _ in &self.open {
            self.text.push_str("  ");
        }
    }

    fn escape(&mut self, value: &str) {
        for character in value.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\t' | '\n' | '\r' => self.text.push(' '),
                other if super::read::is_allowed(other) => self.text.push(other),
                _ => self.text.push('?'),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Document, Limits};

    #[test]
    fn any_text_survives_or_is_replaced() {
        let mut writer = Writer::new();
        writer.open_in("Document", "urn:x");
        writer.leaf_with("Amt", &[("Ccy", "C\"N<Y")], "<&>\"'\u{0}\u{fffe}\r\n飞钱");
        writer.empty("Nothing");
        let text = writer.finish();
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        let amount = document.root().named("Amt").next().unwrap();
        assert_eq!(amount.text(), "<&>\"'??  飞钱");
        assert_eq!(amount.attribute("Ccy"), Some("C\"N<Y"));
        assert_eq!(document.root().children().count(), 2);
    }
}
