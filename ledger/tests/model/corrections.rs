//! The model's corrections: what was returned of which receipt.

use std::collections::BTreeMap;

use ledger::chain::Executed;
use ledger::corrections::{Evidence, Reason, Return};
use ledger::crypto::SecretKey;
use ledger::hash::Hash;
use ledger::ids::Uetr;
use ledger::money::{Amount, Money};
use ledger::operation::Operation;
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::{FlatKey, State, StateKey};

use super::support::*;
use super::{Draw, Model, Result, require};

/// The parts that went back, by transaction and operation of the payment.
pub(super) type Returned = BTreeMap<(Hash, u16), Vec<u128>>;

/// The proofs of what a block did, rejected payments among them.
pub(super) fn proofs(executed: &Executed) -> Vec<Evidence> {
    let is_payment = |place: &usize| executed.booked[*place].receipt.uetr.is_some();
    let places = (0..executed.booked.len()).filter(is_payment);
    places.take(3).map(|place| evidence::evidence(executed, place)).collect()
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

impl Model {
    pub(super) fn send_back(
        &mut self,
        back: &Return,
        signed: &impl Fn(SecretKey) -> bool,
    ) -> Result {
        let Return { evidence, amount, .. } = back;
        let Outcome::Settled(settlement) = &evidence.receipt.outcome else {
            return Err(Rejection::NotSettled);
        };
        let (Some(payer), Some(payee)) = (settlement.from, settlement.to) else {
            return Err(Rejection::NotSettled);
        };
        let signs = signed(owner(payee)) || signed(operator(payee.servicer()));
        require(signs, Rejection::SignersMissing)?;
        let (gives, gets) = (self.accounts[&payee], self.accounts[&payer]);
        require(!gives.closed && !gets.closed, Rejection::AccountClosed)?;
        require(!gives.out && !gets.coming, Rejection::AccountFrozen)?;
        require(amount.amount.0 > 0, Rejection::ZeroAmount)?;
        let id = (evidence.receipt.transaction, evidence.receipt.operation);
        let before = self.returned.get(&id).cloned().unwrap_or_default();
        let all = before.iter().sum::<u128>() + amount.amount.0;
        let fits = amount.asset == settlement.credited.asset && all <= settlement.credited.amount.0;
        require(fits, Rejection::ReturnMismatch)?;
        require(before.len() < 16, Rejection::TooManyReturns)?;
        let has = self.available(payee, amount.asset);
        require(has >= amount.amount.0, Rejection::InsufficientFunds)?;
        self.take(payee, amount.asset, amount.amount.0);
        self.add(payer, amount.asset, amount.amount.0);
        self.returned.entry(id).or_default().push(amount.amount.0);
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
