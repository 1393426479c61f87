//! The model's corrections: what was returned of which receipt.

use std::collections::BTreeMap;

use ledger::chain::Executed;
use ledger::corrections::{Evidence, Reason, RecallAnswer, RecallRequest, Return};
use ledger::crypto::SecretKey;
use ledger::hash::Hash;
use ledger::ids::{AccountId, Timestamp, Uetr};
use ledger::money::{Amount, Money};
use ledger::operation::Operation;
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::{FlatKey, State, StateKey};

use super::support::*;
use super::{Draw, Model, Result, require};

/// The parts that went back, by transaction and operation of the payment.
pub(super) type Returned = BTreeMap<(Hash, u16), Vec<u128>>;

/// The open recalls: of what, how much, and until when.
pub(super) type Recalls = BTreeMap<Uetr, Asked>;

/// A recall that is open.
#[derive(Clone)]
pub(super) struct Asked {
    evidence: Evidence,
    amount: u128,
    pub(super) deadline: Timestamp,
}

/// The proofs of what a block settled, and of one payment that it rejected.
pub(super) fn proofs(executed: &Executed) -> Vec<Evidence> {
    let is_payment = |place: &usize| executed.booked[*place].receipt.uetr.is_some();
    let places = (0..executed.booked.len()).filter(is_payment);
    let is_settled =
        |place: &usize| matches!(executed.booked[*place].receipt.outcome, Outcome::Settled(_));
    let (settled, others): (Vec<_>, Vec<_>) = places.partition(is_settled);
    let places = others.into_iter().take(1).chain(settled.into_iter().take(3));
    places.map(|place| evidence::evidence(executed, place)).collect()
}

/// Draws a return, of one of the last payments more often than not.
pub(super) fn draw(
    draw: &mut Draw,
    proofs: &[Evidence],
    uetr: Uetr,
    money: Money,
    signers: &mut Vec<SecretKey>,
) -> Operation {
    let recent = &proofs[proofs.len().saturating_sub(4)..];
    let evidence = if draw.one_in(3) { draw.of(proofs) } else { draw.of(recent) };
    let reason = Reason::parse(draw.of(&["AC04", "CUST"])).unwrap();
    let mut amount = money;
    if let Outcome::Settled(settlement) = &evidence.receipt.outcome {
        let credited = settlement.credited;
        amount = draw.of(&[
            money,
            credited,
            Money::new(Amount(credited.amount.0 / 2), credited.asset),
            Money::new(Amount(credited.amount.0 / 3), credited.asset),
        ]);
        if let (Some(from), Some(to)) = (settlement.from, settlement.to) {
            let bank = operator(to.servicer());
            signers.push(draw.of(&[owner(to), owner(to), bank, owner(from)]));
        }
    }
    Operation::Return(Box::new(Return { uetr, evidence, amount, reason }))
}

/// Draws a recall, or an answer to one.
pub(super) fn draw_recall(
    draw: &mut Draw,
    recalled: &mut Vec<Evidence>,
    proofs: &[Evidence],
    (uetr, now): (Uetr, Timestamp),
    signers: &mut Vec<SecretKey>,
) -> Operation {
    // What was asked is asked again now and then, while it is open.
    let asks = recalled.is_empty() || draw.one_in(2);
    let again = asks && !recalled.is_empty() && draw.one_in(3);
    let recent = &recalled[recalled.len().saturating_sub(3)..];
    let evidence = match (asks, draw.one_in(3)) {
        (true, _) if !again => draw.of(&proofs[proofs.len().saturating_sub(4)..]),
        (_, true) => draw.of(recalled),
        (_, false) => draw.of(recent),
    };
    let credited = parties(&evidence).map_or(cny(1), |(_, _, credited)| credited);
    let parts = draw.of(&[1, 1, 2, 3]);
    let amount = Money::new(Amount(credited.amount.0 / parts), credited.asset);
    if let Ok((payer, payee, _)) = parties(&evidence) {
        let side = if asks { payer } else { payee };
        let bank = operator(side.servicer());
        signers.push(draw.of(&[owner(side), owner(side), bank, owner(payee)]));
    }
    let reason = Reason::parse("DUPL").unwrap();
    if asks {
        recalled.push(evidence.clone());
        let day = 24 * 3_600_000;
        let deadline = now.plus(draw.of(&[0, 30_000, day, day, 30 * day, 30 * day + 1]));
        let request = RecallRequest { evidence, amount, reason, deadline };
        return Operation::RequestRecall(Box::new(request));
    }
    let accept = RecallAnswer::Accept { uetr, amount };
    let answer = draw.of(&[accept, accept, RecallAnswer::Refuse { reason }]);
    Operation::AnswerRecall { payment: evidence.receipt.uetr.unwrap(), answer }
}

