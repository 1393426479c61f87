//! `feiqian keys rotate`: another key in the place of one of an account's keys.
//!
//! Invariants: a new key is kept before it is ordered, so that it cannot be lost after; the old one
//! stays in its keystore. The same command goes on where an earlier one stopped.

use api::account::AccountView;
use api::keystore::Cost;
use ledger::account::KeySet;
use ledger::crypto::PublicKey;
use ledger::operation::Operation;
use std::path::Path;

use super::{ensure_free, the_key};
use crate::cli::Rotate;
use crate::code::Own;
use crate::commands::tx;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::{Fault, quoted};
use crate::keyring;
use crate::language::{Text, say};
use crate::names::{Party, Written};
use crate::orders;
use crate::session::Session;
use crate::signers;

pub(super) fn run(session: &Session, command: &Rotate) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let written = Written::parse(&command.account, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let account = desk.network.account(party.account, desk.chain.network)?;
    let old = keyring::public(&session.folders, &command.name)?;
    let new = new_key(session, &command.to)?;
    let text = format!(
        "rotate-keys of {}: {} in the place of {}",
        party.address,
        new.to_hex(),
        old.to_hex()
    );
    // What an earlier command has sent may have changed the account already.
    if let Some(held) = desk.unfinished(&text)? {
        return orders::report(&desk, desk.deliver(held)?, &told(&party, &new));
    }
    let keys = replaced(&account, old, new)?;
    let operation = Operation::RotateKeys { account: party.account, keys };
    if let Some(out) = &command.out {
        return write(&desk, &account, operation, &command.signer, out);
    }
    let extra = extra(command);
    let keys = signers::of_account(session, &desk.profile, &account, &extra)?;
    let done = orders::order(&desk, text, &keys, operation)?;
    orders::report(&desk, done, &told(&party, &new))
}

fn told(party: &Party, new: &PublicKey) -> Text {
    say!(
        "Rotated the keys of {account}: {key} signs from now on",
        "已更换 {account} 的密钥：今后由 {key} 签名",
        account = party.label,
        key = new.to_hex()
    )
}

/// The keys to sign with: those named, and the old one if it is here.
fn extra(command: &Rotate) -> Vec<String> {
    let mut extra = command.key.clone();
    if PublicKey::from_hex(&command.name).is_none() {
        extra.push(command.name.clone());
    }
    extra
}

/// The new key: digits, one's own, or one that is made now.
fn new_key(session: &Session, text: &str) -> Result<PublicKey, Fault> {
    let path = keyring::path_of(&session.folders, text);
    if PublicKey::from_hex(text).is_some() || path.exists() || !keyring::is_name(text) {
        return keyring::public(&session.folders, text);
    }
    ensure_free(session, text)?;
    let passphrase = session.passphrases.fresh(&the_key(text))?;
    keyring::keep(&session.folders, text, &keyring::fresh()?, &passphrase, Cost::STANDARD)
}

/// The account's keys with `new` in the place of `old`.
fn replaced(account: &AccountView, old: PublicKey, new: PublicKey) -> Result<KeySet, Fault> {
    let owners = account.policy.keys.iter().filter_map(|key| PublicKey::from_hex(key));
    let mut owners: Vec<PublicKey> = owners.collect();
    let Some(place) = owners.iter_mut().find(|key| **key == old) else {
        let detail = say!(
            "The key {key} is none of {account}'s.",
            "密钥 {key} 不属于 {account}。",
            key = old.to_hex(),
            account = account.account
        );
        let hint = say!(
            "Its keys are {keys}.",
            "其密钥为 {keys}。",
            keys = account.policy.keys.join(", ")
        );
        return Err(Fault::new(Exit::NotPermitted, Own::NotAnOwner, detail, hint));
    };
    *place = new;
    let keys = KeySet::of(account.policy.threshold, owners);
    match keys.defect() {
        Some(defect) => {
            let hint = say!("Choose another --to.", "请另选 --to。");
            Err(Fault::usage(Own::BadPolicy, quoted(&defect), hint))
        }
        None => Ok(keys),
    }
}

/// Writes the order for others to sign.
fn write(
    desk: &Desk<'_>,
    account: &AccountView,
    operation: Operation,
    given: &[String],
    out: &Path,
) -> Result<(), Fault> {
    let signers = tx::signers(desk, account, given)?;
    let transaction = tx::lasting(desk, operation, signers);
    desk.simulate(transaction.clone())?;
    tx::write(desk, transaction, out)
}
