//! Webhooks of a real node to a real server that refuses, is slow, dies, and comes back.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use api::event::AlertView;
use api::receipt::ReceiptView;
use api::webhook::{DeliveryPage, DeliveryView, WebhookData, WebhookMessage, WebhookView};
use hmac::{Hmac, KeyInit, Mac};
use ledger::codec;
use ledger::ids::InstitutionNumber;
use ledger::limits::{LimitRule, Limits, Measure, RuleName, RuleOutcome, Tiers};
use ledger::money::Amount;
use ledger::operation::Operation;
use node::config::{EndpointConfig, WebhooksConfig};
use sha2::Sha256;
use single::{JSON, OCTETS, Single, uetr};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Nothing that is waited for takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Takes,
    Refuses,
    /// Reads and says nothing, until the client goes.
    Silent,
}

/// What the server got, and how it answered.
#[derive(Debug)]
struct Arrival {
    mood: Mood,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Arrival {
    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    fn message(&self) -> WebhookMessage {
        serde_json::from_str(&self.body).unwrap()
    }

    fn receipt(&self) -> ReceiptView {
        match self.message().data {
            WebhookData::Receipt(receipt) => *receipt,
            WebhookData::Alert(alert) => panic!("{alert:?}"),
        }
    }

    fn alert(&self) -> AlertView {
        match self.message().data {
            WebhookData::Alert(alert) => alert,
            WebhookData::Receipt(receipt) => panic!("{receipt:?}"),
        }
    }

    /// The signature is by the secret, over id, time and body.
    fn check(&self) {
        let secret = api::text::parse_base64(SECRET.trim_start_matches("whsec_")).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        let (id, timestamp) = (self.id(), &self.headers["webhook-timestamp"]);
        mac.update(format!("{id}.{timestamp}.{}", self.body).as_bytes());
        let expected = format!("v1,{}", api::text::base64(&mac.finalize().into_bytes()));
        assert_eq!(self.headers["webhook-signature"], expected);
        let age = node::home::now().0 / 1000 - timestamp.parse::<u64>().unwrap();
        assert!(age < 60, "{age}");
    }
}

/// A server of endpoints.
struct Server {
    address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    arrivals: Receiver<Arrival>,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Server {
    fn start(address: &str, mood: Mood) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let mood = Arc::new(Mutex::new(mood));
        let (arrived, arrivals) = channel();
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::spawn({
            let mood = mood.clone();
            move || {
                for socket in listener.incoming() {
                    if stopped.try_recv().is_ok() {
                        return;
                    }
                    let (mood, arrived) = (*mood.lock().unwrap(), arrived.clone());
                    std::thread::spawn(move || answer(socket.unwrap(), mood, &arrived));
                }
            }
        });
        Self { address, mood, arrivals, stop, thread }
    }

    /// Dies: whoever connects afterwards is refused by the system.
    fn die(self) -> String {
        self.stop.send(()).unwrap();
        // Wakes the thread, which then lets go of the port.
        drop(TcpStream::connect(self.address));
        self.thread.join().unwrap();
        self.address.to_string()
    }

    fn next(&self) -> Arrival {
        let arrival = self.arrivals.recv_timeout(PATIENCE).expect("nothing arrives");
        arrival.check();
        arrival
    }

    /// The next message about a payment.
    fn next_about(&self, number: u64) -> Arrival {
        loop {
            let arrival = self.next();
            if arrival.receipt().id == Some(uetr(number).to_string()) {
                return arrival;
            }
        }
    }

