//! Which address a client has when a proxy stands in front: what the proxies that the operator
//! trusts say in `X-Forwarded-For`.
//!
//! Invariants: what a client itself writes there is never believed: the list is read from its end,
//! and only as far as trusted proxies wrote it. Absent: the header `Forwarded` (RFC 7239), which
//! few proxies write.

use std::net::IpAddr;

use axum::http::HeaderMap;

const HEADER: &str = "x-forwarded-for";

/// The client's address, for a connection from `peer`.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.contains(&address.to_canonical());
    if !is_trusted(&peer) {
        return peer;
    }
    let said = headers.get_all(HEADER).iter().rev().filter_map(|value| value.to_str().ok());
    let mut client = peer;
    for entry in said.flat_map(|list| list.split(',').rev()) {
        let Ok(address) = entry.trim().parse::<IpAddr>() else { break };
        client = address;
        if !is_trusted(&address) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let proxies = ["127.0.0.1", "10.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap());
        for (peer, said, expected) in [
            ("203.0.113.9", &["198.51.100.7"][..], "203.0.113.9"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:127.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            // The client wrote the first itself.
            ("127.0.0.1", &["192.0.2.1, 198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", &["192.0.2.1", "198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", &["198.51.100.7, 10.0.0.1"], "198.51.100.7"),
            ("127.0.0.1", &["198.51.100.7, nonsense"], "127.0.0.1"),
            ("127.0.0.1", &["2001:db8::7"], "2001:db8::7"),
        ] {
            let mut headers = HeaderMap::new();
            for line in said {
                headers.append(HEADER, HeaderValue::from_static(line));
            }
            let found = client(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {said:?}");
        }
    }
}
