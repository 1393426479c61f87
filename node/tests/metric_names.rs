//! What monitoring watches exists: every metric that the alert rules and the dashboard name is one
//! that a node exports, and every metric says its unit.
#![allow(clippy::unwrap_used, clippy::panic, clippy::as_conversions, unused, unreachable_pub)]

mod single;

use std::collections::BTreeSet;

use single::Single;

const WATCHED: [&str; 2] = [
    include_str!("../../docker/prometheus/alerts.yml"),
    include_str!("../../docker/grafana/dashboards/feiqian.json"),
];

fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("feiqian_")).collect()
}

#[test]
fn whatever_is_watched_is_exported() {
    let node = Single::start(|_| {});
    let scrape = node.get("/metrics").text();
    let exported: BTreeSet<_> =
        scrape.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    for name in WATCHED.into_iter().flat_map(names) {
        assert!(exported.contains(name), "no node exports {name}\n{scrape}");
    }
    // What is measured in seconds or bytes says so; a counter says that it is one.
    let kinds = scrape.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for (name, kind) in kinds.filter_map(|line| line.split_once(' ')) {
        let measured = ["time", "duration", "size", "memory", "free", "_sent", "_received"];
        let is_measured = measured.iter().any(|word| name.contains(word));
        let has_unit = name.contains("_seconds") || name.contains("_bytes");
        let counts_frames = name.ends_with("_frames");
        assert!(!is_measured || has_unit || counts_frames, "{name} has no unit ({kind})");
    }
}
