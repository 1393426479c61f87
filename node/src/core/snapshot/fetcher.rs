//! The fetcher: which snapshot to fetch, whom to ask for what, and when to give up.
//!
//! Invariants: one fetch at a time; at most [`PER_SOURCE`] chunks are asked of one peer at a time,
//! each for a bounded time; a peer that sends something false is asked no more before the fetch has
//! ended, one that stalls not before it offers again; every phase ends after a bounded time without
//! progress, and then blocks are fetched one after the other. Absent: the choice to begin (the
//! core's).

use ledger::chain::Tip;
use ledger::hash::Domains;
use ledger::ids::{Epoch, Height, InstitutionNumber, Timestamp};
use ledger::light::TrustedState;
use ledger::tree::Chunk;
use std::collections::{BTreeMap, BTreeSet};

use super::assembly::Assembly;
use super::{Act, ChunkPlace, Keep, Manifest, SnapshotAnswer, SnapshotId, SnapshotRequest};

/// How long peers have to offer snapshots, in milliseconds.
const OFFERS_MS: u64 = 2_000;

/// How long a peer has to send a manifest or a chunk, in milliseconds.
const PATIENCE_MS: u64 = 10_000;

/// How long to wait after a fetch came to nothing, in milliseconds.
const PAUSE_MS: u64 = 30_000;

/// How often peers are asked again for offers while chunks are fetched, in milliseconds.
const REFRESH_MS: u64 = 10_000;

/// How many times peers are asked for offers: at first, and while there are chunks already.
const ROUNDS: u8 = 2;
const ROUNDS_WITH_CHUNKS: u8 = 15;

/// How many chunks are asked of one peer at a time.
const PER_SOURCE: usize = 4;

/// How many chunks in a row a peer may fail to send before it is left.
const MISSES: u8 = 8;

/// What an operator decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetcherSettings {
    /// A snapshot must be at least so many blocks ahead to be worth its fetch.
    pub beyond: u64,
}

/// Where the node stands, and whom it may ask.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// The last final block that this node holds: what it trusts.
    pub tip: &'a Tip,
    /// The other nodes.
    pub peers: &'a [InstitutionNumber],
}

/// Fetches snapshots.
pub struct Fetcher {
    settings: FetcherSettings,
    domains: Domains,
    phase: Phase,
    /// Peers that are left out of this fetch: they sent something false, or no manifest in time.
    left: BTreeSet<InstitutionNumber>,
    not_before: Timestamp,
    /// True if any later snapshot would have done in the last search.
    sought_any: bool,
    acts: Vec<Act>,
}

type AllOffers = BTreeMap<InstitutionNumber, Vec<SnapshotId>>;

enum Phase {
    Idle,
    Asking(Box<Asking>),
    Choosing(Choosing),
    Fetching(Box<Fetching>),
}

/// Peers are asked which snapshots they serve.
struct Asking {
    until: Timestamp,
    rounds: u8,
    /// True if any later snapshot will do.
    any: bool,
    offers: AllOffers,
    /// A state in the making that lost its sources, or comes from a former run.
    begun: Option<Assembly>,
}

/// A peer is asked for the manifest of the best snapshot.
struct Choosing {
    any: bool,
    offers: AllOffers,
    id: SnapshotId,
    peer: InstitutionNumber,
    /// The epoch that this node trusted when it asked.
    epoch: Epoch,
    until: Timestamp,
}

/// Chunks are fetched.
struct Fetching {
    assembly: Assembly,
    sources: BTreeMap<InstitutionNumber, Source>,
    asked: BTreeMap<ChunkPlace, (InstitutionNumber, Timestamp)>,
    refresh_at: Timestamp,
}

#[derive(Clone, Copy, Default)]
struct Source {
    under_way: usize,
    misses: u8,
}

impl Fetcher {
    /// A fetcher that has nothing to do.
    pub const fn new(settings: FetcherSettings, domains: Domains) -> Self {
        Self {
            settings,
            domains,
            phase: Phase::Idle,
            left: BTreeSet::new(),
            not_before: Timestamp(0),
            sought_any: false,
            acts: Vec::new(),
        }
    }

