//! Rule: each program prints in one module only, so that `--output json` can be trusted.

use std::collections::BTreeMap;

use super::{Finding, Tree};

const MACROS: [&str; 4] = ["println", "eprintln", "print", "eprint"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut printing: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    for (path, source) in tree.sources() {
        let mut lines: Vec<_> = MACROS.iter().flat_map(|name| source.find(&[name, "!"])).collect();
        lines.retain(|line| !tree.is_test(path, *line));
        if let Some(first) = lines.iter().min() {
            let package = path.split('/').next().unwrap_or_default();
            printing.entry(package).or_default().push((path, *first));
        }
    }
    printing.into_values().flat_map(|files| beyond_one(&files)).collect()
}

/// The package's output module is the one named so, or else the first.
fn beyond_one(files: &[(&str, usize)]) -> Vec<Finding> {
    let named = files.iter().find(|(path, _)| path.ends_with("/output.rs"));
    let Some((home, _)) = named.or(files.first()) else { return Vec::new() };
    let others = files.iter().filter(|(path, _)| path != home);
    others
        .map(|(path, line)| Finding {
            path: (*path).to_owned(),
            line: *line,
            rule: "printing",
            advice: format!("print in {home}, this package's output module"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_second_printing_file_is_found() {
        let print = "fn f() { println!(); }";
        let rows = [
            (vec![("a/src/output.rs", print)], 0),
            (vec![("a/src/output.rs", print), ("b/src/output.rs", print)], 0),
            (vec![("a/src/first.rs", print), ("a/src/output.rs", print)], 1),
            (vec![("a/src/output.rs", print), ("a/tests/t.rs", print)], 0),
        ];
        for (files, found) in rows {
            assert_eq!(check(&Tree::sample(&files)).len(), found, "{files:?}");
        }
    }
}
