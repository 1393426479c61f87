//! Real processes under every kind of fault, for a minute: the verb `chaos` as people run it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::{process::Command, sync::Arc, time::Duration};

use serde_json::Value;
use tests::{
    chaos::{
        clients::{Clients, World},
        clock,
        fault::{Fault, Kind},
        field::Field,
        history::Recorder,
        sandbox,
        sandbox::Alone,
    },
    devnet::{Client, Devnet, run},
    load::Accounts,
    xtask::build,
};

/// More than any run takes; a run that hangs ends.
const LIMIT: Duration = Duration::from_secs(280);

/// Runs the verb to its end and gives its report.
fn chaos(words: &[&str]) -> Value {
    let products = build::products().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("chaos").args(words).arg("--json");
    command.env("FEIQIAN_PRODUCTS", products.node.parent().unwrap());
    let ran = run(&mut command, LIMIT).unwrap();
    println!("{}", ran.stderr);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn count(report: &Value, member: &str) -> u64 {
    report[member].as_u64().unwrap_or_default()
}

#[test]
fn payments_survive_every_kind_of_fault() {
    let report = chaos(&["--seconds", "55", "--seed", "7"]);
    let faults = report["faults"].as_object().unwrap();
    let not_inflicted = report["not_inflicted"].as_object().unwrap();
    // The first season deals every kind once; a slow machine comes to fewer of them in the time.
    let kinds = Kind::ALL.map(Kind::name);
    let dealt = kinds
        .iter()
        .filter(|kind| faults.contains_key(**kind) || not_inflicted.contains_key(**kind));
    assert!(dealt.count() >= kinds.len() / 2, "{report}");
    for left_out in report["left_out"].as_array().unwrap() {
        println!("LEFT OUT: {left_out}");
    }
    assert!(count(&report, "settled") >= 100, "{report}");
    assert!(count(&report, "audits") >= 1, "{report}");
    let (_, alone) = sandbox::words();
    if alone == Alone::Everything {
        // Where packets can be lost, nothing of the network may be left out.
        let words = report["means"].as_str().unwrap();
        assert!(words.contains("real packets"), "{words}");
    }
}

#[test]
fn chaos_does_without_namespaces() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let words = ["--alone", "nothing", "--folder", place, "--seconds", "12", "--seed", "11"];
    let report = chaos(&words);
    assert!(report["left_out"].to_string().contains("full disks"), "{report}");
    assert!(count(&report, "settled") >= 30 && count(&report, "rounds") >= 2, "{report}");
}

#[test]
fn a_node_whose_clock_is_set_back_takes_part_at_once() {
    if clock::library().is_none() {
        println!("LEFT OUT: no libfaketime");
        return;
    }
    let work = tempfile::tempdir().unwrap();
    let devnet = Devnet::start(&build::products().unwrap(), work.path(), [""; 0]).unwrap();
    let purse = devnet.purse().unwrap();
    let accounts = Accounts::open(&devnet, &purse, &Client::new(LIMIT), 4).unwrap();
    let mut field = Field::lay(devnet, work.path(), 0, Alone::Nothing).unwrap();
    let world = World { purse, accounts, apis: field.devnet.apis() };
    let recorder = Arc::new(Recorder::create(&work.path().join("history.jsonl")).unwrap());
    let clients = Clients::start(&world, &recorder, 1);
    field.inflict(&Fault::Clock { node: 1, seconds: 600 }).unwrap();
    clock::wait_until_seen();
    clients.wait_for(20, LIMIT).unwrap();
    // Now each of the other three is needed, and every view that node 2 leads takes its time.
    field.inflict(&Fault::OneWay { node: 2, outward: false }).unwrap();
    clients.wait_for(10, LIMIT).unwrap();
    field.inflict(&Fault::Clock { node: 1, seconds: 0 }).unwrap();
    clock::wait_until_seen();
    clients.wait_for(20, Duration::from_secs(20)).unwrap();
    field.heal().unwrap();
    clients.finish().unwrap();
}
