//! `feiqian pay`: a payment, in one currency or across two; or all rows of a file.
//!
//! Invariants: an order that an earlier command left unfinished is gone on with; under an id that
//! the orderer chose there is one payment for ever. Absent: sending (`desk`).

mod batch;
mod consent;
pub(super) mod draft;
pub(super) mod identified;
pub(super) mod order;
pub(super) mod quote;

use ledger::operation::Operation;
use serde::Serialize;

use crate::cli::Pay;
use crate::desk::{Desk, Done, DoneDocument};
use crate::fault::Fault;
use crate::language::Paid;
use crate::session::Session;

use order::Order;

#[derive(Serialize)]
struct PaidDocument {
    #[serde(flatten)]
    done: DoneDocument,
    amount: String,
}

pub(super) fn run(session: &Session, command: &Pay) -> Result<(), Fault> {
    if let Some(id) = &command.resume {
        let desk = Desk::open(session)?;
        let held = session.outbox().resume(id)?;
        return report(&desk, desk.deliver(held)?);
    }
    if let Some(file) = &command.file {
        return batch::run(session, command, file);
    }
    let (Some(payee), Some(amount)) = (&command.payee, &command.amount) else {
        return Err(Fault::missing("PAYEE and AMOUNT", "It is not said what to pay to whom."));
    };
    order::canonical_amount(amount)?;
    let desk = Desk::open(session)?;
    let order = Order::of(&desk, command, payee, amount)?;
    pay(&desk, order, &command.key)
}

/// Pays what was ordered, or goes on with what an earlier command left of it, and tells the end.
///
/// # Errors
/// Before anything is sent: what is wrong with the order, exit 2 to 5. After: see
/// [`Desk::deliver`].
pub(super) fn pay(desk: &Desk<'_>, order: Order, keys: &[String]) -> Result<(), Fault> {
    let text = order.text(desk.chain.network)?;
    let done = match order.id {
        Some(id) => identified::pay(desk, &id.to_string(), Some(&text), || {
            draft::pay(desk, order, id, keys)
        })?,
        None => match desk.unfinished(&text)? {
            Some(held) => desk.deliver(held)?,
            None => draft::pay(desk, order, draft::fresh_uetr()?, keys)?,
        },
    };
    report(desk, done)
}

/// Tells how the payment ended, and ends it.
pub(super) fn report(desk: &Desk<'_>, done: Done) -> Result<(), Fault> {
    let naming = desk.naming_of(&done.ended.receipt);
    let view = desk.view(&done, &naming);
    let ordered = match &done.operation {
        Operation::Pay(pay) => pay.amount,
        Operation::PayAcross(pay) => pay.sell,
        Operation::Issue { amount, .. } | Operation::Redeem { amount, .. } => *amount,
        Operation::RegisterAsset { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::RotateKeys { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => {
            desk.session.output.result("Done.", &desk.document(&done, &naming));
            return desk.conclude(done);
        }
    };
    let amount = naming.money(ordered);
    let payee = done.entry.payee.clone().or(view.to.clone()).unwrap_or_default();
    let credited = view.credited.unwrap_or_default();
    let paid = Paid {
        amount: &amount,
        payee: &payee,
        received: (credited != amount).then_some(credited.as_str()),
        rate: view.exchange.as_ref().map(|exchange| exchange.rate.as_str()),
        fee: view.fee.as_deref().unwrap_or_default(),
        id: &done.entry.id,
    };
    let text = desk.session.output.language.paid(&paid);
    let document = PaidDocument { done: desk.document(&done, &naming), amount };
    desk.session.output.result(text, &document);
    desk.conclude(done)
}
