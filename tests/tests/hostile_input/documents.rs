//! JSON documents of the ceremony, of keys and of changes, and configuration files.

use api::keystore::{Cost, Keystore};
use ledger::account::Roles;
use ledger::crypto::{SecretKey, Suite};
use ledger::genesis::Parameters;
use ledger::genesis::approval::Approval;
use ledger::genesis::json::{Draft, SealedGenesis};
use ledger::genesis::keyfile::{KeyFile, KeyKind};
use ledger::genesis::member::{MemberFile, MemberKeys, MemberProfile};
use ledger::governance::json::ChangeFile;
use ledger::ids::{Bic, Network, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::rows::{Row, variant};

/// Reads a text; says why not.
type Judge = fn(&str) -> Option<String>;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32])
}

fn member() -> MemberFile {
    let profile = MemberProfile {
        network: Network::Devnet,
        bic: Bic::parse("PSBCCNBJ").unwrap(),
        name: "Post".to_owned(),
        roles: Roles { validator: false, issuer: true, dealer: true },
        threshold: 1,
        address: "127.0.0.1:1".to_owned(),
    };
    let validator = Some((key(1), key(2)));
    let keys = MemberKeys { validator, operators: vec![key(3)], compliance: key(4) };
    MemberFile::sign(profile, keys).unwrap()
}

fn parse<T: DeserializeOwned>(text: &str) -> Option<String> {
    serde_json::from_str::<T>(text).err().map(|error| error.to_string())
}

fn key_file(text: &str) -> Option<String> {
    serde_json::from_str::<KeyFile<'_>>(text).err().map(|error| error.to_string())
}

fn keystore(text: &str) -> Option<String> {
    Keystore::parse(text).err().map(|error| error.to_string())
}

/// A good document of each kind.
fn goods() -> Vec<(&'static str, Judge, Value)> {
    fn value(document: &impl Serialize) -> Value {
        serde_json::to_value(document).unwrap()
    }
    let mut draft = Draft::new(Network::Devnet, "hostile".to_owned(), Parameters::USUAL).unwrap();
    draft.add(member()).unwrap();
    let sealed = draft.seal(Timestamp(1_750_000_000_000)).unwrap();
    let bic = Bic::parse("PSBCCNBJ").unwrap();
    let approval = Approval::sign(&sealed.open().unwrap(), bic, &[key(3)]);
    let secret = KeyFile::secret_text(&key(5));
    let operator = KeyFile::new(KeyKind::Operator, &key(5), &secret);
    let kept = Keystore::encrypt(&key(6), b"horse", Cost::DEVNET, [1; 16], [2; 24]).unwrap();
    let change = json!({
        "format": "feiqian.change/v1",
        "change": { "remove-validator": { "institution": "PSBCCNBJ" } },
    });
    vec![
        ("member file", parse::<MemberFile>, value(&member())),
        ("draft", parse::<Draft>, value(&draft)),
        ("genesis", parse::<SealedGenesis>, value(&sealed)),
        ("approval", parse::<Approval>, value(&approval)),
        ("key file", key_file, value(&operator)),
        ("change", parse::<ChangeFile>, change),
        ("keystore", keystore, serde_json::from_str(&kept.text()).unwrap()),
    ]
}

/// Every refusal of the parser says where.
const PARSER: &str = " at line 1 column ";

/// What a keystore's own reader begins with.
const KEYSTORE: &str = "this is no keystore of the format ";

