//! `cargo xtask chaos`: minutes of random failures of real processes while payments flow.
//!
//! Invariants: never more than one of four nodes is disturbed at a time, but for a kill of all; the
//! same seed draws the same failures. Absent: shorter tables of the same, which run with every
//! test.

use std::time::{Duration, Instant};

use super::{
    Failure,
    build::{self, Products},
    output,
    verb::Run,
};
use crate::devnet::{Audit, Balances, Client, Devnet, Signal, Traffic};

/// How long recovery from a failure may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// How many clients pay.
const CLIENTS: usize = 8;

/// Kills, pauses and stops nodes at random while payments flow, and checks that none is lost or
/// doubled
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// For how many minutes
    #[arg(long, value_name = "N", default_value_t = 5)]
    minutes: u64,
    /// What the failures are drawn from; a new one if left out
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
}

/// A failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Kill(usize),
    Pause(usize),
    Stop(usize),
    KillAll,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let seed = self.seed.unwrap_or_else(|| crate::devnet::now().0);
        let products = build::products()?;
        let work = tempfile::Builder::new().prefix("feiqian-chaos-").tempdir();
        let work = work.map_err(|error| Failure::File {
            path: std::env::temp_dir(),
            reason: error.to_string(),
        })?;
        let minutes = Duration::from_secs(self.minutes * 60);
        match chaos(&products, work.path(), seed, minutes) {
            Ok(summary) => {
                output::result(summary);
                Ok(())
            }
            Err(failure) => {
                let kept = work.keep();
                let again = format!("cargo xtask chaos --minutes {} --seed {seed}", self.minutes);
                let summary = format!("{failure}\nLogs: {}. Again: `{again}`", kept.display());
                Err(Failure::Found { summary })
            }
        }
    }
}

fn chaos(
    products: &Products,
    work: &std::path::Path,
    seed: u64,
    minutes: Duration,
) -> Result<String, Failure> {
    let mut devnet = Devnet::start(products, work, [""; 0])?;
    let (purse, client) = (devnet.purse()?, Client::new(PATIENCE));
    let api = devnet.node(0)?.api.clone();
    let before = Balances::read(&client, &api, &purse)?;
    let traffic = Traffic::start(&purse, &devnet.apis(), CLIENTS);
    let begin = Instant::now();
    let (mut draws, mut faults) = (seed, 0_u64);
    while begin.elapsed() < minutes {
        traffic.wait_for(20 + draw(&mut draws, 200), PATIENCE)?;
        let fault = Fault::draw(&mut draws);
        output::progress(format_args!(
            "{:>7.1} s  {:>8} payments  {fault:?}",
            begin.elapsed().as_secs_f64(),
            traffic.count()
        ));
        inflict(&mut devnet, &client, &traffic, fault)?;
        faults += 1;
    }
    let history = traffic.finish()?;
    let height = devnet.wait_in_step(&client, PATIENCE)?;
    let audit = Audit::run(&devnet, &client, &purse, before, &history, height)?;
    let resent = history.payments.iter().filter(|payment| payment.attempts > 1).count();
    devnet.stop()?;
    Ok(format!(
        "{} payments through {faults} failures (seed {seed}): none lost, none doubled, the same \
         state on every node at height {}; {resent} were sent more than once",
        audit.payments, audit.height
    ))
}

impl Fault {
    fn draw(draws: &mut u64) -> Self {
        let place = usize::try_from(draw(draws, 4)).unwrap_or_default();
        match draw(draws, 10) {
            0..4 => Self::Kill(place),
            4..7 => Self::Pause(place),
            7..9 => Self::Stop(place),
            _ => Self::KillAll,
        }
    }
}

/// Does it, lets payments go on where they can, and brings everything back in step.
fn inflict(
    devnet: &mut Devnet,
    client: &Client,
    traffic: &Traffic,
    fault: Fault,
) -> Result<(), Failure> {
    let more = 50;
    match fault {
        Fault::Kill(place) => {
            devnet.node(place)?.kill()?;
            traffic.wait_for(more, PATIENCE)?;
            devnet.restart(place)?;
        }
        Fault::Stop(place) => {
            devnet.node(place)?.stop(PATIENCE)?;
            traffic.wait_for(more, PATIENCE)?;
            devnet.restart(place)?;
        }
        Fault::Pause(place) => {
            devnet.node(place)?.signal(Signal::STOP);
            let went_on = traffic.wait_for(more, PATIENCE);
            devnet.node(place)?.signal(Signal::CONT);
            went_on?;
        }
        Fault::KillAll => {
            for place in 0..devnet.nodes.len() {
                devnet.node(place)?.signal(Signal::KILL);
            }
            for place in 0..devnet.nodes.len() {
                devnet.node(place)?.kill()?;
                devnet.restart(place)?;
            }
        }
    }
    for node in &devnet.nodes {
        node.wait_ready(client)?;
    }
    devnet.wait_in_step(client, PATIENCE)?;
    Ok(())
}

/// A number below `bound`, from the sequence that `state` is at (splitmix64).
fn draw(state: &mut u64, bound: u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % bound.max(1)
}

#[cfg(test)]
mod tests {
    use super::Fault;

    #[test]
    fn a_seed_draws_the_same_failures_and_every_kind() {
        let drawn = |mut seed: u64| (0..100).map(|_| Fault::draw(&mut seed)).collect::<Vec<_>>();
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        for kind in [Fault::Kill(0), Fault::Pause(3), Fault::Stop(1), Fault::KillAll] {
            assert!(drawn(7).contains(&kind), "{kind:?}");
        }
    }
}
