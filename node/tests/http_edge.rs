//! What every request meets before its handler: its id, the limits, the origins, and the page that
//! describes it all.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::io::{Read, Write};
use std::net::TcpStream;

use api::problem::{Problem, Retry};
use single::{JSON, Single};

/// An answer in its parts.
struct Raw {
    status: u16,
    head: String,
    body: String,
}

impl Raw {
    fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        });
        line.map(str::trim)
    }

    fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), Some(Problem::MEDIA_TYPE), "{}", self.head);
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Sends one request with these lines of header.
fn ask(node: &Single, method: &str, path: &str, headers: &str) -> Raw {
    let mut socket = TcpStream::connect(node.address).unwrap();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Raw { status, head: head.to_owned(), body: body.to_owned() }
}

#[test]
fn a_request_has_an_id_in_the_answer_and_in_the_problem() {
    let node = Single::start(|_| {});
    for path in ["/v1/status", "/livez", "/docs", "/openapi.json", "/metrics"] {
        let answer = ask(&node, "GET", path, "X-Request-Id: core-42\r\n");
        assert_eq!((answer.status, answer.header("x-request-id")), (200, Some("core-42")));
    }
    for (method, path, status) in
        [("GET", "/nothing", 404), ("PUT", "/v1/status", 405), ("GET", "/v1/blocks/x", 400)]
    {
        let answer = ask(&node, method, path, "X-Request-Id: core-43\r\n");
        assert_eq!((answer.status, answer.header("x-request-id")), (status, Some("core-43")));
        assert_eq!(answer.problem().request_id.as_deref(), Some("core-43"));
    }
    // What is no plain id is not repeated, and no two requests get the same.
    let odd = ask(&node, "GET", "/v1/nothing", "X-Request-Id: <script>\r\n");
    let own = ask(&node, "GET", "/v1/nothing", "");
    let ids = [&odd, &own].map(|answer| answer.header("x-request-id").unwrap());
    assert!(ids[0] != ids[1] && !ids[0].contains('<'), "{ids:?}");
    assert_eq!(own.problem().request_id.as_deref(), Some(ids[1]));
}

#[test]
fn headers_beyond_the_limits_are_refused() {
    let node = Single::start(|config| {
        config.api.headers = 8;
        config.api.header_bytes = 1024;
    });
    let many: String = (0..8).map(|number| format!("x-{number}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(1024));
    let query = format!("/v1/blocks?cursor={}", "1".repeat(1024));
    for (path, headers) in [("/v1/status", &*many), ("/livez", &*long), (&query, "")] {
        let answer = ask(&node, "GET", path, headers);
        assert_eq!(answer.status, 431, "{}", answer.head);
        assert_eq!(answer.problem().code, "headers-too-large");
    }
    assert_eq!(ask(&node, "GET", "/v1/status", "x-1: 1\r\n").status, 200);
}

#[test]
fn bodies_beyond_the_limits_are_refused() {
    let node = Single::start(|config| {
        config.api.body_bytes = 1024;
        config.api.json_depth = 2;
    });
    let long = format!("{{\"transaction\":\"{}\"}}", "A".repeat(1024));
    let problem = node.post("/v1/transactions", JSON, long.as_bytes()).problem();
    assert_eq!((problem.status, problem.code.as_str()), (413, "too-large"));
    let problem = node.post("/v1/quotes", JSON, br#"{"sell":[[]]}"#).problem();
    assert_eq!((problem.status, problem.code.as_str()), (413, "too-deep"));
    let problem = node.post("/v1/quotes", JSON, br#"{"sell":"[[[["}"#).problem();
    assert_eq!((problem.status, problem.code.as_str()), (400, "malformed"));
}

#[test]
fn one_address_is_held_to_its_rate_and_others_are_not() {
    let node = Single::start(|config| {
        config.api.rate_per_second = 1;
        config.api.rate_burst = 2;
        config.api.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let from =
        |address: &str| ask(&node, "GET", "/v1/assets", &format!("X-Forwarded-For: {address}\r\n"));
    // More requests than the burst and what time could have paid off.
    let answers: Vec<_> = (0..20).map(|_| from("198.51.100.7")).collect();
    assert_eq!((answers[0].status, answers[1].status), (200, 200));
    let refused = answers.iter().find(|answer| answer.status == 429).expect("none was refused");
    let problem = refused.problem();
    assert_eq!((problem.code.as_str(), problem.retry), ("too-many-requests", Retry::Later));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(from("203.0.113.9").status, 200);
    // Health answers whatever the rate.
    for _ in 0..20 {
        assert_eq!(ask(&node, "GET", "/livez", "X-Forwarded-For: 198.51.100.7\r\n").status, 200);
    }
}

#[test]
fn no_origin_is_allowed_unless_it_is_listed() {
    let asked = "Origin: https://bank.example\r\n";
    let before = format!(
        "{asked}Access-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: content-type,x-request-id\r\n"
    );
    let closed = Single::start(|_| {});
    let answer = ask(&closed, "GET", "/v1/status", asked);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
    assert_eq!(ask(&closed, "OPTIONS", "/v1/transactions", &before).status, 405);

    let open = Single::start(|config| config.api.origins = vec!["https://bank.example".to_owned()]);
    let allowed = |answer: &Raw| answer.header("access-control-allow-origin").map(str::to_owned);
    let answer = ask(&open, "OPTIONS", "/v1/transactions", &before);
    assert_eq!((answer.status, allowed(&answer).as_deref()), (200, Some("https://bank.example")));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
    for path in ["/v1/status", "/v1/nothing"] {
        let answer = ask(&open, "GET", path, asked);
        assert_eq!(allowed(&answer).as_deref(), Some("https://bank.example"), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("x-request-id"), "{exposed}");
    }
    assert_eq!(allowed(&ask(&open, "GET", "/v1/status", "Origin: https://evil.example\r\n")), None);
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let node = Single::start(|_| {});
    let answer = ask(&node, "GET", "/docs", "");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = answer.body.as_str();
    for outside in ["http://", "https://", "src=", "@import", "url(", "<link rel=\"stylesheet\""] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Every operation and every type is on it.
    let document: serde_json::Value = node.get("/openapi.json").json();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
    }
}
