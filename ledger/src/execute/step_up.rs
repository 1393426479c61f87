//! Step-up approvals: large payments wait until other keys than their makers' approve them.
//!
//! Invariants: a key counts once in a payment; an approval names the exact order, and counts only
//! while its key is one of the account's approvers; the last approval pays in its own block, by
//! what is so there, or lets the first review begin. Absent: how funds are set aside and freed (see
//! `waits`), what reviewers say (see `reviews`).

use super::limits::Reviews;
use super::scene::{Effect, Scene, ensure};
use super::{reviews, waits};
use crate::account::{Account, KeySet};
use crate::crypto::PublicKey;
use crate::ids::{AccountId, InstitutionNumber, Uetr};
use crate::money::Money;
use crate::operation::Pay;
use crate::receipt::{Outcome, Refused};
use crate::rejection::Rejection;
use crate::step_up::divide;
use crate::waiting::{Approvals, Awaits, OrderHash, Refusal, Reviewers, Waiting};

/// Lets a payable order wait if its payer's policy asks for more approvals than its signers give,
/// or a rule for a review that they are none of; `None` if nothing is missing.
pub(super) fn wait(
    scene: &mut Scene<'_, '_>,
    order: &Pay,
    payer: &Account,
    asked: Reviews,
) -> Result<Option<Effect>, Rejection> {
    let lacks = lacks(scene, order.from, payer, order.amount, &asked.by);
    let Some(Lacks { signed, is_approved, reviewers }) = lacks else { return Ok(None) };
    ensure(scene.may_wait || is_approved, Rejection::ApprovalsMissing)?;
    if !scene.may_wait {
        return Err(unreviewed(scene, asked));
    }
    let name = OrderHash::of(scene.working.domains(), &scene.transaction, order);
    let parameters = scene.directory.parameters();
    let time = scene.working.time;
    let deadline = Waiting::approval_deadline(time, parameters, !reviewers.is_empty());
    let awaits = if is_approved {
        reviews::first(scene, name, &reviewers, signed.spent())
    } else {
        let Signed { needed, makers, given } = signed;
        let reviewers = Reviewers(reviewers);
        Some(Awaits::Approval(Approvals { order: name, needed, makers, given, reviewers }))
    };
    let held = waits::begin(scene, order, awaits.ok_or(Rejection::InternalDefect)?, deadline)?;
    Ok(Some(Effect { outcome: waits::goes_on(held), entries: Vec::new() }))
}

/// Refuses what cannot wait for approvals and reviews, unless it has all that it needs.
pub(super) fn ensure_approved(
    scene: &mut Scene<'_, '_>,
    from: AccountId,
    payer: &Account,
    amount: Money,
    asked: Reviews,
) -> Result<(), Rejection> {
    match lacks(scene, from, payer, amount, &asked.by) {
        None => Ok(()),
        Some(lacks) if !lacks.is_approved => Err(Rejection::ApprovalsMissing),
        Some(_) => Err(unreviewed(scene, asked)),
    }
}

/// Names the rules whose review is missing, for the receipt.
fn unreviewed(scene: &mut Scene<'_, '_>, asked: Reviews) -> Rejection {
    scene.rules = asked.rules;
    Rejection::ReviewMissing
}

/// What the signers of a payment do not give it.
struct Lacks {
    signed: Signed,
    is_approved: bool,
    /// Whose reviews are missing.
    reviewers: Vec<InstitutionNumber>,
}

/// The part of each signer in a payment.
struct Signed {
    needed: u8,
    makers: Vec<PublicKey>,
    given: Vec<PublicKey>,
}

impl Signed {
    /// The keys that count in no review.
    fn spent(&self) -> Vec<PublicKey> {
        merged(&self.makers, &self.given)
    }
}

/// What the signers' approvals and reviews of `amount` from the account lack, if anything.
fn lacks(
    scene: &Scene<'_, '_>,
    from: AccountId,
    payer: &Account,
    amount: Money,
    by: &[InstitutionNumber],
) -> Option<Lacks> {
    let rules = payer.policy.step_up.as_ref();
    if rules.is_none() && by.is_empty() {
        return None;
    }
    let bank = scene.institution(from.servicer()).map(|bank| &bank.operators);
    let ordering = ordering(&payer.policy.owners, bank, scene.signers);
    let needed = rules.map_or(0, |rules| rules.needed(amount));
    let approvers = rules.map_or(&[][..], |rules| &rules.approvers);
    let (makers, given) = divide(approvers, ordering, scene.signers);
    let signed = Signed { needed, makers, given };
    let is_approved = signed.given.len() >= usize::from(needed);
    let reviewers = reviews::missing(scene, by, &signed.spent());
    let lacks = !is_approved || !reviewers.is_empty();
    lacks.then_some(Lacks { signed, is_approved, reviewers })
}

