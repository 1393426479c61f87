//! The bug: a node's own lane batches are not written to its log.

use ledger::ids::ValidatorIndex;
use node::core::record::LogRecord;
use node::core::step::Output;

use super::super::actor::Place;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "unlogged-batches",
    spans_epochs: false,
    finders: &["health", "durable acknowledgements"],
    make: |place| Box::new(UnloggedBatches { place: place.clone() }),
};

struct UnloggedBatches {
    place: Place,
}

impl Bug for UnloggedBatches {
    fn output(&mut self, output: Output) -> Vec<Output> {
        let own = ValidatorIndex(u16::try_from(self.place.seat).unwrap_or(u16::MAX));
        if let Output::Persist(LogRecord::Batch(batch)) = &output
            && batch.header.lane == own
        {
            return Vec::new();
        }
        vec![output]
    }
}
