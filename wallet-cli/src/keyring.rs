//! Keys that this wallet can sign with: its own keystores, a devnet's, an institution's key files.
//!
//! Invariants: a key is decrypted only when it signs; a voting or node key signs no transaction.
//! Absent: passphrases' sources (see `passphrase`), policies (the ledger's).

use api::keystore::{Cost, Keystore, MAXIMUM_BYTES};
use ledger::crypto::{PublicKey, SecretKey, Suite};
use ledger::genesis::keyfile::{KeyFile, KeyKind};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

use crate::code::Own;
use crate::entropy;
use crate::fault::{Fault, in_file, quoted, sentence};
use crate::files;
use crate::folders::Folders;
use crate::language::{Text, say};
use crate::passphrase::Passphrases;

/// A key at rest.
#[derive(Clone, Debug)]
pub(crate) struct StoredKey {
    /// What the key is called: a name of one's own, or a path.
    pub(crate) label: String,
    /// The public half.
    pub(crate) public: PublicKey,
    secret: Secret,
}

#[derive(Clone, Debug)]
enum Secret {
    /// Encrypted; opened by the given passphrase or by one that is asked for.
    Sealed { keystore: Box<Keystore>, passphrase: Option<Zeroizing<String>> },
    /// In clear: an institution's key file.
    Open(Box<SecretKey>),
}

impl StoredKey {
    /// Reads a keystore (which `passphrase` opens, if given) or an institution's key file.
    ///
    /// # Errors
    /// A usage fault that says what is wrong with the file.
    pub(crate) fn read(path: &Path, passphrase: Option<&str>) -> Result<Self, Fault> {
        let text = files::read_text(path, MAXIMUM_BYTES)
            .map(Zeroizing::new)
            .map_err(|error| Fault::file(path, &error))?;
        let label = path.display().to_string();
        let refused = |reason: Text| {
            let hint = say!(
                "Name a keystore, or an operator's or compliance key file.",
                "请指明密钥库，或操作员、合规密钥文件。"
            );
            Fault::usage(Own::BadKey, in_file(path, &reason), hint)
        };
        if let Ok(file) = serde_json::from_str::<KeyFile<'_>>(&text) {
            let kind = file.kind();
            if matches!(kind, KeyKind::Voting | KeyKind::Node) {
                return Err(refused(say!(
                    "a {kind} key signs no transactions.",
                    "{kind} 密钥不用于签名交易。"
                )));
            }
            let key =
                file.open(Suite::Ed25519Blake3, kind).map_err(|error| refused(quoted(&error)))?;
            let public = key.public();
            return Ok(Self { label, public, secret: Secret::Open(Box::new(key)) });
        }
        let keystore = Keystore::parse(&text).map_err(|error| refused(quoted(&error)))?;
        Ok(Self { public: keystore.public(), label, secret: sealed(keystore, passphrase) })
    }

    /// Decrypts the key.
    ///
    /// # Errors
    /// A usage fault for a wrong passphrase.
    pub(crate) fn open(&self, passphrases: &Passphrases) -> Result<SecretKey, Fault> {
        let Secret::Sealed { keystore, passphrase } = &self.secret else {
            return self.in_clear();
        };
        let passphrase = match passphrase {
            Some(known) => known.clone(),
            None => passphrases.existing(&Text::data(self.label.as_str()))?,
        };
        keystore.decrypt(passphrase.as_bytes()).map_err(|error| {
            wrong_passphrase(&self.label, &error, say!("Nothing was signed.", "未签名任何内容。"))
        })
    }

    fn in_clear(&self) -> Result<SecretKey, Fault> {
        match &self.secret {
            Secret::Open(key) => Ok((**key).clone()),
            Secret::Sealed { .. } => Err(Fault::internal(say!(
                "A sealed key was taken for an open one.",
                "加密的密钥被当作未加密的密钥。"
            ))),
        }
    }
}

