//! Random accounts and assets against a model that is written apart: who may open, change and close
//! what, under which keys.
//!
//! The model keeps sets of labels for keys. After each block: the same outcomes, the same accounts
//! and assets; at the end a state restored from the entries has the same root.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::wildcard_enum_match_arm, reason = "the model takes what is drawn")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use ledger::account::{AccountStatus, KeySet, Policy};
use ledger::crypto::SecretKey;
use ledger::ids::{AccountId, InstitutionNumber};
use ledger::money::Decimals;
use ledger::operation::{AssetKind, Operation};
use ledger::rejection::Rejection;
use ledger::state::State;
use support::draw::Draw;
use support::families::{Tally, run_seeds};
use support::*;

/// An institution that is not there.
const NOBODY: InstitutionNumber = InstitutionNumber(9);

const CODES: [&str; 6] = ["CNY", "HKD", "JPY", "USD", "MILES", "STARS"];

type Result = std::result::Result<(), Rejection>;

fn require(holds: bool, rejection: Rejection) -> Result {
    if holds { Ok(()) } else { Err(rejection) }
}

/// Keys by their labels, and how many must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Keys(u8, BTreeSet<String>);

impl Keys {
    fn draw(draw: &mut Draw) -> Self {
        let count = draw.of(&[1, 1, 2, 3]);
        let mut labels = BTreeSet::new();
        while labels.len() < count {
            labels.insert(format!("pool {}", draw.below(5)));
        }
        Self(1 + draw.below(u8::try_from(count).unwrap()), labels)
    }

    fn set(&self) -> KeySet {
        KeySet::of(self.0, self.1.iter().map(|label| key(label).public()).collect())
    }

    fn are_met(&self, signers: &BTreeSet<String>) -> bool {
        self.1.intersection(signers).count() >= usize::from(self.0)
    }
}

#[derive(Clone, Debug)]
struct Owned {
    keys: Keys,
    mandate: bool,
    tier: u8,
    is_closed: bool,
    holds: u128,
}

#[derive(Default)]
struct Model {
    accounts: BTreeMap<AccountId, Owned>,
    /// Who issues what.
    assets: BTreeMap<&'static str, InstitutionNumber>,
}

