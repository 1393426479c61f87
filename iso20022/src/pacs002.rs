//! Writes and reads pacs.002, the payment status report, version 001.10.
//!
//! Invariants: what is written is valid by the schema whatever the values are (texts are cut to the
//! schema's lengths, characters that XML forbids are replaced); the same report gives the same
//! bytes. Absent: the choice of ids and times, which come in as values.

mod read;
mod write;

use ledger::hash::Hash;
use ledger::ids::{Bic, Timestamp, Uetr};
use ledger::money::{Decimals, Money};

use crate::envelope::ApplicationHeader;
use crate::group::{OriginalGroup, RefusedMessage};
use crate::refusal::Refusal;
use crate::time::DateTime;
use crate::transfer::{AgentText, CreditTransfer};

pub use read::read;
pub use write::write;
pub(crate) use write::{write_header, write_original};

/// The message definition that is written and read.
pub const DEFINITION: &str = "pacs.002.001.10";

/// A code of an ISO 20022 external code set: 1 to 4 letters or digits, such as `ACSC` or `AM04`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code([u8; 4]);

impl Code {
    /// ACSC: settled.
    pub const SETTLED: Self = Self(*b"ACSC");
    /// RJCT: rejected.
    pub const REJECTED: Self = Self(*b"RJCT");
    /// ACSP: accepted, and in process.
    pub const IN_PROCESS: Self = Self(*b"ACSP");
    /// PDNG: pending; its outcome is not known yet.
    pub const PENDING: Self = Self(*b"PDNG");
    /// PATC: partially accepted technically correct; it needs more approvals.
    pub const PARTIALLY_ACCEPTED: Self = Self(*b"PATC");
    /// CANC: cancelled.
    pub const CANCELLED: Self = Self(*b"CANC");
    /// PART: some transactions of a group were accepted, others not.
    pub const PARTIAL: Self = Self(*b"PART");
    /// NARR: the reason is only in the text.
    pub const NARRATIVE: Self = Self(*b"NARR");

    /// Reads a code; `None` for anything but 1 to 4 letters or digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 4];
        let slot = bytes.get_mut(..text.len())?;
        slot.copy_from_slice(text.as_bytes());
        let is_code = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_code.then_some(Self(bytes))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0.iter().take_while(|byte| **byte != 0) {
            write!(formatter, "{}", char::from(*byte))?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, formatter)
    }
}

/// Why a status is what it is (`StsRsnInf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReason {
    /// `Rsn/Cd`: the external status reason.
    pub code: Code,
    /// `AddtlInf`, one line of words; written in parts of at most 105 characters, ten at most.
    pub information: String,
}

impl StatusReason {
    /// A reason by its code; one that is no code becomes NARR with the code in the text.
    pub fn new(code: &str, information: impl Into<String>) -> Self {
        let information = information.into();
        match Code::parse(code) {
            Some(code) => Self { code, information },
            None => Self { code: Code::NARRATIVE, information: format!("{code} {information}") },
        }
    }
}

impl From<&Refusal> for StatusReason {
    fn from(refusal: &Refusal) -> Self {
        Self::new(refusal.reason.iso(), refusal.to_string())
    }
}

/// A charge that was taken (`ChrgsInf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// How much. Written only in a currency of three letters.
    pub money: Money,
    /// The decimals of its asset.
    pub decimals: Decimals,
    /// The institution that took it.
    pub agent: Bic,
}

/// What opens the commitment that stands on the ledger for a payment (`SplmtryData`): with it, with
/// the message and with the payment's proof anyone can tell that the message ordered the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The salt.
    pub salt: [u8; 32],
    /// The hash of the exact bytes of the message that ordered the payment
    /// ([`crate::PrivateData::message_hash`]).
    pub message: Hash,
}

impl Opening {
    /// The namespace of the element in `SplmtryData/Envlp`.
    pub const NAMESPACE: &'static str = "urn:feiqian:opening:v1";
}

/// The status of one transaction (`TxInfAndSts`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionStatus {
    /// `OrgnlGrpInf`: the message that it stands in, where the report is not about one message.
    /// Its number of transactions is not written.
    pub original: Option<OriginalGroup>,
    /// `OrgnlInstrId`.
    pub instruction_id: Option<String>,
    /// `OrgnlEndToEndId`.
    pub end_to_end_id: Option<String>,
    /// `OrgnlTxId`.
    pub transaction_id: Option<String>,
    /// `OrgnlUETR`; none if the original's was none.
    pub uetr: Option<Uetr>,
    /// `TxSts`; none where nothing is known of the payment.
    pub status: Option<Code>,
    /// `StsRsnInf`, in order.
    pub reasons: Vec<StatusReason>,
    /// `ChrgsInf`, in order.
    pub charges: Vec<Charge>,
    /// `AccptncDtTm`: when the payment was accepted.
    pub accepted_at: Option<DateTime>,
    /// `FctvIntrBkSttlmDt/DtTm`: when it became final.
    pub settled_at: Option<DateTime>,
    /// `ClrSysRef`: where it stands on the ledger, at most 35 characters.
    pub clearing_reference: Option<String>,
    /// `InstgAgt`: who sends this status.
    pub instructing_agent: Option<Bic>,
    /// `InstdAgt`: who receives it.
    pub instructed_agent: Option<Bic>,
    /// `SplmtryData`: what opens the commitment on the ledger.
    pub opening: Option<Opening>,
}

