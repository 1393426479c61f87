//! `feiqian keys import`: a key from its words, or from a keystore.

use api::keystore::{Cost, Keystore, MAXIMUM_BYTES};
use std::path::Path;
use zeroize::Zeroizing;

use super::{ensure_free, told};
use crate::fault::{Fault, sentence};
use crate::files;
use crate::keyring;
use crate::session::Session;
use crate::words;

/// The most bytes of a file of words.
const MAXIMUM_WORDS: usize = 4096;

pub(super) fn run(
    session: &Session,
    name: String,
    words_file: Option<&Path>,
    keystore: Option<&Path>,
) -> Result<(), Fault> {
    ensure_free(session, &name)?;
    if let Some(path) = keystore {
        return from_keystore(session, name, path);
    }
    let text = match words_file {
        Some(path) => files::read_text(path, MAXIMUM_WORDS)
            .map(Zeroizing::new)
            .map_err(|error| Fault::file(path, &error))?,
        None => words::ask_all(session)?,
    };
    let key = words::key(&text)?;
    let passphrase = session.passphrases.fresh(&format!("the key {name}"))?;
    let public = keyring::keep(&session.folders, &name, &key, &passphrase, Cost::STANDARD)?;
    told(session, "Imported", name, public, "The words give it back if that file is lost.");
    Ok(())
}

/// Takes a keystore over, once its passphrase has opened it.
fn from_keystore(session: &Session, name: String, path: &Path) -> Result<(), Fault> {
    let text = files::read_text(path, MAXIMUM_BYTES).map_err(|error| Fault::file(path, &error))?;
    let keystore = Keystore::parse(&text).map_err(|error| {
        let detail = format!("{}: {}", path.display(), sentence(&error));
        Fault::usage("bad-key", detail, "Name a keystore file.")
    })?;
    let passphrase = session.passphrases.existing(&path.display().to_string())?;
    let key = keystore.decrypt(passphrase.as_bytes()).map_err(|error| {
        let detail = format!("{}: {}", path.display(), sentence(&error));
        Fault::usage("wrong-passphrase", detail, "Nothing was imported.")
    })?;
    keyring::place(&session.folders, &name, &keystore)?;
    told(session, "Imported", name, key.public(), "Its passphrase is as before.");
    Ok(())
}
