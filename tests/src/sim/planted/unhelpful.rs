//! Two bugs of those who are behind and those who could help: answers about the final chain are
//! dropped; batches are given to no one who asks.

use node::core::message::PeerMessage;
use node::core::step::{Input, Output};

use super::{Bug, Planted};

/// Nobody catches up.
pub(super) const DEAF: Planted = Planted {
    name: "deaf-to-the-chain",
    spans_epochs: false,
    finders: &["liveness", "durable acknowledgements"],
    make: |_| Box::new(Deaf),
};

/// Nobody gives batches.
pub(super) const MISER: Planted = Planted {
    name: "gives-no-batches",
    spans_epochs: false,
    finders: &["liveness", "durable acknowledgements"],
    make: |_| Box::new(Miser),
};

struct Deaf;

impl Bug for Deaf {
    fn input(&mut self, input: Input) -> Vec<Input> {
        let is_answer = matches!(&input, Input::Peer { message: PeerMessage::Chain(_), .. });
        if is_answer { Vec::new() } else { vec![input] }
    }
}

struct Miser;

impl Bug for Miser {
    fn output(&mut self, output: Output) -> Vec<Output> {
        let is_answer = matches!(output, Output::SendBatch { .. } | Output::ServeBatches { .. });
        if is_answer { Vec::new() } else { vec![output] }
    }
}
