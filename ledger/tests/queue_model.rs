//! Random queued payments against a model of queues that is written apart.
//!
//! The model tries every choice of beginnings of its accounts' queues and takes the one that
//! settles most. After each block: the same outcomes, the same payments settled and the same ones
//! waiting in the same order, the same balances, conservation, each payment settled once; and a
//! state restored from the entries has the same root and the same queues.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use ledger::fees::{FeeRule, FeeSchedule};
use ledger::ids::{AccountId, Timestamp, Uetr};
use ledger::money::Amount;
use ledger::operation::{FreezeDirection, Operation};
use ledger::receipt::{Outcome, settlement_id};
use ledger::state::State;
use ledger::waiting::Priority;
use support::draw::Draw;
use support::families::{Tally, run_seeds};
use support::queue::queue;
use support::*;

#[derive(Clone)]
struct Wish {
    uetr: Uetr,
    from: AccountId,
    to: AccountId,
    amount: u128,
    fee: u128,
    priority: Priority,
    deadline: Timestamp,
    /// When it came to its priority.
    since: u64,
}

struct Model {
    balances: BTreeMap<AccountId, u128>,
    frozen: BTreeSet<AccountId>,
    waiting: Vec<Wish>,
    settled: BTreeSet<Uetr>,
    basis_points: u128,
    /// How many payments of an account are free, and how many were.
    free: u8,
    used: BTreeMap<AccountId, u8>,
    clock: u64,
}

/// Six accounts at three banks; those at PSBC are charged.
fn accounts() -> [AccountId; 6] {
    [(POST, 51), (POST, 52), (CHINA, 51), (CHINA, 52), (HONG_KONG, 51), (HONG_KONG, 52)]
        .map(|(bank, number)| account(bank, number))
}

impl Model {
    fn balance(&self, account: AccountId) -> u128 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    fn fee(&self, from: AccountId, amount: u128) -> u128 {
        if from.servicer() == POST { (amount * self.basis_points).div_ceil(10_000) } else { 0 }
    }

    /// The charges of what is ordered now, and whether they are waived.
    fn charged(&self, from: AccountId, amount: u128) -> (u128, bool) {
        let fee = self.fee(from, amount);
        let used = self.used.get(&from).copied().unwrap_or(0);
        if fee > 0 && used < self.free { (0, true) } else { (fee, false) }
    }

    fn apply(&mut self, from: AccountId, to: AccountId, amount: u128, fee: u128) {
        *self.balances.entry(from).or_default() -= amount + fee;
        *self.balances.entry(to).or_default() += amount;
        *self.balances.entry(collector()).or_default() += fee;
    }

    /// Who waits of an account, the first to be tried first.
    fn lane(&self, from: AccountId) -> Vec<Wish> {
        let mut lane: Vec<Wish> =
            self.waiting.iter().filter(|wish| wish.from == from).cloned().collect();
        lane.sort_by_key(|wish| (wish.priority, wish.since));
        lane
    }

    fn is_payable(&self, wish: &Wish) -> bool {
        !self.frozen.contains(&wish.from) && !self.frozen.contains(&wish.to)
    }

    /// What the end of a block settles: the largest good choice.
    fn settle(&mut self) -> BTreeSet<Uetr> {
        let lanes: Vec<Vec<Wish>> = accounts()
            .map(|from| self.lane(from).into_iter().filter(|wish| self.is_payable(wish)).collect())
            .to_vec();
        let choices = lanes.iter().map(|lane| lane.len() + 1).product();
        let mut best: Vec<Wish> = Vec::new();
        for number in 0..choices {
            let mut rest: usize = number;
            let mut choice: Vec<Wish> = Vec::new();
            for lane in &lanes {
                choice.extend(lane.iter().take(rest % (lane.len() + 1)).cloned());
                rest /= lane.len() + 1;
            }
            let mut balances: BTreeMap<AccountId, i128> = BTreeMap::new();
            for wish in &choice {
                let fee = self.fee(wish.from, wish.amount).min(wish.fee);
                let (taken, given) = (
                    i128::try_from(wish.amount + fee).unwrap(),
                    i128::try_from(wish.amount).unwrap(),
                );
                *balances.entry(wish.from).or_default() -= taken;
                *balances.entry(wish.to).or_default() += given;
            }
            let is_good = balances.iter().all(|(account, change)| {
                i128::try_from(self.balance(*account)).unwrap() + change >= 0
            });
            if is_good && choice.len() > best.len() {
                best = choice;
            }
        }
        // All at once: first what comes in, so that no sum is below zero between.
        for wish in &best {
            *self.balances.entry(wish.to).or_default() += wish.amount;
        }
        for wish in &best {
            let fee = self.fee(wish.from, wish.amount).min(wish.fee);
            *self.balances.entry(wish.from).or_default() -= wish.amount + fee;
            *self.balances.entry(collector()).or_default() += fee;
        }
        let paid: BTreeSet<Uetr> = best.iter().map(|wish| wish.uetr).collect();
        self.waiting.retain(|wish| !paid.contains(&wish.uetr));
        for uetr in &paid {
            assert!(self.settled.insert(*uetr), "{uetr:?} settles twice");
        }
        paid
    }

