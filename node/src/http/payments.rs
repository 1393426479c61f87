//! `GET /v1/payments/{uetr}`, its proof, and the proof that it did not happen.
//!
//! A payment is named by its UETR, or by the first 8 or more hexadecimal digits where no other
//! payment begins so. Invariants: what is shown as anything but received is final. Absent: payments
//! on their way that another node took in: only that one knows of them, and their senders.

mod life;

use std::sync::Arc;

use api::approval::WaitingView;
use api::problem::{Problem, ProblemCode};
use api::proof::{ProofQuery, ProofView};
use api::recall::RecallView;
use api::receipt::ReceiptView;
use api::text;
use api::transaction::PaymentView;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use ledger::chain::Tip;
use ledger::corrections::{Recall, Returns};
use ledger::ids::{Timestamp, Uetr};
use ledger::receipt::Receipt;
use ledger::state::{Marker, MarkerKey};

use super::openapi::tag;
use super::params::{Params, Segments};
use super::refusal::{Answer, Refused};
use super::{AppState, proof};
use crate::outcome::archived_proof;
use crate::proofs::{self, AbsenceRefusal};
use crate::store::{Place, Store, StoreError};
use life::{Life, Ordered, Reversed, Times};

/// The least hexadecimal digits of a UETR that name a payment.
const LEAST_DIGITS: usize = 8;

/// What became of a payment.
#[utoipa::path(
    get,
    path = "/v1/payments/{uetr}",
    tag = tag::PAYMENTS,
    operation_id = "getPayment",
    params(("uetr" = String, Path, description = "The UETR, or 8 or more of its first digits")),
    responses(
        (status = 200, description = "The payment", body = PaymentView),
        (status = 404),
        (status = 409),
        (status = 410),
    ),
)]
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
) -> Answer {
    // Before the index: of what is final by now it then holds every receipt, so a hold that has
    // none but its own, and whose deadline has passed by now, has expired.
    let latest = state.driver.view.latest();
    let (uetr, place) = match find(&state, &name).await {
        Ok(found) => found,
        Err(refused) => {
            let waiting = Uetr::parse(&name).ok().and_then(|uetr| on_its_way(&state, uetr));
            return waiting.map(|view| Json(view).into_response()).ok_or(refused);
        }
    };
    let marker = latest.tip.state().marker(&MarkerKey::Payment(uetr));
    let known = latest.tip.state().clone();
    let read = move |store: &Store| -> Result<_, StoreError> {
        store.check_kept(place.height)?;
        let index = usize::try_from(place.index).unwrap_or(usize::MAX);
        let Some(receipt) = store.receipts(place.height)?.into_iter().nth(index) else {
            return Ok(None);
        };
        let Some(block) = store.block(place.height)? else { return Ok(None) };
        let ordered = marker.filter(|marker| marker.transaction != receipt.transaction);
        let ordered = ordered.map(|marker| ordered_by(store, &marker, uetr)).transpose()?.flatten();
        let returns = known.returns(receipt.hash(known.domains()));
        let returns = returns.map(|returns| timed(store, returns)).transpose()?;
        Ok(Some((receipt, block.block.header.time, ordered, returns)))
    };
    let found = state.readers.read(&state.driver, read).await?;
    let (receipt, time, ordered, returns) =
        found.ok_or(StoreError::Malformed { what: "list of receipts" })?;
    let naming = state.naming(latest.tip.state());
    let recall = open_recall(&latest.tip, &receipt);
    let waiting = latest.tip.state().waiting(uetr);
    let life = Life {
        uetr,
        receipt: ReceiptView::new(&receipt, Some((place.height, time)), &naming),
        deadline: receipt.outcome.waits().map(|held| held.deadline),
        waiting: waiting.and_then(|waiting| WaitingView::new(&waiting, &naming)),
        time,
        returns: returns.map(|(returns, times)| Reversed::new(&returns, times, &naming)),
        recall: recall.map(|recall| (RecallView::new(&recall, &naming), recall.deadline)),
        ordered,
        received: state.intake.find(uetr),
        now: latest.tip.header().time,
    };
    Ok(Json(life.view()).into_response())
}

/// The open recall of the payment that settled with `receipt`, if there is one.
fn open_recall(tip: &Tip, receipt: &Receipt) -> Option<Recall> {
    let now = tip.header().time;
    let recall = tip.state().recall(receipt.uetr?)?;
    let is_its_own = recall.settlement == receipt.hash(tip.domains());
    (is_its_own && !recall.is_lapsed_at(now)).then_some(recall)
}

/// The block from which `payment` waited, which the transaction of `marker` ordered, and for what;
/// `None` if it is no longer kept.
fn ordered_by(
    store: &Store,
    marker: &Marker,
    payment: Uetr,
) -> Result<Option<Ordered>, StoreError> {
    if marker.height < store.earliest()? {
        return Ok(None);
    }
    let receipts = store.receipts(marker.height)?;
    let of_payment = receipts.iter().filter(|receipt| receipt.uetr == Some(payment));
    let Some(held) = of_payment.filter_map(|receipt| receipt.outcome.waits()).next() else {
        return Ok(None);
    };
    let waited = life::word_of(&held.awaits);
    let block = store.block(marker.height)?;
    let ordered = |time| Ordered { height: marker.height, time, waited };
    Ok(block.map(|block| ordered(block.block.header.time)))
}

