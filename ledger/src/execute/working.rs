//! The state in work: the parent's state, and over it what this block has written so far.
//!
//! Invariants: the parent is never changed; what was written since the last commit can be taken
//! back whole. Absent: rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::table::Table;
use super::wanted::Wanted;
use crate::account::{Account, Asset, Holding, HoldingKey, Supply};
use crate::corrections::{Recall, Returns, SettlementId};
use crate::fees::FeeSchedule;
use crate::governance::{Effect, Proposal};
use crate::hash::Domains;
use crate::ids::{AccountId, AssetCode, Epoch, Height, InstitutionNumber, ProposalNumber};
use crate::ids::{Timestamp, Uetr};
use crate::limits::{DayCounter, KnownPayees, Limits, Position, PositionKey};
use crate::state::{Changes, Directory, Marker, MarkerKey, Queue, State, StateKey};
use crate::validators::ValidatorSet;
use crate::waiting::Waiting;

/// The state in work of one block.
pub(super) struct Working<'s> {
    parent: &'s State,
    /// The block's height.
    pub(super) height: Height,
    /// The block's time.
    pub(super) time: Timestamp,
    directory: Arc<Directory>,
    /// The records of the directory that were written.
    written: BTreeSet<StateKey>,
    committed: Arc<Directory>,
    accounts: Table<AccountId, Arc<Account>>,
    holdings: Table<HoldingKey, Holding>,
    supplies: Table<AssetCode, Supply>,
    proposals: Table<ProposalNumber, Arc<Proposal>>,
    waits: Table<Uetr, Arc<Waiting>>,
    /// The queue as the waits make it, as it was when they were last kept, and whether it differs
    /// from the parent's.
    queue: Queue,
    kept_queue: Queue,
    is_queue_changed: bool,
    returns: Table<SettlementId, Arc<Returns>>,
    recalls: Table<Uetr, Arc<Recall>>,
    day_counters: Table<HoldingKey, DayCounter>,
    positions: Table<PositionKey, Position>,
    payees: Table<AccountId, Arc<KnownPayees>>,
    waived: Table<HoldingKey, u8>,
    markers: Table<MarkerKey, Marker>,
}

impl<'s> Working<'s> {
    /// Nothing is written yet, and what `wanted` names is read.
    pub(super) fn new(parent: &'s State, height: Height, time: Timestamp, wanted: &Wanted) -> Self {
        let Wanted { accounts, holdings, payments } = wanted;
        let account_records = parent.accounts(accounts).into_iter().map(|r| r.map(Arc::new));
        let payment_keys = payments.iter().map(|uetr| MarkerKey::Payment(*uetr));
        Self {
            parent,
            height,
            time,
            directory: parent.shared_directory(),
            written: BTreeSet::new(),
            committed: parent.shared_directory(),
            accounts: Table::with(accounts.iter().copied().zip(account_records)),
            holdings: Table::with(holdings.iter().copied().zip(parent.holdings_at(holdings))),
            supplies: Table::new(),
            proposals: Table::new(),
            waits: Table::new(),
            queue: parent.queue().clone(),
            kept_queue: parent.queue().clone(),
            is_queue_changed: false,
            returns: Table::new(),
            recalls: Table::new(),
            day_counters: Table::new(),
            positions: Table::new(),
            payees: Table::new(),
            waived: Table::new(),
            markers: Table::with(payment_keys.zip(parent.payment_markers(payments))),
        }
    }

