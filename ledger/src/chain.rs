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
use crate::execute::{Booked, Execution, Simulation, execute, simulate};
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
    pub changes: Changes,
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
        let validators = Arc::new(document.validators()?);
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
        let hash = header.hash(domains);
        let mut history = history;
        history.append(domains, &hash);
        Ok(Self { header, hash, cut, state, history, validators: Arc::new(validators) })
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

    /// The history up to and with this block: its root stands in the child's header.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The validators that decide the next block.
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// Builds a child. A `time` that is not later than the tip's is set to one millisecond after
    /// it. `cut` must not go back behind the tip's, and `transactions` are those that it adds.
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

    fn execute<'t>(
        &self,
        place: &Place,
        cut: Cut,
        transactions: impl IntoIterator<Item = &'t VerifiedTransaction>,
    ) -> Executed {
        let height = self.header.height.next();
        let execution = execute(&self.state, height, place.time, transactions);
        let domains = self.domains();
        let leaves: Vec<Hash> =
            execution.booked.iter().map(|booked| booked.receipt.hash(domains)).collect();
        let header = Header {
            suite: domains.suite(),
            chain_id: domains.chain_id(),
            epoch: self.header.epoch,
            height,
            view: place.view,
            parent: self.hash,
            time: place.time,
            lanes_root: cut.root(domains),
            receipts_root: merkle::root(domains, &leaves),
            state_root: execution.state.root(),
            history_root: self.history.root(domains),
            validators_hash: self.header.next_validators_hash,
            next_validators_hash: self.header.next_validators_hash,
            proposer: place.proposer,
        };
        let (history, validators) = (self.history.clone(), Arc::clone(&self.validators));
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
        let history_nodes = history.append(state.domains(), &hash);
        let block = Block { header: header.clone(), cut: cut.clone() };
        let tip = Tip { header, hash, cut, state, history, validators };
        Self { block, tip, booked, leaves, changes, history_nodes }
    }
}
