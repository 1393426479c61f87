//! Requests to a node's API, and the status and code that each must get.

use crate::served::{Answer, Served};

const UETR: &str = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";

/// A request, and what it must be answered: `0` is a connection that is closed without a word.
struct Asked {
    class: &'static str,
    bytes: Vec<u8>,
    status: u16,
    code: &'static str,
}

/// A line such as `GET /livez`, headers, a body, and what is expected.
fn ask(
    class: &'static str,
    line: &str,
    headers: &str,
    body: &[u8],
    to: (u16, &'static str),
) -> Asked {
    let length = match body {
        [] => String::new(),
        body => format!("Content-Length: {}\r\n", body.len()),
    };
    let head =
        format!("{line} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n{headers}{length}\r\n");
    Asked { class, bytes: [head.as_bytes(), body].concat(), status: to.0, code: to.1 }
}

fn get(class: &'static str, path: &str, status: u16, code: &'static str) -> Asked {
    ask(class, &format!("GET {path}"), "", b"", (status, code))
}

fn post(class: &'static str, path: &str, body: &[u8], status: u16, code: &'static str) -> Asked {
    let headers = "Content-Type: application/json\r\n";
    ask(class, &format!("POST {path}"), headers, body, (status, code))
}

const MALFORMED: (u16, &str) = (400, "malformed");
const NOT_FOUND: (u16, &str) = (404, "not-found");

fn paths() -> Vec<Asked> {
    let mut asked = Vec::new();
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/status",
        "/V1/STATUS",
        "/v1/status/",
        "//v1/status",
        "/v1//status",
        "/v1/../v1/status",
        "/../../etc/passwd",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        "/docs/../../etc",
        "/.git/config",
        "/admin",
        "/v1/status%00",
        "/v1/status;x=1",
        "/v1/payments",
        "/v1/accounts",
        "/livez/x",
        "/%ff%fe",
        "/v1/statu%73s",
        "/favicon.ico",
        "/v1/blocks/1/2",
    ] {
        asked.push(get("no such path", path, NOT_FOUND.0, NOT_FOUND.1));
    }
    asked
}

fn values() -> Vec<Asked> {
    let mut asked = Vec::new();
    for value in [
        "x",
        "-1",
        "1.5",
        "1e3",
        "0x1",
        "%00",
        "%ff",
        "18446744073709551616",
        "%E2%80%AE1",
        "null",
        "+",
        "1%20",
        "%D9%A1",
    ] {
        for path in ["/v1/blocks", "/v1/proposals"] {
            asked.push(get("no number", &format!("{path}/{value}"), MALFORMED.0, MALFORMED.1));
        }
    }
    for value in [
        "x",
        "%00",
        "%ff",
        "7F0C2B9E-4A55-4C0E-9D0B-2F6C1F1F8A10",
        "%E2%80%AE",
        "..%2f..%2fetc%2fpasswd",
        "'%20OR%201=1--",
    ] {
        asked.push(get("no UETR", &format!("/v1/payments/{value}"), MALFORMED.0, MALFORMED.1));
        let path = format!("/v1/payments/{value}/proof");
        asked.push(get("no UETR", &path, MALFORMED.0, MALFORMED.1));
        asked.push(get("no account", &format!("/v1/accounts/{value}"), MALFORMED.0, MALFORMED.1));
        let path = format!("/v1/accounts/{value}/history");
        asked.push(get("no account", &path, MALFORMED.0, MALFORMED.1));
    }
    for path in ["/v1/blocks/18446744073709551615", "/v1/proposals/18446744073709551615"] {
        asked.push(get("largest number", path, NOT_FOUND.0, NOT_FOUND.1));
    }
    for value in [UETR, "7f0c2b9e", "00000000-0000-0000-0000-000000000000"] {
        let unknown = format!("/v1/payments/{value}");
        asked.push(get("unknown UETR", &unknown, NOT_FOUND.0, NOT_FOUND.1));
    }
    asked
}

