//! `feiqian hold create|capture|release|secret`: funds are held first, and captured later.
//!
//! Invariants: a hold goes the way of every payment; what is captured is read from the hold's
//! proven receipt, so no node can talk a payee into less; one hold gives one capture. Absent: the
//! bounds and the charges (the ledger's).

mod report;
pub(crate) mod until;

use ledger::hash::Hash;
use ledger::ids::Uetr;
use ledger::operation::Operation;
use ledger::proof::Proven;
use ledger::receipt::Held;
use ledger::rejection::Rejection;
use ledger::waiting::{HashLock, Secret};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::Path;

use super::pay::order::{self, HoldTerms, Order};
use super::{pay, proof};
use crate::cli::{Capture, CreateHold, Hold, PayeeKeys};
use crate::code::Own;
use crate::desk::Desk;
use crate::entropy;
use crate::fault::{Fault, in_file};
use crate::files;
use crate::keyring::StoredKey;
use crate::language::say;
use crate::names::Written;
use crate::network::parse_money;
use crate::orders;
use crate::session::Session;
use crate::signers;

pub(super) use report::report;

/// The most bytes of a file with a secret.
const MAXIMUM_BYTES: usize = 1024;

pub(super) fn run(session: &Session, command: Hold) -> Result<(), Fault> {
    match command {
        Hold::Create(command) => create(session, &command),
        Hold::Capture(command) => capture(session, &command),
        Hold::Release { id, payee } => release(session, &id, &payee),
        Hold::Secret { file } => secret(session, &file),
    }
}

fn create(session: &Session, command: &CreateHold) -> Result<(), Fault> {
    order::canonical_amount(&command.amount)?;
    let desk = Desk::open(session)?;
    let parse = |text: &str| Written::parse(text, &desk.profile, desk.chain.network);
    let order = Order {
        from: parse(order::payer(&desk, command.from.as_deref())?)?,
        to: parse(&command.payee)?,
        amount: command.amount.clone(),
        to_asset: None,
        charge: command.charge,
        max_fee: command.max_fee.clone(),
        note: command.note.clone(),
        id: command.id.as_deref().map(Uetr::parse).transpose()?,
        hold: Some(HoldTerms { until: command.until, lock: command.lock }),
        queue: None,
    };
    pay::pay(&desk, order, &command.key)
}

fn capture(session: &Session, command: &Capture) -> Result<(), Fault> {
    let written = command.amount.as_deref().map(order::canonical_amount).transpose()?;
    let secret = command.secret_file.as_deref().map(read_secret).transpose()?;
    let desk = Desk::open(session)?;
    let amount = written.unwrap_or_else(|| "all".to_owned());
    let text = format!("capture {amount} of {}", command.id);
    if let Some(left) = desk.unfinished(&text)? {
        return report(&desk, desk.deliver(left)?);
    }
    let (payment, held) = held(&desk, &command.id)?;
    let amount = match &command.amount {
        Some(amount) => parse_money(amount, &desk.network.naming(desk.chain.network)?)?,
        None => held.amount,
    };
    let keys = keys(&desk, &held, &command.payee)?;
    let operation = Operation::Capture { payment, amount, secret };
    report(&desk, orders::order(&desk, text, &keys, operation)?)
}

fn release(session: &Session, id: &str, payee: &PayeeKeys) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let text = format!("release of {id}");
    if let Some(left) = desk.unfinished(&text)? {
        return report(&desk, desk.deliver(left)?);
    }
    let (payment, held) = held(&desk, id)?;
    let keys = keys(&desk, &held, payee)?;
    report(&desk, orders::order(&desk, text, &keys, Operation::Release { payment })?)
}

/// What is held for the payment whose id begins so, by the proof of its last receipt.
fn held(desk: &Desk<'_>, id: &str) -> Result<(Uetr, Held), Fault> {
    let (_, verdict) = proof::find(desk, id)?;
    if let Proven::Payment(receipt) = verdict.proven
        && let (Some(payment), Some(held)) = (receipt.uetr, receipt.outcome.waits())
    {
        return Ok((payment, held.clone()));
    }
    Err(Fault::rejected(Rejection::NotHeld).about(id))
}

/// The keys that sign: for the payee of a hold, or for the payer of what waits for approvals, a
/// review or funds.
fn keys(desk: &Desk<'_>, held: &Held, payee: &PayeeKeys) -> Result<Vec<StoredKey>, Fault> {
    let side = if held.awaits.is_hold() { held.to } else { held.from };
    if !payee.operator_key.is_empty() {
        let bic = side.address(desk.chain.network);
        return signers::of_institution(desk.session, &desk.profile, &bic, &payee.operator_key);
    }
    let account = desk.network.account(side, desk.chain.network)?;
    signers::of_account(desk.session, &desk.profile, &account, &payee.key)
}

#[derive(Serialize)]
struct SecretDocument {
    lock: String,
    file: String,
}

fn secret(session: &Session, file: &Path) -> Result<(), Fault> {
    let secret = entropy::bytes().map_err(|error| Fault::defect(&error))?;
    let secret = Secret(Hash(secret));
    let text = format!("{}\n", secret.0.to_hex());
    match files::create_here(file, text.as_bytes()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let detail = say!("{path} exists already.", "{path} 已存在。", path = file.display());
            let hint = say!("Name a new file.", "请指定新文件。");
            return Err(Fault::usage(Own::FileExists, detail, hint));
        }
        Err(error) => return Err(Fault::file(file, &error)),
    }
    let document =
        SecretDocument { lock: HashLock::of(&secret).0.to_hex(), file: file.display().to_string() };
    let told = say!(
        "hash lock {lock}\nThe secret is in {file}. Whoever has it can capture.",
        "哈希锁 {lock}\n密值在 {file}。谁持有它，谁就能请款。",
        lock = document.lock,
        file = document.file
    );
    session.output.result(&told, &document);
    Ok(())
}

fn read_secret(path: &Path) -> Result<Secret, Fault> {
    let text = files::read_text(path, MAXIMUM_BYTES).map_err(|error| Fault::file(path, &error))?;
    Hash::from_hex(text.trim()).map(Secret).ok_or_else(|| {
        let reason = say!("it is not 64 hexadecimal digits.", "内容不是 64 位十六进制数字。");
        let hint = say!("Get the secret again.", "请重新索取密值。");
        Fault::usage(Own::BadSecret, in_file(path, &reason), hint)
    })
}
