//! What a validator remembers of its own votes, and how one that lost its records learns which
//! views it may not vote in (R19).
//!
//! Invariants: as long as too few validators have reported, no view is safe; each set of enough
//! reports gives a safe bound, so a lower one may replace a higher one. Absent: how the node knows
//! that records were lost (a wiped home, a restored backup: the node's).

use ledger::ids::{ValidatorIndex, View};
use std::collections::BTreeMap;

use crate::message::Report;
use crate::record::Record;
use crate::replica::Replica;
use crate::step::Output;

/// What a validator remembers of its own votes when it starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// The records hold every vote that it ever cast in views that are not final.
    #[default]
    Whole,
    /// Votes may be missing from the records: the home was wiped, or restored from a backup.
    Lost {
        /// A number that no earlier start of this validator has used: a random one. What others
        /// report is taken as made after this start if it repeats the number.
        inquiry: u64,
    },
}

/// The question of a validator that lost its memory, and what the others have answered.
#[derive(Clone, Debug)]
pub(crate) struct Inquiry {
    number: u64,
    /// How many others must have reported.
    needed: usize,
    /// The lowest view that each has reported.
    reports: BTreeMap<ValidatorIndex, View>,
}

impl Inquiry {
    /// The question with this number to validators of which `fault_bound` may be faulty.
    pub(crate) const fn new(number: u64, fault_bound: usize) -> Self {
        let needed = fault_bound.saturating_mul(2).saturating_add(1);
        Self { number, needed, reports: BTreeMap::new() }
    }

    /// The number that reports must repeat.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Notes that `from`, another validator, has voted in no view above `view`.
    pub(crate) fn hear(&mut self, from: ValidatorIndex, view: View) {
        let lowest = self.reports.entry(from).or_insert(view);
        *lowest = view.min(*lowest);
    }

    /// The view above which this validator has never voted; `None` as long as that is not known.
    pub(crate) fn bound(&self) -> Option<View> {
        // R19: the lowest reports that are enough, so that a false high one counts only while there
        // are no others.
        let mut views: Vec<View> = self.reports.values().copied().collect();
        views.sort();
        let highest = views.get(self.needed.checked_sub(1)?)?;
        Some(highest.next())
    }
}

impl Replica {
    /// What this validator remembers of its votes: for the next epoch's start, and for status
    /// pages. While it is lost the node should make no lane batches of its own either: it may make
    /// one in a place where it has made another before.
    pub fn memory(&self) -> Memory {
        let lost = |asked: &Inquiry| Memory::Lost { inquiry: asked.number };
        self.inquiry.as_ref().map_or(Memory::Whole, lost)
    }

    /// True while too few have reported for any view to be safe.
    pub(crate) fn is_asking(&self) -> bool {
        self.inquiry.as_ref().is_some_and(|asked| asked.bound().is_none())
    }

    /// A peer reports up to where it may have voted: forgotten votes are not much higher.
    pub(crate) fn on_report(&mut self, from: ValidatorIndex, report: &Report) {
        let asked = self.inquiry.as_mut().filter(|asked| asked.number == report.inquiry);
        let Some(asked) = asked else { return };
        // R19
        asked.hear(from, report.view);
        if let Some(bound) = asked.bound()
            && let Some(signer) = &mut self.signer
        {
            signer.forget_up_to(bound);
        }
    }

    /// The answer to a peer's question; `None` if this replica does not know itself.
    pub(crate) fn report(&self, inquiry: u64) -> Option<Report> {
        // R19
        let knows = self.inquiry.as_ref().is_none_or(|asked| asked.bound().is_some());
        let signer = self.signer.as_ref().filter(|_| knows)?;
        let view = signer.highest().max(self.view());
        Some(Report { epoch: self.epoch, inquiry, view })
    }

    /// Ends the loss of memory once a block that was made above all forgotten votes is final.
    pub(crate) fn regain(&mut self) {
        let Some(bound) = self.inquiry.as_ref().and_then(Inquiry::bound) else { return };
        let last = &self.finalized().header;
        // R19
        if last.epoch == self.epoch && last.view > bound {
            self.inquiry = None;
            let record = Record::Forgotten { epoch: self.epoch, view: bound };
            self.outputs.extend([Output::Persist(record), Output::Regained]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(fault_bound: usize, reports: &[(u16, u64)]) -> Option<u64> {
        let mut inquiry = Inquiry::new(1, fault_bound);
        for (from, view) in reports {
            inquiry.hear(ValidatorIndex(*from), View(*view));
        }
        inquiry.bound().map(|view| view.0)
    }

    #[test]
    fn r19_the_bound_is_above_enough_reports_and_lies_cost_nothing_once_all_have_spoken() {
        const LIE: u64 = u64::MAX;
        type Case<'a> = (usize, &'a [(u16, u64)], Option<u64>);
        let cases: [Case<'_>; 11] = [
            (0, &[], None),
            (0, &[(1, 4)], Some(5)),
            (0, &[(1, 4), (2, 9)], Some(5)),
            (1, &[(1, 5), (2, 5)], None),
            (1, &[(1, 5), (1, 5), (1, 5)], None),
            (1, &[(1, 5), (2, 5), (3, 7)], Some(8)),
            (1, &[(1, 5), (2, 5), (3, 7), (3, 9)], Some(8)),
            (1, &[(1, 5), (2, 6), (3, LIE)], Some(LIE)),
            (1, &[(1, 0), (2, 0), (3, 7)], Some(8)),
            (2, &[(1, 5), (2, LIE), (3, 7), (4, 6), (5, 5), (6, 5)], Some(8)),
            (2, &[(1, 0), (2, 0), (3, 7), (4, 6), (5, 5)], Some(8)),
        ];
        for (fault_bound, reports, expected) in cases {
            assert_eq!(bound(fault_bound, reports), expected, "f = {fault_bound}: {reports:?}");
        }
    }

    /// Every set of validators of `count`, as bits.
    fn sets(count: u32) -> impl Iterator<Item = u32> {
        0..1_u32 << count
    }

    #[test]
    fn r19_no_choice_of_signers_faulty_and_reporting_validators_hides_the_last_vote() {
        // Validator 0 has voted in view 9: view 8 is certified. Faulty ones report 0.
        for count in 1..=7_u32 {
            let fault_bound = usize::try_from((count - 1) / 3).unwrap();
            let quorum = count - (count - 1) / 3;
            let others = |set: u32| (1..count).filter(move |index| set >> index & 1 == 1);
            let mut bounds = 0;
            for faulty in sets(count).filter(|set| {
                set & 1 == 0 && usize::try_from(set.count_ones()).unwrap() <= fault_bound
            }) {
                for signers in sets(count).filter(|set| set.count_ones() == quorum) {
                    let honest = signers & !faulty;
                    for reporting in sets(count).filter(|set| set & 1 == 0) {
                        let report = |index: u32| u64::from(honest >> index & 1) * 8;
                        let reports: Vec<_> = others(reporting)
                            .map(|index| (u16::try_from(index).unwrap(), report(index)))
                            .collect();
                        let bound = bound(fault_bound, &reports);
                        assert!(bound.is_none_or(|bound| bound >= 9), "{count} {reports:?}");
                        bounds += u32::from(bound.is_some());
                    }
                }
            }
            assert_eq!(bounds > 0, count > 1, "a lone validator has nobody to ask");
        }
    }
}
