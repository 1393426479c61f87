//! The OpenAPI document of a real node against what the node really answers.
#![allow(clippy::unwrap_used, clippy::panic)]

mod openapi;
mod single;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use api::transaction::PaymentView;
use iso20022::PrivateData;
use ledger::codec;
use ledger::genesis::Parameters;
use ledger::governance::Change;
use ledger::governance::json::ChangeFile;
use ledger::ids::{Bic, InstitutionNumber};
use ledger::operation::Operation;
use node::config::EndpointConfig;
use node::home::now;
use openapi::faults;
use serde_json::{Value, json};
use single::{Answered, BANKS, JSON, OCTETS, Single, XML, key, operator, uetr};

/// One request to an operation, and the status that it must be answered with.
struct Row {
    operation: &'static str,
    /// The variable parts of the path, in their order, and the query.
    parts: Vec<String>,
    query: String,
    accept: &'static str,
    body: Option<(&'static str, Vec<u8>)>,
    status: u16,
}

fn get(operation: &'static str, parts: &[&str], query: &str, status: u16) -> Row {
    let parts = parts.iter().map(|part| (*part).to_owned()).collect();
    Row { operation, parts, query: query.to_owned(), accept: "*/*", body: None, status }
}

fn post(operation: &'static str, query: &str, body: (&'static str, &[u8]), status: u16) -> Row {
    let body = Some((body.0, body.1.to_vec()));
    Row { body, ..get(operation, &[], query, status) }
}

fn change() -> Vec<u8> {
    let change = Change::SetParameters(Parameters { heartbeat_ms: 300, ..Parameters::USUAL });
    let bic = |number: InstitutionNumber| {
        let place = usize::try_from(number.0).unwrap() - 1;
        BANKS.get(place).map(|bic| Bic::parse(bic).unwrap())
    };
    serde_json::to_vec(&ChangeFile::of(&change, bic).unwrap()).unwrap()
}

/// A node on which there is something of everything.
fn furnished() -> Single {
    let secrets = tempfile::tempdir().unwrap();
    let secret = secrets.path().join("core.secret");
    std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    // Nobody listens there.
    let url = "http://127.0.0.1:9/".to_owned();
    let (name, events, accounts) = ("core".to_owned(), vec![], vec![]);
    let core = EndpointConfig { name, url, secret, events, accounts };
    let node = Single::start(|config| config.webhooks.endpoints = vec![core]);
    node.open_wei_and_lee();
    node.settle(&node.signed_payment(1, 100));
    // Rejected: wei does not have so much.
    node.settle(&node.signed_payment(2, 900_000));
    let Operation::Pay(mut noted) = node.payment(4, 100) else { panic!("a payment") };
    noted.terms.remittance = PrivateData::note("lunch").commitment(&node.domains, &[7; 32]);
    node.settle(&node.sign(&[&key(50)], node.transaction(vec![Operation::Pay(noted)])));
    let change = Change::SetParameters(Parameters { heartbeat_ms: 300, ..Parameters::USUAL });
    let propose = Operation::Propose {
        institution: InstitutionNumber(4),
        change: Box::new(change),
        expires: now().plus(60_000),
    };
    node.settle(&node.sign(&[&operator(3)], node.transaction(vec![propose])));
    node
}

