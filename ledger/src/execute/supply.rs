//! Money supply: registering assets, issuing and redeeming.

use super::postings::{Leg, SupplyChange};
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use crate::account::{Asset, EntryKind, KeySet, Supply};
use crate::hash::Hash;
use crate::ids::{AccountId, AssetCode, Uetr};
use crate::money::{Decimals, Money};
use crate::operation::AssetKind;
use crate::receipt::{Outcome, Settlement};
use crate::rejection::Rejection;

/// Makes an asset known.
pub(super) fn register_asset(
    scene: &mut Scene<'_, '_>,
    code: AssetCode,
    asset: Asset,
) -> Result<Effect, Rejection> {
    let issuer = scene.institution(asset.issuer);
    scene.ensure_signed(issuer.map(|issuer| &issuer.operators))?;
    let issuer = issuer.ok_or(Rejection::UnknownInstitution)?;
    ensure(issuer.roles.issuer, Rejection::NotPermitted)?;
    scene.ensure_members(&[asset.issuer])?;
    let is_standard = match asset.kind {
        AssetKind::Currency => Decimals::of_currency(code) == Some(asset.decimals),
        AssetKind::Points => Decimals::of_currency(code).is_none(),
    };
    let is_new = !scene.directory.assets.contains_key(&code);
    ensure(is_standard && is_new, Rejection::AssetConflict)?;

    // After this point the operation must succeed.
    scene.working.put_asset(code, asset);
    scene.working.put_supply(code, Supply::default());
    Ok(Effect::DONE)
}

/// Creates money in an account.
pub(super) fn issue(
    scene: &mut Scene<'_, '_>,
    uetr: Uetr,
    to: AccountId,
    money: Money,
) -> Result<Effect, Rejection> {
    let payee = scene.account(to);
    scene.ensure_signed(operators_of_issuer(scene, money.asset))?;
    let payee = payee.ok_or(Rejection::UnknownPayee)?;
    ensure_open(&[&payee])?;
    ensure(payee.status.is_paid(), Rejection::AccountFrozen)?;
    let issuer = scene.directory.assets.get(&money.asset).map(|asset| asset.issuer);
    scene.ensure_members(issuer.as_slice())?;
    scene.ensure_members(&[to.servicer()])?;
    scene.ensure_known_asset(&money)?;
    ensure_movable(money.amount)?;
    let before = scene.working.supply(money.asset);
    let issued = before.issued.plus(money.amount).ok_or(Rejection::AmountTooLarge)?;
    let after = Supply { issued, ..before };
    let supply = SupplyChange { asset: money.asset, before, after };
    let plan = scene.plan(uetr, &[Leg::credit(to, EntryKind::Issue, money)], Some(supply))?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    Ok(Effect { outcome: settled(None, Some(to), money), entries })
}

/// Destroys money of an account.
pub(super) fn redeem(
    scene: &mut Scene<'_, '_>,
    uetr: Uetr,
    from: AccountId,
    money: Money,
) -> Result<Effect, Rejection> {
    let payer = scene.account(from);
    scene.ensure_signed(payer.as_ref().map(|payer| &payer.policy.owners))?;
    scene.ensure_signed(operators_of_issuer(scene, money.asset))?;
    let payer = payer.ok_or(Rejection::UnknownAccount)?;
    ensure_open(&[&payer])?;
    ensure(payer.status.pays(), Rejection::AccountFrozen)?;
    scene.ensure_known_asset(&money)?;
    ensure_movable(money.amount)?;
    let before = scene.working.supply(money.asset);
    let redeemed = before.redeemed.plus(money.amount).ok_or(Rejection::AmountTooLarge)?;
    let after = Supply { redeemed, ..before };
    let supply = SupplyChange { asset: money.asset, before, after };
    let plan = scene.plan(uetr, &[Leg::debit(from, EntryKind::Redeem, money)], Some(supply))?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    Ok(Effect { outcome: settled(Some(from), None, money), entries })
}

/// The keys that sign for an asset's issuer, if the asset is registered.
fn operators_of_issuer<'a>(scene: &'a Scene<'_, '_>, asset: AssetCode) -> Option<&'a KeySet> {
    let asset = scene.directory.assets.get(&asset)?;
    scene.institution(asset.issuer).map(|issuer| &issuer.operators)
}

fn settled(from: Option<AccountId>, to: Option<AccountId>, money: Money) -> Outcome {
    Outcome::Settled(Settlement {
        from,
        to,
        debited: money,
        credited: money,
        fees: Vec::new(),
        exchange: None,
        onward: None,
        remittance: Hash::ZERO,
    })
}
