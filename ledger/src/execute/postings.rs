//! Postings: the legs of one movement, planned as a whole before anything is written.
//!
//! Invariants: a plan exists only if every leg fits and, for each asset it touches, the holdings
//! change by what is issued less what is redeemed; booking a plan cannot fail. Absent: who may move
//! what.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::scene::{Scene, ensure};
use crate::account::{Account, Entry, EntryKind, Holding, HoldingKey, Supply};
use crate::hash::Domains;
use crate::ids::{AccountId, AssetCode, Uetr};
use crate::money::{Amount, Money};
use crate::rejection::Rejection;

/// One leg: a holding that grows or shrinks.
pub(super) struct Leg {
    pub(super) holding: HoldingKey,
    pub(super) kind: EntryKind,
    pub(super) credit: bool,
    pub(super) amount: Amount,
    /// The reason that is given if the holding has too little.
    pub(super) shortfall: Rejection,
}

impl Leg {
    pub(super) const fn debit(account: AccountId, kind: EntryKind, money: Money) -> Self {
        let holding = (account, money.asset);
        let shortfall = Rejection::InsufficientFunds;
        Self { holding, kind, credit: false, amount: money.amount, shortfall }
    }

    pub(super) const fn credit(account: AccountId, kind: EntryKind, money: Money) -> Self {
        let holding = (account, money.asset);
        let shortfall = Rejection::InternalDefect;
        Self { holding, kind, credit: true, amount: money.amount, shortfall }
    }
}

/// What a movement creates and destroys of its asset.
pub(super) struct SupplyChange {
    pub(super) asset: AssetCode,
    pub(super) before: Supply,
    pub(super) after: Supply,
}

/// A movement that fits.
pub(super) struct Plan {
    positions: Vec<Position>,
    accounts: BTreeMap<AccountId, Arc<Account>>,
    supply: Option<SupplyChange>,
    entries: Vec<(HoldingKey, Entry)>,
}

/// A holding before a movement and after it.
pub(super) struct Position {
    key: HoldingKey,
    before: Holding,
    after: Holding,
}

impl Position {
    /// A holding that nothing has moved yet.
    pub(super) const fn new(key: HoldingKey, before: Holding) -> Self {
        Self { key, before, after: before }
    }

    /// Books a leg's entry.
    ///
    /// # Errors
    /// The leg's shortfall, or `InternalDefect` for more than any amount.
    pub(super) fn post(
        &mut self,
        domains: &Domains,
        leg: &Leg,
        entry: &Entry,
    ) -> Result<(), Rejection> {
        ensure(leg.credit || self.after.available() >= leg.amount, leg.shortfall)?;
        self.after = self.after.after(domains, entry).ok_or(Rejection::InternalDefect)?;
        Ok(())
    }
}

impl Scene<'_, '_> {
    /// Plans `legs` in their order. Legs of nothing are left out.
    ///
    /// # Errors
    /// The shortfall of the first leg that does not fit, or `InternalDefect` if money would come
    /// from nowhere.
    pub(super) fn plan(
        &mut self,
        uetr: Uetr,
        legs: &[Leg],
        supply: Option<SupplyChange>,
    ) -> Result<Plan, Rejection> {
        self.plan_on(Vec::with_capacity(legs.len()), uetr, legs, supply)
    }

