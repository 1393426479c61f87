//! JSON and TOML documents: of the ceremony, of keys, of changes, of the API, and node.toml.
//!
//! What must hold: what was read and is written again reads back as the same text; a sealed
//! document that opens makes the chain that it names; a key that opens is the one of its public
//! half.

use std::collections::BTreeMap;

use api::{
    keystore::{Cost, Keystore},
    problem::Problem,
    quote::{OnwardOffer, QuoteAnswer, QuoteRequest},
    receipt::ReceiptView,
    text::Naming,
    transaction::{PaymentView, TransactionAnswer, TransactionRequest},
    webhook::{ReplayRequest, WebhookData, WebhookMessage},
};
use ledger::{
    account::Roles,
    codec,
    crypto::{SecretKey, Suite},
    genesis::{
        Parameters,
        approval::Approval,
        json::{Draft, SealedGenesis, chain_id_text},
        keyfile::{KeyFile, KeyKind},
        member::{MemberFile, MemberKeys, MemberProfile},
    },
    governance::json::ChangeFile,
    ids::{Bic, InstitutionNumber, Network, Timestamp},
    receipt::Receipt,
};
use node::{config::Config, webhooks::Secrets};
use serde::{Serialize, de::DeserializeOwned};

use super::{Target, samples::named, settles, text};

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "\"format\":",
    "[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":",
    "-0",
    "1.0",
    "1e3",
    "\\u0000",
    "\\u202e",
    "/**/",
];
const TOML: &[&str] = &["[", "]", "[[", "]]", "=", "\"\"\"", "'", "#", "\n", "a.b.c", "inf", "0x"];

const ED25519: Suite = Suite::Ed25519Blake3;

pub(super) const TARGETS: &[Target] = &[
    Target { name: "member-file", samples: members, words: JSON, run: member },
    Target { name: "genesis-draft", samples: drafts, words: JSON, run: json::<Draft> },
    Target { name: "genesis-sealed", samples: seals, words: JSON, run: sealed },
    Target { name: "genesis-approval", samples: approvals, words: JSON, run: json::<Approval> },
    Target { name: "key-file", samples: key_files, words: JSON, run: key_file },
    Target { name: "keystore", samples: keystores, words: JSON, run: keystore },
    Target { name: "change-document", samples: changes, words: JSON, run: change },
    Target { name: "api-request", samples: requests, words: JSON, run: request },
    Target { name: "api-answer", samples: answers, words: JSON, run: answer },
    Target { name: "node-toml", samples: configurations, words: TOML, run: configuration },
    Target { name: "webhook-secrets", samples: secrets, words: &["whsec_"], run: secret },
];

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(ED25519, [seed; 32])
}

fn made(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("a document renders")
}

/// Reads a document and checks that it settles after one writing.
fn json<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> bool {
    let write = |document: T| serde_json::to_string(&document).expect("what was read renders");
    let Ok(document) = serde_json::from_slice::<T>(bytes) else { return false };
    settles(&write(document), |text| serde_json::from_str(text).ok().map(write));
    true
}

fn sample_member() -> MemberFile {
    let profile = MemberProfile {
        network: Network::Devnet,
        bic: Bic::parse("PSBCCNBJ").expect("a BIC"),
        name: "Post".to_owned(),
        roles: Roles { validator: true, issuer: true, dealer: true },
        threshold: 1,
        address: "127.0.0.1:1".to_owned(),
    };
    let validator = Some((key(1), key(2)));
    let keys = MemberKeys { validator, operators: vec![key(3)], compliance: key(4) };
    MemberFile::sign(profile, keys).expect("a member signs")
}

fn sample_draft() -> Draft {
    let draft = Draft::new(Network::Devnet, "fuzz".to_owned(), Parameters::USUAL);
    let mut draft = draft.expect("a draft begins");
    draft.add(sample_member()).expect("a draft takes a member");
    draft
}

