//! The bug: a notarized block is taken as final. The rig makes the finalization that the node would
//! have to imagine.

use consensus::Message;
use ledger::certificate::{Certificate, VoteKind, VoteSubject};
use node::core::message::PeerMessage;
use node::core::step::Input;

use super::super::actor::Place;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "early-final",
    spans_epochs: false,
    finders: &["certificates"],
    make: |place| Box::new(EarlyFinal { place: place.clone() }),
};

struct EarlyFinal {
    place: Place,
}

impl EarlyFinal {
    fn finalization(&self, notarization: &Certificate) -> Certificate {
        let setup = &self.place.setup;
        let subject = VoteSubject { kind: VoteKind::Finalize, ..notarization.subject };
        let digest = subject.digest(&setup.domains);
        let votes = notarization.signers().map(|signer| {
            let key = &setup.banks[signer.position()].voting;
            (signer, key.sign(&digest))
        });
        Certificate::assemble(subject, setup.validators.count(), votes)
    }
}

impl Bug for EarlyFinal {
    fn input(&mut self, input: Input) -> Vec<Input> {
        match input {
            Input::Peer {
                from,
                message: PeerMessage::Consensus(Message::Certificate(certificate)),
            } if certificate.subject.kind == VoteKind::Notarize => {
                let finalization = self.finalization(&certificate);
                let says = |certificate| Input::Peer {
                    from,
                    message: PeerMessage::Consensus(Message::Certificate(certificate)),
                };
                vec![says(certificate), says(finalization)]
            }
            Input::Peer { .. }
            | Input::Submit { .. }
            | Input::Verified(..)
            | Input::Connected(_)
            | Input::Disconnected(_)
            | Input::Wake => vec![input],
        }
    }
}
