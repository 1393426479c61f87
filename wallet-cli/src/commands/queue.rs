//! `feiqian queue list|cancel|move`: payments that wait for funds.
//!
//! Invariants: whose payment it is, and that it was queued, is read from its proven receipt.
//! Absent: queueing (`feiqian pay --queue`), and what the next block will settle.

pub(super) mod report;

use api::queue::{PositionList, QueueList, QueuePositionView, QueuedView};
use ledger::ids::Uetr;
use ledger::operation::Operation;
use ledger::proof::Proven;
use ledger::receipt::Held;
use ledger::rejection::Rejection;

use super::{proof, table};
use crate::cli::{ListQueue, OfQueue, Queue, Rank};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::keyring::StoredKey;
use crate::language::{Text, say};
use crate::names::Written;
use crate::orders::{self, bic};
use crate::protocol;
use crate::session::Session;
use crate::signers;

pub(super) fn run(session: &Session, command: &Queue) -> Result<(), Fault> {
    match command {
        Queue::List(ListQueue { institution: Some(institution), .. }) => {
            positions(&Desk::open(session)?, institution)
        }
        Queue::List(ListQueue { account, .. }) => list(&Desk::open(session)?, account.as_ref()),
        Queue::Cancel(of) => {
            let text = format!("cancellation of {}", of.id);
            order(session, of, text, |payment| Operation::Release { payment })
        }
        Queue::Move { of, priority } => reorder(session, of, *priority),
    }
}

fn reorder(session: &Session, of: &OfQueue, rank: Rank) -> Result<(), Fault> {
    let priority = rank.priority();
    let text = format!("priority {} of {}", priority.word(), of.id);
    order(session, of, text, |payment| Operation::Prioritise { payment, priority })
}

/// Orders what `operation` makes of the payment; or goes on with the same order, if an earlier
/// command left one.
fn order(
    session: &Session,
    of: &OfQueue,
    text: String,
    operation: impl FnOnce(Uetr) -> Operation,
) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    if let Some(left) = desk.unfinished(&text)? {
        return report::report(&desk, desk.deliver(left)?);
    }
    let (payment, queued) = queued(&desk, &of.id)?;
    let keys = keys(&desk, &queued, of)?;
    report::report(&desk, orders::order(&desk, text, &keys, operation(payment))?)
}

/// The payment whose id begins so, as the proof of its last receipt says that it waits for funds.
fn queued(desk: &Desk<'_>, id: &str) -> Result<(Uetr, Held), Fault> {
    let (_, verdict) = proof::find(desk, id)?;
    if let Proven::Payment(receipt) = verdict.proven
        && let (Some(payment), Some(held)) = (receipt.uetr, receipt.outcome.waits())
        && held.awaits.place().is_some()
    {
        return Ok((payment, held.clone()));
    }
    Err(Fault::rejected(Rejection::NotQueued).about(id))
}

/// The keys that sign for the payer.
fn keys(desk: &Desk<'_>, queued: &Held, of: &OfQueue) -> Result<Vec<StoredKey>, Fault> {
    if !of.operator_key.is_empty() {
        let address = queued.from.address(desk.chain.network);
        return signers::of_institution(desk.session, &desk.profile, &address, &of.operator_key);
    }
    let account = desk.network.account(queued.from, desk.chain.network)?;
    signers::of_account(desk.session, &desk.profile, &account, &of.key)
}

fn list(desk: &Desk<'_>, account: Option<&String>) -> Result<(), Fault> {
    let text = account.or(desk.profile.from.as_ref()).ok_or_else(|| {
        let why = say!("It is not clear whose queue is asked for.", "未说明查询谁的队列。");
        Fault::missing("ACCOUNT", why)
    })?;
    let written = Written::parse(text, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let path = format!("/v1/accounts/{}/queue", party.address);
    let view: QueueList = desk.network.ask(|node, time| node.get_json(&path, &[], time))?;
    let text = if view.queue.is_empty() {
        say!(
            "Nothing of {account} waits for funds.",
            "{account} 没有等待资金的支付。",
            account = party.label
        )
    } else {
        let headings = [
            say!("place", "次序"),
            say!("priority", "优先级"),
            say!("amount", "金额"),
            say!("fee", "手续费"),
            say!("to", "收款账户"),
            say!("until", "截止"),
            say!("id", "编号"),
        ];
        let rows: Vec<Vec<Text>> = view.queue.iter().map(row).collect();
        table::table(&headings, &rows, &[0, 2, 3])
    };
    desk.session.output.result(&text, &view);
    Ok(())
}

fn row(queued: &QueuedView) -> Vec<Text> {
    let QueuedView { place, priority, amount, fee, to, deadline, id, .. } = queued;
    let data = |text: &String| Text::data(text.as_str());
    vec![
        Text::data(place.to_string()),
        protocol::word(priority),
        data(amount),
        data(fee),
        data(to),
        data(deadline),
        data(id),
    ]
}

fn positions(desk: &Desk<'_>, institution: &str) -> Result<(), Fault> {
    let path = format!("/v1/institutions/{}/positions", bic(institution)?);
    let view: PositionList = desk.network.ask(|node, time| node.get_json(&path, &[], time))?;
    let text = if view.positions.is_empty() {
        let bic = &view.institution;
        say!(
            "Nothing waits for funds between {bic} and others.",
            "{bic} 与他行之间没有等待资金的支付。"
        )
    } else {
        let headings = [
            say!("asset", "资产"),
            say!("outgoing", "待付"),
            say!("payments", "笔数"),
            say!("incoming", "待收"),
            say!("payments", "笔数"),
            say!("available", "可用"),
            say!("short", "缺口"),
        ];
        let rows: Vec<Vec<Text>> = view.positions.iter().map(sums).collect();
        table::table(&headings, &rows, &[1, 2, 3, 4, 5, 6])
    };
    desk.session.output.result(&text, &view);
    Ok(())
}

fn sums(position: &QueuePositionView) -> Vec<Text> {
    let data = |text: &String| Text::data(text.as_str());
    vec![
        data(&position.asset),
        data(&position.outgoing),
        Text::data(position.outgoing_payments.to_string()),
        data(&position.incoming),
        Text::data(position.incoming_payments.to_string()),
        data(&position.available),
        data(&position.short),
    ]
}
