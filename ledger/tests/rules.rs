//! The ledger's rules, one test each, by the numbers of the crate's documentation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::account::{AccountStatus, Entry, EntryKind, KeySet, Policy};
use ledger::block::{Block, LaneTip};
use ledger::chain::{BlockRefusal, Tip};
use ledger::execute::{Simulation, approvals};
use ledger::fees::{FeeItem, FeeKind, FeeRule, FeeSchedule};
use ledger::genesis::Parameters;
use ledger::hash::{Domain, Hash};
use ledger::ids::{Epoch, Height, InstitutionNumber, Timestamp, ValidatorIndex, View};
use ledger::merkle;
use ledger::money::{Amount, Decimals, Rate};
use ledger::operation::{
    AssetKind, ChargeBearer, FreezeDirection, Operation, Pay, PayAcross, PaymentTerms,
};
use ledger::quote::{Quote, Route};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::{FlatKey, MARKER_TAG, MarkerKey, RestoreError, State, StateKey};
use ledger::transaction::{EnvelopeError, verify_all};
use support::*;

fn issued_less_redeemed(world: &World, asset: &str) -> u128 {
    let supply = world.tip.state().supply(code(asset)).unwrap();
    supply.issued.0 - supply.redeemed.0
}

fn sum_of_holdings(world: &World, asset: &str) -> u128 {
    let accounts = [wei(), ann(), collector(), min(), lee(), dealer()];
    accounts.iter().map(|account| world.posted(*account, asset)).sum()
}

fn free(charge_bearer: ChargeBearer, maximum_fee: u128) -> PaymentTerms {
    PaymentTerms { charge_bearer, maximum_fee: Amount(maximum_fee), ..terms() }
}

#[test]
fn l1_amounts_are_whole_and_bounded() {
    let mut world = World::new();
    for (amount, expected) in [
        (0, Some(Rejection::ZeroAmount)),
        (1, None),
        (Amount::MAXIMUM.0 + 1, Some(Rejection::AmountTooLarge)),
        (u128::MAX, Some(Rejection::AmountTooLarge)),
        (Amount::MAXIMUM.0, None),
    ] {
        let issue = Operation::Issue { uetr: world.fresh_uetr(), to: wei(), amount: cny(amount) };
        assert_eq!(world.submit(issue, &[operator(POST)]).rejection(), expected, "{amount}");
    }
    assert_eq!(world.posted(wei(), "CNY"), 10_000_000 + 1 + Amount::MAXIMUM.0);
}

#[test]
fn l2_conservation() {
    let mut world = World::with_fees();
    let across = world.pay_across(cny(100_000));
    let operations = vec![
        Operation::Pay(world.pay(wei(), min(), cny(250_000))),
        Operation::PayAcross(Box::new(across)),
        Operation::Redeem { uetr: world.fresh_uetr(), from: wei(), amount: cny(40_000) },
        Operation::Issue { uetr: world.fresh_uetr(), to: ann(), amount: cny(70_000) },
        Operation::Pay(world.pay(wei(), ann(), cny(99_000_000))),
    ];
    let order = Order::new(operations, &[owner(wei()), operator(POST)]);
    let outcomes = world.order(&order);
    assert_eq!(outcomes.iter().filter(|outcome| outcome.rejection().is_some()).count(), 1);
    for asset in ["CNY", "HKD"] {
        assert_eq!(sum_of_holdings(&world, asset), issued_less_redeemed(&world, asset), "{asset}");
    }
    assert_eq!(issued_less_redeemed(&world, "CNY"), 30_000_000 - 40_000 + 70_000);
}

#[test]
fn l3_assets_are_registered_once_and_issued_by_their_issuer() {
    let mut world = World::new();
    let register = |asset: &str, kind, decimals, issuer| Operation::RegisterAsset {
        code: code(asset),
        kind,
        decimals: Decimals(decimals),
        issuer,
    };
    for (asset, kind, decimals, expected) in [
        ("JPY", AssetKind::Currency, 2, Some(Rejection::AssetConflict)),
        ("JPY", AssetKind::Currency, 0, None),
        ("JPY", AssetKind::Currency, 0, Some(Rejection::AssetConflict)),
        ("MILES", AssetKind::Currency, 0, Some(Rejection::AssetConflict)),
        ("MILES", AssetKind::Points, 9, None),
        ("KWD", AssetKind::Points, 3, Some(Rejection::AssetConflict)),
    ] {
        let outcome = world.submit(register(asset, kind, decimals, POST), &[operator(POST)]);
        assert_eq!(outcome.rejection(), expected, "{asset} {kind:?} {decimals}");
    }
    let issue = Operation::Issue { uetr: world.fresh_uetr(), to: lee(), amount: cny(5) };
    let stranger = world.submit(issue, &[operator(HONG_KONG)]);
    assert_eq!(stranger, rejected(Rejection::SignersMissing));
}

#[test]
fn l4_a_statement_leaves_no_line_out() {
    let mut world = World::with_fees();
    let before = world.tip.state().holding(wei(), code("CNY")).unwrap();
    let mut lines: Vec<Entry> = Vec::new();
    for amount in [20_000, 300] {
        let pay = Operation::Pay(world.pay(wei(), min(), cny(amount)));
        let order = Order::one(pay, &[owner(wei())]);
        let executed = world.block(&[world.verified(&order)]);
        let entries = executed.booked.into_iter().flat_map(|booked| booked.entries);
        lines.extend(entries.filter(|(key, _)| *key == (wei(), code("CNY"))).map(|(_, e)| e));
    }
    let kinds: Vec<_> = lines.iter().map(|line| (line.kind, line.amount.0)).collect();
    let (payment, fee) = (EntryKind::Payment, EntryKind::Fee);
    assert_eq!(kinds, [(payment, 20_000), (fee, 130), (payment, 300)]);
    let after = world.tip.state().holding(wei(), code("CNY")).unwrap();
    let replay = |lines: &[Entry]| {
        lines.iter().fold(before, |mut holding, line| {
            holding.posted = Amount(holding.posted.0 - line.amount.0);
            holding.record(world.domains(), line);
            holding
        })
    };
    assert_eq!(replay(&lines), after);
    for left_out in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(left_out);
        assert_ne!(replay(&fewer).chain, after.chain, "line {left_out}");
    }
    let first = world.domains().hash_of(Domain::Entry, &(before.chain, lines[0]));
    assert_eq!(replay(&lines[..1]).chain, first);
}

