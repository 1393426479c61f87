//! The adversary that forks its own lane: at one place it signs several batches, and gives each
//! peer others of them, first one and then another.
//!
//! A cut names a batch by its hash, so all execute the same one (or wait for it); what a cut does
//! not name has no effect. A node keeps two batches of one place, and whatever a certified cut
//! names.

use ledger::block::{Batch, LaneTip};
use ledger::ids::{Epoch, Timestamp};
use node::core::Core;
use node::core::lanes::HeldBatch;
use node::core::message::{BatchRequest, PeerMessage};
use node::core::step::{Input, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::actor::{Place, Started};
use super::super::setup::Peer;
use super::Adversary;
use super::voice::{Mischief, Voice, send, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "lane equivocator", start };

/// How many batches there are at one place, beside the core's own.
const FORKS: usize = 2;

#[derive(Default)]
struct Forks {
    /// The other batches of each of the last places.
    made: BTreeMap<(Epoch, u64), Vec<Batch>>,
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(Forks::default(), place, core, first)
}

fn tip(voice: &Voice, batch: &Batch) -> LaneTip {
    let header = &batch.header;
    LaneTip { sequence: header.sequence, batch: header.hash(voice.domains()) }
}

impl Forks {
    /// For how many places it remembers what it made.
    const MEMORY: usize = 64;

    /// The other batches at the place of `own`: some of its transactions, or each of them twice.
    fn forks(&mut self, voice: &Voice, own: &HeldBatch) -> Vec<Batch> {
        let header = &own.header;
        let place = (header.epoch, header.sequence);
        if let Some(made) = self.made.get(&place) {
            return made.clone();
        }
        let before = (header.epoch, header.sequence.saturating_sub(1));
        let before = self.made.get(&before).cloned().unwrap_or_default();
        let straight = LaneTip { sequence: header.sequence - 1, batch: header.parent };
        let all: Vec<_> = own.transactions.iter().map(|one| one.signed().clone()).collect();
        let half = all.iter().take(all.len() / 2).cloned().collect();
        let twice = all.iter().chain(&all).cloned().collect();
        let made = [half, twice].into_iter().enumerate().take(FORKS).map(|(fork, transactions)| {
            let parent = before.get(fork).map_or(straight, |batch| tip(voice, batch));
            let (epoch, lane) = (header.epoch, header.lane);
            Batch::sign(voice.domains(), voice.key(), epoch, lane, parent, transactions)
        });
        let made: Vec<_> = made.collect();
        self.made.insert(place, made.clone());
        if self.made.len() > Self::MEMORY {
            self.made.pop_first();
        }
        made
    }

    /// Some of the batches of one place, for one peer, in any order.
    fn deal(&mut self, voice: &mut Voice, to: Peer, own: &Arc<HeldBatch>) -> Vec<Output> {
        let forks = self.forks(voice, own);
        let mut outputs: Vec<_> =
            forks.into_iter().map(|batch| send(to, PeerMessage::Batch(batch))).collect();
        outputs.push(Output::SendBatch { to, batch: Arc::clone(own) });
        let first = voice.random.position(outputs.len());
        outputs.rotate_left(first);
        outputs.truncate(1 + voice.random.position(outputs.len()));
        voice.did("gave one of several batches of a place");
        outputs
    }

    /// The fork that a request names.
    fn named(&self, voice: &Voice, request: &BatchRequest) -> Option<Batch> {
        let forks = self.made.get(&(request.epoch, request.tip.sequence))?;
        forks.iter().find(|batch| tip(voice, batch) == request.tip).cloned()
    }
}

impl Mischief for Forks {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        if let Input::Peer { from, message: PeerMessage::BatchRequest(request) } = input
            && request.lane == voice.index()
            && let Some(fork) = self.named(voice, request)
        {
            return vec![send(*from, PeerMessage::Batch(fork))];
        }
        Vec::new()
    }

    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        let Output::BroadcastBatch(own) = output else { return vec![output] };
        let peers = voice.peers();
        peers.into_iter().flat_map(|peer| self.deal(voice, peer, &own)).collect()
    }
}