fn sealed(keystore: Keystore, passphrase: Option<&str>) -> Secret {
    let passphrase = passphrase.map(|text| Zeroizing::new(text.to_owned()));
    Secret::Sealed { keystore: Box::new(keystore), passphrase }
}

/// True for what may name a key of one's own.
pub(crate) fn is_name(name: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (1..=32).contains(&name.len())
        && name.starts_with(letters)
        && name.chars().all(|letter| letters(letter) || "-_".contains(letter))
}

/// Where the own key `name` is kept.
pub(crate) fn path_of(folders: &Folders, name: &str) -> PathBuf {
    folders.keys().join(format!("{name}.json"))
}

/// The keys of one's own, by name.
///
/// # Errors
/// A usage fault for a damaged keystore: it is never passed over in silence.
pub(crate) fn own(folders: &Folders) -> Result<Vec<StoredKey>, Fault> {
    let Ok(entries) = std::fs::read_dir(folders.keys()) else { return Ok(Vec::new()) };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|name| is_name(name))
        .collect();
    names.sort_unstable();
    names
        .into_iter()
        .map(|name| {
            let key = StoredKey::read(&path_of(folders, &name), None)?;
            Ok(StoredKey { label: name, ..key })
        })
        .collect()
}

/// Reads the own key of this name, or the file at this path.
///
/// # Errors
/// A usage fault if there is neither.
pub(crate) fn named(folders: &Folders, name_or_path: &str) -> Result<StoredKey, Fault> {
    let path = path_of(folders, name_or_path);
    if is_name(name_or_path) && path.exists() {
        let key = StoredKey::read(&path, None)?;
        return Ok(StoredKey { label: name_or_path.to_owned(), ..key });
    }
    StoredKey::read(Path::new(name_or_path), None)
}

/// The public half that is meant: 64 hexadecimal digits, an own key's name, or a key file.
///
/// # Errors
/// A usage fault if it is none of these.
pub(crate) fn public(folders: &Folders, text: &str) -> Result<PublicKey, Fault> {
    match PublicKey::from_hex(text) {
        Some(key) => Ok(key),
        None => Ok(named(folders, text)?.public),
    }
}

/// A key from fresh entropy.
///
/// # Errors
/// An internal fault if the system has none.
pub(crate) fn fresh() -> Result<SecretKey, Fault> {
    let seed = entropy::bytes().map_err(|error| Fault::defect(&error))?;
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed);
    Ok(SecretKey::from_seed(Suite::Ed25519Blake3, *seed))
}

/// Keeps a key encrypted under `name`.
///
/// # Errors
/// A usage fault if the name is taken; what the system says.
pub(crate) fn keep(
    folders: &Folders,
    name: &str,
    key: &SecretKey,
    passphrase: &str,
    cost: Cost,
) -> Result<PublicKey, Fault> {
    let no_entropy = |error: std::io::Error| Fault::defect(&error);
    let (salt, nonce) =
        (entropy::bytes().map_err(no_entropy)?, entropy::bytes().map_err(no_entropy)?);
    let keystore = Keystore::encrypt(key, passphrase.as_bytes(), cost, salt, nonce)
        .map_err(|error| Fault::defect(&error))?;
    place(folders, name, &keystore)?;
    Ok(key.public())
}

/// Puts a keystore among one's own, under `name`.
///
/// # Errors
/// A usage fault if the name is taken; what the system says.
pub(crate) fn place(folders: &Folders, name: &str, keystore: &Keystore) -> Result<(), Fault> {
    let path = path_of(folders, name);
    match files::create(&path, keystore.text().as_bytes()) {
        Ok(_locked) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(taken(name, &path)),
        Err(error) => Err(Fault::file(&path, &error)),
    }
}

/// The passphrase does not open `label`.
pub(crate) fn wrong_passphrase(label: &str, error: &impl std::fmt::Display, hint: Text) -> Fault {
    let english = sentence(error);
    let detail = say!("{label}: {english}", "{label}：口令不正确，或文件已损坏。");
    Fault::usage(Own::WrongPassphrase, detail, hint)
}

