//! The stream of events of a real node over real sockets: nothing left out, nothing twice.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use api::receipt::ReceiptView;
use iso20022::incoming::{self, Message};
use iso20022::xml::Limits;
use ledger::corrections::{Reason, RecallAnswer, RecallRequest, Return};
use ledger::operation::Operation;
use ledger::proof::Proof;
use node::home::now;
use single::{BANKS, HOST, Single, key, money, uetr};

/// One event as it came.
#[derive(Debug, PartialEq)]
struct Event {
    id: String,
    name: String,
    data: String,
}

impl Event {
    /// One more line of data.
    fn add(&mut self, line: &str) {
        if !self.data.is_empty() {
            self.data.push('\n');
        }
        self.data.push_str(line);
    }

    fn receipt(&self) -> ReceiptView {
        assert_eq!(self.name, "receipt");
        serde_json::from_str(&self.data).unwrap()
    }
}

/// A client of the stream.
struct Client(BufReader<TcpStream>);

impl Client {
    fn open(node: &Single, query: &str, last: Option<&str>) -> Self {
        let mut socket = TcpStream::connect(node.address).unwrap();
        let seen = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(socket, "GET /v1/events{query} HTTP/1.1\r\nHost: node\r\n{seen}\r\n").unwrap();
        let mut reader = BufReader::new(socket);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.contains("200 OK"), "{line}");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        Self(reader)
    }

    /// The next event. Lines of the transfer encoding are none of the event's.
    fn next(&mut self) -> Event {
        let mut event = Event { id: String::new(), name: String::new(), data: String::new() };
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
            let line = line.trim_end();
            match line.split_once(": ") {
                Some(("id", id)) => event.id = id.to_owned(),
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("data", data)) => event.add(data),
                Some(_) => {}
                None if line.is_empty() && !event.data.is_empty() => return event,
                None => {}
            }
        }
    }
}

#[test]
fn receipts_come_in_order_and_a_client_goes_on_behind_the_last_it_saw() {
    let node = Single::start(|_| {});
    let mut live = Client::open(&node, "", None);
    node.open_wei_and_lee();
    let ids: Vec<_> =
        (1..=4).map(|number| node.settle(&node.signed_payment(number, 100))).collect();

    // From the first block on: what the set-up did, then the payments.
    let mut all = Client::open(&node, "?from=1", None);
    let mut seen = Vec::new();
    while seen.iter().filter(|event: &&Event| event.receipt().status == "settled").count() < 4 + 1 {
        seen.push(all.next());
    }
    for event in &seen {
        assert_eq!(live.next(), *event);
    }
    let settled: Vec<_> = seen.iter().filter_map(|event| event.receipt().id).collect();
    let paid: Vec<_> = ids.iter().filter_map(|answer| answer.receipts[0].id.clone()).collect();
    assert!(settled.ends_with(&paid), "{settled:?} {paid:?}");

    // Whoever saw the third last goes on with the second last, after a restart too.
    let third_last = seen[seen.len() - 3].id.clone();
    let node = node.restart();
    let mut resumed = Client::open(&node, "", Some(&third_last));
    assert_eq!([resumed.next(), resumed.next()], seen[seen.len() - 2..]);
    let last = node.settle(&node.signed_payment(9, 100));
    assert_eq!(resumed.next().receipt().id, last.receipts[0].id);
}

#[test]
fn an_account_sees_its_own_receipts() {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node.settle(&node.signed_payment(1, 100));
    let lee = node.address_of(1, "lee");
    let mut own = Client::open(&node, &format!("?from=0&account={lee}"), None);
    assert_eq!(own.next().receipt().to, Some(lee));
}

#[test]
fn an_account_is_notified_of_what_was_booked() {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    let wei = node.address_of(HOST, "wei");
    let mut all = Client::open(&node, &format!("?from=0&account={wei}&message=camt.054"), None);
    let issued = all.next();
    assert!(issued.data.contains("<Cd>issue</Cd>"), "{}", issued.data);
    let paid = node.settle(&node.signed_payment(1, 100));
    let receipt = &paid.receipts[0];
    let event = all.next();
    assert_eq!(event.name, "notification");
    assert_eq!(event.id, format!("{}-0", receipt.block.unwrap()));
    let has = |text: &str| assert!(event.data.contains(text), "{text}: {}", event.data);
    has("urn:iso:std:iso:20022:tech:xsd:camt.054.001.08");
    has(&format!("<UETR>{}</UETR>", receipt.id.as_deref().unwrap()));
    has("<Amt Ccy=\"CNY\">1.00</Amt>");
    has("<CdtDbtInd>DBIT</CdtDbtInd>");
    // It is the same message for whoever comes later, and goes on behind it.
    let mut later =
        Client::open(&node, &format!("?account={wei}&message=camt.054"), Some(&issued.id));
    assert_eq!(later.next(), event);
    // A refused payment books nothing; the next event is the next payment's.
    node.settle(&node.signed_payment(2, 1_000_000_000));
    let next = node.settle(&node.signed_payment(3, 100));
    assert!(all.next().data.contains(next.receipts[0].id.as_deref().unwrap()));
}

