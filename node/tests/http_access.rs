//! Who may call what: every route under every role, tokens of every kind, and the audit log of it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;

use ledger::codec;
use ledger::ids::Timestamp;
use node::access::{self, Operator, Role, Token};
use node::config::{Config, PublicReads};
use node::home::now;
use node::trail::{self, Entry, Kind};
use serde_json::Value;
use single::{Answered, JSON, OCTETS, Single, XML};

/// The manual's table of routes: method, path, and for whom.
fn manual() -> Vec<(String, String, String)> {
    let manual = include_str!("../../docs/reference/api.md");
    let table = manual.split("## Who may call").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (calls, whom) = (cells.next().unwrap(), cells.next().unwrap());
        for call in calls.split(", ") {
            let (method, path) = call.trim_matches('`').split_once(' ').expect(call);
            rows.push((method.to_owned(), path.to_owned(), whom.to_owned()));
        }
    }
    rows
}

/// Whether the manual lets a role (or nobody) call, where operators are needed.
fn is_allowed(whom: &str, role: Option<Role>, reads: PublicReads) -> bool {
    match whom {
        "anyone" => true,
        "chain" => role.is_some() || reads != PublicReads::None,
        "accounts" => role.is_some() || reads == PublicReads::All,
        "operators" | "named" => role.is_some(),
        roles => role.is_some_and(|role| roles.split(", ").any(|one| one == role.word())),
    }
}

fn token(seed: u8) -> Token {
    Token::new([seed; 32])
}

fn bearer(token: &Token) -> String {
    format!("Bearer {}", token.reveal())
}

fn add(home: &Path, name: &str, role: Role, seed: u8, expires: Option<Timestamp>) -> Token {
    let token = token(seed);
    let operator = Operator::new(name, role, &token, now(), expires);
    access::change(home, |book| book.add(operator)).unwrap();
    token
}

/// A node that takes any client's word for its address, so that each call can have its own.
fn start(change: impl FnOnce(&mut Config)) -> Single {
    Single::start(|config| {
        config.api.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        change(config);
    })
}

/// A client whose every call comes from another address.
struct Client<'a> {
    node: &'a Single,
    calls: Cell<u32>,
}

impl<'a> Client<'a> {
    fn new(node: &'a Single) -> Self {
        Self { node, calls: Cell::new(0) }
    }

    fn call(&self, method: &str, path: &str, authorization: Option<&str>) -> Answered {
        let call = self.calls.get() + 1;
        self.calls.set(call);
        let address = format!("10.1.{}.{}", call / 250, call % 250);
        let mut headers = vec![("x-forwarded-for", address.as_str())];
        headers.extend(authorization.map(|value| ("authorization", value)));
        self.node.call(method, path, &headers, b"")
    }

    /// Whether a call is let in; what comes of it inside does not matter.
    fn is_let_in(&self, method: &str, path: &str, authorization: Option<&str>) -> bool {
        let answer = self.call(method, path, authorization);
        let code = match answer.status {
            401 | 403 => answer.problem().code,
            _ => return true,
        };
        match code.as_str() {
            "token-missing" | "token-refused" => {
                let challenge = &answer.headers["www-authenticate"];
                assert!(challenge.starts_with("Bearer realm="), "{challenge}");
                false
            }
            "role-refused" => {
                let challenge = &answer.headers["www-authenticate"];
                assert!(challenge.contains("insufficient_scope"), "{challenge}");
                false
            }
            "not-offered" => true,
            other => panic!("{method} {path}: {other}"),
        }
    }
}

/// A path that leads to the route. The stream of events would not end, so it is asked wrongly.
fn path_to(path: &str) -> String {
    let path = path.replace(['{', '}'], "");
    if path == "/v1/events" { format!("{path}?surprise=1") } else { path }
}

/// All records.
fn records(home: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    let folder = home.join(trail::FOLDER);
    let reading = trail::read(&folder, None, &mut |record, _| entries.push(record.entry.clone()));
    assert_eq!(reading.unwrap().bad, None);
    entries
}

fn calls(home: &Path) -> Vec<Entry> {
    records(home).into_iter().filter(|entry| entry.kind == Kind::Call).collect()
}

