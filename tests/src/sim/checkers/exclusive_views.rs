//! Exclusive views: no view is both finalized and nullified, and none notarizes or finalizes two
//! blocks.

use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{Epoch, View};
use std::collections::BTreeMap;

use super::{Checker, Context, Observation, certificates};

/// What each view was certified for, by kind.
#[derive(Clone, Debug, Default)]
pub(super) struct ExclusiveViews {
    views: BTreeMap<(Epoch, View), BTreeMap<VoteKind, Hash>>,
    checked: u64,
}

impl ExclusiveViews {
    fn see(&mut self, certificate: &Certificate) -> Option<String> {
        self.checked += 1;
        let subject = certificate.subject;
        let view = self.views.entry((subject.epoch, subject.view)).or_default();
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

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Sent(host, message) if context.is_product(*host) => {
                certificates(message).into_iter().find_map(|certificate| self.see(certificate))
            }
            Observation::Final(host, committed) if context.is_product(*host) => {
                committed.certificate.as_ref().and_then(|certificate| self.see(certificate))
            }
            Observation::Sent(..)
            | Observation::Final(..)
            | Observation::Recorded(..)
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
