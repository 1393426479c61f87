//! Every rejection of every operation: alone, and in precedence before each later one.
//!
//! A scenario is an operation that succeeds, and the defects that it can have. Each defect alone
//! gives its rejection; each two that can stand together give the one that comes first in
//! [`Rejection`].
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a helper takes the operations it is for")]

mod support;

use std::collections::BTreeSet;

use ledger::account::{Account, KeySet, Policy};
use ledger::codec;
use ledger::crypto::SecretKey;
use ledger::execute::execute;
use ledger::fees::FeeSchedule;
use ledger::ids::{AccountId, Height, InstitutionNumber, Uetr};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, FreezeDirection, Operation, Pay, PayAcross};
use ledger::quote::{Quote, SignedQuote};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::rejection::Rejection::*;
use ledger::state::{FlatKey, State, StateKey};
use support::*;

const NOBODY: InstitutionNumber = InstitutionNumber(99);

/// An operation about to be submitted, and the world it meets.
#[derive(Clone)]
struct Case {
    world: World,
    operation: Operation,
    signers: Vec<SecretKey>,
    window: (i64, i64),
}

impl Case {
    fn submit(mut self) -> Outcome {
        let order = Order { window: self.window, ..Order::one(self.operation, &self.signers) };
        self.world.order(&order).remove(0)
    }

    fn prepare(&mut self, operation: Operation, signer: SecretKey) {
        let outcome = self.world.submit(operation, &[signer]);
        assert_eq!(outcome.rejection(), None);
    }

    fn freeze(&mut self, account: AccountId, direction: FreezeDirection) {
        self.prepare(Operation::Freeze { account, direction }, compliance(account.servicer()));
    }

    /// An account of `bank` that was opened and closed.
    fn closed(&mut self, bank: InstitutionNumber) -> AccountId {
        let account = account(bank, 77);
        self.world.open(account);
        self.prepare(Operation::CloseAccount { account }, operator(bank));
        account
    }

    fn pay(&mut self) -> &mut Pay {
        let Operation::Pay(pay) = &mut self.operation else { panic!("not a payment") };
        pay
    }

    fn across(&mut self) -> &mut PayAcross {
        let Operation::PayAcross(pay) = &mut self.operation else { panic!("not a payment") };
        pay
    }

    fn requote(&mut self, change: impl FnOnce(&mut Quote)) {
        let mut quote = self.across().quote.quote.clone();
        change(&mut quote);
        let signed = self.world.signed(quote);
        self.across().quote = signed;
    }

    fn schedule(&mut self) -> &mut FeeSchedule {
        let Operation::SetFeeSchedule { schedule, .. } = &mut self.operation else {
            panic!("not a schedule")
        };
        schedule
    }

    fn money(&mut self) -> &mut Money {
        match &mut self.operation {
            Operation::Pay(pay) => &mut pay.amount,
            Operation::PayAcross(pay) => &mut pay.sell,
            Operation::Issue { amount, .. } | Operation::Redeem { amount, .. } => amount,
            _ => panic!("it moves nothing"),
        }
    }

    fn set_account(&mut self, id: AccountId) {
        match &mut self.operation {
            Operation::OpenAccount { account, .. }
            | Operation::SetPolicy { account, .. }
            | Operation::RotateKeys { account, .. }
            | Operation::Freeze { account, .. }
            | Operation::Unfreeze { account }
            | Operation::CloseAccount { account }
            | Operation::SetTier { account, .. }
            | Operation::Redeem { from: account, .. }
            | Operation::Issue { to: account, .. } => *account = id,
            _ => panic!("it names no single account"),
        }
    }

    /// Another payment under the same UETR settles first.
    fn spend_uetr(&mut self) {
        let uetr: Uetr = self.operation.uetr().unwrap();
        let pay = Pay { uetr, ..self.world.pay(min(), ann(), cny(1)) };
        self.prepare(Operation::Pay(pay), owner(min()));
    }
}

/// Something wrong with a case. Two defects that touch the same place do not stand together.
struct Defect {
    rejection: Rejection,
    touches: &'static [&'static str],
    apply: fn(&mut Case),
}

const fn defect(
    rejection: Rejection,
    touches: &'static [&'static str],
    apply: fn(&mut Case),
) -> Defect {
    Defect { rejection, touches, apply }
}

/// What every operation can have.
fn common() -> Vec<Defect> {
    vec![
        defect(NotYetValid, &["window"], |case| case.window = (1, 600_000)),
        defect(Expired, &["window"], |case| case.window = (-600_000, -1)),
        defect(SignersMissing, &["signers"], |case| case.signers = vec![key("a stranger")]),
    ]
}

