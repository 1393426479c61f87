//! Which approvals of account owners a transaction needs, and which of them it has.
//!
//! Invariants: what is said to be missing is what execution would miss: the same keys, the same
//! right of the servicer, in the state before the transaction. Absent: institutions' operators, and
//! whether the signatures themselves are valid.

use crate::account::Account;
use crate::crypto::PublicKey;
use crate::ids::AccountId;
use crate::operation::Operation;
use crate::state::State;
use crate::transaction::Transaction;

/// What the owners of one account must approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The place of the operation in its transaction, from 0.
    pub operation: usize,
    /// The account.
    pub account: AccountId,
    /// How many of its keys must sign.
    pub threshold: u8,
    /// Its keys that are among the transaction's signers, ascending.
    pub signers: Vec<PublicKey>,
    /// Its other keys, ascending.
    pub others: Vec<PublicKey>,
    /// How many of the others must sign too; 0 if enough do, or the servicer signs and may order
    /// it: under the account's mandate, or because the account only receives.
    pub missing: usize,
}

/// The approvals that `transaction` needs from owners of accounts that `state` has, by operation.
pub fn approvals(state: &State, transaction: &Transaction) -> Vec<Approval> {
    let operations = transaction.operations.iter().enumerate();
    let needed = operations.filter_map(|(place, operation)| {
        let (account, servicer) = ordered(state, operation)?;
        let record = state.account(account)?;
        Some(approval(state, place, account, &record, servicer, &transaction.signers))
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
        Operation::Capture { payment, .. } | Operation::Release { payment } => {
            Some((state.waiting(*payment)?.order.to, Servicer::Always))
        }
        Operation::Return(back) => Some((back.evidence.settled()?.payee, Servicer::Always)),
        Operation::RequestRecall(request) => {
            Some((request.evidence.settled()?.payer, Servicer::Always))
        }
        Operation::AnswerRecall { payment, .. } => {
            Some((state.recall(*payment)?.settled.payee, Servicer::Always))
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
        | Operation::Enact { .. } => None,
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
    let signs = |key: &&PublicKey| signing.binary_search(key).is_ok();
    let keys = &policy.owners.keys;
    let (signers, others): (Vec<_>, Vec<_>) = keys.iter().partition(signs);
    let missing = if is_ordered_by_bank {
        0
    } else {
        usize::from(policy.owners.threshold).saturating_sub(signers.len())
    };
    Approval {
        operation,
        account,
        threshold: policy.owners.threshold,
        signers: signers.into_iter().copied().collect(),
        others: others.into_iter().copied().collect(),
        missing,
    }
}
