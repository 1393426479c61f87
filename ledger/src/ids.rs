//! Names of things: institutions, accounts, assets, payments, times and places in the chain.
//!
//! Invariants: every name is its own type and none converts silently into another; a value of one
//! of these types is well formed. Absent: look-ups (see `state`), money (see `money`).

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use borsh::{BorshDeserialize, BorshSerialize};
use std::fmt;
use std::io::{Error, ErrorKind, Read};

use crate::hash::{Domain, Domains};

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a BIC by ISO 9362.
    #[error(
        "\"{text}\" is not a BIC. Write 8 or 11 characters: 4 letters or digits for the party, \
         2 letters for the country, 2 and optionally 3 letters or digits, all upper case"
    )]
    Bic {
        /// What was given.
        text: String,
    },
    /// Not an asset code.
    #[error("\"{text}\" is not an asset code. Write 3 to 8 upper-case letters or digits, like CNY")]
    AssetCode {
        /// What was given.
        text: String,
    },
    /// Not a UETR.
    #[error(
        "\"{text}\" is not a UETR. Write a version 4 UUID in lower case, \
         like 7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10"
    )]
    Uetr {
        /// What was given.
        text: String,
    },
    /// Not an address.
    #[error("\"{text}\" is not an account address: {reason}")]
    Account {
        /// What was given.
        text: String,
        /// What is wrong with it, and what to do.
        reason: &'static str,
    },
}

/// A business identifier code (ISO 9362) in its 11-character form; the head office is branch `XXX`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Bic([u8; 11]);

impl Bic {
    /// Reads 8 or 11 characters, upper case.
    ///
    /// # Errors
    /// [`NameError::Bic`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let refused = || NameError::Bic { text: text.chars().take(40).collect() };
        let mut bytes = *b"????????XXX";
        match text.len() {
            8 => bytes[..8].copy_from_slice(text.as_bytes()),
            11 => bytes.copy_from_slice(text.as_bytes()),
            _ => return Err(refused()),
        }
        if Self::is_well_formed(&bytes) { Ok(Self(bytes)) } else { Err(refused()) }
    }

    fn is_well_formed(bytes: &[u8; 11]) -> bool {
        let alphanumeric = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        bytes.iter().all(alphanumeric) && bytes[4..6].iter().all(u8::is_ascii_uppercase)
    }

    /// The ISO 3166 country letters within the BIC.
    pub fn country(&self) -> String {
        self.0[4..6].iter().map(|byte| char::from(*byte)).collect()
    }

    /// True if both parties are in the same country.
    pub fn is_same_country(&self, other: &Self) -> bool {
        self.0[4..6] == other.0[4..6]
    }

    /// The 11-character form.
    pub fn long(&self) -> String {
        self.0.iter().map(|byte| char::from(*byte)).collect()
    }
}

impl BorshDeserialize for Bic {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let bytes = <[u8; 11]>::deserialize_reader(reader)?;
        if Self::is_well_formed(&bytes) { Ok(Self(bytes)) } else { Err(malformed("BIC")) }
    }
}

impl fmt::Display for Bic {
    /// 8 characters for a head office, else 11.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let long = self.long();
        formatter.write_str(long.strip_suffix("XXX").unwrap_or(&long))
    }
}

impl fmt::Debug for Bic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("malformed {what}"))
}

/// An institution's number on the ledger, given in the order of admission from 1 upwards.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct InstitutionNumber(pub u32);

/// Which network an address belongs to; part of its text form and of the genesis document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Network {
    /// Real money: addresses start with `fq1`.
    Production = 1,
    /// A bank's test network: addresses start with `fqt1`.
    Test = 2,
    /// A throw-away network with public keys: addresses start with `fqd1`.
    Devnet = 3,
}

impl Network {
    /// All networks.
    pub const ALL: [Self; 3] = [Self::Production, Self::Test, Self::Devnet];

    /// The prefix of addresses and of a chain id's text form.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Production => "fq",
            Self::Test => "fqt",
            Self::Devnet => "fqd",
        }
    }
}

/// A customer's account at one institution: the servicer's number (4 bytes, big-endian) and a
/// customer number (12 bytes). It does not depend on keys, so keys rotate without a new account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct AccountId([u8; 16]);

