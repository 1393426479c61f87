//! Compares what clients saw with what every node says once all is healed: one file for each
//! property.
//!
//! Invariants: judges know nothing of how the nodes work, and share no code with them beyond the
//! verification of proofs that any client has; each is shown to find what it is for. Absent:
//! gathering (`testimony`).

mod agreement;
mod conservation;
mod exactly_once;
mod proofs;
mod reads;
mod thin_air;
#[cfg(test)]
mod world;

use super::{history::History, testimony::Testimony};

/// What is judged: a window from one audit to the next.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// What the clients saw.
    pub history: &'a History,
    /// What every node says.
    pub testimonies: &'a [Testimony],
    /// What each account held of CNY when the window began, in minor units.
    pub before: &'a [u128],
    /// The hash of the last block before the window; none at the first window.
    pub parent: Option<&'a str>,
}

/// What a judge has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many things were checked.
    pub checked: u64,
    /// What contradicts the property, in words.
    pub violations: Vec<String>,
}

/// The most violations of one property that are told in words.
const TOLD: usize = 20;

impl Verdict {
    /// Counts one check, which failed if there is something to say.
    fn check(&mut self, is_right: bool, wrong: impl FnOnce() -> String) {
        self.checked += 1;
        if !is_right && self.violations.len() < TOLD {
            self.violations.push(wrong());
        }
    }
}

/// A judge: the property it watches over, and its judgement.
type Judge = (&'static str, fn(&Case<'_>) -> Verdict);

/// All judges.
const JUDGES: [Judge; 6] = [
    ("acknowledged payments happened exactly once", exactly_once::judge),
    ("nothing came out of thin air", thin_air::judge),
    ("reads never went back", reads::judge),
    ("money was conserved", conservation::judge),
    ("all nodes have the same blocks and roots", agreement::judge),
    ("proofs hold for the chain id alone", proofs::judge),
];

/// Every property with its verdict.
#[must_use]
pub fn judge(case: &Case<'_>) -> Vec<(&'static str, Verdict)> {
    JUDGES.iter().map(|(property, judge)| (*property, judge(case))).collect()
}
