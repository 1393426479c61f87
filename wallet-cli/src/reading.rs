//! What the wallet reads from outside, for whoever tries it with hostile input.
//!
//! Each function reads a text or a file's bytes as the program does, and gives what was read in its
//! canonical text, or the code or reason of the refusal. Invariant: nothing here is a second
//! reader; the program's own are called. Absent: what is read by the packages below (keystores, key
//! files, proofs, genesis documents, ISO 20022 messages).

use ledger::crypto::SecretKey;

use crate::book::Book;
use crate::commands::bank::fees::ScheduleFile;
use crate::commands::pay::batch::{journal, table};
use crate::devnet;
use crate::outbox;
use crate::paper::Paper;
use crate::profile::{ConfigFile, ProfileFile};
use crate::request::{Request, emv, uri};
use crate::words;

/// A request to be paid, in either form; gives its URI.
///
/// # Errors
/// The fault's code.
pub fn request(text: &str) -> Result<String, String> {
    Request::parse(text)
        .map(|request| uri::text(&request))
        .map_err(|fault| fault.code.text().to_owned())
}

/// A merchant's code with its checksum put right, so that what stands before it is read too.
///
/// # Errors
/// The fault's code.
pub fn merchant_code(body: &str) -> Result<String, String> {
    request(&emv::sealed(body))
}

/// A file of payments; gives what each row is known by, a line each.
///
/// # Errors
/// The fault's code.
pub fn payments(text: &str) -> Result<String, String> {
    let rows = table::parse(text).map_err(|(_, fault)| fault.code.text().to_owned())?;
    Ok(rows.into_iter().map(|row| row.key).collect::<Vec<_>>().join("\n"))
}

/// A line of the journal beside a file of payments; gives its text.
///
/// # Errors
/// What is wrong.
pub fn journal_line(line: &str) -> Result<String, String> {
    journal::canonical(line).map_err(|reason| reason.english().to_owned())
}

/// A transaction file; gives its text.
///
/// # Errors
/// What is wrong.
pub fn transaction(text: &str) -> Result<String, String> {
    Paper::parse(text).map(|paper| paper.text()).map_err(|reason| reason.english().to_owned())
}

/// A transaction file of somebody's transaction, unsigned; gives its text.
///
/// # Errors
/// If the transaction is none that the wallet signs.
pub fn transaction_file(
    network: ledger::ids::Network,
    transaction: ledger::transaction::Transaction,
) -> Result<String, String> {
    let text = Paper::new(network, transaction).text();
    self::transaction(&text)
}

/// An entry of the outbox; gives its file.
///
/// # Errors
/// What is wrong.
pub fn outbox_entry(bytes: &[u8]) -> Result<Vec<u8>, String> {
    outbox::parse(bytes)
        .map(|entry| outbox::render(&entry))
        .map_err(|reason| reason.english().to_owned())
}

/// A key's 24 words; gives the words.
///
/// # Errors
/// The fault's code.
pub fn words(text: &str) -> Result<String, String> {
    let of = |key: &SecretKey| words::of(key).map(|words| words.to_string());
    words::key(text).and_then(|key| of(&key)).map_err(|fault| fault.code.text().to_owned())
}

/// A profile; gives its text.
///
/// # Errors
/// What is wrong.
pub fn profile(text: &str) -> Result<String, String> {
    let file: ProfileFile = toml::from_str(text).map_err(|error| error.to_string())?;
    toml::to_string(&file).map_err(|error| error.to_string())
}

/// The wallet's configuration; gives its text.
///
/// # Errors
/// What is wrong.
pub fn configuration(text: &str) -> Result<String, String> {
    let file: ConfigFile = toml::from_str(text).map_err(|error| error.to_string())?;
    toml::to_string(&file).map_err(|error| error.to_string())
}

/// An address book; gives its text.
///
/// # Errors
/// What is wrong.
pub fn address_book(text: &str) -> Result<String, String> {
    let book: Book = toml::from_str(text).map_err(|error| error.to_string())?;
    toml::to_string(&book).map_err(|error| error.to_string())
}

/// A fee schedule, before its amounts are read; gives what it says.
///
/// # Errors
/// What is wrong.
pub fn fee_schedule(text: &str) -> Result<String, String> {
    let file: ScheduleFile = toml::from_str(text).map_err(|error| error.to_string())?;
    Ok(format!("{file:?}"))
}

/// A devnet's `devnet.json`; gives what it says.
///
/// # Errors
/// What is wrong.
pub fn devnet(text: &str) -> Result<String, String> {
    devnet::parse(std::path::Path::new("devnet"), text)
        .map(|profile| format!("{profile:?}"))
        .map_err(|reason| reason.english().to_owned())
}
