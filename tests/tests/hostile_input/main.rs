//! Hostile input: a corpus of refused bytes, texts, documents, messages and requests, each with
//! the refusal that it must get. Nothing of it crashes a reader or a node, takes memory without
//! bound, or is answered with a 5xx other than 503.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod documents;
mod encodings;
mod lengths;
mod messages;
mod requests;
mod rows;
mod samples;
mod served;
#[path = "../support/mod.rs"]
mod support;
mod texts;

use rows::{Row, check};

/// Fewer distinct rows than this, and somebody has cut the corpus.
const LEAST_ROWS: usize = 700;

#[test]
fn what_is_no_value_is_refused_by_name() {
    let parts: [(&str, Vec<Row>); 5] = [
        ("encodings", encodings::rows()),
        ("lengths", lengths::rows()),
        ("texts", texts::rows()),
        ("documents", documents::rows()),
        ("messages", messages::rows()),
    ];
    let mut all = Vec::new();
    for (name, rows) in parts {
        println!("{name}: {} rows", rows.len());
        all.extend(rows);
    }
    let distinct = check(&all);
    println!("{distinct} distinct refusals");
    assert!(distinct >= LEAST_ROWS, "{distinct}");
}

#[test]
fn no_change_of_a_value_has_a_second_encoding() {
    println!("{} changed encodings", encodings::sweep());
}