/// What is ordered, in the model's words.
#[derive(Clone, Debug)]
enum Wish {
    Register(&'static str, AssetKind, u8, InstitutionNumber),
    Open(AccountId, Keys, bool, u8),
    Policy(AccountId, Keys, bool),
    Rotate(AccountId, Keys),
    Tier(AccountId, u8),
    Close(AccountId),
    Issue(AccountId, &'static str),
}

fn accounts() -> Vec<AccountId> {
    let mut accounts = vec![account(NOBODY, 61)];
    accounts.extend((61..64).flat_map(|number| [account(POST, number), account(CHINA, number)]));
    accounts
}

/// The label of the key with which an institution's operators sign.
fn bank(number: InstitutionNumber) -> String {
    format!("operator {}", number.0)
}

impl Wish {
    fn draw(draw: &mut Draw) -> Self {
        let (account, mandate, tier) = (draw.of(&accounts()), draw.one_in(2), draw.below(10));
        match draw.below(12) {
            0 | 1 => {
                let kind = draw.of(&[AssetKind::Currency, AssetKind::Points]);
                let issuer = draw.of(&[POST, POST, HONG_KONG, CHINA, NOBODY]);
                Self::Register(draw.of(&CODES), kind, draw.of(&[0, 2]), issuer)
            }
            2..=4 => Self::Open(account, Keys::draw(draw), mandate, tier),
            5 | 6 => Self::Policy(account, Keys::draw(draw), mandate),
            7 | 8 => Self::Rotate(account, Keys::draw(draw)),
            9 => Self::Tier(account, tier),
            10 => Self::Close(account),
            _ => Self::Issue(account, draw.of(&CODES)),
        }
    }

    fn operation(&self, world: &mut World) -> Operation {
        let policy = |keys: &Keys, mandate: bool| Policy {
            owners: keys.set(),
            mandate,
            ..Policy::single(key("nobody's").public())
        };
        match self {
            Self::Register(asset, kind, decimals, issuer) => Operation::RegisterAsset {
                code: code(asset),
                kind: *kind,
                decimals: Decimals(*decimals),
                issuer: *issuer,
            },
            Self::Open(account, keys, mandate, tier) => Operation::OpenAccount {
                account: *account,
                policy: policy(keys, *mandate),
                tier: *tier,
            },
            Self::Policy(account, keys, mandate) => {
                Operation::SetPolicy { account: *account, policy: policy(keys, *mandate) }
            }
            Self::Rotate(account, keys) => {
                Operation::RotateKeys { account: *account, keys: keys.set() }
            }
            Self::Tier(account, tier) => Operation::SetTier { account: *account, tier: *tier },
            Self::Close(account) => Operation::CloseAccount { account: *account },
            Self::Issue(to, asset) => {
                let amount = ledger::money::Money::new(ledger::money::Amount(5), code(asset));
                Operation::Issue { uetr: world.fresh_uetr(), to: *to, amount }
            }
        }
    }
}

impl Model {
    /// The labels of the keys that should sign.
    fn signers(&self, wish: &Wish) -> BTreeSet<String> {
        let owners = |account: &AccountId| {
            let keys = self.accounts.get(account).map(|account| account.keys.1.clone());
            keys.unwrap_or_default()
        };
        match wish {
            Wish::Register(.., issuer) => [bank(*issuer)].into(),
            Wish::Open(account, ..) | Wish::Tier(account, _) | Wish::Close(account) => {
                [bank(account.servicer())].into()
            }
            Wish::Policy(account, ..) => {
                owners(account).into_iter().chain([bank(account.servicer())]).collect()
            }
            Wish::Rotate(account, _) => owners(account),
            Wish::Issue(_, asset) => {
                self.assets.get(asset).map(|issuer| bank(*issuer)).into_iter().collect()
            }
        }
    }

    fn servicer(of: AccountId, signers: &BTreeSet<String>) -> Result {
        require(of.servicer() != NOBODY, Rejection::UnknownInstitution)?;
        require(signers.contains(&bank(of.servicer())), Rejection::SignersMissing)
    }

    fn owners(&self, of: AccountId, signers: &BTreeSet<String>) -> Result {
        let is_met = self.accounts.get(&of).is_none_or(|account| account.keys.are_met(signers));
        require(is_met, Rejection::SignersMissing)
    }

    fn open(&mut self, of: AccountId) -> std::result::Result<&mut Owned, Rejection> {
        let account = self.accounts.get_mut(&of).ok_or(Rejection::UnknownAccount)?;
        require(!account.is_closed, Rejection::AccountClosed)?;
        Ok(account)
    }

    fn take(&mut self, wish: &Wish, signers: &BTreeSet<String>) -> Result {
        match wish {
            Wish::Register(asset, kind, decimals, issuer) => {
                require(*issuer != NOBODY, Rejection::UnknownInstitution).and_then(|()| {
                    require(signers.contains(&bank(*issuer)), Rejection::SignersMissing)
                })?;
                require([POST, HONG_KONG].contains(issuer), Rejection::NotPermitted)?;
                let of_currency = match *asset {
                    "JPY" => Some(0),
                    "CNY" | "HKD" | "USD" => Some(2),
                    _ => None,
                };
                let is_standard = match kind {
                    AssetKind::Currency => of_currency == Some(*decimals),
                    AssetKind::Points => of_currency.is_none(),
                };
                let is_new = !self.assets.contains_key(asset);
                require(is_standard && is_new, Rejection::AssetConflict)?;
                self.assets.insert(asset, *issuer);
            }
            Wish::Open(of, keys, mandate, tier) => {
                Self::servicer(*of, signers)?;
                require(!self.accounts.contains_key(of), Rejection::AccountExists)?;
                let (keys, mandate, tier) = (keys.clone(), *mandate, *tier);
                let account = Owned { keys, mandate, tier, is_closed: false, holds: 0 };
                self.accounts.insert(*of, account);
            }
            Wish::Policy(of, keys, mandate) => {
                self.owners(*of, signers)?;
                Self::servicer(*of, signers)?;
                let account = self.open(*of)?;
                (account.keys, account.mandate) = (keys.clone(), *mandate);
            }
            Wish::Rotate(of, keys) => {
                self.owners(*of, signers)?;
                self.open(*of)?.keys = keys.clone();
            }
            Wish::Tier(of, tier) => {
                Self::servicer(*of, signers)?;
                self.open(*of)?.tier = *tier;
            }
            Wish::Close(of) => {
                Self::servicer(*of, signers)?;
                let account = self.open(*of)?;
                require(account.holds == 0, Rejection::AccountNotEmpty)?;
                account.is_closed = true;
            }
            Wish::Issue(to, asset) => {
                let issuer = self.assets.get(asset).copied();
                let is_signed = issuer.is_none_or(|issuer| signers.contains(&bank(issuer)));
                require(is_signed, Rejection::SignersMissing)?;
                let payee = self.accounts.get_mut(to).ok_or(Rejection::UnknownPayee)?;
                require(!payee.is_closed, Rejection::AccountClosed)?;
                require(issuer.is_some(), Rejection::UnknownAsset)?;
                payee.holds += 5;
            }
        }
        Ok(())
    }
}

fn compare(model: &Model, state: &State) {
    for id in accounts() {
        let found = state.account(id).map(|account| {
            let is_closed = account.status == AccountStatus::Closed;
            (account.policy.owners, account.policy.mandate, account.tier, is_closed)
        });
        let expected = model
            .accounts
            .get(&id)
            .map(|account| (account.keys.set(), account.mandate, account.tier, account.is_closed));
        assert_eq!(found, expected, "{id:?}");
    }
    for asset in CODES {
        let issuer = state.asset(code(asset)).map(|asset| asset.issuer);
        assert_eq!(issuer, model.assets.get(asset).copied(), "{asset}");
    }
}

fn run(seed: u64, seen: &mut BTreeSet<Option<Rejection>>, tally: &mut Tally) {
    let mut draw = Draw::new(seed);
    let (mut world, mut model) = (World::empty(), Model::default());
    let mut orders = 0;
    for _ in 0..60 {
        let (mut transactions, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..=draw.below(3) {
            let wish = Wish::draw(&mut draw);
            let mut labels = model.signers(&wish);
            if draw.one_in(6) {
                labels.pop_first();
            }
            if draw.one_in(3) {
                labels.insert(format!("pool {}", draw.below(5)));
            }
            expected.push(model.take(&wish, &labels).err());
            labels.insert("always one".to_owned());
            let signers: Vec<SecretKey> = labels.iter().map(|label| key(label)).collect();
            // The same words twice are two orders.
            orders += 1;
            let order = Order::one(wish.operation(&mut world), &signers);
            transactions
                .push(world.verified(&Order { window: (-600_000, 600_000 + orders), ..order }));
        }
        let executed = world.block(&transactions);
        let outcomes: Vec<_> =
            executed.booked.iter().map(|one| one.receipt.outcome.rejection()).collect();
        assert_eq!(outcomes, expected, "seed {seed}, height {}", world.tip.height());
        seen.extend(outcomes);
        compare(&model, world.tip.state());
    }
    let entries = world.tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let restored = State::restore(world.domains(), entries).unwrap();
    assert_eq!(restored.root(), world.tip.state().root());
    tally.add(&world.tally);
}

#[test]
fn random_accounts_are_what_the_model_says() {
    let mut seen = BTreeSet::new();
    run_seeds("accounts", 20, |seed, tally| run(seed, &mut seen, tally));
    let expected = [
        None,
        Some(Rejection::SignersMissing),
        Some(Rejection::UnknownInstitution),
        Some(Rejection::UnknownAccount),
        Some(Rejection::UnknownPayee),
        Some(Rejection::AccountExists),
        Some(Rejection::AccountClosed),
        Some(Rejection::AccountNotEmpty),
        Some(Rejection::NotPermitted),
        Some(Rejection::UnknownAsset),
        Some(Rejection::AssetConflict),
    ];
    assert_eq!(seen, expected.into(), "the draws must reach every refusal");
}

#[test]
fn every_family_of_operations_is_drawn_and_the_page_says_by_which_model() {
    let page = include_str!("../../docs/testing/models.md");
    let source = include_str!("../src/operation.rs");
    let body = source.split("pub enum Operation {").nth(1).unwrap();
    let is_variant = |line: &&str| {
        line.strip_prefix("    ").is_some_and(|rest| rest.starts_with(char::is_uppercase))
    };
    let name = |line: &str| -> String {
        line.trim().chars().take_while(char::is_ascii_alphanumeric).collect()
    };
    let variants: BTreeSet<String> =
        body.split("\n}").next().unwrap().lines().filter(is_variant).map(name).collect();
    let drawn: BTreeSet<String> = families::ALL
        .iter()
        .flat_map(|drawn| drawn.families)
        .map(|family| (*family).to_owned())
        .collect();
    assert_eq!(drawn, variants);
    for model in families::ALL {
        let families = model.families.join(", ");
        let row = format!("| {} | {families} |", model.model);
        assert!(page.contains(&row), "{row}");
    }
    let shares = families::ALL.iter().map(|drawn| drawn.share).sum::<u64>();
    assert_eq!(shares, 100);
}
