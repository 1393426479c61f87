//! How a plan is drawn. Swarm testing: each seed draws its own mix of faults, so that rare
//! combinations come up, and one fault does not always drown another.

use super::super::disk::Trouble;
use super::super::network::Weather;
use super::super::random::Random;
use super::super::storage::Upkeep;
use super::{Fault, Machine, Plan, Role, Traffic};

type Faults = Vec<(u64, Fault)>;

impl Plan {
    /// Draws a plan; `adversaries` kinds of them are known.
    pub fn draw(random: &mut Random, adversaries: usize) -> Self {
        let validators = draw_count(random);
        let heal_at = random.between(2_000, 12_000);
        let machines = draw_machines(random, validators, adversaries);
        let upkeep = Upkeep {
            checkpoint_every: random.between(1, 12),
            retain: random.chance(200).then(|| random.between(3, 30)),
            segment_bytes: random.between(2, 64) * 1024,
        };
        let snapshots = if upkeep.retain.is_some() || random.chance(250) {
            (random.between(1, 6), random.between(3, 20))
        } else {
            (1_024, 2_048)
        };
        let mut plan = Self {
            validators,
            weather: draw_weather(random),
            sync: if random.chance(250) { (5, 80) } else { (0, 3) },
            verification: if random.chance(200) { (1, 60) } else { (0, 2) },
            upkeep,
            snapshots,
            traffic: (!random.chance(100)).then(|| draw_traffic(random)),
            changes: if random.chance(300) { random.between(1, 6) } else { 0 },
            faults: Vec::new(),
            heal_at,
            machines,
        };
        draw_faults(random, &mut plan);
        plan.faults.sort_by_key(|(at, _)| *at);
        plan
    }
}

fn draw_count(random: &mut Random) -> usize {
    match random.between(0, 39) {
        0 => 1,
        1 => 2,
        2 => 3,
        3..=6 => 5,
        7 | 8 => 6,
        9..=12 => 7,
        13 => 8,
        14 => 9,
        15 | 16 => 10,
        _ => 4,
    }
}

/// Honest hosts, and up to f seats of any other role; then the clones of those that have one.
fn draw_machines(random: &mut Random, validators: usize, adversaries: usize) -> Vec<Machine> {
    let most_skew = if random.chance(300) { Plan::LARGEST_SKEW } else { 0 };
    let mut machines: Vec<_> = (0..validators)
        .map(|seat| {
            let skew = i64::try_from(random.between(0, most_skew)).unwrap_or(0);
            Machine { seat, role: Role::Honest, skew }
        })
        .collect();
    let bound = (validators - 1) / 3;
    if bound > 0 && random.chance(650) {
        for _ in 0..=random.position(bound) {
            let role = draw_role(random, adversaries);
            let seat = random.position(validators);
            machines[seat].role = role;
        }
    }
    let twins: Vec<_> = machines.iter().filter(|m| m.role == Role::Twin).copied().collect();
    machines.extend(twins);
    machines
}

fn draw_role(random: &mut Random, adversaries: usize) -> Role {
    match random.between(0, 9) {
        0 | 1 => Role::Wiped,
        2 => Role::Damaged,
        3 => Role::Twin,
        _ if adversaries > 0 => Role::Adversary(random.position(adversaries)),
        _ => Role::Wiped,
    }
}

fn draw_traffic(random: &mut Random) -> Traffic {
    Traffic {
        pause: random.between(1, 150),
        burst: random.between(1, 12),
        rest: random.between(200, 4_000),
    }
}

fn draw_weather(random: &mut Random) -> Weather {
    let loss = if random.chance(500) { random.between(1, 300) } else { 0 };
    let duplication = if random.chance(300) { random.between(1, 500) } else { 0 };
    let least_delay = random.between(0, 30);
    let spread = if random.chance(500) { random.between(20, 400) } else { random.between(0, 15) };
    Weather { loss, duplication, least_delay, most_delay: least_delay + spread }
}

