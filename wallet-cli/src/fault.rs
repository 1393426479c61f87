//! Faults: every way in which a command fails, with its exit code, what is wrong and what to do.
//!
//! Invariants: the code is stable and in kebab case; a fault about a payment names its id. Absent:
//! printing (see `output`).

use api::problem::{Problem, Retry};
use iso20022::pacs002::Code;
use ledger::ids::NameError;
use ledger::money::{MoneyError, ParseMoneyError};
use ledger::rejection::Rejection;
use serde::Serialize;
use std::path::Path;

use crate::exit::Exit;

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The exit code.
    pub(crate) exit: Exit,
    /// The stable code.
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) detail: String,
    /// What to do; may be empty.
    pub(crate) hint: String,
    /// Whether the same command may succeed later.
    pub(crate) retry: Retry,
    /// The payment or transaction that it is about.
    pub(crate) id: Option<String>,
    /// The ISO 20022 reason, for a rejection.
    pub(crate) iso_reason: Option<Code>,
}

impl Fault {
    /// A fault with a code, what is wrong and what to do.
    pub(crate) fn new(
        exit: Exit,
        code: &str,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let retry = match exit {
            Exit::Unknown | Exit::Interrupted => Retry::Same,
            Exit::NotSent => Retry::Later,
            Exit::Done
            | Exit::Internal
            | Exit::Usage
            | Exit::Rejected
            | Exit::NotPermitted
            | Exit::Expired => Retry::Never,
        };
        Self {
            exit,
            code: code.to_owned(),
            detail: detail.into(),
            hint: hint.into(),
            retry,
            id: None,
            iso_reason: None,
        }
    }

    /// The command line is wrong.
    pub(crate) fn usage(code: &str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Exit::Usage, code, detail, hint)
    }

    /// A flag is missing where nobody can be asked.
    pub(crate) fn missing(flag: &str, why: &str) -> Self {
        Self::usage("missing-flag", why, format!("Add {flag}."))
    }

    /// A file cannot be read or written.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let (exit, hint) = if missing {
            (Exit::Usage, "Check the path.")
        } else {
            (Exit::Internal, "Check the file's permissions and the disk's free space.")
        };
        Self::new(exit, "file", format!("{}: {error}.", path.display()), hint)
    }

    /// The wallet's own mistake, or a damaged file of its own.
    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(Exit::Internal, "internal", detail, "Report this with the command that you gave.")
    }

    /// The ledger rejected: nothing happened.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        let exit = Exit::of_rejection(rejection);
        let detail = format!("{} (ISO 20022 {})", rejection.explanation(), rejection.iso());
        let retry = if rejection.is_transient() { Retry::Later } else { Retry::Never };
        Self {
            retry,
            iso_reason: Code::parse(rejection.iso()),
            ..Self::new(exit, rejection.code(), detail, "Nothing was paid.")
        }
    }

    /// The same fault, about this payment or transaction.
    pub(crate) fn about(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// The same fault, with what else went wrong on the way to it.
    pub(crate) fn with_cause(mut self, cause: &Self) -> Self {
        self.detail = format!("{} {}", self.detail, cause.detail);
        self
    }

    /// The fault as one line for a person.
    pub(crate) fn text(&self) -> String {
        let hint = if self.hint.is_empty() { String::new() } else { format!(" {}", self.hint) };
        let id = self.id.as_ref().map(|id| format!(" id {id}")).unwrap_or_default();
        format!("{}{hint}{id}        (exit {})", self.detail, self.exit.code())
    }

    /// The fault as a problem document (RFC 9457) with the wallet's own members.
    pub(crate) fn document(&self) -> FaultDocument {
        FaultDocument {
            problem: Problem {
                kind: format!("urn:feiqian:problem:{}", self.code),
                title: self.exit.title().to_owned(),
                status: self.exit.http_status(),
                code: self.code.clone(),
                detail: self.detail.clone(),
                hint: self.hint.clone(),
                retry: self.retry,
                request_id: None,
            },
            exit: self.exit.code(),
            id: self.id.clone(),
            iso_reason: self.iso_reason.map(|code| code.to_string()),
        }
    }
}

/// A fault as JSON.
#[derive(Serialize)]
pub(crate) struct FaultDocument {
    #[serde(flatten)]
    problem: Problem,
    exit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iso_reason: Option<String>,
}

impl From<ParseMoneyError> for Fault {
    fn from(error: ParseMoneyError) -> Self {
        match error {
            ParseMoneyError::Amount(error) => error.into(),
            ParseMoneyError::Code(error) => error.into(),
            ParseMoneyError::UnknownAsset { .. } => {
                Self::usage("unknown-asset", sentence(&error), "")
            }
        }
    }
}

impl From<MoneyError> for Fault {
    fn from(error: MoneyError) -> Self {
        let code = match error {
            MoneyError::WithoutAsset { .. } => "amount-without-asset",
            MoneyError::NotANumber { .. } => "amount-malformed",
            MoneyError::TooManyDecimals { .. } => "amount-too-precise",
            MoneyError::TooLarge => "amount-too-large",
        };
        Self::usage(code, sentence(&error), "")
    }
}

impl From<NameError> for Fault {
    fn from(error: NameError) -> Self {
        let code = match error {
            NameError::Bic { .. } => "bad-bic",
            NameError::AssetCode { .. } => "bad-asset-code",
            NameError::Uetr { .. } => "bad-uetr",
            NameError::Account { .. } => "bad-address",
        };
        Self::usage(code, sentence(&error), "")
    }
}

/// An error's text with a full stop.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::ids::Uetr;
    use ledger::money::Money;

    #[test]
    fn an_amount_without_asset_reads_as_documented() {
        let fault: Fault = Money::parse("25", |_| None).unwrap_err().into();
        assert_eq!(fault.code, "amount-without-asset");
        assert_eq!(fault.text(), "\"25\" has no asset. Write \"25.00 CNY\".        (exit 2)");
    }

    #[test]
    fn a_document_has_the_standards_members_and_ours() {
        let fault = Fault::rejected(Rejection::InsufficientFunds).about("7f0c");
        let json = serde_json::to_value(fault.document()).unwrap();
        assert_eq!(json["type"], "urn:feiqian:problem:insufficient-funds");
        assert_eq!(json["status"], 422);
        assert_eq!(json["exit"], 3);
        assert_eq!(json["id"], "7f0c");
        assert_eq!(json["iso_reason"], "AM04");
        assert_eq!(json["retry"], "later");
    }

    #[test]
    fn names_keep_their_codes() {
        let fault: Fault = Uetr::parse("x").unwrap_err().into();
        assert_eq!((fault.exit, fault.code.as_str()), (Exit::Usage, "bad-uetr"));
    }
}
