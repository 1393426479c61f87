//! Payments across assets against dealers' quotes, one or two: payment versus payment.
//!
//! The quotes' signatures were verified with the transaction's own; here it is decided whether
//! their keys may sign for the dealers.

use super::fees::Charges;
use super::limits::{self, Answer, Move, Ordered};
use super::postings::Leg;
use super::scene::{Effect, Scene, ensure, ensure_movable, ensure_open};
use super::step_up;
use crate::account::{Account, EntryKind};
use crate::hash::Hash;
use crate::ids::AccountId;
use crate::money::{Amount, Money};
use crate::operation::PayAcross;
use crate::quote::{Quote, SignedQuote};
use crate::receipt::{Exchange, Outcome, Settlement};
use crate::rejection::Rejection;
use crate::state::MarkerKey;
use std::sync::Arc;

/// One exchange on the way.
struct Stage<'a> {
    quote: &'a Quote,
    signed: &'a SignedQuote,
    /// The quote's id.
    id: Hash,
    dealer: Arc<Account>,
    /// What the dealer takes.
    sold: Money,
    /// What it gives.
    given: Money,
    /// Who gets that: the next dealer, or the payee.
    taker: AccountId,
}

/// Pays across assets: all legs or none.
pub(super) fn pay(scene: &mut Scene<'_, '_>, pay: &PayAcross) -> Result<Effect, Rejection> {
    let (payer, dealers) = ensure_parties(scene, pay)?;
    scene.ensure_known_asset(&pay.sell)?;
    scene.ensure_known_asset(&pay.minimum_received)?;
    ensure_movable(pay.sell.amount)?;
    let charges = Charges::of(scene, pay.from, pay.to, pay.sell, &pay.terms);
    // Charges that are refused only later, in their turn, leave the amount to exchange as it is.
    let sold = charges.as_ref().map_or(pay.sell, |charges| charges.principal);
    let stages = stages(scene, pay, sold, dealers)?;
    let moves = moves(pay.from, sold, &stages);
    let ordered =
        Ordered { payer: &payer, from: pay.from, to: pay.to, amount: pay.sell, terms: &pay.terms };
    let Answer { counted, reviews } = limits::ask(scene, &ordered, &moves)?;
    step_up::ensure_approved(scene, pay.from, &payer, pay.sell, reviews)?;
    ensure_quotes(scene, pay, &stages)?;
    let charges = charges?;
    let mut legs = charges.payer_legs(pay.from);
    legs.extend(charges.collector_leg());
    // Each dealer takes before it gives: what one of them has just got is there to be given.
    for arrival in &moves {
        let Move { from, to, money } = *arrival;
        if from != pay.from {
            let delivery = Leg::debit(from, EntryKind::Exchange, money);
            legs.push(Leg { shortfall: Rejection::DealerInsufficientFunds, ..delivery });
        }
        let kind = if to == pay.to { EntryKind::Payment } else { EntryKind::Exchange };
        legs.push(Leg::credit(to, kind, money));
    }
    let plan = scene.plan(pay.uetr, &legs, None)?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    counted.write(scene.working);
    charges.waiver.count(scene.working);
    limits::know_payee(scene, (pay.from, pay.to), pay.sell.asset);
    for arrival in moves {
        limits::arrive(scene, arrival);
    }
    for stage in &stages {
        let marker = scene.marker();
        scene.working.put_marker(MarkerKey::Quote(stage.id), marker);
    }
    Ok(Effect { outcome: settled(pay, charges, &stages), entries })
}

/// Checks payer, payee and dealers; gives the payer's account and the dealers', in their order.
fn ensure_parties(
    scene: &mut Scene<'_, '_>,
    pay: &PayAcross,
) -> Result<(Arc<Account>, Vec<Arc<Account>>), Rejection> {
    let ids: Vec<AccountId> = pay.route.quotes().map(|signed| signed.quote.dealer).collect();
    let payer = scene.account(pay.from);
    let payee = scene.account(pay.to);
    let dealers: Option<Vec<_>> = ids.iter().map(|dealer| scene.account(*dealer)).collect();
    scene.ensure_ordered(pay.from, payer.as_deref())?;
    let payer = payer.ok_or(Rejection::UnknownAccount)?;
    let dealers = dealers.ok_or(Rejection::UnknownAccount)?;
    let payee = payee.ok_or(Rejection::UnknownPayee)?;
    let all: Vec<&Account> =
        [&*payer, &*payee].into_iter().chain(dealers.iter().map(|dealer| &**dealer)).collect();
    ensure_open(&all)?;
    let trades = |dealer: &Arc<Account>| dealer.status.pays() && dealer.status.is_paid();
    let may_move = payer.status.pays() && payee.status.is_paid() && dealers.iter().all(trades);
    ensure(may_move, Rejection::AccountFrozen)?;
    for dealer in &ids {
        let servicer = scene.institution(dealer.servicer());
        let may_deal = servicer.is_some_and(|servicer| servicer.roles.dealer);
        ensure(may_deal, Rejection::NotPermitted)?;
    }
    let servicers = ids.iter().map(|dealer| dealer.servicer());
    let servicers: Vec<_> = std::iter::once(pay.to.servicer()).chain(servicers).collect();
    scene.ensure_members(&servicers)?;
    let is_party = |dealer: &AccountId| pay.from == *dealer || pay.to == *dealer;
    let is_distinct = pay.from != pay.to && !ids.iter().any(is_party);
    ensure(is_distinct, Rejection::SameAccount)?;
    Ok((payer, dealers))
}

