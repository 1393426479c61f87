//! Rule: the pure packages and the node's core take time, entropy and bytes as values.
//!
//! clippy bans the types where they are used; this also sees imports, async code and floats.

use super::{Finding, Tree, source::Source};

const PURE: [&str; 5] =
    ["ledger/src/", "consensus/src/", "iso20022/src/", "api/src/", "node/src/core"];

/// The first names of a path, or one name anywhere in it, and why it is not pure.
const IMPURE: &[(&str, &str)] = &[
    ("std::env", "configuration comes in as values"),
    ("std::fs", "bytes come in as values"),
    ("TcpListener", "messages come in as values"),
    ("TcpStream", "messages come in as values"),
    ("ToSocketAddrs", "it asks a name server"),
    ("UdpSocket", "messages come in as values"),
    ("std::process", "a pure part starts and ends nothing"),
    ("std::sync::Mutex", "a pure part shares nothing"),
    ("std::thread", "a pure part has no threads"),
    ("Instant", "time comes in as a value"),
    ("SystemTime", "time comes in as a value"),
    ("HashMap", "its order is random; use BTreeMap"),
    ("HashSet", "its order is random; use BTreeSet"),
    ("getrandom", "entropy comes in as a value"),
    ("OsRng", "entropy comes in as a value"),
    ("libp2p", "only node/src/net talks to peers"),
    ("tokio", "only the node's driver has a runtime"),
    ("async", "a pure part is a step function"),
    ("f32", "floats round differently; use integers or Decimal"),
    ("f64", "floats round differently; use integers or Decimal"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let pure = tree.sources().filter(|(path, _)| PURE.iter().any(|start| path.starts_with(start)));
    let mut findings = Vec::new();
    for (path, source) in pure {
        for (used, line) in names(source) {
            let reason = IMPURE.iter().find(|(name, _)| uses(&used, name));
            if let Some((name, reason)) = reason.filter(|_| !tree.is_test(path, line)) {
                findings.push(Finding {
                    path: path.to_owned(),
                    line,
                    rule: "purity",
                    advice: format!("`{name}` is not pure: {reason}"),
                });
            }
        }
    }
    findings
}

/// Every path in the code, imported or written out, with its line.
fn names(source: &Source) -> Vec<(String, usize)> {
    let imports = source.imports.iter().map(|word| (word.text.clone(), word.line));
    let mut found: Vec<_> = imports.collect();
    let mut path = String::new();
    let mut colons = 0_usize;
    for word in &source.words {
        let is_name = word.text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        match (is_name, word.text.as_str()) {
            (true, name) if colons == 2 && !path.is_empty() => path = format!("{path}::{name}"),
            (true, name) => name.clone_into(&mut path),
            (false, ":") => {
                colons += 1;
                continue;
            }
            (false, _) => path.clear(),
        }
        colons = 0;
        if !path.is_empty() {
            found.push((path.clone(), word.line));
        }
    }
    found
}

fn uses(path: &str, name: &str) -> bool {
    if name.contains("::") {
        return path == name || path.starts_with(&format!("{name}::"));
    }
    path.split("::").any(|part| part == name)
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn each_impurity_is_found_however_it_is_written() {
        let rows = [
            ("use std::{fmt, fs};", 1),
            ("use std::net::TcpStream;", 1),
            ("use std::net::IpAddr;", 0),
            ("use std::time::{Duration, Instant as Now};", 1),
            ("fn f() { std::fs::read(x); }", 1),
            ("fn f(a: f64) {}", 1),
            ("async fn f() {}", 1),
            ("use std::collections::BTreeMap; fn fs() { self.env::<u8>(); }", 0),
            ("// std::fs and HashMap\nfn f() { \"tokio\"; }", 0),
            ("#[cfg(test)]\nmod tests { use std::fs; }", 0),
        ];
        for (text, found) in rows {
            let tree = Tree::sample(&[("ledger/src/lib.rs", text)]);
            let lines: std::collections::BTreeSet<_> =
                check(&tree).iter().map(|f| f.line).collect();
            assert_eq!(lines.len(), found, "{text}");
        }
    }

    #[test]
    fn the_node_around_its_core_is_not_pure() {
        let text = "use tokio::net;";
        let files = [("node/src/driver.rs", text), ("node/src/core/step.rs", text)];
        let found = check(&Tree::sample(&files));
        assert!(!found.is_empty());
        assert!(found.iter().all(|finding| finding.path == "node/src/core/step.rs"));
    }
}
