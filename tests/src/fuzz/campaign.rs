//! Runs a target on seeded inputs until a bound is reached or an input breaks it.
//!
//! Invariant: a target, a seed and a number of inputs are one course of events on every machine.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use super::{Mutator, Target};
use crate::sim::random::Random;

/// How long a campaign goes on.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// So many inputs.
    Inputs(u64),
    /// Until then.
    Until(Instant),
}

impl Bound {
    /// So many inputs.
    #[must_use]
    pub const fn inputs(count: u64) -> Self {
        Self::Inputs(count)
    }

    /// For so long from now.
    #[must_use]
    pub fn lasting(time: Duration) -> Self {
        Self::Until(Instant::now() + time)
    }

    fn allows(self, done: u64) -> bool {
        match self {
            Self::Inputs(count) => done < count,
            Self::Until(end) => Instant::now() < end,
        }
    }
}

/// What a campaign came to.
#[derive(Debug)]
pub struct Report {
    /// The target's name.
    pub target: &'static str,
    /// The seed.
    pub seed: u64,
    /// How many inputs were tried.
    pub inputs: u64,
    /// How many of them were taken as valid.
    pub taken: u64,
    /// The input that broke the target, and what the target said.
    pub failure: Option<(Vec<u8>, String)>,
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, seed, inputs, taken, failure } = self;
        write!(out, "{target}: {inputs} inputs from seed {seed}, {taken} taken")?;
        let Some((input, said)) = failure else { return Ok(()) };
        let shown: String = String::from_utf8_lossy(input).chars().take(400).collect();
        let hex: String = input.iter().take(600).map(|byte| format!("{byte:02x}")).collect();
        write!(out, "; BROKEN: {said}\n  input of {} bytes: {shown:?}\n  {hex}", input.len())
    }
}

/// Runs the target.
#[must_use]
pub fn run(target: &'static Target, seed: u64, bound: Bound) -> Report {
    let mut mutator = Mutator::new((target.samples)(), target.words, Random::new(seed));
    let mut report = Report { target: target.name, seed, inputs: 0, taken: 0, failure: None };
    while bound.allows(report.inputs) {
        let input = mutator.input();
        report.inputs += 1;
        match attempt(target, &input) {
            Ok(taken) => report.taken += u64::from(taken),
            Err(said) => {
                report.failure = Some((input, said));
                break;
            }
        }
    }
    report
}

/// Runs the target on one input.
///
/// # Errors
/// What the target said when it panicked.
pub fn attempt(target: &Target, input: &[u8]) -> Result<bool, String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        said.unwrap_or_else(|| "a panic without words".to_owned())
    })
}
