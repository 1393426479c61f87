//! The house rules that are held by a check rather than by memory, one rule per file.
//!
//! A rule is a function from the [`Tree`] to findings; a new one is its file, a `mod` line and an
//! entry in [`RULES`]. Invariant: a finding says where, and what to do. Absent: what rustfmt and
//! clippy hold.

mod attributes;
mod banned;
mod book;
mod columns;
mod dependencies;
mod links;
mod modules;
mod opening;
mod paths;
mod printing;
mod purity;
mod readme;
mod rule_tests;
mod size;
mod source;
mod transcripts;
mod tree;
mod whitespace;

use std::{fmt, path::Path};

pub use tree::Tree;

use crate::xtask::Failure;

/// Something that breaks a house rule.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// The file, relative to the root.
    pub path: String,
    /// The line, from 1; 1 where the whole file is meant.
    pub line: usize,
    /// The rule's name.
    pub rule: &'static str,
    /// What is wrong, and what to do.
    pub advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}: {}", self.path, self.line, self.rule, self.advice)
    }
}

/// A house rule: what it finds in the tree.
type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[Rule] = &[
    attributes::check,
    banned::check,
    book::check,
    columns::check,
    dependencies::check,
    links::check,
    modules::check,
    opening::check,
    paths::check,
    printing::check,
    purity::check,
    readme::check,
    rule_tests::check,
    size::check,
    transcripts::check,
    whitespace::check,
];

/// What all rules find in the project whose root is given, in the order of files and lines.
///
/// # Errors
/// When the tree cannot be read, or git or cargo do not answer.
pub fn check(root: &Path) -> Result<Vec<Finding>, Failure> {
    let tree = Tree::read(root)?;
    let mut findings: Vec<_> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.sort();
    findings.dedup();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::Finding;

    #[test]
    fn a_finding_is_one_line_that_editors_can_follow() {
        let finding = Finding {
            path: "ledger/src/money.rs".to_owned(),
            line: 7,
            rule: "columns",
            advice: "break the line".to_owned(),
        };
        assert_eq!(finding.to_string(), "ledger/src/money.rs:7: columns: break the line");
    }
}