    /// What is to be done since the last call, in order.
    pub fn take(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    /// When to call [`Self::tick`] at the latest.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Asking(asking) => Some(asking.until),
            Phase::Choosing(choosing) => Some(choosing.until),
            Phase::Fetching(fetching) => {
                let chunks = fetching.asked.values().map(|(_, until)| *until).min();
                Some(chunks.map_or(fetching.refresh_at, |at| at.min(fetching.refresh_at)))
            }
        }
    }

    /// True while a snapshot is on its way that makes single blocks needless.
    pub const fn is_fetching(&self) -> bool {
        match &self.phase {
            Phase::Idle | Phase::Choosing(_) => false,
            Phase::Asking(asking) => asking.begun.is_some(),
            Phase::Fetching(_) => true,
        }
    }

    /// The node seems to be far behind: asks the peers for offers, if it has not done so of late.
    /// With `any`, every later snapshot will do: there is no other way to go on, and what was too
    /// near of late is sought anew.
    pub fn seek(&mut self, at: Standing<'_>, any: bool) {
        let is_due = self.not_before <= at.now || (any && !self.sought_any);
        if matches!(self.phase, Phase::Idle) && is_due {
            self.left.clear();
            self.ask(at, any, ROUNDS, None);
        }
    }

    /// Goes on with what a former run kept: a manifest and chunks, in the order in which they were
    /// kept.
    pub fn resume(
        &mut self,
        at: Standing<'_>,
        manifest: Box<Manifest>,
        chunks: impl IntoIterator<Item = (ChunkPlace, Chunk)>,
    ) {
        let is_ahead = manifest.progress.header.height > at.tip.height();
        if !is_ahead || manifest.verify(&self.domains, &trust(at.tip)).is_err() {
            self.acts.push(Act::Keep(Keep::End));
            return;
        }
        let mut assembly = Assembly::new(&self.domains, manifest);
        for (place, chunk) in chunks {
            assembly.recall(place, &chunk);
        }
        let text = format!(
            "goes on with the snapshot of block {}: {} chunks are missing",
            assembly.id.height,
            assembly.missing()
        );
        self.acts.push(Act::Tell(text));
        self.ask(at, true, ROUNDS_WITH_CHUNKS, Some(assembly));
    }

    /// A peer is there, perhaps again: what it was asked before may be lost, and is asked again.
    pub fn connected(&mut self, at: Standing<'_>, peer: InstitutionNumber) {
        match &mut self.phase {
            Phase::Idle => {}
            Phase::Asking(_) => self.acts.push(Act::Ask(peer, SnapshotRequest::Offers)),
            Phase::Choosing(choosing) => {
                if choosing.peer == peer {
                    let (snapshot, epoch) = (choosing.id, choosing.epoch);
                    let request = SnapshotRequest::Manifest { snapshot, epoch };
                    self.acts.push(Act::Ask(peer, request));
                }
            }
            Phase::Fetching(fetching) => {
                self.acts.push(Act::Ask(peer, SnapshotRequest::Offers));
                fetching.put_back_from(peer);
                self.fill(at);
            }
        }
    }

    /// A peer answers.
    pub fn answer(&mut self, at: Standing<'_>, from: InstitutionNumber, answer: SnapshotAnswer) {
        if !at.peers.contains(&from) || self.left.contains(&from) {
            return;
        }
        match answer {
            SnapshotAnswer::Offers(offers) => self.offered(at, from, offers.0),
            SnapshotAnswer::Manifest(manifest) => self.manifest(at, from, manifest),
            SnapshotAnswer::Chunk { snapshot, place, chunk } => {
                self.chunk(at, from, snapshot, place, chunk);
            }
            SnapshotAnswer::Gone(snapshot) => self.gone(at, from, snapshot),
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, at: Standing<'_>) {
        match &mut self.phase {
            Phase::Idle => {}
            Phase::Asking(asking) if asking.until <= at.now => self.choose_offer(at),
            Phase::Choosing(choosing) if choosing.until <= at.now => {
                // The chain has gone on meanwhile: what the others offered may be gone, too.
                let (any, peer) = (choosing.any, choosing.peer);
                self.left.insert(peer);
                self.ask(at, any, ROUNDS, None);
            }
            Phase::Asking(_) | Phase::Choosing(_) => {}
            Phase::Fetching(_) => self.look_after_chunks(at),
        }
    }

    fn ask(&mut self, at: Standing<'_>, any: bool, rounds: u8, begun: Option<Assembly>) {
        self.sought_any = any;
        let until = at.now.plus(OFFERS_MS);
        let offers = AllOffers::new();
        self.phase = Phase::Asking(Box::new(Asking { until, rounds, any, offers, begun }));
        self.ask_all(at);
    }

    fn ask_all(&mut self, at: Standing<'_>) {
        let asked = at.peers.iter().filter(|peer| !self.left.contains(peer));
        self.acts.extend(asked.map(|peer| Act::Ask(*peer, SnapshotRequest::Offers)));
    }

    fn offered(&mut self, at: Standing<'_>, from: InstitutionNumber, offers: Vec<SnapshotId>) {
        match &mut self.phase {
            Phase::Idle | Phase::Choosing(_) => {}
            Phase::Asking(asking) => {
                asking.offers.insert(from, offers);
                let all = at.peers.iter().filter(|peer| !self.left.contains(peer));
                if all.clone().all(|peer| asking.offers.contains_key(peer)) {
                    self.choose_offer(at);
                }
            }
            Phase::Fetching(fetching) => {
                if offers.contains(&fetching.assembly.id) {
                    fetching.sources.entry(from).or_default();
                    self.fill(at);
                }
            }
        }
    }

    /// The time for offers is over: goes on with what was begun, or chooses.
    fn choose_offer(&mut self, at: Standing<'_>) {
        let Phase::Asking(asking) = std::mem::replace(&mut self.phase, Phase::Idle) else { return };
        let Asking { rounds, any, offers, begun, .. } = *asking;
        if let Some(assembly) = begun {
            let serve = offers.iter().filter(|(_, offers)| offers.contains(&assembly.id));
            let sources: Vec<InstitutionNumber> = serve.map(|(peer, _)| *peer).collect();
            if !sources.is_empty() {
                self.fetch(at, assembly, sources);
            } else if self.best(at, any, &offers).is_some() {
                self.choose(at, any, offers);
            } else if rounds > 1 {
                self.ask(at, any, rounds.saturating_sub(1), Some(assembly));
            } else {
                self.give_up(at, "no peer serves the snapshot any more");
            }
        } else if self.best(at, any, &offers).is_some() || rounds <= 1 {
            self.choose(at, any, offers);
        } else {
            self.ask(at, any, rounds.saturating_sub(1), None);
        }
    }

    /// The snapshot that most peers offer, the highest of these.
    fn best(
        &self,
        at: Standing<'_>,
        any: bool,
        offers: &AllOffers,
    ) -> Option<(SnapshotId, InstitutionNumber)> {
        let distance = if any { 1 } else { self.settings.beyond.max(1) };
        let least = Height(at.tip.height().0.saturating_add(distance));
        let mut peers: BTreeMap<SnapshotId, Vec<InstitutionNumber>> = BTreeMap::new();
        for (peer, offers) in offers {
            for id in offers.iter().filter(|id| id.height >= least) {
                peers.entry(*id).or_default().push(*peer);
            }
        }
        let (id, peers) = peers.into_iter().max_by_key(|(id, peers)| (peers.len(), *id))?;
        Some((id, peers.first().copied()?))
    }

    fn choose(&mut self, at: Standing<'_>, any: bool, offers: AllOffers) {
        let Some((id, peer)) = self.best(at, any, &offers) else {
            self.give_up(at, "no peer serves a snapshot that is far enough ahead");
            return;
        };
        let until = at.now.plus(PATIENCE_MS);
        let epoch = at.tip.header().epoch;
        self.phase = Phase::Choosing(Choosing { any, offers, id, peer, epoch, until });
        let request = SnapshotRequest::Manifest { snapshot: id, epoch };
        self.acts.push(Act::Ask(peer, request));
    }

    /// The manifest is of no use, or gone: asks another peer, or for another snapshot.
    fn next_choice(&mut self, at: Standing<'_>) {
        if let Phase::Choosing(choosing) = std::mem::replace(&mut self.phase, Phase::Idle) {
            self.choose(at, choosing.any, choosing.offers);
        }
    }

    fn manifest(&mut self, at: Standing<'_>, from: InstitutionNumber, manifest: Box<Manifest>) {
        let Phase::Choosing(choosing) = &mut self.phase else { return };
        let id = choosing.id;
        if choosing.peer != from {
            return;
        }
        // This node has gone on to another epoch since it asked: the answer begins too early.
        if choosing.epoch != at.tip.header().epoch {
            return self.next_choice(at);
        }
        // Late answers to earlier questions are true, and of no use.
        if manifest.first_epoch() != choosing.epoch {
            return;
        }
        if manifest.verify(&self.domains, &trust(at.tip)).is_err() {
            choosing.offers.remove(&from);
            self.blame(from, "sent a snapshot's manifest that no quorum certified");
            return self.next_choice(at);
        }
        if manifest.id(&self.domains) != id {
            return;
        }
        let serve = choosing.offers.iter().filter(|(_, offers)| offers.contains(&id));
        let sources = serve.map(|(peer, _)| *peer).collect();
        self.acts.push(Act::Keep(Keep::Begin(manifest.clone())));
        let assembly = Assembly::new(&self.domains, manifest);
        self.fetch(at, assembly, sources);
    }

    fn fetch(&mut self, at: Standing<'_>, assembly: Assembly, sources: Vec<InstitutionNumber>) {
        let text = format!(
            "fetches the snapshot of block {} from {} peers: at least {} chunks",
            assembly.id.height,
            sources.len(),
            assembly.missing()
        );
        self.acts.push(Act::Tell(text));
        let sources = sources.into_iter().map(|peer| (peer, Source::default())).collect();
        let refresh_at = at.now.plus(REFRESH_MS);
        let asked = BTreeMap::new();
        self.phase = Phase::Fetching(Box::new(Fetching { assembly, sources, asked, refresh_at }));
        self.fill(at);
    }

    fn chunk(
        &mut self,
        at: Standing<'_>,
        from: InstitutionNumber,
        id: SnapshotId,
        place: ChunkPlace,
        chunk: Chunk,
    ) {
        let Phase::Fetching(fetching) = &mut self.phase else { return };
        // One that comes late, or from another peer than was asked, is as good: it verifies.
        if fetching.assembly.id != id || !fetching.claim(place) {
            return;
        }
        if fetching.assembly.accept(place, &chunk).is_ok() {
            if let Some(source) = fetching.sources.get_mut(&from) {
                source.misses = 0;
            }
            self.acts.push(Act::Keep(Keep::Chunk(place, Box::new(chunk))));
        } else {
            fetching.assembly.put_back(place);
            fetching.leave(from);
            self.blame(from, "sent a false chunk of a snapshot");
        }
        self.fill(at);
    }

    fn gone(&mut self, at: Standing<'_>, from: InstitutionNumber, id: SnapshotId) {
        match &mut self.phase {
            Phase::Choosing(choosing) if choosing.peer == from && choosing.id == id => {
                if let Some(offers) = choosing.offers.get_mut(&from) {
                    offers.retain(|offer| *offer != id);
                }
                self.next_choice(at);
            }
            Phase::Fetching(fetching) if fetching.assembly.id == id => {
                fetching.leave(from);
                self.fill(at);
            }
            Phase::Idle | Phase::Asking(_) | Phase::Choosing(_) | Phase::Fetching(_) => {}
        }
    }

    /// Asks for as many chunks as may be under way; ends the fetch when all are here, and looks for
    /// other sources when none is left.
    fn fill(&mut self, at: Standing<'_>) {
        let Phase::Fetching(fetching) = &mut self.phase else { return };
        let until = at.now.plus(PATIENCE_MS);
        while let Some(peer) = fetching.free_source()
            && let Some(place) = fetching.assembly.take_next()
        {
            fetching.asked.insert(place, (peer, until));
            if let Some(source) = fetching.sources.get_mut(&peer) {
                source.under_way = source.under_way.saturating_add(1);
            }
            let snapshot = fetching.assembly.id;
            self.acts.push(Act::Ask(peer, SnapshotRequest::Chunk { snapshot, place }));
        }
        if fetching.assembly.is_whole() {
            self.finish(at);
        } else if fetching.sources.is_empty()
            && let Phase::Fetching(fetching) = std::mem::replace(&mut self.phase, Phase::Idle)
        {
            self.ask(at, true, ROUNDS_WITH_CHUNKS, Some(fetching.assembly));
        }
    }

    fn finish(&mut self, at: Standing<'_>) {
        if self.is_passed(at) {
            return;
        }
        let Phase::Fetching(fetching) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            return;
        };
        self.not_before = at.now;
        match fetching.assembly.finish() {
            Ok(installed) => self.acts.push(Act::Finished(installed)),
            Err(reason) => {
                self.give_up(at, &format!("the certified state cannot be read: {reason}"))
            }
        }
    }

    /// Gives the fetch up if the node needs it no more; true if so.
    fn is_passed(&mut self, at: Standing<'_>) -> bool {
        let Phase::Fetching(fetching) = &self.phase else { return false };
        let is_passed = fetching.assembly.id.height <= at.tip.height();
        if is_passed {
            self.give_up(at, "this node has come by the snapshot's block on its own");
        }
        is_passed
    }

    fn look_after_chunks(&mut self, at: Standing<'_>) {
        if self.is_passed(at) {
            return;
        }
        let Phase::Fetching(fetching) = &mut self.phase else { return };
        fetching.miss(at.now);
        if fetching.refresh_at <= at.now {
            fetching.refresh_at = at.now.plus(REFRESH_MS);
            self.ask_all(at);
        }
        self.fill(at);
    }

    fn blame(&mut self, peer: InstitutionNumber, what: &'static str) {
        self.left.insert(peer);
        self.acts.push(Act::Blame(peer, what));
    }

    fn give_up(&mut self, at: Standing<'_>, why: &str) {
        self.phase = Phase::Idle;
        self.not_before = at.now.plus(PAUSE_MS);
        self.acts.push(Act::Keep(Keep::End));
        self.acts.push(Act::Tell(format!("fetches no snapshot: {why}")));
    }
}

