//! `feiqian accounts [list|add|remove]`: the accounts that have a name here.
//!
//! Invariants: a name is given only to an address that is well formed on the profile's network.
//! Absent: the names of a profile's own file, which its author changes.

mod limit;

use serde::Serialize;

use super::table;
use crate::book::Book;
use crate::cli::Accounts;
use crate::code::Own;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::keyring;
use crate::language::{Text, say};
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
        Some(Accounts::Limit(command)) => limit::run(session, command),
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
    let rows: Vec<Vec<Text>> = documents.iter().map(row).collect();
    let text = if documents.is_empty() {
        say!(
            "No account has a name yet. Give one with: feiqian accounts add NAME ADDRESS",
            "还没有命名的账户。添加：feiqian accounts add NAME ADDRESS"
        )
    } else {
        let headings = [say!("name", "名称"), say!("address", "地址"), say!("institution", "机构")];
        table::table(&headings, &rows, &[])
    };
    session.output.result(&text, &documents);
    Ok(())
}

fn row(account: &AccountDocument) -> Vec<Text> {
    let institution = account.institution.clone().unwrap_or_default();
    let cells = [format!("@{}", account.name), account.account.clone(), institution];
    cells.into_iter().map(Text::data).collect()
}

fn add(session: &Session, name: &str, account: &str) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let name = name.trim_start_matches('@');
    if !keyring::is_name(name) {
        let detail = say!("\"{name}\" cannot name an account.", "“{name}”不能作为账户名称。");
        return Err(Fault::usage(Own::BadName, detail, keyring::naming_rule()));
    }
    if let Some(known) = desk.profile.accounts.get(name) {
        let address = &known.address;
        let detail = say!("@{name} is {address} already.", "@{name} 已经是 {address}。");
        let hint = say!(
            "Choose another name, or: feiqian accounts remove {name}",
            "请换一个名称，或：feiqian accounts remove {name}"
        );
        return Err(Fault::usage(Own::NameTaken, detail, hint));
    }
    let written = Written::parse(account, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let mut book = Book::read(&session.folders, &desk.profile.name)?;
    book.accounts.insert(name.to_owned(), party.address.clone());
    book.write(&session.folders, &desk.profile.name)?;
    let text = say!(
        "@{name} is {address} from now on.",
        "从现在起，@{name} 是 {address}。",
        address = party.address
    );
    let document =
        AccountDocument { name: name.to_owned(), account: party.address, institution: None };
    session.output.result(&text, &document);
    Ok(())
}

fn remove(session: &Session, name: &str) -> Result<(), Fault> {
    let profile = session.profile()?;
    let name = name.trim_start_matches('@');
    let mut book = Book::read(&session.folders, &profile.name)?;
    let Some(account) = book.accounts.remove(name) else {
        let detail = say!(
            "The address book has no name @{name} that was added here.",
            "通讯录中没有在此添加的名称 @{name}。"
        );
        let hint = say!("See: feiqian accounts", "请查看：feiqian accounts");
        return Err(Fault::usage(Own::UnknownName, detail, hint));
    };
    book.write(&session.folders, &profile.name)?;
    let document = AccountDocument { name: name.to_owned(), account, institution: None };
    session.output.result(&say!("@{name} is forgotten.", "已忘记 @{name}。"), &document);
    Ok(())
}
