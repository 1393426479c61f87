//! A key's 24 words: its seed in the words of BIP-39, with their checksum.
//!
//! Invariants: the words are the seed itself, so every key has words and the words give back this
//! very key; the words of other wallets' keys, which go through a derivation, are other keys here.
//! Wiped from memory after use. Absent: where they are shown.

use bip39::{Language, Mnemonic};
use ledger::crypto::{SecretKey, Suite};
use zeroize::Zeroizing;

use crate::code::Own;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::interrupt;
use crate::language::{Language as Tongue, Text, say};
use crate::output::Format;
use crate::session::Session;

/// How many words a key has.
const COUNT: usize = 24;

/// How many words are asked back.
const ASKED: usize = 3;

/// How often a person may try.
const TRIES: usize = 3;

/// The words of a key.
///
/// # Errors
/// An internal fault, which 32 bytes never give.
pub(crate) fn of(key: &SecretKey) -> Result<Zeroizing<String>, Fault> {
    let seed = Zeroizing::new(key.seed());
    let words = Mnemonic::from_entropy_in(Language::English, seed.as_slice())
        .map_err(|error| Fault::defect(&error))?;
    Ok(Zeroizing::new(words.to_string()))
}

/// The key of these words, in any case and spacing.
///
/// # Errors
/// A usage fault that names the mistake; never with a word.
pub(crate) fn key(text: &str) -> Result<SecretKey, Fault> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let refused = |detail: Text| {
        let hint = say!(
            "Compare them with what was written down, word by word.",
            "请与抄写的内容逐词核对。"
        );
        Fault::usage(Own::BadWords, detail, hint)
    };
    if words.len() != COUNT {
        return Err(refused(say!(
            "A key has {COUNT} words; these are {given}.",
            "一个密钥有 {COUNT} 个单词，这里有 {given} 个。",
            given = words.len()
        )));
    }
    let text = Zeroizing::new(words.join(" ").to_lowercase());
    let words = Mnemonic::parse_in_normalized(Language::English, &text).map_err(|error| {
        refused(match error {
            bip39::Error::UnknownWord(place) => {
                let place = place.saturating_add(1);
                say!("Word {place} is not in the list.", "第 {place} 个单词不在词表中。")
            }
            bip39::Error::BadWordCount(_)
            | bip39::Error::BadEntropyBitCount(_)
            | bip39::Error::InvalidChecksum
            | bip39::Error::AmbiguousLanguages(_) => {
                say!("The words do not fit together.", "这些单词的校验不符。")
            }
        })
    })?;
    let entropy = Zeroizing::new(words.to_entropy_array().0);
    let mut seed = Zeroizing::new([0; 32]);
    seed.copy_from_slice(&entropy[..32]);
    Ok(SecretKey::from_seed(Suite::Ed25519Blake3, *seed))
}

/// Shows the words on a screen of their own until a person has written them down.
///
/// # Errors
/// A usage fault where nobody is there to read them.
pub(crate) fn show(session: &Session, what: &Text, words: &str) -> Result<(), Fault> {
    let page = page(what, words, session.output.language);
    let _screen = interrupt::guard(session.output.private_screen(&page))?;
    let written = say!("Press Enter when you have written them down.", "抄写完毕后请按回车。");
    session.ask(&written, "--words-file FILE").map(drop)
}

/// Asks some of the words back.
///
/// # Errors
/// A usage fault after three wrong answers.
pub(crate) fn ask_back(session: &Session, words: &str) -> Result<(), Fault> {
    let words: Vec<&str> = words.split(' ').collect();
    let title = say!("Some of the words, to be sure.\n", "请输入其中几个单词以确认。\n");
    let screen = session.output.private_screen(title.of(session.output.language));
    let _screen = interrupt::guard(screen)?;
    let mut places = some_places()?;
    let mut tries = 0;
    while let Some(place) = places.first().copied() {
        let question = say!("Word {place}:", "第 {place} 个单词：", place = place + 1);
        let answer = Zeroizing::new(session.ask(&question, "--no-words")?);
        if words.get(place).is_some_and(|word| answer.trim().eq_ignore_ascii_case(word)) {
            places.remove(0);
            continue;
        }
        tries += 1;
        if tries == TRIES {
            let detail = say!(
                "The words were not written down correctly. No key was made.",
                "单词抄写有误。未生成密钥。"
            );
            let hint = say!("Begin again.", "请重新开始。");
            return Err(Fault::new(Exit::NotSent, Own::WordsNotKept, detail, hint));
        }
        session.output.warning(&say!("That is not it.", "不正确。"));
    }
    Ok(())
}