#[test]
fn l5_a_uetr_happens_once() {
    let mut world = World::new();
    let pay = world.pay(wei(), min(), cny(100));
    let order = Order::one(Operation::Pay(pay.clone()), &[owner(wei())]);
    let transaction = world.verified(&order);
    let first = world.block(std::slice::from_ref(&transaction));
    assert_eq!(first.booked.len(), 1);
    let root = world.tip.state().root();
    // The same bytes: no receipt, no change, in the same block or a later one.
    let again = world.block(&[transaction.clone(), transaction.clone()]);
    assert!(again.booked.is_empty());
    assert!(again.changes.is_empty());
    assert_eq!(world.tip.state().root(), root);
    let marker = world.tip.state().marker(&MarkerKey::Payment(pay.uetr)).unwrap();
    assert_eq!((marker.transaction, marker.height), (transaction.id(), first.tip.height()));
    // Another operation under the UETR is a duplicate, whatever else is wrong with it.
    let issue = Operation::Issue { uetr: pay.uetr, to: wei(), amount: cny(5) };
    let other = Operation::Pay(Pay { amount: cny(0), ..pay.clone() });
    for (operation, window) in [(issue, (-1, 1)), (other, (-1_000, -500))] {
        let order = Order { window, ..Order::one(operation, &[key("a stranger")]) };
        let transaction = world.verified(&order);
        let executed = world.block(std::slice::from_ref(&transaction));
        assert!(executed.booked[0].receipt.is_duplicate_refusal());
        let kept = world.tip.state().marker(&MarkerKey::Payment(pay.uetr));
        assert_eq!(kept, Some(marker));
        assert!(world.block(&[transaction]).booked.is_empty(), "refused once");
    }
}

#[test]
fn l5_transactions_without_uetrs_happen_once_too() {
    let mut world = World::new();
    let order = Order::one(Operation::SetTier { account: wei(), tier: 4 }, &[operator(POST)]);
    let transaction = world.verified(&order);
    assert_eq!(world.block(std::slice::from_ref(&transaction)).booked.len(), 1);
    let lower = Operation::SetTier { account: wei(), tier: 2 };
    assert_eq!(world.submit(lower, &[operator(POST)]), Outcome::Done);
    assert!(world.block(&[transaction]).booked.is_empty());
    assert_eq!(world.tip.state().account(wei()).unwrap().tier, 2);
}

#[test]
fn l6_only_within_the_window() {
    for (window, expected) in [
        ((0, 0), None),
        ((-1, 0), None),
        ((0, 1), None),
        ((1, 2), Some(Rejection::NotYetValid)),
        ((-2, -1), Some(Rejection::Expired)),
    ] {
        let mut world = World::new();
        let pay = world.pay(wei(), min(), cny(1));
        let order = Order { window, ..Order::one(Operation::Pay(pay), &[owner(wei())]) };
        let transaction = world.verified(&order);
        let executed = world.block(std::slice::from_ref(&transaction));
        assert_eq!(executed.booked[0].receipt.outcome.rejection(), expected, "{window:?}");
        // Spent: it stays rejected even if its window comes.
        assert!(world.block(&[transaction]).booked.is_empty());
    }
}

#[test]
fn l7_a_rejection_changes_nothing_but_markers() {
    let mut world = World::new();
    let pay = world.pay(wei(), min(), cny(10_000_001));
    let order = Order::one(Operation::Pay(pay.clone()), &[owner(wei())]);
    let executed = world.block(&[world.verified(&order)]);
    assert_eq!(executed.booked[0].receipt.outcome, rejected(Rejection::InsufficientFunds));
    assert!(executed.booked[0].entries.is_empty());
    assert_eq!(executed.leaves, [executed.booked[0].receipt.hash(world.domains())]);
    let root = merkle::root(world.domains(), &executed.leaves);
    assert_eq!(executed.block.header.receipts_root, root);
    let bucket = world.tip.state().bucket_at(world.tip.header().time);
    let changed: Vec<_> = executed.changes.entries().map(|(key, _)| key.to_vec()).collect();
    let marker = MarkerKey::Payment(pay.uetr);
    let flat = [ledger::state::marker_prefix(bucket).as_slice(), &marker.bytes()].concat();
    assert_eq!(changed, [StateKey::MarkerBucket(bucket).bytes(), flat]);
    // The payment that failed is spent; a new one is not.
    let small = Operation::Pay(Pay { amount: cny(1), ..pay });
    assert_eq!(world.submit(small, &[owner(wei())]), rejected(Rejection::DuplicateUetr));
    let fresh = Operation::Pay(world.pay(wei(), min(), cny(1)));
    settled(&world.submit(fresh, &[owner(wei())]));
}

#[test]
fn l8_the_first_reason_is_given() {
    let mut world = World::new();
    let nobody = account(POST, 99);
    let pay = Pay { amount: cny(0), ..world.pay(nobody, nobody, cny(0)) };
    // No keys are asked of an account that does not exist; then the order of the enum decides.
    let outcome = world.submit(Operation::Pay(pay), &[key("a stranger")]);
    assert_eq!(outcome, rejected(Rejection::UnknownAccount));
    let pay = world.pay(wei(), nobody, cny(0));
    let outcome = world.submit(Operation::Pay(pay), &[key("a stranger")]);
    assert_eq!(outcome, rejected(Rejection::SignersMissing));
}

