//! Who may use the API: operators, each with a role, known by their tokens.
//!
//! Invariants: a token is kept nowhere, only its hash; what `HOME/operators.json` says counts from
//! the moment on that it is written; a file that cannot be used lets nobody in; once there was an
//! operator, the API is never open again by a mistake such as revoking the last one. Absent: which
//! call needs which role (see `http::access`); the institutions' keys, which sign on the ledger.

mod book;
mod role;
mod token;

use ledger::ids::Network;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::home::HomeError;

pub use book::{Book, BookError, FILE, Moment, Operator, Standing, change, read};
pub use role::Role;
pub use token::{Token, TokenHash};

/// The operators of a home, as they are now.
#[derive(Debug)]
pub struct Access {
    file: PathBuf,
    /// True if calls that need an operator are refused even before there is the first one.
    closed: bool,
    seen: Mutex<Seen>,
}

/// What was read last.
#[derive(Debug)]
struct Seen {
    stamp: Option<Stamp>,
    book: Result<Arc<Book>, Arc<HomeError>>,
}

/// What changes with a file, whoever changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self { inode: metadata.ino(), bytes: metadata.len(), changed }
    }
}

impl Access {
    /// Reads the operators of the home at `path`. Where real money is, nobody acts without a token.
    ///
    /// # Errors
    /// [`HomeError`] if the file is there and cannot be used.
    pub fn open(path: &Path, network: Network) -> Result<Self, HomeError> {
        let closed = network == Network::Production;
        let seen = Seen { stamp: stamp(&path.join(FILE))?, book: Ok(Arc::new(read(path)?)) };
        Ok(Self { file: path.join(FILE), closed, seen: Mutex::new(seen) })
    }

    /// The operators as they are now.
    ///
    /// # Errors
    /// [`HomeError`] as long as the file cannot be used: nobody is known then.
    pub fn book(&self) -> Result<Arc<Book>, Arc<HomeError>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = match stamp(&self.file) {
            Ok(stamp) => stamp,
            Err(error) => {
                // It is read again, whatever its stamp, once it can be looked at.
                seen.book = Err(Arc::new(error));
                return seen.book.clone();
            }
        };
        if stamp != seen.stamp || seen.book.is_err() {
            let home = self.file.parent().unwrap_or(Path::new("."));
            let vanished = stamp.is_none() && seen.stamp.is_some();
            let book = if vanished { Err(gone(&self.file)) } else { read(home) };
            let book = book.map(Arc::new).map_err(Arc::new);
            // A file that went away stays missed: only a new one, or a restart, ends that.
            let stamp = if vanished { seen.stamp } else { stamp };
            *seen = Seen { stamp, book };
        }
        seen.book.clone()
    }

    /// True if calls that need an operator are refused to whoever shows no token.
    pub fn is_enforced(&self, book: &Book) -> bool {
        self.closed || book.is_there()
    }
}

/// `None` if there is no such file.
fn stamp(file: &Path) -> Result<Option<Stamp>, HomeError> {
    match std::fs::metadata(file) {
        Ok(metadata) => Ok(Some(Stamp::of(&metadata))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(HomeError::File { path: file.to_owned(), source }),
    }
}

fn gone(file: &Path) -> HomeError {
    let source = std::io::Error::new(ErrorKind::NotFound, "it was there and is gone");
    HomeError::File { path: file.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::now;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn add(home: &Path, name: &str, role: Role) -> Token {
        let token = Token::new([7; 32]);
        change(home, |book| book.add(Operator::new(name, role, &token, now(), None))).unwrap();
        token
    }

    #[test]
    fn changes_of_the_file_count_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let access = Access::open(home, Network::Devnet).unwrap();
        assert!(!access.is_enforced(&access.book().unwrap()));
        let token = add(home, "li", Role::Maker);
        let book = access.book().unwrap();
        assert!(access.is_enforced(&book));
        assert_eq!(book.find(&token).unwrap().name, "li");
        change(home, |book| book.revoke("li", now())).unwrap();
        let book = access.book().unwrap();
        assert_eq!(book.find(&token).unwrap().standing(now()), Standing::Revoked);
        assert!(access.is_enforced(&book));
    }

    #[test]
    fn a_file_that_cannot_be_used_lets_nobody_in() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let token = add(home, "li", Role::Maker);
        let access = Access::open(home, Network::Devnet).unwrap();
        let file = home.join(FILE);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(*access.book().unwrap_err(), HomeError::Exposed { .. }));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(access.book().unwrap().find(&token).is_some());
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, "{").unwrap();
        assert!(access.book().is_err());
        fs::remove_file(&file).unwrap();
        assert!(access.book().is_err());
        assert!(access.book().is_err());
        crate::home::write_private(&file, &text).unwrap();
        assert!(access.book().unwrap().find(&token).is_some());
    }

    #[test]
    fn where_real_money_is_nobody_acts_without_a_token() {
        let folder = tempfile::tempdir().unwrap();
        for (network, closed) in
            [(Network::Production, true), (Network::Test, false), (Network::Devnet, false)]
        {
            let access = Access::open(folder.path(), network).unwrap();
            assert_eq!(access.is_enforced(&access.book().unwrap()), closed, "{network:?}");
        }
    }
}
