//! Limits: by sums of its own, kept from the receipts alone, no account pays more in the simulated
//! day than its bank lets it, a hold counts once, a receipt names the rules that its payment met
//! and no others, that on new payees by the times of the settlements before, and what the payee's
//! bank reviews is not paid before it waited for that.

use ledger::ids::{AccountId, Height, Timestamp, Uetr};
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
    time: Timestamp,
    paid: BTreeMap<AccountId, u128>,
    held: BTreeSet<Uetr>,
    /// When the first payment from the one to the other settled.
    known: BTreeMap<(AccountId, AccountId), Timestamp>,
    checked: u64,
}

fn names(rules: &RulesMet) -> Vec<String> {
    rules.0.iter().map(|rule| rule.name.to_string()).collect()
}

impl LimitsHold {
    fn take(&mut self, receipt: &Receipt) -> Option<String> {
        match &receipt.outcome {
            Outcome::Settled(settlement) => {
                let (Some(from), Some(to)) = (settlement.from, settlement.to) else { return None };
                // A capture was counted when it was held.
                let was_held = receipt.uetr.is_some_and(|payment| self.held.remove(&payment));
                let amount = settlement.debited.amount;
                let fault = if was_held { None } else { self.count(receipt, (from, to), amount) };
                self.known.entry((from, to)).or_insert(self.time);
                fault
            }
            Outcome::Held(held) => {
                self.held.extend(receipt.uetr);
                self.count(receipt, (held.from, held.to), held.amount.amount)
            }
            // Each step but the last, and each new priority, has a receipt of the payment that goes
            // on to wait.
            Outcome::AwaitingApproval(waits)
            | Outcome::AwaitingReview(waits)
            | Outcome::Queued(waits) => {
                let is_new = receipt.uetr.is_some_and(|payment| self.held.insert(payment));
                let parties = (waits.from, waits.to);
                if is_new { self.count(receipt, parties, waits.amount.amount) } else { None }
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

    fn count(
        &mut self,
        receipt: &Receipt,
        (from, to): (AccountId, AccountId),
        amount: Amount,
    ) -> Option<String> {
        self.checked += 1;
        let paid = self.paid.entry(from).or_default();
        *paid += amount.0;
        if *paid > limits::DAY {
            return Some(format!("{from:?} paid {paid} in a day"));
        }
        let is_reviewed = from.servicer() != to.servicer() && amount.0 > limits::REVIEWED;
        let cool_off = u64::from(limits::COOL_OFF) * 1_000;
        let since = self.known.get(&(from, to));
        let is_new = since.is_none_or(|since| self.time.since(*since) < cool_off);
        let expected = [
            (amount.0 > limits::LARGE, limits::LARGE_RULE),
            (is_new && amount.0 > limits::NEW_PAYEE, limits::NEW_PAYEE_RULE),
            (is_reviewed, limits::REVIEW_RULE),
        ];
        let expected = expected.into_iter().filter(|(is_met, _)| *is_met).map(|(_, name)| name);
        if !expected.eq(names(&receipt.rules)) {
            return Some(format!("{receipt:?} names the wrong rules"));
        }
        let waits = receipt.outcome.waits().map(|held| held.awaits.reviewers().len());
        (is_reviewed && waits != Some(1)).then(|| format!("{receipt:?} is not reviewed"))
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
        self.time = committed.executed.block.header.time;
        committed.executed.booked.iter().find_map(|booked| self.take(&booked.receipt))
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
