//! Network keys and libp2p's names for them.
//!
//! Invariant: only Ed25519 keys have a [`PeerKey`]; a libp2p id of any other key has none.

use std::fmt;

use libp2p::PeerId;
use libp2p::identity::{Keypair, PublicKey, ed25519};

use super::NetworkError;

/// A node's Ed25519 network key: who it is to its peers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey(pub [u8; 32]);

impl fmt::Display for PeerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PeerKey({self})")
    }
}

impl PeerKey {
    /// The public network key of a seed, to be published in genesis documents and peer lists.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes())
    }

    /// libp2p's id of the key; refuses bytes that are not a point.
    pub(super) fn peer_id(self) -> Result<PeerId, NetworkError> {
        let key = ed25519::PublicKey::try_from_bytes(&self.0)
            .map_err(|_| NetworkError::BadKey { key: self })?;
        Ok(PublicKey::from(key).to_peer_id())
    }

    /// The key inside a libp2p id: ids of Ed25519 keys are the protobuf form of the key itself.
    pub(super) fn of(id: &PeerId) -> Option<Self> {
        let digest = id.as_ref().digest();
        let key = PublicKey::try_decode_protobuf(digest).ok()?.try_into_ed25519().ok()?;
        Some(Self(key.to_bytes()))
    }
}

/// The transport's key pair of a seed.
pub(super) fn keypair(mut seed: [u8; 32]) -> Result<Keypair, NetworkError> {
    Keypair::ed25519_from_bytes(&mut seed)
        .map_err(|error| NetworkError::Transport { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_ids_name_each_other() {
        let key = PeerKey::from_seed(&[7; 32]);
        let id = key.peer_id().unwrap();
        assert_eq!(PeerKey::of(&id), Some(key));
        assert_eq!(keypair([7; 32]).unwrap().public().to_peer_id(), id);
    }

    #[test]
    fn an_id_that_holds_no_key_has_none() {
        assert_eq!(PeerKey::of(&PeerId::random()), None);
    }

    #[test]
    fn bytes_that_are_no_point_are_refused() {
        let outcome = PeerKey([2; 32]).peer_id();
        assert!(matches!(outcome, Err(NetworkError::BadKey { key }) if key == PeerKey([2; 32])));
    }
}
