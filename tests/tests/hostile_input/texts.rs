//! Names, amounts, times and keys as people and programs write them.

use api::text::{parse_base64, parse_time};
use iso20022::number::Number;
use iso20022::time::{Date, DateTime};
use ledger::crypto::PublicKey;
use ledger::genesis::json::{parse_chain_id, parse_network};
use ledger::hash::Hash;
use ledger::ids::{AccountId, AssetCode, Bic, InstitutionNumber, Network, Uetr};
use ledger::money::{Decimals, Money, Rate};

use crate::rows::{Row, variant};

/// Says why a text is refused; `None` if it is taken.
type Judge = fn(&str) -> Option<String>;

fn missing<T>(value: Option<T>) -> Option<String> {
    value.is_none().then(|| "None".to_owned())
}

fn money(text: &str) -> Option<String> {
    let decimals = |asset: AssetCode| match asset.to_string().as_str() {
        "CNY" => Some(Decimals(2)),
        "JPY" => Some(Decimals(0)),
        _ => None,
    };
    Money::parse(text, decimals).err().map(|error| variant(&error))
}

/// Characters that no name of the ledger has: control, right-to-left, zero-width, look-alikes.
const ODD: [&str; 12] = [
    "\0",
    "\n",
    "\r\n",
    "\t",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\u{0410}",
    "\u{ff21}",
    "\u{10ffff}",
];

const UETR: &str = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";
const KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";

fn judge(
    reader: &str,
    judge: Judge,
    good: &str,
    expected: &str,
    bad: &[&str],
    rows: &mut Vec<Row>,
) {
    assert_eq!(judge(good), None, "{reader}: {good}");
    for text in bad {
        rows.push(Row::new((reader, "text"), text.as_bytes(), judge(text), expected));
    }
    for odd in ODD {
        let middle = good.char_indices().nth(good.chars().count() / 2).unwrap().0;
        let (head, tail) = good.split_at(middle);
        for text in [format!("{odd}{good}"), format!("{good}{odd}"), format!("{head}{odd}{tail}")] {
            let refusal = judge(&text);
            rows.push(Row::new((reader, "odd character"), text.as_bytes(), refusal, expected));
        }
    }
    let long = good.repeat(100_000);
    rows.push(Row::new((reader, "100,000 times"), long.as_bytes(), judge(&long), expected));
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    names(&mut rows);
    references(&mut rows);
    accounts(&mut rows);
    amounts(&mut rows);
    numbers(&mut rows);
    times(&mut rows);
    keys(&mut rows);
    codes(&mut rows);
    rows
}

fn names(rows: &mut Vec<Row>) {
    let bic = |text: &str| Bic::parse(text).err().map(|error| variant(&error));
    let bad = [
        "",
        "P",
        "PSBCCNB",
        "PSBCCNBJX",
        "PSBCCNBJXX",
        "PSBCCNBJXXXX",
        "psbccnbj",
        "PSBCcNBJ",
        "PSBC1NBJ",
        "PSBCC1BJ",
        "PSBC-NBJ",
        "PSBCCNB ",
        " SBCCNBJ",
        "PSBCCNBJ   ",
        "PSBCCNBJxxx",
        "PSBCCNB_",
        "飞钱飞",
        "PSBCCN飞",
        "PSBCCNB%",
        "????????",
    ];
    judge("BIC", bic, "PSBCCNBJ", "Bic", &bad, rows);
    let asset = |text: &str| AssetCode::parse(text).err().map(|error| variant(&error));
    let bad = [
        "",
        "C",
        "CN",
        "cny",
        "CNy",
        "CNY ",
        " CNY",
        "C-Y",
        "CN.Y",
        "ABCDEFGHI",
        "C N Y",
        "€EU",
        "CN\0",
        "CNY\0\0\0\0\0",
        "飞钱",
        "+86",
        "CNY/HKD",
    ];
    judge("asset code", asset, "CNY", "AssetCode", &bad, rows);
}

fn references(rows: &mut Vec<Row>) {
    let uetr = |text: &str| Uetr::parse(text).err().map(|error| variant(&error));
    let bad = [
        "",
        "-",
        "7f0c2b9e4a554c0e9d0b2f6c1f1f8a10",
        "7F0C2B9E-4A55-4C0E-9D0B-2F6C1F1F8A10",
        "{7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10}",
        "urn:uuid:7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10",
        "7f0c2b9e-4a55-1c0e-9d0b-2f6c1f1f8a10",
        "7f0c2b9e-4a55-7c0e-9d0b-2f6c1f1f8a10",
        "7f0c2b9e-4a55-4c0e-0d0b-2f6c1f1f8a10",
        "7f0c2b9e-4a55-4c0e-cd0b-2f6c1f1f8a10",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a1",
        "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a100",
        "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a1g",
        "7f0c2b9e_4a55_4c0e_9d0b_2f6c1f1f8a10",
        "7f0c2b9-e4a55-4c0e-9d0b-2f6c1f1f8a10",
        "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10 ",
        "' OR 1=1 --",
        "../../etc/passwd",
    ];
    judge("UETR", uetr, UETR, "Uetr", &bad, rows);
    let network = |text: &str| parse_network(text).err();
    let bad = ["", "Production", "PROD", "mainnet", "test ", "devnet\n", "1", "null"];
    judge("network", network, "test", "is no network", &bad, rows);
}