impl AccountId {
    /// The account `customer` of the institution `servicer`.
    pub fn new(servicer: InstitutionNumber, customer: [u8; 12]) -> Self {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&servicer.0.to_be_bytes());
        bytes[4..].copy_from_slice(&customer);
        Self(bytes)
    }

    /// The account that a servicer keeps under its own `reference` (an IBAN, a local account
    /// number). The customer number is a hash of the reference, so the ledger needs no table of
    /// references and shows none. The same reference always gives the same account on one chain.
    pub fn from_reference(domains: &Domains, servicer: InstitutionNumber, reference: &str) -> Self {
        let hash = domains.hash_of(Domain::AccountReference, &(servicer, reference));
        let mut customer = [0; 12];
        customer.copy_from_slice(&hash.0[..12]);
        Self::new(servicer, customer)
    }

    /// The institution that services the account.
    pub fn servicer(&self) -> InstitutionNumber {
        let [a, b, c, d, ..] = self.0;
        InstitutionNumber(u32::from_be_bytes([a, b, c, d]))
    }

    /// The account's 16 bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The address: bech32m (BIP 350) with the network's prefix, 36 characters on a devnet.
    pub fn address(&self, network: Network) -> String {
        let hrp = Hrp::parse_unchecked(network.prefix());
        // The longest prefix and 16 bytes stay far below bech32's limit of 90 characters.
        bech32::encode::<Bech32m>(hrp, &self.0).unwrap_or_default()
    }

    /// Reads an address of `network`.
    ///
    /// # Errors
    /// [`NameError::Account`] names the mistake: checksum, network or length.
    pub fn parse(network: Network, text: &str) -> Result<Self, NameError> {
        let refused = |reason| NameError::Account { text: text.chars().take(90).collect(), reason };
        let checked = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| {
            refused(
                "its checksum does not fit. Compare it with the original, character by character",
            )
        })?;
        if checked.hrp().as_str() != network.prefix() {
            return Err(refused("it belongs to another network. Use the payee's address here"));
        }
        let bytes: Vec<u8> = checked.byte_iter().collect();
        let bytes = bytes.try_into().map_err(|_| refused("it has the wrong length"))?;
        let account = Self(bytes);
        if text == account.address(network) {
            Ok(account)
        } else {
            Err(refused("write it in lower case"))
        }
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccountId({}:{:02x?})", self.servicer().0, &self.0[4..])
    }
}

/// An asset's code: a currency of ISO 4217 or points; 3 to 8 upper-case letters or digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct AssetCode([u8; 8]);

impl AssetCode {
    /// Reads a code.
    ///
    /// # Errors
    /// [`NameError::AssetCode`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let refused = || NameError::AssetCode { text: text.chars().take(40).collect() };
        let mut bytes = [0; 8];
        bytes.get_mut(..text.len()).ok_or_else(refused)?.copy_from_slice(text.as_bytes());
        // Zeros pad the encoding; in a text they would be a second spelling of the code.
        let is_padded = text.contains('\0');
        if Self::is_well_formed(&bytes) && !is_padded { Ok(Self(bytes)) } else { Err(refused()) }
    }

    fn is_well_formed(bytes: &[u8; 8]) -> bool {
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let (code, padding) = bytes.split_at(length);
        let letters = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        length >= 3 && code.iter().all(letters) && padding.iter().all(|byte| *byte == 0)
    }
}

impl BorshDeserialize for AssetCode {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let bytes = <[u8; 8]>::deserialize_reader(reader)?;
        if Self::is_well_formed(&bytes) { Ok(Self(bytes)) } else { Err(malformed("asset code")) }
    }
}

impl fmt::Display for AssetCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take_while(|byte| **byte != 0) {
            write!(formatter, "{}", char::from(*byte))?;
        }
        Ok(())
    }
}

impl fmt::Debug for AssetCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A unique end-to-end transaction reference: a version 4 UUID (RFC 9562) that the payer's side
/// chose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize)]
pub struct Uetr([u8; 16]);

impl Uetr {
    /// The UETR with these bytes of entropy; version and variant bits are set by this function.
    pub const fn from_entropy(mut bytes: [u8; 16]) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// Reads the 36-character lower-case form.
    ///
    /// # Errors
    /// [`NameError::Uetr`] for anything else, upper case included (CBPR+ pattern).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let refused = || NameError::Uetr { text: text.chars().take(60).collect() };
        let parsed = uuid::Uuid::parse_str(text).map_err(|_| refused())?;
        let uetr = Self(*parsed.as_bytes());
        if uetr.is_well_formed() && uetr.to_string() == text { Ok(uetr) } else { Err(refused()) }
    }

    fn is_well_formed(&self) -> bool {
        Self::from_entropy(self.0) == *self
    }

    /// The UETR's 16 bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl BorshDeserialize for Uetr {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let uetr = Self(<[u8; 16]>::deserialize_reader(reader)?);
        if uetr.is_well_formed() { Ok(uetr) } else { Err(malformed("UETR")) }
    }
}

impl fmt::Display for Uetr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.0).hyphenated().fmt(formatter)
    }
}

