//! Starts a devnet: processes, the opening transaction, `devnet.json`.
//!
//! Invariants: `devnet.json` appears once the opening is final on every node; the opening is the
//! same bytes at every start, so it happens once. Absent: stopping (the caller's).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Failure;
use super::client::{Client, Submission};
use super::folder::Folder;
use super::plan::{self, Document, Plan};
use super::ports::Ports;
use super::processes::{GLANCE, Processes};
use crate::config::{BicText, Config};
use crate::home;
use crate::output;

/// How long all nodes may take to come up.
const PATIENCE: Duration = Duration::from_secs(120);

/// The file that says that the opening is final.
const OPENED: &str = "opened";

/// Starts the nodes, opens the accounts, and writes `devnet.json`.
///
/// # Errors
/// A failure if a node ends, or does not come up in time, or the opening is refused.
pub(super) async fn start(
    folder: &Folder,
    plan: &Plan,
    processes: &mut Processes,
) -> Result<Document, Failure> {
    let began = Instant::now();
    let path = folder.path();
    // Only a devnet that is up has the document.
    let _missing = std::fs::remove_file(path.join(plan::DOCUMENT));
    let apis = settle_ports(folder, plan)?;
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(format!("this program's own file is not known: {error}")))?;
    for node in &plan.nodes {
        processes.start(&program, &node.bic, &path.join(&node.home))?;
    }
    let names: Vec<&str> = plan.nodes.iter().map(|node| node.bic.as_str()).collect();
    output::note(format_args!("{} banks: {}", names.len(), names.join(" ")));
    let mut watch = Watch { processes, deadline: began + PATIENCE };
    for api in apis.clone() {
        watch.until(move |client| client.is_ready(api).then_some(())).await?;
    }
    let height = open_accounts(folder, &apis, &mut watch).await?;
    for api in apis.clone() {
        let reached = move |client: &Client| client.height(api).filter(|at| *at >= height);
        watch.until(reached).await?;
    }
    let elapsed = began.elapsed().as_millis();
    let seconds = format!("{}.{:02} s", elapsed / 1000, elapsed % 1000 / 10);
    let event = if height == 0 { "the network goes on" } else { "first final block" };
    output::note(format_args!("{event} ... ok, {seconds} after the start"));
    let running: Vec<_> = processes.ids().zip(apis).collect();
    let document = plan.document(path, &running);
    document.write(path)?;
    Ok(document)
}

/// Sends the opening and gives the height of its block; 0 if it was known to be final.
async fn open_accounts(
    folder: &Folder,
    apis: &[SocketAddr],
    watch: &mut Watch<'_>,
) -> Result<u64, Failure> {
    let opened = folder.path().join(OPENED);
    if opened.exists() {
        return Ok(0);
    }
    let text = home::read_text(&folder.path().join(plan::OPENING), 64 * 1024 * 1024)?;
    let bytes = api::text::parse_base64(&text)
        .ok_or_else(|| Failure::new(format!("{} is not whole", plan::OPENING)).hint(RESET))?;
    let api = *apis.first().ok_or_else(|| Failure::new("a devnet has at least one node"))?;
    let outcome = watch
        .until(move |client| match client.submit(api, &bytes) {
            Submission::Again => None,
            done @ (Submission::Final(_) | Submission::Refused(_)) => Some(done),
        })
        .await?;
    let answer = match outcome {
        Submission::Final(answer) => answer,
        Submission::Refused(problem) => {
            return Err(Failure::new(format!("the opening is refused: {problem}")).hint(RESET));
        }
        Submission::Again => return Err(Failure::new("the opening has no outcome")),
    };
    let rejected = answer.receipts.iter().find(|receipt| receipt.code.is_some());
    if let Some(receipt) = rejected {
        let code = receipt.code.as_deref().unwrap_or_default();
        let explanation = receipt.explanation.as_deref().unwrap_or_default();
        let message = format!("the opening's operation {} is rejected: {code}", receipt.operation);
        return Err(Failure::new(format!("{message}: {explanation}")).hint(RESET));
    }
    let height = answer.receipts.iter().filter_map(|receipt| receipt.block).max().unwrap_or(1);
    home::write_text(&opened, &format!("{height}\n"))?;
    Ok(height)
}

const RESET: &str = "Run `devnet` with --reset to start anew.";

/// Waits for nodes, as long as all of them live.
struct Watch<'a> {
    processes: &'a mut Processes,
    deadline: Instant,
}

impl Watch<'_> {
    /// Asks until there is an answer.
    async fn until<T: Send + 'static>(
        &mut self,
        ask: impl Fn(&Client) -> Option<T> + Clone + Send + 'static,
    ) -> Result<T, Failure> {
        let client = Client::new();
        loop {
            if let Some(ended) = self.processes.newly_ended().first() {
                let message = format!("{} ended while starting: {}", ended.name, ended.how);
                return Err(Failure::new(message).hint(ended.last_words()));
            }
            let (ask, client) = (ask.clone(), client.clone());
            let asked = tokio::task::spawn_blocking(move || ask(&client)).await;
            if let Ok(Some(answer)) = asked {
                return Ok(answer);
            }
            if Instant::now() > self.deadline {
                let message = format!("the nodes did not come up within {} s", PATIENCE.as_secs());
                return Err(Failure::new(message).hint("Read node.log in the nodes' homes."));
            }
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// Keeps every node's ports, or gives it others where another program has taken them. Answers where
/// the APIs listen, in the order of the nodes.
pub(super) fn settle_ports(folder: &Folder, plan: &Plan) -> Result<Vec<SocketAddr>, Failure> {
    let homes: Vec<PathBuf> =
        plan.nodes.iter().map(|node| folder.path().join(&node.home)).collect();
    let before = homes.iter().map(|home| home::read_config(home)).collect::<Result<Vec<_>, _>>()?;
    let mut ports = Ports::new()?;
    let mut after = before.clone();
    for config in &mut after {
        for address in &mut config.network.listen {
            *address = ports.keep(*address)?;
        }
        config.api.listen = ports.keep(config.api.listen)?;
    }
    if after != before {
        introduce(&mut after, &plan.dealer);
        for (home, config) in homes.iter().zip(&after) {
            home::write_config(home, config)?;
        }
    }
    Ok(after.iter().map(|config| config.api.listen).collect())
}

/// Tells every node where the others listen now.
fn introduce(configs: &mut [Config], dealer: &str) {
    let peers: Vec<(BicText, Vec<String>)> = configs
        .iter()
        .map(|config| {
            let listen = config.network.listen.iter().map(ToString::to_string);
            (config.node.bic, listen.collect())
        })
        .collect();
    let quotes = configs.iter().find(|config| config.bic().to_string() == dealer);
    let quotes = quotes.map(|config| format!("http://{}", config.api.listen));
    for config in configs {
        let own = config.node.bic;
        config.network.peers = peers.iter().filter(|(bic, _)| *bic != own).cloned().collect();
        config.iso.dealer = quotes.clone().filter(|_| config.dealer.is_none());
    }
}
