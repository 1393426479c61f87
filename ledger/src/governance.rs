//! Governance: the changes by which the institutions run their own network, and the proposals that
//! bring them about.
//!
//! The governing members are the institutions with a validator in the present epoch. One proposes,
//! each has one vote, and what a quorum of them approved any of them enacts: the block that
//! executes the enactment changes the network. Who governs, and what is a quorum, is asked anew
//! whenever a proposal is touched, so a vote counts only as long as its institution governs.
//!
//! Invariants: a change that would halt the chain is refused when it is proposed and again when it
//! is enacted. Absent: the enacting itself (see `execute`), possession of new keys (whoever
//! proposes has it shown to the others).

mod effects;
pub mod json;
mod rehearse;

pub(crate) use effects::{Circumstances, Effect};
pub use rehearse::{Committee, Rehearsal, Verdict, rehearse};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::account::{Institution, NodeRecord};
use crate::codec;
use crate::crypto::PublicKey;
use crate::genesis::Parameters;
use crate::genesis::member::is_host_and_port;
use crate::ids::{Height, InstitutionNumber, Timestamp};
use crate::validators::ValidatorSet;

/// A change of the network.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Change {
    /// Takes an institution in, under the next number; it has no validator yet.
    AdmitInstitution {
        /// Who it is. Its BIC is no present member's, and all its keys are new.
        institution: Institution,
        /// Its observer, if it runs one.
        node: Option<NodeRecord>,
    } = 1,
    /// Ends a membership for ever. It must run no validator and owe no money: see [`Removal`].
    RemoveInstitution {
        /// Who leaves.
        institution: InstitutionNumber,
    } = 2,
    /// Gives an institution a validator.
    AddValidator {
        /// Whose.
        institution: InstitutionNumber,
        /// The key that signs its votes.
        voting_key: PublicKey,
        /// Where its node is; replaces what was known of it.
        node: NodeRecord,
    } = 3,
    /// Takes an institution's validator away. Its node stays, as an observer.
    RemoveValidator {
        /// Whose.
        institution: InstitutionNumber,
    } = 4,
    /// Takes one institution's validator away and gives another one, in one change of epoch.
    ReplaceValidator {
        /// Whose validator goes.
        leaving: InstitutionNumber,
        /// Whose comes.
        entering: InstitutionNumber,
        /// The key that signs the new one's votes.
        voting_key: PublicKey,
        /// Where its node is.
        node: NodeRecord,
    } = 5,
    /// Gives a validator another voting key.
    RotateValidatorKey {
        /// Whose.
        institution: InstitutionNumber,
        /// The new key.
        voting_key: PublicKey,
    } = 6,
    /// Says where an institution's node is now (another address or network key), that it runs an
    /// observer from now on, or no node at all.
    SetNode {
        /// Whose.
        institution: InstitutionNumber,
        /// Where it is; none takes it away, which a validator's cannot be.
        node: Option<NodeRecord>,
    } = 7,
    /// Replaces the parameters. The span of a marker bucket stays, and the number of kept buckets
    /// never grows: what was forgotten cannot be shown again.
    SetParameters(Parameters) = 8,
    /// Names the version of the rules that nodes need from a height on. Replaces a schedule that is
    /// not due yet.
    ScheduleUpgrade {
        /// The first block of the new version.
        height: Height,
        /// The version: the one after the version in force.
        protocol: u32,
    } = 9,
}

impl Change {
    /// Says what is malformed about the change whatever the state, if anything.
    pub fn defect(&self) -> Option<&'static str> {
        let institution = match self {
            Self::AdmitInstitution { institution, .. } => institution.defect(),
            Self::RemoveInstitution { .. }
            | Self::AddValidator { .. }
            | Self::RemoveValidator { .. }
            | Self::ReplaceValidator { .. }
            | Self::RotateValidatorKey { .. }
            | Self::SetNode { .. }
            | Self::SetParameters(_)
            | Self::ScheduleUpgrade { .. } => None,
        };
        let misplaced = |node: &NodeRecord| !is_host_and_port(&node.address);
        let address = "a node's address must be host:port, like node.bank.example:7600";
        institution.or_else(|| self.node().is_some_and(misplaced).then_some(address))
    }

    /// True for a change of the validators: the block that enacts it ends its epoch.
    pub const fn ends_epoch(&self) -> bool {
        match self {
            Self::AddValidator { .. }
            | Self::RemoveValidator { .. }
            | Self::ReplaceValidator { .. }
            | Self::RotateValidatorKey { .. } => true,
            Self::AdmitInstitution { .. }
            | Self::RemoveInstitution { .. }
            | Self::SetNode { .. }
            | Self::SetParameters(_)
            | Self::ScheduleUpgrade { .. } => false,
        }
    }

    /// The node that the change names.
    pub const fn node(&self) -> Option<&NodeRecord> {
        match self {
            Self::AdmitInstitution { node, .. } | Self::SetNode { node, .. } => node.as_ref(),
            Self::AddValidator { node, .. } | Self::ReplaceValidator { node, .. } => Some(node),
            Self::RemoveInstitution { .. }
            | Self::RemoveValidator { .. }
            | Self::RotateValidatorKey { .. }
            | Self::SetParameters(_)
            | Self::ScheduleUpgrade { .. } => None,
        }
    }

    /// The institutions that the change names, and that must be members.
    pub fn institutions(&self) -> impl Iterator<Item = InstitutionNumber> {
        let (one, two) = match self {
            Self::AdmitInstitution { .. }
            | Self::SetParameters(_)
            | Self::ScheduleUpgrade { .. } => (None, None),
            Self::RemoveInstitution { institution }
            | Self::AddValidator { institution, .. }
            | Self::RemoveValidator { institution }
            | Self::RotateValidatorKey { institution, .. }
            | Self::SetNode { institution, .. } => (Some(*institution), None),
            Self::ReplaceValidator { leaving, entering, .. } => (Some(*leaving), Some(*entering)),
        };
        one.into_iter().chain(two)
    }
}

