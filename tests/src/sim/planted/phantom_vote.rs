//! The bug: a quorum that is one short. When one vote is missing for a certificate, the node counts
//! one that nobody cast; the test suite's keyed hashes let the rig make it.

use consensus::Message;
use ledger::certificate::{Vote, VoteSubject};
use ledger::ids::ValidatorIndex;
use node::core::message::PeerMessage;
use node::core::step::Input;
use std::collections::{BTreeMap, BTreeSet};

use super::super::actor::Place;
use super::super::setup::peer_at;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "phantom-vote",
    spans_epochs: false,
    finders: &["certificates"],
    make: |place| Box::new(PhantomVote { place: place.clone(), heard: BTreeMap::new() }),
};

struct PhantomVote {
    place: Place,
    heard: BTreeMap<VoteSubject, BTreeSet<ValidatorIndex>>,
}

impl PhantomVote {
    fn phantom(&mut self, vote: &Vote) -> Option<Input> {
        let setup = &self.place.setup;
        let heard = self.heard.entry(vote.subject).or_default();
        heard.insert(vote.validator);
        // The node's own vote is the other one.
        if heard.len() + 2 != setup.validators.quorum() {
            return None;
        }
        let own = self.place.seat;
        let seats = (0..setup.banks.len()).filter(|seat| *seat != own);
        let (seat, absent) = seats
            .filter_map(|seat| Some((seat, ValidatorIndex(u16::try_from(seat).ok()?))))
            .find(|(_, index)| !heard.contains(index))?;
        let key = &setup.banks[seat].voting;
        let vote = Vote::sign(&setup.domains, key, absent, vote.subject);
        let message = PeerMessage::Consensus(Message::Vote(vote));
        Some(Input::Peer { from: peer_at(seat), message })
    }
}

impl Bug for PhantomVote {
    fn input(&mut self, input: Input) -> Vec<Input> {
        let phantom = match &input {
            Input::Peer { message: PeerMessage::Consensus(Message::Vote(vote)), .. } => {
                self.phantom(vote)
            }
            Input::Peer { .. }
            | Input::Submit { .. }
            | Input::Verified(..)
            | Input::Connected(_)
            | Input::Disconnected(_)
            | Input::Wake => None,
        };
        std::iter::once(input).chain(phantom).collect()
    }
}
