//! Four real nodes, laid out so that everything around them can fail.
//!
//! Invariants: what is inflicted is undone by `heal`; a node that ends without having been told to
//! is a finding, unless its disk was full. Absent: who decides what fails (`plan`).

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use node::config::BicText;

use super::{
    clock::{self, Clock},
    disk::SmallDisk,
    fault::{Fault, NODES},
    links::Links,
    packets::Packets,
    proxy::{Place, Proxies},
    sandbox::Alone,
};
use crate::devnet::{Client, Devnet, DevnetError, Signal, run, until};

/// How long a node may take to come back and follow the others again.
pub const RECOVERY: Duration = Duration::from_secs(60);

/// How long one file operation may take.
const COPY: Duration = Duration::from_secs(120);

/// The nodes' ports, where each has an address of its own.
const PEER_PORT: u16 = 7600;
const API_PORT: u16 = 7680;

/// The nodes and what can fail around them.
pub struct Field {
    /// The nodes.
    pub devnet: Devnet,
    /// What this machine does not permit, in words.
    pub left_out: Vec<String>,
    /// How often the node with the full disk has ended for it.
    pub ended_for_room: u64,
    client: Client,
    links: Links,
    proxies: Proxies,
    packets: Option<Packets>,
    disk: Option<SmallDisk>,
    small: usize,
    filled: bool,
    clocks: Vec<Clock>,
}

impl Field {
    /// Lays four stopped nodes of a devnet out anew and starts them. The node `small` gets the
    /// small disk.
    ///
    /// # Errors
    /// [`DevnetError`] names what to look at.
    pub fn lay(
        mut devnet: Devnet,
        work: &Path,
        small: usize,
        alone: Alone,
    ) -> Result<Self, DevnetError> {
        devnet.stop_program()?;
        let mut left_out = Vec::new();
        let mut permitted = |what: &str, is: bool, reason: String| {
            if !is {
                left_out.push(format!("{what}: {reason}"));
            }
        };
        let packets = match alone {
            Alone::Everything => Packets::lay().map_err(|error| error.to_string()),
            Alone::Mounts | Alone::Nothing => Err("no namespace of the network".to_owned()),
        };
        let reason = packets.as_ref().err().cloned().unwrap_or_default();
        permitted("real loss of packets (a proxy's stalls instead)", packets.is_ok(), reason);
        let disk = match alone {
            Alone::Everything | Alone::Mounts => {
                SmallDisk::mount(work).map_err(|error| error.to_string())
            }
            Alone::Nothing => Err("no namespace of mounts".to_owned()),
        };
        let reason = disk.as_ref().err().cloned().unwrap_or_default();
        permitted("full disks", disk.is_ok(), reason);
        let library = clock::library();
        permitted("wrong clocks", library.is_some(), "install libfaketime".to_owned());
        let (packets, disk) = (packets.ok(), disk.ok());
        let proxies = introduce(&mut devnet, packets.is_some())?;
        let mut clocks = Vec::new();
        for (place, node) in devnet.nodes.iter_mut().enumerate() {
            node.log = work.join(format!("{}.log", node.name));
            if packets.is_some() {
                node.launch.before = Packets::within(place);
            }
            if let Some(library) = &library {
                let file = work.join(format!("{}.clock", node.name));
                clocks.push(Clock::new(library, file, &mut node.launch)?);
            }
            if let Some(disk) = disk.as_ref().filter(|_| place == small) {
                node.home = copied(&node.home, &disk.folder)?;
            }
        }
        let client = Client::new(RECOVERY);
        let (links, filled, ended_for_room) = (Links::default(), false, 0);
        let mut field = Self {
            devnet,
            left_out,
            ended_for_room,
            client,
            links,
            proxies,
            packets,
            disk,
            small,
            filled,
            clocks,
        };
        field.start_missing()?;
        Ok(field)
    }

    /// The kind of the small disk, and whether packets are really lost.
    #[must_use]
    pub fn describe(&self) -> String {
        let disk = self.disk.as_ref().map_or("none", |disk| disk.kind);
        let loss = if self.packets.is_some() { "real packets" } else { "stalls of a proxy" };
        format!("loss and cuts: {loss}; small disk: {disk}; clocks: {}", self.clocks.len())
    }

