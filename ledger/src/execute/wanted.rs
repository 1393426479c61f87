//! What a block's transactions will ask the state for, so that it is read all at once.
//!
//! Invariants: each list ascends, nothing twice. A record that is missing here is read when it is
//! asked for, so a list that is not complete costs time and nothing else. Absent: records that are
//! few (assets, schedules) or rare (collectors, quotes, holds).

use crate::account::HoldingKey;
use crate::corrections::Evidence;
use crate::ids::{AccountId, Uetr};
use crate::operation::{Operation, Pay};
use crate::transaction::Transaction;

/// The records that are read at once.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) accounts: Vec<AccountId>,
    pub(super) holdings: Vec<HoldingKey>,
    pub(super) payments: Vec<Uetr>,
}

impl Wanted {
    pub(super) fn by<'t>(transactions: impl Iterator<Item = &'t Transaction>) -> Self {
        let mut wanted = Self::default();
        for operation in transactions.flat_map(|transaction| &transaction.operations) {
            wanted.add(operation);
        }
        sort(&mut wanted.accounts);
        sort(&mut wanted.holdings);
        sort(&mut wanted.payments);
        wanted
    }

    fn add(&mut self, operation: &Operation) {
        self.payments.extend(operation.uetr());
        match operation {
            Operation::RegisterAsset { .. }
            | Operation::SetFeeSchedule { .. }
            | Operation::SetLimits { .. }
            | Operation::Propose { .. }
            | Operation::Vote { .. }
            | Operation::Enact { .. }
            | Operation::Capture { .. }
            | Operation::Release { .. }
            | Operation::AnswerRecall { .. }
            | Operation::Approve { .. }
            | Operation::Refuse { .. }
            | Operation::Prioritise { .. } => {}
            Operation::Issue { to: account, amount, .. }
            | Operation::Redeem { from: account, amount, .. } => {
                self.accounts.push(*account);
                self.holdings.push((*account, amount.asset));
            }
            Operation::OpenAccount { account, .. }
            | Operation::SetPolicy { account, .. }
            | Operation::RotateKeys { account, .. }
            | Operation::Freeze { account, .. }
            | Operation::Unfreeze { account }
            | Operation::CloseAccount { account }
            | Operation::SetTier { account, .. } => self.accounts.push(*account),
            Operation::Pay(pay) => self.add_pay(pay),
            Operation::Hold(hold) => self.add_pay(&hold.pay),
            Operation::Queue(queue) => self.add_pay(&queue.pay),
            Operation::Return(back) => self.add_settled(&back.evidence),
            Operation::RequestRecall(request) => self.add_settled(&request.evidence),
            Operation::PayAcross(pay) => {
                self.accounts.extend([pay.from, pay.to]);
                let (sold, bought) = (pay.sell.asset, pay.minimum_received.asset);
                self.holdings.extend([(pay.from, sold), (pay.to, bought)]);
                for quote in pay.route.quotes().map(|signed| &signed.quote) {
                    self.accounts.push(quote.dealer);
                    self.holdings.extend([(quote.dealer, quote.sell), (quote.dealer, quote.buy)]);
                }
            }
        }
    }

    fn add_settled(&mut self, evidence: &Evidence) {
        if let Some(settled) = evidence.settled() {
            let asset = settled.credited.asset;
            self.accounts.extend([settled.payee, settled.payer]);
            self.holdings.extend([(settled.payee, asset), (settled.payer, asset)]);
        }
    }

    fn add_pay(&mut self, pay: &Pay) {
        let asset = pay.amount.asset;
        self.accounts.extend([pay.from, pay.to]);
        self.holdings.extend([(pay.from, asset), (pay.to, asset)]);
    }
}

fn sort<T: Ord>(keys: &mut Vec<T>) {
    keys.sort_unstable();
    keys.dedup();
}
