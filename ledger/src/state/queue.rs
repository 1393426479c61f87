//! Which payments wait for funds, by account and asset, in the order in which they are tried.
//!
//! Invariants: it lists exactly the state map's [`Waiting`] records that have a place, so it is no
//! part of the root, and a restored state rebuilds it; a place is taken once; cloning costs the
//! same whatever the size. Absent: the records themselves, and who may settle (see `execute`).

use rpds::RedBlackTreeMapSync;

use crate::account::HoldingKey;
use crate::ids::{InstitutionNumber, Uetr};
use crate::waiting::{Priority, QueuePlace, Waiting};

type Lane = RedBlackTreeMapSync<QueuePlace, Uetr>;

/// The queues of all accounts.
#[derive(Clone, Debug)]
pub struct Queue {
    lanes: RedBlackTreeMapSync<HoldingKey, Lane>,
    counts: RedBlackTreeMapSync<InstitutionNumber, usize>,
}

impl Queue {
    /// The most payments of one account in one asset.
    pub const MOST_OF_HOLDING: usize = 100;

    /// The most payments of one institution's accounts.
    pub const MOST_OF_INSTITUTION: usize = 500;

    /// The most payments of all: a block looks at every one of them.
    pub const MOST: usize = 4_000;

    pub(crate) fn new() -> Self {
        let (lanes, counts) = (RedBlackTreeMapSync::new_sync(), RedBlackTreeMapSync::new_sync());
        Self { lanes, counts }
    }

    /// True if nothing waits for funds.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// The payments that wait of one account in one asset, the first to be tried first. One whose
    /// deadline has passed is among them until a block has swept it.
    pub fn of(&self, holding: HoldingKey) -> impl Iterator<Item = (QueuePlace, Uetr)> {
        let lane = self.lanes.get(&holding).into_iter();
        lane.flat_map(|lane| lane.iter().map(|(place, payment)| (*place, *payment)))
    }

    /// The accounts and assets with payments that wait.
    pub fn holdings(&self) -> impl Iterator<Item = HoldingKey> {
        self.lanes.keys().copied()
    }

    /// True if one more payment may wait.
    pub(crate) fn has_room(&self, holding: HoldingKey) -> bool {
        let of_holding = self.lanes.get(&holding).map_or(0, Lane::size);
        let of_institution = self.counts.get(&holding.0.servicer()).copied().unwrap_or(0);
        let all: usize = self.counts.values().fold(0, |sum, count| sum.saturating_add(*count));
        of_holding < Self::MOST_OF_HOLDING
            && of_institution < Self::MOST_OF_INSTITUTION
            && all < Self::MOST
    }

    /// The place behind all others of `priority`.
    pub(crate) fn last(&self, holding: HoldingKey, priority: Priority) -> QueuePlace {
        let of_priority = self.of(holding).filter(|(place, _)| place.priority == priority);
        let last = of_priority.map(|(place, _)| place.number).last().unwrap_or(0);
        QueuePlace { priority, number: last.saturating_add(1) }
    }

    /// Takes notice of what a payment's record was and is.
    pub(crate) fn note(&mut self, payment: Uetr, before: Option<&Waiting>, now: Option<&Waiting>) {
        if let Some((holding, place)) = before.and_then(Waiting::queued) {
            self.remove(holding, place, payment);
        }
        if let Some((holding, place)) = now.and_then(Waiting::queued) {
            let mut lane = self.lanes.get(&holding).cloned().unwrap_or_else(Lane::new_sync);
            lane.insert_mut(place, payment);
            self.lanes.insert_mut(holding, lane);
            self.count(holding, |count| count.saturating_add(1));
        }
    }

    fn remove(&mut self, holding: HoldingKey, place: QueuePlace, payment: Uetr) {
        let Some(mut lane) = self.lanes.get(&holding).cloned() else { return };
        if lane.get(&place) != Some(&payment) {
            return;
        }
        lane.remove_mut(&place);
        if lane.is_empty() {
            self.lanes.remove_mut(&holding);
        } else {
            self.lanes.insert_mut(holding, lane);
        }
        self.count(holding, |count| count.saturating_sub(1));
    }

