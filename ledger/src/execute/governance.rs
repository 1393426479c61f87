//! Governance: proposing a change of the network, voting on it, and enacting it.
//!
//! Who governs is asked of the present epoch's validators, whatever earlier operations of the block
//! changed: a change of validators takes effect with the next block.

use std::sync::Arc;

use super::scene::{Effect, Scene, ensure};
use crate::governance::{Ballot, Change, Circumstances, Decision, Proposal};
use crate::ids::{InstitutionNumber, ProposalNumber, Timestamp};
use crate::receipt::Outcome;
use crate::rejection::Rejection;

/// Records a proposal, with its proposer's approval.
pub(super) fn propose(
    scene: &mut Scene<'_, '_>,
    proposer: InstitutionNumber,
    change: &Change,
    expires: Timestamp,
) -> Result<Effect, Rejection> {
    ensure_known(scene, proposer)?;
    let is_known = |number| scene.institution(number).is_some();
    ensure(change.institutions().all(is_known), Rejection::UnknownInstitution)?;
    ensure_governs(scene, proposer)?;
    let time = scene.working.time;
    let latest = time.plus(Proposal::MAXIMUM_AHEAD);
    ensure(time <= expires && expires <= latest, Rejection::ProposalExpired)?;
    scene.ensure_members(&[proposer])?;
    effects(scene, change)?;
    let number = ProposalNumber(scene.directory.proposals).next();

    // After this point the operation must succeed.
    let proposal = Proposal {
        proposer,
        change: change.clone(),
        height: scene.working.height,
        expires,
        ballots: vec![Ballot { institution: proposer, approve: true }],
        decision: None,
    };
    scene.working.put_proposal(number, Arc::new(proposal));
    scene.working.count_proposal(number);
    Ok(Effect { outcome: Outcome::Proposed(number), entries: Vec::new() })
}

/// Records a vote, and that the proposal is refused if no quorum is left for it.
pub(super) fn vote(
    scene: &mut Scene<'_, '_>,
    voter: InstitutionNumber,
    number: ProposalNumber,
    approve: bool,
) -> Result<Effect, Rejection> {
    let mut proposal = ensure_open(scene, voter, number)?;
    ensure(proposal.ballot(voter).is_none(), Rejection::AlreadyVoted)?;
    scene.ensure_members(&[voter])?;

    // After this point the operation must succeed.
    let governing = scene.working.governing();
    let changed = Arc::make_mut(&mut proposal);
    changed.ballots.retain(|ballot| governing.of(ballot.institution).is_some());
    changed.ballots.push(Ballot { institution: voter, approve });
    changed.ballots.sort_by_key(|ballot| ballot.institution);
    if changed.tally(governing).is_refused() {
        changed.decision = Some(Decision::Refused(scene.working.height));
    }
    scene.working.put_proposal(number, proposal);
    Ok(Effect::DONE)
}

/// Brings a change about.
pub(super) fn enact(
    scene: &mut Scene<'_, '_>,
    institution: InstitutionNumber,
    number: ProposalNumber,
) -> Result<Effect, Rejection> {
    let mut proposal = ensure_open(scene, institution, number)?;
    let governing = scene.working.governing();
    ensure(proposal.tally(governing).is_approved(), Rejection::NotApproved)?;
    let ends_epoch = proposal.change.ends_epoch();
    ensure(!(ends_epoch && scene.working.is_epoch_ending()), Rejection::EpochEnding)?;
    scene.ensure_members(&[institution])?;
    let effects = effects(scene, &proposal.change)?;

    // After this point the operation must succeed.
    for effect in effects {
        scene.working.apply(effect);
    }
    Arc::make_mut(&mut proposal).decision = Some(Decision::Enacted(scene.working.height));
    scene.working.put_proposal(number, proposal);
    Ok(Effect::DONE)
}

/// What `change` would do now, or the first reason against it.
fn effects(
    scene: &mut Scene<'_, '_>,
    change: &Change,
) -> Result<Vec<crate::governance::Effect>, Rejection> {
    let directory = Arc::clone(&scene.directory);
    let (governing, height) = (scene.working.governing(), scene.working.height);
    let mut is_outstanding = |asset| {
        let supply = scene.working.supply(asset);
        supply.issued != supply.redeemed
    };
    let is_outstanding = &mut is_outstanding;
    Circumstances { directory: &directory, governing, height, is_outstanding }.effects(change)
}

/// Checks who acts on a proposal, and that it is not decided; gives it.
fn ensure_open(
    scene: &mut Scene<'_, '_>,
    institution: InstitutionNumber,
    number: ProposalNumber,
) -> Result<Arc<Proposal>, Rejection> {
    ensure_known(scene, institution)?;
    ensure_governs(scene, institution)?;
    let proposal = scene.working.proposal(number).ok_or(Rejection::UnknownProposal)?;
    ensure(proposal.decision.is_none(), Rejection::ProposalClosed)?;
    ensure(scene.working.time <= proposal.expires, Rejection::ProposalExpired)?;
    Ok(proposal)
}

/// Refuses if the institution is there and its operators did not sign, or if it is not there.
fn ensure_known(scene: &Scene<'_, '_>, number: InstitutionNumber) -> Result<(), Rejection> {
    let institution = scene.institution(number);
    scene.ensure_signed(institution.map(|institution| &institution.operators))?;
    ensure(institution.is_some(), Rejection::UnknownInstitution)
}

fn ensure_governs(scene: &Scene<'_, '_>, number: InstitutionNumber) -> Result<(), Rejection> {
    ensure(scene.working.governing().of(number).is_some(), Rejection::NotPermitted)
}