    /// True if this machine permits the fault.
    #[must_use]
    pub const fn is_able(&self, fault: &Fault) -> bool {
        match fault {
            Fault::FullDisk => self.disk.is_some(),
            Fault::Clock { .. } => !self.clocks.is_empty(),
            Fault::Kill(_)
            | Fault::Stop(_)
            | Fault::Pause(_)
            | Fault::KillAll
            | Fault::Isolate(_)
            | Fault::Halves(_)
            | Fault::OneWay { .. }
            | Fault::Ring
            | Fault::Delay { .. }
            | Fault::Loss { .. }
            | Fault::Narrow { .. }
            | Fault::Reset(_) => true,
        }
    }

    /// Makes it so.
    ///
    /// # Errors
    /// [`DevnetError`] if a node does not end as it should, or the system refuses.
    pub fn inflict(&mut self, fault: &Fault) -> Result<(), DevnetError> {
        match *fault {
            Fault::Kill(node) => drop(self.devnet.node(node)?.kill()?),
            Fault::Stop(node) => self.stop(node)?,
            Fault::Pause(node) => self.devnet.node(node)?.signal(Signal::STOP),
            Fault::KillAll => {
                for node in &self.devnet.nodes {
                    node.signal(Signal::KILL);
                }
                for place in 0..NODES {
                    self.devnet.node(place)?.kill()?;
                }
                for place in 0..NODES {
                    self.devnet.restart(place)?;
                }
            }
            Fault::FullDisk => {
                self.filled = true;
                self.disk.as_ref().map_or(Ok(()), SmallDisk::fill)?;
            }
            Fault::Clock { node, seconds } => {
                self.clocks.get(node).map_or(Ok(()), |clock| clock.set(seconds))?;
            }
            Fault::Isolate(_)
            | Fault::Halves(_)
            | Fault::OneWay { .. }
            | Fault::Ring
            | Fault::Delay { .. }
            | Fault::Loss { .. }
            | Fault::Narrow { .. }
            | Fault::Reset(_) => {
                self.links.add(fault);
                self.apply_links()?;
            }
        }
        Ok(())
    }

    /// Waits until the node whose disk is full has ended, while payments flow and it must write.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`] if it goes on.
    pub fn wait_for_full_disk(&mut self) -> Result<(), DevnetError> {
        let small = self.small;
        let node = self.devnet.node(small)?;
        let (what, log) = (format!("end of {} for its full disk", node.name), node.log());
        let status = until(&what, &log, RECOVERY, || node.ended())?;
        self.judge_end(small, status)
    }

    /// Undoes every fault, starts what does not run, and waits until all nodes are in step. Gives
    /// their height.
    ///
    /// # Errors
    /// [`DevnetError`] names the node that does not come back.
    pub fn heal(&mut self) -> Result<u64, DevnetError> {
        self.links.heal();
        self.apply_links()?;
        self.disk.as_ref().map_or(Ok(()), SmallDisk::free)?;
        for clock in &self.clocks {
            clock.set(0)?;
        }
        for place in 0..NODES {
            let node = self.devnet.node(place)?;
            node.signal(Signal::CONT);
            if let Some(status) = node.ended() {
                self.judge_end(place, status)?;
            }
        }
        self.start_all()?;
        self.filled = false;
        self.devnet.wait_in_step(&self.client, RECOVERY)
    }

    /// Stops every node in order.
    ///
    /// # Errors
    /// [`DevnetError`] names the node that does not stop as it should.
    pub fn stop_all(&mut self) -> Result<(), DevnetError> {
        (0..NODES).try_for_each(|place| self.stop(place))
    }

    /// Copies what lies on the small disk to where it outlasts this run.
    pub fn keep(&self, work: &Path) {
        if let Some(disk) = &self.disk {
            // What cannot be kept is missed by whoever looks for it, who reads the failure first.
            let _kept = disk.free();
            let _kept = copied(&disk.folder, &work.join("disk-as-it-was"));
        }
    }

    /// Starts what does not run; a node that is just ending for its full disk is waited for.
    fn start_all(&mut self) -> Result<(), DevnetError> {
        match self.start_missing() {
            Err(DevnetError::Ended { .. }) if self.filled => {
                self.wait_for_full_disk()?;
                self.start_missing()
            }
            other => other,
        }
    }

