//! A small network for tests and benches: four banks, two currencies, customers, a dealer.
//!
//! Invariants: everything is derived from fixed seeds; every block that is built is checked again
//! by its parent's tip, as another node would. Absent: expectations; those are the tests'.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

pub mod draw;
pub mod evidence;
pub mod families;
pub mod governance;
pub mod limits;
pub mod queue;

use ledger::account::{Institution, KeySet, Policy, Roles};
use ledger::chain::{Executed, Tip};
use ledger::crypto::{SecretKey, Suite};
use ledger::fees::{FeeRule, FeeSchedule};
use ledger::genesis::{GenesisDocument, Member, MemberValidator, Parameters};
use ledger::hash::{Domains, Hash};
use ledger::history::History;
use ledger::ids::{AccountId, AssetCode, Bic, InstitutionNumber, Network, Timestamp, Uetr};
use ledger::ids::{ValidatorIndex, View};
use ledger::money::{Amount, Decimals, Money, Rate};
use ledger::operation::{AssetKind, ChargeBearer, Hold, Operation, Pay, PayAcross, PaymentTerms};
use ledger::quote::{Quote, Route, SignedQuote};
use ledger::receipt::{Outcome, Receipt, Settlement};
use ledger::rejection::Rejection;
use ledger::transaction::{SignedTransaction, Transaction, VerifiedTransaction, verify_all};

pub const SUITE: Suite = Suite::Ed25519Blake3;
pub const START: Timestamp = Timestamp(1_750_000_000_000);

/// The banks by number: a dealer in Singapore, the issuer of HKD, two banks in China of which the
/// second issues CNY.
pub const DEALER_BANK: InstitutionNumber = InstitutionNumber(1);
pub const HONG_KONG: InstitutionNumber = InstitutionNumber(2);
pub const CHINA: InstitutionNumber = InstitutionNumber(3);
pub const POST: InstitutionNumber = InstitutionNumber(4);
const BICS: [&str; 4] = ["DBSSSGSG", "HSBCHKHH", "ICBKCNBJ", "PSBCCNBJ"];

pub fn key(label: &str) -> SecretKey {
    SecretKey::from_seed(SUITE, *blake3::hash(label.as_bytes()).as_bytes())
}

pub fn operator(bank: InstitutionNumber) -> SecretKey {
    key(&format!("operator {}", bank.0))
}

pub fn compliance(bank: InstitutionNumber) -> SecretKey {
    key(&format!("compliance {}", bank.0))
}

pub fn owner(account: AccountId) -> SecretKey {
    key(&format!("owner {account:?}"))
}

pub fn account(bank: InstitutionNumber, number: u64) -> AccountId {
    let mut customer = [0; 12];
    customer[4..].copy_from_slice(&number.to_be_bytes());
    AccountId::new(bank, customer)
}

pub fn code(text: &str) -> AssetCode {
    AssetCode::parse(text).unwrap()
}

pub fn cny(amount: u128) -> Money {
    Money::new(Amount(amount), code("CNY"))
}

pub fn hkd(amount: u128) -> Money {
    Money::new(Amount(amount), code("HKD"))
}

pub fn uetr(number: u64) -> Uetr {
    let hash = blake3::hash(&number.to_be_bytes());
    Uetr::from_entropy(*hash.as_bytes().first_chunk().unwrap())
}

pub fn document() -> GenesisDocument {
    let member = |(number, bic): (u32, &&str)| {
        let bank = InstitutionNumber(number);
        let bic = Bic::parse(bic).unwrap();
        let validator = MemberValidator {
            voting_key: key(&format!("vote {number}")).public(),
            node_key: key(&format!("node {number}")).public(),
            address: format!("127.0.0.1:{number}"),
        };
        Member {
            institution: Institution {
                bic,
                name: format!("Bank {number}"),
                operators: KeySet::single(operator(bank).public()),
                compliance: compliance(bank).public(),
                roles: Roles {
                    validator: true,
                    issuer: bank == HONG_KONG || bank == POST,
                    dealer: bank == DEALER_BANK,
                },
            },
            validator: Some(validator),
        }
    };
    GenesisDocument {
        suite: SUITE,
        network: Network::Devnet,
        name: "test".to_owned(),
        time: START,
        parameters: Parameters::USUAL,
        members: (1..).zip(&BICS).map(member).collect(),
    }
}

pub fn terms() -> PaymentTerms {
    PaymentTerms {
        charge_bearer: ChargeBearer::Debtor,
        maximum_fee: Amount(1_000_000),
        purpose: *b"GDDS",
        remittance: Hash([9; 32]),
    }
}

/// A transaction in the making.
#[derive(Clone)]
pub struct Order {
    pub operations: Vec<Operation>,
    pub signers: Vec<SecretKey>,
    pub atomic: bool,
    /// Valid from and until, in milliseconds from the block that is to execute it.
    pub window: (i64, i64),
}

