//! The allow-list: who may connect, where each is found, and what waits for each.
//!
//! Invariants: keys are unique Ed25519 points and never our own; a peer that stays on the list
//! through a change keeps its queues and shares.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use libp2p::PeerId;

use super::class::Class;
use super::identity::PeerKey;
use super::inbox::Share;
use super::outbox::Outbox;
use super::{NetworkError, PeerAddress};

/// One entry of the list.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) id: PeerId,
    pub(super) addresses: Vec<String>,
    pub(super) lines: Arc<[Line; Class::COUNT]>,
}

/// What belongs to a peer and class however often the connection changes.
pub(super) struct Line {
    pub(super) outbox: Outbox,
    pub(super) share: Share,
}

/// The list, shared by the handle (which sends) and the service (which connects).
pub(super) struct Peers {
    own: PeerKey,
    list: RwLock<BTreeMap<PeerKey, Peer>>,
}

impl Peers {
    pub(super) fn new(own: PeerKey, listed: Vec<PeerAddress>) -> Result<Self, NetworkError> {
        let peers = Self { own, list: RwLock::default() };
        peers.replace(listed)?;
        Ok(peers)
    }

    /// Replaces the whole list, or refuses and changes nothing.
    pub(super) fn replace(&self, listed: Vec<PeerAddress>) -> Result<(), NetworkError> {
        let mut next = BTreeMap::new();
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        for PeerAddress { key, addresses } in listed {
            if key == self.own {
                continue;
            }
            let lines = list.get(&key).map_or_else(new_lines, |peer| peer.lines.clone());
            let peer = Peer { id: key.peer_id()?, addresses, lines };
            if next.insert(key, peer).is_some() {
                return Err(NetworkError::DuplicateKey { key });
            }
        }
        *list = next;
        Ok(())
    }

    /// This node's own key.
    pub(super) fn own(&self) -> PeerKey {
        self.own
    }

    pub(super) fn get(&self, key: &PeerKey) -> Option<Peer> {
        self.read(|list| list.get(key).cloned())
    }

    /// Runs a short look-up under the lock.
    pub(super) fn read<T>(&self, look: impl FnOnce(&BTreeMap<PeerKey, Peer>) -> T) -> T {
        look(&self.list.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn new_lines() -> Arc<[Line; Class::COUNT]> {
    let line = |class| Line { outbox: Outbox::new(class), share: Share::new(class) };
    Arc::new(Class::ALL.map(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> PeerKey {
        PeerKey::from_seed(&[seed; 32])
    }

    fn entry(seed: u8, addresses: &[&str]) -> PeerAddress {
        PeerAddress { key: key(seed), addresses: addresses.iter().map(|a| (*a).into()).collect() }
    }

    #[test]
    fn a_change_keeps_the_queues_of_those_who_stay() {
        let peers = Peers::new(key(1), vec![entry(2, &["a:1"]), entry(3, &[])]).unwrap();
        let before = peers.get(&key(2)).unwrap();
        peers.replace(vec![entry(2, &["b:2"]), entry(4, &[])]).unwrap();
        let after = peers.get(&key(2)).unwrap();
        assert!(Arc::ptr_eq(&before.lines, &after.lines));
        assert_eq!(after.addresses, ["b:2"]);
        assert!(peers.get(&key(3)).is_none());
        assert!(peers.get(&key(4)).is_some());
    }

    #[test]
    fn our_own_entry_is_left_out() {
        let peers = Peers::new(key(1), vec![entry(1, &["a:1"]), entry(2, &[])]).unwrap();
        assert_eq!(peers.read(BTreeMap::len), 1);
    }

    #[test]
    fn a_wrong_list_is_refused_and_changes_nothing() {
        let peers = Peers::new(key(1), vec![entry(2, &[])]).unwrap();
        let twice = peers.replace(vec![entry(3, &[]), entry(3, &[])]);
        assert!(matches!(twice, Err(NetworkError::DuplicateKey { key: k }) if k == key(3)));
        let no_point = PeerAddress { key: PeerKey([2; 32]), addresses: vec![] };
        assert!(matches!(peers.replace(vec![no_point]), Err(NetworkError::BadKey { .. })));
        assert!(peers.get(&key(2)).is_some());
    }
}
