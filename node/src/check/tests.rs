//! Tests of the checks: a fit home, and every damage with the check that finds it.

use super::*;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use ledger::ids::Timestamp;

use crate::access::{self, Operator, Role, Token};
use crate::home::recollection::{self, Loss, Observance};
use crate::home::tests::home;
use crate::home::{CONFIG_FILE, Home, NODE_KEY, VOTING_KEY, now};

/// A home that listens on ports of its own.
fn fit() -> tempfile::TempDir {
    let folder = home();
    let file = folder.path().join(CONFIG_FILE);
    let mut text = fs::read_to_string(&file).unwrap();
    for usual in ["127.0.0.1:7610", "127.0.0.1:7680"] {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        text = text.replacen(usual, &free.to_string(), 1);
    }
    fs::write(&file, text).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(folder.path().join("keys"), fs::Permissions::from_mode(0o700)).unwrap();
    recollection::observe(folder.path(), Observance { reason: Loss::Joined, armed: true }).unwrap();
    folder
}

fn add(home: &Path, expires: Option<Timestamp>) {
    let operator = Operator::new("li", Role::Maker, &Token::new([1; 32]), now(), expires);
    access::change(home, |book| book.add(operator)).unwrap();
}

fn find(home: &Path) -> Vec<Finding> {
    run(&Request { home: home.to_owned(), time_server: None })
}

fn listing(findings: &[Finding]) -> String {
    serde_json::to_string_pretty(findings).unwrap()
}

#[test]
fn a_fit_home_has_no_failure_and_is_left_as_it_was() {
    let folder = fit();
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let findings = find(folder.path());
    assert_eq!(names(), before);
    let failed: Vec<_> =
        findings.iter().filter(|finding| finding.verdict == Verdict::Failed).collect();
    assert!(failed.is_empty(), "{failed:?}");
    for check in ["configuration", "keys", "operators", "memory", "ports", "clock", "disk", "peers"]
    {
        assert!(findings.iter().any(|finding| finding.check == check), "{check}");
    }
    for finding in &findings {
        assert_eq!(finding.mend.is_empty(), finding.verdict == Verdict::Good, "{finding:?}");
    }
    // Nobody listens at the other founders' addresses.
    let text = listing(&findings);
    assert!(text.contains("0 of 3 other founders' nodes take connections"), "{text}");
}

#[test]
fn damages_by_row() {
    type Damage = fn(&Path);
    let rows: [(&str, Verdict, &str, Damage); 13] = [
        ("configuration", Verdict::Failed, "Did you mean `listen`?", |path| {
            replace(&path.join(CONFIG_FILE), "listen", "lisen");
        }),
        ("configuration", Verdict::Failed, "was changed after it was sealed", |path| {
            replace(&path.join("genesis.json"), "\"four\"", "\"five\"");
        }),
        ("configuration", Verdict::Warning, "reachable from everywhere", |path| {
            replace(
                &path.join(CONFIG_FILE),
                "[api]\nlisten = \"127.0.0.1",
                "[api]\nlisten = \"0.0.0.0",
            );
        }),
        ("keys", Verdict::Failed, "can be read by others (mode 644)", |path| {
            let file = path.join("keys").join(VOTING_KEY);
            fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("keys", Verdict::Failed, "voting key of PSBCCNBJ, and node.bic is ICBKCNBJ", |path| {
            replace(&path.join(CONFIG_FILE), "bic = \"PSBCCNBJ\"", "bic = \"ICBKCNBJ\"");
        }),
        ("keys", Verdict::Failed, NODE_KEY, |path| {
            fs::remove_file(path.join("keys").join(NODE_KEY)).unwrap();
        }),
        ("keys", Verdict::Warning, "can be entered by others (mode 755)", |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("operators", Verdict::Warning, "whoever reaches the API may send messages", |_| {}),
        ("operators", Verdict::Failed, "operators.json can be read by others", |path| {
            add(path, None);
            let file = path.join(access::FILE);
            fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("operators", Verdict::Warning, "the token of li counts until", |path| {
            add(path, Some(now().plus(3_600_000)));
        }),
        ("memory", Verdict::Warning, "is not armed", |path| {
            let observance = Observance { reason: Loss::Restored, armed: false };
            recollection::observe(path, observance).unwrap();
        }),
        ("memory", Verdict::Failed, "observe.json", |path| {
            fs::write(path.join("observe.json"), "{}").unwrap();
        }),
        ("ports", Verdict::Failed, "network.listen", |path| {
            replace(&path.join(CONFIG_FILE), "listen = [\"127.0.0.1", "listen = [\"192.0.2.1");
        }),
    ];
    for (check, verdict, expected, damage) in rows {
        let folder = fit();
        damage(folder.path());
        let findings = find(folder.path());
        let found = findings.iter().any(|finding| {
            let text = format!("{} {}", finding.what, finding.mend);
            finding.check == check && finding.verdict == verdict && text.contains(expected)
        });
        assert!(found, "{check} {expected}: {}", listing(&findings));
    }
}

#[test]
fn a_taken_port_names_the_program_that_finds_its_holder() {
    let folder = fit();
    let config = crate::home::read_config(folder.path()).unwrap();
    let _taken = TcpListener::bind(config.api.listen).unwrap();
    let findings = find(folder.path());
    let text = listing(&findings);
    assert!(text.contains("ss -ltnp") && text.contains("api.listen"), "{text}");
}

#[test]
fn a_home_that_is_held_is_asked_and_not_disturbed() {
    let folder = fit();
    assert!(!is_held(folder.path()));
    let home = Home::open(folder.path()).unwrap();
    assert!(is_held(folder.path()));
    let text = listing(&find(folder.path()));
    assert!(text.contains("the node runs and holds its ports"), "{text}");
    assert!(text.contains("does not answer"), "{text}");
    home.close().unwrap();
    assert!(!is_held(folder.path()));
}

#[test]
fn a_clock_is_compared_with_the_networks_bound() {
    for (ahead, verdict) in [(0, Verdict::Good), (-3, Verdict::Failed), (60, Verdict::Failed)] {
        let folder = fit();
        let (address, thread) = time_server::tests::server(ahead, |_| {});
        let request = Request { home: folder.path().to_owned(), time_server: Some(address) };
        let findings = run(&request);
        thread.join().unwrap();
        let clock = findings.iter().find(|finding| finding.check == "clock").unwrap();
        assert_eq!(clock.verdict, verdict, "{clock:?}");
    }
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}
