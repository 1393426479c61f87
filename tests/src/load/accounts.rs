//! Accounts to pay from and to, each with a key of its own, and payments signed beforehand.
//!
//! Invariant: no two payments of one run are the same, and neighbours in time touch other accounts.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use ledger::{
    account::Policy,
    crypto::{SecretKey, Suite},
    ids::{AccountId, Uetr},
    operation::{Operation, Pay},
};

use crate::devnet::{Client, Devnet, DevnetError, Outcome, Purse, fresh_uetr, until};

/// The bank that services all accounts and issues their money.
const BANK: &str = "PSBCCNBJ";

/// How many accounts one transaction opens: each takes two operations.
const AT_ONCE: usize = ledger::transaction::Transaction::MAXIMUM_OPERATIONS / 2;

/// How many such transactions are under way at once.
const OPENERS: usize = 2;

/// What an account starts with: 10,000,000.00 CNY.
const FUNDS: u128 = 1_000_000_000;

/// What one payment moves: 1.00 CNY, which is free of charges.
const AMOUNT: u128 = 100;

/// How long one opening transaction may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The accounts.
#[derive(Clone, Debug)]
pub struct Accounts {
    owned: Vec<(AccountId, SecretKey)>,
}

impl Accounts {
    /// Opens and funds so many accounts.
    ///
    /// # Errors
    /// [`DevnetError`] if the network does not take them.
    pub fn open(
        devnet: &Devnet,
        purse: &Purse,
        client: &Client,
        count: usize,
    ) -> Result<Self, DevnetError> {
        let bank = purse.institution(BANK)?;
        let owned: Vec<_> = (0_u64..)
            .take(count)
            .map(|number| {
                let seed =
                    purse.domains.hash(ledger::hash::Domain::Transaction, &number.to_le_bytes());
                let mut customer = [0xff; 12];
                customer[4..].copy_from_slice(&number.to_be_bytes());
                let key = SecretKey::from_seed(Suite::Ed25519Blake3, seed.0);
                (AccountId::new(bank, customer), key)
            })
            .collect();
        let parts: Vec<_> = owned.chunks(AT_ONCE).collect();
        let next = AtomicUsize::new(0);
        // While one transaction is executed, the next is signed and sent.
        let open = || -> Result<(), DevnetError> {
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                submit(devnet, client, &opening(purse, part)?)?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..OPENERS).map(|_| scope.spawn(open)).collect();
            clients
                .into_iter()
                .try_for_each(|client| client.join().unwrap_or_else(|_| Err(panicked())))
        })?;
        Ok(Self { owned })
    }

    /// The accounts, in their order.
    pub fn ids(&self) -> impl Iterator<Item = AccountId> {
        self.owned.iter().map(|(account, _)| *account)
    }

    /// A payment of `amount` minor units of CNY between two of the accounts, signed and encoded.
    ///
    /// # Errors
    /// [`DevnetError::NoName`] if there is no such account.
    pub fn pay(
        &self,
        purse: &Purse,
        from: usize,
        to: usize,
        amount: u128,
    ) -> Result<(Uetr, Vec<u8>), DevnetError> {
        let amount = purse.money(amount, "CNY")?;
        let like = purse.pay("wei", "lee", amount)?;
        let ((from, key), (to, _)) = (self.of(from)?, self.of(to)?);
        let uetr = like.uetr;
        let pay = Pay { from: *from, to: *to, ..like };
        Ok((uetr, sign(purse, key, vec![Operation::Pay(pay)])))
    }

    /// `count` signed transactions of `payments` payments each, encoded. All processors sign.
    pub(super) fn sign(
        &self,
        purse: &Purse,
        count: usize,
        payments: usize,
    ) -> Result<Vec<Vec<u8>>, DevnetError> {
        let signers = std::thread::available_parallelism().map_or(1, NonZero::get);
        let share = count.div_ceil(signers);
        std::thread::scope(|scope| {
            let parts: Vec<_> = (0..signers)
                .map(|signer| {
                    let first = signer * share;
                    let last = count.min(first + share);
                    scope.spawn(move || self.sign_part(purse, first..last, payments))
                })
                .collect();
            let mut signed = Vec::with_capacity(count);
            for part in parts {
                signed.extend(part.join().map_err(|_| panicked())??);
            }
            Ok(signed)
        })
    }

    fn sign_part(
        &self,
        purse: &Purse,
        numbers: std::ops::Range<usize>,
        payments: usize,
    ) -> Result<Vec<Vec<u8>>, DevnetError> {
        let amount = purse.money(AMOUNT, "CNY")?;
        let like = purse.pay("wei", "lee", amount)?;
        let mut signed = Vec::with_capacity(numbers.len());
        for number in numbers {
            let (from, key) = self.of(number)?;
            let mut operations = Vec::with_capacity(payments);
            for payment in 0..payments {
                // Somebody else, and another one for each payment of a transaction.
                let (to, _) = self.of(number + 1 + payment % (self.owned.len() - 1))?;
                let (uetr, terms) = (fresh_uetr()?, like.terms.clone());
                operations.push(Operation::Pay(Pay { uetr, from: *from, to: *to, amount, terms }));
            }
            signed.push(sign(purse, key, operations));
        }
        Ok(signed)
    }

    fn of(&self, number: usize) -> Result<&(AccountId, SecretKey), DevnetError> {
        let place = number % self.owned.len().max(1);
        self.owned.get(place).ok_or(DevnetError::NoName { name: "account".to_owned() })
    }
}

/// The transaction that opens and funds these accounts.
fn opening(purse: &Purse, part: &[(AccountId, SecretKey)]) -> Result<Vec<u8>, DevnetError> {
    let mut operations = Vec::new();
    for (account, key) in part {
        let policy = Policy::single(key.public());
        operations.push(Operation::OpenAccount { account: *account, policy, tier: 1 });
    }
    for (account, _) in part {
        let (uetr, amount) = (fresh_uetr()?, purse.money(FUNDS, "CNY")?);
        operations.push(Operation::Issue { uetr, to: *account, amount });
    }
    Ok(sign(purse, purse.operator(BANK)?, operations))
}

fn panicked() -> DevnetError {
    DevnetError::NoName { name: "signer: it panicked".to_owned() }
}

fn sign(purse: &Purse, key: &SecretKey, operations: Vec<Operation>) -> Vec<u8> {
    ledger::codec::encode(&purse.sign(&[key], operations))
}

/// Sends one transaction until it is final, and requires that nothing of it was rejected.
fn submit(devnet: &Devnet, client: &Client, bytes: &[u8]) -> Result<(), DevnetError> {
    let node = devnet.nodes.first().ok_or(DevnetError::NoNode { place: 0 })?;
    let what = "opening of accounts";
    let outcome = until(what, &node.log(), PATIENCE, || match client.submit(&node.api, bytes) {
        Outcome::Unknown(_) => None,
        known @ (Outcome::Final(_) | Outcome::Refused(_)) => Some(known),
    })?;
    let failed = |reason: String| DevnetError::NotSettled { uetr: what.to_owned(), reason };
    match outcome {
        Outcome::Final(answer) => {
            let rejected = answer.receipts.into_iter().find_map(|receipt| receipt.code);
            rejected.map_or(Ok(()), |code| Err(failed(code)))
        }
        Outcome::Refused(problem) => Err(failed(problem.to_string())),
        Outcome::Unknown(reason) => Err(failed(reason)),
    }
}