/// Who paid, who was paid, and how much, if it settled.
fn parties(evidence: &Evidence) -> std::result::Result<(AccountId, AccountId, Money), Rejection> {
    let Outcome::Settled(settlement) = &evidence.receipt.outcome else {
        return Err(Rejection::NotSettled);
    };
    match (settlement.from, settlement.to) {
        (Some(payer), Some(payee)) => Ok((payer, payee, settlement.credited)),
        _ => Err(Rejection::NotSettled),
    }
}

fn signs_for(account: AccountId, signed: &impl Fn(SecretKey) -> bool) -> bool {
    signed(owner(account)) || signed(operator(account.servicer()))
}

impl Model {
    pub(super) fn send_back(
        &mut self,
        back: &Return,
        signed: &impl Fn(SecretKey) -> bool,
    ) -> Result {
        let (_, payee, _) = parties(&back.evidence)?;
        require(signs_for(payee, signed), Rejection::SignersMissing)?;
        self.move_back(&back.evidence, back.amount, u128::MAX)
    }

    fn move_back(&mut self, evidence: &Evidence, amount: Money, most: u128) -> Result {
        let (payer, payee, credited) = parties(evidence)?;
        let (gives, gets) = (self.accounts[&payee], self.accounts[&payer]);
        require(!gives.closed && !gets.closed, Rejection::AccountClosed)?;
        require(!gives.out && !gets.coming, Rejection::AccountFrozen)?;
        require(amount.amount.0 > 0, Rejection::ZeroAmount)?;
        let id = (evidence.receipt.transaction, evidence.receipt.operation);
        let before = self.returned.get(&id).cloned().unwrap_or_default();
        let all = before.iter().sum::<u128>() + amount.amount.0;
        let fits = amount.asset == credited.asset && all <= credited.amount.0;
        require(fits && amount.amount.0 <= most, Rejection::ReturnMismatch)?;
        require(before.len() < 16, Rejection::TooManyReturns)?;
        let has = self.available(payee, amount.asset);
        require(has >= amount.amount.0, Rejection::InsufficientFunds)?;
        self.take(payee, amount.asset, amount.amount.0);
        self.add(payer, amount.asset, amount.amount.0);
        self.returned.entry(id).or_default().push(amount.amount.0);
        Ok(())
    }

    pub(super) fn ask_back(
        &mut self,
        request: &RecallRequest,
        signed: &impl Fn(SecretKey) -> bool,
        time: Timestamp,
    ) -> Result {
        let RecallRequest { evidence, amount, deadline, .. } = request;
        let (payer, payee, credited) = parties(evidence)?;
        require(signs_for(payer, signed), Rejection::SignersMissing)?;
        let closed = self.accounts[&payer].closed || self.accounts[&payee].closed;
        require(!closed, Rejection::AccountClosed)?;
        let payment = evidence.receipt.uetr.unwrap();
        require(!self.recalls.contains_key(&payment), Rejection::RecallOpen)?;
        require(amount.amount.0 > 0, Rejection::ZeroAmount)?;
        let ahead = deadline.0.saturating_sub(time.0);
        require((1..=30 * 24 * 3_600_000).contains(&ahead), Rejection::DeadlineRefused)?;
        let id = (evidence.receipt.transaction, evidence.receipt.operation);
        let before: u128 = self.returned.get(&id).into_iter().flatten().sum();
        let fits = amount.asset == credited.asset && before + amount.amount.0 <= credited.amount.0;
        require(fits, Rejection::ReturnMismatch)?;
        let (evidence, amount, deadline) = (evidence.clone(), amount.amount.0, *deadline);
        self.recalls.insert(payment, Asked { evidence, amount, deadline });
        Ok(())
    }

    pub(super) fn answer(
        &mut self,
        payment: Uetr,
        answer: &RecallAnswer,
        signed: &impl Fn(SecretKey) -> bool,
    ) -> Result {
        let asked = self.recalls.get(&payment).cloned().ok_or(Rejection::NoRecall)?;
        let (_, payee, _) = parties(&asked.evidence)?;
        require(signs_for(payee, signed), Rejection::SignersMissing)?;
        if let RecallAnswer::Accept { amount, .. } = answer {
            self.move_back(&asked.evidence, *amount, asked.amount)?;
        }
        self.recalls.remove(&payment);
        Ok(())
    }

    /// The state keeps what was returned, and nothing else of settled payments.
    pub(super) fn assert_returned(&self, state: &State) {
        let mut found = Vec::new();
        for (key, value) in state.entries() {
            if let Some(FlatKey::Record(StateKey::Returns(_))) = FlatKey::decode(&key) {
                let returns: ledger::corrections::Returns = borsh::from_slice(value).unwrap();
                found.push(returns.returned.iter().map(|one| one.amount.0).collect::<Vec<_>>());
                assert!(returns.total() <= returns.settled.credited.amount);
            }
        }
        let mut expected: Vec<_> = self.returned.values().cloned().collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
    }
}
