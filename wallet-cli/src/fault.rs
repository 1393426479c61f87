//! Faults: every way in which a command fails, with its exit code, what is wrong and what to do.
//!
//! Invariants: the code is one of a closed list (see `code`); a fault about a payment names its id;
//! programs get it in English, people in their language. Absent: printing (see `output`).

use api::limits::RuleView;
use api::problem::{Problem, Retry};
use iso20022::pacs002::Code as IsoCode;
use ledger::ids::NameError;
use ledger::money::{MoneyError, ParseMoneyError};
use ledger::rejection::Rejection;
use serde::Serialize;
use std::io::ErrorKind;
use std::path::Path;

use crate::code::{Code, Own};
use crate::exit::Exit;
use crate::language::{Text, say};

/// What the system says of a link that leads to itself (ELOOP).
const LINK_LOOP: i32 = 40;

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The exit code.
    pub(crate) exit: Exit,
    /// The stable code.
    pub(crate) code: Code,
    /// What is wrong.
    pub(crate) detail: Text,
    /// What to do; may be empty.
    pub(crate) hint: Text,
    /// Whether the same command may succeed later.
    pub(crate) retry: Retry,
    /// The payment or transaction that it is about.
    pub(crate) id: Option<Box<str>>,
    /// The ISO 20022 reason, for a rejection.
    pub(crate) iso_reason: Option<IsoCode>,
}

impl Fault {
    /// A fault with a code, what is wrong and what to do.
    pub(crate) fn new(exit: Exit, code: impl Into<Code>, detail: Text, hint: Text) -> Self {
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
        Self { exit, code: code.into(), detail, hint, retry, id: None, iso_reason: None }
    }

    /// The command line is wrong.
    pub(crate) fn usage(code: impl Into<Code>, detail: Text, hint: Text) -> Self {
        Self::new(Exit::Usage, code, detail, hint)
    }

    /// A flag is missing where nobody can be asked.
    pub(crate) fn missing(flag: &str, why: Text) -> Self {
        Self::usage(Own::MissingFlag, why, say!("Add {flag}.", "请加上 {flag}。"))
    }

    /// A file cannot be read or written: it is another than was meant, or the system refuses.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        let another = [
            ErrorKind::NotFound,
            ErrorKind::InvalidData,
            ErrorKind::InvalidInput,
            ErrorKind::IsADirectory,
            ErrorKind::NotADirectory,
        ];
        let is_loop = error.raw_os_error() == Some(LINK_LOOP);
        let (exit, hint) = if is_loop || another.contains(&error.kind()) {
            (Exit::Usage, say!("Check the path.", "请检查路径。"))
        } else {
            let hint = say!(
                "Check the file's permissions and the disk's free space.",
                "请检查文件权限和磁盘剩余空间。"
            );
            (Exit::Internal, hint)
        };
        let detail = say!("{path}: {error}.", "{path}：{error}。", path = path.display());
        Self::new(exit, Own::File, detail, hint)
    }

    /// The wallet's own mistake, or a damaged file of its own.
    pub(crate) fn internal(detail: Text) -> Self {
        let hint = say!("Report this with the command that you gave.", "请连同所用命令一并报告。");
        Self::new(Exit::Internal, Own::Internal, detail, hint)
    }

    /// The wallet's own mistake, in the words of what noticed it.
    pub(crate) fn defect(error: &impl std::fmt::Display) -> Self {
        Self::internal(quoted(error))
    }

    /// The ledger rejected: nothing happened.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        let exit = Exit::of_rejection(rejection);
        let code = Code::Ledger(rejection);
        let explanation = code.advice().map(|advice| advice.meaning.and(&advice.action));
        let explanation = explanation.unwrap_or_default();
        let iso = rejection.iso();
        let detail =
            say!("{words} (ISO 20022 {iso})", "{words}（ISO 20022 {iso}）"; words = explanation);
        let retry = if rejection.is_transient() { Retry::Later } else { Retry::Never };
        Self {
            retry,
            iso_reason: IsoCode::parse(iso),
            ..Self::new(exit, code, detail, say!("Nothing was paid.", "未付款。"))
        }
    }

    /// The same fault, about this payment or transaction.
    pub(crate) fn about(mut self, id: &str) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The same fault, with the institution's rule that the ledger named for it.
    pub(crate) fn by_rule(mut self, rule: Option<&RuleView>) -> Self {
        if let Some(RuleView { institution, name }) = rule {
            let which = say!(
                "Rule {name} of institution {institution}.",
                "机构 {institution} 的规则 {name}。"
            );
            self.detail = self.detail.and(&which);
        }
        self
    }

    /// The same fault, with what else went wrong on the way to it.
    pub(crate) fn with_cause(mut self, cause: &Self) -> Self {
        self.detail = self.detail.and(&cause.detail);
        self
    }

    /// The fault as one line for a person.
    pub(crate) fn text(&self) -> Text {
        let words = self.detail.and(&self.hint);
        let exit = self.exit.code();
        match &self.id {
            Some(id) => say!(
                "{words} id {id}        (exit {exit})",
                "{words} 编号 {id}        （退出码 {exit}）";
                words = words
            ),
            None => say!(
                "{words}        (exit {exit})",
                "{words}        （退出码 {exit}）";
                words = words
            ),
        }
    }

    /// The fault as a problem document (RFC 9457) with the wallet's own members.
    pub(crate) fn document(&self) -> FaultDocument {
        FaultDocument {
            problem: Problem {
                kind: format!("urn:feiqian:problem:{}", self.code.text()),
                title: self.exit.title().english().to_owned(),
                status: self.exit.http_status(),
                code: self.code.text().to_owned(),
                detail: self.detail.english().to_owned(),
                hint: self.hint.english().to_owned(),
                retry: self.retry,
                request_id: None,
            },
            exit: self.exit.code(),
            id: self.id.as_deref().map(str::to_owned),
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
        let english = sentence(&error);
        match error {
            ParseMoneyError::Amount(error) => error.into(),
            ParseMoneyError::Code(error) => error.into(),
            ParseMoneyError::UnknownAsset { asset } => {
                let chinese = format!("账本上没有资产 {asset}。请查看：feiqian assets。");
                Self::usage(Own::UnknownAsset, Text::new(english, chinese), Text::default())
            }
        }
    }
}

