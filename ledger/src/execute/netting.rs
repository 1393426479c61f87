//! Netting: which of the payments that wait for funds settle together.
//!
//! Of every account's payments, in their order, the first ones are chosen: as many as can be, so
//! that after all chosen payments of all accounts no balance is below zero. There is one such
//! choice that contains every other: of two good choices the one that takes from each account the
//! longer beginning is good too, because nobody pays more than in one of the two and nobody gets
//! less. It is found from above: with everything chosen, an account that would end below zero
//! gives up its last payment, until none would. In which order accounts give up does not matter.
//!
//! This is the gridlock resolution of queues in which nothing overtakes (Bech and Soramäki): it
//! settles what funds allow, two payments that offset each other, and circles of any length.
//! Invariants: a payment is given up once, so the steps are bounded by the payments. Absent: the
//! ledger; here are numbers only.

use std::collections::BTreeMap;

use crate::account::HoldingKey;
use crate::money::Amount;

/// A payment as netting sees it, with what the caller needs of it.
pub(super) struct Flow<T> {
    pub(super) item: T,
    /// What leaves the payer.
    pub(super) taken: Amount,
    /// Who gets how much of it.
    pub(super) given: Vec<(HoldingKey, Amount)>,
}

/// What each account would have. Amounts are at most 10^27 and flows a few thousand, so nothing
/// comes near the bounds; a balance above them is as good as endless.
#[derive(Default)]
struct Balances(BTreeMap<HoldingKey, i128>);

impl Balances {
    fn add(&mut self, key: HoldingKey, amount: Amount) -> i128 {
        let balance = self.0.entry(key).or_default();
        *balance = balance.saturating_add(number(amount));
        *balance
    }

    fn take(&mut self, key: HoldingKey, amount: Amount) -> i128 {
        let balance = self.0.entry(key).or_default();
        *balance = balance.saturating_sub(number(amount));
        *balance
    }
}

fn number(amount: Amount) -> i128 {
    i128::try_from(amount.0).unwrap_or(i128::MAX).min(i128::MAX >> 1)
}

