//! Random operations against a model of the ledger that is written apart, as simply as possible.
//!
//! The model knows nothing of trees, journals or plans: maps, sums and the rules in order. After
//! each block: the same outcomes, the same balances over the whole state, conservation, nothing
//! below zero, each UETR once. At the end: the flat list kept from the blocks' changes is the
//! state's, and a state restored from it has the same root.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::wildcard_enum_match_arm, reason = "the model takes what is drawn")]

#[path = "model/corrections.rs"]
mod corrections;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use ledger::chain::Tip;
use ledger::corrections::Evidence;
use ledger::crypto::SecretKey;
use ledger::hash::Hash;
use ledger::ids::{AccountId, AssetCode, Timestamp, Uetr};
use ledger::money::{Amount, Money, Rate};
use ledger::operation::{ChargeBearer, FreezeDirection, Hold, Operation, Pay, PayAcross};
use ledger::quote::{Quote, Route};
use ledger::rejection::Rejection;
use ledger::state::{FlatKey, State, StateKey, marker_prefix};
use ledger::transaction::VerifiedTransaction;
use ledger::waiting::{HashLock, Secret};
use support::draw::Draw;
use support::families::{Tally, run_seeds};
use support::*;

/// The simplest ledger: balances, who is frozen, what was used.
#[derive(Clone, Default)]
struct Model {
    balances: BTreeMap<(AccountId, String), u128>,
    accounts: BTreeMap<AccountId, Frozen>,
    minted: BTreeMap<String, u128>,
    quotes: BTreeSet<u64>,
    uetrs: BTreeSet<Uetr>,
    holds: BTreeMap<Uetr, Open>,
    returned: corrections::Returned,
    recalls: corrections::Recalls,
    charges: bool,
}

/// A hold that is open.
#[derive(Clone)]
struct Open {
    hold: Hold,
    fee: u128,
    held: u128,
}

#[derive(Clone, Copy, Default)]
struct Frozen {
    out: bool,
    coming: bool,
    closed: bool,
}

type Result = std::result::Result<(), Rejection>;

fn require(holds: bool, rejection: Rejection) -> Result {
    if holds { Ok(()) } else { Err(rejection) }
}

impl Model {
    fn balance(&self, account: AccountId, asset: AssetCode) -> u128 {
        self.balances.get(&(account, asset.to_string())).copied().unwrap_or(0)
    }

    /// What of a balance is not held.
    fn available(&self, account: AccountId, asset: AssetCode) -> u128 {
        self.balance(account, asset) - self.held(account, asset)
    }

    fn held(&self, account: AccountId, asset: AssetCode) -> u128 {
        let of =
            |open: &&Open| (open.hold.pay.from, open.hold.pay.amount.asset) == (account, asset);
        self.holds.values().filter(of).map(|open| open.held).sum()
    }

    fn add(&mut self, account: AccountId, asset: AssetCode, amount: u128) {
        *self.balances.entry((account, asset.to_string())).or_default() += amount;
    }

    fn take(&mut self, account: AccountId, asset: AssetCode, amount: u128) {
        *self.balances.entry((account, asset.to_string())).or_default() -= amount;
    }

    fn find(
        &self,
        account: AccountId,
        missing: Rejection,
    ) -> std::result::Result<Frozen, Rejection> {
        self.accounts.get(&account).copied().ok_or(missing)
    }

    /// The charges of wei's and ann's bank, spelled out.
    fn fee(&self, from: AccountId, to: AccountId, asset: AssetCode, amount: u128) -> u128 {
        if !self.charges || from.servicer() != POST || asset != code("CNY") || amount < 10_000 {
            return 0;
        }
        let own = (amount * 50).div_ceil(10_000).max(100);
        let other_bank = if to.servicer() == POST { 0 } else { 30 };
        let abroad = if [POST, CHINA].contains(&to.servicer()) { 0 } else { 70 };
        (own + other_bank + abroad).min(50_000)
    }

