//! Lanes: every validator's chain of transaction batches, as far as this node holds them.
//!
//! Invariants: a held batch was verified and handed to the log; a lane's tip is linked to what is
//! final without a gap; per lane at most [`Lanes::WINDOW`] batches wait for order, and per place
//! two, and those that cuts name (an owner that makes two is faulty). Absent: order between lanes
//! (the cut's).

use borsh::BorshSerialize;
use ledger::block::{BatchHeader, Cut, LaneTip};
use ledger::crypto::Signature;
use ledger::hash::Hash;
use ledger::ids::{Epoch, ValidatorIndex};
use ledger::transaction::VerifiedTransaction;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::message::BatchRequest;

/// A batch whose owner's signature and transactions were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBatch {
    /// Its place and contents' hash.
    pub header: BatchHeader,
    /// The header's hash.
    pub hash: Hash,
    /// The owner's signature.
    pub signature: Signature,
    /// The transactions.
    pub transactions: Vec<VerifiedTransaction>,
    /// The bytes that it takes of a block.
    pub bytes: usize,
}

impl HeldBatch {
    /// The lane tip that this batch is.
    pub const fn tip(&self) -> LaneTip {
        LaneTip { sequence: self.header.sequence, batch: self.hash }
    }
}

impl BorshSerialize for HeldBatch {
    /// Encodes as the [`ledger::block::Batch`] that it was made from.
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        self.header.serialize(writer)?;
        self.signature.serialize(writer)?;
        let count = u32::try_from(self.transactions.len()).map_err(std::io::Error::other)?;
        count.serialize(writer)?;
        self.transactions.iter().try_for_each(|verified| verified.signed().serialize(writer))
    }
}

/// One validator's lane.
#[derive(Debug, Default)]
struct Lane {
    /// What is final of it.
    ordered: LaneTip,
    /// The last batch that is linked to `ordered` without a gap.
    tip: LaneTip,
    /// Batches by place, final ones of late included.
    held: BTreeMap<u64, Vec<Arc<HeldBatch>>>,
}

impl Lane {
    fn find(&self, tip: LaneTip) -> Option<&Arc<HeldBatch>> {
        self.held.get(&tip.sequence)?.iter().find(|batch| batch.hash == tip.batch)
    }

    fn advance_tip(&mut self) {
        while let Some(next) = self.tip.sequence.checked_add(1)
            && let Some(batches) = self.held.get(&next)
            && let Some(linked) = batches.iter().find(|b| b.header.parent == self.tip.batch)
        {
            self.tip = linked.tip();
        }
    }
}

/// What keeps a cut from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CutProblem {
    /// Batches are not held; ask for these.
    Missing(Vec<BatchRequest>),
    /// A lane's tip does not descend from the parent's: the cut can never be valid.
    Unlinked,
}

/// All lanes of an epoch.
#[derive(Debug)]
pub struct Lanes {
    epoch: Epoch,
    lanes: Vec<Lane>,
}

impl Lanes {
    /// How many batches of one lane may wait for order.
    pub const WINDOW: u64 = 256;

    /// How many final batches of one lane stay in memory for peers that are a little behind.
    const RECENT: u64 = 64;

    /// Empty lanes of an epoch after the final cut `ordered`.
    pub fn new(epoch: Epoch, ordered: &Cut) -> Self {
        let lane = |tip: &LaneTip| Lane { ordered: *tip, tip: *tip, held: BTreeMap::new() };
        Self { epoch, lanes: ordered.0.iter().map(lane).collect() }
    }

    fn lane(&self, index: ValidatorIndex) -> Option<&Lane> {
        self.lanes.get(index.position())
    }

    /// True if a batch at this place may be kept: of this epoch, above what is final, within the
    /// window, and not the third of its place.
    pub fn has_room(&self, header: &BatchHeader, hash: Hash) -> bool {
        let beside = self.lane(header.lane).and_then(|lane| lane.held.get(&header.sequence));
        self.has_room_for_named(header, hash) && beside.is_none_or(|held| held.len() < 2)
    }

