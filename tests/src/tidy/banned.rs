//! Rule: words and calls that the house does not use, each with its replacement.

use super::{Finding, Tree};

/// Where a call is banned.
#[derive(Clone, Copy)]
enum Place {
    Everywhere,
    OutsideTests,
    /// In tests, except in a loop that polls.
    TestsOutsideLoops,
}

/// Tokens that stand one after the other in code, where, and what to write instead.
struct Call {
    tokens: &'static [&'static str],
    place: Place,
    instead: &'static str,
}

const CALLS: &[Call] = &[
    Call { tokens: &["todo", "!"], place: Place::Everywhere, instead: "write it, or leave it out" },
    Call {
        tokens: &["unimplemented", "!"],
        place: Place::Everywhere,
        instead: "write it, or leave it out",
    },
    Call { tokens: &["dbg", "!"], place: Place::Everywhere, instead: "use tracing, or remove it" },
    Call {
        tokens: &[".", "unwrap", "("],
        place: Place::OutsideTests,
        instead: "return an error, or `expect` with the invariant that holds",
    },
    Call {
        tokens: &["panic", "!"],
        place: Place::OutsideTests,
        instead: "return an error; `assert!` only for our own invariants",
    },
    Call {
        tokens: &["thread", ":", ":", "sleep"],
        place: Place::TestsOutsideLoops,
        instead: "wait for the event, or poll for it in a loop with a deadline",
    },
    Call {
        tokens: &["time", ":", ":", "sleep"],
        place: Place::TestsOutsideLoops,
        instead: "wait for the event, or poll for it in a loop with a deadline",
    },
];

/// Marks that stand in comments, split so that this file does not hold them.
const MARKS: [(&str, &str); 3] = [("TO", "DO"), ("FIX", "ME"), ("HA", "CK")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources().flat_map(|(path, _)| calls(tree, path)).chain(comments(tree)).collect()
}

fn calls(tree: &Tree, path: &str) -> Vec<Finding> {
    let Some(source) = tree.sources.get(path) else { return Vec::new() };
    let mut findings = Vec::new();
    for call in CALLS {
        let found = source.find(call.tokens).into_iter();
        let found = found.filter(|line| {
            let test = tree.is_test(path, *line);
            match call.place {
                Place::Everywhere => true,
                Place::OutsideTests => !test,
                Place::TestsOutsideLoops => test && !source.is_looped(*line),
            }
        });
        findings.extend(found.map(|line| Finding {
            path: path.to_owned(),
            line,
            rule: "banned",
            advice: format!("`{}`: {}", call.tokens.concat(), call.instead),
        }));
    }
    findings
}

fn comments(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts.iter().filter(|(path, _)| is_ours(path)) {
        for (number, line) in text.lines().enumerate() {
            findings.extend(comment_fault(line).map(|advice| Finding {
                path: path.clone(),
                line: number + 1,
                rule: "banned",
                advice,
            }));
        }
    }
    findings
}

fn is_ours(path: &str) -> bool {
    [".rs", ".toml", ".md", ".yaml", ".yml", ".sh"].iter().any(|end| path.ends_with(end))
}

fn comment_fault(line: &str) -> Option<String> {
    let words = || line.split(|letter: char| !letter.is_alphanumeric());
    for (head, tail) in MARKS {
        let mark = format!("{head}{tail}");
        if words().any(|word| word == mark) {
            return Some(format!("`{mark}`: do it, or file it; the code says what is"));
        }
    }
    let drawn = |letter: char| "-=*#~".contains(letter);
    let banner = line.trim_start().strip_prefix("//").map(str::trim);
    let banner = banner.is_some_and(|text| text.len() > 4 && text.chars().all(drawn));
    banner.then(|| "a drawn line: split the file where it would need one".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Tree, check, comment_fault};

    #[test]
    fn calls_are_found_where_they_are_not_allowed() {
        let rows = [
            ("fn f() { a.unwrap(); }", 1),
            ("#[cfg(test)]\nmod tests { fn f() { a.unwrap(); panic!(); } }", 0),
            ("fn f() { todo!() }", 1),
            ("#[test]\nfn f() { todo!() }", 1),
            ("fn f() { a.unwrap_or(1); let unwrap = \".unwrap()\"; }", 0),
            ("#[test]\nfn f() { std::thread::sleep(d); }", 1),
            ("#[test]\nfn f() { while !done() { std::thread::sleep(d); } }", 0),
            ("fn f() { std::thread::sleep(d); }", 0),
        ];
        for (text, found) in rows {
            assert_eq!(check(&Tree::sample(&[("a/src/lib.rs", text)])).len(), found, "{text}");
        }
    }

    #[test]
    fn marks_and_drawn_lines_are_found_in_comments() {
        let mark = ["TO", "DO"].concat();
        let rows = [
            (format!("// {mark}: later"), true),
            ("// ---------".to_owned(), true),
            ("// why - because".to_owned(), false),
            ("// mastodon".to_owned(), false),
        ];
        for (line, found) in rows {
            assert_eq!(comment_fault(&line).is_some(), found, "{line}");
        }
    }
}
