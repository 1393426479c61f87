//! What a run of a file would pay: every open row simulated, every payer's keys found.
//!
//! Invariants: a plan exists only if each of its rows would settle by itself, and if its payers
//! have enough for all of their rows together; a row that an earlier run has signed is not planned
//! again. Absent: signing before the plan was agreed to.

use api::account::AccountView;
use api::text::Naming;
use ledger::crypto::SecretKey;
use ledger::ids::{AccountId, AssetCode, Uetr};
use ledger::money::{Amount, Money};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::super::consent;
use super::super::draft::{Agreement, Draft};
use super::super::order::Order;
use super::{Item, Row};
use crate::cli::{Charge, Pay};
use crate::desk::{Desk, Done};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::keyring::StoredKey;
use crate::names::{Party, Written};
use crate::network::parse_money;
use crate::session::Session;
use crate::signers;

/// The most rows whose mistakes are told at once.
const TOLD: usize = 10;

/// A payer of the file.
struct Payer {
    view: AccountView,
    keys: Vec<StoredKey>,
    secrets: Vec<SecretKey>,
}

/// A row that is not signed yet.
struct Planned {
    draft: Draft,
    agreement: Agreement,
}

/// What a run would pay.
pub(super) struct Plan {
    naming: Naming,
    payers: BTreeMap<AccountId, Payer>,
    rows: BTreeMap<Uetr, Planned>,
    resumed: usize,
}

impl Plan {
    /// Checks every open row.
    ///
    /// # Errors
    /// The mistakes of the first rows that have one; nothing was sent.
    pub(super) fn make(
        desk: &Desk<'_>,
        command: &Pay,
        usual: Option<&str>,
        open: &[&Item],
    ) -> Result<Self, Fault> {
        let naming = desk.network.naming(desk.chain.network)?;
        let mut plan = Self { naming, payers: BTreeMap::new(), rows: BTreeMap::new(), resumed: 0 };
        let mut faults: Vec<(u64, Fault)> = Vec::new();
        for item in open {
            let known = desk.session.outbox().find(&item.id.to_string())?;
            if known.is_some_and(|found| !found.is_certainly_unexecuted()) {
                plan.resumed += 1;
                continue;
            }
            match plan.add(desk, command, usual, item) {
                Ok(()) => {}
                Err(fault) if fault.exit == Exit::NotSent => return Err(fault),
                Err(fault) => faults.push((item.row.line, fault)),
            }
            if faults.len() >= TOLD {
                break;
            }
        }
        match faults.first().cloned() {
            Some((_, first)) => Err(refused(&faults, &first)),
            None => plan.enough(),
        }
    }

    fn add(
        &mut self,
        desk: &Desk<'_>,
        command: &Pay,
        usual: Option<&str>,
        item: &Item,
    ) -> Result<(), Fault> {
        let order = order(desk, command, usual, &item.row, item.id)?;
        let draft = Draft::new(desk, order, item.id, &self.naming)?;
        let payer = self.payer(desk, command, &draft.from)?;
        let signers: Vec<_> = payer.keys.iter().map(|key| key.public).collect();
        let agreement = draft.agree(desk, &signers, &self.naming)?;
        self.rows.insert(item.id, Planned { draft, agreement });
        Ok(())
    }