    /// Waits until messages about all of `wanted` were taken; gives their ids by payment.
    fn take(&self, wanted: &[u64]) -> BTreeMap<String, String> {
        let wanted: BTreeSet<_> = wanted.iter().map(|number| uetr(*number).to_string()).collect();
        let mut taken = BTreeMap::new();
        while !wanted.iter().all(|payment| taken.contains_key(payment)) {
            let arrival = self.next();
            if arrival.mood == Mood::Takes {
                let payment = arrival.receipt().id.unwrap();
                let id = arrival.id().to_owned();
                let before = taken.insert(payment, id.clone());
                assert!(before.is_none_or(|before| before == id), "another id");
            }
        }
        taken
    }
}

fn answer(socket: TcpStream, mood: Mood, arrived: &Sender<Arrival>) {
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    let mut headers = BTreeMap::new();
    let mut line = String::new();
    // The first line is the request's; a connection without any is the one that ends the server.
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers["content-length"].parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let mut socket = socket;
    let status = match mood {
        Mood::Takes => "204 No Content",
        Mood::Refuses => "500 Internal Server Error",
        Mood::Silent => {
            let _ = arrived.send(Arrival { mood, headers, body });
            // Ends when the client has had enough.
            let _ = reader.read(&mut [0]);
            return;
        }
    };
    let _ = write!(socket, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = arrived.send(Arrival { mood, headers, body });
}

/// A node with the endpoint `core` at `address`, which gets payments only.
fn start(address: SocketAddr, folder: &tempfile::TempDir) -> Single {
    let payments = &["payment.settled", "payment.rejected"];
    start_with(vec![endpoint("core", address, payments, folder)])
}

fn endpoint(
    name: &str,
    address: SocketAddr,
    events: &[&str],
    folder: &tempfile::TempDir,
) -> EndpointConfig {
    let secret = folder.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    EndpointConfig {
        name: name.to_owned(),
        url: format!("http://{address}/hooks?token=hidden"),
        secret,
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        accounts: vec![],
    }
}

fn start_with(endpoints: Vec<EndpointConfig>) -> Single {
    let config = WebhooksConfig {
        timeout_seconds: 1,
        retry_seconds: 1,
        endpoints,
        ..WebhooksConfig::default()
    };
    let node = Single::start(|all| all.webhooks = config);
    node.open_wei_and_lee();
    node
}

fn pay(node: &Single, number: u64) {
    let bytes = codec::encode(&node.signed_payment(number, 100));
    assert_eq!(node.post("/v1/transactions?wait=final", OCTETS, &bytes).status, 200);
}

#[test]
fn no_event_is_lost_to_an_endpoint_that_refuses_dies_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start("127.0.0.1:0", Mood::Refuses);
    let node = start(server.address, &folder);
    (1..=3).for_each(|number| pay(&node, number));
    // Each is tried although the others fail, and tried again.
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let twice = |refused: &BTreeMap<String, Vec<String>>, number| {
        refused.get(&uetr(number).to_string()).is_some_and(|ids| ids.len() >= 2)
    };
    while !(1..=3).all(|number| twice(&refused, number)) {
        let arrival = server.next();
        let ids = refused.entry(arrival.receipt().id.unwrap()).or_default();
        ids.push(arrival.id().to_owned());
    }
    let view: WebhookView = node.get("/v1/webhooks/core").json();
    assert_eq!((view.status.as_str(), view.failed), ("failing", 0));
    assert_eq!(view.origin, format!("http://{}", server.address));
    let page: DeliveryPage = node.get("/v1/webhooks/core/deliveries?limit=2").json();
    assert!(page.next_cursor.is_some() && page.deliveries.len() == 2);
    assert_eq!(page.deliveries[0].last_result.as_deref(), Some("500"));

    *server.mood.lock().unwrap() = Mood::Takes;
    let taken = server.take(&[1, 2, 3]);
    for (payment, id) in &taken {
        assert!(
            refused.get(payment).is_none_or(|ids| ids.iter().all(|one| one == id)),
            "{payment}"
        );
    }

    // The endpoint dies; the node is restarted while it is dead.
    let address = server.die();
    (4..=5).for_each(|number| pay(&node, number));
    let node = node.restart();
    pay(&node, 6);
    let server = Server::start(&address, Mood::Takes);
    let taken = server.take(&[4, 5, 6]);
    assert_eq!(taken.len(), taken.values().collect::<BTreeSet<_>>().len());
    let rejected = node.sign(&[&single::key(50)], node.transaction(vec![node.payment(7, 900_000)]));
    node.post("/v1/transactions?wait=final", OCTETS, &codec::encode(&rejected));
    let arrival = server.next_about(7);
    let (kind, receipt) = (arrival.message().kind, arrival.receipt());
    assert_eq!((kind.as_str(), receipt.block.is_some()), ("payment.rejected", true));
}

#[test]
fn a_payment_that_a_blocks_end_settles_is_a_message_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start("127.0.0.1:0", Mood::Takes);
    let payments = &["payment.queued", "payment.settled"];
    let node = start_with(vec![endpoint("core", server.address, payments, &folder)]);
    node.settle(&node.queued_by_lee(1, 100));
    assert_eq!(server.next_about(1).receipt().status, "queued");
    pay(&node, 2);
    let settled = server.next_about(1);
    assert_eq!(settled.receipt().iso_status, "ACSC");
    assert_eq!(settled.receipt().credited.as_deref(), Some("1.00 CNY"));
}

