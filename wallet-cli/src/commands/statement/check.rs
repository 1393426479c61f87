//! Whether entries are all there are: chained as the ledger chains them, they give the holding.

use api::account::{AccountView, EntryView, HoldingView};
use api::text::Naming;
use ledger::account::{Entry, EntryKind, Holding};
use ledger::hash::Domains;
use ledger::ids::{AssetCode, Height, Uetr};
use ledger::money::{Amount, Money};
use std::collections::{BTreeMap, BTreeSet};

use crate::code::Own;
use crate::commands::balance;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::say;
use crate::names::Party;
use crate::network::parse_money;

/// What checking has found.
pub(super) struct Checked {
    /// Every entry with the balance after it.
    pub(super) lines: Vec<(EntryView, String)>,
    /// The block after which the last balances are so.
    pub(super) height: u64,
    /// True if the entries give exactly the proven holdings.
    pub(super) proven: bool,
}

/// Goes through entries, oldest first, and compares where they lead with the proven holdings.
///
/// # Errors
/// A usage fault for an entry that cannot be read.
pub(super) fn check(
    desk: &Desk<'_>,
    party: &Party,
    account: &AccountView,
    entries: Vec<EntryView>,
    naming: &Naming,
) -> Result<Checked, Fault> {
    let walked = walk(&desk.chain.domains(), entries, naming)?;
    let mut height = account.height;
    let mut proven = true;
    for asset in assets(&account.holdings, &walked)? {
        match balance::prove(desk, party.account, asset) {
            Ok((holding, at)) => {
                height = height.max(at);
                proven &= walked.gave(asset, &holding, at);
            }
            Err(_) => proven = false,
        }
    }
    Ok(Checked { lines: walked.lines, height, proven })
}

/// Every asset that the node says is held, or that an entry is in: none is believed unproven.
fn assets(holdings: &[HoldingView], walked: &Walked) -> Result<BTreeSet<AssetCode>, Fault> {
    let held = holdings.iter().map(|view| AssetCode::parse(&view.asset));
    let mut assets: BTreeSet<AssetCode> = held.collect::<Result<_, _>>()?;
    assets.extend(walked.holdings.keys());
    Ok(assets)
}

/// Where entries lead.
struct Walked {
    lines: Vec<(EntryView, String)>,
    /// Each asset's holding after each of its entries, with the entry's block.
    holdings: BTreeMap<AssetCode, Vec<(u64, Holding)>>,
}

impl Walked {
    /// True if the entries until the block `at` give this holding.
    fn gave(&self, asset: AssetCode, proven: &Holding, at: u64) -> bool {
        let steps = self.holdings.get(&asset).map_or(&[][..], Vec::as_slice);
        let last = steps.iter().rev().find(|(block, _)| *block <= at);
        let found = last.map(|(_, holding)| *holding).unwrap_or_default();
        (found.posted, found.entries, found.chain) == (proven.posted, proven.entries, proven.chain)
    }
}

fn walk(domains: &Domains, entries: Vec<EntryView>, naming: &Naming) -> Result<Walked, Fault> {
    let mut walked = Walked { lines: Vec::new(), holdings: BTreeMap::new() };
    for view in entries {
        let (asset, entry) = read(&view, naming)?;
        let steps = walked.holdings.entry(asset).or_default();
        let mut holding = steps.last().map(|(_, holding)| *holding).unwrap_or_default();
        let posted = if entry.credit {
            holding.posted.plus(entry.amount)
        } else {
            holding.posted.minus(entry.amount)
        };
        // A sum that cannot be is no statement's: the comparison with the proof will fail.
        holding.posted = posted.unwrap_or(Amount::ZERO);
        holding.record(domains, &entry);
        steps.push((view.block, holding));
        walked.lines.push((view, naming.money(Money::new(holding.posted, asset))));
    }
    Ok(walked)
}

fn read(view: &EntryView, naming: &Naming) -> Result<(AssetCode, Entry), Fault> {
    let money = parse_money(&view.amount, naming)?;
    let kind = match view.kind.as_str() {
        "issue" => EntryKind::Issue,
        "redeem" => EntryKind::Redeem,
        "payment" => EntryKind::Payment,
        "fee" => EntryKind::Fee,
        "exchange" => EntryKind::Exchange,
        other => {
            let detail = say!(
                "A node tells of an entry of the kind \"{other}\".",
                "节点给出了“{other}”类型的分录。"
            );
            let hint = say!("Update this wallet.", "请升级本钱包。");
            return Err(Fault::usage(Own::UnreadableEntry, detail, hint));
        }
    };
    let entry = Entry {
        uetr: Uetr::parse(&view.id)?,
        kind,
        credit: view.direction == "in",
        amount: money.amount,
        height: Height(view.block),
    };
    Ok((money.asset, entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::crypto::Suite;
    use ledger::hash::{ChainId, Hash};
    use ledger::ids::{Network, Timestamp};
    use ledger::money::Decimals;

    fn asset() -> AssetCode {
        AssetCode::parse("CNY").unwrap()
    }

    fn naming() -> Naming {
        Naming { network: Network::Devnet, decimals: BTreeMap::from([(asset(), Decimals(2))]) }
    }

    fn domains() -> Domains {
        Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])))
    }

    /// Three entries and the holding that they come to.
    fn sample() -> (Vec<EntryView>, Holding) {
        let mut holding = Holding { posted: Amount(700), ..Holding::default() };
        let rows = [(true, 1000), (false, 200), (false, 100)];
        let views = (1_u8..).zip(rows).map(|(place, (credit, amount))| {
            let entry = Entry {
                uetr: Uetr::from_entropy([place; 16]),
                kind: EntryKind::Payment,
                credit,
                amount: Amount(amount),
                height: Height(u64::from(place)),
            };
            holding.record(&domains(), &entry);
            EntryView::new(asset(), &entry, None, Timestamp(1), &naming())
        });
        (views.collect(), holding)
    }

    #[test]
    fn all_entries_give_the_holding() {
        let (entries, holding) = sample();
        let walked = walk(&domains(), entries, &naming()).unwrap();
        assert!(walked.gave(asset(), &holding, 3));
        assert!(walked.gave(asset(), &holding, 9));
        assert!(!walked.gave(asset(), &holding, 2));
        let balances: Vec<&str> = walked.lines.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(balances, ["10.00 CNY", "8.00 CNY", "7.00 CNY"]);
    }

    #[test]
    fn an_asset_that_no_holding_lists_is_proven_for_its_entries() {
        let walked = walk(&domains(), sample().0, &naming()).unwrap();
        assert_eq!(assets(&[], &walked).unwrap(), BTreeSet::from([asset()]));
    }

    #[test]
    fn a_line_that_is_changed_or_left_out_is_noticed() {
        let (entries, holding) = sample();
        let gave = |entries: Vec<EntryView>| {
            walk(&domains(), entries, &naming()).unwrap().gave(asset(), &holding, 3)
        };
        for place in 0..entries.len() {
            let mut fewer = entries.clone();
            fewer.remove(place);
            assert!(!gave(fewer), "{place}");
            let mut changed = entries.clone();
            changed[place].kind = "fee".to_owned();
            assert!(!gave(changed), "{place}");
        }
        let mut swapped = entries.clone();
        swapped.swap(1, 2);
        assert!(!gave(swapped));
        assert!(gave(entries));
    }
}
