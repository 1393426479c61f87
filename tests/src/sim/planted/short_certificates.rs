//! The bug: a certificate is passed on with one signature fewer than a quorum.

use consensus::Message;
use ledger::certificate::Certificate;
use node::core::message::PeerMessage;
use node::core::step::Output;

use super::super::actor::Place;
use super::wiring::said;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "short-certificates",
    spans_epochs: false,
    finders: &["certificates"],
    make: |place| Box::new(Short { place: place.clone() }),
};

struct Short {
    place: Place,
}

impl Bug for Short {
    fn output(&mut self, output: Output) -> Vec<Output> {
        let validators = &self.place.setup.validators;
        let output = said(output, |message| {
            let PeerMessage::Consensus(Message::Certificate(known)) = message else {
                return message;
            };
            let votes = known.votes().take(validators.quorum() - 1);
            let votes = votes.map(|vote| (vote.validator, vote.signature));
            let short = Certificate::assemble(known.subject, validators.count(), votes);
            PeerMessage::Consensus(Message::Certificate(short))
        });
        vec![output]
    }
}
