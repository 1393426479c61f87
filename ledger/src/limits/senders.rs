//! Whose payments a rule about what comes in is for.
//!
//! Invariants: whether a payment is from such a sender is decided by the institutions of its payer
//! and payee alone. Absent: lists; a rule names one institution or one country, and another rule
//! the next, so that a receipt says which it was.

use borsh::{BorshDeserialize, BorshSerialize};
use std::fmt;
use std::io::Read;

use super::Incoming;
use crate::codec;
use crate::ids::{Bic, InstitutionNumber};

/// A country, by the two letters of ISO 3166.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize)]
pub struct Country([u8; 2]);

impl Country {
    /// Reads two upper-case letters; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// True if the party of `bic` is there.
    pub fn is_of(self, bic: &Bic) -> bool {
        Self::parse(&bic.country()) == Some(self)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(formatter, "{}", char::from(*letter)))
    }
}

impl BorshDeserialize for Country {
    fn deserialize_reader<R: Read>(reader: &mut R) -> std::io::Result<Self> {
        let letters = <[u8; 2]>::deserialize_reader(reader)?;
        let country = std::str::from_utf8(&letters).ok().and_then(Self::parse);
        country.ok_or_else(|| codec::invalid("a country is two upper-case letters"))
    }
}

/// Whose payments a rule about what comes in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = true)]
#[repr(u8)]
pub enum Senders {
    /// Everybody's, other customers of the institution too.
    Anyone = 1,
    /// Those from accounts at other institutions.
    OtherInstitutions = 2,
    /// Those from accounts at institutions of other countries.
    OtherCountries = 3,
    /// Those from accounts at one institution.
    Institution(InstitutionNumber) = 4,
    /// Those from accounts at institutions of one country.
    Country(Country) = 5,
}

impl Senders {
    /// True if what comes in is from such a sender.
    pub fn include(self, incoming: &Incoming) -> bool {
        let Incoming { from, to, .. } = incoming;
        match self {
            Self::Anyone => true,
            Self::OtherInstitutions => from.0 != to.0,
            Self::OtherCountries => !from.1.is_same_country(&to.1),
            Self::Institution(number) => from.0 == number,
            Self::Country(country) => country.is_of(&from.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AssetCode;
    use crate::money::Amount;

    #[test]
    fn senders_are_told_by_their_institutions() {
        let bank = |number, bic| (InstitutionNumber(number), Bic::parse(bic).unwrap());
        let (china, other, abroad) =
            (bank(1, "PSBCCNBJ"), bank(2, "ICBKCNBJ"), bank(3, "DBSSSGSG"));
        let country = |text| Senders::Country(Country::parse(text).unwrap());
        for (senders, found) in [
            (Senders::Anyone, [true, true, true]),
            (Senders::OtherInstitutions, [false, true, true]),
            (Senders::OtherCountries, [false, false, true]),
            (Senders::Institution(InstitutionNumber(2)), [false, true, false]),
            (country("CN"), [true, true, false]),
            (country("SG"), [false, false, true]),
        ] {
            let included = [china, other, abroad].map(|from| {
                let asset = AssetCode::parse("CNY").unwrap();
                let (amount, is_informed) = (Amount(1), true);
                senders.include(&Incoming { asset, tier: 0, amount, is_informed, from, to: china })
            });
            assert_eq!(included, found, "{senders:?}");
        }
    }

    #[test]
    fn countries_have_one_form() {
        let country = Country::parse("SG").unwrap();
        assert_eq!(country.to_string(), "SG");
        assert_eq!(borsh::from_slice::<Country>(b"SG").unwrap(), country);
        for bad in ["", "S", "sg", "S1", "SGP"] {
            assert_eq!(Country::parse(bad), None, "{bad}");
        }
        assert!(borsh::from_slice::<Country>(b"s1").is_err());
    }
}
