//! Reads pacs.028, the question for the status of payments, version 001.03.
//!
//! Each `TxInf` asks about one payment, by its UETR or by its message and its references there. A
//! message without `TxInf` asks about all payments of the messages that `OrgnlGrpInf` names.
//! Invariants: what names no payment is a question that says so, not a refused message. Absent: the
//! answers, which the ledger and the orders' records give.

use crate::envelope::{ApplicationHeader, Found};
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::group::{MAXIMUM_TRANSACTIONS, OriginalGroup, read_group_of};
use crate::time::DateTime;
use crate::transfer::{AgentText, CreditTransfer, Identification, agent, agent_or};
use crate::xml::Element;

/// The message definition that is accepted.
pub const DEFINITION: &str = "pacs.028.001.03";

/// The element that holds the message.
pub(crate) const ROOT: &str = "FIToFIPmtStsReq";

/// A question about one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The message that ordered it, if it is named.
    pub original: Option<OriginalGroup>,
    /// Its references, and the agents between whom the question goes.
    pub payment: CreditTransfer,
}

/// A message of questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRequest {
    /// What an answer says about this message, if it is refused.
    pub group: OriginalGroup,
    /// The application header, if the message came in an envelope.
    pub application: Option<ApplicationHeader>,
    /// The messages that are named for the whole request.
    pub originals: Vec<OriginalGroup>,
    /// The payments that are asked about; none: all of `originals`.
    pub questions: Vec<Question>,
}

/// Reads the message; what an answer needs is left in `original` as soon as it is known.
pub(crate) fn read_found(
    found: Found<'_>,
    original: &mut Option<OriginalGroup>,
) -> Result<StatusRequest, MessageFault> {
    let (group, mut fields) = read_group_of(&found, original)?;
    let asker = agent(&mut fields, "InstgAgt/FinInstnId");
    let asked = agent(&mut fields, "InstdAgt/FinInstnId");
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    let originals = found.body.named("OrgnlGrpInf").map(read_original);
    let originals: Vec<_> = originals.collect::<Result<_, _>>()?;
    let elements: Vec<_> = found.body.named("TxInf").collect();
    let asks = elements.len().max(originals.len());
    if asks > MAXIMUM_TRANSACTIONS {
        return Err(MessageFault::TooManyTransactions { found: asks, limit: MAXIMUM_TRANSACTIONS });
    }
    if asks == 0 {
        return Err(MessageFault::Missing { element: "TxInf" });
    }
    let agents = (&asker, &asked);
    // What one message is named for, all payments are asked of that.
    let common = if originals.len() == 1 { originals.first() } else { None };
    let questions = elements.into_iter().map(|element| read_question(element, agents, common));
    Ok(StatusRequest {
        group,
        application: found.header,
        questions: questions.collect::<Result<_, _>>()?,
        originals,
    })
}

fn read_question(
    element: Element<'_>,
    (asker, asked): (&AgentText, &AgentText),
    common: Option<&OriginalGroup>,
) -> Result<Question, MessageFault> {
    let mut fields = Fields::of(element);
    let original = fields.element("OrgnlGrpInf").map(read_original).transpose()?;
    let payment = CreditTransfer {
        identification: Identification {
            instruction_id: fields.text("OrgnlInstrId"),
            end_to_end_id: fields.text("OrgnlEndToEndId"),
            transaction_id: fields.text("OrgnlTxId"),
            uetr: fields.text("OrgnlUETR"),
            clearing_reference: fields.text("ClrSysRef"),
        },
        instructing_agent: agent_or(&mut fields, "InstgAgt/FinInstnId", asker),
        instructed_agent: agent_or(&mut fields, "InstdAgt/FinInstnId", asked),
        ..CreditTransfer::default()
    };
    match fields.first_defect() {
        Some(element) => Err(MessageFault::Repeated { element }),
        None => Ok(Question { original: original.or_else(|| common.cloned()), payment }),
    }
}

fn read_original(element: Element<'_>) -> Result<OriginalGroup, MessageFault> {
    let mut fields = Fields::of(element);
    let id = fields.text("OrgnlMsgId");
    let definition = fields.text("OrgnlMsgNmId");
    let created = fields.text("OrgnlCreDtTm").and_then(|text| DateTime::parse(&text));
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    Ok(OriginalGroup {
        message_id: id.ok_or(MessageFault::Missing { element: "OrgnlGrpInf/OrgnlMsgId" })?,
        definition: definition
            .ok_or(MessageFault::Missing { element: "OrgnlGrpInf/OrgnlMsgNmId" })?,
        created,
        number_of_transactions: None,
    })
}
