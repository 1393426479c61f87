//! The bug: a leak of memory. What peers have sent is kept for ever, among the requests.

use node::core::kept::Kept;
use node::core::step::Input;

use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "keeps-messages",
    spans_epochs: true,
    finders: &["bounded memory"],
    make: |_| Box::new(Leak { messages: 0 }),
};

struct Leak {
    messages: usize,
}

impl Bug for Leak {
    fn input(&mut self, input: Input) -> Vec<Input> {
        self.messages += usize::from(matches!(input, Input::Peer { .. }));
        vec![input]
    }

    fn kept(&self, kept: &mut Kept) {
        kept.requests += self.messages;
    }
}
