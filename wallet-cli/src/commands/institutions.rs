//! `feiqian institutions`: the banks of the ledger and what they may do, as a node tells them.

use api::chain::InstitutionView;

use super::table;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::protocol;
use crate::session::Session;

pub(super) fn run(session: &Session) -> Result<(), Fault> {
    let profile = session.profile()?;
    let institutions = session.network(&profile).institutions()?;
    let rows: Vec<Vec<Text>> = institutions.iter().map(row).collect();
    let headings =
        [say!("number", "编号"), say!("BIC", "BIC"), say!("name", "名称"), say!("roles", "角色")];
    session.output.result(&table::table(&headings, &rows, &[0]), &institutions);
    Ok(())
}

fn row(institution: &InstitutionView) -> Vec<Text> {
    let roles: Vec<Text> = institution.roles.iter().map(|role| protocol::word(role)).collect();
    vec![
        Text::data(institution.number.to_string()),
        Text::data(institution.bic.as_str()),
        Text::data(institution.name.as_str()),
        Text::join(&roles, ", "),
    ]
}