impl fmt::Debug for Uetr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment `milliseconds` later, at most the end of time.
    pub const fn plus(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// The moment `milliseconds` earlier, at least 1970.
    pub const fn minus(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_sub(milliseconds))
    }

    /// Milliseconds from `earlier` to this moment; zero if it is not later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

macro_rules! place_in_the_chain {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone,
            Copy,
            Debug,
            Default,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            BorshSerialize,
            BorshDeserialize,
        )]
        pub struct $name(pub u64);

        impl $name {
            /// The next one. Saturates: at one a nanosecond the end is 584 years away.
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }

            /// The one before, or `None` at zero.
            pub const fn previous(self) -> Option<Self> {
                match self.0.checked_sub(1) {
                    Some(value) => Some(Self(value)),
                    None => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

place_in_the_chain!(
    /// A block's place in the chain of blocks; the genesis block is 0.
    Height
);
place_in_the_chain!(
    /// A consensus view (Simplex): one attempt of one leader; genesis is view 0.
    View
);
place_in_the_chain!(
    /// A span with one validator set, from 0.
    Epoch
);

place_in_the_chain!(
    /// A governance proposal, numbered from 1 in the order of proposing.
    ProposalNumber
);

/// A validator's place in its epoch's validator set, from 0.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct ValidatorIndex(pub u16);

impl ValidatorIndex {
    /// The index as a position in a list of validators.
    pub fn position(self) -> usize {
        usize::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Suite;
    use crate::hash::{ChainId, Hash};

    #[test]
    fn bics() {
        assert_eq!(Bic::parse("PSBCCNBJ").unwrap(), Bic::parse("PSBCCNBJXXX").unwrap());
        assert_eq!(Bic::parse("PSBCCNBJXXX").unwrap().to_string(), "PSBCCNBJ");
        assert_eq!(Bic::parse("PSBCCNBJ123").unwrap().to_string(), "PSBCCNBJ123");
        assert_eq!(Bic::parse("PSBCCNBJ").unwrap().country(), "CN");
        for bad in ["", "psbccnbj", "PSBC1NBJ", "PSBCCNB", "PSBCCNBJX", "PSBCCNBJ飞钱", "PSBCCNB "]
        {
            assert!(Bic::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn asset_codes() {
        for good in ["CNY", "POINTS", "ABCDEFG8"] {
            assert_eq!(AssetCode::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "CN", "cny", "ABCDEFGHI", "CN\0", "CNY\0", "C Y"] {
            assert!(AssetCode::parse(bad).is_err(), "{bad}");
        }
        assert!(borsh::from_slice::<AssetCode>(b"CNY\0\0\0\0X").is_err());
    }

    #[test]
    fn uetrs() {
        let text = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";
        assert_eq!(Uetr::parse(text).unwrap().to_string(), text);
        for bad in [
            "7F0C2B9E-4A55-4C0E-9D0B-2F6C1F1F8A10",
            "7f0c2b9e-4a55-1c0e-9d0b-2f6c1f1f8a10",
            "7f0c2b9e-4a55-4c0e-0d0b-2f6c1f1f8a10",
            "7f0c2b9e4a554c0e9d0b2f6c1f1f8a10",
            "{7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10}",
        ] {
            assert!(Uetr::parse(bad).is_err(), "{bad}");
        }
        assert!(borsh::from_slice::<Uetr>(&[0; 16]).is_err());
    }

    #[test]
    fn addresses_round_trip_and_name_the_mistake() {
        let account = AccountId::new(InstitutionNumber(7), [9; 12]);
        let address = account.address(Network::Devnet);
        assert_eq!(address.len(), 36);
        assert_eq!(AccountId::parse(Network::Devnet, &address).unwrap(), account);
        assert_eq!(account.servicer(), InstitutionNumber(7));
        assert!(AccountId::parse(Network::Production, &address).is_err());
        assert!(AccountId::parse(Network::Devnet, &address.to_uppercase()).is_err());
        assert!(AccountId::parse(Network::Devnet, &address.replace('q', "p")).is_err());
        assert!(AccountId::parse(Network::Devnet, "fqd1").is_err());
    }

    #[test]
    fn references_name_accounts_of_one_servicer_on_one_chain() {
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash::ZERO));
        let one = AccountId::from_reference(&domains, InstitutionNumber(1), "EXId");
        assert_eq!(one, AccountId::from_reference(&domains, InstitutionNumber(1), "EXId"));
        assert_ne!(one, AccountId::from_reference(&domains, InstitutionNumber(2), "EXId"));
        assert_ne!(one, AccountId::from_reference(&domains, InstitutionNumber(1), "EXId2"));
    }
}
