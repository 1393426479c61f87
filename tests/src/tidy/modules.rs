//! Rule: every Rust file is reached by a module declaration, and every file parses.
//!
//! The walk also learns which files are compiled for tests only, which other rules ask.

use std::path::{Component, Path, PathBuf};

use super::{Finding, Tree, source::Declaration};

const RULE: &str = "modules";

/// Follows the declarations from each crate's first file.
pub(super) fn walk(tree: &mut Tree) {
    let roots: Vec<_> = tree.sources.keys().filter_map(|path| root_kind(path)).collect();
    for (path, test) in roots {
        follow(tree, path, test, true);
    }
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let dead = tree.sources.keys().filter(|path| !tree.reached.contains(*path));
    let dead = dead.map(|path| Finding {
        path: path.clone(),
        line: 1,
        rule: RULE,
        advice: "no module declaration reaches this file; declare it or remove it".to_owned(),
    });
    dead.chain(tree.broken.iter().cloned()).collect()
}

/// Whether the file is a crate's first, and then whether that crate is compiled for tests only.
fn root_kind(path: &str) -> Option<(String, bool)> {
    let parts: Vec<_> = path.split('/').collect();
    match parts.as_slice() {
        [_, "src", "lib.rs" | "main.rs"] | [_, "build.rs"] | [_, "src", "bin", _] => {
            Some((path.to_owned(), false))
        }
        [_, "tests" | "benches" | "examples", _]
        | [_, "fuzz", "fuzz_targets", _]
        | [_, "tests" | "benches" | "examples", _, "main.rs"] => Some((path.to_owned(), true)),
        _ => None,
    }
}

fn follow(tree: &mut Tree, path: String, test: bool, root: bool) {
    if test {
        tree.test_files.insert(path.clone());
    } else {
        tree.test_files.remove(&path);
    }
    let Some(source) = tree.sources.get(&path) else { return };
    let declarations = source.declarations.clone();
    tree.reached.insert(path.clone());
    for declaration in declarations {
        let candidates = candidates(&path, root, &declaration);
        if let Some(file) = candidates.into_iter().find(|file| tree.sources.contains_key(file)) {
            follow(tree, file, test || declaration.test, false);
        }
    }
}

/// The places where the compiler looks for a declared module.
fn candidates(path: &str, root: bool, declaration: &Declaration) -> Vec<String> {
    let path = Path::new(path);
    let folder = path.parent().unwrap_or(Path::new(""));
    if let Some(file) = &declaration.file {
        return vec![plain(&folder.join(file))];
    }
    let own = root || path.file_name().is_some_and(|name| name == "mod.rs");
    let base = if own { folder.to_path_buf() } else { path.with_extension("") };
    let module = declaration.names.iter().fold(base, |folder, name| folder.join(name));
    vec![plain(&module.with_extension("rs")), plain(&module.join("mod.rs"))]
}

/// The path with `..` resolved.
fn plain(path: &Path) -> String {
    let mut result = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            result.pop();
        } else {
            result.push(part);
        }
    }
    result.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn each_way_of_declaring_reaches_its_file() {
        let tree = Tree::sample(&[
            ("a/src/lib.rs", "mod b; mod f { mod g; } #[path = \"../x/h.rs\"] mod h;"),
            ("a/src/b.rs", "#[cfg(test)] mod c; mod d;"),
            ("a/src/b/c.rs", "mod e;"),
            ("a/src/b/d/mod.rs", ""),
            ("a/src/b/c/e.rs", ""),
            ("a/src/f/g.rs", ""),
            ("a/x/h.rs", ""),
            ("a/tests/t.rs", ""),
        ]);
        assert_eq!(check(&tree), []);
        let tests: Vec<_> = tree.test_files.iter().map(String::as_str).collect();
        assert_eq!(tests, ["a/src/b/c.rs", "a/src/b/c/e.rs", "a/tests/t.rs"]);
    }

    #[test]
    fn a_file_that_nothing_declares_is_found() {
        let tree = Tree::sample(&[("a/src/lib.rs", ""), ("a/src/left.rs", "")]);
        let found = check(&tree);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "a/src/left.rs");
    }
}
