//! `feiqian balance [ACCOUNT]`: what accounts hold, as a node tells it.

use api::account::AccountView;
use serde::Serialize;

use super::table;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::names::Written;
use crate::session::Session;

#[derive(Serialize)]
struct BalanceDocument {
    name: String,
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
        return Err(Fault::missing("ACCOUNT", "The profile names no accounts."));
    }
    let balances: Vec<BalanceDocument> =
        named.iter().map(|text| balance(&desk, text)).collect::<Result<_, _>>()?;
    let mut rows = table::table(&["account", "asset", "available", "held"]);
    for balance in &balances {
        for holding in &balance.account.holdings {
            let asset = holding.asset.as_str();
            let number = |text: &str| text.trim_end_matches(asset).trim_end().to_owned();
            let (available, held) = (number(&holding.available), number(&holding.held));
            rows.add_row([balance.name.as_str(), asset, available.as_str(), held.as_str()]);
        }
        if balance.account.holdings.is_empty() {
            rows.add_row([balance.name.as_str(), "-", "0", "0"]);
        }
    }
    let height = balances.iter().map(|balance| balance.account.height).max().unwrap_or_default();
    let text = format!("{}\nafter block {height}", table::text(rows, &[2, 3]));
    match (account, balances.as_slice()) {
        (Some(_), [balance]) => session.output.result(text, balance),
        (Some(_) | None, _) => session.output.result(text, &balances),
    }
    Ok(())
}

fn balance(desk: &Desk<'_>, text: &str) -> Result<BalanceDocument, Fault> {
    let written = Written::parse(text, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let account = desk.network.account(party.account, desk.chain.network)?;
    Ok(BalanceDocument { name: party.label, account })
}