fn moving() -> Vec<Defect> {
    let mut defects = common();
    defects.extend([
        defect(DuplicateUetr, &["uetr"], Case::spend_uetr),
        defect(ZeroAmount, &["amount"], |case| case.money().amount = Amount(0)),
        defect(AmountTooLarge, &["amount"], |case| {
            case.money().amount = Amount(Amount::MAXIMUM.0 + 1);
        }),
    ]);
    defects
}

/// What every operation of a servicer on an account can have.
fn serviced() -> Vec<Defect> {
    let mut defects = common();
    defects.extend([
        defect(UnknownInstitution, &["account", "signers"], |case| {
            case.set_account(account(NOBODY, 1));
        }),
        defect(UnknownAccount, &["account"], |case| case.set_account(account(POST, 99))),
        defect(AccountClosed, &["account"], |case| {
            let closed = case.closed(POST);
            case.set_account(closed);
            case.signers.push(owner(closed));
        }),
    ]);
    defects
}

/// Submits the good case, each defect alone, and each two in both orders of coming about.
fn check(operation: fn(&mut World) -> Operation, signers: &[SecretKey], defects: &[Defect]) {
    let mut world = World::with_fees();
    let operation = operation(&mut world);
    let good = Case { world, operation, signers: signers.to_vec(), window: (-1_000, 1_000) };
    assert_eq!(good.clone().submit().rejection(), None, "the good case");
    let mut pairs = 0;
    for one in defects {
        let mut case = good.clone();
        (one.apply)(&mut case);
        assert_eq!(case.submit(), rejected(one.rejection));
        for other in defects {
            let touched = |place| other.touches.contains(place);
            if one.touches.iter().any(touched) {
                continue;
            }
            let mut case = good.clone();
            (one.apply)(&mut case);
            (other.apply)(&mut case);
            let (first, second) = (one.rejection, other.rejection);
            assert_eq!(case.submit(), rejected(first.min(second)), "{first:?} and {second:?}");
            pairs += 1;
        }
    }
    assert!(pairs > 0, "precedence was compared");
}

#[test]
fn register_asset() {
    let mut defects = common();
    defects.extend([
        defect(UnknownInstitution, &["issuer", "signers"], |case| {
            let Operation::RegisterAsset { issuer, .. } = &mut case.operation else { panic!() };
            *issuer = NOBODY;
        }),
        defect(NotPermitted, &["issuer", "signers"], |case| {
            let Operation::RegisterAsset { issuer, .. } = &mut case.operation else { panic!() };
            *issuer = CHINA;
            case.signers = vec![operator(CHINA)];
        }),
        defect(AssetConflict, &["asset"], |case| {
            let Operation::RegisterAsset { code: asset, .. } = &mut case.operation else {
                panic!()
            };
            *asset = code("CNY");
        }),
        defect(AssetConflict, &["asset"], |case| {
            let Operation::RegisterAsset { decimals, .. } = &mut case.operation else { panic!() };
            *decimals = Decimals(2);
        }),
        defect(AssetConflict, &["asset"], |case| {
            let Operation::RegisterAsset { kind, .. } = &mut case.operation else { panic!() };
            *kind = AssetKind::Points;
        }),
    ]);
    let yen = |_: &mut World| Operation::RegisterAsset {
        code: code("JPY"),
        kind: AssetKind::Currency,
        decimals: Decimals(0),
        issuer: POST,
    };
    check(yen, &[operator(POST)], &defects);
}

#[test]
fn issue() {
    let mut defects = moving();
    defects.extend([
        defect(UnknownPayee, &["account"], |case| case.set_account(account(CHINA, 99))),
        defect(AccountClosed, &["account"], |case| {
            let closed = case.closed(CHINA);
            case.set_account(closed);
        }),
        defect(AccountFrozen, &["account"], |case| case.freeze(min(), FreezeDirection::Incoming)),
        defect(UnknownAsset, &["asset", "signers"], |case| case.money().asset = code("XYZ")),
    ]);
    let good = |world: &mut World| Operation::Issue {
        uetr: world.fresh_uetr(),
        to: min(),
        amount: cny(500),
    };
    check(good, &[operator(POST)], &defects);
}

