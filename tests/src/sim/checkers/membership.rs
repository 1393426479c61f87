//! Membership: the validators change exactly when and as the council's settled orders say, the
//! block that does it ends its epoch, and no other block does.
//!
//! The change is read from the order's own bytes and applied by arithmetic of the checker's.

use ledger::crypto::PublicKey;
use ledger::governance::Change;
use ledger::hash::Hash;
use ledger::ids::{Epoch, Height};
use ledger::operation::Operation;
use ledger::receipt::Outcome;
use ledger::transaction::SignedTransaction;
use node::core::step::Committed;
use std::collections::BTreeMap;

use super::super::clients::Sort;
use super::super::council::apply;
use super::super::setup::seat_of;
use super::{Checker, Context, Observation};

/// Who votes with which key, after which block, by the orders that settled.
#[derive(Debug, Default)]
pub(super) struct Membership {
    changes: BTreeMap<Hash, Change>,
    seated: BTreeMap<usize, PublicKey>,
    epoch: Epoch,
    height: Height,
    checked: u64,
}

impl Membership {
    fn order(&mut self, id: Hash, bytes: &[u8]) {
        let signed: Result<SignedTransaction, _> = borsh::from_slice(bytes);
        let operations = signed.map(|signed| signed.transaction.operations).unwrap_or_default();
        for operation in operations {
            if let Operation::Propose { change, .. } = operation {
                self.changes.insert(id, *change);
            }
        }
    }

    fn execute(&mut self, context: &Context, committed: &Committed) -> Option<String> {
        if self.height == Height(0) {
            let banks = context.setup.banks.iter().enumerate();
            self.seated = banks.map(|(seat, bank)| (seat, bank.voting.public())).collect();
        }
        let header = &committed.executed.block.header;
        let follows = header.height == self.height.next();
        self.height = header.height;
        let before = self.seated.clone();
        let booked = &committed.executed.booked;
        let settled = |id: &Hash| {
            let mut own = booked.iter().filter(|one| one.receipt.transaction == *id).peekable();
            own.peek().is_some()
                && own.all(|one| !matches!(one.receipt.outcome, Outcome::Rejected(_)))
        };
        for change in self.changes.iter().filter(|(id, _)| settled(id)).map(|(_, change)| change) {
            self.checked += 1;
            apply(&mut self.seated, change);
        }
        let tip = &committed.executed.tip;
        let next = tip.child_validators().iter();
        let shown: BTreeMap<_, _> =
            next.map(|(_, one)| (seat_of(one.institution), one.key)).collect();
        let ends = self.seated != before;
        self.epoch = tip.child_epoch();
        if !follows {
            // What was skipped is unknown here.
            self.seated = shown;
            return None;
        }
        if shown != self.seated {
            return Some(format!("after {} vote {shown:?}, not {:?}", self.height, self.seated));
        }
        let expected = if ends { header.epoch.next() } else { header.epoch };
        let is_right = self.epoch == expected && header.ends_epoch() == ends;
        (!is_right).then(|| format!("epoch {:?} follows {header:?}", self.epoch))
    }
}

impl Checker for Membership {
    fn name(&self) -> &'static str {
        "membership"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        if let Observation::Ordered(order) = observation
            && order.sort == Sort::Council
        {
            self.order(order.id, &order.bytes);
        }
        let (Observation::Final(host, committed) | Observation::Replayed(host, committed)) =
            observation
        else {
            return None;
        };
        if !context.is_product(*host) || committed.height() <= self.height {
            return None;
        }
        self.execute(context, committed)
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
