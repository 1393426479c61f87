//! The bug: a vote to nullify counts as one to notarize the block that was proposed in its view.

use consensus::Message;
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::hash::Hash;
use ledger::ids::View;
use node::core::message::PeerMessage;
use node::core::step::Input;
use std::collections::BTreeMap;

use super::super::actor::Place;
use super::wiring::heard;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "counts-nullify-as-notarize",
    spans_epochs: false,
    finders: &["certificates", "evidence"],
    make: |place| Box::new(CountsNullify { place: place.clone(), proposed: BTreeMap::new() }),
};

struct CountsNullify {
    place: Place,
    proposed: BTreeMap<View, Hash>,
}

impl Bug for CountsNullify {
    fn input(&mut self, input: Input) -> Vec<Input> {
        let Some((from, message)) = heard(&input) else { return vec![input] };
        let mut mistaken = None;
        if let Message::Proposal(proposal) = message {
            let subject = proposal.vote.subject;
            self.proposed.entry(subject.view).or_insert(subject.block);
        }
        if let Message::Vote(vote) = message
            && vote.subject.kind == VoteKind::Nullify
            && let Some(block) = self.proposed.get(&vote.subject.view)
        {
            let setup = &self.place.setup;
            let key = &setup.banks[vote.validator.position()].voting;
            let subject = VoteSubject { kind: VoteKind::Notarize, block: *block, ..vote.subject };
            let vote = Vote::sign(&setup.domains, key, vote.validator, subject);
            let message = PeerMessage::Consensus(Message::Vote(vote));
            mistaken = Some(Input::Peer { from, message });
        }
        std::iter::once(input).chain(mistaken).collect()
    }
}
