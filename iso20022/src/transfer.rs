//! One transaction of a message as it was written, before it is judged, and the message around it.
//!
//! Invariants: texts are as written, without white space around them; what stands twice or holds
//! elements instead of text is noted, not read. Absent: any judgement of what the texts say (see
//! `order`); where each message has these texts (see `pacs008`, `pacs009`, `pain001`).

use crate::envelope::ApplicationHeader;
use crate::fields::Fields;
use crate::group::OriginalGroup;
use crate::number::Number;
use crate::private::PrivateData;
use crate::xml::Element;

/// How the institutions settle (`SttlmInf/SttlmMtd`). On this ledger all three come to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettlementMethod {
    /// INDA: on the books of the instructed agent.
    InstructedAgent,
    /// INGA: on the books of the instructing agent.
    InstructingAgent,
    /// CLRG: through a clearing system, which is this ledger.
    ClearingSystem,
}

/// The group header and the application header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageHeader {
    /// What an answer says about this message.
    pub group: OriginalGroup,
    /// How to settle; none where a customer orders, whom that does not concern.
    pub settlement_method: Option<SettlementMethod>,
    /// `CtrlSum`, which was found to be the sum.
    pub control_sum: Option<Number>,
    /// `TtlIntrBkSttlmAmt`, which was found to be the sum.
    pub total: Option<AmountText>,
    /// The application header, if the message came in an envelope.
    pub application: Option<ApplicationHeader>,
}

/// A message whose parts agree with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditTransferMessage {
    /// Its headers.
    pub header: MessageHeader,
    /// Its transactions, 1 to 8,192, in document order.
    pub transactions: Vec<CreditTransfer>,
    /// Names of elements that no supported version has; tolerated, at most 32 are listed.
    pub unknown_elements: Vec<String>,
}

/// The references of a transaction, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identification {
    /// `PmtId/InstrId`.
    pub instruction_id: Option<String>,
    /// `PmtId/EndToEndId`.
    pub end_to_end_id: Option<String>,
    /// `PmtId/TxId`.
    pub transaction_id: Option<String>,
    /// `PmtId/UETR`.
    pub uetr: Option<String>,
    /// `PmtId/ClrSysRef`.
    pub clearing_reference: Option<String>,
}

impl Identification {
    /// The references of the payment that a correction is about.
    pub(crate) fn of_original(fields: &mut Fields<'_>) -> Self {
        Self {
            instruction_id: fields.text("OrgnlInstrId"),
            end_to_end_id: fields.text("OrgnlEndToEndId"),
            transaction_id: fields.text("OrgnlTxId"),
            uetr: fields.text("OrgnlUETR"),
            clearing_reference: fields.text("OrgnlClrSysRef"),
        }
    }
}

/// An amount as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountText {
    /// The number.
    pub number: String,
    /// The attribute `Ccy`; empty if it is missing.
    pub currency: String,
}

/// How an institution is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentText {
    /// `FinInstnId/BICFI`, as written.
    pub bic: Option<String>,
    /// True if it is named otherwise: by clearing system member, LEI, name or other identification.
    pub otherwise: bool,
}

impl AgentText {
    /// True if nothing says which institution it is.
    pub const fn is_empty(&self) -> bool {
        self.bic.is_none() && !self.otherwise
    }
}

/// How an account is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountText {
    /// `Id/IBAN`.
    pub iban: Option<String>,
    /// `Id/Othr/Id`.
    pub other: Option<String>,
    /// `Id/Othr/SchmeNm/Cd` or `Prtry`.
    pub scheme: Option<String>,
    /// `Ccy`.
    pub currency: Option<String>,
}

/// Charges that were taken or are to be borne, as written (`ChrgsInf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeText {
    /// `Amt`, if it is there.
    pub amount: Option<AmountText>,
    /// `Agt`.
    pub agent: AgentText,
}

