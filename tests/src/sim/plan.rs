//! What a seed decides: how many validators, which faults and when (swarm testing: each seed draws
//! its own mix, so rare combinations come up).
//!
//! Invariants: at most f validators are Byzantine; every fault but those heals at
//! [`Plan::heal_at`]. Absent: the world that follows the plan.

use super::network::Weather;
use super::random::Random;

/// A fault that happens to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process stops and loses what is not durable; it starts again after so many milliseconds.
    Crash(usize, u64),
    /// Only processes of one group hear each other.
    Partition(Vec<usize>),
    /// The first no longer reaches the second.
    OneWay(usize, usize),
    /// All links work again.
    Mend,
}

/// What an adversary does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adversary {
    /// Says everything, two blocks as a leader (see [`super::equivocator`]).
    Equivocator,
    /// Proposes on wrong parents (see [`super::forker`]).
    Forker,
}

/// The plan of one simulation. Times are milliseconds from its start.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many validators there are.
    pub validators: usize,
    /// The validator that is an adversary, if any, and its kind.
    pub adversary: Option<(usize, Adversary)>,
    /// The network until all heals.
    pub weather: Weather,
    /// How far each validator's clock is ahead, in milliseconds.
    pub skews: Vec<u64>,
    /// The shortest and the longest sync of a disk.
    pub sync: (u64, u64),
    /// The mean pause between two pieces of work; `None` for an idle chain.
    pub work_every: Option<u64>,
    /// The faults and when they happen.
    pub faults: Vec<(u64, Fault)>,
    /// When all faults are over.
    pub heal_at: u64,
}

impl Plan {
    /// The largest skew between two clocks; below the bound that voters accept.
    const LARGEST_SKEW: u64 = 400;

    /// Draws a plan.
    pub fn draw(random: &mut Random) -> Self {
        let validators = match random.between(0, 19) {
            0 => 1,
            1 => 2,
            2 => 3,
            3 | 4 => 5,
            5 | 6 => 7,
            _ => 4,
        };
        let heal_at = random.between(2_000, 12_000);
        let has_adversary = validators >= 4 && random.chance(450);
        let kinds = [Adversary::Equivocator, Adversary::Forker];
        let adversary =
            has_adversary.then(|| (random.position(validators), kinds[random.position(2)]));
        let weather = draw_weather(random);
        let most_skew = if random.chance(300) { Self::LARGEST_SKEW } else { 0 };
        let skews = (0..validators).map(|_| random.between(0, most_skew)).collect();
        let sync = if random.chance(250) { (5, 80) } else { (0, 3) };
        let work_every = (!random.chance(150)).then(|| random.between(20, 900));
        let mut faults = Vec::new();
        if random.chance(500) {
            draw_crashes(random, validators, heal_at, &mut faults);
        }
        if random.chance(450) {
            draw_partitions(random, validators, heal_at, &mut faults);
        }
        if random.chance(150) {
            // One is away for so long that it must catch up.
            let away = Fault::Crash(random.position(validators), heal_at);
            faults.push((random.between(0, 1_000), away));
        }
        faults.sort_by_key(|(at, _)| *at);
        Self { validators, adversary, weather, skews, sync, work_every, faults, heal_at }
    }
}

fn draw_weather(random: &mut Random) -> Weather {
    let loss = if random.chance(500) { random.between(1, 350) } else { 0 };
    let duplication = if random.chance(300) { random.between(1, 300) } else { 0 };
    let least_delay = random.between(0, 30);
    let spread = if random.chance(500) { random.between(20, 400) } else { random.between(0, 15) };
    Weather { loss, duplication, least_delay, most_delay: least_delay + spread }
}

fn draw_crashes(random: &mut Random, count: usize, until: u64, faults: &mut Vec<(u64, Fault)>) {
    if random.chance(250) {
        let at = random.between(0, until);
        let down = random.between(10, 1_500);
        faults.extend((0..count).map(|node| (at, Fault::Crash(node, down))));
    }
    for _ in 0..random.between(1, 8) {
        let node = random.position(count);
        let crash = Fault::Crash(node, random.between(1, 2_500));
        faults.push((random.between(0, until), crash));
    }
}

fn draw_partitions(random: &mut Random, count: usize, until: u64, faults: &mut Vec<(u64, Fault)>) {
    let mut at = random.between(0, 1_500);
    while at < until {
        let fault = match random.between(0, 3) {
            0 => Fault::Mend,
            1 => Fault::OneWay(random.position(count), random.position(count)),
            _ => Fault::Partition((0..count).map(|_| random.position(2)).collect()),
        };
        faults.push((at, fault));
        at += random.between(100, 2_000);
    }
}
