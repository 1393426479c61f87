//! Passphrases: from a file or from a person at a terminal, never from an argument.
//!
//! Invariants: wiped from memory after use; without a terminal nothing is asked. Absent: what they
//! open.

use std::io::IsTerminal;
use std::path::PathBuf;
use zeroize::Zeroizing;

use crate::code::Own;
use crate::fault::{Fault, quoted};
use crate::files;
use crate::language::{Language, Text, say};

/// The fewest characters of a new passphrase.
const MINIMUM: usize = 8;

const MAXIMUM_BYTES: usize = 1024;

/// Where passphrases come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passphrases {
    /// `--password-file` or `FEIQIAN_PASSWORD_FILE`; its first line is the passphrase.
    pub(crate) file: Option<PathBuf>,
}

impl Passphrases {
    /// The passphrase that opens `what`.
    ///
    /// # Errors
    /// A usage fault where there is no file and nobody to ask.
    pub(crate) fn existing(&self, what: &Text) -> Result<Zeroizing<String>, Fault> {
        match self.in_file()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&say!("Passphrase of {what}: ", "{what} 的口令："; what = what)),
        }
    }

    /// A new passphrase for `what`; a person is asked twice.
    ///
    /// # Errors
    /// A usage fault if it is too short, if the two differ, or as for [`Passphrases::existing`].
    pub(crate) fn fresh(&self, what: &Text) -> Result<Zeroizing<String>, Fault> {
        let passphrase = match self.in_file()? {
            Some(passphrase) => passphrase,
            None => {
                let asked = say!("New passphrase of {what}: ", "{what} 的新口令："; what = what);
                let first = ask(&asked)?;
                let second = ask(&say!("The same again: ", "再输入一次："))?;
                if first != second {
                    let detail = say!("The two passphrases differ.", "两次输入的口令不同。");
                    let hint = say!("Try again.", "请重试。");
                    return Err(Fault::usage(Own::PassphrasesDiffer, detail, hint));
                }
                first
            }
        };
        if passphrase.chars().count() < MINIMUM {
            let detail = say!(
                "The passphrase has fewer than {MINIMUM} characters.",
                "口令少于 {MINIMUM} 个字符。"
            );
            let hint = say!("Choose a longer one.", "请选用更长的口令。");
            return Err(Fault::usage(Own::PassphraseTooShort, detail, hint));
        }
        Ok(passphrase)
    }

    fn in_file(&self) -> Result<Option<Zeroizing<String>>, Fault> {
        let Some(path) = &self.file else { return Ok(None) };
        let text = files::read_text(path, MAXIMUM_BYTES)
            .map(Zeroizing::new)
            .map_err(|error| Fault::file(path, &error))?;
        let first = text.lines().next().unwrap_or_default();
        if first.is_empty() {
            let detail = say!(
                "{path} has no passphrase in its first line.",
                "{path} 的第一行没有口令。",
                path = path.display()
            );
            let hint = say!("Write it there.", "请写在那里。");
            return Err(Fault::usage(Own::NoPassphrase, detail, hint));
        }
        Ok(Some(Zeroizing::new(first.to_owned())))
    }
}

fn ask(prompt: &Text) -> Result<Zeroizing<String>, Fault> {
    if !std::io::stdin().is_terminal() {
        let why = say!(
            "A passphrase is needed, and standard input is no terminal.",
            "需要口令，而标准输入不是终端。"
        );
        return Err(Fault::missing("--password-file FILE", why));
    }
    rpassword::prompt_password(prompt.of(Language::of_process())).map(Zeroizing::new).map_err(
        |error| Fault::usage(Own::NoPassphrase, quoted(&error), say!("Try again.", "请重试。")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file_by_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let passphrases = Passphrases { file: Some(path.clone()) };
        for (text, expected) in [
            ("correct horse\n", Ok("correct horse")),
            ("correct horse", Ok("correct horse")),
            ("correct horse\r\nsecond\n", Ok("correct horse")),
            ("short\n", Err("passphrase-too-short")),
            ("\nsecond\n", Err("no-passphrase")),
            ("", Err("no-passphrase")),
        ] {
            std::fs::write(&path, text).unwrap();
            let fresh = passphrases.fresh(&Text::data("a")).map(|text| text.to_string());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            let fresh = fresh.map_err(|fault| fault.code.text().to_owned());
            assert_eq!(fresh, expected, "{text:?}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(passphrases.existing(&Text::data("a")).unwrap_err().code, "file");
    }
}
