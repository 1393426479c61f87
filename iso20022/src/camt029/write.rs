//! Writes what became of requests, element by element in the schema's order.

use ledger::ids::{Bic, Uetr};

use super::{CancellationReason, CancellationStatus, DEFINITION, ROOT, Resolution};
use crate::assignment::{write_case, write_party};
use crate::envelope::NAMESPACE_PREFIX;
use crate::pacs002::{ReplyEnvelope, write_header, write_original};
use crate::schema::{CurrencyAmount, identification, write_information_parts};
use crate::xml::Writer;

/// Writes the message as an XML document: a bare `Document`, or within `Envelope` after `AppHdr`.
pub fn write(message: &Resolution, envelope: Option<&ReplyEnvelope>) -> String {
    let mut writer = Writer::new();
    if let Some(envelope) = envelope {
        writer.open("Envelope");
        let about = (message.message_id.as_str(), DEFINITION, &message.created);
        write_header(&mut writer, about, envelope);
    }
    writer.open_in("Document", &format!("{NAMESPACE_PREFIX}{DEFINITION}"));
    writer.open(ROOT);
    writer.open("Assgnmt");
    writer.leaf("Id", &identification(&message.message_id));
    write_party(&mut writer, "Assgnr", message.assigner);
    write_party(&mut writer, "Assgne", message.assignee);
    writer.leaf("CreDtTm", message.created.as_str());
    writer.close();
    if let Some(case) = &message.case {
        write_case(&mut writer, "RslvdCase", (case, message.assignee));
    }
    writer.open("Sts");
    writer.leaf("Conf", message.confirmation());
    writer.close();
    writer.open("CxlDtls");
    if let Some(original) = &message.original {
        writer.open("OrgnlGrpInfAndSts");
        write_original(&mut writer, original);
        writer.close();
    }
    for status in &message.statuses {
        write_status(&mut writer, status, message.assignee);
    }
    writer.finish()
}

fn write_status(writer: &mut Writer, status: &CancellationStatus, creator: Option<Bic>) {
    writer.open("TxInfAndSts");
    if let Some(case) = &status.case {
        write_case(writer, "RslvdCase", (case, creator));
    }
    let ids = &status.identification;
    for (name, value) in [
        ("OrgnlInstrId", &ids.instruction_id),
        ("OrgnlEndToEndId", &ids.end_to_end_id),
        ("OrgnlTxId", &ids.transaction_id),
        ("OrgnlClrSysRef", &ids.clearing_reference),
    ] {
        if let Some(value) = value {
            writer.leaf(name, &identification(value));
        }
    }
    // A UETR that is none is left out.
    if let Some(uetr) = ids.uetr.as_deref().and_then(|text| Uetr::parse(text).ok()) {
        writer.leaf("OrgnlUETR", &uetr.to_string());
    }
    if let Some(state) = status.state {
        writer.leaf("TxCxlSts", state.code());
    }
    for reason in &status.reasons {
        write_reason(writer, reason);
    }
    if let Some(back) = &status.given_back {
        writer.open("RsltnRltdInf");
        writer.leaf("UETR", &back.uetr.to_string());
        if let Some(amount) = CurrencyAmount::new(back.amount, back.decimals) {
            amount.write(writer, "IntrBkSttlmAmt");
        }
        writer.close();
    }
    writer.close();
}

fn write_reason(writer: &mut Writer, reason: &CancellationReason) {
    writer.open("CxlStsRsnInf");
    writer.open("Rsn");
    writer.leaf(if reason.is_of_cancellations { "Cd" } else { "Prtry" }, &reason.code.to_string());
    writer.close();
    write_information_parts(writer, &reason.information);
    writer.close();
}
