//! Real processes under everything that a seed draws, and the judgement of what clients saw.
//!
//! Rounds follow each other: faults come, stay, and heal; while no more than one node of four is
//! kept out, payments must go on; after each round all nodes must be in step and payments go on.
//! At the end of a season everything is stopped but the nodes, and judged.
//! Invariants: whatever is started ends with the run; every wait has a limit. Absent: what a
//! simulator does better (many seeds, exact replay): a seed draws the same faults here, not the
//! same moments.

pub mod clients;
pub mod clock;
pub mod disk;
pub mod fault;
pub mod field;
pub mod history;
pub mod judge;
pub mod links;
pub mod packets;
pub mod plan;
pub mod proxy;
mod report;
pub mod sandbox;
pub mod testimony;

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

pub use report::Report;

use self::{
    clients::{Clients, World},
    fault::Fault,
    field::{Field, RECOVERY},
    history::{Ending, Payment, Recorder},
    judge::{Case, judge},
    packets::Packets,
    plan::{Plan, Round},
    sandbox::Alone,
    testimony::{Examiner, Testimony},
};
use crate::{
    devnet::{Client, Devnet, DevnetError, run as run_command},
    load::Accounts,
    xtask::{Failure, build::Products},
};

/// How many accounts pay each other.
const ACCOUNTS: usize = 16;

/// How many payments must settle in a round while a quorum is whole, and after each round.
const MORE: u64 = 10;

/// How many payments of a window are proven by each node.
const PROOFS: usize = 50;

/// How long a question may take, and the check of a stopped node's ledger.
const ASK: Duration = Duration::from_secs(300);

/// What a run is.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What the faults are drawn from.
    pub seed: u64,
    /// How long rounds go on.
    pub time: Duration,
    /// What this process has for itself.
    pub alone: Alone,
}

/// Runs it in the folder `work`, telling each round.
///
/// # Errors
/// What was violated, or did not happen in time; the logs and the history are in `work`.
pub fn run(
    products: &Products,
    work: &Path,
    settings: Settings,
    say: &dyn Fn(String),
) -> Result<Report, Failure> {
    if settings.alone == Alone::Everything {
        Packets::wake_loopback()?;
    }
    let mut plan = Plan::new(settings.seed);
    let devnet = Devnet::start(products, work, [""; 0])?;
    let client = Client::new(ASK);
    let purse = devnet.purse()?;
    let accounts = Accounts::open(&devnet, &purse, &client, ACCOUNTS)?;
    let field = Field::lay(devnet, work, plan.small, settings.alone)?;
    say(field.describe());
    field.left_out.iter().for_each(|left_out| say(format!("LEFT OUT: {left_out}")));
    let world = World { purse, accounts, apis: field.devnet.apis() };
    let recorder = Arc::new(Recorder::create(&work.join("history.jsonl"))?);
    let report = Report::new(settings.seed, &field);
    let mut run = Run { products, say, field, world, client, recorder, report, audited: None };
    let ended = run.play(&mut plan, settings);
    if ended.is_err() {
        run.field.keep(work);
    }
    ended?;
    Ok(run.report)
}

/// What the last audit has left for the next.
struct Audited {
    height: u64,
    hash: String,
    balances: Vec<u128>,
}

struct Run<'a> {
    products: &'a Products,
    say: &'a dyn Fn(String),
    field: Field,
    world: World,
    client: Client,
    recorder: Arc<Recorder>,
    report: Report,
    audited: Option<Audited>,
}

