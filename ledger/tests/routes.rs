//! Payments over a third asset: two quotes, one payment, all legs or none.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use ledger::ids::AccountId;
use ledger::money::{Amount, Decimals, Money, Rate};
use ledger::operation::{AssetKind, ChargeBearer, Operation, PayAcross, PaymentTerms};
use ledger::quote::{Quote, Route};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::MarkerKey;
use ledger::transaction::EnvelopeError;
use support::*;

fn usd(amount: u128) -> Money {
    Money::new(Amount(amount), code("USD"))
}

/// Another account that deals, at the dealer's bank.
fn second_dealer() -> AccountId {
    account(DEALER_BANK, 77)
}

/// A world in which both dealers have dollars.
fn world() -> World {
    let mut world = World::with_fees();
    let (kind, decimals) = (AssetKind::Currency, Decimals(2));
    let register =
        Operation::RegisterAsset { code: code("USD"), kind, decimals, issuer: HONG_KONG };
    assert_eq!(world.submit(register, &[operator(HONG_KONG)]), Outcome::Done);
    world.open(second_dealer());
    world.issue(dealer(), usd(1_000_000));
    world.issue(second_dealer(), hkd(10_000_000));
    world
}

/// From CNY to HKD over USD, the second leg by this dealer.
fn route(world: &mut World, onward: AccountId, rates: (&str, &str)) -> Route {
    let there = Quote { buy: code("USD"), ..world.quote(rates.0) };
    let onward = Quote { dealer: onward, sell: code("USD"), ..world.quote(rates.1) };
    Route::over(world.signed(there), world.signed(onward))
}

fn over(world: &mut World, onward: AccountId, amount: u128) -> PayAcross {
    let route = route(world, onward, ("0.1401", "7.7712"));
    PayAcross { route, ..world.pay_across(cny(amount)) }
}

fn order(world: &mut World, pay: &PayAcross) -> Outcome {
    world.submit(Operation::PayAcross(Box::new(pay.clone())), &[owner(wei())])
}

/// What is changed of a quote, and the rejection that it leads to.
type Change = (fn(&mut Quote), Rejection);

/// The assets of all parties that a payment over dollars touches.
fn positions(world: &World) -> Vec<u128> {
    let parties = [wei(), dealer(), second_dealer(), lee(), collector()];
    let of = |account| ["CNY", "USD", "HKD"].map(|asset| world.posted(account, asset));
    parties.into_iter().flat_map(of).collect()
}

#[test]
fn l16_a_way_over_a_third_asset_settles_as_one() {
    let mut world = world();
    let pay = over(&mut world, second_dealer(), 100_000);
    let outcome = order(&mut world, &pay);
    let settlement = settled(&outcome);
    // 1000.00 CNY are 140.10 USD, which are 1088.74 HKD and a bit that the dealer keeps.
    assert_eq!(settlement.credited, hkd(108_874));
    let first = settlement.exchange.clone().unwrap();
    let onward = settlement.onward.clone().unwrap();
    assert_eq!((first.dealer, first.sold), (dealer(), cny(100_000)));
    assert_eq!((onward.dealer, onward.sold), (second_dealer(), usd(14_010)));
    assert_eq!(onward.rate, Rate::parse("7.7712").unwrap());
    let fee = settlement.fee().0;
    assert!(fee > 0);
    #[rustfmt::skip]
    assert_eq!(positions(&world), [
        10_000_000 - 100_000 - fee, 0, 0,
        10_100_000, 1_000_000 - 14_010, 10_000_000,
        0, 14_010, 10_000_000 - 108_874,
        0, 0, 10_108_874,
        fee, 0, 0,
    ]);
}

#[test]
fn l16_one_dealer_may_give_both_and_needs_none_of_the_third_asset() {
    let mut world = world();
    let other = account(DEALER_BANK, 78);
    world.open(other);
    world.issue(other, hkd(10_000_000));
    let there = Quote { dealer: other, buy: code("USD"), ..world.quote("0.1401") };
    let onward = Quote { dealer: other, sell: code("USD"), ..world.quote("7.7712") };
    let route = Route::over(world.signed(there), world.signed(onward));
    let pay = PayAcross { route, ..world.pay_across(cny(100_000)) };
    let outcome = order(&mut world, &pay);
    assert_eq!(settled(&outcome).credited, hkd(108_874));
    assert_eq!(world.posted(other, "USD"), 0);
    assert_eq!(world.posted(other, "CNY"), 100_000);
    assert_eq!(world.posted(other, "HKD"), 10_000_000 - 108_874);
}

#[test]
fn l16_if_any_leg_fails_none_happens() {
    let mut world = world();
    let before = positions(&world);
    // The first dealer has no such sum of dollars, the second none of Hong Kong dollars.
    for (rates, minimum, expected) in [
        (("10.0100", "0.0001"), 1, Rejection::DealerInsufficientFunds),
        (("1.0000", "101.0000"), 1, Rejection::DealerInsufficientFunds),
        (("0.1401", "7.7712"), 108_875, Rejection::QuoteMismatch),
        (("0.00001", "0.1"), 1, Rejection::ZeroAmount),
    ] {
        let route = route(&mut world, second_dealer(), rates);
        let minimum_received = hkd(minimum);
        let pay = PayAcross { route, minimum_received, ..world.pay_across(cny(100_000)) };
        assert_eq!(order(&mut world, &pay), rejected(expected), "{rates:?}");
        assert_eq!(positions(&world), before);
        for signed in pay.route.quotes() {
            let id = signed.quote.id(world.domains());
            assert_eq!(world.tip.state().marker(&MarkerKey::Quote(id)), None);
        }
    }
}

