//! The language in which the wallet speaks to people: English or Chinese, by the locale.
//!
//! Invariants: a [`Text`] is there in every language, because [`say!`] takes them side by side and
//! nothing that is shown to people takes anything else: what has no Chinese text does not compile.
//! JSON, codes, flags and formats are never translated; what another program said (the system, a
//! parser, a node) is quoted in its own words. Absent: other locales' numbers and dates; amounts
//! read the same everywhere.

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// Chinese as written in mainland China (zh-CN).
    Chinese,
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

    /// The language of this process's locale.
    pub(crate) fn of_process() -> Self {
        Self::of_locale(|name| std::env::var(name).ok())
    }
}

/// A text for people, in every language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    english: Box<str>,
    chinese: Box<str>,
}

impl Text {
    /// A text in both languages; [`say!`] is the usual way to one.
    pub(crate) fn new(english: String, chinese: String) -> Self {
        Self { english: english.into(), chinese: chinese.into() }
    }

    /// What reads the same in every language: data, and the words of other programs.
    pub(crate) fn data(text: impl Into<Box<str>>) -> Self {
        let english = text.into();
        Self { chinese: english.clone(), english }
    }

    /// A text that is made the same way in every language.
    pub(crate) fn each(make: impl Fn(Language) -> String) -> Self {
        Self::new(make(Language::English), make(Language::Chinese))
    }

    /// The text in `language`.
    pub(crate) fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }

    /// The text in English, as programs get it.
    pub(crate) fn english(&self) -> &str {
        self.of(Language::English)
    }

    /// True if there is nothing to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.english.is_empty()
    }

    /// The same in every language with something around it.
    pub(crate) fn map(&self, make: impl Fn(&str) -> String) -> Self {
        Self::each(|language| make(self.of(language)))
    }

    /// This sentence, and then another.
    pub(crate) fn and(&self, next: &Self) -> Self {
        Self::each(|language| sentences(self.of(language), next.of(language)))
    }

    /// Texts one after the other, with this between two.
    pub(crate) fn join(texts: &[Self], between: &str) -> Self {
        Self::each(|language| {
            let texts: Vec<&str> = texts.iter().map(|text| text.of(language)).collect();
            texts.join(between)
        })
    }
}

/// Two sentences as they stand in a text: Chinese ones need no space between them.
fn sentences(first: &str, second: &str) -> String {
    let ends_in_ascii = first.chars().next_back().is_none_or(|last| last.is_ascii());
    let is_one_empty = first.is_empty() || second.is_empty();
    let gap = if ends_in_ascii && !is_one_empty { " " } else { "" };
    format!("{first}{gap}{second}")
}

/// `text` with spaces up to this many columns of a terminal; a Chinese character fills two.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let wide = text.chars().filter(|letter| *letter >= '\u{1100}').count();
    let width = text.chars().count().saturating_add(wide);
    format!("{text}{}", " ".repeat(columns.saturating_sub(width)))
}

/// A [`Text`] from its words in English and in Chinese. Values are named once, for both:
/// `say!("{n} keys", "{n} 个密钥", n = keys.len())`; values that are texts themselves come after
/// a semicolon.
macro_rules! say {
    ($english:literal, $chinese:literal
     $(, $name:ident = $value:expr)* $(; $($part:ident = $text:expr),+)? $(,)?) => {{
        $(let $name = &$value;)*
        $($(let $part: &$crate::language::Text = &$text;)+)?
        let english = {
            $($(let $part = $part.english();)+)?
            format!($english)
        };
        let chinese = {
            $($(let $part = $part.of($crate::language::Language::Chinese);)+)?
            format!($chinese)
        };
        $crate::language::Text::new(english, chinese)
    }};
}

pub(crate) use say;

#[cfg(test)]
mod tests {
    use super::*;

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
    fn values_and_texts_are_said_in_both_languages() {
        let count = 3;
        let why = say!("It is late.", "太晚了。");
        let text = say!("{count} of {all}: {why}", "{all} 之 {count}：{why}", all = 4; why = why);
        assert_eq!(text.english(), "3 of 4: It is late.");
        assert_eq!(text.of(Language::Chinese), "4 之 3：太晚了。");
    }

    #[test]
    fn sentences_are_joined_as_each_language_does_it() {
        let joined = say!("One.", "一。").and(&say!("Two.", "二。"));
        assert_eq!((joined.english(), joined.of(Language::Chinese)), ("One. Two.", "一。二。"));
        let quoted = Text::data("Is full.").and(&say!("Two.", "二。"));
        assert_eq!(quoted.of(Language::Chinese), "Is full. 二。");
        assert_eq!(joined.and(&Text::default()), joined);
    }

    #[test]
    fn a_chinese_character_fills_two_columns() {
        assert_eq!(padded("pay", 7), "pay    ");
        assert_eq!(padded("支付", 7), "支付   ");
        assert_eq!(padded("付款账户", 7), "付款账户");
    }
}
