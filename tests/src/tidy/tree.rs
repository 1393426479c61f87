//! The project's files as git knows them, and its packages as cargo knows them.
//!
//! New files that are not ignored count too, so that a finding comes before the commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use super::{Finding, source::Source};
use crate::xtask::{Failure, command::Task};

/// Everything that the rules look at.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The text files by their path from the root.
    pub(super) texts: BTreeMap<String, String>,
    /// The Rust files that parse.
    pub(super) sources: BTreeMap<String, Source>,
    /// The paths of all files, also of those that are not text.
    pub(super) paths: BTreeSet<String>,
    /// The Rust files that are compiled for tests only.
    pub(super) test_files: BTreeSet<String>,
    /// The Rust files that some module declaration reaches.
    pub(super) reached: BTreeSet<String>,
    /// What does not parse.
    pub(super) broken: Vec<Finding>,
    /// Each package's direct dependencies, and all packages that a normal build of it compiles.
    pub(super) packages: BTreeMap<String, Package>,
}

/// What cargo says about one package.
#[derive(Clone, Debug, Default)]
pub(super) struct Package {
    /// Names of the direct dependencies of normal and build kind.
    pub(super) dependencies: BTreeSet<String>,
    /// Names of the dependencies of its tests and benches.
    pub(super) dev_dependencies: BTreeSet<String>,
    /// Names of everything that its product build compiles.
    pub(super) closure: BTreeSet<String>,
    /// Names of its programs.
    pub(super) programs: BTreeSet<String>,
}

impl Tree {
    /// Reads the project at a root.
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let mut files = Vec::new();
        let list = Task::new("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
        for path in list.read()?.lines() {
            match fs::read(root.join(path)) {
                Ok(bytes) => files.push((path.to_owned(), bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let path = root.join(path);
                    return Err(Failure::File { path, reason: error.to_string() });
                }
            }
        }
        let mut tree = Self::of(files);
        tree.packages = packages()?;
        Ok(tree)
    }

    /// The tree of these files.
    pub(super) fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut tree = Self::default();
        for (path, bytes) in files {
            tree.paths.insert(path.clone());
            let Ok(text) = String::from_utf8(bytes) else { continue };
            if path.ends_with(".rs") {
                tree.parse(&path, &text);
            }
            tree.texts.insert(path, text);
        }
        super::modules::walk(&mut tree);
        tree
    }

    fn parse(&mut self, path: &str, text: &str) {
        match Source::parse(text) {
            Ok(source) => {
                self.sources.insert(path.to_owned(), source);
            }
            Err((line, reason)) => self.broken.push(Finding {
                path: path.to_owned(),
                line,
                rule: "modules",
                advice: format!("this does not parse ({reason}); mend it"),
            }),
        }
    }

    /// A tree of sample files, for the rules' own tests.
    #[cfg(test)]
    pub(super) fn sample(files: &[(&str, &str)]) -> Self {
        Self::of(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())))
    }

    /// The Rust files with the name of the package that each is in.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(path, source)| (path.as_str(), source))
    }

    /// Whether a line of a file is compiled for tests only.
    pub(super) fn is_test(&self, path: &str, line: usize) -> bool {
        self.test_files.contains(path)
            || self.sources.get(path).is_some_and(|source| source.is_test(line))
    }
}

fn packages() -> Result<BTreeMap<String, Package>, Failure> {
    let task = Task::cargo("metadata --format-version 1 --no-deps --locked");
    let metadata: Value =
        serde_json::from_str(&task.read()?).map_err(|error| task.answer(&error.to_string()))?;
    let list = metadata["packages"].as_array().ok_or_else(|| task.answer("no packages"))?;
    list.iter()
        .map(|entry| {
            let name =
                entry["name"].as_str().ok_or_else(|| task.answer("a package without name"))?;
            Ok((name.to_owned(), package(name, entry)?))
        })
        .collect()
}

fn package(name: &str, entry: &Value) -> Result<Package, Failure> {
    let mut package = Package { closure: closure(name)?, ..Package::default() };
    for dependency in entry["dependencies"].as_array().into_iter().flatten() {
        let list = match dependency["kind"].as_str() {
            Some("dev") => &mut package.dev_dependencies,
            Some(_) | None => &mut package.dependencies,
        };
        list.extend(dependency["name"].as_str().map(str::to_owned));
    }
    for target in entry["targets"].as_array().into_iter().flatten() {
        if target["kind"][0] == "bin" {
            package.programs.extend(target["name"].as_str().map(str::to_owned));
        }
    }
    Ok(package)
}

/// One line per package and feature: `name` or `name feature,feature`.
fn closure(name: &str) -> Result<BTreeSet<String>, Failure> {
    let tree =
        Task::cargo("tree --locked --edges normal --prefix none --format").argument("{p} {f}");
    let answer = tree.argument("--package").argument(name).read()?;
    Ok(answer.lines().flat_map(names_in).collect())
}

/// The package's name, and `name/feature` for our own features that matter.
fn names_in(line: &str) -> Vec<String> {
    let Some(name) = line.split_whitespace().next() else { return Vec::new() };
    let test_suite = line.split([' ', ',']).any(|word| word == super::dependencies::TEST_SUITE);
    let feature = test_suite.then(|| format!("{name}/{}", super::dependencies::TEST_SUITE));
    [name.to_owned()].into_iter().chain(feature).collect()
}

#[cfg(test)]
mod tests {
    use super::{Tree, names_in};

    #[test]
    fn a_package_line_names_the_package_and_the_test_suite() {
        let rows = [
            ("serde v1.0.1 default,std", vec!["serde"]),
            ("ledger v0.1.0 (/p/ledger) test-suite", vec!["ledger", "ledger/test-suite"]),
            ("", vec![]),
        ];
        for (line, names) in rows {
            assert_eq!(names_in(line), names, "{line}");
        }
    }

    #[test]
    fn a_file_that_does_not_parse_is_a_finding() {
        let tree = Tree::sample(&[("a/src/lib.rs", "fn {")]);
        assert_eq!(tree.broken.len(), 1);
    }
}
