//! `GET /v1/proposals` and `/v1/proposals/{number}`: changes of the network that were proposed; and
//! `POST /v1/proposals/rehearse`: what a change would do now.
//!
//! Invariants: newest first; what is shown is the state after the last final block. Absent: voting,
//! which is a transaction like any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::account::PageQuery;
use api::governance::{ProposalPage, ProposalView, RehearsalAnswer, status_word};
use api::problem::Problem;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use ledger::chain::Tip;
use ledger::governance::json::ChangeFile;
use ledger::governance::{self, ProposalStatus};
use ledger::ids::{InstitutionNumber, ProposalNumber};

use super::history::limit;
use super::openapi::tag;
use super::params::{Params, Segments};
use super::refusal::Answer;
use super::{AppState, body};

/// The usual and the most proposals of a page.
const USUAL: u16 = 20;
const MOST: u16 = 100;

/// Lists proposals.
#[utoipa::path(
    get,
    path = "/v1/proposals",
    tag = tag::GOVERNANCE,
    operation_id = "listProposals",
    params(PageQuery),
    responses((status = 200, description = "A page, newest first", body = ProposalPage)),
)]
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Params(query): Params<PageQuery>,
) -> Answer {
    let limit = limit(&query, USUAL, MOST)?;
    let latest = state.driver.view.latest();
    let newest = latest.tip.state().directory().proposal_count();
    let first = match query.cursor.as_deref().map(str::parse::<u64>) {
        None => newest,
        Some(Ok(before)) => before.saturating_sub(1).min(newest),
        Some(Err(_)) => {
            let problem = Problem::malformed("The cursor is not one that this node gave.");
            return Err(problem.into());
        }
    };
    let numbers = (1..=first).rev().map(ProposalNumber).take(limit);
    let proposals: Vec<_> = numbers.filter_map(|number| view(&latest.tip, number)).collect();
    let oldest = proposals.last().map(|proposal| proposal.number).filter(|number| *number > 1);
    let next_cursor = oldest.map(|number| number.to_string());
    Ok(Json(ProposalPage { proposals, next_cursor }).into_response())
}

/// Shows one proposal.
#[utoipa::path(
    get,
    path = "/v1/proposals/{number}",
    tag = tag::GOVERNANCE,
    operation_id = "getProposal",
    params(("number" = u64, Path, description = "The proposal's number, from 1")),
    responses((status = 200, description = "The proposal", body = ProposalView), (status = 404)),
)]
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    Segments(number): Segments<String>,
) -> Answer {
    let unread = |_| Problem::malformed("A proposal is named by its number.");
    let number = ProposalNumber(number.parse().map_err(unread)?);
    let latest = state.driver.view.latest();
    let found = view(&latest.tip, number).ok_or_else(|| {
        let newest = latest.tip.state().directory().proposal_count();
        let detail = format!("There is no proposal {number}; {newest} were made so far.");
        Problem::not_found(detail, "GET /v1/proposals lists them.")
    })?;
    Ok(Json(found).into_response())
}

/// Rehearses a change with the nodes that are connected now.
#[utoipa::path(
    post,
    path = "/v1/proposals/rehearse",
    tag = tag::GOVERNANCE,
    operation_id = "rehearseChange",
    request_body(
        content = inline(Object),
        content_type = "application/json",
        description = "A change as a document of the format `feiqian.change/v1`",
    ),
    responses(
        (status = 200, description = "What the change would do", body = RehearsalAnswer),
        (status = 413),
        (status = 415),
    ),
)]
pub(super) async fn rehearse(State(state): State<Arc<AppState>>, request: Request) -> Answer {
    let file: ChangeFile = body::json(state.api(), request).await?;
    let view = &state.driver.view;
    let tip = view.latest().tip.clone();
    let directory = tip.state().directory();
    let change = file
        .resolve(|bic| directory.member_by_bic(bic))
        .map_err(|error| Problem::malformed(format!("{error}.")))?;
    let mut live = view.connected();
    live.extend(directory.member_by_bic(view.institution()));
    let found = governance::rehearse(tip.state(), tip.height().next(), &change, &live);
    let bic = |institution| bic_of(&tip, institution);
    Ok(Json(RehearsalAnswer::new(&change, &found, tip.height(), &bic)).into_response())
}

fn view(tip: &Tip, number: ProposalNumber) -> Option<ProposalView> {
    let proposal = tip.state().proposal(number)?;
    let bic = |institution| bic_of(tip, institution);
    Some(ProposalView::new(number, &proposal, tip.child_validators(), tip.header().time, &bic))
}

/// The BIC of an institution, removed ones included.
fn bic_of(tip: &Tip, institution: InstitutionNumber) -> String {
    let found = tip.state().institution(institution);
    found.map_or_else(|| format!("institution {}", institution.0), |found| found.bic.to_string())
}

/// Watches proposals for a stream of events: what is new or different since the last look.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// How many there were at the last look, if there was one.
    count: Option<u64>,
    /// Those that can still change, as they were.
    undecided: BTreeMap<ProposalNumber, ProposalView>,
}

impl Watch {
    /// How many of the newest proposals a first look reads.
    const FIRST: u64 = 256;

    /// The proposals that are new or different at `tip`. At the first look those are all that can
    /// still change, so that whoever connects misses none.
    pub(super) fn changes(&mut self, tip: &Tip) -> Vec<ProposalView> {
        let count = tip.state().directory().proposal_count();
        let is_first = self.count.is_none();
        let seen = self.count.unwrap_or_else(|| count.saturating_sub(Self::FIRST));
        let new = seen.saturating_add(1)..=count;
        let known: Vec<_> = self.undecided.keys().copied().collect();
        self.count = Some(count);
        let mut changes = Vec::new();
        for number in known.into_iter().chain(new.map(ProposalNumber)) {
            let Some(now) = view(tip, number) else { continue };
            let before = self.undecided.remove(&number);
            let is_undecided = [ProposalStatus::Open, ProposalStatus::Approved]
                .into_iter()
                .any(|status| status_word(status) == now.status);
            let is_news = before.as_ref() != Some(&now) && (is_undecided || !is_first);
            if is_undecided {
                self.undecided.insert(number, now.clone());
            }
            if is_news {
                changes.push(now);
            }
        }
        changes
    }
}
