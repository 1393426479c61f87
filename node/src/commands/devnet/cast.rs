//! Who takes part in a devnet: banks, their roles and which of them validate.
//!
//! Invariants: the four banks of the golden path always take part; the first named validate. The
//! BICs beyond the four belong to nobody. Absent: keys.

use ledger::account::Roles;
use ledger::ids::Bic;

use super::Failure;

/// The bank of the payer in the golden path; the first node.
pub(super) const PAYER_BANK: &str = "PSBCCNBJ";
/// The bank of the payee.
pub(super) const PAYEE_BANK: &str = "HSBCHKHH";
/// The dealer.
pub(super) const DEALER_BANK: &str = "DBSSSGSG";

/// The most validators of a devnet.
pub(super) const MAXIMUM: usize = BANKS.len();

const BANKS: [(&str, &str); 16] = [
    (PAYER_BANK, "Postal Savings Bank of China"),
    ("ICBKCNBJ", "Industrial and Commercial Bank of China"),
    (PAYEE_BANK, "The Hongkong and Shanghai Banking Corporation"),
    (DEALER_BANK, "DBS Bank"),
    ("FQAAJPJT", "Devnet Bank of Tokyo"),
    ("FQABKRSE", "Devnet Bank of Seoul"),
    ("FQACTHBK", "Devnet Bank of Bangkok"),
    ("FQADMYKL", "Devnet Bank of Kuala Lumpur"),
    ("FQAEIDJA", "Devnet Bank of Jakarta"),
    ("FQAFPHMM", "Devnet Bank of Manila"),
    ("FQAGVNVX", "Devnet Bank of Hanoi"),
    ("FQAHAEAD", "Devnet Bank of Dubai"),
    ("FQAIGB2L", "Devnet Bank of London"),
    ("FQAJDEFF", "Devnet Bank of Frankfurt"),
    ("FQAKUS33", "Devnet Bank of New York"),
    ("FQALAU2S", "Devnet Bank of Sydney"),
];

/// A bank of a devnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bank {
    /// Its BIC.
    pub(super) bic: Bic,
    /// Its name.
    pub(super) name: String,
    /// What it may do, and whether it validates.
    pub(super) roles: Roles,
}

/// The banks of a devnet with this many validators; `others` take part without a node.
///
/// # Errors
/// A usage failure for a number of validators out of bounds.
pub(super) fn cast(validators: usize, others: &[Bic]) -> Result<Vec<Bank>, Failure> {
    if !(1..=MAXIMUM).contains(&validators) {
        let message = format!("a devnet has 1 to {MAXIMUM} validators, not {validators}");
        return Err(Failure::usage(message));
    }
    let mut banks = Vec::new();
    for (place, (bic, name)) in BANKS.iter().take(validators.max(4)).enumerate() {
        let roles =
            Roles { validator: place < validators, issuer: true, dealer: *bic == DEALER_BANK };
        banks.push(Bank { bic: parse(bic)?, name: (*name).to_owned(), roles });
    }
    for bic in others {
        if banks.iter().all(|bank| bank.bic != *bic) {
            let roles = Roles { validator: false, issuer: true, dealer: false };
            banks.push(Bank { bic: *bic, name: format!("Correspondent {bic}"), roles });
        }
    }
    Ok(banks)
}

/// Reads a BIC of this module's constants.
pub(super) fn parse(bic: &str) -> Result<Bic, Failure> {
    Bic::parse(bic).map_err(|error| Failure::new(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_has_its_validators_and_the_four() {
        for validators in 1..=MAXIMUM {
            let banks = cast(validators, &[]).unwrap();
            assert_eq!(banks.len(), validators.max(4));
            assert_eq!(banks.iter().filter(|bank| bank.roles.validator).count(), validators);
            assert_eq!(banks[0].bic.to_string(), PAYER_BANK);
        }
        assert!(cast(0, &[]).is_err() && cast(MAXIMUM + 1, &[]).is_err());
    }

    #[test]
    fn others_come_once_and_do_not_validate() {
        let foreign = Bic::parse("ABCDGBEFXXX").unwrap();
        let known = Bic::parse(PAYEE_BANK).unwrap();
        let banks = cast(4, &[foreign, known, foreign]).unwrap();
        assert_eq!(banks.len(), 5);
        assert!(banks[4].bic == foreign && !banks[4].roles.validator);
    }
}
