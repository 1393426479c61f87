//! `feiqian keys new|import|list|show|export|rotate`.
//!
//! Invariants: a secret leaves its keystore only when `export` was asked for it, onto a screen of
//! its own or into a file that only its owner can read. Absent: the keystore's format (`api`).

mod export;
mod import;
mod rotate;

use api::keystore::Cost;
use ledger::crypto::PublicKey;
use serde::Serialize;

use super::table;
use crate::cli::Keys;
use crate::fault::Fault;
use crate::keyring::{self, StoredKey};
use crate::session::Session;
use crate::words;

#[derive(Serialize)]
struct KeyDocument {
    name: String,
    public_key: String,
    file: String,
}

pub(super) fn run(session: &Session, command: Keys) -> Result<(), Fault> {
    match command {
        Keys::New { name, no_words } => new(session, name, no_words),
        Keys::Import { name, words_file, keystore } => {
            import::run(session, name, words_file.as_deref(), keystore.as_deref())
        }
        Keys::List => list(session),
        Keys::Show { name } => show(session, name),
        Keys::Export { name, words_file, keystore } => {
            export::run(session, &name, words_file.as_deref(), keystore.as_deref())
        }
        Keys::Rotate(command) => rotate::run(session, &command),
    }
}

fn new(session: &Session, name: String, no_words: bool) -> Result<(), Fault> {
    ensure_free(session, &name)?;
    let passphrase = session.passphrases.fresh(&format!("the key {name}"))?;
    let key = keyring::fresh()?;
    let has_words = !no_words && words::is_possible(session);
    if has_words {
        let text = words::of(&key)?;
        words::show(session, &format!("the key {name}"), &text)?;
        words::ask_back(session, &text)?;
    }
    let public = keyring::keep(&session.folders, &name, &key, &passphrase, Cost::STANDARD)?;
    let advice = if has_words {
        "The words give it back if that file or the passphrase is lost."
    } else {
        "Keep a copy of that file and the passphrase, or of its words (feiqian keys export): \
         without them the key is lost."
    };
    told(session, "Made", name, public, advice);
    Ok(())
}

/// Tells of a key that is kept now.
fn told(session: &Session, verb: &str, name: String, public: PublicKey, advice: &str) {
    let file = keyring::path_of(&session.folders, &name).display().to_string();
    let key = public.to_hex();
    let text = format!("{verb} the key {name}: {key}\nIt is encrypted in {file}. {advice}");
    session.output.result(text, &KeyDocument { name, public_key: key, file });
}

/// That `name` can name a new key.
fn ensure_free(session: &Session, name: &str) -> Result<(), Fault> {
    if !keyring::is_name(name) {
        let detail = format!("\"{name}\" cannot name a key.");
        let hint = "Use 1 to 32 lower-case letters, digits, - and _.";
        return Err(Fault::usage("bad-key-name", detail, hint));
    }
    let file = keyring::path_of(&session.folders, name);
    if file.exists() {
        let detail = format!("There is a key \"{name}\" already: {}.", file.display());
        return Err(Fault::usage("key-exists", detail, "Choose another name."));
    }
    Ok(())
}

fn list(session: &Session) -> Result<(), Fault> {
    let keys = keyring::own(&session.folders)?;
    let documents: Vec<KeyDocument> = keys
        .into_iter()
        .map(|key| KeyDocument {
            file: keyring::path_of(&session.folders, &key.label).display().to_string(),
            public_key: key.public.to_hex(),
            name: key.label,
        })
        .collect();
    let mut rows = table::table(&["name", "public key"]);
    for key in &documents {
        rows.add_row([&key.name, &key.public_key]);
    }
    let text = if documents.is_empty() {
        "There are no keys yet. Make one with: feiqian keys new".to_owned()
    } else {
        table::text(rows, &[])
    };
    session.output.result(text, &documents);
    Ok(())
}

fn show(session: &Session, name: String) -> Result<(), Fault> {
    let key = own(session, &name)?;
    let document = KeyDocument {
        file: keyring::path_of(&session.folders, &name).display().to_string(),
        public_key: key.public.to_hex(),
        name,
    };
    let text = format!("public key  {}\nfile        {}", document.public_key, document.file);
    session.output.result(text, &document);
    Ok(())
}

/// The own key of this name.
fn own(session: &Session, name: &str) -> Result<StoredKey, Fault> {
    let key = keyring::own(&session.folders)?.into_iter().find(|key| key.label == name);
    key.ok_or_else(|| {
        let detail = format!("There is no key \"{name}\".");
        Fault::usage("unknown-key", detail, "List them with: feiqian keys list")
    })
}
