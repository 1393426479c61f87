//! Webhooks in the configuration: where events are sent.
//!
//! Invariants: what leaves the machine is encrypted: a URL is https, or leads to this machine.
//! Absent: secrets, which lie in files of their own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use api::webhook::WebhookMessage;
use serde::{Deserialize, Serialize};

use super::{ConfigError, within};

/// Webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksConfig {
    /// How many messages are sent to one endpoint at once: 1 to 64.
    pub concurrency: usize,
    /// How long an endpoint may take to answer, in seconds: 1 to 60.
    pub timeout_seconds: u64,
    /// After how many seconds a message is sent the second time: 1 to 3600; each time after that
    /// it takes twice as long, up to an hour.
    pub retry_seconds: u64,
    /// After how many hours a message that fails is given up: 1 to 720.
    pub give_up_hours: u64,
    /// Certificates (PEM) that endpoints' own must lead to, in the place of the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Where events are sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointConfig>,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        Self {
            concurrency: 4,
            timeout_seconds: 15,
            retry_seconds: 5,
            give_up_hours: 72,
            ca: None,
            endpoints: Vec::new(),
        }
    }
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// Its name: 1 to 40 of `a-z`, `0-9` and `-`. Its state lies in `HOME/webhooks/NAME.json`.
    pub name: String,
    /// Where messages go: `https://bank.example/hooks`.
    pub url: String,
    /// The file of its secret, `whsec_` and base64: one line, or two while it changes.
    pub secret: PathBuf,
    /// The types of events that it gets; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The addresses of the accounts whose payments it gets; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
}

impl WebhooksConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let concurrency = u64::try_from(self.concurrency).unwrap_or(u64::MAX);
        within("webhooks.concurrency", concurrency, 1, 64)?;
        within("webhooks.timeout_seconds", self.timeout_seconds, 1, 60)?;
        within("webhooks.retry_seconds", self.retry_seconds, 1, 3600)?;
        within("webhooks.give_up_hours", self.give_up_hours, 1, 720)?;
        let mut names = BTreeSet::new();
        for endpoint in &self.endpoints {
            if !names.insert(&endpoint.name) {
                let reason = format!("{} is listed twice: give each its own name", endpoint.name);
                return Err(ConfigError::value("webhooks.endpoints", reason));
            }
            endpoint.check()?;
        }
        Ok(())
    }
}

impl EndpointConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let refused = |reason: String| Err(ConfigError::value("webhooks.endpoints", reason));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.name.is_empty() || self.name.len() > 40 || !self.name.bytes().all(plain) {
            return refused(format!("\"{}\" is no name. Write one like core-banking", self.name));
        }
        if !is_private(&self.url) {
            let advice = "Write an https URL without a user, like https://bank.example/hooks";
            return refused(format!("\"{}\" is not taken. {advice}", self.url));
        }
        let known = WebhookMessage::KINDS;
        match self.events.iter().find(|event| !known.contains(&event.as_str())) {
            Some(event) => {
                refused(format!("\"{event}\" is no event. There are: {}", known.join(", ")))
            }
            None => Ok(()),
        }
    }

    /// The scheme, host and port of its URL.
    pub fn origin(&self) -> &str {
        let start = self.url.find("://").map_or(0, |at| at.saturating_add(3));
        let rest = self.url.get(start..).unwrap_or_default();
        let end = rest.find(['/', '?', '#']).map_or(self.url.len(), |at| start.saturating_add(at));
        self.url.get(..end).unwrap_or_default()
    }
}

/// True for https, and for http to this machine; with a host, and without a user in it.
pub(super) fn is_private(url: &str) -> bool {
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains('#');
    if let Some(rest) = url.strip_prefix("https://") {
        let host = host(rest);
        return is_plain && !host.is_empty() && !host.contains('@');
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let here = ["127.0.0.1", "localhost", "[::1]"];
    let authority = host(rest);
    is_plain
        && here.iter().any(|name| {
            let port = authority.strip_prefix(name);
            port.is_some_and(|port| port.is_empty() || port.starts_with(':'))
        })
        && !authority.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> EndpointConfig {
        EndpointConfig {
            name: "core".to_owned(),
            url: url.to_owned(),
            secret: PathBuf::from("keys/core.secret"),
            events: vec![],
            accounts: vec![],
        }
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted() {
        for (url, origin) in [
            ("https://bank.example/hooks?key=1", "https://bank.example"),
            ("https://bank.example:8443", "https://bank.example:8443"),
            ("http://127.0.0.1:9000/x", "http://127.0.0.1:9000"),
            ("http://localhost", "http://localhost"),
            ("http://[::1]:80/x", "http://[::1]:80"),
        ] {
            assert_eq!(endpoint(url).check(), Ok(()), "{url}");
            assert_eq!(endpoint(url).origin(), origin);
        }
        for url in [
            "http://bank.example/",
            "http://127.0.0.1.evil.example/",
            "http://localhost@evil.example/",
            "https://user:secret@bank.example/",
            "https:///x",
            "ftp://bank.example/",
            "https://bank.example/a b",
        ] {
            assert!(endpoint(url).check().is_err(), "{url}");
        }
    }
}
