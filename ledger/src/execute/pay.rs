//! Payments within one asset.

use super::fees::Charges;
use super::limits::{self, Answer, Move, Ordered};
use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use super::step_up;
use crate::account::{Account, EntryKind};
use crate::operation::Pay;
use crate::receipt::{Outcome, Settlement};
use crate::rejection::Rejection;
use std::sync::Arc;

/// Pays, or waits for the approvals and reviews that the payer's policy and institutions' rules ask
/// for.
pub(super) fn pay(scene: &mut Scene<'_, '_>, pay: &Pay) -> Result<Effect, Rejection> {
    let payer = ensure_payable(scene, pay)?;
    let Answer { counted, reviews } = ask_limits(scene, pay, &payer)?;
    if let Some(waits) = step_up::wait(scene, pay, &payer, reviews)? {
        counted.write(scene.working);
        return Ok(waits);
    }
    let charges = Charges::of(scene, pay.from, pay.to, pay.amount, &pay.terms)?;
    let effect = pay_now(scene, pay, charges)?;
    counted.write(scene.working);
    Ok(effect)
}

/// Pays with these charges.
///
/// # Errors
/// `InsufficientFunds`, with nothing changed.
pub(super) fn pay_now(
    scene: &mut Scene<'_, '_>,
    pay: &Pay,
    charges: Charges,
) -> Result<Effect, Rejection> {
    let mut legs = charges.payer_legs(pay.from);
    legs.push(Leg::credit(pay.to, EntryKind::Payment, charges.principal));
    legs.extend(charges.collector_leg());
    let plan = scene.plan(pay.uetr, &legs, None)?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    charges.waiver.count(scene.working);
    limits::settle(scene, Move { from: pay.from, to: pay.to, money: charges.principal });
    Ok(Effect { outcome: Outcome::Settled(settlement(pay, charges)), entries })
}

/// What the receipt says of a payment that settled with these charges.
pub(super) fn settlement(pay: &Pay, charges: Charges) -> Settlement {
    Settlement {
        from: Some(pay.from),
        to: Some(pay.to),
        debited: charges.debited,
        credited: charges.principal,
        fees: charges.items,
        exchange: None,
        onward: None,
        remittance: pay.terms.remittance,
    }
}

/// Refuses what cannot be paid now, whatever it costs and the payer has. Gives the payer's account.
pub(super) fn ensure_payable(
    scene: &mut Scene<'_, '_>,
    pay: &Pay,
) -> Result<Arc<Account>, Rejection> {
    let payer = scene.account(pay.from);
    let payee = scene.account(pay.to);
    scene.ensure_ordered(pay.from, payer.as_deref())?;
    let payer = payer.ok_or(Rejection::UnknownAccount)?;
    let payee = payee.ok_or(Rejection::UnknownPayee)?;
    ensure_open(&[&payer, &payee])?;
    ensure(payer.status.pays() && payee.status.is_paid(), Rejection::AccountFrozen)?;
    scene.ensure_members(&[pay.to.servicer()])?;
    ensure(pay.from != pay.to, Rejection::SameAccount)?;
    scene.ensure_known_asset(&pay.amount)?;
    ensure_movable(pay.amount.amount)?;
    Ok(payer)
}

/// Asks all limits about the payment. Charges that are refused only later, in their turn, leave the
/// amount that goes as it is.
pub(super) fn ask_limits(
    scene: &mut Scene<'_, '_>,
    pay: &Pay,
    payer: &Account,
) -> Result<Answer, Rejection> {
    let Pay { from, to, amount, .. } = *pay;
    if !limits::asks(scene, payer) {
        return Ok(Answer::default());
    }
    let charges = Charges::of(scene, from, to, amount, &pay.terms);
    let money = charges.map_or(amount, |charges| charges.principal);
    let ordered = Ordered { payer, from, to, amount, terms: &pay.terms };
    limits::ask(scene, &ordered, &[Move { from, to, money }])
}