    fn payer(&mut self, desk: &Desk<'_>, command: &Pay, from: &Party) -> Result<&Payer, Fault> {
        match self.payers.entry(from.account) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let view = desk.network.account(from.account, desk.chain.network)?;
                let keys = signers::of_account(desk.session, &desk.profile, &view, &command.key)?;
                Ok(place.insert(Payer { view, keys, secrets: Vec::new() }))
            }
        }
    }

    /// The plan, if each payer has enough for all of its rows.
    fn enough(self) -> Result<Self, Fault> {
        for ((account, asset), needed) in self.needs()? {
            let Some(payer) = self.payers.get(&account) else { continue };
            let code = asset.to_string();
            let holding = payer.view.holdings.iter().find(|holding| holding.asset == code);
            let available = match holding {
                Some(holding) => parse_money(&holding.available, &self.naming)?.amount,
                None => Amount::ZERO,
            };
            if needed > available {
                let text = |amount| self.naming.money(Money::new(amount, asset));
                let detail = format!(
                    "The rows need {} of {}, which has {} available.",
                    text(needed),
                    payer.view.account,
                    text(available)
                );
                let hint = "Nothing was sent. Top up the account, or take rows out.";
                return Err(Fault::new(Exit::Rejected, "insufficient-funds", detail, hint));
            }
        }
        Ok(self)
    }

    fn needs(&self) -> Result<BTreeMap<(AccountId, AssetCode), Amount>, Fault> {
        let mut needs: BTreeMap<(AccountId, AssetCode), Amount> = BTreeMap::new();
        for row in self.rows.values() {
            let leaves = row.draft.leaves(&row.agreement);
            let key = (row.draft.from.account, row.draft.amount.asset);
            let before = needs.get(&key).copied().unwrap_or(Amount::ZERO);
            let sum = leaves.and_then(|leaves| before.plus(leaves.amount));
            needs.insert(key, sum.ok_or_else(|| Fault::internal("a sum beyond all money"))?);
        }
        Ok(needs)
    }

    /// What is asked about: how many rows, what leaves which account, and every payee.
    pub(super) fn summary(&self) -> String {
        let mut lines = vec![format!("  rows    {} new", self.rows.len())];
        if self.resumed > 0 {
            lines.push(format!("          {} signed by an earlier run", self.resumed));
        }
        for ((account, asset), needed) in self.needs().unwrap_or_default() {
            let total = self.naming.money(Money::new(needed, asset));
            lines.push(format!("  total   {total}, charges included"));
            lines.push(format!("  from    {}", self.naming.address(account)));
        }
        for row in self.rows.values() {
            let amount = self.naming.money(row.draft.amount);
            let fee = self.naming.money(row.agreement.fee);
            let Party { address, label, .. } = &row.draft.to;
            let name = if label == address { "" } else { label.as_str() };
            lines.push(format!("  to      {address}  {amount}  fee {fee}  {name}"));
        }
        lines.join("\n")
    }

    /// Has large totals typed again.
    ///
    /// # Errors
    /// Exit 5 if what is typed is something else.
    pub(super) fn retype(&self, desk: &Desk<'_>) -> Result<(), Fault> {
        for ((_, asset), needed) in self.needs()? {
            consent::retype(desk, Money::new(needed, asset), &self.naming)?;
        }
        Ok(())
    }

    /// Decrypts every payer's keys, once.
    ///
    /// # Errors
    /// A usage fault for a wrong passphrase. Nothing was signed.
    pub(super) fn open_keys(&mut self, session: &Session) -> Result<(), Fault> {
        for payer in self.payers.values_mut() {
            payer.secrets = signers::open(session, &payer.keys)?;
        }
        Ok(())
    }

    /// Signs, saves and sends the row with this id.
    ///
    /// # Errors
    /// See [`Desk::deliver`].
    pub(super) fn pay(&self, desk: &Desk<'_>, id: Uetr) -> Result<Done, Fault> {
        let missing = || Fault::internal("a row without a plan");
        let row = self.rows.get(&id).ok_or_else(missing)?;
        let payer = self.payers.get(&row.draft.from.account).ok_or_else(missing)?;
        row.draft.clone().send(desk, &row.agreement, &payer.secrets)
    }
}

fn order(
    desk: &Desk<'_>,
    command: &Pay,
    usual: Option<&str>,
    row: &Row,
    id: Uetr,
) -> Result<Order, Fault> {
    let parse = |text: &str| Written::parse(text, &desk.profile, desk.chain.network);
    let from = row.from.as_deref().or(usual);
    let from = from.ok_or_else(|| Fault::missing("--from ACCOUNT", "It is not said who pays."))?;
    let charge: Charge = row.charge.unwrap_or(command.charge);
    Ok(Order {
        from: parse(from)?,
        to: parse(&row.payee)?,
        amount: row.amount.clone(),
        to_asset: None,
        charge,
        max_fee: row.max_fee.clone().or_else(|| command.max_fee.clone()),
        note: row.note.clone(),
        id: Some(id),
    })
}

/// The first fault, with the lines of all that were found.
fn refused(faults: &[(u64, Fault)], first: &Fault) -> Fault {
    let told: Vec<String> = faults
        .iter()
        .map(|(line, fault)| format!("line {line} ({}): {}", fault.code, fault.detail))
        .collect();
    let detail = told.join(" ");
    let hint = "Nothing was sent, of no row. Mend these rows, or take them out.".to_owned();
    Fault { detail, hint, ..first.clone() }
}
