//! Every sample message has its one expected verdict.

use crate::support::{decimals, material, read, verdict};
use iso20022::order::Transfer;
use std::collections::BTreeMap;

/// The expected verdicts; what is not listed is not accepted, by the name of its definition.
const PACS_008: [(&str, &str); 6] = [
    ("cbpr/pacs.008.max.xml", "AG03"),
    ("cbpr/pacs.008.min.xml", "AC02 AC03"),
    ("cbpr/pacs.008_stp.max.xml", "ok"),
    ("cbpr/pacs.008_stp.min.xml", "AC02"),
    (
        "fednow/sample-participant-to-fednow-message.xml",
        "message AG03: SttlmInf/ClrSys asks for settlement in FDN. \
         Send the message there, or drop it",
    ),
    (
        "rtp/pacs008.xml",
        "message AG03: SttlmInf/ClrSys asks for settlement in TCH. \
         Send the message there, or drop it",
    ),
];

const OTHERS: [(&str, &str); 24] = [
    ("cbpr/camt.052.max.xml", "camt.052.001.08"),
    ("cbpr/camt.052.min.xml", "camt.052.001.08"),
    ("cbpr/camt.054.max.xml", "camt.054.001.08"),
    ("cbpr/camt.054.min.xml", "camt.054.001.08"),
    ("cbpr/pacs.002.max.xml", "pacs.002.001.10"),
    ("cbpr/pacs.002.min.xml", "pacs.002.001.10"),
    ("cbpr/pacs.004.max.xml", "pacs.004.001.09"),
    ("cbpr/pacs.004.min.xml", "pacs.004.001.09"),
    ("cbpr/pacs.009.max.xml", "pacs.009.001.08"),
    ("cbpr/pacs.009.min.xml", "pacs.009.001.08"),
    ("cbpr/pacs.009_adv.max.xml", "pacs.009.001.08"),
    ("cbpr/pacs.009_adv.min.xml", "pacs.009.001.08"),
    ("cbpr/pacs.009_cov.max.xml", "pacs.009.001.08"),
    ("cbpr/pacs.009_cov.min.xml", "pacs.009.001.08"),
    ("cbpr/pain.001.max.xml", "pain.001.001.09"),
    ("cbpr/pain.001.min.xml", "pain.001.001.09"),
    ("fednow/fednow-sample-message-outgoing-pacs002.xml", "pacs.002.001.10"),
    ("fednow/fednow-sample-message-pacs002.xml", "pacs.002.001.10"),
    ("rtp/camt029.xml", "camt.029.001.09"),
    ("rtp/camt056.refund.xml", "camt.056.001.08"),
    ("rtp/pacs002.ACTC.xml", "pacs.002.001.10"),
    ("rtp/pacs002.RJCT.xml", "pacs.002.001.10"),
    ("rtp/pacs009.xml", "pacs.009.001.08"),
    ("rtp/pain013.xml", "pain.013.001.07"),
];

