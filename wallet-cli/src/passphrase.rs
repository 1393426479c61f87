//! Passphrases: from a file or from a person at a terminal, never from an argument.
//!
//! Invariants: wiped from memory after use; without a terminal nothing is asked. Absent: what they
//! open.

use std::io::IsTerminal;
use std::path::PathBuf;
use zeroize::Zeroizing;

use crate::fault::Fault;
use crate::files;

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
    pub(crate) fn existing(&self, what: &str) -> Result<Zeroizing<String>, Fault> {
        match self.in_file()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase of {what}: ")),
        }
    }

    /// A new passphrase for `what`; a person is asked twice.
    ///
    /// # Errors
    /// A usage fault if it is too short, if the two differ, or as for [`Passphrases::existing`].
    pub(crate) fn fresh(&self, what: &str) -> Result<Zeroizing<String>, Fault> {
        let passphrase = match self.in_file()? {
            Some(passphrase) => passphrase,
            None => {
                let first = ask(&format!("New passphrase of {what}: "))?;
                let second = ask("The same again: ")?;
                if first != second {
                    let detail = "The two passphrases differ.";
                    return Err(Fault::usage("passphrases-differ", detail, "Try again."));
                }
                first
            }
        };
        if passphrase.chars().count() < MINIMUM {
            let detail = format!("The passphrase has fewer than {MINIMUM} characters.");
            return Err(Fault::usage("passphrase-too-short", detail, "Choose a longer one."));
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
            let detail = format!("{} has no passphrase in its first line.", path.display());
            return Err(Fault::usage("no-passphrase", detail, "Write it there."));
        }
        Ok(Some(Zeroizing::new(first.to_owned())))
    }
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Fault> {
    if !std::io::stdin().is_terminal() {
        let why = "A passphrase is needed, and standard input is no terminal.";
        return Err(Fault::missing("--password-file FILE", why));
    }
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| Fault::usage("no-passphrase", format!("{error}."), "Try again."))
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
            let fresh = passphrases.fresh("a").map(|text| text.to_string());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(fresh.map_err(|fault| fault.code), expected, "{text:?}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(passphrases.existing("a").unwrap_err().code, "file");
    }
}
