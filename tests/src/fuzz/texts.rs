//! Names, amounts, times and keys as people and programs write them.
//!
//! What must hold: a name that is taken is its own canonical text (a BIC may have its branch
//! written out); an amount that is taken is written back as the same amount; a number has one
//! value however it is written.

use api::text::{base64, parse_base64, parse_time, time};
use iso20022::{
    iban::is_iban,
    number::Number,
    time::{Date, DateTime},
};
use ledger::{
    crypto::PublicKey,
    genesis::json::{chain_id_text, parse_chain_id},
    hash::Hash,
    ids::{AccountId, AssetCode, Bic, InstitutionNumber, Network, Uetr},
    money::{Decimals, Money, Rate},
};

use super::{Target, text};

pub(super) const TARGETS: &[Target] = &[
    Target { name: "name", samples: names, words: &["-", "1", "XXX", "fqd1", "fqd-"], run: name },
    Target { name: "amount", samples: amounts, words: &["CNY", "JPY", ",", ".", "0"], run: amount },
    Target { name: "number", samples: numbers, words: &[".", "0", "-", "+", "_"], run: number },
    Target {
        name: "time",
        samples: times,
        words: &["T", "Z", ":", "+08:00", "-", "[UTC]", "24", "60"],
        run: moment,
    },
    Target { name: "base64", samples: base64s, words: &["=", "==", "-", "_"], run: base64_text },
];

const UETR: &str = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";

fn owned(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn names() -> Vec<Vec<u8>> {
    let account = AccountId::new(InstitutionNumber(4), [7; 12]).address(Network::Devnet);
    let (key, chain) = ("07".repeat(32), format!("fqd-{}", "07".repeat(32)));
    owned(&["PSBCCNBJ", "PSBCCNBJ123", "CNY", "MILES", UETR, &account, &key, &chain])
}

fn name(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let canonical = [
        Bic::parse(text)
            .ok()
            .map(|bic| if text.len() == 11 { bic.long() } else { bic.to_string() }),
        AssetCode::parse(text).ok().map(|code| code.to_string()),
        Uetr::parse(text).ok().map(|uetr| uetr.to_string()),
        AccountId::parse(Network::Devnet, text).ok().map(|id| id.address(Network::Devnet)),
        Hash::from_hex(text).map(|hash| hash.to_hex()),
        PublicKey::from_hex(text).map(|key| key.to_hex()),
        parse_chain_id(text).ok().map(|(network, id)| chain_id_text(network, id)),
    ];
    for again in canonical.iter().flatten() {
        assert_eq!(again, text, "a second text of one name was taken");
    }
    canonical.iter().any(Option::is_some)
}

fn decimals(asset: AssetCode) -> Option<Decimals> {
    match asset.to_string().as_str() {
        "CNY" => Some(Decimals(2)),
        "JPY" => Some(Decimals(0)),
        "MILES" => Some(Decimals(9)),
        _ => None,
    }
}

fn amounts() -> Vec<Vec<u8>> {
    owned(&["1,000.50 CNY", "25 CNY", "0.01 CNY", "1000 JPY", "0.123456789 MILES"])
}

fn amount(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let Ok(money) = Money::parse(text, decimals) else { return false };
    let scale = decimals(money.asset).unwrap_or(Decimals(0));
    let written = money.text(scale);
    assert_eq!(Money::parse(&written, decimals).ok(), Some(money), "an amount changes");
    // Every digit that was written counts: none was dropped, none was made up.
    let significant = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.trim_matches('0').to_owned()
    };
    assert_eq!(significant(text), significant(&written), "digits were lost or made up");
    true
}

fn numbers() -> Vec<Vec<u8>> {
    owned(&["1.0850", "1000.00", "-7", "0.000000000001", "15000"])
}

fn number(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let (rate, number) = (Rate::parse(text), Number::parse(text));
    let is_plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b".+-".contains(&byte));
    assert!((rate.is_none() && number.is_none()) || is_plain(text), "no number was taken as one");
    if let Some(rate) = rate {
        assert_eq!(Rate::parse(&rate.to_string()), Some(rate), "a rate changes");
        assert!(rate.is_well_formed() && text.bytes().all(|byte| b".0123456789".contains(&byte)));
    }
    if let Some(number) = number {
        assert!(Number::parse(&number.to_string()).is_some_and(|again| again.equals(&number)));
    }
    rate.is_some() || number.is_some()
}

fn times() -> Vec<Vec<u8>> {
    owned(&["2026-11-21T10:00:00Z", "2026-11-21T10:00:00.123+08:00", "2026-11-21"])
}

/// RFC 3339: a date, T, a time with seconds, and Z or an offset.
fn is_rfc_3339(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let fraction = rest.strip_prefix('.').map(|digits| digits.trim_start_matches('0'));
    matches!(fraction.unwrap_or(rest), "Z" | "+00:00" | "-00:00")
}

fn moment(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let stamp = parse_time(text);
    if let Some(stamp) = stamp {
        assert!(is_rfc_3339(text), "{text:?} was taken as RFC 3339");
        assert_eq!(parse_time(&time(stamp)), Some(stamp), "a time changes");
    }
    let (date, moment) = (Date::parse(text), DateTime::parse(text));
    assert!(date.as_ref().is_none_or(|date| Date::parse(date.as_str()).as_ref() == Some(date)));
    assert!(moment.as_ref().is_none_or(|at| DateTime::parse(at.as_str()).as_ref() == Some(at)));
    stamp.is_some() || date.is_some() || moment.is_some()
}

fn base64s() -> Vec<Vec<u8>> {
    owned(&["AAAAAA==", "", "Zm9v", "GB82WEST12345698765432"])
}

fn base64_text(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    // An IBAN is made of the same letters; its check digits are tried beside it.
    let iban = is_iban(text);
    assert!(!iban || text.len() <= 34);
    let Some(decoded) = parse_base64(text) else { return iban };
    assert_eq!(base64(&decoded), text, "a second text of the same bytes was taken");
    true
}
