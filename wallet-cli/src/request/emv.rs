//! The merchant form: a code by EMVCo's *QR Code Specification for Payment Systems,
//! Merchant-Presented Mode* 1.1, as tills print it.
//!
//! Invariants: the account, the chain and the id stand in template 26 under the name `feiqian`;
//! amount and currency in the standard's own fields, so only currencies of ISO 4217 fit; the
//! checksum is verified before anything is read. Absent: tips and fees of the standard, which are
//! refused because the amount would not be what is paid.

use iso_currency::Currency;
use ledger::ids::Uetr;
use ledger::text::is_hidden;
use std::collections::BTreeMap;

use super::{Request, refused};
use crate::code::Own;
use crate::fault::Fault;
use crate::language::{Text, say};

/// The name under which template 26 is this ledger's.
const GLOBAL_NAME: &str = "feiqian";

/// The standard's numbers of fields.
const FORMAT: &str = "00";
const METHOD: &str = "01";
const ACCOUNT: &str = "26";
const CATEGORY: &str = "52";
const CURRENCY: &str = "53";
const AMOUNT: &str = "54";
const COUNTRY: &str = "58";
const NAME: &str = "59";
const CITY: &str = "60";
const ADDITIONAL: &str = "62";
const CHECKSUM: &str = "63";

/// Field 62's number of the purpose.
const PURPOSE: &str = "08";

/// What the standard asks for beside the request.
#[derive(Clone, Debug)]
pub(crate) struct Merchant {
    /// Two letters of ISO 3166.
    pub(crate) country: String,
    /// At most 15 characters.
    pub(crate) city: String,
    /// Four digits of ISO 18245.
    pub(crate) category: String,
}

/// Writes the code's text.
///
/// # Errors
/// A usage fault for what does not fit the standard.
pub(crate) fn text(request: &Request, merchant: &Merchant) -> Result<String, Fault> {
    let fits = |what: Text, text: &str, most: usize| {
        let is_printable = text.chars().all(|letter| matches!(letter, ' '..='~'));
        if (1..=most).contains(&text.len()) && is_printable {
            return Ok(text.to_owned());
        }
        let detail = say!(
            "The {what} must have 1 to {most} characters of ASCII.",
            "{what}须为 1 至 {most} 个 ASCII 字符。";
            what = what
        );
        let hint = say!("Use the URI form, or change it.", "请使用 URI 形式，或修改它。");
        Err(Fault::usage(Own::NotForMerchants, detail, hint))
    };
    let name = request.name.as_deref().ok_or_else(|| {
        let why = say!("A merchant's code names the merchant.", "商户码须写明商户名称。");
        Fault::missing("--name NAME", why)
    })?;
    let mut account = field("00", GLOBAL_NAME) + &field("01", &request.address);
    account += &field("02", &request.chain);
    if let Some(id) = request.id {
        account += &field("03", &short(id));
    }
    let method = if request.id.is_some() { "12" } else { "11" };
    let mut text = field(FORMAT, "01") + &field(METHOD, method) + &field(ACCOUNT, &account);
    text += &field(CATEGORY, &fits(say!("category", "类别"), &merchant.category, 4)?);
    if let Some(amount) = &request.amount {
        let (number, currency) = amount_fields(amount)?;
        text += &(field(CURRENCY, &currency)
            + &field(AMOUNT, &fits(say!("amount", "金额"), &number, 13)?));
    }
    text += &field(COUNTRY, &fits(say!("country", "国家"), &merchant.country, 2)?);
    text += &(field(NAME, &fits(say!("name", "名称"), name, 25)?)
        + &field(CITY, &fits(say!("city", "城市"), &merchant.city, 15)?));
    if let Some(note) = &request.note {
        text += &field(ADDITIONAL, &field(PURPOSE, &fits(say!("note", "附言"), note, 25)?));
    }
    let text = sealed(&text);
    // A field that is longer than its two digits say would be read as something else.
    let amount = request.amount.as_ref().map(|amount| amount.replace(',', ""));
    let expected = Request { amount, ..request.clone() };
    if parse(&text).as_ref() == Ok(&expected) { Ok(text) } else { Err(too_long()) }
}

/// The code's text with its checksum.
pub(crate) fn sealed(body: &str) -> String {
    let text = format!("{body}{CHECKSUM}04");
    let checksum = checksum(text.as_bytes());
    format!("{text}{checksum:04X}")
}

fn too_long() -> Fault {
    not_for_merchants(say!("The request does not fit a merchant's code.", "该请求不适用于商户码。"))
}

fn not_for_merchants(detail: Text) -> Fault {
    Fault::usage(Own::NotForMerchants, detail, say!("Use the URI form.", "请使用 URI 形式。"))
}

/// `25.00 CNY` as number and numeric currency.
fn amount_fields(amount: &str) -> Result<(String, String), Fault> {
    let currency = amount
        .rsplit_once(' ')
        .and_then(|(number, code)| Some((number.replace(',', ""), Currency::from_code(code)?)));
    let (number, currency) = currency.ok_or_else(|| {
        not_for_merchants(say!(
            "{amount} is not of a currency of ISO 4217.",
            "{amount} 不是 ISO 4217 货币。"
        ))
    })?;
    Ok((number, format!("{:03}", currency.numeric())))
}

