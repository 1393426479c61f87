//! Sends one message over HTTP, once.
//!
//! Invariants: an answer that is not 2xx is a failure, redirects included; what an endpoint answers
//! is not read beyond its status; a call ends within its time-out. Absent: retries (the courier's).

use std::path::Path;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use super::signature::Secrets;
use crate::home::{HomeError, read_text};

/// The most bytes of a file of certificates.
const MAXIMUM_BYTES: usize = 1024 * 1024;

/// One message to one endpoint.
pub(super) struct Letter {
    pub(super) url: String,
    pub(super) id: String,
    /// Seconds since 1970, of this attempt.
    pub(super) timestamp: u64,
    pub(super) body: String,
}

/// Makes the client for all endpoints.
pub(super) fn agent(timeout: Duration, ca: Option<&Path>) -> Result<Agent, HomeError> {
    let roots = match ca {
        None => RootCerts::WebPki,
        Some(path) => {
            let text = read_text(path, MAXIMUM_BYTES)?;
            let format = |reason: String| HomeError::Format { path: path.to_owned(), reason };
            let mut certificates = Vec::new();
            for item in parse_pem(text.as_bytes()) {
                if let PemItem::Certificate(one) =
                    item.map_err(|error| format(error.to_string()))?
                {
                    certificates.push(one);
                }
            }
            if certificates.is_empty() {
                return Err(format("it holds no certificate in PEM".to_owned()));
            }
            RootCerts::new_with_certs(&certificates)
        }
    };
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(timeout))
        .user_agent(concat!("feiqian-node/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build();
    Ok(config.new_agent())
}

/// Sends a letter: whether it was taken, and what came back. Blocks.
pub(super) fn send(agent: &Agent, secrets: &Secrets, letter: &Letter) -> (bool, String) {
    let signature = secrets.sign(&letter.id, letter.timestamp, &letter.body);
    let request = agent
        .post(&letter.url)
        .header("content-type", "application/json")
        .header("webhook-id", &letter.id)
        .header("webhook-timestamp", letter.timestamp.to_string())
        .header("webhook-signature", signature);
    match request.send(&letter.body) {
        Ok(answer) => (answer.status().is_success(), answer.status().as_u16().to_string()),
        Err(error) => (false, error.to_string().chars().take(200).collect()),
    }
}
