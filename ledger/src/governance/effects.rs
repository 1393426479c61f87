//! What a change does to the network, and why it may not.
//!
//! Invariants: one code path decides for proposing, enacting and rehearsing; effects leave 1 to 128
//! validators, one per institution, no key in two places, parameters within their bounds, and an
//! upgrade ahead. Absent: who may ask for it (see `execute`).

use std::collections::BTreeSet;

use super::{Change, Removal, Upgrade};
use crate::account::{Institution, NodeRecord};
use crate::crypto::PublicKey;
use crate::genesis::Parameters;
use crate::ids::{AssetCode, Height, InstitutionNumber};
use crate::rejection::Rejection;
use crate::state::{Directory, StateKey};
use crate::validators::{Validator, ValidatorSet};

/// A record that a change writes or takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A new institution, or what is different about one.
    Institution(InstitutionNumber, Institution),
    /// An institution is no member any more.
    Removal(InstitutionNumber, Removal),
    /// An institution's node, or that it has none.
    Node(InstitutionNumber, Option<NodeRecord>),
    /// An institution charges nothing any more.
    NoSchedule(InstitutionNumber),
    /// An institution has no limits any more.
    NoLimits(InstitutionNumber),
    /// The validators of the next epoch.
    Validators(ValidatorSet),
    /// Other parameters.
    Parameters(Parameters),
    /// A schedule.
    Upgrade(Upgrade),
}

/// What a change meets.
pub(crate) struct Circumstances<'a> {
    /// The network as it is now.
    pub(crate) directory: &'a Directory,
    /// The validators of the present epoch.
    pub(crate) governing: &'a ValidatorSet,
    /// The block that would execute it.
    pub(crate) height: Height,
    /// Whether more of an asset was issued than redeemed.
    pub(crate) is_outstanding: &'a mut dyn FnMut(AssetCode) -> bool,
}

fn ensure(holds: bool, rejection: Rejection) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(rejection) }
}

