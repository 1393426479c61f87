//! Reviews in words: whose review a payment waits for.
//!
//! Absent: the rules that ask for one (the ledger's).

use api::receipt::ReceiptView;

use crate::language::{Text, say};

/// The payer's or the payee's bank.
pub(crate) fn bank(side: &str) -> Text {
    if side == api::approval::ReviewView::PAYER {
        say!("the payer's bank", "付款行")
    } else {
        say!("the payee's bank", "收款行")
    }
}

/// The banks whose review the payment still needs, in their order; `payer` is the number of the
/// payer's.
pub(crate) fn banks(receipt: &ReceiptView, payer: u32) -> Option<Text> {
    let names = receipt.reviewers.iter().map(|number| {
        let is_payers = *number == payer;
        bank(if is_payers { "payer" } else { "payee" })
    });
    names.reduce(|first, second| {
        say!("{first}, then {second}", "{first}，其后{second}"; first = first, second = second)
    })
}

/// That a payment waits for `banks`.
pub(crate) fn waits(banks: &Text) -> Text {
    say!("waits until reviewed by {banks}", "等待{banks}审查"; banks = banks)
}
