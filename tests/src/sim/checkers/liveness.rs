//! Liveness: after the last fault has healed there is soon a new final block, and every node that
//! runs the product alone under its keys comes along.

use ledger::ids::Height;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation};

/// The final heights, and the one that must be passed.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    heights: BTreeMap<usize, Height>,
    /// The highest final height when all healed.
    goal: Option<Height>,
    behind: Vec<usize>,
    checked: u64,
}

impl Liveness {
    fn reach(&mut self, context: &Context, host: usize, height: Height) {
        if context.is_product(host) {
            self.heights.insert(host, height);
            self.update(context);
        }
    }

    fn update(&mut self, context: &Context) {
        let Some(goal) = self.goal else { return };
        let is_behind = |host: &usize| self.heights.get(host).is_none_or(|height| *height <= goal);
        self.behind = context.coming_along().filter(is_behind).collect();
    }
}

impl Checker for Liveness {
    fn name(&self) -> &'static str {
        "liveness"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Final(host, committed) => {
                self.reach(context, *host, committed.height());
                None
            }
            Observation::Restored(host, tip) => {
                self.reach(context, *host, tip.height());
                None
            }
            Observation::Healed => {
                self.goal = Some(self.heights.values().max().copied().unwrap_or_default());
                self.update(context);
                None
            }
            Observation::Late => {
                let goal = self.goal?;
                let is_live = self.heights.values().any(|height| *height > goal);
                (!is_live).then(|| format!("no new final block since all healed: {goal}"))
            }
            Observation::Ended => {
                self.checked += 1;
                (!self.is_content()).then(|| {
                    let behind = &self.behind;
                    format!("after healing no new final block at {behind:?}: {:?}", self.heights)
                })
            }
            Observation::Sent(..)
            | Observation::Recorded(..)
            | Observation::Replayed(..)
            | Observation::Read(..)
            | Observation::Kept(..)
            | Observation::Ordered(_)
            | Observation::Replied(..)
            | Observation::Evidence(..)
            | Observation::Accused(..)
            | Observation::Stopped(..) => None,
        }
    }

    fn checked(&self) -> u64 {
        self.checked
    }

    fn is_content(&self) -> bool {
        self.goal.is_some() && self.behind.is_empty()
    }
}
