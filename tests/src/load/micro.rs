//! The parts of a payment alone, on one core: signatures, coding, execution, proofs, and the block
//! log on the disk.
//!
//! Invariant: each figure is the best of some rounds, since other programs can only slow a round
//! down. Absent: the network (see the cluster bench).

mod disk;
mod execution;
mod proofs;
mod signatures;
pub(crate) mod world;

use std::time::{Duration, Instant};

use serde::Serialize;

use super::figures;
use crate::xtask::Failure;
use world::World;

use disk::DiskFigures;
use proofs::ProofFigures;

/// Payments in one block.
const BLOCK: usize = 10_000;

/// One figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// What is counted.
    pub name: String,
    /// How many of it one core does in a second.
    pub per_second: u64,
}

/// The figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Micro {
    /// The format's name.
    pub format: &'static str,
    /// Every figure of one core.
    pub figures: Vec<Figure>,
    /// Proofs, and what a light client does with them.
    pub proofs: Vec<ProofFigures>,
    /// The block log on the disk.
    pub disk: DiskFigures,
}

impl Micro {
    /// The figures in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let line = |figure: &Figure| format!("{:<62} {:>12} /s", figure.name, figure.per_second);
        let mut lines: Vec<_> = self.figures.iter().map(line).collect();
        lines.extend(self.proofs.iter().map(ProofFigures::line));
        lines.extend(self.disk.lines());
        lines
    }
}

/// Takes a figure.
type Add<'a> = &'a mut dyn FnMut(String, u64);

/// Measures everything: `quick` with fewer rounds and only 10,000 accounts, `large` with ten
/// millions, too.
///
/// # Errors
/// [`Failure::Found`] if the bench's own ledger refuses what the bench does, [`Failure::File`] for
/// the disk.
pub fn micro(quick: bool, large: bool, say: &dyn Fn(String)) -> Result<Micro, Failure> {
    let rounds = if quick { 3 } else { 15 };
    let mut figures = Vec::new();
    let mut add = |name: String, per_second| figures.push(Figure { name, per_second });
    say("measuring: signatures".to_owned());
    signatures::measure(rounds, &mut add);
    let mut world = World::new(BLOCK).ok_or_else(defect)?;
    say("measuring: coding".to_owned());
    signatures::coding(&mut world, rounds, &mut add);
    say("measuring: execution".to_owned());
    execution::measure(&mut world, BLOCK, rounds, &mut add).ok_or_else(defect)?;
    say("measuring: proofs".to_owned());
    let proofs = proofs::measure(&world, rounds, &mut add).ok_or_else(defect)?;
    drop(world);
    let more = [(1_000_000, !quick), (10_000_000, large)];
    for (accounts, _) in more.into_iter().filter(|(_, wanted)| *wanted) {
        say(format!("measuring: execution with {accounts} accounts"));
        let mut world = World::new(accounts).ok_or_else(defect)?;
        execution::measure(&mut world, accounts, rounds, &mut add).ok_or_else(defect)?;
    }
    say("measuring: the block log".to_owned());
    let disk = disk::measure(rounds)?;
    Ok(Micro { format: "feiqian.bench-micro/v2", figures, proofs, disk })
}

/// The shortest time of some rounds, each of which must succeed.
fn best_of(rounds: usize, mut round: impl FnMut() -> bool) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        let succeeded = round();
        best = best.min(start.elapsed());
        assert!(succeeded, "the bench measures only what succeeds");
    }
    best
}

fn rate(count: usize, time: Duration) -> u64 {
    figures::per_second(u64::try_from(count).unwrap_or(0), time)
}

fn defect() -> Failure {
    Failure::Found { summary: "the ledger refuses what the bench does; run the tests".to_owned() }
}