impl From<MoneyError> for Fault {
    fn from(error: MoneyError) -> Self {
        let english = sentence(&error);
        let (code, chinese) = match error {
            MoneyError::WithoutAsset { text, suggestion } => {
                (Own::AmountWithoutAsset, format!("“{text}”没有写明资产。请写“{suggestion}”。"))
            }
            MoneyError::NotANumber { text } => (
                Own::AmountMalformed,
                format!("“{text}”不是金额。请写数字和小数点，如“100.50 CNY”。"),
            ),
            MoneyError::TooManyDecimals { text, asset, decimals, given } => (
                Own::AmountTooPrecise,
                format!(
                    "{asset} 有 {decimals} 位小数，而“{text}”有 {given} 位。请舍入到 {decimals} 位。"
                ),
            ),
            MoneyError::TooLarge => (Own::AmountTooLarge, "金额超出账本上限。".to_owned()),
        };
        Self::usage(code, Text::new(english, chinese), Text::default())
    }
}

impl From<NameError> for Fault {
    fn from(error: NameError) -> Self {
        let english = sentence(&error);
        let (code, chinese) = match error {
            NameError::Bic { text } => (
                Own::BadBic,
                format!("“{text}”不是 BIC。请写 8 或 11 个大写字母或数字，如 PSBCCNBJ。"),
            ),
            NameError::AssetCode { text } => (
                Own::BadAssetCode,
                format!("“{text}”不是资产代码。请写 3 至 8 个大写字母或数字，如 CNY。"),
            ),
            NameError::Uetr { text } => (
                Own::BadUetr,
                format!(
                    "“{text}”不是 UETR。请写小写的第 4 版 UUID，如 7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10。"
                ),
            ),
            NameError::Account { text, .. } => (
                Own::BadAddress,
                format!("“{text}”不是本网络的账户地址。请向收款人重新索取并完整复制。"),
            ),
        };
        Self::usage(code, Text::new(english, chinese), Text::default())
    }
}

/// What another program said, in its own words.
pub(crate) fn quoted(error: &impl std::fmt::Display) -> Text {
    Text::data(sentence(error))
}

/// A file and what is wrong with it.
pub(crate) fn in_file(path: &Path, reason: &Text) -> Text {
    say!("{path}: {reason}", "{path}：{reason}", path = path.display(); reason = reason)
}

/// An error's text with a full stop.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use ledger::ids::Uetr;
    use ledger::money::Money;

    #[test]
    fn an_amount_without_asset_reads_as_documented() {
        let fault: Fault = Money::parse("25", |_| None).unwrap_err().into();
        assert_eq!(fault.code, "amount-without-asset");
        let text = fault.text();
        let [english, chinese] = [Language::English, Language::Chinese].map(|l| text.of(l));
        assert_eq!(english, "\"25\" has no asset. Write \"25.00 CNY\".        (exit 2)");
        assert_eq!(chinese, "“25”没有写明资产。请写“25.00 CNY”。        （退出码 2）");
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
        assert_eq!((fault.exit, fault.code.text()), (Exit::Usage, "bad-uetr"));
    }
}
