//! What a run came to: what was done, what clients saw, and what was checked.
//!
//! Invariant: a run with a violation has no report but a failure. Absent: printing.

use std::time::Duration;

use serde::Serialize;

use super::{
    Counts,
    fault::Kind,
    field::Field,
    history::{Answer, Ending, History},
    judge::Verdict,
};
use crate::xtask::Failure;

/// What was done, seen and checked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The format's name.
    pub format: &'static str,
    /// What the faults were drawn from.
    pub seed: u64,
    /// How long rounds went on.
    pub took: Duration,
    /// With what faults were inflicted.
    pub means: String,
    /// What this machine does not permit, in words.
    pub left_out: Vec<String>,
    /// Payments that settled.
    pub settled: u64,
    /// Payments that a node refused or the ledger rejected.
    pub not_paid: u64,
    /// Payments that were sent more than once.
    pub sent_again: u64,
    /// Sendings without an answer that tells the outcome.
    pub unknown_answers: u64,
    /// Readings.
    pub readings: u64,
    /// Faults by kind.
    pub faults: Counts,
    /// Faults that were drawn and cannot be inflicted here, by kind.
    pub not_inflicted: Counts,
    /// Rounds.
    pub rounds: u64,
    /// The longest time from the healing of a round's faults until all nodes were in step and
    /// payments went on.
    pub slowest_recovery: Duration,
    /// How many checks each judge has made.
    pub checks: Counts,
    /// Audits.
    pub audits: u64,
    /// Stopped nodes whose ledger was verified on disk.
    pub ledgers: u64,
    #[serde(skip)]
    violations: Vec<String>,
}

impl Report {
    pub(super) fn new(seed: u64, field: &Field) -> Self {
        Self {
            format: "feiqian.chaos/v1",
            seed,
            means: field.describe(),
            left_out: field.left_out.clone(),
            ..Self::default()
        }
    }

    pub(super) fn inflict(&mut self, kind: Kind) {
        *self.faults.entry(kind.name()).or_default() += 1;
    }

    pub(super) fn leave_out(&mut self, kind: Kind) {
        *self.not_inflicted.entry(kind.name()).or_default() += 1;
    }

    pub(super) fn heal(&mut self, took: Duration) {
        self.rounds += 1;
        self.slowest_recovery = self.slowest_recovery.max(took);
    }

    pub(super) fn audit(&mut self, history: &History, verdicts: &[(&'static str, Verdict)]) {
        self.audits += 1;
        for payment in &history.payments {
            match payment.ending {
                Ending::Settled(_) => self.settled += 1,
                Ending::NotPaid => self.not_paid += 1,
                Ending::Unknown => {}
            }
            self.sent_again += u64::from(payment.attempts.len() > 1);
            let answers = payment.attempts.iter().map(|attempt| &attempt.answer);
            let unknown = answers.filter(|answer| matches!(answer, Answer::Unknown { .. })).count();
            self.unknown_answers += u64::try_from(unknown).unwrap_or(u64::MAX);
        }
        self.readings += u64::try_from(history.readings.len()).unwrap_or(u64::MAX);
        for (property, verdict) in verdicts {
            *self.checks.entry(property).or_default() += verdict.checked;
            let violations = verdict.violations.iter();
            self.violations.extend(violations.map(|wrong| format!("not so: {property}: {wrong}")));
        }
    }

    /// What was violated so far, as a failure.
    pub(super) fn judgement(&self) -> Result<(), Failure> {
        if self.violations.is_empty() {
            return Ok(());
        }
        Err(Failure::Found { summary: self.violations.join("\n") })
    }

    /// The report in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let counted = |counts: &Counts| {
            let counts: Vec<_> =
                counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            counts.join(", ")
        };
        let mut lines = vec![
            format!(
                "seed {}: {} payments settled, {} not paid, {} sent more than once ({} sendings \
                 without an answer), {} readings",
                self.seed,
                self.settled,
                self.not_paid,
                self.sent_again,
                self.unknown_answers,
                self.readings
            ),
            format!("faults in {} rounds: {}", self.rounds, counted(&self.faults)),
            format!("by these means: {}", self.means),
            format!("slowest recovery after healing: {:.1} s", self.slowest_recovery.as_secs_f64()),
        ];
        if !self.not_inflicted.is_empty() {
            lines.push(format!("LEFT OUT: {}", counted(&self.not_inflicted)));
        }
        lines.extend(self.left_out.iter().map(|left_out| format!("LEFT OUT: {left_out}")));
        for (property, checks) in &self.checks {
            lines.push(format!("ok  {property}: {checks} checks in {} audits", self.audits));
        }
        lines.push(format!("ok  the stopped nodes' ledgers verify on disk: {}", self.ledgers));
        lines
    }
}
