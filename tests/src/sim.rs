//! The simulator: whole networks of nodes in one thread, under virtual time and drawn faults.
//!
//! Every node is the product's own core (`node::core`): admission, lanes, consensus, execution, the
//! records of the block log, checkpoints, catch-up. The simulator owns all else: clock, network,
//! disk, clients. A seed decides everything. The same seed and code give the same audit hash.
//! Invariants: cores are driven only by inputs; checkers see only what leaves them. Absent: the
//! real network, disk, threads and clock (tests of real processes are apart).

pub mod actor;
pub mod adversaries;
pub mod audit;
pub mod checkers;
pub mod clients;
pub mod council;
pub mod disk;
pub mod epochs;
pub mod host;
pub mod hunt;
mod limits;
pub mod network;
pub mod plan;
pub mod planted;
pub mod random;
pub mod report;
pub mod setup;
pub mod storage;
pub mod sweep;
pub mod world;

use ledger::crypto::Suite;

pub use hunt::hunt;
use plan::Plan;
pub use planted::Planted;
use random::Random;
pub use report::{Report, Summary, Violation};
use setup::Setup;
pub use sweep::sweep;
use world::World;

/// How a simulation is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The crypto suite: keyed hashes are fast, the real one is real.
    pub suite: Suite,
    /// A bug to plant, to test the rig.
    pub planted: Option<Planted>,
    /// Whether to keep a line for each event.
    pub traces: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { suite: Suite::KeyedHash, planted: None, traces: false }
    }
}

/// Runs the simulation of `seed`.
#[must_use]
pub fn run(seed: u64) -> Report {
    run_with(seed, Options::default())
}

/// Runs the simulation of `seed` in another way.
#[must_use]
pub fn run_with(seed: u64, options: Options) -> Report {
    let mut random = Random::new(seed);
    let plan = Plan::draw(&mut random, adversaries::ALL.len());
    run_plan(seed, plan, random, options)
}

/// Runs a plan; `random` draws what the plan leaves open.
#[must_use]
pub fn run_plan(seed: u64, plan: Plan, random: Random, options: Options) -> Report {
    let description = format!("{plan:?}");
    let setup = Setup::of(plan.validators, options.suite);
    let mut world = World::new(&setup, plan, random, options);
    world.run();
    world.report(seed, description)
}
