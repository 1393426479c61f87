//! Real nodes that are killed, or lose their power, again and again, while a witness among them
//! remembers every vote.
//!
//! Three of four nodes run; the fourth's place is taken by a witness, who has its network key,
//! votes for nothing and remembers what the others vote (see `witness`). So the three are just a
//! quorum: a vote that one of them has lost or changed would halt or split the chain. Clients pay
//! all the while. At each moment that the seed draws, one node or all are killed (SIGKILL), or the
//! file system under all of them drops whatever no sync has covered (see `power`), and they start
//! again.
//!
//! Invariants: no validator contradicts a vote that it has sent in any of its lives; no payment
//! that a client has a receipt of is lost or doubled; every ledger verifies at the end. Absent:
//! other faults (see `chaos`).

pub mod power;
pub mod witness;

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde::Serialize;

use self::{power::PowerDisk, witness::Witness};
use crate::{
    devnet::{Audit, Balances, Client, Devnet, DevnetError, Signal, Traffic, run as run_command},
    sim::random::Random,
    xtask::{Failure, build::Products},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// How many clients pay.
const CLIENTS: usize = 6;

/// The nodes that run; the last place is the witness's.
const RUNNING: usize = 3;

/// The longest time that a life lasts after the node was ready, in microseconds: votes of one block
/// follow each other within some milliseconds.
const LIFE: u64 = 80_000;

/// How many lives the history of one set of clients lasts: what they remember is checked then.
const CHAPTER: u64 = 100;

/// What a run is.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often something is killed.
    pub times: u64,
    /// From what the moments and the victims are drawn.
    pub seed: u64,
    /// When to end before that, if the time is bounded.
    pub time: Option<Duration>,
}

/// What happened; nothing of it was wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// From what it was drawn.
    pub seed: u64,
    /// What was done to the nodes: `kill -9` or `power loss`.
    pub means: &'static str,
    /// How often.
    pub times: u64,
    /// How often all nodes at once.
    pub of_all: u64,
    /// Payments that clients have receipts of, all of them found on every node.
    pub payments: u64,
    /// Votes that the witness has seen, each counted once.
    pub votes: u64,
    /// Votes of which it saw the same again after the voter's restart.
    pub repeated: u64,
    /// The height at the end.
    pub height: u64,
    /// How long it took, in seconds.
    pub seconds: u64,
}

/// Runs it in the folder `work`, or on the file system that can lose its power.
///
/// # Errors
/// What was violated, or did not happen in time.
pub fn run(
    products: &Products,
    work: &Path,
    power: Option<&PowerDisk>,
    settings: Settings,
    say: &dyn Fn(String),
) -> Result<Report, Failure> {
    let mut devnet = Devnet::start(products, work, [""; 0])?;
    let purse = devnet.purse()?;
    let client = Client::new(PATIENCE);
    let before = Balances::read(&client, &devnet.node(0)?.api, &purse)?;
    // From here on every node is this program's own, and can be waited for.
    devnet.stop_program()?;
    rustix::fs::sync();
    let witness = Witness::join(&purse, &devnet.node(RUNNING)?.home.clone())?;
    let means = if power.is_some() { "power loss" } else { "kill -9" };
    let report = Report { seed: settings.seed, means, ..Report::default() };
    let random = Random::new(settings.seed);
    let mut run = Run { devnet, client, witness, power, random, report, say };
    run.start_all()?;
    let begin = Instant::now();
    let mut payments = Vec::new();
    let is_over = |run: &Run<'_>| {
        run.report.times >= settings.times || settings.time.is_some_and(|it| begin.elapsed() >= it)
    };
    while !is_over(&run) {
        let traffic = Traffic::start(&purse, &run.apis(), CLIENTS);
        let end = run.report.times + CHAPTER;
        while run.report.times < end && !is_over(&run) {
            traffic.wait_for(2, PATIENCE)?;
            run.end_lives()?;
            run.witness.check()?;
        }
        payments.extend(traffic.finish()?.payments);
        let (times, settled) = (run.report.times, payments.len());
        say(format!("{:>7.1} s {times:>6} times {means}, {settled} payments", seconds(begin)));
    }
    let history = crate::devnet::History { payments };
    run.finish(&purse, before, &history, products)?;
    run.report.seconds = begin.elapsed().as_secs();
    Ok(run.report)
}

