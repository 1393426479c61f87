//! `feiqian keys export`: a key's words, or its keystore.

use api::keystore::MAXIMUM_BYTES;
use serde::Serialize;
use std::io::ErrorKind;
use std::path::Path;

use super::own;
use crate::fault::Fault;
use crate::files;
use crate::keyring;
use crate::session::Session;
use crate::words;

#[derive(Serialize)]
struct ExportDocument {
    name: String,
    public_key: String,
    /// `words` or `keystore`.
    exported: &'static str,
    file: String,
}

pub(super) fn run(
    session: &Session,
    name: &str,
    words_file: Option<&Path>,
    keystore: Option<&Path>,
) -> Result<(), Fault> {
    let key = own(session, name)?;
    let document = |exported, path: &Path| ExportDocument {
        name: name.to_owned(),
        public_key: key.public.to_hex(),
        exported,
        file: path.display().to_string(),
    };
    if let Some(path) = keystore {
        let kept = keyring::path_of(&session.folders, name);
        let bytes =
            files::read(&kept, MAXIMUM_BYTES).map_err(|error| Fault::file(&kept, &error))?;
        write_new(path, &bytes)?;
        let text = format!("The keystore is in {}, under the same passphrase.", path.display());
        session.output.result(text, &document("keystore", path));
        return Ok(());
    }
    if words_file.is_none() && !words::is_possible(session) {
        let why = "Words are shown at a terminal only.";
        return Err(Fault::missing("--words-file FILE, or --keystore FILE", why));
    }
    let words = words::of(&key.open(&session.passphrases)?)?;
    match words_file {
        Some(path) => {
            write_new(path, format!("{}\n", words.as_str()).as_bytes())?;
            let path_text = path.display();
            let text = format!("The words are in {path_text}. Whoever reads it has the key.");
            session.output.result(text, &document("words", path));
            Ok(())
        }
        None => words::show(session, &format!("the key {name}"), &words),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    match files::create_here(path, bytes) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let detail = format!("{} exists already.", path.display());
            Err(Fault::usage("file-exists", detail, "Name a new file."))
        }
        Err(error) => Err(Fault::file(path, &error)),
    }
}
