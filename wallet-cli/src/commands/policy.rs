//! Changes of an account's policy: what `accounts limit` and `bank set-policy` have in common.
//!
//! Invariants: the policy that is replaced is a proven one, so that no node can slip in keys; what
//! the change does not name stays as it is. Absent: what is changed (the commands); the owners' own
//! keys (`keys rotate`).

use api::proof::MEDIA_TYPE;
use api::text::Naming;
use ledger::account::Policy;
use ledger::crypto::PublicKey;
use ledger::ids::AccountId;
use ledger::operation::Operation;
use ledger::step_up::{StepUp, StepUpRule};

use crate::assurance;
use crate::cli::PolicySigners;
use crate::code::Own;
use crate::commands::tx;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::keyring;
use crate::language::{Text, say};
use crate::names::{Party, Written};
use crate::network::parse_money;
use crate::node::NodeError;
use crate::orders;
use crate::signers;

/// A change that is ordered.
pub(super) struct Change<'a> {
    /// The account.
    pub(super) party: &'a Party,
    /// The order in one text.
    pub(super) text: String,
    /// What is told once it is done.
    pub(super) told: Text,
    /// Who signs.
    pub(super) signers: &'a PolicySigners,
}

/// Resolves the account that a command names.
pub(super) fn resolve(desk: &Desk<'_>, text: &str) -> Result<Party, Fault> {
    Written::parse(text, &desk.profile, desk.chain.network)?.resolve(&desk.chain, &desk.network)
}

/// Orders the policy that `new` makes of the present one, or writes it for others to sign.
pub(super) fn change(
    desk: &Desk<'_>,
    change: Change<'_>,
    new: impl FnOnce(Policy) -> Result<Policy, Fault>,
) -> Result<(), Fault> {
    let Change { party, text, told, signers: by } = change;
    // What an earlier command has sent may have changed the policy already.
    if let Some(held) = desk.unfinished(&text)? {
        return orders::report(desk, desk.deliver(held)?, &told);
    }
    let policy = new(proven(desk, party.account)?)?;
    let operation = Operation::SetPolicy { account: party.account, policy };
    if let Some(out) = &by.out {
        let signers = by.signer.iter().map(|name| keyring::public(&desk.session.folders, name));
        let mut signers = signers.collect::<Result<Vec<_>, _>>()?;
        signers.sort_unstable();
        signers.dedup();
        let transaction = tx::lasting(desk, operation, signers);
        desk.simulate(transaction.clone())?;
        return tx::write(desk, transaction, out);
    }
    let account = desk.network.account(party.account, desk.chain.network)?;
    let mut keys = signers::of_account(desk.session, &desk.profile, &account, &by.key)?;
    let operators = signers::of_institution(
        desk.session,
        &desk.profile,
        &account.institution,
        &by.operators.keys,
    )?;
    for key in operators {
        if keys.iter().all(|known| known.public != key.public) {
            keys.push(key);
        }
    }
    let done = orders::order(desk, text, &keys, operation)?;
    orders::report(desk, done, &told)
}

/// The account's present policy, from the first node that proves it.
fn proven(desk: &Desk<'_>, account: AccountId) -> Result<Policy, Fault> {
    let path = format!("/v1/accounts/{}/proof", account.address(desk.chain.network));
    desk.network.ask(|node, limit| {
        let file = node.get(&path, &[], MEDIA_TYPE, limit)?;
        let record = assurance::account(&desk.chain, &file, account);
        Ok(record.map_err(|reason| NodeError::Broken { reason })?.policy)
    })
}

/// Which payments need approvals, and whose; `None` if that was not asked for.
pub(super) fn step_up(
    desk: &Desk<'_>,
    approvers: &[String],
    rules: &[String],
) -> Result<Option<StepUp>, Fault> {
    if rules.is_empty() {
        return Ok(None);
    }
    let naming = desk.network.naming(desk.chain.network)?;
    let rules = rules.iter().map(|text| rule(text, &naming));
    let mut rules = rules.collect::<Result<Vec<StepUpRule>, Fault>>()?;
    rules.sort_by_key(|rule| rule.asset);
    let approvers = approvers.iter().map(|text| keyring::public(&desk.session.folders, text));
    let mut approvers = approvers.collect::<Result<Vec<PublicKey>, Fault>>()?;
    approvers.sort_unstable();
    Ok(Some(StepUp { approvers, rules }))
}

/// Reads `10000.00 CNY=2`.
fn rule(text: &str, naming: &Naming) -> Result<StepUpRule, Fault> {
    let parts = text.rsplit_once('=');
    let parts = parts.and_then(|(above, count)| Some((above, count.trim().parse().ok()?)));
    let Some((above, approvals)) = parts else {
        let detail = say!("\"{text}\" is no rule for approvals.", "\"{text}\" 不是批准规则。");
        let hint = say!(
            "Write the amount and the number of approvals: \"10000.00 CNY=2\".",
            "请写金额和批准人数：\"10000.00 CNY=2\"。"
        );
        return Err(Fault::usage(Own::BadPolicy, detail, hint));
    };
    let above = parse_money(above.trim(), naming)?;
    Ok(StepUpRule { asset: above.asset, above: above.amount, approvals })
}

/// The approvers and rules in one text, as an order keeps them.
pub(super) fn step_up_text(approvers: &StepUp, rules: &[String]) -> String {
    let keys = approvers.approvers.iter().map(PublicKey::to_hex).collect::<Vec<_>>();
    format!("step-up {} by {}", rules.join(", "), keys.join(","))
}