impl Fetching {
    /// The source with the least under way, if it may be asked for more.
    fn free_source(&self) -> Option<InstitutionNumber> {
        let free = self.sources.iter().filter(|(_, source)| source.under_way < PER_SOURCE);
        free.min_by_key(|(_, source)| source.under_way).map(|(peer, _)| *peer)
    }

    /// True if the chunk is still wanted; it is then neither to be asked for nor under way.
    fn claim(&mut self, place: ChunkPlace) -> bool {
        match self.asked.remove(&place) {
            Some((peer, _)) => {
                if let Some(source) = self.sources.get_mut(&peer) {
                    source.under_way = source.under_way.saturating_sub(1);
                }
                true
            }
            None => self.assembly.claim(place),
        }
    }

    /// A source serves no more: what was asked of it is asked of others.
    fn leave(&mut self, peer: InstitutionNumber) {
        self.sources.remove(&peer);
        self.put_back_from(peer);
    }

    /// What was asked of a peer is to be asked for again.
    fn put_back_from(&mut self, peer: InstitutionNumber) {
        if let Some(source) = self.sources.get_mut(&peer) {
            source.under_way = 0;
        }
        let of_peer = self.asked.iter().filter(|(_, (other, _))| *other == peer);
        let places: Vec<ChunkPlace> = of_peer.map(|(place, _)| *place).collect();
        for place in places {
            self.asked.remove(&place);
            self.assembly.put_back(place);
        }
    }

    /// Takes back what was not sent in time.
    fn miss(&mut self, now: Timestamp) {
        let late = self.asked.iter().filter(|(_, (_, until))| *until <= now);
        let late: Vec<_> = late.map(|(place, (peer, _))| (*place, *peer)).collect();
        for (place, peer) in late {
            // A source that was left has taken its places with it.
            if !self.asked.contains_key(&place) || !self.claim(place) {
                continue;
            }
            self.assembly.put_back(place);
            let Some(source) = self.sources.get_mut(&peer) else { continue };
            source.misses = source.misses.saturating_add(1);
            if source.misses >= MISSES {
                self.leave(peer);
            }
        }
    }
}

/// What a node trusts that holds `tip`.
fn trust(tip: &Tip) -> TrustedState {
    TrustedState::Following {
        epoch: tip.header().epoch,
        validators: tip.validators().clone(),
        latest: Box::new(tip.header().clone()),
    }
}
