//! Catch-up: which final blocks to ask for, whom, and what of the answers to believe.
//!
//! Asked are the signers of a finalization that is ahead of this node, and peers whose messages are
//! of a later epoch: those say only that there may be more, for this node does not know yet who
//! decides there.
//!
//! Invariants: no height is believed without a finalization certificate of its epoch's validators;
//! a peer that stalls or lies is left for the next one, and is not asked again for its word alone
//! until a pause is over; at most one request for blocks is under way. Absent: execution of the
//! blocks (the core does that as for any final block).

use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::{Domains, Hash};
use ledger::ids::{Epoch, Height, InstitutionNumber, Timestamp, View};
use std::collections::BTreeMap;

use super::committee::Committee;
use super::message::{ChainPart, FinalBlock};

/// How long a peer may take to answer, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// How long a peer whose word came to nothing is not asked for it again, in milliseconds.
const PAUSE_MS: u64 = 2_000;

/// Where catch-up stands.
#[derive(Debug, Default)]
pub struct CatchUp {
    target: Option<Certificate>,
    /// Peers that say there is more, and up to where.
    claims: BTreeMap<InstitutionNumber, (Epoch, View)>,
    /// Peers whose claim came to nothing, and until when another one is not heard.
    pauses: BTreeMap<InstitutionNumber, Timestamp>,
    asked: Option<Asked>,
    turn: u16,
    /// Below which height peers have said that they hold no blocks, and no batches of them.
    pruned: BTreeMap<InstitutionNumber, Height>,
    /// True if the last answer brought something: there may be more.
    was_fruitful: bool,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    peer: InstitutionNumber,
    until: Timestamp,
}

impl CatchUp {
    /// There is a finalization beyond what this node holds.
    pub fn aim(&mut self, certificate: Certificate) {
        let view = |target: &Certificate| target.subject.view;
        if self.target.as_ref().is_none_or(|target| view(target) < certificate.subject.view) {
            self.target = Some(certificate);
        }
    }

    /// A peer speaks of a later epoch, or of a final block that this node does not hold.
    pub fn claim(&mut self, now: Timestamp, peer: InstitutionNumber, place: (Epoch, View)) {
        if self.pauses.get(&peer).is_none_or(|until| *until <= now) {
            self.claims.insert(peer, place);
        }
    }

    /// The block in `view` is final here.
    pub fn reached(&mut self, view: View) {
        if self.target.as_ref().is_some_and(|target| target.subject.view <= view) {
            self.target = None;
            self.asked = None;
        }
    }

    /// The view of the furthest final block that this node knows of, if it does not hold it, or one
    /// that not all who claim to be there can have invented.
    pub fn target(&self, fault_bound: usize) -> Option<View> {
        let mut claimed: Vec<View> = self.claims.values().map(|(_, view)| *view).collect();
        claimed.sort_unstable_by(|one, other| other.cmp(one));
        let known = self.target.as_ref().map(|target| target.subject.view);
        known.max(claimed.get(fault_bound).copied())
    }

    /// `peer` has pruned all below `earliest`: the next one is asked in time. True if nobody who
    /// could be asked has the block `next`.
    pub fn has_pruned(
        &mut self,
        (peer, earliest): (InstitutionNumber, Height),
        next: Height,
        committee: &Committee,
    ) -> bool {
        self.pruned.insert(peer, earliest);
        let lacks = |peer| self.pruned.get(&peer).is_some_and(|earliest| *earliest > next);
        committee.others().all(lacks)
    }

    /// Another epoch begins here: what was aimed at in the last one is reached, and who spoke of
    /// this one is heard by consensus now.
    pub fn begin(&mut self, epoch: Epoch) {
        self.target = None;
        self.asked = None;
        self.claims.retain(|_, (claimed, _)| *claimed > epoch);
    }

    /// True while this node knows of a final block that it does not hold, or so many peers say that
    /// there is one that not all of them can lie.
    pub fn is_behind(&self, fault_bound: usize) -> bool {
        self.target.is_some() || self.claims.len() > fault_bound
    }

