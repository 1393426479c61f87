//! Holds the whole project to the house rules of `tests::tidy`.

use tests::{tidy, xtask::project};

#[test]
fn the_house_is_tidy() {
    let findings = tidy::check(&project::root()).unwrap();
    let list: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    assert!(findings.is_empty(), "{} findings:\n{list}", findings.len());
}
