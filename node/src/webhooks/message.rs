//! Events as messages: which there are, their ids, and their bodies.
//!
//! Invariants: the id of a receipt's event is its chain and its place there, so it is the same for
//! every attempt, every endpoint and every node, and its body is made from the final receipt alone;
//! an alert is its node's word, under an id that no other alert has.

use api::event::AlertView;
use api::receipt::ReceiptView;
use api::text::{self, Naming};
use api::webhook::{WebhookData, WebhookMessage};
use ledger::hash::ChainId;
use ledger::ids::{AccountId, Bic, Height, Timestamp};
use ledger::receipt::{Outcome, Receipt};
use serde::{Deserialize, Serialize};

use super::record::Subject;

/// How the ids of events of rules end.
const RULES: &str = "_rules";

/// A place in the chain: before the receipt `index` of the block at `height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) height: u64,
    pub(super) index: usize,
}

/// What an endpoint wants to get.
#[derive(Clone, Debug, Default)]
pub(super) struct Interest {
    /// The types of events; none: all.
    pub(super) events: Vec<String>,
    /// The accounts whose payments; none: all.
    pub(super) accounts: Vec<AccountId>,
}

impl Interest {
    pub(super) fn covers(&self, receipt: &Receipt) -> bool {
        self.asks_for(kind(receipt)) && self.concerns(receipt)
    }

    pub(super) fn covers_alert(&self, alert: &AlertView) -> bool {
        self.asks_for(alert_kind(alert)) && self.accounts.is_empty()
    }

    /// True if the receipt's rules are told of beside what became of the payment.
    pub(super) fn covers_rules(&self, receipt: &Receipt) -> bool {
        rules_kind(receipt).is_some_and(|kind| self.asks_for(kind)) && self.concerns(receipt)
    }

    fn concerns(&self, receipt: &Receipt) -> bool {
        let concerns = |account: &AccountId| receipt.outcome.concerns(*account);
        self.accounts.is_empty() || self.accounts.iter().any(concerns)
    }

    fn asks_for(&self, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|one| one == event)
    }
}

/// The type of a receipt's event.
pub(super) fn kind(receipt: &Receipt) -> &'static str {
    match &receipt.outcome {
        Outcome::Rejected(_) if receipt.uetr.is_some() => "payment.rejected",
        Outcome::Rejected(_) => "operation.rejected",
        Outcome::Settled(settlement) if settlement.from.is_none() => "issue.settled",
        Outcome::Settled(settlement) if settlement.to.is_none() => "redemption.settled",
        Outcome::Settled(_) => "payment.settled",
        Outcome::Held(_) => "payment.held",
        Outcome::Released(_) => "payment.released",
        Outcome::Returned(_) => "payment.returned",
        Outcome::RecallRequested(_) => "recall.requested",
        Outcome::RecallRefused(_) => "recall.refused",
        Outcome::AwaitingApproval(_) => "payment.awaiting-approval",
        Outcome::AwaitingReview(_) => "payment.awaiting-review",
        Outcome::Refused(_) => "payment.refused",
        Outcome::Queued(_) => "payment.queued",
        Outcome::Done | Outcome::Proposed(_) => "operation.done",
    }
}

/// The type of the event of the rules that a receipt names; `None` if it names none.
pub(super) fn rules_kind(receipt: &Receipt) -> Option<&'static str> {
    (!receipt.rules.0.is_empty()).then_some(WebhookMessage::PAYMENT_ALERT)
}

/// The type of an alert's event.
pub(super) fn alert_kind(alert: &AlertView) -> &'static str {
    let is_raised = alert.state == AlertView::RAISED;
    if is_raised { WebhookMessage::ALERT_RAISED } else { WebhookMessage::ALERT_CLEARED }
}

/// The id of the event at `place`.
pub(super) fn id(chain: ChainId, place: Place) -> String {
    format!("msg_{}_{}_{}", beginning(chain), place.height, place.index)
}

/// The id of the event of the rules that the receipt at `place` names.
pub(super) fn rules_id(chain: ChainId, place: Place) -> String {
    format!("{}{RULES}", id(chain, place))
}

