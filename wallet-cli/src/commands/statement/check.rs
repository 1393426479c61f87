//! Whether entries are all there are: chained as the ledger chains them, they give the holding.

use api::account::{AccountView, EntryView, HoldingView};
use api::text::Naming;
use ledger::account::{Entry, EntryKind, Holding};
use ledger::hash::Domains;
use ledger::ids::{AssetCode, Height, Uetr};
use ledger::money::Money;
use std::collections::BTreeMap;

use crate::code::Own;
use crate::commands::balance::{self, ProvenHolding};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::say;
use crate::names::Party;
use crate::network::parse_money;

/// What checking has found.
pub(super) struct Checked {
    /// Every entry with the balance after it.
    pub(super) lines: Vec<(EntryView, String)>,
    /// The same entries as the ledger has them, by asset.
    pub(super) entries: BTreeMap<AssetCode, Vec<Entry>>,
    /// The holdings; none where no node proves it.
    pub(super) holdings: Holdings,
    /// The block after which the last balances are so; none if nothing is proven.
    pub(super) height: Option<u64>,
    /// True if the entries give exactly the proven holdings.
    pub(super) proven: bool,
}

/// The holdings of an account, each proven, or none where no node proves it.
pub(super) type Holdings = BTreeMap<AssetCode, Option<ProvenHolding>>;

/// The proofs of every asset that the node says is held. What is proven is among the entries only
/// if these are asked for afterwards.
///
/// # Errors
/// A usage fault for an asset whose code cannot be read.
pub(super) fn holdings(
    desk: &Desk<'_>,
    party: &Party,
    account: &AccountView,
) -> Result<Holdings, Fault> {
    let prove = |view: &HoldingView| {
        let asset = AssetCode::parse(&view.asset)?;
        Ok((asset, balance::prove(desk, party.account, asset).ok()))
    };
    account.holdings.iter().map(prove).collect()
}

/// Goes through entries, oldest first, and compares where they lead with the proven holdings.
///
/// # Errors
/// A usage fault for an entry that cannot be read.
pub(super) fn check(
    desk: &Desk<'_>,
    party: &Party,
    mut holdings: Holdings,
    entries: Vec<EntryView>,
    naming: &Naming,
) -> Result<Checked, Fault> {
    let walked = walk(&desk.chain.domains(), entries, naming)?;
    // An asset with entries is proven too, whether the node lists it or not.
    for asset in walked.steps.keys() {
        let prove = || balance::prove(desk, party.account, *asset).ok();
        holdings.entry(*asset).or_insert_with(prove);
    }
    let height = holdings.values().flatten().map(|proof| proof.height).max();
    let proven = holdings.iter().all(|(asset, proof)| {
        proof.as_ref().is_some_and(|p| walked.gave(*asset, &p.holding, p.height))
    });
    // What was booked since belongs to a later statement.
    let is_proven_later = |asset: &AssetCode, block| {
        let proof = holdings.get(asset).and_then(Option::as_ref);
        proof.is_some_and(|proof| block > proof.height)
    };
    let lines = walked.lines.into_iter().filter_map(|(asset, view, balance)| {
        (!is_proven_later(&asset, view.block)).then_some((view, balance))
    });
    let lines = lines.collect();
    let entries = walked.steps.into_iter().map(|(asset, steps)| {
        let entries = steps.into_iter().map(|(entry, _)| entry);
        let entries = entries.filter(|entry| !is_proven_later(&asset, entry.height.0)).collect();
        (asset, entries)
    });
    let entries = entries.collect();
    Ok(Checked { lines, entries, holdings, height, proven })
}

/// Where entries lead.
struct Walked {
    /// Every entry with its asset and the balance after it.
    lines: Vec<(AssetCode, EntryView, String)>,
    /// Each asset's entries, and the holding after each.
    steps: BTreeMap<AssetCode, Vec<(Entry, Holding)>>,
}

impl Walked {
    /// True if the entries until the block `at` give this holding.
    fn gave(&self, asset: AssetCode, proven: &Holding, at: u64) -> bool {
        let steps = self.steps.get(&asset).map_or(&[][..], Vec::as_slice);
        let last = steps.iter().rev().find(|(entry, _)| entry.height.0 <= at);
        let found = last.map(|(_, holding)| *holding).unwrap_or_default();
        (found.posted, found.entries, found.chain) == (proven.posted, proven.entries, proven.chain)
    }
}

fn walk(domains: &Domains, entries: Vec<EntryView>, naming: &Naming) -> Result<Walked, Fault> {
    let mut walked = Walked { lines: Vec::new(), steps: BTreeMap::new() };
    for view in entries {
        let (asset, entry) = read(&view, naming)?;
        let steps = walked.steps.entry(asset).or_default();
        let before = steps.last().map(|(_, holding)| *holding).unwrap_or_default();
        // A sum that cannot be is no statement's: the comparison with the proof will fail.
        let holding = before.after(domains, &entry).unwrap_or_default();
        steps.push((entry, holding));
        let balance = naming.money(Money::new(holding.posted, asset));
        walked.lines.push((asset, view, balance));
    }
    Ok(walked)
}

/// An entry as the ledger booked it, with its asset.
///
/// # Errors
/// A usage fault for what a node should not say.
pub(super) fn read(view: &EntryView, naming: &Naming) -> Result<(AssetCode, Entry), Fault> {
    let money = parse_money(&view.amount, naming)?;
    let kind = match view.kind.as_str() {
        "issue" => EntryKind::Issue,
        "redeem" => EntryKind::Redeem,
        "payment" => EntryKind::Payment,
        "fee" => EntryKind::Fee,
        "exchange" => EntryKind::Exchange,
        "return" => EntryKind::Return,
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
    use ledger::money::{Amount, Decimals};

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
        let balances: Vec<&str> = walked.lines.iter().map(|(_, _, text)| text.as_str()).collect();
        assert_eq!(balances, ["10.00 CNY", "8.00 CNY", "7.00 CNY"]);
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