    /// True if a batch that a cut names may be kept, however many others of its place are: what its
    /// lane's owner signed besides must not keep this node from what a quorum orders.
    pub fn has_room_for_named(&self, header: &BatchHeader, hash: Hash) -> bool {
        self.lane(header.lane).is_some_and(|lane| {
            let above = header.sequence > lane.ordered.sequence;
            let limit = lane.ordered.sequence.saturating_add(Self::WINDOW);
            let beside = lane.held.get(&header.sequence);
            let is_new = beside.is_none_or(|held| held.iter().all(|batch| batch.hash != hash));
            header.epoch == self.epoch && above && header.sequence <= limit && is_new
        })
    }

    /// True if the batch that a request names lies within the window, so that it may be kept.
    pub fn is_within_window(&self, request: &BatchRequest) -> bool {
        self.lane(request.lane).is_some_and(|lane| {
            request.tip.sequence <= lane.ordered.sequence.saturating_add(Self::WINDOW)
        })
    }

    /// Keeps a batch. Returns what to ask for if its predecessors are missing.
    pub fn insert(&mut self, batch: Arc<HeldBatch>) -> Option<BatchRequest> {
        let lane = self.lanes.get_mut(batch.header.lane.position())?;
        let tip = batch.tip();
        lane.held.entry(tip.sequence).or_default().push(batch.clone());
        lane.advance_tip();
        let gap = tip.sequence.saturating_sub(1) > lane.tip.sequence;
        let (epoch, lane, after) = (self.epoch, batch.header.lane, lane.tip.sequence);
        gap.then_some(BatchRequest { epoch, lane, after, tip })
    }

    /// How many batches are kept.
    pub fn count(&self) -> usize {
        self.lanes.iter().flat_map(|lane| lane.held.values()).map(Vec::len).sum()
    }

    /// The last linked batch of a lane.
    pub fn tip(&self, index: ValidatorIndex) -> LaneTip {
        self.lane(index).map(|lane| lane.tip).unwrap_or_default()
    }

    /// How many linked batches of a lane wait for order.
    pub fn waiting(&self, index: ValidatorIndex) -> u64 {
        self.lane(index).map_or(0, |lane| lane.tip.sequence.saturating_sub(lane.ordered.sequence))
    }

    /// All linked batches of a lane that wait for order.
    pub fn unordered(&self, index: ValidatorIndex) -> Vec<Arc<HeldBatch>> {
        self.oldest_waiting(index, usize::MAX)
    }

    /// The first linked batches of a lane that wait for order, at most `count`.
    pub fn oldest_waiting(&self, index: ValidatorIndex, count: usize) -> Vec<Arc<HeldBatch>> {
        let Some(lane) = self.lane(index) else { return Vec::new() };
        let mut batches = Vec::new();
        let mut tip = lane.ordered;
        while batches.len() < count
            && let Some(next) = tip.sequence.checked_add(1)
            && let Some(held) = lane.held.get(&next)
            && let Some(batch) = held.iter().find(|batch| batch.header.parent == tip.batch)
        {
            batches.push(batch.clone());
            tip = batch.tip();
        }
        batches
    }

    /// True if some lane has linked batches beyond `cut`.
    pub fn is_beyond(&self, cut: &Cut) -> bool {
        self.lanes.iter().zip(&cut.0).any(|(lane, tip)| lane.tip.sequence > tip.sequence)
    }

    /// The cut to propose on top of `parent`: every lane's batches that are linked to the parent's,
    /// a batch of each lane in turn until `limit` bytes.
    pub fn propose(&self, parent: &Cut, limit: usize) -> Cut {
        let mut cut = parent.clone();
        let mut left = limit;
        loop {
            let mut grew = false;
            for (lane, tip) in self.lanes.iter().zip(&mut cut.0) {
                let next = tip.sequence.saturating_add(1);
                let linked = lane.held.get(&next).and_then(|batches| {
                    batches.iter().find(|batch| batch.header.parent == tip.batch)
                });
                if let Some(batch) = linked
                    && batch.bytes <= left
                {
                    left = left.saturating_sub(batch.bytes);
                    *tip = batch.tip();
                    grew = true;
                }
            }
            if !grew {
                return cut;
            }
        }
    }

