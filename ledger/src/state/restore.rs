//! The whole state as a flat list, and back: checkpoints and snapshots.
//!
//! Invariants: a restored state has the root of the one that was listed, in whatever order the
//! entries come; an entry that is no record of the ledger is refused. Absent: files, chunks, and
//! the comparison with a certified header; the caller does that with [`State::root`].

use borsh::BorshDeserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::State;
use super::deadlines::Deadlines;
use super::directory::Directory;
use super::key::{BucketSummary, FlatKey, Marker, StateKey, marker_prefix};
use super::marker_proof::summary;
use super::parts::Part;
use super::queue::Queue;
use crate::account::{Account, Asset, Holding, Institution, NodeRecord, Supply};
use crate::corrections::{Recall, Returns};
use crate::fees::FeeSchedule;
use crate::genesis::Parameters;
use crate::governance::{Proposal, Removal, Upgrade};
use crate::hash::Domains;
use crate::ids::{Epoch, InstitutionNumber};
use crate::limits::{DayCounter, KnownPayees, Limits, Position};
use crate::tree::{ChunkEntry, Tree};
use crate::validators::ValidatorSet;
use crate::waiting::Waiting;

/// How many entries are gathered at least before a tree takes them in: as many as it has already,
/// so that however large it becomes, each of its nodes is hashed a few times only.
const BATCH: u64 = 65_536;

/// Why a list of entries is not a state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A key is not one of the ledger's.
    #[error("an entry has an unknown key ({key}). Fetch the snapshot again")]
    Key {
        /// The key, in hexadecimal.
        key: String,
    },
    /// A value is not what its key asks for.
    #[error("the value of {key:?} is malformed. Fetch the snapshot again")]
    Value {
        /// Whose value.
        key: FlatKey,
    },
    /// A bucket's markers are not those of its summary.
    #[error("the markers of bucket {bucket} are not complete. Fetch the snapshot again")]
    Bucket {
        /// Which bucket.
        bucket: u64,
    },
    /// There are no parameters, or no validators.
    #[error("the snapshot has no parameters or no validators. Fetch it again, whole")]
    Incomplete,
}

/// One entry of a flat list: key and value.
type Entry = (Vec<u8>, Vec<u8>);

impl State {
    /// Every entry of the state as a flat list (key, value), markers included, in an order that is
    /// the same on every machine.
    pub fn entries(&self) -> impl Iterator<Item = (Vec<u8>, &[u8])> {
        let records = self.map.iter().map(|(key, value)| (key.to_vec(), value));
        let markers = self.buckets.iter().flat_map(|(bucket, tree)| {
            let flat = |key: &[u8]| [marker_prefix(*bucket).as_slice(), key].concat();
            tree.iter().map(move |(key, value)| (flat(key), value))
        });
        records.chain(markers)
    }

    /// How many entries [`State::entries`] gives.
    pub fn entry_count(&self) -> u64 {
        self.buckets.values().fold(self.map.len(), |sum, tree| sum.saturating_add(tree.len()))
    }

    /// Builds the state of a flat list. Compare its root with a certified header before it is used.
    ///
    /// # Errors
    /// [`RestoreError`] if an entry is malformed, or markers do not fit their bucket's summary.
    pub fn restore(
        domains: &Domains,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<Self, RestoreError> {
        let mut restoration = Restoration::new(domains);
        for (key, value) in entries {
            restoration.take(key, value)?;
        }
        restoration.finish()
    }
}

/// A state in the making, from entries or from a snapshot's chunks in whatever order.
pub struct Restoration {
    domains: Domains,
    map: Growing,
    buckets: BTreeMap<u64, Growing>,
    parameters: Option<Parameters>,
    validators: Option<(Epoch, ValidatorSet)>,
    directory: Vec<(StateKey, Vec<u8>)>,
    announced: BTreeMap<u64, BucketSummary>,
    deadlines: Deadlines,
    recall_deadlines: Deadlines,
    queue: Queue,
}

/// A tree in the making.
#[derive(Default)]
struct Growing {
    tree: Tree,
    waiting: Vec<Entry>,
}

impl Growing {
    fn take(&mut self, domains: &Domains, key: Vec<u8>, value: Vec<u8>) {
        self.waiting.push((key, value));
        let waiting = u64::try_from(self.waiting.len()).unwrap_or(u64::MAX);
        if waiting >= self.tree.len().max(BATCH) {
            self.settle(domains);
        }
    }

    fn settle(&mut self, domains: &Domains) {
        let changes = self.waiting.iter().map(|(key, value)| (&key[..], Some(&value[..])));
        self.tree.update(domains, changes);
        self.waiting.clear();
    }