/// The id of an alert of the node of `bic`: when it was raised or cleared, and which it is.
pub(super) fn alert_id(chain: ChainId, bic: Bic, alert: &AlertView) -> String {
    let moment: String = alert.time.chars().filter(char::is_ascii_digit).collect();
    let subject = alert.subject.as_ref().map(|subject| format!("_{subject}"));
    let subject = subject.unwrap_or_default();
    format!("msg_{}_{bic}_{moment}_{}{subject}_{}", beginning(chain), alert.code, alert.state)
}

fn beginning(chain: ChainId) -> String {
    chain.to_string().chars().take(12).collect()
}

/// The event of the chain that an id names; `None` if it is none of this chain's.
pub(super) fn subject(chain: ChainId, text: &str) -> Option<Subject> {
    match text.strip_suffix(RULES) {
        Some(text) => Some(Subject::Rules { rules_of: place(chain, text)? }),
        None => place(chain, text).map(Subject::Receipt),
    }
}

fn place(chain: ChainId, text: &str) -> Option<Place> {
    let mut parts = text.rsplitn(3, '_');
    let index = parts.next()?.parse().ok()?;
    let height = parts.next()?.parse().ok()?;
    let found = Place { height, index };
    (id(chain, found) == text).then_some(found)
}

/// The body of a receipt's event, of the type `kind`.
pub(super) fn body(
    kind: &str,
    receipt: &Receipt,
    (height, time): (Height, Timestamp),
    naming: &Naming,
) -> String {
    let message = WebhookMessage {
        kind: kind.to_owned(),
        timestamp: text::time(time),
        data: WebhookData::Receipt(Box::new(ReceiptView::new(
            receipt,
            Some((height, time)),
            naming,
        ))),
    };
    // A message is made of strings and numbers: it always renders.
    serde_json::to_string(&message).unwrap_or_default()
}

