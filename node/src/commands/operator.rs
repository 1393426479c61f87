//! `feiqian-node operator add|list|revoke`: who may use the node's API, and as what.
//!
//! A running node takes a change up at once. Invariants: a token is shown once, or written once to
//! a file of its own; nothing is changed by another user than the home's, whose node could not read
//! it any more. Absent: what a role may do (docs/reference/api.md).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use api::text;
use clap::{Args, Subcommand};
use ledger::ids::Timestamp;
use serde::Serialize;

use super::format::Format;
use super::{Failure, entropy};
use crate::access::{self, Book, BookError, Operator, Role, Token};
use crate::home::{self, now};
use crate::output;

/// What is done about operators.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Makes an operator and its token, which is shown once.
    Add(Add),
    /// Lists the operators, those that are revoked or have expired too.
    List(List),
    /// Lets an operator in no more.
    Revoke(Revoke),
}

/// A new operator.
#[derive(Args, Debug)]
pub(super) struct Add {
    /// Its name, as it will stand in the audit log: a-z, 0-9, - _ and .
    name: String,
    /// What it may do: docs/reference/api.md.
    #[arg(long, value_enum)]
    role: Role,
    /// The node's home.
    #[arg(long)]
    home: PathBuf,
    /// How long its token counts: days or hours like 90d or 12h, or never.
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = lifetime)]
    expires: Lifetime,
    /// Write the token to this new file, readable by its owner alone, in the place of showing it.
    #[arg(long, short = 'o', value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The operators.
#[derive(Args, Debug)]
pub(super) struct List {
    /// The node's home.
    #[arg(long)]
    home: PathBuf,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// An operator that is let in no more.
#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// Its name.
    name: String,
    /// The node's home.
    #[arg(long)]
    home: PathBuf,
}

/// How long a token counts, in milliseconds; none: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lifetime(Option<u64>);

/// The longest life of a token that ends, in days.
const MOST_DAYS: u64 = 3650;

const HOUR_MS: u64 = 3_600_000;

fn lifetime(text: &str) -> Result<Lifetime, String> {
    if text == "never" {
        return Ok(Lifetime(None));
    }
    let unread = || "write days or hours, like 90d or 12h, at most 3650d; or never".to_owned();
    let hours = text.strip_suffix('h').map(|number| (number, 1));
    let days = text.strip_suffix('d').map(|number| (number, 24));
    let (number, hours) = hours.or(days).ok_or_else(unread)?;
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse::<u64>().ok().filter(|_| is_plain).ok_or_else(unread)?;
    let hours = number.checked_mul(hours).filter(|hours| (1..=MOST_DAYS * 24).contains(hours));
    hours.map(|hours| Lifetime(Some(hours.saturating_mul(HOUR_MS)))).ok_or_else(unread)
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
        Command::Revoke(arguments) => revoke(arguments),
    }
}

fn add(arguments: &Add) -> Result<(), Failure> {
    check_owner(&arguments.home)?;
    let token = Token::new(entropy::bytes()?);
    let moment = now();
    let expires = arguments.expires.0.map(|lifetime| moment.plus(lifetime));
    let operator = Operator::new(&arguments.name, arguments.role, &token, moment, expires);
    let written = arguments.out.as_deref().map(|path| write(path, &token)).transpose();
    written.map_err(|error| Failure::new(error.to_string()))?;
    if let Err(error) = access::change(&arguments.home, |book| book.add(operator.clone())) {
        if let Some(path) = &arguments.out {
            // A token of nobody is no use to anybody.
            let _gone = std::fs::remove_file(path);
        }
        return Err(failure(&error));
    }
    let until = expires.map_or_else(String::new, |end| format!(" until {}", text::time(end)));
    let made = format!("{} is {}{until}", arguments.name, with_article(arguments.role));
    match &arguments.out {
        Some(path) => {
            output::result(format_args!(
                "{made}. The token is in {}: hand it over.",
                path.display()
            ));
        }
        None => {
            output::note(format_args!("{made}. Hand over the token; it is not shown again:"));
            output::result(token.reveal());
        }
    }
    Ok(())
}

fn with_article(role: Role) -> String {
    let article = if role == Role::Admin { "an" } else { "a" };
    format!("{article} {role}")
}

