//! `feiqian accounts limit ACCOUNT`: the limits that an account's owners set themselves.
//!
//! Invariants: the policy that is replaced is a proven one, so that no node can slip in keys; what
//! else it says stays as it is. Absent: what an institution limits (`bank set-limits`).

use api::text::Naming;
use ledger::account::Policy;
use ledger::ids::AccountId;
use ledger::limits::{DailyLimit, OwnLimits};

use crate::cli::LimitAccount;
use crate::code::Own;
use crate::commands::policy::{Change, change, resolve};
use crate::desk::Desk;
use crate::fault::{Fault, quoted};
use crate::language::say;
use crate::names::Party;
use crate::network::parse_money;
use crate::session::Session;

pub(super) fn run(session: &Session, command: &LimitAccount) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let party = resolve(&desk, &command.account)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let limits = limits(&desk, command, &naming)?;
    let text = order_text(&party, limits.as_ref(), &naming);
    let told =
        say!("The limits of {account} are set", "已设置 {account} 的限额", account = party.label);
    let signers = &command.signers;
    let order = Change { party: &party, text, told, signers };
    change(&desk, order, |policy| Ok(Policy { limits, ..policy }))
}

/// The limits that are ordered; none if there are to be none.
fn limits(
    desk: &Desk<'_>,
    command: &LimitAccount,
    naming: &Naming,
) -> Result<Option<OwnLimits>, Fault> {
    if command.none {
        return Ok(None);
    }
    let daily = command.daily.iter().map(|text| parse_money(text, naming));
    let daily = daily.collect::<Result<Vec<_>, _>>()?;
    let mut daily: Vec<DailyLimit> =
        daily.iter().map(|most| DailyLimit { asset: most.asset, most: most.amount }).collect();
    daily.sort_by_key(|limit| limit.asset);
    let payees = command.payee.iter().map(|text| Ok(resolve(desk, text)?.account));
    let mut payees = payees.collect::<Result<Vec<AccountId>, Fault>>()?;
    payees.sort_unstable();
    payees.dedup();
    let limits = OwnLimits { daily, payees: (!payees.is_empty()).then_some(payees) };
    match limits.defect() {
        Some(defect) => {
            let hint =
                say!("Write each asset once, in --daily.", "每种资产在 --daily 中只写一次。");
            Err(Fault::usage(Own::BadPolicy, quoted(&defect), hint))
        }
        None => Ok(Some(limits)),
    }
}

/// The order in one text.
fn order_text(party: &Party, limits: Option<&OwnLimits>, naming: &Naming) -> String {
    let Some(limits) = limits else { return format!("limit {}: none", party.address) };
    let daily = limits.daily.iter().map(|limit| naming.amount(limit.most, limit.asset));
    let payees = limits.payees.iter().flatten().map(|payee| naming.address(*payee));
    let parts: Vec<String> = daily.chain(payees).collect();
    format!("limit {}: {}", party.address, parts.join(", "))
}