    fn transaction(&mut self, order: &Order, time: Timestamp) -> Vec<Option<Rejection>> {
        let signers: BTreeSet<_> = order.signers.iter().map(SecretKey::public).collect();
        let signed = |key: SecretKey| signers.contains(&key.public());
        let in_time = order.window.0 <= 0 && order.window.1 >= 0;
        let late = if order.window.0 > 0 { Rejection::NotYetValid } else { Rejection::Expired };
        let mine: Vec<_> = order.operations.iter().map(Operation::uetr).collect();
        let used: Vec<bool> =
            mine.iter().map(|uetr| uetr.is_some_and(|uetr| self.uetrs.contains(&uetr))).collect();
        self.uetrs.extend(mine.iter().flatten());
        let before = self.clone();
        let mut outcomes = Vec::new();
        let stopped = order.atomic && used.contains(&true);
        for (operation, used) in order.operations.iter().zip(&used) {
            let outcome = if *used {
                Err(Rejection::DuplicateUetr)
            } else if !in_time {
                Err(late)
            } else if stopped {
                Err(Rejection::LinkedRejected)
            } else {
                self.operation(operation, &signed, time)
            };
            outcomes.push(outcome.err());
        }
        let failed = outcomes.iter().position(Option::is_some);
        if let (true, true, false, Some(failed)) = (order.atomic, in_time, stopped, failed) {
            *self = before;
            for (place, outcome) in outcomes.iter_mut().enumerate() {
                if place != failed {
                    *outcome = Some(Rejection::LinkedRejected);
                }
            }
        }
        outcomes
    }

    fn operation(
        &mut self,
        operation: &Operation,
        signed: &impl Fn(SecretKey) -> bool,
        time: Timestamp,
    ) -> Result {
        match operation {
            Operation::Issue { to, amount, .. } => {
                require(signed(issuer(amount.asset)), Rejection::SignersMissing)?;
                let payee = self.find(*to, Rejection::UnknownPayee)?;
                require(!payee.closed, Rejection::AccountClosed)?;
                require(!payee.coming, Rejection::AccountFrozen)?;
                require(amount.amount.0 > 0, Rejection::ZeroAmount)?;
                self.add(*to, amount.asset, amount.amount.0);
                *self.minted.entry(amount.asset.to_string()).or_default() += amount.amount.0;
                Ok(())
            }
            Operation::Redeem { from, amount, .. } => {
                let exists = self.accounts.contains_key(from);
                let signs = signed(issuer(amount.asset)) && (!exists || signed(owner(*from)));
                require(signs, Rejection::SignersMissing)?;
                let payer = self.find(*from, Rejection::UnknownAccount)?;
                require(!payer.closed, Rejection::AccountClosed)?;
                require(!payer.out, Rejection::AccountFrozen)?;
                require(amount.amount.0 > 0, Rejection::ZeroAmount)?;
                let has = self.available(*from, amount.asset);
                require(has >= amount.amount.0, Rejection::InsufficientFunds)?;
                self.take(*from, amount.asset, amount.amount.0);
                *self.minted.entry(amount.asset.to_string()).or_default() -= amount.amount.0;
                Ok(())
            }
            Operation::Freeze { account, direction } => {
                require(signed(compliance(account.servicer())), Rejection::SignersMissing)?;
                let mut state = self.find(*account, Rejection::UnknownAccount)?;
                require(!state.closed, Rejection::AccountClosed)?;
                state.out |= *direction != FreezeDirection::Incoming;
                state.coming |= *direction != FreezeDirection::Outgoing;
                self.accounts.insert(*account, state);
                Ok(())
            }
            Operation::Unfreeze { account } => {
                require(signed(compliance(account.servicer())), Rejection::SignersMissing)?;
                let state = self.find(*account, Rejection::UnknownAccount)?;
                require(!state.closed, Rejection::AccountClosed)?;
                self.accounts.insert(*account, Frozen::default());
                Ok(())
            }
            Operation::CloseAccount { account } => {
                require(signed(operator(account.servicer())), Rejection::SignersMissing)?;
                let state = self.find(*account, Rejection::UnknownAccount)?;
                require(!state.closed, Rejection::AccountClosed)?;
                let holds = self.balances.iter().any(|((a, _), sum)| a == account && *sum > 0);
                require(!holds, Rejection::AccountNotEmpty)?;
                let collects = self.charges && *account == collector();
                require(!collects, Rejection::NotPermitted)?;
                self.accounts.insert(*account, Frozen { closed: true, ..state });
                Ok(())
            }
            Operation::Pay(pay) => self.pay(pay, signed),
            Operation::Hold(hold) => self.hold(hold, signed, time),
            Operation::Capture { payment, amount, secret } => {
                let open = self.open(*payment, signed)?;
                self.capture(&open, amount.asset, amount.amount.0, *secret)
            }
            Operation::Release { payment } => {
                self.open(*payment, signed)?;
                self.holds.remove(payment);
                Ok(())
            }
            Operation::PayAcross(pay) => self.pay_across(pay, signed, time),
            Operation::Return(back) => self.send_back(back, signed),
            Operation::RequestRecall(request) => self.ask_back(request, signed, time),
            Operation::AnswerRecall { payment, answer } => self.answer(*payment, answer, signed),
            other => panic!("not drawn: {other:?}"),
        }
    }

