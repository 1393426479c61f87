//! The language in which the wallet speaks to people: English or Chinese, by the locale.
//!
//! Invariants: JSON, codes, flags and formats are never translated. In Chinese are payments from
//! the question to the receipt, the ledger's rejections, and what every exit means; what has no
//! Chinese text yet is shown in English rather than not at all. Absent: other locales' numbers and
//! dates; amounts read the same everywhere.

mod chinese;

use crate::exit::Exit;
use crate::fault::Fault;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// Chinese as written in mainland China (zh-CN).
    Chinese,
}

/// What is said of a payment that settled.
pub(crate) struct Paid<'a> {
    /// What was paid.
    pub(crate) amount: &'a str,
    /// To whom.
    pub(crate) payee: &'a str,
    /// What the payee received, if that is something else.
    pub(crate) received: Option<&'a str>,
    /// The rate of the exchange, if there was one.
    pub(crate) rate: Option<&'a str>,
    /// The charges.
    pub(crate) fee: &'a str,
    /// The payment's id.
    pub(crate) id: &'a str,
}

impl Language {
    /// The language of the locale: the first that is set of `LC_ALL`, `LC_MESSAGES` and `LANG`.
    pub(crate) fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
        let locale = names.into_iter().find_map(|name| variable(name).filter(|l| !l.is_empty()));
        match locale {
            Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => Self::Chinese,
            Some(_) | None => Self::English,
        }
    }

    /// A word or a question of the payment's way, given in English.
    pub(crate) fn word(self, english: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Chinese => chinese::word(english).unwrap_or(english),
        }
    }

    /// The line that tells of a payment.
    pub(crate) fn paid(self, paid: &Paid<'_>) -> String {
        let Paid { amount, payee, received, rate, fee, id } = paid;
        match self {
            Self::English => {
                let received = received.map(|money| format!(", who received {money}"));
                let rate = rate.map(|rate| format!("rate {rate}, "));
                format!(
                    "Paid {amount} to {payee}{} ({}fee {fee}).   id {id}",
                    received.unwrap_or_default(),
                    rate.unwrap_or_default()
                )
            }
            Self::Chinese => {
                let received = received.map(|money| format!("，对方收到 {money}"));
                let rate = rate.map(|rate| format!("汇率 {rate}，"));
                format!(
                    "已向 {payee} 支付 {amount}{}（{}手续费 {fee}）。   编号 {id}",
                    received.unwrap_or_default(),
                    rate.unwrap_or_default()
                )
            }
        }
    }

    /// A fault as one line.
    pub(crate) fn fault(self, fault: &Fault) -> String {
        if self == Self::English {
            return fault.text();
        }
        let id = fault.id.as_ref().map(|id| format!(" 编号 {id}")).unwrap_or_default();
        let meaning = chinese::exit(fault.exit);
        let text = match chinese::rejection(&fault.code) {
            Some(text) if fault.exit != Exit::Usage => format!("{meaning}{text}"),
            Some(_) | None => format!("{meaning}{} {}", fault.detail, fault.hint),
        };
        format!("{}{id}        （退出码 {}）", text.trim_end(), fault.exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::rejection::Rejection;

    #[test]
    fn the_locale_decides_by_row() {
        for (set, language) in [
            (vec![], Language::English),
            (vec![("LANG", "zh_CN.UTF-8")], Language::Chinese),
            (vec![("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C.UTF-8")], Language::English),
            (vec![("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "zh_CN.UTF-8")], Language::Chinese),
            (vec![("LANG", "zh_CN"), ("LC_ALL", "")], Language::Chinese),
        ] {
            let variable = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(Language::of_locale(variable), language, "{set:?}");
        }
    }

    #[test]
    fn every_rejection_has_a_chinese_text() {
        for rejection in Rejection::ALL {
            let text = Language::Chinese.fault(&Fault::rejected(rejection));
            assert!(text.contains('。'), "{rejection:?} {text}");
            assert!(!text.contains(rejection.explanation()), "{rejection:?} {text}");
        }
    }

    #[test]
    fn a_payment_reads_well_in_both() {
        let paid = Paid {
            amount: "25.00 CNY",
            payee: "lee",
            received: None,
            rate: None,
            fee: "0.00 CNY",
            id: "7f0c",
        };
        let [english, chinese] = [Language::English, Language::Chinese].map(|l| l.paid(&paid));
        assert_eq!(english, "Paid 25.00 CNY to lee (fee 0.00 CNY).   id 7f0c");
        assert_eq!(chinese, "已向 lee 支付 25.00 CNY（手续费 0.00 CNY）。   编号 7f0c");
    }

    #[test]
    fn what_has_no_chinese_text_is_not_lost() {
        let fault = Fault::new(Exit::NotSent, "no-node", "No node answers.", "Check it.");
        let text = Language::Chinese.fault(&fault);
        assert_eq!(text, "未发送任何内容。No node answers. Check it.        （退出码 5）");
    }
}
