//! Reads camt.056, the request to cancel payments, version 001.08.
//!
//! A payment of this ledger is final at once, so what is asked for is that the payee gives it back.
//! Each `TxInf` asks for one payment, named by its UETR. Invariants: an order to ask is complete
//! and well formed; a request for all payments of a message is refused. Absent: the payment's
//! proof, what is left of it to give back (the ledger's), until when it can be answered (the
//! node's).

use ledger::corrections::Reason as RecallReason;
use ledger::hash::Domains;
use ledger::ids::{AssetCode, Uetr};
use ledger::money::{Decimals, Money};

use crate::assignment::Assignment;
use crate::envelope::Found;
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::group::{
    MAXIMUM_TRANSACTIONS, OriginalGroup, check_count, check_sums, check_uetrs, read_number,
};
use crate::order::Judge;
use crate::pacs004::derived;
use crate::private::PrivateData;
use crate::refusal::{Refusal, shown};
use crate::transfer::{CreditTransfer, Identification, agent_or, amount};
use crate::xml::Element;

/// The message definition that is accepted.
pub const DEFINITION: &str = "camt.056.001.08";

/// The element that holds the message.
pub(crate) const ROOT: &str = "FIToFIPmtCxlReq";

/// One request as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRecall {
    /// The payment: its references, the agents between whom the request goes, its amount.
    pub payment: CreditTransfer,
    /// `CxlId`.
    pub cancellation_id: Option<String>,
    /// `Case/Id`, of the transaction.
    pub case: Option<String>,
    /// `CxlRsnInf/Rsn/Cd`, else that of `OrgnlGrpInfAndCxl`.
    pub reason: Option<String>,
    /// Its place in the message, from 0.
    pub place: u32,
}

/// A message of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallMessage {
    /// Who asks whom, in which message.
    pub assignment: Assignment,
    /// `Case/Id`, of the message.
    pub case: Option<String>,
    /// The requests, in document order.
    pub recalls: Vec<PaymentRecall>,
}

/// A request that a message orders. What is left to do: find the payment and its proof, sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallOrder {
    /// What the request is remembered by; a request has no UETR on the ledger.
    pub key: Uetr,
    /// The payment.
    pub payment: Uetr,
    /// What was settled, if the message says so: no more is asked for.
    pub amount: Option<Money>,
    /// Why.
    pub reason: RecallReason,
    /// Everything that the message says of the request.
    pub private: PrivateData,
}

/// Reads the message; what an answer needs is left in `original` as soon as it is known.
pub(crate) fn read_found(
    found: &Found<'_>,
    original: &mut Option<OriginalGroup>,
) -> Result<RecallMessage, MessageFault> {
    let assignment = Assignment::read(found, original)?;
    let mut fields = Fields::of(found.body);
    let case = fields.text("Case/Id");
    let mut recalls = Vec::new();
    for underlying in found.body.named("Undrlyg") {
        read_underlying(underlying, &assignment, &mut recalls)?;
    }
    if recalls.is_empty() {
        return Err(MessageFault::Missing { element: "Undrlyg/TxInf" });
    }
    if recalls.len() > MAXIMUM_TRANSACTIONS {
        let found = recalls.len();
        return Err(MessageFault::TooManyTransactions { found, limit: MAXIMUM_TRANSACTIONS });
    }
    let control = fields.element("CtrlData");
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    let payments: Vec<_> = recalls.iter().map(|recall| recall.payment.clone()).collect();
    check_uetrs(&payments)?;
    if let Some(control) = control {
        let mut fields = Fields::of(control);
        check_count(&mut fields, payments.len())?;
        let sum = read_number(&mut fields, "CtrlSum")?;
        check_sums(sum.as_ref(), None, &payments)?;
    }
    Ok(RecallMessage { assignment, case, recalls })
}

/// Reads the requests about the payments of one message.
fn read_underlying(
    element: Element<'_>,
    assignment: &Assignment,
    recalls: &mut Vec<PaymentRecall>,
) -> Result<(), MessageFault> {
    let mut fields = Fields::of(element);
    let whole = fields.text("OrgnlGrpInfAndCxl/GrpCxl");
    let reason = fields.text("OrgnlGrpInfAndCxl/CxlRsnInf/Rsn/Cd");
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    if let Some(value) = whole.filter(|text| text != "false" && text != "0") {
        return Err(MessageFault::Content {
            element: "OrgnlGrpInfAndCxl/GrpCxl",
            value: shown(&value),
            expected: "false, and name each payment in TxInf",
        });
    }
    let before = recalls.len();
    for transaction in element.named("TxInf") {
        let place = u32::try_from(recalls.len()).unwrap_or(u32::MAX);
        recalls.push(read_recall(transaction, assignment, reason.as_ref(), place));
    }
    if recalls.len() == before {
        return Err(MessageFault::Missing { element: "Undrlyg/TxInf" });
    }
    Ok(())
}

fn read_recall(
    element: Element<'_>,
    assignment: &Assignment,
    common: Option<&String>,
    place: u32,
) -> PaymentRecall {
    let mut fields = Fields::of(element);
    let cancellation_id = fields.text("CxlId");
    let case = fields.text("Case/Id");
    let reason = fields.text("CxlRsnInf/Rsn/Cd").or_else(|| common.cloned());
    let payment = CreditTransfer {
        identification: Identification::of_original(&mut fields),
        settlement_amount: amount(&mut fields, "OrgnlIntrBkSttlmAmt"),
        instructing_agent: agent_or(&mut fields, "Assgnr/FinInstnId", &assignment.assigner),
        instructed_agent: agent_or(&mut fields, "Assgne/FinInstnId", &assignment.assignee),
        private: PrivateData::of(element),
        ..CreditTransfer::default()
    };
    let payment = CreditTransfer { misplaced: fields.into_defects(), ..payment };
    PaymentRecall { payment, cancellation_id, case, reason, place }
}

impl PaymentRecall {
    /// Judges the request, which stands in the message `message_id`. `decimals` tells the decimals
    /// of the ledger's assets.
    ///
    /// # Errors
    /// Every reason to reject it, in the order of the elements; never empty.
    pub fn order(
        &self,
        domains: &Domains,
        message_id: &str,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
    ) -> Result<RecallOrder, Vec<Refusal>> {
        let of = &self.payment;
        let mut judge = Judge { refusals: Vec::new() };
        judge.placement(of);
        judge.agents(["Assgnr/Agt/FinInstnId/BICFI", "Assgne/Agt/FinInstnId/BICFI"], of);
        let payment = judge.uetr("OrgnlUETR", of.identification.uetr.as_deref());
        let written = of.settlement_amount.as_ref();
        let amount = written
            .and_then(|written| judge.money("OrgnlIntrBkSttlmAmt", written, decimals))
            .map(|(money, _)| money);
        let reason = judge.reason_code("CxlRsnInf/Rsn/Cd", self.reason.as_deref());
        match (payment, reason) {
            (Some(payment), Some(reason)) if judge.refusals.is_empty() => {
                let own = (message_id, &self.cancellation_id, self.place);
                let key = derived(domains, "record of a recall", own, of);
                Ok(RecallOrder { key, payment, amount, reason, private: of.private.clone() })
            }
            (_, _) => Err(judge.refusals),
        }
    }
}
