//! Bugs that are planted to show that the checkers find them. Nothing of the product knows of
//! these.
//!
//! Invariant: each is a way of running the product wrongly, at the edge that the simulator owns:
//! what a process is started with, what reaches it, what its disk keeps.

/// A bug that all honest processes of a simulation have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    /// A restart forgets the votes: final blocks are there, records are not.
    ForgetsRecords,
    /// The validator set lacks the last validator, so a quorum is one short.
    QuorumOneShort,
    /// The disk says that a record is durable when it is not.
    SkipsSync,
    /// A notarized block is taken as final.
    FinalAtNotarization,
    /// Timers never fire.
    NeverWakes,
    /// Certificates are not passed on, neither by relay nor in answers.
    KeepsCertificates,
}

impl Planted {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ForgetsRecords,
        Self::QuorumOneShort,
        Self::SkipsSync,
        Self::FinalAtNotarization,
        Self::NeverWakes,
        Self::KeepsCertificates,
    ];
}