    fn expire(&mut self, now: Timestamp) {
        self.waiting.retain(|wish| wish.deadline >= now);
    }

    /// A queued payment: settled at once, or waiting.
    fn queue(&mut self, wish: Wish) -> &'static str {
        if self.frozen.contains(&wish.from) || self.frozen.contains(&wish.to) {
            return "RJCT";
        }
        let is_behind = self.lane(wish.from).iter().any(|other| other.priority <= wish.priority);
        if !is_behind && self.balance(wish.from) >= wish.amount + wish.fee {
            self.apply(wish.from, wish.to, wish.amount, wish.fee);
            assert!(self.settled.insert(wish.uetr));
            return "ACSC";
        }
        self.waiting.push(wish);
        "ACSP"
    }
}

/// The next operation, who signs it, and what the model says of it; `None` if the draw is none.
fn draw_one(
    draw: &mut Draw,
    world: &mut World,
    model: &mut Model,
) -> Option<(Operation, ledger::crypto::SecretKey, &'static str)> {
    model.clock += 1;
    let (from, to) = (draw.of(&accounts()), draw.of(&accounts()));
    let amount = (1 + draw.below(12_u128)) * 10;
    match draw.below(12) {
        0 => {
            let uetr = world.fresh_uetr();
            let is_frozen = model.frozen.contains(&to);
            if !is_frozen {
                *model.balances.entry(to).or_default() += amount;
            }
            let said = if is_frozen { "RJCT" } else { "ACSC" };
            Some((Operation::Issue { uetr, to, amount: cny(amount) }, operator(POST), said))
        }
        1 if from != to => {
            let pay = world.pay(from, to, cny(amount));
            let (fee, is_waived) = model.charged(from, amount);
            let is_frozen = model.frozen.contains(&from) || model.frozen.contains(&to);
            let is_paid = !is_frozen && model.balance(from) >= amount + fee;
            if is_paid {
                model.apply(from, to, amount, fee);
                *model.used.entry(from).or_default() += u8::from(is_waived);
            }
            Some((Operation::Pay(pay), owner(from), if is_paid { "ACSC" } else { "RJCT" }))
        }
        2 | 3 if !model.waiting.is_empty() => {
            let place = draw.below(model.waiting.len());
            let (payment, from) = (model.waiting[place].uetr, model.waiting[place].from);
            if draw.below(3) == 0 {
                model.waiting.remove(place);
                return Some((Operation::Release { payment }, owner(from), "CANC"));
            }
            let priority = draw.of(&Priority::ALL);
            let since = model.clock;
            let wish = &mut model.waiting[place];
            (wish.priority, wish.since) = (priority, since);
            Some((Operation::Prioritise { payment, priority }, owner(from), "ACSP"))
        }
        4 if model.frozen.contains(&to) || draw.below(4) == 0 => {
            let is_frozen = model.frozen.contains(&to);
            let operation = if is_frozen {
                model.frozen.remove(&to);
                Operation::Unfreeze { account: to }
            } else {
                model.frozen.insert(to);
                Operation::Freeze { account: to, direction: FreezeDirection::Both }
            };
            Some((operation, compliance(to.servicer()), "ACSC"))
        }
        _ if from != to && model.waiting.len() < 9 && model.lane(from).len() < 3 => {
            let priority = draw.of(&Priority::ALL);
            let mut one = queue(world, from, to, cny(amount), priority);
            one.deadline = world.time().plus(1_000 * (1 + draw.below(40)));
            let (fee, is_waived) = model.charged(from, amount);
            let (deadline, since) = (one.deadline, model.clock);
            let uetr = one.pay.uetr;
            let said = model.queue(Wish { uetr, from, to, amount, fee, priority, deadline, since });
            *model.used.entry(from).or_default() += u8::from(is_waived && said != "RJCT");
            Some((Operation::Queue(Box::new(one)), owner(from), said))
        }
        _ => None,
    }
}

fn publish(world: &mut World, version: u32, basis_points: u16, free_payments: u8) {
    let mut rule = FeeRule { free_payments, ..fee_rule() };
    rule.free_below = Amount(0);
    rule.basis_points = basis_points;
    for part in [&mut rule.minimum, &mut rule.interbank, &mut rule.cross_border] {
        *part = Amount(0);
    }
    let schedule = FeeSchedule { version, collector: collector(), rules: vec![rule] };
    let publish = Operation::SetFeeSchedule { institution: POST, schedule };
    assert_eq!(world.submit(publish, &[operator(POST)]), Outcome::Done);
}

