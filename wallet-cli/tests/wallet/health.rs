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
    assert_eq!((&ended["followed"], &ended["epoch"]), (&3.into(), &0.into()));
    assert_eq!(ended["chain_id"], home.world().chain_id().as_str());
}
