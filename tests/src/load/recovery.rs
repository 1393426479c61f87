//! How fast a node is there again: after a crash, by a snapshot, and by replay of all blocks.
//!
//! Four real nodes keep many accounts and have executed many payments. Then one of them is started
//! again three times: with its home as a crash leaves it, with an emptied home that fetches a
//! snapshot, and with an emptied home that fetches and executes every block.
//!
//! Invariants: all three are timed from the start of the process to the moment at which it says
//! that it follows the chain's end; the network is idle meanwhile. Absent: opinions.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    accounts::Accounts, bench::Bench, cost::Cost, figures, raise_limit_of_files, scenario::Scenario,
};
use crate::{
    devnet::{Client, Devnet, until},
    xtask::{Failure, build::Products},
};

/// The node that is started again.
const PLACE: usize = 3;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(900);

/// More than any machine settles in a second; as many payments are signed beforehand.
const MOST_PER_SECOND: u64 = 15_000;

/// The least distance in blocks that makes a node fetch a snapshot, for this bench.
const BEYOND: u64 = 16;

/// What the bench found.
#[derive(Clone, Debug, Serialize)]
pub struct Recovery {
    /// The format's name.
    pub format: &'static str,
    /// How many accounts the ledger has.
    pub accounts: usize,
    /// How many payments of their own transaction were executed.
    pub payments: u64,
    /// The height at which the nodes stand.
    pub height: u64,
    /// What the files of one node take on the disk.
    pub disk_bytes: u64,
    /// Resident memory of the node after its start from its own home.
    pub rss_bytes: u64,
    /// From the start of the process to the chain's end, after SIGKILL.
    pub restart_seconds: f64,
    /// The same with an emptied home and a snapshot.
    pub snapshot_seconds: f64,
    /// The same with an emptied home and all blocks.
    pub replay_seconds: f64,
}

impl Recovery {
    /// The report in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        vec![
            format!(
                "{} accounts, {} payments, height {}: {} MiB on disk, {} MiB resident",
                self.accounts,
                self.payments,
                self.height,
                self.disk_bytes >> 20,
                self.rss_bytes >> 20
            ),
            format!("restart after SIGKILL    {:>9.3} s", self.restart_seconds),
            format!("new home, by a snapshot  {:>9.3} s", self.snapshot_seconds),
            format!("new home, by all blocks  {:>9.3} s", self.replay_seconds),
        ]
    }
}

/// Runs the bench in `work`: so many accounts, and payments for so many seconds.
///
/// # Errors
/// What failed, and which log to read.
pub fn recovery(
    products: &Products,
    work: &Path,
    (accounts, seconds): (usize, u64),
    say: &dyn Fn(String),
) -> Result<Recovery, Failure> {
    raise_limit_of_files();
    let mut devnet = Devnet::start(products, work, [""; 0])?;
    let purse = devnet.purse()?;
    let client = Client::new(PATIENCE);
    say(format!("opening {accounts} accounts"));
    let opened = Accounts::open(&devnet, &purse, &client, accounts)?;
    say(format!("paying for {seconds} seconds"));
    let bench = Bench { devnet: &devnet, purse: &purse, accounts: &opened, asked: usize::MAX };
    let paid = bench.run(&Scenario::saturation("saturation", 1024, MOST_PER_SECOND, seconds))?;
    let height = devnet.wait_in_step(&client, PATIENCE)?;
    let mut case = Case { devnet: &mut devnet, client: &client, height };
    say("starting a node again".to_owned());
    let restart = case.start(false, 0)?;
    let (disk_bytes, rss_bytes) = case.cost()?;
    say("starting a node with an emptied home: a snapshot".to_owned());
    let snapshot = case.start(true, BEYOND)?;
    say("starting a node with an emptied home: all blocks".to_owned());
    let replay = case.start(true, 0)?;
    devnet.stop()?;
    Ok(Recovery {
        format: "feiqian.bench-recovery/v1",
        accounts,
        payments: paid.payments,
        height,
        disk_bytes,
        rss_bytes,
        restart_seconds: figures::seconds(restart),
        snapshot_seconds: figures::seconds(snapshot),
        replay_seconds: figures::seconds(replay),
    })
}

/// A network that stands at a height, and the client that watches it.
struct Case<'a> {
    devnet: &'a mut Devnet,
    client: &'a Client,
    height: u64,
}

impl Case<'_> {
    /// Kills the node and starts it again, with an emptied home if `wiped`; gives how long it takes
    /// to the chain's end. `beyond` is the distance at which it fetches a snapshot; 0: never.
    fn start(&mut self, wiped: bool, beyond: u64) -> Result<Duration, Failure> {
        let node = self.devnet.node(PLACE)?;
        node.kill()?;
        if wiped {
            node.wipe()?;
        }
        node.configure(|config| config.storage.snapshot_beyond = beyond)?;
        let begun = Instant::now();
        self.devnet.restart(PLACE)?;
        let (client, height) = (self.client, self.height);
        let node = self.devnet.node(PLACE)?;
        let status = until("a node at the chain's end", &node.log(), PATIENCE, || {
            let status = client.status(&node.api).ok()?;
            (status.synced && status.height >= height).then_some(status)
        })?;
        let took = begun.elapsed();
        if (status.earliest > 0) == (beyond > 0) {
            return Ok(took);
        }
        let summary = format!("the node took another way than it was to; read {:?}", node.log());
        Err(Failure::Found { summary })
    }

    /// What the node takes on the disk and in memory.
    fn cost(&mut self) -> Result<(u64, u64), Failure> {
        let node = self.devnet.node(PLACE)?;
        let cost = Cost::of(node.pid().unwrap_or(0), Some(&node.home));
        Ok((cost.disk, cost.rss))
    }
}
