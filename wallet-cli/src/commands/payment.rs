//! `feiqian payment show`: what is known of a payment, here and on the ledger.
//!
//! Invariants: what is called proven was verified now. Absent: changing anything.

mod returns;

use api::problem::ProblemCode;
use api::recall::RecallView;
use api::receipt::ReceiptView;
use ledger::proof::Proven;
use serde::Serialize;

use super::{proof, table};
use crate::code::{Code, Own};
use crate::desk::Desk;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::outbox::Entry;
use crate::protocol;
use crate::reviewing;
use crate::session::Session;
use returns::Returns;

#[derive(Serialize)]
struct PaymentDocument {
    id: String,
    /// `settled`, `partly-returned`, `returned`, `rejected`, `held`, `released`,
    /// `awaiting-approval`, `awaiting-review`, `queued`, `refused`, `absent` (proven not to have
    /// happened), `expired`, `not-sent`, or `unknown`.
    status: String,
    iso_status: String,
    proven: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptView>,
    /// What went back of it, each proven.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    returns: Vec<ReceiptView>,
    /// What is asked back of it, by a node's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    recall: Option<RecallView>,
    /// What this wallet ordered, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

pub(in crate::commands) fn show(session: &Session, id: &str) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let entry = local(&desk, id)?;
    let id = entry.as_ref().map_or_else(|| id.to_owned(), |entry| entry.id.clone());
    let document = match proof::find(&desk, &id) {
        Ok((_, verdict)) => proven(&desk, &verdict, entry.as_ref()),
        Err(fault) => match &entry {
            Some(entry) => unproven(entry),
            None if fault.code == Code::Node(ProblemCode::NotFound) => return Err(not_final(&id)),
            None => return Err(fault),
        },
    };
    session.output.result(&text(&document), &document);
    Ok(())
}

/// The outbox's or the archive's entry whose id begins so.
pub(super) fn local(desk: &Desk<'_>, id: &str) -> Result<Option<Entry>, Fault> {
    let outbox = desk.session.outbox();
    let mut open = outbox.list()?;
    open.retain(|entry| entry.id.starts_with(id));
    match (open.pop(), open.is_empty()) {
        (Some(entry), true) => Ok(Some(entry)),
        (Some(_) | None, _) => outbox.archived(id),
    }
}

fn proven(
    desk: &Desk<'_>,
    verdict: &ledger::proof::Verdict,
    entry: Option<&Entry>,
) -> PaymentDocument {
    let (id, receipt) = match &verdict.proven {
        Proven::Payment(receipt) => {
            let naming = desk.naming_of(receipt);
            let place = Some((verdict.header.height, verdict.header.time));
            (receipt.uetr, Some(ReceiptView::new(receipt, place, &naming)))
        }
        Proven::NoPayment { uetr, .. } => (Some(*uetr), None),
        Proven::Holding { .. } | Proven::Account { .. } => (None, None),
    };
    if let Some(receipt) = &receipt
        && is_over(receipt)
    {
        return lapsed(receipt.clone(), entry);
    }
    let word = |of: fn(&ReceiptView) -> &String, otherwise: &str| {
        receipt.as_ref().map_or_else(|| otherwise.to_owned(), |receipt| of(receipt).clone())
    };
    let is_settled = receipt.as_ref().is_some_and(|receipt| receipt.status == "settled");
    let returns = id.filter(|_| is_settled).map(|id| Returns::of(desk, id)).unwrap_or_default();
    let returned = returns.status().map(str::to_owned);
    PaymentDocument {
        id: id.map(|id| id.to_string()).unwrap_or_default(),
        status: returned.unwrap_or_else(|| word(|receipt| &receipt.status, "absent")),
        iso_status: word(|receipt| &receipt.iso_status, "RJCT"),
        proven: true,
        receipt,
        returns: returns.receipts,
        recall: returns.recall,
        order: entry.map(|entry| entry.order.clone()),
        created: entry.map(|entry| entry.created.clone()),
        note: entry.and_then(|entry| entry.note.clone()),
    }
}

/// True if it is of held funds whose deadline has passed, by this machine's clock.
fn is_over(receipt: &ReceiptView) -> bool {
    let deadline = receipt.deadline.as_deref().and_then(api::text::parse_time);
    deadline.is_some_and(|deadline| deadline < entropy::now())
}

/// A hold that no node knows to have been captured. That it was not is their word: what is proven
/// is the hold.
fn lapsed(receipt: ReceiptView, entry: Option<&Entry>) -> PaymentDocument {
    PaymentDocument {
        id: receipt.id.clone().unwrap_or_default(),
        status: "expired".to_owned(),
        iso_status: "RJCT".to_owned(),
        proven: false,
        receipt: Some(receipt),
        returns: Vec::new(),
        recall: None,
        order: entry.map(|entry| entry.order.clone()),
        created: entry.map(|entry| entry.created.clone()),
        note: entry.and_then(|entry| entry.note.clone()),
    }
}

fn unproven(entry: &Entry) -> PaymentDocument {
    let status = entry.outcome.as_ref().map_or("unknown", |outcome| outcome.status.as_str());
    PaymentDocument {
        id: entry.id.clone(),
        status: status.to_owned(),
        iso_status: if status == "unknown" { "PDNG" } else { "RJCT" }.to_owned(),
        proven: false,
        receipt: None,
        returns: Vec::new(),
        recall: None,
        order: Some(entry.order.clone()),
        created: Some(entry.created.clone()),
        note: entry.note.clone(),
    }
}

