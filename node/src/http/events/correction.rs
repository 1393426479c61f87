//! Returns and answers to recalls, as the ISO 20022 messages pacs.004 and camt.029 from the payee's
//! institution to the payer's.
//!
//! They tell what is final: nobody has to carry them out. Invariants: the same receipt gives the
//! same message at every node. Absent: the references of the message that asked, which the ledger
//! does not know; recalls that lapsed, of which it has no receipt.

use iso20022::camt029::{
    self, CancellationReason, CancellationState, CancellationStatus, GivenBack, Resolution,
};
use iso20022::pacs004::{self, SettledReturn};
use iso20022::pacs008::Identification;
use iso20022::time::DateTime;
use ledger::corrections::Reason;
use ledger::ids::{AccountId, Bic, Height, Timestamp, Uetr};
use ledger::money::Decimals;
use ledger::receipt::{Outcome, Receipt, Reversal};
use ledger::state::State;

use crate::iso::reference;

type Place = (Height, usize, Timestamp);

/// The return that a receipt made; `None` if it is of another kind, or in points.
pub(super) fn returned(
    state: &State,
    receipt: &Receipt,
    (height, index, time): Place,
) -> Option<String> {
    let Outcome::Returned(back) = &receipt.outcome else { return None };
    let settled = SettledReturn {
        message_id: format!("{height}-{index}"),
        settled: time,
        uetr: receipt.uetr?,
        payment: back.payment,
        amount: back.amount,
        decimals: decimals(state, back),
        reason: back.reason,
        clearing_reference: reference(height, receipt.transaction),
        payee_institution: servicer(state, back.from)?,
        payer_institution: servicer(state, back.to)?,
    };
    pacs004::write(&settled).ok()
}

/// The answer to a recall that a receipt is: a refusal, or a return that follows a recall.
pub(super) fn resolved(
    state: &State,
    receipt: &Receipt,
    (height, index, time): Place,
) -> Option<String> {
    let (payee, payer, status) = match &receipt.outcome {
        Outcome::Returned(back) if back.reason == Reason::AFTER_RECALL => {
            let given_back = GivenBack {
                uetr: receipt.uetr?,
                amount: back.amount,
                decimals: decimals(state, back),
                is_whole: back.total == back.credited,
            };
            let status = status(back.payment, CancellationState::Accepted);
            (back.from, back.to, CancellationStatus { given_back: Some(given_back), ..status })
        }
        Outcome::RecallRefused(refused) => {
            let reason = CancellationReason::of_cancellation(&refused.reason.to_string(), "");
            let status = status(refused.payment, CancellationState::Refused);
            (refused.to, refused.from, CancellationStatus { reasons: vec![reason], ..status })
        }
        Outcome::Settled(_)
        | Outcome::Done
        | Outcome::Rejected(_)
        | Outcome::Proposed(_)
        | Outcome::Held(_)
        | Outcome::Released(_)
        | Outcome::Returned(_)
        | Outcome::RecallRequested(_)
        | Outcome::AwaitingApproval(_)
        | Outcome::AwaitingReview(_)
        | Outcome::Queued(_)
        | Outcome::Refused(_) => return None,
    };
    let resolution = Resolution {
        message_id: format!("{height}-{index}"),
        created: DateTime::of(time),
        assigner: servicer(state, payee),
        assignee: servicer(state, payer),
        case: None,
        original: None,
        statuses: vec![status],
    };
    Some(camt029::write(&resolution, None))
}

fn status(payment: Uetr, state: CancellationState) -> CancellationStatus {
    let uetr = Some(payment.to_string());
    CancellationStatus {
        case: None,
        identification: Identification { uetr, ..Identification::default() },
        state: Some(state),
        reasons: Vec::new(),
        given_back: None,
    }
}

fn decimals(state: &State, back: &Reversal) -> Decimals {
    state.asset(back.amount.asset).map_or(Decimals(0), |asset| asset.decimals)
}

fn servicer(state: &State, account: AccountId) -> Option<Bic> {
    state.institution(account.servicer()).map(|bank| bank.bic)
}
