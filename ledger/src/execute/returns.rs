//! Returns: money of a settled payment goes back from who was paid to who paid.
//!
//! Invariants: the payment settled on this ledger; all that goes back of it is never more than the
//! payee got; a return is a movement of its own, under its own UETR. Absent: the validators'
//! signatures in the evidence and its paths (verified before, as a quote's are), charges (a return
//! has none, and gives none back).

use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use crate::account::EntryKind;
use crate::corrections::{Evidence, Return, Returned, Returns, Settled, SettlementId};
use crate::receipt::{Outcome, Reversal};
use crate::rejection::Rejection;

/// Returns a payment, whole or a part.
pub(super) fn send_back(scene: &mut Scene<'_, '_>, back: &Return) -> Result<Effect, Rejection> {
    let Return { uetr, evidence, amount, reason } = back;
    let (id, settled) = proven(scene, evidence)?;
    let payee = scene.account(settled.payee).ok_or(Rejection::InternalDefect)?;
    let payer = scene.account(settled.payer).ok_or(Rejection::InternalDefect)?;
    scene.ensure_side_signed(settled.payee, &payee)?;
    ensure_open(&[&payee, &payer])?;
    ensure(payee.status.pays() && payer.status.is_paid(), Rejection::AccountFrozen)?;
    scene.ensure_members(&[settled.payer.servicer()])?;
    scene.ensure_known_asset(amount)?;
    ensure_movable(amount.amount)?;
    let known = scene.working.returns(id);
    let mut returns = known.map_or_else(|| Returns::none(settled), |known| (*known).clone());
    let left = returns.left();
    let fits = amount.asset == left.asset && amount.amount <= left.amount;
    ensure(fits, Rejection::ReturnMismatch)?;
    ensure(returns.returned.len() < Returns::MAXIMUM, Rejection::TooManyReturns)?;
    let legs = [
        Leg::debit(settled.payee, EntryKind::Return, *amount),
        Leg::credit(settled.payer, EntryKind::Return, *amount),
    ];
    let plan = scene.plan(*uetr, &legs, None)?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    let height = scene.working.height;
    let returned = Returned { uetr: *uetr, amount: amount.amount, reason: *reason, height };
    returns.returned.push(returned);
    let outcome = Outcome::Returned(Reversal {
        payment: settled.payment,
        from: settled.payee,
        to: settled.payer,
        amount: *amount,
        reason: *reason,
        total: returns.total(),
        credited: settled.credited.amount,
    });
    scene.working.put_returns(id, returns);
    Ok(Effect { outcome, entries })
}

/// The settled payment that `evidence` proves. Before the signers, because it says who they are.
fn proven(
    scene: &Scene<'_, '_>,
    evidence: &Evidence,
) -> Result<(SettlementId, Settled), Rejection> {
    let is_known = scene.working.are_of_epoch(evidence.epoch(), &evidence.validators);
    ensure(is_known, Rejection::ProofForged)?;
    let settled = evidence.settled().ok_or(Rejection::NotSettled)?;
    Ok((evidence.receipt.hash(scene.working.domains()), settled))
}
