//! Two bugs: a block's receipts are booked twice, as if it had been executed a second time; or the
//! last receipt is lost, on every second node.

use ledger::execute::Booked;
use node::core::step::{Committed, Output};
use std::sync::Arc;

use super::super::actor::Place;
use super::{Bug, Planted};

/// All receipts twice.
pub(super) const TWICE: Planted = Planted {
    name: "books-a-block-twice",
    spans_epochs: false,
    finders: &["exactly once", "conservation", "same results"],
    make: |_| Box::new(BookedWrongly { change: |booked| booked.extend(booked.clone()) }),
};

/// One receipt too few, here and there.
pub(super) const TOO_FEW: Planted = Planted {
    name: "loses-a-receipt",
    spans_epochs: false,
    finders: &["same results", "conservation", "durable acknowledgements"],
    make: |place| {
        let loses = |booked: &mut Vec<Booked>| drop(booked.pop());
        let change: fn(&mut Vec<Booked>) = if is_odd(place) { loses } else { |_| {} };
        Box::new(BookedWrongly { change })
    },
};

const fn is_odd(place: &Place) -> bool {
    place.seat % 2 == 1
}

struct BookedWrongly {
    change: fn(&mut Vec<Booked>),
}

impl Bug for BookedWrongly {
    fn output(&mut self, output: Output) -> Vec<Output> {
        let Output::Commit(committed) = output else { return vec![output] };
        let mut executed = committed.executed.as_ref().clone();
        (self.change)(&mut executed.booked);
        let certificate = committed.certificate.clone();
        let batches = committed.batches.clone();
        let wrong = Committed::new(Arc::new(executed), certificate, batches);
        vec![Output::Commit(Arc::new(wrong))]
    }
}
