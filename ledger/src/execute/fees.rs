//! Charges: what a payment costs its parties, and how an institution publishes what it charges.
//!
//! Invariants: nothing is looked up or written where no charge is waived; a payment whose charges
//! are waived is one of the account's free ones from the block on in which it settles or waits.

use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_open};
use super::working::Working;
use crate::account::{EntryKind, HoldingKey};
use crate::fees::{FeeItem, FeeKind, FeeSchedule, Reach, capped, total};
use crate::ids::{AccountId, InstitutionNumber};
use crate::money::{Amount, Money};
use crate::operation::{ChargeBearer, Pay, PaymentTerms};
use crate::rejection::Rejection;

/// The charges of one payment, within what its payer agreed to.
pub(super) struct Charges {
    /// The lines, for the receipt.
    pub(super) items: Vec<FeeItem>,
    /// What leaves the payer in all.
    pub(super) debited: Money,
    /// What is left to pay or exchange.
    pub(super) principal: Money,
    /// Who takes the charges in, and how much they are; nobody if there are none.
    collected: Option<(AccountId, Money)>,
    on_top: bool,
    /// What is to be counted once the payment settles or waits.
    pub(super) waiver: Waiver,
}

/// Whose free payment it is, and which, counted from 1; nobody's if nothing is waived.
#[derive(Clone, Copy, Default)]
pub(super) struct Waiver(Option<(HoldingKey, u8)>);

impl Waiver {
    /// Counts the payment among its account's free ones, if its charges are waived. Cannot fail.
    pub(super) fn count(self, working: &mut Working<'_>) {
        if let Self(Some((key, payments))) = self {
            working.put_waived(key, payments);
        }
    }
}

impl Charges {
    /// The charges of a payment of `amount`, by the schedule of the payer's servicer: none while
    /// it waives them.
    ///
    /// # Errors
    /// `FeeAboveAgreed` if they are above the maximum of `terms`, or leave nothing of an amount
    /// that they are taken from.
    pub(super) fn of(
        scene: &mut Scene<'_, '_>,
        from: AccountId,
        to: AccountId,
        amount: Money,
        terms: &PaymentTerms,
    ) -> Result<Self, Rejection> {
        let Some(schedule) = scene.directory.schedules.get(&from.servicer()) else {
            return Ok(Self::none(amount));
        };
        let reach = reach(scene, from.servicer(), to.servicer());
        let items = schedule.charges(amount.asset, amount.amount, reach);
        let items = items.ok_or(Rejection::FeeAboveAgreed)?;
        let free = schedule.free_payments(amount.asset);
        if free > 0 && !items.is_empty() {
            let key = (from, amount.asset);
            let used = scene.working.waived(key);
            if used < free {
                let waiver = Waiver(Some((key, used.saturating_add(1))));
                return Ok(Self { waiver, ..Self::none(amount) });
            }
        }
        let fee = total(&items).ok_or(Rejection::FeeAboveAgreed)?;
        ensure(fee <= terms.maximum_fee, Rejection::FeeAboveAgreed)?;
        Self::borne(items, fee, schedule.collector, amount, terms.charge_bearer)
    }

    /// The charges of paying `amount` of the payment `order` that waited, by the schedule of now:
    /// at most `most`, what is above is waived.
    ///
    /// # Errors
    /// `FeeAboveAgreed` if they leave nothing of an amount that they are taken from.
    pub(super) fn of_waiting(
        scene: &Scene<'_, '_>,
        order: &Pay,
        amount: Money,
        most: Amount,
    ) -> Result<Self, Rejection> {
        let Some(schedule) = scene.directory.schedules.get(&order.from.servicer()) else {
            return Ok(Self::none(amount));
        };
        let reach = reach(scene, order.from.servicer(), order.to.servicer());
        let items = schedule.charges(amount.asset, amount.amount, reach);
        // Charges that fit no number are above the most.
        let items = items.unwrap_or_else(|| vec![FeeItem { kind: FeeKind::Payment, amount: most }]);
        let items = capped(items, most);
        let fee = total(&items).ok_or(Rejection::InternalDefect)?;
        Self::borne(items, fee, schedule.collector, amount, order.terms.charge_bearer)
    }