fn sample_seal() -> SealedGenesis {
    sample_draft().seal(Timestamp(1_750_000_000_000)).expect("a draft is sealed")
}

fn members() -> Vec<Vec<u8>> {
    vec![made(&sample_member())]
}

fn member(bytes: &[u8]) -> bool {
    let verified =
        serde_json::from_slice::<MemberFile>(bytes).is_ok_and(|file| file.verify().is_ok());
    json::<MemberFile>(bytes) && verified
}

fn drafts() -> Vec<Vec<u8>> {
    vec![made(&sample_draft())]
}

fn seals() -> Vec<Vec<u8>> {
    vec![made(&sample_seal())]
}

fn sealed(bytes: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<SealedGenesis>(bytes) else { return false };
    json::<SealedGenesis>(bytes);
    let Ok(genesis) = document.open() else { return false };
    let made = chain_id_text(genesis.network, genesis.chain_id());
    assert_eq!(made, document.chain_id(), "a document opens that makes another chain");
    true
}

fn approvals() -> Vec<Vec<u8>> {
    let genesis = sample_seal().open().expect("a sealed document opens");
    let bic = Bic::parse("PSBCCNBJ").expect("a BIC");
    vec![made(&Approval::sign(&genesis, bic, &[key(3)]))]
}

fn key_files() -> Vec<Vec<u8>> {
    let secret = KeyFile::secret_text(&key(5));
    [KeyKind::Operator, KeyKind::Voting]
        .map(|kind| made(&KeyFile::new(kind, &key(5), &secret)))
        .into()
}

fn key_file(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let Ok(file) = serde_json::from_str::<KeyFile<'_>>(text) else { return false };
    let Ok(opened) = file.open(ED25519, file.kind()) else { return false };
    assert_eq!(opened.public(), file.public(), "a key opens under another's name");
    true
}

fn keystores() -> Vec<Vec<u8>> {
    let kept = Keystore::encrypt(&key(6), b"horse", Cost::DEVNET, [1; 16], [2; 24]);
    vec![kept.expect("a keystore is made").text().into_bytes()]
}

fn keystore(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let Ok(kept) = Keystore::parse(text) else { return false };
    assert_eq!(kept.text(), text, "a second text of one keystore was taken");
    true
}

fn changes() -> Vec<Vec<u8>> {
    let change = |kind: &str, content: serde_json::Value| {
        made(&serde_json::json!({ "format": "feiqian.change/v1", "change": { kind: content } }))
    };
    let (bic, key) = ("PSBCCNBJ", "07".repeat(32));
    let node = serde_json::json!({ "node_key": key, "address": "bank.example:7600" });
    vec![
        change("remove-validator", serde_json::json!({ "institution": bic })),
        change("set-node", serde_json::json!({ "institution": bic, "node": node })),
        change(
            "rotate-validator-key",
            serde_json::json!({ "institution": bic, "voting_key": key }),
        ),
        change("schedule-upgrade", serde_json::json!({ "height": 7, "protocol": 2 })),
    ]
}

fn change(bytes: &[u8]) -> bool {
    let Ok(file) = serde_json::from_slice::<ChangeFile>(bytes) else { return false };
    json::<ChangeFile>(bytes);
    // What a ledger makes of it, its document says again.
    let bic = Bic::parse("PSBCCNBJ").expect("a BIC");
    let known = |asked: Bic| (asked == bic).then_some(InstitutionNumber(1));
    let Ok(change) = file.resolve(known) else { return false };
    assert_eq!(ChangeFile::of(&change, |_| Some(bic)), Some(file), "a change is told differently");
    true
}

fn requests() -> Vec<Vec<u8>> {
    let quote = QuoteRequest { sell: "1000.00 CNY".to_owned(), buy: "HKD".to_owned() };
    let transaction = TransactionRequest { transaction: "AAAA".to_owned() };
    vec![made(&quote), made(&transaction), made(&ReplayRequest { from: 7 })]
}

