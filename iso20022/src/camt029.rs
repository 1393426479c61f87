//! Reads and writes camt.029, what became of requests to cancel payments, version 001.09.
//!
//! Written, it answers a camt.056, or tells of an answer that the ledger has. Read, it is the
//! answer of the payee's institution: each `TxInfAndSts` accepts a recall, whole or a part, or
//! refuses it. Invariants: an answer that is ordered decides; one that decides nothing, or says
//! that the money goes another way, is refused. Absent: the recall that is answered, and how much
//! was asked for (the ledger's); answers to other investigations than recalls.

mod write;

use ledger::corrections::Reason as RefusalReason;
use ledger::hash::Domains;
use ledger::ids::{AssetCode, Bic, Uetr};
use ledger::money::{Decimals, Money};

use crate::assignment::Assignment;
use crate::envelope::Found;
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::group::{MAXIMUM_TRANSACTIONS, OriginalGroup, check_uetrs};
use crate::order::Judge;
use crate::pacs002::Code;
use crate::pacs004::derived;
use crate::private::PrivateData;
use crate::refusal::{Reason, Refusal, shown};
use crate::time::{Date, DateTime};
use crate::transfer::{CreditTransfer, Identification, amount};
use crate::xml::Element;

pub use write::write;

/// The message definition that is read and written.
pub const DEFINITION: &str = "camt.029.001.09";

/// The element that holds the message.
pub(crate) const ROOT: &str = "RsltnOfInvstgtn";

/// What became of a request (`TxCxlSts`, `Sts/Conf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancellationState {
    /// ACCR: the money went back, the whole of the payment or a part.
    Accepted,
    /// RJCR: nothing goes back.
    Refused,
    /// PDCR: it was asked, and the payee's side has not answered yet.
    Pending,
}

impl CancellationState {
    /// `TxCxlSts`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Accepted => "ACCR",
            Self::Refused => "RJCR",
            Self::Pending => "PDCR",
        }
    }
}

/// Why nothing goes back, or what else is to be said (`CxlStsRsnInf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancellationReason {
    /// The code.
    pub code: Code,
    /// True if the code is one of the external reasons for refusing a cancellation (`Rsn/Cd`);
    /// false for one of the external status reasons, which has its place in `Rsn/Prtry`.
    pub is_of_cancellations: bool,
    /// `AddtlInf`, one line of words; written in parts of at most 105 characters, ten at most.
    pub information: String,
}

impl From<&Refusal> for CancellationReason {
    fn from(refusal: &Refusal) -> Self {
        Self::of_status(refusal.reason.iso(), refusal.to_string())
    }
}

impl CancellationReason {
    /// A reason by a code of the external status reasons.
    pub fn of_status(code: &str, information: impl Into<String>) -> Self {
        let information = information.into();
        let code = Code::parse(code);
        let is_of_cancellations = code.is_none();
        Self { code: code.unwrap_or(Code::NARRATIVE), is_of_cancellations, information }
    }

    /// A reason by a code of the external reasons for refusing a cancellation; only words, if it is
    /// no code.
    pub fn of_cancellation(code: &str, information: impl Into<String>) -> Self {
        let code = Code::parse(code).unwrap_or(Code::NARRATIVE);
        Self { code, is_of_cancellations: true, information: information.into() }
    }
}

/// What went back, or is to go back (`RsltnRltdInf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// `UETR`: the return's own.
    pub uetr: Uetr,
    /// `IntrBkSttlmAmt`; written only in a currency of three letters.
    pub amount: Money,
    /// The decimals of its asset.
    pub decimals: Decimals,
    /// True if now the whole payment has gone back.
    pub is_whole: bool,
}

/// What became of one request (`TxInfAndSts`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancellationStatus {
    /// `RslvdCase/Id`, if the request had a case.
    pub case: Option<String>,
    /// The references of the payment.
    pub identification: Identification,
    /// `TxCxlSts`; none where the request is not final yet.
    pub state: Option<CancellationState>,
    /// `CxlStsRsnInf`, in order.
    pub reasons: Vec<CancellationReason>,
    /// `RsltnRltdInf`, where money went back.
    pub given_back: Option<GivenBack>,
}

/// A message that tells what became of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// `Assgnmt/Id`, 1 to 35 characters.
    pub message_id: String,
    /// `Assgnmt/CreDtTm`.
    pub created: DateTime,
    /// `Assgnr`: who sends it.
    pub assigner: Option<Bic>,
    /// `Assgne`: who asked.
    pub assignee: Option<Bic>,
    /// `RslvdCase/Id`, if the message that asked had a case.
    pub case: Option<String>,
    /// `OrgnlGrpInfAndSts`: the message that asked, if it is known.
    pub original: Option<OriginalGroup>,
    /// `TxInfAndSts`, at least one.
    pub statuses: Vec<CancellationStatus>,
}

