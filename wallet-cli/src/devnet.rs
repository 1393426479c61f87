//! The file `devnet.json` by which a devnet tells the wallet everything: nodes, accounts, keys.
//!
//! Invariants: only chains of kind devnet are taken, because the passphrase of their keys is
//! public. Absent: the starting of a devnet.

use ledger::ids::Network;
use serde::Deserialize;
use std::path::{Path, PathBuf};

use crate::code::Own;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::language::{Text, say};
use crate::profile::{Chain, NamedAccount, OperatorKey, Profile};

const MAXIMUM_BYTES: usize = 1024 * 1024;

#[derive(Deserialize)]
struct Devnet {
    chain_id: String,
    nodes: Vec<Node>,
    accounts: Vec<Account>,
    #[serde(default)]
    operators: Vec<Operator>,
    #[serde(default = "public_passphrase")]
    passphrase: String,
}

#[derive(Deserialize)]
struct Node {
    api: String,
}

#[derive(Deserialize)]
struct Account {
    name: String,
    account: String,
    institution: String,
    keystore: PathBuf,
}

#[derive(Deserialize)]
struct Operator {
    institution: String,
    keystore: PathBuf,
}

fn public_passphrase() -> String {
    "feiqian-devnet".to_owned()
}

/// Reads `devnet.json` of the devnet in `folder`.
///
/// # Errors
/// A usage fault that says what is wrong with the file.
pub(crate) fn read(folder: &Path) -> Result<Profile, Fault> {
    let path = folder.join("devnet.json");
    let refused = |reason: Text| {
        let hint = say!(
            "Start one: feiqian-node devnet --dir DIR",
            "请启动：feiqian-node devnet --dir DIR"
        );
        Fault::usage(Own::BadDevnet, in_file(&path, &reason), hint)
    };
    let text = files::read_text(&path, MAXIMUM_BYTES).map_err(|error| refused(quoted(&error)))?;
    parse(folder, &text).map_err(refused)
}

/// Reads the file's text.
///
/// # Errors
/// What is wrong.
pub(crate) fn parse(folder: &Path, text: &str) -> Result<Profile, Text> {
    let devnet: Devnet = serde_json::from_str(text).map_err(|error| quoted(&error))?;
    let chain = Chain::parse(&devnet.chain_id).map_err(|fault| fault.detail)?;
    if chain.network != Network::Devnet {
        return Err(say!("its chain is no devnet.", "其链不是开发网。"));
    }
    let accounts = devnet.accounts.into_iter().map(|account| {
        let named = NamedAccount {
            address: account.account,
            institution: Some(account.institution),
            keystore: Some(folder.join(account.keystore)),
        };
        (account.name.trim_start_matches('@').to_owned(), named)
    });
    let operators = devnet.operators.into_iter().map(|operator| OperatorKey {
        institution: operator.institution,
        path: folder.join(operator.keystore),
    });
    Ok(Profile {
        name: "devnet".to_owned(),
        apis: devnet.nodes.into_iter().map(|node| node.api).collect(),
        chain: Some(chain),
        from: None,
        large: Vec::new(),
        accounts: accounts.collect(),
        operators: operators.collect(),
        passphrase: Some(devnet.passphrase),
        token_file: None,
        token: None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A `devnet.json` with these nodes.
    pub(crate) fn sample(apis: &[&str]) -> String {
        let nodes: Vec<_> = apis
            .iter()
            .map(|api| {
                serde_json::json!({"name": "PSBCCNBJ", "bic": "PSBCCNBJ", "pid": 1,
                "api": api, "metrics": api, "home": "nodes/1"})
            })
            .collect();
        serde_json::json!({
            "chain_id": format!("fqd-{}", "07".repeat(32)),
            "genesis": "genesis.json",
            "nodes": nodes,
            "accounts": [{"name": "wei", "account": "fqd1qqq", "institution": "PSBCCNBJ",
                "keystore": "keys/wei.json"}],
            "operators": [{"institution": "PSBCCNBJ", "keystore": "keys/psbc.json"}],
            "passphrase": "feiqian-devnet",
        })
        .to_string()
    }

    #[test]
    fn a_devnet_becomes_a_profile() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("devnet.json"), sample(&["http://127.0.0.1:1"])).unwrap();
        let profile = read(folder.path()).unwrap();
        assert_eq!(profile.apis, ["http://127.0.0.1:1"]);
        assert_eq!(profile.chain.unwrap().network, Network::Devnet);
        let keystore = profile.accounts["wei"].keystore.clone().unwrap();
        assert_eq!(keystore, folder.path().join("keys/wei.json"));
        assert_eq!(profile.operators[0].path, folder.path().join("keys/psbc.json"));
    }

    #[test]
    fn a_chain_of_real_money_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let text = sample(&[]).replace("fqd-", "fq-");
        std::fs::write(folder.path().join("devnet.json"), text).unwrap();
        assert_eq!(read(folder.path()).unwrap_err().code, "bad-devnet");
    }
}