fn accounts(rows: &mut Vec<Row>) {
    let account = |text: &str| AccountId::parse(Network::Devnet, text).err().map(|e| variant(&e));
    let id = AccountId::new(InstitutionNumber(4), [7; 12]);
    let good = id.address(Network::Devnet);
    let (upper, test) = (good.to_uppercase(), id.address(Network::Test));
    let production = id.address(Network::Production);
    let (short, long) = (&good[..good.len() - 1], format!("{good}q"));
    let changed = format!("{}{}", &good[..10], good[10..].replacen(['q', 'p', 'z'], "l", 1));
    let mixed = format!("{}{}", &good[..5], good[5..].to_uppercase());
    let bad = [
        "",
        "fqd1",
        "fqd",
        "1",
        "fqd1qqqqqqqqqqqq",
        &upper,
        &test,
        &production,
        short,
        &long,
        &changed,
        &mixed,
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "GB82WEST12345698765432",
        "4:070707",
        "0000000407070707",
    ];
    judge("account", account, &good, "Account", &bad, rows);
}

fn amounts(rows: &mut Vec<Row>) {
    let good = "1,000.50 CNY";
    let classes: [(&str, &[&str]); 6] = [
        ("WithoutAsset", &["", " ", "CNY", "1", "1.00", "1.00CNY"]),
        ("AssetCode", &["CNY 1.00", "1.00 cny", "1.00 CN", "1.00 飞钱"]),
        ("UnknownAsset", &["1.00 XXX"]),
        ("TooManyDecimals", &["1.001 CNY", "1.000 CNY", "1.5 JPY", "1.0 JPY"]),
        (
            "TooLarge",
            &[
                "340282366920938463463374607431768211456.00 CNY",
                "99999999999999999999999999999999999999999999999999 CNY",
            ],
        ),
        (
            "NotANumber",
            &[
                "1.00 CNY CNY",
                "-1.00 CNY",
                "+1.00 CNY",
                ".5 CNY",
                "1. CNY",
                "1..0 CNY",
                "1.0.0 CNY",
                "1,00 CNY",
                "1,0000.00 CNY",
                ",100 CNY",
                "1,,000 CNY",
                "1e3 CNY",
                "1E3 CNY",
                "0x10 CNY",
                "1_000 CNY",
                "1'000 CNY",
                "١٢ CNY",
                "１ CNY",
                "∞ CNY",
                "NaN CNY",
                "inf CNY",
                "1/2 CNY",
                "1 000.00 CNY",
                "0.-1 CNY",
                "0.+1 CNY",
            ],
        ),
    ];
    assert_eq!(money(good), None);
    for (expected, texts) in classes {
        for text in texts {
            rows.push(Row::new(("money", "text"), text.as_bytes(), money(text), expected));
        }
    }
    for odd in ODD {
        let (head, tail) = good.split_at(6);
        let within = format!("{head}{odd}{tail}");
        rows.push(Row::new(("money", "odd"), within.as_bytes(), money(&within), "NotANumber"));
        // White space around an amount is the one thing that is forgiven.
        if !odd.trim().is_empty() {
            let (before, behind) = (format!("{odd}{good}"), format!("{good}{odd}"));
            rows.push(Row::new(("money", "odd"), before.as_bytes(), money(&before), "NotANumber"));
            rows.push(Row::new(("money", "odd"), behind.as_bytes(), money(&behind), "AssetCode"));
        }
    }
    let long = good.repeat(100_000);
    rows.push(Row::new(("money", "100,000 times"), long.as_bytes(), money(&long), "NotANumber"));
}

fn numbers(rows: &mut Vec<Row>) {
    let rate = |text: &str| missing(Rate::parse(text));
    let bad = [
        "",
        "0",
        "0.0",
        "-1",
        "1.0000000000001",
        "99999999999999999999",
        "NaN",
        "1/3",
        "1,5",
        "1e3",
        ".",
        "1.2.3",
        "--1",
        "0x1",
        "１",
        "1 ",
        "1_000",
        "1._8",
        "+1",
        ".5",
        "5.",
    ];
    judge("rate", rate, "1.0850", "None", &bad, rows);
    let number = |text: &str| missing(Number::parse(text));
    let bad = [
        "",
        ".",
        "-",
        "+",
        "--1",
        "+-1",
        "1e3",
        "1,000",
        "0x1",
        "NaN",
        "INF",
        "1.2.3",
        "1 0",
        " 1",
        "1-",
        "١",
        "12345678901234567890123456789012345",
    ];
    judge("decimal number", number, "1000.00", "None", &bad, rows);
}