/// What was returned of a payment, with the time of each return's block that is still kept.
fn timed(store: &Store, returns: Returns) -> Result<(Returns, Times), StoreError> {
    let mut times = Vec::with_capacity(returns.returned.len());
    for returned in &returns.returned {
        let is_kept = returned.height >= store.earliest()?;
        let block = if is_kept { store.block(returned.height)? } else { None };
        times.push(block.map(|block| block.block.header.time));
    }
    Ok((returns, times))
}

/// A payment that this node was given and that may still become final.
fn on_its_way(state: &AppState, uetr: Uetr) -> Option<PaymentView> {
    let received = state.intake.find(uetr)?;
    let latest = state.driver.view.latest();
    (received.until >= latest.tip.header().time).then(|| life::on_its_way(uetr, received))
}

/// The payment's proof; or, if it did not happen and the query says when it could, the proof of
/// that.
#[utoipa::path(
    get,
    path = "/v1/payments/{uetr}/proof",
    tag = tag::PAYMENTS,
    operation_id = "provePayment",
    params(
        ("uetr" = String, Path, description = "The UETR, or 8 or more of its first digits"),
        ProofQuery,
    ),
    responses(
        (
            status = 200,
            description = "The proof file; JSON for `Accept: application/json`",
            content((Vec<u8> = "application/octet-stream"), (ProofView = "application/json")),
        ),
        (status = 404),
        (status = 409),
        (status = 410),
    ),
)]
pub(super) async fn prove(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
    Params(query): Params<ProofQuery>,
    headers: HeaderMap,
) -> Answer {
    let span = span(&query)?;
    let (uetr, place) = match (find(&state, &name).await, span) {
        (Ok(found), _) => found,
        (Err(_), Some(span)) if Uetr::parse(&name).is_ok() => {
            return absence(&state, &name, span, &headers).await;
        }
        (Err(refused), _) => return Err(refused),
    };
    let index = usize::try_from(place.index).unwrap_or(usize::MAX);
    let place = (place.height, index);
    let (driver, genesis) = (&state.driver, &state.home.genesis);
    let proof = archived_proof(driver, &state.readers, genesis, place, state.deadline()).await?;
    let uncertified = || Problem::not_ready("No certificate leads to the payment's block yet.");
    let proof = proof.ok_or_else(uncertified)?;
    proof::answer(&state, &headers, &proof, &uetr.to_string()).await
}

/// The proof that a payment did not happen and no longer can.
#[utoipa::path(
    get,
    path = "/v1/payments/{uetr}/absence",
    tag = tag::PAYMENTS,
    operation_id = "proveAbsence",
    params(("uetr" = String, Path, description = "The UETR"), ProofQuery),
    responses(
        (
            status = 200,
            description = "The proof file; JSON for `Accept: application/json`",
            content((Vec<u8> = "application/octet-stream"), (ProofView = "application/json")),
        ),
        (status = 404),
        (status = 409),
        (status = 410),
    ),
)]
pub(super) async fn prove_absence(
    State(state): State<Arc<AppState>>,
    Segments(name): Segments<String>,
    Params(query): Params<ProofQuery>,
    headers: HeaderMap,
) -> Answer {
    let span = span(&query)?.ok_or_else(|| {
        Problem::malformed("The query needs valid_from and valid_until of the transaction.")
    })?;
    absence(&state, &name, span, &headers).await
}

/// The span of validity that the query names.
fn span(query: &ProofQuery) -> Result<Option<(Timestamp, Timestamp)>, Refused> {
    match (&query.valid_from, &query.valid_until) {
        (None, None) => Ok(None),
        (Some(from), Some(until)) => Ok(Some((moment(from)?, moment(until)?))),
        (Some(_), None) | (None, Some(_)) => {
            Err(Problem::malformed("valid_from and valid_until come together.").into())
        }
    }
}

/// Reads RFC 3339, or milliseconds since 1970.
fn moment(text: &str) -> Result<Timestamp, Refused> {
    let parsed = text.parse().ok().map(Timestamp).or_else(|| text::parse_time(text));
    let unread = || {
        let text: String = text.chars().take(40).collect();
        Problem::malformed(format!("\"{text}\" is no time. Write 2026-11-21T20:15:00Z."))
    };
    parsed.ok_or_else(|| unread().into())
}

