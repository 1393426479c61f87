//! `feiqian bank open-account`: opens a customer's account.

use ledger::account::{KeySet, Policy};
use ledger::crypto::PublicKey;
use ledger::ids::{AccountId, InstitutionNumber};
use ledger::operation::Operation;
use serde::Serialize;

use crate::cli::OpenAccount;
use crate::code::Own;
use crate::commands::policy::{step_up, step_up_text};
use crate::desk::{Desk, DoneDocument};
use crate::entropy;
use crate::fault::{Fault, quoted};
use crate::keyring;
use crate::language::say;
use crate::names::institution_number;
use crate::orders::{bic, order};
use crate::signers;

#[derive(Serialize)]
struct OpenedDocument {
    #[serde(flatten)]
    done: DoneDocument,
    account: String,
    institution: String,
}

pub(super) fn run(desk: &Desk<'_>, command: &OpenAccount) -> Result<(), Fault> {
    let institution = bic(&command.institution)?;
    let number = institution_number(&desk.network, &institution)?;
    let given = &command.operators.keys;
    let bic = institution.to_string();
    let keys = signers::of_institution(desk.session, &desk.profile, &bic, given)?;
    let mut owners = command
        .key
        .iter()
        .map(|text| keyring::public(&desk.session.folders, text))
        .collect::<Result<Vec<PublicKey>, Fault>>()?;
    if owners.is_empty() {
        owners.extend(keys.iter().map(|key| key.public));
    }
    let owners = KeySet::of(command.threshold, owners);
    let step_up = step_up(desk, &command.approver, &command.step_up)?;
    let policy = Policy { owners, mandate: command.mandate, step_up, limits: None };
    if let Some(defect) = policy.defect() {
        let hint = say!(
            "Check --key, --threshold, --approver and --step-up.",
            "请检查 --key、--threshold、--approver 与 --step-up。"
        );
        return Err(Fault::usage(Own::BadPolicy, quoted(&defect), hint));
    }
    let text = order_text(&bic, command, &policy);
    let account = account_id(desk, number, command.reference.as_deref())?;
    let operation = Operation::OpenAccount { account, policy, tier: command.tier };
    let done = order(desk, text, &keys, operation)?;
    // An order that was gone on with opened the account that it had named.
    let opened = done.operation.accounts().into_iter().next().unwrap_or(account);
    let account = opened.address(desk.chain.network);
    let naming = desk.naming_of(&done.ended.receipt);
    let text = say!(
        "Opened {account} at {bic}.   id {id}",
        "已在 {bic} 开立 {account}。   编号 {id}",
        id = done.entry.id
    );
    let document =
        OpenedDocument { done: desk.document(&done, &naming), account, institution: bic };
    desk.session.output.result(&text, &document);
    desk.conclude(done)
}

fn order_text(bic: &str, command: &OpenAccount, policy: &Policy) -> String {
    let keys: Vec<String> = policy.owners.keys.iter().map(PublicKey::to_hex).collect();
    let reference = command.reference.as_ref().map(|reference| format!(" reference {reference:?}"));
    let mandate = if policy.mandate { " mandate" } else { "" };
    let step_up = match &policy.step_up {
        Some(rules) => format!(" {}", step_up_text(rules, &command.step_up)),
        None => String::new(),
    };
    format!(
        "open-account at {bic}{} keys {} threshold {}{mandate}{step_up} tier {}",
        reference.unwrap_or_default(),
        keys.join(","),
        policy.owners.threshold,
        command.tier
    )
}

fn account_id(
    desk: &Desk<'_>,
    servicer: InstitutionNumber,
    reference: Option<&str>,
) -> Result<AccountId, Fault> {
    match reference {
        Some(reference) => {
            Ok(AccountId::from_reference(&desk.chain.domains(), servicer, reference))
        }
        None => {
            let customer = entropy::bytes().map_err(|error| Fault::defect(&error))?;
            Ok(AccountId::new(servicer, customer))
        }
    }
}