#[test]
fn l9_atomic_is_all_or_none() {
    let world = World::new();
    let batch = |world: &mut World| {
        vec![
            Operation::Pay(world.pay(wei(), min(), cny(600))),
            Operation::SetTier { account: wei(), tier: 7 },
            Operation::RegisterAsset {
                code: code("MILES"),
                kind: AssetKind::Points,
                decimals: Decimals(0),
                issuer: POST,
            },
            Operation::Pay(world.pay(wei(), min(), cny(10_000_000))),
            Operation::Pay(world.pay(wei(), ann(), cny(1))),
        ]
    };
    let signers = [owner(wei()), operator(POST)];
    let mut atomic = world.clone();
    let order = Order::new(batch(&mut atomic), &signers).atomic();
    let linked = rejected(Rejection::LinkedRejected);
    let failed = rejected(Rejection::InsufficientFunds);
    let expected = [linked.clone(), linked.clone(), linked.clone(), failed.clone(), linked];
    let transaction = atomic.verified(&order);
    let executed = atomic.block(std::slice::from_ref(&transaction));
    let outcomes: Vec<_> =
        executed.booked.iter().map(|booked| booked.receipt.outcome.clone()).collect();
    assert_eq!(outcomes, expected);
    assert_eq!(atomic.posted(wei(), "CNY"), 10_000_000);
    assert_eq!(atomic.tip.state().account(wei()).unwrap().tier, 1);
    assert_eq!(atomic.tip.state().asset(code("MILES")), None);
    assert_eq!(atomic.tip.state().supply(code("MILES")), None);
    assert!(atomic.block(&[transaction]).booked.is_empty(), "spent");

    let mut each = world.clone();
    let order = Order::new(batch(&mut each), &signers);
    let outcomes = each.order(&order);
    let reasons: Vec<_> = outcomes.iter().map(Outcome::rejection).collect();
    assert_eq!(reasons, [None, None, None, Some(Rejection::InsufficientFunds), None]);
    assert_eq!(each.posted(wei(), "CNY"), 10_000_000 - 600 - 1);
    assert_eq!(each.posted(ann(), "CNY"), 1);

    let mut good = world;
    let mut operations = batch(&mut good);
    operations.remove(3);
    let outcomes = good.order(&Order::new(operations, &signers).atomic());
    assert!(outcomes.iter().all(|outcome| outcome.rejection().is_none()));
    assert_eq!(good.posted(min(), "CNY"), 10_000_600);
}

#[test]
fn l9_a_used_uetr_stops_an_atomic_transaction() {
    let mut world = World::new();
    let used = world.pay(wei(), min(), cny(1));
    settled(&world.submit(Operation::Pay(used.clone()), &[owner(wei())]));
    let fresh = world.pay(wei(), min(), cny(2));
    let operations = vec![Operation::Pay(fresh.clone()), Operation::Pay(used)];
    let outcomes = world.order(&Order::new(operations, &[owner(wei())]).atomic());
    let expected = [rejected(Rejection::LinkedRejected), rejected(Rejection::DuplicateUetr)];
    assert_eq!(outcomes, expected);
    assert!(world.tip.state().marker(&MarkerKey::Payment(fresh.uetr)).is_some());
}

#[test]
fn l9_batches_of_8192() {
    for atomic in [false, true] {
        let mut world = World::new();
        let pays: Vec<_> =
            (0..8_192).map(|n| Operation::Pay(world.pay(wei(), min(), cny(n % 7 + 1)))).collect();
        let total: u128 = (0..8_192).map(|n| n % 7 + 1).sum();
        let order = Order { atomic, ..Order::new(pays, &[owner(wei())]) };
        let outcomes = world.order(&order);
        assert_eq!(outcomes.len(), 8_192);
        assert!(outcomes.iter().all(|outcome| outcome.rejection().is_none()));
        assert_eq!(world.posted(min(), "CNY"), 10_000_000 + total);
        let holding = world.tip.state().holding(wei(), code("CNY")).unwrap();
        assert_eq!(holding.entries, 8_193);
        let signed = order.sign(world.domains(), world.time());
        assert!(ledger::codec::encode(&signed).len() <= 3 * 1024 * 1024);
    }
}

#[test]
fn l10_full_signer_sets_and_mandates() {
    let (a, b, c) = (key("a"), key("b"), key("c"));
    let two_of_three = KeySet::of(2, vec![a.public(), b.public(), c.public()]);
    let mut world = World::new();
    let joint = account(POST, 50);
    for (mandate, bank_may) in [(false, false), (true, true)] {
        let policy = Policy { owners: two_of_three.clone(), mandate, step_up: None, limits: None };
        if mandate {
            let set = Operation::SetPolicy { account: joint, policy };
            let signers = [a.clone(), c.clone(), operator(POST)];
            assert_eq!(world.submit(set, &signers), Outcome::Done);
        } else {
            let open = Operation::OpenAccount { account: joint, policy, tier: 1 };
            assert_eq!(world.submit(open, &[operator(POST)]), Outcome::Done);
            world.issue(joint, cny(1_000));
        }
        for (signers, pays) in [
            (vec![&a], false),
            (vec![&a, &b], true),
            (vec![&b, &c], true),
            (vec![&a, &b, &c], true),
            (vec![&a, &operator(POST)], bank_may),
            (vec![&operator(POST)], bank_may),
            (vec![&operator(CHINA)], false),
            (vec![&a, &key("a stranger")], false),
        ] {
            let pay = Operation::Pay(world.pay(joint, min(), cny(1)));
            let signers: Vec<_> = signers.into_iter().cloned().collect();
            let asked = Order::one(pay.clone(), &signers).sign(world.domains(), world.time());
            let [approval] = approvals(world.tip.state(), &asked.transaction).try_into().unwrap();
            let outcome = world.submit(pay, &signers);
            let expected = (!pays).then_some(Rejection::SignersMissing);
            assert_eq!(outcome.rejection(), expected, "mandate {mandate}, {signers:?}");
            // What is said to be missing is what execution misses.
            assert_eq!((approval.account, approval.threshold), (joint, 2));
            assert_eq!(approval.missing == 0, pays, "mandate {mandate}, {approval:?}");
            assert_eq!(approval.signers.len() + approval.others.len(), 3);
        }
    }
}

