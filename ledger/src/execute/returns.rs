//! Returns: money of a settled payment goes back from who was paid to who paid.
//!
//! Invariants: the payment settled on this ledger; all that goes back of it is never more than the
//! payee got; a return is a movement of its own, under its own UETR. Absent: the validators'
//! signatures in the evidence and its paths (verified before, as a quote's are), charges (a return
//! has none, and gives none back).

use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use crate::account::EntryKind;
use crate::corrections::{Evidence, Reason, Return, Returned, Returns, Settled, SettlementId};
use crate::ids::Uetr;
use crate::money::Money;
use crate::receipt::{Outcome, Reversal};
use crate::rejection::Rejection;

/// Returns a payment, whole or a part.
pub(super) fn send_back(scene: &mut Scene<'_, '_>, back: &Return) -> Result<Effect, Rejection> {
    let Return { uetr, evidence, amount, reason } = back;
    let (settlement, settled) = proven(scene, evidence)?;
    let payee = scene.account(settled.payee).ok_or(Rejection::InternalDefect)?;
    scene.ensure_side_signed(settled.payee, &payee)?;
    ensure_returnable(scene, &settled, amount)?;
    let known = scene.working.returns(settlement);
    let returns = known.map_or_else(|| Returns::none(settled), |known| (*known).clone());
    move_back(scene, (settlement, returns), *uetr, *amount, *reason)
}

/// The settled payment that `evidence` proves. Before the signers, because it says who they are.
pub(super) fn proven(
    scene: &Scene<'_, '_>,
    evidence: &Evidence,
) -> Result<(SettlementId, Settled), Rejection> {
    let is_known = scene.working.are_of_epoch(evidence.epoch(), &evidence.validators);
    ensure(is_known, Rejection::ProofForged)?;
    let settled = evidence.settled().ok_or(Rejection::NotSettled)?;
    Ok((evidence.receipt.hash(scene.working.domains()), settled))
}

/// Refuses what cannot go back now, however much of the payment is left to return.
pub(super) fn ensure_returnable(
    scene: &mut Scene<'_, '_>,
    settled: &Settled,
    amount: &Money,
) -> Result<(), Rejection> {
    let payee = scene.account(settled.payee).ok_or(Rejection::InternalDefect)?;
    let payer = scene.account(settled.payer).ok_or(Rejection::InternalDefect)?;
    ensure_open(&[&payee, &payer])?;
    ensure(payee.status.pays() && payer.status.is_paid(), Rejection::AccountFrozen)?;
    scene.ensure_members(&[settled.payer.servicer()])?;
    scene.ensure_known_asset(amount)?;
    ensure_movable(amount.amount)
}

/// Moves `amount` of a payment back, of which `returns` were returned before.
pub(super) fn move_back(
    scene: &mut Scene<'_, '_>,
    (settlement, mut returns): (SettlementId, Returns),
    uetr: Uetr,
    amount: Money,
    reason: Reason,
) -> Result<Effect, Rejection> {
    let (settled, left) = (returns.settled, returns.left());
    let fits = amount.asset == left.asset && amount.amount <= left.amount;
    ensure(fits, Rejection::ReturnMismatch)?;
    ensure(returns.returned.len() < Returns::MAXIMUM, Rejection::TooManyReturns)?;
    let legs = [
        Leg::debit(settled.payee, EntryKind::Return, amount),
        Leg::credit(settled.payer, EntryKind::Return, amount),
    ];
    let plan = scene.plan(uetr, &legs, None)?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    let height = scene.working.height;
    returns.returned.push(Returned { uetr, amount: amount.amount, reason, height });
    let outcome = Outcome::Returned(Reversal {
        payment: settled.payment,
        from: settled.payee,
        to: settled.payer,
        amount,
        reason,
        total: returns.total(),
        credited: settled.credited.amount,
    });
    scene.working.put_returns(settlement, returns);
    Ok(Effect { outcome, entries })
}
