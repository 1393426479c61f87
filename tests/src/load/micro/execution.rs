//! Blocks of payments executed on ledgers of several sizes.
//!
//! The state map is updated within execution and gives its root for one more hash, so the rules and
//! the map are one figure, the whole block (receipts, their root, the header) another, and the map
//! alone a third.

use std::time::Duration;

use super::{Add, BLOCK, World, rate};

/// Up to so many accounts the map is measured alone: it is a second one in memory.
const SECOND_MAP: usize = 1_000_000;

/// Measures a ledger of so many accounts; none if it refuses a payment.
pub(super) fn measure(
    world: &mut World,
    accounts: usize,
    rounds: usize,
    add: Add<'_>,
) -> Option<()> {
    let (mut rules, mut whole) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        let (executed, built) = world.execute_twice(BLOCK)?;
        rules = rules.min(executed);
        whole = whole.min(built);
    }
    let of = |what: &str| format!("{what}, {accounts} accounts");
    add(of("payments executed, with the state root"), rate(BLOCK, rules));
    add(of("payments executed, with receipts and all roots"), rate(BLOCK, whole));
    if accounts <= SECOND_MAP {
        let (records, times) = world.update_map(rounds.min(5));
        let best = times.into_iter().min().unwrap_or(Duration::MAX);
        add(of("changed records put into the state map"), rate(records, best));
    }
    Some(())
}
