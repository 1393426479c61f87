//! `feiqian keys new|list|show`.

use api::keystore::Cost;
use serde::Serialize;

use super::table;
use crate::cli::Keys;
use crate::fault::Fault;
use crate::keyring;
use crate::session::Session;

#[derive(Serialize)]
struct KeyDocument {
    name: String,
    public_key: String,
    file: String,
}

pub(super) fn run(session: &Session, command: Keys) -> Result<(), Fault> {
    match command {
        Keys::New { name } => new(session, name),
        Keys::List => list(session),
        Keys::Show { name } => show(session, name),
    }
}

fn new(session: &Session, name: String) -> Result<(), Fault> {
    if !keyring::is_name(&name) {
        let detail = format!("\"{name}\" cannot name a key.");
        let hint = "Use 1 to 32 lower-case letters, digits, - and _.";
        return Err(Fault::usage("bad-key-name", detail, hint));
    }
    let file = keyring::path_of(&session.folders, &name);
    if file.exists() {
        let detail = format!("There is a key \"{name}\" already: {}.", file.display());
        return Err(Fault::usage("key-exists", detail, "Choose another name."));
    }
    let passphrase = session.passphrases.fresh(&format!("the key {name}"))?;
    let public = keyring::create(&session.folders, &name, &passphrase, Cost::STANDARD)?;
    let file = file.display().to_string();
    let text = format!(
        "Made the key {name}: {}\nIt is encrypted in {file}. Keep a copy of that file and the \
         passphrase: without both the key is lost.",
        public.to_hex()
    );
    session.output.result(text, &KeyDocument { name, public_key: public.to_hex(), file });
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
    let key = keyring::own(&session.folders)?.into_iter().find(|key| key.label == name);
    let Some(key) = key else {
        let detail = format!("There is no key \"{name}\".");
        return Err(Fault::usage("unknown-key", detail, "List them with: feiqian keys list"));
    };
    let document = KeyDocument {
        file: keyring::path_of(&session.folders, &name).display().to_string(),
        public_key: key.public.to_hex(),
        name,
    };
    let text = format!("public key  {}\nfile        {}", document.public_key, document.file);
    session.output.result(text, &document);
    Ok(())
}
