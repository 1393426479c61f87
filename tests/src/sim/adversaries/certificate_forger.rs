//! The adversary that makes certificates: with a bit too many, a padded bitmap, a repeated signer,
//! its own signature in another's place, too few or too many signatures, or a true quorum's
//! signatures under another kind, view or block.
//!
//! A certificate counts as a whole or not at all (R2): every one of these is refused, in messages,
//! in proposals, in answers to catch-up.

use consensus::Message;
use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::codec;
use ledger::crypto::Signature;
use ledger::hash::Hash;
use ledger::ids::Timestamp;
use node::core::Core;
use node::core::message::{ChainPart, FinalBlock, PeerMessage};
use node::core::step::{Input, Output};

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, heard, say, send, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "certificate forger", start };

struct CertificateForger;

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(CertificateForger, place, core, first)
}

/// A certificate with nothing hidden, so that every part can be wrong.
#[derive(Clone)]
struct Parts {
    subject: VoteSubject,
    signers: Vec<u8>,
    signatures: Vec<Signature>,
}

impl Parts {
    fn of(certificate: &Certificate, validators: usize) -> Self {
        // One of an epoch before may have had more of them.
        let last = certificate.signers().map(|signer| signer.position() + 1).max();
        let mut signers = vec![0_u8; last.unwrap_or(0).max(validators).div_ceil(8)];
        for signer in certificate.signers() {
            signers[signer.position() / 8] |= 1 << (signer.position() % 8);
        }
        let signatures = certificate.votes().map(|vote| vote.signature).collect();
        Self { subject: certificate.subject, signers, signatures }
    }

    fn sealed(self) -> Option<Certificate> {
        let bytes = codec::encode(&(self.subject, self.signers, self.signatures));
        codec::decode(&bytes, Message::MAXIMUM_BYTES).ok()
    }

    fn remove_last(&mut self) {
        self.signatures.pop();
        if let Some(byte) = self.signers.iter_mut().rev().find(|byte| **byte != 0) {
            *byte &= !(1 << (7 - byte.leading_zeros()));
        }
    }
}

/// How many ways of forging there are.
const WAYS: u64 = 10;

fn own_vote(voice: &Voice, subject: VoteSubject) -> Vote {
    voice.sign(subject)
}

/// The certificate, made wrong in one way.
fn forge(voice: &mut Voice, certificate: &Certificate, way: u64) -> Option<Certificate> {
    let mut parts = Parts::of(certificate, voice.count());
    let own = own_vote(voice, parts.subject).signature;
    match way {
        0 => {
            // A signer that is beyond the set.
            *parts.signers.last_mut()? |= 0x80;
            parts.signatures.push(own);
        }
        1 => parts.signers.push(0),
        2 => {
            let first = *parts.signatures.first()?;
            *parts.signatures.last_mut()? = first;
        }
        3 => *parts.signatures.first_mut()? = own,
        4 => {
            while parts.signatures.len() >= voice.validators.quorum() {
                parts.remove_last();
            }
        }
        5 => parts.signatures.push(own),
        6 => {
            parts.subject.kind = match parts.subject.kind {
                VoteKind::Notarize | VoteKind::Nullify => VoteKind::Finalize,
                VoteKind::Finalize => VoteKind::Notarize,
            };
            if parts.subject.block == Hash::ZERO {
                parts.subject.block = voice.nonsense();
            }
        }
        7 => parts.subject.view = parts.subject.view.next(),
        8 => parts.subject.block = voice.nonsense(),
        _ => {
            parts.subject.kind = VoteKind::Nullify;
            parts.subject.block = Hash::ZERO;
            let own = own_vote(voice, parts.subject).signature;
            parts.signatures.fill(own);
        }
    }
    parts.sealed()
}

impl Mischief for CertificateForger {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        let Some(message) = heard(input) else { return Vec::new() };
        match message {
            Message::Certificate(certificate) => {
                let way = voice.random.between(0, WAYS - 1);
                let forged = forge(voice, certificate, way);
                let said = forged.map(|forged| {
                    voice.did("forged a certificate");
                    say(voice.some_peer(), Message::Certificate(forged))
                });
                said.into_iter().collect()
            }
            Message::Proposal(proposal) => {
                // What was proposed is called final by the adversary alone.
                let subject = VoteSubject { kind: VoteKind::Finalize, ..proposal.vote.subject };
                let forged = voice.sole(subject);
                voice.did("forged a certificate");
                let block = proposal.block.clone();
                let part = ChainPart(vec![FinalBlock { block, certificate: Some(forged.clone()) }]);
                vec![
                    say(voice.some_peer(), Message::Certificate(forged)),
                    send(voice.some_peer(), PeerMessage::Chain(part)),
                ]
            }
            Message::Vote(_) | Message::Status(_) | Message::Report(_) => Vec::new(),
        }
    }

    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        match super::voice::told_to_all(output) {
            Ok(Message::Proposal(mut proposal)) => {
                let way = voice.random.between(0, 2 * WAYS);
                if let Some(first) = proposal.justification.first_mut()
                    && let Some(forged) = forge(voice, &first.clone(), way)
                    && way < WAYS
                {
                    voice.did("forged a certificate");
                    *first = forged;
                }
                vec![super::voice::tell(Message::Proposal(proposal))]
            }
            Ok(message) => vec![super::voice::tell(message)],
            Err(other) => vec![other],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::actor::Deeds;
    use crate::sim::random::Random;
    use crate::sim::setup::Setup;
    use ledger::crypto::Suite;
    use ledger::ids::{Epoch, ValidatorIndex, View};
    use std::collections::BTreeSet;

    #[test]
    fn every_way_of_forging_gives_something_that_is_refused() {
        let setup = Setup::of(4, Suite::Ed25519Blake3);
        let place =
            Place { setup: setup.clone(), seat: 3, host: 3, seed: 1, deeds: Deeds::default() };
        let validators = std::sync::Arc::new(setup.validators.clone());
        let mut voice = Voice { place, random: Random::new(1), validators };
        let (epoch, view) = (Epoch(0), View(5));
        let block = Hash([7; 32]);
        let subject = VoteSubject { epoch, view, kind: VoteKind::Notarize, block };
        let votes = (0..3_u16).map(|index| {
            let key = &setup.banks[usize::from(index)].voting;
            (ValidatorIndex(index), key.sign(&subject.digest(&setup.domains)))
        });
        let good = Certificate::assemble(subject, 4, votes);
        assert_eq!(good.verify(&setup.domains, &setup.validators), Ok(()));
        let mut kinds = BTreeSet::new();
        for way in 0..WAYS {
            let forged = forge(&mut voice, &good, way).unwrap();
            let refusal = forged.verify(&setup.domains, &setup.validators).unwrap_err();
            kinds.insert(format!("{refusal:?}"));
        }
        assert_eq!(kinds.len(), 4, "bitmap, count, quorum and signature: {kinds:?}");
    }
}