/// One institution's vote on a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Ballot {
    /// Whose.
    pub institution: InstitutionNumber,
    /// For or against.
    pub approve: bool,
}

/// How a proposal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Decision {
    /// It was enacted in this block.
    Enacted(Height) = 1,
    /// With this block so many were against it that no quorum was left.
    Refused(Height) = 2,
}

/// A proposed change.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct Proposal {
    /// Who proposed it.
    pub proposer: InstitutionNumber,
    /// What is proposed.
    pub change: Change,
    /// The block that holds the proposal.
    pub height: Height,
    /// The last block time at which it can be voted on or enacted.
    pub expires: Timestamp,
    /// The votes, ascending by institution; the proposer's is among them. A vote of an institution
    /// that does not govern any more counts for nothing, and is dropped with the next vote.
    pub ballots: Vec<Ballot>,
    /// How it ended, once it has.
    pub decision: Option<Decision>,
}

/// How a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProposalStatus {
    /// It can be voted on.
    Open,
    /// A quorum approved it: any governing member can enact it. It can still be voted on.
    Approved,
    /// It was enacted.
    Enacted,
    /// So many were against it that no quorum was left.
    Refused,
    /// It was not decided in time.
    Expired,
}

/// The count of the governing members' votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many approve.
    pub approvals: usize,
    /// How many are against.
    pub refusals: usize,
    /// How many govern.
    pub members: usize,
    /// How many must approve: `members` less a third of them, rounded down (n - floor((n-1)/3)).
    pub quorum: usize,
}

impl Tally {
    /// True if enough approve.
    pub const fn is_approved(&self) -> bool {
        self.approvals >= self.quorum
    }

    /// True if those who are not against are too few to approve it.
    pub const fn is_refused(&self) -> bool {
        self.members.saturating_sub(self.refusals) < self.quorum
    }
}

impl Proposal {
    /// The longest time from a proposal to its expiry: 60 days, in milliseconds.
    pub const MAXIMUM_AHEAD: u64 = 60 * 24 * 60 * 60 * 1000;

    /// The vote of `institution`.
    pub fn ballot(&self, institution: InstitutionNumber) -> Option<Ballot> {
        self.ballots.iter().find(|ballot| ballot.institution == institution).copied()
    }

    /// Counts the votes where `governing` are the validators of the present epoch.
    pub fn tally(&self, governing: &ValidatorSet) -> Tally {
        let count = |approve: bool| {
            let counts = |ballot: &&Ballot| {
                ballot.approve == approve && governing.of(ballot.institution).is_some()
            };
            self.ballots.iter().filter(counts).count()
        };
        Tally {
            approvals: count(true),
            refusals: count(false),
            members: governing.count(),
            quorum: governing.quorum(),
        }
    }

    /// How the proposal stands at a block of `time` whose epoch has the validators `governing`.
    pub fn status(&self, governing: &ValidatorSet, time: Timestamp) -> ProposalStatus {
        match self.decision {
            Some(Decision::Enacted(_)) => ProposalStatus::Enacted,
            Some(Decision::Refused(_)) => ProposalStatus::Refused,
            None if time > self.expires => ProposalStatus::Expired,
            None if self.tally(governing).is_approved() => ProposalStatus::Approved,
            None => ProposalStatus::Open,
        }
    }
}

impl BorshDeserialize for Proposal {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            proposer: InstitutionNumber::deserialize_reader(reader)?,
            change: Change::deserialize_reader(reader)?,
            height: Height::deserialize_reader(reader)?,
            expires: Timestamp::deserialize_reader(reader)?,
            ballots: codec::bounded_vec(reader, ValidatorSet::MAXIMUM)?,
            decision: Option::deserialize_reader(reader)?,
        })
    }
}

/// From which block on nodes need which version of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Upgrade {
    /// The version below `height`.
    pub before: u32,
    /// The first block of the version `protocol`.
    pub height: Height,
    /// The version from `height` on; compare it with [`crate::PROTOCOL`].
    pub protocol: u32,
}

impl Upgrade {
    /// The version with which every chain begins.
    pub const FIRST: u32 = 1;

    /// The version that the block at `height` needs.
    pub fn protocol_at(&self, height: Height) -> u32 {
        if height < self.height { self.before } else { self.protocol }
    }
}

/// That an institution was removed. Its number stays its own. Its customers' accounts can be wound
/// up: they pay, and its operators freeze, unfreeze, mend and close them. Nothing is paid to them;
/// no account is opened; it issues nothing, deals no more and charges nothing; it has no node and
/// does not govern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Removal {
    /// The block that removed it.
    pub height: Height,
}