fn request(bytes: &[u8]) -> bool {
    let taken = [
        json::<QuoteRequest>(bytes),
        json::<TransactionRequest>(bytes),
        json::<ReplayRequest>(bytes),
    ];
    taken.contains(&true)
}

fn answers() -> Vec<Vec<u8>> {
    let payment = serde_json::json!({
        "id": "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10", "status": "received", "iso_status": "RCVD",
        "summary": "It waits.", "next_actor": "validators", "timeline": [{ "event": "received" }],
    });
    let quote = QuoteAnswer {
        quote: "AAAA".to_owned(),
        onward: Some(OnwardOffer {
            sold: "140.10 USD".to_owned(),
            rate: "7.7712".to_owned(),
            dealer: "fqd1dealer".to_owned(),
        }),
        rate: "1.085".to_owned(),
        markup: Some("0.19%".to_owned()),
        receive: "1085.00 HKD".to_owned(),
        expires: "2026-11-21T20:55:00.123Z".to_owned(),
        dealer: "fqd1".to_owned(),
    };
    let naming = Naming { network: Network::Devnet, decimals: BTreeMap::new() };
    let read = |bytes: Vec<u8>| codec::decode::<Receipt>(&bytes, bytes.len()).ok();
    let receipts: Vec<_> = named(&["receipt of a p"])
        .into_iter()
        .filter_map(read)
        .map(|receipt| ReceiptView::new(&receipt, None, &naming))
        .collect();
    let messages = receipts.iter().map(|receipt| {
        let (kind, timestamp) = ("payment.settled".to_owned(), quote.expires.clone());
        made(&WebhookMessage {
            kind,
            timestamp,
            data: WebhookData::Receipt(Box::new(receipt.clone())),
        })
    });
    let mut answers: Vec<_> = messages.collect();
    let (transaction, status) = ("07".repeat(32), "final".to_owned());
    answers.push(made(&TransactionAnswer { transaction, status, receipts }));
    answers.extend([made(&Problem::busy()), made(&payment), made(&quote)]);
    answers
}

fn answer(bytes: &[u8]) -> bool {
    let taken = [
        json::<Problem>(bytes),
        json::<PaymentView>(bytes),
        json::<QuoteAnswer>(bytes),
        json::<TransactionAnswer>(bytes),
        json::<WebhookMessage>(bytes),
    ];
    taken.contains(&true)
}

fn configurations() -> Vec<Vec<u8>> {
    let chain = "01".repeat(32);
    let text = format!(
        "[node]\nbic = \"PSBCCNBJ\"\nchain_id = \"fqt-{chain}\"\n[network]\n\
         listen = [\"0.0.0.0:7600\"]\n[network.peers]\nICBKCNBJ = [\"10.0.0.7:7600\"]\n[api]\n\
         listen = \"127.0.0.1:7680\"\nrequests = 4096\norigins = [\"https://desk.bank.example\"]\n\
         [storage]\nretain_blocks = 0\n[iso]\noperators = [{{ bic = \"PSBCCNBJ\", keys = \
         [\"keys/operator-1.key\"] }}]\n[log]\nformat = \"json\"\nlevel = \"info\"\n"
    );
    vec![text.into_bytes()]
}

fn configuration(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let Ok(config) = Config::parse(text) else { return false };
    let written = config.to_text().expect("what was read as text is written as text");
    settles(&written, |text| Config::parse(text).ok()?.to_text().ok());
    true
}

fn secrets() -> Vec<Vec<u8>> {
    let secret = format!("whsec_{}", api::text::base64(&[7; 32]));
    vec![secret.clone().into_bytes(), format!("{secret}\n{secret}\n").into_bytes()]
}

fn secret(bytes: &[u8]) -> bool {
    text(bytes).and_then(Secrets::parse).is_some()
}