/// What [`is_name`] asks for.
pub(crate) fn naming_rule() -> Text {
    say!(
        "Use 1 to 32 lower-case letters, digits, - and _.",
        "请使用 1 至 32 个小写字母、数字、- 和 _。"
    )
}

/// There is a key of this name already.
pub(crate) fn taken(name: &str, path: &Path) -> Fault {
    let detail = say!(
        "There is a key \"{name}\" already: {path}.",
        "已有密钥“{name}”：{path}。",
        path = path.display()
    );
    Fault::usage(Own::KeyExists, detail, say!("Choose another name.", "请换一个名称。"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> (tempfile::TempDir, Folders) {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::find(Some(home.path().to_owned())).unwrap();
        (home, folders)
    }

    fn create(folders: &Folders, name: &str, passphrase: &str) -> Result<PublicKey, Fault> {
        keep(folders, name, &fresh()?, passphrase, Cost::DEVNET)
    }

    fn passphrases(folder: &Path, text: &str) -> Passphrases {
        let path = folder.join("passphrase");
        std::fs::write(&path, text).unwrap();
        Passphrases { file: Some(path) }
    }

    #[test]
    fn a_new_key_is_listed_named_and_opened() {
        let (home, folders) = folders();
        let public = create(&folders, "main", "correct horse").unwrap();
        let listed = own(&folders).unwrap();
        assert_eq!((listed[0].label.as_str(), listed[0].public), ("main", public));
        let key = named(&folders, "main").unwrap();
        let right = passphrases(home.path(), "correct horse");
        assert_eq!(key.open(&right).unwrap().public(), public);
        let wrong = passphrases(home.path(), "wrong horse");
        assert_eq!(key.open(&wrong).unwrap_err().code, "wrong-passphrase");
        let again = create(&folders, "main", "correct horse").unwrap_err();
        assert_eq!(again.code, "key-exists");
    }

    #[test]
    fn a_known_passphrase_asks_nobody() {
        let (_home, folders) = folders();
        let public = create(&folders, "main", "feiqian-devnet").unwrap();
        let path = path_of(&folders, "main");
        let key = StoredKey::read(&path, Some("feiqian-devnet")).unwrap();
        assert_eq!(key.open(&Passphrases::default()).unwrap().public(), public);
    }

    #[test]
    fn an_institutions_key_file_opens_by_kind() {
        let (home, _) = folders();
        let key = SecretKey::from_seed(Suite::Ed25519Blake3, [3; 32]);
        let secret = KeyFile::secret_text(&key);
        let path = home.path().join("operator-1.key");
        for (kind, good) in [
            (KeyKind::Operator, true),
            (KeyKind::Compliance, true),
            (KeyKind::Account, true),
            (KeyKind::Voting, false),
            (KeyKind::Node, false),
        ] {
            let file = KeyFile::new(kind, &key, &secret);
            std::fs::write(&path, serde_json::to_string(&file).unwrap()).unwrap();
            let read = StoredKey::read(&path, None);
            assert_eq!(read.is_ok(), good, "{kind}");
            if let Ok(stored) = read {
                let opened = stored.open(&Passphrases::default()).unwrap();
                assert_eq!(opened.public(), key.public());
            }
        }
    }

    #[test]
    fn names_by_row() {
        for (name, good) in [
            ("main", true),
            ("till-2_b", true),
            ("2", true),
            ("", false),
            ("-x", false),
            ("Main", false),
            ("a/b", false),
            ("..", false),
            (&"a".repeat(33), false),
        ] {
            assert_eq!(is_name(name), good, "{name:?}");
        }
    }

    #[test]
    fn a_damaged_keystore_is_not_passed_over() {
        let (_home, folders) = folders();
        files::make_folder(&folders.keys()).unwrap();
        std::fs::write(path_of(&folders, "main"), "{}").unwrap();
        assert_eq!(own(&folders).unwrap_err().code, "bad-key");
    }
}