#[test]
fn the_manual_names_the_audience_of_every_route() {
    let node = Single::start(|_| {});
    let document: Value = node.get("/openapi.json").json();
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let described = operation["description"].as_str().unwrap_or_default();
            let last = described.rsplit("\n\n").next().unwrap();
            assert!(last.starts_with("For "), "{method} {path}: {described}");
            let whom = manual().into_iter().find(|row| (&row.0, &row.1) == (&method, path));
            let (_, _, whom) = whom.unwrap_or_else(|| panic!("{method} {path} is in no row"));
            let is_secured = operation["security"].is_array();
            assert_eq!(is_secured, whom != "anyone", "{method} {path}");
            routes.insert((method, path.clone()));
        }
    }
    let rows: Vec<_> = manual().into_iter().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(rows.len(), routes.len());
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), routes);
    let scheme = &document["components"]["securitySchemes"]["operatorToken"];
    assert_eq!(
        (scheme["type"].as_str(), scheme["scheme"].as_str()),
        (Some("http"), Some("bearer"))
    );
}

#[test]
fn every_route_under_every_role() {
    for reads in [PublicReads::All, PublicReads::Chain, PublicReads::None] {
        let node = start(|config| config.api.public_reads = Some(reads));
        let mut callers = vec![(None, None)];
        for (seed, role) in (1..).zip(Role::ALL) {
            let token = add(node.home_path(), role.word(), role, seed, None);
            callers.push((Some(role), Some(bearer(&token))));
        }
        let client = Client::new(&node);
        for (method, path, whom) in manual() {
            for (role, authorization) in &callers {
                let found = client.is_let_in(&method, &path_to(&path), authorization.as_deref());
                let expected = is_allowed(&whom, *role, reads);
                assert_eq!(found, expected, "{method} {path} by {role:?}, {reads:?}");
            }
        }
    }
}

#[test]
fn without_operators_a_devnet_is_open_and_never_again_once_there_was_one() {
    let node = start(|_| {});
    let client = Client::new(&node);
    for (method, path, whom) in manual() {
        // Private data are nobody's where nobody is an operator.
        let is_open = !whom.starts_with("named");
        let is_let_in = client.is_let_in(&method, &path_to(&path), None);
        assert_eq!(is_let_in, is_open, "{method} {path}");
    }
    add(node.home_path(), "li", Role::Viewer, 1, None);
    assert!(!client.is_let_in("POST", "/v1/iso20022", None));
    access::change(node.home_path(), |book| book.revoke("li", now())).unwrap();
    assert!(!client.is_let_in("POST", "/v1/iso20022", None));
    assert!(client.is_let_in("GET", "/v1/accounts/x", None));
}

#[test]
fn tokens_that_do_not_count_are_refused_whatever_the_call() {
    let node = start(|_| {});
    let home = node.home_path();
    let good = bearer(&add(home, "li", Role::Viewer, 1, None));
    let expired = bearer(&add(home, "wu", Role::Admin, 2, Some(now())));
    let revoked = bearer(&add(home, "bo", Role::Admin, 3, None));
    access::change(home, |book| book.revoke("bo", now())).unwrap();
    let unknown = bearer(&token(4));
    let long = format!("Bearer fqop_{}", "A".repeat(8000));
    let basic = good.replace("Bearer", "Basic");
    let client = Client::new(&node);
    for (shown, says) in [
        (expired.as_str(), "The token of wu has expired."),
        (&revoked, "The token of bo was revoked."),
        (&unknown, "none of this node's operators"),
        (&long, "none of this node's operators"),
        (&good[..good.len() - 1], "none of this node's operators"),
        (&basic, "is not: Bearer TOKEN"),
        ("Bearer", "is not: Bearer TOKEN"),
        ("fqop_", "is not: Bearer TOKEN"),
    ] {
        // Also where nobody needs one.
        for path in ["/v1/status", "/v1/webhooks"] {
            let answer = client.call("GET", path, Some(shown));
            let problem = answer.problem();
            assert_eq!((answer.status, problem.code.as_str()), (401, "token-refused"), "{shown}");
            assert!(problem.detail.contains(says), "{shown}: {problem:?}");
            assert!(answer.headers["www-authenticate"].contains("invalid_token"));
            assert!(!answer.text().contains("fqop_A"), "{}", answer.text());
        }
        // Health is nobody's secret.
        assert_eq!(client.call("GET", "/livez", Some(shown)).status, 200);
    }
    assert_eq!(client.call("GET", "/v1/webhooks", Some(&good)).status, 200);
    assert_eq!(
        client.call("GET", "/v1/webhooks", Some(&good.replace("Bearer", "bearer"))).status,
        200
    );
    let both = [("authorization", good.as_str()), ("authorization", &good)];
    assert_eq!(node.call("GET", "/v1/webhooks", &both, b"").status, 401);
    let problem = client.call("POST", "/v1/iso20022", Some(&good)).problem();
    assert_eq!((problem.status, problem.code.as_str()), (403, "role-refused"));
    assert!(
        problem.detail.contains("li has the role viewer, and this call needs maker"),
        "{problem:?}"
    );
}

