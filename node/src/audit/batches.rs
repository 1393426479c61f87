//! The batches of an audited log: verified when they are read, or as soon as their epoch is known.
//!
//! Invariants: a batch is given out only if its owner's signature, its payload's hash and every
//! client's signature hold. What was ordered is forgotten, so memory stays bounded by what waits.
//! Absent: execution.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::block::{Batch, Cut, LaneTip};
use ledger::hash::{Domains, Hash};
use ledger::ids::{Epoch, ValidatorIndex};
use ledger::validators::ValidatorSet;

use crate::core::lanes::HeldBatch;
use crate::core::verification::{VerificationJob, VerificationResult};
use crate::log::Position;

/// A batch and where it lies.
pub(super) type Placed = (Position, Arc<HeldBatch>);

/// What was read so far.
pub(super) struct Batches {
    domains: Domains,
    sets: BTreeMap<Epoch, Arc<ValidatorSet>>,
    verified: BTreeMap<Hash, Placed>,
    /// Batches of epochs whose validators are not known yet.
    waiting: Vec<(Position, Batch)>,
    /// How many were verified.
    pub(super) count: u64,
}

impl Batches {
    pub(super) const fn new(domains: Domains) -> Self {
        Self {
            domains,
            sets: BTreeMap::new(),
            verified: BTreeMap::new(),
            waiting: Vec::new(),
            count: 0,
        }
    }

    /// The chain's hash keys.
    pub(super) const fn domains(&self) -> &Domains {
        &self.domains
    }

    /// The validators of an epoch, once they are known.
    pub(super) fn set(&self, epoch: Epoch) -> Option<&Arc<ValidatorSet>> {
        self.sets.get(&epoch)
    }

    /// Takes note of an epoch's validators; checks the batches that waited for them. The error says
    /// what is wrong with a batch, and where it lies.
    pub(super) fn know(
        &mut self,
        epoch: Epoch,
        set: &Arc<ValidatorSet>,
    ) -> Result<(), (Position, String)> {
        if self.sets.contains_key(&epoch) {
            return Ok(());
        }
        self.sets.insert(epoch, set.clone());
        for (position, batch) in std::mem::take(&mut self.waiting) {
            self.add(position, batch).map_err(|wrong| (position, wrong))?;
        }
        Ok(())
    }

    /// Takes a batch in. The error says what is wrong with it.
    pub(super) fn add(&mut self, position: Position, batch: Batch) -> Result<(), String> {
        let header = &batch.header;
        let (lane, sequence, epoch) = (header.lane, header.sequence, header.epoch);
        let Some(set) = self.sets.get(&epoch) else {
            self.waiting.push((position, batch));
            return Ok(());
        };
        let owner = set.get(lane).map(|validator| validator.key);
        let owner =
            owner.ok_or_else(|| format!("a batch of lane {}, which is nobody's", lane.0))?;
        let job = VerificationJob::Batch { batch, owner };
        let VerificationResult::Batch(Some(held)) = job.run(&self.domains) else {
            let lane = lane.0;
            return Err(format!("batch {sequence} of lane {lane} does not bear valid signatures"));
        };
        self.count = self.count.saturating_add(1);
        self.verified.insert(held.hash, (position, Arc::new(held)));
        Ok(())
    }

    /// The batches that `to` orders beyond `from`, in the order of execution. The error names one
    /// that the log does not hold.
    pub(super) fn between(&self, from: &Cut, to: &Cut) -> Result<Vec<Placed>, String> {
        let mut ordered = Vec::new();
        for ((lane, from), to) in (0_u16..).map(ValidatorIndex).zip(&from.0).zip(&to.0) {
            let start = ordered.len();
            let mut tip = *to;
            while tip.sequence > from.sequence {
                let placed = self.find(lane, tip).ok_or_else(|| {
                    format!("batch {} of lane {} is not in the log", tip.sequence, lane.0)
                })?;
                tip = LaneTip {
                    sequence: tip.sequence.saturating_sub(1),
                    batch: placed.1.header.parent,
                };
                ordered.push(placed.clone());
            }
            if tip != *from {
                return Err(format!("lane {} does not follow the block before", lane.0));
            }
            if let Some(added) = ordered.get_mut(start..) {
                added.reverse();
            }
        }
        Ok(ordered)
    }

    /// Forgets what a final block of an epoch has ordered or passed by.
    pub(super) fn forget(&mut self, epoch: Epoch, cut: &Cut) {
        self.verified.retain(|_, (_, held)| {
            let header = &held.header;
            let is_ordered = header.sequence <= cut.tip(header.lane).sequence;
            header.epoch > epoch || (header.epoch == epoch && !is_ordered)
        });
    }

    fn find(&self, lane: ValidatorIndex, tip: LaneTip) -> Option<&Placed> {
        let found = self.verified.get(&tip.batch);
        found.filter(|(_, held)| held.header.lane == lane && held.header.sequence == tip.sequence)
    }
}
