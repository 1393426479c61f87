//! `feiqian assets`: the assets of the ledger, as a node tells them.

use super::table;
use crate::fault::Fault;
use crate::session::Session;

pub(super) fn run(session: &Session) -> Result<(), Fault> {
    let profile = session.profile()?;
    let assets = session.network(&profile).assets()?;
    let mut rows = table::table(&["code", "kind", "decimals", "issuer", "outstanding"]);
    for asset in &assets {
        rows.add_row([
            asset.code.clone(),
            asset.kind.clone(),
            asset.decimals.to_string(),
            asset.issuer.clone(),
            asset.outstanding.clone(),
        ]);
    }
    let text = if assets.is_empty() {
        "There are no assets yet.".to_owned()
    } else {
        table::text(rows, &[2, 4])
    };
    session.output.result(text, &assets);
    Ok(())
}