fn write(path: &Path, token: &Token) -> Result<(), home::HomeError> {
    let failed = |source| home::HomeError::File { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    let mut file: File =
        options.write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let line = zeroize::Zeroizing::new(format!("{}\n", token.reveal()));
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

fn revoke(arguments: &Revoke) -> Result<(), Failure> {
    check_owner(&arguments.home)?;
    let revoked = access::change(&arguments.home, |book| book.revoke(&arguments.name, now()));
    revoked.map_err(|error| failure(&error))?;
    output::result(format_args!("{} is revoked: the token counts no longer.", arguments.name));
    Ok(())
}

/// An operator as it is listed.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    role: Role,
    state: &'static str,
    added: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<String>,
}

fn list(arguments: &List) -> Result<(), Failure> {
    home::read_config(&arguments.home)?;
    let book = access::read(&arguments.home)?;
    let listed = listed(&book, now());
    arguments.output.print(&listed, |listed| table(listed))
}

fn listed(book: &Book, now: Timestamp) -> Vec<Listed<'_>> {
    let operators = book.operators().iter();
    let listed = operators.map(|one| Listed {
        name: &one.name,
        role: one.role,
        state: one.standing(now).word(),
        added: one.added.into(),
        expires: one.expires.map(String::from),
        revoked: one.revoked.map(String::from),
    });
    listed.collect()
}

fn table(listed: &[Listed<'_>]) -> String {
    if listed.is_empty() {
        return "There are no operators. Add one: feiqian-node operator add NAME --role ROLE"
            .into();
    }
    let wide = listed.iter().map(|one| one.name.len()).max().unwrap_or_default();
    let line = |one: &Listed<'_>| {
        let Listed { name, role, state, added, expires, revoked } = one;
        let (role, expires) = (role.word(), expires.as_deref());
        let end = match (revoked, expires) {
            (Some(revoked), _) => format!("revoked {revoked}"),
            (None, Some(expires)) => format!("expires {expires}"),
            (None, None) => "does not expire".to_owned(),
        };
        format!("{name:<wide$}  {role:<7}  {state:<7}  added {added}  {end}")
    };
    listed.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The node that runs as the home's owner must be able to read what is written here.
fn check_owner(home: &Path) -> Result<(), Failure> {
    home::read_config(home)?;
    let (own, owner) = (rustix::process::geteuid().as_raw(), std::fs::metadata(home));
    match owner.map(|metadata| metadata.uid()) {
        Ok(owner) if owner != own => {
            let message =
                format!("{} belongs to user {owner}, and this is user {own}", home.display());
            Err(Failure::new(message).hint(format!("Run it as that user: sudo -u '#{owner}' ...")))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(format!("{}: {error}", home.display()))),
    }
}

fn failure(error: &BookError) -> Failure {
    match error {
        BookError::Name { .. } => Failure::usage(error.to_string()),
        BookError::Home(_) | BookError::Taken { .. } | BookError::Unknown { .. } => {
            Failure::new(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::tests::home;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn lifetimes_by_row() {
        for (text, expected) in [
            ("90d", Some(Some(90 * 24 * HOUR_MS))),
            ("1h", Some(Some(HOUR_MS))),
            ("3650d", Some(Some(3650 * 24 * HOUR_MS))),
            ("never", Some(None)),
            ("3651d", None),
            ("0d", None),
            ("d", None),
            ("90", None),
            ("-1d", None),
            ("+1d", None),
            ("1.5d", None),
            ("９d", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(lifetime(text).ok().map(|life| life.0), expected, "{text}");
        }
    }

    #[test]
    fn a_token_is_written_once_and_known_until_it_is_revoked() {
        let folder = home();
        let home = folder.path().to_owned();
        let out = home.join("li.token");
        let add = |name: &str| {
            let (name, role, out) = (name.to_owned(), Role::Maker, Some(out.clone()));
            add(&Add { name, role, home: home.clone(), expires: Lifetime(None), out })
        };
        add("li").unwrap();
        assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&out).unwrap();
        let token = Token::parse(text.trim_end()).unwrap();
        let book = access::read(&home).unwrap();
        assert_eq!(book.find(&token).unwrap().role, Role::Maker);
        // The file is there; then the name is.
        assert!(add("bo").is_err());
        std::fs::remove_file(&out).unwrap();
        assert!(add("li").unwrap_err().message.contains("li is an operator already"));
        assert_eq!(add("Li!").unwrap_err().exit, 2);
        assert!(!out.exists());
        let revoke = |name: &str| revoke(&Revoke { name: name.to_owned(), home: home.clone() });
        revoke("li").unwrap();
        assert!(revoke("li").is_err());
        let book = access::read(&home).unwrap();
        let listed = listed(&book, now());
        assert_eq!((listed.len(), listed[0].state), (1, "revoked"));
        assert!(table(&listed).starts_with("li  maker    revoked  added 20"));
    }
}