impl Order {
    pub fn new(operations: Vec<Operation>, signers: &[SecretKey]) -> Self {
        let signers = signers.to_vec();
        Self { operations, signers, atomic: false, window: (-600_000, 600_000) }
    }

    pub fn one(operation: Operation, signers: &[SecretKey]) -> Self {
        Self::new(vec![operation], signers)
    }

    pub fn atomic(self) -> Self {
        Self { atomic: true, ..self }
    }

    pub fn sign(&self, domains: &Domains, time: Timestamp) -> SignedTransaction {
        let mut signers = self.signers.clone();
        signers.sort_by_key(SecretKey::public);
        signers.dedup_by_key(|key| key.public());
        let at = |offset: i64| Timestamp(time.0.checked_add_signed(offset).unwrap());
        let transaction = Transaction {
            suite: SUITE,
            chain_id: domains.chain_id(),
            valid_from: at(self.window.0),
            valid_until: at(self.window.1),
            operations: self.operations.clone(),
            atomic: self.atomic,
            signers: signers.iter().map(SecretKey::public).collect(),
        };
        let id = transaction.id(domains);
        let signatures = signers.iter().map(|key| key.sign(&id)).collect();
        SignedTransaction { transaction, signatures }
    }
}

/// A chain that grows.
#[derive(Clone)]
pub struct World {
    pub tip: Tip,
    /// The history of the blocks before the tip.
    pub before: History,
    /// How far apart blocks are, in milliseconds.
    pub step: u64,
    /// What was executed.
    pub tally: families::Tally,
    next_uetr: u64,
}

impl World {
    /// Only the banks.
    pub fn empty() -> Self {
        let tip = Tip::genesis(&document()).unwrap().tip;
        Self {
            tip,
            before: History::new(),
            step: 1_000,
            tally: families::Tally::default(),
            next_uetr: 0,
        }
    }

    /// CNY and HKD are registered; wei and ann at PSBC, min at ICBC, lee at HSBC and the dealer at
    /// DBS have accounts, and money.
    pub fn new() -> Self {
        let mut world = Self::empty();
        for (asset, issuer) in [("CNY", POST), ("HKD", HONG_KONG)] {
            let kind = AssetKind::Currency;
            let register =
                Operation::RegisterAsset { code: code(asset), kind, decimals: Decimals(2), issuer };
            assert_eq!(world.submit(register, &[operator(issuer)]), Outcome::Done);
        }
        for account in [wei(), ann(), min(), lee(), dealer()] {
            world.open(account);
        }
        for (account, money) in [
            (wei(), cny(10_000_000)),
            (min(), cny(10_000_000)),
            (lee(), hkd(10_000_000)),
            (dealer(), cny(10_000_000)),
            (dealer(), hkd(10_000_000)),
        ] {
            world.issue(account, money);
        }
        world
    }

    /// As [`World::new`], and PSBC charges for payments in CNY: 0.5%, at least 1.00, more to other
    /// banks and countries, at most 500.00; payments below 100.00 are free.
    pub fn with_fees() -> Self {
        let mut world = Self::new();
        let collector = collector();
        world.open(collector);
        let schedule = FeeSchedule { version: 1, collector, rules: vec![fee_rule()] };
        let publish = Operation::SetFeeSchedule { institution: POST, schedule };
        assert_eq!(world.submit(publish, &[operator(POST)]), Outcome::Done);
        world
    }

    pub fn domains(&self) -> &Domains {
        self.tip.domains()
    }

    /// The time of the next block.
    pub fn time(&self) -> Timestamp {
        self.tip.header().time.plus(self.step)
    }

    pub fn fresh_uetr(&mut self) -> Uetr {
        self.next_uetr += 1;
        uetr(self.next_uetr)
    }

    pub fn open(&mut self, account: AccountId) {
        let policy = Policy::single(owner(account).public());
        let open = Operation::OpenAccount { account, policy, tier: 1 };
        assert_eq!(self.submit(open, &[operator(account.servicer())]), Outcome::Done);
    }

    pub fn issue(&mut self, to: AccountId, amount: Money) {
        let issuer = self.tip.state().asset(amount.asset).unwrap().issuer;
        let issue = Operation::Issue { uetr: self.fresh_uetr(), to, amount };
        let outcome = self.submit(issue, &[operator(issuer)]);
        assert!(matches!(outcome, Outcome::Settled(_)), "{outcome:?}");
    }

    pub fn verified(&self, order: &Order) -> VerifiedTransaction {
        let signed = order.sign(self.domains(), self.time());
        verify_all(self.domains(), vec![signed]).remove(0).unwrap()
    }

