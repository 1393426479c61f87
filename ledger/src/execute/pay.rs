//! Payments within one asset.

use super::fees::Charges;
use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use crate::account::EntryKind;
use crate::operation::Pay;
use crate::receipt::{Outcome, Settlement};
use crate::rejection::Rejection;

/// Pays.
pub(super) fn pay(scene: &mut Scene<'_, '_>, pay: &Pay) -> Result<Effect, Rejection> {
    ensure_payable(scene, pay)?;
    let charges = Charges::of(scene, pay.from, pay.to, pay.amount, &pay.terms)?;
    let mut legs = charges.payer_legs(pay.from);
    legs.push(Leg::credit(pay.to, EntryKind::Payment, charges.principal));
    legs.extend(charges.collector_leg());
    let plan = scene.plan(pay.uetr, &legs, None)?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    let outcome = Outcome::Settled(Settlement {
        from: Some(pay.from),
        to: Some(pay.to),
        debited: charges.debited,
        credited: charges.principal,
        fees: charges.items,
        exchange: None,
        remittance: pay.terms.remittance,
    });
    Ok(Effect { outcome, entries })
}

/// Refuses what cannot be paid now, whatever it costs and the payer has.
pub(super) fn ensure_payable(scene: &mut Scene<'_, '_>, pay: &Pay) -> Result<(), Rejection> {
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
    ensure_movable(pay.amount.amount)
}
