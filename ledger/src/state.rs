//! The state: typed records over the authenticated map, and the markers of what happened once.
//!
//! Two levels. The *map* holds every record under its [`StateKey`]. The *markers* of payments,
//! transactions and used quotes lie in buckets by block time, each bucket a tree of its own whose
//! root and count are a record of the map ([`StateKey::MarkerBucket`]). So the state root commits
//! to all of it, a marker is proven present or absent in two stages ([`MarkerProof`]), and
//! forgetting a bucket is dropping one tree.
//!
//! Invariants: `clone` costs the same whatever the size, and a clone never sees later changes of
//! the other; every value in the map reads as the type of its key. Absent: rules (see `execute`),
//! blocks (see `chain`), disk.

mod changes;
mod deadlines;
mod directory;
mod key;
mod marker_proof;
mod parts;
mod queue;
mod restore;

pub use changes::Changes;
pub use directory::Directory;
pub use key::{
    BucketSummary, FlatKey, MARKER_TAG, Marker, MarkerKey, StateKey, bucket_of, marker_prefix,
};
pub use marker_proof::{MarkerProof, MarkerProofError};
pub use parts::Part;
pub use queue::Queue;
pub use restore::{Restoration, RestoreError};

use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::account::{Account, Asset, Holding, HoldingKey, Institution, NodeRecord, Supply};
use crate::codec;
use crate::corrections::{Recall, Returns, SettlementId};
use crate::fees::FeeSchedule;
use crate::genesis::{GenesisDocument, GenesisError, Parameters};
use crate::governance::Proposal;
use crate::hash::{Domains, Hash};
use crate::ids::{AccountId, AssetCode, Bic, Epoch, InstitutionNumber, ProposalNumber};
use crate::ids::{Timestamp, Uetr};
use crate::limits::{DayCounter, KnownPayees, Limits, Position};
use crate::tree::{MapProof, Tree};
use crate::validators::ValidatorSet;
use crate::waiting::Waiting;
use deadlines::Deadlines;

/// A version of the state. Cloning shares everything.
#[derive(Clone, Debug)]
pub struct State {
    domains: Arc<Domains>,
    directory: Arc<Directory>,
    map: Tree,
    buckets: BTreeMap<u64, Tree>,
    deadlines: Deadlines,
    recall_deadlines: Deadlines,
    queue: Queue,
}

impl State {
    /// The state with which a network starts.
    ///
    /// # Errors
    /// [`GenesisError`]: the first thing that is wrong with the document.
    pub fn genesis(document: &GenesisDocument) -> Result<Self, GenesisError> {
        Self::founded(document).map(|(state, _)| state)
    }

    /// The state of a genesis document, and all its entries as changes of nothing.
    pub(crate) fn founded(document: &GenesisDocument) -> Result<(Self, Changes), GenesisError> {
        document.check()?;
        let validators = Arc::new(document.validators()?);
        let mut changes = Changes::default();
        changes.set(&StateKey::Parameters, &document.parameters);
        changes.set(&StateKey::ValidatorSet(Epoch(0)), &*validators);
        let mut directory = Directory::new(document.parameters, Epoch(0), validators);
        for (number, member) in document.institutions() {
            let institution = &member.institution;
            changes.set(&StateKey::Institution(number), institution);
            changes.set(&StateKey::InstitutionByBic(institution.bic), &number);
            directory.institutions.insert(number, institution.clone());
            if let Some(validator) = &member.validator {
                let node = validator.node();
                changes.set(&StateKey::Node(number), &node);
                directory.nodes.insert(number, node);
            }
        }
        let mut state = Self {
            domains: Arc::new(document.domains()),
            directory: Arc::new(directory),
            map: Tree::new(),
            buckets: BTreeMap::new(),
            deadlines: Deadlines::new(),
            recall_deadlines: Deadlines::new(),
            queue: Queue::new(),
        };
        state.map.update(&state.domains, changes.records());
        Ok((state, changes))
    }

