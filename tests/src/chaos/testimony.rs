//! What one node says after everything has healed: blocks, entries, balances, supply, proofs.
//!
//! Invariants: every node is asked the same, over its API, as anybody can. Absent: judgement
//! (`judge`).

use std::collections::BTreeMap;

use api::chain::AssetView;
use ledger::{
    hash::ChainId,
    money::{Decimals, Money},
    proof::{Proof, Proven},
    receipt::Outcome,
};

use super::{clients::World, history::Payment};
use crate::devnet::{Client, Devnet, DevnetError};

/// An entry of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The payment's UETR.
    pub uetr: String,
    /// True if the account paid, false if it was paid.
    pub paid: bool,
    /// How much, in minor units.
    pub amount: u128,
    /// In which block.
    pub block: u64,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub height: u64,
    /// Its hash.
    pub hash: String,
    /// Its parent's hash.
    pub parent: String,
    /// The roots of the state and of the receipts after it.
    pub roots: (String, String),
}

/// What a payment's proof came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The payment.
    pub uetr: String,
    /// The block in which it is proven to have settled; or why nothing is proven.
    pub block: Result<u64, String>,
}

/// What a node says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Testimony {
    /// The node's name.
    pub node: String,
    /// The blocks of the window, ascending.
    pub blocks: Vec<Block>,
    /// Each account's entries of the window.
    pub entries: Vec<Vec<Entry>>,
    /// What each account holds of CNY, in minor units.
    pub balances: Vec<u128>,
    /// What all accounts of the network hold of each asset, in minor units.
    pub held: BTreeMap<String, u128>,
    /// What is outstanding of each asset by the node's word.
    pub outstanding: BTreeMap<String, u128>,
    /// The proofs that were asked for.
    pub proofs: Vec<Proved>,
}

/// Asks nodes.
pub struct Examiner<'a> {
    /// How it asks.
    pub client: &'a Client,
    /// The nodes, and the accounts that they began with.
    pub devnet: &'a Devnet,
    /// The accounts that pay each other.
    pub world: &'a World,
    /// The height at which the window begins: what is after it is asked for.
    pub after: u64,
    /// The height at which the window ends.
    pub until: u64,
}

impl Examiner<'_> {
    /// What the node at `place` says, with proofs of these payments.
    ///
    /// # Errors
    /// [`DevnetError::Call`] if it does not answer, [`DevnetError::Contradiction`] for an amount
    /// that cannot be read.
    pub fn ask(&self, place: usize, sample: &[&Payment]) -> Result<Testimony, DevnetError> {
        let node = self.devnet.nodes.get(place).ok_or(DevnetError::NoNode { place })?;
        let api = &node.api;
        let mut testimony = Testimony { node: node.name.clone(), ..Testimony::default() };
        testimony.blocks = self.blocks(api)?;
        for account in self.world.accounts.ids() {
            let address = account.address(self.world.purse.genesis.network);
            testimony.entries.push(self.entries(api, &address)?);
            let held = self.holdings(api, &address)?;
            testimony.balances.push(held.get("CNY").copied().unwrap_or(0));
            add(&mut testimony.held, held);
        }
        for account in &self.devnet.document.accounts {
            let held = self.holdings(api, &account.account)?;
            add(&mut testimony.held, held);
        }
        let assets: Vec<AssetView> = self.client.get(api, "/v1/assets")?;
        for asset in assets {
            let outstanding = minor(api, &asset.outstanding)?;
            testimony.outstanding.insert(asset.code, outstanding);
        }
        for payment in sample {
            let block = self.proven(api, &payment.uetr);
            testimony.proofs.push(Proved { uetr: payment.uetr.clone(), block });
        }
        Ok(testimony)
    }

    fn blocks(&self, api: &str) -> Result<Vec<Block>, DevnetError> {
        let mut blocks = self.client.blocks_after(api, self.after)?;
        blocks.reverse();
        // Empty blocks go on being made while the nodes are asked.
        let within = blocks.into_iter().filter(|block| block.height <= self.until);
        Ok(within
            .map(|block| Block {
                height: block.height,
                hash: block.hash,
                parent: block.parent,
                roots: (block.state_root, block.receipts_root),
            })
            .collect())
    }

    fn entries(&self, api: &str, address: &str) -> Result<Vec<Entry>, DevnetError> {
        let entries = self.client.history_after(api, address, self.after)?;
        let entry = |entry: api::account::EntryView| {
            let amount = minor(api, &entry.amount)?;
            let paid = entry.direction == "out";
            Ok(Entry { uetr: entry.id, paid, amount, block: entry.block })
        };
        entries.into_iter().map(entry).collect()
    }

    fn holdings(&self, api: &str, address: &str) -> Result<BTreeMap<String, u128>, DevnetError> {
        let view = self.client.account(api, address)?;
        let held =
            |holding: api::account::HoldingView| Ok((holding.asset, minor(api, &holding.posted)?));
        view.holdings.into_iter().map(held).collect()
    }

    /// The block in which the payment settled, by a proof that trusts the chain id alone.
    fn proven(&self, api: &str, uetr: &str) -> Result<u64, String> {
        let file = self.client.proof(api, uetr).map_err(|error| error.to_string())?;
        verified(&file, self.world.purse.domains.chain_id(), uetr)
    }
}

/// The block in which the payment settled, if the file proves that.
fn verified(file: &[u8], trusted: ChainId, uetr: &str) -> Result<u64, String> {
    let proof = Proof::decode(file).map_err(|error| error.to_string())?;
    let verdict = proof.verify(trusted).map_err(|error| error.to_string())?;
    let Proven::Payment(receipt) = verdict.proven else {
        return Err(format!("it proves {:?}", verdict.proven));
    };
    let is_it = receipt.uetr.is_some_and(|found| found.to_string() == uetr);
    if is_it && matches!(receipt.outcome, Outcome::Settled(_)) {
        return Ok(verdict.header.height.0);
    }
    Err(format!("it proves {receipt:?}"))
}

fn add(sum: &mut BTreeMap<String, u128>, more: BTreeMap<String, u128>) {
    for (asset, amount) in more {
        *sum.entry(asset).or_default() += amount;
    }
}

fn minor(api: &str, text: &str) -> Result<u128, DevnetError> {
    let money = Money::parse(text, Decimals::of_currency);
    money.map(|money| money.amount.0).map_err(|error| {
        let found = format!("the amount {text} cannot be read: {error}");
        DevnetError::Contradiction { node: api.to_owned(), found }
    })
}
