//! What tests of real processes share: a devnet with its keys, and the balances that it began with.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, unreachable_pub)]

use std::{ffi::OsStr, time::Duration};

use tests::{
    devnet::{Audit, Balances, Client, Devnet, History, Purse, Ran, Traffic, run},
    xtask::build::{self, Products},
};

/// The longest that a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The product programs.
pub fn products() -> Products {
    build::products().unwrap()
}

/// A devnet of the test's own.
pub struct Field {
    pub devnet: Devnet,
    pub purse: Purse,
    pub client: Client,
    pub before: Balances,
    // After the devnet, so that its folder outlives its processes.
    pub work: tempfile::TempDir,
}

impl Field {
    pub fn new() -> Self {
        Self::with([""; 0])
    }

    pub fn with<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let work = tempfile::tempdir().unwrap();
        let devnet = Devnet::start(&products(), work.path(), arguments).unwrap();
        let purse = devnet.purse().unwrap();
        let client = Client::new(PATIENCE);
        let before = Balances::read(&client, &devnet.nodes[0].api, &purse).unwrap();
        Self { devnet, purse, client, before, work }
    }

    pub fn api(&self) -> &str {
        &self.devnet.nodes[0].api
    }

    pub fn traffic(&self) -> Traffic {
        Traffic::start(&self.purse, &self.devnet.apis(), 6)
    }

    /// Brings the nodes in step, and compares each of them with what the clients remember.
    pub fn audit(&self, history: &History) -> Audit {
        let Self { devnet, client, purse, before, .. } = self;
        let height = devnet.wait_in_step(client, PATIENCE).unwrap();
        Audit::run(devnet, client, purse, *before, history, height).unwrap()
    }

    /// Starts the node again and waits until it takes requests.
    pub fn restart(&mut self, place: usize) {
        self.devnet.restart(place).unwrap();
        self.devnet.nodes[place].wait_ready(&self.client).unwrap();
    }

    /// Runs the wallet to its end.
    pub fn wallet(&self, words: &[&str]) -> Ran {
        run(&mut self.devnet.wallet(words), PATIENCE).unwrap()
    }

    /// Runs the wallet, which must succeed, and reads the JSON that it prints.
    pub fn wallet_json(&self, words: &[&str]) -> serde_json::Value {
        let words: Vec<_> = words.iter().copied().chain(["--output", "json"]).collect();
        let ran = self.wallet(&words);
        assert_eq!(ran.code, Some(0), "{words:?}: {}{}", ran.stdout, ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }
}
