//! No double vote: no whole node ever sends two votes that contradict each other, over all its
//! restarts, nor a notarization of a view that it has nullified before.
//!
//! What contradicts is written apart from the product's rule.

use ledger::certificate::{VoteKind, VoteSubject};
use ledger::ids::{Epoch, View};
use std::collections::BTreeMap;

use super::{Checker, Context, Observation, vote};

/// The votes of each seat and view, in the order they were first sent.
#[derive(Clone, Debug, Default)]
pub(super) struct DoubleVotes {
    votes: BTreeMap<(usize, Epoch, View), Vec<VoteSubject>>,
    checked: u64,
}

fn contradicts(earlier: &VoteSubject, later: &VoteSubject) -> bool {
    match (earlier.kind, later.kind) {
        (VoteKind::Notarize, VoteKind::Notarize) | (VoteKind::Finalize, VoteKind::Finalize) => {
            earlier.block != later.block
        }
        (VoteKind::Nullify, VoteKind::Finalize | VoteKind::Notarize)
        | (VoteKind::Finalize, VoteKind::Nullify) => true,
        (VoteKind::Nullify, VoteKind::Nullify)
        | (VoteKind::Notarize, VoteKind::Nullify | VoteKind::Finalize)
        | (VoteKind::Finalize, VoteKind::Notarize) => false,
    }
}

impl Checker for DoubleVotes {
    fn name(&self) -> &'static str {
        "double votes"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let Observation::Sent(host, message) = observation else { return None };
        if !context.votes_once(*host) {
            return None;
        }
        let subject = vote(message)?.subject;
        let place = (context.seat(*host), subject.epoch, subject.view);
        let earlier = self.votes.entry(place).or_default();
        if earlier.contains(&subject) {
            return None;
        }
        self.checked += 1;
        let contradicted = earlier.iter().find(|known| contradicts(known, &subject));
        let violation =
            contradicted.map(|known| format!("host {host} sent {subject:?} after {known:?}"));
        earlier.push(subject);
        violation
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
