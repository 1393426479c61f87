//! The transaction with which a devnet opens: assets, accounts, charges, money.
//!
//! Invariants: it is one atomic transaction, signed once and kept, so sending it again after a
//! crash opens nothing twice. Absent: its submission.

use ledger::account::Policy;
use ledger::crypto::{PublicKey, SecretKey};
use ledger::fees::{FeeRule, FeeSchedule};
use ledger::genesis::GenesisDocument;
use ledger::hash::Domains;
use ledger::ids::{AccountId, AssetCode, Bic, InstitutionNumber, Uetr};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, Operation};
use ledger::transaction::{SignedTransaction, Transaction};
use std::collections::{BTreeMap, BTreeSet};

use super::{Failure, cast};
use crate::commands::entropy;

/// An account to open.
#[derive(Debug)]
pub(super) struct NewAccount {
    /// Its name in the wallet.
    pub(super) name: String,
    /// Its servicer.
    pub(super) institution: Bic,
    /// The servicer's reference of it.
    pub(super) reference: String,
    /// What it starts with.
    pub(super) funds: Vec<Money>,
    /// The key of its owner.
    pub(super) key: SecretKey,
}

impl NewAccount {
    /// The account on the chain of `genesis`.
    ///
    /// # Errors
    /// A failure if the servicer is no member.
    pub(super) fn id(&self, genesis: &GenesisDocument) -> Result<AccountId, Failure> {
        let servicer = number(genesis, self.institution)?;
        Ok(AccountId::from_reference(&genesis.domains(), servicer, &self.reference))
    }
}

/// What a devnet opens with.
#[derive(Debug)]
pub(super) struct Opening {
    /// Each asset with its issuer.
    pub(super) assets: BTreeMap<AssetCode, Bic>,
    /// The accounts.
    pub(super) accounts: Vec<NewAccount>,
    /// Whose schedule of charges is published, and the account that takes them in.
    pub(super) charges: (Bic, AccountId),
}

impl Opening {
    /// The signed transaction. `operators` holds one operator's key of every institution.
    ///
    /// # Errors
    /// A failure if there are too many parties for one transaction.
    pub(super) fn sign(
        &self,
        genesis: &GenesisDocument,
        operators: &BTreeMap<Bic, SecretKey>,
    ) -> Result<SignedTransaction, Failure> {
        let domains = genesis.domains();
        let operations = self.operations(genesis)?;
        let mut keys = BTreeMap::new();
        for bic in self.signers() {
            let key = operators
                .get(&bic)
                .ok_or_else(|| Failure::new(format!("{bic} has no operator in this devnet")))?;
            keys.insert(key.public(), key);
        }
        if keys.len() > Transaction::MAXIMUM_SIGNERS
            || operations.len() > Transaction::MAXIMUM_OPERATIONS
        {
            let message = "the messages name more parties than one transaction can open";
            return Err(Failure::usage(message).hint("Give fewer messages with --for-message."));
        }
        Ok(sign(&domains, genesis, operations, &keys))
    }

    /// Whose operators must sign: issuers, servicers, and who charges.
    fn signers(&self) -> BTreeSet<Bic> {
        let servicers = self.accounts.iter().map(|account| account.institution);
        self.assets.values().copied().chain(servicers).chain([self.charges.0]).collect()
    }

    fn operations(&self, genesis: &GenesisDocument) -> Result<Vec<Operation>, Failure> {
        let mut operations = Vec::new();
        for (code, issuer) in &self.assets {
            let decimals = Decimals::of_currency(*code)
                .ok_or_else(|| Failure::new(format!("{code} is no currency of ISO 4217")))?;
            let issuer = number(genesis, *issuer)?;
            let (code, kind) = (*code, AssetKind::Currency);
            operations.push(Operation::RegisterAsset { code, kind, decimals, issuer });
        }
        for account in &self.accounts {
            let policy = Policy { mandate: true, ..Policy::single(account.key.public()) };
            let account = account.id(genesis)?;
            operations.push(Operation::OpenAccount { account, policy, tier: 3 });
        }
        let (bank, collector) = self.charges;
        operations.push(Operation::SetFeeSchedule {
            institution: number(genesis, bank)?,
            schedule: charges(collector)?,
        });
        for account in &self.accounts {
            let to = account.id(genesis)?;
            for amount in &account.funds {
                let uetr = Uetr::from_entropy(entropy::bytes()?);
                operations.push(Operation::Issue { uetr, to, amount: *amount });
            }
        }
        Ok(operations)
    }
}

