//! The classes of traffic and their limits.
//!
//! Invariant: a queue and a share hold at least one frame of the maximum size, so every legal frame
//! can pass.

use libp2p::StreamProtocol;
use libp2p::swarm::InvalidProtocol;

/// A class of traffic; each has a stream of its own per peer and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Votes and certificates: small, and nothing may delay them.
    Votes,
    /// Block proposals.
    Proposals,
    /// Lane batches: the bulk of the data.
    Lanes,
    /// Requests and answers of catch-up.
    Sync,
    /// What two institutions tell each other apart from the ledger.
    Private,
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

impl Class {
    /// How many classes there are.
    pub const COUNT: usize = 5;

    /// Every class, in the order of [`Class::index`].
    pub const ALL: [Self; Self::COUNT] =
        [Self::Votes, Self::Proposals, Self::Lanes, Self::Sync, Self::Private];

    /// The class's place in [`Class::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Votes => 0,
            Self::Proposals => 1,
            Self::Lanes => 2,
            Self::Sync => 3,
            Self::Private => 4,
        }
    }

    /// The class's name in lower case, for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Votes => "votes",
            Self::Proposals => "proposals",
            Self::Lanes => "lanes",
            Self::Sync => "sync",
            Self::Private => "private",
        }
    }

    /// The largest frame in bytes. A peer that announces a larger one is disconnected.
    pub const fn max_frame(self) -> usize {
        match self {
            Self::Votes => 128 * KIB,
            Self::Proposals | Self::Private => 2 * MIB,
            Self::Lanes | Self::Sync => 8 * MIB,
        }
    }

    /// How many bytes wait for one peer at most; the oldest frames leave for newer ones.
    pub const fn queue_bytes(self) -> usize {
        match self {
            Self::Votes => MIB,
            Self::Proposals | Self::Private => 4 * MIB,
            Self::Lanes | Self::Sync => 32 * MIB,
        }
    }

    /// How many frames wait for one peer at most.
    pub const fn queue_frames(self) -> usize {
        4096
    }

    /// How many bytes received from one peer may wait for the application, [`FRAME_COST`] per frame
    /// included.
    pub(super) const fn inbound_bytes(self) -> usize {
        match self {
            Self::Votes => MIB,
            Self::Proposals | Self::Private => 4 * MIB,
            Self::Lanes | Self::Sync => 16 * MIB,
        }
    }

    /// The name under which the class's stream is negotiated on this chain.
    pub(super) fn protocol(self, chain: &[u8; 32]) -> Result<StreamProtocol, InvalidProtocol> {
        let tag: String = chain.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        StreamProtocol::try_from_owned(format!("/feiqian/{tag}/{}/1", self.name()))
    }
}

/// What a received frame costs of its peer's share beyond its bytes, so that empty-ish frames are
/// bounded too.
pub(super) const FRAME_COST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_legal_frame_fits_queue_and_share() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert!(class.max_frame() <= class.queue_bytes(), "{}", class.name());
            assert!(class.max_frame() + FRAME_COST <= class.inbound_bytes(), "{}", class.name());
        }
    }

    #[test]
    fn a_chain_has_its_own_protocol_names() {
        let name = |chain| Class::Votes.protocol(&[chain; 32]).unwrap().to_string();
        assert_eq!(name(0xab), "/feiqian/abababababababab/votes/1");
        assert_ne!(name(1), name(2));
    }
}
