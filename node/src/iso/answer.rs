//! The words of the answer: a receipt as a transaction status.
//!
//! Invariants: the same receipt gives the same status. Absent: the report around it (`iso20022`).

use iso20022::pacs002::{Charge, Code, StatusReason, TransactionStatus};
use iso20022::pacs008::CreditTransfer;
use ledger::hash::Hash;
use ledger::ids::{Bic, Height, Timestamp};
use ledger::money::{Decimals, Money};
use ledger::receipt::{Held, Outcome, Receipt, Refused, Settlement};
use ledger::rejection::Rejection;

/// A transaction's status, and since when it stands.
#[derive(Debug)]
pub(super) struct Handled {
    /// The status.
    pub(super) status: TransactionStatus,
    /// The time of the block, if it is on the ledger.
    pub(super) time: Option<Timestamp>,
    /// False: its outcome is still to come.
    pub(super) is_final: bool,
}

impl Handled {
    /// A status that was given just now, apart from the ledger.
    pub(super) const fn now(status: TransactionStatus) -> Self {
        Self { status, time: None, is_final: true }
    }

    /// A payment that is signed and not final yet.
    pub(super) fn waiting(transfer: &CreditTransfer, code: Code, text: &str) -> Self {
        let reasons = vec![StatusReason { code: Code::NARRATIVE, information: text.to_owned() }];
        let status = TransactionStatus { reasons, ..TransactionStatus::of(transfer, code) };
        Self { status, time: None, is_final: false }
    }
}

/// Where a receipt stands, and what its charges need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// The block's height.
    pub(super) height: Height,
    /// The block's time.
    pub(super) time: Timestamp,
    /// When the order was accepted.
    pub(super) accepted: Timestamp,
    /// Who takes charges, if there are any.
    pub(super) charger: Option<Bic>,
    /// The decimals of the debited asset.
    pub(super) decimals: Decimals,
}

const HELD: &str = "Its funds are held, until the payee's side captures or releases them.";
const RELEASED: &str =
    "It was given up, and the funds that were held for it are the payer's again.";

const KEPT: &str = "The request for it is refused. The payment stays settled as it was.";
const WITHDRAWN: &str = "The payer's side took it out of its queue. Nothing was paid.";

const REFUSED: &str = "An approver of the payer's account refused it. Nothing was paid.";
const REFUSED_BY_PAYERS: &str = "The payer's institution refused it. Nothing was paid.";
const REFUSED_BY_PAYEES: &str = "The payee's institution refused it. Nothing was paid.";

/// The status of `transfer` by its receipt.
pub(super) fn of_receipt(
    transfer: &CreditTransfer,
    receipt: &Receipt,
    context: Context,
) -> Handled {
    let Context { height, time, accepted, .. } = context;
    let status = match &receipt.outcome {
        Outcome::Settled(settlement) => {
            let charges = charges(settlement, context);
            TransactionStatus::settled(transfer, accepted.min(time), time, charges)
        }
        Outcome::Done
        | Outcome::Proposed(_)
        | Outcome::Returned(_)
        | Outcome::RecallRequested(_) => {
            TransactionStatus::settled(transfer, accepted.min(time), time, vec![])
        }
        Outcome::RecallRefused(_) => Handled::waiting(transfer, Code::SETTLED, KEPT).status,
        Outcome::Rejected(rejection) => {
            TransactionStatus::rejected(transfer, rejection.iso(), refusal(receipt, *rejection))
        }
        Outcome::Held(_) => Handled::waiting(transfer, Code::PENDING, HELD).status,
        Outcome::Released(released) => {
            let text = if released.released.amount.is_zero() { WITHDRAWN } else { RELEASED };
            Handled::waiting(transfer, Code::CANCELLED, text).status
        }
        Outcome::AwaitingApproval(held) => {
            Handled::waiting(transfer, Code::PARTIALLY_ACCEPTED, &awaiting(held)).status
        }
        Outcome::AwaitingReview(held) => {
            Handled::waiting(transfer, Code::PENDING, &in_review(held)).status
        }
        Outcome::Queued(held) => Handled::waiting(transfer, Code::IN_PROCESS, &queued(held)).status,
        Outcome::Refused(refused) => {
            TransactionStatus::rejected(transfer, refused.reason.iso(), refused_by(refused))
        }
    };
    let clearing_reference = Some(reference(height, receipt.transaction));
    let status = TransactionStatus { clearing_reference, ..status };
    Handled { status, time: Some(time), is_final: true }
}

