//! The connections that stand, and which of two to the same peer stays.
//!
//! Both sides dial, so two connections can meet. When a connection becomes ready (all streams
//! open):
//! - an older one that the *same* side dialled goes: who dials again has lost the former one;
//! - an older one that the *other* side dialled goes if our key is the smaller one; otherwise the
//!   peer decides.
//!
//! So one side decides about each pair, both keep the same one, and a stale connection never locks
//! a peer out.

use std::collections::BTreeMap;

use libp2p::swarm::ConnectionId;
use tokio::task::JoinSet;

use super::class::Class;
use super::identity::PeerKey;

/// One connection.
pub(super) struct Link {
    pub(super) peer: PeerKey,
    pub(super) dialled: bool,
    /// The readers and writers of its streams; they end with the link.
    pub(super) tasks: JoinSet<()>,
    streams: usize,
}

impl Link {
    pub(super) fn new(peer: PeerKey, dialled: bool) -> Self {
        Self { peer, dialled, tasks: JoinSet::new(), streams: 0 }
    }

    fn is_ready(&self) -> bool {
        self.streams == 2 * Class::ALL.len()
    }
}

/// What a change of links means for the peer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The peer's first ready connection.
    Connected(PeerKey),
    /// The peer's last ready connection ended.
    Disconnected(PeerKey),
}

/// All connections of this node.
pub(super) struct Links {
    own: PeerKey,
    links: BTreeMap<ConnectionId, Link>,
}

impl Links {
    pub(super) fn new(own: PeerKey) -> Self {
        Self { own, links: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, connection: ConnectionId, link: Link) {
        self.links.insert(connection, link);
    }

    pub(super) fn get(&mut self, connection: ConnectionId) -> Option<&mut Link> {
        self.links.get_mut(&connection)
    }

    /// Ends a link's tasks and forgets it.
    pub(super) fn remove(&mut self, connection: ConnectionId) -> Option<(PeerKey, Option<Change>)> {
        let link = self.links.remove(&connection)?;
        let last = link.is_ready() && !self.has_ready(link.peer);
        Some((link.peer, last.then_some(Change::Disconnected(link.peer))))
    }

    /// True if any connection with the peer stands, ready or not.
    pub(super) fn has(&self, peer: PeerKey) -> bool {
        self.links.values().any(|link| link.peer == peer)
    }

    pub(super) fn has_ready(&self, peer: PeerKey) -> bool {
        self.links.values().any(|link| link.peer == peer && link.is_ready())
    }

    /// True if all streams of the connection are open.
    pub(super) fn is_ready(&self, connection: ConnectionId) -> bool {
        self.links.get(&connection).is_some_and(Link::is_ready)
    }

    /// The connections with peers that the test names.
    pub(super) fn with(&self, chosen: impl Fn(PeerKey) -> bool) -> Vec<ConnectionId> {
        let mine = self.links.iter().filter(|(_, link)| chosen(link.peer));
        mine.map(|(connection, _)| *connection).collect()
    }

    /// Counts an opened stream. When it was the last, returns the connections that must go in
    /// favour of this one.
    pub(super) fn opened(
        &mut self,
        connection: ConnectionId,
    ) -> (Vec<ConnectionId>, Option<Change>) {
        let Some(link) = self.links.get_mut(&connection) else { return (Vec::new(), None) };
        let was_ready = link.is_ready();
        link.streams += 1;
        if was_ready || !link.is_ready() {
            return (Vec::new(), None);
        }
        let (peer, dialled) = (link.peer, link.dialled);
        let others =
            self.links.iter().filter(|(id, other)| **id != connection && other.peer == peer);
        let first = !others.clone().any(|(_, other)| other.is_ready());
        let decide = self.own < peer;
        let leaving = others
            .filter(|(_, other)| other.is_ready() && (other.dialled == dialled || decide))
            .map(|(id, _)| *id)
            .collect();
        (leaving, first.then_some(Change::Connected(peer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: PeerKey = PeerKey([1; 32]);
    const LARGE: PeerKey = PeerKey([2; 32]);

    fn open_all(links: &mut Links, id: usize) -> (Vec<ConnectionId>, Option<Change>) {
        let connection = ConnectionId::new_unchecked(id);
        for _ in 0..2 * Class::COUNT - 1 {
            assert_eq!(links.opened(connection), (vec![], None));
        }
        links.opened(connection)
    }

    #[tokio::test]
    async fn which_of_two_connections_goes() {
        // (our key, the older one dialled by us, the newer one dialled by us, the older one goes)
        let table = [
            (SMALL, true, true, true),
            (SMALL, false, false, true),
            (SMALL, true, false, true),
            (SMALL, false, true, true),
            (LARGE, true, true, true),
            (LARGE, false, false, true),
            (LARGE, true, false, false),
            (LARGE, false, true, false),
        ];
        for (own, older, newer, goes) in table {
            let peer = if own == SMALL { LARGE } else { SMALL };
            let mut links = Links::new(own);
            links.add(ConnectionId::new_unchecked(1), Link::new(peer, older));
            links.add(ConnectionId::new_unchecked(2), Link::new(peer, newer));
            assert_eq!(open_all(&mut links, 1), (vec![], Some(Change::Connected(peer))));
            let leaving = if goes { vec![ConnectionId::new_unchecked(1)] } else { vec![] };
            assert_eq!(open_all(&mut links, 2), (leaving, None), "{own} {older} {newer}");
        }
    }

    #[tokio::test]
    async fn a_peer_is_disconnected_when_its_last_ready_connection_ends() {
        let mut links = Links::new(SMALL);
        for id in 1..=3 {
            links.add(ConnectionId::new_unchecked(id), Link::new(LARGE, id == 1));
        }
        open_all(&mut links, 1);
        open_all(&mut links, 2);
        let remove = |links: &mut Links, id| links.remove(ConnectionId::new_unchecked(id));
        assert_eq!(remove(&mut links, 1), Some((LARGE, None)));
        assert_eq!(remove(&mut links, 2), Some((LARGE, Some(Change::Disconnected(LARGE)))));
        assert_eq!(remove(&mut links, 3), Some((LARGE, None)));
        assert_eq!(remove(&mut links, 3), None);
        assert!(!links.has(LARGE));
    }
}
