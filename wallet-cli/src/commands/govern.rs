//! `feiqian govern ...`: how the institutions change their network.
//!
//! Invariants: what a vote or an enactment is about is read from the change's canonical bytes and
//! shown before anything is signed. Absent: the rules (the ledger's), a proof of a proposal; ask
//! several nodes before you vote on what you were not told by other means.

use api::governance::{ProposalPage, ProposalView, RehearsalAnswer, read_change, summary};
use ledger::governance::Change;
use ledger::governance::json::ChangeFile;
use ledger::ids::{Bic, InstitutionNumber, ProposalNumber};
use ledger::operation::Operation;
use std::collections::BTreeMap;
use std::path::Path;

use super::table;
use crate::cli::{Govern, Governing};
use crate::desk::Desk;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::{Fault, sentence};
use crate::files;
use crate::keyring::StoredKey;
use crate::network::Network;
use crate::orders::{bic, order, report};
use crate::session::Session;
use crate::signers;

/// The most bytes of a file that describes a change.
const MAXIMUM_BYTES: usize = 64 * 1024;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

pub(super) fn run(session: &Session, command: Govern) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    match command {
        Govern::List { limit } => list(&desk, limit),
        Govern::Show { proposal } => show(&desk, proposal),
        Govern::Rehearse { file } => rehearse(&desk, &file),
        Govern::Propose { file, days, actor } => propose(&desk, &file, days, &actor),
        Govern::Vote { proposal, approve, refuse: _, actor } => {
            vote(&desk, proposal, approve, &actor)
        }
        Govern::Enact { proposal, actor } => enact(&desk, proposal, &actor),
    }
}

fn list(desk: &Desk<'_>, limit: u16) -> Result<(), Fault> {
    let limit = limit.to_string();
    let query = [("limit", limit.as_str())];
    let page: ProposalPage =
        desk.network.ask(|node, patience| node.get_json("/v1/proposals", &query, patience))?;
    let mut rows = table::table(&["number", "status", "votes", "expires", "change"]);
    for proposal in &page.proposals {
        rows.add_row([
            proposal.number.to_string(),
            proposal.status.clone(),
            format!("{} of {}", proposal.approvals, proposal.quorum),
            proposal.expires.clone(),
            proposal.summary.clone(),
        ]);
    }
    let text = if page.proposals.is_empty() {
        "There are no proposals yet.".to_owned()
    } else {
        table::text(rows, &[0])
    };
    desk.session.output.result(text, &page);
    Ok(())
}

fn show(desk: &Desk<'_>, number: u64) -> Result<(), Fault> {
    let (proposal, summary) = read(&desk.network, number)?;
    let votes = proposal.ballots.iter().map(|ballot| {
        let word = if ballot.approve { "for" } else { "against" };
        let counts = if ballot.counts { "" } else { " (does not count: no validator)" };
        format!("  {} {word}{counts}\n", ballot.institution)
    });
    let text = format!(
        "Proposal {number}: {summary}\n{}, {} of {} needed approvals, {} against, expires {}\n{}",
        proposal.status,
        proposal.approvals,
        proposal.quorum,
        proposal.refusals,
        proposal.expires,
        votes.collect::<String>()
    );
    desk.session.output.result(text.trim_end(), &proposal);
    Ok(())
}

fn rehearse(desk: &Desk<'_>, file: &Path) -> Result<(), Fault> {
    let change = document(file)?;
    let path = "/v1/proposals/rehearse";
    let answer: RehearsalAnswer =
        desk.network.ask(|node, limit| node.post_json(path, &change, limit))?;
    let text = format!("{}: {}\n{}", answer.verdict, answer.summary, answer.explanation);
    let verdict = answer.verdict.clone();
    let detail = answer.explanation.clone();
    desk.session.output.result(text, &answer);
    if verdict == RehearsalAnswer::SAFE {
        return Ok(());
    }
    let hint = "Nothing was proposed. Bring the missing nodes up, or change something else.";
    Err(Fault::new(Exit::Rejected, &verdict, detail, hint))
}

fn propose(desk: &Desk<'_>, file: &Path, days: u64, actor: &Governing) -> Result<(), Fault> {
    let members = Members::of(&desk.network)?;
    let change = members.read(file)?;
    let (institution, code, keys) = signing(desk, &members, actor)?;
    let words = members.words(&change);
    let expires = entropy::now().plus(days.saturating_mul(DAY_MS));
    let operation = Operation::Propose { institution, change: Box::new(change), expires };
    let done = order(desk, format!("propose for {code}, {days} days: {words}"), &keys, operation)?;
    let receipt = desk.document(&done, &desk.naming_of(&done.ended.receipt)).receipt;
    let number = receipt.proposal.map(|number| format!(" {number}")).unwrap_or_default();
    report(desk, done, &format!("Made proposal{number}: {words}"))
}

