//! The command line of `feiqian keys`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Commands about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key from fresh entropy and keep it encrypted. At a terminal its 24 words are shown
    /// once and asked back.
    New {
        /// Its name: lower-case letters, digits, - and _.
        #[arg(default_value = "main")]
        name: String,
        /// Do not show the words. `keys export` can show them later.
        #[arg(long)]
        no_words: bool,
    },
    /// Bring a key back from its 24 words or from a keystore file.
    Import {
        /// Its name here: lower-case letters, digits, - and _.
        name: String,
        /// A file with the 24 words; at a terminal they are asked for.
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
        /// A keystore file, whose passphrase stays.
        #[arg(long, value_name = "FILE", conflicts_with = "words_file")]
        keystore: Option<PathBuf>,
    },
    /// List the keys.
    List,
    /// Show a key's public half and where it is kept.
    Show {
        /// Its name.
        name: String,
    },
    /// Show a key's 24 words on a cleared screen, or write them or the keystore to a file.
    Export {
        /// Its name.
        name: String,
        /// A new file for the 24 words, readable by you alone. Whoever reads it has the key.
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
        /// A new file for the keystore, encrypted under the same passphrase.
        #[arg(long, value_name = "FILE", conflicts_with = "words_file")]
        keystore: Option<PathBuf>,
    },
    /// Put another key in the place of one of an account's keys.
    Rotate(Rotate),
}

/// A change of an account's keys.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The key to be replaced: a name, a file, or 64 hexadecimal digits.
    pub(crate) name: String,
    /// The account: @name, address, or BIC/reference.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: String,
    /// The new key: one's own by name (made if there is none), or 64 hexadecimal digits.
    #[arg(long, value_name = "KEY")]
    pub(crate) to: String,
    /// A key to sign with, by name or file; repeat it for several.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// Write a transaction file for others to sign (see `tx sign`), and send nothing.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Who will sign the file: a key's name, file, or 64 hexadecimal digits; repeat it.
    #[arg(long, value_name = "KEY", requires = "out")]
    pub(crate) signer: Vec<String>,
}