#[test]
fn l17_each_quote_of_a_way_binds_once_and_must_be_its_dealers() {
    let mut world = world();
    let pay = over(&mut world, second_dealer(), 100_000);
    settled(&order(&mut world, &pay));
    // Either used quote spoils the next way.
    let fresh = over(&mut world, second_dealer(), 100_000);
    for route in [
        Route { first: pay.route.first.clone(), ..fresh.route.clone() },
        Route { onward: pay.route.onward.clone(), ..fresh.route.clone() },
    ] {
        let again = PayAcross { uetr: world.fresh_uetr(), route, ..fresh.clone() };
        assert_eq!(order(&mut world, &again), rejected(Rejection::QuoteUsed));
    }
    let changed = |world: &mut World, change: fn(&mut Quote)| {
        let mut quote = fresh.route.onward.clone().unwrap().quote;
        change(&mut quote);
        let route = Route { onward: Some(world.signed(quote)), ..fresh.route.clone() };
        let pay = PayAcross { uetr: world.fresh_uetr(), route, ..fresh.clone() };
        order(world, &pay)
    };
    let changes: [Change; 5] = [
        (|quote| quote.maximum = Amount(14_009), Rejection::QuoteMismatch),
        (|quote| quote.minimum = Amount(14_011), Rejection::QuoteMismatch),
        (|quote| quote.expires = START, Rejection::QuoteExpired),
        (|quote| quote.dealer = lee(), Rejection::NotPermitted),
        (|quote| quote.dealer = account(DEALER_BANK, 99), Rejection::UnknownAccount),
    ];
    for (change, expected) in changes {
        assert_eq!(changed(&mut world, change), rejected(expected), "{expected:?}");
    }
    let mut forged = fresh.route.onward.clone().unwrap();
    forged = ledger::quote::SignedQuote::sign(world.domains(), &key("a forger"), forged.quote);
    let route = Route { onward: Some(forged), ..fresh.route.clone() };
    let pay = PayAcross { uetr: world.fresh_uetr(), route, ..fresh.clone() };
    assert_eq!(order(&mut world, &pay), rejected(Rejection::QuoteForged));
    settled(&order(&mut world, &fresh));
}

#[test]
fn l17_a_way_hangs_together_and_does_not_lead_back() {
    let mut world = world();
    let there = Quote { buy: code("USD"), ..world.quote("0.1401") };
    let apart = Quote { sell: code("EUR"), ..world.quote("7") };
    let back = Quote { sell: code("USD"), buy: code("CNY"), ..world.quote("7") };
    for onward in [apart, back] {
        let route = Route::over(world.signed(there.clone()), world.signed(onward));
        let pay = PayAcross { route, ..world.pay_across(cny(100_000)) };
        let order = Order::new(vec![Operation::PayAcross(Box::new(pay))], &[owner(wei())]);
        let signed = order.sign(world.domains(), world.time());
        let checked = signed.transaction.check(world.domains());
        assert!(matches!(checked, Err(EnvelopeError::Malformed { .. })), "{checked:?}");
    }
}

#[test]
fn l15_the_payee_bears_the_charges_of_a_way_before_the_exchange() {
    let mut world = world();
    let terms = PaymentTerms { charge_bearer: ChargeBearer::Creditor, ..terms() };
    let pay = over(&mut world, second_dealer(), 100_000);
    let pay = PayAcross { terms, ..pay };
    let outcome = order(&mut world, &pay);
    let settlement = settled(&outcome);
    assert_eq!(settlement.debited, cny(100_000));
    let sold = 100_000 - settlement.fee().0;
    assert_eq!(settlement.exchange.as_ref().unwrap().sold, cny(sold));
    assert_eq!(settlement.onward.as_ref().unwrap().sold, usd(sold * 1_401 / 10_000));
}

/// A million conversions there and back, over one asset and over two: nobody ever gains.
#[test]
fn l16_a_million_round_trips_never_gain() {
    let mut draw = 1_u64;
    let mut next = |bound: u64| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % bound
    };
    let convert = |amount: Amount, rates: &[Rate]| {
        rates.iter().try_fold(amount, |amount, rate| rate.convert(amount, Decimals(2), Decimals(2)))
    };
    let middle = Rate::parse("7.7712").unwrap();
    let middle_back = Rate::parse("0.128680255301").unwrap();
    let mut lost = 0_u32;
    for trip in 0..1_000_000_u32 {
        let digits = next(9_999_999) + 1;
        let there = Rate::parse(&format!("{}.{:04}", digits / 10_000, digits % 10_000)).unwrap();
        // The best rate back with 12 decimals that is not above the exact inverse.
        let inverse = 10_u64.pow(16) / digits;
        let (whole, rest) = (inverse / 10_u64.pow(12), inverse % 10_u64.pow(12));
        let back = Rate::parse(&format!("{whole}.{rest:012}")).unwrap();
        let amount = Amount(u128::from(next(1_000_000_000)) + 1);
        let ways: [&[Rate]; 2] = [&[there, back], &[there, middle, middle_back, back]];
        for way in ways {
            let got = convert(amount, way).unwrap();
            assert!(got <= amount, "trip {trip}: {amount:?} became {got:?} by {way:?}");
            lost += u32::from(got < amount);
        }
    }
    println!("1000000 round trips by one exchange and by two: {lost} lost something, none gained");
    assert!(lost > 1_000_000);
}