impl Resolution {
    /// `Sts/Conf`: PDCR while something is to come, CNCL if all went back, RJCR if nothing goes
    /// back, else PECR.
    pub fn confirmation(&self) -> &'static str {
        let all = |is: fn(&CancellationStatus) -> bool| self.statuses.iter().all(is);
        let is_pending = |status: &CancellationStatus| {
            status.state.is_none_or(|state| state == CancellationState::Pending)
        };
        if self.statuses.iter().any(is_pending) {
            "PDCR"
        } else if all(|status| status.given_back.is_some_and(|back| back.is_whole)) {
            "CNCL"
        } else if all(|status| status.state == Some(CancellationState::Refused)) {
            "RJCR"
        } else {
            "PECR"
        }
    }
}

/// One answer as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentAnswer {
    /// The payment: its references, the agents between whom the answer goes, and what goes back.
    pub payment: CreditTransfer,
    /// `CxlStsId`.
    pub status_id: Option<String>,
    /// `TxCxlSts`.
    pub status: Option<String>,
    /// `CxlStsRsnInf/Rsn/Cd`.
    pub reason: Option<String>,
    /// `CxlStsRsnInf/Rsn/Prtry`, of the first reason that has one.
    pub own_reason: Option<String>,
    /// `AddtlInf` of all reasons, parted by spaces.
    pub information: String,
    /// `RsltnRltdInf/UETR`.
    pub return_uetr: Option<String>,
    /// Its place in the message, from 0.
    pub place: u32,
}

/// A message of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerMessage {
    /// Who answers whom, in which message.
    pub assignment: Assignment,
    /// `Sts/Conf`: what holds for those answers that have no status of their own.
    pub confirmation: Option<String>,
    /// The answers, in document order.
    pub answers: Vec<PaymentAnswer>,
}

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Money goes back at once.
    Accept {
        /// The return's own identity.
        uetr: Uetr,
        /// How much; none: all that was asked for.
        amount: Option<Money>,
    },
    /// Nothing goes back.
    Refuse {
        /// Why.
        reason: RefusalReason,
    },
}

/// An answer that a message orders. What is left to do: find the recall, sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerOrder {
    /// What the answer is remembered by.
    pub key: Uetr,
    /// The payment that was asked back.
    pub payment: Uetr,
    /// The answer.
    pub decision: Decision,
    /// Not before this day, if the message says one.
    pub settlement_date: Option<Date>,
    /// Everything that the message says of it.
    pub private: PrivateData,
}

/// Reads the message; what an answer needs is left in `original` as soon as it is known.
pub(crate) fn read_found(
    found: &Found<'_>,
    original: &mut Option<OriginalGroup>,
) -> Result<AnswerMessage, MessageFault> {
    let assignment = Assignment::read(found, original)?;
    let mut fields = Fields::of(found.body);
    let confirmation = fields.text("Sts/Conf");
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    let details = found.body.named("CxlDtls");
    let elements: Vec<_> = details.flat_map(|details| details.named("TxInfAndSts")).collect();
    if elements.is_empty() {
        return Err(MessageFault::Missing { element: "CxlDtls/TxInfAndSts" });
    }
    if elements.len() > MAXIMUM_TRANSACTIONS {
        let found = elements.len();
        return Err(MessageFault::TooManyTransactions { found, limit: MAXIMUM_TRANSACTIONS });
    }
    let answers = (0..).zip(elements);
    let answers: Vec<_> =
        answers.map(|(place, element)| read_answer(element, &assignment, place)).collect();
    let payments: Vec<_> = answers.iter().map(|answer| answer.payment.clone()).collect();
    check_uetrs(&payments)?;
    Ok(AnswerMessage { assignment, confirmation, answers })
}

fn read_answer(element: Element<'_>, assignment: &Assignment, place: u32) -> PaymentAnswer {
    let mut fields = Fields::of(element);
    let reasons = || element.named("CxlStsRsnInf");
    let own = |reason: Element<'_>| Fields::of(reason).text("Rsn/Prtry");
    let words = reasons().flat_map(|reason| reason.named("AddtlInf")).map(Element::text);
    let information = words.collect::<Vec<_>>().join(" ");
    let compensation = fields.has("RsltnRltdInf/Compstn");
    let asks = "asks for more than the payment. Pay that by a pacs.008";
    let status_id = fields.text("CxlStsId");
    let status = fields.text("TxCxlSts");
    let reason = fields.text("CxlStsRsnInf/Rsn/Cd");
    let return_uetr = fields.text("RsltnRltdInf/UETR");
    let payment = CreditTransfer {
        identification: Identification::of_original(&mut fields),
        settlement_amount: amount(&mut fields, "RsltnRltdInf/IntrBkSttlmAmt"),
        settlement_date: fields.text("RsltnRltdInf/IntrBkSttlmDt"),
        instructing_agent: assignment.assigner.clone(),
        instructed_agent: assignment.assignee.clone(),
        unsupported: compensation.then_some(("RsltnRltdInf/Compstn", asks)).into_iter().collect(),
        private: PrivateData::of(element),
        ..CreditTransfer::default()
    };
    let payment = CreditTransfer { misplaced: fields.into_defects(), ..payment };
    PaymentAnswer {
        payment,
        status_id,
        status,
        reason,
        own_reason: reasons().find_map(own),
        information,
        return_uetr,
        place,
    }
}