    /// What a payment costs, what it takes, and what it gives, if it may be.
    fn priced(
        &self,
        pay: &Pay,
        signed: &impl Fn(SecretKey) -> bool,
        between: impl FnOnce() -> Result,
    ) -> std::result::Result<(u128, u128, u128), Rejection> {
        let Pay { from, to, amount, terms, .. } = pay;
        let (asset, amount) = (amount.asset, amount.amount.0);
        let exists = self.accounts.contains_key(from);
        require(!exists || signed(owner(*from)), Rejection::SignersMissing)?;
        let payer = self.find(*from, Rejection::UnknownAccount)?;
        let payee = self.find(*to, Rejection::UnknownPayee)?;
        require(!payer.closed && !payee.closed, Rejection::AccountClosed)?;
        require(!payer.out && !payee.coming, Rejection::AccountFrozen)?;
        require(from != to, Rejection::SameAccount)?;
        require(amount > 0, Rejection::ZeroAmount)?;
        between()?;
        let fee = self.fee(*from, *to, asset, amount);
        require(fee <= terms.maximum_fee.0, Rejection::FeeAboveAgreed)?;
        let from_payee = terms.charge_bearer == ChargeBearer::Creditor;
        let (debited, credited) =
            if from_payee { (amount, amount - fee) } else { (amount + fee, amount) };
        require(self.available(*from, asset) >= debited, Rejection::InsufficientFunds)?;
        Ok((fee, debited, credited))
    }

    fn pay(&mut self, pay: &Pay, signed: &impl Fn(SecretKey) -> bool) -> Result {
        let (fee, debited, credited) = self.priced(pay, signed, || Ok(()))?;
        let asset = pay.amount.asset;
        self.take(pay.from, asset, debited);
        self.add(pay.to, asset, credited);
        self.add(collector(), asset, fee);
        Ok(())
    }

    fn hold(
        &mut self,
        hold: &Hold,
        signed: &impl Fn(SecretKey) -> bool,
        time: Timestamp,
    ) -> Result {
        let ahead = hold.deadline.0.saturating_sub(time.0);
        let deadline =
            || require((1..=7 * 24 * 3_600_000).contains(&ahead), Rejection::DeadlineRefused);
        let (fee, held, _) = self.priced(&hold.pay, signed, deadline)?;
        self.holds.insert(hold.pay.uetr, Open { hold: hold.clone(), fee, held });
        Ok(())
    }