/// The body of an alert's event.
pub(super) fn alert_body(alert: &AlertView) -> String {
    let message = WebhookMessage {
        kind: alert_kind(alert).to_owned(),
        timestamp: alert.time.clone(),
        data: WebhookData::Alert(alert.clone()),
    };
    // A message is made of strings: it always renders.
    serde_json::to_string(&message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::corrections::Reason;
    use ledger::hash::Hash;
    use ledger::ids::{AssetCode, InstitutionNumber, Uetr};
    use ledger::limits::{RuleMet, RuleName, RulesMet};
    use ledger::money::{Amount, Money};
    use ledger::receipt::{
        RecallRefused, RecallRequested, Refused, Released, Reversal, Settlement,
    };
    use ledger::rejection::Rejection;
    use ledger::waiting::Refusal;

    #[test]
    fn each_outcome_has_a_type_of_its_own() {
        let money = Money { amount: Amount::ZERO, asset: AssetCode::parse("CNY").unwrap() };
        let settled = |from: Option<u8>, to: Option<u8>| {
            let account = |byte: u8| AccountId::new(InstitutionNumber(1), [byte; 12]);
            Outcome::Settled(Settlement {
                from: from.map(account),
                to: to.map(account),
                debited: money,
                credited: money,
                fees: vec![],
                exchange: None,
                onward: None,
                remittance: Hash::ZERO,
            })
        };
        let rejected = Outcome::Rejected(Rejection::InsufficientFunds);
        let account = AccountId::new(InstitutionNumber(1), [1; 12]);
        let released = Released { from: account, to: account, released: money };
        let released = Outcome::Released(released);
        let (payment, reason) = (Uetr::from_entropy([2; 16]), Reason::parse("DUPL").unwrap());
        let (from, to, amount, deadline) = (account, account, money, Timestamp(1));
        let asks = RecallRequested { payment, from, to, amount, reason, deadline };
        let requested = Outcome::RecallRequested(asks);
        let recall_refused = RecallRefused { payment, from, to, amount, reason };
        let recall_refused = Outcome::RecallRefused(recall_refused);
        let returned = Outcome::Returned(Reversal {
            payment: Uetr::from_entropy([2; 16]),
            from: account,
            to: account,
            amount: money,
            reason: Reason::parse("AC04").unwrap(),
            total: money.amount,
            credited: money.amount,
        });
        let reason = Refusal::Declined;
        let reviewer = None;
        let refused = Refused { from: account, to: account, released: money, reason, reviewer };
        let refused = Outcome::Refused(refused);
        for (outcome, moves, expected) in [
            (settled(Some(1), Some(2)), true, "payment.settled"),
            (settled(None, Some(2)), true, "issue.settled"),
            (settled(Some(1), None), true, "redemption.settled"),
            (rejected.clone(), true, "payment.rejected"),
            (rejected, false, "operation.rejected"),
            (Outcome::Done, false, "operation.done"),
            (released, true, "payment.released"),
            (returned, true, "payment.returned"),
            (requested, false, "recall.requested"),
            (recall_refused, false, "recall.refused"),
            (refused, true, "payment.refused"),
        ] {
            let receipt = Receipt {
                transaction: Hash::ZERO,
                operation: 0,
                uetr: moves.then(|| Uetr::from_entropy([7; 16])),
                outcome,
                rules: RulesMet::default(),
            };
            assert_eq!(kind(&receipt), expected);
            assert!(WebhookMessage::KINDS.contains(&kind(&receipt)));
        }
    }

    #[test]
    fn a_payment_that_met_a_rule_is_told_of_beside_its_outcome() {
        let name = RuleName::parse("per-day").unwrap();
        let met = RuleMet { institution: InstitutionNumber(1), name };
        let receipt = |rules: Vec<RuleMet>| Receipt {
            transaction: Hash::ZERO,
            operation: 0,
            uetr: Some(Uetr::from_entropy([7; 16])),
            outcome: Outcome::Rejected(Rejection::DailyLimit),
            rules: RulesMet(rules),
        };
        let asks = |event: &str| Interest { events: vec![event.to_owned()], accounts: vec![] };
        let (plain, alerted) = (receipt(vec![]), receipt(vec![met]));
        for (interest, of_plain, of_alerted) in [
            (Interest::default(), (true, false), (true, true)),
            (asks("payment.alert"), (false, false), (false, true)),
            (asks("payment.rejected"), (true, false), (true, false)),
        ] {
            let covers = |one: &Receipt| (interest.covers(one), interest.covers_rules(one));
            assert_eq!(covers(&plain), of_plain, "{interest:?}");
            assert_eq!(covers(&alerted), of_alerted, "{interest:?}");
        }
        let (chain, place) = (ChainId(Hash([7; 32])), Place { height: 41, index: 3 });
        let rules = Subject::Rules { rules_of: place };
        assert_eq!(rules.id(chain), "msg_070707070707_41_3_rules");
        assert_eq!(subject(chain, &rules.id(chain)), Some(rules));
        let of_receipt = Subject::Receipt(place);
        assert_eq!(subject(chain, &of_receipt.id(chain)), Some(of_receipt));
        assert_eq!(subject(chain, "msg_070707070707_041_3_rules"), None);
    }

    #[test]
    fn an_alert_has_an_id_of_its_own_that_is_no_place() {
        let chain = ChainId(Hash([7; 32]));
        let alert = AlertView {
            code: "validator-unreachable".to_owned(),
            subject: Some("ICBKCNBJ".to_owned()),
            state: AlertView::RAISED.to_owned(),
            severity: AlertView::WARNING.to_owned(),
            detail: String::new(),
            time: "2026-11-26T00:42:20.116Z".to_owned(),
        };
        let id = alert_id(chain, Bic::parse("PSBCCNBJ").unwrap(), &alert);
        let expected = "msg_070707070707_PSBCCNBJ_20261126004220116_\
                        validator-unreachable_ICBKCNBJ_raised";
        assert_eq!(id, expected);
        assert_eq!(place(chain, &id), None);
        let all = Interest::default();
        assert!(all.covers_alert(&alert));
        let payments = Interest { events: vec!["payment.settled".to_owned()], accounts: vec![] };
        assert!(!payments.covers_alert(&alert));
    }

    #[test]
    fn ids_name_places_of_one_chain() {
        let (chain, other) = (ChainId(Hash([7; 32])), ChainId(Hash([8; 32])));
        let here = Place { height: 41, index: 3 };
        let text = id(chain, here);
        assert_eq!(text, "msg_070707070707_41_3");
        assert_eq!(place(chain, &text), Some(here));
        assert_eq!(place(other, &text), None);
        for text in ["", "msg_070707070707_41", "msg_070707070707_041_3", "msg_070707070707_x_3"] {
            assert_eq!(place(chain, text), None, "{text}");
        }
    }
}
