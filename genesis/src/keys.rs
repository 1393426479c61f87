//! A member's own key files: made, or read again.
//!
//! Invariants: a key file is readable by its owner alone, and one that others can read is refused;
//! no key file is ever overwritten; the text of a secret is wiped from memory. Absent: the file's
//! format.

use ledger::crypto::{SecretKey, Suite};
use ledger::genesis::keyfile::{self, KeyFile, KeyKind};
use ledger::ids::Network;
use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use zeroize::Zeroizing;

use crate::{Fault, files};

const MAXIMUM_BYTES: usize = 4096;
const SUITE: Suite = Suite::Ed25519Blake3;

/// Makes the folder of keys, closed to others.
pub(crate) fn make_folder(path: &Path) -> Result<(), Fault> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| Fault::File { path: path.to_owned(), source })
}

/// The key of `kind` for a network of this kind, in the file `path`: read if the file is there,
/// else made. So a `join` that was interrupted, or is repeated for another name or address, goes on
/// with the same keys.
pub(crate) fn read_or_make(
    path: &Path,
    kind: KeyKind,
    network: Network,
) -> Result<SecretKey, Fault> {
    if path.exists() { read(path, kind, network) } else { make(path, kind, network) }
}

/// The key of `kind` in the file `path`; a devnet's is refused for any other network.
pub(crate) fn read(path: &Path, kind: KeyKind, network: Network) -> Result<SecretKey, Fault> {
    let metadata =
        fs::metadata(path).map_err(|source| Fault::File { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Fault::Exposed { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(files::read_text(path, MAXIMUM_BYTES)?);
    let file: KeyFile<'_> = serde_json::from_str(&text)
        .map_err(|error| Fault::Format { path: path.to_owned(), reason: error.to_string() })?;
    let key =
        file.open(SUITE, kind).map_err(|source| Fault::Key { path: path.to_owned(), source })?;
    if network != Network::Devnet && keyfile::is_devnet_key(&key) {
        return Err(Fault::Devnet { path: path.to_owned() });
    }
    Ok(key)
}

fn make(path: &Path, kind: KeyKind, network: Network) -> Result<SecretKey, Fault> {
    let failed = |source| Fault::File { path: path.to_owned(), source };
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice())
        .map_err(|error| Fault::Entropy { reason: error.to_string() })?;
    let key = match network {
        Network::Devnet => devnet_key(&seed),
        Network::Production | Network::Test => SecretKey::from_seed(SUITE, *seed),
    };
    let secret = Zeroizing::new(KeyFile::secret_text(&key));
    let text = serde_json::to_string_pretty(&KeyFile::new(kind, &key, &secret));
    let text = Zeroizing::new(text.map_err(|error| failed(error.into()))?);
    let options = File::options().write(true).create_new(true).mode(0o600).clone();
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    Ok(key)
}

/// A devnet's key, from as much of the entropy as it takes.
fn devnet_key(entropy: &[u8; 32]) -> SecretKey {
    let mut half = Zeroizing::new([0; 16]);
    half.iter_mut().zip(entropy).for_each(|(to, from)| *to = *from);
    keyfile::devnet_key(SUITE, *half)
}