    /// Executes one operation in a block of its own.
    pub fn submit(&mut self, operation: Operation, signers: &[SecretKey]) -> Outcome {
        self.order(&Order::one(operation, signers)).remove(0)
    }

    /// Executes one transaction in a block of its own.
    pub fn order(&mut self, order: &Order) -> Vec<Outcome> {
        let executed = self.block(&[self.verified(order)]);
        executed.booked.into_iter().map(|booked| booked.receipt.outcome).collect()
    }

    /// Builds a block, checks it as another node would, and moves on to it.
    pub fn block(&mut self, transactions: &[VerifiedTransaction]) -> Executed {
        let view = View(self.tip.header().view.0 + 1);
        let cut = self.tip.child_cut();
        let executed = self.tip.build(view, ValidatorIndex(0), self.time(), cut, transactions);
        let checked = self.tip.check(&executed.block, transactions).unwrap();
        assert_eq!(checked.booked, executed.booked);
        assert_eq!(checked.changes, executed.changes);
        self.tally.note(transactions, &executed);
        self.before = self.tip.history().clone();
        self.tip = executed.tip.clone();
        executed
    }

    pub fn pay(&mut self, from: AccountId, to: AccountId, amount: Money) -> Pay {
        Pay { uetr: self.fresh_uetr(), from, to, amount, terms: terms() }
    }

    /// A hold for an hour, without a lock.
    pub fn hold(&mut self, from: AccountId, to: AccountId, amount: Money) -> Hold {
        let deadline = self.time().plus(3_600_000);
        Hold { pay: self.pay(from, to, amount), deadline, lock: None }
    }

    /// A payment of CNY from wei that lee receives in HKD.
    pub fn pay_across(&mut self, sell: Money) -> PayAcross {
        let quote = self.quote("1.0850");
        let route = Route::direct(self.signed(quote));
        PayAcross {
            uetr: self.fresh_uetr(),
            from: wei(),
            to: lee(),
            sell,
            minimum_received: hkd(1),
            route,
            terms: terms(),
        }
    }

    pub fn quote(&mut self, rate: &str) -> Quote {
        self.next_uetr += 1;
        Quote {
            dealer: dealer(),
            sell: code("CNY"),
            buy: code("HKD"),
            rate: Rate::parse(rate).unwrap(),
            minimum: Amount(1),
            maximum: Amount(5_000_000),
            expires: self.time().plus(30_000),
            nonce: self.next_uetr,
        }
    }

    pub fn signed(&self, quote: Quote) -> SignedQuote {
        let key = owner(quote.dealer);
        SignedQuote::sign(self.domains(), &key, quote)
    }

    pub fn held(&self, account: AccountId, asset: &str) -> u128 {
        self.tip.state().holding(account, code(asset)).unwrap_or_default().held.0
    }

    pub fn posted(&self, account: AccountId, asset: &str) -> u128 {
        self.tip.state().holding(account, code(asset)).unwrap_or_default().posted.0
    }
}

pub fn fee_rule() -> FeeRule {
    FeeRule {
        asset: code("CNY"),
        free_below: Amount(10_000),
        flat: Amount(0),
        basis_points: 50,
        minimum: Amount(100),
        cap: Amount(50_000),
        interbank: Amount(30),
        cross_border: Amount(70),
        free_payments: 0,
    }
}

pub fn wei() -> AccountId {
    account(POST, 1)
}

pub fn ann() -> AccountId {
    account(POST, 2)
}

pub fn collector() -> AccountId {
    account(POST, 3)
}

pub fn min() -> AccountId {
    account(CHINA, 1)
}

pub fn lee() -> AccountId {
    account(HONG_KONG, 1)
}

pub fn dealer() -> AccountId {
    account(DEALER_BANK, 1)
}

/// The settlement of an outcome that must be one.
pub fn settled(outcome: &Outcome) -> &Settlement {
    match outcome {
        Outcome::Settled(settlement) => settlement,
        Outcome::Done
        | Outcome::Proposed(_)
        | Outcome::Rejected(_)
        | Outcome::Held(_)
        | Outcome::Released(_)
        | Outcome::Returned(_)
        | Outcome::RecallRequested(_)
        | Outcome::RecallRefused(_)
        | Outcome::AwaitingApproval(_)
        | Outcome::AwaitingReview(_)
        | Outcome::Queued(_)
        | Outcome::Refused(_) => panic!("not settled: {outcome:?}"),
    }
}

pub const fn rejected(rejection: Rejection) -> Outcome {
    Outcome::Rejected(rejection)
}

/// Executes one operation in a block of its own; gives its receipt.
pub fn receipt(world: &mut World, operation: Operation, signers: &[SecretKey]) -> Receipt {
    let order = Order::one(operation, signers);
    let executed = world.block(&[world.verified(&order)]);
    executed.booked[0].receipt.clone()
}