#[test]
fn l10_keys_must_be_in_force() {
    let mut world = World::new();
    let new = key("wei's next");
    let rotate = Operation::RotateKeys { account: wei(), keys: KeySet::single(new.public()) };
    let pay = Operation::Pay(world.pay(wei(), min(), cny(1)));
    // The old key alone rotates itself away; the payment after it is the new key's to sign.
    let outcomes = world.order(&Order::new(vec![rotate, pay], &[owner(wei())]));
    assert_eq!(outcomes, [Outcome::Done, rejected(Rejection::SignersMissing)]);
    let late = Operation::Pay(world.pay(wei(), min(), cny(1)));
    settled(&world.submit(late, &[new]));
}

#[test]
fn l11_accounts_belong_to_their_servicer() {
    let mut world = World::new();
    let id = account(POST, 60);
    let policy = Policy::single(key("x").public());
    let open = Operation::OpenAccount { account: id, policy: policy.clone(), tier: 0 };
    let foreign = world.submit(open.clone(), &[operator(CHINA)]);
    assert_eq!(foreign, rejected(Rejection::SignersMissing));
    assert_eq!(world.submit(open, &[operator(POST)]), Outcome::Done);
    let loose = Policy { mandate: true, ..policy };
    let set = Operation::SetPolicy { account: id, policy: loose.clone() };
    assert_eq!(world.submit(set.clone(), &[key("x")]), rejected(Rejection::SignersMissing));
    assert_eq!(world.submit(set, &[key("x"), operator(POST)]), Outcome::Done);
    let keys = KeySet::single(key("y").public());
    let rotate = Operation::RotateKeys { account: id, keys: keys.clone() };
    assert_eq!(world.submit(rotate, &[key("x")]), Outcome::Done);
    let account = world.tip.state().account(id).unwrap();
    assert_eq!(account.policy, Policy { owners: keys, mandate: true, step_up: None, limits: None });
}

#[test]
fn l12_freezes_by_direction() {
    for (direction, out, coming) in [
        (FreezeDirection::Outgoing, false, true),
        (FreezeDirection::Incoming, true, false),
        (FreezeDirection::Both, false, false),
    ] {
        let mut world = World::new();
        let freeze = Operation::Freeze { account: wei(), direction };
        assert_eq!(world.submit(freeze, &[compliance(POST)]), Outcome::Done);
        let tries = |world: &mut World| {
            let from = Operation::Pay(world.pay(wei(), min(), cny(1)));
            let to = Operation::Pay(world.pay(min(), wei(), cny(1)));
            [
                world.submit(from, &[owner(wei())]).rejection(),
                world.submit(to, &[owner(min())]).rejection(),
            ]
        };
        let frozen = |open: bool| (!open).then_some(Rejection::AccountFrozen);
        assert_eq!(tries(&mut world), [frozen(out), frozen(coming)], "{direction:?}");
        let thaw = Operation::Unfreeze { account: wei() };
        assert_eq!(world.submit(thaw, &[operator(POST)]), Outcome::Done);
        assert_eq!(tries(&mut world), [None, None]);
    }
    let mut world = World::new();
    for direction in [FreezeDirection::Outgoing, FreezeDirection::Incoming] {
        let freeze = Operation::Freeze { account: wei(), direction };
        assert_eq!(world.submit(freeze, &[compliance(POST)]), Outcome::Done);
    }
    let status = world.tip.state().account(wei()).unwrap().status;
    assert_eq!(status, AccountStatus::Frozen);
}

#[test]
fn l13_accounts_close_empty_and_for_ever() {
    let mut world = World::with_fees();
    let close = |account| Operation::CloseAccount { account };
    let at_post = [operator(POST)];
    assert_eq!(world.submit(close(wei()), &at_post), rejected(Rejection::AccountNotEmpty));
    assert_eq!(world.submit(close(collector()), &at_post), rejected(Rejection::NotPermitted));
    let all = world.posted(wei(), "CNY");
    // All but the charges, which are on top: 0.5% up to 500.00, and 0.30 to another bank.
    let pay = Operation::Pay(world.pay(wei(), min(), cny(all - 49_782)));
    settled(&world.submit(pay, &[owner(wei())]));
    assert_eq!(world.posted(wei(), "CNY"), 0);
    assert_eq!(world.tip.state().account(wei()).unwrap().open_holdings, 0);
    assert_eq!(world.submit(close(wei()), &at_post), Outcome::Done);
    let unfreeze = Operation::Unfreeze { account: wei() };
    assert_eq!(world.submit(unfreeze, &at_post), rejected(Rejection::AccountClosed));
    let policy = Policy::single(key("x").public());
    let reopen = Operation::OpenAccount { account: wei(), policy, tier: 0 };
    assert_eq!(world.submit(reopen, &at_post), rejected(Rejection::AccountExists));
}