    /// The chain's hash keys.
    pub fn domains(&self) -> &Domains {
        &self.domains
    }

    /// Parameters, validators, institutions, nodes, assets, fee schedules and limits, for listing
    /// them.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(crate) fn shared_directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }

    /// The network's parameters.
    pub fn parameters(&self) -> &Parameters {
        self.directory.parameters()
    }

    /// The validator set of `epoch`.
    pub fn validators(&self, epoch: Epoch) -> Option<ValidatorSet> {
        self.read(&StateKey::ValidatorSet(epoch))
    }

    /// A proposal, by its number.
    pub fn proposal(&self, number: ProposalNumber) -> Option<Proposal> {
        self.read(&StateKey::Proposal(number))
    }

    /// The node of an institution that runs one.
    pub fn node(&self, institution: InstitutionNumber) -> Option<&NodeRecord> {
        self.directory.nodes.get(&institution)
    }

    /// An institution by its number.
    pub fn institution(&self, number: InstitutionNumber) -> Option<&Institution> {
        self.directory.institutions.get(&number)
    }

    /// An institution's number by its BIC.
    pub fn institution_by_bic(&self, bic: Bic) -> Option<InstitutionNumber> {
        self.read(&StateKey::InstitutionByBic(bic))
    }

    /// An asset.
    pub fn asset(&self, code: AssetCode) -> Option<&Asset> {
        self.directory.assets.get(&code)
    }

    /// How much of an asset was issued and redeemed.
    pub fn supply(&self, code: AssetCode) -> Option<Supply> {
        self.read(&StateKey::Supply(code))
    }

    /// An account.
    pub fn account(&self, account: AccountId) -> Option<Account> {
        self.read(&StateKey::Account(account))
    }

    /// An account's holding of an asset; `None` if it never had any.
    pub fn holding(&self, account: AccountId, asset: AssetCode) -> Option<Holding> {
        self.read(&StateKey::Holding(account, asset))
    }

    /// All holdings of an account, by asset.
    pub fn holdings(&self, account: AccountId) -> Vec<(AssetCode, Holding)> {
        let of = |code: &AssetCode| Some((*code, self.holding(account, *code)?));
        self.directory.assets.keys().filter_map(of).collect()
    }

    /// What is held for a payment that waits; `None` if it does not wait, or no longer.
    pub fn waiting(&self, payment: Uetr) -> Option<Waiting> {
        self.read(&StateKey::Waiting(payment))
    }

    /// The payments that wait, the earliest deadline first. Those whose deadline has passed are
    /// among them until a block has swept them.
    pub fn deadlines(&self) -> impl Iterator<Item = (Timestamp, Uetr)> {
        self.deadlines.iter()
    }

    /// The same after a place among them.
    pub fn deadlines_after(
        &self,
        place: Option<(Timestamp, Uetr)>,
    ) -> impl Iterator<Item = (Timestamp, Uetr)> {
        self.deadlines.after(place)
    }

    /// The payments that wait for funds, by account and asset.
    pub const fn queue(&self) -> &Queue {
        &self.queue
    }

    /// What was returned of a payment, by the hash of its receipt; `None` if nothing was.
    pub fn returns(&self, of: SettlementId) -> Option<Returns> {
        self.read(&StateKey::Returns(of))
    }

    /// The recall of a payment; `None` if it is not asked back, or no longer.
    pub fn recall(&self, payment: Uetr) -> Option<Recall> {
        self.read(&StateKey::Recall(payment))
    }

    /// The payments that are asked back, the earliest deadline first. Those whose deadline has
    /// passed are among them until a block has swept them.
    pub fn recall_deadlines(&self) -> impl Iterator<Item = (Timestamp, Uetr)> {
        self.recall_deadlines.iter()
    }

