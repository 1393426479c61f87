//! Bounded memory: what peers and clients can make a node of the product hold stays within stated
//! bounds, whatever adversaries send and however long nothing becomes final.

use node::core::kept::Kept;

use super::{Checker, Context, Observation};

/// How often it was looked at.
#[derive(Debug, Default)]
pub(super) struct Memory {
    checked: u64,
}

/// The bounds with so many validators, by name: what is kept, and at most how much.
fn bounds(kept: &Kept, validators: usize) -> [(&'static str, usize, usize); 8] {
    [
        ("transactions", kept.transactions, 50_000),
        // A window that waits for order and what was ordered of late, two of each place.
        ("batches", kept.batches, validators * 2 * (256 + 64 + 1)),
        // One of each of the views that are open, twice: executed, or waiting; and one that got a
        // vote of each view since the last final one.
        ("blocks", kept.blocks, 2 * 129 + kept.views),
        // While nothing is final, certificates are kept of every view: of half an hour at most, in
        // a simulation.
        ("views", kept.views, 1_536),
        ("candidates", kept.candidates, 2 * 129 + kept.views),
        ("finals", kept.finals, 512),
        ("jobs", kept.jobs, 65),
        ("requests", kept.requests, 2_048),
    ]
}

impl Checker for Memory {
    fn name(&self) -> &'static str {
        "bounded memory"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let Observation::Kept(host, kept) = observation else { return None };
        if !context.is_product(*host) {
            return None;
        }
        self.checked += 1;
        let bounds = bounds(kept, context.setup.banks.len());
        let (what, count, bound) = bounds.into_iter().find(|(_, count, bound)| count > bound)?;
        Some(format!("host {host} keeps {count} {what}; {bound} are allowed"))
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