fn compare(model: &Model, state: &State) {
    let mut total = 0;
    for of in accounts().into_iter().chain([collector()]) {
        let posted = state.holding(of, code("CNY")).unwrap_or_default().posted.0;
        assert_eq!(posted, model.balance(of), "{of:?}");
        total += posted;
        let used = state.waived(of, code("CNY")).unwrap_or(0);
        assert_eq!(used, model.used.get(&of).copied().unwrap_or(0), "{of:?}");
        let waiting: Vec<Uetr> = model.lane(of).iter().map(|wish| wish.uetr).collect();
        let found: Vec<Uetr> = state.queue().of((of, code("CNY"))).map(|(_, uetr)| uetr).collect();
        assert_eq!(found, waiting, "{of:?}");
    }
    let supply = state.supply(code("CNY")).unwrap();
    assert_eq!(supply.issued.0 - supply.redeemed.0, total + 20_000_000, "wei and min have theirs");
    let entries = state.entries().map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(state.domains(), entries).unwrap();
    assert_eq!(restored.root(), state.root());
    let lanes = |state: &State| -> Vec<_> {
        let of = |holding| state.queue().of(holding).map(move |place| (holding, place));
        state.queue().holdings().flat_map(of).collect()
    };
    assert_eq!(lanes(&restored), lanes(state));
}

/// How many payments settled at a block's end, and in how many of those blocks more was paid than
/// there was.
fn run(seed: u64, tally: &mut Tally) -> (usize, usize) {
    let mut draw = Draw::new(seed);
    let mut world = World::new();
    world.open(collector());
    accounts().into_iter().for_each(|account| world.open(account));
    publish(&mut world, 1, 200, 2);
    let mut model = Model {
        balances: BTreeMap::new(),
        frozen: BTreeSet::new(),
        waiting: Vec::new(),
        settled: BTreeSet::new(),
        basis_points: 200,
        free: 2,
        used: BTreeMap::new(),
        clock: 0,
    };
    // The dealer's funds stay out of it.
    let redeem =
        Operation::Redeem { uetr: world.fresh_uetr(), from: dealer(), amount: cny(10_000_000) };
    world.submit(redeem, &[owner(dealer()), operator(POST)]);
    world.tally = Tally::default();
    let (mut settled, mut circles) = (0, 0);
    for round in 0..60 {
        if let Some(version) = [10, 30, 50].iter().position(|at| *at == round) {
            let points = draw.of(&[100, 400]);
            let version = 2 + u32::try_from(version).unwrap();
            let before: u128 = model.balances.values().sum();
            model.expire(world.time());
            let free = draw.of(&[0, 1, 3, 9]);
            publish(&mut world, version, points, free);
            (model.basis_points, model.free) = (u128::from(points), free);
            settled += model.settle().len();
            assert_eq!(before, model.balances.values().sum());
            compare(&model, world.tip.state());
        }
        let now = world.time();
        model.expire(now);
        let (mut transactions, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..=draw.below(3) {
            if let Some((operation, signer, said)) = draw_one(&mut draw, &mut world, &mut model) {
                // The same words twice are two orders.
                let until = 600_000 + i64::try_from(model.clock).unwrap();
                let order = Order::one(operation, &[signer]);
                let order = Order { window: (-600_000, until), ..order };
                transactions.push(world.verified(&order));
                expected.push(said);
            }
        }
        let available: u128 = accounts().iter().map(|of| model.balance(*of)).sum();
        let amounts: BTreeMap<Uetr, u128> =
            model.waiting.iter().map(|wish| (wish.uetr, wish.amount)).collect();
        let paid = model.settle();
        let moved: u128 = paid.iter().map(|uetr| amounts[uetr]).sum();
        circles += usize::from(moved > available);
        settled += paid.len();
        let executed = world.block(&transactions);
        let name = settlement_id(world.domains(), world.tip.height());
        let (own, ordered): (Vec<_>, Vec<_>) =
            executed.booked.iter().partition(|booked| booked.receipt.transaction == name);
        let found: Vec<_> =
            ordered.iter().map(|booked| booked.receipt.outcome.iso_status()).collect();
        assert_eq!(found, expected, "seed {seed}, round {round}");
        let found: BTreeSet<Uetr> = own.iter().map(|one| one.receipt.uetr.unwrap()).collect();
        assert_eq!((found.len(), &found), (own.len(), &paid), "seed {seed}, round {round}");
        compare(&model, world.tip.state());
    }
    tally.add(&world.tally);
    (settled, circles)
}

#[test]
fn random_queues_settle_what_the_best_choice_settles() {
    let (mut settled, mut circles) = (0, 0);
    run_seeds("queues", 10, |seed, tally| {
        let (of_run, over) = run(seed, tally);
        settled += of_run;
        circles += over;
    });
    assert!(settled > 60, "{settled} settled at a block's end");
    assert!(circles > 3, "{circles} blocks paid more than there was");
}
