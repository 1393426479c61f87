//! The log of a node, cut and changed at every byte: the core starts from it as it was at some
//! final block, or the log refuses by name and says what to do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

#[allow(dead_code, reason = "other tests start nodes")]
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::chain::Tip;
use ledger::codec;
use ledger::hash::Hash;
use ledger::ids::{Height, Timestamp};
use node::core::record::ReadRecord;
use node::core::step::{Input, Output, RequestId};
use node::core::{Core, Recovered};
use node::log::memory::Memory;
use node::log::{Damage, Entropy, Log, LogError, LogOptions, Position};
use support::Plan;

/// A node of one validator on a medium in memory, its clock in the test's hand.
struct Node {
    core: Core,
    log: Log,
    now: Timestamp,
    wake: Option<Timestamp>,
    /// The hash of each final block.
    finals: BTreeMap<Height, Hash>,
    /// The last final block that the log held at the start.
    recovered: Height,
}

impl Node {
    fn start(plan: &Plan, medium: &Memory) -> Result<Self, LogError> {
        let options = LogOptions { segment_bytes: 4_000, check_from: Position::START };
        let (log, _) = Log::open_on(Arc::new(medium.clone()), Entropy([7; 32]), options)?;
        let tip = Tip::genesis(&plan.genesis).unwrap().tip;
        let decode = |record: node::log::Record| ReadRecord::decode(record.kind, &record.payload);
        let records = log.reader().records(Position::START).map(|it| decode(it.unwrap()).unwrap());
        let records: Vec<ReadRecord> = records.collect();
        let heights = records.iter().filter_map(|record| match record {
            ReadRecord::Final(last) => Some(last.block.header.height),
            _ => None,
        });
        let last = heights.max().unwrap_or_default();
        let memory = consensus::Memory::Whole;
        let recovered = Recovered { records, tip, certificate: None, memory };
        let now = plan.genesis.time.plus(60_000);
        let (core, outputs) = Core::start(plan.config(0).core, recovered, now)
            .unwrap_or_else(|error| panic!("what the log accepts, the core accepts: {error}"));
        let mut node =
            Self { core, log, now, wake: None, finals: BTreeMap::new(), recovered: last };
        node.perform(outputs);
        Ok(node)
    }

    /// Performs as the driver does: records are durable before what follows them is done.
    fn perform(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Persist(record) => {
                    self.log.append(record.kind().tag(), &record.encode()).unwrap();
                }
                Output::WakeAt(at) => self.wake = Some(at),
                Output::Verify(job, work) => {
                    let result = work.run(self.core.domains());
                    self.step(Input::Verified(job, result));
                }
                Output::Commit(committed) => {
                    self.log.sync().unwrap();
                    self.finals.insert(committed.height(), committed.executed.tip.hash());
                }
                _ => self.log.sync().unwrap(),
            }
        }
    }

    fn step(&mut self, input: Input) {
        let outputs = self.core.step(self.now, input);
        self.perform(outputs);
    }

    fn wait(&mut self) {
        if let Some(at) = self.wake.take() {
            self.now = self.now.max(at);
        }
        self.step(Input::Wake);
    }

    fn height(&self) -> Height {
        self.core.final_tip().height()
    }
}

/// The log of a node that opened accounts and made some payments, and its final blocks.
fn written(plan: &Plan) -> (Memory, BTreeMap<Height, Hash>) {
    let medium = Memory::default();
    let mut node = Node::start(plan, &medium).unwrap();
    let transactions = (0..4).map(|number| match number {
        0 => plan.opening(),
        number => plan.payment(number, 10),
    });
    for (request, signed) in (0..).map(RequestId).zip(transactions) {
        let before = node.height();
        node.step(Input::Submit { request, bytes: codec::encode(&signed), until_final: false });
        while node.height() == before {
            node.wait();
        }
    }
    (medium, node.finals)
}

/// Starts a node on a damaged medium; what it comes to must be a state that the node was in.
fn restart(
    plan: &Plan,
    medium: &Memory,
    finals: &BTreeMap<Height, Hash>,
) -> Result<Height, LogError> {
    let mut node = Node::start(plan, medium)?;
    for height in (1..=node.recovered.0).map(Height) {
        assert_eq!(node.finals.get(&height), finals.get(&height), "a state that never was");
    }
    let height = node.height();
    // And it goes on: it votes, and makes blocks.
    for _ in 0..100 {
        if node.height() > height {
            return Ok(node.recovered);
        }
        node.wait();
    }
    panic!("it does not go on from height {height}");
}

#[test]
fn a_log_cut_at_every_byte_of_its_last_segment_starts_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(folder.path(), 1);
    let (medium, finals) = written(&plan);
    let (last, length) = medium.segment_lengths().pop().unwrap();
    assert!(last > 1 && length > 500, "{last} {length}");
    let bytes = medium.bytes(last);
    let mut heights = std::collections::BTreeSet::new();
    for kept in (0..=bytes.len()).rev() {
        let cut = medium.copy();
        cut.put(last, bytes[..kept].to_vec());
        heights.insert(restart(&plan, &cut, &finals).unwrap_or_else(|e| panic!("{kept}: {e}")));
    }
    assert_eq!(heights.last(), finals.keys().last());
    assert!(heights.len() > 1, "{heights:?}");
}

#[test]
fn a_log_changed_at_any_byte_is_refused_by_name_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(folder.path(), 1);
    let (medium, finals) = written(&plan);
    let segments = medium.segment_lengths();
    let (last, end) = *segments.last().unwrap();
    let mut kinds = BTreeMap::new();
    for (segment, length) in segments {
        for place in 0..length {
            let changed = medium.copy();
            assert!(changed.flip(segment, place, 1 << (place % 8)));
            match restart(&plan, &changed, &finals) {
                Err(error @ LogError::Corrupt { .. }) => {
                    let text = error.to_string();
                    assert!(text.contains("feiqian-node verify-ledger"), "{text}");
                    assert!(text.contains("feiqian-node restore"), "{text}");
                    let LogError::Corrupt { position, damage, .. } = error else { continue };
                    assert!(position.segment == segment && position.offset <= place);
                    let kind = match damage {
                        Damage::Header => "header",
                        Damage::FileLength => "file length",
                        Damage::Length => "length",
                        Damage::Checksum => "checksum",
                    };
                    *kinds.entry(kind).or_insert(0) += 1;
                }
                Err(error) => panic!("segment {segment} byte {place}: {error}"),
                Ok(height) => {
                    // Only the last seal, which says nothing that the next start does not say
                    // again.
                    assert!(segment == last && place >= end - 21, "{segment} {place} unnoticed");
                    assert_eq!(Some(&height), finals.keys().last());
                }
            }
        }
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
}
