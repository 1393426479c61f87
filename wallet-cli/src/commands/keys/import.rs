//! `feiqian keys import`: a key from its words, or from a keystore.

use api::keystore::{Cost, Keystore, MAXIMUM_BYTES};
use std::path::Path;
use zeroize::Zeroizing;

use super::{ensure_free, the_key, told};
use crate::code::Own;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::keyring;
use crate::language::{Text, say};
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
    let passphrase = session.passphrases.fresh(&the_key(&name))?;
    let public = keyring::keep(&session.folders, &name, &key, &passphrase, Cost::STANDARD)?;
    let advice =
        say!("The words give it back if that file is lost.", "若该文件丢失，可用单词恢复。");
    told(session, &imported(), name, public, &advice);
    Ok(())
}

/// Takes a keystore over, once its passphrase has opened it.
fn from_keystore(session: &Session, name: String, path: &Path) -> Result<(), Fault> {
    let text = files::read_text(path, MAXIMUM_BYTES).map_err(|error| Fault::file(path, &error))?;
    let keystore = Keystore::parse(&text).map_err(|error| {
        let hint = say!("Name a keystore file.", "请指明密钥库文件。");
        Fault::usage(Own::BadKey, in_file(path, &quoted(&error)), hint)
    })?;
    let label = path.display().to_string();
    let passphrase = session.passphrases.existing(&Text::data(label.as_str()))?;
    let key = keystore.decrypt(passphrase.as_bytes()).map_err(|error| {
        let hint = say!("Nothing was imported.", "未导入任何内容。");
        keyring::wrong_passphrase(&label, &error, hint)
    })?;
    keyring::place(&session.folders, &name, &keystore)?;
    let advice = say!("Its passphrase is as before.", "口令不变。");
    told(session, &imported(), name, key.public(), &advice);
    Ok(())
}

fn imported() -> Text {
    say!("Imported", "已导入")
}
