//! The payees that an account has paid: the last ones, and since when it pays each.
//!
//! Invariants: at most 32, none twice, the least recently paid first; a payee that is forgotten is
//! new again, so whatever is paid to fill the list makes payees new and never known. Absent: which
//! payments are remembered (see `execute`), and what of them was paid.

use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;
use std::io::Read;

use crate::codec;
use crate::ids::{AccountId, Timestamp};

/// A payee that an account has paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct KnownPayee {
    /// The payee's account.
    pub payee: AccountId,
    /// The time of the block that settled the first payment to it since it was last unknown.
    pub since: Timestamp,
}

/// The payees that an account has paid, the least recently paid first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownPayees(Vec<KnownPayee>);

impl KnownPayees {
    /// The most that are remembered.
    pub const MAXIMUM: usize = 32;

    /// The payees, the least recently paid first.
    pub fn list(&self) -> &[KnownPayee] {
        &self.0
    }

    /// Since when `payee` is paid; `None` if it is new.
    pub fn since(&self, payee: AccountId) -> Option<Timestamp> {
        self.0.iter().find(|known| known.payee == payee).map(|known| known.since)
    }

    /// With a payment to `payee` that settled at `now`: it is the most recently paid one. One more
    /// than can be remembered makes the list forget the least recently paid.
    #[must_use]
    pub fn with(mut self, payee: AccountId, now: Timestamp) -> Self {
        let since = self.since(payee).unwrap_or(now);
        self.0.retain(|known| known.payee != payee);
        if self.0.len() >= Self::MAXIMUM {
            self.0.remove(0);
        }
        self.0.push(KnownPayee { payee, since });
        self
    }
}

impl BorshSerialize for KnownPayees {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        codec::write_short(writer, &self.0)
    }
}

impl BorshDeserialize for KnownPayees {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let list: Vec<KnownPayee> = codec::short_vec(reader, Self::MAXIMUM)?;
        let mut payees = BTreeSet::new();
        let is_distinct = list.iter().all(|known| payees.insert(known.payee));
        if is_distinct { Ok(Self(list)) } else { Err(codec::invalid("a payee is known once")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::InstitutionNumber;

    fn payee(number: u8) -> AccountId {
        AccountId::new(InstitutionNumber(1), [number; 12])
    }

    #[test]
    fn the_least_recently_paid_is_forgotten_and_new_again() {
        let mut known = KnownPayees::default();
        for number in 0..32 {
            known = known.with(payee(number), Timestamp(u64::from(number)));
        }
        // Paid again, the first one is known since its first payment, and not the next to go.
        known = known.with(payee(0), Timestamp(100)).with(payee(32), Timestamp(101));
        assert_eq!(known.list().len(), KnownPayees::MAXIMUM);
        assert_eq!(known.since(payee(0)), Some(Timestamp(0)));
        assert_eq!(known.since(payee(1)), None);
        assert_eq!(known.since(payee(2)), Some(Timestamp(2)));
        known = known.with(payee(1), Timestamp(102));
        assert_eq!((known.since(payee(1)), known.since(payee(2))), (Some(Timestamp(102)), None));
        let bytes = codec::encode(&known);
        assert_eq!(bytes.len(), 1 + 32 * (16 + 8), "its size has a bound");
        assert_eq!(borsh::from_slice::<KnownPayees>(&bytes).unwrap(), known);
    }

    #[test]
    fn lists_have_one_form() {
        let one = codec::encode(&KnownPayee { payee: payee(1), since: Timestamp(5) });
        let list = |count: u8, items: &[&[u8]]| [&[count][..], &items.concat()].concat();
        assert!(borsh::from_slice::<KnownPayees>(&list(1, &[&one])).is_ok());
        for bad in [list(2, &[&one, &one]), list(2, &[&one]), vec![33; 33 * 24 + 1]] {
            assert!(borsh::from_slice::<KnownPayees>(&bad).is_err());
        }
    }
}
