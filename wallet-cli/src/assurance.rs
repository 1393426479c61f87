//! Assurance: whether a proof says that the very thing that was ordered is final.
//!
//! Invariants: the anchor is the profile's chain id; a receipt counts only if it is of the
//! transaction that was signed here, and its amounts and accounts are those that were ordered.
//! Absent: asking nodes.

use api::receipt::ReceiptView;
use ledger::account::AccountStatus;
use ledger::hash::Hash;
use ledger::ids::{AccountId, AssetCode, Height, ProposalNumber, Timestamp, Uetr};
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, Operation, PaymentTerms};
use ledger::proof::{self, Proof, Verdict};
use ledger::receipt::{Outcome, Receipt, Settlement};
use ledger::rejection::Rejection;
use ledger::transaction::{Transaction, TransactionId};

use crate::profile::Chain;

/// What was ordered, and under which id it was signed.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// The transaction's id.
    pub(crate) transaction: TransactionId,
    /// Its one operation.
    pub(crate) operation: Operation,
}

impl Expected {
    /// What `transaction` orders; `None` if it does not have exactly one operation.
    pub(crate) fn of(chain: &Chain, transaction: &Transaction) -> Option<Self> {
        let [operation] = transaction.operations.as_slice() else { return None };
        let id = transaction.id(&chain.domains());
        Some(Self { transaction: id, operation: operation.clone() })
    }
}

/// How an order ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// The outcome.
    pub(crate) receipt: Receipt,
    /// The block.
    pub(crate) height: Height,
    /// The block's time.
    pub(crate) time: Timestamp,
    /// What proves it: the receipt, or the account's record; none where there is no kind of proof.
    pub(crate) evidence: Option<Evidence>,
}

/// A verified proof.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// The file.
    pub(crate) file: Vec<u8>,
    /// How many validators signed.
    pub(crate) signers: usize,
    /// How many there are.
    pub(crate) validators: usize,
    /// How many had to sign.
    pub(crate) quorum: usize,
}

impl Evidence {
    fn of(verdict: &Verdict, file: Vec<u8>) -> Self {
        Self {
            file,
            signers: verdict.signers,
            validators: verdict.validators,
            quorum: verdict.quorum,
        }
    }
}

/// Verifies a proof file for a chain.
///
/// # Errors
/// The link that does not hold.
pub(crate) fn verify(chain: &Chain, file: &[u8]) -> Result<Verdict, String> {
    Proof::decode(file).and_then(|proof| proof.verify(chain.id)).map_err(|error| error.to_string())
}

/// Checks that `answer` tells how the order ended: by its proof where money moves, else by the
/// node's word about this very transaction.
///
/// # Errors
/// Why it does not convince.
pub(crate) fn check(
    chain: &Chain,
    answer: &ReceiptView,
    expected: &Expected,
) -> Result<Ended, String> {
    if expected.operation.uetr().is_none() {
        return declared(answer, expected);
    }
    let file = answer.proof.as_deref().and_then(api::text::parse_base64);
    prove(chain, file.ok_or("it sent no proof")?, expected)
}

/// Checks that `file` proves how the payment ended.
///
/// # Errors
/// Why it does not.
pub(crate) fn prove(chain: &Chain, file: Vec<u8>, expected: &Expected) -> Result<Ended, String> {
    let verdict = verify(chain, &file)?;
    let proof::Proven::Payment(receipt) = &verdict.proven else {
        return Err("its proof is of another kind".to_owned());
    };
    if receipt.transaction != expected.transaction || receipt.operation != 0 {
        return Err("its proof is of another transaction".to_owned());
    }
    if let Some(difference) = difference(receipt, &expected.operation) {
        return Err(format!("the proven receipt is not what was ordered: {difference}"));
    }
    let evidence = Evidence::of(&verdict, file);
    let (height, time) = (verdict.header.height, verdict.header.time);
    Ok(Ended { receipt: (**receipt).clone(), height, time, evidence: Some(evidence) })
}

