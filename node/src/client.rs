//! What this program asks a running node over HTTP: its own home's, or one that the operator names.
//!
//! Where the node asks who calls, the token is that of the file that the environment names.
//! Invariants: every call has a time limit, and no proxy is asked; a token goes to the home's own
//! node alone. Absent: trust in the answers; they are shown, and nothing is signed or paid by them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use api::chain::{HealthView, StatusView, ValidatorView};
use api::private::Erasure;
use api::problem::Problem;
use ledger::ids::Uetr;
use serde::de::DeserializeOwned;
use ureq::Agent;
use zeroize::Zeroizing;

use crate::config::ApiConfig;
use crate::home::{self, HomeError};

/// The environment variable that names the file of an operator's token.
pub const TOKEN_FILE: &str = "FEIQIAN_TOKEN_FILE";

/// The most bytes of that file.
const MAXIMUM_TOKEN: usize = 1024;

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
    /// The node wants to know who asks.
    #[error("the node at {base} asks for an operator's token. Name its file: {TOKEN_FILE}=FILE")]
    Closed {
        /// Where.
        base: String,
    },
    /// The node does not do it.
    #[error("{detail} {hint}")]
    Refused {
        /// What is wrong.
        detail: String,
        /// What to do.
        hint: String,
    },
    /// The token cannot be read.
    #[error(transparent)]
    Token(#[from] HomeError),
}

/// A client of one node.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    is_own: bool,
}

/// The header's value for the token in the file that the environment names, if it names one.
///
/// # Errors
/// [`HomeError`] if others can read the file, or it cannot be read.
pub fn bearer() -> Result<Option<Zeroizing<String>>, HomeError> {
    let file = std::env::var_os(TOKEN_FILE).filter(|file| !file.is_empty()).map(PathBuf::from);
    let Some(file) = file else { return Ok(None) };
    home::check_private(&file)?;
    let text = Zeroizing::new(home::read_text(&file, MAXIMUM_TOKEN)?);
    Ok(Some(Zeroizing::new(format!("Bearer {}", text.trim()))))
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
        let base = base.trim_end_matches('/').to_owned();
        Self { agent: config.new_agent(), base, is_own: false }
    }

    /// The client of the node that listens as `api` says, on this machine.
    #[must_use]
    pub fn of(api: &ApiConfig) -> Self {
        Self { is_own: true, ..Self::new(&format!("http://{}", reachable(api.listen))) }
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

    /// Erases a payment's private data, and gets the node's receipt.
    ///
    /// # Errors
    /// [`ClientError`] if the node does not answer, or refuses.
    pub fn erase(&self, uetr: Uetr) -> Result<Erasure, ClientError> {
        let silent = |error: ureq::Error| self.silent(&error);
        let mut request = self.agent.delete(format!("{}/v1/payments/{uetr}/private", self.base));
        if let Some(bearer) = self.bearer()? {
            request = request.header("authorization", bearer.as_str());
        }
        let mut response = request.call().map_err(silent)?;
        if response.status().is_success() {
            return response.body_mut().read_json().map_err(silent);
        }
        let problem: Problem = response.body_mut().read_json().map_err(silent)?;
        Err(ClientError::Refused { detail: problem.detail, hint: problem.hint })
    }

    fn bearer(&self) -> Result<Option<Zeroizing<String>>, ClientError> {
        Ok(if self.is_own { bearer()? } else { None })
    }

    fn silent(&self, error: &ureq::Error) -> ClientError {
        ClientError::Silent { base: self.base.clone(), reason: error.to_string() }
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let silent = |error: ureq::Error| self.silent(&error);
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(bearer) = self.bearer()? {
            request = request.header("authorization", bearer.as_str());
        }
        let mut response = request.call().map_err(silent)?;
        if matches!(response.status().as_u16(), 401 | 403) {
            return Err(ClientError::Closed { base: self.base.clone() });
        }
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
