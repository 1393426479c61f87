//! `feiqian accounts [list|add|remove]`: the accounts that have a name here.
//!
//! Invariants: a name is given only to an address that is well formed on the profile's network.
//! Absent: the names of a profile's own file, which its author changes.

use serde::Serialize;

use super::table;
use crate::book::Book;
use crate::cli::Accounts;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::keyring;
use crate::names::Written;
use crate::session::Session;

#[derive(Serialize)]
struct AccountDocument {
    name: String,
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    institution: Option<String>,
}

pub(super) fn run(session: &Session, command: Option<&Accounts>) -> Result<(), Fault> {
    match command {
        None | Some(Accounts::List) => list(session),
        Some(Accounts::Add { name, account }) => add(session, name, account),
        Some(Accounts::Remove { name }) => remove(session, name),
    }
}

fn list(session: &Session) -> Result<(), Fault> {
    let accounts = session.profile()?.accounts.into_iter();
    let documents: Vec<AccountDocument> = accounts
        .map(|(name, account)| AccountDocument {
            name,
            account: account.address,
            institution: account.institution,
        })
        .collect();
    let mut rows = table::table(&["name", "address", "institution"]);
    for account in &documents {
        let name = format!("@{}", account.name);
        let institution = account.institution.clone().unwrap_or_default();
        rows.add_row([name, account.account.clone(), institution]);
    }
    let text = if documents.is_empty() {
        "No account has a name yet. Give one with: feiqian accounts add NAME ADDRESS".to_owned()
    } else {
        table::text(rows, &[])
    };
    session.output.result(text, &documents);
    Ok(())
}

fn add(session: &Session, name: &str, account: &str) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let name = name.trim_start_matches('@');
    if !keyring::is_name(name) {
        let detail = format!("\"{name}\" cannot name an account.");
        let hint = "Use 1 to 32 lower-case letters, digits, - and _.";
        return Err(Fault::usage("bad-name", detail, hint));
    }
    if let Some(known) = desk.profile.accounts.get(name) {
        let detail = format!("@{name} is {} already.", known.address);
        let hint = format!("Choose another name, or: feiqian accounts remove {name}");
        return Err(Fault::usage("name-taken", detail, hint));
    }
    let written = Written::parse(account, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let mut book = Book::read(&session.folders, &desk.profile.name)?;
    book.accounts.insert(name.to_owned(), party.address.clone());
    book.write(&session.folders, &desk.profile.name)?;
    let text = format!("@{name} is {} from now on.", party.address);
    let document =
        AccountDocument { name: name.to_owned(), account: party.address, institution: None };
    session.output.result(text, &document);
    Ok(())
}

fn remove(session: &Session, name: &str) -> Result<(), Fault> {
    let profile = session.profile()?;
    let name = name.trim_start_matches('@');
    let mut book = Book::read(&session.folders, &profile.name)?;
    let Some(account) = book.accounts.remove(name) else {
        let detail = format!("The address book has no name @{name} that was added here.");
        return Err(Fault::usage("unknown-name", detail, "See: feiqian accounts"));
    };
    book.write(&session.folders, &profile.name)?;
    let document = AccountDocument { name: name.to_owned(), account, institution: None };
    session.output.result(format!("@{name} is forgotten."), &document);
    Ok(())
}
