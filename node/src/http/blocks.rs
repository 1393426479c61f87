//! `GET /v1/blocks` and `/v1/blocks/{height}`: final blocks.
//!
//! Invariants: newest first; a block that is not final is never shown. Absent: transactions'
//! contents.

use std::sync::Arc;

use api::account::PageQuery;
use api::chain::{BlockPage, BlockView};
use api::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use ledger::hash::Domains;
use ledger::ids::Height;

use super::AppState;
use super::history::limit;
use super::openapi::tag;
use super::params::{Params, Segments};
use super::refusal::Answer;
use crate::store::{IndexedBlock, Store, StoreError};

/// The usual and the most blocks of a page.
const USUAL: u16 = 20;
const MOST: u16 = 100;

/// Lists blocks.
#[utoipa::path(
    get,
    path = "/v1/blocks",
    tag = tag::CHAIN,
    operation_id = "listBlocks",
    params(PageQuery),
    responses((status = 200, description = "A page, newest first", body = BlockPage)),
)]
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Params(query): Params<PageQuery>,
) -> Answer {
    let limit = limit(&query, USUAL, MOST)?;
    state.caught_up().await?;
    let newest = state.driver.view.indexed_height().0;
    let first = match query.cursor.as_deref().map(str::parse::<u64>) {
        None => Some(newest),
        Some(Ok(before)) => before.checked_sub(1).map(|height| height.min(newest)),
        Some(Err(_)) => {
            let problem = Problem::malformed("The cursor is not one that this node gave.");
            return Err(problem.into());
        }
    };
    let earliest = state.driver.view.earliest().0;
    let heights = first.into_iter().flat_map(|first| (earliest..=first).rev()).take(limit);
    let domains = domains(&state);
    let read = |store: &Store| -> Result<Vec<BlockView>, StoreError> {
        let blocks = heights.map(|height| store.block(Height(height)));
        let blocks = blocks.collect::<Result<Vec<_>, _>>()?;
        Ok(blocks.into_iter().flatten().map(|indexed| view(&indexed, &domains)).collect())
    };
    let blocks = state.readers.read(&state.driver, read).await?;
    let oldest = blocks.last().map(|block| block.height).filter(|height| *height > earliest);
    let next_cursor = oldest.map(|height| height.to_string());
    Ok(Json(BlockPage { blocks, next_cursor }).into_response())
}

/// Shows one block.
#[utoipa::path(
    get,
    path = "/v1/blocks/{height}",
    tag = tag::CHAIN,
    operation_id = "getBlock",
    params(("height" = u64, Path, description = "The block's height")),
    responses(
        (status = 200, description = "The block", body = BlockView),
        (status = 404),
        (status = 410),
    ),
)]
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    Segments(height): Segments<String>,
) -> Answer {
    let unread = |_| Problem::malformed("A block is named by its height, a number.");
    let height = Height(height.parse().map_err(unread)?);
    state.caught_up().await?;
    let read = |store: &Store| store.check_kept(height).and_then(|()| store.block(height));
    let found = state.readers.read(&state.driver, read).await?;
    let indexed = found.ok_or_else(|| {
        let newest = state.driver.view.latest().tip.height();
        let detail = format!("There is no final block {height}; the last is {newest}.");
        Problem::not_found(detail, "Ask again when it is final.")
    })?;
    Ok(Json(view(&indexed, &domains(&state))).into_response())
}

fn domains(state: &AppState) -> Domains {
    state.driver.view.latest().tip.domains().clone()
}

fn view(indexed: &IndexedBlock, domains: &Domains) -> BlockView {
    let header = &indexed.block.header;
    BlockView::new(header, header.hash(domains), indexed.receipts)
}
