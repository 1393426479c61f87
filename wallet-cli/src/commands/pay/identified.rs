//! Payments whose id is known before they are made: at most one for each id, for ever.
//!
//! Invariants: under an id something is signed only if nothing was before, or if it is known that
//! what was signed did not happen and no longer can. Absent: where the ids come from.

use crate::code::Own;
use crate::desk::{Desk, Done};
use crate::fault::Fault;
use crate::language::say;
use crate::outbox::{Entry, Found};

/// Tells how the payment `id` ended, goes on with it, or else makes it by `pay`.
///
/// # Errors
/// A usage fault if another order (by its text, where one is given) has that id; the fault by which
/// the payment ended or ends.
pub(crate) fn pay(
    desk: &Desk<'_>,
    id: &str,
    order: Option<&str>,
    pay: impl FnOnce() -> Result<Done, Fault>,
) -> Result<Done, Fault> {
    let is_other = |entry: &Entry| {
        entry.chain_id != desk.chain.text() || order.is_some_and(|order| order != entry.order)
    };
    match desk.session.outbox().find(id)? {
        None => pay(),
        Some(Found::Pending(held)) if is_other(&held.entry) => Err(taken(&held.entry)),
        Some(Found::Pending(held)) => desk.deliver(*held),
        Some(Found::Ended(entry)) if is_other(&entry) => Err(taken(&entry)),
        Some(Found::Ended(entry)) if entry.is_certainly_unexecuted() => pay(),
        Some(Found::Ended(entry)) => told(desk, &entry),
    }
}

fn told(desk: &Desk<'_>, entry: &Entry) -> Result<Done, Fault> {
    let mut done = desk.recall(entry).ok_or_else(|| super::proof_does_not_hold(&entry.id))?;
    match done.ended.receipt.outcome.rejection() {
        Some(rejection) => Err(Fault::rejected(rejection).about(&entry.id)),
        None => {
            desk.try_to_hand_over(&mut done.entry);
            Ok(done)
        }
    }
}

fn taken(entry: &Entry) -> Fault {
    let detail = say!(
        "The id belongs to another order: {order}.",
        "该编号属于另一笔指令：{order}。",
        order = entry.order
    );
    let hint = say!("Choose another id.", "请换一个编号。");
    Fault::usage(Own::IdTaken, detail, hint).about(&entry.id)
}
