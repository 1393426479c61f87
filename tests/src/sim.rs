//! The simulator: whole networks of validators in one thread, under virtual time and drawn faults.
//!
//! A seed decides everything: the plan of faults, the network's delays, the disks' syncs. The same
//! seed and code give the same audit hash. Invariants: processes are driven only by events;
//! checkers see only what honest validators do. Absent: the real network, disk and clock (tests of
//! real processes are apart).

pub mod audit;
pub mod checkers;
pub mod disk;
pub mod equivocator;
pub mod forker;
pub mod network;
pub mod plan;
pub mod planted;
pub mod process;
pub mod random;
pub mod report;
pub mod validator;
pub mod world;

use consensus::Timing;
use ledger::block::{Block, Cut, Header};
use ledger::crypto::{SecretKey, Suite};
use ledger::hash::{ChainId, Domain, Domains, Hash};
use ledger::ids::{Bic, Epoch, Height, InstitutionNumber, Timestamp, ValidatorIndex, View};
use ledger::validators::{Validator, ValidatorSet};
use std::rc::Rc;

use plan::{Adversary, Plan};
pub use planted::Planted;
use process::{Place, Setup};
use random::Random;
pub use report::{Report, Summary, Violation};
use world::World;

/// How a simulation is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    let mut plan = Plan::draw(&mut random);
    if options.planted == Some(Planted::QuorumOneShort) {
        plan.adversary = None;
    }
    let description = format!("{plan:?}");
    let (setup, keys) = set_up(plan.validators, options);
    let places = keys.into_iter().zip(0_u16..).map(|(key, index)| {
        let place = Place { setup: Rc::clone(&setup), index: ValidatorIndex(index), key };
        let adversary = plan.adversary.filter(|(node, _)| *node == place.index.position());
        let kind = match adversary {
            Some((_, Adversary::Equivocator)) => equivocator::KIND,
            Some((_, Adversary::Forker)) => forker::KIND,
            None => validator::KIND,
        };
        (place, kind)
    });
    let places = places.collect();
    let mut world = World::new(&setup, plan, random, places);
    world.run();
    Report {
        seed,
        audit: world.audit().hash(),
        violations: world.violations().to_vec(),
        final_height: world.final_height(),
        simulated_ms: world.now(),
        events: world.audit().events(),
        plan: description,
        trace: world.audit().trace().to_vec(),
    }
}

/// Runs `count` seeds from `from` on.
#[must_use]
pub fn sweep(from: u64, count: u64) -> Summary {
    let mut summary = Summary::default();
    for seed in (from..).zip(0..count).map(|(seed, _)| seed) {
        summary.add(run(seed));
    }
    summary
}

/// The chain of a simulation, and its validators' keys.
fn set_up(count: usize, options: Options) -> (Rc<Setup>, Vec<SecretKey>) {
    let suite = options.suite;
    let seeds = (1_u8..).take(count);
    let keys: Vec<_> = seeds.map(|seed| SecretKey::from_seed(suite, [seed; 32])).collect();
    let bic = Bic::parse("PSBCCNBJ").expect("the BIC is well formed");
    let members = keys.iter().zip(1_u32..).map(|(key, number)| Validator {
        institution: InstitutionNumber(number),
        bic,
        key: key.public(),
    });
    let validators = ValidatorSet::new(members.collect()).expect("1 to 7 validators, keys differ");
    let domains = Domains::new(suite, ChainId(Hash([7; 32])));
    let mut genesis = genesis(&domains, &validators);
    if options.planted == Some(Planted::QuorumOneShort) {
        // The processes' own checks must not see the planted bug.
        let members = validators.iter().map(|(_, member)| member.clone()).take(count - 1);
        let believed = ValidatorSet::new(members.collect()).unwrap_or_else(|_| validators.clone());
        genesis.header.validators_hash = believed.hash(&domains);
        genesis.header.next_validators_hash = believed.hash(&domains);
    }
    let timing = Timing::default();
    let Options { planted, traces, .. } = options;
    (Rc::new(Setup { domains, validators, genesis, timing, planted, traces }), keys)
}

fn genesis(domains: &Domains, validators: &ValidatorSet) -> Block {
    let cut = Cut::empty(validators.count());
    let header = Header {
        suite: domains.suite(),
        chain_id: domains.chain_id(),
        epoch: Epoch(0),
        height: Height(0),
        view: View(0),
        parent: Hash::ZERO,
        time: Timestamp(World::EPOCH - 1),
        lanes_root: cut.root(domains),
        receipts_root: Hash::ZERO,
        state_root: domains.hash(Domain::StateRoot, b"genesis"),
        history_root: Hash::ZERO,
        validators_hash: validators.hash(domains),
        next_validators_hash: validators.hash(domains),
        proposer: ValidatorIndex(0),
    };
    Block { header, cut }
}
