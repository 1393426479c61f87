//! A handle on a devnet of real processes: started, asked, disturbed, stopped.
//!
//! Invariants: only processes of this devnet are signalled, by their ids; every wait has a limit,
//! and what runs over it names the log to read; dropping the handle ends every process. Absent:
//! what a node is made of (the devnet's own program lays that out).

mod audit;
mod client;
mod document;
mod error;
mod node;
mod purse;
mod run;
mod traffic;
mod wait;

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

pub use audit::{Audit, Balances, balance};
pub use client::{Client, Outcome};
pub use document::{Document, NodeEntry};
pub use error::DevnetError;
pub use node::{Launch, Node, Signal};
pub use purse::{Purse, fresh_uetr, now};
pub use run::{Ran, run};
pub use traffic::{Acknowledged, History, Traffic};
pub use wait::until;

use crate::xtask::build::Products;

/// How long a devnet may take to come up.
const START: Duration = Duration::from_secs(120);

/// How long a devnet may take to stop.
const STOP: Duration = Duration::from_secs(30);

/// A devnet whose folder lies within a working folder of the caller's.
#[derive(Debug)]
pub struct Devnet {
    /// What `devnet.json` says.
    pub document: Document,
    /// The nodes, in the order of `devnet.json`.
    pub nodes: Vec<Node>,
    products: Products,
    folder: PathBuf,
    wallet_home: PathBuf,
    child: Option<Child>,
}

impl Devnet {
    /// Starts `feiqian-node devnet` in `work`, with more arguments, and waits until it is up. The
    /// devnet's folder is `work/devnet`, its output `work/devnet.log`, the wallet's `work/wallet`.
    ///
    /// # Errors
    /// [`DevnetError`] names the log that says why it did not come up.
    pub fn start<S: AsRef<OsStr>>(
        products: &Products,
        work: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Self, DevnetError> {
        let (folder, wallet_home) = (work.join("devnet"), work.join("wallet"));
        let log = work.join("devnet.log");
        let output = File::create(&log).map_err(|error| DevnetError::file(&log, &error))?;
        let mut child = Command::new(&products.node)
            .args(["devnet", "--json", "--dir"])
            .arg(&folder)
            .args(arguments)
            .env("FEIQIAN_HOME", &wallet_home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(output)
            .spawn()
            .map_err(|error| DevnetError::not_started(&products.node, &error))?;
        let line = first_line(&mut child);
        // From here on a failure ends the child with the handle.
        let mut devnet = Self {
            document: Document::default(),
            nodes: Vec::new(),
            products: products.clone(),
            folder,
            wallet_home,
            child: Some(child),
        };
        let line = line.recv_timeout(START).map_err(|_| DevnetError::NotUp { log: log.clone() })?;
        let document: Document = serde_json::from_str(&line).map_err(|_| {
            // Whoever reads the log sees more than a line that is no document.
            DevnetError::NotUp { log }
        })?;
        devnet.nodes = document.nodes.iter().map(Node::of_devnet).collect();
        devnet.document = document;
        Ok(devnet)
    }

    /// The devnet's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The nodes' APIs, in their order.
    #[must_use]
    pub fn apis(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.api.clone()).collect()
    }

    /// The keys of the devnet's accounts and operators.
    ///
    /// # Errors
    /// [`DevnetError::File`] or [`DevnetError::Content`] for a file that is not as it should be.
    pub fn purse(&self) -> Result<Purse, DevnetError> {
        Purse::open(&self.document)
    }

    /// A command of the wallet that knows this devnet and keeps its own files in `work/wallet`.
    pub fn wallet<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.products.wallet);
        command
            .args(arguments)
            .env("FEIQIAN_HOME", &self.wallet_home)
            .env("FEIQIAN_DEVNET", &self.folder)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// Starts the node at `place` again, as `feiqian-node run --home HOME`.
    ///
    /// # Errors
    /// [`DevnetError::NotStarted`].
    pub fn restart(&mut self, place: usize) -> Result<(), DevnetError> {
        let program = self.products.node.clone();
        self.node(place)?.start(&program)
    }

    /// The node at `place`.
    ///
    /// # Errors
    /// [`DevnetError::NoNode`] if there are not so many.
    pub fn node(&mut self, place: usize) -> Result<&mut Node, DevnetError> {
        self.nodes.get_mut(place).ok_or(DevnetError::NoNode { place })
    }

    /// Waits until every node follows the chain's end, at least up to the height that the highest
    /// has now. Gives that height.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`] names the node that lags.
    pub fn wait_in_step(&self, client: &Client, limit: Duration) -> Result<u64, DevnetError> {
        let apis = self.apis();
        let heights = apis.iter().filter_map(|api| client.status(api).ok());
        let height = heights.map(|status| status.height).max().unwrap_or(0);
        for node in &self.nodes {
            let what = format!("{} at height {height} and synced", node.name);
            until(&what, &node.log(), limit, || {
                let status = client.status(&node.api).ok()?;
                (status.synced && status.height >= height).then_some(())
            })?;
        }
        Ok(height)
    }

    /// Stops every node and the devnet's program, each with SIGTERM. Gives how the program ended;
    /// none if it was stopped before.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`] if a process does not end.
    pub fn stop(&mut self) -> Result<Option<ExitStatus>, DevnetError> {
        for node in &mut self.nodes {
            node.stop_own(STOP)?;
        }
        self.stop_program()
    }

    /// Ends the devnet's program, and with it the nodes that it started; nodes that were started
    /// again go on.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`] if it does not end.
    pub fn stop_program(&mut self) -> Result<Option<ExitStatus>, DevnetError> {
        let Some(child) = &mut self.child else { return Ok(None) };
        node::send(child.id(), Signal::TERM);
        let log = self.folder.with_extension("log");
        let status = until("the end of the devnet", &log, STOP, || child.try_wait().ok().flatten());
        for node in &mut self.nodes {
            node.ended_with_program();
        }
        self.child = None;
        status.map(Some)
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // A handle that is dropped early has nobody to report to.
        let _stopped = self.stop();
        if let Some(child) = &mut self.child {
            let _gone = child.kill();
            let _status = child.wait();
        }
    }
}

/// The first line of the child's standard output; the rest is read and dropped, so that the child
/// never waits for a reader.
fn first_line(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Only the first line has a receiver.
                let _first = sender.send(line);
            }
        });
    }
    receiver
}
