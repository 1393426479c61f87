//! The bug: a node that has voted to finalize a view, and has to say so again, nullifies the view.

use consensus::Message;
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::hash::Hash;
use ledger::ids::{ValidatorIndex, View};
use node::core::message::PeerMessage;
use node::core::step::{Channel, Output};
use std::collections::BTreeSet;

use super::super::actor::Place;
use super::wiring::broadcast;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "nullifies-after-finalize",
    spans_epochs: false,
    finders: &["double votes", "evidence", "exclusive views"],
    make: |place| Box::new(Nullifies { place: place.clone(), finalized: BTreeSet::new() }),
};

struct Nullifies {
    place: Place,
    finalized: BTreeSet<View>,
}

impl Bug for Nullifies {
    fn output(&mut self, output: Output) -> Vec<Output> {
        let mut wrong = None;
        if let Some(Message::Vote(vote)) = broadcast(&output)
            && vote.subject.kind == VoteKind::Finalize
            && !self.finalized.insert(vote.subject.view)
        {
            let setup = &self.place.setup;
            let index = ValidatorIndex(u16::try_from(self.place.seat).unwrap_or(0));
            let subject =
                VoteSubject { kind: VoteKind::Nullify, block: Hash::ZERO, ..vote.subject };
            let vote = Vote::sign(&setup.domains, self.place.key(), index, subject);
            let message = PeerMessage::Consensus(Message::Vote(vote));
            wrong = Some(Output::Broadcast { channel: Channel::Votes, message });
        }
        std::iter::once(output).chain(wrong).collect()
    }
}
