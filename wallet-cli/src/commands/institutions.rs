//! `feiqian institutions`: the banks of the ledger and what they may do, as a node tells them.

use super::table;
use crate::fault::Fault;
use crate::session::Session;

pub(super) fn run(session: &Session) -> Result<(), Fault> {
    let profile = session.profile()?;
    let institutions = session.network(&profile).institutions()?;
    let mut rows = table::table(&["number", "BIC", "name", "roles"]);
    for institution in &institutions {
        rows.add_row([
            institution.number.to_string(),
            institution.bic.clone(),
            institution.name.clone(),
            institution.roles.join(", "),
        ]);
    }
    session.output.result(table::text(rows, &[0]), &institutions);
    Ok(())
}
