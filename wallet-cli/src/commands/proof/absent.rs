//! `feiqian proof absent`: a payment did not happen, and no longer can.
//!
//! Invariants: what is written proves absence for the whole span in which the payment's transaction
//! was valid. Absent: a payment that may have been ordered by another transaction, too; the span of
//! each such transaction is to be proven.

use api::proof::MEDIA_TYPE;
use ledger::ids::{Timestamp, Uetr};
use std::path::Path;

use super::{checked, keep, of_something_else};
use crate::assurance;
use crate::commands::payment;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::say;
use crate::session::Session;

/// From when to when a transaction was valid.
type Span = (Timestamp, Timestamp);

pub(super) fn prove(
    session: &Session,
    id: &str,
    span: Option<Span>,
    file: Option<&Path>,
) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let (uetr, span) = named(&desk, id, span)?;
    let (from, until) = (api::text::time(span.0), api::text::time(span.1));
    let query = [("valid_from", from.as_str()), ("valid_until", until.as_str())];
    let path = format!("/v1/payments/{uetr}/absence");
    let proof = desk.network.ask(|node, limit| node.get(&path, &query, MEDIA_TYPE, limit))?;
    let verdict = checked(&desk.chain, &proof)?;
    if !assurance::says_absent(&verdict.proven, uetr, span) {
        return Err(of_something_else());
    }
    let usual = format!("{uetr}.absent.proof");
    keep(&desk, (&proof, &verdict), file.unwrap_or(Path::new(&usual)))
}

/// The payment and the span: as given, or those of this wallet's own payment.
fn named(desk: &Desk<'_>, id: &str, span: Option<Span>) -> Result<(Uetr, Span), Fault> {
    if let Some(span) = span {
        return Ok((Uetr::parse(id)?, span));
    }
    let Some(entry) = payment::local(desk, id)? else {
        let why = say!(
            "This wallet did not order that payment, so it does not know when it was valid.",
            "该付款不是由本钱包发起的，因此不知道其有效期。"
        );
        return Err(Fault::missing("--valid-from TIME and --valid-until TIME", why));
    };
    let (_, signed) = entry.transaction()?;
    let transaction = &signed.transaction;
    Ok((Uetr::parse(&entry.id)?, (transaction.valid_from, transaction.valid_until)))
}