/// Both lists of keys as one, ascending, none twice.
fn merged(left: &[PublicKey], right: &[PublicKey]) -> Vec<PublicKey> {
    let mut keys = [left, right].concat();
    keys.sort_unstable();
    keys.dedup();
    keys
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

/// Approves a payment that waits for approvals or a review; the last of them pays it.
pub(super) fn approve(
    scene: &mut Scene<'_, '_>,
    payment: Uetr,
    order: OrderHash,
) -> Result<Effect, Rejection> {
    let waiting = waits::open(scene, payment)?;
    match &waiting.awaits {
        Awaits::Capture | Awaits::Secret(_) | Awaits::Funds(_) => Err(Rejection::WaitsOtherwise),
        Awaits::Approval(approvals) => give(scene, &waiting, approvals, order),
        Awaits::Review(review) => reviews::approve(scene, &waiting, review, order),
    }
}

/// Gives an approval of the account's.
fn give(
    scene: &mut Scene<'_, '_>,
    waiting: &Waiting,
    approvals: &Approvals,
    order: OrderHash,
) -> Result<Effect, Rejection> {
    let (approvers, signing) = signing(scene, waiting, approvals)?;
    let is_new = |key: &PublicKey| approvals.given.binary_search(key).is_err();
    let new: Vec<PublicKey> = signing.into_iter().filter(is_new).collect();
    ensure(!new.is_empty(), Rejection::AlreadyApproved)?;
    ensure(approvals.order == order, Rejection::OrderMismatch)?;
    // Who is no approver any more has approved nothing.
    let mut given = approvals.given.clone();
    given.retain(|key| approvers.binary_search(key).is_ok());
    given.extend(new);
    given.sort_unstable();
    if given.len() < usize::from(approvals.needed) {
        let awaits = Awaits::Approval(Approvals { given, ..approvals.clone() });
        return Ok(waits::turn_to(scene, waiting, awaits));
    }
    let spent = merged(&approvals.makers, &given);
    match reviews::next(order, &approvals.reviewers.0, spent) {
        Some(awaits) => Ok(waits::turn_to(scene, waiting, awaits)),
        None => pay(scene, waiting),
    }
}

/// Pays what waits no longer, by what is so now.
pub(super) fn pay(scene: &mut Scene<'_, '_>, waiting: &Waiting) -> Result<Effect, Rejection> {
    waits::ensure_payable_now(scene, waiting)?;
    waits::settle(scene, waiting, waiting.order.amount)
}

/// Refuses a payment that waits for approvals or a review, for ever.
pub(super) fn refuse(
    scene: &mut Scene<'_, '_>,
    payment: Uetr,
    order: OrderHash,
    reason: Refusal,
) -> Result<Effect, Rejection> {
    let waiting = waits::open(scene, payment)?;
    let reviewer = match &waiting.awaits {
        Awaits::Capture | Awaits::Secret(_) | Awaits::Funds(_) => {
            return Err(Rejection::WaitsOtherwise);
        }
        Awaits::Approval(approvals) => {
            signing(scene, &waiting, approvals)?;
            None
        }
        Awaits::Review(review) => {
            reviews::signing(scene, review)?;
            Some(review.reviewer)
        }
    };
    ensure(waiting.awaits.order() == Some(order), Rejection::OrderMismatch)?;
    let Pay { from, to, .. } = waiting.order;
    let refused = Refused { from, to, released: waiting.held, reason, reviewer };
    waits::give_up(scene, &waiting, Outcome::Refused(refused))
}

/// The account's approvers now, and those of them who signed and made nothing of the order: at
/// least one.
fn signing(
    scene: &mut Scene<'_, '_>,
    waiting: &Waiting,
    approvals: &Approvals,
) -> Result<(Vec<PublicKey>, Vec<PublicKey>), Rejection> {
    let payer = scene.account(waiting.order.from).ok_or(Rejection::InternalDefect)?;
    let rules = payer.policy.step_up.as_ref();
    let approvers = rules.map_or_else(Vec::new, |rules| rules.approvers.clone());
    let signed = |key: &&PublicKey| scene.signers.binary_search(key).is_ok();
    let mut signing: Vec<PublicKey> = approvers.iter().filter(signed).copied().collect();
    ensure(!signing.is_empty(), Rejection::SignersMissing)?;
    signing.retain(|key| approvals.makers.binary_search(key).is_err());
    ensure(!signing.is_empty(), Rejection::OwnPayment)?;
    Ok((approvers, signing))
}
