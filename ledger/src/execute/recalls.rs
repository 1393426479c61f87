//! Recalls: the payer's side asks for a payment back, the payee's side answers, or the deadline
//! passes.
//!
//! Invariants: a recall moves no money and holds none until the payee's side accepts; an accepted
//! one moves it as a return does, once. Absent: what a receipt says of a lapse that nobody ordered;
//! whoever knows the deadline and the time knows that.

use std::sync::Arc;

use super::returns::{ensure_returnable, move_back, proven};
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use super::working::Working;
use crate::corrections::{Reason, Recall, RecallAnswer, RecallRequest, Returns};
use crate::ids::Uetr;
use crate::money::Money;
use crate::receipt::{Outcome, RecallRefused, RecallRequested};
use crate::rejection::Rejection;

/// The most recalls that one block forgets because their deadline has passed.
const MOST_SWEPT: usize = 1_000;

/// Forgets recalls whose deadline has passed, the earliest first.
pub(super) fn sweep(working: &mut Working<'_>) {
    let overdue: Vec<Uetr> = working.lapsed().take(MOST_SWEPT).collect();
    for payment in overdue {
        working.remove_recall(payment);
    }
    working.commit();
}

/// Asks for a payment back.
pub(super) fn request(
    scene: &mut Scene<'_, '_>,
    request: &RecallRequest,
) -> Result<Effect, Rejection> {
    let RecallRequest { evidence, amount, reason, deadline } = request;
    let (settlement, settled) = proven(scene, evidence)?;
    let payer = scene.account(settled.payer).ok_or(Rejection::InternalDefect)?;
    let payee = scene.account(settled.payee).ok_or(Rejection::InternalDefect)?;
    scene.ensure_side_signed(settled.payer, &payer)?;
    ensure_open(&[&payer, &payee])?;
    scene.ensure_members(&[settled.payer.servicer()])?;
    let now = scene.working.time;
    let open = scene.working.recall(settled.payment);
    ensure(open.is_none_or(|open| open.is_lapsed_at(now)), Rejection::RecallOpen)?;
    scene.ensure_known_asset(amount)?;
    ensure_movable(amount.amount)?;
    let latest = now.plus(Recall::MAXIMUM_AHEAD);
    ensure(now < *deadline && *deadline <= latest, Rejection::DeadlineRefused)?;
    let known = scene.working.returns(settlement);
    let left = known.map_or(settled.credited, |known| known.left());
    let fits = amount.asset == left.asset && amount.amount <= left.amount;
    ensure(fits, Rejection::ReturnMismatch)?;

    // After this point the operation must succeed.
    scene.working.put_recall(Recall {
        settled,
        settlement,
        amount: amount.amount,
        reason: *reason,
        transaction: scene.transaction,
        height: scene.working.height,
        deadline: *deadline,
    });
    let outcome = Outcome::RecallRequested(RecallRequested {
        payment: settled.payment,
        from: settled.payer,
        to: settled.payee,
        amount: *amount,
        reason: *reason,
        deadline: *deadline,
    });
    Ok(Effect { outcome, entries: Vec::new() })
}

/// Answers an open recall.
pub(super) fn answer(
    scene: &mut Scene<'_, '_>,
    payment: Uetr,
    answer: &RecallAnswer,
) -> Result<Effect, Rejection> {
    let recall = open_for_signer(scene, payment)?;
    match answer {
        RecallAnswer::Accept { uetr, amount } => accept(scene, &recall, *uetr, *amount),
        RecallAnswer::Refuse { reason } => {
            // After this point the operation must succeed.
            scene.working.remove_recall(payment);
            let Recall { settled, .. } = *recall;
            let outcome = Outcome::RecallRefused(RecallRefused {
                payment,
                from: settled.payer,
                to: settled.payee,
                amount: recall.asked(),
                reason: *reason,
            });
            Ok(Effect { outcome, entries: Vec::new() })
        }
    }
}

fn accept(
    scene: &mut Scene<'_, '_>,
    recall: &Recall,
    uetr: Uetr,
    amount: Money,
) -> Result<Effect, Rejection> {
    let Recall { settled, settlement, .. } = *recall;
    ensure_returnable(scene, &settled, &amount)?;
    ensure(amount.amount <= recall.amount, Rejection::ReturnMismatch)?;
    let known = scene.working.returns(settlement);
    let returns = known.map_or_else(|| Returns::none(settled), |known| (*known).clone());
    let effect = move_back(scene, (settlement, returns), uetr, amount, Reason::AFTER_RECALL)?;
    scene.working.remove_recall(settled.payment);
    Ok(effect)
}

/// The open recall of `payment`, if the payee's owners or its servicer's operators signed. One
/// beyond its deadline is not open, swept or not.
fn open_for_signer(scene: &mut Scene<'_, '_>, payment: Uetr) -> Result<Arc<Recall>, Rejection> {
    let now = scene.working.time;
    let recall = scene.working.recall(payment).filter(|recall| !recall.is_lapsed_at(now));
    let recall = recall.ok_or(Rejection::NoRecall)?;
    let payee = recall.settled.payee;
    let record = scene.account(payee).ok_or(Rejection::InternalDefect)?;
    scene.ensure_side_signed(payee, &record)?;
    Ok(recall)
}
