//! Rule: the book's summary lists every page below `docs/` once, and a link to a heading leads to
//! one.
//!
//! Absent: whether the files that links name exist (`links`).

use std::collections::BTreeMap;

use super::{Finding, Tree, links};

const SUMMARY: &str = "docs/SUMMARY.md";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = summary(tree);
    for (path, text) in tree.texts.iter().filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in links::targets(text) {
            let Some((file, heading)) = target.split_once('#') else { continue };
            let page = if file.is_empty() { Some(path.clone()) } else { links::path(path, file) };
            let Some(page) = page.and_then(|page| tree.texts.get(&page)) else { continue };
            if target.contains("://") || headings(page).iter().any(|one| one == heading) {
                continue;
            }
            let advice = format!("`{target}` names no heading of that page");
            findings.push(Finding { path: path.clone(), line, rule: "book", advice });
        }
    }
    findings
}

fn summary(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.texts.get(SUMMARY) else { return Vec::new() };
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    for (_, target) in links::targets(text) {
        if let Some(page) = links::path(SUMMARY, &target) {
            *listed.entry(page).or_default() += 1;
        }
    }
    let is_page = |path: &&String| {
        path.starts_with("docs/") && path.ends_with(".md") && path.as_str() != SUMMARY
    };
    let pages = tree.paths.iter().filter(is_page);
    let faults = pages.filter_map(|page| {
        let advice = match listed.get(page).copied().unwrap_or(0) {
            1 => return None,
            0 => format!("the book does not have this page; list it in {SUMMARY}"),
            count => format!("{SUMMARY} lists this page {count} times; once is enough"),
        };
        Some(Finding { path: page.clone(), line: 1, rule: "book", advice })
    });
    faults.collect()
}

/// The names of a page's headings, as GitHub and mdBook make them.
fn headings(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        let Some(heading) = line.strip_prefix('#').filter(|_| !code) else { continue };
        let name = heading_name(heading.trim_start_matches('#').trim());
        let before = names.iter().filter(|one| **one == name).count();
        names.push(if before == 0 { name } else { format!("{name}-{before}") });
    }
    names
}

fn heading_name(heading: &str) -> String {
    let letters = heading.chars().flat_map(char::to_lowercase);
    let kept = letters.filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::{SUMMARY, Tree, check, headings};

    #[test]
    fn every_page_is_listed_once() {
        let rows = [
            ("[a](a.md)\n[b](b/c.md)\n", 0),
            ("[a](a.md)\n", 1),
            ("[a](a.md)\n[b](b/c.md)\n[a](a.md)\n", 1),
        ];
        for (summary, found) in rows {
            let files = [(SUMMARY, summary), ("docs/a.md", ""), ("docs/b/c.md", ""), ("r.md", "")];
            assert_eq!(check(&Tree::sample(&files)).len(), found, "{summary}");
        }
    }

    #[test]
    fn a_link_to_a_heading_leads_to_one() {
        let page = "# A page\n## Keys, and `words`\n```\n# no heading\n```\n## Twice\n## Twice\n";
        let names = ["a-page", "keys-and-words", "twice", "twice-1"];
        assert_eq!(headings(page), names);
        let rows = [
            ("[x](b.md#keys-and-words)", 0),
            ("[x](#here)\n# Here\n", 0),
            ("[x](b.md#no-heading)", 1),
            ("[x](#there)\n# Here\n", 1),
            ("[x](https://example.org/b.md#there)", 0),
        ];
        for (text, found) in rows {
            let files = [("a.md", text), ("b.md", page)];
            assert_eq!(check(&Tree::sample(&files)).len(), found, "{text}");
        }
    }
}