/// What is wrong with the form, whatever the document.
fn forms(text: &str) -> Vec<(&'static str, String, &'static str)> {
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    vec![
        ("empty", String::new(), "EOF while parsing"),
        ("white space", " \n\t".to_owned(), "EOF while parsing"),
        ("byte order mark", format!("\u{feff}{text}"), "expected value"),
        ("leading NUL", format!("\0{text}"), "expected value"),
        ("trailing NUL", format!("{text}\0"), "trailing characters"),
        ("second document", format!("{text}{text}"), "trailing characters"),
        ("trailing comma", text.replacen('}', ",}", 1), "trailing comma"),
        ("comment", format!("/* */{text}"), "expected value"),
        ("null", "null".to_owned(), "invalid type: null"),
        ("number", "1e999".to_owned(), "number out of range"),
        ("text", "\"document\"".to_owned(), "invalid type: string"),
        ("truth value", "true".to_owned(), "invalid type: boolean"),
        ("list", "[]".to_owned(), "invalid length 0"),
        ("empty object", "{}".to_owned(), "missing field `format`"),
        ("unquoted names", "{format: 1}".to_owned(), "key must be a string"),
        ("single quotes", "{'format': 1}".to_owned(), "key must be a string"),
        ("unknown field", text.replacen('{', "{\"__proto__\":{},", 1), "unknown field"),
        ("look-alike field", text.replacen("\"format\"", "\"fоrmat\"", 1), "unknown field"),
        ("odd field", text.replacen("\"format\"", "\"format\u{202e}\"", 1), "unknown field"),
        ("lone surrogate", text.replacen("\"format\"", "\"\\ud800\"", 1), PARSER),
        ("control character", text.replacen("\"format\"", "\"\u{1}format\"", 1), "control char"),
        ("bad escape", text.replacen("\"format\"", "\"\\x66ormat\"", 1), "invalid escape"),
        ("100,000 lists", deep("[", "]"), PARSER),
        ("100,000 objects", deep("{\"format\":", "}"), PARSER),
        ("100,000 open lists", "[".repeat(100_000), PARSER),
        ("deep field", text.replacen('{', &format!("{{\"format\":{},", deep("[", "]")), 1), PARSER),
    ]
}

/// What is wrong with each field of an object.
fn fields(good: &Map<String, Value>) -> Vec<(&'static str, String, String)> {
    let text = Value::Object(good.clone()).to_string();
    let mut faults = Vec::new();
    for (name, value) in good {
        let mut without = good.clone();
        without.remove(name);
        let expected = match name.as_str() {
            "validator" => continue,
            _ => format!("missing field `{name}`"),
        };
        faults.push(("missing field", Value::Object(without).to_string(), expected));
        let twice = text.replacen('{', &format!("{{\"{name}\":{value},"), 1);
        faults.push(("duplicate field", twice, format!("duplicate field `{name}`")));
        // Where one of some words belongs, another type is only said to be no value.
        let is_word = ["format", "kind", "change", "roles"].contains(&name.as_str());
        let expected = if is_word { " at line 1 column" } else { "invalid" }.to_owned();
        for wrong in [json!(null), json!(-1), json!(1.5), json!([[]]), json!(true)] {
            let mut with = good.clone();
            with.insert(name.clone(), wrong);
            faults.push(("wrong type", Value::Object(with).to_string(), expected.clone()));
        }
        // These are judged where the document is opened.
        let is_judged_later = ["name", "chain_id", "secret"].contains(&name.as_str());
        if value.is_string() && !is_judged_later {
            for odd in ["", "飞", "\u{202e}", "\0", "x\n"] {
                let mut with = good.clone();
                with.insert(name.clone(), json!(odd));
                faults.push(("another text", Value::Object(with).to_string(), PARSER.to_owned()));
            }
        }
    }
    faults
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, judge, good) in goods() {
        let text = good.to_string();
        // A keystore has one text only, spaces and order included.
        if name != "keystore" {
            assert_eq!(judge(&text), None, "{name}");
        }
        for (class, bad, expected) in forms(&text) {
            let expected =
                if name == "keystore" && expected == PARSER { KEYSTORE } else { expected };
            rows.push(Row::new((name, class), bad.as_bytes(), judge(&bad), expected));
        }
        for (class, bad, expected) in fields(good.as_object().unwrap()) {
            let is_own = name == "keystore" && class == "another text";
            let expected = if is_own { KEYSTORE } else { expected.as_str() };
            rows.push(Row::new((name, class), bad.as_bytes(), judge(&bad), expected));
        }
        for end in [1, text.len() / 3, text.len() / 2, text.len() - 1] {
            let cut = text.get(..end).unwrap_or(&text[..1]);
            rows.push(Row::new((name, "cut"), cut.as_bytes(), judge(cut), "EOF while parsing"));
        }
    }
    rows.extend(contents());
    rows.extend(configurations());
    rows
}