#[test]
fn redeem() {
    let mut defects = moving();
    defects.extend([
        defect(SignersMissing, &["signers", "account"], |case| {
            case.signers = vec![operator(POST)];
        }),
        defect(SignersMissing, &["signers", "asset"], |case| case.signers = vec![owner(wei())]),
        defect(UnknownAccount, &["account", "signers"], |case| {
            case.set_account(account(POST, 99));
        }),
        defect(AccountClosed, &["account", "signers"], |case| {
            let closed = case.closed(POST);
            case.set_account(closed);
            case.signers.push(owner(closed));
        }),
        defect(AccountFrozen, &["account"], |case| case.freeze(wei(), FreezeDirection::Outgoing)),
        defect(UnknownAsset, &["asset", "signers"], |case| case.money().asset = code("XYZ")),
        defect(InsufficientFunds, &["amount"], |case| case.money().amount = Amount(10_000_001)),
    ]);
    let good = |world: &mut World| Operation::Redeem {
        uetr: world.fresh_uetr(),
        from: wei(),
        amount: cny(500),
    };
    check(good, &[owner(wei()), operator(POST)], &defects);
}

#[test]
fn open_account() {
    let mut defects = common();
    defects.extend([
        defect(UnknownInstitution, &["account", "signers"], |case| {
            case.set_account(account(NOBODY, 1));
        }),
        defect(AccountExists, &["account"], |case| case.set_account(wei())),
    ]);
    let good = |_: &mut World| Operation::OpenAccount {
        account: account(POST, 88),
        policy: Policy::single(key("new").public()),
        tier: 3,
    };
    check(good, &[operator(POST)], &defects);
}

#[test]
fn set_policy() {
    let mut defects = serviced();
    defects.extend([
        defect(SignersMissing, &["signers", "account"], |case| {
            case.signers = vec![operator(POST)];
        }),
        defect(SignersMissing, &["signers"], |case| case.signers = vec![owner(wei())]),
    ]);
    let policy = |_: &mut World| Operation::SetPolicy {
        account: wei(),
        policy: Policy { owners: KeySet::single(key("new").public()), mandate: true },
    };
    check(policy, &[owner(wei()), operator(POST)], &defects);
}

#[test]
fn rotate_keys() {
    let mut defects = common();
    defects.extend([
        defect(UnknownAccount, &["account", "signers"], |case| {
            case.set_account(account(POST, 99));
        }),
        defect(AccountClosed, &["account", "signers"], |case| {
            let closed = case.closed(POST);
            case.set_account(closed);
            case.signers = vec![owner(closed)];
        }),
        defect(AccountFrozen, &["account"], |case| case.freeze(wei(), FreezeDirection::Outgoing)),
    ]);
    let rotate = |_: &mut World| Operation::RotateKeys {
        account: wei(),
        keys: KeySet::single(key("new").public()),
    };
    check(rotate, &[owner(wei())], &defects);
}

#[test]
fn freeze_unfreeze_and_tier() {
    let freeze =
        |_: &mut World| Operation::Freeze { account: wei(), direction: FreezeDirection::Both };
    check(freeze, &[compliance(POST)], &serviced());
    check(freeze, &[operator(POST)], &serviced());
    check(|_| Operation::Unfreeze { account: wei() }, &[compliance(POST)], &serviced());
    let tier = |_: &mut World| Operation::SetTier { account: wei(), tier: 9 };
    let mut defects = serviced();
    defects.push(defect(SignersMissing, &["signers"], |case| {
        case.signers = vec![compliance(POST)];
    }));
    check(tier, &[operator(POST)], &defects);
}

#[test]
fn close_account() {
    let mut defects = serviced();
    defects.extend([
        defect(AccountNotEmpty, &["account"], |case| case.set_account(wei())),
        defect(NotPermitted, &["account"], |case| case.set_account(collector())),
    ]);
    check(|_| Operation::CloseAccount { account: ann() }, &[operator(POST)], &defects);
}

#[test]
fn set_fee_schedule() {
    let mut defects = common();
    defects.extend([
        defect(UnknownInstitution, &["institution", "signers"], |case| {
            let Operation::SetFeeSchedule { institution, .. } = &mut case.operation else {
                panic!()
            };
            *institution = NOBODY;
        }),
        defect(UnknownAccount, &["collector"], |case| {
            case.schedule().collector = account(POST, 99);
        }),
        defect(AccountClosed, &["collector"], |case| {
            case.schedule().collector = case.closed(POST);
        }),
        defect(UnknownAsset, &["rules"], |case| {
            case.schedule().rules[0].asset = code("XYZ");
        }),
        defect(FeeScheduleConflict, &["collector"], |case| case.schedule().collector = min()),
        defect(FeeScheduleConflict, &["version"], |case| case.schedule().version = 1),
        defect(FeeScheduleConflict, &["version"], |case| case.schedule().version = 3),
    ]);
    let good = |_: &mut World| Operation::SetFeeSchedule {
        institution: POST,
        schedule: FeeSchedule { version: 2, collector: ann(), rules: vec![fee_rule()] },
    };
    check(good, &[operator(POST)], &defects);
}

