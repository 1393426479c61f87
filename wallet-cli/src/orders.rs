//! Orders of an institution's operators: from an operation to what is told of its end.
//!
//! Invariants: as for payments: simulated, signed, saved, sent; an unfinished order is gone on
//! with. Absent: what the operations are (the commands).

use ledger::ids::{Bic, Network as NetworkKind};
use ledger::operation::Operation;
use ledger::transaction::Transaction;

use crate::describe;
use crate::desk::{Desk, Done};
use crate::entropy;
use crate::envelope;
use crate::fault::Fault;
use crate::keyring::StoredKey;
use crate::language::{Language, Text, padded, say};
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
        desk.session
            .confirm(&summary(desk, &text, &transaction), &say!("Order this?", "确认下达？"))?;
    }
    let secrets = signers::open(desk.session, keys)?;
    desk.dispatch(transaction, &secrets, text, |_| ())
}

/// Tells that an order was carried out, and ends it.
///
/// # Errors
/// As for [`Desk::conclude`].
pub(crate) fn report(desk: &Desk<'_>, done: Done, what: &Text) -> Result<(), Fault> {
    let naming = desk.naming_of(&done.ended.receipt);
    let word = match done.ended.evidence {
        Some(_) => Text::default(),
        None => say!(
            " (by the node's word: there is no proof of this)",
            "（仅为节点所述：此项没有证明）"
        ),
    };
    let text = say!(
        "{what}, block {height}{word}.   id {id}",
        "{what}，区块 {height}{word}。   编号 {id}",
        height = done.ended.height,
        id = done.entry.id;
        what = what, word = word
    );
    desk.session.output.result(&text, &desk.document(&done, &naming));
    desk.conclude(done)
}

/// What is asked about: the order as it is kept, and for Chinese readers what its bytes say.
fn summary(desk: &Desk<'_>, text: &str, transaction: &Transaction) -> Text {
    let operation = transaction.operations.first();
    let lines = operation.map(|operation| {
        let naming = describe::offline(desk.chain.network, operation);
        describe::lines(operation, &naming)
    });
    let lines = lines.unwrap_or_default().into_iter().map(|(what, value)| {
        let what = padded(what.of(Language::Chinese), 12);
        format!("  {what} {}", value.of(Language::Chinese))
    });
    let chinese = lines.collect::<Vec<_>>().join("\n");
    Text::new(format!("  {text}"), chinese)
}

/// A BIC as the ledger writes it.
///
/// # Errors
/// A usage fault for anything else.
pub(crate) fn bic(text: &str) -> Result<Bic, Fault> {
    Ok(Bic::parse(text)?)
}