/// The exchanges of `sold`, each rounded down.
fn stages<'a>(
    scene: &Scene<'_, '_>,
    pay: &'a PayAcross,
    sold: Money,
    dealers: Vec<Arc<Account>>,
) -> Result<Vec<Stage<'a>>, Rejection> {
    let decimals = |asset| scene.directory.assets.get(&asset).map(|asset| asset.decimals);
    let mut assets = pay.route.quotes().flat_map(|it| [it.quote.sell, it.quote.buy]);
    ensure(assets.all(|asset| decimals(asset).is_some()), Rejection::UnknownAsset)?;
    let given = pay.route.converted(sold.amount, decimals).ok_or(Rejection::AmountTooLarge)?;
    let takers = pay.route.quotes().skip(1).map(|it| it.quote.dealer).chain([pay.to]);
    let mut next = sold;
    let mut stages = Vec::with_capacity(dealers.len());
    let offers = pay.route.quotes().zip(dealers).zip(given.into_iter().zip(takers));
    for ((signed, dealer), (given, taker)) in offers {
        ensure_movable(given.amount)?;
        let (quote, id) = (&signed.quote, signed.quote.id(scene.working.domains()));
        stages.push(Stage { quote, signed, id, dealer, sold: next, given, taker });
        next = given;
    }
    Ok(stages)
}

/// What goes from whom to whom. A dealer that exchanges twice gives itself nothing.
fn moves(payer: AccountId, sold: Money, stages: &[Stage<'_>]) -> Vec<Move> {
    let first =
        stages.first().map(|stage| Move { from: payer, to: stage.quote.dealer, money: sold });
    let others = stages.iter().map(|stage| Move {
        from: stage.quote.dealer,
        to: stage.taker,
        money: stage.given,
    });
    first.into_iter().chain(others).filter(|it| it.from != it.to).collect()
}

/// Checks that every quote is its dealer's, current, unused, and for this exchange.
fn ensure_quotes(
    scene: &mut Scene<'_, '_>,
    pay: &PayAcross,
    stages: &[Stage<'_>],
) -> Result<(), Rejection> {
    for Stage { signed, dealer, .. } in stages {
        let is_dealers = dealer.policy.owners.is_satisfied_by(std::slice::from_ref(&signed.key));
        ensure(is_dealers, Rejection::QuoteForged)?;
    }
    let (time, latest) = (scene.working.time, scene.working.time.plus(Quote::MAXIMUM_AHEAD));
    for Stage { quote, .. } in stages {
        ensure(time <= quote.expires && quote.expires <= latest, Rejection::QuoteExpired)?;
    }
    for Stage { id, .. } in stages {
        ensure(scene.working.marker(MarkerKey::Quote(*id)).is_none(), Rejection::QuoteUsed)?;
    }
    let in_range = |stage: &Stage<'_>| {
        (stage.quote.minimum..=stage.quote.maximum).contains(&stage.sold.amount)
    };
    let is_pair =
        pay.route.sell() == pay.sell.asset && pay.route.buy() == pay.minimum_received.asset;
    let received = stages.last().map_or(Amount::ZERO, |stage| stage.given.amount);
    let fits = is_pair && stages.iter().all(in_range) && received >= pay.minimum_received.amount;
    ensure(fits, Rejection::QuoteMismatch)
}

fn settled(pay: &PayAcross, charges: Charges, stages: &[Stage<'_>]) -> Outcome {
    let exchange = |stage: &Stage<'_>| Exchange {
        dealer: stage.quote.dealer,
        quote: stage.id,
        rate: stage.quote.rate,
        sold: stage.sold,
    };
    let given = |stage: &Stage<'_>| stage.given;
    Outcome::Settled(Settlement {
        from: Some(pay.from),
        to: Some(pay.to),
        debited: charges.debited,
        credited: stages.last().map_or(pay.minimum_received, given),
        fees: charges.items,
        exchange: stages.first().map(exchange),
        onward: stages.get(1).map(exchange).map(Box::new),
        remittance: pay.terms.remittance,
    })
}