#[test]
fn who_knocks_without_end_is_held_off_and_does_not_fill_the_log() {
    let node = start(|_| {});
    add(node.home_path(), "li", Role::Viewer, 1, None);
    let knock = |address: &str| {
        let wrong = bearer(&token(9));
        let headers = [("x-forwarded-for", address), ("authorization", wrong.as_str())];
        node.call("GET", "/v1/status", &headers, b"")
    };
    let answers: Vec<_> = (0..200).map(|_| knock("198.51.100.7").status).collect();
    assert_eq!(answers[0], 401);
    let held = answers.iter().filter(|status| **status == 429).count();
    assert!(held > 0, "{answers:?}");
    // Another address is not held off, nor is a right token from this one.
    assert_eq!(knock("203.0.113.9").status, 401);
    let right = bearer(&token(1));
    let headers = [("x-forwarded-for", "198.51.100.7"), ("authorization", right.as_str())];
    assert_eq!(node.call("GET", "/v1/status", &headers, b"").status, 200);
    let folder = node.stop();
    let refused = calls(&folder.path().join("home"));
    let refused = refused.iter().filter(|entry| entry.status == Some(401)).count();
    assert_eq!(refused, 200 - held + 1);
}

#[test]
fn a_file_of_operators_that_cannot_be_used_closes_what_needs_one() {
    use std::os::unix::fs::PermissionsExt;
    let node = start(|_| {});
    let good = bearer(&add(node.home_path(), "li", Role::Maker, 1, None));
    let file = node.home_path().join(access::FILE);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let client = Client::new(&node);
    for shown in [None, Some(good.as_str())] {
        let problem = client.call("POST", "/v1/iso20022", shown).problem();
        assert_eq!((problem.status, problem.code.as_str()), (503, "not-ready"));
    }
    assert_eq!(client.call("GET", "/v1/status", None).status, 200);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(client.call("GET", "/v1/webhooks", Some(&good)).status, 200);
}

#[test]
fn what_operators_do_stands_in_the_audit_log_before_it_is_answered() {
    let node = start(|_| {});
    let good = bearer(&add(node.home_path(), "li", Role::Maker, 1, None));
    let body = b"<no/>";
    let headers = [
        ("authorization", good.as_str()),
        ("content-type", XML),
        ("x-request-id", "desk-17"),
        ("x-forwarded-for", "192.0.2.1"),
    ];
    let answer = node.call("POST", "/v1/iso20022?x=1", &headers, body);
    assert_eq!(answer.status, 400);
    // Read while the node runs.
    let found = calls(node.home_path()).pop().unwrap();
    let expected = Entry {
        operator: Some("li".to_owned()),
        role: Some(Role::Maker),
        from: Some("192.0.2.1".to_owned()),
        request: Some("desk-17".to_owned()),
        method: Some("POST".to_owned()),
        path: Some("/v1/iso20022?x=1".to_owned()),
        status: Some(400),
        body: Some(blake3_of(body)),
        ..Entry::new(Kind::Call, found.time.0)
    };
    assert_eq!(found, expected);
    // And before it was taken up, when its body was not read yet.
    let all = records(node.home_path());
    let begun = all.iter().find(|entry| entry.kind == Kind::Begun).unwrap();
    let (time, status, body) = (begun.time, None, None);
    assert_eq!(*begun, Entry { kind: Kind::Begun, time, status, body, ..expected });
    // A signed transaction needs nobody's token, and is recorded where there are operators.
    let signed = codec::encode(&node.signed_payment(1, 100));
    let answer = node.post("/v1/transactions?wait=final", OCTETS, &signed);
    let found = calls(node.home_path()).pop().unwrap();
    assert_eq!((found.operator, found.status), (None, Some(answer.status)));
    assert_eq!(found.body, Some(blake3_of(&signed)));
    // What everybody may read is not.
    let before = calls(node.home_path()).len();
    assert_eq!(node.get("/v1/assets").status, 200);
    let problem = node.post("/v1/webhooks/core/replay", JSON, br#"{"from":1}"#).problem();
    assert_eq!(problem.code, "token-missing");
    let folder = node.stop();
    let entries = records(&folder.path().join("home"));
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&Kind::Opened), Some(&Kind::Closed)));
    let changed = entries.iter().find(|entry| entry.kind == Kind::Operators).unwrap();
    assert_eq!(changed.detail.as_deref(), Some("added li (maker)"));
    let last = calls(&folder.path().join("home"));
    assert_eq!((last.len(), last.last().unwrap().status), (before + 1, Some(401)));
    let text = format!("{entries:?}");
    assert!(!text.contains("fqop_"), "{text}");
}

