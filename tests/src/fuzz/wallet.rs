//! What the wallet reads: requests to be paid, files of payments, transaction files, its own files.
//!
//! What must hold: what was read is written in one text, which reads back as itself; a code with a
//! changed letter is refused; a key's words give back the key.

use ledger::{codec, ids::Network, transaction::SignedTransaction};
use wallet_cli::reading;

use super::{Target, samples::named, settles, text};

const JSON: &[&str] = &["{", "}", "[", "]", ",", ":", "\"", "null", "\"format\":", "\\u0000"];
const TOML: &[&str] = &["[", "]", "=", "\"", "#", "\n", "[accounts]", "api = ", "[[rules]]"];

pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "payment-uri",
        samples: uris,
        words: &["&", "=", "?", "%", "+", "%e2%80%ae", "%00", "amount=", "id=", "chain="],
        run: request,
    },
    Target {
        name: "merchant-code",
        samples: codes,
        words: &["26", "00", "54", "53", "6304", "+1", "99", "62"],
        run: code,
    },
    Target {
        name: "payments-file",
        samples: payments,
        words: &[",", "\"", "\n", "\r\n", "payee", "amount", "note", "1 CNY", "DEBT"],
        run: payment,
    },
    Target { name: "payments-journal", samples: journals, words: JSON, run: journal },
    Target { name: "transaction-file", samples: papers, words: JSON, run: paper },
    Target { name: "outbox-entry", samples: entries, words: JSON, run: entry },
    Target { name: "wallet-profile", samples: profiles, words: TOML, run: profile },
    Target { name: "devnet-file", samples: devnets, words: JSON, run: devnet },
    Target { name: "key-words", samples: words, words: &["abandon", "art", "zoo", " "], run: word },
];

fn uris() -> Vec<Vec<u8>> {
    let text = "feiqian:fqd1qqqqqqqqqqqqqqqqqqqqqqqqqqqsj6gql?chain=0707070707070707\
                &amount=25.00%20CNY&id=09090909-0909-4909-8909-090909090909&name=Tea%20%26%20Cake\
                &note=table%207";
    vec![text.into(), b"feiqian:fqd1qq?chain=07".to_vec()]
}

fn request(bytes: &[u8]) -> bool {
    let Some(uri) = text(bytes).and_then(|text| reading::request(text).ok()) else { return false };
    settles(&uri, |text| reading::request(text).ok());
    is_plain(&uri);
    true
}

/// Checks that nothing in a URI changes how the text around it looks.
fn is_plain(uri: &str) {
    for hidden in ["%E2%80%AE", "%E2%80%8F", "%E2%81%A7", "%E2%80%8B", "%EF%BB%BF", "%1B", "%00"] {
        assert!(!uri.contains(hidden), "a request holds {hidden}");
    }
}

/// Merchants' codes without their checksum, which [`code`] puts right.
fn codes() -> Vec<Vec<u8>> {
    let field = |number: &str, value: &str| format!("{number}{:02}{value}", value.len());
    let address = "fqd1qqqqqqqqqqqqqqqqqqqqqqqqqqqsj6gql";
    let account =
        [field("00", "feiqian"), field("01", address), field("02", "0707070707070707")].concat();
    let amount = [field("53", "156"), field("54", "2.50")].concat();
    let place = [field("58", "CN"), field("59", "Lees"), field("60", "Beijing")].concat();
    let code = format!("000201010211{}52045812{amount}{place}", field("26", &account));
    vec![code.clone().into_bytes(), format!("{code}62110807table 7").into_bytes()]
}

fn code(bytes: &[u8]) -> bool {
    let Some(body) = text(bytes) else { return false };
    let Ok(uri) = reading::merchant_code(body) else { return false };
    settles(&uri, |text| reading::request(text).ok());
    is_plain(&uri);
    true
}

fn payments() -> Vec<Vec<u8>> {
    let text = "payee,amount,from,max_fee,charge,note\n@lee,25.00 CNY,,,,lunch\n\
                HSBCHKHH/GB29NWBK60161331926819,\"1,000.00 CNY\",,2.00 CNY,DEBT,\n";
    vec![text.into(), b"\xef\xbb\xbfPayee, Amount\r\n@lee,1 CNY\r\n".to_vec()]
}

fn payment(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let Ok(rows) = reading::payments(text) else { return false };
    // Rows of a file have keys of their own.
    let keys: std::collections::BTreeSet<&str> = rows.lines().collect();
    assert_eq!(keys.len(), rows.lines().count(), "two rows are one");
    true
}

