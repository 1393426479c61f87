//! The bug: a node that has nullified a view votes to finalize its block when that is notarized.

use consensus::Message;
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::ids::{ValidatorIndex, View};
use node::core::message::PeerMessage;
use node::core::step::{Channel, Output};
use std::collections::BTreeSet;

use super::super::actor::Place;
use super::wiring::broadcast;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "votes-after-nullify",
    spans_epochs: false,
    finders: &["double votes", "evidence", "exclusive views"],
    make: |place| Box::new(VotesAfterNullify { place: place.clone(), nullified: BTreeSet::new() }),
};

struct VotesAfterNullify {
    place: Place,
    nullified: BTreeSet<View>,
}

impl Bug for VotesAfterNullify {
    fn output(&mut self, output: Output) -> Vec<Output> {
        let mut wrong = None;
        match broadcast(&output) {
            Some(Message::Vote(vote)) if vote.subject.kind == VoteKind::Nullify => {
                self.nullified.insert(vote.subject.view);
            }
            Some(Message::Certificate(known))
                if known.subject.kind == VoteKind::Notarize
                    && self.nullified.contains(&known.subject.view) =>
            {
                let setup = &self.place.setup;
                let index = ValidatorIndex(u16::try_from(self.place.seat).unwrap_or(0));
                let subject = VoteSubject { kind: VoteKind::Finalize, ..known.subject };
                let vote = Vote::sign(&setup.domains, self.place.key(), index, subject);
                let message = PeerMessage::Consensus(Message::Vote(vote));
                wrong = Some(Output::Broadcast { channel: Channel::Votes, message });
            }
            Some(
                Message::Vote(_)
                | Message::Certificate(_)
                | Message::Proposal(_)
                | Message::Status(_)
                | Message::Report(_),
            )
            | None => {}
        }
        std::iter::once(output).chain(wrong).collect()
    }
}