/// The account whose record shows what an operation without money did; `None` if none does.
pub(crate) const fn affected(operation: &Operation) -> Option<AccountId> {
    match operation {
        Operation::OpenAccount { account, .. }
        | Operation::SetPolicy { account, .. }
        | Operation::RotateKeys { account, .. }
        | Operation::Freeze { account, .. }
        | Operation::Unfreeze { account }
        | Operation::CloseAccount { account }
        | Operation::SetTier { account, .. } => Some(*account),
        Operation::RegisterAsset { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::Pay(_)
        | Operation::PayAcross(_) => None,
    }
}

/// Checks that `file` proves the effect of `operation` on its account, in the block `done` or
/// later.
///
/// # Errors
/// Why it does not.
pub(crate) fn check_effect(
    chain: &Chain,
    file: &[u8],
    operation: &Operation,
    done: Height,
) -> Result<Evidence, String> {
    let verdict = verify(chain, file)?;
    let proof::Proven::Account { account, record: Some(record) } = &verdict.proven else {
        return Err("its proof is not of an account".to_owned());
    };
    if affected(operation) != Some(*account) || verdict.header.height < done {
        return Err("its proof is of another account or of an earlier block".to_owned());
    }
    let is_so = match operation {
        Operation::OpenAccount { policy, .. } | Operation::SetPolicy { policy, .. } => {
            record.policy == *policy
        }
        Operation::RotateKeys { keys, .. } => record.policy.owners == *keys,
        Operation::Freeze { direction, .. } => record.status == AccountStatus::frozen(*direction),
        Operation::Unfreeze { .. } => record.status == AccountStatus::Active,
        Operation::CloseAccount { .. } => record.status == AccountStatus::Closed,
        Operation::SetTier { tier, .. } => record.tier == *tier,
        Operation::RegisterAsset { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::Pay(_)
        | Operation::PayAcross(_) => false,
    };
    if is_so {
        Ok(Evidence::of(&verdict, file.to_vec()))
    } else {
        Err("the account is not as was ordered".to_owned())
    }
}

/// True if `file` proves that a transaction with this UETR, valid in this span, never happened.
pub(crate) fn proves_absence(
    chain: &Chain,
    file: &[u8],
    payment: Uetr,
    (from, until): (Timestamp, Timestamp),
) -> bool {
    match verify(chain, file).map(|verdict| verdict.proven) {
        Ok(proof::Proven::NoPayment { uetr, valid_from, valid_until }) => {
            uetr == payment && valid_from <= from && until <= valid_until
        }
        Ok(
            proof::Proven::Payment(_)
            | proof::Proven::Holding { .. }
            | proof::Proven::Account { .. },
        )
        | Err(_) => false,
    }
}

/// The assets of a receipt.
pub(crate) fn assets(receipt: &Receipt) -> Vec<AssetCode> {
    match &receipt.outcome {
        Outcome::Settled(settlement) => {
            vec![settlement.debited.asset, settlement.credited.asset]
        }
        Outcome::Done | Outcome::Proposed(_) | Outcome::Rejected(_) => Vec::new(),
    }
}

/// A node's word about an operation that moves no money.
fn declared(answer: &ReceiptView, expected: &Expected) -> Result<Ended, String> {
    if Hash::from_hex(&answer.transaction) != Some(expected.transaction) {
        return Err("its receipt is of another transaction".to_owned());
    }
    let rejection = Rejection::ALL.into_iter().find(|r| Some(r.code()) == answer.code.as_deref());
    let proposal = answer.proposal.map(ProposalNumber);
    let outcome = match (answer.status.as_str(), rejection, proposal) {
        ("done", None, None) => Outcome::Done,
        ("done", None, Some(number)) => Outcome::Proposed(number),
        ("rejected", Some(rejection), None) => Outcome::Rejected(rejection),
        _ => return Err("its receipt contradicts itself".to_owned()),
    };
    let transaction = expected.transaction;
    let receipt = Receipt { transaction, operation: 0, uetr: None, outcome };
    let height = Height(answer.block.ok_or("its receipt names no block")?);
    let time = answer.time.as_deref().and_then(api::text::parse_time);
    let time = time.ok_or("its receipt names no time")?;
    Ok(Ended { receipt, height, time, evidence: None })
}

/// How a receipt differs from the operation, if it does.
fn difference(receipt: &Receipt, operation: &Operation) -> Option<&'static str> {
    if receipt.uetr != operation.uetr() {
        return Some("another UETR");
    }
    let settlement = match &receipt.outcome {
        Outcome::Rejected(_) => return None,
        Outcome::Done | Outcome::Proposed(_) => return Some("no settlement"),
        Outcome::Settled(settlement) => settlement,
    };
    match operation {
        Operation::Pay(pay) => {
            let parties = settlement.from == Some(pay.from) && settlement.to == Some(pay.to);
            let credited = principal(settlement, pay.amount, &pay.terms);
            let amounts = credited == Some(settlement.credited) && settlement.exchange.is_none();
            first_difference(parties, amounts)
        }
        Operation::PayAcross(pay) => {
            let parties = settlement.from == Some(pay.from) && settlement.to == Some(pay.to);
            let sold = principal(settlement, pay.sell, &pay.terms).map(|sold| sold.amount);
            let exchange = settlement.exchange.as_ref();
            let amounts = sold.is_some()
                && exchange.map(|exchange| exchange.sold) == sold
                && exchange.map(|exchange| exchange.dealer) == Some(pay.quote.quote.dealer)
                && settlement.credited.asset == pay.minimum_received.asset
                && settlement.credited.amount >= pay.minimum_received.amount;
            first_difference(parties, amounts)
        }
        Operation::Issue { to, amount, .. } => {
            first_difference(settlement.to == Some(*to), settlement.credited == *amount)
        }
        Operation::Redeem { from, amount, .. } => {
            first_difference(settlement.from == Some(*from), settlement.debited == *amount)
        }
        Operation::RegisterAsset { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::RotateKeys { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => Some("money moved"),
    }
}

const fn first_difference(parties: bool, amounts: bool) -> Option<&'static str> {
    match (parties, amounts) {
        (false, _) => Some("other accounts"),
        (true, false) => Some("other amounts"),
        (true, true) => None,
    }
}

/// What is left of `ordered` to pay or exchange after the charges of `settlement`; `None` if what
/// was debited does not come to that, or the charges are above what was agreed.
fn principal(settlement: &Settlement, ordered: Money, terms: &PaymentTerms) -> Option<Money> {
    let fee = ledger::fees::total(&settlement.fees)?;
    let (debited, left): (Amount, Amount) = match terms.charge_bearer {
        ChargeBearer::Debtor | ChargeBearer::Shared => (ordered.amount.plus(fee)?, ordered.amount),
        ChargeBearer::Creditor => (ordered.amount, ordered.amount.minus(fee)?),
    };
    let is_agreed = fee <= terms.maximum_fee;
    let is_debited = settlement.debited == Money::new(debited, ordered.asset);
    (is_agreed && is_debited).then_some(Money::new(left, ordered.asset))
}

#[cfg(test)]
mod tests;
