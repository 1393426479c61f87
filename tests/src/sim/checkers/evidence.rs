//! Evidence is true: it verifies, and neither it nor an accusation ever names a whole node.

use super::{Checker, Context, Observation};

/// How much of it there was.
#[derive(Clone, Debug, Default)]
pub(super) struct EvidenceIsTrue {
    checked: u64,
}

impl Checker for EvidenceIsTrue {
    fn name(&self) -> &'static str {
        "evidence"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Evidence(host, evidence) if context.is_product(*host) => {
                self.checked += 1;
                let epoch = evidence.votes().0.subject.epoch;
                let Some(validators) = context.epochs.validators(epoch) else {
                    return Some(format!("host {host} holds evidence of an epoch to come"));
                };
                if let Err(error) = evidence.verify(&context.setup.domains, validators) {
                    return Some(format!("host {host} holds evidence that is none: {error}"));
                }
                let culprit = context.epochs.seat(epoch, evidence.culprit())?;
                let is_whole = context.seat_votes_once(culprit);
                is_whole.then(|| format!("host {host} holds evidence against whole seat {culprit}"))
            }
            Observation::Accused(host, seat, what) if context.is_product(*host) => {
                self.checked += 1;
                let is_whole = context.seat_votes_once(*seat);
                is_whole.then(|| format!("host {host} says of whole seat {seat} that it {what}"))
            }
            Observation::Evidence(..)
            | Observation::Accused(..)
            | Observation::Sent(..)
            | Observation::Final(..)
            | Observation::Recorded(..)
            | Observation::Replayed(..)
            | Observation::Restored(..)
            | Observation::Read(..)
            | Observation::Kept(..)
            | Observation::Ordered(_)
            | Observation::Replied(..)
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