impl AnswerMessage {
    /// The status of an answer: its own, else what the message says of all.
    pub fn status_of<'a>(&'a self, answer: &'a PaymentAnswer) -> Option<&'a str> {
        answer.status.as_deref().or(self.confirmation.as_deref())
    }

    /// Judges an answer of the message. `decimals` tells the decimals of the ledger's assets.
    ///
    /// # Errors
    /// Every reason to reject it, in the order of the elements; never empty.
    pub fn order(
        &self,
        domains: &Domains,
        answer: &PaymentAnswer,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
    ) -> Result<AnswerOrder, Vec<Refusal>> {
        let of = &answer.payment;
        let mut judge = Judge { refusals: Vec::new() };
        judge.placement(of);
        judge.agents(["Assgnr/Agt/FinInstnId/BICFI", "Assgne/Agt/FinInstnId/BICFI"], of);
        let payment = judge.uetr("OrgnlUETR", of.identification.uetr.as_deref());
        let own = (self.assignment.group.message_id.as_str(), &answer.status_id, answer.place);
        let decision = match self.status_of(answer) {
            Some("PECR") if of.settlement_amount.is_none() => {
                let element = "RsltnRltdInf/IntrBkSttlmAmt";
                judge.refuse(Reason::MissingElement, element, "is missing. Say how much goes back")
            }
            Some("ACCR" | "CNCL" | "PECR") => {
                accept(&mut judge, answer, decimals, || derived(domains, "recall", own, of))
            }
            Some("RJCR") if of.settlement_amount.is_some() || answer.return_uetr.is_some() => {
                let detail = "is RJCR, and money is said to go back. Write ACCR, or leave it out";
                judge.refuse(Reason::UnsupportedInstruction, "TxCxlSts", detail)
            }
            Some("RJCR") => judge
                .reason_code("CxlStsRsnInf/Rsn/Cd", answer.reason.as_deref())
                .map(|reason| Decision::Refuse { reason }),
            Some(other) => undecided(&mut judge, other),
            None => {
                judge.refuse(Reason::MissingElement, "TxCxlSts", "is missing. Write ACCR, RJCR")
            }
        };
        let settlement_date =
            judge.date("RsltnRltdInf/IntrBkSttlmDt", of.settlement_date.as_deref());
        match (payment, decision) {
            (Some(payment), Some(decision)) if judge.refusals.is_empty() => Ok(AnswerOrder {
                key: derived(domains, "record of an answer", own, of),
                payment,
                decision,
                settlement_date,
                private: of.private.clone(),
            }),
            (_, _) => Err(judge.refusals),
        }
    }
}

fn accept(
    judge: &mut Judge,
    answer: &PaymentAnswer,
    decimals: impl Fn(AssetCode) -> Option<Decimals>,
    derived: impl FnOnce() -> Uetr,
) -> Option<Decision> {
    let written = answer.payment.settlement_amount.as_ref();
    let amount = written.map(|text| judge.money("RsltnRltdInf/IntrBkSttlmAmt", text, decimals));
    let uetr = match answer.return_uetr.as_deref() {
        Some(text) => judge.uetr("RsltnRltdInf/UETR", Some(text))?,
        None => derived(),
    };
    let amount = match amount {
        Some(read) => Some(read?.0),
        None => None,
    };
    Some(Decision::Accept { uetr, amount })
}

/// Refuses an answer that orders nothing.
fn undecided(judge: &mut Judge, status: &str) -> Option<Decision> {
    let element = "TxCxlSts";
    if status == "PDCR" {
        let detail = "is PDCR, which decides nothing. Send the answer once it is decided";
        return judge.refuse(Reason::UnsupportedInstruction, element, detail);
    }
    let detail = format!(
        "is {}. Write ACCR (the money goes back now, on this ledger) or RJCR",
        shown(status)
    );
    judge.refuse(Reason::UnsupportedInstruction, element, detail)
}
