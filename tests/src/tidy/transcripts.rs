//! Rule: a transcript of a document is played by a test, or says beside it why not.

use super::{Finding, Tree};
use crate::transcript::page;

/// The tests that play pages; each names its page.
const TESTS: &str = "tests/tests/transcripts.rs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let played = tree.texts.get(TESTS).map_or("", String::as_str);
    let pages = tree.texts.iter().filter(|(path, _)| is_page(path));
    let faults = pages.filter_map(|(path, text)| {
        let (line, advice) = match page::read(text) {
            Err(fault) => fault,
            Ok(steps) if page::is_played(&steps) == played.contains(&format!("\"{path}\"")) => {
                return None;
            }
            Ok(steps) if page::is_played(&steps) => {
                let advice = format!(
                    "play this page in {TESTS}, or write `<!-- transcript: not run: REASON -->` \
                     before each console block"
                );
                (steps.first().map_or(1, |step| step.line), advice)
            }
            Ok(_) => (1, format!("no transcript is left here; take the page out of {TESTS}")),
        };
        Some(Finding { path: path.clone(), line, rule: "transcripts", advice })
    });
    faults.collect()
}

fn is_page(path: &str) -> bool {
    path == "README.md" || (path.starts_with("docs/") && path.ends_with(".md"))
}

#[cfg(test)]
mod tests {
    use super::{TESTS, Tree, check};

    #[test]
    fn a_transcript_is_played_or_says_why_not() {
        let block = "```console\n$ ls\n```\n";
        let reason = format!("<!-- transcript: not run: it is long -->\n{block}");
        let rows = [
            (block, "plays(\"docs/a.md\")", 0),
            (block, "", 1),
            (reason.as_str(), "", 0),
            (reason.as_str(), "plays(\"docs/a.md\")", 1),
            ("no transcript", "", 0),
            ("<!-- transcript: dance -->\n", "", 1),
        ];
        for (page, tests, found) in rows {
            let files = [("docs/a.md", page), (TESTS, tests), ("other.md", block)];
            assert_eq!(check(&Tree::sample(&files)).len(), found, "{page} {tests}");
        }
    }
}
