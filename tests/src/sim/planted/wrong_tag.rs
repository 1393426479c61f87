//! The bug: votes are signed and checked under the tag of another kind of message. All nodes do so,
//! so they agree with each other; only one who knows what should be signed sees it.

use consensus::Message;
use ledger::certificate::{Certificate, Vote, VoteSubject};
use ledger::hash::{Domain, Hash};
use node::core::message::PeerMessage;
use node::core::step::{Input, Output};

use super::super::actor::Place;
use super::wiring::{endorsed, peer_says, said};
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "wrong-domain-tag",
    spans_epochs: false,
    finders: &["certificates"],
    make: |place| Box::new(WrongTag { place: place.clone() }),
};

struct WrongTag {
    place: Place,
}

impl WrongTag {
    fn digest(&self, subject: &VoteSubject) -> Hash {
        self.place.setup.domains.hash_of(Domain::Header, subject)
    }

    /// The vote as these nodes sign it.
    fn outgoing(&self, vote: Vote) -> Vote {
        let key = &self.place.setup.banks[vote.validator.position()].voting;
        Vote { signature: key.sign(&self.digest(&vote.subject)), ..vote }
    }

    fn outgoing_certificate(&self, certificate: &Certificate) -> Certificate {
        let votes = certificate.votes().map(|vote| {
            let vote = self.outgoing(vote);
            (vote.validator, vote.signature)
        });
        Certificate::assemble(certificate.subject, self.place.setup.validators.count(), votes)
    }

    /// The vote as the core checks it, if it is right for these nodes.
    fn incoming(&self, vote: Vote) -> Vote {
        let setup = &self.place.setup;
        if self.outgoing(vote) != vote {
            return vote;
        }
        let key = &setup.banks[vote.validator.position()].voting;
        Vote::sign(&setup.domains, key, vote.validator, vote.subject)
    }

    fn incoming_certificate(&self, certificate: Certificate) -> Certificate {
        if self.outgoing_certificate(&certificate) != certificate {
            return certificate;
        }
        endorsed(&self.place.setup, certificate.subject, certificate.signers())
    }
}

impl Bug for WrongTag {
    fn input(&mut self, input: Input) -> Vec<Input> {
        let input = peer_says(input, |message| match message {
            Message::Vote(vote) => Message::Vote(self.incoming(vote)),
            Message::Certificate(known) => Message::Certificate(self.incoming_certificate(known)),
            Message::Proposal(mut proposal) => {
                proposal.vote = self.incoming(proposal.vote);
                let shown = std::mem::take(&mut proposal.justification);
                let shown = shown.into_iter().map(|known| self.incoming_certificate(known));
                proposal.justification = shown.collect();
                Message::Proposal(proposal)
            }
            message @ (Message::Status(_) | Message::Report(_)) => message,
        });
        vec![input]
    }

    fn output(&mut self, output: Output) -> Vec<Output> {
        let output = said(output, |message| {
            let PeerMessage::Consensus(message) = message else { return message };
            PeerMessage::Consensus(match message {
                Message::Vote(vote) => Message::Vote(self.outgoing(vote)),
                Message::Certificate(known) => {
                    Message::Certificate(self.outgoing_certificate(&known))
                }
                Message::Proposal(mut proposal) => {
                    proposal.vote = self.outgoing(proposal.vote);
                    for shown in &mut proposal.justification {
                        *shown = self.outgoing_certificate(shown);
                    }
                    Message::Proposal(proposal)
                }
                message @ (Message::Status(_) | Message::Report(_)) => message,
            })
        });
        vec![output]
    }
}
