//! The stream of events of a real node over real sockets: nothing left out, nothing twice.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use api::receipt::ReceiptView;
use single::Single;

/// One event as it came.
#[derive(Debug, PartialEq)]
struct Event {
    id: String,
    name: String,
    data: String,
}

impl Event {
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
                Some(("data", data)) => event.data = data.to_owned(),
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
fn what_is_no_place_is_refused() {
    let node = Single::start(|_| {});
    for path in ["/v1/events?from=x", "/v1/events?account=x", "/v1/events?other=1"] {
        assert_eq!(node.get(path).problem().status, 400, "{path}");
    }
}
