//! Measures execution: `cargo bench -p ledger --bench execute [-- ACCOUNTS..]`.
//!
//! The default is 10^4 and 10^6 accounts, each with an owner key and a holding. Blocks of 10,000
//! payments between accounts picked at random, one payment per transaction; signatures are verified
//! before the clock starts. A time is the processor time of one core for a whole block:
//! authorization, postings with their entry chains, markers, receipts, changes, receipts root and
//! state root.
#![expect(clippy::print_stdout, reason = "a bench prints its table")]
#![expect(clippy::disallowed_types, reason = "a bench reads the clock")]
#![expect(clippy::unwrap_used, reason = "a bench that fails says where")]
#![expect(clippy::as_conversions, reason = "figures are for people")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use ledger::account::Policy;
use ledger::ids::AccountId;
use ledger::operation::Operation;
use ledger::receipt::Outcome;
use ledger::state::State;
use ledger::transaction::{VerifiedTransaction, verify_all};
use support::{Order, POST, World, account, cny, key, operator};

const BLOCK: u64 = 10_000;
const ROUNDS: u64 = 7;
/// Owners are few, so that signing the load does not take longer than measuring it.
const OWNERS: u64 = 64;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let sizes: Vec<u64> = words.iter().map(|word| word.parse().unwrap()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 1_000_000] } else { sizes };
    println!("{:>9}  {:<34} {:>14}", "accounts", "what", "figure");
    for size in sizes {
        run(size);
    }
}

fn run(accounts: u64) {
    let before = resident();
    let start = Instant::now();
    let mut world = populated(accounts);
    let built = start.elapsed();
    row(accounts, "open and fund (2 operations each)", &format!("{built:.2?}"));
    let memory = resident().saturating_sub(before) / accounts;
    row(accounts, "memory an account", &format!("{memory} bytes"));

    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let transactions = payments(&mut world, accounts, round);
        let parent = world.tip.clone();
        let start = cpu_time();
        let executed = {
            let (tip, cut) = (&world.tip, world.tip.cut().clone());
            let view = ledger::ids::View(tip.header().view.0 + 1);
            tip.build(view, ledger::ids::ValidatorIndex(0), world.time(), cut, &transactions)
        };
        times.push(cpu_time().saturating_sub(start));
        let settled = |outcome: &Outcome| matches!(outcome, Outcome::Settled(_));
        let count = executed.booked.iter().filter(|one| settled(&one.receipt.outcome)).count();
        assert_eq!(count as u64, BLOCK);
        world.tip = executed.tip;
        drop(parent);
    }
    times.sort();
    let (best, median) = (times[0], times[times.len() / 2]);
    row(accounts, "block of 10,000 payments, best", &format!("{best:.2?}"));
    row(accounts, "block of 10,000 payments, median", &format!("{median:.2?}"));
    row(accounts, "payments/s of one core, best", &per_second(best));
    row(accounts, "payments/s of one core, median", &per_second(median));

    let start = Instant::now();
    let entries: Vec<_> =
        world.tip.state().entries().map(|(key, value)| (key, value.to_vec())).collect();
    let restored = State::restore(world.domains(), entries).unwrap();
    assert_eq!(restored.root(), world.tip.state().root());
    row(accounts, "list and restore the whole state", &format!("{:.2?}", start.elapsed()));
}

fn populated(accounts: u64) -> World {
    let mut world = World::new();
    let numbers: Vec<u64> = (0..accounts).collect();
    for chunk in numbers.chunks(4_096) {
        let open = |number: &u64| Operation::OpenAccount {
            account: customer(*number),
            policy: Policy::single(owner(*number).public()),
            tier: 1,
        };
        let mut operations: Vec<Operation> = chunk.iter().map(open).collect();
        for number in chunk {
            let (uetr, to) = (world.fresh_uetr(), customer(*number));
            operations.push(Operation::Issue { uetr, to, amount: cny(1_000_000_000) });
        }
        let outcomes = world.order(&Order::new(operations, &[operator(POST)]));
        assert!(outcomes.iter().all(|outcome| outcome.rejection().is_none()));
    }
    world
}

fn payments(world: &mut World, accounts: u64, round: u64) -> Vec<VerifiedTransaction> {
    let mut seed = round + 1;
    let owners: Vec<_> = (0..OWNERS).map(owner).collect();
    let mut signed = Vec::new();
    for _ in 0..BLOCK {
        let from = random(&mut seed) % accounts;
        let to = (from + 1 + random(&mut seed) % (accounts - 1)) % accounts;
        let pay = world.pay(customer(from), customer(to), cny(100));
        let owner = owners[usize::try_from(from % OWNERS).unwrap()].clone();
        let order = Order::one(Operation::Pay(pay), &[owner]);
        signed.push(order.sign(world.domains(), world.time()));
    }
    verify_all(world.domains(), signed).into_iter().map(Result::unwrap).collect()
}

fn customer(number: u64) -> AccountId {
    account(POST, number + 1_000)
}

fn owner(number: u64) -> ledger::crypto::SecretKey {
    key(&format!("bench owner {}", number % OWNERS))
}

fn random(seed: &mut u64) -> u64 {
    // splitmix64
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|word| word.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

/// The time that this thread was on a processor.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn per_second(time: Duration) -> String {
    format!("{}", u128::from(BLOCK) * 1_000_000_000 / time.as_nanos().max(1))
}

fn row(accounts: u64, what: &str, figure: &str) {
    println!("{accounts:>9}  {what:<34} {figure:>14}");
}