    /// Plans `legs` of the payment `uetr`, for which `held` is held in the payer's holding and no
    /// longer will be.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub(super) fn plan_held(
        &mut self,
        uetr: Uetr,
        legs: &[Leg],
        (payer, held): (AccountId, Money),
    ) -> Result<Plan, Rejection> {
        let mut positions = Vec::with_capacity(legs.len().saturating_add(1));
        let after = &mut self.position(&mut positions, (payer, held.asset))?.after;
        after.held = after.held.minus(held.amount).ok_or(Rejection::InternalDefect)?;
        self.plan_on(positions, uetr, legs, None)
    }

    fn plan_on(
        &mut self,
        mut positions: Vec<Position>,
        uetr: Uetr,
        legs: &[Leg],
        supply: Option<SupplyChange>,
    ) -> Result<Plan, Rejection> {
        let mut entries = Vec::with_capacity(legs.len());
        for leg in legs.iter().filter(|leg| !leg.amount.is_zero()) {
            let entry = self.entry(uetr, leg);
            let position = self.position(&mut positions, leg.holding)?;
            position.post(self.working.domains(), leg, &entry)?;
            entries.push((leg.holding, entry));
        }
        self.finish(positions, supply, entries)
    }

    /// A plan of what was posted.
    ///
    /// # Errors
    /// `InternalDefect` if money would come from nowhere.
    pub(super) fn finish(
        &mut self,
        positions: Vec<Position>,
        supply: Option<SupplyChange>,
        entries: Vec<(HoldingKey, Entry)>,
    ) -> Result<Plan, Rejection> {
        let accounts = self.counted(&positions)?;
        ensure(is_conserved(&positions, supply.as_ref()), Rejection::InternalDefect)?;
        Ok(Plan { positions, accounts, supply, entries })
    }

    /// The holding of `key` within the plan.
    fn position<'p>(
        &mut self,
        positions: &'p mut Vec<Position>,
        key: HoldingKey,
    ) -> Result<&'p mut Position, Rejection> {
        let place = positions.iter().position(|position| position.key == key);
        let place = place.unwrap_or_else(|| {
            let before = self.working.holding(key);
            positions.push(Position::new(key, before));
            positions.len().saturating_sub(1)
        });
        positions.get_mut(place).ok_or(Rejection::InternalDefect)
    }

    /// The accounts whose number of open holdings changes, as they will be.
    fn counted(
        &mut self,
        positions: &[Position],
    ) -> Result<BTreeMap<AccountId, Arc<Account>>, Rejection> {
        let mut accounts: BTreeMap<AccountId, Arc<Account>> = BTreeMap::new();
        for position in positions {
            let opens = position.before.posted.is_zero();
            if opens == position.after.posted.is_zero() {
                continue;
            }
            let (id, _) = position.key;
            let mut account = match accounts.remove(&id) {
                Some(account) => account,
                None => self.account(id).ok_or(Rejection::InternalDefect)?,
            };
            let open = account.open_holdings;
            let open = if opens { open.checked_add(1) } else { open.checked_sub(1) };
            Arc::make_mut(&mut account).open_holdings = open.ok_or(Rejection::InternalDefect)?;
            accounts.insert(id, account);
        }
        Ok(accounts)
    }

    /// Writes a plan; gives its entries.
    pub(super) fn book(&mut self, plan: Plan) -> Vec<(HoldingKey, Entry)> {
        for position in &plan.positions {
            self.working.put_holding(position.key, position.after);
        }
        for (id, account) in plan.accounts {
            self.working.put_account(id, account);
        }
        if let Some(supply) = plan.supply {
            self.working.put_supply(supply.asset, supply.after);
        }
        plan.entries
    }
}

/// True if for each asset the holdings' sum changes by what is issued less what is redeemed.
fn is_conserved(positions: &[Position], supply: Option<&SupplyChange>) -> bool {
    let asset_of = |position: &Position| position.key.1;
    let is_balanced = |asset: AssetCode| {
        let of_asset = || positions.iter().filter(move |position| asset_of(position) == asset);
        let minted = supply.filter(|supply| supply.asset == asset);
        let minted = minted.map_or((Some(Amount::ZERO), Some(Amount::ZERO)), |supply| {
            let SupplyChange { before, after, .. } = supply;
            (after.issued.minus(before.issued), after.redeemed.minus(before.redeemed))
        });
        let (Some(issued), Some(redeemed)) = minted else { return false };
        let before = of_asset().try_fold(issued, |sum, p| sum.plus(p.before.posted));
        let after = of_asset().try_fold(redeemed, |sum, p| sum.plus(p.after.posted));
        before.is_some() && before == after
    };
    let is_new = |(place, asset): &(usize, AssetCode)| {
        !positions.iter().take(*place).any(|before| asset_of(before) == *asset)
    };
    let assets = positions.iter().map(asset_of).enumerate().filter(is_new);
    assets.map(|(_, asset)| asset).all(is_balanced)
}