/// Of each account's payments, those that settle: the longest beginnings after which nobody who
/// has what `available` says is below zero.
pub(super) fn choose<T>(
    mut lanes: BTreeMap<HoldingKey, Vec<Flow<T>>>,
    mut available: impl FnMut(HoldingKey) -> Amount,
) -> BTreeMap<HoldingKey, Vec<Flow<T>>> {
    let mut balances = Balances::default();
    for (payer, lane) in &lanes {
        balances.add(*payer, available(*payer));
        for flow in lane {
            balances.take(*payer, flow.taken);
            for (payee, amount) in &flow.given {
                balances.add(*payee, *amount);
            }
        }
    }
    let is_short = |balances: &Balances, key: &HoldingKey| {
        balances.0.get(key).is_some_and(|balance| *balance < 0)
    };
    let mut short: Vec<HoldingKey> =
        lanes.keys().copied().filter(|key| is_short(&balances, key)).collect();
    while let Some(payer) = short.pop() {
        while is_short(&balances, &payer) {
            let Some(given_up) = lanes.get_mut(&payer).and_then(Vec::pop) else { break };
            balances.add(payer, given_up.taken);
            for (payee, amount) in given_up.given {
                if balances.take(payee, amount) < 0 {
                    short.push(payee);
                }
            }
        }
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, AssetCode, InstitutionNumber};

    /// Payer, payee, amount; numbers of accounts.
    type Wish = (u8, u8, u128);

    fn key(number: u8) -> HoldingKey {
        let account = AccountId::new(InstitutionNumber(1), [number; 12]);
        (account, AssetCode::parse("CNY").unwrap())
    }

    fn lanes(wishes: &[Wish]) -> BTreeMap<HoldingKey, Vec<Flow<usize>>> {
        let mut lanes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (item, (from, to, amount)) in wishes.iter().enumerate() {
            let given = vec![(key(*to), Amount(*amount))];
            let flow = Flow { item, taken: Amount(*amount), given };
            lanes.entry(key(*from)).or_default().push(flow);
        }
        lanes
    }

    fn chosen(funds: &[u128], wishes: &[Wish]) -> Vec<usize> {
        let available = |of: HoldingKey| {
            let number = (0_u8..).zip(funds).find(|(number, _)| key(*number) == of);
            number.map_or(Amount::ZERO, |(_, funds)| Amount(*funds))
        };
        let kept = choose(lanes(wishes), available);
        let mut items: Vec<usize> = kept.values().flatten().map(|flow| flow.item).collect();
        items.sort_unstable();
        items
    }

    #[test]
    fn funds_offsets_and_circles_settle_and_nothing_overtakes() {
        // By funds alone, one after the other.
        assert_eq!(chosen(&[10, 0], &[(0, 1, 6), (0, 1, 5), (0, 1, 1)]), [0]);
        // Two that offset each other, without any funds.
        assert_eq!(chosen(&[0, 0], &[(0, 1, 100), (1, 0, 100)]), [0, 1]);
        // A circle of four, short of 10.
        let circle = [(0, 1, 100), (1, 2, 90), (2, 3, 100), (3, 0, 100)];
        assert!(chosen(&[0; 4], &circle).is_empty());
        assert_eq!(chosen(&[0, 0, 10, 0], &circle), [0, 1, 2, 3]);
        // A chain: what comes in pays what goes out.
        assert_eq!(chosen(&[7, 0, 0], &[(0, 1, 7), (1, 2, 7)]), [0, 1]);
        // Who waits behind a payment that cannot settle waits.
        assert!(chosen(&[5, 0], &[(0, 1, 9), (0, 1, 1)]).is_empty());
        // Balances beyond all amounts.
        assert_eq!(chosen(&[u128::MAX, u128::MAX], &[(0, 1, u128::MAX), (1, 0, 1)]), [0, 1]);
    }

    /// Every choice of beginnings, by trying all of them.
    fn best(funds: &[u128], wishes: &[Wish]) -> Vec<usize> {
        let mut best: Vec<usize> = Vec::new();
        let of = |payer: u8| -> Vec<usize> {
            (0..wishes.len()).filter(|place| wishes[*place].0 == payer).collect()
        };
        let payers: Vec<u8> = (0_u8..).take(funds.len()).collect();
        let lengths: Vec<usize> = payers.iter().map(|payer| of(*payer).len() + 1).collect();
        for number in 0..lengths.iter().product() {
            let mut rest: usize = number;
            let mut choice = Vec::new();
            for (payer, length) in payers.iter().zip(&lengths) {
                choice.extend(of(*payer).into_iter().take(rest % length));
                rest /= length;
            }
            let mut balances: Vec<i128> =
                funds.iter().map(|funds| i128::try_from(*funds).unwrap()).collect();
            for place in &choice {
                let (from, to, amount) = wishes[*place];
                balances[usize::from(from)] -= i128::try_from(amount).unwrap();
                balances[usize::from(to)] += i128::try_from(amount).unwrap();
            }
            if balances.iter().all(|balance| *balance >= 0) && choice.len() > best.len() {
                best = choice;
            }
        }
        best.sort_unstable();
        best
    }

    #[test]
    fn no_other_choice_settles_more() {
        let mut state = 1_u64;
        let mut draw = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % bound
        };
        let mut circles = 0;
        for _ in 0..400 {
            let funds: Vec<u128> = (0..4).map(|_| u128::from(draw(4))).collect();
            let mut wishes = Vec::new();
            for _ in 0..draw(10) {
                let (from, to) = (u8::try_from(draw(4)).unwrap(), u8::try_from(draw(4)).unwrap());
                if from != to {
                    wishes.push((from, to, u128::from(1 + draw(9))));
                }
            }
            let found = chosen(&funds, &wishes);
            assert_eq!(found, best(&funds, &wishes), "{funds:?} {wishes:?}");
            let sum: u128 = found.iter().map(|place| wishes[*place].2).sum();
            circles += usize::from(sum > funds.iter().sum());
        }
        assert!(circles > 20, "the draws must offset: {circles}");
    }
}
