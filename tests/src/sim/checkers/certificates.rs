//! Certificates: every one that an honest validator sends or calls final by is a true quorum's.
//!
//! The check is written apart from the product's: signature by signature, quorum by its own
//! arithmetic.

use ledger::block::Block;
use ledger::certificate::{Certificate, VoteKind, VoteSubject};
use std::collections::BTreeSet;

use super::{Checker, Context, Observation, certificates};

/// The certificates that were checked already.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    checked: BTreeSet<Vec<u8>>,
}

impl Certificates {
    fn check(&mut self, context: &Context, certificate: &Certificate) -> Option<String> {
        if !self.checked.insert(ledger::codec::encode(certificate)) {
            return None;
        }
        let setup = context.setup;
        let count = setup.validators.count();
        let quorum = count - (count - 1) / 3;
        let votes: Vec<_> = certificate.votes().collect();
        let signers: BTreeSet<_> = votes.iter().map(|vote| vote.validator).collect();
        let wrong = votes.iter().find(|vote| !vote.verify(&setup.domains, &setup.validators));
        let subject = certificate.subject;
        match wrong {
            Some(vote) => Some(format!("{subject:?}: the vote of {:?} is invalid", vote.validator)),
            None if signers.len() != votes.len() => Some(format!("{subject:?}: a signer repeats")),
            None if signers.len() < quorum => {
                Some(format!("{subject:?}: {} signers are no quorum of {quorum}", signers.len()))
            }
            None => None,
        }
    }
}

/// A final block with a certificate must be the block that the certificate makes final.
fn check_subject(context: &Context, block: &Block, subject: &VoteSubject) -> Option<String> {
    let fits = subject.kind == VoteKind::Finalize
        && subject.block == block.hash(&context.setup.domains)
        && subject.view == block.header.view;
    (!fits).then(|| format!("height {} is called final by {subject:?}", block.header.height))
}

impl Checker for Certificates {
    fn name(&self) -> &'static str {
        "certificates"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Sent(_, message) => certificates(message)
                .into_iter()
                .find_map(|certificate| self.check(context, certificate)),
            Observation::Final(_, block, Some(certificate)) => self
                .check(context, certificate)
                .or_else(|| check_subject(context, block, &certificate.subject)),
            Observation::Final(_, _, None)
            | Observation::Restored(..)
            | Observation::Evidence(..)
            | Observation::Healed
            | Observation::Ended => None,
        }
    }
}
