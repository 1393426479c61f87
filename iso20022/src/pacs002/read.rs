//! Reads a status report: what became of which payment.

use ledger::hash::Hash;
use ledger::ids::{AssetCode, Bic, Uetr};
use ledger::money::{Decimals, Money};

use super::{Charge, Code, DEFINITION, Opening, StatusReason, StatusReport, TransactionStatus};
use crate::envelope;
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::group::OriginalGroup;
use crate::number::Number;
use crate::refusal::shown;
use crate::time::DateTime;
use crate::xml::{Document, Element, Limits};

/// Reads a pacs.002 message. Charges and agents that are not named by currency and BIC are left
/// out.
///
/// # Errors
/// [`MessageFault`] for anything that is not one readable pacs.002.001.10.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<StatusReport, MessageFault> {
    let document = Document::parse(bytes, limits)?;
    let root = |definition: &str| (definition == DEFINITION).then_some("FIToFIPmtStsRpt");
    let found = envelope::find(&document, root, DEFINITION)?;
    let mut fields = Fields::of(found.body);
    let message_id = fields.text("GrpHdr/MsgId");
    let created = fields.text("GrpHdr/CreDtTm").and_then(|text| DateTime::parse(&text));
    let mut groups = found.body.named("OrgnlGrpInfAndSts");
    let group = groups.next();
    if groups.next().is_some() {
        return Err(MessageFault::Repeated { element: "OrgnlGrpInfAndSts" });
    }
    let mut report = StatusReport {
        message_id: message_id.ok_or(MessageFault::Missing { element: "GrpHdr/MsgId" })?,
        created: created.ok_or(MessageFault::Missing { element: "GrpHdr/CreDtTm" })?,
        original: None,
        group_status: None,
        group_reasons: Vec::new(),
        transactions: Vec::new(),
    };
    if let Some(group) = group {
        let mut fields = Fields::of(group);
        report.original = read_group(&mut fields);
        report.group_status = fields.text("GrpSts").and_then(|text| Code::parse(&text));
        report.group_reasons = read_reasons(group);
    }
    for transaction in found.body.named("TxInfAndSts") {
        report.transactions.push(read_transaction(transaction)?);
    }
    Ok(report)
}

fn read_group(fields: &mut Fields<'_>) -> Option<OriginalGroup> {
    Some(OriginalGroup {
        message_id: fields.text("OrgnlMsgId")?,
        definition: fields.text("OrgnlMsgNmId")?,
        created: fields.text("OrgnlCreDtTm").and_then(|text| DateTime::parse(&text)),
        number_of_transactions: fields.text("OrgnlNbOfTxs").and_then(|text| text.parse().ok()),
    })
}

fn read_transaction(element: Element<'_>) -> Result<TransactionStatus, MessageFault> {
    let mut fields = Fields::of(element);
    let moment = |text: Option<String>| text.and_then(|text| DateTime::parse(&text));
    let unread = |text: &str| MessageFault::Content {
        element: "TxSts",
        value: shown(text),
        expected: "a code of 1 to 4 characters",
    };
    let status = fields.text("TxSts");
    let status = status.map(|text| Code::parse(&text).ok_or_else(|| unread(&text))).transpose()?;
    let original = fields.element("OrgnlGrpInf");
    let read = TransactionStatus {
        original: original.and_then(|group| read_group(&mut Fields::of(group))),
        instruction_id: fields.text("OrgnlInstrId"),
        end_to_end_id: fields.text("OrgnlEndToEndId"),
        transaction_id: fields.text("OrgnlTxId"),
        uetr: fields.text("OrgnlUETR").and_then(|text| Uetr::parse(&text).ok()),
        status,
        reasons: read_reasons(element),
        charges: element.named("ChrgsInf").filter_map(read_charge).collect(),
        accepted_at: moment(fields.text("AccptncDtTm")),
        settled_at: moment(fields.text("FctvIntrBkSttlmDt/DtTm")),
        clearing_reference: fields.text("ClrSysRef"),
        instructing_agent: read_agent(&mut fields, "InstgAgt/FinInstnId/BICFI"),
        instructed_agent: read_agent(&mut fields, "InstdAgt/FinInstnId/BICFI"),
        opening: element.named("SplmtryData").find_map(read_opening),
    };
    match fields.first_defect() {
        Some(element) => Err(MessageFault::Repeated { element }),
        None => Ok(read),
    }
}

fn read_reasons(element: Element<'_>) -> Vec<StatusReason> {
    let read = |reason: Element<'_>| {
        let mut fields = Fields::of(reason);
        let written = fields.text("Rsn/Cd").or_else(|| fields.text("Rsn/Prtry"));
        let parts: Vec<_> = reason.named("AddtlInf").map(Element::text).collect();
        StatusReason::new(written.as_deref().unwrap_or("NARR"), parts.join(" "))
    };
    element.named("StsRsnInf").map(read).collect()
}

/// What opens the commitment, if that is what the supplementary data is.
fn read_opening(data: Element<'_>) -> Option<Opening> {
    let envelope = data.named("Envlp").next()?;
    let mut children = envelope.children();
    let opening = children
        .find(|child| child.name() == "Opening" && child.namespace() == Some(Opening::NAMESPACE))?;
    let mut fields = Fields::of(opening);
    let salt = Hash::from_hex(&fields.text("Salt")?)?.0;
    Some(Opening { salt, message: Hash::from_hex(&fields.text("Message")?)? })
}

fn read_charge(element: Element<'_>) -> Option<Charge> {
    let mut fields = Fields::of(element);
    let number = Number::parse(&fields.text("Amt")?)?;
    let asset = AssetCode::parse(fields.element("Amt")?.attribute("Ccy")?).ok()?;
    let decimals = Decimals(u8::try_from(number.scale).ok()?);
    let money = Money::new(number.to_amount(decimals)?, asset);
    Some(Charge { money, decimals, agent: read_agent(&mut fields, "Agt/FinInstnId/BICFI")? })
}

fn read_agent(fields: &mut Fields<'_>, path: &'static str) -> Option<Bic> {
    fields.text(path).and_then(|text| Bic::parse(&text).ok())
}
