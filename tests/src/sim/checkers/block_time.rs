//! Block time: a block becomes final only when its time is near: at most the chain's bound ahead of
//! the fastest clock of a whole node.

use super::super::plan::Plan;
use super::super::setup::Setup;
use super::{Checker, Context, Observation};

/// How many blocks were looked at.
#[derive(Debug, Default)]
pub(super) struct BlockTime {
    checked: u64,
}

impl Checker for BlockTime {
    fn name(&self) -> &'static str {
        "block time"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let Observation::Final(host, committed) = observation else { return None };
        if !context.is_product(*host) {
            return None;
        }
        self.checked += 1;
        let header = &committed.executed.block.header;
        let fastest = Setup::EPOCH + context.now + Plan::LARGEST_SKEW;
        let latest = fastest.saturating_add(context.setup.timing.clock_bound_ms);
        (header.time.0 > latest).then(|| {
            let ahead = header.time.0 - fastest;
            format!("block {} is final {ahead} ms before its time", header.height)
        })
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
