//! `doctor` and `light follow`.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::CLOSED;
use super::stub::home::{Ended, Home};
use super::stub::server::Mode;

#[test]
fn a_doctor_names_what_is_wrong() {
    let home = Home::new(1);
    home.world().beat();
    home.run(&["doctor"]).with_code(0);
    home.nodes[0].behave(Mode::Silent);
    home.run(&super::with(&super::PAY, &["--timeout", "1"])).with_code(6);
    home.nodes[0].behave(Mode::Honest);
    home.run(&["doctor"]).with_code(0);
    let entry = home.outbox().remove(0);
    std::fs::set_permissions(&entry, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = home.run(&["doctor"]).with_code(1);
    assert!(open.stdout.contains(&format!("chmod go-rwx {}", entry.display())), "{open:?}");
    std::fs::set_permissions(&entry, std::fs::Permissions::from_mode(0o600)).unwrap();
    home.write_devnet(&[&home.nodes[0].api, CLOSED]);
    let away = home.run(&["doctor", "--output", "json"]).with_code(5);
    let found: serde_json::Value = serde_json::from_str(&away.stdout).unwrap();
    let problems = found.as_array().unwrap().iter().filter(|check| check["result"] == "problem");
    let problems: Vec<_> = problems.collect();
    assert_eq!(problems.len(), 1, "{found}");
    assert!(problems[0]["what"].as_str().unwrap().starts_with(CLOSED), "{found}");
}

#[test]
fn a_light_client_follows_what_several_nodes_show() {
    let home = Home::new(2);
    let mut child = home.start_piped(&["light", "follow", "--blocks", "3", "--output", "json"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it does not follow");
        home.world().beat();
        std::thread::sleep(Duration::from_millis(100));
    }
    let ended = Ended::of(&child.wait_with_output().unwrap()).with_code(0).json();
    // Between two questions of a busy machine there may be two beats.
    assert!(ended["followed"].as_u64() >= Some(3), "{ended}");
    assert_eq!(ended["epoch"], 0);
    assert_eq!(ended["chain_id"], home.world().chain_id().as_str());
}

/// Runs `light follow` for one new block.
fn follow(home: &Home) -> serde_json::Value {
    home.world().beat();
    let words = ["light", "follow", "--blocks", "1", "--output", "json"];
    home.run(&words).with_code(0).json()
}

#[test]
fn a_light_client_goes_on_where_it_stopped_and_never_back() {
    let home = Home::new(1);
    let first = follow(&home);
    assert_eq!(first.get("resumed_from"), None);
    let second = follow(&home);
    assert_eq!(second["resumed_from"], first["height"]);
    assert!(second["height"].as_u64() > first["height"].as_u64());
    let kept = std::path::PathBuf::from(second["trust"].as_str().unwrap());
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&kept).unwrap();
    // What is kept is a proof by itself.
    home.run(&["proof", "verify", kept.to_str().unwrap()]).with_code(0);
    // A node that shows the chain as it was does not move trust back.
    home.nodes[0].behave(Mode::Behind);
    let words = ["light", "follow", "--blocks", "1", "--output", "json"];
    let mut child = home.start_piped(&words);
    let deadline = Instant::now() + Duration::from_secs(60);
    while home.nodes[0].answers() < 4 {
        assert!(Instant::now() < deadline, "it does not ask");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(std::fs::read(&kept).unwrap(), before);
    home.nodes[0].behave(Mode::Honest);
    home.world().beat();
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it does not follow");
        std::thread::sleep(Duration::from_millis(20));
    }
    let third = Ended::of(&child.wait_with_output().unwrap()).with_code(0).json();
    assert_eq!(third["resumed_from"], second["height"]);
    // A file that was changed is not believed.
    let mut spoiled = std::fs::read(&kept).unwrap();
    let middle = spoiled.len() / 2;
    spoiled[middle] ^= 1;
    std::fs::write(&kept, spoiled).unwrap();
    assert_eq!(home.run(&words).with_code(1).problem()["code"], "damaged-trust");
}

#[test]
fn a_conflict_between_nodes_ends_everything_and_its_proofs_are_kept() {
    let home = Home::new(2);
    follow(&home);
    home.nodes[1].behave(Mode::Forked);
    home.world().beat();
    let words = ["light", "follow", "--blocks", "9", "--output", "json"];
    let problem = home.run(&words).with_code(3).problem();
    assert_eq!((&problem["code"], &problem["exit"]), (&"conflict".into(), &3.into()));
    let evidence = home.path(&format!("home/trust/{}.conflict", home.world().chain_id()));
    assert!(problem["detail"].as_str().unwrap().contains(evidence.to_str().unwrap()));
    let proofs: Vec<_> =
        std::fs::read_dir(&evidence).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(proofs.len(), 2, "{proofs:?}");
    // Each convinces by itself; both are of one height.
    let heights = proofs.iter().map(|proof| {
        home.run(&["proof", "verify", proof.to_str().unwrap()]).with_code(0);
        let name = proof.file_name().unwrap().to_str().unwrap().to_owned();
        name.split_once('-').unwrap().0.to_owned()
    });
    let heights: std::collections::BTreeSet<_> = heights.collect();
    assert_eq!(heights.len(), 1, "{heights:?}");
    // Honest nodes do not make it undone; a person does.
    home.nodes[1].behave(Mode::Honest);
    assert_eq!(home.run(&words).with_code(3).problem()["code"], "conflict");
    std::fs::remove_dir_all(evidence).unwrap();
    follow(&home);
}
