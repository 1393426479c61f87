//! The genesis document: who starts the network, with which keys and parameters.
//!
//! Invariants: the chain id is the hash of this document's canonical encoding, so everything in it
//! is agreed by everyone or they are on different chains. Absent: secrets, and the ceremony that
//! collects the parts (package `genesis`).

pub mod approval;
pub mod json;
pub mod keyfile;
pub mod member;
pub(crate) mod text;

use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;

use crate::account::{Institution, NodeRecord};
use crate::codec;
use crate::crypto::{PublicKey, Suite};
use crate::hash::{ChainId, Domains};
use crate::ids::{Bic, InstitutionNumber, Network, Timestamp};
use crate::text::{INSTITUTION_NAME, NETWORK_NAME, is_name};
use crate::validators::{Validator, ValidatorSet, ValidatorSetError};

/// Numbers that rule the network. Each is the same on every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Parameters {
    /// The span of one bucket of payment markers, in milliseconds of block time.
    pub marker_bucket_ms: u64,
    /// How many whole buckets are kept after the present one.
    pub marker_buckets_kept: u32,
    /// The most bytes of transactions that one block orders.
    pub block_bytes: u32,
    /// How far a proposer's clock may be ahead of a voter's, in milliseconds.
    pub clock_bound_ms: u32,
    /// The longest time without a block, in milliseconds: an idle leader proposes an empty one.
    pub heartbeat_ms: u32,
}

impl Parameters {
    /// The fewest marker buckets that a network may keep.
    pub const LEAST_BUCKETS_KEPT: u32 = 2;

    /// The parameters that suit most networks: markers for 30 to 40 days, blocks of 8 MiB, clocks
    /// within 2 seconds, a heartbeat every 5 seconds.
    pub const USUAL: Self = Self {
        marker_bucket_ms: 10 * 24 * 60 * 60 * 1000,
        marker_buckets_kept: 3,
        block_bytes: 8 * 1024 * 1024,
        clock_bound_ms: 2_000,
        heartbeat_ms: 5_000,
    };

    /// Says what is wrong with the parameters, if anything: each would halt or break the chain.
    pub fn defect(&self) -> Option<&'static str> {
        let day = 24 * 60 * 60 * 1000;
        if self.marker_bucket_ms < day || self.marker_bucket_ms > 366 * day {
            return Some("a marker bucket spans 1 to 366 days");
        }
        if self.marker_buckets_kept < Self::LEAST_BUCKETS_KEPT || self.marker_buckets_kept > 64 {
            return Some("2 to 64 marker buckets are kept");
        }
        if self.block_bytes < 4 * 1024 * 1024 || self.block_bytes > 64 * 1024 * 1024 {
            return Some("a block orders at most 4 to 64 MiB");
        }
        if self.clock_bound_ms < 100 || self.clock_bound_ms > 60_000 {
            return Some("the clock bound is 100 to 60,000 ms");
        }
        if self.heartbeat_ms < 100 || self.heartbeat_ms > 60_000 {
            return Some("the heartbeat is 100 to 60,000 ms");
        }
        None
    }
}

/// A founding institution, and its validator if it runs one.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Member {
    /// Who it is; becomes a record of the state.
    pub institution: Institution,
    /// Its node, if its role is validator.
    pub validator: Option<MemberValidator>,
}

/// A member's validator.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct MemberValidator {
    /// The key that signs votes.
    pub voting_key: PublicKey,
    /// The node's key in the network between the nodes (an ed25519 libp2p identity).
    pub node_key: PublicKey,
    /// Where peers reach it: `host:port`.
    pub address: String,
}

impl MemberValidator {
    /// Where the node is, as the state records it.
    pub fn node(&self) -> NodeRecord {
        NodeRecord { node_key: self.node_key, address: self.address.clone() }
    }
}

/// The document that starts a network.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct GenesisDocument {
    /// The crypto suite.
    pub suite: Suite,
    /// What kind of network it is.
    pub network: Network,
    /// A name for people, 1 to 64 bytes.
    pub name: String,
    /// The time of the genesis block.
    pub time: Timestamp,
    /// The parameters.
    pub parameters: Parameters,
    /// The founders, ascending by BIC; the first is institution 1.
    pub members: Vec<Member>,
}

