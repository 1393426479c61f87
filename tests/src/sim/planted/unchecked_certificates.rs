//! The bug: the signatures of a certificate are not checked. The rig makes the ones that a forged
//! certificate claims, so that the core takes it.

use consensus::Message;
use ledger::certificate::Certificate;
use node::core::step::Input;

use super::super::actor::Place;
use super::wiring::{peer_says, trusted};
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "unchecked-certificates",
    spans_epochs: false,
    finders: &["certificates", "exclusive views", "agreement", "light client"],
    make: |place| Box::new(Unchecked { place: place.clone() }),
};

struct Unchecked {
    place: Place,
}

impl Unchecked {
    fn trust(&self, certificate: Certificate) -> Certificate {
        trusted(&self.place.setup, certificate)
    }
}

impl Bug for Unchecked {
    fn input(&mut self, input: Input) -> Vec<Input> {
        let input = peer_says(input, |message| match message {
            Message::Certificate(certificate) => Message::Certificate(self.trust(certificate)),
            Message::Proposal(mut proposal) => {
                let shown = std::mem::take(&mut proposal.justification);
                proposal.justification =
                    shown.into_iter().map(|certificate| self.trust(certificate)).collect();
                Message::Proposal(proposal)
            }
            message @ (Message::Vote(_) | Message::Status(_) | Message::Report(_)) => message,
        });
        vec![input]
    }
}