fn queries() -> Vec<Asked> {
    let mut asked = Vec::new();
    for query in [
        "limit=0",
        "limit=-1",
        "limit=101",
        "limit=65536",
        "limit=x",
        "limit=",
        "limit=1.5",
        "limit=1&limit=2",
        "limit=%00",
        "cursor=x",
        "cursor=-1",
        "cursor=18446744073709551616",
        "cursor=%ff",
        "cursor=%E2%80%AE1",
        "surprise=1",
        "LIMIT=1",
        "limit[]=1",
        "limit=1;cursor=2",
    ] {
        asked.push(get("query", &format!("/v1/blocks?{query}"), MALFORMED.0, MALFORMED.1));
    }
    for query in ["from=x", "from=-1", "account=x", "account=", "from=1&from=2", "surprise=1"] {
        asked.push(get("query", &format!("/v1/events?{query}"), MALFORMED.0, MALFORMED.1));
    }
    for query in ["wait=forever", "wait=", "wait=Final", "proof=1", "proof=yes", "wait=final&x=1"] {
        let line = format!("/v1/transactions?{query}");
        asked.push(post("query", &line, b"{}", MALFORMED.0, MALFORMED.1));
    }
    for id in ["x", "1", "-1-0", "1-", "1-x", "18446744073709551616-0"] {
        let header = format!("Last-Event-ID: {id}\r\n");
        asked.push(ask("event id", "GET /v1/events", &header, b"", MALFORMED));
    }
    asked
}

fn methods() -> Vec<Asked> {
    let mut asked = Vec::new();
    let refused = (405, "method-not-allowed");
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"] {
        for path in ["/v1/status", "/v1/transactions", "/livez"] {
            asked.push(ask("method", &format!("{method} {path}"), "", b"", refused));
        }
    }
    for path in ["/v1/transactions", "/v1/quotes", "/v1/iso20022", "/v1/transactions/simulate"] {
        asked.push(ask("method", &format!("GET {path}"), "", b"", refused));
    }
    for path in ["/v1/status", "/metrics", "/docs", "/openapi.json", "/v1/blocks"] {
        asked.push(post("method", path, b"{}", 405, "method-not-allowed"));
    }
    let refused = (415, "unsupported-media-type");
    for media in [
        "",
        "text/plain",
        "application/jsonx",
        "multipart/form-data; boundary=x",
        "*/*",
        "json",
        "application/x-www-form-urlencoded",
        "application/json, text/plain",
        "\u{e9}",
    ] {
        let header = format!("Content-Type: {media}\r\n");
        for path in ["/v1/transactions", "/v1/quotes", "/v1/iso20022"] {
            asked.push(ask("media type", &format!("POST {path}"), &header, b"{}", refused));
        }
    }
    asked
}

fn bodies() -> Vec<Asked> {
    let mut asked = Vec::new();
    let (deep, objects) = ("[".repeat(100_000), "{\"a\":".repeat(3000));
    for (path, field) in
        [("/v1/transactions", "transaction"), ("/v1/transactions/simulate", "transaction")]
    {
        let object = |value: &str| format!("{{\"{field}\":{value}}}");
        for body in [
            "null".to_owned(),
            "1".to_owned(),
            "\"x\"".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            "{".to_owned(),
            "nul".to_owned(),
            object("null"),
            object("1"),
            object("{}"),
            object("\"*\""),
            object("\"A\""),
            object("\"AA==\"").repeat(2),
            object("\"\\ud800\""),
            format!("{{\"{field}\":\"\",\"{field}\":\"\"}}"),
            format!("{{\"{field}\":\"\",\"x\":1}}"),
            object("\"\u{202e}\""),
            object("\"\u{0}\""),
            format!("\u{feff}{}", object("\"\"")),
            object("\"AAAA\" // x"),
            object("'AAAA'"),
            object("1e999"),
        ] {
            asked.push(post("JSON", path, body.as_bytes(), MALFORMED.0, MALFORMED.1));
        }
        asked.push(post("depth 100,000", path, deep.as_bytes(), 413, "too-deep"));
        asked.push(post("objects", path, objects.as_bytes(), 413, "too-deep"));
        asked.push(post("invalid UTF-8", path, b"{\"transaction\":\"\xff\"}", 400, "malformed"));
        asked.push(post(
            "overlong UTF-8",
            path,
            b"{\"transaction\":\"\xc0\xaf\"}",
            400,
            "malformed",
        ));
    }
    for body in [
        "{}",
        "[]",
        "{\"sell\":\"1.00 CNY\"}",
        "{\"sell\":1,\"buy\":\"HKD\"}",
        "{\"sell\":\"1.00 CNY\",\"buy\":\"HKD\",\"x\":1}",
        "{\"sell\":\"1.00 CNY\",\"sell\":\"1.00 CNY\",\"buy\":\"HKD\"}",
    ] {
        asked.push(post("quote", "/v1/quotes", body.as_bytes(), MALFORMED.0, MALFORMED.1));
    }
    asked.push(post("long quote", "/v1/quotes", &[b' '; 20_000], 413, "too-large"));
    let octets = "Content-Type: application/octet-stream\r\n";
    for body in [&[0][..], &[0xff; 64], &[1; 1024], b"{}"] {
        let path = "POST /v1/transactions";
        asked.push(ask("bytes", path, octets, body, (400, "malformed-transaction")));
    }
    asked
}