    pub(super) fn domains(&self) -> &'s Domains {
        self.parent.domains()
    }

    pub(super) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }

    /// The validators of the block's epoch, whatever the block changes for the next.
    pub(super) fn governing(&self) -> &'s ValidatorSet {
        self.parent.directory().validators()
    }

    /// True once the block has changed the validators.
    pub(super) fn is_epoch_ending(&self) -> bool {
        self.directory.epoch != self.parent.directory().epoch
    }

    pub(super) fn account(&mut self, account: AccountId) -> Option<Arc<Account>> {
        self.accounts.get(account, || self.parent.account(account).map(Arc::new))
    }

    pub(super) fn holding(&mut self, key: HoldingKey) -> Holding {
        let (account, asset) = key;
        self.holdings.get(key, || self.parent.holding(account, asset)).unwrap_or_default()
    }

    pub(super) fn supply(&mut self, asset: AssetCode) -> Supply {
        self.supplies.get(asset, || self.parent.supply(asset)).unwrap_or_default()
    }

    pub(super) fn proposal(&mut self, number: ProposalNumber) -> Option<Arc<Proposal>> {
        self.proposals.get(number, || self.parent.proposal(number).map(Arc::new))
    }

    pub(super) fn waiting(&mut self, payment: Uetr) -> Option<Arc<Waiting>> {
        self.waits.get(payment, || self.parent.waiting(payment).map(Arc::new))
    }

    pub(super) fn returns(&mut self, of: SettlementId) -> Option<Arc<Returns>> {
        self.returns.get(of, || self.parent.returns(of).map(Arc::new))
    }

    pub(super) fn recall(&mut self, payment: Uetr) -> Option<Arc<Recall>> {
        self.recalls.get(payment, || self.parent.recall(payment).map(Arc::new))
    }

    /// The payments with a recall in the parent's state whose deadline has passed by now, the
    /// earliest first.
    pub(super) fn lapsed(&self) -> impl Iterator<Item = Uetr> {
        let is_lapsed = |(deadline, _): &(Timestamp, Uetr)| *deadline < self.time;
        self.parent.recall_deadlines().take_while(is_lapsed).map(|(_, payment)| payment)
    }

    /// True if `validators` decide the blocks of `epoch`, one that has begun with the parent.
    pub(super) fn are_of_epoch(&self, epoch: Epoch, validators: &ValidatorSet) -> bool {
        let present = self.parent.directory();
        if epoch == present.epoch() {
            return **present.validators() == *validators;
        }
        self.parent.validators(epoch).is_some_and(|known| known == *validators)
    }

    /// The payments that wait in the parent's state and whose deadline has passed by now, the
    /// earliest first.
    pub(super) fn overdue(&self) -> impl Iterator<Item = Uetr> {
        let is_overdue = |(deadline, _): &(Timestamp, Uetr)| *deadline < self.time;
        self.parent.deadlines().take_while(is_overdue).map(|(_, payment)| payment)
    }

    pub(super) fn marker(&mut self, key: MarkerKey) -> Option<Marker> {
        self.markers.get(key, || self.parent.marker(&key))
    }

    /// What was counted of an account's payments last; `None` if nothing ever was.
    pub(super) fn day_counter(&mut self, key: HoldingKey) -> Option<DayCounter> {
        let (account, asset) = key;
        self.day_counters.get(key, || self.parent.day_counter(account, asset))
    }

    pub(super) fn position(&mut self, key: PositionKey) -> Position {
        let (institution, asset) = key;
        let load = || self.parent.position(institution, asset);
        self.positions.get(key, load).unwrap_or_default()
    }

    /// The payees that an account has paid, as far as they are remembered.
    pub(super) fn payees(&mut self, of: AccountId) -> Arc<KnownPayees> {
        self.payees.get(of, || self.parent.payees(of).map(Arc::new)).unwrap_or_default()
    }

    pub(super) fn put_payees(&mut self, of: AccountId, payees: KnownPayees) {
        self.payees.put(of, Arc::new(payees));
    }

    /// How many payments of an account were free of charges that its institution waives.
    pub(super) fn waived(&mut self, key: HoldingKey) -> u8 {
        let (account, asset) = key;
        self.waived.get(key, || self.parent.waived(account, asset)).unwrap_or_default()
    }

    pub(super) fn put_waived(&mut self, key: HoldingKey, payments: u8) {
        self.waived.put(key, payments);
    }

    pub(super) fn put_day_counter(&mut self, key: HoldingKey, counter: DayCounter) {
        self.day_counters.put(key, counter);
    }

    pub(super) fn put_position(&mut self, key: PositionKey, position: Position) {
        self.positions.put(key, position);
    }

    pub(super) fn put_account(&mut self, id: AccountId, account: Arc<Account>) {
        self.accounts.put(id, account);
    }

    pub(super) fn put_holding(&mut self, key: HoldingKey, holding: Holding) {
        self.holdings.put(key, holding);
    }

    pub(super) fn put_supply(&mut self, asset: AssetCode, supply: Supply) {
        self.supplies.put(asset, supply);
    }

    pub(super) fn put_waiting(&mut self, waiting: Waiting) {
        self.note_queue(waiting.order.uetr, Some(&waiting));
        self.waits.put(waiting.order.uetr, Arc::new(waiting));
    }

    pub(super) fn remove_waiting(&mut self, payment: Uetr) {
        self.note_queue(payment, None);
        self.waits.remove(payment);
    }

    fn note_queue(&mut self, payment: Uetr, now: Option<&Waiting>) {
        let before = self.waiting(payment);
        let is_queued = |waiting: &Waiting| waiting.awaits.place().is_some();
        if before.as_deref().is_some_and(is_queued) || now.is_some_and(is_queued) {
            self.queue.note(payment, before.as_deref(), now);
            self.is_queue_changed = true;
        }
    }

    /// The payments that wait for funds.
    pub(super) const fn queue(&self) -> &Queue {
        &self.queue
    }

    /// True if something has changed of what decides which queued payments settle: the queue, its
    /// accounts' holdings, any account's record, or charges and members.
    pub(super) fn is_queue_touched(&self) -> bool {
        !self.queue.is_empty()
            && (self.is_queue_changed
                || !Arc::ptr_eq(&self.directory, &self.parent.shared_directory())
                || self.accounts.changed().next().is_some()
                || self.queue.holdings().any(|holding| self.holdings.is_changed(&holding)))
    }

    pub(super) fn put_returns(&mut self, of: SettlementId, returns: Returns) {
        self.returns.put(of, Arc::new(returns));
    }

    pub(super) fn put_recall(&mut self, recall: Recall) {
        self.recalls.put(recall.settled.payment, Arc::new(recall));
    }

    pub(super) fn remove_recall(&mut self, payment: Uetr) {
        self.recalls.remove(payment);
    }

    pub(super) fn put_marker(&mut self, key: MarkerKey, marker: Marker) {
        self.markers.put(key, marker);
    }

    pub(super) fn put_asset(&mut self, code: AssetCode, asset: Asset) {
        Arc::make_mut(&mut self.directory).assets.insert(code, asset);
        self.written.insert(StateKey::Asset(code));
    }

    pub(super) fn put_schedule(&mut self, of: InstitutionNumber, schedule: FeeSchedule) {
        Arc::make_mut(&mut self.directory).schedules.insert(of, schedule);
        self.written.insert(StateKey::FeeSchedule(of));
    }

    pub(super) fn put_limits(&mut self, of: InstitutionNumber, limits: Limits) {
        Arc::make_mut(&mut self.directory).limits.insert(of, limits);
        self.written.insert(StateKey::Limits(of));
    }

    pub(super) fn put_proposal(&mut self, number: ProposalNumber, proposal: Arc<Proposal>) {
        self.proposals.put(number, proposal);
    }

    /// Notes that `number` is the last proposal.
    pub(super) fn count_proposal(&mut self, number: ProposalNumber) {
        Arc::make_mut(&mut self.directory).proposals = number.0;
        self.written.insert(StateKey::ProposalCount);
    }

    pub(super) fn apply(&mut self, effect: Effect) {
        let written = Arc::make_mut(&mut self.directory).apply(effect);
        self.written.extend(written);
    }

    /// Keeps what was written so far.
    pub(super) fn commit(&mut self) {
        self.accounts.commit();
        self.holdings.commit();
        self.supplies.commit();
        self.proposals.commit();
        self.waits.commit();
        self.returns.commit();
        self.recalls.commit();
        self.day_counters.commit();
        self.positions.commit();
        self.payees.commit();
        self.waived.commit();
        self.markers.commit();
        if self.is_queue_changed {
            self.kept_queue = self.queue.clone();
        }
        if !Arc::ptr_eq(&self.committed, &self.directory) {
            self.committed = Arc::clone(&self.directory);
        }
    }

    /// Takes back what was written since the last commit.
    pub(super) fn roll_back(&mut self) {
        self.accounts.roll_back();
        self.holdings.roll_back();
        self.supplies.roll_back();
        self.proposals.roll_back();
        self.waits.roll_back();
        self.returns.roll_back();
        self.recalls.roll_back();
        self.day_counters.roll_back();
        self.positions.roll_back();
        self.payees.roll_back();
        self.waived.roll_back();
        self.markers.roll_back();
        if self.is_queue_changed {
            self.queue = self.kept_queue.clone();
        }
        self.directory = Arc::clone(&self.committed);
    }

    /// The holdings that were written, for who asks what would happen.
    pub(super) fn balances(&self) -> Vec<(HoldingKey, Holding)> {
        self.holdings.changed().map(|(key, holding)| (*key, *holding)).collect()
    }

    /// The state after the block, and what is different in it.
    pub(super) fn seal(self, operations: usize) -> (State, Changes) {
        let mut changes = Changes::for_operations(operations);
        for (account, record) in self.accounts.changed() {
            changes.set(&StateKey::Account(*account), &**record);
        }
        for ((account, asset), holding) in self.holdings.changed() {
            changes.set(&StateKey::Holding(*account, *asset), holding);
        }
        for (asset, supply) in self.supplies.changed() {
            changes.set(&StateKey::Supply(*asset), supply);
        }
        for (number, proposal) in self.proposals.changed() {
            changes.set(&StateKey::Proposal(*number), &**proposal);
        }
        for (settlement, returns) in self.returns.changed() {
            changes.set(&StateKey::Returns(*settlement), &**returns);
        }
        for ((account, asset), counter) in self.day_counters.changed() {
            changes.set(&StateKey::DayCounter(*account, *asset), counter);
        }
        for ((institution, asset), position) in self.positions.changed() {
            changes.set(&StateKey::Position(*institution, *asset), position);
        }
        for (account, payees) in self.payees.changed() {
            changes.set(&StateKey::Payees(*account), &**payees);
        }
        for ((account, asset), payments) in self.waived.changed() {
            changes.set(&StateKey::Waived(*account, *asset), payments);
        }
        for key in &self.written {
            self.directory.list(self.parent.directory(), key, &mut changes);
        }
        let bucket = self.parent.bucket_at(self.time);
        for (key, marker) in self.markers.changed() {
            changes.set_marker(bucket, key, marker);
        }
        let waits =
            self.waits.written().map(|(payment, waiting)| (*payment, waiting.map(|w| &**w)));
        let recalls =
            self.recalls.written().map(|(payment, recall)| (*payment, recall.map(|r| &**r)));
        let state = self.parent.after(
            self.time,
            self.directory,
            self.queue,
            (waits, recalls),
            &mut changes,
        );
        (state, changes)
    }
}