/// Why it was rejected, with the institution's rule that refused.
fn refusal(receipt: &Receipt, rejection: Rejection) -> String {
    let explanation = rejection.explanation();
    let rule = receipt.rules.0.first();
    rule.map_or_else(
        || explanation.to_owned(),
        |rule| format!("{explanation} Rule: {}.", rule.name),
    )
}

/// What a payment waits for, and until when: after that it is rejected as TM01, without a receipt.
fn awaiting(held: &Held) -> String {
    let (needed, given) =
        held.awaits.approvals().map_or((0, 0), |has| (has.needed, has.given.len()));
    let until = api::text::time(held.deadline);
    format!("It has {given} of {needed} approvals. After {until} it is rejected (TM01).")
}

/// Whose review a payment waits for, and until when.
fn in_review(held: &Held) -> String {
    let reviewer = held.awaits.review().map(|review| review.reviewer);
    let side = if reviewer == Some(held.from.servicer()) { "payer" } else { "payee" };
    let until = api::text::time(held.deadline);
    format!("The {side}'s institution reviews it. After {until} it is rejected (TM01).")
}

/// That a payment waits for funds, and until when: after that it is rejected as TM01, without a
/// receipt.
fn queued(held: &Held) -> String {
    let until = api::text::time(held.deadline);
    format!("It waits for funds of the payer's. After {until} it is rejected (TM01).")
}

fn refused_by(refused: &Refused) -> &'static str {
    match refused.reviewer {
        None => REFUSED,
        Some(number) if number == refused.from.servicer() => REFUSED_BY_PAYERS,
        Some(_) => REFUSED_BY_PAYEES,
    }
}

fn charges(settlement: &Settlement, context: Context) -> Vec<Charge> {
    let asset = settlement.debited.asset;
    let Some(agent) = context.charger else { return Vec::new() };
    let charge =
        |amount| Charge { money: Money::new(amount, asset), decimals: context.decimals, agent };
    settlement.fees.iter().map(|item| charge(item.amount)).collect()
}

/// Where a payment stands on the ledger, in 35 characters: the height, and the first half of the
/// first half of its transaction's id.
pub(crate) fn reference(height: Height, transaction: Hash) -> String {
    let id: String = transaction.to_hex().chars().take(14).collect();
    format!("{}-{id}", height.0)
}