/// Asks for all words of a key, on a screen of their own.
///
/// # Errors
/// A usage fault where nobody can be asked.
pub(crate) fn ask_all(session: &Session) -> Result<Zeroizing<String>, Fault> {
    if !session.can_ask() {
        let why = say!(
            "The words are needed, and standard input is no terminal.",
            "需要单词，而标准输入不是终端。"
        );
        return Err(Fault::missing("--words-file FILE", why));
    }
    let title = say!("Write the 24 words, on one line.\n", "请在一行内输入 24 个单词。\n");
    let screen = session.output.private_screen(title.of(session.output.language));
    let _screen = interrupt::guard(screen)?;
    session.ask(&say!("Words:", "单词："), "--words-file FILE").map(Zeroizing::new)
}

/// True if words can be shown and asked for.
pub(crate) fn is_possible(session: &Session) -> bool {
    session.output.format() == Format::Text && session.output.is_terminal() && session.can_ask()
}

/// Some places of words, ascending and none twice.
fn some_places() -> Result<Vec<usize>, Fault> {
    let mut places = std::collections::BTreeSet::new();
    while places.len() < ASKED {
        let [byte] = entropy::bytes().map_err(|error| Fault::defect(&error))?;
        places.insert(usize::from(byte) % COUNT);
    }
    Ok(places.into_iter().collect())
}

/// The words in four columns, numbered down the columns.
fn page(what: &Text, words: &str, tongue: Tongue) -> Zeroizing<String> {
    let words: Vec<&str> = words.split(' ').collect();
    let title = say!(
        "The 24 words of {what}. Write them on paper, in this order; then this screen is gone.\n\
         Whoever has them has the key, and without them a lost file is a lost key.\n\n",
        "{what} 的 24 个单词。请按此顺序抄在纸上；之后本屏即消失。\n\
         谁持有它们，谁就持有密钥；没有它们，文件丢失即密钥丢失。\n\n";
        what = what
    );
    let mut page = Zeroizing::new(title.of(tongue).to_owned());
    let rows = COUNT / 4;
    for row in 0..rows {
        for column in 0..4 {
            let place = column * rows + row;
            let word = words.get(place).copied().unwrap_or_default();
            page.push_str(&format!("  {:>2} {word:<10}", place + 1));
        }
        page.push('\n');
    }
    page.push('\n');
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_give_back_the_very_key() {
        for seed in [[0; 32], [0x7f; 32], [0xff; 32]] {
            let key = SecretKey::from_seed(Suite::Ed25519Blake3, seed);
            let words = of(&key).unwrap();
            assert_eq!(words.split(' ').count(), COUNT);
            let untidy = format!("  {}\n", words.to_uppercase().replace(' ', "\n  "));
            assert_eq!(super::key(&untidy).unwrap().public(), key.public());
        }
    }

    #[test]
    fn the_words_are_those_of_the_standard() {
        // Test vectors of BIP-39 for 256 bits of entropy.
        for (seed, last) in [([0; 32], "art"), ([0x7f; 32], "title"), ([0x80; 32], "bless")] {
            let words = of(&SecretKey::from_seed(Suite::Ed25519Blake3, seed)).unwrap();
            assert_eq!(words.split(' ').next_back(), Some(last));
        }
    }

    #[test]
    fn mistakes_are_named_without_a_word() {
        let good = of(&SecretKey::from_seed(Suite::Ed25519Blake3, [0; 32])).unwrap();
        for (text, reason) in [
            (good.replace("art", ""), "these are 23"),
            (good.replace("art", "arrt"), "Word 24 is not in the list"),
            (good.replace("art", "abandon"), "do not fit together"),
            (String::new(), "these are 0"),
        ] {
            let fault = key(&text).unwrap_err();
            assert_eq!(fault.code, "bad-words");
            assert!(fault.detail.english().contains(reason), "{fault:?}");
            assert!(!fault.text().english().contains("abandon"), "{fault:?}");
        }
    }

    #[test]
    fn the_page_numbers_down_the_columns() {
        let words: Vec<String> = (1..=24).map(|number| format!("w{number}")).collect();
        let page = page(&Text::data("main"), &words.join(" "), Tongue::English);
        let line = page.lines().nth(3).unwrap();
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["1", "w1", "7", "w7", "13", "w13", "19", "w19"]
        );
    }
}
