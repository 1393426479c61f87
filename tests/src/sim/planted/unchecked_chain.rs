//! The bug: in catch-up, what a peer calls final is taken for final, whoever has signed it. The rig
//! makes the finalizations that are missing or forged.

use ledger::certificate::{VoteKind, VoteSubject};
use ledger::ids::ValidatorIndex;
use node::core::message::{FinalBlock, PeerMessage};
use node::core::step::Input;

use super::super::actor::Place;
use super::wiring::endorsed;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "unchecked-chain",
    spans_epochs: false,
    finders: &["certificates", "exclusive views", "agreement", "health", "light client"],
    make: |place| Box::new(UncheckedChain { place: place.clone() }),
};

struct UncheckedChain {
    place: Place,
}

impl UncheckedChain {
    fn believe(&self, said: &mut FinalBlock) {
        let setup = &self.place.setup;
        let header = &said.block.header;
        let subject = VoteSubject {
            epoch: header.epoch,
            view: header.view,
            kind: VoteKind::Finalize,
            block: said.block.hash(&setup.domains),
        };
        let is_right = said.certificate.as_ref().is_some_and(|certificate| {
            certificate.subject == subject
                && certificate.verify(&setup.domains, &setup.validators).is_ok()
        });
        if !is_right {
            let quorum = u16::try_from(setup.validators.quorum()).unwrap_or(0);
            let signers = (0..quorum).map(ValidatorIndex);
            said.certificate = Some(endorsed(setup, subject, signers));
        }
    }
}

impl Bug for UncheckedChain {
    fn input(&mut self, mut input: Input) -> Vec<Input> {
        if let Input::Peer { message: PeerMessage::Chain(part), .. } = &mut input {
            part.0.iter_mut().for_each(|said| self.believe(said));
        }
        vec![input]
    }
}