    /// The batches that `cut` orders beyond `parent`, in the order of execution: lane by lane, each
    /// in the order of its chain.
    ///
    /// # Errors
    /// [`CutProblem`] if batches are missing, or the cut does not descend from the parent's.
    pub fn between(&self, parent: &Cut, cut: &Cut) -> Result<Vec<Arc<HeldBatch>>, CutProblem> {
        if parent.0.len() != cut.0.len() || cut.0.len() != self.lanes.len() {
            return Err(CutProblem::Unlinked);
        }
        let mut batches = Vec::new();
        let mut missing = Vec::new();
        let indexes = (0_u16..).map(ValidatorIndex);
        for ((index, lane), (from, to)) in indexes.zip(&self.lanes).zip(parent.0.iter().zip(&cut.0))
        {
            let start = batches.len();
            let mut tip = *to;
            while tip.sequence > from.sequence {
                let Some(batch) = lane.find(tip) else {
                    let (epoch, after) = (self.epoch, from.sequence);
                    missing.push(BatchRequest { epoch, lane: index, after, tip });
                    break;
                };
                batches.push(batch.clone());
                tip = LaneTip {
                    sequence: tip.sequence.saturating_sub(1),
                    batch: batch.header.parent,
                };
            }
            if tip.sequence <= from.sequence && tip != *from {
                return Err(CutProblem::Unlinked);
            }
            if let Some(added) = batches.get_mut(start..) {
                added.reverse();
            }
        }
        if missing.is_empty() { Ok(batches) } else { Err(CutProblem::Missing(missing)) }
    }

    /// Takes note that `cut` is final, and forgets what is no longer of late.
    pub fn order(&mut self, cut: &Cut) {
        for (lane, tip) in self.lanes.iter_mut().zip(&cut.0) {
            lane.ordered = *tip;
            // A lane whose owner forked goes on from the batch that became final.
            if lane.tip.sequence <= tip.sequence || !Self::descends(lane, *tip) {
                lane.tip = *tip;
                lane.advance_tip();
            }
            let keep_from = tip.sequence.saturating_sub(Self::RECENT);
            lane.held = lane.held.split_off(&keep_from);
        }
    }

    fn descends(lane: &Lane, ancestor: LaneTip) -> bool {
        let mut tip = lane.tip;
        while tip.sequence > ancestor.sequence {
            let Some(batch) = lane.find(tip) else { return false };
            tip = LaneTip { sequence: tip.sequence.saturating_sub(1), batch: batch.header.parent };
        }
        tip == ancestor
    }