    fn start_missing(&mut self) -> Result<(), DevnetError> {
        for place in 0..NODES {
            self.devnet.restart(place)?;
        }
        let client = self.client.clone();
        self.devnet.nodes.iter().try_for_each(|node| node.wait_ready(&client))
    }

    /// Stops a node, which must end well.
    fn stop(&mut self, place: usize) -> Result<(), DevnetError> {
        let node = self.devnet.node(place)?;
        node.signal(Signal::CONT);
        let status = node.stop(RECOVERY)?;
        let found = format!("it was stopped, and ended with {status:?}");
        match status {
            Some(status) if status.code() != Some(0) => {
                Err(DevnetError::Contradiction { node: node.name.clone(), found })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A node that ends by itself must say why, and have a reason.
    fn judge_end(
        &mut self,
        place: usize,
        status: std::process::ExitStatus,
    ) -> Result<(), DevnetError> {
        if self.filled && place == self.small && status.code() == Some(1) {
            self.ended_for_room += 1;
            return Ok(());
        }
        let node = self.devnet.node(place)?;
        let found = format!("it ended by itself with {status}; read {}", node.log().display());
        Err(DevnetError::Contradiction { node: node.name.clone(), found })
    }

    fn apply_links(&mut self) -> Result<(), DevnetError> {
        self.proxies.apply(self.links);
        self.packets.as_mut().map_or(Ok(()), |packets| packets.apply(&self.links))
    }
}

/// Starts the proxies and tells every node to dial those, and where to listen.
pub(crate) fn introduce(devnet: &mut Devnet, own_addresses: bool) -> Result<Proxies, DevnetError> {
    let refused = |path: &Path, reason: String| DevnetError::File { path: path.to_owned(), reason };
    let mut configs = Vec::new();
    for node in &devnet.nodes {
        let config = node::home::read_config(&node.home);
        configs.push(config.map_err(|error| refused(&node.home, error.to_string()))?);
    }
    let mut listening = Vec::new();
    for (place, config) in configs.iter_mut().enumerate() {
        if own_addresses {
            let address = IpAddr::V4(Packets::node(place));
            config.network.listen = vec![SocketAddr::new(address, PEER_PORT)];
            config.api.listen = SocketAddr::new(address, API_PORT);
        }
        listening.extend(config.network.listen.first().copied());
    }
    let mut places = Vec::new();
    for (from, to) in pairs(configs.len()) {
        let loopback = (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Ipv4Addr::LOCALHOST);
        let own =
            (SocketAddr::from((Packets::instead(from, to), PEER_PORT)), Packets::instead(to, from));
        let (listen, source) = if own_addresses { own } else { loopback };
        let target = listening.get(to).copied().ok_or(DevnetError::NoNode { place: to })?;
        places.push(Place { from, to, listen, source: source.into(), target });
    }
    let proxies = Proxies::start(&places, !own_addresses)
        .map_err(|error| refused(Path::new("the proxies"), error.to_string()))?;
    let bics: Vec<BicText> = configs.iter().map(|config| config.node.bic).collect();
    for (place, (config, node)) in configs.iter_mut().zip(&mut devnet.nodes).enumerate() {
        let peers = bics.iter().enumerate().filter(|(peer, _)| *peer != place);
        config.network.peers = peers
            .map(|(peer, bic)| {
                let proxy = proxies.address(place, peer).map(|address| address.to_string());
                (*bic, proxy.into_iter().collect())
            })
            .collect();
        node.api = format!("http://{}", config.api.listen);
        let written = node::home::write_config(&node.home, config);
        written.map_err(|error| refused(&node.home, error.to_string()))?;
    }
    Ok(proxies)
}

fn pairs(nodes: usize) -> BTreeSet<(usize, usize)> {
    let all = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
    all.filter(|(from, to)| from != to).collect()
}

/// Copies a folder into another one. Gives where it is then.
fn copied(folder: &Path, into: &Path) -> Result<PathBuf, DevnetError> {
    std::fs::create_dir_all(into).map_err(|error| DevnetError::file(into, &error))?;
    let mut command = Command::new("cp");
    let ran = run(command.arg("-a").arg(folder).arg(into), COPY)?;
    if ran.code == Some(0) {
        return Ok(into.join(folder.file_name().unwrap_or_default()));
    }
    Err(DevnetError::File { path: folder.to_owned(), reason: ran.stderr.trim().to_owned() })
}
