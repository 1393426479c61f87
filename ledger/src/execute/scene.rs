//! What one operation sees: the state in work, who signed, and the checks that all families share.
//!
//! Invariants: a check changes nothing; each gives the one rejection it is named for. Absent: the
//! order of the checks; each operation lists its own, in the order of [`Rejection`].

use std::sync::Arc;

use super::working::Working;
use crate::account::{Account, AccountStatus, Entry, HoldingKey, Institution, KeySet};
use crate::crypto::PublicKey;
use crate::ids::{AccountId, InstitutionNumber, Uetr};
use crate::limits::RuleMet;
use crate::money::{Amount, Money};
use crate::receipt::Outcome;
use crate::rejection::Rejection;
use crate::state::{Directory, Marker};
use crate::transaction::TransactionId;

/// The surroundings of one operation.
pub(super) struct Scene<'w, 's> {
    pub(super) working: &'w mut Working<'s>,
    pub(super) directory: Arc<Directory>,
    pub(super) signers: &'w [PublicKey],
    pub(super) transaction: TransactionId,
    /// The rules that the receipt is to name.
    pub(super) rules: Vec<RuleMet>,
    /// False for a part of an atomic transaction: the others would be settled before it.
    pub(super) may_wait: bool,
}

/// What an operation did.
pub(super) struct Effect {
    pub(super) outcome: Outcome,
    pub(super) entries: Vec<(HoldingKey, Entry)>,
}

impl Effect {
    /// Something other than money changed.
    pub(super) const DONE: Self = Self { outcome: Outcome::Done, entries: Vec::new() };
}

/// Refuses with `rejection` unless `holds`.
pub(super) const fn ensure(holds: bool, rejection: Rejection) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(rejection) }
}

/// Refuses nothing, and more than one operation may move.
pub(super) fn ensure_movable(amount: Amount) -> Result<(), Rejection> {
    ensure(!amount.is_zero(), Rejection::ZeroAmount)?;
    ensure(amount <= Amount::MAXIMUM, Rejection::AmountTooLarge)
}

/// Refuses if one of `accounts` is closed.
pub(super) fn ensure_open(accounts: &[&Account]) -> Result<(), Rejection> {
    let is_open = |account: &&Account| account.status != AccountStatus::Closed;
    ensure(accounts.iter().all(is_open), Rejection::AccountClosed)
}

impl Scene<'_, '_> {
    pub(super) fn account(&mut self, account: AccountId) -> Option<Arc<Account>> {
        self.working.account(account)
    }

    pub(super) fn institution(&self, number: InstitutionNumber) -> Option<&Institution> {
        self.directory.institutions.get(&number)
    }

    /// Refuses if `keys` are there and not enough of them signed.
    pub(super) fn ensure_signed(&self, keys: Option<&KeySet>) -> Result<(), Rejection> {
        let is_signed = keys.is_none_or(|keys| keys.is_satisfied_by(self.signers));
        ensure(is_signed, Rejection::SignersMissing)
    }

    /// Refuses if the account is there and neither its owners, nor under its mandate its servicer's
    /// operators, signed.
    pub(super) fn ensure_ordered(
        &self,
        account: AccountId,
        record: Option<&Account>,
    ) -> Result<(), Rejection> {
        let Some(record) = record else { return Ok(()) };
        self.ensure_approved(account, record, record.policy.mandate)
    }

    /// Refuses if neither the account's owners nor its servicer's operators signed: those who may
    /// act for who receives.
    pub(super) fn ensure_side_signed(
        &self,
        account: AccountId,
        record: &Account,
    ) -> Result<(), Rejection> {
        self.ensure_approved(account, record, true)
    }

    /// Refuses if neither the account's owners signed nor, where they may, its servicer's
    /// operators.
    fn ensure_approved(
        &self,
        account: AccountId,
        record: &Account,
        servicer_may: bool,
    ) -> Result<(), Rejection> {
        let servicer = || self.institution(account.servicer());
        let is_approved = record.policy.owners.is_satisfied_by(self.signers)
            || (servicer_may
                && servicer().is_some_and(|bank| bank.operators.is_satisfied_by(self.signers)));
        ensure(is_approved, Rejection::SignersMissing)
    }

    /// Refuses if one of the institutions was removed.
    pub(super) fn ensure_members(&self, of: &[InstitutionNumber]) -> Result<(), Rejection> {
        let removals = &self.directory.removals;
        let is_member = |number| !removals.contains_key(number);
        ensure(of.iter().all(is_member), Rejection::InstitutionRemoved)
    }

    /// Refuses if the asset is not registered.
    pub(super) fn ensure_known_asset(&self, money: &Money) -> Result<(), Rejection> {
        ensure(self.directory.assets.contains_key(&money.asset), Rejection::UnknownAsset)
    }

    /// The marker that this transaction leaves.
    pub(super) fn marker(&self) -> Marker {
        Marker { transaction: self.transaction, height: self.working.height }
    }

    /// An entry of this block.
    pub(super) fn entry(&self, uetr: Uetr, leg: &super::postings::Leg) -> Entry {
        Entry {
            uetr,
            kind: leg.kind,
            credit: leg.credit,
            amount: leg.amount,
            height: self.working.height,
        }
    }
}
