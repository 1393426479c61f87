//! What a node answers to a message: the same words, whichever message says them.
//!
//! Invariants: a status is the answer's own code: of a pacs.002, or of a camt.029, which answers a
//! request to give payments back. Absent: what follows from them for the command (see `iso`).

use iso20022::camt029::{AnswerMessage, PaymentAnswer};
use iso20022::incoming::{self, Message};
use iso20022::pacs002::{self, Code, StatusReason, StatusReport, TransactionStatus};
use iso20022::xml::Limits;

/// The codes of a camt.029.
const GIVEN_BACK: &str = "ACCR";
const REFUSED: &str = "RJCR";
const ASKED: &str = "PDCR";

/// Reads an answer; `None` if it is no message that a node answers with.
pub(super) fn read(xml: &[u8]) -> Option<StatusReport> {
    let limits = Limits::default();
    if let Ok(report) = pacs002::read(xml, &limits) {
        return Some(report);
    }
    match incoming::read(xml, &limits) {
        Ok(Message::Answers(message)) => report_of(&message),
        Ok(
            Message::Transfers(_)
            | Message::Returns(_)
            | Message::Recalls(_)
            | Message::StatusRequest(_),
        )
        | Err(_) => None,
    }
}

fn report_of(message: &AnswerMessage) -> Option<StatusReport> {
    let group = &message.assignment.group;
    let status = |answer: &PaymentAnswer| {
        let written = answer.reason.as_deref().or(answer.own_reason.as_deref());
        let reason = StatusReason::new(written.unwrap_or("NARR"), answer.information.clone());
        TransactionStatus {
            status: answer.status.as_deref().and_then(Code::parse),
            reasons: vec![reason],
            ..TransactionStatus::unknown(&answer.payment)
        }
    };
    Some(StatusReport {
        message_id: group.message_id.clone(),
        created: group.created.clone()?,
        original: None,
        group_status: message.confirmation.as_deref().and_then(Code::parse),
        group_reasons: Vec::new(),
        transactions: message.answers.iter().map(status).collect(),
    })
}

fn is(status: &TransactionStatus, code: &str) -> bool {
    status.status.is_some() && status.status == Code::parse(code)
}

/// True if money moved: the payment settled, or went back.
pub(super) fn is_settled(status: &TransactionStatus) -> bool {
    status.status == Some(Code::SETTLED) || is(status, GIVEN_BACK)
}

/// True if it certainly did not, and will not.
pub(super) fn is_rejected(status: &TransactionStatus) -> bool {
    matches!(status.status, Some(Code::REJECTED | Code::CANCELLED)) || is(status, REFUSED)
}

/// True if it waits for approvals.
pub(super) fn is_waiting(status: &TransactionStatus) -> bool {
    status.status == Some(Code::PARTIALLY_ACCEPTED)
}

/// True if it is on the ledger and waits for a bank; without a reference it was not sent.
pub(super) fn is_in_review(status: &TransactionStatus) -> bool {
    status.status == Some(Code::PENDING) && status.clearing_reference.is_some()
}

/// True if it is asked back, and the payee's side has not answered.
pub(super) fn is_asked(status: &TransactionStatus) -> bool {
    is(status, ASKED)
}

/// True if it is not known yet where it stands.
pub(super) fn is_open(status: &TransactionStatus) -> bool {
    let is_known = is_settled(status) || is_rejected(status);
    !is_known && !is_waiting(status) && !is_asked(status) && !is_in_review(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use iso20022::camt029::{
        self, CancellationReason, CancellationState, CancellationStatus, Resolution,
    };
    use iso20022::pacs008::Identification;
    use iso20022::time::DateTime;
    use ledger::ids::Timestamp;

    const UETR: &str = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";

    fn read_back(state: Option<CancellationState>, reason: CancellationReason) -> StatusReport {
        let uetr = Some(UETR.to_owned());
        let status = CancellationStatus {
            case: None,
            identification: Identification { uetr, ..Identification::default() },
            state,
            reasons: vec![reason],
            given_back: None,
        };
        let resolution = Resolution {
            message_id: "R-1".to_owned(),
            created: DateTime::of(Timestamp(1_795_294_500_123)),
            assigner: None,
            assignee: None,
            case: None,
            original: None,
            statuses: vec![status],
        };
        read(camt029::write(&resolution, None).as_bytes()).unwrap()
    }

    #[test]
    fn each_answer_to_a_request_is_told_apart() {
        type Is = fn(&TransactionStatus) -> bool;
        let rows: [(Option<CancellationState>, Is); 4] = [
            (Some(CancellationState::Pending), is_asked),
            (Some(CancellationState::Accepted), is_settled),
            (Some(CancellationState::Refused), is_rejected),
            (None, is_open),
        ];
        for (state, is) in rows {
            let report = read_back(state, CancellationReason::of_cancellation("NARR", "So."));
            let told = &report.transactions[0];
            assert_eq!(told.uetr.unwrap().to_string(), UETR);
            assert!(is(told), "{state:?}");
            let all: [Is; 6] =
                [is_asked, is_settled, is_rejected, is_open, is_waiting, is_in_review];
            assert_eq!(all.iter().filter(|is| is(told)).count(), 1, "{state:?}");
        }
    }

    #[test]
    fn the_reason_is_the_answers_own() {
        let of = CancellationReason::of_cancellation("NOOR", "Nobody knows it.");
        let report = read_back(Some(CancellationState::Refused), of);
        assert_eq!(report.group_status, Code::parse("RJCR"));
        let reason = &report.transactions[0].reasons[0];
        assert_eq!((reason.code.to_string().as_str(), &*reason.information), {
            ("NOOR", "Nobody knows it.")
        });
        let of = CancellationReason::of_status("CH21", "OrgnlUETR is missing.");
        let report = read_back(Some(CancellationState::Refused), of);
        assert_eq!(report.transactions[0].reasons[0].code.to_string(), "CH21");
        assert_eq!(read(b"<Document/>"), None);
    }
}
