//! The opening of log and index, and what they say of where the node stands.
//!
//! Invariants: the index gives the state of some final block, the log everything after it; an index
//! that was lost is made again from the genesis document and the whole log. Absent: the replay
//! itself (the core's).

use std::path::PathBuf;

use ledger::chain::Tip;
use ledger::genesis::GenesisDocument;
use ledger::ids::{Height, View as ConsensusView};

use super::DriverError;
use super::performer::Retained;
use crate::core::record::ReadRecord;
use crate::core::step::Output;
use crate::core::{Core, CoreConfig, Recovered};
use crate::home::now;
use crate::log::{Log, LogOptions, Position};
use crate::store::{BatchName, Store};

/// Where log and index lie.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The folder of the log's segments.
    pub log: PathBuf,
    /// The index's file.
    pub index: PathBuf,
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
    pub(super) tip: Tip,
    pub(super) indexed: Height,
}

/// Opens log and index and starts the core where they end.
pub(super) fn open(
    genesis: &GenesisDocument,
    config: CoreConfig,
    storage: &Storage,
) -> Result<Opened, DriverError> {
    let store = Store::open(&storage.index, storage.cache_bytes)?;
    let checkpoint = store.checkpoint()?;
    let check_from =
        checkpoint.as_ref().map_or(Position::START, |checkpoint| checkpoint.replay_from);
    let options = LogOptions { segment_bytes: storage.segment_bytes, check_from };
    let (log, found) = Log::open(&storage.log, options)?;
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
    let mut retained = Retained::default();
    let mut records = Vec::new();
    for record in log.reader().records(check_from) {
        let record = record?;
        let position = record.position;
        let read = ReadRecord::decode(record.kind, &record.payload)
            .map_err(|error| DriverError::Record { reason: error.to_string() })?;
        match &read {
            ReadRecord::Batch(batch) => {
                let header = &batch.header;
                let name = BatchName { lane: header.lane, sequence: header.sequence };
                retained.note_batch(header.hash(&config.domains), name, position);
            }
            ReadRecord::Consensus(record) => retained.note_vote(record.view(), position),
            ReadRecord::Final(_) => {}
        }
        records.push(read);
    }
    retained.forget(tip.cut(), tip.header().view);
    let recovered =
        Recovered { tip: tip.clone(), certificate, records, observe_until: ConsensusView(0) };
    let (core, outputs) = Core::start(config, recovered, now())?;
    Ok(Opened { log, store, core, outputs, retained, tip, indexed })
}
