//! The operators as `HOME/operators.json` keeps them: added, and revoked, never forgotten.
//!
//! Invariants: of operators that are not revoked and have not expired, each name is one; a revoked
//! one stays in the file, so that the audit log's names can be told for ever; the file is replaced
//! whole, is readable by its owner alone, and two changes never mix. Absent: tokens.

use api::text;
use ledger::ids::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::role::Role;
use super::token::{Token, TokenHash};
use crate::home::{HomeError, check_private, read_text, write_private};

/// The file, in the home.
pub const FILE: &str = "operators.json";

/// The file that is locked while operators are changed.
const LOCK: &str = "operators.lock";

/// The form of the file.
const FORMAT: &str = "feiqian.operators/v1";

/// The most bytes of the file.
const MAXIMUM_BYTES: usize = 1024 * 1024;

/// The most characters of a name.
const LONGEST_NAME: usize = 40;

/// A moment, in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(pub Timestamp);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let unread = || format!("\"{text}\" is no time like 2026-11-21T20:15:00.000Z");
        text::parse_time(&text).map(Self).ok_or_else(unread)
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        text::time(moment.0)
    }
}

/// A person or a system that uses the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Its name, as in the audit log.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The hash of its token.
    pub token_hash: TokenHash,
    /// Since when it is known.
    pub added: Moment,
    /// From when on its token counts no longer; none: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Moment>,
    /// Since when it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Moment>,
}

/// Whether an operator's token counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Valid,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl Standing {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Operator {
    /// A new operator with this token.
    pub fn new(
        name: &str,
        role: Role,
        token: &Token,
        added: Timestamp,
        expires: Option<Timestamp>,
    ) -> Self {
        let (added, expires) = (Moment(added), expires.map(Moment));
        Self {
            name: name.to_owned(),
            role,
            token_hash: token.hash(),
            added,
            expires,
            revoked: None,
        }
    }

    /// Whether its token counts at `now`.
    pub fn standing(&self, now: Timestamp) -> Standing {
        if self.revoked.is_some() {
            Standing::Revoked
        } else if self.expires.is_some_and(|end| end.0 <= now) {
            Standing::Expired
        } else {
            Standing::Valid
        }
    }
}

/// Why operators could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The name does not fit.
    #[error("\"{name}\" is no operator's name. Write 1 to {LONGEST_NAME} of a-z, 0-9, - _ and .")]
    Name {
        /// The name.
        name: String,
    },
    /// There is one of this name.
    #[error("{name} is an operator already. Revoke that one first, or choose another name")]
    Taken {
        /// The name.
        name: String,
    },
    /// There is none of this name.
    #[error("no operator {name} is left to revoke. List them: feiqian-node operator list")]
    Unknown {
        /// The name.
        name: String,
    },
}

/// All operators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    operators: Vec<Operator>,
    is_there: bool,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BookFile {
    format: String,
    operators: Vec<Operator>,
}

impl Book {
    /// All operators, the revoked ones too, in the order in which they were added.
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    /// True if there is a file, so that there is or was an operator.
    pub const fn is_there(&self) -> bool {
        self.is_there
    }

    /// Whose token it is, whether it counts or not. Every hash is compared, whichever is the one.
    pub fn find(&self, token: &Token) -> Option<&Operator> {
        self.find_hash(&token.hash())
    }

    /// The same by the token's hash.
    pub fn find_hash(&self, hash: &TokenHash) -> Option<&Operator> {
        self.operators.iter().fold(None, |found, one| {
            let is_it = one.token_hash == *hash;
            if is_it { Some(one) } else { found }
        })
    }

    /// Adds an operator.
    ///
    /// # Errors
    /// [`BookError::Name`] or [`BookError::Taken`].
    pub fn add(&mut self, operator: Operator) -> Result<(), BookError> {
        let name = operator.name.clone();
        if !is_name(&name) {
            return Err(BookError::Name { name });
        }
        let now = operator.added.0;
        let is_taken = |one: &Operator| one.name == name && one.standing(now) == Standing::Valid;
        if self.operators.iter().any(is_taken) {
            return Err(BookError::Taken { name });
        }
        self.operators.push(operator);
        Ok(())
    }

