//! `feiqian keys export`: a key's words, or its keystore.

use api::keystore::MAXIMUM_BYTES;
use serde::Serialize;
use std::io::ErrorKind;
use std::path::Path;

use super::{own, the_key};
use crate::code::Own;
use crate::fault::Fault;
use crate::files;
use crate::keyring;
use crate::language::say;
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
        let text = say!(
            "The keystore is in {path}, under the same passphrase.",
            "密钥库在 {path}，口令不变。",
            path = path.display()
        );
        session.output.result(&text, &document("keystore", path));
        return Ok(());
    }
    if words_file.is_none() && !words::is_possible(session) {
        let why = say!("Words are shown at a terminal only.", "单词只在终端显示。");
        let hint = say!(
            "Add --words-file FILE, or --keystore FILE.",
            "请加上 --words-file FILE，或 --keystore FILE。"
        );
        return Err(Fault::usage(Own::MissingFlag, why, hint));
    }
    let words = words::of(&key.open(&session.passphrases)?)?;
    match words_file {
        Some(path) => {
            write_new(path, format!("{}\n", words.as_str()).as_bytes())?;
            let text = say!(
                "The words are in {path}. Whoever reads it has the key.",
                "单词在 {path}。谁读到它，谁就持有密钥。",
                path = path.display()
            );
            session.output.result(&text, &document("words", path));
            Ok(())
        }
        None => words::show(session, &the_key(name), &words),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    match files::create_here(path, bytes) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let detail = say!("{path} exists already.", "{path} 已存在。", path = path.display());
            let hint = say!("Name a new file.", "请指定新文件。");
            Err(Fault::usage(Own::FileExists, detail, hint))
        }
        Err(error) => Err(Fault::file(path, &error)),
    }
}