#[test]
fn l14_charges_are_itemised_and_collected() {
    let item = |kind, amount| FeeItem { kind, amount: Amount(amount) };
    let (own, interbank, border) = (FeeKind::Payment, FeeKind::Interbank, FeeKind::CrossBorder);
    for (to, amount, fees) in [
        (ann(), 9_999, vec![]),
        (ann(), 10_000, vec![item(own, 100)]),
        (ann(), 40_000, vec![item(own, 200)]),
        (ann(), 40_001, vec![item(own, 201)]),
        (min(), 40_000, vec![item(own, 200), item(interbank, 30)]),
        (lee(), 40_000, vec![item(own, 200), item(interbank, 30), item(border, 70)]),
        (lee(), 9_900_000, vec![item(own, 49_500), item(interbank, 30), item(border, 70)]),
    ] {
        let mut world = World::with_fees();
        let total: u128 = fees.iter().map(|item| item.amount.0).sum();
        let pay =
            Pay { terms: free(ChargeBearer::Debtor, total), ..world.pay(wei(), to, cny(amount)) };
        let outcome = world.submit(Operation::Pay(pay.clone()), &[owner(wei())]);
        assert_eq!(settled(&outcome).fees, fees, "{amount}");
        assert_eq!(settled(&outcome).fee(), Amount(total));
        assert_eq!(world.posted(collector(), "CNY"), total);
        assert_eq!(world.posted(wei(), "CNY"), 10_000_000 - amount - total);
        if let Some(less) = total.checked_sub(1) {
            let terms = free(ChargeBearer::Debtor, less);
            let pay = Pay { uetr: world.fresh_uetr(), terms, ..pay };
            let outcome = world.submit(Operation::Pay(pay), &[owner(wei())]);
            assert_eq!(outcome, rejected(Rejection::FeeAboveAgreed));
        }
    }
}

#[test]
fn l14_a_frozen_collector_stops_no_customer() {
    let mut world = World::with_fees();
    let direction = FreezeDirection::Both;
    let freeze = Operation::Freeze { account: collector(), direction };
    assert_eq!(world.submit(freeze, &[operator(POST)]), Outcome::Done);
    let pay = Operation::Pay(world.pay(wei(), ann(), cny(20_000)));
    settled(&world.submit(pay, &[owner(wei())]));
    assert_eq!(world.posted(collector(), "CNY"), 100);
}

#[test]
fn l14_the_collector_pays_and_is_paid_like_anyone() {
    let mut world = World::with_fees();
    let to_collector = Operation::Pay(world.pay(wei(), collector(), cny(20_000)));
    settled(&world.submit(to_collector, &[owner(wei())]));
    assert_eq!(world.posted(collector(), "CNY"), 20_100);
    let back = Operation::Pay(world.pay(collector(), ann(), cny(20_000)));
    settled(&world.submit(back, &[owner(collector())]));
    assert_eq!(world.posted(collector(), "CNY"), 100);
    assert_eq!(sum_of_holdings(&world, "CNY"), issued_less_redeemed(&world, "CNY"));
}

#[test]
fn l15_who_bears_the_charges() {
    for (bearer, debited, credited) in [
        (ChargeBearer::Debtor, 20_130, 20_000),
        (ChargeBearer::Shared, 20_130, 20_000),
        (ChargeBearer::Creditor, 20_000, 19_870),
    ] {
        let mut world = World::with_fees();
        let pay = Pay { terms: free(bearer, 130), ..world.pay(wei(), min(), cny(20_000)) };
        let outcome = world.submit(Operation::Pay(pay), &[owner(wei())]);
        let settlement = settled(&outcome);
        assert_eq!(settlement.debited, cny(debited), "{bearer:?}");
        assert_eq!(settlement.credited, cny(credited), "{bearer:?}");
        assert_eq!(world.posted(wei(), "CNY"), 10_000_000 - debited);
        assert_eq!(world.posted(min(), "CNY"), 10_000_000 + credited);
        assert_eq!(world.posted(collector(), "CNY"), 130);

        let pay = world.pay_across(cny(20_000));
        let pay = PayAcross { terms: free(bearer, 200), ..pay };
        let outcome = world.submit(Operation::PayAcross(Box::new(pay)), &[owner(wei())]);
        let settlement = settled(&outcome);
        let sold = if bearer == ChargeBearer::Creditor { 19_800 } else { 20_000 };
        assert_eq!(settlement.exchange.as_ref().unwrap().sold, cny(sold), "{bearer:?}");
        assert_eq!(settlement.credited, hkd(sold * 1_085 / 1_000), "{bearer:?}");
        assert_eq!(world.posted(collector(), "CNY"), 330);
    }
}

#[test]
fn l15_charges_must_leave_something() {
    for (flat, expected) in [(10_000, Some(Rejection::FeeAboveAgreed)), (9_999, None)] {
        let mut world = World::with_fees();
        let rule =
            FeeRule { flat: Amount(flat), basis_points: 0, minimum: Amount(0), ..fee_rule() };
        let schedule = FeeSchedule { version: 2, collector: collector(), rules: vec![rule] };
        let publish = Operation::SetFeeSchedule { institution: POST, schedule };
        assert_eq!(world.submit(publish, &[operator(POST)]), Outcome::Done);
        let terms = free(ChargeBearer::Creditor, 1_000_000);
        let pay = Pay { terms, ..world.pay(wei(), ann(), cny(10_000)) };
        let outcome = world.submit(Operation::Pay(pay), &[owner(wei())]);
        assert_eq!(outcome.rejection(), expected, "{flat}");
    }
}

#[test]
fn l16_both_legs_or_none() {
    let mut world = World::new();
    let pay = world.pay_across(cny(100_000));
    let outcome = world.submit(Operation::PayAcross(Box::new(pay.clone())), &[owner(wei())]);
    let settlement = settled(&outcome);
    assert_eq!((settlement.debited, settlement.credited), (cny(100_000), hkd(108_500)));
    let exchange = settlement.exchange.clone().unwrap();
    assert_eq!((exchange.dealer, exchange.rate), (dealer(), Rate::parse("1.085").unwrap()));
    assert_eq!(exchange.quote, pay.route.first.quote.id(world.domains()));
    let positions = |world: &World| {
        let of = |account, asset| world.posted(account, asset);
        [of(wei(), "CNY"), of(dealer(), "CNY"), of(dealer(), "HKD"), of(lee(), "HKD")]
    };
    let after = [9_900_000, 10_100_000, 9_891_500, 10_108_500];
    assert_eq!(positions(&world), after);
    // The dealer's side fails: the payer's does not happen either.
    let dear = Quote { rate: Rate::parse("98.916").unwrap(), ..world.quote("1") };
    let pay =
        PayAcross { route: Route::direct(world.signed(dear)), ..world.pay_across(cny(100_000)) };
    let outcome = world.submit(Operation::PayAcross(Box::new(pay)), &[owner(wei())]);
    assert_eq!(outcome, rejected(Rejection::DealerInsufficientFunds));
    assert_eq!(positions(&world), after);
}

