//! The bug: certificates are not passed on, neither by relay nor in answers.

use consensus::Message;
use node::core::message::PeerMessage;
use node::core::step::Output;

use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "keeps-certificates",
    spans_epochs: false,
    finders: &["liveness", "durable acknowledgements"],
    make: |_| Box::new(KeepsCertificates),
};

struct KeepsCertificates;

impl Bug for KeepsCertificates {
    fn output(&mut self, output: Output) -> Vec<Output> {
        let is_kept = matches!(
            &output,
            Output::Send { message: PeerMessage::Consensus(Message::Certificate(_)), .. }
                | Output::Broadcast {
                    message: PeerMessage::Consensus(Message::Certificate(_)),
                    ..
                }
        );
        if is_kept { Vec::new() } else { vec![output] }
    }
}
