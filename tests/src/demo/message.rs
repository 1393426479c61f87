//! The demo's pacs.008: wei at PSBCCNBJ pays 1,000.00 CNY, lee at HSBCHKHH receives 1,085.00 HKD.
//!
//! Invariant: every message has a UETR of its own. Absent: reading answers.

use ledger::ids::{Timestamp, Uetr};

/// The message under this UETR, made at this moment.
#[must_use]
pub fn message(uetr: Uetr, created: Timestamp) -> String {
    let created = api::text::time(created);
    let date = created.split('T').next().unwrap_or_default().to_owned();
    let short: String = uetr.to_string().chars().take(8).collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08">
  <FIToFICstmrCdtTrf>
    <GrpHdr>
      <MsgId>DEMO-{short}</MsgId>
      <CreDtTm>{created}</CreDtTm>
      <NbOfTxs>1</NbOfTxs>
      <SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>
    </GrpHdr>
    <CdtTrfTxInf>
      <PmtId>
        <InstrId>INSTR-{short}</InstrId>
        <EndToEndId>E2E-{short}</EndToEndId>
        <TxId>TX-{short}</TxId>
        <UETR>{uetr}</UETR>
      </PmtId>
      <IntrBkSttlmAmt Ccy="HKD">1085.00</IntrBkSttlmAmt>
      <IntrBkSttlmDt>{date}</IntrBkSttlmDt>
      <InstdAmt Ccy="CNY">1000.00</InstdAmt>
      <XchgRate>1.085</XchgRate>
      <ChrgBr>DEBT</ChrgBr>
      <InstgAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></InstgAgt>
      <InstdAgt><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId></InstdAgt>
      <Dbtr><Nm>Wei</Nm></Dbtr>
      <DbtrAcct><Id><Othr><Id>wei</Id></Othr></Id></DbtrAcct>
      <DbtrAgt><FinInstnId><BICFI>PSBCCNBJ</BICFI></FinInstnId></DbtrAgt>
      <CdtrAgt><FinInstnId><BICFI>HSBCHKHH</BICFI></FinInstnId></CdtrAgt>
      <Cdtr><Nm>Lee</Nm></Cdtr>
      <CdtrAcct><Id><Othr><Id>lee</Id></Othr></Id></CdtrAcct>
      <Purp><Cd>GDDS</Cd></Purp>
      <RmtInf><Ustrd>tea, 40 chests</Ustrd></RmtInf>
    </CdtTrfTxInf>
  </FIToFICstmrCdtTrf>
</Document>
"#
    )
}

#[cfg(test)]
mod tests {
    use iso20022::{order::Transfer, pacs008, xml::Limits};
    use ledger::{
        ids::{Timestamp, Uetr},
        money::Decimals,
    };

    use super::message;

    #[test]
    fn it_orders_the_exchange() {
        let uetr = Uetr::from_entropy([7; 16]);
        let text = message(uetr, Timestamp(1_795_294_500_123));
        let read = pacs008::read(text.as_bytes(), &Limits::default()).unwrap();
        let order = read.transactions[0].order(Decimals::of_currency).unwrap();
        assert_eq!(order.uetr, uetr);
        let Transfer::Exchange { debit, credit, .. } = order.transfer else {
            panic!("no exchange: {:?}", order.transfer)
        };
        let two = Decimals(2);
        assert_eq!(
            (debit.text(two), credit.text(two)),
            ("1000.00 CNY".into(), "1085.00 HKD".into())
        );
        let accounts = (order.debtor_account.as_str(), order.creditor_account.as_str());
        assert_eq!(accounts, ("wei", "lee"));
    }
}
