//! Durable acknowledgements: what a whole node told a client is so. "Accepted" becomes final, and
//! soon after all has healed; "final" names the block and the receipts that all have; "known" was
//! final before; what was refused never becomes final.

use ledger::hash::Hash;
use ledger::ids::Height;
use ledger::transaction::TransactionId;
use node::core::step::{Committed, Reply};
use std::collections::{BTreeMap, BTreeSet};

use super::super::clients::{Order, Sort};
use super::{Checker, Context, Observation};

/// What was promised, and what is final.
#[derive(Debug, Default)]
pub(super) struct Acknowledgements {
    /// Where each transaction was executed.
    executed: BTreeMap<TransactionId, (Height, Hash)>,
    height: Height,
    promised: BTreeSet<TransactionId>,
    refused: BTreeSet<TransactionId>,
    has_healed: bool,
    checked: u64,
}

impl Acknowledgements {
    fn execute(&mut self, context: &Context, committed: &Committed) -> Option<String> {
        if committed.height() <= self.height {
            return None;
        }
        self.height = committed.height();
        let hash = committed.executed.block.hash(&context.setup.domains);
        for booked in &committed.executed.booked {
            let id = booked.receipt.transaction;
            self.executed.entry(id).or_insert((self.height, hash));
            self.promised.remove(&id);
            if self.refused.contains(&id) {
                return Some(format!("{id} was refused and is final at {}", self.height));
            }
        }
        None
    }

    fn replied(
        &mut self,
        context: &Context,
        host: usize,
        order: &Order,
        reply: &Reply,
    ) -> Option<String> {
        self.checked += 1;
        let id = order.id;
        match reply {
            Reply::Busy | Reply::Rejected(_) => None,
            Reply::Refused(_) => {
                self.refused.insert(id);
                let is_good = order.sort != Sort::Forged;
                is_good.then(|| format!("host {host} refused {id}, which is well formed"))
            }
            Reply::Accepted(named) => {
                if !self.executed.contains_key(&id) {
                    self.promised.insert(id);
                }
                (*named != id).then(|| format!("host {host} accepted {named}, not {id}"))
            }
            Reply::Known(marker) => {
                let place = self.executed.get(&id).map(|(height, _)| *height);
                let is_known = marker.transaction == id && place == Some(marker.height);
                (!is_known).then(|| format!("host {host} says that {id} is known, and it is not"))
            }
            Reply::Final(named, committed) => {
                let place =
                    (committed.height(), committed.executed.block.hash(&context.setup.domains));
                let (_, receipts) = committed.booked_by(id);
                let is_true =
                    *named == id && self.executed.get(&id) == Some(&place) && !receipts.is_empty();
                (!is_true).then(|| {
                    let found = self.executed.get(&id);
                    format!("host {host} says that {id} is final at {place:?}; it is at {found:?}")
                })
            }
        }
    }
}

impl Checker for Acknowledgements {
    fn name(&self) -> &'static str {
        "durable acknowledgements"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Final(host, committed) | Observation::Replayed(host, committed)
                if context.is_product(*host) =>
            {
                self.execute(context, committed)
            }
            Observation::Replied(host, order, reply) if context.is_whole(*host) => {
                self.replied(context, *host, order, reply)
            }
            Observation::Healed => {
                self.has_healed = true;
                None
            }
            Observation::Ended => (!self.promised.is_empty())
                .then(|| format!("accepted and not final after healing: {:?}", self.promised)),
            Observation::Final(..)
            | Observation::Replied(..)
            | Observation::Sent(..)
            | Observation::Recorded(..)
            | Observation::Replayed(..)
            | Observation::Restored(..)
            | Observation::Read(..)
            | Observation::Kept(..)
            | Observation::Ordered(_)
            | Observation::Evidence(..)
            | Observation::Accused(..)
            | Observation::Stopped(..)
            | Observation::Late => None,
        }
    }

    fn checked(&self) -> u64 {
        self.checked
    }

    fn is_content(&self) -> bool {
        self.has_healed && self.promised.is_empty()
    }
}