    fn finish(mut self, domains: &Domains) -> Tree {
        self.settle(domains);
        self.tree
    }
}

impl Restoration {
    /// A state without entries.
    pub fn new(domains: &Domains) -> Self {
        Self {
            domains: domains.clone(),
            map: Growing::default(),
            buckets: BTreeMap::new(),
            parameters: None,
            validators: None,
            directory: Vec::new(),
            announced: BTreeMap::new(),
            deadlines: Deadlines::new(),
            recall_deadlines: Deadlines::new(),
            queue: Queue::new(),
        }
    }

    /// Takes in an entry of the flat list.
    ///
    /// # Errors
    /// [`RestoreError::Key`] or [`RestoreError::Value`] for what is no record of the ledger.
    pub fn take(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), RestoreError> {
        let hexadecimal = || key.iter().map(|byte| format!("{byte:02x}")).collect();
        let read = FlatKey::decode(&key).ok_or_else(|| RestoreError::Key { key: hexadecimal() })?;
        if !value_fits(&read, &value) {
            return Err(RestoreError::Value { key: read });
        }
        match read {
            FlatKey::Marker { bucket, .. } => {
                let key = key.get(marker_prefix(bucket).len()..).unwrap_or_default().to_vec();
                self.buckets.entry(bucket).or_default().take(&self.domains, key, value);
            }
            FlatKey::Record(record) => {
                self.note(record, &value);
                self.map.take(&self.domains, key, value);
            }
        }
        Ok(())
    }

    /// Takes in the entries of a verified chunk of `part`.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_chunk(&mut self, part: Part, entries: &[ChunkEntry]) -> Result<(), RestoreError> {
        entries.iter().try_for_each(|ChunkEntry { key, value }| {
            let key = match part {
                Part::Map => key.clone(),
                Part::Markers(bucket) => [marker_prefix(bucket).as_slice(), key].concat(),
            };
            self.take(key, value.clone())
        })
    }

    /// The buckets of markers that the map's records so far announce.
    pub const fn announced(&self) -> &BTreeMap<u64, BucketSummary> {
        &self.announced
    }

    /// Remembers what the directory and the order of deadlines need.
    fn note(&mut self, key: StateKey, value: &[u8]) {
        match key {
            StateKey::Parameters => self.parameters = borsh::from_slice(value).ok(),
            StateKey::MarkerBucket(bucket) => {
                if let Ok(summary) = borsh::from_slice(value) {
                    self.announced.insert(bucket, summary);
                }
            }
            StateKey::ValidatorSet(epoch) => {
                if self.validators.as_ref().is_none_or(|(latest, _)| *latest < epoch) {
                    self.validators = borsh::from_slice(value).ok().map(|set| (epoch, set));
                }
            }
            StateKey::Waiting(payment) => {
                if let Ok(waiting) = borsh::from_slice::<Waiting>(value) {
                    self.deadlines.insert(waiting.deadline, payment);
                    self.queue.note(payment, None, Some(&waiting));
                }
            }
            StateKey::Recall(payment) => {
                if let Ok(recall) = borsh::from_slice::<Recall>(value) {
                    self.recall_deadlines.insert(recall.deadline, payment);
                }
            }
            StateKey::Institution(_)
            | StateKey::Removal(_)
            | StateKey::Node(_)
            | StateKey::Asset(_)
            | StateKey::FeeSchedule(_)
            | StateKey::Limits(_)
            | StateKey::ProposalCount
            | StateKey::Upgrade => self.directory.push((key, value.to_vec())),
            StateKey::InstitutionByBic(_)
            | StateKey::Proposal(_)
            | StateKey::Supply(_)
            | StateKey::Account(_)
            | StateKey::Holding(..)
            | StateKey::Returns(_)
            | StateKey::DayCounter(..)
            | StateKey::Position(..)
            | StateKey::Payees(_)
            | StateKey::Waived(..) => {}
        }
    }

    /// The state of everything that was taken in. Compare its root with a certified header before
    /// it is used.
    ///
    /// # Errors
    /// [`RestoreError`] if something is missing.
    pub fn finish(self) -> Result<State, RestoreError> {
        let domains = &self.domains;
        let parameters = self.parameters.ok_or(RestoreError::Incomplete)?;
        let (epoch, validators) = self.validators.ok_or(RestoreError::Incomplete)?;
        let mut directory = Directory::new(parameters, epoch, Arc::new(validators));
        for (key, value) in self.directory {
            directory.learn(&key, &value);
        }
        let buckets: BTreeMap<u64, Tree> =
            self.buckets.into_iter().map(|(bucket, tree)| (bucket, tree.finish(domains))).collect();
        check_buckets(domains, &self.announced, &buckets)?;
        Ok(State {
            map: self.map.finish(domains),
            domains: Arc::new(self.domains),
            directory: Arc::new(directory),
            buckets,
            deadlines: self.deadlines,
            recall_deadlines: self.recall_deadlines,
            queue: self.queue,
        })
    }
}