impl Run<'_> {
    fn play(&mut self, plan: &mut Plan, settings: Settings) -> Result<(), Failure> {
        let begin = Instant::now();
        let mut season = 0;
        self.begin_window()?;
        while begin.elapsed() < settings.time {
            let clients = Clients::start(&self.world, &self.recorder, settings.seed ^ season);
            clients.wait_for(MORE, RECOVERY)?;
            loop {
                let round = plan.next_round();
                let kept_out = plan.kept_out(&round).len();
                self.round(&clients, &round, kept_out, begin)?;
                if round.ends_season || begin.elapsed() >= settings.time {
                    break;
                }
            }
            clients.finish()?;
            self.audit()?;
            season += 1;
        }
        self.report.took = begin.elapsed();
        self.field.stop_all()?;
        self.verify_ledgers()
    }

    /// Inflicts, waits, heals.
    fn round(
        &mut self,
        clients: &Clients,
        round: &Round,
        kept_out: usize,
        begin: Instant,
    ) -> Result<(), Failure> {
        let (able, unable): (Vec<Fault>, Vec<Fault>) =
            round.faults.iter().partition(|fault| self.field.is_able(fault));
        unable.iter().for_each(|fault| self.report.leave_out(fault.kind()));
        let words: Vec<_> = able.iter().map(ToString::to_string).collect();
        (self.say)(format!(
            "{:>7.1} s {:>8} payments  {}",
            begin.elapsed().as_secs_f64(),
            clients.count(),
            if words.is_empty() { "nothing".to_owned() } else { words.join(" + ") }
        ));
        let goal = clients.count() + MORE;
        for fault in &able {
            self.field.inflict(fault)?;
            self.report.inflict(fault.kind());
        }
        let is_clock = |fault: &Fault| matches!(fault, Fault::Clock { .. });
        let least = if able.iter().any(is_clock) { clock::SEEN } else { Duration::ZERO };
        std::thread::sleep(round.lasts.max(least));
        if kept_out <= 1 {
            clients.wait_for(goal.saturating_sub(clients.count()), RECOVERY)?;
            if able.contains(&Fault::FullDisk) {
                self.field.wait_for_full_disk()?;
            }
        }
        let healing = Instant::now();
        self.field.heal()?;
        clients.wait_for(MORE, RECOVERY)?;
        self.report.heal(healing.elapsed());
        Ok(())
    }

    /// Notes what the first window begins with.
    fn begin_window(&mut self) -> Result<(), Failure> {
        let height = self.field.devnet.wait_in_step(&self.client, RECOVERY)?;
        let (from, to) = (height.saturating_sub(1), height);
        let testimony = self.examiner(from, to).ask(0, &[])?;
        self.remember(&testimony);
        Ok(())
    }

    /// Judges what happened since the last audit.
    fn audit(&mut self) -> Result<(), Failure> {
        let height = self.field.devnet.wait_in_step(&self.client, RECOVERY)?;
        let history = self.recorder.take()?;
        let settled: Vec<&Payment> = history
            .payments
            .iter()
            .filter(|payment| matches!(payment.ending, Ending::Settled(_)))
            .collect();
        let step = settled.len().div_ceil(PROOFS).max(1);
        let sample: Vec<&Payment> = settled.iter().copied().step_by(step).collect();
        let after = self.audited.as_ref().map_or(0, |audited| audited.height);
        let examiner = self.examiner(after, height);
        let mut testimonies = Vec::new();
        for place in 0..self.field.devnet.nodes.len() {
            testimonies.push(examiner.ask(place, &sample)?);
        }
        let audited = self.audited.as_ref();
        let case = Case {
            history: &history,
            testimonies: &testimonies,
            before: audited.map_or(&[], |audited| &audited.balances),
            parent: audited.map(|audited| audited.hash.as_str()),
        };
        let verdicts = judge(&case);
        self.report.audit(&history, &verdicts);
        if let Some(testimony) = testimonies.first() {
            self.remember(testimony);
        }
        (self.say)(format!("audit at height {height}: {} payments", history.payments.len()));
        self.report.judgement()
    }

    fn examiner(&self, after: u64, until: u64) -> Examiner<'_> {
        let Self { field, world, client, .. } = self;
        Examiner { client, devnet: &field.devnet, world, after, until }
    }

    fn remember(&mut self, testimony: &Testimony) {
        if let Some(last) = testimony.blocks.last() {
            let (height, hash) = (last.height, last.hash.clone());
            self.audited = Some(Audited { height, hash, balances: testimony.balances.clone() });
        }
    }

    /// Has every stopped node's ledger checked on disk.
    fn verify_ledgers(&mut self) -> Result<(), Failure> {
        let node = &self.products.node;
        let help = run_command(Command::new(node).arg("--help"), ASK)?;
        if !help.stdout.contains("verify-ledger") {
            return Ok(());
        }
        for one in &self.field.devnet.nodes {
            let mut command = Command::new(node);
            let ran = run_command(command.args(["verify-ledger", "--home"]).arg(&one.home), ASK)?;
            if ran.code != Some(0) {
                let found = format!("verify-ledger ended with {:?}: {}", ran.code, ran.stderr);
                return Err(DevnetError::Contradiction { node: one.name.clone(), found }.into());
            }
            self.report.ledgers += 1;
        }
        Ok(())
    }
}

/// Counts by name, as a report has them.
type Counts = BTreeMap<&'static str, u64>;
