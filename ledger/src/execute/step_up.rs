//! Step-up approvals: large payments wait until other keys than their makers' approve them.
//!
//! Invariants: a key counts once in a payment; an approval names the exact order, and counts only
//! while its key is one of the account's approvers; the last approval pays in its own block, by
//! what is so there. Absent: how funds are set aside and freed (see `waits`).

use super::scene::{Effect, Scene, ensure};
use super::waits;
use crate::account::{Account, KeySet};
use crate::crypto::PublicKey;
use crate::ids::{AccountId, Uetr};
use crate::money::Money;
use crate::operation::Pay;
use crate::receipt::{Outcome, Refused};
use crate::rejection::Rejection;
use crate::waiting::{Approvals, Awaits, OrderHash, Refusal, Waiting};
use std::sync::Arc;

/// Lets a payable order wait if its payer's policy asks for more approvals than its signers give;
/// `None` if it asks for none, or they are there.
pub(super) fn wait(
    scene: &mut Scene<'_, '_>,
    order: &Pay,
    payer: &Account,
) -> Result<Option<Effect>, Rejection> {
    let Some(missing) = missing(scene, order.from, payer, order.amount) else { return Ok(None) };
    ensure(scene.may_wait, Rejection::ApprovalsMissing)?;
    let Missing { needed, makers, given } = missing;
    let name = OrderHash::of(scene.working.domains(), &scene.transaction, order);
    let awaits = Awaits::Approval(Approvals { order: name, needed, makers, given });
    let parameters = scene.directory.parameters();
    let deadline = Waiting::approval_deadline(scene.working.time, parameters);
    let held = waits::begin(scene, order, awaits, deadline)?;
    Ok(Some(Effect { outcome: Outcome::AwaitingApproval(held), entries: Vec::new() }))
}

/// Refuses what cannot wait for approvals, unless it has all that it needs.
pub(super) fn ensure_approved(
    scene: &Scene<'_, '_>,
    from: AccountId,
    payer: &Account,
    amount: Money,
) -> Result<(), Rejection> {
    ensure(missing(scene, from, payer, amount).is_none(), Rejection::ApprovalsMissing)
}

/// Approvals of which there are too few.
struct Missing {
    needed: u8,
    makers: Vec<PublicKey>,
    given: Vec<PublicKey>,
}

/// What the signers' approvals of `amount` from the account lack, if anything.
fn missing(
    scene: &Scene<'_, '_>,
    from: AccountId,
    payer: &Account,
    amount: Money,
) -> Option<Missing> {
    let rules = payer.policy.step_up.as_ref()?;
    let needed = rules.needed(amount);
    let bank = scene.institution(from.servicer()).map(|bank| &bank.operators);
    let ordering = ordering(&payer.policy.owners, bank, scene.signers);
    let (makers, given) = rules.divide(ordering, scene.signers);
    (given.len() < usize::from(needed)).then_some(Missing { needed, makers, given })
}

/// The keys that order: the owners' if enough of them signed, else those of the servicer's
/// operators, who act under a mandate.
pub(super) fn ordering<'k>(
    owners: &'k KeySet,
    bank: Option<&'k KeySet>,
    signers: &[PublicKey],
) -> &'k KeySet {
    if owners.is_satisfied_by(signers) { owners } else { bank.unwrap_or(owners) }
}

/// Approves a payment that waits, and pays it if that was the last approval it needs.
pub(super) fn approve(
    scene: &mut Scene<'_, '_>,
    payment: Uetr,
    order: OrderHash,
) -> Result<Effect, Rejection> {
    let Asked { waiting, approvals, approvers, signing } = asked(scene, payment)?;
    let is_new = |key: &PublicKey| approvals.given.binary_search(key).is_err();
    let new: Vec<PublicKey> = signing.into_iter().filter(is_new).collect();
    ensure(!new.is_empty(), Rejection::AlreadyApproved)?;
    ensure(approvals.order == order, Rejection::OrderMismatch)?;
    // Who is no approver any more has approved nothing.
    let mut given = approvals.given.clone();
    given.retain(|key| approvers.binary_search(key).is_ok());
    given.extend(new);
    given.sort_unstable();
    if given.len() >= usize::from(approvals.needed) {
        waits::ensure_payable_now(scene, &waiting)?;
        return waits::settle(scene, &waiting, waiting.order.amount);
    }

    // After this point the operation must succeed.
    let awaits = Awaits::Approval(Approvals { given, ..approvals });
    let waiting = Waiting { awaits, ..Waiting::clone(&waiting) };
    let outcome = Outcome::AwaitingApproval(waits::said(&waiting));
    scene.working.put_waiting(waiting);
    Ok(Effect { outcome, entries: Vec::new() })
}

/// Refuses a payment that waits, for ever.
pub(super) fn refuse(
    scene: &mut Scene<'_, '_>,
    payment: Uetr,
    order: OrderHash,
    reason: Refusal,
) -> Result<Effect, Rejection> {
    let Asked { waiting, approvals, .. } = asked(scene, payment)?;
    ensure(approvals.order == order, Rejection::OrderMismatch)?;
    let Pay { from, to, .. } = waiting.order;
    let refused = Refused { from, to, released: waiting.held, reason };
    waits::give_up(scene, &waiting, Outcome::Refused(refused))
}

/// A payment that waits for approvals, and who of its approvers signed.
struct Asked {
    waiting: Arc<Waiting>,
    approvals: Approvals,
    /// The account's approvers now.
    approvers: Vec<PublicKey>,
    /// Those of them who signed and made nothing of the order; at least one.
    signing: Vec<PublicKey>,
}

fn asked(scene: &mut Scene<'_, '_>, payment: Uetr) -> Result<Asked, Rejection> {
    let waiting = waits::open(scene, payment)?;
    let approvals = waiting.awaits.approvals().ok_or(Rejection::WaitsOtherwise)?.clone();
    let payer = scene.account(waiting.order.from).ok_or(Rejection::InternalDefect)?;
    let rules = payer.policy.step_up.as_ref();
    let approvers = rules.map_or_else(Vec::new, |rules| rules.approvers.clone());
    let signed = |key: &&PublicKey| scene.signers.binary_search(key).is_ok();
    let mut signing: Vec<PublicKey> = approvers.iter().filter(signed).copied().collect();
    ensure(!signing.is_empty(), Rejection::SignersMissing)?;
    signing.retain(|key| approvals.makers.binary_search(key).is_err());
    ensure(!signing.is_empty(), Rejection::OwnPayment)?;
    Ok(Asked { waiting, approvals, approvers, signing })
}