#[test]
fn what_a_blocks_end_settles_is_notified_of_as_any_payment_is() {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    let lee = node.address_of(1, "lee");
    let mut all = Client::open(&node, &format!("?from=0&account={lee}&message=camt.054"), None);
    node.settle(&node.queued_by_lee(1, 100));
    // It pays lee, and its block then pays what lee has waiting.
    let block = node.settle(&node.signed_payment(2, 100)).receipts[0].block.unwrap();
    for (place, number, side) in [(0, 2, "CRDT"), (1, 1, "DBIT")] {
        let event = all.next();
        assert_eq!((event.name.as_str(), event.id), ("notification", format!("{block}-{place}")));
        for text in [
            format!("<UETR>{}</UETR>", uetr(number)),
            "<Amt Ccy=\"CNY\">1.00</Amt>".to_owned(),
            format!("<CdtDbtInd>{side}</CdtDbtInd>"),
        ] {
            assert!(event.data.contains(&text), "{text}: {}", event.data);
        }
    }
}

/// Those messages of the account's stream that `name` asks for, as events.
fn corrections(node: &Single, account: &str, name: &str) -> Client {
    Client::open(node, &format!("?from=0&account={account}&message={name}"), None)
}

fn read(event: &Event) -> Message {
    incoming::read(event.data.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn an_account_is_told_of_returns_and_of_answers_to_recalls() {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node.settle(&node.signed_payment(1, 20_000));
    let file = node.get(&format!("/v1/payments/{}/proof", uetr(1))).body;
    let evidence = Proof::decode(&file).unwrap().evidence(node.domains.chain_id()).unwrap();
    let reason = |code| Reason::parse(code).unwrap();
    let order = |signer, operation| {
        let signed = node.sign(&[&key(signer)], node.transaction(vec![operation]));
        let receipt = node.settle(&signed).receipts.remove(0);
        assert_eq!(receipt.code, None);
        format!("{}-0", receipt.block.unwrap())
    };
    let ask = || {
        let (amount, deadline) = (money(5_000, "CNY"), now().plus(3_600_000));
        let evidence = evidence.clone();
        let request = RecallRequest { evidence, amount, reason: reason("DUPL"), deadline };
        order(50, Operation::RequestRecall(Box::new(request)))
    };
    let answer = |answer| order(51, Operation::AnswerRecall { payment: uetr(1), answer });
    ask();
    let refused = answer(RecallAnswer::Refuse { reason: reason("LEGL") });
    ask();
    let accepted = answer(RecallAnswer::Accept { uetr: uetr(2), amount: money(5_000, "CNY") });
    let (amount, evidence) = (money(15_000, "CNY"), evidence.clone());
    let back = Return { uetr: uetr(3), evidence, amount, reason: reason("AC04") };
    let returned = order(51, Operation::Return(Box::new(back)));

    // Both sides are told the same.
    for account in [node.address_of(HOST, "wei"), node.address_of(1, "lee")] {
        let mut returns = corrections(&node, &account, "pacs.004");
        for (id, amount, code) in [(&accepted, "50.00", "FOCR"), (&returned, "150.00", "AC04")] {
            let event = returns.next();
            assert_eq!((event.name.as_str(), &event.id), ("return", id));
            let Message::Returns(message) = read(&event) else { panic!("{event:?}") };
            let told = &message.returns[0];
            assert_eq!(told.payment.identification.uetr, Some(uetr(1).to_string()));
            assert_eq!(told.payment.settlement_amount.as_ref().unwrap().number, amount);
            assert_eq!(told.reason.as_deref(), Some(code));
            assert_eq!(told.payment.instructing_agent.bic.as_deref(), Some(BANKS[1]));
        }
        let mut answers = corrections(&node, &account, "camt.029");
        let rows = [(&refused, "RJCR", Some("LEGL")), (&accepted, "PECR", None)];
        for (id, confirmation, code) in rows {
            let event = answers.next();
            assert_eq!((event.name.as_str(), &event.id), ("resolution", id));
            let Message::Answers(message) = read(&event) else { panic!("{event:?}") };
            assert_eq!(message.confirmation.as_deref(), Some(confirmation));
            assert_eq!(message.answers[0].reason.as_deref(), code);
            assert_eq!(message.assignment.group.message_id, *id);
        }
    }
}

#[test]
fn an_account_that_nobody_opened_has_no_stream() {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    let nobody = node.address_of(1, "nobody");
    for path in [
        format!("/v1/events?account={nobody}"),
        format!("/v1/events?account={nobody}&message=camt.054"),
        format!("/v1/accounts/{nobody}/approvals"),
    ] {
        let problem = node.get(&path).problem();
        assert_eq!((problem.status, problem.code.as_str()), (404, "not-found"), "{path}");
    }
}

#[test]
fn what_is_no_place_is_refused() {
    let node = Single::start(|_| {});
    for path in [
        "/v1/events?from=x",
        "/v1/events?account=x",
        "/v1/events?other=1",
        "/v1/events?message=camt.054",
        "/v1/events?message=pacs.004",
        "/v1/events?message=camt.053",
    ] {
        assert_eq!(node.get(path).problem().status, 400, "{path}");
    }
}
