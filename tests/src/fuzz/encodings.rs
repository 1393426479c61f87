//! Canonical encodings: what nodes, clients and files carry as borsh.
//!
//! What must hold: an input that is taken is the one encoding of what was read, so the same value
//! has no second text, and no more was read than was given.

use borsh::{BorshDeserialize, BorshSerialize};
use iso20022::PrivateData;
use ledger::{
    account::{Account, Asset, Holding, Institution, NodeRecord, Supply},
    block::{Batch, Block, Cut, Header},
    certificate::{Certificate, Vote},
    codec,
    fees::FeeSchedule,
    genesis::{GenesisDocument, Parameters},
    governance::{Proposal, Removal, Upgrade},
    hash::Hash,
    history::{History, HistoryProof},
    ids::Uetr,
    light::{EpochChange, Progress},
    limits::{DayCounter, Limits, Position},
    operation::Operation,
    quote::Quote,
    receipt::Receipt,
    state::{BucketSummary, Marker, MarkerKey, StateKey},
    transaction::SignedTransaction,
    validators::ValidatorSet,
};
use node::core::{
    message::{Forwarded, PeerMessage},
    record::ReadRecord,
};
use node::private::{DataMessage, DataPublicKey, NotKept, PrivateRecord};

use super::{
    Target,
    samples::{Reader, named, read, samples},
};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "transaction", samples: transactions, words: &[], run: transaction },
    Target { name: "operation", samples: operations, words: &[], run: one::<Operation> },
    Target { name: "quote", samples: || named(&["quote;"]), words: &[], run: one::<Quote> },
    Target {
        name: "receipt",
        samples: || named(&["receipt of a p"]),
        words: &[],
        run: one::<Receipt>,
    },
    Target { name: "block", samples: || named(&["block"]), words: &[], run: block },
    Target { name: "lane-batch", samples: batches, words: &[], run: one::<Batch> },
    Target {
        name: "certificate",
        samples: || named(&["certificate"]),
        words: &[],
        run: one::<Certificate>,
    },
    Target { name: "vote", samples: || named(&["vote"]), words: &[], run: one::<Vote> },
    Target {
        name: "genesis-encoding",
        samples: || named(&["genesis document"]),
        words: &[],
        run: one::<GenesisDocument>,
    },
    Target { name: "light-progress", samples: progress, words: &[], run: one::<Progress> },
    Target { name: "state-record", samples: records, words: &[], run: record },
    Target { name: "peer-message", samples: peer_messages, words: &[], run: peer_message },
    Target { name: "private-message", samples: private, words: &[], run: private_message },
    Target { name: "consensus-message", samples: consensus_messages, words: &[], run: consensus },
    Target { name: "log-record", samples: log_records, words: &[], run: log_record },
];

/// Checks that an input is one value's one encoding, or is refused.
pub(super) fn canonical(reader: Reader, bytes: &[u8]) -> bool {
    match reader(bytes) {
        Ok(again) => {
            assert_eq!(again, bytes, "a second encoding of one value was taken");
            true
        }
        Err(_) => false,
    }
}

fn one<T: BorshDeserialize + BorshSerialize>(bytes: &[u8]) -> bool {
    canonical(read::<T>, bytes)
}

fn transactions() -> Vec<Vec<u8>> {
    named(&["signed transaction"])
}

fn transaction(bytes: &[u8]) -> bool {
    let Ok(signed) = SignedTransaction::decode(bytes) else { return false };
    assert_eq!(codec::encode(&signed), bytes, "a second encoding of one transaction was taken");
    // Judged on its own chain: whatever it says, the envelope is taken or refused by name.
    let domains = ledger::hash::Domains::new(signed.transaction.suite, signed.transaction.chain_id);
    let checked = signed.check_envelope(&domains);
    assert!(checked.is_err() || bytes.len() <= SignedTransaction::MAXIMUM_BYTES);
    true
}

fn operations() -> Vec<Vec<u8>> {
    named(&["operation "])
}

fn batches() -> Vec<Vec<u8>> {
    named(&["lane batch"]).into_iter().filter(|bytes| read::<Batch>(bytes).is_ok()).collect()
}

fn block(bytes: &[u8]) -> bool {
    let Ok(block) = codec::decode::<Block>(bytes, bytes.len()) else { return false };
    assert_eq!(codec::encode(&block), bytes, "a second encoding of one block was taken");
    // Its parts stand in it as they stand alone.
    let (header, cut) = (codec::encode(&block.header), codec::encode(&block.cut));
    assert_eq!(codec::decode::<Header>(&header, header.len()).ok(), Some(block.header));
    assert_eq!(codec::decode::<Cut>(&cut, cut.len()).ok(), Some(block.cut));
    true
}

fn progress() -> Vec<Vec<u8>> {
    named(&["progress over it"])
}

