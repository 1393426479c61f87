//! The bug: a client is told that its transaction is final when it has only been taken in.

use ledger::{ids::Height, state::Marker};
use node::core::step::{Output, Reply};

use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "final-too-early",
    spans_epochs: false,
    finders: &["durable acknowledgements"],
    make: |_| Box::new(KnownTooEarly),
};

struct KnownTooEarly;

impl Bug for KnownTooEarly {
    fn output(&mut self, output: Output) -> Vec<Output> {
        if let Output::Reply(request, Reply::Accepted(id)) = output {
            let known = Marker { transaction: id, height: Height(1) };
            return vec![Output::Reply(request, Reply::Known(known))];
        }
        vec![output]
    }
}