/// The next alert of a stream of events.
fn alert(lines: &mut impl Iterator<Item = String>) -> AlertView {
    lines.find(|line| line == "event: alert").expect("the stream ended");
    let data = lines.next().unwrap();
    serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap()
}

#[test]
fn an_endpoint_that_fails_is_an_alert_until_it_takes_messages_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start("127.0.0.1:0", Mood::Refuses);
    let node = start(server.address, &folder);
    let mut socket = TcpStream::connect(node.address).unwrap();
    write!(socket, "GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n").unwrap();
    let mut lines = BufReader::new(socket).lines().map(Result::unwrap);
    pay(&node, 1);
    let raised = alert(&mut lines);
    let words = |alert: &AlertView| {
        (alert.code.clone(), alert.subject.clone().unwrap_or_default(), alert.state.clone())
    };
    let expected = |state: &str| ("webhook-failing".into(), "core".into(), state.to_owned());
    assert_eq!(words(&raised), expected(AlertView::RAISED));
    // Who connects now is told of what stands.
    let mut socket = TcpStream::connect(node.address).unwrap();
    write!(socket, "GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n").unwrap();
    let mut later = BufReader::new(socket).lines().map(Result::unwrap);
    assert_eq!(alert(&mut later), raised);
    *server.mood.lock().unwrap() = Mood::Takes;
    assert_eq!(words(&alert(&mut lines)), expected(AlertView::CLEARED));
    assert_eq!(words(&alert(&mut later)), expected(AlertView::CLEARED));
}

#[test]
fn alerts_and_issues_are_messages_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (core, desk) = (Server::start("127.0.0.1:0", Mood::Refuses), "127.0.0.1:0");
    let desk = Server::start(desk, Mood::Takes);
    let asked = ["alert.raised", "alert.cleared", "issue.settled"];
    let node = start_with(vec![
        endpoint("core", core.address, &["payment.settled"], &folder),
        endpoint("desk", desk.address, &asked, &folder),
    ]);
    // What wei and lee have was issued.
    let issued = desk.next();
    let receipt = issued.receipt();
    assert_eq!((issued.message().kind.as_str(), &receipt.from), ("issue.settled", &None));
    assert!(receipt.to.is_some());

    pay(&node, 1);
    let told = |state: &str| loop {
        let arrival = desk.next();
        if arrival.message().kind == format!("alert.{state}") {
            break arrival;
        }
    };
    let raised = told("raised");
    let words = |alert: AlertView| (alert.code, alert.subject.unwrap_or_default(), alert.state);
    let expected = |state: &str| ("webhook-failing".into(), "core".into(), state.to_owned());
    assert_eq!(words(raised.alert()), expected("raised"));
    *core.mood.lock().unwrap() = Mood::Takes;
    assert_eq!(words(told("cleared").alert()), expected("cleared"));

    // An alert is remembered, too, and sent again under its id.
    let page: DeliveryPage = node.get("/v1/webhooks/desk/deliveries").json();
    let is_listed = |one: &DeliveryView| one.id == raised.id() && one.kind == "alert.raised";
    assert!(page.deliveries.iter().any(is_listed), "{page:?}");
    let path = format!("/v1/webhooks/desk/deliveries/{}/replay", raised.id());
    assert_eq!(node.post(&path, JSON, b"").status, 202);
    let again = told("raised");
    assert_eq!((again.id(), &again.body), (raised.id(), &raised.body));
}

