//! Proposals of changes of the network: `GET /v1/proposals`, `/v1/proposals/{number}`, and the
//! rehearsal of a change.
//!
//! Invariants: a proposal shows the change's canonical bytes beside the words, so that a wallet
//! reads for itself what it votes on; institutions are named by their BICs. Absent: the rules (see
//! `ledger::governance`).

use ledger::account::NodeRecord;
use ledger::codec;
use ledger::governance::{Change, Decision, Proposal, ProposalStatus, Rehearsal, Verdict};
use ledger::ids::{Height, InstitutionNumber, ProposalNumber, Timestamp};
use ledger::validators::ValidatorSet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text;

/// The most bytes of a canonical change: an institution with 16 operators, with room to spare.
pub const MAXIMUM_CHANGE_BYTES: usize = 16 * 1024;

/// One institution's vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BallotView {
    /// Whose, by its BIC.
    pub institution: String,
    /// For or against.
    pub approve: bool,
    /// Whether it counts: whether the institution runs a validator in the present epoch.
    pub counts: bool,
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposalView {
    /// Its number, from 1.
    pub number: u64,
    /// `open`, `approved`, `enacted`, `refused` or `expired`.
    pub status: String,
    /// The proposer's BIC.
    pub proposer: String,
    /// The change in plain words.
    pub summary: String,
    /// The canonical encoding of the change, base64.
    pub change: String,
    /// The block that holds the proposal.
    pub proposed_in_block: u64,
    /// Until when it can be voted on and enacted.
    #[schema(format = "date-time")]
    pub expires: String,
    /// The votes.
    pub ballots: Vec<BallotView>,
    /// How many votes that count are for it.
    pub approvals: usize,
    /// How many votes that count are against it.
    pub refusals: usize,
    /// How many institutions may vote.
    pub members: usize,
    /// How many must approve.
    pub quorum: usize,
    /// The block that decided it, once it is enacted or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_in_block: Option<u64>,
}

impl ProposalView {
    /// Renders a proposal at `time`, where `governing` may vote.
    pub fn new(
        number: ProposalNumber,
        proposal: &Proposal,
        governing: &ValidatorSet,
        time: Timestamp,
        bic: &impl Fn(InstitutionNumber) -> String,
    ) -> Self {
        let tally = proposal.tally(governing);
        let ballots = proposal.ballots.iter().map(|ballot| BallotView {
            institution: bic(ballot.institution),
            approve: ballot.approve,
            counts: governing.of(ballot.institution).is_some(),
        });
        Self {
            number: number.0,
            status: status_word(proposal.status(governing, time)).to_owned(),
            proposer: bic(proposal.proposer),
            summary: summary(&proposal.change, bic),
            change: text::base64(&codec::encode(&proposal.change)),
            proposed_in_block: proposal.height.0,
            expires: text::time(proposal.expires),
            ballots: ballots.collect(),
            approvals: tally.approvals,
            refusals: tally.refusals,
            members: tally.members,
            quorum: tally.quorum,
            decided_in_block: proposal.decision.map(|decision| match decision {
                Decision::Enacted(height) | Decision::Refused(height) => height.0,
            }),
        }
    }

    /// The change, read from its canonical bytes; `None` if a node sent something else.
    pub fn change(&self) -> Option<Change> {
        read_change(&self.change)
    }
}

/// A page of proposals, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProposalPage {
    /// The proposals.
    pub proposals: Vec<ProposalView>,
    /// Where to go on, if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Reads a canonical change from base64; `None` for anything else.
pub fn read_change(base64: &str) -> Option<Change> {
    codec::decode(&text::parse_base64(base64)?, MAXIMUM_CHANGE_BYTES).ok()
}

/// The answer to `POST /v1/proposals/rehearse`, whose body is a change as a document
/// (`feiqian.change/v1`): what the change would do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RehearsalAnswer {
    /// `safe`, `would-halt`, or `refused` if the ledger would not take the change at all.
    pub verdict: String,
    /// The change in plain words.
    pub summary: String,
    /// Why, in one sentence.
    pub explanation: String,
    /// The height of the final block after which it was rehearsed.
    pub height: u64,
    /// How many validators there would be.
    pub validators: usize,
    /// How many of them would have to vote.
    pub quorum: usize,
    /// The validators of the changed set whose nodes this node is connected to now, by BIC, itself
    /// included.
    pub live: Vec<String>,
    /// Those whose nodes it is not connected to.
    pub missing: Vec<String>,
}

impl RehearsalAnswer {
    /// The verdict on a change after which the live validators go on.
    pub const SAFE: &'static str = "safe";
    /// The verdict on a change after which they could not.
    pub const WOULD_HALT: &'static str = "would-halt";
    /// The verdict on a change that the ledger refuses.
    pub const REFUSED: &'static str = "refused";

