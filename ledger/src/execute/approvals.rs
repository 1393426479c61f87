//! Which approvals of account owners and approvers a transaction needs, and which of them it has.
//!
//! Invariants: what is said to be missing is what execution would miss: the same keys, the same
//! right of the servicer, in the state before the transaction. Absent: institutions' operators, and
//! whether the signatures themselves are valid.

use super::step_up::ordering;
use crate::account::{Account, KeySet};
use crate::crypto::PublicKey;
use crate::ids::{AccountId, Uetr};
use crate::money::Money;
use crate::operation::Operation;
use crate::state::State;
use crate::transaction::Transaction;

/// Who of an account is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The owners, who order.
    Owners,
    /// The approvers that its policy names. A payment can also wait for them.
    Approvers,
}

/// What the owners or the approvers of one account must approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The place of the operation in its transaction, from 0.
    pub operation: usize,
    /// The account.
    pub account: AccountId,
    /// Who of it is asked.
    pub asked: Asked,
    /// How many of their keys must sign.
    pub threshold: u8,
    /// Those keys that are among the transaction's signers, ascending; a maker's is no approver's.
    pub signers: Vec<PublicKey>,
    /// The other keys that could sign, ascending.
    pub others: Vec<PublicKey>,
    /// How many of the others must sign too; 0 if enough do, or the servicer signs and may order
    /// it: under the account's mandate, or because the account only receives.
    pub missing: usize,
}

/// The approvals that `transaction` needs from accounts that `state` has, by operation: the owners'
/// first, then the approvers'.
pub fn approvals(state: &State, transaction: &Transaction) -> Vec<Approval> {
    let operations = transaction.operations.iter().enumerate();
    let signing = &transaction.signers;
    let needed = operations.flat_map(|(place, operation)| {
        let ordered = ordered(state, operation).and_then(|(account, servicer)| {
            let record = state.account(account)?;
            Some(approval(state, place, account, &record, servicer, signing))
        });
        ordered.into_iter().chain(stepped_up(state, place, operation, signing))
    });
    needed.collect()
}

/// Whether the servicer of the account may sign in its owners' place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Servicer {
    Never,
    UnderMandate,
    Always,
}