fn not_final(id: &str) -> Fault {
    let detail = say!(
        "No final block that the nodes keep has a payment {id}.",
        "节点保存的终局区块中没有支付 {id}。"
    );
    let hint =
        say!("It may be on its way; who sent it knows more.", "它可能仍在途中；付款方更清楚。");
    Fault::new(Exit::Rejected, Own::NotFound, detail, hint)
}

fn text(document: &PaymentDocument) -> Text {
    let status = say!(
        "{status} (ISO 20022 {iso})",
        "{status}（ISO 20022 {iso}）",
        iso = document.iso_status;
        status = protocol::word(&document.status)
    );
    let mut lines = vec![
        (say!("payment", "支付"), Text::data(document.id.as_str())),
        (say!("status", "状态"), status),
    ];
    if let Some(receipt) = &document.receipt {
        lines.extend(settled(receipt));
        lines.extend(Returns::lines(&document.returns));
        lines.extend(document.recall.as_ref().map(Returns::asked));
    }
    let data = |text: &Option<String>| text.as_deref().map(Text::data);
    let rows = [
        (say!("ordered", "指令"), data(&document.order)),
        (say!("signed at", "签名时间"), data(&document.created)),
        (say!("note", "附言"), data(&document.note)),
    ];
    lines.extend(rows.into_iter().filter_map(|(what, value)| Some((what, value?))));
    if ["awaiting-approval", "awaiting-review"].contains(&document.status.as_str()) {
        let next = format!("feiqian approve {}", document.id);
        lines.push((say!("next", "下一步"), Text::data(next)));
    }
    if document.status == "queued" {
        lines.push((say!("next", "下一步"), Text::data("feiqian queue list")));
    }
    if document.status == "unknown" {
        let next = format!("feiqian pay --resume {}", document.id);
        lines.push((say!("next", "下一步"), Text::data(next)));
    }
    table::list(&lines, 10)
}

/// What the receipt says.
fn settled(receipt: &ReceiptView) -> Vec<(Text, Text)> {
    let data = |text: &Option<String>| text.as_deref().map(Text::data);
    let block = receipt.block.zip(receipt.time.as_ref());
    let block =
        block.map(|(block, time)| say!("{block} of {time}, proven", "{block}，{time}，已证明"));
    let amount = if receipt.status == "held" {
        say!("up to", "最多请款")
    } else {
        say!("amount", "金额")
    };
    let rows = [
        (say!("reason", "原因"), reason(receipt)),
        (say!("return of", "所退支付"), data(&receipt.payment)),
        (say!("why", "退回原因"), receipt.payment.as_ref().and_then(|_| data(&receipt.iso_reason))),
        (say!("from", "付款账户"), data(&receipt.from)),
        (say!("to", "收款账户"), data(&receipt.to)),
        (say!("debited", "扣款"), data(&receipt.debited)),
        (say!("credited", "入账"), data(&receipt.credited)),
        (say!("held", "预授权"), data(&receipt.held)),
        (amount, data(&receipt.amount)),
        (say!("priority", "优先级"), receipt.priority.as_deref().map(protocol::word)),
        (say!("approvals", "批准"), approvals(receipt)),
        (say!("review", "审查"), review(receipt)),
        (say!("until", "截止"), data(&receipt.deadline)),
        (say!("lock", "哈希锁"), data(&receipt.lock)),
        (say!("charges", "手续费"), data(&receipt.fee)),
        (say!("rate", "汇率"), receipt.rate().map(Text::data)),
        (say!("block", "区块"), block),
    ];
    rows.into_iter().filter_map(|(what, value)| Some((what, value?))).collect()
}

/// The approvals that are there and needed, and by which keys they are.
fn approvals(receipt: &ReceiptView) -> Option<Text> {
    let approvals = receipt.approvals.as_ref()?;
    let (given, needed) = (approvals.given.len(), approvals.needed);
    let keys = approvals.given.iter().map(|key| format!("\n{:11}{key}", "")).collect::<String>();
    Some(say!("{given} of {needed}{keys}", "{given}/{needed}{keys}"))
}

/// Whose review it waits for, or will, and the reviewer's keys that approved.
fn review(receipt: &ReceiptView) -> Option<Text> {
    if let Some(review) = &receipt.review {
        let keys = review.given.iter().map(|key| format!("\n{:11}{key}", "")).collect::<String>();
        return Some(say!(
            "by {bank}, institution {number}{keys}",
            "{bank}，机构 {number}{keys}",
            number = review.institution;
            bank = reviewing::bank(&review.side)
        ));
    }
    let numbers: Vec<String> = receipt.reviewers.iter().map(u32::to_string).collect();
    let numbers = numbers.join(", ");
    (!numbers.is_empty())
        .then(|| say!("then by institution {numbers}", "随后由机构 {numbers} 审查"))
}

/// Why it was rejected or refused.
fn reason(receipt: &ReceiptView) -> Option<Text> {
    if let Some((reason, iso)) = receipt.reason.as_ref().zip(receipt.iso_reason.as_ref()) {
        return Some(match &receipt.reviewer_side {
            Some(side) => say!(
                "{reason} ({iso}), by {bank}",
                "{reason}（{iso}），{bank}";
                bank = reviewing::bank(side)
            ),
            None => say!("{reason} ({iso})", "{reason}（{iso}）"),
        });
    }
    let code = receipt.code.as_deref()?;
    let advice = Code::of_text(code).advice();
    let words = match (&receipt.explanation, advice) {
        (_, Some(advice)) => advice.meaning.and(&advice.action),
        (Some(words), None) => Text::data(words.as_str()),
        (None, None) => return None,
    };
    Some(say!("{code}: {words}", "{code}：{words}"; words = words))
}
