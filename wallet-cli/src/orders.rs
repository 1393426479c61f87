//! Orders of an institution's operators: from an operation to what is told of its end.
//!
//! Invariants: as for payments: simulated, signed, saved, sent; an unfinished order is gone on
//! with. Absent: what the operations are (the commands).

use ledger::ids::{Bic, Network as NetworkKind};
use ledger::operation::Operation;

use crate::desk::{Desk, Done};
use crate::entropy;
use crate::envelope;
use crate::fault::Fault;
use crate::keyring::StoredKey;
use crate::signers;

/// Orders `operation`, signed by all of `keys`; or goes on with the same order, if one is
/// unfinished.
///
/// # Errors
/// The fault that ends it, with its exit code.
pub(crate) fn order(
    desk: &Desk<'_>,
    text: String,
    keys: &[StoredKey],
    operation: Operation,
) -> Result<Done, Fault> {
    if let Some(held) = desk.unfinished(&text)? {
        return desk.deliver(held);
    }
    let public: Vec<_> = keys.iter().map(|key| key.public).collect();
    let transaction = envelope::transaction(&desk.chain, entropy::now(), operation, public);
    desk.simulate(transaction.clone())?;
    if desk.chain.network != NetworkKind::Devnet {
        desk.session.confirm(&format!("  {text}"), "Order this?")?;
    }
    let secrets = signers::open(desk.session, keys)?;
    desk.dispatch(transaction, &secrets, text, |_| ())
}

/// Tells that an order was carried out, and ends it.
///
/// # Errors
/// As for [`Desk::conclude`].
pub(crate) fn report(desk: &Desk<'_>, done: Done, what: &str) -> Result<(), Fault> {
    let naming = desk.naming_of(&done.ended.receipt);
    let word = match done.ended.evidence {
        Some(_) => "",
        None => " (by the node's word: there is no proof of this)",
    };
    let text = format!("{what}, block {}{word}.   id {}", done.ended.height, done.entry.id);
    desk.session.output.result(text, &desk.document(&done, &naming));
    desk.conclude(done)
}

/// A BIC as the ledger writes it.
///
/// # Errors
/// A usage fault for anything else.
pub(crate) fn bic(text: &str) -> Result<Bic, Fault> {
    Ok(Bic::parse(text)?)
}
