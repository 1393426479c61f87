//! What a devnet asks its nodes over HTTP while it starts.
//!
//! Invariants: every call has a time limit. Absent: trust; these are this program's own processes.

use api::chain::StatusView;
use api::problem::{Problem, Retry};
use api::transaction::TransactionAnswer;
use std::net::SocketAddr;
use std::time::Duration;
use ureq::Agent;

/// What came of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Submission {
    /// The receipts are final.
    Final(Box<TransactionAnswer>),
    /// Nothing is known yet: send it again.
    Again,
    /// It was refused for ever.
    Refused(Box<Problem>),
}

/// A client of this machine's nodes.
#[derive(Clone, Debug)]
pub(super) struct Client {
    agent: Agent,
}

impl Client {
    /// A client that never asks a proxy.
    pub(super) fn new() -> Self {
        let config = Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Self { agent: config.new_agent() }
    }

    /// True if the node says that it is ready.
    pub(super) fn is_ready(&self, api: SocketAddr) -> bool {
        let answer = self.get(&format!("http://{api}/readyz"));
        answer.is_some_and(|(status, _)| status == 200)
    }

    /// The height of the node's last final block, if it answers.
    pub(super) fn height(&self, api: SocketAddr) -> Option<u64> {
        let (status, body) = self.get(&format!("http://{api}/v1/status"))?;
        let view: StatusView = serde_json::from_str(&body).ok()?;
        (status == 200).then_some(view.height)
    }

    /// Submits a signed transaction and waits until it is final.
    pub(super) fn submit(&self, api: SocketAddr, bytes: &[u8]) -> Submission {
        let request = self
            .agent
            .post(format!("http://{api}/v1/transactions?wait=final"))
            .header("content-type", "application/octet-stream")
            .config()
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        let Ok(mut response) = request.send(bytes) else { return Submission::Again };
        let Ok(body) = response.body_mut().read_to_string() else { return Submission::Again };
        if response.status().is_success() {
            return match serde_json::from_str::<TransactionAnswer>(&body) {
                Ok(answer) if answer.status == "final" => Submission::Final(Box::new(answer)),
                Ok(_) | Err(_) => Submission::Again,
            };
        }
        match serde_json::from_str::<Problem>(&body) {
            Ok(problem) if problem.retry == Retry::Never => Submission::Refused(Box::new(problem)),
            Ok(_) | Err(_) => Submission::Again,
        }
    }

    fn get(&self, url: &str) -> Option<(u16, String)> {
        let request =
            self.agent.get(url).config().timeout_global(Some(Duration::from_secs(2))).build();
        let mut response = request.call().ok()?;
        let body = response.body_mut().read_to_string().ok()?;
        Some((response.status().as_u16(), body))
    }
}