    fn count(&mut self, holding: HoldingKey, change: impl FnOnce(usize) -> usize) {
        let institution = holding.0.servicer();
        let count = change(self.counts.get(&institution).copied().unwrap_or(0));
        self.counts.insert_mut(institution, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;
    use crate::ids::{AccountId, AssetCode, Height, Timestamp};
    use crate::money::{Amount, Money};
    use crate::operation::{ChargeBearer, Pay, PaymentTerms};
    use crate::waiting::Awaits;

    fn waiting(bank: u32, customer: u8, payment: u64, place: QueuePlace) -> Waiting {
        let mut entropy = [0; 16];
        entropy[8..].copy_from_slice(&payment.to_be_bytes());
        let account = |number| AccountId::new(InstitutionNumber(bank), [number; 12]);
        let money = Money::new(Amount(5), AssetCode::parse("CNY").unwrap());
        let order = Pay {
            uetr: Uetr::from_entropy(entropy),
            from: account(customer),
            to: account(0),
            amount: money,
            terms: PaymentTerms {
                charge_bearer: ChargeBearer::Debtor,
                maximum_fee: Amount::ZERO,
                purpose: [0; 4],
                remittance: Hash::ZERO,
            },
        };
        Waiting {
            order,
            transaction: Hash::ZERO,
            height: Height(1),
            held: Money::new(Amount::ZERO, money.asset),
            most_charges: Amount::ZERO,
            awaits: Awaits::Funds(place),
            deadline: Timestamp(9),
        }
    }

    fn add(queue: &mut Queue, bank: u32, customer: u8, payment: u64, priority: Priority) {
        let asset = AssetCode::parse("CNY").unwrap();
        let holding = (AccountId::new(InstitutionNumber(bank), [customer; 12]), asset);
        let new = waiting(bank, customer, payment, queue.last(holding, priority));
        queue.note(new.order.uetr, None, Some(&new));
    }

    #[test]
    fn payments_are_tried_by_priority_and_then_as_they_came() {
        use Priority::{High, Normal, Urgent};
        let mut queue = Queue::new();
        for (payment, priority) in [(1, Normal), (2, High), (3, Normal), (4, Urgent), (5, High)] {
            add(&mut queue, 1, 1, payment, priority);
        }
        let holding = queue.holdings().next().unwrap();
        let order = |queue: &Queue| -> Vec<u8> {
            queue.of(holding).map(|(_, payment)| payment.bytes()[15]).collect()
        };
        assert_eq!(order(&queue), [4, 2, 5, 1, 3]);
        let (place, _) = queue.of(holding).nth(1).unwrap();
        let (before, kept) = (waiting(1, 1, 2, place), queue.clone());
        let now = waiting(1, 1, 2, queue.last(holding, Normal));
        queue.note(now.order.uetr, Some(&before), Some(&now));
        assert_eq!(order(&queue), [4, 5, 1, 3, 2]);
        assert_eq!(order(&kept), [4, 2, 5, 1, 3]);
        let all: Vec<_> = queue.of(holding).map(|(place, _)| place).collect();
        for (number, place) in (0..).zip(all) {
            let payment = u64::from(order(&queue)[0]);
            queue.note(
                waiting(1, 1, payment, place).order.uetr,
                Some(&waiting(1, 1, payment, place)),
                None,
            );
            assert_eq!(queue.is_empty(), number == 4);
        }
    }

    #[test]
    fn an_account_an_institution_and_all_have_their_bounds() {
        let asset = AssetCode::parse("CNY").unwrap();
        let holding =
            |bank, customer| (AccountId::new(InstitutionNumber(bank), [customer; 12]), asset);
        let mut queue = Queue::new();
        let mut payment = 0;
        for bank in 1..=8 {
            for customer in 1..=5 {
                assert!(queue.has_room(holding(bank, customer)));
                for _ in 0..Queue::MOST_OF_HOLDING {
                    payment += 1;
                    add(&mut queue, bank, customer, payment, Priority::Normal);
                }
                assert!(!queue.has_room(holding(bank, customer)));
            }
            assert!(!queue.has_room(holding(bank, 6)), "500 of its institution wait");
        }
        assert!(!queue.has_room(holding(9, 1)), "4,000 of all wait");
        let (place, uetr) = queue.of(holding(3, 3)).next().unwrap();
        let mut first = waiting(3, 3, 0, place);
        first.order.uetr = uetr;
        queue.note(uetr, Some(&first), None);
        assert!(queue.has_room(holding(9, 1)) && queue.has_room(holding(3, 6)));
    }
}