#[test]
fn pay() {
    let mut defects = moving();
    defects.extend([
        defect(UnknownAccount, &["from", "signers"], |case| case.pay().from = account(POST, 99)),
        defect(UnknownPayee, &["to"], |case| case.pay().to = account(CHINA, 99)),
        defect(AccountClosed, &["to"], |case| case.pay().to = case.closed(CHINA)),
        defect(AccountClosed, &["from", "signers"], |case| {
            let closed = case.closed(POST);
            case.pay().from = closed;
            case.signers = vec![owner(closed)];
        }),
        defect(AccountFrozen, &["to"], |case| case.freeze(min(), FreezeDirection::Incoming)),
        defect(AccountFrozen, &["from"], |case| case.freeze(wei(), FreezeDirection::Outgoing)),
        defect(AccountFrozen, &["from"], |case| case.freeze(wei(), FreezeDirection::Both)),
        defect(SameAccount, &["to", "from"], |case| case.pay().to = wei()),
        defect(UnknownAsset, &["asset"], |case| case.money().asset = code("XYZ")),
        defect(FeeAboveAgreed, &["fee"], |case| case.pay().terms.maximum_fee = Amount(129)),
        defect(InsufficientFunds, &["amount", "fee"], |case| {
            // Enough for the amount, not for the charges on top of it.
            case.money().amount = Amount(10_000_000);
        }),
    ]);
    let good = |world: &mut World| Operation::Pay(world.pay(wei(), min(), cny(20_000)));
    check(good, &[owner(wei())], &defects);
}

/// The parties' and the amounts' defects of a payment across assets.
fn across_parties() -> Vec<Defect> {
    vec![
        defect(UnknownAccount, &["from", "signers"], |case| case.across().from = account(POST, 99)),
        defect(UnknownAccount, &["dealer", "quote key"], |case| {
            case.requote(|quote| quote.dealer = account(DEALER_BANK, 99));
        }),
        defect(UnknownPayee, &["to"], |case| case.across().to = account(CHINA, 99)),
        defect(AccountClosed, &["to"], |case| case.across().to = case.closed(CHINA)),
        defect(AccountClosed, &["dealer", "quote key"], |case| {
            let closed = case.closed(DEALER_BANK);
            case.requote(|quote| quote.dealer = closed);
        }),
        defect(AccountFrozen, &["to"], |case| case.freeze(lee(), FreezeDirection::Incoming)),
        defect(AccountFrozen, &["from"], |case| case.freeze(wei(), FreezeDirection::Outgoing)),
        defect(AccountFrozen, &["dealer"], |case| {
            case.freeze(dealer(), FreezeDirection::Outgoing);
        }),
        defect(AccountFrozen, &["dealer"], |case| {
            case.freeze(dealer(), FreezeDirection::Incoming);
        }),
        defect(NotPermitted, &["dealer", "quote key"], |case| {
            case.requote(|quote| quote.dealer = min());
        }),
        defect(SameAccount, &["to", "from"], |case| case.across().to = wei()),
        defect(SameAccount, &["to", "dealer"], |case| case.across().to = dealer()),
        defect(UnknownAsset, &["asset"], |case| case.money().asset = code("XYZ")),
        defect(UnknownAsset, &["bought"], |case| {
            case.across().minimum_received.asset = code("XYZ");
        }),
    ]
}