fn times(rows: &mut Vec<Row>) {
    let date = |text: &str| missing(Date::parse(text));
    let bad = [
        "",
        "2026",
        "2026-11",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-11-31",
        "0000-01-01",
        "26-11-21",
        "2026-1-21",
        "2026/11/21",
        "20261121",
        "2026-11-21Z",
        "-2026-11-21",
        "12026-11-21",
        "2026-11-2１",
    ];
    judge("date", date, "2026-11-21", "None", &bad, rows);
    let moment = |text: &str| missing(DateTime::parse(text));
    let bad = [
        "",
        "T",
        "2026-11-21",
        "2026-11-21 10:00:00",
        "2026-11-21T10:00",
        "2026-11-21T25:00:00",
        "2026-11-21T10:60:00",
        "2026-11-21T10:00:61",
        "2026-11-21T10:00:00+15:00",
        "2026-11-21T10:00:00+0800",
        "2026-11-21T10:00:00.Z",
        "2026-11-21t10:00:00",
        "2026-11-21T10:00:00ZZ",
        "2026-02-30T10:00:00Z",
    ];
    judge("date and time", moment, "2026-11-21T10:00:00+08:00", "None", &bad, rows);
    let time = |text: &str| missing(parse_time(text));
    let bad = [
        "",
        "0",
        "now",
        "2026-11-21",
        "2026-11-21T10:00:00",
        "1969-12-31T23:59:59Z",
        "2026-13-21T10:00:00Z",
        "2026-11-21T10:00:00+99:00",
        "99999-11-21T10:00:00Z",
        "1750000000000",
        "2026-11-21 10:00:00Z",
        "2026-11-21t10:00:00z",
        "20261121T100000Z",
        "2026-11-21T10:00Z",
        "2026-11-21T10Z",
        "2026-11-21T10:00:00,5Z",
        "2026-11-21T10:00:00.Z",
        "2026-11-21T10:00:00+08",
        "2026-11-21T10:00:00+0800",
        "2026-11-21T10:00:00Z[UTC]",
        "+002026-11-21T10:00:00Z",
    ];
    judge("API time", time, "2026-11-21T10:00:00Z", "None", &bad, rows);
}

/// Merchants' codes, without their checksum.
fn codes(rows: &mut Vec<Row>) {
    let code = |text: &str| wallet_cli::reading::merchant_code(text).err();
    let account = "26720007feiqian0137fqd1qqqqqqqqqqqqqqqqqqqqqqqqqqqsj6gql02160707070707070707";
    let good = format!("000201{account}5802CN5901A6001B");
    let with = |from: &str, to: &str| good.replacen(from, to, 1);
    let bad = [
        String::new(),
        "000201".to_owned(),
        with("5901A", "59+1A"),
        with("5901A", "59-1A"),
        with("5901A", "59 1A"),
        with("5901A", "5902A"),
        with("5901A", "5999A"),
        with("5901A", "5901A5901A"),
        with("5901A", "5903\u{202e}"),
        with("5901A", "5901\u{1b}"),
        with("5901A", "5901A550102"),
        with("0007feiqian", "0007someone"),
        with("fqd1qqq", "fqd1q q"),
        with("2672", "2771"),
        with("5901A", "54041.00"),
        with("5901A", "53039995404 1.00"),
        format!("{good}6304ABCD"),
    ];
    let bad: Vec<&str> = bad.iter().map(String::as_str).collect();
    assert_eq!(code(&good), None);
    for text in bad {
        rows.push(Row::new(
            ("merchant's code", "text"),
            text.as_bytes(),
            code(text),
            "bad-request",
        ));
    }
}

fn keys(rows: &mut Vec<Row>) {
    let hash = |text: &str| missing(Hash::from_hex(text));
    let plus = format!("+7{}", &KEY[2..]);
    let (short, long, prefixed) = (&KEY[1..], format!("{KEY}0"), format!("0x{}", &KEY[2..]));
    let letter = format!("g{}", &KEY[1..]);
    let wide = format!("飞{}", &KEY[3..]);
    let spaced = format!(" {}", &KEY[1..]);
    let bad = ["", short, &long, &prefixed, &letter, &plus, &wide, &spaced];
    judge("hash", hash, KEY, "None", &bad, rows);
    let key = |text: &str| missing(PublicKey::from_hex(text));
    judge("public key", key, KEY, "None", &bad, rows);
    let chain = |text: &str| parse_chain_id(text).err().map(|error| variant(&error));
    let good = format!("fqd-{KEY}");
    let (upper, joined) = (good.to_uppercase(), good.replace('-', ""));
    let (other, digits) = (format!("btc-{KEY}"), format!("fqd-{}", KEY.replace("07", "AB")));
    let bad = ["", "fqd", "fqd-", "-", KEY, &upper, &joined, &other, &digits, "fqd-3f2a..."];
    judge("chain id", chain, &good, "ChainIdText", &bad, rows);
    let base64 = |text: &str| missing(parse_base64(text));
    let bad =
        ["A", "AA", "AAA", "A===", "====", "AA=A", "AAAA=", "AB==", "AA-_", "AA AA", "AAAA\n"];
    judge("base64", base64, "AAAAAA==", "None", &bad, rows);
}
