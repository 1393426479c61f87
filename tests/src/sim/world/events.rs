//! The queue of what will happen, and how it is told to people.

use consensus::Message;
use ledger::certificate::VoteSubject;
use node::core::message::PeerMessage;
use node::core::snapshot::SnapshotAnswer;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Happening;

/// What will happen, in the order of time and then of scheduling.
#[derive(Debug, Default)]
pub(super) struct Events {
    heap: BinaryHeap<Event>,
    scheduled: u64,
}

#[derive(Debug)]
struct Event {
    at: u64,
    number: u64,
    happening: Happening,
}

impl Events {
    /// Adds what happens at a moment.
    pub(super) fn add(&mut self, at: u64, happening: Happening) {
        self.scheduled += 1;
        self.heap.push(Event { at, number: self.scheduled, happening });
    }

    /// What happens next, and when.
    pub(super) fn next(&mut self) -> Option<(u64, Happening)> {
        self.heap.pop().map(|event| (event.at, event.happening))
    }
}

impl Ord for Event {
    /// The heap gives the greatest first: the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Event {}

/// A message, for people.
pub(super) fn describe(message: &PeerMessage) -> String {
    match message {
        PeerMessage::Consensus(Message::Proposal(proposal)) => {
            let parent = proposal.block.header.parent;
            format!("proposal {} on {parent:?}", subject(&proposal.vote.subject))
        }
        PeerMessage::Consensus(Message::Vote(vote)) => subject(&vote.subject),
        PeerMessage::Consensus(Message::Certificate(certificate)) => {
            format!("certificate {}", subject(&certificate.subject))
        }
        PeerMessage::Consensus(Message::Status(status)) => format!("{status:?}"),
        PeerMessage::Consensus(Message::Report(report)) => format!("{report:?}"),
        PeerMessage::Batch(batch) => {
            let header = &batch.header;
            format!("batch {} of lane {:?}", header.sequence, header.lane)
        }
        PeerMessage::BatchRequest(request) => format!("{request:?}"),
        PeerMessage::BlockRequest(hash) => format!("wants block {hash:?}"),
        PeerMessage::Block(block) => format!("block {}", block.header.height),
        PeerMessage::ChainRequest(height) => format!("wants the chain from {height}"),
        PeerMessage::Pruned(height) => format!("has no blocks below {height}"),
        PeerMessage::SnapshotRequest(request) => format!("{request:?}"),
        PeerMessage::SnapshotAnswer(answer) => snapshot(answer).to_owned(),
        PeerMessage::Forward(forwarded) => format!("forwards {}", forwarded.0.len()),
        PeerMessage::Chain(part) => format!("{} blocks of the chain", part.0.len()),
    }
}

fn subject(subject: &VoteSubject) -> String {
    format!("{:?} {} {:?}", subject.kind, subject.view, subject.block)
}

const fn snapshot(answer: &SnapshotAnswer) -> &'static str {
    match answer {
        SnapshotAnswer::Offers(_) => "offers of snapshots",
        SnapshotAnswer::Manifest(_) => "a snapshot's manifest",
        SnapshotAnswer::Chunk { .. } => "a chunk of a snapshot",
        SnapshotAnswer::Gone(_) => "a snapshot is gone",
    }
}
