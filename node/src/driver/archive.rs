//! Final blocks and batches for peers that catch up, and for readers.
//!
//! Invariants: what is served is final; an answer is bounded in blocks and bytes. Absent: proofs
//! (see `http`), undecided blocks (the core's).

use std::sync::Arc;

use crossbeam_channel::Receiver;
use ledger::ids::{Height, InstitutionNumber};

use super::links::{Links, encode, recorded_batch_frame};
use super::view::View;
use crate::core::message::{BatchRequest, ChainPart, FinalBlock, PeerMessage};
use crate::core::snapshot::{Snapshot, SnapshotRequest};
use crate::core::step::Channel;
use crate::log::{LogError, LogReader, Record};
use crate::net::{Bytes, Class};
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

    /// The frames that answer a request for batches: the batches in order, as far as the bytes
    /// suffice; behind the last that is held, how far back this node goes. If the rest was pruned,
    /// the asker will find it nowhere and needs a snapshot.
    fn batches(&self, request: &BatchRequest) -> Result<Vec<Bytes>, StoreError> {
        let mut frames = Vec::new();
        let mut left = ANSWER_BYTES;
        for sequence in request.after.saturating_add(1)..=request.tip.sequence {
            let name = BatchName { epoch: request.epoch, lane: request.lane, sequence };
            let Some(record) = self.batch(name)? else {
                frames.push(encode(&PeerMessage::Pruned(self.store.earliest()?)));
                break;
            };
            let frame = recorded_batch_frame(&record.payload);
            let Some(rest) = left.checked_sub(frame.len()) else { break };
            left = rest;
            frames.push(frame);
        }
        Ok(frames)
    }

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
            Request::Batches { to, request } => archive.batches(&request).map(|frames| {
                for frame in frames {
                    links.send_frame(to, Class::Sync, frame);
                }
            }),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::snapshot::tests::world::Chain;
    use crate::core::step::Committed;
    use crate::log::{Log, LogOptions, Position};
    use crate::store::{Backlog, IndexItem};
    use ledger::block::{Batch, BatchHeader, LaneTip};
    use ledger::crypto::Signature;
    use ledger::hash::Hash;
    use ledger::ids::{Bic, Epoch, ValidatorIndex};
    use tempfile::TempDir;

    const LANE: ValidatorIndex = ValidatorIndex(2);

    fn batch(sequence: u64) -> Batch {
        let (parent, payload) = (Hash([1; 32]), Hash([2; 32]));
        let header = BatchHeader { epoch: Epoch(0), lane: LANE, sequence, parent, payload };
        Batch { header, signature: Signature([3; 64]), transactions: Vec::new() }
    }

    /// A log with a segment for each of three batches, and an archive that knows them all.
    fn archive(directory: &TempDir) -> (Log, Archive) {
        let options = LogOptions { segment_bytes: 1, check_from: Position::START };
        let (mut log, _) = Log::open(&directory.path().join("log"), options).unwrap();
        let mut batches = Vec::new();
        for sequence in 1..=3 {
            let position = log.append(1, &ledger::codec::encode(&batch(sequence))).unwrap();
            log.sync().unwrap();
            batches.push((BatchName { epoch: Epoch(0), lane: LANE, sequence }, position));
        }
        let chain = Chain::new(1);
        let store = Store::open(&directory.path().join("index.redb"), 1 << 20).unwrap();
        store.found(&chain.genesis, Position::START).unwrap();
        let certificate = Some(chain.blocks[0].1.clone());
        let committed = Committed::new(chain.executed[0].clone(), certificate, Vec::new());
        let replay_from = Position::START;
        let item = IndexItem { committed: Arc::new(committed), batches, replay_from };
        store.write(&[item], &mut Backlog::default(), true).unwrap();
        let bic = Bic::parse("PSBCCNBJ").unwrap();
        let view = View::new(chain.tip().clone(), Vec::new(), Height(1), bic);
        let reader = log.reader();
        (log, Archive::new(Arc::new(store), reader, Arc::new(view)))
    }

    fn answers(archive: &Archive, after: u64, last: u64) -> Vec<PeerMessage> {
        let tip = LaneTip { sequence: last, batch: Hash([4; 32]) };
        let request = BatchRequest { epoch: Epoch(0), lane: LANE, after, tip };
        let frames = archive.batches(&request).unwrap();
        frames.iter().map(|frame| PeerMessage::decode(frame).unwrap()).collect()
    }

    #[test]
    fn batches_are_served_and_who_asks_for_a_pruned_one_is_told_so() {
        let directory = TempDir::new().unwrap();
        let (mut log, archive) = archive(&directory);
        let held = |sequence| PeerMessage::Batch(batch(sequence));
        assert_eq!(answers(&archive, 0, 3), [held(1), held(2), held(3)]);
        assert_eq!(answers(&archive, 1, 2), [held(2)]);
        let pruned = PeerMessage::Pruned(archive.store.earliest().unwrap());
        assert_eq!(answers(&archive, 2, 4), [held(3), pruned.clone()]);
        assert_eq!(log.prune_before(3).unwrap(), 2);
        assert_eq!(answers(&archive, 0, 3), [pruned]);
        assert_eq!(answers(&archive, 2, 3), [held(3)]);
    }
}
