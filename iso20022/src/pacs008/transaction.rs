//! One transaction of a pacs.008 as it was written, before it is judged.
//!
//! Invariants: texts are as written, without white space around them; what stands twice or holds
//! elements instead of text is noted, not read. Absent: any judgement of what the texts say.

use crate::fields::Fields;
use crate::private::PrivateData;
use crate::xml::Element;

/// The elements that `CdtTrfTxInf` has in the accepted versions.
const KNOWN: [&str; 47] = [
    "AccptncDtTm",
    "Cdtr",
    "CdtrAcct",
    "CdtrAgt",
    "CdtrAgtAcct",
    "ChrgBr",
    "ChrgsInf",
    "Dbtr",
    "DbtrAcct",
    "DbtrAgt",
    "DbtrAgtAcct",
    "InitgPty",
    "InstdAgt",
    "InstdAmt",
    "InstgAgt",
    "InstrForCdtrAgt",
    "InstrForNxtAgt",
    "IntrBkSttlmAmt",
    "IntrBkSttlmDt",
    "IntrmyAgt1",
    "IntrmyAgt1Acct",
    "IntrmyAgt2",
    "IntrmyAgt2Acct",
    "IntrmyAgt3",
    "IntrmyAgt3Acct",
    "MndtRltdInf",
    "PmtId",
    "PmtTpInf",
    "PoolgAdjstmntDt",
    "PrvsInstgAgt1",
    "PrvsInstgAgt1Acct",
    "PrvsInstgAgt2",
    "PrvsInstgAgt2Acct",
    "PrvsInstgAgt3",
    "PrvsInstgAgt3Acct",
    "Purp",
    "RgltryRptg",
    "RltdRmtInf",
    "RmtInf",
    "SplmtryData",
    "SttlmPrty",
    "SttlmTmIndctn",
    "SttlmTmReq",
    "Tax",
    "UltmtCdtr",
    "UltmtDbtr",
    "XchgRate",
];

pub(super) fn is_known(name: &str) -> bool {
    KNOWN.binary_search(&name).is_ok()
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
    /// `IntrBkSttlmAmt`.
    pub settlement_amount: Option<AmountText>,
    /// `IntrBkSttlmDt`, or the group header's.
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
    /// Elements that stand twice, or hold elements instead of text.
    pub misplaced: Vec<&'static str>,
    /// Everything the transaction says, for the two institutions.
    pub private: PrivateData,
}

/// What the group header says for all transactions.
pub(super) struct Shared {
    settlement_date: Option<String>,
    instructing_agent: AgentText,
    instructed_agent: AgentText,
}

impl Shared {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            settlement_date: fields.text("IntrBkSttlmDt"),
            instructing_agent: agent(fields, "InstgAgt/FinInstnId"),
            instructed_agent: agent(fields, "InstdAgt/FinInstnId"),
        }
    }
}

impl CreditTransfer {
    pub(super) fn read(element: Element<'_>, shared: &Shared) -> Self {
        let mut fields = Fields::of(element);
        let parties = ["Dbtr", "Cdtr"];
        Self {
            identification: Identification {
                instruction_id: fields.text("PmtId/InstrId"),
                end_to_end_id: fields.text("PmtId/EndToEndId"),
                transaction_id: fields.text("PmtId/TxId"),
                uetr: fields.text("PmtId/UETR"),
                clearing_reference: fields.text("PmtId/ClrSysRef"),
            },
            settlement_amount: amount(&mut fields, "IntrBkSttlmAmt"),
            settlement_date: fields
                .text("IntrBkSttlmDt")
                .or_else(|| shared.settlement_date.clone()),
            instructed_amount: amount(&mut fields, "InstdAmt"),
            exchange_rate: fields.text("XchgRate"),
            charge_bearer: fields.text("ChrgBr"),
            charges: element.named("ChrgsInf").map(charge).collect(),
            instructing_agent: agent_or(
                &mut fields,
                "InstgAgt/FinInstnId",
                &shared.instructing_agent,
            ),
            instructed_agent: agent_or(
                &mut fields,
                "InstdAgt/FinInstnId",
                &shared.instructed_agent,
            ),
            debtor_agent: agent(&mut fields, "DbtrAgt/FinInstnId"),
            creditor_agent: agent(&mut fields, "CdtrAgt/FinInstnId"),
            debtor_account: account(&mut fields, "DbtrAcct"),
            creditor_account: account(&mut fields, "CdtrAcct"),
            creditor_instructions: creditor_instructions(element),
            purpose: fields.text("Purp/Cd"),
            missing_parties: parties.into_iter().filter(|name| !fields.has(name)).collect(),
            misplaced: fields.into_defects(),
            private: PrivateData::of(element),
        }
    }
}

pub(super) fn amount(fields: &mut Fields<'_>, path: &'static str) -> Option<AmountText> {
    let number = fields.text(path)?;
    let currency = fields.element(path).and_then(|element| element.attribute("Ccy"));
    Some(AmountText { number, currency: currency.unwrap_or_default().to_owned() })
}

fn charge(element: Element<'_>) -> ChargeText {
    let mut fields = Fields::of(element);
    ChargeText { amount: amount(&mut fields, "Amt"), agent: agent(&mut fields, "Agt/FinInstnId") }
}

fn agent_or(fields: &mut Fields<'_>, path: &'static str, shared: &AgentText) -> AgentText {
    let own = agent(fields, path);
    if own.is_empty() { shared.clone() } else { own }
}

fn agent(fields: &mut Fields<'_>, path: &'static str) -> AgentText {
    let Some(element) = fields.element(path) else { return AgentText::default() };
    let mut inner = Fields::of(element);
    let bic = inner.text("BICFI");
    fields.note_if(path, inner.first_defect().is_some());
    let otherwise = element.children().any(|child| child.name() != "BICFI");
    AgentText { bic, otherwise }
}

fn account(fields: &mut Fields<'_>, path: &'static str) -> Option<AccountText> {
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

fn creditor_instructions(element: Element<'_>) -> Vec<String> {
    let instructions = element.named("InstrForCdtrAgt");
    let codes = instructions.flat_map(|instruction| instruction.named("Cd"));
    codes.map(|code| code.text().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_elements_are_found() {
        assert!(KNOWN.is_sorted());
        assert!(is_known("XchgRate") && is_known("AccptncDtTm") && !is_known("Xtra"));
    }
}
