//! The adversary that lies to those who are behind: it claims heights that do not exist, answers
//! with gaps, with wrong blocks, with blocks that no one certified, with one block at a time or
//! none, and pushes answers at those who did not ask.
//!
//! No height is believed without a certificate; of an answer only what is linked and certified is
//! taken; after every answer, and after a second without one, another peer is asked.

use consensus::{Message, Status};
use ledger::certificate::{VoteKind, VoteSubject};
use ledger::ids::{Height, Timestamp, View};
use node::core::Core;
use node::core::message::{ChainPart, FinalBlock, PeerMessage};
use node::core::step::{Input, Output};

use super::super::actor::{Place, Started};
use super::super::setup::Peer;
use super::Adversary;
use super::voice::{Mischief, Voice, heard, say, send, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "liar in catch-up", start };

#[derive(Default)]
struct Liar {
    /// Final blocks, from some height on without a gap.
    archive: Vec<FinalBlock>,
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(Liar::default(), place, core, first)
}

impl Liar {
    /// The most blocks that it keeps and sends.
    const MEMORY: usize = 128;

    fn remember(&mut self, block: FinalBlock) {
        self.archive.push(block);
        if self.archive.len() > Self::MEMORY {
            self.archive.remove(0);
        }
    }

    /// The truth, from a height on.
    fn truth(&self, from: Height) -> Vec<FinalBlock> {
        let blocks = self.archive.iter().filter(|one| one.block.header.height >= from);
        blocks.cloned().collect()
    }

    /// An answer about the chain, wrong in one way.
    fn lie(&self, voice: &mut Voice, from: Height) -> Option<Vec<FinalBlock>> {
        let mut blocks = self.truth(from);
        match voice.random.between(0, 7) {
            0 => return None,
            1 => blocks.clear(),
            2 => blocks.truncate(1),
            3 if !blocks.is_empty() => {
                blocks.remove(voice.random.position(blocks.len()));
            }
            4 => {
                // All that is wrong stands under the true block's certificate.
                let wrong = voice.nonsense();
                if let Some(last) = blocks.last_mut() {
                    last.block.header.state_root = wrong;
                }
            }
            5 => blocks.iter_mut().for_each(|one| one.certificate = None),
            6 => blocks.reverse(),
            _ => inflate(voice, &mut blocks),
        }
        Some(blocks)
    }
}

/// Goes on with blocks that never were, each called final by the adversary alone.
fn inflate(voice: &mut Voice, blocks: &mut Vec<FinalBlock>) {
    for _ in 0..4 {
        let Some(last) = blocks.last() else { return };
        let mut block = last.block.clone();
        block.header.parent = last.block.hash(voice.domains());
        block.header.height = block.header.height.next();
        block.header.view = block.header.view.next();
        block.header.time = block.header.time.plus(1);
        block.header.state_root = voice.nonsense();
        let subject = VoteSubject {
            epoch: block.header.epoch,
            view: block.header.view,
            kind: VoteKind::Finalize,
            block: block.hash(voice.domains()),
        };
        let certificate = Some(voice.sole(subject));
        blocks.push(FinalBlock { block, certificate });
    }
}

impl Liar {
    fn answer(&self, voice: &mut Voice, to: Peer, from: Height) -> Option<Output> {
        let blocks = self.lie(voice, from)?;
        voice.did("lied to a peer that is behind");
        Some(send(to, PeerMessage::Chain(ChainPart(blocks))))
    }
}

impl Mischief for Liar {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        let Some(Message::Status(status)) = heard(input) else { return Vec::new() };
        if !voice.random.chance(300) {
            return Vec::new();
        }
        voice.did("claimed a height that does not exist");
        let view = View(status.view.0.saturating_add(voice.random.between(1, 1_000_000)));
        let claim = Status { view, finalized: view, missing: view, inquiry: None, ..*status };
        let to = voice.some_peer();
        let from = self.archive.last().map_or(Height(1), |last| last.block.header.height);
        let pushed = self.answer(voice, to, from);
        pushed.into_iter().chain([say(to, Message::Status(claim))]).collect()
    }

    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        if let Output::ServeChain { to, from } = output {
            return self.answer(voice, to, from).into_iter().collect();
        }
        if let Output::Send { to, message: PeerMessage::Block(mut block), .. } = output {
            voice.did("answered with another block");
            block.header.state_root = voice.nonsense();
            return vec![send(to, PeerMessage::Block(block))];
        }
        let is_data = matches!(output, Output::ServeBatches { .. } | Output::SendBatch { .. });
        if is_data && voice.random.chance(500) {
            voice.did("kept a batch from a peer that asked");
            return Vec::new();
        }
        if let Output::Commit(committed) = &output {
            self.remember(FinalBlock {
                block: committed.executed.block.clone(),
                certificate: committed.certificate.clone(),
            });
        }
        vec![output]
    }
}
