//! Writes a status report, element by element in the schema's order.

use ledger::hash::Hash;
use ledger::ids::Bic;
use std::collections::BTreeMap;

use super::{
    Charge, Code, DEFINITION, Opening, ReplyEnvelope, StatusReason, StatusReport, TransactionStatus,
};
use crate::envelope::NAMESPACE_PREFIX;
use crate::group::OriginalGroup;
use crate::schema::{CurrencyAmount, identification, write_information_parts, write_institution};
use crate::time::DateTime;
use crate::xml::Writer;

/// The namespace of the application header that is written.
const HEADER: &str = "urn:iso:std:iso:20022:tech:xsd:head.001.001.02";

/// Writes the report as an XML document: a bare `Document`, or within `Envelope` after `AppHdr`.
pub fn write(report: &StatusReport, envelope: Option<&ReplyEnvelope>) -> String {
    let mut writer = Writer::new();
    if let Some(envelope) = envelope {
        writer.open("Envelope");
        let about = (report.message_id.as_str(), DEFINITION, &report.created);
        write_header(&mut writer, about, envelope);
    }
    writer.open_in("Document", &format!("{NAMESPACE_PREFIX}{DEFINITION}"));
    writer.open("FIToFIPmtStsRpt");
    writer.open("GrpHdr");
    writer.leaf("MsgId", &identification(&report.message_id));
    writer.leaf("CreDtTm", report.created.as_str());
    writer.close();
    if let Some(original) = &report.original {
        write_group(&mut writer, report, original);
    }
    for transaction in &report.transactions {
        write_transaction(&mut writer, transaction);
    }
    writer.finish()
}

/// Writes the application header of the message of this id and definition, written then.
pub(crate) fn write_header(
    writer: &mut Writer,
    (message_id, definition, created): (&str, &str, &DateTime),
    envelope: &ReplyEnvelope,
) {
    writer.open_in("AppHdr", HEADER);
    for (name, party) in [("Fr", envelope.from), ("To", envelope.to)] {
        writer.open(name);
        match party {
            Some(bic) => {
                writer.open("FIId");
                write_institution(writer, bic);
                writer.close();
            }
            None => writer.empty("OrgId"),
        }
        writer.close();
    }
    writer.leaf("BizMsgIdr", &identification(message_id));
    writer.leaf("MsgDefIdr", definition);
    if let Some(service) = &envelope.business_service {
        writer.leaf("BizSvc", &identification(service));
    }
    writer.leaf("CreDt", created.as_str());
    writer.close();
}

fn write_group(writer: &mut Writer, report: &StatusReport, original: &OriginalGroup) {
    writer.open("OrgnlGrpInfAndSts");
    write_original(writer, original);
    if let Some(number) = original.number_of_transactions {
        writer.leaf("OrgnlNbOfTxs", &number.to_string());
    }
    if let Some(status) = report.group_status {
        writer.leaf("GrpSts", &status.to_string());
    }
    write_reasons(writer, &report.group_reasons);
    if report.group_status == Some(Code::PARTIAL) {
        let mut counts: BTreeMap<Code, u32> = BTreeMap::new();
        for status in report.transactions.iter().filter_map(|transaction| transaction.status) {
            let count = counts.entry(status).or_default();
            *count = count.saturating_add(1);
        }
        for (status, count) in counts {
            writer.open("NbOfTxsPerSts");
            writer.leaf("DtldNbOfTxs", &count.to_string());
            writer.leaf("DtldSts", &status.to_string());
            writer.close();
        }
    }
    writer.close();
}

/// Writes which message the original is.
pub(crate) fn write_original(writer: &mut Writer, original: &OriginalGroup) {
    writer.leaf("OrgnlMsgId", &identification(&original.message_id));
    writer.leaf("OrgnlMsgNmId", &identification(&original.definition));
    if let Some(created) = &original.created {
        writer.leaf("OrgnlCreDtTm", created.as_str());
    }
}

fn write_transaction(writer: &mut Writer, transaction: &TransactionStatus) {
    writer.open("TxInfAndSts");
    if let Some(original) = &transaction.original {
        writer.open("OrgnlGrpInf");
        write_original(writer, original);
        writer.close();
    }
    for (name, value) in [
        ("OrgnlInstrId", &transaction.instruction_id),
        ("OrgnlEndToEndId", &transaction.end_to_end_id),
        ("OrgnlTxId", &transaction.transaction_id),
    ] {
        if let Some(value) = value {
            writer.leaf(name, &identification(value));
        }
    }
    if let Some(uetr) = &transaction.uetr {
        writer.leaf("OrgnlUETR", &uetr.to_string());
    }
    if let Some(status) = transaction.status {
        writer.leaf("TxSts", &status.to_string());
    }
    write_reasons(writer, &transaction.reasons);
    for charge in &transaction.charges {
        write_charge(writer, charge);
    }
    if let Some(moment) = &transaction.accepted_at {
        writer.leaf("AccptncDtTm", moment.as_str());
    }
    if let Some(moment) = &transaction.settled_at {
        writer.open("FctvIntrBkSttlmDt");
        writer.leaf("DtTm", moment.as_str());
        writer.close();
    }
    if let Some(reference) = &transaction.clearing_reference {
        writer.leaf("ClrSysRef", &identification(reference));
    }
    write_agent(writer, "InstgAgt", transaction.instructing_agent);
    write_agent(writer, "InstdAgt", transaction.instructed_agent);
    if let Some(opening) = &transaction.opening {
        write_opening(writer, opening);
    }
    writer.close();
}

fn write_opening(writer: &mut Writer, opening: &Opening) {
    writer.open("SplmtryData");
    writer.open("Envlp");
    writer.open_in("Opening", Opening::NAMESPACE);
    writer.leaf("Salt", &Hash(opening.salt).to_hex());
    writer.leaf("Message", &opening.message.to_hex());
    writer.close();
    writer.close();
    writer.close();
}

fn write_reasons(writer: &mut Writer, reasons: &[StatusReason]) {
    for reason in reasons {
        writer.open("StsRsnInf");
        writer.open("Rsn");
        writer.leaf("Cd", &reason.code.to_string());
        writer.close();
        write_information_parts(writer, &reason.information);
        writer.close();
    }
}

/// A charge in points, or one with more digits than the schema allows, is left to the receipt.
fn write_charge(writer: &mut Writer, charge: &Charge) {
    if let Some(amount) = CurrencyAmount::new(charge.money, charge.decimals) {
        writer.open("ChrgsInf");
        amount.write(writer, "Amt");
        write_agent(writer, "Agt", Some(charge.agent));
        writer.close();
    }
}

fn write_agent(writer: &mut Writer, name: &'static str, agent: Option<Bic>) {
    if let Some(bic) = agent {
        writer.open(name);
        write_institution(writer, bic);
        writer.close();
    }
}
