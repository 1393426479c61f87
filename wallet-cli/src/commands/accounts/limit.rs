//! `feiqian accounts limit ACCOUNT`: the limits that an account's owners set themselves.
//!
//! Invariants: the policy that is replaced is a proven one, so that no node can slip in keys; what
//! else it says stays as it is. Absent: what an institution limits (`bank set-limits`).

use api::proof::MEDIA_TYPE;
use api::text::Naming;
use ledger::account::Policy;
use ledger::ids::AccountId;
use ledger::limits::{DailyLimit, OwnLimits};
use ledger::operation::Operation;

use crate::assurance;
use crate::cli::LimitAccount;
use crate::code::Own;
use crate::commands::tx;
use crate::desk::Desk;
use crate::fault::{Fault, quoted};
use crate::keyring;
use crate::language::say;
use crate::names::{Party, Written};
use crate::network::parse_money;
use crate::node::NodeError;
use crate::orders;
use crate::session::Session;
use crate::signers;

pub(super) fn run(session: &Session, command: &LimitAccount) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let party = resolve(&desk, &command.account)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let limits = limits(&desk, command, &naming)?;
    let text = order_text(&party, limits.as_ref(), &naming);
    let told =
        say!("The limits of {account} are set", "已设置 {account} 的限额", account = party.label);
    // What an earlier command has sent may have changed the policy already.
    if let Some(held) = desk.unfinished(&text)? {
        return orders::report(&desk, desk.deliver(held)?, &told);
    }
    let policy = Policy { limits, ..proven_policy(&desk, party.account)? };
    let operation = Operation::SetPolicy { account: party.account, policy };
    if let Some(out) = &command.out {
        let signers = command.signer.iter().map(|name| keyring::public(&session.folders, name));
        let mut signers = signers.collect::<Result<Vec<_>, _>>()?;
        signers.sort_unstable();
        signers.dedup();
        let transaction = tx::lasting(&desk, operation, signers);
        desk.simulate(transaction.clone())?;
        return tx::write(&desk, transaction, out);
    }
    let account = desk.network.account(party.account, desk.chain.network)?;
    let mut keys = signers::of_account(session, &desk.profile, &account, &command.key)?;
    let operators = signers::of_institution(
        session,
        &desk.profile,
        &account.institution,
        &command.operators.keys,
    )?;
    for key in operators {
        if keys.iter().all(|known| known.public != key.public) {
            keys.push(key);
        }
    }
    let done = orders::order(&desk, text, &keys, operation)?;
    orders::report(&desk, done, &told)
}

fn resolve(desk: &Desk<'_>, text: &str) -> Result<Party, Fault> {
    Written::parse(text, &desk.profile, desk.chain.network)?.resolve(&desk.chain, &desk.network)
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

/// The account's present policy, from the first node that proves it.
fn proven_policy(desk: &Desk<'_>, account: AccountId) -> Result<Policy, Fault> {
    let path = format!("/v1/accounts/{}/proof", account.address(desk.chain.network));
    desk.network.ask(|node, limit| {
        let file = node.get(&path, &[], MEDIA_TYPE, limit)?;
        let record = assurance::account(&desk.chain, &file, account);
        Ok(record.map_err(|reason| NodeError::Broken { reason })?.policy)
    })
}
