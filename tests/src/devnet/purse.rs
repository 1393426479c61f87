//! The keys of a devnet's accounts and operators, and what is signed with them.
//!
//! Invariant: every payment has a fresh UETR. Absent: sending.

use std::{collections::BTreeMap, fs, path::Path};

use api::keystore::Keystore;
use ledger::{
    crypto::SecretKey,
    genesis::{GenesisDocument, json::SealedGenesis},
    hash::{Domains, Hash},
    ids::{AccountId, AssetCode, Bic, InstitutionNumber, Timestamp, Uetr},
    money::{Amount, Money},
    operation::{ChargeBearer, Operation, Pay, PaymentTerms},
    transaction::{SignedTransaction, Transaction},
};

use super::{DevnetError, Document};

/// An account and its owner's key.
#[derive(Clone, Debug)]
struct Owned {
    account: AccountId,
    key: SecretKey,
}

/// The keys.
#[derive(Clone, Debug)]
pub struct Purse {
    /// The genesis document.
    pub genesis: GenesisDocument,
    /// The chain's hash keys.
    pub domains: Domains,
    accounts: BTreeMap<String, Owned>,
    operators: BTreeMap<String, SecretKey>,
}

impl Purse {
    /// Opens the keystores that the document names.
    pub(super) fn open(document: &Document) -> Result<Self, DevnetError> {
        let path = &document.genesis;
        let sealed: SealedGenesis = serde_json::from_str(&text(path)?)
            .map_err(|error| DevnetError::content(path, error))?;
        let genesis = sealed.open().map_err(|error| DevnetError::content(path, error))?;
        let key = |path: &Path| {
            let keystore = Keystore::parse(&text(path)?);
            keystore
                .and_then(|keystore| keystore.decrypt(document.passphrase.as_bytes()))
                .map_err(|error| DevnetError::content(path, error))
        };
        let mut accounts = BTreeMap::new();
        for entry in &document.accounts {
            let account = AccountId::parse(genesis.network, &entry.account)
                .map_err(|error| DevnetError::content(path, error))?;
            accounts.insert(entry.name.clone(), Owned { account, key: key(&entry.keystore)? });
        }
        let mut operators = BTreeMap::new();
        for entry in &document.operators {
            operators.insert(entry.institution.clone(), key(&entry.keystore)?);
        }
        Ok(Self { domains: genesis.domains(), genesis, accounts, operators })
    }

    /// The account of this name.
    ///
    /// # Errors
    /// [`DevnetError::NoName`].
    pub fn account(&self, name: &str) -> Result<AccountId, DevnetError> {
        Ok(self.owned(name)?.account)
    }

    /// The address of the account of this name.
    ///
    /// # Errors
    /// [`DevnetError::NoName`].
    pub fn address(&self, name: &str) -> Result<String, DevnetError> {
        Ok(self.account(name)?.address(self.genesis.network))
    }

    /// The key of the owner of the account of this name.
    ///
    /// # Errors
    /// [`DevnetError::NoName`].
    pub fn key(&self, name: &str) -> Result<&SecretKey, DevnetError> {
        Ok(&self.owned(name)?.key)
    }

    /// The key of an operator of the institution.
    ///
    /// # Errors
    /// [`DevnetError::NoName`].
    pub fn operator(&self, bic: &str) -> Result<&SecretKey, DevnetError> {
        let key = self.operators.get(bic);
        key.ok_or_else(|| DevnetError::NoName { name: format!("operator of {bic}") })
    }

    /// The number of the institution.
    ///
    /// # Errors
    /// [`DevnetError::NoName`].
    pub fn institution(&self, bic: &str) -> Result<InstitutionNumber, DevnetError> {
        let number = Bic::parse(bic).ok().and_then(|bic| self.genesis.institution(&bic));
        number.ok_or_else(|| DevnetError::NoName { name: bic.to_owned() })
    }

    /// A payment from one account to another.
    ///
    /// # Errors
    /// [`DevnetError::NoName`], or [`DevnetError::NotSettled`] without entropy for a UETR.
    pub fn pay(&self, from: &str, to: &str, amount: Money) -> Result<Pay, DevnetError> {
        let uetr = fresh_uetr()?;
        Ok(Pay { uetr, from: self.account(from)?, to: self.account(to)?, amount, terms: terms() })
    }

    /// The same payment, signed by its payer.
    ///
    /// # Errors
    /// As [`Purse::pay`].
    pub fn payment(
        &self,
        from: &str,
        to: &str,
        amount: Money,
    ) -> Result<SignedTransaction, DevnetError> {
        let operation = Operation::Pay(self.pay(from, to, amount)?);
        Ok(self.sign(&[self.key(from)?], vec![operation]))
    }

    /// These operations as one transaction, valid from a minute ago on, each operation for itself.
    #[must_use]
    pub fn transaction(&self, keys: &[&SecretKey], operations: Vec<Operation>) -> Transaction {
        let mut signers: Vec<_> = keys.iter().map(|key| key.public()).collect();
        signers.sort_unstable();
        let valid_from = now().minus(60_000);
        Transaction {
            suite: self.domains.suite(),
            chain_id: self.domains.chain_id(),
            valid_from,
            valid_until: valid_from.plus(60 * 60 * 1000),
            operations,
            atomic: false,
            signers,
        }
    }

    /// Signs a transaction with the keys that it names.
    #[must_use]
    pub fn seal(&self, transaction: Transaction, keys: &[&SecretKey]) -> SignedTransaction {
        let id = transaction.id(&self.domains);
        let mut keys = keys.to_vec();
        keys.sort_unstable_by_key(|key| key.public());
        let signatures = keys.iter().map(|key| key.sign(&id)).collect();
        SignedTransaction { transaction, signatures }
    }

    /// Signs these operations as one transaction.
    #[must_use]
    pub fn sign(&self, keys: &[&SecretKey], operations: Vec<Operation>) -> SignedTransaction {
        self.seal(self.transaction(keys, operations), keys)
    }

    /// An amount in minor units of an asset.
    ///
    /// # Errors
    /// [`DevnetError::NoName`] for text that is no asset's code.
    pub fn money(&self, amount: u128, code: &str) -> Result<Money, DevnetError> {
        let asset =
            AssetCode::parse(code).map_err(|_| DevnetError::NoName { name: code.to_owned() })?;
        Ok(Money::new(Amount(amount), asset))
    }

    fn owned(&self, name: &str) -> Result<&Owned, DevnetError> {
        let owned = self.accounts.get(name);
        owned.ok_or_else(|| DevnetError::NoName { name: format!("account {name}") })
    }
}

/// Terms of a payment that agrees to any charge up to 100.00.
fn terms() -> PaymentTerms {
    PaymentTerms {
        charge_bearer: ChargeBearer::Shared,
        maximum_fee: Amount(10_000),
        purpose: [0; 4],
        remittance: Hash::ZERO,
    }
}

/// A UETR that nobody has used.
///
/// # Errors
/// [`DevnetError::NoName`] if the system gives no entropy.
pub fn fresh_uetr() -> Result<Uetr, DevnetError> {
    let mut bytes = [0; 16];
    let filled = getrandom::fill(&mut bytes);
    filled
        .map_err(|_| DevnetError::NoName { name: "entropy: the system gives none".to_owned() })?;
    Ok(Uetr::from_entropy(bytes))
}

/// The moment on this machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    node::home::now()
}

fn text(path: &Path) -> Result<String, DevnetError> {
    fs::read_to_string(path).map_err(|error| DevnetError::file(path, &error))
}
