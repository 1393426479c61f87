//! The URI form: `feiqian:ADDRESS?chain=DIGITS&amount=25.00+CNY&id=UETR&name=...&note=...`.
//!
//! Invariants: every parameter is known and stands once; a request has one text. Absent: parameters
//! that could be left unread.

use ledger::ids::Uetr;
use ledger::text::is_hidden;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::collections::BTreeMap;

use super::{Request, refused};
use crate::fault::Fault;
use crate::language::say;

/// What the URI begins with.
pub(crate) const SCHEME: &str = "feiqian:";

/// The most characters of a URI: what a code still holds well.
const MAXIMUM: usize = 1024;

/// RFC 3986: all but the unreserved characters are encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Writes the URI.
pub(crate) fn text(request: &Request) -> String {
    let id = request.id.map(|id| id.to_string());
    let parameters = [
        ("chain", Some(&request.chain)),
        ("amount", request.amount.as_ref()),
        ("id", id.as_ref()),
        ("name", request.name.as_ref()),
        ("note", request.note.as_ref()),
    ];
    let parameters = parameters.into_iter().filter_map(|(name, value)| {
        Some(format!("{name}={}", utf8_percent_encode(value?, ENCODED)))
    });
    let parameters: Vec<String> = parameters.collect();
    format!("{SCHEME}{}?{}", request.address, parameters.join("&"))
}

/// Reads a URI.
///
/// # Errors
/// A usage fault that names the mistake.
pub(crate) fn parse(text: &str) -> Result<Request, Fault> {
    if text.len() > MAXIMUM {
        return Err(refused(say!(
            "The request is longer than {MAXIMUM} characters.",
            "请求超过 {MAXIMUM} 个字符。"
        )));
    }
    let (_, rest) = text.split_once(':').unwrap_or_default();
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut found = BTreeMap::new();
    for parameter in query.split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.replace('+', " ");
        let value = percent_decode_str(&value).decode_utf8();
        let value = value.map_err(|_| {
            refused(say!("\"{name}\" is not UTF-8 text.", "“{name}”不是 UTF-8 文本。"))
        })?;
        if value.chars().any(is_hidden) {
            return Err(refused(say!(
                "\"{name}\" holds hidden characters.",
                "“{name}”含不可见字符。"
            )));
        }
        if found.insert(name.to_owned(), value.into_owned()).is_some() {
            return Err(refused(say!(
                "The request says \"{name}\" twice.",
                "请求中“{name}”出现两次。"
            )));
        }
    }
    let request = Request {
        address: address.to_owned(),
        chain: found.remove("chain").unwrap_or_default(),
        amount: found.remove("amount"),
        id: found.remove("id").map(|id| Uetr::parse(&id)).transpose()?,
        name: found.remove("name"),
        note: found.remove("note"),
    };
    match found.keys().next() {
        Some(name) => Err(refused(say!(
            "The request says \"{name}\", which is not known.",
            "请求中的“{name}”无法识别。"
        ))),
        None => Ok(request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_round_trip() {
        for request in super::super::samples() {
            assert_eq!(Request::parse(&text(&request)).unwrap(), request);
        }
    }

    #[test]
    fn a_uri_reads_as_documented() {
        let [request, _] = super::super::samples().try_into().unwrap();
        assert_eq!(
            text(&request),
            "feiqian:fqd1qqqqqqqqqqqqqqqqqqqqqqqqqqqsj6gql?chain=0707070707070707\
             &amount=25.00%20CNY&id=09090909-0909-4909-8909-090909090909&name=Tea%20%26%20Cake\
             &note=table%207%2C%2050%25%20off"
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "feiqian:fqd1?chain=07&speed=fast",
            "feiqian:fqd1?chain=07&chain=08",
            "feiqian:fqd1?chain=07&note=%1b%5b2J",
            "feiqian:fqd1?chain=07&note=%ff",
            "feiqian:fqd1?chain=07&name=%e2%80%ae",
            "feiqian:fqd1?chain=07&id=7",
            &format!("feiqian:fqd1?note={}", "x".repeat(MAXIMUM)),
        ] {
            assert_eq!(parse(text).unwrap_err().exit, crate::exit::Exit::Usage, "{text}");
        }
    }
}