/// Reads the code's text.
///
/// # Errors
/// A usage fault that names the mistake.
pub(crate) fn parse(text: &str) -> Result<Request, Fault> {
    let unknown = || {
        refused(say!(
            "This is neither a feiqian: URI nor a merchant's code.",
            "这既不是 feiqian: URI，也不是商户码。"
        ))
    };
    let body = text.len().checked_sub(4).and_then(|end| text.get(..end)).ok_or_else(unknown)?;
    if !text.starts_with("000201") || !body.ends_with("6304") {
        return Err(unknown());
    }
    let stated = text.get(body.len()..).unwrap_or_default();
    if !stated.eq_ignore_ascii_case(&format!("{:04X}", checksum(body.as_bytes()))) {
        return Err(refused(say!(
            "The code's checksum does not fit: it was misread or changed.",
            "码的校验不符：误读或被更改。"
        )));
    }
    let mut fields = fields(text)?;
    if ["55", "56", "57"].iter().any(|tip| fields.contains_key(*tip)) {
        return Err(refused(say!(
            "The code asks for a tip or a fee beside its amount.",
            "该码在金额之外还要求小费或费用。"
        )));
    }
    let mut account = self::fields(fields.get(ACCOUNT).ok_or_else(unknown)?)?;
    if account.get("00").map(String::as_str) != Some(GLOBAL_NAME) {
        return Err(refused(say!(
            "The code is a merchant's of another network.",
            "该码属于其他网络的商户。"
        )));
    }
    let id = account.get("03").map(|text| uetr(text)).transpose()?;
    let additional = fields.get(ADDITIONAL).map(|text| self::fields(text)).transpose()?;
    Ok(Request {
        address: account.remove("01").unwrap_or_default(),
        chain: account.remove("02").unwrap_or_default(),
        amount: amount(&fields)?,
        id,
        name: fields.remove(NAME),
        note: additional.and_then(|mut fields| fields.remove(PURPOSE)),
    })
}

fn amount(fields: &BTreeMap<String, String>) -> Result<Option<String>, Fault> {
    let Some(number) = fields.get(AMOUNT) else { return Ok(None) };
    let numeric = fields.get(CURRENCY).and_then(|digits| digits.parse().ok());
    let currency = numeric.and_then(Currency::from_numeric);
    let currency = currency.ok_or_else(|| {
        refused(say!("The code's currency is not known.", "该码的货币无法识别。"))
    })?;
    Ok(Some(format!("{number} {}", currency.code())))
}

/// A UETR in 22 characters: its 16 bytes in base64 without padding.
fn short(id: Uetr) -> String {
    let digits = id.to_string().replace('-', "");
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .filter_map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .collect();
    api::text::base64(&bytes).trim_end_matches('=').to_owned()
}

/// Reads what [`short`] writes.
fn uetr(text: &str) -> Result<Uetr, Fault> {
    let bytes = api::text::parse_base64(&format!("{text}=="));
    let bytes = bytes
        .ok_or_else(|| refused(say!("The code's id cannot be read.", "该码的编号无法读取。")))?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, digits.len())];
    Ok(Uetr::parse(&parts.join("-"))?)
}

fn field(number: &str, value: &str) -> String {
    format!("{number}{:02}{value}", value.len())
}

/// The fields of a text: two digits of number, two of length, the value.
fn fields(text: &str) -> Result<BTreeMap<String, String>, Fault> {
    let malformed =
        || refused(say!("The code's fields do not fit together.", "该码的字段不合规范。"));
    let mut fields = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.get(..2).ok_or_else(malformed)?;
        let digits = rest.get(2..4).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let length = digits.and_then(|digits| digits.parse::<usize>().ok());
        let end = length.and_then(|length| length.checked_add(4)).ok_or_else(malformed)?;
        let value = rest.get(4..end).ok_or_else(malformed)?;
        if value.chars().any(is_hidden) {
            return Err(refused(say!("The code holds hidden characters.", "该码含不可见字符。")));
        }
        if fields.insert(number.to_owned(), value.to_owned()).is_some() {
            return Err(malformed());
        }
        rest = rest.get(end..).ok_or_else(malformed)?;
        if number == CHECKSUM && !rest.is_empty() {
            return Err(malformed());
        }
    }
    Ok(fields)
}

/// CRC-16 with the polynomial 0x1021 and the start 0xFFFF, as the standard asks for.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        let start = sum ^ (u16::from(*byte) << 8);
        (0..8).fold(start, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merchant() -> Merchant {
        Merchant { country: "CN".into(), city: "Beijing".into(), category: "5812".into() }
    }

    #[test]
    fn the_checksum_is_the_standards() {
        assert_eq!(checksum(b"123456789"), 0x29B1);
    }

    #[test]
    fn requests_round_trip() {
        for request in super::super::samples() {
            let name = Some("Tea & Cake".to_owned());
            let request = Request { name, ..request };
            let text = text(&request, &merchant()).unwrap();
            assert!(text.starts_with("0002010102"), "{text}");
            assert_eq!(Request::parse(&text).unwrap(), request);
        }
    }

    #[test]
    fn a_changed_letter_is_noticed() {
        let text = text(&super::super::samples()[0], &merchant()).unwrap();
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(parse(&changed).is_err(), "{place}");
        }
    }

    #[test]
    fn points_and_codes_of_others_are_refused() {
        let points =
            Request { amount: Some("5 MILES".to_owned()), ..super::super::samples()[0].clone() };
        assert_eq!(text(&points, &merchant()).unwrap_err().code, "not-for-merchants");
        let other = "00020126110007unknown5204000053031565802CN5901A6001B6304";
        let other = format!("{other}{:04X}", checksum(other.as_bytes()));
        assert!(parse(&other).unwrap_err().detail.english().contains("another network"));
    }
}
