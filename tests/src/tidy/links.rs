//! Rule: a link in a document leads to a file or folder of the project.

use std::path::{Component, Path};

use super::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.texts.iter().filter(|(path, _)| path.ends_with(".md"));
    let dead = documents.flat_map(|(path, text)| {
        let dead = targets(text).into_iter().filter(|(_, target)| !leads(tree, path, target));
        dead.map(|(line, target)| Finding {
            path: path.clone(),
            line,
            rule: "links",
            advice: format!("`{target}` leads nowhere; name an existing file"),
        })
    });
    dead.collect()
}

/// The targets of `[text](target)` outside of code, each with its line.
pub(super) fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            continue;
        }
        // Every second piece is between backticks.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for (at, _) in prose.match_indices("](") {
            let rest = &prose[at + 2..];
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            found.push((number + 1, target.to_owned()));
        }
    }
    found
}

fn leads(tree: &Tree, document: &str, target: &str) -> bool {
    let file = target.split('#').next().unwrap_or_default();
    if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let Some(path) = path(document, file) else { return false };
    let folder = format!("{path}/");
    path.is_empty() || tree.paths.iter().any(|p| *p == path || p.starts_with(&folder))
}

/// The path, from the root, that a document names by `file`; none if it lies outside.
pub(super) fn path(document: &str, file: &str) -> Option<String> {
    let mut parts: Vec<&str> = Path::new(document).parent().into_iter().flat_map(names).collect();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::CurDir => {}
            Component::Normal(name) => parts.extend(name.to_str()),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

fn names(folder: &Path) -> impl Iterator<Item = &str> {
    folder.iter().filter_map(|name| name.to_str())
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_link_leads_to_a_file_a_folder_or_out() {
        let rows = [
            ("[a](b.md)", 0),
            ("[a](./b.md#part) and [c](#here)", 0),
            ("[up](../README.md) [folder](../docs)", 0),
            ("[out](https://example.org/x)", 0),
            ("`[code](nowhere.md)`", 0),
            ("```\n[code](nowhere.md)\n```", 0),
            ("[a](nowhere.md)", 1),
            ("[a](../../b.md)", 1),
            ("[a](/docs/b.md)", 1),
        ];
        for (text, found) in rows {
            let files = [("README.md", ""), ("docs/b.md", ""), ("docs/a.md", text)];
            assert_eq!(check(&Tree::sample(&files)).len(), found, "{text}");
        }
    }
}
