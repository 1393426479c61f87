//! The checkers that judge replicas alone, without the node around them.
//!
//! Invariant: a copy goes on from where the original stands, so that runs with a common beginning
//! can be judged from where they part.

use super::agreement::Agreement;
use super::ancestry::Ancestry;
use super::certificates::Certificates;
use super::double_votes::DoubleVotes;
use super::evidence::EvidenceIsTrue;
use super::exclusive_views::ExclusiveViews;
use super::{Checker, Context, Observation};

/// Agreement, ancestry, no double votes, true evidence, exclusive views, and true certificates.
#[derive(Clone, Debug, Default)]
pub struct OfReplicas {
    agreement: Agreement,
    ancestry: Ancestry,
    double_votes: DoubleVotes,
    evidence: EvidenceIsTrue,
    exclusive_views: ExclusiveViews,
    /// None: certificates are not judged.
    certificates: Option<Certificates>,
}

impl OfReplicas {
    /// All of them, or all but the one that judges certificates: it sees a wrong quorum at once,
    /// before that does any harm.
    #[must_use]
    pub fn new(with_certificates: bool) -> Self {
        Self { certificates: with_certificates.then(Certificates::default), ..Self::default() }
    }

    fn each(&mut self) -> impl Iterator<Item = &mut dyn Checker> {
        let five: [&mut dyn Checker; 5] = [
            &mut self.agreement,
            &mut self.ancestry,
            &mut self.double_votes,
            &mut self.evidence,
            &mut self.exclusive_views,
        ];
        let certificates = self.certificates.iter_mut().map(|one| -> &mut dyn Checker { one });
        five.into_iter().chain(certificates)
    }

    /// Shows all of them an observation; gives the first that objects, and why.
    pub fn observe(
        &mut self,
        context: &Context,
        observation: &Observation,
    ) -> Option<(&'static str, String)> {
        self.each().find_map(|checker| {
            let text = checker.observe(context, observation)?;
            Some((checker.name(), text))
        })
    }

    /// What each has looked at.
    pub fn checked(&mut self) -> Vec<(&'static str, u64)> {
        self.each().map(|checker| (checker.name(), checker.checked())).collect()
    }
}
