//! Texts that people read: which characters a name may hold, and how a doubtful text is shown.
//!
//! Invariants: a name has no character that cannot be seen or that changes how the text around it
//! looks: control characters move a terminal's cursor, bidirectional marks turn an amount around,
//! spaces without width make two names look alike. Absent: look-alike letters; names are no proof
//! of anything, addresses are.

/// The most bytes of an institution's name (ISO 20022 `Max140Text`).
pub const INSTITUTION_NAME: usize = 140;

/// The most bytes of a network's name.
pub const NETWORK_NAME: usize = 64;

/// True for a control character, a mark of direction or of joining, or a space without width.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// True for a name of 1 to `most` bytes that shows all that it holds.
pub fn is_name(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.len() <= most && !text.chars().any(is_hidden)
}

/// The text with every hidden character but line ends written out: `\u{202e}`.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter != '\n' && is_hidden(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{is_name, shown};

    #[test]
    fn names_show_all_that_they_hold() {
        for good in ["Post", "中国邮政储蓄银行", "Société Générale", "بنك", "बैंक", "a'b & c", "Ⅷ 8"]
        {
            assert!(is_name(good, 140), "{good}");
        }
        let hidden = [
            "",
            " ",
            "a\0",
            "a\n",
            "a\t",
            "\u{1b}[2J",
            "a\u{7f}",
            "a\u{85}",
            "a\u{ad}b",
            "\u{61c}a",
            "a\u{200b}",
            "a\u{200f}",
            "\u{202e}a",
            "a\u{2028}",
            "a\u{2066}",
            "\u{feff}a",
            "\u{e0041}a",
        ];
        for bad in hidden {
            assert!(!is_name(bad, 140), "{bad:?}");
        }
        assert!(is_name(&"a".repeat(64), 64) && !is_name(&"a".repeat(65), 64));
    }

    #[test]
    fn hidden_characters_are_written_out() {
        assert_eq!(shown("飞\n\u{202e}1\u{1b}[2J"), "飞\n\\u{202e}1\\u{1b}[2J");
    }
}
