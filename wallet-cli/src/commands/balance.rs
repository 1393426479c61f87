//! `feiqian balance [ACCOUNT]`: what accounts hold, proven.
//!
//! Invariants: a number that is shown as proven was verified against the chain; where a node gives
//! no proof, the text says so. Absent: a proof that no holding was left out.

use api::account::{AccountView, HoldingView};
use api::proof::MEDIA_TYPE;
use api::text::Naming;
use ledger::account::Holding;
use ledger::ids::{AccountId, AssetCode};
use ledger::proof::Proven;
use serde::Serialize;

use super::table;
use crate::assurance;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::names::Written;
use crate::node::NodeError;
use crate::session::Session;

#[derive(Serialize)]
struct BalanceDocument {
    name: String,
    /// True if every holding that is shown was verified.
    proven: bool,
    #[serde(flatten)]
    account: AccountView,
}

pub(super) fn run(session: &Session, account: Option<&str>) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let named: Vec<String> = match account {
        Some(account) => vec![account.to_owned()],
        None => desk.profile.accounts.keys().map(|name| format!("@{name}")).collect(),
    };
    if named.is_empty() {
        let why = say!("The profile names no accounts.", "配置中没有账户。");
        return Err(Fault::missing("ACCOUNT", why));
    }
    let naming = desk.network.naming(desk.chain.network)?;
    let balances: Vec<BalanceDocument> =
        named.iter().map(|text| balance(&desk, text, &naming)).collect::<Result<_, _>>()?;
    let text = text(&balances);
    match (account, balances.as_slice()) {
        (Some(_), [balance]) => session.output.result(&text, balance),
        (Some(_) | None, _) => session.output.result(&text, &balances),
    }
    Ok(())
}

fn balance(desk: &Desk<'_>, text: &str, naming: &Naming) -> Result<BalanceDocument, Fault> {
    let written = Written::parse(text, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let mut account = desk.network.account(party.account, desk.chain.network)?;
    let mut proven = true;
    for view in &mut account.holdings {
        let asset = AssetCode::parse(&view.asset)?;
        match prove(desk, party.account, asset) {
            Ok(proof) => {
                *view = HoldingView::new(asset, &proof.holding, naming);
                account.height = proof.height;
            }
            Err(_) => proven = false,
        }
    }
    Ok(BalanceDocument { name: party.label, proven, account })
}

/// A holding as a node proves it, verified.
pub(super) struct ProvenHolding {
    /// The holding; empty if the account never had any.
    pub(super) holding: Holding,
    /// The block after which it is so.
    pub(super) height: u64,
    /// The proof's file.
    pub(super) file: Vec<u8>,
}

/// The holding and the block after which it is so, verified; from the first node that can prove it.
///
/// # Errors
/// Exit 5 if no node proves it.
pub(super) fn prove(
    desk: &Desk<'_>,
    account: AccountId,
    asset: AssetCode,
) -> Result<ProvenHolding, Fault> {
    let address = account.address(desk.chain.network);
    let path = format!("/v1/accounts/{address}/holdings/{asset}/proof");
    desk.network.ask(|node, limit| {
        let file = node.get(&path, &[], MEDIA_TYPE, limit)?;
        let broken = |reason: Text| NodeError::Broken { reason };
        let verdict = assurance::verify(&desk.chain, &file).map_err(broken)?;
        match verdict.proven {
            Proven::Holding { account: of, asset: what, holding }
                if of == account && what == asset =>
            {
                let height = verdict.header.height.0;
                Ok(ProvenHolding { holding: holding.unwrap_or_default(), height, file })
            }
            Proven::Holding { .. }
            | Proven::Payment(_)
            | Proven::NoPayment { .. }
            | Proven::Account { .. } => {
                Err(broken(say!("a proof of something else", "其证明属于其他内容")))
            }
        }
    })
}

fn text(balances: &[BalanceDocument]) -> Text {
    let mut rows = Vec::new();
    for balance in balances {
        let mut row = |cells: [&str; 4]| rows.push(cells.into_iter().map(Text::data).collect());
        for holding in &balance.account.holdings {
            let asset = holding.asset.as_str();
            let number = |text: &str| text.trim_end_matches(asset).trim_end().to_owned();
            let (available, held) = (number(&holding.available), number(&holding.held));
            row([balance.name.as_str(), asset, available.as_str(), held.as_str()]);
        }
        if balance.account.holdings.is_empty() {
            row([balance.name.as_str(), "-", "0", "0"]);
        }
    }
    let headings = [
        say!("account", "账户"),
        say!("asset", "资产"),
        say!("available", "可用"),
        say!("held", "占用"),
    ];
    let word = if balances.iter().all(|balance| balance.proven) {
        say!("proven", "已证明")
    } else {
        say!("by the node's word, it gives no proof", "仅为节点所述，未给出证明")
    };
    say!(
        "{table}\nafter block {height}, {word}",
        "{table}\n区块 {height} 之后，{word}",
        height = balances.iter().map(|balance| balance.account.height).max().unwrap_or_default();
        table = table::table(&headings, &rows, &[2, 3]), word = word
    )
}
