//! The audit of a stopped home: everything that its log and index say is checked again.
//!
//! Every record's checksum; every batch's owner and clients; every block executed again, and each
//! of its roots compared; every certificate by the validators of its epoch; every row of the index
//! against what the log gives. Nothing that an earlier run has found is believed.
//!
//! Invariants: a finding names a height, and where it is in the log, file and byte. The log is not
//! changed; the index is opened as the node opens it. Absent: repair (a finding says what to do),
//! peers, keys.

mod batches;
mod chain;
mod index;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::chain::Tip;
use ledger::genesis::GenesisDocument;
use ledger::ids::{Epoch, Height};
use serde::Serialize;

use crate::core::message::FinalBlock;
use crate::core::record::{ReadRecord, RecordKind};
use crate::log::{Disk, LogError, Position, Record, Walk, segment_file_name};
use crate::store::StoreError;
use chain::{Chain, Wrong};
use index::Index;

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The first final block in the log.
    pub first: Option<u64>,
    /// The last final block in the log.
    pub last: Option<u64>,
    /// From which block on every block was executed again; earlier ones were pruned.
    pub executed_from: Option<u64>,
    /// Final blocks in the log.
    pub blocks: u64,
    /// Records of the log whose checksum holds.
    pub records: u64,
    /// Batches whose signatures hold, ordered or not.
    pub batches: u64,
    /// Transactions of final blocks.
    pub transactions: u64,
    /// Certificates that hold.
    pub certificates: u64,
    /// The block at which the index stands; none if there is no index.
    pub index: Option<u64>,
    /// What is wrong, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// What is not wrong but worth knowing.
    pub notes: Vec<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The block that is concerned: in the log, the next to become final where the damage is.
    pub height: u64,
    /// The damaged file.
    pub file: PathBuf,
    /// Where in the file, in bytes; none for the index.
    pub offset: Option<u64>,
    /// What is wrong, and what to do.
    pub what: String,
}

/// Why an audit could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The log cannot be read at all.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The genesis document is not good.
    #[error(transparent)]
    Genesis(#[from] ledger::genesis::GenesisError),
}

const LOG_REPAIR: &str = "Keep the file, check the disk, and restore the home from a backup \
                          (feiqian-node restore), or remove HOME/log and HOME/index.redb: the node \
                          then joins anew, observing";

const INDEX_REPAIR: &str = "Remove HOME/index.redb: the next start makes it again from the log";

