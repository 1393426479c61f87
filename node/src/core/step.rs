//! What goes into a step of the node's core and what comes out.
//!
//! Invariants: the host performs outputs in the order given; everything after an
//! [`Output::Persist`] waits until that record is durable. Absent: failures; a host that cannot
//! persist stops the node.

use ledger::account::NodeRecord;
use ledger::certificate::Certificate;
use ledger::chain::Executed;
use ledger::execute::Booked;
use ledger::ids::{Height, InstitutionNumber, Timestamp};
use ledger::light::EpochChange;
use ledger::rejection::Rejection;
use ledger::state::Marker;
use ledger::transaction::{EnvelopeError, TransactionId};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::lanes::HeldBatch;
use super::message::{BatchRequest, PeerMessage};
use super::record::LogRecord;
use super::snapshot::{Installed, Keep, Snapshot, SnapshotRequest};
use super::verification::{JobId, VerificationJob, VerificationResult};

/// Names a client's request; unique within one run of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// An event for the core.
#[derive(Debug)]
pub enum Input {
    /// A client hands over a transaction's bytes.
    Submit {
        /// The request, for the reply.
        request: RequestId,
        /// The bytes as they came.
        bytes: Vec<u8>,
        /// True: reply when it is final. False: reply when it is taken in durably.
        until_final: bool,
    },
    /// A verification job was done.
    Verified(JobId, VerificationResult),
    /// A peer says something.
    Peer {
        /// Who; the transport has authenticated it.
        from: InstitutionNumber,
        /// What.
        message: PeerMessage,
    },
    /// A connection to an institution's node opened.
    Connected(InstitutionNumber),
    /// The last connection to an institution's node ended.
    Disconnected(InstitutionNumber),
    /// The moment of the last [`Output::WakeAt`] has come.
    Wake,
}

/// The answer to a client's request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The envelope is bad; nothing entered the ledger.
    Refused(EnvelopeError),
    /// The ledger would certainly reject it; nothing entered the ledger.
    Rejected(Rejection),
    /// The queues are full; nothing was taken in.
    Busy,
    /// It is in this node's lane, or kept here and forwarded to validators: durably, and will be
    /// ordered.
    Accepted(TransactionId),
    /// It is final: its receipts are in this block.
    Final(TransactionId, Arc<Committed>),
    /// It was final before: the block that its marker names has its receipts.
    Known(Marker),
}

/// A final block with all that it changed.
#[derive(Debug)]
pub struct Committed {
    /// The block, its receipts, and the state after it.
    pub executed: Arc<Executed>,
    /// Its own finalization, if one is known; a later block's makes it final, too.
    pub certificate: Option<Certificate>,
    /// The batches that it ordered, in the order of execution.
    pub batches: Vec<Arc<HeldBatch>>,
    /// Where each transaction's receipts are; made when the first client asks.
    places: OnceLock<BTreeMap<TransactionId, Range<usize>>>,
}

impl Committed {
    /// A final block.
    pub fn new(
        executed: Arc<Executed>,
        certificate: Option<Certificate>,
        batches: Vec<Arc<HeldBatch>>,
    ) -> Self {
        Self { executed, certificate, batches, places: OnceLock::new() }
    }

    /// The receipts of a transaction, and the place of the first among the block's. None if the
    /// block did not execute it.
    pub fn booked_by(&self, id: TransactionId) -> (usize, &[Booked]) {
        let places = self.places.get_or_init(|| places(&self.executed.booked));
        let range = places.get(&id).cloned().unwrap_or_default();
        (range.start, self.executed.booked.get(range).unwrap_or_default())
    }

    /// The change of epoch that the block makes, if it ends one. Such a block has a finalization of
    /// its own: nothing is built on it before.
    pub fn epoch_change(&self) -> Option<EpochChange> {
        let tip = &self.executed.tip;
        let certificate = self.certificate.clone().filter(|_| tip.header().ends_epoch())?;
        let next = tip.child_validators().as_ref().clone();
        Some(EpochChange { header: tip.header().clone(), certificate, next })
    }

