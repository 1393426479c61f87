//! Rule: every Rust file opens with `//!`, a sentence on what it is for.

use super::{Finding, Tree};

const SHORTEST: usize = 20;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let unopened = tree.texts.iter().filter(|(path, text)| path.ends_with(".rs") && !opens(text));
    unopened
        .map(|(path, _)| Finding {
            path: path.clone(),
            line: 1,
            rule: "opening",
            advice: "open the file with `//!` and a sentence on what it is for, its invariants \
                     and what is absent"
                .to_owned(),
        })
        .collect()
}

fn opens(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("//! ").is_some_and(|sentence| sentence.len() >= SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::opens;

    #[test]
    fn only_a_sentence_opens_a_file() {
        let rows = [
            ("//! Money: amounts of one asset.\n", true),
            ("//! x\n", false),
            ("// Money: amounts of one asset.\n", false),
            ("use std::fmt;\n", false),
            ("", false),
        ];
        for (text, good) in rows {
            assert_eq!(opens(text), good, "{text}");
        }
    }
}
