//! Recalls: what a camt.056 asks for, and what a camt.029 answers.
//!
//! Invariants: a payment is asked back by the institution that services the payer's account, and
//! the answer is that of the payee's; the same request again tells how it stands now. Absent: how a
//! correction is ordered once (see `correcting`); the words of a refusal that the ledger has, which
//! are in its events.

use iso20022::camt029::{
    self, AnswerMessage, AnswerOrder, CancellationReason, CancellationState, CancellationStatus,
    GivenBack, PaymentAnswer, Resolution,
};
use iso20022::camt056::{PaymentRecall, RecallMessage, RecallOrder};
use iso20022::pacs002::ReplyEnvelope;
use iso20022::time::DateTime;
use ledger::chain::Tip;
use ledger::corrections::{Reason as ReturnReason, Returned, Returns, SettlementId};
use ledger::ids::{Height, Timestamp};
use ledger::money::{Decimals, Money};
use ledger::receipt::{Outcome, RecallRequested};
use ledger::rejection::Rejection;

use super::answer::message_id;
use super::correcting::{ALREADY_RETURNED, Correction, Ended, What};
use super::placing::{Reason, Source};
use super::returning;
use super::settling::Archived;
use super::status::NEVER_RECEIVED;
use super::{Desk, DeskError, Reception, Surroundings};
use crate::home::now;

/// What became of one request, and since when it stands.
struct Told {
    status: CancellationStatus,
    time: Option<Timestamp>,
    /// False: whether it was asked is still to come.
    is_final: bool,
}

impl Desk {
    /// Asks for the payments that a message wants back, and tells how each request stands.
    pub(super) async fn ask_back(
        &self,
        around: Surroundings<'_>,
        bytes: &[u8],
        message: &RecallMessage,
    ) -> Result<Reception, DeskError> {
        let latest = around.driver.view.latest();
        let state = latest.tip.state();
        let decimals = |asset| state.asset(asset).map(|asset| asset.decimals);
        let (domains, group) = (state.domains(), &message.assignment.group);
        let judge = |recall: &PaymentRecall| recall.order(domains, &group.message_id, decimals);
        let judged: Vec<_> = message.recalls.iter().map(judge).collect();
        let source = Source::new(domains, group, bytes);
        let ended = self.correct_all(around, &source, &judged, asking).await?;
        let Some(ended) = ended else { return Ok(Reception::Foreign) };
        let latest = around.driver.view.latest();
        let told = message.recalls.iter().zip(ended).map(|(recall, ended)| match ended {
            Ok(ended) => told(recall, ended, &latest.tip),
            Err(refusals) => {
                let reasons = refusals.iter().map(CancellationReason::from).collect();
                Told::now(recall, CancellationState::Refused, reasons)
            }
        });
        Ok(resolve(bytes, message, told.collect()))
    }

    /// Answers recalls as a message decides, and tells whether the ledger took the answers.
    pub(super) async fn take_answers(
        &self,
        around: Surroundings<'_>,
        bytes: &[u8],
        message: &AnswerMessage,
    ) -> Result<Reception, DeskError> {
        let latest = around.driver.view.latest();
        let state = latest.tip.state();
        let decimals = |asset| state.asset(asset).map(|asset| asset.decimals);
        let (domains, group) = (state.domains(), &message.assignment.group);
        let judge = |answer: &PaymentAnswer| message.order(domains, answer, decimals);
        let judged: Vec<_> = message.answers.iter().map(judge).collect();
        let source = Source::new(domains, group, bytes);
        let ended = self.correct_all(around, &source, &judged, answering).await?;
        let Some(ended) = ended else { return Ok(Reception::Foreign) };
        let payments = message.answers.iter().map(|answer| &answer.payment);
        let application = message.assignment.application.as_ref();
        Ok(returning::told(bytes, group, application, payments.zip(ended)))
    }
}

fn asking(order: &RecallOrder) -> Correction<'_> {
    let what = What::Recall { amount: order.amount, reason: order.reason };
    Correction { key: order.key, payment: order.payment, private: &order.private, what }
}

fn answering(order: &AnswerOrder) -> Correction<'_> {
    let (decision, day) = (order.decision.clone(), order.settlement_date.clone());
    let what = What::Answer { decision, day };
    Correction { key: order.key, payment: order.payment, private: &order.private, what }
}

impl Told {
    fn of(recall: &PaymentRecall, state: Option<CancellationState>) -> Self {
        let status = CancellationStatus {
            case: recall.case.clone(),
            identification: recall.payment.identification.clone(),
            state,
            reasons: Vec::new(),
            given_back: None,
        };
        Self { status, time: None, is_final: true }
    }

    /// What is told just now, apart from the ledger.
    fn now(
        recall: &PaymentRecall,
        state: CancellationState,
        reasons: Vec<CancellationReason>,
    ) -> Self {
        let told = Self::of(recall, Some(state));
        Self { status: CancellationStatus { reasons, ..told.status }, ..told }
    }

