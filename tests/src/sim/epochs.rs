//! The epochs so far, as the nodes of the product have shown them by their final blocks.
//!
//! Invariant: the first word about an epoch holds; that all nodes say the same is what checkers
//! check (agreement, membership). Absent: who asked for a change (the council).

use ledger::certificate::Certificate;
use ledger::chain::Tip;
use ledger::ids::{Epoch, ValidatorIndex};
use ledger::light::EpochChange;
use ledger::validators::ValidatorSet;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::setup::{Setup, seat_of};

/// The validators of each epoch, and how it ended.
#[derive(Clone, Debug)]
pub struct Epochs {
    sets: BTreeMap<Epoch, Arc<ValidatorSet>>,
    changes: BTreeMap<Epoch, EpochChange>,
}

impl Epochs {
    /// Epoch 0.
    pub fn new(setup: &Setup) -> Self {
        let first = (Epoch(0), Arc::new(setup.validators.clone()));
        Self { sets: BTreeMap::from([first]), changes: BTreeMap::new() }
    }

    /// A node of the product has a final block, and maybe its finalization.
    pub fn note(&mut self, tip: &Tip, certificate: Option<&Certificate>) {
        let epoch = tip.child_epoch();
        self.sets.entry(epoch).or_insert_with(|| Arc::clone(tip.child_validators()));
        if let (true, Some(certificate)) = (tip.header().ends_epoch(), certificate) {
            let (header, certificate) = (tip.header().clone(), certificate.clone());
            let next = tip.child_validators().as_ref().clone();
            let change = EpochChange { header, certificate, next };
            self.changes.entry(tip.header().epoch).or_insert(change);
        }
    }

    /// The validators of an epoch that has begun.
    pub fn validators(&self, epoch: Epoch) -> Option<&Arc<ValidatorSet>> {
        self.sets.get(&epoch)
    }

    /// The seat of a validator.
    pub fn seat(&self, epoch: Epoch, index: ValidatorIndex) -> Option<usize> {
        let validator = self.validators(epoch)?.get(index)?;
        Some(seat_of(validator.institution))
    }

    /// True if the end of every epoch before this one was seen with its finalization.
    pub fn knows_changes_before(&self, epoch: Epoch) -> bool {
        let ended = self.changes.range(..epoch).count();
        u64::try_from(ended).is_ok_and(|ended| ended == epoch.0)
    }

    /// How the epochs from the first up to the second ended, as far as is known.
    pub fn changes(&self, from: Epoch, to: Epoch) -> Vec<EpochChange> {
        if from >= to {
            return Vec::new();
        }
        self.changes.range(from..to).map(|(_, change)| change.clone()).collect()
    }
}