    /// The hold that is open, and whose payee's side signed.
    fn open(
        &self,
        payment: Uetr,
        signed: &impl Fn(SecretKey) -> bool,
    ) -> std::result::Result<Open, Rejection> {
        let open = self.holds.get(&payment).ok_or(Rejection::NotHeld)?;
        let to = open.hold.pay.to;
        let signs = signed(owner(to)) || signed(operator(to.servicer()));
        require(signs, Rejection::SignersMissing)?;
        Ok(open.clone())
    }

    fn capture(
        &mut self,
        open: &Open,
        asset: AssetCode,
        amount: u128,
        secret: Option<Secret>,
    ) -> Result {
        let Pay { uetr, from, to, amount: most, terms, .. } = &open.hold.pay;
        let (payer, payee) = (self.accounts[from], self.accounts[to]);
        require(!payer.closed && !payee.closed, Rejection::AccountClosed)?;
        require(!payer.out && !payee.coming, Rejection::AccountFrozen)?;
        require(amount > 0, Rejection::ZeroAmount)?;
        let lock = secret.map(|secret| HashLock::of(&secret));
        require(lock == open.hold.lock, Rejection::SecretWrong)?;
        let fits = asset == most.asset && amount <= most.amount.0;
        require(fits, Rejection::CaptureMismatch)?;
        let fee = self.fee(*from, *to, asset, amount).min(open.fee);
        let from_payee = terms.charge_bearer == ChargeBearer::Creditor;
        let (debited, credited) =
            if from_payee { (amount, amount - fee) } else { (amount + fee, amount) };
        self.holds.remove(uetr);
        self.take(*from, asset, debited);
        self.add(*to, asset, credited);
        self.add(collector(), asset, fee);
        Ok(())
    }

    fn pay_across(
        &mut self,
        pay: &PayAcross,
        signed: &impl Fn(SecretKey) -> bool,
        time: Timestamp,
    ) -> Result {
        let PayAcross { from, to, sell, minimum_received, route, terms, .. } = pay;
        let quote = &route.first.quote;
        let (asset, amount) = (sell.asset, sell.amount.0);
        let exists = self.accounts.contains_key(from);
        require(!exists || signed(owner(*from)), Rejection::SignersMissing)?;
        let payer = self.find(*from, Rejection::UnknownAccount)?;
        let payee = self.find(*to, Rejection::UnknownPayee)?;
        let market = self.accounts[&dealer()];
        require(!payer.closed && !payee.closed && !market.closed, Rejection::AccountClosed)?;
        let frozen = payer.out || payee.coming || market.out || market.coming;
        require(!frozen, Rejection::AccountFrozen)?;
        let distinct = BTreeSet::from([*from, *to, dealer()]).len() == 3;
        require(distinct, Rejection::SameAccount)?;
        require(amount > 0, Rejection::ZeroAmount)?;
        let fee = self.fee(*from, *to, asset, amount);
        let agreed = fee <= terms.maximum_fee.0;
        let from_payee = terms.charge_bearer == ChargeBearer::Creditor;
        let sold = if from_payee && agreed { amount - fee } else { amount };
        let power = 10_u128.pow(u32::from(quote.rate.scale));
        let received = sold * u128::from(quote.rate.digits) / power;
        require(received > 0, Rejection::ZeroAmount)?;
        require(time <= quote.expires, Rejection::QuoteExpired)?;
        require(!self.quotes.contains(&quote.nonce), Rejection::QuoteUsed)?;
        let fits = quote.sell == asset && quote.buy == minimum_received.asset;
        let fits = fits && (quote.minimum.0..=quote.maximum.0).contains(&sold);
        require(fits && received >= minimum_received.amount.0, Rejection::QuoteMismatch)?;
        require(agreed, Rejection::FeeAboveAgreed)?;
        let debited = if from_payee { amount } else { amount + fee };
        require(self.available(*from, asset) >= debited, Rejection::InsufficientFunds)?;
        let stock = self.available(dealer(), quote.buy);
        require(stock >= received, Rejection::DealerInsufficientFunds)?;
        self.take(*from, asset, debited);
        self.add(dealer(), asset, sold);
        self.add(collector(), asset, fee);
        self.take(dealer(), quote.buy, received);
        self.add(*to, quote.buy, received);
        self.quotes.insert(quote.nonce);
        Ok(())
    }
}

