//! `feiqian assets`: the assets of the ledger, as a node tells them.

use api::chain::AssetView;

use super::table;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::protocol;
use crate::session::Session;

pub(super) fn run(session: &Session) -> Result<(), Fault> {
    let profile = session.profile()?;
    let assets = session.network(&profile).assets()?;
    let rows: Vec<Vec<Text>> = assets.iter().map(row).collect();
    let text = if assets.is_empty() {
        say!("There are no assets yet.", "还没有资产。")
    } else {
        let headings = [
            say!("code", "代码"),
            say!("kind", "种类"),
            say!("decimals", "小数位数"),
            say!("issuer", "发行机构"),
            say!("outstanding", "流通量"),
        ];
        table::table(&headings, &rows, &[2, 4])
    };
    session.output.result(&text, &assets);
    Ok(())
}

fn row(asset: &AssetView) -> Vec<Text> {
    vec![
        Text::data(asset.code.as_str()),
        protocol::word(&asset.kind),
        Text::data(asset.decimals.to_string()),
        Text::data(asset.issuer.as_str()),
        Text::data(asset.outstanding.as_str()),
    ]
}
