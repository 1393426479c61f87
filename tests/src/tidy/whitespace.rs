//! Rule: text files end with one newline and have no space at the end of a line.
//!
//! Messages and schemas are outside material, kept byte for byte.

use super::{Finding, Tree};

const VERBATIM: [&str; 2] = [".xml", ".xsd"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let ours = |path: &str| !VERBATIM.iter().any(|end| path.ends_with(end));
    let texts = tree.texts.iter().filter(|(path, text)| ours(path) && !text.is_empty());
    texts.flat_map(|(path, text)| faults(path, text)).collect()
}

fn faults(path: &str, text: &str) -> Vec<Finding> {
    let finding = |line: usize, advice: &str| Finding {
        path: path.to_owned(),
        line,
        rule: "whitespace",
        advice: advice.to_owned(),
    };
    let trailing = text.split('\n').enumerate().filter(|(_, line)| line.trim_end() != *line);
    let mut findings: Vec<_> =
        trailing.map(|(number, _)| finding(number + 1, "remove the space at its end")).collect();
    let last = text.lines().count();
    if !text.ends_with('\n') {
        findings.push(finding(last, "end the file with a newline"));
    } else if text.ends_with("\n\n") {
        findings.push(finding(last, "remove the empty lines at the end of the file"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::faults;

    #[test]
    fn each_fault_is_found_at_its_line() {
        let rows: [(&str, &[usize]); 6] = [
            ("a\nb\n", &[]),
            ("a \nb\n", &[1]),
            ("a\nb\t\n", &[2]),
            ("a\r\nb\n", &[1]),
            ("a\nb", &[2]),
            ("a\n\n", &[2]),
        ];
        for (text, lines) in rows {
            let found: Vec<_> = faults("a.md", text).iter().map(|f| f.line).collect();
            assert_eq!(found, lines, "{text:?}");
        }
    }
}
