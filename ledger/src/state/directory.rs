//! The directory: the few records that nearly every operation reads, decoded once.
//!
//! Invariants: it holds exactly what the state map holds under the same keys; it is shared between
//! states until one changes. Absent: accounts and holdings; there are millions of those.

use borsh::BorshSerialize;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::changes::Changes;
use super::key::StateKey;
use crate::account::{Asset, Institution, NodeRecord};
use crate::fees::FeeSchedule;
use crate::genesis::Parameters;
use crate::governance::{Removal, Upgrade};
use crate::ids::{AssetCode, Bic, Epoch, Height, InstitutionNumber};
use crate::limits::Limits;
use crate::validators::ValidatorSet;

/// Parameters, validators, institutions with their nodes, assets, fee schedules, limits, upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    pub(crate) parameters: Parameters,
    pub(crate) epoch: Epoch,
    pub(crate) validators: Arc<ValidatorSet>,
    pub(crate) institutions: BTreeMap<InstitutionNumber, Institution>,
    pub(crate) removals: BTreeMap<InstitutionNumber, Removal>,
    pub(crate) nodes: BTreeMap<InstitutionNumber, NodeRecord>,
    pub(crate) assets: BTreeMap<AssetCode, Asset>,
    pub(crate) schedules: BTreeMap<InstitutionNumber, FeeSchedule>,
    pub(crate) limits: BTreeMap<InstitutionNumber, Limits>,
    pub(crate) proposals: u64,
    pub(crate) upgrade: Option<Upgrade>,
}

impl Directory {
    pub(crate) const fn new(
        parameters: Parameters,
        epoch: Epoch,
        validators: Arc<ValidatorSet>,
    ) -> Self {
        Self {
            parameters,
            epoch,
            validators,
            institutions: BTreeMap::new(),
            removals: BTreeMap::new(),
            nodes: BTreeMap::new(),
            assets: BTreeMap::new(),
            schedules: BTreeMap::new(),
            limits: BTreeMap::new(),
            proposals: 0,
            upgrade: None,
        }
    }

    /// The network's parameters.
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The epoch of the next block.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The validators that decide the next block.
    pub const fn validators(&self) -> &Arc<ValidatorSet> {
        &self.validators
    }

    /// The institutions, by number; removed ones too.
    pub const fn institutions(&self) -> &BTreeMap<InstitutionNumber, Institution> {
        &self.institutions
    }

    /// The institutions that were removed.
    pub const fn removals(&self) -> &BTreeMap<InstitutionNumber, Removal> {
        &self.removals
    }

    /// The nodes of validators and observers, by institution: who may connect.
    pub const fn nodes(&self) -> &BTreeMap<InstitutionNumber, NodeRecord> {
        &self.nodes
    }

    /// The registered assets, by code.
    pub const fn assets(&self) -> &BTreeMap<AssetCode, Asset> {
        &self.assets
    }

    /// The fee schedules, by institution.
    pub const fn schedules(&self) -> &BTreeMap<InstitutionNumber, FeeSchedule> {
        &self.schedules
    }

    /// The limits, by institution.
    pub const fn limits(&self) -> &BTreeMap<InstitutionNumber, Limits> {
        &self.limits
    }

    /// The member with this BIC; an institution that was removed is none.
    pub fn member_by_bic(&self, bic: Bic) -> Option<InstitutionNumber> {
        let mut members = self.institutions.iter().filter(|(_, member)| member.bic == bic);
        members.find_map(|(number, _)| (!self.removals.contains_key(number)).then_some(*number))
    }

    /// How many proposals there ever were: they are numbered from 1 to this.
    pub const fn proposal_count(&self) -> u64 {
        self.proposals
    }

    /// The upgrade that was last scheduled, due or not.
    pub const fn upgrade(&self) -> Option<Upgrade> {
        self.upgrade
    }

    /// Adds the record of `key` to `changes`, where the block's parent has the directory `before`.
    /// A record whose writing was taken back is not there, or is what it was.
    pub(crate) fn list(&self, before: &Self, key: &StateKey, changes: &mut Changes) {
        match key {
            StateKey::Parameters => changes.set(key, &self.parameters),
            StateKey::ValidatorSet(epoch) if *epoch == self.epoch => {
                changes.set(key, &*self.validators);
            }
            StateKey::ProposalCount => changes.set(key, &self.proposals),
            StateKey::Institution(number) => {
                list(changes, key, self.institutions.get(number), false);
            }
            StateKey::InstitutionByBic(bic) => {
                list(changes, key, self.member_by_bic(*bic).as_ref(), false);
            }
            StateKey::Removal(number) => list(changes, key, self.removals.get(number), false),
            StateKey::Upgrade => list(changes, key, self.upgrade.as_ref(), false),
            StateKey::Asset(code) => list(changes, key, self.assets.get(code), false),
            StateKey::Node(number) => {
                let was = before.nodes.contains_key(number);
                list(changes, key, self.nodes.get(number), was);
            }
            StateKey::FeeSchedule(number) => {
                let was = before.schedules.contains_key(number);
                list(changes, key, self.schedules.get(number), was);
            }
            StateKey::Limits(number) => {
                let was = before.limits.contains_key(number);
                list(changes, key, self.limits.get(number), was);
            }
            StateKey::ValidatorSet(_)
            | StateKey::Supply(_)
            | StateKey::Account(_)
            | StateKey::Holding(..)
            | StateKey::MarkerBucket(_)
            | StateKey::Proposal(_)
            | StateKey::Waiting(_)
            | StateKey::Returns(_)
            | StateKey::Recall(_)
            | StateKey::DayCounter(..)
            | StateKey::Position(..)
            | StateKey::Payees(_)
            | StateKey::Waived(..) => {}
        }
    }

    /// The version of the rules that the block at `height` needs, as far as is scheduled.
    pub fn protocol_at(&self, height: Height) -> u32 {
        self.upgrade.map_or(Upgrade::FIRST, |upgrade| upgrade.protocol_at(height))
    }
}

/// Sets a record that is there, and removes one that `was` there.
fn list<T: BorshSerialize>(changes: &mut Changes, key: &StateKey, record: Option<&T>, was: bool) {
    match record {
        Some(record) => changes.set(key, record),
        None if was => changes.remove(key),
        None => {}
    }
}