/// What a state map, a checkpoint or a snapshot's chunk holds; the first byte chooses.
const RECORDS: [(&str, Reader); 22] = [
    ("institution", read::<Institution>),
    ("node", read::<NodeRecord>),
    ("asset", read::<Asset>),
    ("supply", read::<Supply>),
    ("account", read::<Account>),
    ("holding after", read::<Holding>),
    ("fee schedule", read::<FeeSchedule>),
    ("limits", read::<Limits>),
    ("day's counter", read::<DayCounter>),
    ("position", read::<Position>),
    ("bucket summary", read::<BucketSummary>),
    ("marker", read::<Marker>),
    ("key of a holding", read::<StateKey>),
    ("key of a payment's marker", read::<MarkerKey>),
    ("parameters", read::<Parameters>),
    ("validator set", read::<ValidatorSet>),
    ("proposal", read::<Proposal>),
    ("removal", read::<Removal>),
    ("upgrade", read::<Upgrade>),
    ("history of 5", read::<History>),
    ("history proof", read::<HistoryProof>),
    ("change of epoch", read::<EpochChange>),
];

fn records() -> Vec<Vec<u8>> {
    let tagged = |(tag, (name, reader)): (u8, &(&str, Reader))| {
        let good = named(&[name]).into_iter().find(|bytes| reader(bytes).is_ok())?;
        Some([&[tag], good.as_slice()].concat())
    };
    (0..).zip(&RECORDS).filter_map(tagged).collect()
}

fn record(bytes: &[u8]) -> bool {
    let Some((tag, rest)) = bytes.split_first() else { return false };
    let chosen = RECORDS.get(usize::from(*tag) % RECORDS.len());
    chosen.is_some_and(|(_, reader)| canonical(*reader, rest))
}

fn of_samples(beginning: &str) -> Vec<Vec<u8>> {
    let meant = samples().into_iter().filter(|sample| sample.name.starts_with(beginning));
    meant.map(|sample| sample.bytes).collect()
}

fn peer_messages() -> Vec<Vec<u8>> {
    of_samples("peer: ")
}

fn peer_message(bytes: &[u8]) -> bool {
    let Ok(message) = PeerMessage::decode(bytes) else { return false };
    assert_eq!(codec::encode(&message), bytes, "a second encoding of one message was taken");
    true
}

/// A message between institutions, and behind the byte 255 a record as it is sealed.
fn private() -> Vec<Vec<u8>> {
    let uetr = Uetr::from_entropy([7; 16]);
    let messages = [
        DataMessage::Ask,
        DataMessage::Key(DataPublicKey([9; 32])),
        DataMessage::Record { uetr, sealed: vec![5; 80] },
        DataMessage::Kept(uetr),
        DataMessage::Refused { uetr, reason: NotKept::Mismatch },
    ];
    let record = PrivateRecord {
        uetr,
        salt: [3; 32],
        message: Hash([4; 32]),
        private: PrivateData::default(),
    };
    let record = [vec![255], codec::encode(&record)].concat();
    messages.iter().map(codec::encode).chain([record]).collect()
}

fn private_message(bytes: &[u8]) -> bool {
    let (again, taken) = match bytes.split_first() {
        Some((255, record)) => (PrivateRecord::decode(record).map(|it| codec::encode(&it)), record),
        _ => (DataMessage::decode(bytes).map(|message| codec::encode(&message)), bytes),
    };
    let Ok(again) = again else { return false };
    assert_eq!(again, taken, "a second encoding of one message was taken");
    true
}

fn consensus_messages() -> Vec<Vec<u8>> {
    ["consensus vote", "consensus certificate", "consensus status"]
        .into_iter()
        .flat_map(of_samples)
        .collect()
}

fn consensus(bytes: &[u8]) -> bool {
    canonical(read::<consensus::Message>, bytes)
}

/// A byte of kind, then the payload.
fn log_records() -> Vec<Vec<u8>> {
    let with = |kind: u8, payload: Vec<Vec<u8>>| {
        payload.into_iter().map(move |payload| [vec![kind], payload].concat())
    };
    let batches = with(1, batches());
    let final_blocks = named(&["block"]).into_iter().map(|block| [block, vec![0]].concat());
    let signed = transactions().into_iter().map(|one| [vec![1, 0, 0, 0], one].concat());
    batches
        .chain(with(2, of_samples("consensus record")))
        .chain(with(3, final_blocks.filter(|bytes| ReadRecord::decode(3, bytes).is_ok()).collect()))
        .chain(with(4, signed.collect()))
        .collect()
}

fn log_record(bytes: &[u8]) -> bool {
    let Some((kind, payload)) = bytes.split_first() else { return false };
    let Ok(record) = ReadRecord::decode(*kind, payload) else { return false };
    let again = match record {
        ReadRecord::Batch(batch) => codec::encode(&batch),
        ReadRecord::Consensus(record) => codec::encode(&record),
        ReadRecord::Final(block) => codec::encode(&block),
        ReadRecord::Forward(signed) => codec::encode(&Forwarded(signed)),
        ReadRecord::Snapshot(manifest) => codec::encode(&manifest),
    };
    assert_eq!(again, payload, "a second encoding of one record was taken");
    true
}
