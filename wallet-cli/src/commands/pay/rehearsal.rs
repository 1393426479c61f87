//! `feiqian pay --dry-run`: what a payment would come to now, and whose signatures it needs.
//!
//! Invariants: nothing is signed, saved or sent. Absent: a promise; another payment may come first,
//! and it is a node's word.

use api::account::AccountView;
use api::limits::RuleView;
use api::transaction::{ApprovalView, SimulatedBalance};
use ledger::crypto::PublicKey;
use serde::Serialize;

use super::draft::{self, Draft};
use super::order::Order;
use crate::code::Own;
use crate::commands::table;
use crate::desk::{self, Desk};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::reviewing;
use crate::signers;

#[derive(Serialize)]
struct RehearsalDocument {
    /// `would-settle`, or `would-wait` for approvals, a review or funds; what the ledger would
    /// reject ends in a fault.
    status: &'static str,
    /// The final block after which it was tried.
    height: u64,
    from: String,
    to: String,
    amount: String,
    fee: String,
    /// What the payee would receive.
    credited: String,
    /// The holdings as they would be afterwards.
    balances: Vec<SimulatedBalance>,
    /// The institutions' rules that it would meet: they are alerted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleView>,
    approval: ApprovalDocument,
    /// How many approvers must approve it then.
    approvals_needed: usize,
    /// The institutions, by number, that would then review it, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reviewers: Vec<u32>,
    /// True if it would wait for funds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    waits_for_funds: bool,
}

/// What the owners of the paying account must approve.
#[derive(Serialize)]
struct ApprovalDocument {
    /// How many of the keys must sign.
    threshold: usize,
    /// The keys that this wallet has and would sign with.
    here: Vec<String>,
    /// How many more must sign.
    missing: usize,
    /// The account's other keys: any `missing` of them must sign.
    others: Vec<String>,
}

/// Tries the payment out.
///
/// # Errors
/// What is wrong with the order; the rejection that it would get; exit 4 if more owners must sign
/// than have their keys here.
pub(super) fn run(desk: &Desk<'_>, order: Order, keys: &[String]) -> Result<(), Fault> {
    let naming = desk.network.naming(desk.chain.network)?;
    let uetr = order.id.map_or_else(draft::fresh_uetr, Ok)?;
    let draft = Draft::new(desk, order, uetr, &naming)?;
    let account = desk.network.account(draft.from.account, desk.chain.network)?;
    let here = signers::here(desk.session, &desk.profile, &account, keys)?;
    let here: Vec<PublicKey> = here.iter().map(|key| key.public).collect();
    let answer = desk.rehearse(draft.question(desk, &named(&account, &here)))?;
    let receipt = desk::would_settle(&answer)?;
    let agreement = draft.agreement(receipt, &naming)?;
    let approval = approval(&account, &answer.approvals, &here);
    let waits = agreement.approvals;
    let is_queued = receipt.status == "queued";
    let is_waiting = waits > 0 || agreement.reviews.is_some() || is_queued;
    let document = RehearsalDocument {
        status: if is_waiting { "would-wait" } else { "would-settle" },
        height: answer.height,
        from: draft.from.address.clone(),
        to: draft.to.address.clone(),
        amount: naming.money(draft.amount),
        fee: naming.money(agreement.fee),
        credited: receipt.credited.clone().or(receipt.amount.clone()).unwrap_or_default(),
        balances: answer.balances.clone(),
        rules: agreement.rules,
        approval,
        approvals_needed: waits,
        reviewers: receipt.reviewers.clone(),
        waits_for_funds: is_queued,
    };
    let told = text(&document, &draft.to.label, agreement.reviews.as_ref());
    desk.session.output.result(&told, &document);
    if document.approval.missing > 0 {
        return Err(unapproved(&document.approval));
    }
    if waits > 0 {
        return Err(to_be_approved(waits));
    }
    if is_queued {
        return Err(to_be_funded());
    }
    agreement.reviews.map_or(Ok(()), |banks| Err(to_be_reviewed(&banks)))
}

/// The signers to try it with: the keys that are here, and others of the account that must sign.
fn named(account: &AccountView, here: &[PublicKey]) -> Vec<PublicKey> {
    let threshold = usize::from(account.policy.threshold);
    let owners = account.policy.keys.iter().filter_map(|key| PublicKey::from_hex(key));
    let others = owners.filter(|key| !here.contains(key));
    here.iter().copied().chain(others).take(threshold.max(here.len())).collect()
}

fn approval(
    account: &AccountView,
    stated: &[ApprovalView],
    here: &[PublicKey],
) -> ApprovalDocument {
    let of_owners = |one: &&ApprovalView| one.asked != ApprovalView::APPROVERS;
    let (threshold, keys) = match stated.iter().find(of_owners) {
        Some(approval) => {
            let keys = [approval.signers.as_slice(), approval.others.as_slice()].concat();
            (approval.threshold, keys)
        }
        None => (account.policy.threshold, account.policy.keys.clone()),
    };
    let here: Vec<String> = here.iter().map(PublicKey::to_hex).collect();
    let (here, others): (Vec<String>, Vec<String>) =
        keys.into_iter().partition(|key| here.contains(key));
    let threshold = usize::from(threshold);
    ApprovalDocument { threshold, missing: threshold.saturating_sub(here.len()), here, others }
}