fn issuer(asset: AssetCode) -> SecretKey {
    operator(if asset == code("CNY") { POST } else { HONG_KONG })
}

/// The accounts that exist, and one that does not.
fn accounts() -> Vec<AccountId> {
    vec![
        wei(),
        wei(),
        ann(),
        collector(),
        min(),
        wei(),
        lee(),
        min(),
        dealer(),
        account(CHINA, 404),
    ]
}

/// Draws one operation, good more often than not, and adds the keys that should sign it.
fn draw_operation(
    draw: &mut Draw,
    world: &mut World,
    used: &[Uetr],
    offers: &mut Offers,
    signers: &mut Vec<SecretKey>,
) -> Operation {
    let from = draw.of(&accounts());
    let to = draw.of(&accounts());
    let amount = draw.of(&[0, 1, 99, 9_999, 10_000, 10_001, 250_000, 3_000_000, 20_000_000]);
    let money = if draw.one_in(3) { hkd(amount) } else { cny(amount) };
    let uetr = if draw.one_in(12) && !used.is_empty() { draw.of(used) } else { world.fresh_uetr() };
    let mut terms = terms();
    terms.maximum_fee = Amount(draw.of(&[0, 150, 1_000_000, 1_000_000, 1_000_000]));
    terms.charge_bearer =
        draw.of(&[ChargeBearer::Debtor, ChargeBearer::Shared, ChargeBearer::Creditor]);
    match draw.below(31) {
        0 => {
            signers.push(issuer(money.asset));
            Operation::Issue { uetr, to, amount: money }
        }
        1 => {
            signers.extend([issuer(money.asset), owner(from)]);
            Operation::Redeem { uetr, from, amount: money }
        }
        2 => {
            signers.push(compliance(from.servicer()));
            let both = [FreezeDirection::Outgoing, FreezeDirection::Incoming];
            Operation::Freeze { account: from, direction: draw.of(&both) }
        }
        3 | 4 => {
            signers.push(compliance(from.servicer()));
            Operation::Unfreeze { account: from }
        }
        5 if draw.one_in(4) => {
            signers.push(operator(ann().servicer()));
            Operation::CloseAccount { account: ann() }
        }
        5..=11 => {
            signers.push(owner(from));
            Operation::Pay(Pay { uetr, from, to, amount: money, terms })
        }
        16..=18 => {
            // Mostly parties that can, so that there is something to capture.
            let (from, to) = if draw.one_in(4) { (from, to) } else { (wei(), min()) };
            let money = if draw.one_in(4) { money } else { cny(money.amount.0.min(250_000)) };
            signers.push(owner(from));
            let day = 24 * 3_600_000;
            let ahead = draw.of(&[0, 1, 30_000, 90_000, day, day, 7 * day, 7 * day + 1]);
            let lock = draw.one_in(3).then(|| HashLock::of(&SECRET));
            let pay = Pay { uetr, from, to, amount: money, terms };
            let hold = Hold { pay, deadline: world.time().plus(ahead), lock };
            offers.holds.push(hold.clone());
            Operation::Hold(Box::new(hold))
        }
        19..=21 if !offers.holds.is_empty() => draw_follow_up(draw, &offers.holds, money, signers),
        22..=25 if !offers.proofs.is_empty() => {
            corrections::draw(draw, &offers.proofs, uetr, money, signers)
        }
        26..=30 if !offers.proofs.is_empty() => {
            let now = world.time();
            corrections::draw_recall(
                draw,
                &mut offers.recalled,
                &offers.proofs,
                (uetr, now),
                signers,
            )
        }
        _ => {
            // Mostly parties that can, so that the rules of quotes are reached.
            let (from, to) = if draw.one_in(4) { (from, to) } else { (wei(), lee()) };
            signers.push(owner(from));
            let quote = draw_quote(draw, world, &mut offers.quotes);
            let (sell, buy) = if draw.one_in(8) { ("HKD", "CNY") } else { ("CNY", "HKD") };
            let sell = Money::new(money.amount, code(sell));
            let least = draw.of(&[0, 1, 10_000]);
            let minimum_received = Money::new(Amount(least), code(buy));
            let route = Route::direct(world.signed(quote));
            let pay = PayAcross { uetr, from, to, sell, minimum_received, route, terms };
            Operation::PayAcross(Box::new(pay))
        }
    }
}

