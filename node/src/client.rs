//! What this program asks a running node over HTTP: its own home's, or one that the operator names.
//!
//! Invariants: every call has a time limit, and no proxy is asked. Absent: trust in the answers;
//! they are shown, and nothing is signed or paid by them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use api::chain::{HealthView, StatusView, ValidatorView};
use serde::de::DeserializeOwned;
use ureq::Agent;

use crate::config::ApiConfig;

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a node could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers there, or not as a node does.
    #[error("the node at {base} does not answer: {reason}")]
    Silent {
        /// Where.
        base: String,
        /// Why.
        reason: String,
    },
}

/// A client of one node.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    /// The client of the node at `base`, a URL without a path.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self { agent: config.new_agent(), base: base.trim_end_matches('/').to_owned() }
    }

    /// The client of the node that listens as `api` says, on this machine.
    #[must_use]
    pub fn of(api: &ApiConfig) -> Self {
        Self::new(&format!("http://{}", reachable(api.listen)))
    }

    /// Where the node is asked.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether the node is ready, with every check.
    ///
    /// # Errors
    /// [`ClientError`] if it does not answer.
    pub fn health(&self) -> Result<HealthView, ClientError> {
        self.get("/readyz?verbose")
    }

    /// Where the node and its chain stand.
    ///
    /// # Errors
    /// [`ClientError`] if it does not answer.
    pub fn status(&self) -> Result<StatusView, ClientError> {
        self.get("/v1/status")
    }

    /// The validators, and to whom the node is connected.
    ///
    /// # Errors
    /// [`ClientError`] if it does not answer.
    pub fn validators(&self) -> Result<Vec<ValidatorView>, ClientError> {
        self.get("/v1/validators")
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let silent = |error: ureq::Error| ClientError::Silent {
            base: self.base.clone(),
            reason: error.to_string(),
        };
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().map_err(silent)?;
        response.body_mut().read_json().map_err(silent)
    }
}

/// A node that listens on every address is asked on the loopback one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        address @ (IpAddr::V4(_) | IpAddr::V6(_)) => address,
    };
    SocketAddr::new(address, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:7680", "127.0.0.1:7680"),
            ("[::]:7680", "[::1]:7680"),
            ("10.0.0.7:7680", "10.0.0.7:7680"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
