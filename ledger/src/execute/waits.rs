//! What all payments that wait have in common: funds are set aside, and the wait ends once.
//!
//! Invariants: what is held of a holding is the sum of the payments that wait for it; a wait ends
//! once; what was set aside affords the payment. Absent: who may end a wait how (see `holds`,
//! `step_up`, `reviews` and `queue`), and what a receipt says of an end that nobody ordered:
//! whoever knows the deadline and the time knows that.

use super::fees::Charges;
use super::limits::{self, Move};
use super::pay::settlement;
use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_open};
use super::working::Working;
use crate::account::{EntryKind, Holding};
use crate::ids::{Timestamp, Uetr};
use crate::money::{Amount, Money};
use crate::operation::Pay;
use crate::receipt::{Held, Outcome};
use crate::rejection::Rejection;
use crate::waiting::{Awaits, Waiting};
use std::sync::Arc;

/// The most waits that one block ends because their deadline has passed: its work is bounded.
const MOST_SWEPT: usize = 1_000;

/// Frees what is held beyond its deadline, the earliest first. Nothing else of the block comes
/// before.
pub(super) fn sweep(working: &mut Working<'_>) {
    let overdue: Vec<Uetr> = working.overdue().take(MOST_SWEPT).collect();
    for payment in overdue {
        free(working, payment);
    }
    working.commit();
}

/// Ends the wait of `payment`, if there is one, without a payment.
fn free(working: &mut Working<'_>, payment: Uetr) {
    let waiting = working.waiting(payment);
    if let Some(waiting) = waiting.filter(|waiting| !waiting.held.amount.is_zero()) {
        let key = (waiting.order.from, waiting.held.asset);
        let mut holding = working.holding(key);
        holding.held = holding.held.minus(waiting.held.amount).unwrap_or(Amount::ZERO);
        working.put_holding(key, holding);
    }
    working.remove_waiting(payment);
}

/// Lets the payable `order` wait for `awaits` until `deadline`: sets aside what it can come to by
/// this block's charges. Gives what the receipt says.
///
/// # Errors
/// `FeeAboveAgreed` or `InsufficientFunds`, with nothing changed.
pub(super) fn begin(
    scene: &mut Scene<'_, '_>,
    order: &Pay,
    awaits: Awaits,
    deadline: Timestamp,
) -> Result<Held, Rejection> {
    let charges = Charges::of(scene, order.from, order.to, order.amount, &order.terms)?;
    let held = charges.debited;
    let key = (order.from, held.asset);
    let holding = scene.working.holding(key);
    ensure(holding.available() >= held.amount, Rejection::InsufficientFunds)?;
    // One that has expired long ago may still be there to be swept, and its marker forgotten.
    let stale = scene.working.waiting(order.uetr);
    let of_holding = stale.as_ref().filter(|stale| (stale.order.from, stale.held.asset) == key);
    let freed = of_holding.map_or(Amount::ZERO, |stale| stale.held.amount);
    let rest = holding.held.minus(freed);
    let sum = rest.and_then(|rest| rest.plus(held.amount)).ok_or(Rejection::InternalDefect)?;

    // After this point the operation must succeed.
    if stale.is_some() {
        free(scene.working, order.uetr);
    }
    charges.waiver.count(scene.working);
    let holding = Holding { held: sum, ..scene.working.holding(key) };
    scene.working.put_holding(key, holding);
    let waiting = Waiting {
        order: order.clone(),
        transaction: scene.transaction,
        height: scene.working.height,
        held,
        most_charges: charges.fee(),
        awaits,
        deadline,
    };
    let said = said(&waiting);
    scene.working.put_waiting(waiting);
    Ok(said)
}

/// The outcome of what still waits.
pub(super) fn goes_on(held: Held) -> Outcome {
    match held.awaits {
        Awaits::Capture | Awaits::Secret(_) => Outcome::Held(held),
        Awaits::Approval(_) => Outcome::AwaitingApproval(held),
        Awaits::Review(_) => Outcome::AwaitingReview(held),
        Awaits::Funds(_) => Outcome::Queued(held),
    }
}

/// Lets a payment that waits wait for `awaits` from now on, by the same deadline. Cannot fail.
pub(super) fn turn_to(scene: &mut Scene<'_, '_>, waiting: &Waiting, awaits: Awaits) -> Effect {
    let waiting = Waiting { awaits, ..waiting.clone() };
    let outcome = goes_on(said(&waiting));
    scene.working.put_waiting(waiting);
    Effect { outcome, entries: Vec::new() }
}

/// What a receipt says of a payment that waits.
pub(super) fn said(waiting: &Waiting) -> Held {
    let Waiting { order, held, most_charges, awaits, deadline, .. } = waiting;
    Held {
        from: order.from,
        to: order.to,
        amount: order.amount,
        held: *held,
        most_charges: *most_charges,
        awaits: awaits.clone(),
        deadline: *deadline,
        remittance: order.terms.remittance,
    }
}

/// The payment, if it waits. One beyond its deadline does not, swept or not.
pub(super) fn open(scene: &mut Scene<'_, '_>, payment: Uetr) -> Result<Arc<Waiting>, Rejection> {
    let now = scene.working.time;
    let waiting = scene.working.waiting(payment).filter(|waiting| !waiting.is_expired_at(now));
    waiting.ok_or(Rejection::NotHeld)
}

/// Refuses what may not be paid now, whatever it waited for.
pub(super) fn ensure_payable_now(
    scene: &mut Scene<'_, '_>,
    waiting: &Waiting,
) -> Result<(), Rejection> {
    let order = &waiting.order;
    let payer = scene.account(order.from).ok_or(Rejection::InternalDefect)?;
    let payee = scene.account(order.to).ok_or(Rejection::InternalDefect)?;
    ensure_open(&[&payer, &payee])?;
    ensure(payer.status.pays() && payee.status.is_paid(), Rejection::AccountFrozen)?;
    scene.ensure_members(&[order.to.servicer()])
}

/// Pays `amount` of a payment that waits, by the charges of now but at most those that were held
/// for it, and frees the rest.
pub(super) fn settle(
    scene: &mut Scene<'_, '_>,
    waiting: &Waiting,
    amount: Money,
) -> Result<Effect, Rejection> {
    let order = &waiting.order;
    let charges = Charges::of_waiting(scene, order, amount, waiting.most_charges)?;
    let mut legs = charges.payer_legs(order.from);
    legs.push(Leg::credit(order.to, EntryKind::Payment, charges.principal));
    legs.extend(charges.collector_leg());
    let plan = scene.plan_held(order.uetr, &legs, (order.from, waiting.held))?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    limits::settle(scene, Move { from: order.from, to: order.to, money: charges.principal });
    scene.working.remove_waiting(order.uetr);
    Ok(Effect { outcome: Outcome::Settled(settlement(order, charges)), entries })
}

/// Ends a wait without a payment. It moves no money, so no freeze stops it.
pub(super) fn give_up(
    scene: &mut Scene<'_, '_>,
    waiting: &Waiting,
    outcome: Outcome,
) -> Result<Effect, Rejection> {
    let order = &waiting.order;
    // What is queued holds nothing, and its payer may have no holding yet.
    if !waiting.held.amount.is_zero() {
        let plan = scene.plan_held(order.uetr, &[], (order.from, waiting.held))?;
        scene.book(plan);
    }

    // After this point the operation must succeed.
    scene.working.remove_waiting(order.uetr);
    Ok(Effect { outcome, entries: Vec::new() })
}
