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
use crate::code::Own;
use crate::fault::Fault;
use crate::keyring::{self, StoredKey};
use crate::language::{Text, say};
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
    let passphrase = session.passphrases.fresh(&the_key(&name))?;
    let key = keyring::fresh()?;
    let has_words = !no_words && words::is_possible(session);
    if has_words {
        let text = words::of(&key)?;
        words::show(session, &the_key(&name), &text)?;
        words::ask_back(session, &text)?;
    }
    let public = keyring::keep(&session.folders, &name, &key, &passphrase, Cost::STANDARD)?;
    let advice = if has_words {
        say!(
            "The words give it back if that file or the passphrase is lost.",
            "若文件或口令丢失，可用单词恢复。"
        )
    } else {
        say!(
            "Keep a copy of that file and the passphrase, or of its words (feiqian keys export): \
             without them the key is lost.",
            "请备份该文件及口令，或其单词（feiqian keys export）：没有它们，密钥即丢失。"
        )
    };
    told(session, &say!("Made", "已生成"), name, public, &advice);
    Ok(())
}

/// A key, as it is spoken of.
fn the_key(name: &str) -> Text {
    say!("the key {name}", "密钥 {name}")
}

/// Tells of a key that is kept now.
fn told(session: &Session, verb: &Text, name: String, public: PublicKey, advice: &Text) {
    let file = keyring::path_of(&session.folders, &name).display().to_string();
    let key = public.to_hex();
    let text = say!(
        "{verb} the key {name}: {key}\nIt is encrypted in {file}. {advice}",
        "{verb}密钥 {name}：{key}\n加密保存于 {file}。{advice}";
        verb = verb, advice = advice
    );
    session.output.result(&text, &KeyDocument { name, public_key: key, file });
}

/// That `name` can name a new key.
fn ensure_free(session: &Session, name: &str) -> Result<(), Fault> {
    if !keyring::is_name(name) {
        let detail = say!("\"{name}\" cannot name a key.", "“{name}”不能作为密钥名称。");
        return Err(Fault::usage(Own::BadKeyName, detail, keyring::naming_rule()));
    }
    let file = keyring::path_of(&session.folders, name);
    if file.exists() {
        return Err(keyring::taken(name, &file));
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
    let row =
        |key: &KeyDocument| [&key.name, &key.public_key].map(|cell| Text::data(cell.as_str()));
    let rows: Vec<Vec<Text>> = documents.iter().map(|key| row(key).to_vec()).collect();
    let text = if documents.is_empty() {
        say!(
            "There are no keys yet. Make one with: feiqian keys new",
            "还没有密钥。生成：feiqian keys new"
        )
    } else {
        table::table(&[say!("name", "名称"), say!("public key", "公钥")], &rows, &[])
    };
    session.output.result(&text, &documents);
    Ok(())
}

fn show(session: &Session, name: String) -> Result<(), Fault> {
    let key = own(session, &name)?;
    let document = KeyDocument {
        file: keyring::path_of(&session.folders, &name).display().to_string(),
        public_key: key.public.to_hex(),
        name,
    };
    let lines = [
        (say!("public key", "公钥"), Text::data(document.public_key.as_str())),
        (say!("file", "文件"), Text::data(document.file.as_str())),
    ];
    session.output.result(&table::list(&lines, 11), &document);
    Ok(())
}

/// The own key of this name.
fn own(session: &Session, name: &str) -> Result<StoredKey, Fault> {
    let key = keyring::own(&session.folders)?.into_iter().find(|key| key.label == name);
    key.ok_or_else(|| {
        let detail = say!("There is no key \"{name}\".", "没有密钥“{name}”。");
        let hint = say!("List them with: feiqian keys list", "请列出：feiqian keys list");
        Fault::usage(Own::UnknownKey, detail, hint)
    })
}
