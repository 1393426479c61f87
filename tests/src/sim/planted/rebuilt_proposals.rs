//! The bug: a leader that has to send its proposal again builds it anew, with the time of now.

use consensus::Message;
use ledger::certificate::{Vote, VoteSubject};
use ledger::ids::View;
use node::core::message::PeerMessage;
use node::core::step::Output;
use std::collections::BTreeMap;

use super::super::actor::Place;
use super::wiring::said;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "rebuilt-proposals",
    spans_epochs: false,
    finders: &["double votes", "evidence", "certificates"],
    make: |place| Box::new(Rebuilt { place: place.clone(), sent: BTreeMap::new() }),
};

struct Rebuilt {
    place: Place,
    /// How often each proposal was sent.
    sent: BTreeMap<View, u64>,
}

impl Bug for Rebuilt {
    fn output(&mut self, output: Output) -> Vec<Output> {
        let setup = &self.place.setup;
        let sent = &mut self.sent;
        let output = said(output, |message| {
            let PeerMessage::Consensus(Message::Proposal(mut proposal)) = message else {
                return message;
            };
            let count = sent.entry(proposal.vote.subject.view).or_default();
            let header = &mut proposal.block.header;
            header.time = header.time.plus(*count);
            *count += 1;
            let block = proposal.block.hash(&setup.domains);
            let (index, subject) = (proposal.vote.validator, proposal.vote.subject);
            let subject = VoteSubject { block, ..subject };
            proposal.vote = Vote::sign(&setup.domains, self.place.key(), index, subject);
            PeerMessage::Consensus(Message::Proposal(proposal))
        });
        vec![output]
    }
}
