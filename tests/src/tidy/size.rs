//! Rule: files and functions stay small. Tests and comments are not counted.

use super::{Finding, Tree};

const FILE: usize = 650;
const FUNCTION: usize = 70;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let products = tree.sources().filter(|(path, _)| !tree.test_files.contains(*path));
    for (path, source) in products {
        let lines = source.code_lines();
        if lines > FILE {
            findings.push(finding(
                path,
                1,
                format!("{lines} code lines, {FILE} allowed: split it"),
            ));
        }
        for function in &source.functions {
            if function.code_lines > FUNCTION && !source.is_test(function.line) {
                let (name, lines) = (&function.name, function.code_lines);
                let advice =
                    format!("`{name}` has {lines} code lines, {FUNCTION} allowed: split it");
                findings.push(finding(path, function.line, advice));
            }
        }
    }
    findings
}

fn finding(path: &str, line: usize, advice: String) -> Finding {
    Finding { path: path.to_owned(), line, rule: "size", advice }
}

#[cfg(test)]
mod tests {
    use super::{FILE, FUNCTION, Tree, check};

    /// A function of the given number of code lines, with as many comment lines.
    fn function(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "// why\ng();\n".repeat(lines - 2))
    }

    #[test]
    fn the_limit_of_a_function_is_exact() {
        for (lines, found) in [(FUNCTION, 0), (FUNCTION + 1, 1)] {
            let tree = Tree::sample(&[("a/src/lib.rs", &function(lines))]);
            assert_eq!(check(&tree).len(), found, "{lines}");
        }
    }

    #[test]
    fn the_limit_of_a_file_is_exact_and_tests_are_free() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(200));
        for (lines, found) in [(FILE, 0), (FILE + 1, 1)] {
            let text = format!("{}{tests}", "const A: u8 = 1;\n".repeat(lines));
            assert_eq!(check(&Tree::sample(&[("a/src/lib.rs", &text)])).len(), found, "{lines}");
        }
    }
}
