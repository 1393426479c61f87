//! Placing: orders become signed transactions in records, once.
//!
//! Invariants: the records are durable before anyone sends a transaction; of two requests with the
//! same payment one signs and the other finds the record. Absent: sending (see `settling`); which
//! payments one transaction carries (see `batches`).

use std::collections::BTreeMap;

use iso20022::PrivateData;
use iso20022::order::{PaymentOrder, Transfer};
use iso20022::pacs008::OriginalGroup;
use iso20022::time::Date;
use ledger::fees::{Reach, total};
use ledger::hash::{Domains, Hash};
use ledger::ids::{AccountId, Bic, Timestamp, Uetr};
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, Operation, Pay, PayAcross, PaymentTerms};
use ledger::quote::Route;
use ledger::state::{MarkerKey, State};

use super::accounts::resolve;
use super::batches::{self, New};
use super::quotes::Exchange;
use super::records::{Order, Record, Sheet};
use super::{Desk, DeskError, Surroundings};
use crate::home::now;
use crate::private::PrivateRecord;

/// Why an order does not reach the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// The ISO 20022 external status reason.
    pub(super) code: &'static str,
    /// One sentence.
    pub(super) text: String,
}

/// The message that orders.
#[derive(Clone, Debug)]
pub(super) struct Source<'a> {
    /// Its group header.
    pub(super) group: &'a OriginalGroup,
    /// The hash of its exact bytes.
    pub(super) message: Hash,
    /// The latest day that has begun anywhere.
    pub(super) today: Date,
}

impl<'a> Source<'a> {
    /// The message of these `bytes`, as it arrives now.
    pub(super) fn new(domains: &Domains, group: &'a OriginalGroup, bytes: &[u8]) -> Self {
        let message = PrivateData::message_hash(domains, bytes);
        Self { group, message, today: Date::latest_at(now()) }
    }
}

/// An order on its way.
#[derive(Debug)]
pub(super) enum Placed {
    /// It is signed and recorded.
    Recorded(Box<Record>),
    /// The ledger knows its UETR, and this node has no record of it.
    OnLedger(Parties),
}

/// An order before anything is signed.
enum Found {
    Placed(Placed),
    /// It is to be signed.
    New(Box<New>),
    Refused(Reason),
}

/// The two accounts of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parties {
    /// The payer's.
    pub(super) from: AccountId,
    /// The payee's.
    pub(super) to: AccountId,
}

impl Desk {
    /// Finds the orders' records, or makes them; what is to be sent is recorded then.
    pub(super) async fn place_all(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        orders: &[&PaymentOrder],
    ) -> Result<Vec<Result<Placed, Reason>>, DeskError> {
        let uetrs: Vec<Uetr> = orders.iter().map(|order| order.uetr).collect();
        let _turns = self.turns(&uetrs).await;
        let domains = around.driver.view.latest().tip.domains().clone();
        let load = || self.records.load_all(&domains, &uetrs);
        let mut records = around.readers.work(load).await?;
        let mut found = Vec::with_capacity(orders.len());
        for order in orders {
            let record = records.remove(&order.uetr);
            found.push(self.find(around, source, order, record).await?);
        }
        let new = found.iter().filter_map(|found| match found {
            Found::New(new) => Some(new.as_ref()),
            Found::Placed(_) | Found::Refused(_) => None,
        });
        let new: Vec<_> = new.collect();
        let mut signed = self.sign(around, source, &new).await?;
        let placed = found.into_iter().map(|found| match found {
            Found::Placed(placed) => Ok(placed),
            Found::Refused(reason) => Err(reason),
            Found::New(new) => match signed.remove(&new.uetr) {
                Some(record) => Ok(Placed::Recorded(Box::new(record))),
                None => Err(not_served(new.institution)),
            },
        });
        Ok(placed.collect())
    }

    /// Signs orders, and records them in one piece.
    pub(super) async fn sign(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        new: &[&New],
    ) -> Result<BTreeMap<Uetr, Record>, DeskError> {
        if new.is_empty() {
            return Ok(BTreeMap::new());
        }
        let latest = around.driver.view.latest();
        let work = || {
            let accepted = now();
            let batches = batches::sign(&latest.tip, &self.home.operators, new, accepted);
            let mut orders = Vec::with_capacity(new.len());
            let mut transactions = Vec::with_capacity(batches.len());
            for (place, batch) in (0_u32..).zip(batches) {
                orders.extend(batch.payments.into_iter().map(|new| Order {
                    uetr: new.uetr,
                    salt: new.salt,
                    private: new.private.clone(),
                    transaction: place,
                }));
                transactions.push(batch.transaction);
            }
            let sheet = Sheet {
                accepted,
                message: source.message,
                message_id: source.group.message_id.clone(),
                definition: source.group.definition.clone(),
                created: source.group.created.as_ref().map(ToString::to_string),
                transactions,
                orders,
            };
            self.records.save(&sheet)?;
            self.private.ordered.notify_one();
            let records = sheet.into_records(latest.tip.domains());
            Ok(records.into_iter().map(|record| (record.uetr, record)).collect())
        };
        around.readers.work(work).await
    }