#[test]
fn l16_there_and_back_never_gains() {
    for (there, back) in
        [("1.0850", "0.921658986175"), ("3", "0.333333333333"), ("0.07", "14.2857")]
    {
        for amount in [15, 101, 1_237, 99_999] {
            let mut world = World::new();
            let quote = Quote { rate: Rate::parse(there).unwrap(), ..world.quote("1") };
            let pay = PayAcross {
                route: Route::direct(world.signed(quote)),
                ..world.pay_across(cny(amount))
            };
            let outcome = world.submit(Operation::PayAcross(Box::new(pay)), &[owner(wei())]);
            let got = settled(&outcome).credited;
            let rate = Rate::parse(back).unwrap();
            let (sell, buy) = (code("HKD"), code("CNY"));
            let quote = Quote { rate, sell, buy, ..world.quote("1") };
            let pay = PayAcross {
                from: lee(),
                to: wei(),
                sell: got,
                minimum_received: cny(1),
                route: Route::direct(world.signed(quote)),
                ..world.pay_across(cny(1))
            };
            let outcome = world.submit(Operation::PayAcross(Box::new(pay)), &[owner(lee())]);
            assert!(settled(&outcome).credited <= cny(amount), "{there} {amount}");
            assert!(world.posted(wei(), "CNY") <= 10_000_000);
            assert!(world.posted(dealer(), "CNY") >= 10_000_000);
        }
    }
}

#[test]
fn l17_a_quote_is_used_once_and_only_by_what_settles() {
    let mut world = World::new();
    let first = world.pay_across(cny(100_000));
    let poor = PayAcross { sell: cny(4_000_000), ..first.clone() };
    let poor = PayAcross { minimum_received: hkd(9_000_000), ..poor };
    let outcome = world.submit(Operation::PayAcross(Box::new(poor)), &[owner(wei())]);
    assert_eq!(outcome, rejected(Rejection::QuoteMismatch));
    let id = first.route.first.quote.id(world.domains());
    assert_eq!(world.tip.state().marker(&MarkerKey::Quote(id)), None);
    let again = PayAcross { uetr: world.fresh_uetr(), ..first };
    settled(&world.submit(Operation::PayAcross(Box::new(again.clone())), &[owner(wei())]));
    assert!(world.tip.state().marker(&MarkerKey::Quote(id)).is_some());
    let third = PayAcross { uetr: world.fresh_uetr(), ..again };
    let outcome = world.submit(Operation::PayAcross(Box::new(third)), &[owner(wei())]);
    assert_eq!(outcome, rejected(Rejection::QuoteUsed));
}

#[test]
fn l17_an_atomic_failure_leaves_the_quote_unused() {
    let mut world = World::new();
    let across = world.pay_across(cny(100_000));
    let too_much = Operation::Pay(world.pay(wei(), min(), cny(10_000_000)));
    let operations = vec![Operation::PayAcross(Box::new(across.clone())), too_much];
    let outcomes = world.order(&Order::new(operations, &[owner(wei())]).atomic());
    assert_eq!(outcomes[1], rejected(Rejection::InsufficientFunds));
    let again = PayAcross { uetr: world.fresh_uetr(), ..across };
    settled(&world.submit(Operation::PayAcross(Box::new(again)), &[owner(wei())]));
}

#[test]
fn l17_a_forged_quote_never_enters() {
    let mut world = World::new();
    let mut pay = world.pay_across(cny(100));
    pay.route.first.quote.maximum = Amount(9_999_999);
    let order = Order::one(Operation::PayAcross(Box::new(pay)), &[owner(wei())]);
    let signed = order.sign(world.domains(), world.time());
    let simulated = world.tip.simulate(world.time(), &signed.transaction);
    assert_eq!(simulated, Err(EnvelopeError::Signature));
    let verdicts = verify_all(world.domains(), vec![signed]);
    assert_eq!(verdicts, [Err(EnvelopeError::Signature)]);
}

#[test]
fn l18_buckets_are_forgotten_whole() {
    let mut world = World::new();
    let pay = world.pay(wei(), min(), cny(1));
    settled(&world.submit(Operation::Pay(pay.clone()), &[owner(wei())]));
    let key = MarkerKey::Payment(pay.uetr);
    let first = world.tip.state().bucket_at(world.tip.header().time);
    let span = Parameters::USUAL.marker_bucket_ms;
    let kept = u64::from(Parameters::USUAL.marker_buckets_kept);
    let last = Timestamp((first + kept + 1) * span - 1);
    world.step = last.since(world.tip.header().time);
    assert!(world.block(&[]).changes.is_empty());
    assert!(world.tip.state().marker(&key).is_some());
    world.step = 1;
    let executed = world.block(&[]);
    assert_eq!(executed.changes.dropped_buckets(), [first]);
    let summary = StateKey::MarkerBucket(first);
    let removed: Vec<_> = executed.changes.entries().collect();
    assert_eq!(removed, [(&summary.bytes()[..], None)]);
    assert_eq!(world.tip.state().marker(&key), None);
    assert_eq!(world.tip.state().value(&summary), None);
    assert_eq!(world.tip.state().oldest_bucket_at(world.tip.header().time), first + 1);
}