/// What was offered and can be taken up.
#[derive(Default)]
struct Offers {
    quotes: Vec<Quote>,
    holds: Vec<Hold>,
    proofs: Vec<Evidence>,
    recalled: Vec<Evidence>,
}

const SECRET: Secret = Secret(Hash([5; 32]));

/// Draws a capture or a release, of one of the last holds more often than not.
fn draw_follow_up(
    draw: &mut Draw,
    holds: &[Hold],
    money: Money,
    signers: &mut Vec<SecretKey>,
) -> Operation {
    let recent = &holds[holds.len().saturating_sub(2)..];
    let hold = if draw.one_in(4) { draw.of(holds) } else { draw.of(recent) };
    let Pay { uetr: payment, from, to, amount, .. } = hold.pay;
    signers.push(draw.of(&[owner(to), owner(to), operator(to.servicer()), owner(from)]));
    if draw.one_in(4) {
        return Operation::Release { payment };
    }
    let amount = if draw.one_in(3) { money } else { amount };
    let knows = hold.lock.is_some() != draw.one_in(4);
    Operation::Capture { payment, amount, secret: knows.then_some(SECRET) }
}

/// A quote that was offered before, or a new one.
fn draw_quote(draw: &mut Draw, world: &mut World, quotes: &mut Vec<Quote>) -> Quote {
    if draw.one_in(3) && !quotes.is_empty() {
        return if draw.one_in(2) { draw.of(quotes) } else { quotes[quotes.len() - 1].clone() };
    }
    let rate = draw.of(&["1.085", "0.0001", "7", "0.921658986175"]);
    let quote = Quote { rate: Rate::parse(rate).unwrap(), ..world.quote("1") };
    quotes.push(quote.clone());
    quote
}

fn draw_order(
    draw: &mut Draw,
    world: &mut World,
    used: &mut Vec<Uetr>,
    offers: &mut Offers,
) -> Order {
    let mut signers = vec![key("always one")];
    let count = draw.of(&[1, 1, 1, 2, 5]);
    let mut operations = Vec::new();
    let mut uetrs = BTreeSet::new();
    while operations.len() < count {
        let operation = draw_operation(draw, world, used, offers, &mut signers);
        // Within one transaction a UETR stands once, or it is malformed.
        if operation.uetr().is_none_or(|uetr| uetrs.insert(uetr)) {
            operations.push(operation);
        }
    }
    used.extend(&uetrs);
    if draw.one_in(15) {
        signers.truncate(1);
    }
    let window =
        if draw.one_in(8) { draw.of(&[(-9, -1), (1, 9)]) } else { draw.of(&[(-9, 9), (0, 0)]) };
    Order { atomic: draw.one_in(2), window, ..Order::new(operations, &signers) }
}