    /// Revokes an operator at `now`.
    ///
    /// # Errors
    /// [`BookError::Unknown`] if there is none of this name, or all are revoked.
    pub fn revoke(&mut self, name: &str, now: Timestamp) -> Result<(), BookError> {
        let found = self.operators.iter_mut().rfind(|one| one.name == name);
        match found.filter(|one| one.revoked.is_none()) {
            Some(operator) => {
                operator.revoked = Some(Moment(now));
                Ok(())
            }
            None => Err(BookError::Unknown { name: name.to_owned() }),
        }
    }

    /// What became different in `after`, in words.
    pub fn changes(&self, after: &Self) -> Vec<String> {
        let before = |one: &Operator| self.find_hash(&one.token_hash);
        let words = |one: &Operator| match before(one) {
            Some(known) if known == one => None,
            Some(known) if known.revoked.is_none() && one.revoked.is_some() => {
                Some(format!("revoked {}", one.name))
            }
            Some(_) => Some(format!("changed {}", described(one))),
            None => Some(format!("added {}", described(one))),
        };
        let mut changes: Vec<_> = after.operators.iter().filter_map(words).collect();
        let is_gone = |one: &&Operator| after.find_hash(&one.token_hash).is_none();
        let gone = self.operators.iter().filter(is_gone);
        changes.extend(gone.map(|one| format!("removed {}", one.name)));
        changes
    }

    /// Those whose tokens count at `now`, in words.
    pub fn summary(&self, now: Timestamp) -> String {
        let valid = self.operators.iter().filter(|one| one.standing(now) == Standing::Valid);
        let words: Vec<_> = valid.map(described).collect();
        if words.is_empty() { "no operators".to_owned() } else { words.join(", ") }
    }
}

fn described(operator: &Operator) -> String {
    let Operator { name, role, expires, .. } = operator;
    let until = expires.map(|end| format!(" until {}", text::time(end.0)));
    format!("{name} ({role}{})", until.unwrap_or_default())
}

fn is_name(name: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let first = name.bytes().next();
    let begins = first.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    begins && name.len() <= LONGEST_NAME && name.bytes().all(plain)
}

/// Reads the operators of the home at `path`; none if there is no file.
///
/// # Errors
/// [`HomeError`] if others can read the file, or it is not of its format.
pub fn read(path: &Path) -> Result<Book, HomeError> {
    let file = path.join(FILE);
    match file.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Book::default()),
        Ok(_) | Err(_) => check_private(&file)?,
    }
    let format = |reason: String| HomeError::Format { path: file.clone(), reason };
    let read: BookFile = serde_json::from_str(&read_text(&file, MAXIMUM_BYTES)?)
        .map_err(|error| format(error.to_string()))?;
    if read.format != FORMAT {
        return Err(format(format!("it is not of the format {FORMAT}")));
    }
    match read.operators.iter().find(|one| !is_name(&one.name)) {
        Some(one) => Err(format(format!("\"{}\" is no operator's name", one.name))),
        None => Ok(Book { operators: read.operators, is_there: true }),
    }
}