/// Tokens that no node has given.
fn tokens() -> Vec<Asked> {
    let mut asked = Vec::new();
    let letters = "A".repeat(43);
    for value in [
        "",
        "Bearer",
        "Bearer x",
        "Basic YWRtaW46YWRtaW4=",
        "Digest username=admin",
        "Negotiate AAAA",
        "Token x",
        "Bearer null",
        "Bearer fqop_",
        "Bearer fqop_..%2f..%2fetc",
        "Bearer ' OR 1=1 --",
        "Bearer \u{e9}",
        "Bearer {\"alg\":\"none\"}",
        &format!("Bearer fqop_{letters}"),
        &format!("Bearer FQOP_{letters}"),
        &format!("Bearer fqop_{letters}="),
        &format!("Bearer fqop_{letters} fqop_{letters}"),
        &format!("BEARER {letters}"),
        &format!("Bearer fqop_{}", "A".repeat(30_000)),
        &format!("fqop_{letters}"),
    ] {
        let header = format!("Authorization: {value}\r\n");
        for line in ["GET /v1/status", "POST /v1/iso20022"] {
            asked.push(ask("token", line, &header, b"", (401, "token-refused")));
        }
    }
    let twice = format!("Authorization: Bearer fqop_{letters}\r\n").repeat(2);
    asked.push(ask("two tokens", "GET /v1/webhooks", &twice, b"", (401, "token-refused")));
    // Health is told whoever asks.
    asked.push(ask("token", "GET /livez", &twice, b"", (200, "")));
    asked
}

/// Requests that announce more than they may send, and lines that are no HTTP.
fn frames() -> Vec<Asked> {
    let mut asked = Vec::new();
    let types = ["application/octet-stream", "application/json"];
    for length in ["1073741824", "4294967295", "4294967296", "9223372036854775807"] {
        for path in ["/v1/transactions", "/v1/transactions/simulate", "/v1/quotes"] {
            let media = if path == "/v1/quotes" { types[1] } else { types[0] };
            let headers = format!("Content-Type: {media}\r\nContent-Length: {length}\r\n");
            let line = format!("POST {path}");
            asked.push(ask("announced body", &line, &headers, b"", (413, "too-large")));
        }
    }
    let many: String = (0..70).map(|place| format!("x-{place}: 1\r\n")).collect();
    let long = format!("x: {}\r\n", "a".repeat(40 << 10));
    for headers in [many, long] {
        asked.push(ask("headers", "GET /v1/status", &headers, b"", (431, "headers-too-large")));
    }
    let path = format!("/v1/blocks?cursor={}", "1".repeat(40 << 10));
    asked.push(get("long query", &path, 431, "headers-too-large"));
    for (class, bytes) in [
        ("no HTTP", &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..]),
        ("no version", b"GET /livez\r\n\r\n"),
        ("another version", b"GET /livez HTTP/9.9\r\n\r\n"),
        ("no path", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("raw UTF-8 in the method", b"G\xc3\x89T /livez HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("header without a colon", b"GET /livez HTTP/1.1\r\nHost\r\n\r\n"),
        ("header with a space", b"GET /livez HTTP/1.1\r\nHo st: x\r\n\r\n"),
        ("NUL in a header", b"GET /livez HTTP/1.1\r\nHost: x\0y\r\n\r\n"),
        ("folded header", b"GET /livez HTTP/1.1\r\nHost: x\r\n y: z\r\n\r\n"),
        ("no length", b"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"),
        ("negative length", b"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        (
            "length of 2^64",
            b"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
        ),
        (
            "two lengths",
            b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        ),
        (
            "unknown coding",
            b"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        ),
    ] {
        asked.push(Asked { class, bytes: bytes.to_vec(), status: 400, code: "" });
    }
    asked
}

/// Sends all of them; says how many there are.
pub(crate) fn send(node: &Served) -> usize {
    let parts = [paths(), values(), queries(), methods(), bodies(), tokens(), frames()];
    let asked: Vec<Asked> = parts.into_iter().flatten().collect();
    let mut wrong = Vec::new();
    for Asked { class, bytes, status, code } in &asked {
        let said = node.send(bytes).unwrap_or(Answer { status: 0, code: String::new() });
        assert!(said.status < 500 || said.status == 503, "{class}: {said:?}");
        if (said.status, said.code.as_str()) != (*status, *code) {
            let line = String::from_utf8_lossy(&bytes[..bytes.len().min(160)]).into_owned();
            wrong.push(format!("{class} {line:?}: {said:?}, not {status} {code}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), asked.len(), wrong.join("\n"));
    asked.len()
}
