//! `GET /v1/accounts/{account}/history`: the account's entries, newest first, page by page.
//!
//! Invariants: a cursor goes on after the entry it was given with, whatever was booked since.
//! Absent: proofs that no line is left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::account::{EntryView, HistoryPage, PageQuery};
use api::problem::Problem;
use api::text::Naming;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use ledger::ids::{AccountId, Height, Timestamp};

use super::openapi::tag;
use super::params::{Params, Segments};
use super::refusal::{Answer, Refused};
use super::{AppState, accounts};
use crate::store::{HistoryCursor, Store, StoreError};

/// The least, the most and the usual number of entries of a page.
const MOST: u16 = 500;
const USUAL: u16 = 50;

/// Lists entries.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/history",
    tag = tag::ACCOUNTS,
    operation_id = "listHistory",
    params(("account" = String, Path, description = "The account's address"), PageQuery),
    responses(
        (status = 200, description = "A page, newest first", body = HistoryPage),
        (status = 404),
    ),
)]
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Segments(address): Segments<String>,
    Params(query): Params<PageQuery>,
) -> Answer {
    let account = state.account(&address)?;
    let cursor = query.cursor.as_deref().map(parse_cursor).transpose()?;
    let limit = limit(&query, USUAL, MOST)?;
    let latest = state.driver.view.latest();
    if latest.tip.state().account(account).is_none() {
        return Err(accounts::unknown(&address).into());
    }
    let naming = state.naming(latest.tip.state());
    state.caught_up().await?;
    let read = |store: &Store| page(store, account, cursor, limit, &naming);
    let page = state.readers.read(&state.driver, read).await?;
    Ok(Json(page).into_response())
}

/// The page's size that the query asks for.
pub(super) fn limit(query: &PageQuery, usual: u16, most: u16) -> Result<usize, Refused> {
    let limit = query.limit.unwrap_or(usual);
    if (1..=most).contains(&limit) {
        Ok(usize::from(limit))
    } else {
        Err(Problem::malformed(format!("limit is 1 to {most}.")).into())
    }
}

fn page(
    store: &Store,
    account: AccountId,
    cursor: Option<HistoryCursor>,
    limit: usize,
    naming: &Naming,
) -> Result<HistoryPage, StoreError> {
    let mut lines = store.history(account, cursor, limit.saturating_add(1))?;
    // Older lines are there only until they are swept up.
    let earliest = store.earliest()?;
    lines.retain(|(_, line)| line.entry.height >= earliest);
    let mut times: BTreeMap<Height, Timestamp> = BTreeMap::new();
    let mut entries = Vec::with_capacity(limit);
    for (_, line) in lines.iter().take(limit) {
        let height = line.entry.height;
        let time = match times.get(&height) {
            Some(time) => *time,
            None => {
                let indexed = store.block(height)?;
                let indexed = indexed.ok_or(StoreError::Malformed { what: "history" })?;
                let time = indexed.block.header.time;
                times.insert(height, time);
                time
            }
        };
        entries.push(EntryView::new(line.asset, &line.entry, line.counterparty, time, naming));
    }
    let last = lines.get(limit.saturating_sub(1)).filter(|_| lines.len() > limit);
    let next_cursor = last.map(|(cursor, _)| format!("{}-{}", cursor.height.0, cursor.line));
    Ok(HistoryPage { entries, next_cursor })
}

fn parse_cursor(text: &str) -> Result<HistoryCursor, Refused> {
    let parsed = text.split_once('-').and_then(|(height, line)| {
        Some(HistoryCursor { height: Height(height.parse().ok()?), line: line.parse().ok()? })
    });
    let unread = || Problem::malformed("The cursor is not one that this node gave.");
    parsed.ok_or_else(|| unread().into())
}
