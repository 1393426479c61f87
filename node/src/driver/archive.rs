//! Final blocks and batches for peers that catch up, and for readers.
//!
//! Invariants: what is served is final; an answer is bounded in blocks and bytes. Absent: proofs
//! (see `http`), undecided blocks (the core's).

use std::sync::Arc;

use crossbeam_channel::Receiver;
use ledger::ids::{Height, InstitutionNumber};

use super::links::{Links, recorded_batch_frame};
use super::view::View;
use crate::core::message::{BatchRequest, ChainPart, FinalBlock, PeerMessage};
use crate::core::snapshot::{Snapshot, SnapshotRequest};
use crate::core::step::Channel;
use crate::log::{LogError, LogReader, Record};
use crate::net::Class;
use crate::store::{BatchName, Store, StoreError};

/// How many requests may wait; more are dropped, and the peers ask again.
pub(super) const QUEUE: usize = 64;

/// The most bytes of batches in one answer.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// What a peer asked for.
#[derive(Debug)]
pub(super) enum Request {
    /// Final blocks from a height upwards.
    Chain {
        /// The asker.
        to: InstitutionNumber,
        /// The first height.
        from: Height,
    },
    /// Final batches.
    Batches {
        /// The asker.
        to: InstitutionNumber,
        /// Which.
        request: BatchRequest,
    },
    /// A part of a snapshot.
    Snapshot {
        /// The asker.
        to: InstitutionNumber,
        /// The snapshot.
        snapshot: Arc<Snapshot>,
        /// Which part.
        request: SnapshotRequest,
    },
}

/// Index and log, for reading.
pub struct Archive {
    /// The index.
    pub store: Arc<Store>,
    log: LogReader,
    view: Arc<View>,
}

impl Archive {
    pub(super) fn new(store: Arc<Store>, log: LogReader, view: Arc<View>) -> Self {
        Self { store, log, view }
    }

    /// The view, to wait for what is not indexed yet.
    pub fn view(&self) -> &View {
        &self.view
    }

    fn chain(&self, from: Height) -> Result<PeerMessage, StoreError> {
        let earliest = self.store.earliest()?;
        if from < earliest {
            return Ok(PeerMessage::Pruned(earliest));
        }
        let mut blocks = Vec::new();
        let mut height = from;
        while blocks.len() < ChainPart::MAXIMUM
            && let Some(indexed) = self.store.block(height)?
        {
            let certificate = self.store.certificate(height)?;
            let is_last = indexed.block.header.ends_epoch();
            blocks.push(FinalBlock { block: indexed.block, certificate });
            height = height.next();
            // The asker takes no more at a time: it does not know yet who decides behind it.
            if is_last {
                break;
            }
        }
        Ok(PeerMessage::Chain(ChainPart(blocks)))
    }
}

impl Archive {
    /// The record of a batch; `None` if it was pruned, is not indexed yet, or cannot be read.
    fn batch(&self, name: BatchName) -> Result<Option<Record>, StoreError> {
        let Some(position) = self.store.batch(name)? else { return Ok(None) };
        match self.log.read(position) {
            Ok(record) => Ok(Some(record)),
            Err(LogError::Pruned { .. }) => Ok(None),
            Err(error) => {
                tracing::error!(%error, "a batch of the log could not be read");
                Ok(None)
            }
        }
    }
}

/// Serves peers until the performer is gone.
pub(super) fn serve(archive: &Archive, links: &Links, requests: &Receiver<Request>) {
    for request in requests {
        let served = match request {
            Request::Chain { to, from } => archive.chain(from).map(|answer| {
                links.send(to, Channel::Sync, &answer);
            }),
            Request::Batches { to, request } => serve_batches(archive, links, to, &request),
            Request::Snapshot { to, snapshot, request } => {
                // A change that cannot be read makes the snapshot one that is not served.
                let change = |epoch| archive.store.epoch_change(epoch).ok().flatten();
                let answer = PeerMessage::SnapshotAnswer(snapshot.answer(&request, change));
                links.send(to, Channel::Sync, &answer);
                Ok(())
            }
        };
        if let Err(error) = served {
            tracing::error!(%error, "a peer could not be served");
        }
    }
}

fn serve_batches(
    archive: &Archive,
    links: &Links,
    to: InstitutionNumber,
    request: &BatchRequest,
) -> Result<(), StoreError> {
    let mut left = ANSWER_BYTES;
    for sequence in request.after.saturating_add(1)..=request.tip.sequence {
        let name = BatchName { epoch: request.epoch, lane: request.lane, sequence };
        let Some(record) = archive.batch(name)? else {
            // If it was pruned, the asker will find it nowhere and needs a snapshot.
            let answer = PeerMessage::Pruned(archive.store.earliest()?);
            links.send(to, Channel::Sync, &answer);
            break;
        };
        let frame = recorded_batch_frame(&record.payload);
        let Some(rest) = left.checked_sub(frame.len()) else { break };
        left = rest;
        links.send_frame(to, Class::Sync, frame);
    }
    Ok(())
}