fn sign(
    domains: &Domains,
    genesis: &GenesisDocument,
    operations: Vec<Operation>,
    keys: &BTreeMap<PublicKey, &SecretKey>,
) -> SignedTransaction {
    let transaction = Transaction {
        suite: domains.suite(),
        chain_id: domains.chain_id(),
        valid_from: genesis.time,
        valid_until: genesis.time.plus(Transaction::MAXIMUM_VALIDITY),
        operations,
        atomic: true,
        signers: keys.keys().copied().collect(),
    };
    let id = transaction.id(domains);
    let signatures = keys.values().map(|key| key.sign(&id)).collect();
    SignedTransaction { transaction, signatures }
}

/// Payments in CNY: free below 100.00; else 5 basis points, 0.30 to another bank, 0.70 to another
/// country. So 1,000.00 CNY across the border costs 1.50 CNY.
fn charges(collector: AccountId) -> Result<FeeSchedule, Failure> {
    let rule = FeeRule {
        asset: asset("CNY")?,
        free_below: Amount(10_000),
        flat: Amount::ZERO,
        basis_points: 5,
        minimum: Amount::ZERO,
        cap: Amount(5_000),
        interbank: Amount(30),
        cross_border: Amount(70),
        free_payments: 0,
    };
    Ok(FeeSchedule { version: 1, collector, rules: vec![rule] })
}

/// Reads an asset's code of this program's constants.
pub(super) fn asset(code: &str) -> Result<AssetCode, Failure> {
    AssetCode::parse(code).map_err(|error| Failure::new(error.to_string()))
}

/// The accounts of the golden path, each with a new key.
///
/// # Errors
/// A failure if there is no entropy.
pub(super) fn usual_accounts() -> Result<Vec<NewAccount>, Failure> {
    let rows = [
        ("wei", cast::PAYER_BANK, &["1000000.00 CNY"][..]),
        ("lee", cast::PAYEE_BANK, &["100000.00 HKD", "100000.00 CNY"]),
        (
            "dealer",
            cast::DEALER_BANK,
            &["1000000000.00 CNY", "1000000000.00 HKD", "1000000000.00 USD", "1000000000.00 SGD"],
        ),
        ("fees", cast::PAYER_BANK, &[]),
    ];
    let money = |text: &&str| {
        Money::parse(text, Decimals::of_currency).map_err(|error| Failure::new(error.to_string()))
    };
    let account = |(name, bank, funds): (&str, &str, &[&str])| {
        Ok(NewAccount {
            name: name.to_owned(),
            institution: cast::parse(bank)?,
            reference: name.to_owned(),
            funds: funds.iter().map(money).collect::<Result<_, Failure>>()?,
            key: entropy::devnet_key()?,
        })
    };
    rows.into_iter().map(account).collect()
}

fn number(genesis: &GenesisDocument, bic: Bic) -> Result<InstitutionNumber, Failure> {
    let number = genesis.institution(&bic);
    number.ok_or_else(|| Failure::new(format!("{bic} is no member of this devnet")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::fees::{Reach, total};

    #[test]
    fn the_golden_paths_charges() {
        let schedule = charges(AccountId::new(InstitutionNumber(1), [0; 12])).unwrap();
        assert_eq!(schedule.defect(), None);
        let abroad = Reach { interbank: true, cross_border: true };
        for (amount, expected) in [(2_500, 0), (9_999, 0), (10_000, 105), (100_000, 150)] {
            let items = schedule.charges(asset("CNY").unwrap(), Amount(amount), abroad).unwrap();
            assert_eq!(total(&items), Some(Amount(expected)), "{amount}");
        }
    }
}
