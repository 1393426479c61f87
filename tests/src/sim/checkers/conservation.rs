//! Conservation: by a ledger of its own, kept from the receipts alone, no balance is ever negative,
//! the balances add up to what was issued less what was redeemed, what is held is the sum of the
//! open holds, and every account that a block touches has in the node's state what this ledger
//! says.

use ledger::ids::{AccountId, AssetCode, Height, Timestamp, Uetr};
use ledger::receipt::{Outcome, Receipt, Refused, Released, Reversal, Settlement};
use node::core::step::Committed;
use std::collections::{BTreeMap, BTreeSet};

use super::{Checker, Context, Observation};

type Holder = (AccountId, AssetCode);

/// The ledger up to the highest height that any node has shown.
#[derive(Debug, Default)]
pub(super) struct Conservation {
    height: Height,
    balances: BTreeMap<Holder, i128>,
    /// The open holds: whose funds, how much, and until when.
    holds: BTreeMap<Uetr, (Holder, i128, Timestamp)>,
    /// What was returned of each payment.
    returned: BTreeMap<Uetr, i128>,
    supply: BTreeMap<AssetCode, i128>,
    checked: u64,
}

fn number(amount: ledger::money::Amount) -> i128 {
    i128::try_from(amount.0).unwrap_or(i128::MAX)
}

impl Conservation {
    fn change(&mut self, touched: &mut BTreeSet<Holder>, holder: Holder, by: i128) {
        *self.balances.entry(holder).or_default() += by;
        touched.insert(holder);
    }

    /// The simulation's banks charge nothing and exchange nothing, so what is debited is credited.
    fn settle(
        &mut self,
        settlement: &Settlement,
        touched: &mut BTreeSet<Holder>,
    ) -> Option<String> {
        let (debited, credited) = (settlement.debited, settlement.credited);
        if debited != credited || !settlement.fees.is_empty() || settlement.exchange.is_some() {
            return Some(format!("a settlement changes the money: {settlement:?}"));
        }
        let (asset, amount) = (debited.asset, number(debited.amount));
        match settlement.from {
            Some(from) => self.change(touched, (from, asset), -amount),
            None => *self.supply.entry(asset).or_default() += amount,
        }
        match settlement.to {
            Some(to) => self.change(touched, (to, asset), amount),
            None => *self.supply.entry(asset).or_default() -= amount,
        }
        None
    }

    /// All that goes back of a payment is at most what its payee got.
    fn reverse(&mut self, reversal: &Reversal, touched: &mut BTreeSet<Holder>) -> Option<String> {
        let (asset, amount) = (reversal.amount.asset, number(reversal.amount.amount));
        self.change(touched, (reversal.from, asset), -amount);
        self.change(touched, (reversal.to, asset), amount);
        let total = self.returned.entry(reversal.payment).or_default();
        *total += amount;
        let is_right = *total == number(reversal.total) && *total <= number(reversal.credited);
        (!is_right).then(|| format!("{total} were returned, not as {reversal:?} says"))
    }

    fn book(&mut self, receipt: &Receipt, touched: &mut BTreeSet<Holder>) -> Option<String> {
        let ended = |holds: &mut BTreeMap<Uetr, (Holder, i128, Timestamp)>| {
            receipt.uetr.and_then(|payment| holds.remove(&payment))
        };
        match &receipt.outcome {
            Outcome::Settled(settlement) => {
                self.checked += 1;
                let _captured = ended(&mut self.holds);
                self.settle(settlement, touched)
            }
            Outcome::Held(held) => {
                self.checked += 1;
                let holder = (held.from, held.held.asset);
                touched.insert(holder);
                let open = (holder, number(held.held.amount), held.deadline);
                let before = receipt.uetr.and_then(|payment| self.holds.insert(payment, open));
                before.map(|_| format!("{:?} was held twice", receipt.uetr))
            }
            // A step that is not the last changes nothing of what is held, and what is queued
            // holds nothing.
            Outcome::AwaitingApproval(held)
            | Outcome::AwaitingReview(held)
            | Outcome::Queued(held) => {
                self.checked += 1;
                let holder = (held.from, held.held.asset);
                touched.insert(holder);
                let open = (holder, number(held.held.amount), held.deadline);
                let before = receipt.uetr.and_then(|payment| self.holds.insert(payment, open));
                let is_other = before.is_some_and(|before| before != open);
                is_other.then(|| format!("{:?} is held otherwise than it was", receipt.uetr))
            }
            Outcome::Released(Released { from, released, .. })
            | Outcome::Refused(Refused { from, released, .. }) => {
                touched.insert((*from, released.asset));
                let open = ended(&mut self.holds);
                open.is_none().then(|| format!("{:?} was not held", receipt.uetr))
            }
            Outcome::Returned(reversal) => {
                self.checked += 1;
                self.reverse(reversal, touched)
            }
            Outcome::Done
            | Outcome::Proposed(_)
            | Outcome::RecallRequested(_)
            | Outcome::RecallRefused(_)
            | Outcome::Rejected(_) => None,
        }
    }

    fn execute(&mut self, committed: &Committed) -> Option<String> {
        let height = committed.height();
        let mut touched = BTreeSet::new();
        let time = committed.executed.block.header.time;
        self.holds.retain(|_, (holder, _, deadline)| {
            let is_open = *deadline >= time;
            if !is_open {
                touched.insert(*holder);
            }
            is_open
        });
        for booked in &committed.executed.booked {
            if let Some(wrong) = self.book(&booked.receipt, &mut touched) {
                return Some(wrong);
            }
        }
        let state = committed.executed.tip.state();
        for (account, asset) in touched {
            let expected = self.balances.get(&(account, asset)).copied().unwrap_or(0);
            if expected < 0 {
                return Some(format!("{account:?} has {expected} of {asset:?} at {height}"));
            }
            let holding = state.holding(account, asset).unwrap_or_default();
            let posted = number(holding.posted);
            if posted != expected {
                return Some(format!("{account:?} has {posted} at {height}, not {expected}"));
            }
            let of = |(holder, _, _): &&(Holder, i128, Timestamp)| *holder == (account, asset);
            let held: i128 = self.holds.values().filter(of).map(|(_, amount, _)| amount).sum();
            if number(holding.held) != held {
                let found = holding.held;
                return Some(format!("{account:?} has {found:?} held at {height}, not {held}"));
            }
        }
        for (asset, supply) in &self.supply {
            let all = self.balances.iter().filter(|((_, other), _)| other == asset);
            let sum: i128 = all.map(|(_, balance)| *balance).sum();
            if sum != *supply {
                return Some(format!("{asset:?} at {height}: {sum} held of {supply} issued"));
            }
        }
        None
    }
}

impl Checker for Conservation {
    fn name(&self) -> &'static str {
        "conservation"
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
        self.execute(committed)
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
