//! Accounts: opening, closing, policies, keys, freezes, tiers.

use std::sync::Arc;

use super::scene::{Effect, Scene, ensure, ensure_open};
use crate::account::{Account, AccountStatus, KeySet, Policy};
use crate::ids::AccountId;
use crate::operation::FreezeDirection;
use crate::rejection::Rejection;

/// Opens an account.
pub(super) fn open(
    scene: &mut Scene<'_, '_>,
    id: AccountId,
    policy: &Policy,
    tier: u8,
) -> Result<Effect, Rejection> {
    ensure_servicer_signed(scene, id, Authority::Operators)?;
    ensure(scene.account(id).is_none(), Rejection::AccountExists)?;
    scene.ensure_members(&[id.servicer()])?;
    ensure_known_assets(scene, policy)?;

    // After this point the operation must succeed.
    let policy = policy.clone();
    let account = Account { status: AccountStatus::Active, tier, policy, open_holdings: 0 };
    scene.working.put_account(id, Arc::new(account));
    Ok(Effect::DONE)
}

/// Replaces the policy. The servicer signs too, so a freeze does not stop it: this is how an
/// account whose keys were stolen is given new ones.
pub(super) fn set_policy(
    scene: &mut Scene<'_, '_>,
    id: AccountId,
    policy: &Policy,
) -> Result<Effect, Rejection> {
    let account = scene.account(id);
    scene.ensure_signed(account.as_ref().map(|account| &account.policy.owners))?;
    ensure_servicer_signed(scene, id, Authority::Operators)?;
    let mut account = account.ok_or(Rejection::UnknownAccount)?;
    ensure_open(&[&account])?;
    ensure_known_assets(scene, policy)?;

    // After this point the operation must succeed.
    Arc::make_mut(&mut account).policy = policy.clone();
    scene.working.put_account(id, account);
    Ok(Effect::DONE)
}

/// Refuses rules for an asset that is not registered: they would protect nothing.
fn ensure_known_assets(scene: &Scene<'_, '_>, policy: &Policy) -> Result<(), Rejection> {
    let rules = policy.step_up.iter().flat_map(|rules| &rules.rules);
    let assets = &scene.directory.assets;
    let is_known = rules.map(|rule| rule.asset).all(|asset| assets.contains_key(&asset));
    ensure(is_known, Rejection::UnknownAsset)
}

/// Replaces the owners' keys. The owners alone sign, so whoever stole keys cannot rotate a frozen
/// account's.
pub(super) fn rotate_keys(
    scene: &mut Scene<'_, '_>,
    id: AccountId,
    keys: &KeySet,
) -> Result<Effect, Rejection> {
    let account = scene.account(id);
    scene.ensure_signed(account.as_ref().map(|account| &account.policy.owners))?;
    let mut account = account.ok_or(Rejection::UnknownAccount)?;
    ensure_open(&[&account])?;
    ensure(account.status.pays(), Rejection::AccountFrozen)?;

    // After this point the operation must succeed.
    Arc::make_mut(&mut account).policy.owners = keys.clone();
    scene.working.put_account(id, account);
    Ok(Effect::DONE)
}

/// Stops an account; adds to an earlier freeze.
pub(super) fn freeze(
    scene: &mut Scene<'_, '_>,
    id: AccountId,
    direction: FreezeDirection,
) -> Result<Effect, Rejection> {
    change(scene, id, Authority::OperatorsOrCompliance, |account| {
        account.status = account.status.with_freeze(direction);
    })
}

/// Lifts every freeze.
pub(super) fn unfreeze(scene: &mut Scene<'_, '_>, id: AccountId) -> Result<Effect, Rejection> {
    change(scene, id, Authority::OperatorsOrCompliance, |account| {
        account.status = AccountStatus::Active;
    })
}

/// Sets the tier.
pub(super) fn set_tier(
    scene: &mut Scene<'_, '_>,
    id: AccountId,
    tier: u8,
) -> Result<Effect, Rejection> {
    change(scene, id, Authority::Operators, |account| account.tier = tier)
}

/// Closes an empty account, unless its institution's charges are collected there.
pub(super) fn close(scene: &mut Scene<'_, '_>, id: AccountId) -> Result<Effect, Rejection> {
    ensure_servicer_signed(scene, id, Authority::Operators)?;
    let mut account = scene.account(id).ok_or(Rejection::UnknownAccount)?;
    ensure_open(&[&account])?;
    ensure(account.open_holdings == 0, Rejection::AccountNotEmpty)?;
    let schedule = scene.directory.schedules.get(&id.servicer());
    let collects = schedule.is_some_and(|schedule| schedule.collector == id);
    ensure(!collects, Rejection::NotPermitted)?;

    // After this point the operation must succeed.
    Arc::make_mut(&mut account).status = AccountStatus::Closed;
    scene.working.put_account(id, account);
    Ok(Effect::DONE)
}

/// A change that the servicer orders on an account that is not closed.
fn change(
    scene: &mut Scene<'_, '_>,
    id: AccountId,
    authority: Authority,
    apply: impl FnOnce(&mut Account),
) -> Result<Effect, Rejection> {
    ensure_servicer_signed(scene, id, authority)?;
    let mut account = scene.account(id).ok_or(Rejection::UnknownAccount)?;
    ensure_open(&[&account])?;

    // After this point the operation must succeed.
    apply(Arc::make_mut(&mut account));
    scene.working.put_account(id, account);
    Ok(Effect::DONE)
}

/// Who signs for a servicer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Authority {
    Operators,
    OperatorsOrCompliance,
}

fn ensure_servicer_signed(
    scene: &Scene<'_, '_>,
    id: AccountId,
    authority: Authority,
) -> Result<(), Rejection> {
    let servicer = scene.institution(id.servicer()).ok_or(Rejection::UnknownInstitution)?;
    let by_compliance = authority == Authority::OperatorsOrCompliance
        && scene.signers.binary_search(&servicer.compliance).is_ok();
    ensure(
        by_compliance || servicer.operators.is_satisfied_by(scene.signers),
        Rejection::SignersMissing,
    )
}
