//! The chain: blocks built on a tip, and blocks of others checked by executing them.
//!
//! Invariants: building and checking are one code path, so a block that this node built passes its
//! own check; a header is accepted only if every field is what execution gives; a cut never goes
//! back. Absent: whose turn it is and what is final (package `consensus`), where transactions come
//! from (the caller hands over exactly those that the cut adds, in the order of lanes, batches and
//! transactions).

mod refusal;

pub use refusal::BlockRefusal;

use std::sync::Arc;

use crate::block::{Block, Cut, Header};
use crate::execute::{Booked, Execution, Simulation, execute, simulate, simulate_block};
use crate::genesis::{GenesisDocument, GenesisError};
use crate::hash::{Domains, Hash};
use crate::history::History;
use crate::ids::{Epoch, Height, Timestamp, ValidatorIndex, View};
use crate::merkle;
use crate::state::{Changes, State};
use crate::transaction::{EnvelopeError, Transaction, VerifiedTransaction};
use crate::validators::ValidatorSet;

/// A block and everything that its children need. Cloning shares the state.
#[derive(Clone, Debug)]
pub struct Tip {
    header: Header,
    hash: Hash,
    cut: Cut,
    state: State,
    before: History,
    history: History,
    validators: Arc<ValidatorSet>,
}

/// What the execution of a block gave.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The block.
    pub block: Block,
    /// The tip that the block is.
    pub tip: Tip,
    /// The receipts with their statement lines, in the order of the receipts tree.
    pub booked: Vec<Booked>,
    /// The receipts' hashes: the leaves of the receipts tree.
    pub leaves: Vec<Hash>,
    /// What is different in the state since the parent.
    pub changes: Arc<Changes>,
    /// The nodes that this block adds to the history, with their positions, for later proofs.
    pub history_nodes: Vec<(u64, Hash)>,
}

/// What a block's place says before it is executed.
struct Place {
    view: View,
    proposer: ValidatorIndex,
    time: Timestamp,
}

impl Tip {
    /// The genesis block of `document`, executed.
    ///
    /// # Errors
    /// [`GenesisError`]: the first thing that is wrong with the document.
    pub fn genesis(document: &GenesisDocument) -> Result<Executed, GenesisError> {
        let (state, changes) = State::founded(document)?;
        let validators = Arc::clone(state.directory().validators());
        let domains = state.domains();
        let cut = Cut::empty(validators.count());
        let header = Header {
            suite: domains.suite(),
            chain_id: domains.chain_id(),
            epoch: Epoch(0),
            height: Height(0),
            view: View(0),
            parent: Hash::ZERO,
            time: document.time,
            lanes_root: cut.root(domains),
            receipts_root: merkle::root(domains, &[]),
            state_root: state.root(),
            history_root: History::new().root(domains),
            validators_hash: validators.hash(domains),
            next_validators_hash: validators.hash(domains),
            proposer: ValidatorIndex(0),
        };
        let execution = Execution { state, booked: Vec::new(), changes };
        Ok(Executed::new(header, cut, execution, Vec::new(), History::new(), validators))
    }

    /// The tip at a certified block whose state was restored. `history` is that of the blocks
    /// before it.
    ///
    /// # Errors
    /// [`BlockRefusal`] names what does not fit the header.
    pub fn restore(block: Block, state: State, history: History) -> Result<Self, BlockRefusal> {
        let Block { header, cut } = block;
        let domains = state.domains();
        let validators = state.validators(header.epoch).ok_or(BlockRefusal::Epoch)?;
        let same =
            |found: Hash, said: Hash, refusal| if found == said { Ok(()) } else { Err(refusal) };
        same(cut.root(domains), header.lanes_root, BlockRefusal::LanesRoot)?;
        same(state.root(), header.state_root, BlockRefusal::StateRoot)?;
        same(history.root(domains), header.history_root, BlockRefusal::HistoryRoot)?;
        same(validators.hash(domains), header.validators_hash, BlockRefusal::Validators)?;
        let directory = state.directory();
        let next = directory.validators().hash(domains);
        same(next, header.next_validators_hash, BlockRefusal::NextValidators)?;
        let epoch = if header.ends_epoch() { header.epoch.next() } else { header.epoch };
        if directory.epoch() != epoch {
            return Err(BlockRefusal::Epoch);
        }
        let hash = header.hash(domains);
        let before = history.clone();
        let mut history = history;
        history.append(domains, &hash);
        let validators = Arc::new(validators);
        Ok(Self { header, hash, cut, state, before, history, validators })
    }

    /// The chain's hash keys.
    pub fn domains(&self) -> &Domains {
        self.state.domains()
    }

    /// The block's header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The block's hash.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The block's height.
    pub const fn height(&self) -> Height {
        self.header.height
    }

    /// Up to where the lanes are ordered.
    pub const fn cut(&self) -> &Cut {
        &self.cut
    }

    /// The state after the block.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The history up to the parent: its root stands in this block's header.
    pub const fn history_before(&self) -> &History {
        &self.before
    }

    /// The history up to and with this block: its root stands in the child's header.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The validators of the block's own epoch: whose certificate makes it final.
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// The epoch of the block's children: the next one if the block ends its own.
    pub fn child_epoch(&self) -> Epoch {
        self.state.directory().epoch()
    }

