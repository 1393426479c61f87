//! Reviews: payments wait until an institution whose rules ask for it has looked at them.
//!
//! Invariants: a review is of the exact order; the keys that made or approved the payment for its
//! account count in none; an institution's keys are those with which it was admitted. Absent: which
//! payments are reviewed (see `limits`), how one begins to wait (see `step_up`).

use super::scene::{Effect, Scene, ensure};
use super::{step_up, waits};
use crate::account::Institution;
use crate::crypto::PublicKey;
use crate::ids::InstitutionNumber;
use crate::rejection::Rejection;
use crate::waiting::{Awaits, OrderHash, Review, Reviewers, Waiting};

/// Those of the institutions `by` whose review the signers are not, if `spent` count in none.
pub(super) fn missing(
    scene: &Scene<'_, '_>,
    by: &[InstitutionNumber],
    spent: &[PublicKey],
) -> Vec<InstitutionNumber> {
    let is_missing = |number: &&InstitutionNumber| {
        let bank = scene.institution(**number);
        !bank.is_some_and(|bank| is_done(bank, &unspent(scene.signers, spent)))
    };
    by.iter().filter(is_missing).copied().collect()
}

/// The first of the reviews by `reviewers` of a payment that is ordered now, with what its signers
/// give of it; `None` for none.
pub(super) fn first(
    scene: &Scene<'_, '_>,
    order: OrderHash,
    reviewers: &[InstitutionNumber],
    spent: Vec<PublicKey>,
) -> Option<Awaits> {
    let bank = scene.institution(*reviewers.first()?)?;
    let mut given = unspent(scene.signers, &spent);
    given.retain(|key| reviews(bank, key));
    let Awaits::Review(review) = next(order, reviewers, spent)? else { return None };
    Some(Awaits::Review(Review { given, ..review }))
}

/// The first of the reviews by `reviewers`, of which nothing is there yet; `None` for none.
pub(super) fn next(
    order: OrderHash,
    reviewers: &[InstitutionNumber],
    spent: Vec<PublicKey>,
) -> Option<Awaits> {
    let (reviewer, later) = reviewers.split_first()?;
    let (reviewer, later) = (*reviewer, Reviewers(later.to_vec()));
    Some(Awaits::Review(Review { order, reviewer, later, spent, given: Vec::new() }))
}

/// Approves a payment that waits for a review; if that completes the last review, pays it.
pub(super) fn approve(
    scene: &mut Scene<'_, '_>,
    waiting: &Waiting,
    review: &Review,
    order: OrderHash,
) -> Result<Effect, Rejection> {
    let signing = signing(scene, review)?;
    let is_new = |key: &PublicKey| review.given.binary_search(key).is_err();
    let new: Vec<PublicKey> = signing.into_iter().filter(is_new).collect();
    ensure(!new.is_empty(), Rejection::AlreadyApproved)?;
    ensure(review.order == order, Rejection::OrderMismatch)?;
    let bank = scene.institution(review.reviewer).ok_or(Rejection::InternalDefect)?;
    let mut given = review.given.clone();
    given.extend(new);
    given.sort_unstable();
    if !is_done(bank, &given) {
        let awaits = Awaits::Review(Review { given, ..review.clone() });
        return Ok(waits::turn_to(scene, waiting, awaits));
    }
    match next(order, &review.later.0, review.spent.clone()) {
        Some(awaits) => Ok(waits::turn_to(scene, waiting, awaits)),
        None => step_up::pay(scene, waiting),
    }
}

/// The reviewer's keys that signed and are not spent: at least one.
pub(super) fn signing(scene: &Scene<'_, '_>, review: &Review) -> Result<Vec<PublicKey>, Rejection> {
    let bank = scene.institution(review.reviewer).ok_or(Rejection::InternalDefect)?;
    let mut signing = scene.signers.to_vec();
    signing.retain(|key| reviews(bank, key));
    ensure(!signing.is_empty(), Rejection::SignersMissing)?;
    let signing = unspent(&signing, &review.spent);
    ensure(!signing.is_empty(), Rejection::OwnPayment)?;
    Ok(signing)
}

/// True if `key` is one of those that review for `bank`.
fn reviews(bank: &Institution, key: &PublicKey) -> bool {
    bank.compliance == *key || bank.operators.keys.binary_search(key).is_ok()
}

/// True if `keys`, which ascend, are a review by `bank`: its compliance key, or as many of its
/// operators' as its policy asks for.
fn is_done(bank: &Institution, keys: &[PublicKey]) -> bool {
    keys.binary_search(&bank.compliance).is_ok() || bank.operators.is_satisfied_by(keys)
}

fn unspent(keys: &[PublicKey], spent: &[PublicKey]) -> Vec<PublicKey> {
    let is_unspent = |key: &&PublicKey| spent.binary_search(key).is_err();
    keys.iter().filter(is_unspent).copied().collect()
}