impl TransactionStatus {
    /// A status of `transfer`: its references, and its agents in exchanged places.
    pub fn of(transfer: &CreditTransfer, status: Code) -> Self {
        Self { status: Some(status), ..Self::unknown(transfer) }
    }

    /// What is said of a payment of which nothing is known: its references, and no status.
    pub fn unknown(transfer: &CreditTransfer) -> Self {
        let bic = |agent: &AgentText| agent.bic.as_deref().and_then(|text| Bic::parse(text).ok());
        let ids = &transfer.identification;
        Self {
            original: None,
            instruction_id: ids.instruction_id.clone(),
            end_to_end_id: ids.end_to_end_id.clone(),
            transaction_id: ids.transaction_id.clone(),
            uetr: ids.uetr.as_deref().and_then(|text| Uetr::parse(text).ok()),
            status: None,
            reasons: Vec::new(),
            charges: Vec::new(),
            accepted_at: None,
            settled_at: None,
            clearing_reference: None,
            instructing_agent: bic(&transfer.instructed_agent),
            instructed_agent: bic(&transfer.instructing_agent),
            opening: None,
        }
    }

    /// The rejection of a transaction that never reached the ledger.
    pub fn refused(transfer: &CreditTransfer, refusals: &[Refusal]) -> Self {
        let reasons = refusals.iter().map(StatusReason::from).collect();
        Self { reasons, ..Self::of(transfer, Code::REJECTED) }
    }

    /// The rejection of a transaction by the ledger, or by whoever stands before it: an ISO status
    /// reason and what it means here.
    pub fn rejected(transfer: &CreditTransfer, code: &str, information: impl Into<String>) -> Self {
        let reasons = vec![StatusReason::new(code, information)];
        Self { reasons, ..Self::of(transfer, Code::REJECTED) }
    }

    /// The settlement of a transaction at the time `settled` of its final block.
    pub fn settled(
        transfer: &CreditTransfer,
        accepted: Timestamp,
        settled: Timestamp,
        charges: Vec<Charge>,
    ) -> Self {
        Self {
            charges,
            accepted_at: Some(DateTime::of(accepted)),
            settled_at: Some(DateTime::of(settled)),
            ..Self::of(transfer, Code::SETTLED)
        }
    }
}

/// A status report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// `GrpHdr/MsgId`, 1 to 35 characters.
    pub message_id: String,
    /// `GrpHdr/CreDtTm`.
    pub created: DateTime,
    /// `OrgnlGrpInfAndSts`: the message that is answered.
    pub original: Option<OriginalGroup>,
    /// `OrgnlGrpInfAndSts/GrpSts`.
    pub group_status: Option<Code>,
    /// `OrgnlGrpInfAndSts/StsRsnInf`, in order.
    pub group_reasons: Vec<StatusReason>,
    /// `TxInfAndSts`, in the order of the original's transactions.
    pub transactions: Vec<TransactionStatus>,
}

impl StatusReport {
    /// The answer to a message whose transactions ended as `transactions` says.
    pub fn answer(
        original: &OriginalGroup,
        message_id: String,
        created: Timestamp,
        transactions: Vec<TransactionStatus>,
    ) -> Self {
        let first = transactions.first().and_then(|transaction| transaction.status);
        let is_same = transactions.iter().all(|transaction| transaction.status == first);
        Self {
            message_id,
            created: DateTime::of(created),
            original: Some(original.clone()),
            group_status: if is_same { first } else { Some(Code::PARTIAL) },
            group_reasons: Vec::new(),
            transactions,
        }
    }

    /// The answer to questions about payments of any messages.
    pub fn of_payments(
        message_id: String,
        created: Timestamp,
        transactions: Vec<TransactionStatus>,
    ) -> Self {
        Self {
            message_id,
            created: DateTime::of(created),
            original: None,
            group_status: None,
            group_reasons: Vec::new(),
            transactions,
        }
    }

    /// The answer to a message that was refused as a whole, if its header could be read.
    pub fn refusal(
        refused: &RefusedMessage,
        message_id: String,
        created: Timestamp,
    ) -> Option<Self> {
        let reason = StatusReason::new(refused.fault.iso(), refused.fault.to_string());
        Some(Self {
            message_id,
            created: DateTime::of(created),
            original: Some(refused.original.clone()?),
            group_status: Some(Code::REJECTED),
            group_reasons: vec![reason],
            transactions: Vec::new(),
        })
    }
}

/// The application header and wrapper that a report is written into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyEnvelope {
    /// Who sends the report.
    pub from: Option<Bic>,
    /// Who receives it.
    pub to: Option<Bic>,
    /// `BizSvc`, if the original named one.
    pub business_service: Option<String>,
}

impl ReplyEnvelope {
    /// The envelope of an answer: sender and receiver exchanged.
    pub fn answering(original: &ApplicationHeader) -> Self {
        Self {
            from: original.to,
            to: original.from,
            business_service: original.business_service.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for good in ["ACSC", "A", "EXTx", "0001"] {
            assert_eq!(Code::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "ACSCX", "A C", "飞", "AB\0"] {
            assert_eq!(Code::parse(bad), None, "{bad}");
        }
        let narrative = StatusReason::new("too-long", "a text");
        assert_eq!(
            (narrative.code, narrative.information.as_str()),
            (Code::NARRATIVE, "too-long a text")
        );
    }
}
