//! Codes: the closed list of what a fault's code can be, and what each means.
//!
//! Invariants: every code that the wallet, the ledger or this version's API can give has a meaning
//! and a thing to do, in every language; the compiler sees to it. Absent: codes that only a newer
//! node knows, which are passed on as they come.

mod own;
mod problems;
mod rejections;

pub(crate) use own::Own;

use api::problem::ProblemCode;
use ledger::rejection::Rejection;

use crate::language::Text;

/// A fault's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// The wallet's own.
    Own(Own),
    /// The ledger rejected, or would.
    Ledger(Rejection),
    /// A node refused.
    Node(ProblemCode),
    /// A node refused with a code that this version does not know.
    Foreign(Box<str>),
}

/// What a code means, and what to do about it.
pub(crate) struct Advice {
    /// What is the matter.
    pub(crate) meaning: Text,
    /// What to do.
    pub(crate) action: Text,
}

impl Code {
    /// Every code that is known: the wallet's, the ledger's, the API's.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let own = Own::ALL.iter().copied().map(Self::Own);
        let ledger = Rejection::ALL.into_iter().map(Self::Ledger);
        own.chain(ledger).chain(ProblemCode::ALL.into_iter().map(Self::Node))
    }

    /// The code that a node gives: the ledger's, the API's, or one that is not known.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut rejections = Rejection::ALL.into_iter();
        match rejections.find(|rejection| rejection.code() == text) {
            Some(rejection) => Self::Ledger(rejection),
            None => match ProblemCode::parse(text) {
                Some(code) => Self::Node(code),
                None => Self::Foreign(text.into()),
            },
        }
    }

    /// The code in kebab case.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Own(code) => code.text(),
            Self::Ledger(rejection) => rejection.code(),
            Self::Node(code) => code.text(),
            Self::Foreign(text) => text,
        }
    }

    /// What it means and what to do; `None` for a code that this version does not know.
    pub(crate) fn advice(&self) -> Option<Advice> {
        match self {
            Self::Own(code) => Some(code.advice()),
            Self::Ledger(rejection) => Some(rejections::advice(*rejection)),
            Self::Node(code) => Some(problems::advice(*code)),
            Self::Foreign(_) => None,
        }
    }
}

impl From<Own> for Code {
    fn from(code: Own) -> Self {
        Self::Own(code)
    }
}

impl PartialEq<str> for Code {
    fn eq(&self, other: &str) -> bool {
        self.text() == other
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, other: &&str) -> bool {
        self.text() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use std::collections::BTreeSet;

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
    }

    #[test]
    fn every_code_has_a_meaning_and_something_to_do_in_every_language() {
        for code in Code::all() {
            let advice = code.advice().unwrap();
            for text in [&advice.meaning, &advice.action] {
                assert!(text.english().ends_with('.'), "{code:?} {text:?}");
                assert!(!is_chinese(text.english()), "{code:?} {text:?}");
                let chinese = text.of(Language::Chinese);
                assert!(is_chinese(chinese) && chinese.ends_with('。'), "{code:?} {text:?}");
            }
            assert_ne!(advice.meaning, advice.action, "{code:?}");
        }
    }

    #[test]
    fn codes_are_in_kebab_case_and_none_stands_twice_in_one_list() {
        let is_kebab = |text: &str| {
            let letters = |part: &str| part.chars().all(|letter| letter.is_ascii_lowercase());
            text.split('-').all(|part| !part.is_empty() && letters(part))
        };
        let own: BTreeSet<&str> = Own::ALL.iter().map(|code| code.text()).collect();
        assert_eq!(own.len(), Own::ALL.len());
        assert!(Code::all().all(|code| is_kebab(code.text())));
    }

    #[test]
    fn a_refusal_keeps_its_code_even_if_it_is_not_known() {
        assert_eq!(Code::of_text("busy"), Code::Node(ProblemCode::Busy));
        assert_eq!(Code::of_text("zero-amount"), Code::Ledger(Rejection::ZeroAmount));
        let code = Code::of_text("of-tomorrow");
        assert_eq!(code.text(), "of-tomorrow");
        assert!(code.advice().is_none());
    }
}
