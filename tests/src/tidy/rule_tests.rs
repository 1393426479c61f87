//! Rule: each numbered rule of a specification has a test named after it, and no test names a rule
//! that is not there.
//!
//! A specification is the opening comment of a package; a rule stands at the beginning of a line as
//! `R4`, in a list or bold or not.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Tree};

/// The file with the rules, the letter of their numbers, and where their tests may be.
const SPECIFICATIONS: [(&str, char, &[&str]); 2] = [
    ("ledger/src/lib.rs", 'L', &["ledger/", "tests/"]),
    ("consensus/src/lib.rs", 'R', &["consensus/", "tests/"]),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let found = SPECIFICATIONS.iter().flat_map(|(path, letter, places)| {
        tree.texts.get(*path).map(|text| compare(tree, path, *letter, text, places))
    });
    found.flatten().collect()
}

fn compare(tree: &Tree, path: &str, letter: char, text: &str, places: &[&str]) -> Vec<Finding> {
    let finding = |path: &str, line: usize, advice: String| Finding {
        path: path.to_owned(),
        line,
        rule: "rule_tests",
        advice,
    };
    let rules = rules(letter, text);
    if rules.is_empty() {
        return vec![finding(
            path,
            1,
            format!("state the package's rules {letter}1, {letter}2, ..."),
        )];
    }
    let tests = tests(tree, letter, places);
    let tested: BTreeSet<_> = tests.iter().map(|(number, _, _)| *number).collect();
    let untested = rules.iter().filter(|(number, _)| !tested.contains(number));
    let untested = untested.map(|(number, line)| {
        let small = letter.to_ascii_lowercase();
        finding(path, *line, format!("{letter}{number} has no test named `{small}{number}_...`"))
    });
    let unknown = tests.iter().filter(|(number, _, _)| !rules.contains_key(number));
    let unknown = unknown.map(|(number, file, line)| {
        finding(file, *line, format!("{letter}{number} is not a rule of {path}; name one that is"))
    });
    untested.chain(unknown).collect()
}

/// The numbers of the rules with the lines that state them.
fn rules(letter: char, text: &str) -> BTreeMap<u32, usize> {
    let mut rules = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let Some(said) = line.strip_prefix("//!") else { continue };
        let said = said.trim_start_matches([' ', '-', '*', '#', '|', '`']);
        if let Some(number) = numbered(said, letter) {
            rules.entry(number).or_insert(at + 1);
        }
    }
    rules
}

/// The number in `R4` or `r4_...`, when no letter or digit follows it.
fn numbered(word: &str, letter: char) -> Option<u32> {
    let rest = word.strip_prefix(letter)?;
    let end = rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    if after.starts_with(char::is_alphanumeric) { None } else { number.parse().ok() }
}

/// The tests that are named after a rule: its number, their file and line.
fn tests(tree: &Tree, letter: char, places: &[&str]) -> Vec<(u32, String, usize)> {
    let letter = letter.to_ascii_lowercase();
    let mut found = Vec::new();
    let placed = tree.sources().filter(|(path, _)| places.iter().any(|at| path.starts_with(at)));
    for (path, source) in placed {
        for pair in source.words.windows(2) {
            let [word, name] = pair else { continue };
            if word.text == "fn" && name.text.contains('_') && tree.is_test(path, name.line) {
                let number = numbered(&name.text, letter);
                found.extend(number.map(|number| (number, path.to_owned(), name.line)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Tree, check, rules};

    #[test]
    fn rules_are_read_from_the_beginning_of_lines() {
        let text = "//! - **R1** one\n//! R2. two, after R7\n//! ### R13: x\n//! R4x\nfn r5() {}\n";
        let found: Vec<_> = rules('R', text).into_iter().collect();
        assert_eq!(found, [(1, 1), (2, 2), (13, 3)]);
    }

    #[test]
    fn rules_and_tests_must_meet() {
        let test =
            |name: &str| format!("#[cfg(test)]\nmod tests {{\n#[test]\nfn {name}() {{}}\n}}\n");
        let rows = [
            (test("r1_votes_once"), 0),
            (test("votes_once"), 1),
            (format!("fn r1_votes() {{}}\n{}", test("votes")), 1),
            (format!("{}fn g() {{}}", test("r9_votes_once")), 2),
        ];
        for (code, found) in rows {
            let text = format!("//! R1 votes once.\n{code}");
            let tree = Tree::sample(&[("consensus/src/lib.rs", &text)]);
            assert_eq!(check(&tree).len(), found, "{code}");
        }
    }

    #[test]
    fn a_package_without_rules_is_found() {
        assert_eq!(check(&Tree::sample(&[("ledger/src/lib.rs", "//! Rules.\n")])).len(), 1);
    }
}
