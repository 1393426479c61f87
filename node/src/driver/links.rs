//! The link between the network's keys and frames and the core's peers and messages.
//!
//! Invariants: a message is attributed to the institution whose node's key the transport
//! authenticated; bytes that are no message end the connection; private data does not pass through
//! the core. Absent: what messages say.

use std::collections::BTreeMap;
use std::sync::Arc;

use borsh::BorshSerialize;
use ledger::account::NodeRecord;
use ledger::chain::Tip;
use ledger::ids::InstitutionNumber;
use tokio::sync::mpsc;

use super::book::Book;
use super::inbox::Inbox;
use super::view::View;
use crate::core::lanes::HeldBatch;
use crate::core::message::PeerMessage;
use crate::core::step::{Channel, Input};
use crate::net::{Bytes, Class, NetworkEvent, NetworkEvents, NetworkHandle, PeerKey};

/// The tag of [`PeerMessage::Batch`], which a held batch is encoded behind.
const BATCH_TAG: u8 = 1;

/// A frame of the class for private data, and whose node sent it.
pub(crate) type PrivateFrame = (InstitutionNumber, Bytes);

/// How many such frames may wait.
const PRIVATE_QUEUE: usize = 32;

/// The other institutions' nodes, and how to reach them.
#[derive(Clone)]
pub(super) struct Links {
    pub(super) network: NetworkHandle,
    pub(super) book: Arc<Book>,
}

impl Links {
    pub(super) fn send(&self, to: InstitutionNumber, channel: Channel, message: &PeerMessage) {
        self.send_frame(to, class_of(channel), encode(message));
    }

    pub(super) fn broadcast(&self, channel: Channel, message: &PeerMessage) {
        self.broadcast_frame(class_of(channel), &encode(message));
    }

    pub(super) fn send_batch(&self, to: InstitutionNumber, batch: &HeldBatch) {
        self.send_frame(to, Class::Sync, batch_frame(batch));
    }

    pub(super) fn broadcast_batch(&self, batch: &HeldBatch) {
        self.broadcast_frame(Class::Lanes, &batch_frame(batch));
    }

    pub(super) fn send_frame(&self, to: InstitutionNumber, class: Class, frame: Bytes) {
        if let Some(key) = self.book.entries().keys.get(&to) {
            self.send_to(to, *key, class, frame);
        }
    }

    fn broadcast_frame(&self, class: Class, frame: &Bytes) {
        for (peer, key) in &self.book.entries().keys {
            self.send_to(*peer, *key, class, frame.clone());
        }
    }

    fn send_to(&self, to: InstitutionNumber, key: PeerKey, class: Class, frame: Bytes) {
        if let Err(error) = self.network.send(key, class, frame) {
            tracing::warn!(peer = to.0, %error, "a message was not sent");
        }
    }

    /// Only the nodes of these records may connect from now on: others are disconnected.
    pub(super) fn admit(&self, nodes: &BTreeMap<InstitutionNumber, NodeRecord>, tip: &Tip) {
        let list = self.book.replace(nodes, tip.state().directory());
        tracing::info!(nodes = nodes.len(), height = tip.height().0, "the nodes of the network");
        if let Err(error) = self.network.set_peers(list) {
            tracing::error!(%error, "the list of nodes could not be taken over");
        }
    }
}

/// The frame of a message.
pub(super) fn encode(message: &PeerMessage) -> Bytes {
    ledger::codec::encode(message).into()
}

/// The frame of [`PeerMessage::Batch`] with this batch.
pub(super) fn batch_frame(batch: &HeldBatch) -> Bytes {
    let mut frame = vec![BATCH_TAG];
    // Writing into memory cannot fail.
    let _ = batch.serialize(&mut frame);
    frame.into()
}

/// The frame of [`PeerMessage::Batch`] with a batch as the log holds it.
pub(super) fn recorded_batch_frame(payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(payload.len().saturating_add(1));
    frame.push(BATCH_TAG);
    frame.extend_from_slice(payload);
    frame.into()
}

const fn class_of(channel: Channel) -> Class {
    match channel {
        Channel::Votes => Class::Votes,
        Channel::Proposals => Class::Proposals,
        Channel::Lanes => Class::Lanes,
        Channel::Sync => Class::Sync,
    }
}

/// Brings what the network reports to the core, in a thread of its own, so that a busy core holds
/// the peers back and nothing else. Gives the frames of private data, which are not for it. A frame
/// that is no message closes its sender's connection.
pub(super) fn receive(
    mut events: NetworkEvents,
    links: Links,
    inbox: Inbox,
    view: Arc<View>,
) -> mpsc::Receiver<PrivateFrame> {
    let (private, frames) = mpsc::channel(PRIVATE_QUEUE);
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        // A node that leaves the list is disconnected afterwards.
        let mut connected = BTreeMap::new();
        while let Some(event) = runtime.block_on(events.recv()) {
            let input = match event {
                NetworkEvent::Connected(key) => links.book.institution(&key).map(|peer| {
                    connected.insert(key, peer);
                    view.set_connected(peer, true);
                    Input::Connected(peer)
                }),
                NetworkEvent::Disconnected(key) => connected.remove(&key).map(|peer| {
                    view.set_connected(peer, false);
                    Input::Disconnected(peer)
                }),
                NetworkEvent::Frame { from, class: Class::Private, bytes } => {
                    if let Some(peer) = links.book.institution(&from) {
                        // With too many that wait it is lost, and its sender sends it again.
                        let _ = private.try_send((peer, bytes));
                    }
                    None
                }
                NetworkEvent::Frame { from, bytes, .. } => {
                    let message = read(links.book.institution(&from), &bytes);
                    if message.is_none() {
                        links.network.close(from);
                    }
                    message
                }
            };
            if input.is_some_and(|input| !inbox.peer(input)) {
                return;
            }
        }
    });
    frames
}

fn read(from: Option<InstitutionNumber>, bytes: &[u8]) -> Option<Input> {
    let from = from?;
    match PeerMessage::decode(bytes) {
        Ok(message) => Some(Input::Peer { from, message }),
        Err(error) => {
            tracing::warn!(peer = from.0, %error, "a peer sent a malformed message");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::block::{Batch, BatchHeader};
    use ledger::crypto::Signature;
    use ledger::hash::Hash;
    use ledger::ids::{Epoch, ValidatorIndex};

    #[test]
    fn a_held_batch_is_framed_as_the_message() {
        let header = BatchHeader {
            epoch: Epoch(0),
            lane: ValidatorIndex(1),
            sequence: 1,
            parent: Hash::ZERO,
            payload: Hash::ZERO,
        };
        let signature = Signature([7; 64]);
        let batch = Batch { header: header.clone(), signature, transactions: Vec::new() };
        let held =
            HeldBatch { header, hash: Hash::ZERO, signature, transactions: Vec::new(), bytes: 4 };
        assert_eq!(batch_frame(&held), encode(&PeerMessage::Batch(batch.clone())));
        let recorded = ledger::codec::encode(&batch);
        assert_eq!(recorded_batch_frame(&recorded), batch_frame(&held));
    }
}
