//! `feiqian tx build`: a payment for others to sign.

use api::account::AccountView;
use ledger::crypto::PublicKey;
use ledger::ids::Uetr;
use ledger::operation::Operation;
use ledger::transaction::Transaction;
use std::path::Path;

use super::{inspect, wrote};
use crate::cli::Build;
use crate::code::Own;
use crate::commands::pay::draft::{self, Draft};
use crate::commands::pay::order::{self, Order, QueueTerms};
use crate::desk::Desk;
use crate::entropy;
use crate::envelope;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::keyring;
use crate::language::say;
use crate::names::Written;
use crate::paper::{Paper, PrivateNote};
use crate::session::Session;
use crate::signers;

const HOUR_MS: u64 = 60 * 60 * 1000;

pub(super) fn run(session: &Session, command: &Build) -> Result<(), Fault> {
    order::canonical_amount(&command.amount)?;
    let desk = Desk::open(session)?;
    let id = command.id.as_deref().map(Uetr::parse).transpose()?;
    let uetr = id.map_or_else(draft::fresh_uetr, Ok)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let draft = Draft::new(&desk, ordered(&desk, command, id)?, uetr, &naming)?;
    let account = desk.network.account(draft.from.account, desk.chain.network)?;
    let signers = signers(&desk, &account, &command.signer)?;
    let agreement = draft.agree(&desk, &signers, &naming)?;
    let lasts = (entropy::now(), command.hours.saturating_mul(HOUR_MS));
    let transaction = envelope::lasting(&desk.chain, lasts, draft.agreed(&agreement), signers);
    let mut paper = Paper::new(desk.chain.network, transaction);
    paper.note = draft.note().map(|(text, salt)| PrivateNote { text: text.to_owned(), salt });
    paper.write(&command.out)?;
    inspect::show(session, &paper, &wrote(&command.out));
    Ok(())
}

fn ordered(desk: &Desk<'_>, command: &Build, id: Option<Uetr>) -> Result<Order, Fault> {
    let parse = |text: &str| Written::parse(text, &desk.profile, desk.chain.network);
    Ok(Order {
        from: parse(order::payer(desk, command.from.as_deref())?)?,
        to: parse(&command.payee)?,
        amount: command.amount.clone(),
        to_asset: None,
        charge: command.charge,
        max_fee: command.max_fee.clone(),
        note: command.note.clone(),
        id,
        hold: None,
        queue: QueueTerms::of(&command.queue),
    })
}

/// An order that can be sent for most of a day.
pub(crate) fn lasting(
    desk: &Desk<'_>,
    operation: Operation,
    signers: Vec<PublicKey>,
) -> Transaction {
    let lasts = (entropy::now(), Transaction::MAXIMUM_VALIDITY);
    envelope::lasting(&desk.chain, lasts, operation, signers)
}

/// Writes an order for others to sign.
///
/// # Errors
/// What the system says.
pub(crate) fn write(desk: &Desk<'_>, transaction: Transaction, out: &Path) -> Result<(), Fault> {
    let paper = Paper::new(desk.chain.network, transaction);
    paper.write(out)?;
    inspect::show(desk.session, &paper, &wrote(out));
    Ok(())
}

/// Who will sign: the given keys, or all owners where all must, or those whose keys are here.
///
/// # Errors
/// Exit 4 if that does not satisfy the account.
pub(crate) fn signers(
    desk: &Desk<'_>,
    account: &AccountView,
    given: &[String],
) -> Result<Vec<PublicKey>, Fault> {
    let policy = &account.policy;
    let owners: Vec<PublicKey> =
        policy.keys.iter().filter_map(|key| PublicKey::from_hex(key)).collect();
    let threshold = usize::from(policy.threshold);
    let signers = if !given.is_empty() {
        given.iter().map(|text| keyring::public(&desk.session.folders, text)).collect()
    } else if threshold == owners.len() {
        Ok(owners.clone())
    } else {
        let keys = signers::of_account(desk.session, &desk.profile, account, &[]);
        keys.map(|keys| keys.iter().map(|key| key.public).collect())
    };
    let enough =
        |keys: &Vec<PublicKey>| keys.iter().filter(|key| owners.contains(key)).count() >= threshold;
    signers.ok().filter(enough).ok_or_else(|| {
        let detail = say!(
            "The account {account} asks for {threshold} of its keys {keys}.",
            "账户 {account} 要求其密钥 {keys} 中的 {threshold} 个签名。",
            account = account.account,
            keys = policy.keys.join(", ")
        );
        let hint = say!(
            "Say who will sign with --signer. Nothing was written.",
            "请用 --signer 说明由谁签名。未写入任何内容。"
        );
        Fault::new(Exit::NotPermitted, Own::KeysMissing, detail, hint)
    })
}