#[test]
fn pay_across() {
    let mut defects = moving();
    defects.extend(across_parties());
    defects.extend([
        defect(ZeroAmount, &["amount", "rate"], |case| {
            case.money().amount = Amount(1);
            case.requote(|quote| quote.rate = ledger::money::Rate::parse("0.9").unwrap());
        }),
        defect(QuoteForged, &["quote key"], |case| {
            let quote = case.across().quote.quote.clone();
            let signed = SignedQuote::sign(case.world.domains(), &key("a forger"), quote);
            case.across().quote = signed;
        }),
        defect(QuoteExpired, &["expiry", "quote key"], |case| {
            let last = case.world.tip.header().time;
            case.requote(|quote| quote.expires = last);
        }),
        defect(QuoteExpired, &["expiry", "quote key"], |case| {
            let beyond = case.world.time().plus(Quote::MAXIMUM_AHEAD + 3_600_000);
            case.requote(|quote| quote.expires = beyond);
        }),
        defect(QuoteUsed, &["from", "to", "dealer", "rate", "expiry", "quote key"], |case| {
            let uetr = case.world.fresh_uetr();
            let pay = PayAcross { uetr, ..case.across().clone() };
            let pay =
                PayAcross { sell: cny(20_000), minimum_received: hkd(1), terms: terms(), ..pay };
            case.prepare(Operation::PayAcross(Box::new(pay)), owner(wei()));
        }),
        defect(QuoteMismatch, &["received", "amount", "rate"], |case| {
            case.across().minimum_received.amount = Amount(21_701);
        }),
        defect(QuoteMismatch, &["quote key"], |case| {
            case.requote(|quote| quote.maximum = Amount(19_999));
        }),
        defect(QuoteMismatch, &["quote key"], |case| {
            case.requote(|quote| quote.minimum = Amount(20_001));
        }),
        defect(QuoteMismatch, &["quote key"], |case| {
            case.requote(|quote| std::mem::swap(&mut quote.sell, &mut quote.buy));
        }),
        defect(FeeAboveAgreed, &["fee"], |case| case.across().terms.maximum_fee = Amount(199)),
        defect(InsufficientFunds, &["amount", "quote key", "fee"], |case| {
            case.money().amount = Amount(10_000_000);
            case.requote(|quote| quote.maximum = Amount::MAXIMUM);
        }),
        defect(DealerInsufficientFunds, &["rate", "quote key"], |case| {
            case.requote(|quote| quote.rate = ledger::money::Rate::parse("501").unwrap());
        }),
    ]);
    let good = |world: &mut World| {
        let pay = world.pay_across(cny(20_000));
        Operation::PayAcross(Box::new(PayAcross { minimum_received: hkd(21_700), ..pay }))
    };
    check(good, &[owner(wei())], &defects);
}

#[test]
fn a_defect_of_the_ledger_stops_one_operation_only() {
    let mut world = World::new();
    let mut damaged = Vec::new();
    for (key, value) in world.tip.state().entries() {
        let mut value = value.to_vec();
        if FlatKey::decode(&key) == Some(FlatKey::Record(StateKey::Account(wei()))) {
            let account: Account = borsh::from_slice(&value).unwrap();
            value = codec::encode(&Account { open_holdings: 0, ..account });
        }
        damaged.push((key, value));
    }
    let state = State::restore(world.domains(), damaged).unwrap();
    let all = Operation::Pay(world.pay(wei(), min(), cny(10_000_000)));
    let some = Operation::Pay(world.pay(wei(), min(), cny(1)));
    let order = Order::new(vec![all, some], &[owner(wei())]);
    let executed = execute(&state, Height(99), world.time(), &[world.verified(&order)]);
    let outcomes: Vec<_> =
        executed.booked.iter().map(|booked| booked.receipt.outcome.rejection()).collect();
    assert_eq!(outcomes, [Some(InternalDefect), None]);
    assert_eq!(executed.state.holding(min(), code("CNY")).unwrap().posted, Amount(10_000_001));
}

#[test]
fn every_rejection_has_the_iso_code_that_the_design_names() {
    let table = [
        (DuplicateUetr, "AM05"),
        (NotYetValid, "TM01"),
        (Expired, "TM01"),
        (SignersMissing, "DS0H"),
        (UnknownAccount, "AC01"),
        (AccountClosed, "AC04"),
        (AccountFrozen, "AC06"),
        (NotPermitted, "AG01"),
        (SameAccount, "AG01"),
        (UnknownAsset, "AM03"),
        (ZeroAmount, "AM01"),
        (AmountTooLarge, "AM02"),
        (FeeAboveAgreed, "AM14"),
        (InsufficientFunds, "AM04"),
    ];
    for (rejection, iso) in table {
        assert_eq!(rejection.iso(), iso, "{rejection:?}");
    }
    let distinct: BTreeSet<Rejection> = Rejection::ALL.into_iter().collect();
    assert_eq!(distinct.len(), Rejection::ALL.len());
}

#[test]
fn the_reference_lists_every_rejection_in_its_order() {
    let page = include_str!("../../docs/reference/ledger.md");
    let table = page.split("## Rejections").nth(1).unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<(&str, &str)> = rows
        .map(|row| {
            let mut cells = row.split(" | ");
            (cells.next().unwrap().trim_end_matches('`'), cells.next().unwrap())
        })
        .collect();
    let expected = Rejection::ALL.map(|rejection| (rejection.code(), rejection.iso()));
    assert_eq!(listed, expected);
}