/// Compares the whole state with the model.
fn compare(model: &Model, state: &State) {
    let mut sums: BTreeMap<String, u128> = BTreeMap::new();
    let mut open: BTreeMap<AccountId, u32> = BTreeMap::new();
    for (key, value) in state.entries() {
        if let Some(FlatKey::Record(StateKey::Holding(account, asset))) = FlatKey::decode(&key) {
            let holding: ledger::account::Holding = borsh::from_slice(value).unwrap();
            assert_eq!(holding.posted.0, model.balance(account, asset), "{account:?} {asset}");
            assert_eq!(holding.held.0, model.held(account, asset), "{account:?} {asset}");
            *sums.entry(asset.to_string()).or_default() += holding.posted.0;
            *open.entry(account).or_default() += u32::from(holding.posted.0 > 0);
        }
    }
    for (asset, sum) in sums {
        assert_eq!(model.minted.get(&asset), Some(&sum), "conservation of {asset}");
        let supply = state.supply(code(&asset)).unwrap();
        assert_eq!(supply.issued.0 - supply.redeemed.0, sum, "supply of {asset}");
    }
    for (id, frozen) in &model.accounts {
        let account = state.account(*id).unwrap();
        assert_eq!(account.open_holdings, open.get(id).copied().unwrap_or(0));
        assert_eq!(account.status.pays(), !frozen.out && !frozen.closed);
        assert_eq!(account.status.is_paid(), !frozen.coming && !frozen.closed);
    }
}

/// Applies a block's changes to a flat list, as a node's storage does.
fn store(flat: &mut BTreeMap<Vec<u8>, Vec<u8>>, changes: &ledger::state::Changes) {
    for (key, value) in changes.entries() {
        match value {
            Some(value) => flat.insert(key.to_vec(), value.to_vec()),
            None => flat.remove(key),
        };
    }
    for bucket in changes.dropped_buckets() {
        let prefix = marker_prefix(*bucket);
        flat.retain(|key, _| !key.starts_with(&prefix));
    }
}

/// How often each outcome came.
type Outcomes = BTreeMap<Option<Rejection>, u32>;

/// Runs `blocks` blocks; gives how often each outcome came, the last block's hash, and what was
/// drawn.
fn run(seed: u64, blocks: usize) -> (Outcomes, Hash, Tally) {
    let mut draw = Draw::new(seed);
    let mut world = World::with_fees();
    world.tally = Tally::default();
    let mut model = Model { charges: true, ..Model::default() };
    for account in [wei(), ann(), collector(), min(), lee(), dealer()] {
        model.accounts.insert(account, Frozen::default());
        for (asset, holding) in world.tip.state().holdings(account) {
            model.add(account, asset, holding.posted.0);
            *model.minted.entry(asset.to_string()).or_default() += holding.posted.0;
        }
    }
    let entries = |tip: &Tip| -> BTreeMap<Vec<u8>, Vec<u8>> {
        tip.state().entries().map(|(key, value)| (key, value.to_vec())).collect()
    };
    let mut flat = entries(&world.tip);
    let (mut used, mut offers) = (Vec::new(), Offers::default());
    let mut seen = BTreeMap::new();
    let mut executed_before = Vec::new();
    for _ in 0..blocks {
        // Now and then weeks pass, so that quotes expire and buckets are dropped.
        world.step = if draw.one_in(10) { 11 * 24 * 3_600_000 } else { 20_000 };
        let time = world.time();
        model.holds.retain(|_, open| open.hold.deadline >= time);
        model.recalls.retain(|_, open| open.deadline >= time);
        let mut expected = Vec::new();
        let mut transactions: Vec<VerifiedTransaction> = Vec::new();
        for _ in 0..=draw.below(6) {
            let order = draw_order(&mut draw, &mut world, &mut used, &mut offers);
            let transaction = world.verified(&order);
            if transactions.contains(&transaction) {
                // Without UETRs, the same order drawn twice is the same transaction.
                continue;
            }
            expected.extend(model.transaction(&order, time));
            transactions.push(transaction.clone());
            if draw.one_in(4) {
                transactions.push(transaction.clone());
            }
            executed_before.push(transaction);
        }
        transactions.push(draw.of(&executed_before));
        if world.step > 20_000 {
            // What is remembered is forgotten in time: then a replay is new, if it is still valid.
            executed_before.clear();
            transactions.pop();
        }
        let executed = world.block(&transactions);
        let outcomes: Vec<_> =
            executed.booked.iter().map(|one| one.receipt.outcome.rejection()).collect();
        assert_eq!(outcomes, expected, "seed {seed}, height {}", world.tip.height());
        for outcome in outcomes {
            *seen.entry(outcome).or_default() += 1;
        }
        compare(&model, world.tip.state());
        model.assert_returned(world.tip.state());
        offers.proofs.extend(corrections::proofs(&executed));
        store(&mut flat, &executed.changes);
        assert_eq!(flat, entries(&world.tip), "seed {seed}");
        let dropped = executed.changes.dropped_buckets();
        if !dropped.is_empty() {
            let marked = |uetr: &Uetr| {
                let key = ledger::state::MarkerKey::Payment(*uetr);
                world.tip.state().marker(&key).is_some()
            };
            model.uetrs.retain(marked);
        }
    }
    let restored = State::restore(world.domains(), flat).unwrap();
    assert!(restored.deadlines().eq(world.tip.state().deadlines()));
    assert_eq!(restored.deadlines().count(), model.holds.len());
    assert!(restored.recall_deadlines().eq(world.tip.state().recall_deadlines()));
    assert_eq!(restored.recall_deadlines().count(), model.recalls.len());
    assert_eq!(restored.root(), world.tip.header().state_root);
    (seen, world.tip.hash(), world.tally)
}

