//! Every rejection of every operation: alone, and in precedence before each later one.
//!
//! A scenario is an operation that succeeds, and the defects that it can have. Each defect alone
//! gives its rejection; each two that can stand together give the one that comes first in
//! [`Rejection`].
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a helper takes the operations it is for")]

#[path = "rejections/queue.rs"]
mod queue;
mod support;

use std::collections::BTreeSet;

use ledger::account::{Account, KeySet, NodeRecord, Policy};
use ledger::codec;
use ledger::crypto::{PublicKey, SecretKey};
use ledger::execute::execute;
use ledger::fees::FeeSchedule;
use ledger::genesis::Parameters;
use ledger::governance::{Change, Proposal};
use ledger::hash::Hash;
use ledger::ids::{AccountId, Height, InstitutionNumber, ProposalNumber, Timestamp, Uetr};
use ledger::limits::{Limits, Measure, OwnLimits, Senders};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, FreezeDirection, Hold, Operation, Pay, PayAcross, Queue};
use ledger::quote::{Quote, SignedQuote};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::rejection::Rejection::*;
use ledger::state::{FlatKey, State, StateKey};
use ledger::step_up::{StepUp, StepUpRule};
use ledger::waiting::{HashLock, OrderHash, Refusal, Secret, Waiting};
use support::governance::*;
use support::limits::{self, limit_owner, set_limits};
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
        match &mut self.operation {
            Operation::Pay(pay) => pay,
            Operation::Hold(hold) => &mut hold.pay,
            Operation::Queue(queue) => &mut queue.pay,
            _ => panic!("not a payment"),
        }
    }

    fn hold(&mut self) -> &mut Hold {
        let Operation::Hold(hold) = &mut self.operation else { panic!("not a hold") };
        hold
    }

    fn queue(&mut self) -> &mut Queue {
        let Operation::Queue(queue) = &mut self.operation else { panic!("not queued") };
        queue
    }

    fn capture(&mut self) -> (&mut Uetr, &mut Option<Secret>) {
        let Operation::Capture { payment, secret, .. } = &mut self.operation else {
            panic!("not a capture")
        };
        (payment, secret)
    }

    fn across(&mut self) -> &mut PayAcross {
        let Operation::PayAcross(pay) = &mut self.operation else { panic!("not a payment") };
        pay
    }

    fn requote(&mut self, change: impl FnOnce(&mut Quote)) {
        let mut quote = self.across().route.first.quote.clone();
        change(&mut quote);
        let signed = self.world.signed(quote);
        self.across().route.first = signed;
    }

    fn schedule(&mut self) -> &mut FeeSchedule {
        let Operation::SetFeeSchedule { schedule, .. } = &mut self.operation else {
            panic!("not a schedule")
        };
        schedule
    }

    fn limits(&mut self) -> &mut Limits {
        let Operation::SetLimits { limits, .. } = &mut self.operation else { panic!("not limits") };
        limits
    }

    /// The payer's bank refuses what meets `measure`.
    fn limit(&mut self, measure: Measure) {
        let set = set_limits(POST, 1, vec![limits::refuse("rule", measure)]);
        self.prepare(set, operator(POST));
    }

    /// The payer's bank reviews every payment.
    fn review(&mut self) {
        let measure = Measure::Payment { most: Amount(0) };
        let set = set_limits(POST, 1, vec![limits::review("rule", measure)]);
        self.prepare(set, operator(POST));
    }

    /// The payer, under its keys, limits itself.
    fn limit_owner(&mut self, limits: OwnLimits) {
        limit_owner(&mut self.world, wei(), Some(limits));
    }

    fn money(&mut self) -> &mut Money {
        match &mut self.operation {
            Operation::Pay(pay) => &mut pay.amount,
            Operation::PayAcross(pay) => &mut pay.sell,
            Operation::Hold(hold) => &mut hold.pay.amount,
            Operation::Queue(queue) => &mut queue.pay.amount,
            Operation::Issue { amount, .. }
            | Operation::Redeem { amount, .. }
            | Operation::Capture { amount, .. } => amount,
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

    fn change(&mut self) -> &mut Change {
        let Operation::Propose { change, .. } = &mut self.operation else {
            panic!("not a proposal")
        };
        change
    }

    fn proposal(&mut self) -> &mut ProposalNumber {
        match &mut self.operation {
            Operation::Vote { proposal, .. } | Operation::Enact { proposal, .. } => proposal,
            _ => panic!("it names no proposal"),
        }
    }

    fn set_actor(&mut self, actor: InstitutionNumber) {
        match &mut self.operation {
            Operation::Propose { institution, .. }
            | Operation::Vote { institution, .. }
            | Operation::Enact { institution, .. } => *institution = actor,
            _ => panic!("it is no governance"),
        }
        self.signers.push(operator(actor));
    }

    /// The fifth bank leaves the network.
    fn remove_fifth(&mut self) {
        self.world.decide(Change::RemoveInstitution { institution: FIFTH });
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
    check_in(world, operation, signers, defects);
}

/// As [`check`], in a world of its own.
fn check_in(world: World, operation: Operation, signers: &[SecretKey], defects: &[Defect]) {
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
        policy: Policy { mandate: true, ..Policy::single(key("new").public()) },
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
fn set_limits_of_an_institution() {
    let mut defects = common();
    defects.extend([
        defect(UnknownInstitution, &["institution", "signers"], |case| {
            let Operation::SetLimits { institution, .. } = &mut case.operation else { panic!() };
            *institution = NOBODY;
        }),
        defect(UnknownAsset, &["rules"], |case| case.limits().rules[0].asset = code("XYZ")),
        defect(LimitsConflict, &["version"], |case| case.limits().version = 0),
        defect(LimitsConflict, &["version"], |case| case.limits().version = 2),
    ]);
    let good = |_: &mut World| {
        set_limits(POST, 1, vec![limits::refuse("none", Measure::Count { most: 0 })])
    };
    check(good, &[operator(POST)], &defects);
}

/// What a payment within one asset can have, and a hold of one.
fn paying() -> Vec<Defect> {
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
        defect(PayeeNotAllowed, &["policy"], |case| {
            case.limit_owner(OwnLimits { daily: vec![], payees: Some(vec![ann()]) });
        }),
        defect(OwnDailyLimit, &["policy"], |case| {
            let daily =
                vec![ledger::limits::DailyLimit { asset: code("CNY"), most: Amount(19_999) }];
            case.limit_owner(OwnLimits { daily, payees: None });
        }),
        defect(PaymentLimit, &["limits"], |case| {
            case.limit(Measure::Payment { most: Amount(19_999) });
        }),
        defect(MissingInformation, &["limits", "terms"], |case| {
            case.pay().terms.remittance = Hash::ZERO;
            case.limit(Measure::MissingInformation { most: Amount(19_999) });
        }),
        defect(NewPayeeLimit, &["limits"], |case| {
            case.limit(Measure::NewPayee { most: Amount(19_999), cool_off: 60 });
        }),
        defect(DailyLimit, &["limits"], |case| case.limit(Measure::Day { most: Amount(19_999) })),
        defect(DailyLimit, &["limits"], |case| case.limit(Measure::Count { most: 0 })),
        defect(PositionLimit, &["limits"], |case| {
            case.limit(Measure::Position { most: Amount(19_999) });
        }),
        defect(IncomingRefused, &["incoming"], |case| {
            let measure = Measure::Incoming { most: Amount(19_999), from: Senders::Anyone };
            let set = set_limits(CHINA, 1, vec![limits::refuse("rule", measure)]);
            case.prepare(set, operator(CHINA));
        }),
        defect(FeeAboveAgreed, &["fee"], |case| case.pay().terms.maximum_fee = Amount(129)),
        defect(InsufficientFunds, &["amount", "fee"], |case| {
            // Enough for the amount, not for the charges on top of it.
            case.money().amount = Amount(10_000_000);
        }),
    ]);
    defects
}

#[test]
fn pay() {
    let good = |world: &mut World| Operation::Pay(world.pay(wei(), min(), cny(20_000)));
    check(good, &[owner(wei())], &paying());
}

#[test]
fn hold() {
    let mut defects = paying();
    defects.extend([
        defect(ReviewMissing, &["limits"], Case::review),
        defect(DeadlineRefused, &["deadline"], |case| case.hold().deadline = Timestamp(1)),
        defect(DeadlineRefused, &["deadline"], |case| {
            let now = case.world.time();
            case.hold().deadline = now.plus(2 * Waiting::MAXIMUM_AHEAD);
        }),
    ]);
    let good = |world: &mut World| Operation::Hold(Box::new(world.hold(wei(), min(), cny(20_000))));
    check(good, &[owner(wei())], &defects);
}

/// An account that is paid by the good capture, and holds nothing.
fn captor() -> AccountId {
    account(CHINA, 60)
}

#[test]
fn capture() {
    let mut defects = common();
    defects.extend([
        defect(NotHeld, &["payment"], |case| *case.capture().0 = uetr(4_000)),
        defect(NotHeld, &["payment"], |case| {
            let payment = *case.capture().0;
            case.prepare(Operation::Release { payment }, owner(captor()));
        }),
        defect(NotHeld, &["payment", "time"], |case| case.world.step = 2 * 3_600_000),
        defect(AccountClosed, &["payee"], |case| {
            case.prepare(Operation::CloseAccount { account: captor() }, operator(CHINA));
        }),
        defect(AccountFrozen, &["payee"], |case| {
            case.freeze(captor(), FreezeDirection::Incoming);
        }),
        defect(AccountFrozen, &["payer"], |case| case.freeze(wei(), FreezeDirection::Outgoing)),
        defect(UnknownAsset, &["asset"], |case| case.money().asset = code("XYZ")),
        defect(CaptureMismatch, &["asset"], |case| case.money().asset = code("HKD")),
        defect(ZeroAmount, &["amount"], |case| case.money().amount = Amount(0)),
        defect(AmountTooLarge, &["amount"], |case| {
            case.money().amount = Amount(Amount::MAXIMUM.0 + 1);
        }),
        defect(CaptureMismatch, &["amount"], |case| case.money().amount = Amount(20_001)),
        defect(SecretWrong, &["secret"], |case| *case.capture().1 = None),
        defect(SecretWrong, &["secret"], |case| *case.capture().1 = Some(Secret(Hash::ZERO))),
    ]);
    let good = |world: &mut World| {
        world.open(captor());
        let secret = Secret(Hash([5; 32]));
        let lock = Some(HashLock::of(&secret));
        let hold = Hold { lock, ..world.hold(wei(), captor(), cny(20_000)) };
        let (payment, amount) = (hold.pay.uetr, hold.pay.amount);
        let outcome = world.submit(Operation::Hold(Box::new(hold)), &[owner(wei())]);
        assert_eq!(outcome.rejection(), None);
        Operation::Capture { payment, amount, secret: Some(secret) }
    };
    check(good, &[owner(captor())], &defects);
}

/// An account of PSBC that pays the good payment that waits for approvals.
fn stepped_up() -> AccountId {
    account(POST, 60)
}

/// A payment from [`stepped_up`] to [`captor`] waits for the last of two approvals, which
/// `operation` gives or refuses.
fn half_approved(world: &mut World, operation: fn(Uetr, OrderHash) -> Operation) -> Operation {
    let approvers = ["first", "second"].map(|label| key(label).public()).to_vec();
    let approvers = KeySet::of(1, approvers).keys;
    let rule = StepUpRule { asset: code("CNY"), above: Amount(1_000), approvals: 2 };
    let step_up = Some(StepUp { approvers, rules: vec![rule] });
    let policy = Policy { step_up, ..Policy::single(owner(stepped_up()).public()) };
    let open = Operation::OpenAccount { account: stepped_up(), policy, tier: 1 };
    assert_eq!(world.submit(open, &[operator(POST)]), Outcome::Done);
    world.open(captor());
    world.issue(stepped_up(), cny(50_000));
    let pay = world.pay(stepped_up(), captor(), cny(20_000));
    let order = Order::one(Operation::Pay(pay.clone()), &[owner(stepped_up()), key("first")]);
    let transaction = world.verified(&order);
    world.block(std::slice::from_ref(&transaction));
    operation(pay.uetr, OrderHash::of(world.domains(), &transaction.id(), &pay))
}

/// What an approval and a refusal can have.
fn approving() -> Vec<Defect> {
    fn parts(case: &mut Case) -> (&mut Uetr, &mut OrderHash) {
        match &mut case.operation {
            Operation::Approve { payment, order } | Operation::Refuse { payment, order, .. } => {
                (payment, order)
            }
            _ => panic!("it is not for approvers"),
        }
    }
    let mut defects = common();
    defects.extend([
        defect(NotHeld, &["payment"], |case| *parts(case).0 = uetr(4_000)),
        defect(NotHeld, &["payment", "time"], |case| case.world.step = Waiting::APPROVAL_AHEAD + 1),
        defect(WaitsOtherwise, &["payment"], |case| {
            let hold = case.world.hold(wei(), min(), cny(1));
            *parts(case).0 = hold.pay.uetr;
            case.prepare(Operation::Hold(Box::new(hold)), owner(wei()));
        }),
        defect(OrderMismatch, &["order"], |case| *parts(case).1 = OrderHash(Hash::ZERO)),
    ]);
    defects
}

#[test]
fn approve() {
    let mut defects = approving();
    defects.extend([
        defect(AlreadyApproved, &["signers"], |case| case.signers = vec![key("first")]),
        defect(AccountClosed, &["payee"], |case| {
            case.prepare(Operation::CloseAccount { account: captor() }, operator(CHINA));
        }),
        defect(AccountFrozen, &["payee"], |case| {
            case.freeze(captor(), FreezeDirection::Incoming);
        }),
        defect(AccountFrozen, &["payer"], |case| {
            case.freeze(stepped_up(), FreezeDirection::Outgoing);
        }),
    ]);
    let good = |world: &mut World| {
        half_approved(world, |payment, order| Operation::Approve { payment, order })
    };
    check(good, &[key("second")], &defects);
}

#[test]
fn refuse() {
    let good = |world: &mut World| {
        half_approved(world, |payment, order| {
            let reason = Refusal::Regulatory;
            Operation::Refuse { payment, order, reason }
        })
    };
    check(good, &[key("first")], &approving());
}

#[test]
fn release() {
    let mut defects = common();
    defects.push(defect(NotHeld, &["payment"], |case| case.world.step = 2 * 3_600_000));
    let good = |world: &mut World| {
        let hold = world.hold(wei(), min(), cny(20_000));
        let payment = hold.pay.uetr;
        let outcome = world.submit(Operation::Hold(Box::new(hold)), &[owner(wei())]);
        assert_eq!(outcome.rejection(), None);
        Operation::Release { payment }
    };
    check(good, &[operator(CHINA)], &defects);
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
            let quote = case.across().route.first.quote.clone();
            let signed = SignedQuote::sign(case.world.domains(), &key("a forger"), quote);
            case.across().route.first = signed;
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

/// What every operation of governance can have.
fn governing() -> Vec<Defect> {
    let mut defects = common();
    defects.extend([
        defect(UnknownInstitution, &["actor", "signers"], |case| case.set_actor(NOBODY)),
        defect(NotPermitted, &["actor", "signers", "fifth"], |case| {
            let sixth = InstitutionNumber(6);
            let institution = newcomer(sixth, "CITIUS33");
            case.world.decide(Change::AdmitInstitution { institution, node: None });
            case.set_actor(sixth);
        }),
    ]);
    defects
}

/// A world in which the fifth bank is a member without a validator.
fn admit_fifth(world: &mut World) {
    world.decide(Change::AdmitInstitution {
        institution: newcomer(FIFTH, "BOFAUS3N"),
        node: Some(node("node 5")),
    });
}

fn check_change(change: fn() -> Change, extend: impl IntoIterator<Item = Defect>) {
    let mut defects = governing();
    defects.extend([
        defect(ProposalExpired, &["expires"], |case| {
            let Operation::Propose { expires, .. } = &mut case.operation else { panic!() };
            *expires = case.world.tip.header().time;
        }),
        defect(ProposalExpired, &["expires"], |case| {
            let beyond = case.world.time().plus(Proposal::MAXIMUM_AHEAD + 3_600_000);
            let Operation::Propose { expires, .. } = &mut case.operation else { panic!() };
            *expires = beyond;
        }),
    ]);
    defects.extend(extend);
    let mut world = World::with_fees();
    admit_fifth(&mut world);
    let operation = world.proposing(POST, change());
    check_in(world, operation, &[operator(POST)], &defects);
}

#[test]
fn propose_admit_institution() {
    let sixth = || Change::AdmitInstitution {
        institution: newcomer(InstitutionNumber(6), "CITIUS33"),
        node: Some(node("node 6")),
    };
    fn admitted(case: &mut Case) -> (&mut ledger::account::Institution, &mut NodeRecord) {
        let Change::AdmitInstitution { institution, node: Some(node) } = case.change() else {
            panic!("it admits nobody")
        };
        (institution, node)
    }
    check_change(
        sixth,
        [
            defect(InstitutionExists, &["bic", "actor"], |case| {
                admitted(case).0.bic = newcomer(FIFTH, "BOFAUS3N").bic;
            }),
            defect(KeyInUse, &["keys"], |case| {
                admitted(case).0.operators = KeySet::single(operator(FIFTH).public());
            }),
            defect(KeyInUse, &["keys"], |case| {
                admitted(case).0.compliance = voting(CHINA, "").public();
            }),
            defect(KeyInUse, &["keys"], |case| admitted(case).1.node_key = public("node 1")),
            defect(KeyInUse, &["keys"], |case| {
                let (institution, node) = admitted(case);
                node.node_key = institution.compliance;
            }),
        ],
    );
}

#[test]
fn propose_remove_institution() {
    fn target(case: &mut Case) -> &mut InstitutionNumber {
        let Change::RemoveInstitution { institution } = case.change() else { panic!() };
        institution
    }
    check_change(
        || Change::RemoveInstitution { institution: FIFTH },
        [
            defect(UnknownInstitution, &["target"], |case| *target(case) = NOBODY),
            defect(InstitutionRemoved, &["target", "fifth"], Case::remove_fifth),
            defect(ValidatorExists, &["target"], |case| *target(case) = POST),
            defect(SupplyOutstanding, &["target"], |case| {
                // A bank that issued and gave its validator away.
                case.world.decide(dismissal(HONG_KONG));
                *target(case) = HONG_KONG;
            }),
        ],
    );
}

#[test]
fn propose_add_validator() {
    fn parts(case: &mut Case) -> (&mut InstitutionNumber, &mut PublicKey, &mut NodeRecord) {
        let Change::AddValidator { institution, voting_key, node } = case.change() else {
            panic!("it adds no validator")
        };
        (institution, voting_key, node)
    }
    check_change(
        || addition(FIFTH, ""),
        [
            defect(UnknownInstitution, &["target"], |case| *parts(case).0 = NOBODY),
            defect(InstitutionRemoved, &["target", "fifth"], Case::remove_fifth),
            defect(ValidatorExists, &["target"], |case| *parts(case).0 = CHINA),
            defect(KeyInUse, &["voting"], |case| *parts(case).1 = voting(CHINA, "").public()),
            defect(KeyInUse, &["voting"], |case| *parts(case).1 = compliance(POST).public()),
            defect(KeyInUse, &["voting"], |case| *parts(case).1 = parts(case).2.node_key),
            defect(KeyInUse, &["node"], |case| *parts(case).2 = node("node 1")),
        ],
    );
}

#[test]
fn propose_remove_validator() {
    fn target(case: &mut Case) -> &mut InstitutionNumber {
        let Change::RemoveValidator { institution } = case.change() else { panic!() };
        institution
    }
    check_change(
        || dismissal(CHINA),
        [
            defect(UnknownInstitution, &["target"], |case| *target(case) = NOBODY),
            defect(NotValidator, &["target"], |case| *target(case) = FIFTH),
            defect(InstitutionRemoved, &["target", "fifth"], |case| {
                case.remove_fifth();
                *target(case) = FIFTH;
            }),
            defect(ValidatorCount, &["target", "actor"], |case| {
                for bank in [DEALER_BANK, HONG_KONG, CHINA] {
                    case.world.decide(dismissal(bank));
                }
                *target(case) = POST;
            }),
        ],
    );
}

#[test]
fn propose_replace_validator() {
    fn parts(case: &mut Case) -> (&mut InstitutionNumber, &mut InstitutionNumber, &mut PublicKey) {
        let Change::ReplaceValidator { leaving, entering, voting_key, .. } = case.change() else {
            panic!("it replaces no validator")
        };
        (leaving, entering, voting_key)
    }
    check_change(
        || Change::ReplaceValidator {
            leaving: CHINA,
            entering: FIFTH,
            voting_key: voting(FIFTH, "").public(),
            node: node("node 5"),
        },
        [
            defect(UnknownInstitution, &["leaving"], |case| *parts(case).0 = NOBODY),
            defect(UnknownInstitution, &["entering"], |case| *parts(case).1 = NOBODY),
            defect(InstitutionRemoved, &["entering", "fifth"], Case::remove_fifth),
            defect(NotValidator, &["leaving", "fifth"], |case| *parts(case).0 = FIFTH),
            defect(ValidatorExists, &["entering"], |case| *parts(case).1 = CHINA),
            defect(ValidatorExists, &["entering"], |case| *parts(case).1 = HONG_KONG),
            defect(KeyInUse, &["voting"], |case| *parts(case).2 = voting(CHINA, "").public()),
        ],
    );
}

#[test]
fn propose_rotate_validator_key() {
    fn parts(case: &mut Case) -> (&mut InstitutionNumber, &mut PublicKey) {
        let Change::RotateValidatorKey { institution, voting_key } = case.change() else {
            panic!("it rotates no key")
        };
        (institution, voting_key)
    }
    check_change(
        || rotation(CHINA, "b"),
        [
            defect(UnknownInstitution, &["target"], |case| *parts(case).0 = NOBODY),
            defect(NotValidator, &["target"], |case| *parts(case).0 = FIFTH),
            defect(KeyInUse, &["voting"], |case| *parts(case).1 = voting(CHINA, "").public()),
            defect(KeyInUse, &["voting"], |case| *parts(case).1 = public("node 3")),
        ],
    );
}

#[test]
fn propose_set_node() {
    fn parts(case: &mut Case) -> (&mut InstitutionNumber, &mut Option<NodeRecord>) {
        let Change::SetNode { institution, node } = case.change() else { panic!() };
        (institution, node)
    }
    check_change(
        || Change::SetNode { institution: FIFTH, node: Some(node("moved")) },
        [
            defect(UnknownInstitution, &["target"], |case| *parts(case).0 = NOBODY),
            defect(InstitutionRemoved, &["target", "fifth"], Case::remove_fifth),
            defect(ValidatorExists, &["target", "node"], |case| {
                (*parts(case).0, *parts(case).1) = (CHINA, None);
            }),
            defect(KeyInUse, &["node"], |case| *parts(case).1 = Some(node("node 3"))),
            defect(KeyInUse, &["node"], |case| {
                let node_key = operator(FIFTH).public();
                *parts(case).1 = Some(NodeRecord { node_key, ..node("n") });
            }),
        ],
    );
}

#[test]
fn propose_parameters_and_upgrades() {
    let usual = Parameters::USUAL;
    assert_eq!(usual.defect(), None);
    let refused = |spoil: fn(&mut Case)| defect(ParametersRefused, &["parameters"], spoil);
    check_change(
        || Change::SetParameters(Parameters { heartbeat_ms: 1_000, ..Parameters::USUAL }),
        [
            refused(|case| {
                let parameters = Parameters { clock_bound_ms: 99, ..Parameters::USUAL };
                *case.change() = Change::SetParameters(parameters);
            }),
            refused(|case| {
                let parameters = Parameters { marker_buckets_kept: 9, ..Parameters::USUAL };
                *case.change() = Change::SetParameters(parameters);
            }),
        ],
    );
    let refused = |spoil: fn(&mut Case)| defect(UpgradeRefused, &["upgrade", "actor"], spoil);
    check_change(
        || Change::ScheduleUpgrade { height: Height(10_000), protocol: 2 },
        [
            refused(|case| {
                let height = case.world.tip.height().next();
                *case.change() = Change::ScheduleUpgrade { height, protocol: 2 };
            }),
            refused(|case| {
                *case.change() = Change::ScheduleUpgrade { height: Height(10_000), protocol: 3 };
            }),
        ],
    );
}

/// What an operation on a proposal can have; the good case's is the world's last.
fn on_proposal() -> Vec<Defect> {
    let mut defects = governing();
    defects.extend([
        defect(UnknownProposal, &["proposal"], |case| *case.proposal() = ProposalNumber(99)),
        defect(UnknownProposal, &["proposal"], |case| *case.proposal() = ProposalNumber(0)),
        defect(ProposalClosed, &["proposal"], |case| *case.proposal() = ProposalNumber(1)),
        defect(ProposalClosed, &["proposal", "actor"], |case| {
            let open = *case.proposal();
            let refused = case.world.propose(dismissal(POST)).unwrap();
            for bank in [POST, CHINA] {
                case.world.vote(bank, refused, false).unwrap();
            }
            assert_ne!(open, refused);
            *case.proposal() = refused;
        }),
        defect(ProposalExpired, &["window", "actor"], |case| case.world.step = 3_700_000),
    ]);
    defects
}

#[test]
fn vote() {
    let mut defects = on_proposal();
    defects.push(defect(AlreadyVoted, &["actor", "proposal", "signers"], |case| {
        case.set_actor(DEALER_BANK);
    }));
    let mut world = World::with_fees();
    admit_fifth(&mut world);
    let proposal = world.propose(rotation(CHINA, "b")).unwrap();
    let vote = Operation::Vote { institution: POST, proposal, approve: true };
    check_in(world, vote, &[operator(POST)], &defects);
}

#[test]
fn enact() {
    let mut defects = on_proposal();
    defects.extend([
        defect(NotApproved, &["proposal", "actor"], |case| {
            *case.proposal() = case.world.propose(rotation(POST, "b")).unwrap();
        }),
        defect(KeyInUse, &["proposal", "actor"], |case| {
            // Another change took the key in between.
            let voting_key = voting(CHINA, "b").public();
            case.world.decide(Change::RotateValidatorKey { institution: POST, voting_key });
        }),
    ]);
    let mut world = World::with_fees();
    admit_fifth(&mut world);
    let proposal = world.approved(rotation(CHINA, "b"));
    let enact = Operation::Enact { institution: POST, proposal };
    check_in(world, enact, &[operator(POST)], &defects);
}

/// A world in which the fifth bank left, and account 1 of it is open.
fn without_fifth() -> (World, AccountId) {
    let mut world = World::with_fees();
    admit_fifth(&mut world);
    let left = account(FIFTH, 1);
    world.open(left);
    world.decide(Change::RemoveInstitution { institution: FIFTH });
    (world, left)
}

#[test]
fn a_removed_institution_takes_nothing_new_on() {
    let (mut world, left) = without_fifth();
    let mut across = world.pay_across(cny(20_000));
    across.to = left;
    let rows = [
        (Operation::Pay(world.pay(wei(), left, cny(500))), owner(wei())),
        (Operation::PayAcross(Box::new(across)), owner(wei())),
        (Operation::Issue { uetr: world.fresh_uetr(), to: left, amount: cny(5) }, operator(POST)),
        (
            Operation::OpenAccount {
                account: account(FIFTH, 2),
                policy: Policy::single(key("new").public()),
                tier: 1,
            },
            operator(FIFTH),
        ),
        (
            Operation::RegisterAsset {
                code: code("MILES"),
                kind: AssetKind::Points,
                decimals: Decimals(0),
                issuer: FIFTH,
            },
            operator(FIFTH),
        ),
        (
            Operation::SetFeeSchedule {
                institution: FIFTH,
                schedule: FeeSchedule { version: 1, collector: left, rules: vec![fee_rule()] },
            },
            operator(FIFTH),
        ),
        (set_limits(FIFTH, 1, vec![]), operator(FIFTH)),
    ];
    for (operation, signer) in rows {
        let outcome = world.submit(operation.clone(), &[signer]);
        assert_eq!(outcome, rejected(InstitutionRemoved), "{operation:?}");
    }
    // Reasons before and after it.
    let mut frozen = world.clone();
    let freeze = Operation::Freeze { account: left, direction: FreezeDirection::Incoming };
    assert_eq!(frozen.submit(freeze, &[compliance(FIFTH)]), Outcome::Done);
    let pay = Operation::Pay(frozen.pay(wei(), left, cny(500)));
    assert_eq!(frozen.submit(pay, &[owner(wei())]), rejected(AccountFrozen));
    let nothing = Operation::Pay(world.pay(wei(), left, cny(0)));
    assert_eq!(world.submit(nothing, &[owner(wei())]), rejected(InstitutionRemoved));
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
        (InstitutionRemoved, "AG10"),
        (AlreadyVoted, "AM05"),
        (ProposalExpired, "TM01"),
        (DeadlineRefused, "DT01"),
        (CaptureMismatch, "AM09"),
        (ReturnMismatch, "AM09"),
        (PayeeNotAllowed, "SL11"),
        (PaymentLimit, "AM02"),
        (MissingInformation, "RR02"),
        (NewPayeeLimit, "SL01"),
        (OwnDailyLimit, "AM21"),
        (DailyLimit, "AM14"),
        (PositionLimit, "AM23"),
        (IncomingRefused, "RR04"),
        (ReviewMissing, "DS0H"),
        (OwnPayment, "DS0H"),
        (AlreadyApproved, "AM05"),
        (ApprovalsMissing, "DS0H"),
        (CannotQueue, "NARR"),
        (QueueFull, "NARR"),
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
