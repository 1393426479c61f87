//! The golden path, as a newcomer types it: `cargo demo`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use ledger::proof::Proof;
use tests::{devnet::run, xtask::project};

#[test]
fn the_demo_settles_and_proves_a_payment() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("demo").current_dir(folder.path()).stdin(Stdio::null());
    let ran = run(&mut command, Duration::from_secs(280)).unwrap();
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    let beginnings = [
        "  four banks: PSBCCNBJ ICBKCNBJ HSBCHKHH DBSSSGSG ... first final block ... ok",
        "  pacs.008 in  ->  1,000.00 CNY from wei@PSBCCNBJ becomes 1,085.00 HKD for lee@HSBCHKHH \
         (quote 1.085, fee 1.50 CNY)",
        "  settled in block ",
        "  pacs.002 ACSC out ->  demo/pacs.002.xml",
        "  proof out         ->  demo/payment.proof     verified offline: ok",
    ];
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), beginnings.len(), "{}", ran.stdout);
    for (line, beginning) in lines.iter().zip(beginnings) {
        assert!(line.starts_with(beginning), "{line}");
    }
    let files = folder.path().join("demo");
    any_changed_byte_is_refused(&files.join("payment.proof"));
    for (file, schema) in
        [("pacs.008.xml", "pacs.008.001.08.xsd"), ("pacs.002.xml", "pacs.002.001.10.xsd")]
    {
        is_valid(&files.join(file), schema);
    }
}

/// The proof holds for its chain, and no single byte of it can be another.
fn any_changed_byte_is_refused(path: &Path) {
    let file = std::fs::read(path).unwrap();
    let proof = Proof::decode(&file).unwrap();
    let chain = proof.genesis.chain_id();
    assert!(proof.verify(chain).is_ok());
    for place in 0..file.len() {
        let mut changed = file.clone();
        changed[place] ^= 1;
        let verdict = Proof::decode(&changed).and_then(|proof| proof.verify(chain));
        assert!(verdict.is_err(), "byte {place} of {}", file.len());
    }
}

fn is_valid(path: &Path, schema: &str) {
    let Some(schema) = project::shared(&format!("iso20022/xsd/{schema}")) else {
        println!("LEFT OUT: no ISO 20022 schemas beside the project");
        return;
    };
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet", "--schema"]).arg(schema).arg(path);
    match run(&mut command, Duration::from_secs(60)) {
        Ok(ran) => assert_eq!(ran.code, Some(0), "{}", ran.stderr),
        Err(error) => println!("LEFT OUT: {error}"),
    }
}