    /// What is told of a request that the ledger has since `time`.
    fn since(
        recall: &PaymentRecall,
        time: Timestamp,
        state: CancellationState,
        reason: CancellationReason,
    ) -> Self {
        Self { time: Some(time), ..Self::now(recall, state, vec![reason]) }
    }
}

/// How a request stands at `tip`.
fn told(recall: &PaymentRecall, ended: Ended, tip: &Tip) -> Told {
    let waiting = |text: &str| {
        let told = Told::of(recall, None);
        let reasons = vec![CancellationReason::of_cancellation("NARR", text)];
        Told { status: CancellationStatus { reasons, ..told.status }, is_final: false, ..told }
    };
    let refused =
        |code, text: &str| Told::now(recall, CancellationState::Refused, vec![reason(code, text)]);
    match ended {
        Ended::Final { archived, settlement, .. } => {
            let outcome = &archived.receipt.outcome;
            if let Outcome::RecallRequested(request) = outcome {
                return stands(recall, (&archived, settlement), request, tip);
            }
            let rejection = outcome.rejection().unwrap_or(Rejection::InternalDefect);
            let told = refused(rejection.iso(), rejection.explanation());
            Told { time: Some(archived.time), ..told }
        }
        Ended::Refused(Reason { code, text }) => refused(code, &text),
        Ended::Waiting(_, text) => waiting(text),
    }
}

/// How a request stands that the ledger has.
fn stands(
    recall: &PaymentRecall,
    (archived, settlement): (&Archived, Option<SettlementId>),
    request: &RecallRequested,
    tip: &Tip,
) -> Told {
    let (state, now) = (tip.state(), tip.header().time);
    let since = |state, code, text: String| {
        let reason = CancellationReason::of_cancellation(code, text);
        Told::since(recall, archived.time, state, reason)
    };
    let until = api::text::time(request.deadline);
    let open = state.recall(request.payment);
    let is_open = open.is_some_and(|open| {
        open.transaction == archived.receipt.transaction && !open.is_lapsed_at(now)
    });
    // A view that has not come to its block cannot tell that it is no more.
    if is_open || tip.height() < archived.height {
        let text = format!("The payee's side can answer until {until}.");
        return since(CancellationState::Pending, "NARR", text);
    }
    let since_then = |of: SettlementId| given_back(archived.height, &state.returns(of)?, tip);
    if let Some(given_back) = settlement.and_then(since_then) {
        let text = "The payee's side gave it back.".to_owned();
        let told = since(CancellationState::Accepted, "NARR", text);
        let given_back = Some(given_back);
        return Told { status: CancellationStatus { given_back, ..told.status }, ..told };
    }
    if request.deadline < now {
        let text = format!("It was not given back until {until}: refused, or not answered.");
        return since(CancellationState::Refused, "NARR", text);
    }
    let text = "The payee's side refused. Its camt.029 among the events tells why.".to_owned();
    since(CancellationState::Refused, "NARR", text)
}

/// What went back for a request of the block at `asked`: a payment has one open request at a time,
/// so the first return of that reason since then is the answer to it.
fn given_back(asked: Height, returns: &Returns, tip: &Tip) -> Option<GivenBack> {
    let answers = |of: &&Returned| of.reason == ReturnReason::AFTER_RECALL && of.height >= asked;
    let returned = returns.returned.iter().find(answers)?;
    let asset = returns.settled.credited.asset;
    let decimals = tip.state().asset(asset).map_or(Decimals(0), |asset| asset.decimals);
    Some(GivenBack {
        uetr: returned.uetr,
        amount: Money::new(returned.amount, asset),
        decimals,
        is_whole: returns.left().amount.is_zero(),
    })
}

/// The reason of a refusal by this node or the ledger: of the cancellations' own, where there is
/// one.
fn reason(code: &str, text: &str) -> CancellationReason {
    match code {
        NEVER_RECEIVED => CancellationReason::of_cancellation("NOOR", text),
        ALREADY_RETURNED | "AC04" | "AM04" => CancellationReason::of_cancellation(code, text),
        _ => CancellationReason::of_status(code, text),
    }
}

/// The answer to a message that asks.
fn resolve(bytes: &[u8], message: &RecallMessage, told: Vec<Told>) -> Reception {
    let times: Option<Vec<_>> = told.iter().map(|told| told.time).collect();
    let created = times.and_then(|times| times.into_iter().max()).unwrap_or_else(now);
    let is_final = told.iter().all(|told| told.is_final);
    let statuses: Vec<_> = told.into_iter().map(|told| told.status).collect();
    let codes = statuses.iter().map(|status| status.state.map_or("", CancellationState::code));
    let id = message_id(bytes, created, codes);
    let (assigner, assignee) = message.assignment.parties();
    let resolution = Resolution {
        message_id: id,
        created: DateTime::of(created),
        assigner: assignee,
        assignee: assigner,
        case: message.case.clone(),
        original: Some(message.assignment.group.clone()),
        statuses,
    };
    let envelope = message.assignment.application.as_ref().map(ReplyEnvelope::answering);
    Reception::Answer { xml: camt029::write(&resolution, envelope.as_ref()), is_final }
}
