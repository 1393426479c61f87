//! `feiqian accounts`: the accounts that have a name here.

use serde::Serialize;

use super::table;
use crate::fault::Fault;
use crate::session::Session;

#[derive(Serialize)]
struct AccountDocument {
    name: String,
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    institution: Option<String>,
}

pub(super) fn run(session: &Session) -> Result<(), Fault> {
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
        "The profile names no accounts.".to_owned()
    } else {
        table::text(rows, &[])
    };
    session.output.result(text, &documents);
    Ok(())
}
