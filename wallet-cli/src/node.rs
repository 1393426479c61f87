//! One node's HTTP API, as a client that trusts nothing it answers.
//!
//! Invariants: every call has a time limit, every answer a size limit; a failure says whether the
//! request can have arrived. Absent: choosing among nodes, and repeating (see `network`,
//! `delivery`).

use api::problem::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::time::Duration;
use ureq::http::Response;
use ureq::typestate::WithBody;
use ureq::{Agent, Body, RequestBuilder, Timeout};

use crate::language::{Text, say};
use crate::token::Token;

/// The most bytes of an answer.
const MAXIMUM_ANSWER: u64 = 16 * 1024 * 1024;

const JSON: &str = "application/json";

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(3);

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeError {
    /// No byte of the request left this machine.
    NotSent {
        /// What the system says.
        reason: Text,
    },
    /// The request may have arrived; there is no answer that can be used.
    Broken {
        /// What went wrong.
        reason: Text,
    },
    /// The node refuses, in a problem document.
    Refused {
        /// What it says.
        problem: Box<Problem>,
    },
}

impl NodeError {
    /// What went wrong, without a full stop.
    pub(crate) fn text(&self) -> Text {
        match self {
            Self::NotSent { reason } | Self::Broken { reason } => reason.clone(),
            Self::Refused { problem } => Text::data(problem.to_string()),
        }
    }
}

/// A node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    base: String,
    agent: Agent,
    token: Option<Token>,
}

impl Node {
    /// The node whose API is at `base`, like `https://node.example`.
    pub(crate) fn new(base: &str) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .user_agent(concat!("feiqian/", env!("CARGO_PKG_VERSION")));
        // A proxy reaches the machine's own nodes only by mistake.
        if is_loopback(&base) {
            config = config.proxy(None);
        }
        Self { base, agent: config.build().new_agent(), token: None }
    }

    /// Shows `token` with every request from now on.
    pub(crate) fn show(&mut self, token: Token) {
        self.token = Some(token);
    }

    fn authorized<B>(&self, request: RequestBuilder<B>) -> RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", token.bearer().as_str()),
            None => request,
        }
    }

    /// Where the node is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Asks for `path` with these query parameters, in this media type.
    ///
    /// # Errors
    /// [`NodeError`].
    pub(crate) fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        media_type: &str,
        limit: Duration,
    ) -> Result<Vec<u8>, NodeError> {
        let request = self.agent.get(format!("{}{path}", self.base)).header("accept", media_type);
        let request =
            query.iter().fold(request, |request, (name, value)| request.query(name, value));
        let request = request.config().timeout_global(Some(limit)).build();
        answer(self.authorized(request).call())
    }

    /// The same, as JSON.
    ///
    /// # Errors
    /// [`NodeError`]; `Broken` for an answer of another form.
    pub(crate) fn get_json<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        limit: Duration,
    ) -> Result<T, NodeError> {
        parse(&self.get(path, query, JSON, limit)?)
    }

    /// Sends `body` of this media type to `path`.
    ///
    /// # Errors
    /// [`NodeError`].
    pub(crate) fn post(
        &self,
        path: &str,
        media_type: &str,
        body: &[u8],
        limit: Duration,
    ) -> Result<Vec<u8>, NodeError> {
        self.send(self.agent.post(format!("{}{path}", self.base)), media_type, body, limit)
    }

    fn send(
        &self,
        request: RequestBuilder<WithBody>,
        media_type: &str,
        body: &[u8],
        limit: Duration,
    ) -> Result<Vec<u8>, NodeError> {
        let request = request.header("content-type", media_type);
        let request = request.config().timeout_global(Some(limit)).build();
        answer(self.authorized(request).send(body))
    }

    /// Puts JSON in the place of what is at `path`, which may be the same.
    ///
    /// # Errors
    /// [`NodeError`].
    pub(crate) fn put_json<Q: Serialize>(
        &self,
        path: &str,
        content: &Q,
        limit: Duration,
    ) -> Result<(), NodeError> {
        let body = serde_json::to_vec(content).unwrap_or_default();
        self.send(self.agent.put(format!("{}{path}", self.base)), JSON, &body, limit).map(drop)
    }

    /// Sends JSON and reads JSON.
    ///
    /// # Errors
    /// [`NodeError`]; `Broken` for an answer of another form.
    pub(crate) fn post_json<Q: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        question: &Q,
        limit: Duration,
    ) -> Result<T, NodeError> {
        // Questions hold strings: they always render.
        let body = serde_json::to_vec(question).unwrap_or_default();
        parse(&self.post(path, JSON, &body, limit)?)
    }
}

/// Reads JSON that a node has answered.
///
/// # Errors
/// `Broken` for another form.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NodeError> {
    serde_json::from_slice(bytes).map_err(|error| NodeError::Broken {
        reason: say!("an answer of another form: {error}", "应答的形式不符：{error}"),
    })
}

fn answer(called: Result<Response<Body>, ureq::Error>) -> Result<Vec<u8>, NodeError> {
    let mut response = called.map_err(|error| failed(&error))?;
    let status = response.status();
    let media_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let is_problem = media_type.is_some_and(|text| text.starts_with(Problem::MEDIA_TYPE));
    let bytes = response
        .body_mut()
        .with_config()
        .limit(MAXIMUM_ANSWER)
        .read_to_vec()
        .map_err(|error| NodeError::Broken { reason: Text::data(error.to_string()) })?;
    if status.is_success() {
        return Ok(bytes);
    }
    let problem = is_problem.then(|| serde_json::from_slice::<Problem>(&bytes).ok()).flatten();
    Err(match problem {
        Some(problem) => NodeError::Refused { problem: Box::new(problem) },
        None => NodeError::Broken { reason: Text::data(format!("HTTP {status}")) },
    })
}

fn failed(error: &ureq::Error) -> NodeError {
    let reason = Text::data(error.to_string());
    let is_refused_by_system = |error: &std::io::Error| {
        matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::AddrNotAvailable
        )
    };
    let unsent = matches!(error, ureq::Error::Io(error) if is_refused_by_system(error))
        || matches!(
            error,
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect)
                | ureq::Error::HostNotFound
                | ureq::Error::BadUri(_)
                | ureq::Error::Http(_)
                | ureq::Error::ConnectionFailed
                | ureq::Error::InvalidProxyUrl
        );
    if unsent { NodeError::NotSent { reason } } else { NodeError::Broken { reason } }
}

/// True if `base` is a node of this machine.
pub(crate) fn is_loopback(base: &str) -> bool {
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_by_row() {
        for (base, expected) in [
            ("http://127.0.0.1:80", true),
            ("http://localhost", true),
            ("http://[::1]:8080/x", true),
            ("https://node.example:443", false),
            ("https://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(base), expected, "{base}");
        }
    }

    #[test]
    fn a_closed_port_got_nothing() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let node = Node::new(&format!("http://{address}/"));
        let failed = node.get("/v1/status", &[], JSON, Duration::from_secs(5)).unwrap_err();
        assert!(matches!(failed, NodeError::NotSent { .. }), "{failed:?}");
    }

    #[test]
    fn a_silent_node_may_have_got_it() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let node = Node::new(&format!("http://{}", listener.local_addr().unwrap()));
        let sent = node.post("/v1/transactions", "text/plain", b"x", Duration::from_millis(50));
        assert!(matches!(sent.unwrap_err(), NodeError::Broken { .. }));
    }
}
