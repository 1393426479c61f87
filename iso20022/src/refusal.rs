//! Why a single transaction of a message is refused, before it reaches the ledger.
//!
//! Invariants: each reason has one ISO 20022 external status reason code; the detail never repeats
//! a name, an address or remittance text. Absent: the ledger's own rejections
//! (`ledger::rejection`).

/// What is wrong with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// An element that a payment cannot be without is missing.
    MissingElement,
    /// An element holds what its type does not allow.
    Content,
    /// An element stands twice, or is not to be used.
    ElementNotAllowed,
    /// An instruction changes what the payment is, in a way that the ledger cannot carry out.
    UnsupportedInstruction,
    /// The end-to-end identification is missing or too long.
    EndToEndId,
    /// The settlement date is no date.
    Date,
    /// An amount is missing, negative, no number, or longer than 18 digits.
    Amount,
    /// The amount is zero.
    ZeroAmount,
    /// The amount has more decimals than its currency.
    TooManyDecimals,
    /// A currency is missing or no currency code.
    CurrencyCode,
    /// The currency is not an asset of this ledger.
    CurrencyUnknown,
    /// The exchange rate is no rate, or does not lead from the one amount to the other.
    Rate,
    /// The charge bearer is missing or not supported.
    ChargeBearer,
    /// The instructing or the instructed agent's BIC is malformed.
    AgentBic,
    /// The payer's institution is not named by a BIC.
    DebtorAgentBic,
    /// The payee's institution is not named by a BIC.
    CreditorAgentBic,
    /// The payer's account is missing or malformed.
    DebtorAccount,
    /// The payee's account is missing or malformed.
    CreditorAccount,
    /// The payer's account is said to be in another currency than the debit.
    DebtorAccountCurrency,
    /// The payee's account is said to be in another currency than the credit.
    CreditorAccountCurrency,
    /// The purpose code is malformed.
    Purpose,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 21] = [
        Self::MissingElement,
        Self::Content,
        Self::ElementNotAllowed,
        Self::UnsupportedInstruction,
        Self::EndToEndId,
        Self::Date,
        Self::Amount,
        Self::ZeroAmount,
        Self::TooManyDecimals,
        Self::CurrencyCode,
        Self::CurrencyUnknown,
        Self::Rate,
        Self::ChargeBearer,
        Self::AgentBic,
        Self::DebtorAgentBic,
        Self::CreditorAgentBic,
        Self::DebtorAccount,
        Self::CreditorAccount,
        Self::DebtorAccountCurrency,
        Self::CreditorAccountCurrency,
        Self::Purpose,
    ];

    /// The ISO 20022 external status reason code (`StsRsnInf/Rsn/Cd`).
    pub const fn iso(self) -> &'static str {
        match self {
            Self::MissingElement => "CH21",
            Self::Content => "CH16",
            Self::ElementNotAllowed => "CH17",
            Self::UnsupportedInstruction => "AG03",
            Self::EndToEndId => "FF08",
            Self::Date => "DT01",
            Self::Amount => "AM12",
            Self::ZeroAmount => "AM01",
            Self::TooManyDecimals => "CH20",
            Self::CurrencyCode => "AM11",
            Self::CurrencyUnknown => "AM03",
            Self::Rate => "AM09",
            Self::ChargeBearer => "BE19",
            Self::AgentBic => "RC05",
            Self::DebtorAgentBic => "RC06",
            Self::CreditorAgentBic => "RC07",
            Self::DebtorAccount => "AC02",
            Self::CreditorAccount => "AC03",
            Self::DebtorAccountCurrency => "AC10",
            Self::CreditorAccountCurrency => "AC11",
            Self::Purpose => "FF07",
        }
    }
}

/// One thing that is wrong with a transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{element}: {detail}")]
pub struct Refusal {
    /// What kind of mistake.
    pub reason: Reason,
    /// The element's path within `CdtTrfTxInf`.
    pub element: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, element: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, element, detail: detail.into() }
    }
}

/// The first characters of a value, for a message.
pub(crate) fn shown(value: &str) -> String {
    value.chars().take(60).collect()
}
