//! Texts of the document as HTML: escaped, with code spans and paragraphs.
//!
//! Invariants: whatever the text holds, no element but `code`, `p` and `pre` comes of it. Absent:
//! the rest of Markdown, which the document's texts do not use.

/// `text` with nothing left that HTML would read.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// One line: what stands between backticks is code.
pub(super) fn line(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| match (index % 2 == 1, escape(part)) {
            (true, code) => format!("<code>{code}</code>"),
            (false, plain) => plain,
        })
        .collect()
}

/// Paragraphs, which empty lines part.
pub(super) fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", line(paragraph))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_becomes_an_element() {
        let hostile = "<img src=x onerror='f()'> & \"q\" `<b>`";
        let safe = "&lt;img src=x onerror=&#39;f()&#39;&gt; &amp; &quot;q&quot; \
                    <code>&lt;b&gt;</code>";
        assert_eq!(line(hostile), safe);
        assert_eq!(paragraphs("a `b`\n\nc"), "<p>a <code>b</code></p><p>c</p>");
    }
}