/// Changes the operators of the home at `path`; two changes at once come one after the other.
///
/// # Errors
/// [`BookError`]; then nothing is changed.
pub fn change(
    path: &Path,
    change: impl FnOnce(&mut Book) -> Result<(), BookError>,
) -> Result<(), BookError> {
    let lock = path.join(LOCK);
    let failed = |source| HomeError::File { path: lock.clone(), source };
    let held = File::options().create(true).truncate(false).write(true).open(&lock);
    let held = held.map_err(failed)?;
    held.lock().map_err(failed)?;
    let mut book = read(path)?;
    change(&mut book)?;
    let file = BookFile { format: FORMAT.to_owned(), operators: book.operators };
    let text = serde_json::to_string_pretty(&file).map_err(std::io::Error::from);
    let text = text.map_err(|source| HomeError::File { path: path.join(FILE), source })?;
    write_private(&path.join(FILE), format!("{text}\n"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn token(seed: u8) -> Token {
        Token::new([seed; 32])
    }

    fn operator(name: &str, seed: u8, expires: Option<u64>) -> Operator {
        let expires = expires.map(Timestamp);
        Operator::new(name, Role::Maker, &token(seed), Timestamp(1000), expires)
    }

    #[test]
    fn the_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        assert_eq!(read(home).unwrap(), Book::default());
        change(home, |book| book.add(operator("li", 1, Some(5000)))).unwrap();
        change(home, |book| book.add(operator("bo", 2, None))).unwrap();
        let book = read(home).unwrap();
        assert_eq!(book.operators().len(), 2);
        assert_eq!(book.operators()[0], operator("li", 1, Some(5000)));
        let file = home.join(FILE);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains(token(1).reveal()), "{text}");
    }

    #[test]
    fn a_token_counts_until_it_expires_or_is_revoked() {
        let mut book = Book::default();
        book.add(operator("li", 1, Some(5000))).unwrap();
        let found = book.find(&token(1)).unwrap();
        for (now, standing) in
            [(4999, Standing::Valid), (5000, Standing::Expired), (6000, Standing::Expired)]
        {
            assert_eq!(found.standing(Timestamp(now)), standing);
        }
        assert!(book.find(&token(2)).is_none());
        book.revoke("li", Timestamp(2000)).unwrap();
        assert_eq!(book.find(&token(1)).unwrap().standing(Timestamp(2001)), Standing::Revoked);
    }

    #[test]
    fn a_name_is_one_operators_until_that_one_is_revoked() {
        let mut book = Book::default();
        book.add(operator("li", 1, None)).unwrap();
        let taken = book.add(operator("li", 2, None)).unwrap_err();
        assert!(matches!(taken, BookError::Taken { .. }));
        book.revoke("li", Timestamp(2000)).unwrap();
        let unknown = |error: BookError| matches!(error, BookError::Unknown { .. });
        assert!(unknown(book.revoke("li", Timestamp(2000)).unwrap_err()));
        assert!(unknown(book.revoke("bo", Timestamp(2000)).unwrap_err()));
        book.add(operator("li", 2, None)).unwrap();
        book.revoke("li", Timestamp(3000)).unwrap();
        assert_eq!(book.operators().len(), 2);
        for bad in ["", "Li", "li!", "飞", "-li", ".li", "a b", &"a".repeat(41), "a\u{202e}"] {
            let error = book.add(operator(bad, 3, None)).unwrap_err();
            assert!(matches!(error, BookError::Name { .. }), "{bad:?}");
        }
    }

    #[test]
    fn changes_are_told() {
        let mut before = Book::default();
        before.add(operator("li", 1, None)).unwrap();
        before.add(operator("wu", 3, None)).unwrap();
        let mut after = before.clone();
        after.revoke("li", Timestamp(2000)).unwrap();
        after.add(operator("bo", 2, Some(1_795_294_500_123))).unwrap();
        let told = ["revoked li", "added bo (maker until 2026-11-21T20:55:00.123Z)"];
        assert_eq!(before.changes(&after), told);
        assert_eq!(after.changes(&after), Vec::<String>::new());
        assert_eq!(after.changes(&Book::default()).len(), 3);
        let now = Timestamp(3000);
        assert_eq!(Book::default().summary(now), "no operators");
        assert!(after.summary(now).starts_with("wu (maker), bo (maker until"));
    }

    #[test]
    fn files_of_another_form_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        change(folder.path(), |book| book.add(operator("li", 1, Some(5000)))).unwrap();
        let good = std::fs::read_to_string(&file).unwrap();
        for (from, to) in [
            ("operators/v1", "operators/v2"),
            ("\"li\"", "\"Li\""),
            ("maker", "king"),
            ("\"added\"", "\"addde\""),
            ("1970-01-01T00:00:05.000Z", "soon"),
            ("token_hash\": \"", "token_hash\": \"0"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            std::fs::write(&file, bad).unwrap();
            assert!(matches!(read(folder.path()).unwrap_err(), HomeError::Format { .. }), "{to}");
        }
    }
}