fn draw_faults(random: &mut Random, plan: &mut Plan) {
    let (hosts, until) = (plan.machines.len(), plan.heal_at);
    let mut faults = Faults::new();
    if random.chance(500) {
        draw_crashes(random, hosts, until, &mut faults);
    }
    if random.chance(450) {
        draw_partitions(random, hosts, until, &mut faults);
    }
    if random.chance(250) {
        draw_disk_troubles(random, hosts, until, &mut faults);
    }
    if random.chance(150) {
        draw_clock_steps(random, hosts, until, &mut faults);
    }
    if random.chance(150) {
        let slow = Fault::Slow(random.position(hosts), random.between(1, 8), until);
        faults.push((random.between(0, until), slow));
    }
    if random.chance(150) {
        // One is away for so long that it must catch up.
        let away = Fault::Kill(random.position(hosts), until);
        faults.push((random.between(0, 1_000), away));
    }
    if random.chance(3) {
        // The quorum is away for half an hour.
        let away = 30 * 60 * 1_000;
        let lost = (plan.validators - 1) / 3 + 1;
        let at = random.between(500, until);
        faults.extend((0..lost).map(|host| (at, Fault::Kill(host, away))));
        plan.heal_at += away;
    }
    draw_lasting(random, plan, until, &mut faults);
    plan.faults = faults;
}

/// What makes a seat faulty happens to those that the roles name.
fn draw_lasting(random: &mut Random, plan: &Plan, until: u64, faults: &mut Faults) {
    for (host, machine) in plan.machines.iter().enumerate() {
        let at = random.between(100, until);
        let is_clone = host >= plan.validators;
        match machine.role {
            Role::Wiped => {
                faults.push((at, Fault::Wipe(host, random.between(1, 1_500))));
                if random.chance(200) {
                    let again = Fault::Wipe(host, random.between(1, 500));
                    faults.push((random.between(100, until), again));
                }
            }
            Role::Damaged => {
                for _ in 0..random.between(1, 3) {
                    faults.push((random.between(100, until), Fault::Flip(host)));
                }
            }
            Role::Twin if is_clone => faults.push((at, Fault::Clone { of: machine.seat, host })),
            Role::Twin | Role::Honest | Role::Adversary(_) => {}
        }
    }
}

fn draw_crashes(random: &mut Random, hosts: usize, until: u64, faults: &mut Faults) {
    let crash = |random: &mut Random, host, down| {
        if random.chance(500) { Fault::PowerLoss(host, down) } else { Fault::Kill(host, down) }
    };
    if random.chance(250) {
        let at = random.between(0, until);
        let down = random.between(10, 1_500);
        for host in 0..hosts {
            faults.push((at, crash(random, host, down)));
        }
    }
    for _ in 0..random.between(1, 8) {
        let host = random.position(hosts);
        let length = random.between(1, 2_500);
        let is_pause = random.chance(300);
        let fault = if is_pause { Fault::Pause(host, length) } else { crash(random, host, length) };
        faults.push((random.between(0, until), fault));
    }
}

fn draw_partitions(random: &mut Random, hosts: usize, until: u64, faults: &mut Faults) {
    let mut at = random.between(0, 1_500);
    while at < until {
        let fault = match random.between(0, 9) {
            0 | 1 => Fault::Mend,
            2 | 3 => Fault::OneWay(random.position(hosts), random.position(hosts)),
            4 => Fault::Ring,
            5 | 6 => {
                let alone = random.position(hosts);
                Fault::Partition((0..hosts).map(|host| usize::from(host == alone)).collect())
            }
            _ => Fault::Partition((0..hosts).map(|_| random.position(2)).collect()),
        };
        faults.push((at, fault));
        at += random.between(100, 2_000);
    }
}

fn draw_disk_troubles(random: &mut Random, hosts: usize, until: u64, faults: &mut Faults) {
    let troubles = [Trouble::Writes, Trouble::Reads, Trouble::Full];
    for _ in 0..random.between(1, 4) {
        let trouble = troubles[random.position(troubles.len())];
        let fault = Fault::Disk(random.position(hosts), trouble, random.between(50, 2_000));
        faults.push((random.between(0, until), fault));
    }
}

fn draw_clock_steps(random: &mut Random, hosts: usize, until: u64, faults: &mut Faults) {
    // Nobody says what a validator without others takes for the time.
    if hosts == 1 {
        return;
    }
    // A clock that is far off is a fault of its validator: at least four bear one.
    let can_be_far = hosts >= 4;
    let host = random.position(hosts);
    for _ in 0..random.between(1, 3) {
        let most = if random.chance(300) && can_be_far { 3_600_000 } else { 3_000 };
        let step = i64::try_from(random.between(1, most)).unwrap_or(0);
        let step = if random.chance(500) { step } else { -step };
        faults.push((random.between(0, until), Fault::Clock(host, step)));
    }
}
