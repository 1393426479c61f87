//! Exclusive views: no view is both finalized and nullified, and none notarizes or finalizes two
//! blocks.

use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::View;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation, certificates};

/// What each view was certified for, by kind.
#[derive(Debug, Default)]
pub(super) struct ExclusiveViews {
    views: BTreeMap<View, BTreeMap<VoteKind, Hash>>,
}

impl ExclusiveViews {
    fn see(&mut self, certificate: &Certificate) -> Option<String> {
        let subject = certificate.subject;
        let view = self.views.entry(subject.view).or_default();
        let first = *view.entry(subject.kind).or_insert(subject.block);
        let forked = first != subject.block;
        let nullified = view.contains_key(&VoteKind::Nullify);
        let both = nullified && view.contains_key(&VoteKind::Finalize);
        (forked || both).then(|| format!("view {} is certified for {view:?}", subject.view))
    }
}

impl Checker for ExclusiveViews {
    fn name(&self) -> &'static str {
        "exclusive views"
    }

    fn observe(&mut self, _: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Sent(_, message) => {
                certificates(message).into_iter().find_map(|certificate| self.see(certificate))
            }
            Observation::Final(_, _, certificate) => {
                certificate.and_then(|certificate| self.see(certificate))
            }
            Observation::Restored(..)
            | Observation::Evidence(..)
            | Observation::Healed
            | Observation::Ended => None,
        }
    }
}
