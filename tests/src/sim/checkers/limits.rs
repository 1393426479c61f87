//! Limits: by sums of its own, kept from the receipts alone, no account pays more in the simulated
//! day than its bank lets it, a hold counts once, and a receipt names the rules that its payment
//! met and no others.

use ledger::ids::{AccountId, Height, Uetr};
use ledger::limits::RulesMet;
use ledger::money::Amount;
use ledger::receipt::{Outcome, Receipt};
use ledger::rejection::Rejection;
use std::collections::{BTreeMap, BTreeSet};

use super::super::limits;
use super::{Checker, Context, Observation};

/// What was paid up to the highest height that any node has shown.
#[derive(Debug, Default)]
pub(super) struct LimitsHold {
    height: Height,
    paid: BTreeMap<AccountId, u128>,
    held: BTreeSet<Uetr>,
    checked: u64,
}

fn names(rules: &RulesMet) -> Vec<String> {
    rules.0.iter().map(|rule| rule.name.to_string()).collect()
}

impl LimitsHold {
    fn take(&mut self, receipt: &Receipt) -> Option<String> {
        match &receipt.outcome {
            Outcome::Settled(settlement) => {
                let (Some(from), Some(_)) = (settlement.from, settlement.to) else { return None };
                // A capture was counted when it was held.
                if receipt.uetr.is_some_and(|payment| self.held.remove(&payment)) {
                    return None;
                }
                self.count(receipt, from, settlement.debited.amount)
            }
            Outcome::Held(held) => {
                self.held.extend(receipt.uetr);
                self.count(receipt, held.from, held.amount.amount)
            }
            // Each approval but the last, and each new priority, has a receipt of the payment that
            // goes on to wait.
            Outcome::AwaitingApproval(waits) | Outcome::Queued(waits) => {
                let is_new = receipt.uetr.is_some_and(|payment| self.held.insert(payment));
                if is_new { self.count(receipt, waits.from, waits.amount.amount) } else { None }
            }
            Outcome::Rejected(Rejection::DailyLimit) => {
                self.checked += 1;
                let is_named = names(&receipt.rules) == [limits::DAY_RULE];
                (!is_named).then(|| format!("{receipt:?} does not name its rule"))
            }
            Outcome::Rejected(_)
            | Outcome::Released(_)
            | Outcome::Returned(_)
            | Outcome::RecallRequested(_)
            | Outcome::RecallRefused(_)
            | Outcome::Refused(_)
            | Outcome::Done
            | Outcome::Proposed(_) => None,
        }
    }

    fn count(&mut self, receipt: &Receipt, from: AccountId, amount: Amount) -> Option<String> {
        self.checked += 1;
        let paid = self.paid.entry(from).or_default();
        *paid += amount.0;
        if *paid > limits::DAY {
            return Some(format!("{from:?} paid {paid} in a day"));
        }
        let is_alerted = !receipt.rules.0.is_empty();
        let is_large = amount.0 > limits::LARGE;
        (is_alerted != is_large).then(|| format!("{receipt:?} names the wrong rules"))
    }
}

impl Checker for LimitsHold {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let (Observation::Final(host, committed) | Observation::Replayed(host, committed)) =
            observation
        else {
            return None;
        };
        if !context.is_product(*host) || committed.height() <= self.height {
            return None;
        }
        self.height = committed.height();
        committed.executed.booked.iter().find_map(|booked| self.take(&booked.receipt))
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
