//! The adversary that serves snapshots that are none: of heights that do not exist, with forged
//! manifests, with chunks of other places or with nothing in them, or not to the end.
//!
//! A manifest is believed under a quorum's certificate only, and a chunk under the roots of a
//! manifest that was; who sends something false is asked no more, who stalls is left for others.

use ledger::ids::{Height, Timestamp};
use ledger::state::Part;
use ledger::tree::Chunk;
use node::core::Core;
use node::core::message::PeerMessage;
use node::core::snapshot::{ChunkPlace, Manifest, Offers, SnapshotAnswer, SnapshotId};
use node::core::step::{Input, Output};

use super::super::actor::{Place, Started};
use super::super::setup::Peer;
use super::Adversary;
use super::voice::{Mischief, Voice, send, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "snapshot forger", start };

#[derive(Default)]
struct SnapshotForger {
    /// The last chunk that it gave away.
    last: Option<Chunk>,
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(SnapshotForger::default(), place, core, first)
}

fn offers(voice: &mut Voice, mut offers: Offers) -> SnapshotAnswer {
    let highest = offers.0.iter().map(|id| id.height.0).max().unwrap_or(0);
    let by = voice.random.between(1, 100_000);
    let block = voice.nonsense();
    offers.0.truncate(Offers::MAXIMUM - 1);
    offers.0.push(SnapshotId { height: Height(highest.saturating_add(by)), block });
    SnapshotAnswer::Offers(offers)
}

fn manifest(voice: &mut Voice, mut manifest: Box<Manifest>) -> SnapshotAnswer {
    match voice.random.between(0, 3) {
        0 => manifest.outline.count += 1,
        1 => manifest.progress.header.state_root = voice.nonsense(),
        2 => manifest.progress.header.height = manifest.progress.header.height.next(),
        _ => manifest.progress.epochs.clear(),
    }
    if voice.random.chance(300) {
        // All that is wrong stands under the adversary's own signature.
        let mut subject = manifest.progress.certificate.subject;
        subject.block = manifest.progress.header.hash(voice.domains());
        manifest.progress.certificate = voice.sole(subject);
    }
    SnapshotAnswer::Manifest(manifest)
}

impl SnapshotForger {
    fn chunk(
        &mut self,
        voice: &mut Voice,
        snapshot: SnapshotId,
        place: ChunkPlace,
        chunk: Chunk,
    ) -> Option<SnapshotAnswer> {
        let other = self.last.replace(chunk.clone());
        match voice.random.between(0, 3) {
            0 => None,
            1 => Some(SnapshotAnswer::Gone(snapshot)),
            2 => {
                let place = ChunkPlace { part: Part::Map, index: place.index.wrapping_add(1) };
                Some(SnapshotAnswer::Chunk { snapshot, place, chunk })
            }
            _ => {
                let chunk = other.unwrap_or(chunk);
                Some(SnapshotAnswer::Chunk { snapshot, place, chunk })
            }
        }
    }

    fn forge(&mut self, voice: &mut Voice, answer: SnapshotAnswer) -> Option<SnapshotAnswer> {
        match answer {
            SnapshotAnswer::Offers(true_ones) => Some(offers(voice, true_ones)),
            SnapshotAnswer::Manifest(true_one) => Some(manifest(voice, true_one)),
            SnapshotAnswer::Chunk { snapshot, place, chunk } => {
                self.chunk(voice, snapshot, place, chunk)
            }
            SnapshotAnswer::Gone(_) => None,
        }
    }

    fn answer(&mut self, voice: &mut Voice, to: Peer, answer: SnapshotAnswer) -> Vec<Output> {
        voice.did("forged a part of a snapshot");
        let forged = self.forge(voice, answer).map(PeerMessage::SnapshotAnswer);
        forged.map(|message| send(to, message)).into_iter().collect()
    }
}

impl Mischief for SnapshotForger {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        // Nobody asked for this.
        let Input::Peer { from, message: PeerMessage::ChainRequest(from_height) } = input else {
            return Vec::new();
        };
        let id = SnapshotId { height: *from_height, block: voice.nonsense() };
        voice.did("offered a snapshot that is none");
        let offer = SnapshotAnswer::Offers(Offers(vec![id]));
        vec![send(*from, PeerMessage::SnapshotAnswer(offer))]
    }

    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        if let Output::ServeSnapshot { to, snapshot, request } = &output {
            let answer = snapshot.answer(request, |_| None);
            return self.answer(voice, *to, answer);
        }
        if let Output::Send { to, message: PeerMessage::SnapshotAnswer(answer), .. } = &output {
            return self.answer(voice, *to, answer.clone());
        }
        vec![output]
    }
}
