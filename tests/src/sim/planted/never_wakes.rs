//! The bug: timers never fire.

use node::core::step::Input;

use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "never-wakes",
    spans_epochs: false,
    finders: &["liveness", "durable acknowledgements"],
    make: |_| Box::new(NeverWakes),
};

struct NeverWakes;

impl Bug for NeverWakes {
    fn input(&mut self, input: Input) -> Vec<Input> {
        if matches!(input, Input::Wake) { Vec::new() } else { vec![input] }
    }
}
