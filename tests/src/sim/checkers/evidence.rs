//! Evidence is true: it verifies, and never names an honest validator.

use super::{Checker, Context, Observation};

/// Nothing to remember.
#[derive(Debug, Default)]
pub(super) struct EvidenceIsTrue {}

impl Checker for EvidenceIsTrue {
    fn name(&self) -> &'static str {
        "evidence"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let Observation::Evidence(node, evidence) = observation else { return None };
        let setup = context.setup;
        if let Err(error) = evidence.verify(&setup.domains, &setup.validators) {
            return Some(format!("validator {node} holds evidence that is none: {error}"));
        }
        let culprit = evidence.culprit().position();
        let is_honest = context.honest.get(culprit).copied().unwrap_or(false);
        is_honest.then(|| format!("validator {node} holds evidence against honest {culprit}"))
    }
}
