//! `POST /v1/transactions/simulate`: the receipts that a transaction would get now, in a block of
//! its own.
//!
//! Invariants: nothing changes; signatures are not looked at, so a transaction can be tried before
//! it is signed. Absent: a promise; another payment may come first.

use std::sync::Arc;

use api::account::HoldingView;
use api::problem::Problem;
use api::receipt::ReceiptView;
use api::text::Naming;
use api::transaction::{ApprovalView, SimulatedBalance, SimulationAnswer, TransactionRequest};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use ledger::account::{Holding, HoldingKey};
use ledger::execute::{Simulation, approvals};
use ledger::receipt::Receipt;
use ledger::state::Marker;
use ledger::transaction::{EnvelopeError, SignedTransaction};

use super::openapi::tag;
use super::refusal::{Answer, Refused};
use super::{AppState, body};
use crate::home::now;
use crate::outcome;

/// Tries a transaction on the state after the last final block.
#[utoipa::path(
    post,
    path = "/v1/transactions/simulate",
    tag = tag::TRANSACTIONS,
    operation_id = "simulateTransaction",
    request_body(
        content((Vec<u8> = "application/octet-stream"), (TransactionRequest = "application/json")),
        description = "A transaction: its canonical bytes, or those in base64; signatures may lack",
    ),
    responses(
        (status = 200, description = "What it would do now", body = SimulationAnswer),
        (status = 413),
        (status = 415),
        (status = 422),
    ),
)]
pub(super) async fn simulate(State(state): State<Arc<AppState>>, request: Request) -> Answer {
    let bytes = body::transaction(state.api(), request).await?;
    let latest = state.driver.view.latest();
    let tip = &latest.tip;
    let tried = state.readers.work(|| {
        let transaction = SignedTransaction::decode(&bytes)?.transaction;
        let simulation = tip.simulate_block(now(), &transaction)?;
        Ok((simulation, approvals(tip.state(), &transaction)))
    });
    let tried: Result<_, EnvelopeError> = tried.await;
    let (simulation, approvals) = tried.map_err(|error| Problem::envelope(&error))?;
    let naming = state.naming(tip.state());
    let height = tip.height().0;
    let answer = match simulation {
        Simulation::Executed(marker) => SimulationAnswer {
            height,
            receipts: executed(&state, &marker, &naming).await?,
            settled: Vec::new(),
            balances: Vec::new(),
            approvals: Vec::new(),
        },
        Simulation::Outcome { receipts, settled, balances } => {
            let views = |receipts: &[Receipt]| {
                let views = receipts.iter().map(|it| ReceiptView::new(it, None, &naming));
                views.collect::<Vec<_>>()
            };
            let balances = balances.iter().map(|balance| balance_view(balance, &naming));
            let approvals = approvals.iter().map(|needed| ApprovalView::new(needed, &naming));
            SimulationAnswer {
                height,
                receipts: views(&receipts),
                settled: views(&settled),
                balances: balances.collect(),
                approvals: approvals.collect(),
            }
        }
    };
    Ok(Json(answer).into_response())
}

/// The receipts of a transaction that was executed before: they stand.
async fn executed(
    state: &AppState,
    marker: &Marker,
    naming: &Naming,
) -> Result<Vec<ReceiptView>, Refused> {
    state.caught_up().await?;
    let read = |store: &crate::store::Store| outcome::archived(store, marker);
    let found = state.readers.read(&state.driver, read).await?;
    let finality = found.ok_or_else(|| Problem::internal("The index lacks a final receipt."))?;
    let place = Some((finality.height, finality.time));
    let receipts = finality.receipts();
    Ok(receipts.into_iter().map(|receipt| ReceiptView::new(receipt, place, naming)).collect())
}

fn balance_view(
    ((account, asset), holding): &(HoldingKey, Holding),
    naming: &Naming,
) -> SimulatedBalance {
    SimulatedBalance {
        account: naming.address(*account),
        holding: HoldingView::new(*asset, holding, naming),
    }
}
