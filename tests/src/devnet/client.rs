//! A client of the nodes' API, as a careful program would write it.
//!
//! Invariants: every call has a time limit; an outcome is called known only when the node says so.
//! Absent: verification of proofs (the wallet's work, which has tests of its own).

use std::time::Duration;

use api::{
    account::{AccountView, EntryView, HistoryPage},
    chain::{BlockPage, BlockView, StatusView},
    problem::{Problem, Retry},
    transaction::{PaymentView, TransactionAnswer},
};
use serde::de::DeserializeOwned;
use ureq::Agent;

use super::DevnetError;

/// How long a question may take.
const ASK: Duration = Duration::from_secs(5);

/// The most bytes of an answer.
const MAXIMUM_ANSWER: u64 = 64 * 1024 * 1024;

/// What came of a submission.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The receipts are final.
    Final(Box<TransactionAnswer>),
    /// Refused for ever: nothing happened.
    Refused(Box<Problem>),
    /// Nothing is known, for this reason; the same bytes may be sent again.
    Unknown(String),
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    wait: Duration,
}

impl Client {
    /// A client that waits at most so long for a receipt.
    #[must_use]
    pub fn new(wait: Duration) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Self { agent: config.new_agent(), wait }
    }

    /// Submits a signed transaction's bytes and waits for its receipts.
    #[must_use]
    pub fn submit(&self, api: &str, bytes: &[u8]) -> Outcome {
        let url = format!("{api}/v1/transactions?wait=final");
        match self.post(&url, "application/octet-stream", bytes) {
            Err(error) => Outcome::Unknown(error.to_string()),
            Ok((status, body)) if (200..300).contains(&status) => {
                match serde_json::from_slice::<TransactionAnswer>(&body) {
                    Ok(answer) if answer.status == "final" => Outcome::Final(Box::new(answer)),
                    Ok(answer) => Outcome::Unknown(answer.status),
                    Err(error) => Outcome::Unknown(error.to_string()),
                }
            }
            Ok((status, body)) => match serde_json::from_slice::<Problem>(&body) {
                Ok(problem) if problem.retry == Retry::Never => Outcome::Refused(Box::new(problem)),
                // A transaction that is refused for what may change stays out of the ledger, too.
                Ok(problem) if problem.status == 422 => Outcome::Refused(Box::new(problem)),
                Ok(problem) => Outcome::Unknown(problem.to_string()),
                Err(_) => Outcome::Unknown(format!("HTTP status {status}")),
            },
        }
    }

    /// Sends an ISO 20022 message. Gives the HTTP status and the answer.
    ///
    /// # Errors
    /// [`DevnetError::Call`] if no answer comes.
    pub fn message(&self, api: &str, xml: &str) -> Result<(u16, String), DevnetError> {
        let url = format!("{api}/v1/iso20022");
        let (status, body) = self.post(&url, "application/xml", xml.as_bytes())?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// The node's view of the network.
    ///
    /// # Errors
    /// [`DevnetError::Call`].
    pub fn status(&self, api: &str) -> Result<StatusView, DevnetError> {
        self.get(api, "/v1/status")
    }

    /// True if the node says that it is ready.
    #[must_use]
    pub fn is_ready(&self, api: &str) -> bool {
        self.ask(&format!("{api}/readyz")).is_ok_and(|(status, _)| status == 200)
    }

    /// An account, by its address.
    ///
    /// # Errors
    /// [`DevnetError::Call`].
    pub fn account(&self, api: &str, address: &str) -> Result<AccountView, DevnetError> {
        self.get(api, &format!("/v1/accounts/{address}"))
    }

    /// All of an account's entries, newest first.
    ///
    /// # Errors
    /// [`DevnetError::Call`].
    pub fn history(&self, api: &str, address: &str) -> Result<Vec<EntryView>, DevnetError> {
        self.history_after(api, address, 0)
    }

    /// An account's entries of the blocks after `height`, newest first.
    ///
    /// # Errors
    /// [`DevnetError::Call`].
    pub fn history_after(
        &self,
        api: &str,
        address: &str,
        height: u64,
    ) -> Result<Vec<EntryView>, DevnetError> {
        let mut entries = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/accounts/{address}/history?limit=500{cursor}");
            let page: HistoryPage = self.get(api, &path)?;
            let oldest = page.entries.last().map_or(0, |entry| entry.block);
            entries.extend(page.entries.into_iter().take_while(|entry| entry.block > height));
            match page.next_cursor {
                Some(next) if oldest > height => cursor = format!("&cursor={next}"),
                Some(_) | None => return Ok(entries),
            }
        }
    }

    /// The blocks after `height`, newest first.
    ///
    /// # Errors
    /// [`DevnetError::Call`].
    pub fn blocks_after(&self, api: &str, height: u64) -> Result<Vec<BlockView>, DevnetError> {
        let mut blocks = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/blocks?limit=100{cursor}");
            let page: BlockPage = self.get(api, &path)?;
            let oldest = page.blocks.last().map_or(0, |block| block.height);
            blocks.extend(page.blocks.into_iter().take_while(|block| block.height > height));
            match page.next_cursor {
                Some(next) if oldest > height => cursor = format!("&cursor={next}"),
                Some(_) | None => return Ok(blocks),
            }
        }
    }

    /// A payment, by its UETR.
    ///
    /// # Errors
    /// [`DevnetError::Call`].
    pub fn payment(&self, api: &str, uetr: &str) -> Result<PaymentView, DevnetError> {
        self.get(api, &format!("/v1/payments/{uetr}"))
    }

    /// A block, by its height.
    ///
    /// # Errors
    /// [`DevnetError::Call`].
    pub fn block(&self, api: &str, height: u64) -> Result<BlockView, DevnetError> {
        self.get(api, &format!("/v1/blocks/{height}"))
    }

    /// What stands at a path of the API.
    ///
    /// # Errors
    /// [`DevnetError::Call`] for anything but a successful answer of this form.
    pub fn get<T: DeserializeOwned>(&self, api: &str, path: &str) -> Result<T, DevnetError> {
        let url = format!("{api}{path}");
        let (status, body) = self.ask(&url)?;
        let reason = match serde_json::from_slice(&body) {
            Ok(answer) if status == 200 => return Ok(answer),
            Ok(_) => format!("HTTP status {status}"),
            Err(error) => format!("HTTP status {status}, {error}"),
        };
        Err(DevnetError::Call { url, reason })
    }

    /// The proof file of a payment, as the node gives it.
    ///
    /// # Errors
    /// [`DevnetError::Call`] for anything but a file.
    pub fn proof(&self, api: &str, uetr: &str) -> Result<Vec<u8>, DevnetError> {
        let url = format!("{api}/v1/payments/{uetr}/proof");
        match self.ask(&url)? {
            (200, file) => Ok(file),
            (status, _) => Err(DevnetError::Call { url, reason: format!("HTTP status {status}") }),
        }
    }

    fn ask(&self, url: &str) -> Result<(u16, Vec<u8>), DevnetError> {
        let request = self.agent.get(url).config().timeout_global(Some(ASK)).build();
        read(url, request.call())
    }

    fn post(&self, url: &str, kind: &str, body: &[u8]) -> Result<(u16, Vec<u8>), DevnetError> {
        let request = self.agent.post(url).header("content-type", kind);
        let request = request.config().timeout_global(Some(self.wait)).build();
        read(url, request.send(body))
    }
}

fn read(
    url: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, Vec<u8>), DevnetError> {
    let failed =
        |error: ureq::Error| DevnetError::Call { url: url.to_owned(), reason: error.to_string() };
    let mut answer = answer.map_err(failed)?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(MAXIMUM_ANSWER).read_to_vec();
    Ok((status, body.map_err(failed)?))
}