impl Circumstances<'_> {
    /// What `change` does. The institutions that it names exist.
    ///
    /// # Errors
    /// [`Rejection`]: the first reason against it.
    pub(crate) fn effects(&mut self, change: &Change) -> Result<Vec<Effect>, Rejection> {
        let removals = &self.directory.removals;
        let is_removed = |institution| removals.contains_key(&institution);
        ensure(!change.institutions().any(is_removed), Rejection::InstitutionRemoved)?;
        match change {
            Change::AdmitInstitution { institution, node } => self.admit(institution, node.clone()),
            Change::RemoveInstitution { institution } => self.remove(*institution),
            Change::AddValidator { institution, voting_key, node } => {
                self.ensure_no_validator(*institution)?;
                self.ensure_free(Some(*institution), &[*voting_key, node.node_key])?;
                self.seat(*institution, *voting_key, node, self.validators())
            }
            Change::RemoveValidator { institution } => {
                self.ensure_validator(*institution)?;
                let set = set_of(self.without(*institution))?;
                Ok(vec![Effect::Validators(set), self.role(*institution, false)?])
            }
            Change::ReplaceValidator { leaving, entering, voting_key, node } => {
                self.ensure_validator(*leaving)?;
                self.ensure_no_validator(*entering)?;
                self.ensure_free(Some(*entering), &[*voting_key, node.node_key])?;
                let mut effects =
                    self.seat(*entering, *voting_key, node, self.without(*leaving))?;
                effects.push(self.role(*leaving, false)?);
                Ok(effects)
            }
            Change::RotateValidatorKey { institution, voting_key } => {
                self.rotate(*institution, *voting_key)
            }
            Change::SetNode { institution, node } => self.set_node(*institution, node.clone()),
            Change::SetParameters(parameters) => self.set_parameters(*parameters),
            Change::ScheduleUpgrade { height, protocol } => self.schedule(*height, *protocol),
        }
    }

    fn admit(
        &self,
        institution: &Institution,
        node: Option<NodeRecord>,
    ) -> Result<Vec<Effect>, Rejection> {
        let known = self.directory.member_by_bic(institution.bic);
        ensure(known.is_none(), Rejection::InstitutionExists)?;
        let mut keys = institution.operators.keys.clone();
        keys.push(institution.compliance);
        keys.extend(node.as_ref().map(|node| node.node_key));
        self.ensure_free(None, &keys)?;
        let last = self.directory.institutions.last_key_value().map_or(0, |(number, _)| number.0);
        let next = last.checked_add(1).map(InstitutionNumber).ok_or(Rejection::InternalDefect)?;
        let mut effects = vec![Effect::Institution(next, institution.clone())];
        effects.extend(node.map(|node| Effect::Node(next, Some(node))));
        Ok(effects)
    }

    fn remove(&mut self, institution: InstitutionNumber) -> Result<Vec<Effect>, Rejection> {
        self.ensure_no_validator(institution)?;
        let assets = self.directory.assets.iter();
        let own = assets.filter(|(_, asset)| asset.issuer == institution).map(|(code, _)| *code);
        for asset in own {
            ensure(!(self.is_outstanding)(asset), Rejection::SupplyOutstanding)?;
        }
        let mut effects = vec![Effect::Removal(institution, Removal { height: self.height })];
        if self.directory.nodes.contains_key(&institution) {
            effects.push(Effect::Node(institution, None));
        }
        if self.directory.schedules.contains_key(&institution) {
            effects.push(Effect::NoSchedule(institution));
        }
        if self.directory.limits.contains_key(&institution) {
            effects.push(Effect::NoLimits(institution));
        }
        Ok(effects)
    }

    fn rotate(
        &self,
        institution: InstitutionNumber,
        key: PublicKey,
    ) -> Result<Vec<Effect>, Rejection> {
        self.ensure_validator(institution)?;
        self.ensure_free(None, &[key])?;
        let mut validators = self.validators();
        for validator in &mut validators {
            if validator.institution == institution {
                validator.key = key;
            }
        }
        Ok(vec![Effect::Validators(set_of(validators)?)])
    }

    fn set_node(
        &self,
        institution: InstitutionNumber,
        node: Option<NodeRecord>,
    ) -> Result<Vec<Effect>, Rejection> {
        match &node {
            Some(node) => self.ensure_free(Some(institution), &[node.node_key])?,
            None => self.ensure_no_validator(institution)?,
        }
        Ok(vec![Effect::Node(institution, node)])
    }

    fn set_parameters(&self, parameters: Parameters) -> Result<Vec<Effect>, Rejection> {
        let present = &self.directory.parameters;
        let keeps_markers = parameters.marker_bucket_ms == present.marker_bucket_ms
            && parameters.marker_buckets_kept <= present.marker_buckets_kept;
        let is_sound = parameters.defect().is_none() && keeps_markers;
        ensure(is_sound, Rejection::ParametersRefused)?;
        Ok(vec![Effect::Parameters(parameters)])
    }

    fn schedule(&self, height: Height, protocol: u32) -> Result<Vec<Effect>, Rejection> {
        let before = self.directory.protocol_at(self.height);
        let is_next = before.checked_add(1) == Some(protocol);
        ensure(height > self.height && is_next, Rejection::UpgradeRefused)?;
        Ok(vec![Effect::Upgrade(Upgrade { before, height, protocol })])
    }

    /// The effects of adding the validator of `institution` to `others`.
    fn seat(
        &self,
        institution: InstitutionNumber,
        key: PublicKey,
        node: &NodeRecord,
        mut others: Vec<Validator>,
    ) -> Result<Vec<Effect>, Rejection> {
        let record = self.directory.institutions.get(&institution);
        let bic = record.ok_or(Rejection::UnknownInstitution)?.bic;
        let place = others.partition_point(|validator| validator.institution < institution);
        others.insert(place, Validator { institution, bic, key });
        let validators = Effect::Validators(set_of(others)?);
        let node = Effect::Node(institution, Some(node.clone()));
        Ok(vec![validators, node, self.role(institution, true)?])
    }

    /// The institution's record with the validator's role or without it.
    fn role(&self, institution: InstitutionNumber, validator: bool) -> Result<Effect, Rejection> {
        let record = self.directory.institutions.get(&institution);
        let mut record = record.ok_or(Rejection::UnknownInstitution)?.clone();
        record.roles.validator = validator;
        Ok(Effect::Institution(institution, record))
    }

    /// The validators that decide the next block, as far as is known.
    fn validators(&self) -> Vec<Validator> {
        self.directory.validators.iter().map(|(_, validator)| validator.clone()).collect()
    }

    fn without(&self, institution: InstitutionNumber) -> Vec<Validator> {
        let mut validators = self.validators();
        validators.retain(|validator| validator.institution != institution);
        validators
    }

    fn ensure_validator(&self, institution: InstitutionNumber) -> Result<(), Rejection> {
        ensure(self.directory.validators.of(institution).is_some(), Rejection::NotValidator)
    }

    /// Refuses if the institution has a validator now, or in the epoch that begins with the next
    /// block.
    fn ensure_no_validator(&self, institution: InstitutionNumber) -> Result<(), Rejection> {
        let sets = [self.governing, &self.directory.validators];
        let has_one = sets.iter().any(|set| set.of(institution).is_some());
        ensure(!has_one, Rejection::ValidatorExists)
    }

    /// Refuses if one of `keys` has a place already, or is among them twice. The network key of
    /// `node_of` may stay what it is.
    fn ensure_free(
        &self,
        node_of: Option<InstitutionNumber>,
        keys: &[PublicKey],
    ) -> Result<(), Rejection> {
        let mut taken = BTreeSet::new();
        for institution in self.directory.institutions.values() {
            taken.extend(institution.operators.keys.iter().chain([&institution.compliance]));
        }
        let others = self.directory.nodes.iter().filter(|(number, _)| Some(**number) != node_of);
        taken.extend(others.map(|(_, node)| &node.node_key));
        for set in [self.governing, &self.directory.validators] {
            taken.extend(set.iter().map(|(_, validator)| &validator.key));
        }
        let mut keys = keys.iter();
        ensure(keys.all(|key| taken.insert(key)), Rejection::KeyInUse)
    }
}

