//! Returns: what a pacs.004 orders, each with the proof of its payment.
//!
//! Invariants: a return is ordered by the operators of the institution that services the payee's
//! account, once: its record is durable before it is sent, and the same message again sends the
//! same bytes. Absent: payments of which this node keeps neither receipt nor proof; another node
//! has them.

use std::collections::BTreeMap;

use iso20022::PrivateData;
use iso20022::pacs002::{Code, StatusReport, TransactionStatus};
use iso20022::pacs004::{PaymentReturn, ReturnMessage, ReturnOrder};
use iso20022::time::Date;
use ledger::corrections::{Evidence, Return};
use ledger::ids::{Bic, Uetr};
use ledger::money::Decimals;
use ledger::operation::Operation;
use ledger::rejection::Rejection;
use ledger::state::MarkerKey;

use super::answer::{Context, Handled, of_receipt};
use super::batches::New;
use super::placing::{Reason, Source, duplicate, not_served, standing, too_early};
use super::records::Record;
use super::settling::{Sent, UNDER_WAY, send};
use super::status::NEVER_RECEIVED;
use super::{Desk, DeskError, Reception, Surroundings, report};
use crate::home::now;
use crate::outcome::archived_proof;
use crate::readers::caught_up;
use crate::store::Store;

const UNPROVEN: &str = "No certificate leads to the payment yet. Send the same message again.";

/// A return before anything is signed.
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
    /// Returns what a message orders to, and tells what became of it.
    pub(super) async fn give_back(
        &self,
        around: Surroundings<'_>,
        bytes: &[u8],
        message: &ReturnMessage,
    ) -> Result<Reception, DeskError> {
        let latest = around.driver.view.latest();
        let state = latest.tip.state();
        let decimals = |asset| state.asset(asset).map(|asset| asset.decimals);
        let (domains, id) = (state.domains(), &message.group.message_id);
        let judged = message.returns.iter().map(|back| (back, back.order(domains, id, decimals)));
        let judged: Vec<_> = judged.collect();
        let source = Source {
            group: &message.group,
            message: PrivateData::message_hash(domains, bytes),
            today: Date::latest_at(now()),
        };
        let orders: Vec<&ReturnOrder> =
            judged.iter().filter_map(|(_, order)| order.as_ref().ok()).collect();
        let mut found = self.placed(around, &source, &orders).await?;
        if !judged.is_empty() && judged.iter().all(|(_, order)| is_foreign(order.as_ref(), &found))
        {
            return Ok(Reception::Foreign);
        }
        let mut handled = Vec::with_capacity(judged.len());
        for (back, order) in &judged {
            handled.push(match order {
                Ok(order) => match found.remove(&order.uetr) {
                    Some(found) => settle(around, back, found).await?,
                    // The same return stands in the message twice.
                    None => of_reason(back, duplicate()),
                },
                Err(refusals) => Handled::now(TransactionStatus::refused(&back.payment, refusals)),
            });
        }
        let group = &message.group;
        let answer = |id, created, statuses| StatusReport::answer(group, id, created, statuses);
        Ok(report(bytes, message.application.as_ref(), handled, answer))
    }

    /// Finds the returns' records, or makes them.
    async fn placed(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        orders: &[&ReturnOrder],
    ) -> Result<BTreeMap<Uetr, Found>, DeskError> {
        let uetrs: Vec<Uetr> = orders.iter().map(|order| order.uetr).collect();
        let _turns = self.turns(&uetrs).await;
        let domains = around.driver.view.latest().tip.domains().clone();
        let load = || self.records.load_all(&domains, &uetrs);
        let mut records = around.readers.work(load).await?;
        let mut found = BTreeMap::new();
        for order in orders {
            let record = records.remove(&order.uetr);
            found.insert(order.uetr, self.found(around, source, order, record).await?);
        }
        // In the order of the message, which is the order of execution.
        let new = orders.iter().filter_map(|order| match found.get(&order.uetr) {
            Some(Found::New(new)) => Some(new.as_ref()),
            Some(Found::Recorded(_) | Found::Refused(_) | Found::Later) | None => None,
        });
        let new: Vec<_> = new.collect();
        let signed = self.sign(around, source, &new).await?;
        let signed = signed.into_iter().map(|(uetr, record)| {
            let recorded = Found::Recorded(Box::new(record));
            (uetr, recorded)
        });
        found.extend(signed);
        Ok(found)
    }

    async fn found(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        order: &ReturnOrder,
        record: Option<Record>,
    ) -> Result<Found, DeskError> {
        let latest = around.driver.view.latest();
        let (tip, state) = (&latest.tip, latest.tip.state());
        let is_marked = state.marker(&MarkerKey::Payment(order.uetr)).is_some();
        match standing(record, &order.private, is_marked, tip.header().time) {
            Ok(Some(record)) => return Ok(Found::Recorded(Box::new(record))),
            Ok(None) if is_marked => return Ok(Found::Refused(duplicate())),
            Ok(None) => {}
            Err(reason) => return Ok(Found::Refused(reason)),
        }
        if let Some(day) = order.settlement_date.as_ref().filter(|day| **day > source.today) {
            return Ok(Found::Refused(too_early(day)));
        }
        let evidence = match self.evidence(around, order.payment).await? {
            Ok(evidence) => evidence,
            Err(found) => return Ok(found),
        };
        let Some(settled) = evidence.settled() else {
            return Ok(Found::Refused(of_rejection(Rejection::NotSettled)));
        };
        let servicer = state.institution(settled.payee.servicer()).map(|bank| bank.bic);
        let Some(institution) = servicer.filter(|bic| self.home.operators.contains_key(bic)) else {
            return Ok(Found::Refused(foreign(servicer)));
        };
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(DeskError::Entropy)?;
        let (amount, reason) = (order.amount, order.reason);
        let back = Return { uetr: order.uetr, evidence, amount, reason };
        Ok(Found::New(Box::new(New {
            uetr: order.uetr,
            institution,
            salt,
            private: order.private.clone(),
            operation: Operation::Return(Box::new(back)),
        })))
    }

    /// The proof of a payment, or what is answered in its place.
    async fn evidence(
        &self,
        around: Surroundings<'_>,
        payment: Uetr,
    ) -> Result<Result<Evidence, Found>, DeskError> {
        let Surroundings { driver, readers, deadline } = around;
        // What is final may not be in the index yet.
        if caught_up(driver, deadline).await.is_none() {
            return Ok(Err(Found::Later));
        }
        let place = readers.read(driver, move |store: &Store| store.payment(payment)).await?;
        let Some(place) = place else {
            let text = "This node knows no final payment of this UETR.".to_owned();
            return Ok(Err(Found::Refused(Reason { code: NEVER_RECEIVED, text })));
        };
        let index = usize::try_from(place.index).unwrap_or(usize::MAX);
        let genesis = &self.home.genesis;
        let place = (place.height, index);
        let proof = archived_proof(driver, readers, genesis, place, deadline).await?;
        let chain = driver.view.latest().tip.domains().chain_id();
        let evidence = proof.and_then(|proof| proof.evidence(chain).ok());
        Ok(evidence.ok_or(Found::Later))
    }
}