    /// Renders what `rehearsal` of `change` found after the block at `height`.
    pub fn new(
        change: &Change,
        rehearsal: &Rehearsal,
        height: Height,
        bic: &impl Fn(InstitutionNumber) -> String,
    ) -> Self {
        let Rehearsal { verdict, after, new_keys, .. } = rehearsal;
        let (count, quorum) = (after.validators.count(), after.validators.quorum());
        let has = |institution: &InstitutionNumber| after.live.contains(institution);
        let all = after.validators.iter().map(|(_, validator)| validator.institution);
        let (live, missing): (Vec<_>, Vec<_>) = all.partition(has);
        let names = |of: Vec<InstitutionNumber>| of.into_iter().map(bic).collect::<Vec<_>>();
        let keys = names(new_keys.iter().copied().collect()).join(", ");
        let keys = match keys.as_str() {
            "" => String::new(),
            keys => format!(" New voting keys must be in place at: {keys}."),
        };
        let (word, explanation) = match verdict {
            Verdict::Safe => (
                Self::SAFE,
                format!(
                    "{} of {count} validators are live, {quorum} are needed; {} more may \
                     fail.{keys}",
                    after.live.len(),
                    after.spare()
                ),
            ),
            Verdict::WouldHalt { missing } => (
                Self::WOULD_HALT,
                format!(
                    "{} of {count} validators are live and {quorum} are needed: blocks would stop \
                     until {missing} more come.{keys}",
                    after.live.len()
                ),
            ),
            Verdict::WouldHaltAt { height, protocol } => (
                Self::WOULD_HALT,
                format!(
                    "Blocks would stop before block {height} until a quorum runs a program of \
                     protocol {protocol}; this node's program is of protocol {}.",
                    ledger::PROTOCOL
                ),
            ),
            Verdict::Refused(rejection) => (
                Self::REFUSED,
                format!(
                    "The ledger refuses it ({}). {}",
                    rejection.code(),
                    rejection.explanation()
                ),
            ),
        };
        Self {
            verdict: word.to_owned(),
            summary: summary(change, bic),
            explanation,
            height: height.0,
            validators: count,
            quorum,
            live: names(live),
            missing: names(missing),
        }
    }
}

/// The word of a status.
pub const fn status_word(status: ProposalStatus) -> &'static str {
    match status {
        ProposalStatus::Open => "open",
        ProposalStatus::Approved => "approved",
        ProposalStatus::Enacted => "enacted",
        ProposalStatus::Refused => "refused",
        ProposalStatus::Expired => "expired",
    }
}

/// A change in plain words; `bic` names the institutions.
pub fn summary(change: &Change, bic: &impl Fn(InstitutionNumber) -> String) -> String {
    match change {
        Change::AdmitInstitution { institution, node } => {
            let (name, code) = (&institution.name, institution.bic);
            format!("admit {code} ({name}){}", observer(node.as_ref()))
        }
        Change::RemoveInstitution { institution } => format!("remove {}", bic(*institution)),
        Change::AddValidator { institution, voting_key, node } => {
            let key = voting_key.to_hex();
            format!("add a validator of {}, voting key {key}, {}", bic(*institution), place(node))
        }
        Change::RemoveValidator { institution } => {
            format!("remove the validator of {}", bic(*institution))
        }
        Change::ReplaceValidator { leaving, entering, voting_key, node } => format!(
            "replace the validator of {} by one of {}, voting key {}, {}",
            bic(*leaving),
            bic(*entering),
            voting_key.to_hex(),
            place(node)
        ),
        Change::RotateValidatorKey { institution, voting_key } => {
            let key = voting_key.to_hex();
            format!("rotate the voting key of {} to {key}", bic(*institution))
        }
        Change::SetNode { institution, node: Some(node) } => {
            format!("set the node of {} to {}", bic(*institution), place(node))
        }
        Change::SetNode { institution, node: None } => {
            format!("take the node of {} away", bic(*institution))
        }
        Change::SetParameters(parameters) => format!(
            "set the parameters: heartbeat {} ms, clock bound {} ms, block {} bytes, \
             {} marker buckets of {} ms kept",
            parameters.heartbeat_ms,
            parameters.clock_bound_ms,
            parameters.block_bytes,
            parameters.marker_buckets_kept,
            parameters.marker_bucket_ms
        ),
        Change::ScheduleUpgrade { height, protocol } => {
            format!("require protocol {protocol} from block {height} on")
        }
    }
}

fn observer(node: Option<&NodeRecord>) -> String {
    node.map(|node| format!(" with an observer, {}", place(node))).unwrap_or_default()
}

fn place(node: &NodeRecord) -> String {
    format!("node {} at {}", node.node_key.to_hex(), node.address)
}