/// Documents of good form that say what is not so.
fn contents() -> Vec<Row> {
    let mut rows = Vec::new();
    let sealed = goods().remove(2).2;
    for (class, place, value, expected) in [
        ("chain id", "/chain_id", json!("fqd-00"), "ChainIdText"),
        ("chain id's network", "/network", json!("production"), "Network"),
        ("name", "/name", json!("other"), "Changed"),
        ("right-to-left name", "/name", json!("hostile\u{202e}"), "Changed"),
        ("time", "/time_ms", json!(0), "Changed"),
        ("largest time", "/time_ms", json!(u64::MAX), "Changed"),
        ("parameter", "/parameters/block_bytes", json!(u32::MAX), "Changed"),
        ("heartbeat", "/parameters/heartbeat_ms", json!(0), "Changed"),
        ("threshold", "/members/0/operators/threshold", json!(0), "Changed"),
        ("no members", "/members", json!([]), "Changed"),
        ("role", "/members/0/roles", json!([]), "Changed"),
    ] {
        let mut changed = sealed.clone();
        *changed.pointer_mut(place).unwrap() = value;
        let document: SealedGenesis = serde_json::from_value(changed.clone()).unwrap();
        let refusal = document.open().err().map(|error| variant(&error));
        let text = changed.to_string();
        rows.push(Row::new(("sealed genesis", class), text.as_bytes(), refusal, expected));
    }
    let file = goods().remove(4).2;
    for (class, name, value, kind, expected) in [
        ("no secret", "secret", "", KeyKind::Operator, "Secret"),
        ("short secret", "secret", "00", KeyKind::Operator, "Secret"),
        ("odd secret", "secret", "\u{202e}", KeyKind::Operator, "Secret"),
        ("kind", "kind", "operator", KeyKind::Voting, "Kind"),
        ("kind", "kind", "node", KeyKind::Operator, "Kind"),
        ("halves", "secret", &"0".repeat(64), KeyKind::Operator, "Halves"),
    ] {
        let mut changed = file.clone();
        changed[name] = json!(value);
        let text = format!("{changed}");
        let read: KeyFile<'_> = serde_json::from_str(&text).unwrap();
        let refusal = read.open(Suite::Ed25519Blake3, kind).err().map(|error| variant(&error));
        let input = format!("{kind}{text}");
        rows.push(Row::new(("opened key file", class), input.as_bytes(), refusal, expected));
    }
    rows
}

fn configurations() -> Vec<Row> {
    let deep = format!("a = {}", "[".repeat(100_000));
    let tables = format!("{}a = 1", "[a]\n".repeat(3));
    let dotted = format!("{}a = 1", "a.".repeat(100_000));
    let texts = [
        ("empty", ""),
        ("no TOML", "{}"),
        ("unknown table", "[surprise]\nx = 1\n"),
        ("NUL", "\0"),
        ("control character", "[node]\nbic = \"\u{1}\"\n"),
        ("right-to-left", "[node]\n\u{202e} = 1\n"),
        ("duplicate table", tables.as_str()),
        ("duplicate key", "[node]\nbic = \"A\"\nbic = \"A\"\n"),
        ("open text", "[node]\nbic = \""),
        ("number for text", "[node]\nbic = 1\n"),
        ("infinity", "[api]\nrequests = inf\n"),
        ("negative", "[api]\nrequests = -1\n"),
        ("2^64", "[api]\nrequests = 18446744073709551616\n"),
        ("100,000 lists", deep.as_str()),
        ("100,000 names", dotted.as_str()),
        ("byte order marks", "\u{feff}\u{feff}"),
        ("lone surrogate", "a = \"\\ud800\""),
    ];
    let refuse = |text: &str| node::config::Config::parse(text).err().map(|e| e.to_string());
    let row = |(class, text): (&str, &str)| {
        Row::new(("configuration", class), text.as_bytes(), refuse(text), "line ")
    };
    texts.into_iter().map(row).collect()
}
