//! The validators of an epoch: who votes, and how many votes decide.
//!
//! Invariants: 1 to 128 validators of equal weight, no key twice, no institution twice; a quorum is
//! n - f with f = floor((n - 1) / 3), so two quorums share an honest validator. Absent: addresses
//! and network keys (they are the genesis document's and the node's).

use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;

use crate::crypto::PublicKey;
use crate::hash::{Domain, Domains, Hash};
use crate::ids::{Bic, InstitutionNumber, ValidatorIndex};

/// One validator: an institution and the key that signs its votes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Validator {
    /// The institution that runs the validator.
    pub institution: InstitutionNumber,
    /// The institution's BIC.
    pub bic: Bic,
    /// The key that signs votes, proposals and lane batches.
    pub key: PublicKey,
}

/// The validators of one epoch, in the order of their indexes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct ValidatorSet {
    validators: Vec<Validator>,
}

/// Why a list of validators is not a validator set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// Nobody, or too many.
    #[error("a validator set has 1 to 128 validators, not {count}")]
    Count {
        /// How many were given.
        count: usize,
    },
    /// Two validators share a key.
    #[error("{bic} has the same voting key as another validator. Each makes its own")]
    DuplicateKey {
        /// The second one with the key.
        bic: Bic,
    },
    /// Two validators are of one institution.
    #[error("{bic} has two validators. An institution runs one")]
    DuplicateInstitution {
        /// Whose.
        bic: Bic,
    },
}

impl ValidatorSet {
    /// The most validators of an epoch; bounds certificates and every collection by validator.
    pub const MAXIMUM: usize = 128;

    /// A set of `validators`.
    ///
    /// # Errors
    /// [`ValidatorSetError`] if there are none, too many, or two with one key or institution.
    pub fn new(validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        if validators.is_empty() || validators.len() > Self::MAXIMUM {
            return Err(ValidatorSetError::Count { count: validators.len() });
        }
        let (mut keys, mut institutions) = (BTreeSet::new(), BTreeSet::new());
        for validator in &validators {
            if !keys.insert(validator.key) {
                return Err(ValidatorSetError::DuplicateKey { bic: validator.bic });
            }
            if !institutions.insert(validator.institution) {
                return Err(ValidatorSetError::DuplicateInstitution { bic: validator.bic });
            }
        }
        Ok(Self { validators })
    }

    /// How many validators there are: 1 to 128.
    pub fn count(&self) -> usize {
        self.validators.len()
    }

    /// The most validators that may be faulty: f = floor((n - 1) / 3).
    pub fn fault_bound(&self) -> usize {
        self.count().saturating_sub(1) / 3
    }

    /// The votes that decide: n - f.
    pub fn quorum(&self) -> usize {
        self.count().saturating_sub(self.fault_bound())
    }

    /// The validator at `index`, if there is one.
    pub fn get(&self, index: ValidatorIndex) -> Option<&Validator> {
        self.validators.get(index.position())
    }

    /// The index of the validator with this voting key.
    pub fn index_of(&self, key: &PublicKey) -> Option<ValidatorIndex> {
        let position = self.validators.iter().position(|validator| validator.key == *key)?;
        u16::try_from(position).ok().map(ValidatorIndex)
    }

    /// The validator of `institution`, with its index; each institution has at most one.
    pub fn of(&self, institution: InstitutionNumber) -> Option<(ValidatorIndex, &Validator)> {
        self.iter().find(|(_, validator)| validator.institution == institution)
    }

    /// The validators with their indexes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (ValidatorIndex, &Validator)> {
        (0_u16..).map(ValidatorIndex).zip(&self.validators)
    }

    /// The hash that headers carry.
    pub fn hash(&self, domains: &Domains) -> Hash {
        domains.hash_of(Domain::Validators, self)
    }
}

impl BorshDeserialize for ValidatorSet {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        let validators = crate::codec::bounded_vec(reader, Self::MAXIMUM)?;
        Self::new(validators)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validators(count: usize) -> Vec<Validator> {
        (0..count)
            .map(|i| Validator {
                institution: InstitutionNumber(u32::try_from(i).unwrap()),
                bic: Bic::parse("PSBCCNBJ").unwrap(),
                key: PublicKey([u8::try_from(i).unwrap(); 32]),
            })
            .collect()
    }

    #[test]
    fn quorums() {
        for (n, f, q) in
            [(1, 0, 1), (2, 0, 2), (3, 0, 3), (4, 1, 3), (6, 1, 5), (7, 2, 5), (10, 3, 7)]
        {
            let set = ValidatorSet::new(validators(n)).unwrap();
            assert_eq!((set.fault_bound(), set.quorum()), (f, q), "n = {n}");
        }
    }

    #[test]
    fn refuses_none_too_many_and_twice() {
        assert!(ValidatorSet::new(validators(0)).is_err());
        assert!(ValidatorSet::new(validators(129)).is_err());
        let mut twice = validators(4);
        twice[3].key = twice[0].key;
        assert!(ValidatorSet::new(twice).is_err());
        let mut two_of_one = validators(4);
        two_of_one[3].institution = two_of_one[0].institution;
        assert!(ValidatorSet::new(two_of_one).is_err());
    }
}