    /// The block's height.
    pub fn height(&self) -> Height {
        self.executed.block.header.height
    }
}

fn places(booked: &[Booked]) -> BTreeMap<TransactionId, Range<usize>> {
    let same = |a: &Booked, b: &Booked| a.receipt.transaction == b.receipt.transaction;
    let mut start = 0_usize;
    let mut places = BTreeMap::new();
    for receipts in booked.chunk_by(same) {
        let end = start.saturating_add(receipts.len());
        if let Some(first) = receipts.first() {
            places.insert(first.receipt.transaction, start..end);
        }
        start = end;
    }
    places
}

/// Which of the network's streams a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Votes and certificates.
    Votes,
    /// Proposals.
    Proposals,
    /// New lane batches.
    Lanes,
    /// Requests and answers.
    Sync,
}

/// What the host must do for the core.
#[derive(Debug)]
pub enum Output {
    /// Make this record durable before any later output is performed.
    Persist(LogRecord),
    /// Send to one peer.
    Send {
        /// The receiver.
        to: InstitutionNumber,
        /// On which stream.
        channel: Channel,
        /// What.
        message: PeerMessage,
    },
    /// Send to all peers.
    Broadcast {
        /// On which stream.
        channel: Channel,
        /// What.
        message: PeerMessage,
    },
    /// Send one of this node's batches to all peers.
    BroadcastBatch(Arc<HeldBatch>),
    /// Send a held batch to one peer that asked.
    SendBatch {
        /// The receiver.
        to: InstitutionNumber,
        /// The batch.
        batch: Arc<HeldBatch>,
    },
    /// Answer a peer from the archive: batches that are final for long.
    ServeBatches {
        /// The asker.
        to: InstitutionNumber,
        /// What it asked for.
        request: BatchRequest,
    },
    /// Answer a peer from the archive: final blocks from this height upwards.
    ServeChain {
        /// The asker.
        to: InstitutionNumber,
        /// The first block.
        from: Height,
    },
    /// Answer a peer from a snapshot that is served, with the changes of epoch from the archive.
    ServeSnapshot {
        /// The asker.
        to: InstitutionNumber,
        /// The snapshot.
        snapshot: Arc<Snapshot>,
        /// What it asked for.
        request: SnapshotRequest,
    },
    /// Keep or forget a part of a snapshot that is being fetched; it need not be durable.
    Keep(Keep),
    /// The state is now that of a snapshot: make it durable, as the place from which a restart
    /// begins, before any later output is performed. The next commit is of its block's child.
    Install(Arc<Installed>),
    /// Tell the operator.
    Note(String),
    /// Do this job and give [`Input::Verified`]. Need not wait for what is to be persisted.
    Verify(JobId, VerificationJob),
    /// Give [`Input::Wake`] at this moment; replaces the last such request.
    WakeAt(Timestamp),
    /// Only these nodes may connect and are sent to from now on: at the start, and when the
    /// ledger's records change.
    Nodes(BTreeMap<InstitutionNumber, NodeRecord>),
    /// Answer a client.
    Reply(RequestId, Reply),
    /// A block is final: show it, index it, tell subscribers. In height order without a gap, but
    /// for those that [`Output::Install`] leaves out.
    Commit(Arc<Committed>),
    /// A peer broke the rules; the text says how.
    Misbehaviour {
        /// Who.
        peer: InstitutionNumber,
        /// What it did.
        what: &'static str,
    },
    /// This node computed another state than a quorum, or does not know the rules of the next
    /// block: it must stop, and an operator must look.
    Halt(String),
    /// The votes that this node forgot are behind the chain, and that is on record: from the next
    /// start on its memory is whole.
    Regained,
    /// A validator is proven faulty.
    Evidence(Box<consensus::Evidence>),
}
