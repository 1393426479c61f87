//! Corrections that messages order: returns, requests for payments to be given back, and the
//! answers to such requests.
//!
//! Invariants: a correction is ordered by the operators of the institution whose customer's money
//! or claim it is, once: its record is durable before it is sent, and the same message again sends
//! the same bytes. Absent: payments of which this node keeps neither receipt nor proof; another
//! node has them. What the answers say (see `returning`, `recalling`).

use std::collections::{BTreeMap, BTreeSet};

use iso20022::camt029::Decision;
use iso20022::pacs002::Code;
use iso20022::time::Date;
use iso20022::{PrivateData, Refusal};
use ledger::corrections::{
    self, Evidence, RecallAnswer, RecallRequest, Return, Settled, SettlementId,
};
use ledger::ids::{AccountId, Bic, Timestamp, Uetr};
use ledger::money::Money;
use ledger::operation::Operation;
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::{MarkerKey, State};

use super::batches::New;
use super::placing::{Reason, Source, duplicate, not_served, standing, too_early};
use super::records::{Record, Signed};
use super::settling::{Archived, Sent, UNDER_WAY, send};
use super::status::NEVER_RECEIVED;
use super::{Desk, DeskError, Surroundings};
use crate::home::now;
use crate::outcome::archived_proof;
use crate::readers::caught_up;
use crate::store::Store;

/// How long the payee's side may answer a request that came by message, in milliseconds: 7 days.
const TIME_TO_ANSWER: u64 = 7 * 24 * 60 * 60 * 1000;

const UNPROVEN: &str = "No certificate leads to the payment yet. Send the same message again.";

const NOT_WORKED_ON: &str = "It was not worked on.";

/// The reason of an order that another institution's node takes.
const FOREIGN: &str = "AGNT";

/// The reason of a request for a payment that went back already.
pub(super) const ALREADY_RETURNED: &str = "ARDT";

/// A correction that a message orders.
#[derive(Debug)]
pub(super) struct Correction<'a> {
    /// What it is remembered by.
    pub(super) key: Uetr,
    /// The payment.
    pub(super) payment: Uetr,
    /// Everything that the message says of it.
    pub(super) private: &'a PrivateData,
    /// What is ordered.
    pub(super) what: What,
}

/// What a correction orders.
#[derive(Debug)]
pub(super) enum What {
    /// Money goes back, not before the day, under the correction's key.
    Return { amount: Money, reason: corrections::Reason, day: Option<Date> },
    /// Money is asked back: no more than the amount, if there is one.
    Recall { amount: Option<Money>, reason: corrections::Reason },
    /// What is asked back is given back or not, not before the day.
    Answer { decision: Decision, day: Option<Date> },
}

/// What became of a correction.
#[derive(Debug)]
pub(super) enum Ended {
    /// It is on the ledger.
    Final {
        /// Its receipt.
        archived: Box<Archived>,
        /// When it was accepted here.
        accepted: Timestamp,
        /// The settlement that it proves, if it proves one.
        settlement: Option<SettlementId>,
    },
    /// It did not enter the ledger.
    Refused(Reason),
    /// It may still.
    Waiting(Code, &'static str),
}

impl Ended {
    /// True if it is another institution's.
    fn is_foreign(&self) -> bool {
        matches!(self, Self::Refused(Reason { code: FOREIGN, .. }))
    }
}

/// A correction before anything is signed.
enum Found {
    /// It was signed before.
    Recorded(Box<Record>),
    /// It is to be signed.
    New(Box<New>),
    Refused(Reason),
    /// It can be ordered later.
    Later,
}

impl Desk {
    /// Orders what is ordered among `judged`, each as its `correction`, and tells what became of
    /// each; `None` if all of the message is other institutions'.
    pub(super) async fn correct_all<'a, O: Sync>(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        judged: &'a [Result<O, Vec<Refusal>>],
        correction: impl Fn(&'a O) -> Correction<'a>,
    ) -> Result<Option<Vec<Result<Ended, &'a [Refusal]>>>, DeskError> {
        let orders = judged.iter().filter_map(|order| order.as_ref().ok());
        let corrections: Vec<_> = orders.map(correction).collect();
        let ended = self.correct(around, source, &corrections).await?;
        let is_whole = !judged.is_empty() && ended.len() == judged.len();
        if is_whole && ended.iter().all(Ended::is_foreign) {
            return Ok(None);
        }
        let mut ended = ended.into_iter();
        let told = judged.iter().map(|order| match order {
            Ok(_) => Ok(ended.next().unwrap_or(Ended::Waiting(Code::PENDING, NOT_WORKED_ON))),
            Err(refusals) => Err(refusals.as_slice()),
        });
        Ok(Some(told.collect()))
    }