async fn absence(
    state: &AppState,
    name: &str,
    span: (Timestamp, Timestamp),
    headers: &HeaderMap,
) -> Answer {
    let uetr = Uetr::parse(name).map_err(|error| Problem::malformed(format!("{error}.")))?;
    let certified = state.certified().await?;
    let origin = state.origin();
    let proof = proofs::absence(&certified, &origin, uetr, span).map_err(|refusal| {
        let conflict = |code, hint: &str| Problem::conflict(code).with(format!("{refusal}."), hint);
        match refusal {
            AbsenceRefusal::Span => Problem::malformed(format!("{refusal}.")),
            AbsenceRefusal::Happened => {
                let hint = format!("Look it up: /v1/payments/{uetr}.");
                conflict(ProblemCode::PaymentExists, &hint)
            }
            AbsenceRefusal::TooEarly => {
                conflict(ProblemCode::TooEarly, "Ask again after the end of its validity.")
            }
            AbsenceRefusal::TooLate => {
                conflict(ProblemCode::TooLate, "Look for a proof that was made in time.")
            }
        }
    })?;
    proof::answer(state, headers, &proof, &format!("{uetr}.absent")).await
}

/// Finds the one payment that `name` names.
async fn find(state: &AppState, name: &str) -> Result<(Uetr, Place), Refused> {
    let (first, last) = bounds(name).ok_or_else(|| {
        let name: String = name.chars().take(40).collect();
        let detail = format!("\"{name}\" is no UETR, and no beginning of one.");
        Problem::malformed(detail)
    })?;
    state.caught_up().await?;
    let read = |store: &Store| -> Result<_, StoreError> {
        let found = store.payments_beginning(first, last)?;
        let places = found.into_iter().map(Uetr::from_entropy).map(|uetr| {
            let place = store.payment(uetr)?;
            Ok(place.map(|place| (uetr, place)))
        });
        places.collect::<Result<Vec<_>, StoreError>>()
    };
    let found: Vec<_> =
        state.readers.read(&state.driver, read).await?.into_iter().flatten().collect();
    match found.as_slice() {
        [] => {
            check_not_pruned(state, name)?;
            let name: String = name.chars().take(40).collect();
            let hint = "If it was sent just now, ask again. Its sender may send the same bytes \
                        again: they are never paid twice.";
            Err(Problem::not_found(format!("No final payment is named {name}."), hint).into())
        }
        [one] => Ok(*one),
        [..] => {
            let detail = format!("More than one payment begins with {name}.");
            let problem = Problem::conflict(ProblemCode::Ambiguous);
            Err(problem.with(detail, "Write more of the UETR.").into())
        }
    }
}

/// A payment that is on the ledger and not in the index was pruned.
fn check_not_pruned(state: &AppState, name: &str) -> Result<(), Refused> {
    let earliest = state.driver.view.earliest();
    let latest = state.driver.view.latest();
    let marker = |uetr| latest.tip.state().marker(&MarkerKey::Payment(uetr));
    match Uetr::parse(name).ok().and_then(marker) {
        Some(marker) if marker.height < earliest => Err(Problem::pruned(earliest.0).into()),
        Some(_) | None => Ok(()),
    }
}

/// The first and the last UETR that begin with these digits; `None` if they are none or too few.
fn bounds(name: &str) -> Option<([u8; 16], [u8; 16])> {
    let digits: Vec<u32> = name
        .chars()
        .filter(|character| *character != '-')
        .map(|character| character.to_digit(16).filter(|_| !character.is_ascii_uppercase()))
        .collect::<Option<_>>()?;
    if digits.len() < LEAST_DIGITS || digits.len() > 32 {
        return None;
    }
    let filled = |filler: u32| {
        let mut bytes = [0_u8; 16];
        let padded = digits.iter().copied().chain(std::iter::repeat(filler));
        let padded: Vec<u32> = padded.take(32).collect();
        for (byte, pair) in bytes.iter_mut().zip(padded.chunks_exact(2)) {
            let value = pair.iter().fold(0_u32, |value, digit| (value << 4) | digit);
            *byte = u8::try_from(value).unwrap_or(0);
        }
        bytes
    };
    Some((filled(0), filled(15)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_span_all_that_begin_so() {
        let uetr = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";
        let bytes = *Uetr::parse(uetr).unwrap().bytes();
        assert_eq!(bounds(uetr), Some((bytes, bytes)));
        for text in ["7f0c2b9e", "7f0c2b9e-4a55-4c0e-9", "7f0c2b9e4a554c0e9d0b2f6c1f1f8a1"] {
            let (first, last) = bounds(text).unwrap();
            assert!(first <= bytes && bytes <= last && first < last, "{text}");
        }
        let (first, last) = bounds("7f0c2b9e4").unwrap();
        assert_eq!((first[4], last[4], first[5], last[5]), (0x40, 0x4f, 0, 0xff));
        for bad in ["", "7f0c2b9", "7F0C2B9E", "7f0c2b9x", "飞飞飞飞飞飞飞飞"] {
            assert_eq!(bounds(bad), None, "{bad}");
        }
        assert_eq!(bounds(&"7".repeat(33)), None);
    }

    #[test]
    fn moments_have_two_forms() {
        assert_eq!(moment("1795294500123").unwrap(), Timestamp(1_795_294_500_123));
        assert_eq!(moment("2026-11-21T20:55:00.123Z").unwrap(), Timestamp(1_795_294_500_123));
        assert!(moment("yesterday").is_err());
    }
}