const FOREIGN: &str = "AGNT";

fn foreign(servicer: Option<Bic>) -> Reason {
    let unknown = Reason { code: FOREIGN, text: "The payee's bank is not served here.".to_owned() };
    servicer.map_or(unknown, not_served)
}

/// True if a return is another institution's.
fn is_foreign<E>(order: Result<&ReturnOrder, E>, found: &BTreeMap<Uetr, Found>) -> bool {
    let found = order.ok().and_then(|order| found.get(&order.uetr));
    matches!(found, Some(Found::Refused(Reason { code: FOREIGN, .. })))
}

fn of_rejection(rejection: Rejection) -> Reason {
    Reason { code: rejection.iso(), text: rejection.explanation().to_owned() }
}

fn of_reason(back: &PaymentReturn, Reason { code, text }: Reason) -> Handled {
    Handled::now(TransactionStatus::rejected(&back.payment, code, text))
}

/// Sends a return that is signed, and tells its status.
async fn settle(
    around: Surroundings<'_>,
    back: &PaymentReturn,
    found: Found,
) -> Result<Handled, DeskError> {
    let record = match found {
        Found::Recorded(record) => record,
        Found::Refused(reason) => return Ok(of_reason(back, reason)),
        Found::New(_) | Found::Later => {
            return Ok(Handled::waiting(&back.payment, Code::PENDING, UNPROVEN));
        }
    };
    let (_, sent) = send(around, &record.signed).await?;
    Ok(match sent {
        Sent::Final(receipts) => match receipts.get(&record.uetr) {
            Some(archived) => {
                let context = Context {
                    height: archived.height,
                    time: archived.time,
                    accepted: record.accepted,
                    charger: None,
                    decimals: Decimals(0),
                };
                of_receipt(&back.payment, &archived.receipt, context)
            }
            None => Handled::waiting(&back.payment, Code::IN_PROCESS, UNDER_WAY),
        },
        Sent::Refused { code, text } => of_reason(back, Reason { code, text }),
        Sent::Waiting(code, text) => Handled::waiting(&back.payment, code, text),
    })
}
