//! Two-phase payments: funds are held first, then captured, released, or free again when the
//! deadline has passed.
//!
//! Invariants: what is held of a holding is the sum of its open holds; a hold ends once; a capture
//! can always be afforded, because all that it can take was set aside. Absent: what a receipt says
//! of an end that nobody ordered; whoever knows the deadline and the time knows that.

use super::fees::Charges;
use super::limits::{self, Arrival, Move};
use super::pay::{ask_limits, ensure_payable};
use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use super::working::Working;
use crate::account::EntryKind;
use crate::ids::Uetr;
use crate::money::{Amount, Money};
use crate::operation::Hold;
use crate::receipt::{Held, Outcome, Released, Settlement};
use crate::rejection::Rejection;
use crate::waiting::{Awaits, Secret, Waiting};
use std::sync::Arc;

/// The most holds that one block frees because their deadline has passed: its work is bounded.
const MOST_SWEPT: usize = 1_000;

/// Frees what is held beyond its deadline, the earliest first. Nothing else of the block comes
/// before.
pub(super) fn sweep(working: &mut Working<'_>) {
    let overdue: Vec<Uetr> = working.overdue().take(MOST_SWEPT).collect();
    for payment in overdue {
        if let Some(waiting) = working.waiting(payment) {
            let key = (waiting.order.from, waiting.held.asset);
            let mut holding = working.holding(key);
            holding.held = holding.held.minus(waiting.held.amount).unwrap_or(Amount::ZERO);
            working.put_holding(key, holding);
        }
        working.remove_waiting(payment);
    }
    working.commit();
}

/// Holds the funds of a payment.
pub(super) fn hold(scene: &mut Scene<'_, '_>, hold: &Hold) -> Result<Effect, Rejection> {
    let Hold { pay, deadline, lock } = hold;
    // One that has expired long ago may still be there to be swept, and its marker forgotten.
    ensure(scene.working.waiting(pay.uetr).is_none(), Rejection::DuplicateUetr)?;
    let payer = ensure_payable(scene, pay)?;
    let charges = Charges::of(scene, pay.from, pay.to, pay.amount, &pay.terms);
    let counted = ask_limits(scene, pay, &payer, &charges, Arrival::Later)?;
    let now = scene.working.time;
    let latest = Waiting::latest_deadline(now, scene.directory.parameters());
    ensure(now < *deadline && *deadline <= latest, Rejection::DeadlineRefused)?;
    let charges = charges?;
    let held = charges.debited;
    let key = (pay.from, held.asset);
    let mut holding = scene.working.holding(key);
    ensure(holding.available() >= held.amount, Rejection::InsufficientFunds)?;
    holding.held = holding.held.plus(held.amount).ok_or(Rejection::InternalDefect)?;

    // After this point the operation must succeed.
    scene.working.put_holding(key, holding);
    counted.write(scene.working);
    let awaits = lock.map_or(Awaits::Capture, Awaits::Secret);
    scene.working.put_waiting(Waiting {
        order: pay.clone(),
        transaction: scene.transaction,
        height: scene.working.height,
        held,
        most_charges: charges.fee(),
        awaits,
        deadline: *deadline,
    });
    let outcome = Outcome::Held(Held {
        from: pay.from,
        to: pay.to,
        amount: pay.amount,
        held,
        most_charges: charges.fee(),
        awaits,
        deadline: *deadline,
        remittance: pay.terms.remittance,
    });
    Ok(Effect { outcome, entries: Vec::new() })
}

/// Pays `amount` of a held payment, and frees the rest.
pub(super) fn capture(
    scene: &mut Scene<'_, '_>,
    payment: Uetr,
    amount: Money,
    secret: Option<&Secret>,
) -> Result<Effect, Rejection> {
    let waiting = held_for_signer(scene, payment)?;
    let order = &waiting.order;
    let payer = scene.account(order.from).ok_or(Rejection::InternalDefect)?;
    let payee = scene.account(order.to).ok_or(Rejection::InternalDefect)?;
    ensure_open(&[&payer, &payee])?;
    ensure(payer.status.pays() && payee.status.is_paid(), Rejection::AccountFrozen)?;
    scene.ensure_members(&[order.to.servicer()])?;
    scene.ensure_known_asset(&amount)?;
    ensure_movable(amount.amount)?;
    ensure(waiting.awaits.is_met_by(secret), Rejection::SecretWrong)?;
    let fits = amount.asset == order.amount.asset && amount.amount <= order.amount.amount;
    ensure(fits, Rejection::CaptureMismatch)?;
    let charges = Charges::of_capture(scene, order, amount, waiting.most_charges)?;
    let mut legs = charges.payer_legs(order.from);
    legs.push(Leg::credit(order.to, EntryKind::Payment, charges.principal));
    legs.extend(charges.collector_leg());
    let plan = scene.plan_held(payment, &legs, (order.from, waiting.held))?;
    let (from, to) = (order.from, order.to);
    let counted = limits::arrived(scene, Move { from, to, money: charges.principal });

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    counted.write(scene.working);
    scene.working.remove_waiting(payment);
    let outcome = Outcome::Settled(Settlement {
        from: Some(order.from),
        to: Some(order.to),
        debited: charges.debited,
        credited: charges.principal,
        fees: charges.items,
        exchange: None,
        remittance: order.terms.remittance,
    });
    Ok(Effect { outcome, entries })
}

/// Gives a held payment up. It moves no money, so no freeze stops it.
pub(super) fn release(scene: &mut Scene<'_, '_>, payment: Uetr) -> Result<Effect, Rejection> {
    let waiting = held_for_signer(scene, payment)?;
    let order = &waiting.order;
    let plan = scene.plan_held(payment, &[], (order.from, waiting.held))?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    scene.working.remove_waiting(payment);
    let released = Released { from: order.from, to: order.to, released: waiting.held };
    Ok(Effect { outcome: Outcome::Released(released), entries })
}

/// The open hold of `payment`, if the payee's owners or its servicer's operators signed. One beyond
/// its deadline is not open, swept or not.
fn held_for_signer(scene: &mut Scene<'_, '_>, payment: Uetr) -> Result<Arc<Waiting>, Rejection> {
    let now = scene.working.time;
    let waiting = scene.working.waiting(payment).filter(|waiting| !waiting.is_expired_at(now));
    let waiting = waiting.ok_or(Rejection::NotHeld)?;
    let to = waiting.order.to;
    let payee = scene.account(to).ok_or(Rejection::InternalDefect)?;
    scene.ensure_side_signed(to, &payee)?;
    Ok(waiting)
}
