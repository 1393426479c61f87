//! Readers: bounded turns at the index and at the processors, for what clients ask.
//!
//! Invariants: no more than a fixed number of requests read the disk or compute at once, so clients
//! that only look cannot starve those that pay. Absent: what is read.

use api::text::Naming;
use ledger::ids::{Height, Network};
use ledger::state::State;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::driver::Driver;
use crate::store::Store;

/// How many requests read or compute at once.
const TURNS: usize = 32;

/// The turns.
#[derive(Debug)]
pub struct Readers {
    turns: Semaphore,
}

impl Default for Readers {
    fn default() -> Self {
        Self { turns: Semaphore::new(TURNS) }
    }
}

impl Readers {
    /// Does `work` that may take a while, off the threads that serve other requests. Needs a
    /// runtime of several threads.
    pub async fn work<T>(&self, work: impl FnOnce() -> T) -> T {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await;
        tokio::task::block_in_place(work)
    }

    /// Reads the index.
    pub async fn read<T>(&self, driver: &Driver, read: impl FnOnce(&Store) -> T) -> T {
        self.work(|| read(&driver.archive.store)).await
    }
}

/// What it takes to write addresses and amounts of `state`.
pub fn naming(network: Network, state: &State) -> Naming {
    let assets = state.directory().assets();
    let decimals = assets.iter().map(|(code, asset)| (*code, asset.decimals));
    Naming { network, decimals: decimals.collect() }
}

/// Waits until the index holds what was final at the time of the call, at most until `deadline`.
/// Gives the height, or `None` if the time is over.
pub async fn caught_up(driver: &Driver, deadline: Instant) -> Option<Height> {
    let height = driver.view.latest().tip.height();
    timeout_at(deadline, driver.view.indexed(height)).await.ok().map(|()| height)
}