fn text(document: &RehearsalDocument, payee: &str, banks: Option<&Text>) -> Text {
    let RehearsalDocument { amount, fee, credited, height, approval, .. } = document;
    let head = if credited == amount {
        say!(
            "Would pay {amount} to {payee} (fee {fee})",
            "将向 {payee} 支付 {amount}（手续费 {fee}）"
        )
    } else {
        say!(
            "Would pay {amount} to {payee}, who would receive {credited} (fee {fee})",
            "将向 {payee} 支付 {amount}，对方将收到 {credited}（手续费 {fee}）"
        )
    };
    let head = say!(
        "{head}, after block {height}. Nothing was signed or sent.",
        "{head}，在区块 {height} 之后。未签名，也未发送。";
        head = head
    );
    let own = document.balances.iter().filter(|balance| balance.account == document.from);
    let mut lines: Vec<(Text, Text)> = own
        .map(|balance| {
            (say!("balance after", "付后余额"), Text::data(balance.holding.available.as_str()))
        })
        .collect();
    let (threshold, all) = (approval.threshold, approval.here.len() + approval.others.len());
    let needs = say!("{threshold} of {all} keys sign", "{all} 个密钥中须 {threshold} 个签名");
    lines.push((say!("approval", "授权"), needs));
    lines
        .extend(approval.here.iter().map(|key| (say!("here", "本钱包"), Text::data(key.as_str()))));
    if approval.missing > 0 {
        let missing = say!(
            "{missing} more of these must sign",
            "还须以下密钥中的 {missing} 个签名",
            missing = approval.missing
        );
        lines.push((say!("missing", "尚缺"), missing));
        let others = approval.others.iter();
        lines.extend(others.map(|key| (Text::default(), Text::data(key.as_str()))));
    }
    if document.approvals_needed > 0 {
        let count = document.approvals_needed;
        let waits = say!("waits for {count} approvals", "等待 {count} 项批准");
        lines.push((say!("next", "下一步"), waits));
    }
    if document.waits_for_funds {
        lines.push((say!("next", "下一步"), say!("waits for funds", "等待资金")));
    }
    let lines = table::list(&lines, 13);
    let lines = lines
        .map(|lines| lines.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"));
    let mut parts = vec![head, lines];
    parts.extend(draft::alert_lines(&document.rules));
    parts.extend(banks.map(draft::review_line));
    Text::join(&parts, "\n")
}

fn to_be_approved(count: usize) -> Fault {
    let detail = say!("It would wait for {count} approvals.", "该笔支付将等待 {count} 项批准。");
    let hint = say!(
        "Pay it, and have its approvers give theirs with: feiqian approve ID",
        "请先下达，再请批准人执行：feiqian approve 编号"
    );
    Fault::new(Exit::NotPermitted, Own::AwaitingApproval, detail, hint)
}

fn to_be_funded() -> Fault {
    let detail = say!("It would wait for funds.", "该笔支付将等待资金。");
    let hint = say!("Pay it: it settles by itself once it can.", "请下达：资金到位后自动结算。");
    Fault::new(Exit::NotPermitted, Own::AwaitingFunds, detail, hint)
}

fn to_be_reviewed(banks: &Text) -> Fault {
    let waits = reviewing::waits(banks);
    let detail = say!("Ordered, it {waits}.", "下达后，该笔支付{waits}。"; waits = waits);
    let hint = say!(
        "Pay it, and the bank answers with: feiqian approve ID",
        "请先下达，再由该银行执行：feiqian approve 编号"
    );
    Fault::new(Exit::NotPermitted, Own::AwaitingReview, detail, hint)
}

fn unapproved(approval: &ApprovalDocument) -> Fault {
    let detail = say!(
        "{missing} more of the account's keys must sign: any of {keys}.",
        "还须账户的 {missing} 个密钥签名，可为 {keys} 中任意几个。",
        missing = approval.missing,
        keys = approval.others.join(", ")
    );
    let hint = say!(
        "Make a file for their owners with: feiqian tx build. Nothing was sent.",
        "请为其持有人生成文件：feiqian tx build。未发送任何内容。"
    );
    Fault::new(Exit::NotPermitted, Own::ApprovalsMissing, detail, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::crypto::{SecretKey, Suite};

    fn key(seed: u8) -> PublicKey {
        SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32]).public()
    }

    #[test]
    fn what_is_missing_is_the_threshold_without_the_keys_that_are_here() {
        let keys: Vec<String> = (1..=3).map(|seed| key(seed).to_hex()).collect();
        let stated = ApprovalView {
            operation: 0,
            account: "fqd1".to_owned(),
            asked: "owners".to_owned(),
            threshold: 2,
            signers: keys[..2].to_vec(),
            missing: 0,
            others: keys[2..].to_vec(),
        };
        let account = AccountView {
            account: "fqd1".to_owned(),
            institution: "PSBCCNBJ".to_owned(),
            status: "active".to_owned(),
            tier: 0,
            policy: api::account::PolicyView {
                threshold: 2,
                keys: keys.clone(),
                mandate: false,
                limits: None,
                step_up: None,
            },
            holdings: Vec::new(),
            height: 1,
        };
        for (here, missing) in
            [(vec![], 2), (vec![key(3)], 1), (vec![key(9)], 2), (vec![key(1), key(3)], 0)]
        {
            for stated in [&[stated.clone()][..], &[]] {
                let found = approval(&account, stated, &here);
                assert_eq!(found.missing, missing, "{here:?}");
                assert_eq!(found.here.len() + found.others.len(), 3, "{here:?}");
            }
            assert!(named(&account, &here).len() >= 2, "{here:?}");
        }
    }
}
