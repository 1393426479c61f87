//! What a seed decides: how many validators, which faults and when.
//!
//! Invariants: at most f seats are faulty, and [`Role`] says which and how; the faults that make a
//! seat faulty happen to those only; every fault but those heals at [`Plan::heal_at`]. Absent: the
//! world that follows the plan.

mod draw;

use std::collections::BTreeSet;

use super::disk::Trouble;
use super::network::Weather;
use super::storage::Upkeep;
use super::world::World;

/// What a host is. All but honest ones count as faulty: at most f seats of 3f + 1 are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It runs the product; it crashes, pauses and loses what is not durable, like any machine.
    Honest,
    /// It runs the product, and its disk is wiped on the way: it must still never vote twice.
    Wiped,
    /// It runs the product, and bits of its disk flip: it may have lost votes without knowing.
    Damaged,
    /// It runs the product, and so does a clone with the same keys.
    Twin,
    /// It is an adversary: the number is its place in [`super::adversaries::ALL`].
    Adversary(usize),
}

/// A fault that happens to the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process is killed; it starts again after so many milliseconds.
    Kill(usize, u64),
    /// The power fails: what no sync has covered is lost, or all but a part of it.
    PowerLoss(usize, u64),
    /// The host does nothing for so many milliseconds, and then all that came meanwhile.
    Pause(usize, u64),
    /// Each step takes the host so many milliseconds, for so many milliseconds.
    Slow(usize, u64, u64),
    /// Only hosts of one group hear each other.
    Partition(Vec<usize>),
    /// Each host hears only its neighbours.
    Ring,
    /// The first no longer reaches the second.
    OneWay(usize, usize),
    /// All links work again.
    Mend,
    /// The disk has this trouble for so many milliseconds; a node that stops for it is started
    /// again until it runs.
    Disk(usize, Trouble, u64),
    /// A bit of the disk flips, and the node starts again. If it refuses, its home is wiped.
    Flip(usize),
    /// The home is wiped; the node starts again after so many milliseconds.
    Wipe(usize, u64),
    /// The host is a clone, and starts with a copy of the disk of the one that it is a clone of.
    Clone {
        /// The first machine.
        of: usize,
        /// The clone.
        host: usize,
    },
    /// The clock is set forward or back by so many milliseconds.
    Clock(usize, i64),
}

impl Fault {
    /// The fault's kind, for counting.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Kill(..) => "kill",
            Self::PowerLoss(..) => "power loss",
            Self::Pause(..) => "pause",
            Self::Slow(..) => "slow host",
            Self::Partition(_) => "partition",
            Self::Ring => "ring",
            Self::OneWay(..) => "one-way cut",
            Self::Mend => "mend",
            Self::Disk(_, Trouble::Writes, _) => "write error",
            Self::Disk(_, Trouble::Reads, _) => "read error",
            Self::Disk(_, Trouble::Full, _) => "full disk",
            Self::Disk(_, Trouble::None, _) => "no trouble",
            Self::Flip(_) => "bit flip",
            Self::Wipe(..) => "wipe",
            Self::Clone { .. } => "clone",
            Self::Clock(..) => "clock step",
        }
    }
}

/// How clients behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The mean pause between two orders of a burst, in milliseconds.
    pub pause: u64,
    /// How many orders a burst has.
    pub burst: u64,
    /// The mean pause between two bursts, in milliseconds.
    pub rest: u64,
}

/// A machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The bank that runs it; a clone has the seat of another machine.
    pub seat: usize,
    /// What it is.
    pub role: Role,
    /// How far its clock is ahead, in milliseconds.
    pub skew: i64,
}

/// The plan of one simulation. Times are milliseconds from its start.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many validators there are.
    pub validators: usize,
    /// The hosts: one per validator, then the clones.
    pub machines: Vec<Machine>,
    /// The network until all heals.
    pub weather: Weather,
    /// The shortest and the longest sync of a disk.
    pub sync: (u64, u64),
    /// The shortest and the longest verification job.
    pub verification: (u64, u64),
    /// How hosts keep their storage.
    pub upkeep: Upkeep,
    /// A snapshot is served from each multiple of so many blocks, and fetched by a node that is so
    /// many behind.
    pub snapshots: (u64, u64),
    /// What clients do; `None` for an idle chain.
    pub traffic: Option<Traffic>,
    /// How many changes of the network the council wants; none for an idle chain.
    pub changes: u64,
    /// The faults and when they happen.
    pub faults: Vec<(u64, Fault)>,
    /// When all faults are over.
    pub heal_at: u64,
}

impl Plan {
    /// The largest skew between two clocks; below the bound that voters accept.
    pub const LARGEST_SKEW: u64 = 800;

    /// How long a healed world has to bring all nodes along, in milliseconds. A node that must
    /// fetch a snapshot may have to wait for one, and for peers that do not answer.
    pub const fn patience(&self) -> u64 {
        if self.upkeep.retain.is_some() { 90_000 } else { World::PATIENCE }
    }

    /// The seats whose nodes count as faulty: by their role, or because their clocks are set.
    pub fn faulty(&self) -> BTreeSet<usize> {
        let clocks = self.faults.iter().filter_map(|(_, fault)| {
            if let Fault::Clock(host, _) = fault { self.machines.get(*host) } else { None }
        });
        let faulty = self.machines.iter().filter(|machine| machine.role != Role::Honest);
        faulty.chain(clocks).map(|machine| machine.seat).collect()
    }

    /// A plan in which nothing goes wrong, to add faults to: `validators` honest hosts and some
    /// traffic, for `length` milliseconds.
    pub fn quiet(validators: usize, length: u64) -> Self {
        let machine = |seat| Machine { seat, role: Role::Honest, skew: 0 };
        Self {
            validators,
            machines: (0..validators).map(machine).collect(),
            weather: Weather::FAIR,
            sync: (0, 3),
            verification: (0, 2),
            upkeep: Upkeep { checkpoint_every: 1, retain: None, segment_bytes: 64 * 1024 },
            snapshots: (1_024, 2_048),
            traffic: Some(Traffic { pause: 20, burst: 4, rest: 500 }),
            changes: 0,
            faults: Vec::new(),
            heal_at: length,
        }
    }
}