#[test]
fn random_operations_do_what_the_model_does() {
    let mut seen = Outcomes::new();
    run_seeds("payments", 24, |seed, tally| {
        let (outcomes, _, drawn) = run(seed, 80);
        for (outcome, count) in outcomes {
            *seen.entry(outcome).or_default() += count;
        }
        tally.add(&drawn);
    });
    // The draws must reach everything that they can reach, or the test says little.
    for outcome in [
        None,
        Some(Rejection::DuplicateUetr),
        Some(Rejection::NotYetValid),
        Some(Rejection::Expired),
        Some(Rejection::NotHeld),
        Some(Rejection::NotSettled),
        Some(Rejection::NoRecall),
        Some(Rejection::RecallOpen),
        Some(Rejection::SignersMissing),
        Some(Rejection::UnknownAccount),
        Some(Rejection::UnknownPayee),
        Some(Rejection::AccountClosed),
        Some(Rejection::AccountNotEmpty),
        Some(Rejection::AccountFrozen),
        Some(Rejection::SameAccount),
        Some(Rejection::ZeroAmount),
        Some(Rejection::QuoteExpired),
        Some(Rejection::QuoteUsed),
        Some(Rejection::QuoteMismatch),
        Some(Rejection::DeadlineRefused),
        Some(Rejection::SecretWrong),
        Some(Rejection::CaptureMismatch),
        Some(Rejection::ReturnMismatch),
        Some(Rejection::FeeAboveAgreed),
        Some(Rejection::InsufficientFunds),
        Some(Rejection::DealerInsufficientFunds),
        Some(Rejection::LinkedRejected),
    ] {
        assert!(seen.contains_key(&outcome), "never drawn: {outcome:?} in {seen:?}");
    }
    assert!(!seen.contains_key(&Some(Rejection::InternalDefect)));
}

#[test]
fn the_same_draws_give_the_same_chain() {
    let (outcomes, hash, _) = run(99, 20);
    let (again, same, _) = run(99, 20);
    assert_eq!((outcomes, hash), (again, same));
    assert_ne!(run(98, 20).1, hash);
}
