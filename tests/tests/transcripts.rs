//! The transcripts of the documents, page by page: what a reader types is what happens.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::path::Path;

use tests::transcript::play;

/// Plays a page; where it differs, everything that was printed is in the test's output.
fn plays(page: &str) {
    let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
    if let Err(failure) = play(page, xtask, &|text| println!("{text}")) {
        panic!("{failure}");
    }
}

#[test]
fn readme() {
    plays("README.md");
}

#[test]
fn quickstart() {
    plays("docs/quickstart.md");
}

#[test]
fn quickstart_in_chinese() {
    plays("docs/quickstart.zh.md");
}

#[test]
fn a_network_to_try_things_on() {
    plays("docs/operating/devnet.md");
}

#[test]
fn the_operators_guide() {
    plays("docs/operating/guide.md");
}

#[test]
fn operators_and_the_audit_log() {
    plays("docs/operating/access.md");
}

#[test]
fn private_data() {
    plays("docs/operating/private-data.md");
}

#[test]
fn founding() {
    plays("docs/operating/genesis.md");
}

#[test]
fn governance() {
    plays("docs/operating/governance.md");
}

#[test]
fn recovery() {
    plays("docs/operating/recovery.md");
}

#[test]
fn integrating() {
    plays("docs/operating/integrator.md");
}

#[test]
fn auditing() {
    plays("docs/operating/auditor.md");
}

#[test]
fn a_transfer_operators_day() {
    plays("docs/operating/transfer-operator.md");
}

#[test]
fn limits_and_alerts() {
    plays("docs/operating/limits.md");
}

#[test]
fn liquidity() {
    plays("docs/operating/liquidity.md");
}

#[test]
fn the_wallet() {
    plays("docs/reference/wallet.md");
}
