//! Rule: a lint yields, and a test is left out, only with a reason beside it.

use super::{Finding, Tree, source::Word};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.sources() {
        for (name, arguments) in attributes(&source.words) {
            let test = tree.is_test(path, name.line);
            findings.extend(advice(&name.text, arguments, test).map(|advice| Finding {
                path: path.to_owned(),
                line: name.line,
                rule: "attributes",
                advice: advice.to_owned(),
            }));
        }
    }
    findings
}

/// Each attribute's name with the words up to its end.
fn attributes(words: &[Word]) -> impl Iterator<Item = (&Word, &[Word])> {
    words.iter().enumerate().filter(|(_, word)| word.text == "#").filter_map(|(at, _)| {
        let rest = words.get(at + 1..)?;
        let rest = if rest.first()?.text == "!" { rest.get(1..)? } else { rest };
        let (open, rest) = rest.split_first()?;
        let mut depth = 1_usize;
        let end = rest.iter().position(|word| {
            match word.text.as_str() {
                "[" => depth += 1,
                "]" => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        let (name, arguments) = rest.get(..end)?.split_first()?;
        (open.text == "[").then_some((name, arguments))
    })
}

fn advice(name: &str, arguments: &[Word], test: bool) -> Option<&'static str> {
    let reasoned = arguments.iter().any(|word| word.text == "reason");
    match name {
        "allow" if !test => {
            Some("write #[expect(lint, reason = \"...\")], which fails when it is not needed")
        }
        "expect" if !reasoned => Some("add reason = \"...\": why the lint must yield here"),
        "ignore" if arguments.is_empty() => Some("write #[ignore = \"why, and who runs it\"]"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn only_a_reason_excuses() {
        let rows = [
            ("#[expect(clippy::panic, reason = \"why\")]\nfn f() {}", 0),
            ("#[expect(clippy::panic)]\nfn f() {}", 1),
            ("#[allow(clippy::panic)]\nfn f() {}", 1),
            ("#![allow(dead_code)]\nfn f() {}", 1),
            ("#[cfg(test)]\nmod tests {\n#![allow(clippy::panic)]\n}", 0),
            ("#[test]\n#[ignore]\nfn f() {}", 1),
            ("#[test]\n#[ignore = \"needs an hour\"]\nfn f() {}", 0),
            ("fn f() { a.expect(\"b\"); x[0]; }", 0),
        ];
        for (text, found) in rows {
            assert_eq!(check(&Tree::sample(&[("a/src/lib.rs", text)])).len(), found, "{text}");
        }
    }
}
