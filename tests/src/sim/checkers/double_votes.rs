//! No double vote: no honest validator ever sends two votes that contradict each other, over all
//! its restarts, nor a notarization of a view that it has nullified before.

use consensus::Evidence;
use ledger::certificate::{Vote, VoteKind};
use ledger::ids::View;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation, vote};

/// The votes of each validator and view, in the order they were first sent.
#[derive(Debug, Default)]
pub(super) struct DoubleVotes {
    votes: BTreeMap<(usize, View), Vec<Vote>>,
}

impl Checker for DoubleVotes {
    fn name(&self) -> &'static str {
        "double votes"
    }

    fn observe(&mut self, _: &Context, observation: &Observation) -> Option<String> {
        let Observation::Sent(node, message) = observation else { return None };
        let vote = vote(message)?;
        let earlier = self.votes.entry((*node, vote.subject.view)).or_default();
        if earlier.iter().any(|known| known.subject == vote.subject) {
            return None;
        }
        let contradicted = earlier.iter().find(|known| {
            let too_late =
                known.subject.kind == VoteKind::Nullify && vote.subject.kind == VoteKind::Notarize;
            too_late || Evidence::of(**known, *vote).is_some()
        });
        let violation = contradicted.map(|known| {
            format!("validator {node} sent {:?} after {:?}", vote.subject, known.subject)
        });
        earlier.push(*vote);
        violation
    }
}