#[test]
fn l18_markers_are_proven_present_and_absent() {
    let mut world = World::new();
    let pay = world.pay(wei(), min(), cny(1));
    settled(&world.submit(Operation::Pay(pay.clone()), &[owner(wei())]));
    let state = world.tip.state();
    let (domains, root) = (world.domains(), world.tip.header().state_root);
    let bucket = state.bucket_at(world.tip.header().time);
    let (done, not) = (MarkerKey::Payment(pay.uetr), MarkerKey::Payment(uetr(123_456_789)));
    let check = |bucket, key: &MarkerKey| {
        let proof = state.prove_marker(bucket, key);
        let bytes = ledger::codec::encode(&proof);
        assert_eq!(ledger::codec::decode(&bytes, bytes.len()).ok(), Some(proof.clone()));
        proof.verify(domains, bucket, key, &root)
    };
    assert_eq!(check(bucket, &done).unwrap(), state.marker(&done));
    assert_eq!(check(bucket, &not).unwrap(), None);
    assert_eq!(check(bucket + 1, &done).unwrap(), None);
    // No proof serves for another key, bucket or root, and no byte of one can change.
    let proof = state.prove_marker(bucket, &done);
    assert!(proof.verify(domains, bucket, &not, &root).is_err());
    assert!(proof.verify(domains, bucket + 1, &done, &root).is_err());
    assert!(proof.verify(domains, bucket, &done, &Hash([1; 32])).is_err());
    for key in [&done, &not] {
        let good = ledger::codec::encode(&state.prove_marker(bucket, key));
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 1;
            let verdict = ledger::codec::decode::<ledger::state::MarkerProof>(&bad, bad.len())
                .is_ok_and(|proof| proof.verify(domains, bucket, key, &root).is_ok());
            assert!(!verdict, "byte {place}");
        }
    }
}

#[test]
fn l19_restored_from_its_entries_the_state_is_the_same() {
    let mut world = World::with_fees();
    let pay = Operation::Pay(world.pay(wei(), min(), cny(20_000)));
    settled(&world.submit(pay, &[owner(wei())]));
    let listed: Vec<_> =
        world.tip.state().entries().map(|(key, value)| (key, value.to_vec())).collect();
    assert_eq!(u64::try_from(listed.len()).unwrap(), world.tip.state().entry_count());
    let mut reversed = listed.clone();
    reversed.reverse();
    let state = State::restore(world.domains(), reversed).unwrap();
    assert_eq!(state.root(), world.tip.state().root());
    assert_eq!(state.directory(), world.tip.state().directory());
    // The restored node goes on exactly as the others.
    let parent = world.clone();
    let order = Order::one(Operation::Pay(world.pay(wei(), min(), cny(7))), &[owner(wei())]);
    let transactions = [world.verified(&order)];
    let executed = world.block(&transactions);
    let block = Block { header: parent.tip.header().clone(), cut: parent.tip.cut().clone() };
    let tip = Tip::restore(block, state, parent.before.clone()).unwrap();
    let checked = tip.check(&executed.block, &transactions).unwrap();
    assert_eq!(checked.booked, executed.booked);
    assert_eq!(checked.tip.hash(), world.tip.hash());
}

#[test]
fn l19_a_list_that_is_no_state_is_refused() {
    let mut world = World::new();
    let pay = Operation::Pay(world.pay(wei(), min(), cny(1)));
    settled(&world.submit(pay, &[owner(wei())]));
    let listed: Vec<_> =
        world.tip.state().entries().map(|(key, value)| (key, value.to_vec())).collect();
    let refusal = |change: &dyn Fn(&mut Listed)| {
        let mut list = listed.clone();
        change(&mut list);
        State::restore(world.domains(), list).err()
    };
    assert_eq!(refusal(&|_| ()), None);
    let bucket = world.tip.state().bucket_at(world.tip.header().time);
    let summary = StateKey::MarkerBucket(bucket).bytes();
    let is_marker = |key: &[u8]| key[0] == MARKER_TAG;
    let cases: [Damage<'_>; 6] = [
        (
            "an unknown key",
            &|list| list.push((vec![99], vec![])),
            RestoreError::Key { key: "63".to_owned() },
        ),
        (
            "a malformed value",
            &|list| list.push((wei_key(), vec![7])),
            RestoreError::Value { key: FlatKey::Record(StateKey::Account(wei())) },
        ),
        (
            "a missing marker",
            &|list| {
                let place = list.iter().position(|(key, _)| is_marker(key)).unwrap();
                list.remove(place);
            },
            RestoreError::Bucket { bucket },
        ),
        (
            "no markers at all",
            &|list| list.retain(|(key, _)| !is_marker(key)),
            RestoreError::Bucket { bucket },
        ),
        (
            "no summary",
            &|list| list.retain(|(key, _)| *key != summary),
            RestoreError::Bucket { bucket },
        ),
        ("no parameters", &|list| list.retain(|(key, _)| *key != [1]), RestoreError::Incomplete),
    ];
    for (name, change, expected) in cases {
        assert_eq!(refusal(change), Some(expected), "{name}");
    }
}

type Listed = Vec<(Vec<u8>, Vec<u8>)>;

/// A name, what is done to the list, and the refusal.
type Damage<'a> = (&'a str, &'a dyn Fn(&mut Listed), RestoreError);

fn wei_key() -> Vec<u8> {
    StateKey::Account(wei()).bytes()
}

#[test]
fn l19_simulation_is_what_happens() {
    let mut world = World::with_fees();
    let pay = world.pay(wei(), min(), cny(20_000));
    let order = Order::one(Operation::Pay(pay), &[owner(wei())]);
    let transaction = world.verified(&order);
    let simulated = world.tip.simulate(world.time(), transaction.body()).unwrap();
    let executed = world.block(std::slice::from_ref(&transaction));
    let Simulation::Outcome { receipts, balances, .. } = simulated else { panic!("it is new") };
    let happened: Vec<_> = executed.booked.iter().map(|booked| booked.receipt.clone()).collect();
    assert_eq!(receipts, happened);
    assert_eq!(balances.len(), 3);
    for ((account, asset), holding) in balances {
        assert_eq!(world.tip.state().holding(account, asset), Some(holding));
    }
    let again = world.tip.simulate(world.time(), transaction.body()).unwrap();
    let Simulation::Executed(marker) = again else { panic!("it was executed") };
    assert_eq!(marker.height, world.tip.height());
    let mut foreign = transaction.body().clone();
    foreign.chain_id.0.0[0] ^= 1;
    let expected = world.domains().chain_id();
    let refused = world.tip.simulate(world.time(), &foreign);
    assert_eq!(refused, Err(EnvelopeError::WrongChain { expected }));
}

