//! What was returned of a payment, and what is asked back.
//!
//! Invariants: a return that is shown was proven now, by its own receipt. Absent: whether there are
//! others: that none is missing is the nodes' word, and so is that a payment is asked back.

use api::recall::RecallView;
use api::receipt::ReceiptView;
use api::transaction::PaymentView;
use ledger::ids::Uetr;
use ledger::money::Amount;
use ledger::proof::Proven;
use ledger::receipt::{Outcome, Receipt, Reversal};

use crate::assurance;
use crate::commands::proof;
use crate::desk::Desk;
use crate::language::{Text, say};

/// The proven returns of one payment, oldest first.
#[derive(Default)]
pub(super) struct Returns {
    pub(super) receipts: Vec<ReceiptView>,
    /// What a node says is asked back.
    pub(super) recall: Option<RecallView>,
    total: Amount,
    credited: Amount,
}

impl Returns {
    /// Those that a node names and that are proven; none if no node answers.
    pub(super) fn of(desk: &Desk<'_>, payment: Uetr) -> Self {
        let path = format!("/v1/payments/{payment}");
        let asked = desk.network.ask(|node, limit| node.get_json::<PaymentView>(&path, &[], limit));
        let Ok(view) = asked else { return Self::default() };
        let mut found = Self { recall: view.recall, ..Self::default() };
        for named in view.returns {
            if let Some((view, reversal)) = proven(desk, &named.id, payment) {
                found.total = found.total.plus(reversal.amount.amount).unwrap_or(found.total);
                found.credited = reversal.credited;
                found.receipts.push(view);
            }
        }
        found
    }

    /// How the payment stands after them; `None` if there are none.
    pub(super) fn status(&self) -> Option<&'static str> {
        let is_whole = self.total >= self.credited;
        let word = if is_whole { "returned" } else { "partly-returned" };
        (!self.receipts.is_empty()).then_some(word)
    }

    /// A line for what is asked back.
    pub(super) fn asked(recall: &RecallView) -> (Text, Text) {
        let told = say!(
            "{amount} ({reason}), to be answered until {until}",
            "{amount}（{reason}），答复截止 {until}",
            amount = recall.amount,
            reason = recall.iso_reason,
            until = recall.deadline
        );
        (say!("asked back", "请求退回"), told)
    }

    /// A line for each.
    pub(super) fn lines(receipts: &[ReceiptView]) -> impl Iterator<Item = (Text, Text)> {
        receipts.iter().map(|receipt| {
            let of = |member: &Option<String>| member.clone().unwrap_or_default();
            let told = say!(
                "{amount} ({reason}) in block {block}, proven   id {id}",
                "{amount}（{reason}），区块 {block}，已证明   编号 {id}",
                amount = of(&receipt.credited),
                reason = of(&receipt.iso_reason),
                block = receipt.block.unwrap_or_default(),
                id = of(&receipt.id)
            );
            (say!("returned", "已退回"), told)
        })
    }
}

fn proven(desk: &Desk<'_>, id: &str, payment: Uetr) -> Option<(ReceiptView, Reversal)> {
    let (file, _) = proof::find(desk, id).ok()?;
    let verdict = assurance::verify(&desk.chain, &file).ok()?;
    let Proven::Payment(receipt) = &verdict.proven else { return None };
    let reversal = reversal_of(receipt, payment)?.clone();
    let place = Some((verdict.header.height, verdict.header.time));
    Some((ReceiptView::new(receipt, place, &desk.naming_of(receipt)), reversal))
}

fn reversal_of(receipt: &Receipt, payment: Uetr) -> Option<&Reversal> {
    match &receipt.outcome {
        Outcome::Returned(reversal) if reversal.payment == payment => Some(reversal),
        Outcome::Returned(_)
        | Outcome::Settled(_)
        | Outcome::Done
        | Outcome::Rejected(_)
        | Outcome::Proposed(_)
        | Outcome::Held(_)
        | Outcome::Released(_)
        | Outcome::RecallRequested(_)
        | Outcome::RecallRefused(_)
        | Outcome::AwaitingApproval(_)
        | Outcome::AwaitingReview(_)
        | Outcome::Queued(_)
        | Outcome::Refused(_) => None,
    }
}
