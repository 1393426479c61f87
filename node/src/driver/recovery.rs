//! The opening of log and index, and what they say of where the node stands.
//!
//! Invariants: the index gives the state of some final block, the log everything after it; an index
//! that was lost is made again from the genesis document and the whole log. Absent: the replay
//! itself (the core's).

use consensus::Memory;
use std::path::PathBuf;

use ledger::chain::Tip;
use ledger::genesis::GenesisDocument;
use ledger::ids::Height;

use super::DriverError;
use super::keeper::{Keeper, Kept};
use super::retained::Retained;
use crate::core::record::ReadRecord;
use crate::core::step::Output;
use crate::core::{Core, CoreConfig, Recovered};
use crate::home::now;
use crate::home::recollection::Recollection;
use crate::log::{Log, LogOptions, Position};
use crate::store::Store;

/// Where log and index lie.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The folder of the log's segments.
    pub log: PathBuf,
    /// The index's file.
    pub index: PathBuf,
    /// The folder of a snapshot that is being fetched.
    pub snapshot: PathBuf,
    /// How many blocks are kept; 0: all.
    pub retain_blocks: u64,
    /// The size at which a segment ends, in bytes.
    pub segment_bytes: u64,
    /// The memory of the index's cache, in bytes.
    pub cache_bytes: usize,
}

/// What the opening gave.
pub(super) struct Opened {
    pub(super) log: Log,
    pub(super) store: Store,
    pub(super) core: Core,
    pub(super) outputs: Vec<Output>,
    pub(super) retained: Retained,
    pub(super) keeper: Keeper,
    /// The last final block that the log has.
    pub(super) tip: Tip,
    pub(super) indexed: Height,
}

/// Opens log and index and starts the core where they end.
pub(super) fn open(
    genesis: &GenesisDocument,
    config: CoreConfig,
    storage: &Storage,
    recollection: &Recollection,
) -> Result<Opened, DriverError> {
    let store = Store::open(&storage.index, storage.cache_bytes)?;
    let checkpoint = store.checkpoint()?;
    let check_from =
        checkpoint.as_ref().map_or(Position::START, |checkpoint| checkpoint.replay_from);
    let options = LogOptions { segment_bytes: storage.segment_bytes, check_from };
    let (log, found) = Log::open(&storage.log, options)?;
    // From here on the log is what this node's key remembers its votes by.
    recollection.log_is_open()?;
    if let Some(cut) = found.cut {
        tracing::info!(position = %cut.position, bytes = cut.bytes, "cut off an unfinished write");
    }
    let (tip, certificate) = match checkpoint {
        Some(checkpoint) => (store.tip(&config.domains, &checkpoint)?, checkpoint.certificate),
        None => {
            let tip = Tip::genesis(genesis)?.tip;
            store.found(&tip, Position::START)?;
            (tip, None)
        }
    };
    let indexed = tip.height();
    // Without the index a pruned log tells only what was promised: the state comes from a peer.
    let is_beginning_lost = indexed == Height(0) && log.reader().first_segment() > 1;
    let mut retained = Retained::default();
    let mut records = Vec::new();
    for record in log.reader().records(check_from) {
        let record = record?;
        let read = ReadRecord::decode(record.kind, &record.payload)
            .map_err(|error| DriverError::Record { reason: error.to_string() })?;
        retained.read(&config.domains, &read, record.position);
        if is_beginning_lost && !matches!(read, ReadRecord::Consensus(_)) {
            continue;
        }
        records.push(read);
    }
    retained.forget(tip.cut(), tip.header());
    // Behind a snapshot, the votes of a later epoch than the one in which the core begins would not
    // be heard.
    let is_lost = recollection.is_lost() || is_beginning_lost || leads_beyond(&records, &tip);
    let recovered = Recovered { tip: tip.clone(), certificate, records, memory: memory(is_lost)? };
    let (mut core, mut outputs) = Core::start(config, recovered, now())?;
    let (keeper, kept) = Keeper::open(&storage.snapshot);
    if let Some(Kept { manifest, chunks }) = kept {
        outputs.extend(core.resume_snapshot(now(), manifest, chunks));
    }
    let tip = restored(&tip, &outputs);
    Ok(Opened { log, store, core, outputs, retained, keeper, tip, indexed })
}

/// The last final block that the log has, which readers see from the start on: they may have seen
/// it before. What the core makes final besides is not durable yet.
fn restored(checkpoint: &Tip, first: &[Output]) -> Tip {
    let replayed = first.iter().take_while(|output| !matches!(output, Output::Persist(_)));
    let tips = replayed.filter_map(|output| {
        if let Output::Commit(committed) = output { Some(&committed.executed.tip) } else { None }
    });
    tips.last().unwrap_or(checkpoint).clone()
}

/// True if a snapshot was installed after `tip` whose state the index does not have.
fn leads_beyond(records: &[ReadRecord], tip: &Tip) -> bool {
    records.iter().any(|record| match record {
        ReadRecord::Snapshot(manifest) => manifest.progress.header.height > tip.height(),
        ReadRecord::Batch(_)
        | ReadRecord::Consensus(_)
        | ReadRecord::Final(_)
        | ReadRecord::Forward(_) => false,
    })
}

/// What the replica remembers of its votes, with a question that was never asked before if that is
/// not all.
fn memory(is_lost: bool) -> Result<Memory, DriverError> {
    if is_lost {
        Ok(Memory::Lost { inquiry: getrandom::u64().map_err(DriverError::Entropy)? })
    } else {
        Ok(Memory::Whole)
    }
}
