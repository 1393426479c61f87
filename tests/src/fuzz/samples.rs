//! One good value of every encoded type, from the golden vectors, with its reader.
//!
//! Invariant: what the vectors freeze is what is tried, so a new vector is tried too.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::account::{Account, Asset, Holding, Institution, NodeRecord, Supply};
use ledger::block::{Batch, BatchHeader, Block, Cut, Header};
use ledger::certificate::{Certificate, Vote, VoteSubject};
use ledger::codec;
use ledger::corrections::{Evidence, Recall, Returns};
use ledger::fees::FeeSchedule;
use ledger::genesis::{GenesisDocument, Parameters};
use ledger::governance::{Proposal, Removal, Upgrade};
use ledger::history::{History, HistoryProof};
use ledger::light::{EpochChange, Progress};
use ledger::limits::{DayCounter, KnownPayees, LimitRule, Limits, Position};
use ledger::operation::Operation;
use ledger::quote::Quote;
use ledger::receipt::Receipt;
use ledger::state::{BucketSummary, Marker, MarkerKey, StateKey};
use ledger::transaction::{SignedTransaction, Transaction};
use ledger::validators::ValidatorSet;
use ledger::waiting::Waiting;
use node::core::message::PeerMessage;
use serde_json::Value;

/// Reads bytes and encodes what was read, or says why not.
pub type Reader = fn(&[u8]) -> Result<Vec<u8>, String>;

/// A good encoding.
pub struct Sample {
    /// The vector's description, or what it is within.
    pub name: String,
    /// The encoding.
    pub bytes: Vec<u8>,
    /// What reads it.
    pub reader: Reader,
    /// True if the first byte says which variant follows.
    pub is_tagged: bool,
}

/// Reads a `T` of at most 8 MiB.
///
/// # Errors
/// What the decoder says.
pub fn read<T: BorshDeserialize + BorshSerialize>(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let read = codec::decode::<T>(bytes, 8 << 20);
    read.map(|value| codec::encode(&value)).map_err(|error| error.to_string())
}

const VECTORS: [&str; 10] = [
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/approvals.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/blocks.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/corrections.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/governance.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/holds.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/limits.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/proofs.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/receipts.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/state.json")),
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/transactions.json")),
];

/// The bytes of every golden vector by its description.
#[must_use]
pub fn vectors() -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for text in VECTORS {
        let file: Value = serde_json::from_str(text).expect("the vectors are JSON");
        let vectors = file.get("vectors").and_then(Value::as_array);
        for vector in vectors.expect("the vectors are a list") {
            let text = |name: &str| vector.get(name).and_then(Value::as_str).unwrap_or_default();
            all.insert(text("description").to_owned(), unhex(text("bytes")));
        }
    }
    all
}

/// The bytes of the vectors whose description begins with one of these.
#[must_use]
pub fn named(beginnings: &[&str]) -> Vec<Vec<u8>> {
    let is_meant = |name: &str| beginnings.iter().any(|beginning| name.starts_with(beginning));
    let all = vectors().into_iter();
    all.filter_map(|(name, bytes)| is_meant(&name).then_some(bytes)).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let digits = pairs.filter_map(|pair| std::str::from_utf8(pair).ok());
    digits.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
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
        "receipt of a payment"
        | "receipt of a payment across"
        | "receipt: expired, TM01"
        | "receipt of a hold with a lock"
        | "receipt of a release"
        | "receipt of a return"
        | "receipt of a recall"
        | "receipt of a refused recall"
        | "receipt of a payment that a rule refused"
        | "receipt of a payment that waits for approvals"
        | "receipt of a payment that waits for a review"
        | "receipt of a reviewer's refusal"
        | "receipt of a refusal" => (read::<Receipt>, false),
        "key of a node"
        | "key of an account"
        | "key of a holding"
        | "key of a payment that waits"
        | "key of what was returned"
        | "key of a recall" => (read::<StateKey>, true),
        "payment that waits for a secret"
        | "payment that waits for approvals"
        | "payment that waits for a review" => (read::<Waiting>, false),
        "evidence of a payment" => (read::<Evidence>, false),
        "what was returned of a payment" => (read::<Returns>, false),
        "recall" => (read::<Recall>, false),
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
        "limits" => (read::<Limits>, false),
        "rule about new payees" => (read::<LimitRule>, false),
        "account's payees" => (read::<KnownPayees>, false),
        "day's counter" => (read::<DayCounter>, false),
        "position" => (read::<Position>, false),
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
#[must_use]
pub fn samples() -> Vec<Sample> {
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

/// A message that is accepted: 1,000.00 CNY become 1,085.00 HKD.
pub const PACS_008: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf><GrpHdr>
<MsgId>MSG-1</MsgId><CreDtTm>2026-11-21T10:00:00+08:00</CreDtTm><NbOfTxs>1</NbOfTxs>
<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr><CdtTrfTxInf><PmtId><InstrId>I-1</InstrId>
<EndToEndId>E2E-1</EndToEndId><TxId>TX-1</TxId><UETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</UETR>
</PmtId><IntrBkSttlmAmt Ccy="HKD">1085.00</IntrBkSttlmAmt><IntrBkSttlmDt>2026-11-21</IntrBkSttlmDt>
<InstdAmt Ccy="CNY">1000.00</InstdAmt><XchgRate>1.0850</XchgRate><ChrgBr>DEBT</ChrgBr>
<InstgAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></InstgAgt>
<InstdAgt><FinInstnId><BICFI>HSBCHKHHXXX</BICFI></FinInstnId></InstdAgt><Dbtr><Nm>Wei</Nm></Dbtr>
<DbtrAcct><Id><Othr><Id>622188-001</Id></Othr></Id></DbtrAcct>
<DbtrAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></DbtrAgt>
<CdtrAgt><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>Lee</Nm></Cdtr>
<CdtrAcct><Id><IBAN>GB82WEST12345698765432</IBAN></Id></CdtrAcct>
<RmtInf><Ustrd>invoice 7</Ustrd></RmtInf></CdtTrfTxInf></FIToFICstmrCdtTrf></Document>"#;

/// A transfer between institutions: one of the good messages of the package's own tests.
pub const PACS_009: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../iso20022/tests/messages/good/pacs.009.xml"
));
/// A cover.
pub const COVER: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../iso20022/tests/messages/good/pacs.009.cov.xml"
));
/// A customer's orders.
pub const PAIN_001: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../iso20022/tests/messages/good/pain.001.xml"
));
/// A return of a payment.
pub const PACS_004: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../iso20022/tests/messages/good/pacs.004.xml"
));
/// A request to give a payment back.
pub const CAMT_056: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../iso20022/tests/messages/good/camt.056.xml"
));
/// Answers to such requests.
pub const CAMT_029: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../iso20022/tests/messages/good/camt.029.xml"
));
/// Questions for the status of payments.
pub const PACS_028: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../iso20022/tests/messages/good/pacs.028.xml"
));
