//! Delivery: the same signed bytes to node after node, until a proof tells the outcome.
//!
//! Invariants: only a verified proof makes an outcome final; a node that answers something else is
//! named, and another is asked. "Nothing was sent" is said only when no byte left. Absent: signing,
//! the outbox.

use api::problem::Retry;
use api::proof::MEDIA_TYPE;
use api::transaction::TransactionAnswer;
use ledger::ids::Timestamp;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::assurance::{self, Ended, Expected};
use crate::code::Own;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::network::{Network, at, nobody_answers, refusal};
use crate::node::{self, Node, NodeError};
use crate::output::Output;
use crate::profile::Chain;

/// The pause after a round of all nodes without an outcome.
const PAUSE: Duration = Duration::from_millis(200);

/// The least time that a node gets to answer.
const SHORTEST_TURN: Duration = Duration::from_secs(1);

/// What is delivered, and how its outcome is recognized.
pub(crate) struct Delivery<'a> {
    /// The signed bytes.
    pub(crate) bytes: &'a [u8],
    /// The payment's or transaction's id, for texts.
    pub(crate) id: &'a str,
    /// The chain.
    pub(crate) chain: &'a Chain,
    /// What they order.
    pub(crate) expected: &'a Expected,
    /// The first and the last block time at which they may execute.
    pub(crate) validity: (Timestamp, Timestamp),
    /// True if an earlier command may have sent it.
    pub(crate) may_be_sent: bool,
}

/// How a delivery ended without fault.
#[derive(Debug)]
pub(crate) enum Delivered {
    /// The outcome is final, and proven where money moves.
    Ended(Box<Ended>),
    /// It did not happen and no longer can: its time is over and no node has it.
    Expired,
}

/// One node's answer, if it is not the outcome.
#[derive(Debug)]
enum Miss {
    /// It got nothing.
    Unsent(Text),
    /// It may have got it and says nothing useful.
    Silent(Text),
    /// It has got it, and claims an outcome that it does not prove.
    Unproven(Text),
    /// It refuses for good.
    Refused(Fault),
}