/// What is done to a block, and the refusal.
type Forgery = (fn(&mut Block), BlockRefusal);

#[test]
fn l20_blocks_are_refused_by_name() {
    let mut world = World::new();
    let order = Order::one(Operation::Pay(world.pay(wei(), min(), cny(1))), &[owner(wei())]);
    let transactions = [world.verified(&order)];
    let mut cut = world.tip.cut().clone();
    cut.0[1] = LaneTip { sequence: 3, batch: Hash([3; 32]) };
    let first = world.tip.build(View(90), ValidatorIndex(1), world.time(), cut, &[]);
    let tip = first.tip;
    let time = tip.header().time.plus(5);
    let cut = tip.cut().clone();
    let built = tip.build(View(91), ValidatorIndex(2), time, cut, &transactions);
    assert!(tip.check(&built.block, &transactions).is_ok());
    let cases: [Forgery; 16] = [
        (|block| block.header.chain_id.0.0[0] ^= 1, BlockRefusal::Chain),
        (|block| block.header.epoch = Epoch(1), BlockRefusal::Epoch),
        (|block| block.header.height = block.header.height.next(), BlockRefusal::Height),
        (|block| block.header.view = View(90), BlockRefusal::View),
        (|block| block.header.parent.0[0] ^= 1, BlockRefusal::Parent),
        (|block| block.header.time = block.header.time.minus(5), BlockRefusal::Time),
        (|block| block.header.proposer = ValidatorIndex(4), BlockRefusal::Proposer),
        (|block| block.cut.0.truncate(3), BlockRefusal::Lanes),
        (
            |block| block.cut.0[1].sequence = 2,
            BlockRefusal::CutGoesBack { lane: ValidatorIndex(1) },
        ),
        (
            |block| block.cut.0[1].batch.0[0] ^= 1,
            BlockRefusal::CutGoesBack { lane: ValidatorIndex(1) },
        ),
        (|block| block.header.lanes_root.0[0] ^= 1, BlockRefusal::LanesRoot),
        (|block| block.header.validators_hash.0[0] ^= 1, BlockRefusal::Validators),
        (|block| block.header.next_validators_hash.0[0] ^= 1, BlockRefusal::NextValidators),
        (|block| block.header.history_root.0[0] ^= 1, BlockRefusal::HistoryRoot),
        (|block| block.header.receipts_root.0[0] ^= 1, BlockRefusal::ReceiptsRoot),
        (|block| block.header.state_root.0[0] ^= 1, BlockRefusal::StateRoot),
    ];
    for (change, expected) in cases {
        let mut block = built.block.clone();
        change(&mut block);
        assert_eq!(tip.check(&block, &transactions).err(), Some(expected));
    }
    assert_eq!(tip.check(&built.block, &[]).err(), Some(BlockRefusal::ReceiptsRoot));
    // A time that does not move on is moved on.
    let stuck = tip.build(View(91), ValidatorIndex(2), Timestamp(0), tip.cut().clone(), &[]);
    assert_eq!(stuck.block.header.time, tip.header().time.plus(1));
}

#[test]
fn l20_a_damaged_checkpoint_makes_no_tip() {
    let mut world = World::new();
    let before = world.clone();
    world.block(&[]);
    let block = Block { header: world.tip.header().clone(), cut: world.tip.cut().clone() };
    let state = || world.tip.state().clone();
    let restore = |block: &Block, state, history: &ledger::history::History| {
        Tip::restore(block.clone(), state, history.clone()).map(|tip| tip.hash())
    };
    assert_eq!(restore(&block, state(), &world.before), Ok(world.tip.hash()));
    let empty = World::empty().tip.state().clone();
    assert_eq!(restore(&block, empty, &world.before), Err(BlockRefusal::StateRoot));
    let wrong = restore(&block, state(), &before.before);
    assert_eq!(wrong, Err(BlockRefusal::HistoryRoot));
    let mut other = block;
    other.cut.0[0].sequence = 9;
    assert_eq!(restore(&other, state(), &world.before), Err(BlockRefusal::LanesRoot));
}

#[test]
fn the_genesis_block_commits_to_the_founders() {
    let genesis = Tip::genesis(&document()).unwrap();
    let header = &genesis.block.header;
    assert_eq!((header.height, header.parent, header.time), (Height(0), Hash::ZERO, START));
    assert_eq!(genesis.tip.state().root(), header.state_root);
    let state = genesis.tip.state();
    for (number, member) in document().institutions() {
        assert_eq!(state.institution(number), Some(&member.institution));
        assert_eq!(state.institution_by_bic(member.institution.bic), Some(number));
    }
    assert_eq!(state.institution(InstitutionNumber(5)), None);
    assert_eq!(state.validators(Epoch(0)).as_ref(), Some(genesis.tip.validators()));
    assert_eq!(*state.parameters(), Parameters::USUAL);
    let proof = state.prove(&StateKey::Institution(POST));
    let key = StateKey::Institution(POST).bytes();
    let value = state.value(&StateKey::Institution(POST));
    assert_eq!(proof.verify(genesis.tip.domains(), &key, value, &header.state_root), Ok(()));
    let listed: Vec<_> = state.entries().map(|(key, value)| (key, value.to_vec())).collect();
    let changed = genesis.changes.entries().map(|(k, v)| (k.to_vec(), v.unwrap().to_vec()));
    let (mut listed, mut changed) = (listed, changed.collect::<Vec<_>>());
    listed.sort();
    changed.sort();
    assert_eq!(listed, changed);
}
