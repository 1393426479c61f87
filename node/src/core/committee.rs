//! The validators that decide the next block, and this node's place among them.
//!
//! Invariants: peers are named by their institutions everywhere in the core; only what the replica
//! and the lanes say is translated, here, because indexes change with the epoch. A node is a
//! validator of an epoch if the epoch's set names one of its voting keys, and else an observer.
//! Absent: who may connect (the ledger's node records say).

use consensus::Identity;
use ledger::chain::Tip;
use ledger::crypto::SecretKey;
use ledger::ids::{Epoch, InstitutionNumber, ValidatorIndex};
use ledger::validators::ValidatorSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One epoch's validators, as this node sees them.
#[derive(Clone, Debug)]
pub struct Committee {
    epoch: Epoch,
    validators: Arc<ValidatorSet>,
    indexes: BTreeMap<InstitutionNumber, ValidatorIndex>,
    own: Option<Identity>,
}

impl Committee {
    /// The validators of the block after `tip`; this node signs with that of its `keys` which they
    /// name.
    pub fn after(tip: &Tip, keys: &[SecretKey]) -> Self {
        let validators = Arc::clone(tip.child_validators());
        let indexes = validators.iter().map(|(index, one)| (one.institution, index)).collect();
        let own = keys.iter().find_map(|key| {
            let index = validators.index_of(&key.public())?;
            Some(Identity { index, key: key.clone() })
        });
        Self { epoch: tip.child_epoch(), validators, indexes, own }
    }

    /// The epoch.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The validators.
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// This node's place and voting key; `None` for an observer.
    pub const fn own(&self) -> Option<&Identity> {
        self.own.as_ref()
    }

    /// This node's index; `None` for an observer.
    pub fn me(&self) -> Option<ValidatorIndex> {
        self.own.as_ref().map(|own| own.index)
    }

    /// The institution of a validator.
    pub fn institution(&self, index: ValidatorIndex) -> Option<InstitutionNumber> {
        self.validators.get(index).map(|validator| validator.institution)
    }

    /// The index of an institution's validator.
    pub fn index_of(&self, institution: InstitutionNumber) -> Option<ValidatorIndex> {
        self.indexes.get(&institution).copied()
    }

    /// The other validators' institutions, in the order of their indexes.
    pub fn others(&self) -> impl Iterator<Item = InstitutionNumber> {
        let me = self.me();
        let others = self.validators.iter().filter(move |(index, _)| Some(*index) != me);
        others.map(|(_, validator)| validator.institution)
    }
}
