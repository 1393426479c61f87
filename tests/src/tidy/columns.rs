//! Rule: no Rust line is wider than 100 columns, comments included; a line that is one address may
//! be.

use super::{Finding, Tree};

const WIDEST: usize = 100;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts.iter().filter(|(path, _)| path.ends_with(".rs")) {
        for (number, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > WIDEST && !is_address(line) {
                findings.push(Finding {
                    path: path.clone(),
                    line: number + 1,
                    rule: "columns",
                    advice: format!("{columns} columns, {WIDEST} allowed: break the line"),
                });
            }
        }
    }
    findings
}

fn is_address(line: &str) -> bool {
    let words = line.split_whitespace().filter(|word| !["//", "///", "//!"].contains(word));
    line.contains("https://") && words.count() == 1
}

#[cfg(test)]
mod tests {
    use super::{Tree, WIDEST, check};

    #[test]
    fn the_width_is_counted_in_characters() {
        let address = format!("//! https://{}", "a".repeat(WIDEST));
        let rows = [
            ("é".repeat(WIDEST), 0),
            ("a".repeat(WIDEST + 1), 1),
            (address.clone(), 0),
            (format!("{address} more"), 1),
        ];
        for (line, found) in rows {
            let text = format!("// {}\n{line}\n", "ok");
            assert_eq!(check(&Tree::sample(&[("a/src/lib.rs", &text)])).len(), found, "{line}");
        }
    }
}