fn set_of(validators: Vec<Validator>) -> Result<ValidatorSet, Rejection> {
    ValidatorSet::new(validators).map_err(|_| Rejection::ValidatorCount)
}

impl Directory {
    /// Writes `effect`; names the records that are different now.
    pub(crate) fn apply(&mut self, effect: Effect) -> Vec<StateKey> {
        match effect {
            Effect::Institution(number, institution) => {
                let keys =
                    [StateKey::Institution(number), StateKey::InstitutionByBic(institution.bic)];
                self.institutions.insert(number, institution);
                keys.to_vec()
            }
            Effect::Removal(number, removal) => {
                self.removals.insert(number, removal);
                vec![StateKey::Removal(number)]
            }
            Effect::Node(number, Some(node)) => {
                self.nodes.insert(number, node);
                vec![StateKey::Node(number)]
            }
            Effect::Node(number, None) => {
                self.nodes.remove(&number);
                vec![StateKey::Node(number)]
            }
            Effect::NoSchedule(number) => {
                self.schedules.remove(&number);
                vec![StateKey::FeeSchedule(number)]
            }
            Effect::NoLimits(number) => {
                self.limits.remove(&number);
                vec![StateKey::Limits(number)]
            }
            Effect::Validators(validators) => {
                self.epoch = self.epoch.next();
                self.validators = validators.into();
                vec![StateKey::ValidatorSet(self.epoch)]
            }
            Effect::Parameters(parameters) => {
                self.parameters = parameters;
                vec![StateKey::Parameters]
            }
            Effect::Upgrade(upgrade) => {
                self.upgrade = Some(upgrade);
                vec![StateKey::Upgrade]
            }
        }
    }
}