#[test]
fn a_payment_that_met_a_rule_is_a_message_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start("127.0.0.1:0", Mood::Takes);
    let endpoints = vec![endpoint("risk", server.address, &["payment.alert"], &folder)];
    let node = start_with(endpoints);
    let rule = LimitRule {
        name: RuleName::parse("large").unwrap(),
        asset: single::asset("CNY"),
        tiers: Tiers::ALL,
        measure: Measure::Payment { most: Amount(99) },
        outcome: RuleOutcome::Alert,
    };
    let limits = Limits { version: 1, utc_offset_minutes: 0, rules: vec![rule] };
    let set = Operation::SetLimits { institution: InstitutionNumber(4), limits };
    node.settle(&node.sign(&[&single::operator(3)], node.transaction(vec![set])));
    pay(&node, 1);
    let arrival = server.next();
    let (kind, receipt) = (arrival.message().kind, arrival.receipt());
    assert_eq!((kind.as_str(), receipt.id), ("payment.alert", Some(uetr(1).to_string())));
    assert_eq!((receipt.status.as_str(), receipt.rules[0].name.as_str()), ("settled", "large"));
    assert!(arrival.id().ends_with("_rules"), "{}", arrival.id());
    // It is sent again under its id; of what met no rule there is no such message.
    let replay = |id: &str| {
        node.post(&format!("/v1/webhooks/risk/deliveries/{id}/replay"), JSON, b"").status
    };
    assert_eq!(replay(arrival.id()), 202);
    assert_eq!(server.next().id(), arrival.id());
    let of_limits = arrival.id().replace(&format!("_{}_", receipt.block.unwrap()), "_1_");
    assert_eq!(replay(&of_limits), 404);
}

#[test]
fn messages_are_listed_and_sent_again_under_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start("127.0.0.1:0", Mood::Silent);
    let node = start(server.address, &folder);
    pay(&node, 1);
    // One that says nothing is given up after the time-out, and asked again.
    let [first, again] = [server.next_about(1), server.next_about(1)];
    *server.mood.lock().unwrap() = Mood::Takes;
    let taken = server.take(&[1]);
    let id = &taken[&uetr(1).to_string()];
    assert_eq!((first.body.as_str(), again.id()), (again.body.as_str(), first.id()));
    assert_eq!(first.id(), id);

    let all: Vec<WebhookView> = node.get("/v1/webhooks").json();
    assert_eq!((all.len(), all[0].name.as_str()), (1, "core"));
    assert!(!node.get("/v1/webhooks").text().contains("hidden"));

    let path = format!("/v1/webhooks/core/deliveries/{id}/replay");
    let replayed = node.post(&path, JSON, b"");
    assert_eq!(replayed.status, 202);
    let view: DeliveryView = replayed.json();
    assert_eq!((view.status.as_str(), &view.id), ("waiting", id));
    assert_eq!(server.take(&[1])[&uetr(1).to_string()], *id);

    // From a block on: what is remembered, and what never was.
    pay(&node, 2);
    let second = server.take(&[2]);
    let replayed = node.post("/v1/webhooks/core/replay", JSON, br#"{"from":0}"#);
    assert_eq!(replayed.status, 202);
    let both = server.take(&[1, 2]);
    assert_eq!(
        (&both[&uetr(1).to_string()], &both[&uetr(2).to_string()]),
        (id, &second[&uetr(2).to_string()])
    );

    for (path, body, code) in [
        ("/v1/webhooks/none/replay", &br#"{"from":0}"#[..], "not-found"),
        ("/v1/webhooks/core/replay", b"{}", "malformed"),
        ("/v1/webhooks/core/deliveries/msg_x_1_0/replay", b"", "not-found"),
        ("/v1/webhooks/none/deliveries/msg_x_1_0/replay", b"", "not-found"),
    ] {
        assert_eq!(node.post(path, JSON, body).problem().code, code, "{path}");
    }
    assert_eq!(node.get("/v1/webhooks/none").problem().status, 404);
    assert_eq!(node.get("/v1/webhooks/core/deliveries?cursor=x").problem().status, 400);
}
