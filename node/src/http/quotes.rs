//! `POST /v1/quotes`: a firm offer, if this node deals.
//!
//! Invariants: an offer is signed once and its number never comes again. Absent: rates (see
//! `crate::dealer`), reservation of funds: a payment that comes too late for the dealer's balance
//! is rejected.

use std::sync::Arc;

use api::problem::Problem;
use api::quote::{OnwardOffer, QuoteAnswer, QuoteRequest};
use api::text;
use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use ledger::codec;
use ledger::ids::AssetCode;
use ledger::money::Money;

use super::openapi::tag;
use super::refusal::{Answer, Refused};
use super::{AppState, body};
use crate::dealer::{self, Decline};
use crate::home::now;

/// Offers an exchange.
#[utoipa::path(
    post,
    path = "/v1/quotes",
    tag = tag::QUOTES,
    operation_id = "createQuote",
    request_body = QuoteRequest,
    responses(
        (status = 200, description = "A firm offer", body = QuoteAnswer),
        (status = 403),
        (status = 413),
        (status = 415),
    ),
)]
pub(super) async fn offer(State(state): State<Arc<AppState>>, request: Request) -> Answer {
    let hint = "Ask a node that deals.";
    let Some(dealer) = &state.home.dealer else {
        return Err(Problem::not_offered("This node does not deal.", hint).into());
    };
    let QuoteRequest { sell, buy } = body::json(state.api(), request).await?;
    let latest = state.driver.view.latest();
    let ledger = latest.tip.state();
    let decimals = |asset| ledger.asset(asset).map(|asset| asset.decimals);
    let sell = Money::parse(&sell, decimals).map_err(|error| unread(&error))?;
    let buy = AssetCode::parse(&buy).map_err(|error| unread(&error))?;
    let moment = (now(), [nonce()?, nonce()?]);
    let offer = dealer::offer(dealer, ledger.domains(), decimals, (sell, buy), moment);
    let offer = offer.map_err(|decline| declined(&decline, hint))?;
    let (naming, quote) = (state.naming(ledger), &offer.route.first.quote);
    let onward = offer.route.onward.as_ref().zip(offer.given.first());
    let answer = QuoteAnswer {
        quote: text::base64(&codec::encode(&offer.route)),
        rate: quote.rate.to_string(),
        onward: onward.map(|(onward, sold)| OnwardOffer {
            sold: naming.money(*sold),
            rate: onward.quote.rate.to_string(),
            dealer: naming.address(onward.quote.dealer),
        }),
        markup: offer.markup.map(dealer::percent),
        receive: offer.receive().map(|money| naming.money(money)).unwrap_or_default(),
        expires: text::time(quote.expires),
        dealer: naming.address(quote.dealer),
    };
    Ok(Json(answer).into_response())
}

fn unread(error: &impl std::fmt::Display) -> Refused {
    Problem::malformed(format!("{error}.")).into()
}

fn declined(decline: &Decline, hint: &str) -> Refused {
    let hint = match decline {
        Decline::Pair { .. } => hint,
        Decline::Amount { .. } => "Ask for another amount, or another dealer.",
        Decline::Configuration { .. } => {
            tracing::error!(%decline, "no quote could be made");
            "Ask another dealer."
        }
    };
    Problem::not_offered(format!("The dealer declines: {decline}."), hint).into()
}

/// A number from the operating system's entropy: two offers of one dealer get the same with a
/// chance of one in 2^64.
fn nonce() -> Result<u64, Refused> {
    getrandom::u64().map_err(|error| {
        tracing::error!(%error, "the operating system gives no entropy");
        Problem::internal("The operating system gives no entropy.").into()
    })
}