/// Why a genesis document was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// The name is empty, too long, or holds characters that cannot be seen.
    #[error("the network's name must be 1 to 64 bytes, none of them hidden")]
    Name,
    /// A parameter is out of bounds.
    #[error("{reason}. Mend the parameter")]
    Parameter {
        /// Which bound.
        reason: &'static str,
    },
    /// No members, or too many.
    #[error("a network starts with 1 to 1,000 members, not {count}")]
    MemberCount {
        /// How many.
        count: usize,
    },
    /// Members are not in ascending order of their BICs, or one is twice in the list.
    #[error("{bic} is in the list twice, or the members do not ascend by BIC")]
    MemberOrder {
        /// The member out of place.
        bic: Bic,
    },
    /// A member's own data is not well formed.
    #[error("{bic}: {reason}")]
    Member {
        /// Whose.
        bic: Bic,
        /// What.
        reason: &'static str,
    },
    /// A key stands in two places.
    #[error("{bic} uses a key that is used elsewhere too. Each role of each member has its own")]
    DuplicateKey {
        /// The second user.
        bic: Bic,
    },
    /// The validators make no set.
    #[error(transparent)]
    Validators(#[from] ValidatorSetError),
}

impl GenesisDocument {
    /// The most founding members.
    pub const MAXIMUM_MEMBERS: usize = 1000;

    /// The most bytes of the canonical encoding.
    pub const MAXIMUM_BYTES: usize = 4 * 1024 * 1024;

    /// The chain that this document starts.
    pub fn chain_id(&self) -> ChainId {
        ChainId::of_genesis(self.suite, &codec::encode(self))
    }

    /// The chain's hash keys.
    pub fn domains(&self) -> Domains {
        Domains::new(self.suite, self.chain_id())
    }

    /// The members with their institution numbers.
    pub fn institutions(&self) -> impl Iterator<Item = (InstitutionNumber, &Member)> {
        (1_u32..).map(InstitutionNumber).zip(&self.members)
    }

    /// The number of the founding institution with this BIC.
    pub fn institution(&self, bic: &Bic) -> Option<InstitutionNumber> {
        self.institutions()
            .find(|(_, member)| member.institution.bic == *bic)
            .map(|(number, _)| number)
    }

    /// The validator set of epoch 0, in the order of the members.
    ///
    /// # Errors
    /// [`ValidatorSetError`] if the members' validators make no set.
    pub fn validators(&self) -> Result<ValidatorSet, ValidatorSetError> {
        let validators = self.institutions().filter_map(|(number, member)| {
            member.validator.as_ref().map(|validator| Validator {
                institution: number,
                bic: member.institution.bic,
                key: validator.voting_key,
            })
        });
        ValidatorSet::new(validators.collect())
    }

    /// Checks the whole document.
    ///
    /// # Errors
    /// [`GenesisError`]: the first thing that is wrong.
    pub fn check(&self) -> Result<(), GenesisError> {
        if !is_name(&self.name, NETWORK_NAME) {
            return Err(GenesisError::Name);
        }
        if let Some(reason) = self.parameters.defect() {
            return Err(GenesisError::Parameter { reason });
        }
        if self.members.is_empty() || self.members.len() > Self::MAXIMUM_MEMBERS {
            return Err(GenesisError::MemberCount { count: self.members.len() });
        }
        for pair in self.members.windows(2) {
            if let [before, after] = pair
                && before.institution.bic >= after.institution.bic
            {
                return Err(GenesisError::MemberOrder { bic: after.institution.bic });
            }
        }
        let mut keys = BTreeSet::new();
        for member in &self.members {
            check_member(member, &mut keys)?;
        }
        self.validators()?;
        Ok(())
    }
}

fn check_member(member: &Member, keys: &mut BTreeSet<PublicKey>) -> Result<(), GenesisError> {
    let institution = &member.institution;
    let bic = institution.bic;
    if let Some(reason) = institution.operators.defect() {
        return Err(GenesisError::Member { bic, reason });
    }
    if !is_name(&institution.name, INSTITUTION_NAME) {
        let reason = "its name must be 1 to 140 bytes, none of them hidden";
        return Err(GenesisError::Member { bic, reason });
    }
    if institution.roles.validator != member.validator.is_some() {
        let reason = "its role and its node must agree: both or neither is a validator";
        return Err(GenesisError::Member { bic, reason });
    }
    let node = member.validator.iter().flat_map(|node| [node.voting_key, node.node_key]);
    let all =
        institution.operators.keys.iter().copied().chain([institution.compliance]).chain(node);
    for key in all {
        if !keys.insert(key) {
            return Err(GenesisError::DuplicateKey { bic });
        }
    }
    Ok(())
}

impl BorshDeserialize for GenesisDocument {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            suite: Suite::deserialize_reader(reader)?,
            network: Network::deserialize_reader(reader)?,
            name: String::deserialize_reader(reader)?,
            time: Timestamp::deserialize_reader(reader)?,
            parameters: Parameters::deserialize_reader(reader)?,
            members: codec::bounded_vec(reader, Self::MAXIMUM_MEMBERS)?,
        })
    }
}