/// One transaction as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreditTransfer {
    /// Its references.
    pub identification: Identification,
    /// `PmtInfId` of the `PmtInf` that it stands in, if the message has such.
    pub payment_information_id: Option<String>,
    /// `IntrBkSttlmAmt`; `Amt/InstdAmt` where a customer orders.
    pub settlement_amount: Option<AmountText>,
    /// `IntrBkSttlmDt`, or the group header's; `ReqdExctnDt` where a customer orders.
    pub settlement_date: Option<String>,
    /// `InstdAmt`.
    pub instructed_amount: Option<AmountText>,
    /// `XchgRate`.
    pub exchange_rate: Option<String>,
    /// `ChrgBr`.
    pub charge_bearer: Option<String>,
    /// `ChrgsInf`.
    pub charges: Vec<ChargeText>,
    /// `InstgAgt`, or the group header's.
    pub instructing_agent: AgentText,
    /// `InstdAgt`, or the group header's.
    pub instructed_agent: AgentText,
    /// `DbtrAgt`.
    pub debtor_agent: AgentText,
    /// `CdtrAgt`.
    pub creditor_agent: AgentText,
    /// `DbtrAcct`.
    pub debtor_account: Option<AccountText>,
    /// `CdtrAcct`.
    pub creditor_account: Option<AccountText>,
    /// `InstrForCdtrAgt/Cd`, each.
    pub creditor_instructions: Vec<String>,
    /// `Purp/Cd`.
    pub purpose: Option<String>,
    /// Mandatory parties that are missing: `Dbtr`, `Cdtr`.
    pub missing_parties: Vec<&'static str>,
    /// Elements that ask for something else than a credit to an account, and what they ask for.
    pub unsupported: Vec<(&'static str, &'static str)>,
    /// Elements that stand twice, or hold elements instead of text.
    pub misplaced: Vec<&'static str>,
    /// True if payer and payee are institutions: the account is theirs, whoever sends the message.
    pub is_between_institutions: bool,
    /// Everything the transaction says, for the two institutions.
    pub private: PrivateData,
}

pub(crate) fn identification(fields: &mut Fields<'_>) -> Identification {
    Identification {
        instruction_id: fields.text("PmtId/InstrId"),
        end_to_end_id: fields.text("PmtId/EndToEndId"),
        transaction_id: fields.text("PmtId/TxId"),
        uetr: fields.text("PmtId/UETR"),
        clearing_reference: fields.text("PmtId/ClrSysRef"),
    }
}

pub(crate) fn amount(fields: &mut Fields<'_>, path: &'static str) -> Option<AmountText> {
    let number = fields.text(path)?;
    let currency = fields.element(path).and_then(|element| element.attribute("Ccy"));
    Some(AmountText { number, currency: currency.unwrap_or_default().to_owned() })
}

pub(crate) fn charge(element: Element<'_>) -> ChargeText {
    let mut fields = Fields::of(element);
    ChargeText { amount: amount(&mut fields, "Amt"), agent: agent(&mut fields, "Agt/FinInstnId") }
}

pub(crate) fn agent_or(
    fields: &mut Fields<'_>,
    path: &'static str,
    shared: &AgentText,
) -> AgentText {
    let own = agent(fields, path);
    if own.is_empty() { shared.clone() } else { own }
}

pub(crate) fn agent(fields: &mut Fields<'_>, path: &'static str) -> AgentText {
    let Some(element) = fields.element(path) else { return AgentText::default() };
    let mut inner = Fields::of(element);
    let bic = inner.text("BICFI");
    fields.note_if(path, inner.first_defect().is_some());
    let otherwise = element.children().any(|child| child.name() != "BICFI");
    AgentText { bic, otherwise }
}

pub(crate) fn account(fields: &mut Fields<'_>, path: &'static str) -> Option<AccountText> {
    let mut inner = Fields::of(fields.element(path)?);
    let read = AccountText {
        iban: inner.text("Id/IBAN"),
        other: inner.text("Id/Othr/Id"),
        scheme: inner.text("Id/Othr/SchmeNm/Cd").or_else(|| inner.text("Id/Othr/SchmeNm/Prtry")),
        currency: inner.text("Ccy"),
    };
    fields.note_if(path, inner.first_defect().is_some());
    Some(read)
}

pub(crate) fn creditor_instructions(element: Element<'_>) -> Vec<String> {
    let instructions = element.named("InstrForCdtrAgt");
    let codes = instructions.flat_map(|instruction| instruction.named("Cd"));
    codes.map(|code| code.text().to_owned()).collect()
}
