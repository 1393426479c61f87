//! Who leads a view, and who was silent (R1, R13).
//!
//! Invariants: the leader depends on nothing but the view and the number of validators; silence is
//! a local opinion, can only speed a view's end up, and ends with the first vote that is heard.
//! Absent: any vote or weight by stake.

use ledger::ids::{ValidatorIndex, View};

/// The leaders of an epoch, and when each validator was last heard.
#[derive(Clone, Debug)]
pub struct Leaders {
    /// For each validator the highest view it was heard to vote in.
    /// None of one that was lost.
    heard: Vec<Option<View>>,
}

impl Leaders {
    /// `count` validators, all taken as heard in `view`.
    pub fn new(count: usize, view: View) -> Self {
        Self { heard: vec![Some(view); count] }
    }

    /// The leader of `view`: round robin.
    pub fn leader(&self, view: View) -> ValidatorIndex {
        // R1
        let count = u64::try_from(self.heard.len()).unwrap_or(u64::MAX);
        let turn = view.0.checked_rem(count).unwrap_or(0);
        ValidatorIndex(u16::try_from(turn).unwrap_or(0))
    }

    /// Notes that `validator` voted in `view`; a view beyond `current` counts as the current one.
    pub fn hear(&mut self, validator: ValidatorIndex, view: View, current: View) {
        if let Some(heard) = self.heard.get_mut(validator.position()) {
            *heard = Some(view.min(current)).max(*heard);
        }
    }

    /// The connection to `validator` has ended: it is silent until it is heard again.
    pub fn lose(&mut self, validator: ValidatorIndex) {
        if let Some(heard) = self.heard.get_mut(validator.position()) {
            *heard = None;
        }
    }

    /// Takes everyone as heard in `view`: after a jump, silence means nothing.
    pub fn hear_all(&mut self, view: View) {
        for heard in &mut self.heard {
            *heard = Some(view).max(*heard);
        }
    }

    /// True if the leader of `view` voted in none of the views of a whole rotation before it, or
    /// its connection has ended.
    pub fn is_silent(&self, view: View) -> bool {
        // R13
        let rotation = u64::try_from(self.heard.len()).unwrap_or(u64::MAX);
        match self.heard.get(self.leader(view).position()) {
            Some(Some(heard)) => view.0.saturating_sub(heard.0) > rotation.max(2),
            Some(None) => true,
            None => false,
        }
    }
}
