//! A rehearsal: what a change would do, and whether those who are live could still decide blocks.
//!
//! The ledger refuses what would halt the chain by its own rules. Whether a sound set of validators
//! also answers is no matter of the ledger; a rehearsal compares it with who answers now, before
//! anybody proposes.
//!
//! Invariants: a rehearsal runs the very checks of the enactment, and changes nothing. Absent: who
//! is live (the node says so), whether a new voting key is in its place.

use std::collections::BTreeSet;

use super::{Change, Circumstances, Upgrade};
use crate::ids::{Height, InstitutionNumber};
use crate::rejection::Rejection;
use crate::state::State;
use crate::validators::ValidatorSet;

/// A set of validators, and how many of them are live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    /// The set.
    pub validators: ValidatorSet,
    /// Those of its institutions that are live, ascending.
    pub live: BTreeSet<InstitutionNumber>,
}

impl Committee {
    fn of(validators: &ValidatorSet, live: &BTreeSet<InstitutionNumber>) -> Self {
        let institutions = validators.iter().map(|(_, validator)| validator.institution);
        let live = institutions.filter(|institution| live.contains(institution)).collect();
        Self { validators: validators.clone(), live }
    }

    /// How many more must be live to decide blocks; 0 if they can.
    pub fn missing(&self) -> usize {
        self.validators.quorum().saturating_sub(self.live.len())
    }

    /// How many of those who are live may fail before nothing is decided any more.
    pub fn spare(&self) -> usize {
        self.live.len().saturating_sub(self.validators.quorum())
    }
}

/// What a rehearsal comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Those who are live decide blocks after the change too.
    Safe,
    /// They do not: blocks stop until that many more validators are live.
    WouldHalt {
        /// How many are missing.
        missing: usize,
    },
    /// Blocks stop before this height until a quorum runs a version that this program is not.
    WouldHaltAt {
        /// The first block that needs it.
        height: Height,
        /// The version.
        protocol: u32,
    },
    /// The ledger refuses the change.
    Refused(Rejection),
}

/// What a change would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// The verdict.
    pub verdict: Verdict,
    /// The validators now.
    pub before: Committee,
    /// The validators after the change; those of now if it is refused or changes none.
    pub after: Committee,
    /// The institutions whose validators would sign with a key that never signed before: they count
    /// as live by what their nodes do now.
    pub new_keys: BTreeSet<InstitutionNumber>,
}

/// Rehearses `change` on the state before the block of `height`, where `live` are the institutions
/// whose nodes answer now, observers included: a new validator's node should be one of them.
pub fn rehearse(
    state: &State,
    height: Height,
    change: &Change,
    live: &BTreeSet<InstitutionNumber>,
) -> Rehearsal {
    let present = state.directory().validators();
    let before = Committee::of(present, live);
    match after(state, height, change) {
        Err(rejection) => {
            let (verdict, after) = (Verdict::Refused(rejection), before.clone());
            Rehearsal { verdict, before, after, new_keys: BTreeSet::new() }
        }
        Ok((next, upgrade)) => {
            let after = Committee::of(&next, live);
            let is_new = |key| present.index_of(key).is_none();
            let entering = next.iter().filter(|(_, validator)| is_new(&validator.key));
            let new_keys = entering.map(|(_, validator)| validator.institution).collect();
            let verdict = match (after.missing(), upgrade) {
                (0, None) => Verdict::Safe,
                (0, Some(Upgrade { height, protocol, .. })) => {
                    Verdict::WouldHaltAt { height, protocol }
                }
                (missing, _) => Verdict::WouldHalt { missing },
            };
            Rehearsal { verdict, before, after, new_keys }
        }
    }
}

/// The validators after the change, and the upgrade that it schedules if this program is too old
/// for it.
fn after(
    state: &State,
    height: Height,
    change: &Change,
) -> Result<(ValidatorSet, Option<Upgrade>), Rejection> {
    let directory = state.directory();
    let is_known = |number| directory.institutions.contains_key(&number);
    if !change.institutions().all(is_known) {
        return Err(Rejection::UnknownInstitution);
    }
    let mut is_outstanding =
        |asset| state.supply(asset).is_some_and(|supply| supply.issued != supply.redeemed);
    let governing = directory.validators();
    let is_outstanding = &mut is_outstanding;
    let effects = Circumstances { directory, governing, height, is_outstanding }.effects(change)?;
    let mut directory = directory.clone();
    for effect in effects {
        directory.apply(effect);
    }
    let is_upgrade = matches!(change, Change::ScheduleUpgrade { .. });
    let is_ahead = |upgrade: &Upgrade| is_upgrade && upgrade.protocol > crate::PROTOCOL;
    let upgrade = directory.upgrade.filter(is_ahead);
    Ok(((*directory.validators).clone(), upgrade))
}