/// Audits a home: the folder of its log, and its index. `progress` is told how many blocks were
/// checked, now and then.
///
/// # Errors
/// [`AuditError`] if there is nothing to audit; damage is a finding.
pub fn run(
    genesis: &GenesisDocument,
    log: &Path,
    index: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Report, AuditError> {
    let genesis = Tip::genesis(genesis)?.tip;
    let (log, file) = (log.to_owned(), index.to_owned());
    let Err(error) = index::check_pages(&file) else {
        return Audit::begin(log, Some(file), genesis).run(progress);
    };
    // The rows may still say which height is concerned; but a database may panic on such pages.
    let with_index =
        || Audit::begin(log.clone(), Some(file.clone()), genesis.clone()).run(progress);
    let audited = catch_unwind(AssertUnwindSafe(with_index));
    let mut report = match audited {
        Ok(report) => report?,
        Err(_) => Audit::begin(log, None, genesis).run(&mut |_| {})?,
    };
    let height = Height(report.last.unwrap_or_default());
    report.findings.push(index_finding(&file, height, &error.to_string()));
    Ok(report)
}

/// An audit under way.
struct Audit {
    log: PathBuf,
    index_file: PathBuf,
    genesis: Tip,
    chain: Chain,
    index: Option<Index>,
    report: Report,
}

impl Audit {
    /// An audit of a log and, unless it is to be left out, its index.
    fn begin(log: PathBuf, index_file: Option<PathBuf>, genesis: Tip) -> Self {
        let mut report = Report::default();
        let mut base = None;
        let file = index_file.clone().unwrap_or_default();
        let index = index_file.map_or(Ok(None), |file| Index::open(&file, &genesis));
        let index = index.and_then(|index| {
            if let Some(index) = index.as_ref().filter(|index| index.earliest > Height(0)) {
                base = Some(index.tip(genesis.domains())?);
            }
            Ok(index)
        });
        let index = index.unwrap_or_else(|error| {
            report.findings.push(index_finding(&file, Height(0), &error.to_string()));
            None
        });
        if index.is_none() && report.findings.is_empty() {
            report.notes.push("there is no index: the next start makes it from the log".to_owned());
        }
        report.index = index.as_ref().map(|index| index.block().header.height.0);
        let chain = Chain::from_genesis(genesis.clone(), base);
        Self { log, index_file: file, genesis, chain, index, report }
    }

    fn run(mut self, progress: &mut dyn FnMut(u64)) -> Result<Report, AuditError> {
        match Walk::new(Arc::new(Disk::existing(&self.log))) {
            Ok(walk) => self.walk(walk, progress),
            Err(error @ LogError::MissingSegment { .. }) => self.log_error(&error),
            Err(error) => return Err(error.into()),
        }
        Ok(self.finish())
    }

    fn walk(&mut self, mut walk: Walk, progress: &mut dyn FnMut(u64)) {
        self.know_epochs();
        for record in walk.by_ref() {
            let checked = match &record {
                Ok(record) => self.record(record),
                Err(error) => {
                    self.log_error(error);
                    return;
                }
            };
            if let Err(Wrong { height, position, what }) = checked {
                self.log_finding(height, position, &what);
                return;
            }
            self.report.records = self.report.records.saturating_add(1);
            if self.chain.counts.blocks.is_multiple_of(1000) {
                progress(self.chain.counts.blocks);
            }
        }
        if let Some(cut) = walk.unfinished() {
            self.report.notes.push(format!(
                "after block {}, {} bytes at {} are no whole record. No sync had acknowledged \
                 them: the next start cuts them off, and peers have what they said",
                self.chain.counts.last.unwrap_or_default(),
                cut.bytes,
                cut.position
            ));
        }
    }

    fn record(&mut self, record: &Record) -> Result<(), Wrong> {
        let last = if record.kind == RecordKind::Final.tag() { final_block(record) } else { None };
        if let Some(last) = &last {
            self.resume(last.block.header.height);
        }
        let item = self.chain.record(record)?;
        if let (Some(last), Some(index)) = (last, &mut self.index)
            && let Err(error) = index.compare(&last, item)
        {
            self.index_failed(last.block.header.height, &error);
        }
        Ok(())
    }

    /// The log may lack the blocks that the index does not keep.
    fn resume(&mut self, height: Height) {
        let earliest = self.index.as_ref().map(|index| index.earliest);
        if earliest.is_some_and(|earliest| self.chain.height() < height && height <= earliest) {
            self.chain.resume_at(height);
        }
    }

    /// What the index says of past epochs counts as far as their certificates go.
    fn know_epochs(&mut self) {
        let Some(index) = self.index.as_ref().filter(|index| index.earliest > Height(0)) else {
            return;
        };
        let changes = match index.epochs() {
            Ok(changes) => changes,
            Err(error) => return self.index_failed(Height(0), &error),
        };
        // Nothing waits for the first epoch yet, so nothing can be wrong with what waits.
        let _nothing = self.chain.batches.know(Epoch(0), self.genesis.child_validators());
        for change in changes {
            if let Err(what) = self.chain.epoch(&change) {
                let height = change.header.height;
                self.report.findings.push(index_finding(&self.index_file, height, &what));
                return;
            }
        }
    }

    fn log_error(&mut self, error: &LogError) {
        let height = self.chain.height();
        if let LogError::Corrupt { position, damage, .. } = error {
            return self.log_finding(height, *position, &damage.to_string());
        }
        self.report.findings.push(Finding {
            height: height.0,
            file: self.log.clone(),
            offset: None,
            what: format!("{error}. {LOG_REPAIR}"),
        });
    }

    fn log_finding(&mut self, height: Height, position: Position, what: &str) {
        self.report.findings.push(Finding {
            height: height.0,
            file: self.log.join(segment_file_name(position.segment)),
            offset: Some(position.offset),
            what: format!("{what}. {LOG_REPAIR}"),
        });
    }

    fn index_failed(&mut self, height: Height, error: &StoreError) {
        let finding = index_finding(&self.index_file, height, &error.to_string());
        self.report.findings.push(finding);
        self.index = None;
    }

    fn finish(mut self) -> Report {
        let counts = self.chain.counts;
        let last = counts.last.unwrap_or_default();
        // Damage in the log ends the walk before the index's block: that says nothing of the index.
        let is_walked = self.report.findings.is_empty();
        if let Some(index) = self.index.take().filter(|_| is_walked) {
            let found = index.finish(self.genesis.domains(), last);
            let named = found.iter().map(|difference| {
                index_finding(&self.index_file, difference.height, &difference.what)
            });
            self.report.findings.extend(named);
        }
        if let Some(first) = self.chain.uncertified {
            self.report.notes.push(format!(
                "blocks {first} to {last} have no certificate in the log yet: a later one's covers \
                 them"
            ));
        }
        let number = |height: Option<Height>| height.map(|height| height.0);
        self.report.first = number(counts.first);
        self.report.last = number(counts.last);
        self.report.executed_from = number(counts.executed_from);
        self.report.blocks = counts.blocks;
        self.report.transactions = counts.transactions;
        self.report.certificates = counts.certificates;
        self.report.batches = self.chain.batches.count;
        self.report
    }
}

fn final_block(record: &Record) -> Option<FinalBlock> {
    match ReadRecord::decode(record.kind, &record.payload) {
        Ok(ReadRecord::Final(block)) => Some(block),
        Ok(
            ReadRecord::Batch(_)
            | ReadRecord::Consensus(_)
            | ReadRecord::Forward(_)
            | ReadRecord::Snapshot(_),
        )
        | Err(_) => None,
    }
}

fn index_finding(file: &Path, height: Height, what: &str) -> Finding {
    let what = if what.contains("HOME/index.redb") {
        what.to_owned()
    } else {
        format!("{what}. {INDEX_REPAIR}")
    };
    Finding { height: height.0, file: file.to_owned(), offset: None, what }
}