fn seconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64()
}

struct Run<'a> {
    devnet: Devnet,
    client: Client,
    witness: Witness,
    power: Option<&'a PowerDisk>,
    random: Random,
    report: Report,
    say: &'a dyn Fn(String),
}

impl Run<'_> {
    fn apis(&self) -> Vec<String> {
        self.devnet.apis().into_iter().take(RUNNING).collect()
    }

    /// Waits for the drawn moment, ends the drawn lives, and begins new ones.
    fn end_lives(&mut self) -> Result<(), Failure> {
        std::thread::sleep(Duration::from_micros(self.random.between(0, LIFE)));
        let victim = self.random.position(RUNNING);
        let all = self.power.is_some() || self.random.chance(150);
        if let Some(power) = self.power {
            power.lose()?;
        }
        let victims = if all { 0..RUNNING } else { victim..victim + 1 };
        for place in victims.clone() {
            self.devnet.node(place)?.signal(Signal::KILL);
        }
        for place in victims.clone() {
            self.devnet.node(place)?.kill()?;
        }
        if let Some(power) = self.power {
            power.come_back()?;
        }
        self.witness.next_life();
        for place in victims.clone() {
            self.devnet.restart(place)?;
        }
        for place in victims {
            self.devnet.node(place)?.wait_ready(&self.client)?;
        }
        self.report.times += 1;
        self.report.of_all += u64::from(all);
        Ok(())
    }

    fn start_all(&mut self) -> Result<(), Failure> {
        for place in 0..RUNNING {
            self.devnet.restart(place)?;
        }
        for place in 0..RUNNING {
            self.devnet.node(place)?.wait_ready(&self.client)?;
        }
        Ok(())
    }

    /// Lets the fourth node come back, compares everything, and has every ledger verified.
    fn finish(
        &mut self,
        purse: &crate::devnet::Purse,
        before: Balances,
        history: &crate::devnet::History,
        products: &Products,
    ) -> Result<(), Failure> {
        self.witness.leave();
        self.witness.check()?;
        (self.report.votes, self.report.repeated) = self.witness.counts();
        self.devnet.restart(RUNNING)?;
        self.devnet.node(RUNNING)?.wait_ready(&self.client)?;
        let height = self.devnet.wait_in_step(&self.client, PATIENCE)?;
        let audit = Audit::run(&self.devnet, &self.client, purse, before, history, height)?;
        self.report.payments = u64::try_from(audit.payments).unwrap_or(u64::MAX);
        self.report.height = audit.height;
        self.devnet.stop()?;
        (self.say)("comparing every ledger on disk".to_owned());
        for node in &self.devnet.nodes {
            let mut command = Command::new(&products.node);
            command.args(["verify-ledger", "--home"]).arg(&node.home);
            let ran = run_command(&mut command, PATIENCE)?;
            if ran.code != Some(0) {
                let found = format!("verify-ledger: {}{}", ran.stdout, ran.stderr);
                return Err(DevnetError::Contradiction { node: node.name.clone(), found }.into());
            }
        }
        Ok(())
    }
}

impl Report {
    /// The report in one line.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{} x {} ({} of all nodes at once, seed {}) in {} s: {} payments, none lost, none \
             doubled; {} votes witnessed, {} of them again after a restart, none contradicted; \
             every ledger verified to height {}",
            self.times,
            self.means,
            self.of_all,
            self.seed,
            self.seconds,
            self.payments,
            self.votes,
            self.repeated,
            self.height
        )
    }
}
