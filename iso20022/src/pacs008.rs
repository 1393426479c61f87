//! Reads pacs.008, the customer credit transfer between institutions, versions 001.08 and 001.10.
//!
//! Reading has two steps. This one takes the message apart and refuses it as a whole where it is
//! not one message, or contradicts itself. The second, [`CreditTransfer::order`], judges one
//! transaction and gives either a payment order or all reasons to reject it. Invariants: no
//! transaction of a refused message is executed; elements of unknown names are tolerated and
//! listed. Absent: look-ups of institutions and accounts, the clock, profiles of other schemes.

use crate::envelope;
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::group::{
    check_count, check_sums, check_uetrs, read_group_of, read_number, unknown_elements,
};
use crate::private::PrivateData;
use crate::refusal::shown;
use crate::transfer::{
    account, agent, agent_or, amount, charge, creditor_instructions, identification,
};
use crate::xml::{Document, Element, Limits};

pub use crate::group::{MAXIMUM_TRANSACTIONS, OriginalGroup, RefusedMessage};
pub use crate::transfer::{
    AccountText, AgentText, AmountText, ChargeText, CreditTransfer, CreditTransferMessage,
    Identification, MessageHeader, SettlementMethod,
};

/// The message definitions that are accepted; the elements that are read agree in both.
pub const ACCEPTED: [&str; 2] = ["pacs.008.001.08", "pacs.008.001.10"];
const ACCEPTED_NAMES: &str = "pacs.008.001.08 or pacs.008.001.10";

/// The element that holds the message.
pub(crate) const ROOT: &str = "FIToFICstmrCdtTrf";

/// How the transactions of one kind of transfer between institutions are read.
pub(crate) struct Kind {
    /// Reads one.
    pub(crate) transaction: fn(Element<'_>, &Shared) -> CreditTransfer,
    /// The names of the elements that one may have, ascending.
    pub(crate) known: &'static [&'static str],
}

/// pacs.008.
pub(crate) const KIND: Kind = Kind { transaction, known: &KNOWN };

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

/// What the group header says for all transactions.
pub(crate) struct Shared {
    pub(crate) settlement_date: Option<String>,
    pub(crate) instructing_agent: AgentText,
    pub(crate) instructed_agent: AgentText,
}

impl Shared {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            settlement_date: fields.text("IntrBkSttlmDt"),
            instructing_agent: agent(fields, "InstgAgt/FinInstnId"),
            instructed_agent: agent(fields, "InstdAgt/FinInstnId"),
        }
    }

    /// What pacs.008 and pacs.009 have in common of a transaction; the rest is empty.
    pub(crate) fn transfer(&self, element: Element<'_>, fields: &mut Fields<'_>) -> CreditTransfer {
        let parties = ["Dbtr", "Cdtr"];
        CreditTransfer {
            identification: identification(fields),
            settlement_amount: amount(fields, "IntrBkSttlmAmt"),
            settlement_date: fields.text("IntrBkSttlmDt").or_else(|| self.settlement_date.clone()),
            instructing_agent: agent_or(fields, "InstgAgt/FinInstnId", &self.instructing_agent),
            instructed_agent: agent_or(fields, "InstdAgt/FinInstnId", &self.instructed_agent),
            debtor_agent: agent(fields, "DbtrAgt/FinInstnId"),
            creditor_agent: agent(fields, "CdtrAgt/FinInstnId"),
            debtor_account: account(fields, "DbtrAcct"),
            creditor_account: account(fields, "CdtrAcct"),
            creditor_instructions: creditor_instructions(element),
            purpose: fields.text("Purp/Cd"),
            missing_parties: parties.into_iter().filter(|name| !fields.has(name)).collect(),
            private: PrivateData::of(element),
            ..CreditTransfer::default()
        }
    }
}

fn transaction(element: Element<'_>, shared: &Shared) -> CreditTransfer {
    let mut fields = Fields::of(element);
    let transfer = shared.transfer(element, &mut fields);
    CreditTransfer {
        instructed_amount: amount(&mut fields, "InstdAmt"),
        exchange_rate: fields.text("XchgRate"),
        charge_bearer: fields.text("ChrgBr"),
        charges: element.named("ChrgsInf").map(charge).collect(),
        misplaced: fields.into_defects(),
        ..transfer
    }
}

/// Reads a pacs.008 message.
///
/// # Errors
/// [`RefusedMessage`] with the one fault that was found first, and what is needed to answer it.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<CreditTransferMessage, Box<RefusedMessage>> {
    let refused = |fault| Box::new(RefusedMessage { fault, original: None, application: None });
    let document = Document::parse(bytes, limits).map_err(|error| refused(error.into()))?;
    let root = |definition: &str| ACCEPTED.contains(&definition).then_some(ROOT);
    let found = envelope::find(&document, root, ACCEPTED_NAMES).map_err(refused)?;
    let mut group = None;
    let application = found.header.clone();
    read_found(found, &KIND, &mut group)
        .map_err(|fault| Box::new(RefusedMessage { fault, original: group, application }))
}

/// Reads the message; what an answer needs is left in `original` as soon as it is known.
pub(crate) fn read_found(
    found: envelope::Found<'_>,
    kind: &Kind,
    original: &mut Option<OriginalGroup>,
) -> Result<CreditTransferMessage, MessageFault> {
    let (group, mut fields) = read_group_of(&found, original)?;
    let settlement_method = Some(read_settlement(&mut fields)?);
    let elements: Vec<_> = found.body.named("CdtTrfTxInf").collect();
    check_count(&mut fields, elements.len())?;
    let shared = Shared::read(&mut fields);
    let control_sum = read_number(&mut fields, "CtrlSum")?;
    let total = amount(&mut fields, "TtlIntrBkSttlmAmt");
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    let transactions: Vec<_> =
        elements.iter().map(|element| (kind.transaction)(*element, &shared)).collect();
    check_sums(control_sum.as_ref(), total.as_ref(), &transactions)?;
    check_uetrs(&transactions)?;
    Ok(CreditTransferMessage {
        header: MessageHeader {
            group,
            settlement_method,
            control_sum,
            total,
            application: found.header,
        },
        transactions,
        unknown_elements: unknown_elements(&elements, kind.known),
    })
}

pub(crate) fn read_settlement(fields: &mut Fields<'_>) -> Result<SettlementMethod, MessageFault> {
    let element = "GrpHdr/SttlmInf/SttlmMtd";
    let method = fields.text("SttlmInf/SttlmMtd").ok_or(MessageFault::Missing { element })?;
    let system = fields.text("SttlmInf/ClrSys/Cd").or_else(|| fields.text("SttlmInf/ClrSys/Prtry"));
    if let Some(system) = system {
        return Err(MessageFault::OtherClearingSystem { system: shown(&system) });
    }
    match method.as_str() {
        "INDA" => Ok(SettlementMethod::InstructedAgent),
        "INGA" => Ok(SettlementMethod::InstructingAgent),
        "CLRG" => Ok(SettlementMethod::ClearingSystem),
        _ => Err(MessageFault::SettlementMethod { method: shown(&method) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_elements_are_found() {
        assert!(KNOWN.is_sorted());
        let is_known = |name| KNOWN.binary_search(&name).is_ok();
        assert!(is_known("XchgRate") && is_known("AccptncDtTm") && !is_known("Xtra"));
    }
}