    /// The validators that decide the next block, in [`Tip::child_epoch`].
    pub fn child_validators(&self) -> &Arc<ValidatorSet> {
        self.state.directory().validators()
    }

    /// The cut from which a child's goes on: the block's own, or an empty one of the next
    /// validators' lanes if the block ends its epoch.
    pub fn child_cut(&self) -> Cut {
        if self.header.ends_epoch() {
            Cut::empty(self.child_validators().count())
        } else {
            self.cut.clone()
        }
    }

    /// The version of the rules that the next block needs: a node whose [`crate::PROTOCOL`] is
    /// lower must not vote on it.
    pub fn child_protocol(&self) -> u32 {
        self.state.directory().protocol_at(self.header.height.next())
    }

    /// Builds a child. A `time` that is not later than the tip's is set to one millisecond after
    /// it. `cut` must not go back behind [`Tip::child_cut`], and `transactions` are those that it
    /// adds.
    pub fn build<'t>(
        &self,
        view: View,
        proposer: ValidatorIndex,
        time: Timestamp,
        cut: Cut,
        transactions: impl IntoIterator<Item = &'t VerifiedTransaction>,
    ) -> Executed {
        let time = time.max(self.header.time.plus(1));
        self.execute(&Place { view, proposer, time }, cut, transactions)
    }

    /// Checks everything of a child that needs no execution.
    ///
    /// # Errors
    /// [`BlockRefusal`]: what is wrong with the block, for ever.
    pub fn check_place(&self, block: &Block) -> Result<(), BlockRefusal> {
        refusal::check_place(self, block)
    }

    /// Checks a child by executing `transactions`, which are those that its cut adds.
    ///
    /// # Errors
    /// [`BlockRefusal`]: what is wrong with the block, for ever.
    pub fn check<'t>(
        &self,
        block: &Block,
        transactions: impl IntoIterator<Item = &'t VerifiedTransaction>,
    ) -> Result<Executed, BlockRefusal> {
        self.check_place(block)?;
        let Header { view, proposer, time, .. } = block.header;
        let place = Place { view, proposer, time };
        let executed = self.execute(&place, block.cut.clone(), transactions);
        refusal::compare(&block.header, &executed.block.header)?;
        Ok(executed)
    }

    /// What `transaction` would do in a child at `time`, as if its signers had signed.
    ///
    /// # Errors
    /// [`EnvelopeError`] if it could not enter the ledger at all.
    pub fn simulate(
        &self,
        time: Timestamp,
        transaction: &Transaction,
    ) -> Result<Simulation, EnvelopeError> {
        let time = time.max(self.header.time.plus(1));
        simulate(&self.state, self.header.height.next(), time, transaction)
    }

    /// The same, and what a child that holds nothing else would settle of the queue at its end.
    ///
    /// # Errors
    /// As for [`Tip::simulate`].
    pub fn simulate_block(
        &self,
        time: Timestamp,
        transaction: &Transaction,
    ) -> Result<Simulation, EnvelopeError> {
        let time = time.max(self.header.time.plus(1));
        simulate_block(&self.state, self.header.height.next(), time, transaction)
    }

    fn execute<'t>(
        &self,
        place: &Place,
        cut: Cut,
        transactions: impl IntoIterator<Item = &'t VerifiedTransaction>,
    ) -> Executed {
        let height = self.header.height.next();
        let execution = execute(&self.state, height, place.time, transactions);
        let domains = self.domains();
        let deciding = self.child_validators();
        let next = execution.state.directory().validators();
        let next_validators_hash = if Arc::ptr_eq(deciding, next) {
            self.header.next_validators_hash
        } else {
            next.hash(domains)
        };
        let leaves: Vec<Hash> =
            execution.booked.iter().map(|booked| booked.receipt.hash(domains)).collect();
        let header = Header {
            suite: domains.suite(),
            chain_id: domains.chain_id(),
            epoch: self.child_epoch(),
            height,
            view: place.view,
            parent: self.hash,
            time: place.time,
            lanes_root: cut.root(domains),
            receipts_root: merkle::root(domains, &leaves),
            state_root: execution.state.root(),
            history_root: self.history.root(domains),
            validators_hash: self.header.next_validators_hash,
            next_validators_hash,
            proposer: place.proposer,
        };
        let (history, validators) = (self.history.clone(), Arc::clone(deciding));
        Executed::new(header, cut, execution, leaves, history, validators)
    }
}

impl Executed {
    fn new(
        header: Header,
        cut: Cut,
        execution: Execution,
        leaves: Vec<Hash>,
        mut history: History,
        validators: Arc<ValidatorSet>,
    ) -> Self {
        let Execution { state, booked, changes } = execution;
        let hash = header.hash(state.domains());
        let before = history.clone();
        let history_nodes = history.append(state.domains(), &hash);
        let block = Block { header: header.clone(), cut: cut.clone() };
        let tip = Tip { header, hash, cut, state, before, history, validators };
        Self { block, tip, booked, leaves, changes: Arc::new(changes), history_nodes }
    }
}
