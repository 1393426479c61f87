//! Compares what clients remember with what every node says: nothing lost, nothing doubled.
//!
//! Invariants: every node is asked, and every acknowledged payment is looked up in the receipts,
//! the balances and the history. Absent: proofs.

use std::collections::{BTreeMap, BTreeSet};

use ledger::money::{Decimals, Money};

use super::{Acknowledged, Client, Devnet, DevnetError, History, Purse};

/// The CNY of the payer and of the payee, in minor units, before anything was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balances {
    /// The payer's.
    pub wei: u128,
    /// The payee's.
    pub lee: u128,
}

impl Balances {
    /// What the node says now.
    ///
    /// # Errors
    /// [`DevnetError::Call`], or [`DevnetError::Contradiction`] for an amount that cannot be read.
    pub fn read(client: &Client, api: &str, purse: &Purse) -> Result<Self, DevnetError> {
        let read = |name| balance(client, api, purse, name, "CNY");
        Ok(Self { wei: read("wei")?, lee: read("lee")? })
    }
}

/// What was found, when nothing contradicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// How many payments were checked on every node.
    pub payments: usize,
    /// The height at which all nodes have the same state.
    pub height: u64,
}

impl Audit {
    /// Checks every node of a devnet whose nodes are in step at `height`.
    ///
    /// # Errors
    /// [`DevnetError::Contradiction`] is what the test is for.
    pub fn run(
        devnet: &Devnet,
        client: &Client,
        purse: &Purse,
        before: Balances,
        history: &History,
        height: u64,
    ) -> Result<Self, DevnetError> {
        let total = history.total();
        let after = Balances { wei: before.wei - total, lee: before.lee + total };
        let mut blocks = BTreeSet::new();
        for node in &devnet.nodes {
            let contradiction =
                |found: String| DevnetError::Contradiction { node: node.name.clone(), found };
            let found = Balances::read(client, &node.api, purse)?;
            if found != after {
                return Err(contradiction(format!("{found:?} and not {after:?}")));
            }
            for payment in &history.payments {
                check_receipt(client, &node.api, payment).map_err(&contradiction)?;
            }
            check_entries(client, &node.api, purse, &history.payments).map_err(&contradiction)?;
            let block = client.block(&node.api, height)?;
            if !blocks.is_empty()
                && !blocks.contains(&(block.hash.clone(), block.state_root.clone()))
            {
                return Err(contradiction(format!("another block at height {height}")));
            }
            blocks.insert((block.hash, block.state_root));
        }
        Ok(Self { payments: history.payments.len(), height })
    }
}

/// The node has the very receipt that the client got.
fn check_receipt(client: &Client, api: &str, payment: &Acknowledged) -> Result<(), String> {
    let uetr = payment.uetr.to_string();
    let view = client.payment(api, &uetr).map_err(|error| error.to_string())?;
    let mut receipt = view.receipt.ok_or_else(|| format!("{uetr} has no receipt"))?;
    // A proof may stand beside a receipt; it is not part of it.
    receipt.proof.clone_from(&payment.receipt.proof);
    if receipt == payment.receipt {
        return Ok(());
    }
    Err(format!("{uetr} has the receipt {receipt:?}, and its client {:?}", payment.receipt))
}

/// The payee's history has every payment once, with its amount.
fn check_entries(
    client: &Client,
    api: &str,
    purse: &Purse,
    payments: &[Acknowledged],
) -> Result<(), String> {
    let address = purse.address("lee").map_err(|error| error.to_string())?;
    let entries = client.history(api, &address).map_err(|error| error.to_string())?;
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in entries {
        seen.entry(entry.id).or_default().push(entry.amount);
    }
    for payment in payments {
        let uetr = payment.uetr.to_string();
        let expected = vec![format!("{}.{:02} CNY", payment.amount / 100, payment.amount % 100)];
        let found = seen.get(&uetr).cloned().unwrap_or_default();
        if found != expected {
            return Err(format!("{uetr} stands in the history as {found:?}, not {expected:?}"));
        }
    }
    Ok(())
}

/// What the account of this name holds of an asset, in minor units.
///
/// # Errors
/// [`DevnetError::Call`], or [`DevnetError::Contradiction`] for an amount that cannot be read.
pub fn balance(
    client: &Client,
    api: &str,
    purse: &Purse,
    name: &str,
    code: &str,
) -> Result<u128, DevnetError> {
    let view = client.account(api, &purse.address(name)?)?;
    let Some(holding) = view.holdings.iter().find(|holding| holding.asset == code) else {
        return Ok(0);
    };
    let money = Money::parse(&holding.posted, Decimals::of_currency);
    money.map(|money| money.amount.0).map_err(|error| {
        let found = format!("the balance {} cannot be read: {error}", holding.posted);
        DevnetError::Contradiction { node: api.to_owned(), found }
    })
}