/// All samples by their names, as far as this machine has them.
pub(crate) fn samples() -> BTreeMap<String, Vec<u8>> {
    let Some(folder) = material() else { return BTreeMap::new() };
    let mut samples = BTreeMap::new();
    for scheme in ["cbpr", "fednow", "rtp"] {
        for entry in std::fs::read_dir(folder.join("samples").join(scheme)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{scheme}/{}", entry.file_name().to_str().unwrap());
            samples.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    samples
}

#[test]
fn every_sample_has_its_verdict() {
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for (name, verdict) in PACS_008 {
        expected.insert(name.to_owned(), verdict.to_owned());
    }
    for (name, definition) in OTHERS {
        let verdict = format!(
            "message FF01: message type {definition} is not accepted here. \
             Send pacs.008.001.08 or pacs.008.001.10"
        );
        expected.insert(name.to_owned(), verdict);
    }
    for (name, bytes) in samples() {
        let expected = expected.get(&name).unwrap_or_else(|| panic!("{name} has no verdict"));
        assert_eq!(&verdict(&bytes), expected, "{name}");
    }
}

/// The outcome of a verdict as the reference's table of samples says it: what happens, and codes.
fn outcome(verdict: &str) -> (&'static str, String) {
    match (verdict, verdict.split_once(' ')) {
        ("ok", _) => ("settles", String::new()),
        (_, Some(("message", code))) => ("message refused", code.to_owned()),
        (_, Some(("no", rest))) => ("`message-not-accepted`", rest.replace("answer ", "")),
        _ => ("payment rejected", verdict.to_owned()),
    }
}

#[test]
fn the_reference_tells_the_outcome_of_every_sample() {
    let reference = include_str!("../../../docs/reference/iso20022.md");
    let rows = reference.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| `")?.split('|').map(str::trim).collect();
        let [name, outcome, codes, ..] = cells.as_slice() else { return None };
        let name = name.strip_suffix('`').filter(|name| name.ends_with(".xml"))?;
        Some((name.to_owned(), ((*outcome).to_owned(), (*codes).to_owned())))
    });
    let table: BTreeMap<_, _> = rows.collect();
    assert_eq!(table.len(), PACS_008.len() + OTHERS.len());
    for (name, bytes) in samples() {
        let (happens, codes) = outcome(&crate::others::verdict(&bytes));
        // A request is not answered by the status of a payment.
        let is_request = name.contains("camt056") && happens == "payment rejected";
        let happens = if is_request { "request refused" } else { happens };
        let expected = table.get(&name).unwrap_or_else(|| panic!("{name} is not in the table"));
        assert_eq!(expected, &(happens.to_owned(), codes), "{name}");
    }
}

#[test]
fn the_settling_sample_becomes_an_order() {
    let Some(bytes) = samples().remove("cbpr/pacs.008_stp.max.xml") else { return };
    let message = read(std::str::from_utf8(&bytes).unwrap()).unwrap();
    let header = message.header.application.as_ref().unwrap();
    assert_eq!(header.from.unwrap().to_string(), "PQRSGB9A");
    assert_eq!(header.to.unwrap().to_string(), "EFGHUSUV");
    assert_eq!(header.business_service.as_deref(), Some("swift.cbprplus.stp.03"));
    assert!(header.possible_duplicate);
    assert_eq!(message.unknown_elements, Vec::<String>::new());
    let order = message.transactions[0].order(decimals).unwrap();
    assert_eq!(order.debtor_institution.to_string(), "PQRSGB9A");
    assert_eq!(order.creditor_institution.to_string(), "EFGHUSUV");
    assert_eq!(order.debtor_account.as_str(), "EXId");
    assert_eq!(order.creditor_account.as_str(), "EXId");
    let Transfer::SameAsset(money) = order.transfer else { panic!("{:?}", order.transfer) };
    assert_eq!(money.text(decimals(money.asset).unwrap()), "1000.00 EUR");
    assert_eq!(order.private.debtor_name(), Some("EXNm"));
    assert_eq!(order.private.values("UltmtCdtr/PstlAdr/Ctry"), ["GB"]);
}

#[test]
fn without_its_clearing_system_the_rtp_sample_is_read_through_its_prefixes() {
    let Some(bytes) = samples().remove("rtp/pacs008.xml") else { return };
    let text = String::from_utf8(bytes).unwrap();
    let text = crate::support::with(&text, "<ct:Cd>TCH</ct:Cd>", "");
    let message = read(&text).unwrap();
    let transfer = &message.transactions[0];
    assert_eq!(transfer.identification.end_to_end_id.as_deref(), Some("EOTS"));
    assert_eq!(transfer.private.debtor_name(), Some("MRS. GREEN"));
    // No UETR, a dollar that this ledger does not know, SLEV, agents by clearing numbers.
    assert_eq!(verdict(text.as_bytes()), "CH21 AM03 BE19 RC06 RC07");
}