    /// The peer to ask now, if one is to be asked: the signers of the target and those who claim to
    /// hold more, in turn.
    pub fn next_peer(
        &mut self,
        now: Timestamp,
        committee: &Committee,
    ) -> Option<InstitutionNumber> {
        if let Some(asked) = self.asked {
            if asked.until > now {
                return None;
            }
            self.disappointed(now, asked.peer);
        }
        let me = committee.me();
        let target = self.target.iter().flat_map(Certificate::signers);
        let signers = target.filter(|signer| Some(*signer) != me);
        let mut peers: Vec<_> = signers.filter_map(|index| committee.institution(index)).collect();
        peers.extend(self.claims.keys());
        let count = u16::try_from(peers.len()).ok()?;
        self.turn = self.turn.wrapping_add(1);
        let peer = *peers.get(usize::from(self.turn.checked_rem(count)?))?;
        self.asked = Some(Asked { peer, until: now.plus(PATIENCE_MS) });
        Some(peer)
    }

    /// This node asks `peer` for blocks although it knows of none. False if it waits for an answer.
    pub fn inquire(&mut self, now: Timestamp, peer: InstitutionNumber) -> bool {
        let is_free = self.asked.is_none_or(|asked| asked.until <= now);
        if is_free {
            self.was_fruitful = false;
            self.asked = Some(Asked { peer, until: now.plus(PATIENCE_MS) });
        }
        is_free
    }

    /// True if the last answer brought something, and it was not asked on since.
    pub const fn was_fruitful(&self) -> bool {
        self.was_fruitful
    }

    /// What was asked for is asked for again, of the next peer.
    pub fn ask_again(&mut self) {
        self.asked = None;
        self.pauses.clear();
    }

    /// When to look again, if a request is under way.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.asked.map(|asked| asked.until)
    }

    /// A peer gave nothing of use: its word counts for nothing for a while.
    fn disappointed(&mut self, now: Timestamp, peer: InstitutionNumber) {
        self.asked = None;
        if self.claims.remove(&peer).is_some() {
            self.pauses.retain(|_, until| *until > now);
            self.pauses.insert(peer, now.plus(PAUSE_MS));
        }
    }

    /// Takes a peer's answer: the blocks that are certainly final and follow `tip`, up to the last
    /// one of the epoch at most; who decides behind it is known only once it is executed. An answer
    /// that was not asked for, has a gap, or is not certified gives nothing, and the next peer is
    /// asked.
    pub fn accept(
        &mut self,
        now: Timestamp,
        from: InstitutionNumber,
        part: ChainPart,
        tip: (Height, Hash),
        (domains, committee): (&Domains, &Committee),
    ) -> Vec<FinalBlock> {
        if self.asked.is_none_or(|asked| asked.peer != from) {
            return Vec::new();
        }
        self.asked = None;
        self.pruned.remove(&from);
        let blocks = certified(part, tip, domains, committee);
        self.was_fruitful = !blocks.is_empty();
        if blocks.is_empty() {
            self.disappointed(now, from);
        }
        blocks
    }
}

/// The blocks of an answer that follow `tip` and are covered by a certificate of the epoch.
fn certified(
    part: ChainPart,
    (height, hash): (Height, Hash),
    domains: &Domains,
    committee: &Committee,
) -> Vec<FinalBlock> {
    let mut next = height.next();
    let mut parent = hash;
    let mut certified = 0;
    let mut blocks: Vec<FinalBlock> = Vec::new();
    for block in part.0 {
        let header = &block.block.header;
        let is_after_the_end = blocks.last().is_some_and(|last| last.block.header.ends_epoch());
        let linked = header.height == next
            && header.parent == parent
            && header.epoch == committee.epoch()
            && header.lanes_root == block.block.cut.root(domains);
        if !linked || is_after_the_end {
            break;
        }
        next = next.next();
        parent = block.block.hash(domains);
        let is_final = block.certificate.as_ref().is_some_and(|certificate| {
            certificate.subject.kind == VoteKind::Finalize
                && certificate.subject.is_of(header, parent)
                && certificate.verify(domains, committee.validators()).is_ok()
        });
        blocks.push(block);
        if is_final {
            certified = blocks.len();
        }
    }
    blocks.truncate(certified);
    blocks
}
