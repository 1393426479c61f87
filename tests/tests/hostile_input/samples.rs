//! One good value of every encoded type, from the golden vectors, with its reader.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::account::{Account, Asset, Holding, Institution, NodeRecord, Supply};
use ledger::block::{Batch, BatchHeader, Block, Cut, Header};
use ledger::certificate::{Certificate, Vote, VoteSubject};
use ledger::codec;
use ledger::fees::FeeSchedule;
use ledger::genesis::{GenesisDocument, Parameters};
use ledger::governance::{Proposal, Removal, Upgrade};
use ledger::history::{History, HistoryProof};
use ledger::light::{EpochChange, Progress};
use ledger::operation::Operation;
use ledger::quote::Quote;
use ledger::receipt::Receipt;
use ledger::state::{BucketSummary, Marker, MarkerKey, StateKey};
use ledger::transaction::{SignedTransaction, Transaction};
use ledger::validators::ValidatorSet;
use node::core::message::PeerMessage;
use serde_json::Value;

/// Reads bytes and encodes what was read, or says why not.
pub(crate) type Reader = fn(&[u8]) -> Result<Vec<u8>, String>;

/// A good encoding.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) reader: Reader,
    /// True if the first byte says which variant follows.
    pub(crate) is_tagged: bool,
}

/// Reads a `T` of at most 8 MiB.
pub(crate) fn read<T: BorshDeserialize + BorshSerialize>(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let read = codec::decode::<T>(bytes, 8 << 20);
    read.map(|value| codec::encode(&value)).map_err(|error| error.to_string())
}

const VECTORS: [&str; 6] = [
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/blocks.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/governance.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/proofs.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/receipts.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/state.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/transactions.json")),
];

/// The bytes of every golden vector by its description.
pub(crate) fn vectors() -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for text in VECTORS {
        let file: Value = serde_json::from_str(text).unwrap();
        for vector in file["vectors"].as_array().unwrap() {
            let text = |name: &str| vector[name].as_str().unwrap().to_owned();
            all.insert(text("description"), unhex(&text("bytes")));
        }
    }
    all
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// The reader of a vector and whether it begins with a tag; `None` where the vectors have several
/// values of one type, of which one is enough, or no encoding that is read.
fn reader(description: &str) -> Option<(Reader, bool)> {
    let name = description.split(';').next().unwrap_or_default();
    let found: (Reader, bool) = match name {
        "genesis document" => (read::<GenesisDocument>, true),
        "header" => (read::<Header>, false),
        "cut" => (read::<Cut>, false),
        "block" => (read::<Block>, false),
        "lane batch header" => (read::<BatchHeader>, false),
        "lane batch" => (read::<Batch>, false),
        "what a vote signs" => (read::<VoteSubject>, false),
        "certificate" => (read::<Certificate>, false),
        "receipt of a payment" | "receipt of a payment across" | "receipt: expired, TM01" => {
            (read::<Receipt>, false)
        }
        "key of a node" | "key of an account" | "key of a holding" => (read::<StateKey>, true),
        "key of a payment's marker" | "key of a transaction's marker" => (read::<MarkerKey>, true),
        "node" => (read::<NodeRecord>, false),
        "removal" => (read::<Removal>, false),
        "proposal" | "proposal that was enacted" => (read::<Proposal>, false),
        "upgrade" => (read::<Upgrade>, false),
        "change of epoch" => (read::<EpochChange>, false),
        "progress over it" => (read::<Progress>, false),
        "history of 5 blocks" => (read::<History>, false),
        "history proof: block 2 of 5" => (read::<HistoryProof>, false),
        "vote" => (read::<Vote>, false),
        "parameters" => (read::<Parameters>, false),
        "validator set" => (read::<ValidatorSet>, false),
        "institution" => (read::<Institution>, false),
        "asset" => (read::<Asset>, true),
        "supply" => (read::<Supply>, false),
        "account" => (read::<Account>, true),
        "holding after that entry" => (read::<Holding>, false),
        "fee schedule" => (read::<FeeSchedule>, false),
        "bucket summary" => (read::<BucketSummary>, false),
        "marker" => (read::<Marker>, false),
        "quote" => (read::<Quote>, false),
        "transaction" => (read::<Transaction>, true),
        "signed transaction" => (read::<SignedTransaction>, true),
        other if other.starts_with("operation ") => (read::<Operation>, true),
        _ => return None,
    };
    Some(found)
}

/// All samples: the vectors, and the messages and records around them.
pub(crate) fn samples() -> Vec<Sample> {
    let vectors = vectors();
    let plain = vectors.iter().filter_map(|(name, bytes)| {
        let (reader, is_tagged) = reader(name)?;
        Some(Sample { name: name.clone(), bytes: bytes.clone(), reader, is_tagged })
    });
    let mut all: Vec<_> = plain.collect();
    let mut around = |name: &str, reader: Reader, tags: &[u8], within: &str| {
        let bytes = [tags, vectors.get(within).map_or(&[][..], Vec::as_slice)].concat();
        all.push(Sample { name: name.to_owned(), bytes, reader, is_tagged: true });
    };
    let peer = read::<PeerMessage>;
    let consensus = read::<consensus::Message>;
    around("consensus vote", consensus, &[1], "vote");
    around("consensus certificate", consensus, &[2], "certificate");
    around("consensus status", consensus, &[&[3][..], &[0; 33]].concat(), "");
    around("peer: consensus vote", peer, &[0, 1], "vote");
    around("peer: batch", peer, &[1], "lane batch");
    around("peer: block request", peer, &[&[3][..], &[7; 32]].concat(), "");
    around("peer: block", peer, &[4], "block");
    around("peer: chain request", peer, &[&[5][..], &[7; 8]].concat(), "");
    around("peer: pruned", peer, &[&[7][..], &[7; 8]].concat(), "");
    around("peer: transactions", peer, &[10, 1, 0, 0, 0], "signed transaction");
    around("consensus record: block", read::<consensus::Record>, &[0], "block");
    all
}
