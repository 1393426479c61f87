//! Who signs: the keys of this wallet that an account or an institution asks for.
//!
//! Invariants: no key is decrypted before it is known that all needed keys are here. Absent: the
//! rules themselves; the ledger enforces them.

use api::account::AccountView;
use ledger::crypto::{PublicKey, SecretKey};
use std::path::Path;

use crate::code::Own;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::keyring::{self, StoredKey};
use crate::language::say;
use crate::profile::Profile;
use crate::session::Session;

/// The keys that satisfy the policy of `account`: those named in `extra`, a devnet's, one's own.
///
/// # Errors
/// Exit 4 if this wallet does not have enough of the account's keys.
pub(crate) fn of_account(
    session: &Session,
    profile: &Profile,
    account: &AccountView,
    extra: &[String],
) -> Result<Vec<StoredKey>, Fault> {
    let threshold = usize::from(account.policy.threshold).max(1);
    let keys = here(session, profile, account, extra)?;
    if keys.len() < threshold {
        let detail = say!(
            "The account {account} asks for {threshold} of its {all} keys, and this wallet has \
             {have}.",
            "账户 {account} 的 {all} 个密钥中须有 {threshold} 个签名，本钱包有 {have} 个。",
            all = account.policy.keys.len(),
            account = account.account,
            have = keys.len()
        );
        let hint = say!(
            "Name the others with --key. Nothing was sent.",
            "请用 --key 指明其余密钥。未发送任何内容。"
        );
        return Err(Fault::new(Exit::NotPermitted, Own::KeysMissing, detail, hint));
    }
    Ok(keys)
}

/// The keys of this wallet that the account's policy names, as many as must sign at most.
///
/// # Errors
/// A usage fault for a file that is no key.
pub(crate) fn here(
    session: &Session,
    profile: &Profile,
    account: &AccountView,
    extra: &[String],
) -> Result<Vec<StoredKey>, Fault> {
    let owners: Vec<PublicKey> =
        account.policy.keys.iter().filter_map(|key| PublicKey::from_hex(key)).collect();
    let threshold = usize::from(account.policy.threshold).max(1);
    let mut keys: Vec<StoredKey> = Vec::new();
    for key in candidates(session, profile, &account.account, extra)? {
        let is_new = keys.iter().all(|known| known.public != key.public);
        if keys.len() < threshold && is_new && owners.contains(&key.public) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// Those of the named keys that approve large payments of the account: they sign the order too.
///
/// # Errors
/// A usage fault for a name or file that is no key.
pub(crate) fn approvers(
    session: &Session,
    account: &AccountView,
    named: &[String],
) -> Result<Vec<StoredKey>, Fault> {
    let Some(rules) = &account.policy.step_up else { return Ok(Vec::new()) };
    let named = named.iter().map(|name| keyring::named(&session.folders, name));
    let mut named = named.collect::<Result<Vec<_>, _>>()?;
    named.retain(|key| rules.approvers.contains(&key.public.to_hex()));
    Ok(named)
}

/// The keys of this machine that are among `wanted`: those named in `extra`, a devnet's, one's own.
///
/// # Errors
/// A usage fault if a named key is not wanted or cannot be read.
pub(crate) fn among(
    session: &Session,
    profile: Option<&Profile>,
    wanted: &[PublicKey],
    extra: &[String],
) -> Result<Vec<StoredKey>, Fault> {
    if !extra.is_empty() {
        let named = extra.iter().map(|name| keyring::named(&session.folders, name));
        let named = named.collect::<Result<Vec<_>, _>>()?;
        return match named.iter().find(|key| !wanted.contains(&key.public)) {
            Some(key) => {
                let detail = say!(
                    "The key {key} has nothing to sign here.",
                    "密钥 {key} 在此无须签名。",
                    key = key.label
                );
                let hint =
                    say!("Compare it with: feiqian tx inspect", "请对照：feiqian tx inspect");
                Err(Fault::usage(Own::KeyNotWanted, detail, hint))
            }
            None => Ok(named),
        };
    }
    let mut keys = keyring::own(&session.folders)?;
    if let Some(profile) = profile {
        for path in profile.accounts.values().filter_map(|account| account.keystore.as_deref()) {
            keys.push(devnet_key(path, profile)?);
        }
    }
    let mut found: Vec<StoredKey> = Vec::new();
    for key in keys {
        let is_new = found.iter().all(|known| known.public != key.public);
        if is_new && wanted.contains(&key.public) {
            found.push(key);
        }
    }
    Ok(found)
}

/// The keys of an institution's operators: the given ones, or else a devnet's.
///
/// # Errors
/// A usage fault that names the missing flag, or what is wrong with a file.
pub(crate) fn of_institution(
    session: &Session,
    profile: &Profile,
    bic: &str,
    given: &[String],
) -> Result<Vec<StoredKey>, Fault> {
    if !given.is_empty() {
        return given.iter().map(|name| keyring::named(&session.folders, name)).collect();
    }
    let known = profile.operators.iter().filter(|operator| operator.institution == bic);
    let keys: Vec<StoredKey> = known
        .map(|operator| StoredKey::read(&operator.path, profile.passphrase.as_deref()))
        .collect::<Result<_, _>>()?;
    if keys.is_empty() {
        let why = say!("An operator of {bic} must sign.", "{bic} 的操作员必须签名。");
        return Err(Fault::missing("--operator-key FILE", why));
    }
    Ok(keys)
}

/// Decrypts keys.
///
/// # Errors
/// A usage fault for a wrong passphrase.
pub(crate) fn open(session: &Session, keys: &[StoredKey]) -> Result<Vec<SecretKey>, Fault> {
    keys.iter().map(|key| key.open(&session.passphrases)).collect()
}

fn candidates(
    session: &Session,
    profile: &Profile,
    address: &str,
    extra: &[String],
) -> Result<Vec<StoredKey>, Fault> {
    let mut keys: Vec<StoredKey> = extra
        .iter()
        .map(|name| keyring::named(&session.folders, name))
        .collect::<Result<_, _>>()?;
    let named = profile.accounts.values().filter(|account| account.address == address);
    for path in named.filter_map(|account| account.keystore.as_deref()) {
        keys.push(devnet_key(path, profile)?);
    }
    keys.extend(keyring::own(&session.folders)?);
    Ok(keys)
}

fn devnet_key(path: &Path, profile: &Profile) -> Result<StoredKey, Fault> {
    StoredKey::read(path, profile.passphrase.as_deref())
}
