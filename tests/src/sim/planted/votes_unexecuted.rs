//! The bug: a proposal gets a vote before it was executed, so wrong roots and wrong next validators
//! are tolerated.

use consensus::Message;
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::ids::{ValidatorIndex, View};
use node::core::message::PeerMessage;
use node::core::step::{Channel, Input, Output};
use std::collections::BTreeSet;

use super::super::actor::Place;
use super::wiring::{broadcast, heard};
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "votes-unexecuted",
    spans_epochs: false,
    finders: &["health", "block time", "double votes", "evidence", "light client"],
    make: |place| {
        Box::new(VotesUnexecuted { place: place.clone(), voted: BTreeSet::new(), next: None })
    },
};

struct VotesUnexecuted {
    place: Place,
    /// The views in which it has voted in any way.
    voted: BTreeSet<View>,
    next: Option<VoteSubject>,
}

impl Bug for VotesUnexecuted {
    fn input(&mut self, input: Input) -> Vec<Input> {
        if let Some((_, Message::Proposal(proposal))) = heard(&input) {
            let subject = proposal.vote.subject;
            if subject.kind == VoteKind::Notarize && self.voted.insert(subject.view) {
                self.next = Some(subject);
            }
        }
        vec![input]
    }

    fn output(&mut self, output: Output) -> Vec<Output> {
        if let Some(Message::Vote(vote)) = broadcast(&output) {
            self.voted.insert(vote.subject.view);
        }
        let wrong = self.next.take().map(|subject| {
            let index = ValidatorIndex(u16::try_from(self.place.seat).unwrap_or(0));
            let vote = Vote::sign(&self.place.setup.domains, self.place.key(), index, subject);
            let message = PeerMessage::Consensus(Message::Vote(vote));
            Output::Broadcast { channel: Channel::Votes, message }
        });
        wrong.into_iter().chain([output]).collect()
    }
}
