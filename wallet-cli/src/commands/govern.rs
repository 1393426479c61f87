//! `feiqian govern ...`: how the institutions change their network.
//!
//! Invariants: what a vote or an enactment is about is read from the change's canonical bytes and
//! shown before anything is signed. Absent: the rules (the ledger's), a proof of a proposal; ask
//! several nodes before you vote on what you were not told by other means.

use api::governance::{
    BallotView, ProposalPage, ProposalView, RehearsalAnswer, read_change, summary,
};
use ledger::governance::Change;
use ledger::governance::json::ChangeFile;
use ledger::ids::{Bic, InstitutionNumber, ProposalNumber};
use ledger::operation::Operation;
use std::collections::BTreeMap;
use std::path::Path;

use super::table;
use crate::cli::{Govern, Governing};
use crate::code::{Code, Own};
use crate::describe;
use crate::desk::Desk;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::keyring::StoredKey;
use crate::language::{Text, say};
use crate::network::Network;
use crate::orders::{bic, order, report};
use crate::protocol;
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
    let row = |proposal: &ProposalView| {
        let (yes, quorum) = (proposal.approvals, proposal.quorum);
        vec![
            Text::data(proposal.number.to_string()),
            protocol::word(&proposal.status),
            say!("{yes} of {quorum}", "{yes}/{quorum}"),
            Text::data(proposal.expires.as_str()),
            Text::data(proposal.summary.as_str()),
        ]
    };
    let rows: Vec<Vec<Text>> = page.proposals.iter().map(row).collect();
    let text = if page.proposals.is_empty() {
        say!("There are no proposals yet.", "还没有提案。")
    } else {
        let headings = [
            say!("number", "编号"),
            say!("status", "状态"),
            say!("votes", "票数"),
            say!("expires", "截止"),
            say!("change", "变更"),
        ];
        table::table(&headings, &rows, &[0])
    };
    desk.session.output.result(&text, &page);
    Ok(())
}

fn show(desk: &Desk<'_>, number: u64) -> Result<(), Fault> {
    let (proposal, summary) = read(&desk.network, number)?;
    let votes: Vec<Text> = proposal.ballots.iter().map(ballot).collect();
    let text = say!(
        "Proposal {number}: {summary}\n\
         {status}, {yes} of {quorum} needed approvals, {no} against, expires {end}\n{votes}",
        "提案 {number}：{summary}\n\
         {status}，所需 {quorum} 票赞成中已有 {yes} 票，{no} 票反对，截止 {end}\n{votes}",
        yes = proposal.approvals,
        quorum = proposal.quorum,
        no = proposal.refusals,
        end = proposal.expires;
        status = protocol::word(&proposal.status),
        votes = Text::join(&votes, "\n")
    );
    desk.session.output.result(&text.map(|text| text.trim_end().to_owned()), &proposal);
    Ok(())
}

/// Who voted how.
fn ballot(ballot: &BallotView) -> Text {
    let counts = if ballot.counts {
        Text::default()
    } else {
        say!(" (does not count: no validator)", "（不计票：非验证者）")
    };
    say!(
        "  {who} {how}{counts}",
        "  {who} {how}{counts}",
        who = ballot.institution;
        how = describe::ballot(ballot.approve), counts = counts
    )
}

fn rehearse(desk: &Desk<'_>, file: &Path) -> Result<(), Fault> {
    let change = document(file)?;
    let path = "/v1/proposals/rehearse";
    let answer: RehearsalAnswer =
        desk.network.ask(|node, limit| node.post_json(path, &change, limit))?;
    let text = say!(
        "{verdict}: {summary}\n{why}",
        "{verdict}：{summary}\n{why}",
        summary = answer.summary,
        why = answer.explanation;
        verdict = protocol::word(&answer.verdict)
    );
    desk.session.output.result(&text, &answer);
    let code = match answer.verdict.as_str() {
        RehearsalAnswer::SAFE => return Ok(()),
        RehearsalAnswer::WOULD_HALT => Code::Own(Own::WouldHalt),
        RehearsalAnswer::REFUSED => Code::Own(Own::ChangeRefused),
        other => Code::Foreign(other.into()),
    };
    let hint = say!(
        "Nothing was proposed. Bring the missing nodes up, or change something else.",
        "未提出任何提案。请启动缺失的节点，或改做其他变更。"
    );
    Err(Fault::new(Exit::Rejected, code, Text::data(answer.explanation.as_str()), hint))
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
    report(desk, done, &say!("Made proposal{number}: {words}", "已提出提案{number}：{words}"))
}

fn vote(desk: &Desk<'_>, number: u64, approve: bool, actor: &Governing) -> Result<(), Fault> {
    let members = Members::of(&desk.network)?;
    let (institution, code, keys) = signing(desk, &members, actor)?;
    let (_, words) = read(&desk.network, number)?;
    let word = if approve { "for" } else { "against" };
    let operation = Operation::Vote { institution, proposal: ProposalNumber(number), approve };
    let text = format!("vote of {code} {word} proposal {number}: {words}");
    let done = order(desk, text, &keys, operation)?;
    let told = say!(
        "{code} voted {how} proposal {number}: {words}",
        "{code} 对提案 {number} 投了{how}票：{words}";
        how = describe::ballot(approve)
    );
    report(desk, done, &told)
}

fn enact(desk: &Desk<'_>, number: u64, actor: &Governing) -> Result<(), Fault> {
    let members = Members::of(&desk.network)?;
    let (institution, code, keys) = signing(desk, &members, actor)?;
    let (_, words) = read(&desk.network, number)?;
    let operation = Operation::Enact { institution, proposal: ProposalNumber(number) };
    let text = format!("enactment by {code} of proposal {number}: {words}");
    let done = order(desk, text, &keys, operation)?;
    report(desk, done, &say!("Enacted proposal {number}: {words}", "已执行提案 {number}：{words}"))
}

/// A proposal, and its change in this wallet's own words.
fn read(network: &Network, number: u64) -> Result<(ProposalView, String), Fault> {
    let path = format!("/v1/proposals/{number}");
    let view: ProposalView = network.ask(|node, limit| node.get_json(&path, &[], limit))?;
    let change = read_change(&view.change).ok_or_else(|| {
        let detail = say!(
            "A node shows no change that proposal {number} could make.",
            "节点给出的提案 {number} 不含可执行的变更。"
        );
        let hint = say!(
            "Ask another node with --api, or update this wallet.",
            "请用 --api 询问其他节点，或升级钱包。"
        );
        Fault::new(Exit::Internal, Own::UnreadableProposal, detail, hint)
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
        let detail =
            say!("{institution} is no member of this ledger.", "{institution} 不是账本成员。");
        let hint = say!("List them with: feiqian institutions", "请列出：feiqian institutions");
        Fault::usage(Own::UnknownInstitution, detail, hint)
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
    let hint = say!(
        "Mend the file (docs/operating/governance.md).",
        "请修正文件（docs/operating/governance.md）。"
    );
    Fault::usage(Own::BadChange, in_file(path, &quoted(reason)), hint)
}