    /// No charges.
    const fn none(amount: Money) -> Self {
        Self {
            items: Vec::new(),
            debited: amount,
            principal: amount,
            collected: None,
            on_top: true,
            waiver: Waiver(None),
        }
    }

    /// The charges `items`, `fee` in all, by who bears them.
    fn borne(
        items: Vec<FeeItem>,
        fee: Amount,
        collector: AccountId,
        amount: Money,
        bearer: ChargeBearer,
    ) -> Result<Self, Rejection> {
        if items.is_empty() {
            return Ok(Self::none(amount));
        }
        let on_top = match bearer {
            ChargeBearer::Debtor | ChargeBearer::Shared => true,
            ChargeBearer::Creditor => false,
        };
        let of_asset = |left: Option<Amount>| {
            let left = left.filter(|left| !left.is_zero()).ok_or(Rejection::FeeAboveAgreed)?;
            Ok(Money::new(left, amount.asset))
        };
        let (debited, principal) = if on_top {
            (of_asset(amount.amount.plus(fee))?, amount)
        } else {
            (amount, of_asset(amount.amount.minus(fee))?)
        };
        let collected = Some((collector, Money::new(fee, amount.asset)));
        Ok(Self { items, debited, principal, collected, on_top, waiver: Waiver::default() })
    }

    /// The charges in all.
    pub(super) fn fee(&self) -> Amount {
        self.collected.map_or(Amount::ZERO, |(_, fee)| fee.amount)
    }

    /// The payer's legs: the payment, and charges on top of it as a line of their own.
    pub(super) fn payer_legs(&self, from: AccountId) -> Vec<Leg> {
        let mut legs = Vec::with_capacity(6);
        match self.collected {
            Some((_, fee)) if self.on_top => {
                legs.push(Leg::debit(from, EntryKind::Payment, self.principal));
                legs.push(Leg::debit(from, EntryKind::Fee, fee));
            }
            Some(_) | None => legs.push(Leg::debit(from, EntryKind::Payment, self.debited)),
        }
        legs
    }

    /// The collector's leg. It is booked even while the collector is frozen: the bank's own account
    /// must not stop its customers.
    pub(super) fn collector_leg(&self) -> Option<Leg> {
        self.collected.map(|(collector, fee)| Leg::credit(collector, EntryKind::Fee, fee))
    }
}

fn reach(scene: &Scene<'_, '_>, from: InstitutionNumber, to: InstitutionNumber) -> Reach {
    let bic = |number| scene.institution(number).map(|institution| institution.bic);
    let cross_border = match (bic(from), bic(to)) {
        (Some(from), Some(to)) => !from.is_same_country(&to),
        (None, _) | (_, None) => false,
    };
    Reach { interbank: from != to, cross_border }
}

/// Publishes an institution's next schedule.
pub(super) fn set_schedule(
    scene: &mut Scene<'_, '_>,
    number: InstitutionNumber,
    schedule: &FeeSchedule,
) -> Result<Effect, Rejection> {
    let institution = scene.institution(number);
    scene.ensure_signed(institution.map(|institution| &institution.operators))?;
    ensure(institution.is_some(), Rejection::UnknownInstitution)?;
    let collector = scene.account(schedule.collector).ok_or(Rejection::UnknownAccount)?;
    ensure_open(&[&collector])?;
    scene.ensure_members(&[number])?;
    let assets = &scene.directory.assets;
    let is_known = schedule.rules.iter().all(|rule| assets.contains_key(&rule.asset));
    ensure(is_known, Rejection::UnknownAsset)?;
    let present = scene.directory.schedules.get(&number).map_or(0, |present| present.version);
    let is_next = present.checked_add(1) == Some(schedule.version);
    let is_own = schedule.collector.servicer() == number;
    ensure(is_next && is_own, Rejection::FeeScheduleConflict)?;

    // After this point the operation must succeed.
    scene.working.put_schedule(number, schedule.clone());
    Ok(Effect::DONE)
}