    /// Orders corrections, in the order of the message, and tells what became of each.
    async fn correct(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        corrections: &[Correction<'_>],
    ) -> Result<Vec<Ended>, DeskError> {
        let mut found = self.placed(around, source, corrections).await?;
        let mut ended = Vec::with_capacity(corrections.len());
        for correction in corrections {
            ended.push(match found.remove(&correction.key) {
                Some(Found::Recorded(record)) => sent(around, correction, &record).await?,
                Some(Found::Refused(reason)) => Ended::Refused(reason),
                Some(Found::New(_) | Found::Later) => Ended::Waiting(Code::PENDING, UNPROVEN),
                // The same one stands in the message twice.
                None => Ended::Refused(duplicate()),
            });
        }
        Ok(ended)
    }

    /// Finds the corrections' records, or makes them.
    async fn placed(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        corrections: &[Correction<'_>],
    ) -> Result<BTreeMap<Uetr, Found>, DeskError> {
        let keys: Vec<Uetr> = corrections.iter().map(|correction| correction.key).collect();
        let _turns = self.turns(&keys).await;
        let domains = around.driver.view.latest().tip.domains().clone();
        let load = || self.records.load_all(&domains, &keys);
        let mut records = around.readers.work(load).await?;
        let mut found = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for correction in corrections {
            let record = records.remove(&correction.key);
            let one = self.found(around, source, correction, record).await?;
            // A transaction with one UETR twice would be refused whole.
            let own = match &one {
                Found::New(new) => new.operation.uetr(),
                Found::Recorded(_) | Found::Refused(_) | Found::Later => None,
            };
            let is_taken = own.is_some_and(|uetr| !taken.insert(uetr));
            let one = if is_taken { Found::Refused(duplicate()) } else { one };
            found.insert(correction.key, one);
        }
        // In the order of the message, which is the order of execution.
        let new = corrections.iter().filter_map(|correction| match found.get(&correction.key) {
            Some(Found::New(new)) => Some(new.as_ref()),
            Some(Found::Recorded(_) | Found::Refused(_) | Found::Later) | None => None,
        });
        let new: Vec<_> = new.collect();
        let signed = self.sign(around, source, &new).await?;
        let recorded = |record| Found::Recorded(Box::new(record));
        found.extend(signed.into_iter().map(|(key, record)| (key, recorded(record))));
        Ok(found)
    }

    async fn found(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        correction: &Correction<'_>,
        record: Option<Record>,
    ) -> Result<Found, DeskError> {
        let latest = around.driver.view.latest();
        let (tip, state) = (&latest.tip, latest.tip.state());
        let is_done = record.as_ref().is_some_and(|record| is_done(state, &record.signed));
        match standing(record, correction.private, is_done, tip.header().time) {
            Ok(Some(record)) => return Ok(Found::Recorded(Box::new(record))),
            Ok(None) => {}
            Err(Reason { code, .. }) => {
                let text = "Something else was ordered under these references. Give it its own.";
                return Ok(Found::Refused(Reason { code, text: text.to_owned() }));
            }
        }
        let (account, operation) = match self.correcting(around, source, correction).await? {
            Ok(made) => made,
            Err(found) => return Ok(found),
        };
        let is_marked = |uetr| state.marker(&MarkerKey::Payment(uetr)).is_some();
        if operation.uetr().is_some_and(is_marked) {
            return Ok(Found::Refused(duplicate()));
        }
        let servicer = state.institution(account.servicer()).map(|bank| bank.bic);
        let Some(institution) = servicer.filter(|bic| self.home.operators.contains_key(bic)) else {
            return Ok(Found::Refused(foreign(servicer)));
        };
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(DeskError::Entropy)?;
        let private = correction.private.clone();
        let new = New { uetr: correction.key, institution, salt, private, operation };
        Ok(Found::New(Box::new(new)))
    }

    /// The operation that carries a correction out, and the account whose servicer signs it.
    async fn correcting(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        correction: &Correction<'_>,
    ) -> Result<Result<(AccountId, Operation), Found>, DeskError> {
        let latest = around.driver.view.latest();
        let state = latest.tip.state();
        let time = latest.tip.header().time;
        let (amount, reason) = match &correction.what {
            What::Return { day: Some(day), .. } | What::Answer { day: Some(day), .. }
                if *day > source.today =>
            {
                return Ok(Err(Found::Refused(too_early(day))));
            }
            What::Answer { decision, .. } => {
                return Ok(answer(state, time, correction.payment, decision).map_err(refused));
            }
            What::Return { amount, reason, .. } => (Some(*amount), *reason),
            What::Recall { amount, reason } => (*amount, *reason),
        };
        let (evidence, settled) = match self.evidence(around, correction.payment).await? {
            Ok(proven) => proven,
            Err(found) => return Ok(Err(found)),
        };
        if let (What::Return { .. }, Some(amount)) = (&correction.what, amount) {
            let back = Return { uetr: correction.key, evidence, amount, reason };
            return Ok(Ok((settled.payee, Operation::Return(Box::new(back)))));
        }
        if state.recall(settled.payment).is_some_and(|open| !open.is_lapsed_at(time)) {
            return Ok(Err(refused(of_rejection(Rejection::RecallOpen))));
        }
        let amount = match asked(state, &evidence, &settled, amount) {
            Ok(amount) => amount,
            Err(reason) => return Ok(Err(refused(reason))),
        };
        let deadline = now().plus(TIME_TO_ANSWER);
        let request = RecallRequest { evidence, amount, reason, deadline };
        Ok(Ok((settled.payer, Operation::RequestRecall(Box::new(request)))))
    }

    /// The proof of a settled payment, or what is answered in its place.
    async fn evidence(
        &self,
        around: Surroundings<'_>,
        payment: Uetr,
    ) -> Result<Result<(Evidence, Settled), Found>, DeskError> {
        let Surroundings { driver, readers, deadline } = around;
        // What is final may not be in the index yet.
        if caught_up(driver, deadline).await.is_none() {
            return Ok(Err(Found::Later));
        }
        let place = readers.read(driver, move |store: &Store| store.payment(payment)).await?;
        let Some(place) = place else {
            let text = "This node knows no final payment of this UETR.".to_owned();
            return Ok(Err(refused(Reason { code: NEVER_RECEIVED, text })));
        };
        let index = usize::try_from(place.index).unwrap_or(usize::MAX);
        let genesis = &self.home.genesis;
        let place = (place.height, index);
        let proof = archived_proof(driver, readers, genesis, place, deadline).await?;
        let chain = driver.view.latest().tip.domains().chain_id();
        let Some(evidence) = proof.and_then(|proof| proof.evidence(chain).ok()) else {
            return Ok(Err(Found::Later));
        };
        let not_settled = || refused(of_rejection(Rejection::NotSettled));
        Ok(match evidence.settled() {
            Some(settled) => Ok((evidence, settled)),
            None => Err(not_settled()),
        })
    }
}

/// What is asked for: what is left of the payment, and no more than the message says was settled.
fn asked(
    state: &State,
    evidence: &Evidence,
    settled: &Settled,
    said: Option<Money>,
) -> Result<Money, Reason> {
    let returns = state.returns(evidence.receipt.hash(state.domains()));
    let left = returns.map_or(settled.credited, |returns| returns.left());
    if left.amount.is_zero() {
        let text = "All that was paid went back already.".to_owned();
        return Err(Reason { code: ALREADY_RETURNED, text });
    }
    let Some(said) = said else { return Ok(left) };
    // Who paid may say what was paid, charges included: more than the payee got.
    let most = if let Outcome::Settled(of) = &evidence.receipt.outcome
        && of.debited.asset == left.asset
    {
        of.debited
    } else {
        settled.credited
    };
    if said.asset != left.asset || said.amount > most.amount {
        return Err(of_rejection(Rejection::ReturnMismatch));
    }
    Ok(Money::new(said.amount.min(left.amount), left.asset))
}

/// The answer to an open recall, and who was paid.
fn answer(
    state: &State,
    time: Timestamp,
    payment: Uetr,
    decision: &Decision,
) -> Result<(AccountId, Operation), Reason> {
    let recall = state.recall(payment).filter(|recall| !recall.is_lapsed_at(time));
    let recall = recall.ok_or_else(|| of_rejection(Rejection::NoRecall))?;
    let answer = match decision {
        Decision::Accept { uetr, amount } => {
            RecallAnswer::Accept { uetr: *uetr, amount: amount.unwrap_or(recall.asked()) }
        }
        Decision::Refuse { reason } => RecallAnswer::Refuse { reason: *reason },
    };
    Ok((recall.settled.payee, Operation::AnswerRecall { payment, answer }))
}

/// True if the ledger has the transaction already.
fn is_done(state: &State, signed: &Signed) -> bool {
    let is_own = |key| state.marker(&key).is_some_and(|marker| marker.transaction == signed.id);
    let mut uetrs = signed.transaction.transaction.uetrs();
    is_own(MarkerKey::Transaction(signed.id)) || uetrs.any(|uetr| is_own(MarkerKey::Payment(uetr)))
}

fn foreign(servicer: Option<Bic>) -> Reason {
    let text = "The account's bank is not served here.".to_owned();
    servicer.map_or(Reason { code: FOREIGN, text }, not_served)
}

fn refused(reason: Reason) -> Found {
    Found::Refused(reason)
}

fn of_rejection(rejection: Rejection) -> Reason {
    Reason { code: rejection.iso(), text: rejection.explanation().to_owned() }
}

/// Sends a correction that is signed, and tells what became of it.
async fn sent(
    around: Surroundings<'_>,
    correction: &Correction<'_>,
    record: &Record,
) -> Result<Ended, DeskError> {
    let (_, sent) = send(around, &record.signed).await?;
    Ok(match sent {
        Sent::Final(finals) => {
            let found = operation_of(correction, &record.signed);
            match found.and_then(|(place, of)| Some((finals.at(place)?, of))) {
                Some((archived, operation)) => {
                    let latest = around.driver.view.latest();
                    let evidence = operation.evidence();
                    Ended::Final {
                        archived: Box::new(archived.clone()),
                        accepted: record.accepted,
                        settlement: evidence.map(|of| of.receipt.hash(latest.tip.domains())),
                    }
                }
                None => Ended::Waiting(Code::IN_PROCESS, UNDER_WAY),
            }
        }
        Sent::Refused { code, text } => Ended::Refused(Reason { code, text }),
        Sent::Waiting(code, text) => Ended::Waiting(code, text),
    })
}

/// A correction's operation and its place in its transaction: a message asks for a payment once,
/// and answers for it once; returns have keys of their own.
fn operation_of<'a>(
    correction: &Correction<'_>,
    signed: &'a Signed,
) -> Option<(usize, &'a Operation)> {
    let Correction { key, payment, .. } = correction;
    let operations = signed.transaction.transaction.operations.iter().enumerate();
    let mut own = operations.filter(|(_, operation)| {
        let of = operation.evidence().and_then(|evidence| evidence.receipt.uetr);
        let is_recall = matches!(operation, Operation::RequestRecall(_)) && of == Some(*payment);
        let is_answer =
            matches!(operation, Operation::AnswerRecall { payment: of, .. } if of == payment);
        is_recall || is_answer || operation.uetr() == Some(*key)
    });
    own.next()
}
