//! The adversary that lives in the past: at every occasion it votes in views that are long over,
//! contradicts what it said there, sends old certificates, and claims to be far behind.
//!
//! Votes of final views are dropped unchecked (R2, R17), a peer that seems behind is answered once
//! per pause (R14), and old certificates say nothing new (R2).

use consensus::{Message, Status};
use ledger::certificate::{Certificate, VoteKind, VoteSubject};
use ledger::hash::Hash;
use ledger::ids::{Epoch, Timestamp, View};
use node::core::Core;
use node::core::message::PeerMessage;
use node::core::step::{Input, Output};
use std::collections::VecDeque;

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, heard, say, send, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "stale-view flooder", start };

#[derive(Default)]
struct StaleFlooder {
    epoch: Epoch,
    view: View,
    old: VecDeque<Certificate>,
}

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(StaleFlooder::default(), place, core, first)
}

impl StaleFlooder {
    /// How many certificates it keeps.
    const MEMORY: usize = 32;

    /// How far it goes back, in views.
    const REACH: u64 = 80;

    fn flood(&mut self, voice: &mut Voice) -> Vec<Output> {
        let mut outputs = Vec::new();
        for _ in 0..4 {
            voice.did("spoke of an old view");
            let view = View(self.view.0.saturating_sub(voice.random.between(0, Self::REACH)));
            let (kind, block) = match voice.random.between(0, 2) {
                0 => (VoteKind::Nullify, Hash::ZERO),
                1 => (VoteKind::Notarize, voice.nonsense()),
                _ => (VoteKind::Finalize, voice.nonsense()),
            };
            let vote = voice.sign(VoteSubject { epoch: self.epoch, view, kind, block });
            outputs.push(say(voice.some_peer(), Message::Vote(vote)));
        }
        let low = View(voice.random.between(0, 3));
        let status = Status {
            epoch: self.epoch,
            view: low,
            finalized: View(0),
            missing: low,
            inquiry: Some(voice.random.next()),
        };
        outputs.push(say(voice.some_peer(), Message::Status(status)));
        if !self.old.is_empty() {
            let old = self.old[voice.random.position(self.old.len())].clone();
            outputs.push(say(voice.some_peer(), Message::Certificate(old)));
        }
        outputs.push(send(voice.some_peer(), PeerMessage::ChainRequest(ledger::ids::Height(0))));
        outputs
    }
}

impl Mischief for StaleFlooder {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        let Some(message) = heard(input) else { return Vec::new() };
        match message {
            Message::Proposal(proposal) => {
                self.epoch = proposal.vote.subject.epoch;
                self.view = proposal.vote.subject.view;
                self.flood(voice)
            }
            Message::Certificate(certificate) => {
                self.old.push_back(certificate.clone());
                if self.old.len() > Self::MEMORY {
                    self.old.pop_front();
                }
                Vec::new()
            }
            Message::Vote(_) | Message::Status(_) | Message::Report(_) => Vec::new(),
        }
    }
}
