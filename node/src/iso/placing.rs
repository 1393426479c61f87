//! Placing: an order becomes a signed transaction in a record, once.
//!
//! Invariants: the record is durable before anyone sends the transaction; of two requests with the
//! same payment one signs and the other finds the record. Absent: sending (see `settling`).

use iso20022::order::{PaymentOrder, Transfer};
use ledger::crypto::SecretKey;
use ledger::fees::{Reach, total};
use ledger::hash::Domains;
use ledger::ids::{AccountId, Bic, Timestamp};
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, Operation, Pay, PayAcross, PaymentTerms};
use ledger::quote::SignedQuote;
use ledger::state::{MarkerKey, State};
use ledger::transaction::{SignedTransaction, Transaction};

use super::accounts::resolve;
use super::quotes::Exchange;
use super::records::Record;
use super::{Desk, DeskError, Surroundings};
use crate::home::now;

/// How far a proposer's clock may be behind this one.
const CLOCK_MARGIN_MS: u64 = 60_000;

/// Why an order does not reach the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// The ISO 20022 external status reason.
    pub(super) code: &'static str,
    /// One sentence.
    pub(super) text: String,
}

/// An order on its way.
#[derive(Debug)]
pub(super) enum Placed {
    /// It is signed and recorded.
    Recorded(Box<Record>),
    /// It is signed, and not recorded yet.
    Signed(Box<Record>),
    /// The ledger knows its UETR, and this node has no record of it.
    OnLedger(Parties),
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
        orders: &[&PaymentOrder],
    ) -> Result<Vec<Result<Placed, Reason>>, DeskError> {
        let _turns = self.turns(orders).await;
        let mut placed = Vec::with_capacity(orders.len());
        for order in orders {
            placed.push(self.place(around, order).await?);
        }
        let signed = orders.iter().zip(&placed).filter_map(|(order, placed)| match placed {
            Ok(Placed::Signed(record)) => Some((order.uetr, record.as_ref())),
            Ok(Placed::Recorded(_) | Placed::OnLedger(_)) | Err(_) => None,
        });
        let signed: Vec<_> = signed.collect();
        around.readers.work(|| self.records.save_all(&signed)).await?;
        Ok(placed)
    }

    async fn place(
        &self,
        around: Surroundings<'_>,
        order: &PaymentOrder,
    ) -> Result<Result<Placed, Reason>, DeskError> {
        let latest = around.driver.view.latest();
        let (tip, state) = (&latest.tip, latest.tip.state());
        let is_marked = state.marker(&MarkerKey::Payment(order.uetr)).is_some();
        if let Some(record) = around.readers.work(|| self.records.load(order.uetr)).await? {
            if record.private != order.private {
                return Ok(Err(duplicate()));
            }
            let is_over = tip.header().time > record.signed.transaction.valid_until;
            if is_marked || !is_over {
                return Ok(Ok(Placed::Recorded(Box::new(record))));
            }
            // It did not happen, and no longer can: it may be ordered anew.
        }
        let parties = match self.parties(state, order) {
            Ok(parties) => parties,
            Err(reason) => return Ok(Err(reason)),
        };
        if is_marked {
            return Ok(Ok(Placed::OnLedger(parties)));
        }
        let keys = self.home.operators.get(&order.debtor_institution);
        let Some(keys) = keys else { return Ok(Err(not_served(order.debtor_institution))) };
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(DeskError::Entropy)?;
        let terms = terms(state, order, parties, &salt);
        let operation = match self.operation(around, state, order, parties, terms).await? {
            Ok(operation) => operation,
            Err(reason) => return Ok(Err(reason)),
        };
        let accepted = now();
        let signed = sign(state.domains(), keys, operation, accepted);
        let record = Record { accepted, salt, private: order.private.clone(), signed };
        Ok(Ok(Placed::Signed(Box::new(record))))
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
        let across = |quote: SignedQuote| {
            let pay = PayAcross { uetr, from, to, sell, minimum_received, quote, terms };
            Operation::PayAcross(Box::new(pay))
        };
        Ok(quote.map(across))
    }
}

fn duplicate() -> Reason {
    let text = "Another payment was ordered here under this UETR. Look that one up.".to_owned();
    Reason { code: "AM05", text }
}

fn not_served(bic: Bic) -> Reason {
    let text = format!("This node does not act for {bic}. Send it to that bank's node.");
    Reason { code: "AGNT", text }
}

/// The payer agrees to what its institution charges now.
fn terms(state: &State, order: &PaymentOrder, parties: Parties, salt: &[u8; 32]) -> PaymentTerms {
    PaymentTerms {
        charge_bearer: order.charge_bearer,
        maximum_fee: charges(state, parties, order.transfer.debit()),
        purpose: order.purpose,
        remittance: order.private.commitment(state.domains(), salt),
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

fn sign(
    domains: &Domains,
    keys: &[SecretKey],
    operation: Operation,
    now: Timestamp,
) -> SignedTransaction {
    let mut keys: Vec<_> = keys.iter().map(|key| (key.public(), key)).collect();
    keys.sort_by_key(|(public, _)| *public);
    keys.dedup_by_key(|(public, _)| *public);
    let transaction = Transaction {
        suite: domains.suite(),
        chain_id: domains.chain_id(),
        valid_from: now.minus(CLOCK_MARGIN_MS),
        valid_until: now.plus(Transaction::USUAL_VALIDITY),
        operations: vec![operation],
        atomic: false,
        signers: keys.iter().map(|(public, _)| *public).collect(),
    };
    let id = transaction.id(domains);
    let signatures = keys.iter().map(|(_, key)| key.sign(&id)).collect();
    SignedTransaction { transaction, signatures }
}
