//! Rule: no file names a folder of the machine that it was written on.

use super::{Finding, Tree};

/// Split, so that this file does not name them.
const FOLDERS: [(&str, &str); 4] =
    [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/Us", "ers/")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let folders: Vec<_> = FOLDERS.iter().map(|(head, tail)| format!("{head}{tail}")).collect();
    let mut findings = Vec::new();
    for (path, text) in &tree.texts {
        for (number, line) in text.lines().enumerate() {
            let named = folders.iter().find(|folder| names(line, folder));
            findings.extend(named.map(|folder| Finding {
                path: path.clone(),
                line: number + 1,
                rule: "paths",
                advice: format!(
                    "`{folder}` is of one machine; write a path from the project's root"
                ),
            }));
        }
    }
    findings
}

/// Whether the folder is named as the beginning of a path.
fn names(line: &str, folder: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || "._-/}~*".contains(letter);
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(part))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn only_the_beginning_of_a_path_names_a_machine() {
        let rows = [
            ("/wo@rk/main", true),
            ("see `/wo@rk/notes`", true),
            ("docs/wo@rk/a.md", false),
            ("https://example.org/wo@rk/", false),
            ("/working/", false),
        ];
        for (line, named) in rows {
            assert_eq!(names(&line.replace('@', ""), &"/wo@rk/".replace('@', "")), named, "{line}");
        }
    }
}
