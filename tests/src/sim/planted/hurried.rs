//! Three bugs: something that stands behind a record is done at once, before the record is durable.
//! Votes are sent, clients are told "accepted", or final blocks are shown and indexed (so that the
//! checkpoint may be ahead of the log).

use consensus::Message;
use node::core::step::{Output, Reply};

use super::wiring::broadcast;
use super::{Bug, Planted};

/// Votes are sent before they are durable.
pub(super) const VOTES: Planted = Planted {
    name: "hurried-votes",
    spans_epochs: false,
    finders: &["double votes", "evidence", "certificates"],
    make: |_| Box::new(Hurried { is_hurried: is_vote }),
};

/// Clients are told that a transaction is taken in before it is durable.
pub(super) const REPLIES: Planted = Planted {
    name: "hurried-replies",
    spans_epochs: false,
    finders: &["durable acknowledgements"],
    make: |_| Box::new(Hurried { is_hurried: is_acceptance }),
};

/// A final block is shown, and the checkpoint may rest on it, before it is durable.
pub(super) const COMMITS: Planted = Planted {
    name: "checkpoint-ahead-of-log",
    spans_epochs: false,
    finders: &["certificates", "monotone reads", "health", "durable acknowledgements"],
    make: |_| Box::new(Hurried { is_hurried: is_commit }),
};

struct Hurried {
    is_hurried: fn(&Output) -> bool,
}

fn is_vote(output: &Output) -> bool {
    matches!(broadcast(output), Some(Message::Vote(_) | Message::Proposal(_)))
}

const fn is_acceptance(output: &Output) -> bool {
    matches!(output, Output::Reply(_, Reply::Accepted(_)))
}

const fn is_commit(output: &Output) -> bool {
    matches!(output, Output::Commit(_))
}

impl Bug for Hurried {
    fn hurries(&self, output: &Output) -> bool {
        (self.is_hurried)(output)
    }
}