/// The account whose owners order the operation, and whether its servicer may too.
fn ordered(state: &State, operation: &Operation) -> Option<(AccountId, Servicer)> {
    match operation {
        Operation::Pay(pay) => Some((pay.from, Servicer::UnderMandate)),
        Operation::PayAcross(pay) => Some((pay.from, Servicer::UnderMandate)),
        Operation::Hold(hold) => Some((hold.pay.from, Servicer::UnderMandate)),
        Operation::Queue(queue) => Some((queue.pay.from, Servicer::UnderMandate)),
        Operation::Prioritise { payment, .. } => {
            Some((state.waiting(*payment)?.order.from, Servicer::UnderMandate))
        }
        Operation::Capture { payment, .. } => {
            Some((state.waiting(*payment)?.order.to, Servicer::Always))
        }
        Operation::Return(back) => Some((back.evidence.settled()?.payee, Servicer::Always)),
        Operation::RequestRecall(request) => {
            Some((request.evidence.settled()?.payer, Servicer::Always))
        }
        Operation::AnswerRecall { payment, .. } => {
            Some((state.recall(*payment)?.settled.payee, Servicer::Always))
        }
        Operation::Release { payment } => {
            let waiting = state.waiting(*payment)?;
            Some(if waiting.awaits.is_hold() {
                (waiting.order.to, Servicer::Always)
            } else {
                (waiting.order.from, Servicer::UnderMandate)
            })
        }
        Operation::Redeem { from, .. } => Some((*from, Servicer::Never)),
        Operation::RotateKeys { account, .. } | Operation::SetPolicy { account, .. } => {
            Some((*account, Servicer::Never))
        }
        Operation::RegisterAsset { .. }
        | Operation::Issue { .. }
        | Operation::OpenAccount { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetLimits { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. } => None,
    }
}

fn approval(
    state: &State,
    operation: usize,
    account: AccountId,
    record: &Account,
    servicer: Servicer,
    signing: &[PublicKey],
) -> Approval {
    let policy = &record.policy;
    let may_order = match servicer {
        Servicer::Never => false,
        Servicer::UnderMandate => policy.mandate,
        Servicer::Always => true,
    };
    let bank = || state.institution(account.servicer());
    let is_ordered_by_bank =
        may_order && bank().is_some_and(|bank| bank.operators.is_satisfied_by(signing));
    let KeySet { threshold, keys } = &policy.owners;
    let (signers, others) = parted(keys.clone(), signing);
    let missing =
        if is_ordered_by_bank { 0 } else { usize::from(*threshold).saturating_sub(signers.len()) };
    let asked = Asked::Owners;
    Approval { operation, account, asked, threshold: *threshold, signers, others, missing }
}

/// What approvers are asked for: by the policy of who pays, or by a payment that waits for them.
fn stepped_up(
    state: &State,
    place: usize,
    operation: &Operation,
    signing: &[PublicKey],
) -> Option<Approval> {
    match operation {
        Operation::Pay(pay) => of_order(state, place, pay.from, pay.amount, signing),
        Operation::PayAcross(pay) => of_order(state, place, pay.from, pay.sell, signing),
        Operation::Hold(hold) => of_order(state, place, hold.pay.from, hold.pay.amount, signing),
        Operation::Queue(queue) => {
            of_order(state, place, queue.pay.from, queue.pay.amount, signing)
        }
        Operation::Approve { payment, .. } | Operation::Refuse { payment, .. } => {
            of_waiting(state, place, *payment, signing)
        }
        Operation::Capture { .. }
        | Operation::Release { .. }
        | Operation::Prioritise { .. }
        | Operation::Return(_)
        | Operation::RequestRecall(_)
        | Operation::AnswerRecall { .. }
        | Operation::Redeem { .. }
        | Operation::RotateKeys { .. }
        | Operation::SetPolicy { .. }
        | Operation::RegisterAsset { .. }
        | Operation::Issue { .. }
        | Operation::OpenAccount { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetLimits { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => None,
    }
}

fn of_order(
    state: &State,
    operation: usize,
    account: AccountId,
    amount: Money,
    signing: &[PublicKey],
) -> Option<Approval> {
    let policy = state.account(account)?.policy;
    let rules = policy.step_up?;
    let threshold = rules.needed(amount);
    let bank = state.institution(account.servicer()).map(|bank| &bank.operators);
    let ordering = ordering(&policy.owners, bank, signing);
    let (makers, given) = rules.divide(ordering, signing);
    let could = |key: &PublicKey| !makers.contains(key);
    let (signers, others) = parted(rules.approvers.into_iter().filter(could).collect(), &given);
    let missing = usize::from(threshold).saturating_sub(signers.len());
    let asked = Asked::Approvers;
    let approval = Approval { operation, account, asked, threshold, signers, others, missing };
    (threshold > 0).then_some(approval)
}

/// One approver is enough to approve or refuse for his part.
fn of_waiting(
    state: &State,
    operation: usize,
    payment: Uetr,
    signing: &[PublicKey],
) -> Option<Approval> {
    let waiting = state.waiting(payment)?;
    let approvals = waiting.awaits.approvals()?;
    let account = waiting.order.from;
    let rules = state.account(account)?.policy.step_up?;
    let could = |key: &PublicKey| !approvals.makers.contains(key);
    let (signers, others) = parted(rules.approvers.into_iter().filter(could).collect(), signing);
    let missing = usize::from(signers.is_empty());
    Some(Approval {
        operation,
        account,
        asked: Asked::Approvers,
        threshold: 1,
        signers,
        others,
        missing,
    })
}

/// Those of `keys` who sign, and the others.
fn parted(keys: Vec<PublicKey>, signing: &[PublicKey]) -> (Vec<PublicKey>, Vec<PublicKey>) {
    keys.into_iter().partition(|key| signing.binary_search(key).is_ok())
}
