//! `GET /v1/accounts/{account}/queue` and `GET /v1/institutions/{bic}/positions`: the payments that
//! wait for funds.
//!
//! Invariants: what is shown is the state after the last final block; what is past its deadline by
//! that block's time no longer waits. Absent: queueing, giving up and priorities (transactions do
//! that).

use std::collections::BTreeMap;
use std::sync::Arc;

use api::queue::{PositionList, QueueList, QueuePosition, QueuePositionView, QueuedView};
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use ledger::account::HoldingKey;
use ledger::ids::{AssetCode, InstitutionNumber, Timestamp};
use ledger::money::Amount;
use ledger::state::State as Ledger;
use ledger::waiting::Waiting;

use super::AppState;
use super::openapi::tag;
use super::params::Segments;
use super::payment_limits::institution;
use super::refusal::Answer;

/// Lists the payments of an account that wait for funds, in the order in which they are tried.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/queue",
    tag = tag::ACCOUNTS,
    operation_id = "listQueue",
    params(("account" = String, Path, description = "The payer's account's address")),
    responses((status = 200, description = "What waits", body = QueueList)),
)]
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Segments(address): Segments<String>,
) -> Answer {
    let id = state.account(&address)?;
    let latest = state.driver.view.latest();
    let (ledger, now) = (latest.tip.state(), latest.tip.header().time);
    let naming = state.naming(ledger);
    let of_asset = |asset: &AssetCode| {
        let views = (1..).zip(open(ledger, (id, *asset), now));
        views.filter_map(|(place, waiting)| QueuedView::new(&waiting, place, &naming))
    };
    let queue = ledger.directory().assets().keys().flat_map(of_asset).collect();
    Ok(Json(QueueList { queue, height: latest.tip.height().0 }).into_response())
}

/// Shows what waits between an institution's accounts and those of others.
#[utoipa::path(
    get,
    path = "/v1/institutions/{bic}/positions",
    tag = tag::CHAIN,
    operation_id = "getPositions",
    params(("bic" = String, Path, description = "The institution's BIC")),
    responses((status = 200, description = "What waits", body = PositionList), (status = 404)),
)]
pub(super) async fn positions(
    State(state): State<Arc<AppState>>,
    Segments(text): Segments<String>,
) -> Answer {
    let latest = state.driver.view.latest();
    let naming = state.naming(latest.tip.state());
    let (bic, number) = institution(latest.tip.state(), &text)?;
    let height = latest.tip.height().0;
    // A look at everything that waits for funds: bounded, and apart from the server.
    let work = state.readers.work(move || {
        let found = positions_of(latest.tip.state(), number, latest.tip.header().time);
        let view = |(asset, position)| QueuePositionView::new(asset, position, &naming);
        found.into_iter().map(view).collect()
    });
    let list = PositionList { institution: bic.to_string(), positions: work.await, height };
    Ok(Json(list).into_response())
}

/// The payments that wait of an account in an asset, the first to be tried first.
fn open(ledger: &Ledger, holding: HoldingKey, now: Timestamp) -> impl Iterator<Item = Waiting> {
    let all = ledger.queue().of(holding).filter_map(|(_, payment)| ledger.waiting(payment));
    all.filter(move |waiting| !waiting.is_expired_at(now))
}

fn positions_of(
    ledger: &Ledger,
    institution: InstitutionNumber,
    now: Timestamp,
) -> BTreeMap<AssetCode, QueuePosition> {
    let mut positions: BTreeMap<AssetCode, QueuePosition> = BTreeMap::new();
    let add = |(count, sum): &mut (usize, Amount), amount: Amount| {
        *count = count.saturating_add(1);
        *sum = sum.plus(amount).unwrap_or(Amount(u128::MAX));
    };
    for holding in ledger.queue().holdings() {
        let (account, asset) = holding;
        let is_own = account.servicer() == institution;
        let mut waits = false;
        for waiting in open(ledger, holding, now) {
            waits = true;
            let amount = waiting.order.amount.amount;
            match (is_own, waiting.order.to.servicer() == institution) {
                (true, false) => add(&mut positions.entry(asset).or_default().outgoing, amount),
                (false, true) => add(&mut positions.entry(asset).or_default().incoming, amount),
                (true, true) | (false, false) => {}
            }
        }
        if is_own && waits {
            let available = ledger.holding(account, asset).unwrap_or_default().available();
            let sum = &mut positions.entry(asset).or_default().available;
            *sum = sum.plus(available).unwrap_or(Amount(u128::MAX));
        }
    }
    positions
}
