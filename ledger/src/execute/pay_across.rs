//! Payments across two assets against a dealer's quote: payment versus payment.
//!
//! The quote's signature was verified with the transaction's own; here it is decided whether its
//! key may sign for the dealer.

use super::fees::Charges;
use super::limits::{self, Move, Ordered};
use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use super::step_up;
use crate::account::{Account, EntryKind};
use crate::hash::Hash;
use crate::ids::Timestamp;
use crate::money::{Amount, Money};
use crate::operation::PayAcross;
use crate::quote::{Quote, SignedQuote};
use crate::receipt::{Exchange, Outcome, Settlement};
use crate::rejection::Rejection;
use crate::state::MarkerKey;
use std::sync::Arc;

/// Pays across assets: all legs or none.
pub(super) fn pay(scene: &mut Scene<'_, '_>, pay: &PayAcross) -> Result<Effect, Rejection> {
    let quote = &pay.quote.quote;
    let (payer, dealer) = ensure_parties(scene, pay)?;
    scene.ensure_known_asset(&pay.sell)?;
    scene.ensure_known_asset(&pay.minimum_received)?;
    ensure_movable(pay.sell.amount)?;
    let charges = Charges::of(scene, pay.from, pay.to, pay.sell, &pay.terms);
    // Charges that are refused only later, in their turn, leave the amount to exchange as it is.
    let sold = charges.as_ref().map_or(pay.sell, |charges| charges.principal);
    let received = exchanged(scene, quote, sold, pay.minimum_received)?;
    ensure_movable(received.amount)?;
    let ordered = Ordered { payer: &payer, from: pay.from, to: pay.to, amount: pay.sell };
    let moves = [
        Move { from: pay.from, to: quote.dealer, money: sold },
        Move { from: quote.dealer, to: pay.to, money: received },
    ];
    let counted = limits::ask(scene, &ordered, &moves)?;
    step_up::ensure_approved(scene, pay.from, &payer, pay.sell)?;
    let id = quote.id(scene.working.domains());
    ensure_quote_signed(&pay.quote, &dealer)?;
    ensure_quote_current(quote, scene.working.time)?;
    ensure(scene.working.marker(MarkerKey::Quote(id)).is_none(), Rejection::QuoteUsed)?;
    ensure(fits(quote, sold, received, pay.minimum_received), Rejection::QuoteMismatch)?;
    let charges = charges?;
    let mut legs = charges.payer_legs(pay.from);
    legs.push(Leg::credit(quote.dealer, EntryKind::Exchange, sold));
    legs.extend(charges.collector_leg());
    let delivery = Leg::debit(quote.dealer, EntryKind::Exchange, received);
    legs.push(Leg { shortfall: Rejection::DealerInsufficientFunds, ..delivery });
    legs.push(Leg::credit(pay.to, EntryKind::Payment, received));
    let plan = scene.plan(pay.uetr, &legs, None)?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    counted.write(scene.working);
    for arrival in moves {
        limits::arrive(scene, arrival);
    }
    let marker = scene.marker();
    scene.working.put_marker(MarkerKey::Quote(id), marker);
    Ok(Effect { outcome: settled(pay, charges, sold, received, id), entries })
}

/// Checks payer, payee and dealer; gives the payer's account and the dealer's.
fn ensure_parties(
    scene: &mut Scene<'_, '_>,
    pay: &PayAcross,
) -> Result<(Arc<Account>, Arc<Account>), Rejection> {
    let dealer_id = pay.quote.quote.dealer;
    let payer = scene.account(pay.from);
    let payee = scene.account(pay.to);
    let dealer = scene.account(dealer_id);
    scene.ensure_ordered(pay.from, payer.as_deref())?;
    let payer = payer.ok_or(Rejection::UnknownAccount)?;
    let dealer = dealer.ok_or(Rejection::UnknownAccount)?;
    let payee = payee.ok_or(Rejection::UnknownPayee)?;
    ensure_open(&[&payer, &payee, &dealer])?;
    let pays = payer.status.pays() && dealer.status.pays();
    let is_paid = payee.status.is_paid() && dealer.status.is_paid();
    ensure(pays && is_paid, Rejection::AccountFrozen)?;
    let servicer = scene.institution(dealer_id.servicer());
    let may_deal = servicer.is_some_and(|servicer| servicer.roles.dealer);
    ensure(may_deal, Rejection::NotPermitted)?;
    scene.ensure_members(&[pay.to.servicer(), dealer_id.servicer()])?;
    let is_distinct = pay.from != pay.to && pay.from != dealer_id && pay.to != dealer_id;
    ensure(is_distinct, Rejection::SameAccount)?;
    Ok((payer, dealer))
}

/// What `sold` comes to in the asset of `wanted`, rounded down.
fn exchanged(
    scene: &Scene<'_, '_>,
    quote: &Quote,
    sold: Money,
    wanted: Money,
) -> Result<Money, Rejection> {
    let decimals = |money: Money| scene.directory.assets.get(&money.asset).map(|a| a.decimals);
    let (Some(sold_decimals), Some(bought_decimals)) = (decimals(sold), decimals(wanted)) else {
        return Err(Rejection::UnknownAsset);
    };
    let amount = quote.rate.convert(sold.amount, sold_decimals, bought_decimals);
    Ok(Money::new(amount.ok_or(Rejection::AmountTooLarge)?, wanted.asset))
}

fn ensure_quote_signed(signed: &SignedQuote, dealer: &Account) -> Result<(), Rejection> {
    let is_dealers = dealer.policy.owners.is_satisfied_by(std::slice::from_ref(&signed.key));
    ensure(is_dealers, Rejection::QuoteForged)
}

fn ensure_quote_current(quote: &Quote, time: Timestamp) -> Result<(), Rejection> {
    let latest = time.plus(Quote::MAXIMUM_AHEAD);
    ensure(time <= quote.expires && quote.expires <= latest, Rejection::QuoteExpired)
}

/// True if the quote is for these assets and this amount, and gives at least `minimum`.
fn fits(quote: &Quote, sold: Money, received: Money, minimum: Money) -> bool {
    let in_range = |amount: Amount| quote.minimum <= amount && amount <= quote.maximum;
    let same_assets = quote.sell == sold.asset && quote.buy == received.asset;
    same_assets && in_range(sold.amount) && received.amount >= minimum.amount
}

fn settled(pay: &PayAcross, charges: Charges, sold: Money, received: Money, id: Hash) -> Outcome {
    let quote = &pay.quote.quote;
    let sold = sold.amount;
    Outcome::Settled(Settlement {
        from: Some(pay.from),
        to: Some(pay.to),
        debited: charges.debited,
        credited: received,
        fees: charges.items,
        exchange: Some(Exchange { dealer: quote.dealer, quote: id, rate: quote.rate, sold }),
        remittance: pay.terms.remittance,
    })
}
