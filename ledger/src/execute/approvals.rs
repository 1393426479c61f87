//! Which approvals of account owners a transaction needs, and which of them it has.
//!
//! Invariants: what is said to be missing is what execution would miss: the same keys, the same
//! mandate, in the state before the transaction. Absent: institutions' operators, and whether the
//! signatures themselves are valid.

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
    /// How many of the others must sign too; 0 if enough do, or the servicer orders it under the
    /// account's mandate.
    pub missing: usize,
}

/// The approvals that `transaction` needs from owners of accounts that `state` has, by operation.
pub fn approvals(state: &State, transaction: &Transaction) -> Vec<Approval> {
    let operations = transaction.operations.iter().enumerate();
    let needed = operations.filter_map(|(place, operation)| {
        let (account, by_mandate) = ordered(operation)?;
        let record = state.account(account)?;
        Some(approval(state, place, account, &record, by_mandate, &transaction.signers))
    });
    needed.collect()
}

/// The account whose owners order the operation, and whether its servicer may too.
const fn ordered(operation: &Operation) -> Option<(AccountId, bool)> {
    match operation {
        Operation::Pay(pay) => Some((pay.from, true)),
        Operation::PayAcross(pay) => Some((pay.from, true)),
        Operation::Redeem { from, .. } => Some((*from, false)),
        Operation::RotateKeys { account, .. } | Operation::SetPolicy { account, .. } => {
            Some((*account, false))
        }
        Operation::RegisterAsset { .. }
        | Operation::Issue { .. }
        | Operation::OpenAccount { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetFeeSchedule { .. }
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
    by_mandate: bool,
    signing: &[PublicKey],
) -> Approval {
    let policy = &record.policy;
    let servicer = || state.institution(account.servicer());
    let is_mandated = by_mandate
        && policy.mandate
        && servicer().is_some_and(|bank| bank.operators.is_satisfied_by(signing));
    let signs = |key: &&PublicKey| signing.binary_search(key).is_ok();
    let keys = &policy.owners.keys;
    let (signers, others): (Vec<_>, Vec<_>) = keys.iter().partition(signs);
    let missing = if is_mandated {
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