fn journals() -> Vec<Vec<u8>> {
    let id = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";
    let head = r#"{"format":"feiqian.payments/v1","chain_id":"fqd-07","from":"@wei"}"#;
    let row = format!(r#"{{"row":"@lee,25.00 CNY","id":"{id}"}}"#);
    let end = format!(r#"{{"ended":"{id}","status":"settled","block":5,"fee":"0.00 CNY"}}"#);
    vec![head.into(), row.into(), end.into()]
}

fn journal(bytes: &[u8]) -> bool {
    let Some(line) = text(bytes).and_then(|text| reading::journal_line(text).ok()) else {
        return false;
    };
    settles(&line, |text| reading::journal_line(text).ok());
    true
}

fn papers() -> Vec<Vec<u8>> {
    let vectors = named(&["signed transaction"]).into_iter();
    let signed =
        vectors.filter_map(|bytes| codec::decode::<SignedTransaction>(&bytes, 1 << 20).ok());
    let single = signed.filter_map(|signed| {
        let mut transaction = signed.transaction;
        transaction.operations.truncate(1);
        reading::transaction_file(Network::Devnet, transaction).ok()
    });
    single.map(String::into_bytes).collect()
}

fn paper(bytes: &[u8]) -> bool {
    let Some(written) = text(bytes).and_then(|text| reading::transaction(text).ok()) else {
        return false;
    };
    settles(&written, |text| reading::transaction(text).ok());
    true
}

fn entries() -> Vec<Vec<u8>> {
    let entry = serde_json::json!({
        "format": "feiqian.outbox/v1", "id": "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10",
        "order": "pay 25.00 CNY", "chain_id": "fqd-07", "created": "2026-11-21T20:55:00.123Z",
        "transaction": "AAAA", "outcome": { "status": "settled", "block": 5 },
    });
    vec![entry.to_string().into_bytes()]
}

fn entry(bytes: &[u8]) -> bool {
    let Ok(written) = reading::outbox_entry(bytes) else { return false };
    assert_eq!(reading::outbox_entry(&written).as_ref(), Ok(&written), "an entry changes");
    true
}

/// Reads a text, and gives what it says as one.
type Reader = fn(&str) -> Result<String, String>;

/// Profiles, address books, the configuration and fee schedules are TOML of one folder.
fn profiles() -> Vec<Vec<u8>> {
    let profile = "api = [\"https://node.bank.example\"]\nchain_id = \"fqt-3f2a\"\n\
                   from = \"@till\"\nlarge = [\"50000.00 CNY\"]\n[accounts]\ntill = \"fqt1\"\n";
    let fees = "version = 1\ncollector = \"@fees\"\n[[rules]]\nasset = \"CNY\"\nflat = \"0.20\"\n\
                cap = \"9.00\"\n";
    vec![
        profile.into(),
        fees.into(),
        b"[accounts]\nlee = \"fqt1\"\n".to_vec(),
        b"profile = \"bank\"\n".to_vec(),
    ]
}

fn profile(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let readers: [Reader; 3] = [reading::profile, reading::address_book, reading::configuration];
    let mut taken = reading::fee_schedule(text).is_ok();
    for read in readers {
        if let Ok(written) = read(text) {
            settles(&written, |text| read(text).ok());
            taken = true;
        }
    }
    taken
}

fn devnets() -> Vec<Vec<u8>> {
    let devnet = serde_json::json!({
        "chain_id": format!("fqd-{}", "07".repeat(32)),
        "nodes": [{ "api": "http://127.0.0.1:1" }],
        "accounts": [
            { "name": "wei", "account": "fqd1", "institution": "PSBCCNBJ", "keystore": "a" },
        ],
        "operators": [{ "institution": "PSBCCNBJ", "keystore": "b" }],
    });
    vec![devnet.to_string().into_bytes()]
}

fn devnet(bytes: &[u8]) -> bool {
    text(bytes).is_some_and(|text| reading::devnet(text).is_ok())
}

/// The words of the key whose seed is all zeros: BIP-39's own test vector.
fn words() -> Vec<Vec<u8>> {
    vec![format!("{}art", "abandon ".repeat(23)).into_bytes()]
}

fn word(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let Ok(written) = reading::words(text) else { return false };
    let said: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    assert_eq!(said.join(" "), written, "other words give the same key");
    true
}
