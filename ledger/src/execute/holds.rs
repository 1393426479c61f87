//! Two-phase payments: funds are held first, then captured, released, or free again when the
//! deadline has passed.
//!
//! Invariants: a hold ends once; a capture can always be afforded, because all that it can take was
//! set aside (see `waits`). Absent: payments that wait for approvals or reviews (see `step_up`).

use super::limits::Answer;
use super::pay::{ask_limits, ensure_payable};
use super::scene::{Effect, Scene, ensure, ensure_movable};
use super::{step_up, waits};
use crate::ids::Uetr;
use crate::money::Money;
use crate::operation::Hold;
use crate::receipt::{Outcome, Released};
use crate::rejection::Rejection;
use crate::waiting::{Awaits, Secret, Waiting};

/// Holds the funds of a payment.
pub(super) fn hold(scene: &mut Scene<'_, '_>, hold: &Hold) -> Result<Effect, Rejection> {
    let Hold { pay, deadline, lock } = hold;
    // One that has expired long ago may still be there to be swept, and its marker forgotten.
    ensure(scene.working.waiting(pay.uetr).is_none(), Rejection::DuplicateUetr)?;
    let payer = ensure_payable(scene, pay)?;
    let Answer { counted, reviews } = ask_limits(scene, pay, &payer)?;
    step_up::ensure_approved(scene, pay.from, &payer, pay.amount, reviews)?;
    let now = scene.working.time;
    let latest = Waiting::latest_deadline(now, scene.directory.parameters());
    ensure(now < *deadline && *deadline <= latest, Rejection::DeadlineRefused)?;
    let awaits = lock.map_or(Awaits::Capture, Awaits::Secret);
    let held = waits::begin(scene, pay, awaits, *deadline)?;
    counted.write(scene.working);
    Ok(Effect { outcome: Outcome::Held(held), entries: Vec::new() })
}

/// Pays `amount` of a held payment, and frees the rest.
pub(super) fn capture(
    scene: &mut Scene<'_, '_>,
    payment: Uetr,
    amount: Money,
    secret: Option<&Secret>,
) -> Result<Effect, Rejection> {
    let waiting = waits::open(scene, payment)?;
    ensure(waiting.awaits.is_hold(), Rejection::WaitsOtherwise)?;
    ensure_payee_signed(scene, &waiting)?;
    waits::ensure_payable_now(scene, &waiting)?;
    scene.ensure_known_asset(&amount)?;
    ensure_movable(amount.amount)?;
    ensure(waiting.awaits.is_met_by(secret), Rejection::SecretWrong)?;
    let ordered = waiting.order.amount;
    let fits = amount.asset == ordered.asset && amount.amount <= ordered.amount;
    ensure(fits, Rejection::CaptureMismatch)?;
    waits::settle(scene, &waiting, amount)
}

/// Gives a payment that waits up: a hold by the payee's side, what waits for approvals, a review or
/// funds by the payer's.
pub(super) fn release(scene: &mut Scene<'_, '_>, payment: Uetr) -> Result<Effect, Rejection> {
    let waiting = waits::open(scene, payment)?;
    let order = &waiting.order;
    match waiting.awaits {
        Awaits::Capture | Awaits::Secret(_) => ensure_payee_signed(scene, &waiting)?,
        Awaits::Approval(_) | Awaits::Review(_) | Awaits::Funds(_) => {
            let payer = scene.account(order.from);
            scene.ensure_ordered(order.from, payer.as_deref())?;
        }
    }
    let released = Released { from: order.from, to: order.to, released: waiting.held };
    waits::give_up(scene, &waiting, Outcome::Released(released))
}

/// Refuses if neither the payee's owners nor its servicer's operators signed.
fn ensure_payee_signed(scene: &mut Scene<'_, '_>, waiting: &Waiting) -> Result<(), Rejection> {
    let to = waiting.order.to;
    let payee = scene.account(to).ok_or(Rejection::InternalDefect)?;
    scene.ensure_side_signed(to, &payee)
}