fn blake3_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[test]
fn where_nobody_is_an_operator_payments_are_not_in_the_audit_log() {
    let node = start(|_| {});
    node.open_wei_and_lee();
    assert_eq!(calls(node.home_path()), []);
}

#[test]
fn the_log_goes_on_over_a_restart_and_its_head_is_signed() {
    let node = start(|_| {});
    let viewer = bearer(&add(node.home_path(), "vi", Role::Viewer, 1, None));
    let checker = bearer(&add(node.home_path(), "cho", Role::Checker, 2, None));
    let client = Client::new(&node);
    assert_eq!(client.call("GET", "/v1/audit/head", Some(&viewer)).status, 403);
    let head: Value = client.call("GET", "/v1/audit/head", Some(&checker)).json();
    let node = node.restart();
    let head_then = (head["sequence"].as_u64().unwrap(), head["hash"].as_str().unwrap().to_owned());
    let client = Client::new(&node);
    let later: Value = client.call("GET", "/v1/audit/head", Some(&checker)).json();
    assert!(later["sequence"].as_u64().unwrap() > head_then.0);
    assert!(later["owner"].as_str().unwrap().starts_with("PSBCCNBJ on fqd-"));
    let mut hashes = Vec::new();
    let folder = node.home_path().join(trail::FOLDER);
    trail::read(&folder, None, &mut |record, link| {
        hashes.push((record.sequence, link.hash.to_hex().to_string()));
    })
    .unwrap();
    assert!(hashes.contains(&head_then), "{head_then:?}");
}

#[test]
fn nothing_is_done_that_cannot_be_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(|_| {});
    let home = node.home_path().to_owned();
    let good = bearer(&add(&home, "li", Role::Maker, 1, None));
    let stopped = node.stop();
    // A file stands where the folder would be.
    fs::rename(home.join(trail::FOLDER), folder.path().join("away")).unwrap();
    fs::write(home.join(trail::FOLDER), "").unwrap();
    let node = Single::again(stopped);
    let headers = [("authorization", good.as_str()), ("content-type", XML)];
    let problem = node.call("POST", "/v1/iso20022", &headers, b"<no/>").problem();
    assert_eq!((problem.status, problem.code.as_str()), (503, "not-ready"));
    assert!(problem.detail.contains("audit log"), "{problem:?}");
    // What is not recorded is not held up.
    assert_eq!(node.get("/v1/status").status, 200);
}

#[test]
fn a_stream_ends_with_the_token_that_opened_it() {
    let node = start(|config| config.api.public_reads = Some(PublicReads::Chain));
    let good = bearer(&add(node.home_path(), "li", Role::Viewer, 1, None));
    let mut socket = TcpStream::connect(node.address).unwrap();
    let request = "GET /v1/events HTTP/1.1\r\nHost: node\r\nConnection: close\r\n";
    let request = format!("{request}Authorization: {good}\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(socket).lines();
    assert!(lines.next().unwrap().unwrap().contains("200"));
    node.register();
    // Three assets were registered.
    let mut seen = lines.by_ref().map_while(Result::ok).filter(|line| line == "event: receipt");
    assert_eq!(seen.by_ref().take(3).count(), 3);
    access::change(node.home_path(), |book| book.revoke("li", now())).unwrap();
    node.open(3, "wei", 50, &[]);
    // The stream ends before it tells of the account.
    let rest: Vec<_> = lines.map_while(Result::ok).collect();
    assert!(rest.iter().all(|line| line != "event: receipt"), "{rest:?}");
}