impl Delivery<'_> {
    /// Sends until an outcome is proven, at most for `limit`.
    ///
    /// # Errors Exit 5 if certainly nothing was sent, exit 6 if the outcome stays unknown, or the
    /// refusal that all nodes agree on.
    pub(crate) fn run(
        &self,
        network: &Network,
        limit: Duration,
        now: Timestamp,
        output: &Output,
    ) -> Result<Delivered, Fault> {
        let deadline = Instant::now() + limit;
        let nodes = u32::try_from(network.nodes().len()).unwrap_or(1).max(1);
        let turn = (limit / nodes).max(SHORTEST_TURN).min(limit);
        let mut may_be_sent = self.may_be_sent;
        let mut warned = BTreeSet::new();
        loop {
            let mut reasons = Vec::new();
            let mut refusals = Vec::new();
            for node in network.in_turn() {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                match self.send(node, left.min(turn)) {
                    Ok(ended) => return Ok(Delivered::Ended(Box::new(ended))),
                    Err(Miss::Unsent(reason)) => reasons.push(at(node, &reason)),
                    Err(Miss::Silent(reason)) => {
                        may_be_sent = true;
                        reasons.push(at(node, &reason));
                    }
                    Err(Miss::Unproven(reason)) => {
                        may_be_sent = true;
                        let reason = at(node, &reason);
                        if warned.insert(reason.english().to_owned()) {
                            output.warning(&distrust(&reason));
                        }
                        reasons.push(reason);
                    }
                    Err(Miss::Refused(fault)) => refusals.push((node, fault)),
                }
            }
            if !may_be_sent && refusals.is_empty() {
                return Err(nobody_answers(&reasons).about(self.id));
            }
            if self.is_over(&refusals, now, network.limit()) {
                return Ok(Delivered::Expired);
            }
            if let (Some((_, fault)), false) = (refusals.first(), may_be_sent) {
                return Err(fault.clone().about(self.id));
            }
            let is_unanimous = refusals.len() == network.nodes().len();
            reasons.extend(refusals.iter().map(|(node, fault)| at(node, &fault.detail)));
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || is_unanimous {
                return Err(self.unknown(&reasons));
            }
            output.waiting();
            std::thread::sleep(PAUSE.min(left));
        }
    }

    fn send(&self, node: &Node, limit: Duration) -> Result<Ended, Miss> {
        let path = "/v1/transactions?wait=final&proof=true";
        let answer: TransactionAnswer = node
            .post(path, "application/octet-stream", self.bytes, limit)
            .and_then(|bytes| node::parse(&bytes))
            .map_err(|error| miss(&error))?;
        if answer.status != "final" {
            return Err(Miss::Silent(say!("it is not final yet", "尚未终局")));
        }
        let checked = match answer.receipts.first() {
            Some(receipt) => assurance::check(self.chain, receipt, self.expected),
            None => Err(say!("it sent no receipt", "未给出回执")),
        };
        checked.map_err(|reason| {
            Miss::Unproven(say!(
                "it calls the payment final and does not prove it: {reason}",
                "称支付已终局却未能证明：{reason}";
                reason = reason
            ))
        })
    }

    /// True if it did not happen and no longer can: its time is over, and every node that answers
    /// refuses it and proves that it is absent, or at least has final blocks from after that time.
    fn is_over(&self, refusals: &[(&Node, Fault)], now: Timestamp, limit: Duration) -> bool {
        let (_, until) = self.validity;
        until < now
            && !refusals.is_empty()
            && refusals
                .iter()
                .all(|(node, _)| self.is_absent(node, limit) || chain_passed(node, until, limit))
    }

    fn is_absent(&self, node: &Node, limit: Duration) -> bool {
        let Some(uetr) = self.expected.operation.uetr() else { return false };
        let (from, until) = self.validity;
        let (from_text, until_text) = (api::text::time(from), api::text::time(until));
        let query = [("valid_from", from_text.as_str()), ("valid_until", until_text.as_str())];
        let file = node.get(&format!("/v1/payments/{uetr}/proof"), &query, MEDIA_TYPE, limit);
        file.is_ok_and(|file| assurance::proves_absence(self.chain, &file, uetr, (from, until)))
    }

    fn unknown(&self, reasons: &[Text]) -> Fault {
        let hint = say!(
            "Repeat the same command, or: feiqian pay --resume {id}. It is never paid twice.",
            "请重复同一命令，或：feiqian pay --resume {id}。不会重复付款。",
            id = self.id
        );
        unknown(reasons, hint).about(self.id)
    }
}

/// Exit 6: it was sent, or may have been, and what came of it is not known.
pub(crate) fn unknown(reasons: &[Text], hint: Text) -> Fault {
    let reasons = Text::join(reasons, "; ");
    let detail =
        say!("The outcome is not known ({reasons}).", "结果未知（{reasons}）。"; reasons = reasons);
    Fault::new(Exit::Unknown, Own::OutcomeUnknown, detail, hint)
}

/// The warning about a node that does not prove what it says; `reason` begins with its address.
pub(crate) fn distrust(reason: &Text) -> Text {
    say!("Do not trust {reason}", "请勿信任 {reason}"; reason = reason)
}

fn miss(error: &NodeError) -> Miss {
    match error {
        NodeError::NotSent { reason } => Miss::Unsent(reason.clone()),
        NodeError::Broken { reason } => Miss::Silent(reason.clone()),
        NodeError::Refused { problem } => {
            let fault = refusal(problem);
            let is_rejection =
                matches!(fault.exit, Exit::Rejected | Exit::NotPermitted | Exit::Expired);
            if problem.retry == Retry::Never || is_rejection {
                Miss::Refused(fault)
            } else {
                Miss::Silent(fault.detail)
            }
        }
    }
}

/// True if the node's final blocks are past `moment`: nothing valid until then can still come.
fn chain_passed(node: &Node, moment: Timestamp, limit: Duration) -> bool {
    let status = node.get_json::<api::chain::StatusView>("/v1/status", &[], limit);
    let last = status.ok().and_then(|status| api::text::parse_time(&status.last_final_at));
    last.is_some_and(|last| last > moment)
}