fn rows(node: &Single) -> Vec<Row> {
    let (wei, nobody) = (node.address_of(3, "wei"), node.address_of(0, "nobody"));
    let (paid, rejected, absent) = (uetr(1).to_string(), uetr(2).to_string(), uetr(99).to_string());
    let signed = codec::encode(&node.signed_payment(3, 100));
    let in_json = json!({ "transaction": api::text::base64(&signed) }).to_string();
    let past = format!("valid_from={}&valid_until={}", now().0 - 60_000, now().0 - 10_000);
    let quote = json!({ "sell": "10.00 CNY", "buy": "HKD" }).to_string();
    let other = json!({ "sell": "10.00 HKD", "buy": "EUR" }).to_string();
    let noted = uetr(4).to_string();
    let entries = json!([
        { "depth": 0, "name": "RmtInf", "value": "" },
        { "depth": 1, "name": "Ustrd", "value": "lunch" },
    ]);
    let note = json!({ "salt": "07".repeat(32), "entries": entries }).to_string().into_bytes();
    let payment: PaymentView = node.get(&format!("/v1/payments/{paid}")).json();
    let block = payment.receipt.unwrap().block.unwrap();
    let message = format!("msg_{}_{block}_0", &node.domains.chain_id().to_string()[..12]);
    let webhooks = [
        get("listWebhooks", &[], "", 200),
        get("getWebhook", &["core"], "", 200),
        get("getWebhook", &["none"], "", 404),
        get("listDeliveries", &["core"], "limit=1", 200),
        get("replayDelivery", &["core", &message], "", 202),
        get("replayDelivery", &["core", "msg_0"], "", 404),
        Row {
            body: Some((JSON, br#"{"from":1}"#.to_vec())),
            ..get("replayEvents", &["core"], "", 202)
        },
    ];
    let files = [
        get("provePayment", &[&paid], "", 200),
        get("proveAbsence", &[&absent], &past, 200),
        get("proveAccount", &[&wei], "", 200),
        get("proveHolding", &[&wei, "CNY"], "", 200),
    ];
    let in_words = [
        get("provePayment", &[&rejected], "", 200),
        get("proveAbsence", &[&absent], &past, 200),
        get("proveAccount", &[&nobody], "", 200),
        get("proveHolding", &[&wei, "EUR"], "", 200),
    ];
    let in_words = in_words.into_iter().map(|row| Row { accept: JSON, ..row });
    let more = vec![
        post("submitTransaction", "wait=final&proof=true", (OCTETS, &signed), 200),
        post("submitTransaction", "", (JSON, in_json.as_bytes()), 200),
        post("submitTransaction", "", (JSON, b"{}"), 400),
        post("submitTransaction", "", ("text/plain", b"x"), 415),
        post("simulateTransaction", "", (OCTETS, &signed), 200),
        post("simulateTransaction", "", (OCTETS, b"x"), 400),
        get("getPayment", &[&paid], "", 200),
        get("getPayment", &[&rejected], "", 200),
        get("getPayment", &[&absent], "", 404),
        get("getPrivateData", &[&paid], "", 401),
        get("erasePrivateData", &[&paid], "", 401),
        Row { body: Some((JSON, b"{}".to_vec())), ..get("handOverPrivateData", &[&paid], "", 400) },
        Row { body: Some((JSON, note)), ..get("handOverPrivateData", &[&noted], "", 200) },
        get("getAccount", &[&wei], "", 200),
        get("getAccount", &[&nobody], "", 404),
        get("listHistory", &[&wei], "limit=1", 200),
        get("getAccountLimits", &[&wei], "", 200),
        get("getAccountLimits", &[&nobody], "", 404),
        get("getInstitutionLimits", &["PSBCCNBJ"], "", 200),
        get("getInstitutionLimits", &["XXXXXXXX"], "", 404),
        get("getPositions", &["PSBCCNBJ"], "", 200),
        get("getPositions", &["XXXXXXXX"], "", 404),
        get("listApprovals", &[&wei], "", 200),
        get("listReviews", &["PSBCCNBJ"], "", 200),
        get("listReviews", &["nonsense"], "", 404),
        get("listQueue", &[&wei], "", 200),
        get("listBlocks", &[], "limit=2", 200),
        get("listBlocks", &[], "limit=0", 400),
        get("getBlock", &["1"], "", 200),
        get("getBlock", &["999999"], "", 404),
        get("listValidators", &[], "", 200),
        get("listInstitutions", &[], "", 200),
        get("listAssets", &[], "", 200),
        get("getStatus", &[], "", 200),
        get("listRecalls", &[], "limit=1", 200),
        get("listRecalls", &[], "institution=NOBKCNBJ", 404),
        get("listProposals", &[], "", 200),
        get("getProposal", &["1"], "", 200),
        get("getProposal", &["9"], "", 404),
        post("rehearseChange", "", (JSON, &change()), 200),
        post("rehearseChange", "", (JSON, b"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), 413),
        post("createQuote", "", (JSON, quote.as_bytes()), 200),
        post("createQuote", "", (JSON, other.as_bytes()), 403),
        post("submitMessage", "", (XML, b"<no/>"), 400),
        post("submitMessage", "", (JSON, b"{}"), 415),
        get("isAlive", &[], "", 200),
        get("isReady", &[], "verbose", 200),
        get("getMetrics", &[], "", 200),
        get("getAuditHead", &[], "", 200),
        get("getOpenApi", &[], "", 200),
        get("getDocs", &[], "", 200),
    ];
    files.into_iter().chain(in_words).chain(webhooks).chain(more).collect()
}

/// Every operation: its path, its method and what is said of it, by its id.
fn operations(document: &Value) -> BTreeMap<String, (String, String, Value)> {
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let place = (path.clone(), method.clone(), operation.clone());
            assert!(found.insert(id.clone(), place).is_none(), "{id} comes twice");
        }
    }
    found
}

fn send(node: &Single, row: &Row, path: &str, method: &str) -> Answered {
    let mut parts = row.parts.iter();
    let path: Vec<_> = path
        .split('/')
        .map(|part| if part.starts_with('{') { parts.next().unwrap() } else { part })
        .collect();
    let mark = if row.query.is_empty() { "" } else { "?" };
    let path = format!("{}{mark}{}", path.join("/"), row.query);
    match (method, &row.body) {
        ("get", None) => node.get_as(&path, row.accept),
        ("delete", None) => node.delete(&path),
        ("put", Some((media_type, body))) => node.put(&path, media_type, body),
        ("post", None) => node.post(&path, JSON, b""),
        ("post", Some((media_type, body))) => node.post(&path, media_type, body),
        other => panic!("{}: {other:?}", row.operation),
    }
}

#[test]
fn every_documented_operation_answers_as_documented() {
    let node = furnished();
    let document: Value = node.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    let mut answered = BTreeSet::new();
    for row in rows(&node) {
        let (path, method, operation) = &operations[row.operation];
        let answer = send(&node, &row, path, method);
        let name = format!("{} {}: {}", row.operation, answer.status, answer.text_or_length());
        assert_eq!(answer.status, row.status, "{name}");
        assert!(answer.headers.contains_key("x-request-id"), "{name}");
        let response = &operation["responses"][answer.status.to_string()];
        assert!(response.is_object(), "this status is not documented: {name}");
        let media_type = answer.media_type.split(';').next().unwrap();
        let schema = &response["content"][media_type]["schema"];
        assert!(schema.is_object(), "{media_type} is not documented: {name}");
        if media_type.ends_with("json") && row.operation != "getOpenApi" {
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(faults(&document, schema, &body), Vec::<String>::new(), "{name}");
        }
        answered.insert(row.operation.to_owned());
    }
    check_events(&node, &document);
    answered.insert("followEvents".to_owned());
    let all: BTreeSet<_> = operations.keys().cloned().collect();
    let missing: Vec<_> = all.difference(&answered).collect();
    assert!(missing.is_empty(), "no row asks {missing:?}");
}

/// The events of everything that is on the node: their names are schemas.
fn check_events(node: &Single, document: &Value) {
    let mut socket = TcpStream::connect(node.address).unwrap();
    write!(socket, "GET /v1/events?from=1 HTTP/1.1\r\nHost: node\r\n\r\n").unwrap();
    let mut lines = BufReader::new(socket).lines().map(Result::unwrap);
    let media_type = lines.find(|line| line.starts_with("content-type")).unwrap();
    assert!(media_type.contains("text/event-stream"), "{media_type}");
    let mut wanted = BTreeSet::from(["receipt", "proposal"]);
    let mut name = String::new();
    while !wanted.is_empty() {
        let line = lines.next().unwrap();
        if let Some(event) = line.strip_prefix("event: ") {
            event.clone_into(&mut name);
        }
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let schema = match name.as_str() {
            "receipt" => "ReceiptView",
            "proposal" => "ProposalView",
            "alert" => "AlertView",
            other => panic!("an event of an unknown name: {other}"),
        };
        let schema = &document["components"]["schemas"][schema];
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(faults(document, schema, &data), Vec::<String>::new(), "{data}");
        wanted.remove(name.as_str());
    }
}

#[test]
fn router_document_and_manual_name_the_same_routes() {
    let node = Single::start(|_| {});
    let document: Value = node.get("/openapi.json").json();
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, method, _) in operations(&document).into_values() {
        methods.entry(path).or_default().insert(method.to_uppercase());
    }
    // The router knows these paths, and exactly these methods of theirs.
    for (path, documented) in &methods {
        let answer = node.call("PATCH", &path.replace(['{', '}'], ""), &[], b"");
        assert_eq!(answer.problem().code, "method-not-allowed", "{path}");
        let allowed: BTreeSet<_> =
            answer.headers["allow"].split(',').map(|method| method.trim().to_owned()).collect();
        let mut expected = documented.clone();
        if documented.contains("GET") {
            expected.insert("HEAD".to_owned());
        }
        assert_eq!(allowed, expected, "{path}");
    }
    // It knows no others: routes are made from documented handlers alone.
    let routes = include_str!("../src/http/routes.rs");
    for way in [".route(", ".nest(", ".route_service(", ".nest_service(", ".fallback_service("] {
        assert!(!routes.contains(way), "{way} makes a route without documentation");
    }
    let manual = include_str!("../../docs/reference/api.md");
    for path in methods.keys() {
        assert!(manual.contains(path.as_str()), "{path} is not in docs/reference/api.md");
    }
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_described() {
    let node = Single::start(|_| {});
    let document: Value = node.get("/openapi.json").json();
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
    }
    for (path, _, operation) in operations(&document).into_values() {
        assert!(operation["summary"].is_string(), "{path}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.values().all(|one| one["description"] != ""), "{path}");
    }
}
