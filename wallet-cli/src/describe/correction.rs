//! Returns, recalls and their answers, in words made from their bytes alone.
//!
//! Invariants: what is said of the payment is what the carried proof says. Absent: whether that
//! proof holds; whoever executes it checks that.

use api::text::Naming;
use ledger::corrections::{Evidence, RecallAnswer};
use ledger::ids::Uetr;
use ledger::operation::Operation;

use super::{Line, text};
use crate::language::{Text, say};

/// The lines of a correction; none for any other operation.
pub(super) fn correction(operation: &Operation, naming: &Naming) -> Vec<Line> {
    let reason =
        |code: &ledger::corrections::Reason| (say!("reason", "原因"), Text::data(code.to_string()));
    match operation {
        Operation::Return(back) => {
            let lines = vec![
                (say!("return", "退回"), text(back.amount, naming)),
                reason(&back.reason),
                (say!("id", "编号"), Text::data(back.uetr.to_string())),
            ];
            [lines, payment(&back.evidence, naming)].concat()
        }
        Operation::RequestRecall(request) => {
            let until = Text::data(api::text::time(request.deadline));
            let lines = vec![
                (say!("ask back", "请求退回"), text(request.amount, naming)),
                reason(&request.reason),
                (say!("answer by", "答复截止"), until),
            ];
            [lines, payment(&request.evidence, naming)].concat()
        }
        Operation::AnswerRecall { payment, answer: RecallAnswer::Accept { uetr, amount } } => vec![
            (say!("give back", "同意退回"), text(*amount, naming)),
            of(payment),
            (say!("id", "编号"), Text::data(uetr.to_string())),
        ],
        Operation::AnswerRecall { payment, answer: RecallAnswer::Refuse { reason: code } } => {
            let refused = Text::data(payment.to_string());
            vec![(say!("refuse recall", "拒绝退回"), refused), reason(code)]
        }
        Operation::Pay(_)
        | Operation::PayAcross(_)
        | Operation::Hold(_)
        | Operation::Queue(_)
        | Operation::Prioritise { .. }
        | Operation::Capture { .. }
        | Operation::Release { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::RotateKeys { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetTier { .. }
        | Operation::RegisterAsset { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetLimits { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => Vec::new(),
    }
}

fn of(payment: &Uetr) -> Line {
    (say!("payment", "支付编号"), Text::data(payment.to_string()))
}

/// The payment that the carried proof is of.
fn payment(evidence: &Evidence, naming: &Naming) -> Vec<Line> {
    let Some(settled) = evidence.settled() else { return Vec::new() };
    vec![
        of(&settled.payment),
        (say!("paid", "原支付"), text(settled.credited, naming)),
        (say!("payer", "付款人"), Text::data(naming.address(settled.payer))),
        (say!("payee", "收款人"), Text::data(naming.address(settled.payee))),
    ]
}