    async fn find(
        &self,
        around: Surroundings<'_>,
        source: &Source<'_>,
        order: &PaymentOrder,
        record: Option<Record>,
    ) -> Result<Found, DeskError> {
        let latest = around.driver.view.latest();
        let (tip, state) = (&latest.tip, latest.tip.state());
        let is_marked = state.marker(&MarkerKey::Payment(order.uetr)).is_some();
        match standing(record, &order.private, is_marked, tip.header().time) {
            Ok(Some(record)) => return Ok(Found::Placed(Placed::Recorded(Box::new(record)))),
            Ok(None) => {}
            Err(reason) => return Ok(Found::Refused(reason)),
        }
        let parties = match self.parties(state, order) {
            Ok(parties) => parties,
            Err(reason) => return Ok(Found::Refused(reason)),
        };
        if is_marked {
            return Ok(Found::Placed(Placed::OnLedger(parties)));
        }
        if let Some(day) = order.settlement_date.as_ref().filter(|day| **day > source.today) {
            return Ok(Found::Refused(too_early(day)));
        }
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(DeskError::Entropy)?;
        let private = order.private.clone();
        let record = PrivateRecord { uetr: order.uetr, salt, message: source.message, private };
        if !record.fits() {
            return Ok(Found::Refused(too_large()));
        }
        let remittance = record.commitment(state.domains());
        let terms = terms(state, order, parties, remittance);
        Ok(match self.operation(around, state, order, parties, terms).await? {
            Ok(operation) => Found::New(Box::new(New {
                uetr: order.uetr,
                institution: order.debtor_institution,
                salt,
                private: record.private,
                operation,
            })),
            Err(reason) => Found::Refused(reason),
        })
    }

    /// Finds the accounts.
    fn parties(&self, state: &State, order: &PaymentOrder) -> Result<Parties, Reason> {
        if !self.serves(order) {
            return Err(not_served(order.debtor_institution));
        }
        let find = |bic: Bic, code, reference| {
            let text = || format!("{bic} is no institution of this ledger.");
            let institution = state.institution_by_bic(bic);
            let institution = institution.ok_or_else(|| Reason { code, text: text() })?;
            Ok(resolve(state.domains(), self.home.genesis.network, institution, reference))
        };
        Ok(Parties {
            from: find(order.debtor_institution, "RC03", &order.debtor_account)?,
            to: find(order.creditor_institution, "RC04", &order.creditor_account)?,
        })
    }

    /// The operation that carries the order out, with a quote if it pays across assets.
    async fn operation(
        &self,
        around: Surroundings<'_>,
        state: &State,
        order: &PaymentOrder,
        Parties { from, to }: Parties,
        terms: PaymentTerms,
    ) -> Result<Result<Operation, Reason>, DeskError> {
        let uetr = order.uetr;
        let (sell, minimum_received) = match order.transfer {
            Transfer::SameAsset(amount) => {
                return Ok(Ok(Operation::Pay(Pay { uetr, from, to, amount, terms })));
            }
            Transfer::Exchange { debit, credit, .. } => (debit, credit),
        };
        let exchanged = match terms.charge_bearer {
            ChargeBearer::Debtor | ChargeBearer::Shared => Some(sell.amount),
            ChargeBearer::Creditor => sell.amount.minus(terms.maximum_fee),
        };
        let exchanged = Money::new(exchanged.unwrap_or(Amount::ZERO), sell.asset);
        let exchange = Exchange { sell: exchanged, receive: minimum_received };
        let quote = self.dealers.quote(&self.home, around, state, exchange).await?;
        let across = |route: Route| {
            let pay = PayAcross { uetr, from, to, sell, minimum_received, route, terms };
            Operation::PayAcross(Box::new(pay))
        };
        Ok(quote.map(across))
    }
}

/// The record of an order that stands: it may be on the ledger, or still come there. None if there
/// is none, or what it ordered did not happen and no longer can: then it may be ordered anew.
///
/// # Errors
/// The reason to refuse an order of other content than the record's.
pub(super) fn standing(
    record: Option<Record>,
    private: &PrivateData,
    is_marked: bool,
    now: Timestamp,
) -> Result<Option<Record>, Reason> {
    let Some(record) = record else { return Ok(None) };
    if record.private != *private {
        return Err(duplicate());
    }
    let until = record.signed.transaction.transaction.valid_until;
    Ok((is_marked || now <= until).then_some(record))
}

pub(super) fn duplicate() -> Reason {
    let text = "Another payment was ordered here under this UETR. Look that one up.".to_owned();
    Reason { code: "AM05", text }
}

pub(super) fn not_served(bic: Bic) -> Reason {
    let text = format!("This node does not act for {bic}. Send it to that bank's node.");
    Reason { code: "AGNT", text }
}

pub(super) fn too_early(day: &Date) -> Reason {
    let text = format!("It is to be made on {day}, and this ledger pays at once. Send it then.");
    Reason { code: "DT04", text }
}

fn too_large() -> Reason {
    let most = PrivateRecord::MAXIMUM_BYTES >> 10;
    let text = format!(
        "What the message says of it is longer than {most} KiB, which is all that the payee's \
         institution can be sent. Say less, or send documents another way."
    );
    Reason { code: "CH16", text }
}

/// The payer agrees to what its institution charges now.
fn terms(state: &State, order: &PaymentOrder, parties: Parties, remittance: Hash) -> PaymentTerms {
    PaymentTerms {
        charge_bearer: order.charge_bearer,
        maximum_fee: charges(state, parties, order.transfer.debit()),
        purpose: order.purpose,
        remittance,
    }
}

fn charges(state: &State, Parties { from, to }: Parties, debit: Money) -> Amount {
    let bic = |account: AccountId| Some(state.institution(account.servicer())?.bic);
    let is_abroad = bic(from).zip(bic(to)).is_some_and(|(a, b)| !a.is_same_country(&b));
    let reach = Reach { interbank: from.servicer() != to.servicer(), cross_border: is_abroad };
    let schedule = state.fee_schedule(from.servicer());
    let items = schedule.and_then(|schedule| schedule.charges(debit.asset, debit.amount, reach));
    items.and_then(|items| total(&items)).unwrap_or(Amount::ZERO)
}