fn vote(desk: &Desk<'_>, number: u64, approve: bool, actor: &Governing) -> Result<(), Fault> {
    let members = Members::of(&desk.network)?;
    let (institution, code, keys) = signing(desk, &members, actor)?;
    let (_, words) = read(&desk.network, number)?;
    let word = if approve { "for" } else { "against" };
    let operation = Operation::Vote { institution, proposal: ProposalNumber(number), approve };
    let text = format!("vote of {code} {word} proposal {number}: {words}");
    let done = order(desk, text, &keys, operation)?;
    report(desk, done, &format!("{code} voted {word} proposal {number}: {words}"))
}

fn enact(desk: &Desk<'_>, number: u64, actor: &Governing) -> Result<(), Fault> {
    let members = Members::of(&desk.network)?;
    let (institution, code, keys) = signing(desk, &members, actor)?;
    let (_, words) = read(&desk.network, number)?;
    let operation = Operation::Enact { institution, proposal: ProposalNumber(number) };
    let text = format!("enactment by {code} of proposal {number}: {words}");
    let done = order(desk, text, &keys, operation)?;
    report(desk, done, &format!("Enacted proposal {number}: {words}"))
}

/// A proposal, and its change in this wallet's own words.
fn read(network: &Network, number: u64) -> Result<(ProposalView, String), Fault> {
    let path = format!("/v1/proposals/{number}");
    let view: ProposalView = network.ask(|node, limit| node.get_json(&path, &[], limit))?;
    let change = read_change(&view.change).ok_or_else(|| {
        let detail = format!("A node shows no change that proposal {number} could make.");
        let hint = "Ask another node with --api, or update this wallet.";
        Fault::new(Exit::Internal, "unreadable-proposal", detail, hint)
    })?;
    let words = Members::of(network)?.words(&change);
    Ok((view, words))
}

/// The acting institution's number, BIC and operators' keys.
fn signing(
    desk: &Desk<'_>,
    members: &Members,
    actor: &Governing,
) -> Result<(InstitutionNumber, String, Vec<StoredKey>), Fault> {
    let institution = bic(&actor.institution)?;
    let number = members.number(institution).ok_or_else(|| {
        let detail = format!("{institution} is no member of this ledger.");
        Fault::usage("unknown-institution", detail, "Compare the BIC with GET /v1/institutions.")
    })?;
    let code = institution.to_string();
    let given = &actor.operators.keys;
    let keys = signers::of_institution(desk.session, &desk.profile, &code, given)?;
    Ok((number, code, keys))
}

/// The members of the ledger, as a node tells them.
struct Members(BTreeMap<InstitutionNumber, Bic>);

impl Members {
    fn of(network: &Network) -> Result<Self, Fault> {
        let institutions = network.institutions()?.into_iter();
        let members = institutions.filter_map(|institution| {
            let bic = Bic::parse(&institution.bic).ok()?;
            Some((InstitutionNumber(institution.number), bic))
        });
        Ok(Self(members.collect()))
    }

    fn number(&self, bic: Bic) -> Option<InstitutionNumber> {
        self.0.iter().rev().find(|(_, known)| **known == bic).map(|(number, _)| *number)
    }

    fn words(&self, change: &Change) -> String {
        summary(change, &|number| {
            let known = self.0.get(&number);
            known.map_or_else(|| format!("institution {}", number.0), Bic::to_string)
        })
    }

    /// The change that a file describes.
    fn read(&self, path: &Path) -> Result<Change, Fault> {
        let resolved = document(path)?.resolve(|bic| self.number(bic));
        resolved.map_err(|error| bad_change(path, &error))
    }
}

fn document(path: &Path) -> Result<ChangeFile, Fault> {
    let text = files::read_text(path, MAXIMUM_BYTES).map_err(|error| Fault::file(path, &error))?;
    serde_json::from_str(&text).map_err(|error| bad_change(path, &error))
}

fn bad_change(path: &Path, reason: &impl std::fmt::Display) -> Fault {
    let detail = format!("{}: {}", path.display(), sentence(reason));
    Fault::usage("bad-change", detail, "Mend the file (docs/operating/governance.md).")
}
