//! `feiqian return` and `feiqian recall`: corrections of settled payments.
//!
//! Invariants: what is returned or asked back, and of whom, is read from the payment's verified
//! proof, which the order carries, so no node can talk a payee into returning what it never got.
//! Absent: what is left to return (the ledger's).

pub(super) mod recall;
mod report;

use ledger::corrections::{Evidence, Settled};
use ledger::ids::{AccountId, Uetr};
use ledger::operation::Operation;
use ledger::proof::Proof;
use ledger::rejection::Rejection;

use super::pay::{draft, identified, order};
use super::proof;
use crate::cli::Return;
use crate::desk::{Desk, Done};
use crate::fault::Fault;
use crate::keyring::StoredKey;
use crate::language::say;
use crate::network::parse_money;
use crate::orders;
use crate::session::Session;
use crate::signers;

pub(super) use report::report;

pub(super) fn send_back(session: &Session, command: &Return) -> Result<(), Fault> {
    let written = command.amount.as_deref().map(order::canonical_amount).transpose()?;
    let own = command.return_id.as_deref().map(Uetr::parse).transpose()?;
    let desk = Desk::open(session)?;
    let amount = written.unwrap_or_else(|| "all".to_owned());
    let text = format!("return {amount} of {} for {}", command.id, command.reason);
    let done = deliver_under(&desk, own, &text, |uetr| {
        let (evidence, settled) = settled(&desk, &command.id)?;
        let amount = match &command.amount {
            Some(amount) => parse_money(amount, &desk.network.naming(desk.chain.network)?)?,
            None => settled.credited,
        };
        let payee = &command.payee;
        let keys = keys_of(&desk, settled.payee, (&payee.key, &payee.operator_key))?;
        let reason = command.reason;
        let back = ledger::corrections::Return { uetr, evidence, amount, reason };
        orders::order(&desk, text.clone(), &keys, Operation::Return(Box::new(back)))
    })?;
    report(&desk, done)
}

/// Goes on with the order `text`, or else makes it under the UETR that was chosen, or a fresh one.
fn deliver_under(
    desk: &Desk<'_>,
    chosen: Option<Uetr>,
    text: &str,
    make: impl FnOnce(Uetr) -> Result<Done, Fault>,
) -> Result<Done, Fault> {
    match chosen {
        Some(uetr) => identified::pay(desk, &uetr.to_string(), Some(text), || make(uetr)),
        None => match desk.unfinished(text)? {
            Some(left) => desk.deliver(left),
            None => make(draft::fresh_uetr()?),
        },
    }
}

/// The payment whose id begins so, with the proof that it settled.
fn settled(desk: &Desk<'_>, id: &str) -> Result<(Evidence, Settled), Fault> {
    let (file, _) = proof::find(desk, id)?;
    let evidence = Proof::decode(&file).and_then(|proof| proof.evidence(desk.chain.id));
    let evidence = evidence.map_err(|error| proof::refused(say!("{error}.", "{error}。")))?;
    match evidence.settled() {
        Some(settled) => Ok((evidence, settled)),
        None => Err(Fault::rejected(Rejection::NotSettled).about(id)),
    }
}

/// The keys that sign for an account: its owners', or those of its servicer's operators.
fn keys_of(
    desk: &Desk<'_>,
    side: AccountId,
    (owners, operators): (&[String], &[String]),
) -> Result<Vec<StoredKey>, Fault> {
    if !operators.is_empty() {
        let address = side.address(desk.chain.network);
        return signers::of_institution(desk.session, &desk.profile, &address, operators);
    }
    let account = desk.network.account(side, desk.chain.network)?;
    signers::of_account(desk.session, &desk.profile, &account, owners)
}
