//! What two institutions' nodes say to each other about private data.
//!
//! ```text
//! payer's side                      payee's side
//! Ask                           ->
//!                               <-  Key
//! Record (sealed to that key)   ->
//!                               <-  Kept, or Refused
//! ```
//!
//! Invariants: every decode is bounded. Absent: frames, and who sent one (see `net`).

use borsh::{BorshDeserialize, BorshSerialize};
use iso20022::PrivateData;
use ledger::codec;
use ledger::hash::{Domains, Hash};
use ledger::ids::Uetr;
use std::io::Result;

use super::key::DataPublicKey;
use crate::net::Class;

/// A payment's private part, and what opens the ledger's commitment to it.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PrivateRecord {
    /// The payment.
    pub uetr: Uetr,
    /// 32 random bytes, without which the commitment tells nothing of names that one can guess.
    pub salt: [u8; 32],
    /// The hash of the exact bytes of the message that ordered the payment; zero if the payer's
    /// wallet ordered it, and handed its private part over.
    pub message: Hash,
    /// Everything that the message says of the payment, or that the wallet handed over.
    pub private: PrivateData,
}

impl PrivateRecord {
    /// The most bytes of an encoded record: what is sent in a frame, less what is around it.
    pub(crate) const MAXIMUM_BYTES: usize = Class::Private.max_frame().saturating_sub(1024);

    /// True if it is not longer than what is sent, and so may be ordered.
    pub(crate) fn fits(&self) -> bool {
        codec::encode(self).len() <= Self::MAXIMUM_BYTES
    }

    /// The message that ordered the payment, if one did.
    pub fn message(&self) -> Option<Hash> {
        (self.message != Hash::ZERO).then_some(self.message)
    }

    /// The commitment to it that the ledger has.
    pub fn commitment(&self, domains: &Domains) -> Hash {
        match self.message() {
            Some(message) => self.private.commitment_in(domains, &self.salt, &message),
            None => self.private.commitment(domains, &self.salt),
        }
    }

    /// Reads an encoded record.
    ///
    /// # Errors
    /// `InvalidData` for anything but exactly one record within its bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        codec::decode(bytes, Self::MAXIMUM_BYTES)
    }
}

/// A message of one institution's node to another's.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum DataMessage {
    /// What is your data key?
    Ask,
    /// It is this.
    Key(DataPublicKey),
    /// A payment's private part, sealed to the receiver's data key under the payment's UETR.
    Record {
        /// The payment.
        uetr: Uetr,
        /// The sealed record.
        sealed: Vec<u8>,
    },
    /// The private part of this payment is kept here.
    Kept(Uetr),
    /// It is not.
    Refused {
        /// The payment.
        uetr: Uetr,
        /// Why.
        reason: NotKept,
    },
}

/// Why a private part is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum NotKept {
    /// This node knows no such payment from there to here yet.
    Unknown,
    /// It was sealed to another key.
    Unreadable,
    /// It is not what the ledger has a commitment to.
    Mismatch,
    /// This node failed.
    Failed,
}

impl DataMessage {
    /// Reads one message.
    ///
    /// # Errors
    /// `InvalidData` for anything but exactly one message within its bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        codec::decode(bytes, Class::Private.max_frame())
    }
}

/// The label under which a payment's record is sealed on its way.
pub(super) fn label(uetr: Uetr) -> Vec<u8> {
    [b"sent/".as_slice(), uetr.bytes()].concat()
}
