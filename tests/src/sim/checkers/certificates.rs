//! Certificates: every one that a whole node sends, and every one by which a node of the product
//! calls a block final, is a true quorum's, and names no vote that its signer never cast.
//!
//! The check is written apart from the product's: signature by signature, quorum by its own
//! arithmetic. The signatures of the test suite can be forged, so it also asks whether the vote was
//! ever sent or at least recorded.

use consensus::Record;
use ledger::certificate::{Certificate, VoteKind, VoteSubject};
use node::core::record::LogRecord;
use std::collections::BTreeSet;

use super::{Checker, Context, Observation, certificates, vote};

/// The certificates that were checked already, and the votes that were cast.
#[derive(Clone, Debug, Default)]
pub(super) struct Certificates {
    known: BTreeSet<Vec<u8>>,
    cast: BTreeSet<(usize, VoteSubject)>,
    checked: u64,
}

impl Certificates {
    fn check(&mut self, context: &Context, certificate: &Certificate) -> Option<String> {
        if !self.known.insert(ledger::codec::encode(certificate)) {
            return None;
        }
        self.checked += 1;
        let subject = certificate.subject;
        let Some(validators) = context.epochs.validators(subject.epoch) else {
            return Some(format!("{subject:?} is of an epoch that has not begun"));
        };
        let count = validators.count();
        let quorum = count - (count - 1) / 3;
        let votes: Vec<_> = certificate.votes().collect();
        let signers: BTreeSet<_> = votes.iter().map(|vote| vote.validator).collect();
        let domains = &context.setup.domains;
        let wrong = votes.iter().find(|vote| !vote.verify(domains, validators));
        if let Some(vote) = wrong {
            return Some(format!("{subject:?}: the vote of {:?} is invalid", vote.validator));
        }
        if signers.len() != votes.len() {
            return Some(format!("{subject:?}: a signer repeats"));
        }
        if signers.len() < quorum {
            return Some(format!("{subject:?}: {} are no quorum of {quorum}", signers.len()));
        }
        let seats = signers.iter().filter_map(|one| context.epochs.seat(subject.epoch, *one));
        let mut whole = seats.filter(|seat| context.seat_votes_once(*seat));
        let phantom = whole.find(|seat| !self.cast.contains(&(*seat, subject)))?;
        Some(format!("{subject:?}: validator {phantom} never cast this vote"))
    }
}

impl Checker for Certificates {
    fn name(&self) -> &'static str {
        "certificates"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Sent(host, message) => {
                if let Some(vote) = vote(message) {
                    self.cast.insert((context.seat(*host), vote.subject));
                }
                if !context.votes_once(*host) {
                    return None;
                }
                let sent = certificates(message);
                sent.into_iter().find_map(|certificate| self.check(context, certificate))
            }
            Observation::Recorded(host, record) => {
                if let LogRecord::Consensus(record) = record
                    && let Record::Vote(vote) = record.as_ref()
                {
                    self.cast.insert((context.seat(*host), vote.subject));
                }
                None
            }
            Observation::Final(host, committed) if context.is_product(*host) => {
                let certificate = committed.certificate.as_ref()?;
                let subject = certificate.subject;
                let block = &committed.executed.block;
                let fits = subject.kind == VoteKind::Finalize
                    && subject.block == block.hash(&context.setup.domains)
                    && subject.epoch == block.header.epoch
                    && (subject.view == block.header.view
                        || subject.view > block.header.view && block.header.ends_epoch());
                if !fits {
                    let height = block.header.height;
                    return Some(format!("height {height} is called final by {subject:?}"));
                }
                self.check(context, certificate)
            }
            Observation::Final(..)
            | Observation::Replayed(..)
            | Observation::Restored(..)
            | Observation::Read(..)
            | Observation::Kept(..)
            | Observation::Ordered(_)
            | Observation::Replied(..)
            | Observation::Evidence(..)
            | Observation::Accused(..)
            | Observation::Stopped(..)
            | Observation::Healed
            | Observation::Late
            | Observation::Ended => None,
        }
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
