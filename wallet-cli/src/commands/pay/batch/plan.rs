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
use ledger::rejection::Rejection;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::super::consent;
use super::super::draft::{Agreement, Draft};
use super::super::order::{Order, no_payer};
use super::{Item, Row};
use crate::cli::{Charge, Pay};
use crate::code::Code;
use crate::desk::{Desk, Done};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::keyring::StoredKey;
use crate::language::{Text, padded, say};
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
    line: u64,
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
        self.rows.insert(item.id, Planned { line: item.row.line, draft, agreement });
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
                let detail = say!(
                    "The rows need {needed} of {account}, which has {available} available.",
                    "各行共需账户 {account} 付出 {needed}，而其可用余额为 {available}。",
                    needed = text(needed),
                    account = payer.view.account,
                    available = text(available)
                );
                let hint = say!(
                    "Nothing was sent. Top up the account, or take rows out.",
                    "未发送任何内容。请充值，或减少行数。"
                );
                let code = Code::Ledger(Rejection::InsufficientFunds);
                return Err(Fault::new(Exit::Rejected, code, detail, hint));
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
            needs.insert(
                key,
                sum.ok_or_else(|| {
                    Fault::internal(say!("A sum is beyond all money.", "合计超出一切金额。"))
                })?,
            );
        }
        Ok(needs)
    }

    /// What is asked about: how many rows, what leaves which account, and every payee in the
    /// file's order, with a word where this wallet has never paid that account before.
    pub(super) fn summary(&self, desk: &Desk<'_>) -> Text {
        let (count, resumed) = (self.rows.len(), self.resumed);
        let mut lines = vec![(say!("rows", "行数"), say!("{count} new", "{count} 行待付"))];
        if resumed > 0 {
            let signed =
                say!("{resumed} signed by an earlier run", "{resumed} 行已由此前的运行签名");
            lines.push((Text::default(), signed));
        }
        for ((account, asset), needed) in self.needs().unwrap_or_default() {
            let total = self.naming.money(Money::new(needed, asset));
            let total = say!("{total}, charges included", "{total}，含手续费");
            lines.push((say!("total", "合计"), total));
            lines.push((say!("from", "付款"), Text::data(self.naming.address(account))));
        }
        let mut known = desk.session.outbox().payees();
        lines.extend(self.in_order().into_iter().map(|row| {
            // The second row to a new payee is no first payment.
            let is_first = known.insert(row.draft.to.account);
            (say!("to", "收款"), self.payee(row, is_first))
        }));
        Text::each(|language| {
            let lines = lines.iter().map(|(what, value)| {
                format!("  {} {}", padded(what.of(language), 7), value.of(language))
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }

    /// The rows as they stand in the file.
    fn in_order(&self) -> Vec<&Planned> {
        let mut rows: Vec<&Planned> = self.rows.values().collect();
        rows.sort_by_key(|row| row.line);
        rows
    }

    fn payee(&self, row: &Planned, is_first: bool) -> Text {
        let Party { address, label, .. } = &row.draft.to;
        let name = if label == address { String::new() } else { format!("  {label}") };
        let first = if is_first {
            say!("  (first payment to this account)", "（首次向该账户付款）")
        } else {
            Text::default()
        };
        say!(
            "{address}  {amount}  fee {fee}{name}{first}",
            "{address}  {amount}  手续费 {fee}{name}{first}",
            amount = self.naming.money(row.draft.amount),
            fee = self.naming.money(row.agreement.fee);
            first = first
        )
    }

    /// Has every large amount typed again; a large total, where no single amount is.
    ///
    /// # Errors
    /// Exit 5 if what is typed is something else.
    pub(super) fn retype(&self, desk: &Desk<'_>) -> Result<(), Fault> {
        let mut typed = false;
        for row in self.in_order() {
            let amount = row.draft.amount;
            if consent::is_large(desk, amount, &self.naming)? {
                let question = say!(
                    "Line {line}, to {payee}: type the amount again:",
                    "第 {line} 行，付给 {payee}：金额较大，请再次输入金额：",
                    line = row.line,
                    payee = row.draft.to.label
                );
                consent::type_again(desk, &question, amount, &self.naming)?;
                typed = true;
            }
        }
        for ((_, asset), needed) in self.needs()? {
            let total = Money::new(needed, asset);
            if !typed && consent::is_large(desk, total, &self.naming)? {
                let question = say!("Type the total again:", "合计较大，请再次输入合计：");
                consent::type_again(desk, &question, total, &self.naming)?;
            }
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
        let missing = || Fault::internal(say!("A row has no plan.", "有一行未列入计划。"));
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
    let from = from.ok_or_else(no_payer)?;
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
        hold: None,
        queue: None,
    })
}

/// The first fault, with the lines of all that were found.
fn refused(faults: &[(u64, Fault)], first: &Fault) -> Fault {
    let told: Vec<Text> = faults
        .iter()
        .map(|(line, fault)| {
            say!(
                "line {line} ({code}): {why}",
                "第 {line} 行（{code}）：{why}",
                code = fault.code.text();
                why = fault.detail
            )
        })
        .collect();
    let hint = say!(
        "Nothing was sent, of no row. Mend these rows, or take them out.",
        "所有行均未发送。请修正这些行，或将其去掉。"
    );
    Fault { detail: Text::join(&told, " "), hint, ..first.clone() }
}