/// An answer's identification: the same for the same answer to the same message.
pub(super) fn message_id(
    message: &[u8],
    created: Timestamp,
    statuses: impl Iterator<Item = impl AsRef<[u8]>>,
) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("feiqian/iso20022-answer/v1");
    hasher.update(message);
    hasher.update(&created.0.to_le_bytes());
    for status in statuses {
        hasher.update(status.as_ref());
    }
    let hash = hasher.finalize().to_hex();
    format!("FQ{}", hash.chars().take(32).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::corrections;
    use ledger::ids::{AccountId, AssetCode, InstitutionNumber, Uetr};
    use ledger::limits::{RuleMet, RuleName, RulesMet};
    use ledger::money::Amount;
    use ledger::receipt::{RecallRefused, Refused, Released, Reversal};
    use ledger::waiting::{Approvals, Awaits, OrderHash, Refusal, Reviewers};

    #[test]
    fn references_fit_their_element() {
        let longest = reference(Height(u64::MAX), Hash([255; 32]));
        assert_eq!(longest.len(), 35);
        assert_eq!(reference(Height(41), Hash([0xab; 32])), "41-ababababababab");
    }

    #[test]
    fn a_refusal_by_a_rule_names_it() {
        let rule = |name| RuleMet {
            institution: InstitutionNumber(4),
            name: RuleName::parse(name).unwrap(),
        };
        let status = |rejection, rules| {
            let receipt = Receipt {
                transaction: Hash::ZERO,
                operation: 0,
                uetr: None,
                outcome: Outcome::Rejected(rejection),
                rules: RulesMet(rules),
            };
            let context = Context {
                height: Height(7),
                time: Timestamp(9),
                accepted: Timestamp(8),
                charger: None,
                decimals: Decimals(2),
            };
            of_receipt(&CreditTransfer::default(), &receipt, context).status.reasons.remove(0)
        };
        let limited = status(Rejection::DailyLimit, vec![rule("per-day")]);
        assert_eq!(limited.code.to_string(), "AM14");
        assert!(limited.information.ends_with(" Rule: per-day."), "{}", limited.information);
        let short = status(Rejection::InsufficientFunds, vec![]);
        assert_eq!(short.information, Rejection::InsufficientFunds.explanation());
    }

    fn told(outcome: Outcome) -> String {
        let receipt = Receipt {
            transaction: Hash::ZERO,
            operation: 0,
            uetr: None,
            outcome,
            rules: RulesMet(Vec::new()),
        };
        let context = Context {
            height: Height(7),
            time: Timestamp(9),
            accepted: Timestamp(8),
            charger: None,
            decimals: Decimals(2),
        };
        let status = of_receipt(&CreditTransfer::default(), &receipt, context).status;
        let codes = status.reasons.iter().map(|reason| format!(" {}", reason.code));
        format!("{}{}", status.status.unwrap(), codes.collect::<String>())
    }

    #[test]
    fn each_outcome_has_its_status() {
        let money = Money::new(Amount(1), AssetCode::parse("CNY").unwrap());
        let account = |number| AccountId::new(InstitutionNumber(1), [number; 12]);
        let (from, to) = (account(1), account(2));
        let settlement = Settlement {
            from: Some(from),
            to: Some(to),
            debited: money,
            credited: money,
            fees: vec![],
            exchange: None,
            onward: None,
            remittance: Hash::ZERO,
        };
        let held = |awaits| Held {
            from,
            to,
            amount: money,
            held: money,
            most_charges: Amount(0),
            awaits,
            deadline: Timestamp(10),
            remittance: Hash::ZERO,
        };
        let approvals = Approvals {
            order: OrderHash(Hash::ZERO),
            needed: 2,
            makers: vec![],
            given: vec![],
            reviewers: Reviewers::default(),
        };
        let refused = |reason| {
            let released = money;
            Outcome::Refused(Refused { from, to, released, reason, reviewer: None })
        };
        let uetr = Uetr::from_entropy([1; 16]);
        let reason = corrections::Reason::parse("CUST").unwrap();
        let reversal = Reversal {
            payment: uetr,
            from,
            to,
            amount: money,
            reason,
            total: Amount(1),
            credited: Amount(1),
        };
        let kept = RecallRefused { payment: uetr, from, to, amount: money, reason };
        let rows = [
            (Outcome::Settled(settlement), "ACSC"),
            (Outcome::Rejected(Rejection::InsufficientFunds), "RJCT AM04"),
            (Outcome::AwaitingApproval(held(Awaits::Approval(approvals))), "PATC NARR"),
            (refused(Refusal::Declined), "RJCT DS02"),
            (refused(Refusal::Fraud), "RJCT FR01"),
            (refused(Refusal::Regulatory), "RJCT RR04"),
            (Outcome::Held(held(Awaits::Capture)), "PDNG NARR"),
            (Outcome::Released(Released { from, to, released: money }), "CANC NARR"),
            (Outcome::Returned(reversal), "ACSC"),
            (Outcome::RecallRefused(kept), "ACSC NARR"),
        ];
        for (outcome, expected) in rows {
            assert_eq!(told(outcome.clone()), expected, "{outcome:?}");
        }
    }

    #[test]
    fn an_answer_has_one_identification() {
        let identified = |at, statuses: &[&str]| message_id(b"message", at, statuses.iter());
        let id = identified(Timestamp(5), &[]);
        assert_eq!(id.len(), 34);
        assert_eq!(id, identified(Timestamp(5), &[]));
        assert_ne!(id, identified(Timestamp(6), &[]));
        assert_ne!(id, identified(Timestamp(5), &["ACSC"]));
    }
}