    /// The same after a place among them.
    pub fn recall_deadlines_after(
        &self,
        place: Option<(Timestamp, Uetr)>,
    ) -> impl Iterator<Item = (Timestamp, Uetr)> {
        self.recall_deadlines.after(place)
    }

    /// An institution's fee schedule; `None` if it never published one.
    pub fn fee_schedule(&self, institution: InstitutionNumber) -> Option<&FeeSchedule> {
        self.directory.schedules.get(&institution)
    }

    /// An institution's limits; `None` if it never published any.
    pub fn limits(&self, institution: InstitutionNumber) -> Option<&Limits> {
        self.directory.limits.get(&institution)
    }

    /// What an account paid of an asset on the last day on which a payment was counted.
    pub fn day_counter(&self, account: AccountId, asset: AssetCode) -> Option<DayCounter> {
        self.read(&StateKey::DayCounter(account, asset))
    }

    /// An institution's position in an asset on the last day on which a payment was counted.
    pub fn position(&self, institution: InstitutionNumber, asset: AssetCode) -> Option<Position> {
        self.read(&StateKey::Position(institution, asset))
    }

    /// The payees that an account has paid while a rule asked for them; `None` if there are none.
    pub fn payees(&self, account: AccountId) -> Option<KnownPayees> {
        self.read(&StateKey::Payees(account))
    }

    /// How many payments of an account in an asset were free, of charges that its servicer waives.
    pub fn waived(&self, account: AccountId, asset: AssetCode) -> Option<u8> {
        self.read(&StateKey::Waived(account, asset))
    }

    /// What is remembered of a payment, transaction or quote, in the newest bucket that knows it.
    pub fn marker(&self, key: &MarkerKey) -> Option<Marker> {
        let key = key.bytes();
        self.buckets
            .values()
            .rev()
            .find_map(|tree| tree.get(&self.domains, &key))
            .and_then(|bytes| borsh::from_slice(bytes).ok())
    }

    /// The bucket that markers of a block of `time` go to.
    pub fn bucket_at(&self, time: Timestamp) -> u64 {
        bucket_of(time, self.parameters().marker_bucket_ms)
    }

    /// The oldest bucket that is still kept at a block of `time`.
    pub fn oldest_bucket_at(&self, time: Timestamp) -> u64 {
        self.bucket_at(time).saturating_sub(u64::from(self.parameters().marker_buckets_kept))
    }

    /// The commitment to everything, for the header.
    pub fn root(&self) -> Hash {
        self.map.root(&self.domains)
    }

    /// A record's canonical bytes.
    pub fn value(&self, key: &StateKey) -> Option<&[u8]> {
        self.map.get(&self.domains, &key.bytes())
    }

    /// Proves that a record has the value it has, or that there is none. Check it with
    /// `proof.verify(domains, &key.bytes(), value, &root)`.
    pub fn prove(&self, key: &StateKey) -> MapProof {
        self.map.prove(&self.domains, &key.bytes())
    }

    /// Proves what `bucket` says of a payment, transaction or quote.
    pub fn prove_marker(&self, bucket: u64, key: &MarkerKey) -> MarkerProof {
        MarkerProof::of(self, bucket, key)
    }

    /// Many accounts at once, in the order asked.
    pub(crate) fn accounts(&self, of: &[AccountId]) -> Vec<Option<Account>> {
        read_each(&self.domains, &self.map, of.iter().map(|account| StateKey::Account(*account)))
    }

    /// Many holdings at once, in the order asked.
    pub(crate) fn holdings_at(&self, of: &[HoldingKey]) -> Vec<Option<Holding>> {
        let key = |(account, asset): &HoldingKey| StateKey::Holding(*account, *asset);
        read_each(&self.domains, &self.map, of.iter().map(key))
    }

    /// Many payments' markers at once, in the order asked.
    pub(crate) fn payment_markers(&self, of: &[Uetr]) -> Vec<Option<Marker>> {
        let mut found = vec![None; of.len()];
        for tree in self.buckets.values() {
            let keys = of.iter().map(|uetr| MarkerKey::Payment(*uetr));
            let newer = read_each(&self.domains, tree, keys);
            for (marker, newer) in found.iter_mut().zip(newer) {
                *marker = newer.or(*marker);
            }
        }
        found
    }

