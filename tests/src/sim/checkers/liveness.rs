//! Liveness: after the last fault has healed, every honest validator soon has a new final block.

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
}

impl Liveness {
    fn update(&mut self, context: &Context) {
        let Some(goal) = self.goal else { return };
        let honest = context.honest.iter().enumerate().filter(|(_, honest)| **honest);
        let is_behind = |node: &usize| self.heights.get(node).is_none_or(|height| *height <= goal);
        self.behind = honest.map(|(node, _)| node).filter(is_behind).collect();
    }
}

impl Checker for Liveness {
    fn name(&self) -> &'static str {
        "liveness"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Final(node, block, _) => {
                self.heights.insert(*node, block.header.height);
                self.update(context);
                None
            }
            Observation::Healed => {
                self.goal = Some(self.heights.values().max().copied().unwrap_or_default());
                self.update(context);
                None
            }
            Observation::Ended => (!self.is_content()).then(|| {
                format!("after healing no new final block at {:?}: {:?}", self.behind, self.heights)
            }),
            Observation::Sent(..) | Observation::Restored(..) | Observation::Evidence(..) => None,
        }
    }

    fn is_content(&self) -> bool {
        self.goal.is_some() && self.behind.is_empty()
    }
}