    /// The batches that a peer asked for, ascending, and whether older ones are only on disk.
    pub fn serve(&self, request: &BatchRequest) -> (Vec<Arc<HeldBatch>>, bool) {
        if request.epoch != self.epoch {
            return (Vec::new(), request.epoch < self.epoch);
        }
        let Some(lane) = self.lane(request.lane) else { return (Vec::new(), false) };
        let mut batches = Vec::new();
        let mut tip = request.tip;
        while tip.sequence > request.after {
            let Some(batch) = lane.find(tip) else { break };
            batches.push(batch.clone());
            tip = LaneTip { sequence: tip.sequence.saturating_sub(1), batch: batch.header.parent };
        }
        batches.reverse();
        let on_disk = tip.sequence > request.after && tip.sequence <= lane.ordered.sequence;
        (batches, on_disk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(lane: u16, sequence: u64, parent: u8, hash: u8) -> Arc<HeldBatch> {
        Arc::new(HeldBatch {
            header: BatchHeader {
                epoch: Epoch(0),
                lane: ValidatorIndex(lane),
                sequence,
                parent: Hash([parent; 32]),
                payload: Hash::ZERO,
            },
            hash: Hash([hash; 32]),
            signature: Signature([0; 64]),
            transactions: Vec::new(),
            bytes: 100,
        })
    }

    fn tip(sequence: u64, hash: u8) -> LaneTip {
        LaneTip { sequence, batch: Hash([hash; 32]) }
    }

    #[test]
    fn a_gap_is_asked_for_and_closed() {
        let mut lanes = Lanes::new(Epoch(0), &Cut::empty(2));
        assert_eq!(lanes.insert(batch(0, 1, 0, 1)), None);
        let request = lanes.insert(batch(0, 3, 2, 3)).unwrap();
        assert_eq!((request.after, request.tip), (1, tip(3, 3)));
        assert_eq!(lanes.tip(ValidatorIndex(0)), tip(1, 1));
        assert_eq!(lanes.insert(batch(0, 2, 1, 2)), None);
        assert_eq!(lanes.tip(ValidatorIndex(0)), tip(3, 3));
        assert_eq!(lanes.waiting(ValidatorIndex(0)), 3);
    }

    #[test]
    fn a_cut_is_read_in_order_or_its_holes_are_named() {
        let mut lanes = Lanes::new(Epoch(0), &Cut::empty(2));
        lanes.insert(batch(0, 1, 0, 1));
        lanes.insert(batch(0, 2, 1, 2));
        lanes.insert(batch(1, 1, 0, 7));
        let empty = Cut::empty(2);
        let cut = lanes.propose(&empty, 1000);
        assert_eq!(cut, Cut(vec![tip(2, 2), tip(1, 7)]));
        let read = lanes.between(&empty, &cut).unwrap();
        let hashes: Vec<u8> = read.iter().map(|batch| batch.hash.0[0]).collect();
        assert_eq!(hashes, [1, 2, 7]);
        let beyond = Cut(vec![tip(3, 3), tip(1, 7)]);
        let missing =
            BatchRequest { epoch: Epoch(0), lane: ValidatorIndex(0), after: 0, tip: tip(3, 3) };
        assert_eq!(lanes.between(&empty, &beyond), Err(CutProblem::Missing(vec![missing])));
        let foreign = Cut(vec![tip(2, 2), tip(1, 7)]);
        let other = Cut(vec![tip(1, 9), tip(1, 7)]);
        assert_eq!(lanes.between(&other, &foreign), Err(CutProblem::Unlinked));
        assert_eq!(lanes.between(&empty, &Cut::empty(3)), Err(CutProblem::Unlinked));
        assert_eq!(lanes.between(&cut, &empty), Err(CutProblem::Unlinked));
    }

    #[test]
    fn a_proposal_stays_within_its_bytes() {
        let mut lanes = Lanes::new(Epoch(0), &Cut::empty(2));
        lanes.insert(batch(0, 1, 0, 1));
        lanes.insert(batch(0, 2, 1, 2));
        lanes.insert(batch(1, 1, 0, 7));
        assert_eq!(lanes.propose(&Cut::empty(2), 250), Cut(vec![tip(1, 1), tip(1, 7)]));
    }

    #[test]
    fn a_forked_lane_follows_what_became_final() {
        let mut lanes = Lanes::new(Epoch(0), &Cut::empty(1));
        lanes.insert(batch(0, 1, 0, 1));
        lanes.insert(batch(0, 2, 1, 2));
        assert!(lanes.has_room(&batch(0, 1, 0, 9).header, Hash([9; 32])));
        lanes.insert(batch(0, 1, 0, 9));
        assert!(!lanes.has_room(&batch(0, 1, 0, 8).header, Hash([8; 32])));
        assert!(lanes.has_room_for_named(&batch(0, 1, 0, 8).header, Hash([8; 32])));
        assert!(!lanes.has_room_for_named(&batch(0, 1, 0, 9).header, Hash([9; 32])));
        lanes.order(&Cut(vec![tip(1, 9)]));
        assert_eq!(lanes.tip(ValidatorIndex(0)), tip(1, 9));
        lanes.insert(batch(0, 2, 9, 3));
        assert_eq!(lanes.tip(ValidatorIndex(0)), tip(2, 3));
    }

    #[test]
    fn the_window_is_bounded() {
        let lanes = Lanes::new(Epoch(0), &Cut(vec![tip(10, 1)]));
        let room = |sequence| lanes.has_room(&batch(0, sequence, 0, 5).header, Hash([5; 32]));
        assert!(!room(10));
        assert!(room(11));
        assert!(room(10 + Lanes::WINDOW));
        assert!(!room(11 + Lanes::WINDOW));
        assert!(!lanes.has_room(&batch(4, 11, 0, 5).header, Hash([5; 32])));
        let later = BatchHeader { epoch: Epoch(1), ..batch(0, 11, 0, 5).header.clone() };
        assert!(!lanes.has_room(&later, Hash([5; 32])));
    }
}