    fn read<T: BorshDeserialize>(&self, key: &StateKey) -> Option<T> {
        self.value(key).and_then(|bytes| borsh::from_slice(bytes).ok())
    }

    fn bucket(&self, bucket: u64) -> Option<&Tree> {
        self.buckets.get(&bucket)
    }

    /// The state after a block of `time` that changes `changes`, to which the buckets' summaries
    /// and the records of `waits` and `recalls` are added: the payments that began or ceased to
    /// wait, or to be asked back. `queue` lists those that wait for funds then.
    pub(crate) fn after<'w>(
        &self,
        time: Timestamp,
        directory: Arc<Directory>,
        queue: Queue,
        (waits, recalls): (
            impl Iterator<Item = (Uetr, Option<&'w Waiting>)>,
            impl Iterator<Item = (Uetr, Option<&'w Recall>)>,
        ),
        changes: &mut Changes,
    ) -> Self {
        let mut next = Self { directory, queue, ..self.clone() };
        for (payment, waiting) in waits {
            next.set_waiting(payment, waiting, changes);
        }
        for (payment, recall) in recalls {
            next.set_recall(payment, recall, changes);
        }
        let bucket = next.bucket_at(time);
        if changes.markers().len() > 0 {
            let tree = next.buckets.entry(bucket).or_default();
            tree.update(&next.domains, changes.markers());
            changes.set_bucket(bucket, &marker_proof::summary(&next.domains, tree));
        }
        let kept = next.buckets.split_off(&next.oldest_bucket_at(time));
        for dropped in std::mem::replace(&mut next.buckets, kept).into_keys() {
            changes.drop_bucket(dropped);
        }
        next.map.update(&next.domains, changes.records());
        next
    }
}

impl State {
    /// Writes, or removes, the record of a payment that waits, and its place among the deadlines.
    /// The map itself is not changed yet.
    fn set_waiting(&mut self, payment: Uetr, waiting: Option<&Waiting>, changes: &mut Changes) {
        let key = StateKey::Waiting(payment);
        let before = self.waiting(payment);
        if let Some(before) = &before {
            self.deadlines.remove(before.deadline, payment);
        }
        match waiting {
            Some(waiting) => {
                self.deadlines.insert(waiting.deadline, payment);
                changes.set(&key, waiting);
            }
            None if before.is_some() => changes.remove(&key),
            None => {}
        }
    }
}

impl State {
    /// As [`State::set_waiting`], for a recall.
    fn set_recall(&mut self, payment: Uetr, recall: Option<&Recall>, changes: &mut Changes) {
        let key = StateKey::Recall(payment);
        let before = self.recall(payment);
        if let Some(before) = &before {
            self.recall_deadlines.remove(before.deadline, payment);
        }
        match recall {
            Some(recall) => {
                self.recall_deadlines.insert(recall.deadline, payment);
                changes.set(&key, recall);
            }
            None if before.is_some() => changes.remove(&key),
            None => {}
        }
    }
}

/// The records under `keys`, whose encodings are all of one length.
fn read_each<K: BorshSerialize, T: BorshDeserialize>(
    domains: &Domains,
    tree: &Tree,
    keys: impl ExactSizeIterator<Item = K>,
) -> Vec<Option<T>> {
    let mut records = Vec::with_capacity(keys.len());
    let mut bytes = Vec::new();
    let mut width = 0;
    for key in keys {
        codec::encode_into(&mut bytes, &key);
        width = if width == 0 { bytes.len() } else { width };
    }
    tree.get_each(domains, width, &bytes, |value| {
        records.push(value.and_then(|bytes| borsh::from_slice(bytes).ok()));
    });
    records
}
