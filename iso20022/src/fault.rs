//! Why a whole message is refused.
//!
//! Invariants: each fault has an ISO 20022 status reason code, so that an answer can carry it, and
//! says what to do. Absent: why a single transaction is refused (see `refusal`).

use crate::number::Number;
use crate::xml::XmlError;

/// What is wrong with a message as a whole; none of its transactions is executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// Not XML that can be read.
    #[error("{0}")]
    Xml(#[from] XmlError),
    /// XML without an ISO 20022 message.
    #[error(
        "no ISO 20022 message found: no element is in a namespace that starts with \
         urn:iso:std:iso:20022:tech:xsd:. Check the xmlns of Document"
    )]
    NoMessage,
    /// Several messages in one document.
    #[error("the document holds more than one message. Send them one by one")]
    SeveralMessages,
    /// Another message type, or another version.
    #[error("message type {definition} is not accepted here. Send {accepted}")]
    NotAccepted {
        /// What was sent, such as `pacs.009.001.08`.
        definition: String,
        /// What is accepted.
        accepted: &'static str,
    },
    /// The application header names another message than the document is.
    #[error("AppHdr/MsgDefIdr says {header}, but the document is {definition}. Make them agree")]
    HeaderMismatch {
        /// What the header says.
        header: String,
        /// What the document is.
        definition: String,
    },
    /// A copy that must not be executed.
    #[error(
        "AppHdr/CpyDplct is COPY: the message is for information only and is not executed. \
         Send the original"
    )]
    InformationCopy,
    /// An element that the message cannot be without.
    #[error("{element} is missing. Add it")]
    Missing {
        /// The element's path.
        element: &'static str,
    },
    /// An element that stands twice, or holds elements where text belongs.
    #[error("{element} is given more than once, or is not plain text. Keep one text")]
    Repeated {
        /// The element's path.
        element: &'static str,
    },
    /// An element whose content is not what its type allows.
    #[error("{element} is \"{value}\". Write {expected}")]
    Content {
        /// The element's path.
        element: &'static str,
        /// What it holds, at most 60 characters.
        value: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// A settlement method that this ledger cannot carry out.
    #[error(
        "SttlmMtd {method} is not supported: the ledger itself settles. Use INDA, INGA or CLRG"
    )]
    SettlementMethod {
        /// The method.
        method: String,
    },
    /// Settlement in another clearing system is asked for.
    #[error("SttlmInf/ClrSys asks for settlement in {system}. Send the message there, or drop it")]
    OtherClearingSystem {
        /// The clearing system's code.
        system: String,
    },
    /// The stated number of transactions is not the number of transactions.
    #[error("NbOfTxs is {stated}, but the message has {found} transactions. Correct the number")]
    TransactionCount {
        /// What the header says.
        stated: String,
        /// What was found.
        found: usize,
    },
    /// More transactions than one message may have.
    #[error("the message has {found} transactions; {limit} are allowed. Send several messages")]
    TooManyTransactions {
        /// What was found.
        found: usize,
        /// The most.
        limit: usize,
    },
    /// What several transactions have in common is too long to be kept with each of them.
    #[error(
        "PmtInf says so much for its {transactions} transactions that it cannot be kept with each. \
         Send fewer in one message"
    )]
    TooMuchRepeated {
        /// How many transactions it has.
        transactions: usize,
    },
    /// The control sum is not the sum.
    #[error("CtrlSum is {stated}, but the amounts add up to {found}. Correct the sum")]
    ControlSum {
        /// What the header says.
        stated: Number,
        /// The sum of all settlement amounts.
        found: Number,
    },
    /// The total is not the sum.
    #[error("TtlIntrBkSttlmAmt is {stated}, but the amounts add up to {found}. Correct the total")]
    Total {
        /// What the header says.
        stated: Number,
        /// The sum of all settlement amounts.
        found: Number,
    },
    /// A sum is stated, but one amount cannot be added.
    #[error(
        "transaction {transaction} has no amount that can be added up, so {element} cannot be \
         checked. Correct that amount"
    )]
    NotAddable {
        /// The transaction's place in the message, from 1.
        transaction: usize,
        /// The sum that is stated.
        element: &'static str,
    },
    /// A total is stated in another currency than a transaction's.
    #[error(
        "TtlIntrBkSttlmAmt is in {total}, but transaction {transaction} is in {found}. \
         Send one message per currency, or leave the total out"
    )]
    TotalCurrency {
        /// The total's currency.
        total: String,
        /// The transaction's place in the message, from 1.
        transaction: usize,
        /// The transaction's currency.
        found: String,
    },
    /// Two transactions have the same UETR.
    #[error("the UETR {uetr} stands in more than one transaction. Give each payment its own")]
    DuplicateUetr {
        /// The UETR.
        uetr: String,
    },
}

impl MessageFault {
    /// The ISO 20022 external status reason code (`StsRsnInf/Rsn/Cd`).
    pub const fn iso(&self) -> &'static str {
        match self {
            Self::Xml(_) => "FF02",
            Self::NoMessage
            | Self::SeveralMessages
            | Self::NotAccepted { .. }
            | Self::HeaderMismatch { .. } => "FF01",
            Self::InformationCopy | Self::Repeated { .. } => "CH17",
            Self::Missing { .. } => "CH21",
            Self::Content { .. } => "CH16",
            Self::SettlementMethod { .. } | Self::OtherClearingSystem { .. } => "AG03",
            Self::TransactionCount { .. }
            | Self::TooManyTransactions { .. }
            | Self::TooMuchRepeated { .. } => "AM19",
            Self::ControlSum { .. } | Self::NotAddable { .. } => "AM16",
            Self::Total { .. } => "AM10",
            Self::TotalCurrency { .. } => "CURR",
            Self::DuplicateUetr { .. } => "AM05",
        }
    }
}
