//! The bug: a vote counts whatever epoch it was cast in. The rig makes the signature that the same
//! vote would have in the present epoch, so that the core counts it.

use consensus::Message;
use ledger::certificate::{Vote, VoteSubject};
use ledger::crypto::PublicKey;
use ledger::ids::{Epoch, ValidatorIndex};
use ledger::validators::ValidatorSet;
use node::core::step::{Input, Output};
use std::sync::Arc;

use super::super::actor::Place;
use super::super::setup::{Peer, seat_of};
use super::wiring::peer_says;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "counts-other-epochs",
    spans_epochs: true,
    finders: &["certificates", "evidence"],
    make: |place| Box::new(AnyEpoch { place: place.clone(), present: None }),
};

struct AnyEpoch {
    place: Place,
    present: Option<(Epoch, Arc<ValidatorSet>)>,
}

impl AnyEpoch {
    /// The vote of the same validator for the same thing in the present epoch.
    fn moved(&self, from: Peer, vote: Vote) -> Option<Vote> {
        let (epoch, validators) = self.present.as_ref()?;
        if vote.subject.epoch == *epoch {
            return None;
        }
        let (index, validator): (ValidatorIndex, PublicKey) =
            validators.of(from).map(|(index, validator)| (index, validator.key))?;
        let bank = &self.place.setup.banks[seat_of(from)];
        let key = bank.voting_keys().find(|key| key.public() == validator)?;
        let subject = VoteSubject { epoch: *epoch, ..vote.subject };
        Some(Vote::sign(&self.place.setup.domains, key, index, subject))
    }
}

impl Bug for AnyEpoch {
    fn input(&mut self, input: Input) -> Vec<Input> {
        let Input::Peer { from, .. } = &input else { return vec![input] };
        let from = *from;
        let input = peer_says(input, |message| match message {
            Message::Vote(vote) => Message::Vote(self.moved(from, vote).unwrap_or(vote)),
            message @ (Message::Proposal(_)
            | Message::Certificate(_)
            | Message::Status(_)
            | Message::Report(_)) => message,
        });
        vec![input]
    }

    fn output(&mut self, output: Output) -> Vec<Output> {
        if let Output::Commit(committed) = &output {
            let tip = &committed.executed.tip;
            self.present = Some((tip.child_epoch(), Arc::clone(tip.child_validators())));
        }
        vec![output]
    }
}
