//! The HTTP API's part of the configuration: where it listens, and its limits.
//!
//! Invariants: every limit has a default that suits one bank behind one proxy; no limit can be so
//! large that memory is without bound. Absent: TLS, which stands in front.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{ConfigError, off_or_within, within};

/// What may be read by whoever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PublicReads {
    /// Everything that is on the ledger.
    All,
    /// What names no customer: blocks, validators, institutions, assets, proposals.
    Chain,
    /// The node's status alone.
    None,
}

/// The HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// Where to listen: `127.0.0.1:7680`. Put TLS in front before it faces a network.
    pub listen: SocketAddr,
    /// How many requests are worked on at once, 1 to 100,000; one more is answered 503.
    #[serde(default = "default_requests")]
    pub requests: usize,
    /// How many streams of events are open at once, 1 to 100,000; one more is answered 503.
    #[serde(default = "default_streams")]
    pub streams: usize,
    /// How long a submission may wait for its receipts, in seconds: 1 to 600.
    #[serde(default = "default_wait")]
    pub wait_seconds: u64,
    /// How long a node that is told to stop still answers while it says that it is not ready, in
    /// seconds: 0 to 300. So whoever spreads requests over several nodes goes elsewhere first.
    #[serde(default = "default_drain")]
    pub drain_seconds: u64,
    /// The most bytes of any request's body: 1 KiB to 16 MiB. Each kind of request has a limit of
    /// its own beside it.
    #[serde(default = "default_body_bytes")]
    pub body_bytes: usize,
    /// How long a body may take to arrive, in seconds: 1 to 600.
    #[serde(default = "default_body_seconds")]
    pub body_seconds: u64,
    /// The most headers of a request: 8 to 100.
    #[serde(default = "default_headers")]
    pub headers: usize,
    /// The most bytes of a request's path, query and headers together: 1 KiB to 256 KiB.
    #[serde(default = "default_header_bytes")]
    pub header_bytes: usize,
    /// How long a request's path and headers may take to arrive, in seconds: 1 to 600.
    #[serde(default = "default_header_seconds")]
    pub header_seconds: u64,
    /// The most levels of a JSON body: 1 to 100.
    #[serde(default = "default_json_depth")]
    pub json_depth: usize,
    /// How many requests a second one client address may send in the long run: 1 to 1,000,000; 0:
    /// no limit.
    #[serde(default)]
    pub rate_per_second: u32,
    /// How many of them at once: 1 to 1,000,000.
    #[serde(default = "default_burst")]
    pub rate_burst: u32,
    /// What may be read without an operator's token; without this key, `all` on devnets and test
    /// networks, and `chain` where real money is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_reads: Option<PublicReads>,
    /// The size at which the audit log starts a new file, in bytes: 64 KiB to 4 GiB.
    #[serde(default = "default_audit_file_bytes")]
    pub audit_file_bytes: u64,
    /// The addresses of proxies whose `X-Forwarded-For` says which address a client has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<IpAddr>,
    /// The origins of web pages whose scripts may read answers (CORS): `https://bank.example`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
}

impl ApiConfig {
    /// The API at `listen`, with the usual limits.
    pub fn listening(listen: SocketAddr) -> Self {
        Self {
            listen,
            requests: default_requests(),
            streams: default_streams(),
            wait_seconds: default_wait(),
            drain_seconds: default_drain(),
            body_bytes: default_body_bytes(),
            body_seconds: default_body_seconds(),
            headers: default_headers(),
            header_bytes: default_header_bytes(),
            header_seconds: default_header_seconds(),
            json_depth: default_json_depth(),
            rate_per_second: 0,
            rate_burst: default_burst(),
            public_reads: None,
            audit_file_bytes: default_audit_file_bytes(),
            trusted_proxies: Vec::new(),
            origins: Vec::new(),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        within("api.requests", wide(self.requests), 1, 100_000)?;
        within("api.streams", wide(self.streams), 1, 100_000)?;
        within("api.wait_seconds", self.wait_seconds, 1, 600)?;
        within("api.drain_seconds", self.drain_seconds, 0, 300)?;
        within("api.body_bytes", wide(self.body_bytes), 1 << 10, 16 << 20)?;
        within("api.body_seconds", self.body_seconds, 1, 600)?;
        within("api.headers", wide(self.headers), 8, 100)?;
        within("api.header_bytes", wide(self.header_bytes), 1 << 10, 256 << 10)?;
        within("api.header_seconds", self.header_seconds, 1, 600)?;
        within("api.json_depth", wide(self.json_depth), 1, 100)?;
        off_or_within("api.rate_per_second", self.rate_per_second.into(), 1, 1_000_000)?;
        within("api.rate_burst", self.rate_burst.into(), 1, 1_000_000)?;
        within("api.audit_file_bytes", self.audit_file_bytes, 64 << 10, 1 << 32)?;
        let wrong = self.origins.iter().find(|origin| !is_origin(origin));
        wrong.map_or(Ok(()), |origin| {
            let reason = format!("\"{origin}\" is no origin. Write one like https://bank.example");
            Err(ConfigError::value("api.origins", reason))
        })
    }
}

/// A scheme, a host and perhaps a port, as a browser writes them: no path, and no upper case.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
}

const fn default_requests() -> usize {
    4096
}

const fn default_streams() -> usize {
    256
}

const fn default_wait() -> u64 {
    20
}

const fn default_drain() -> u64 {
    2
}

const fn default_body_bytes() -> usize {
    16 << 20
}

const fn default_body_seconds() -> u64 {
    10
}

const fn default_headers() -> usize {
    64
}

const fn default_header_bytes() -> usize {
    32 << 10
}

const fn default_header_seconds() -> u64 {
    10
}

const fn default_json_depth() -> usize {
    16
}

const fn default_burst() -> u32 {
    200
}

const fn default_audit_file_bytes() -> u64 {
    64 << 20
}
