//! `feiqian-node devnet`: several banks on this machine, each a process of its own.
//!
//! Invariants: a devnet lives in one folder and is run by one process; stopped and started again it
//! is the same network; only a folder that is a devnet's is ever emptied; a node that ends stays
//! ended. Absent: the nodes' work (`run`), real keys (everything here is public).

mod cast;
mod client;
mod folder;
mod layout;
mod message;
mod opening;
mod plan;
mod ports;
mod processes;
mod profile;
mod start;
#[cfg(test)]
mod tests;

use clap::Args;
use std::path::PathBuf;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;
use crate::output;
use folder::Folder;
use plan::{Document, Plan};
use processes::{GLANCE, Processes};

/// How many validators there are unless told.
const USUAL_VALIDATORS: usize = 4;

/// Runs a network of several banks on this machine, for development and demonstration.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The folder of the devnet; made if it does not exist, started again if it does.
    #[arg(long)]
    dir: PathBuf,
    /// How many banks run a validator, 1 to 16 [default: 4]
    #[arg(long, value_name = "N")]
    validators: Option<usize>,
    /// Print devnet.json on standard output once the devnet is up, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Delete the devnet in the folder and start a new one.
    #[arg(long)]
    reset: bool,
    /// Also open the accounts and register the currencies that this message (pacs.008, pacs.009 or
    /// pain.001) names.
    #[arg(long, value_name = "FILE.xml", num_args = 1..)]
    for_message: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let payments = message::read(&arguments.for_message)?;
    let folder = Folder::open(&arguments.dir, arguments.reset)?;
    let plan = folder.plan(arguments.validators, &payments)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let done = runtime.block_on(serve(arguments, &folder, &plan));
    // A call to a node may still wait for its answer; nobody needs it any more.
    runtime.shutdown_background();
    done
}

async fn serve(arguments: &Arguments, folder: &Folder, plan: &Plan) -> Result<(), Failure> {
    let mut stop = Stop::new()?;
    let mut processes = Processes::default();
    let up = tokio::select! {
        biased;
        () = stop.wait() => Err(Failure::interrupted()),
        up = start::start(folder, plan, &mut processes) => up,
    };
    let served = match up {
        Ok(document) => {
            announce(arguments, folder, &document);
            watch(&mut processes, &mut stop).await;
            output::note("stopping");
            Ok(())
        }
        Err(failure) => Err(failure),
    };
    processes.stop();
    served
}

fn announce(arguments: &Arguments, folder: &Folder, document: &Document) {
    match profile::save(folder.path()) {
        Ok(Some(_)) => {}
        Ok(None) => output::note("there is no home folder, so the wallet's profile is not saved"),
        Err(error) => output::note(format_args!("the wallet's profile is not saved: {error}")),
    }
    let page = || document.page(&arguments.for_message);
    output::result(if arguments.json { document.line() } else { page() });
}

/// Reports nodes that end, until this process is told to stop.
async fn watch(processes: &mut Processes, stop: &mut Stop) {
    let mut glance = tokio::time::interval(GLANCE);
    loop {
        tokio::select! {
            biased;
            () = stop.wait() => return,
            _ = glance.tick() => {}
        }
        for ended in processes.newly_ended() {
            output::note(format_args!(
                "{} (process {}) ended: {}. The others go on. Start it again with: \
                 feiqian-node run --home {}",
                ended.name,
                ended.pid,
                ended.how,
                ended.home.display()
            ));
        }
    }
}

/// Ctrl-C and SIGTERM.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::new(format!("cannot take signals: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