/// Each bucket has its summary in the map, and each summary its bucket.
fn check_buckets(
    domains: &Domains,
    announced: &BTreeMap<u64, BucketSummary>,
    buckets: &BTreeMap<u64, Tree>,
) -> Result<(), RestoreError> {
    let all: BTreeSet<u64> = announced.keys().chain(buckets.keys()).copied().collect();
    for bucket in all {
        let found = buckets.get(&bucket).map(|tree| summary(domains, tree));
        if found != announced.get(&bucket).copied() {
            return Err(RestoreError::Bucket { bucket });
        }
    }
    Ok(())
}

impl Directory {
    /// Takes in a record of the state map, if it is one of the directory's.
    fn learn(&mut self, key: &StateKey, value: &[u8]) {
        match key {
            StateKey::Institution(number) => learn(&mut self.institutions, *number, value),
            StateKey::Asset(code) => learn(&mut self.assets, *code, value),
            StateKey::FeeSchedule(number) => learn(&mut self.schedules, *number, value),
            StateKey::Limits(number) => learn(&mut self.limits, *number, value),
            StateKey::Removal(number) => learn(&mut self.removals, *number, value),
            StateKey::Node(number) => learn(&mut self.nodes, *number, value),
            StateKey::ProposalCount => self.proposals = borsh::from_slice(value).unwrap_or(0),
            StateKey::Upgrade => self.upgrade = borsh::from_slice(value).ok(),
            StateKey::Parameters
            | StateKey::ValidatorSet(_)
            | StateKey::InstitutionByBic(_)
            | StateKey::Proposal(_)
            | StateKey::Supply(_)
            | StateKey::Account(_)
            | StateKey::Holding(..)
            | StateKey::MarkerBucket(_)
            | StateKey::Waiting(_)
            | StateKey::Returns(_)
            | StateKey::Recall(_)
            | StateKey::DayCounter(..)
            | StateKey::Position(..)
            | StateKey::Payees(_)
            | StateKey::Waived(..) => {}
        }
    }
}

fn learn<K: Ord, V: BorshDeserialize>(records: &mut BTreeMap<K, V>, key: K, value: &[u8]) {
    if let Ok(record) = borsh::from_slice(value) {
        records.insert(key, record);
    }
}

fn value_fits(key: &FlatKey, value: &[u8]) -> bool {
    let FlatKey::Record(record) = key else { return reads::<Marker>(value) };
    match record {
        StateKey::Parameters => reads::<Parameters>(value),
        StateKey::ValidatorSet(_) => reads::<ValidatorSet>(value),
        StateKey::Institution(_) => reads::<Institution>(value),
        StateKey::InstitutionByBic(_) => reads::<InstitutionNumber>(value),
        StateKey::Asset(_) => reads::<Asset>(value),
        StateKey::Supply(_) => reads::<Supply>(value),
        StateKey::Account(_) => reads::<Account>(value),
        StateKey::Holding(..) => reads::<Holding>(value),
        StateKey::FeeSchedule(_) => reads::<FeeSchedule>(value),
        StateKey::MarkerBucket(_) => reads::<BucketSummary>(value),
        StateKey::Node(_) => reads::<NodeRecord>(value),
        StateKey::Removal(_) => reads::<Removal>(value),
        StateKey::Proposal(_) => reads::<Proposal>(value),
        StateKey::ProposalCount => reads::<u64>(value),
        StateKey::Upgrade => reads::<Upgrade>(value),
        StateKey::Waiting(_) => reads::<Waiting>(value),
        StateKey::Returns(_) => reads::<Returns>(value),
        StateKey::Recall(_) => reads::<Recall>(value),
        StateKey::Limits(_) => reads::<Limits>(value),
        StateKey::DayCounter(..) => reads::<DayCounter>(value),
        StateKey::Position(..) => reads::<Position>(value),
        StateKey::Payees(_) => reads::<KnownPayees>(value),
        StateKey::Waived(..) => reads::<u8>(value),
    }
}

fn reads<T: BorshDeserialize>(value: &[u8]) -> bool {
    borsh::from_slice::<T>(value).is_ok()
}
