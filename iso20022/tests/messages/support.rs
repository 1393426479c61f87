//! What the tests share: a payment to vary, the ledger's assets, the outside material.

use iso20022::pacs008::{self, CreditTransferMessage, RefusedMessage};
use iso20022::xml::Limits;
use ledger::ids::AssetCode;
use ledger::money::Decimals;
use std::path::PathBuf;

/// The currencies of the tests' ledger.
pub(crate) fn decimals(asset: AssetCode) -> Option<Decimals> {
    ["CNY", "HKD", "EUR", "JPY"]
        .contains(&asset.to_string().as_str())
        .then(|| Decimals::of_currency(asset).unwrap())
}

/// A transaction that is accepted: 1,000.00 CNY become 1,085.00 HKD.
pub(crate) const TRANSACTION: &str = r#"      <CdtTrfTxInf>
        <PmtId>
          <InstrId>INSTR-1</InstrId>
          <EndToEndId>E2E-1</EndToEndId>
          <TxId>TX-1</TxId>
          <UETR>7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10</UETR>
        </PmtId>
        <IntrBkSttlmAmt Ccy="HKD">1085.00</IntrBkSttlmAmt>
        <IntrBkSttlmDt>2026-11-21</IntrBkSttlmDt>
        <InstdAmt Ccy="CNY">1000.00</InstdAmt>
        <XchgRate>1.0850</XchgRate>
        <ChrgBr>DEBT</ChrgBr>
        <InstgAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></InstgAgt>
        <InstdAgt><FinInstnId><BICFI>HSBCHKHHXXX</BICFI></FinInstnId></InstdAgt>
        <Dbtr><Nm>Wei &amp; Söhne</Nm></Dbtr>
        <DbtrAcct><Id><Othr><Id>622188-001</Id></Othr></Id></DbtrAcct>
        <DbtrAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></DbtrAgt>
        <CdtrAgt><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId></CdtrAgt>
        <Cdtr><Nm>Lee</Nm></Cdtr>
        <CdtrAcct><Id><IBAN>GB82WEST12345698765432</IBAN></Id></CdtrAcct>
        <Purp><Cd>GDDS</Cd></Purp>
        <RmtInf><Ustrd>invoice 7</Ustrd></RmtInf>
      </CdtTrfTxInf>
"#;

/// The UETR of [`TRANSACTION`].
pub(crate) const UETR: &str = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";

/// A bare message with these transactions.
pub(crate) fn document(definition: &str, transactions: &[String]) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{definition}">
    <FIToFICstmrCdtTrf>
      <GrpHdr>
        <MsgId>MSG-1</MsgId>
        <CreDtTm>2026-11-21T10:00:00+08:00</CreDtTm>
        <NbOfTxs>{}</NbOfTxs>
        <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>
      </GrpHdr>
{}    </FIToFICstmrCdtTrf>
</Document>
"#,
        transactions.len(),
        transactions.concat()
    )
}

/// A bare message with one transaction.
pub(crate) fn single() -> String {
    document("pacs.008.001.08", &[TRANSACTION.to_owned()])
}

/// A message of `count` transactions with UETRs of their own.
pub(crate) fn many(count: usize) -> String {
    let transaction = |number| TRANSACTION.replace("2f6c1f1f8a10", &format!("{number:012x}"));
    document("pacs.008.001.08", &(0..count).map(transaction).collect::<Vec<_>>())
}

/// Replaces `from`, which must be there.
pub(crate) fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the text");
    text.replace(from, to)
}

pub(crate) fn read(text: &str) -> Result<CreditTransferMessage, Box<RefusedMessage>> {
    pacs008::read(text.as_bytes(), &Limits::default())
}

/// The verdict on each transaction, or on the message: `ok`, or codes parted by spaces.
pub(crate) fn verdict(bytes: &[u8]) -> String {
    let message = match pacs008::read(bytes, &Limits::default()) {
        Ok(message) => message,
        Err(refused) => return format!("message {}: {}", refused.fault.iso(), refused.fault),
    };
    let of_transaction = |transfer: &pacs008::CreditTransfer| match transfer.order(decimals) {
        Ok(_) => "ok".to_owned(),
        Err(refusals) => {
            refusals.iter().map(|found| found.reason.iso()).collect::<Vec<_>>().join(" ")
        }
    };
    message.transactions.iter().map(of_transaction).collect::<Vec<_>>().join(", ")
}

/// The folder with ISO 20022 samples and schemas, if this machine has it.
pub(crate) fn material() -> Option<PathBuf> {
    let named = std::env::var_os("FEIQIAN_ISO20022").map(PathBuf::from);
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/iso20022"));
    let folder = named.unwrap_or(beside);
    if folder.join("samples").is_dir() && folder.join("xsd").is_dir() {
        return Some(folder);
    }
    println!(
        "LEFT OUT: no ISO 20022 samples and schemas at {}. Set FEIQIAN_ISO20022 to their folder",
        folder.display()
    );
    None
}
