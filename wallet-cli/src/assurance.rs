//! Assurance: whether a proof says that the very thing that was ordered is final.
//!
//! Invariants: the anchor is the profile's chain id; a receipt counts only if it is of the
//! transaction that was signed here, and its amounts and accounts are those that were ordered.
//! Absent: asking nodes.

use api::receipt::ReceiptView;
use ledger::account::{Account, AccountStatus};
use ledger::corrections::{RecallAnswer, Return, Settled};
use ledger::hash::Hash;
use ledger::ids::{AccountId, AssetCode, Height, ProposalNumber, Timestamp, Uetr};
use ledger::limits::RulesMet;
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, Hold, Operation, Pay, PaymentTerms, Queue};
use ledger::proof::{self, Proof, Verdict};
use ledger::receipt::{Held, Outcome, RecallRequested, Receipt, Reversal, Settlement};
use ledger::rejection::Rejection;
use ledger::transaction::{Transaction, TransactionId};

use crate::language::{Text, say};
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
pub(crate) fn verify(chain: &Chain, file: &[u8]) -> Result<Verdict, Text> {
    let verdict = Proof::decode(file).and_then(|proof| proof.verify(chain.id));
    verdict.map_err(|error| say!("{error}", "证明不成立：{error}"))
}

/// Checks that `answer` tells how the order ended: by its proof where money moves, is held or is
/// free again, else by the node's word about this very transaction. That a capture or release was
/// refused is a node's word too: such a receipt says nothing of the payment, so it has no proof.
///
/// # Errors
/// Why it does not convince.
pub(crate) fn check(
    chain: &Chain,
    answer: &ReceiptView,
    expected: &Expected,
) -> Result<Ended, Text> {
    let is_refused = expected.operation.follows().is_some() && answer.status == "rejected";
    if is_refused || payment(&expected.operation).is_none() {
        return declared(answer, expected);
    }
    let file = answer.proof.as_deref().and_then(api::text::parse_base64);
    prove(chain, file.ok_or_else(|| say!("it sent no proof", "未给出证明"))?, expected)
}

/// Checks that `file` proves how the payment ended.
///
/// # Errors
/// Why it does not.
pub(crate) fn prove(chain: &Chain, file: Vec<u8>, expected: &Expected) -> Result<Ended, Text> {
    let verdict = verify(chain, &file)?;
    let proof::Proven::Payment(receipt) = &verdict.proven else {
        return Err(say!("its proof is of another kind", "其证明属于另一种类"));
    };
    if receipt.transaction != expected.transaction || receipt.operation != 0 {
        return Err(say!("its proof is of another transaction", "其证明属于另一笔交易"));
    }
    if let Some(difference) = difference(receipt, &expected.operation) {
        return Err(say!(
            "the proven receipt is not what was ordered: {difference}",
            "所证明的回执与指令不符：{difference}";
            difference = difference
        ));
    }
    let evidence = Evidence::of(&verdict, file);
    let (height, time) = (verdict.header.height, verdict.header.time);
    Ok(Ended { receipt: (**receipt).clone(), height, time, evidence: Some(evidence) })
}

/// The payment that an operation orders, or goes on with.
fn payment(operation: &Operation) -> Option<Uetr> {
    operation.uetr().or(operation.follows())
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
        | Operation::SetLimits { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::Pay(_)
        | Operation::PayAcross(_)
        | Operation::Hold(_)
        | Operation::Queue(_)
        | Operation::Prioritise { .. }
        | Operation::Capture { .. }
        | Operation::Release { .. }
        | Operation::Return(_)
        | Operation::RequestRecall(_)
        | Operation::AnswerRecall { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. } => None,
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
) -> Result<Evidence, Text> {
    let verdict = verify(chain, file)?;
    let proof::Proven::Account { account, record: Some(record) } = &verdict.proven else {
        return Err(say!("its proof is not of an account", "其证明不是账户的证明"));
    };
    if affected(operation) != Some(*account) || verdict.header.height < done {
        return Err(say!(
            "its proof is of another account or of an earlier block",
            "其证明属于另一账户，或属于更早的区块"
        ));
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
        | Operation::SetLimits { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::Pay(_)
        | Operation::PayAcross(_)
        | Operation::Hold(_)
        | Operation::Queue(_)
        | Operation::Prioritise { .. }
        | Operation::Capture { .. }
        | Operation::Release { .. }
        | Operation::Return(_)
        | Operation::RequestRecall(_)
        | Operation::AnswerRecall { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. } => false,
    };
    if is_so {
        Ok(Evidence::of(&verdict, file.to_vec()))
    } else {
        Err(say!("the account is not as was ordered", "账户状态与指令不符"))
    }
}

/// The record of `account` that `file` proves.
///
/// # Errors
/// Why it does not.
pub(crate) fn account(chain: &Chain, file: &[u8], account: AccountId) -> Result<Account, Text> {
    match verify(chain, file)?.proven {
        proof::Proven::Account { account: of, record: Some(record) } if of == account => {
            Ok(*record)
        }
        proof::Proven::Account { .. }
        | proof::Proven::Payment(_)
        | proof::Proven::Holding { .. }
        | proof::Proven::NoPayment { .. } => {
            Err(say!("its proof is not of this account", "其证明不是该账户的证明"))
        }
    }
}

/// True if `file` proves that a transaction with this UETR, valid in this span, never happened.
pub(crate) fn proves_absence(
    chain: &Chain,
    file: &[u8],
    payment: Uetr,
    span: (Timestamp, Timestamp),
) -> bool {
    verify(chain, file).is_ok_and(|verdict| says_absent(&verdict.proven, payment, span))
}

/// True if what is proven is that a transaction with this UETR, valid in this span, never happened.
pub(crate) fn says_absent(
    proven: &proof::Proven,
    payment: Uetr,
    (from, until): (Timestamp, Timestamp),
) -> bool {
    match proven {
        proof::Proven::NoPayment { uetr, valid_from, valid_until } => {
            *uetr == payment && *valid_from <= from && until <= *valid_until
        }
        proof::Proven::Payment(_)
        | proof::Proven::Holding { .. }
        | proof::Proven::Account { .. } => false,
    }
}

/// The assets of a receipt.
pub(crate) fn assets(receipt: &Receipt) -> Vec<AssetCode> {
    match &receipt.outcome {
        Outcome::Settled(settlement) => {
            vec![settlement.debited.asset, settlement.credited.asset]
        }
        Outcome::Held(held)
        | Outcome::AwaitingApproval(held)
        | Outcome::AwaitingReview(held)
        | Outcome::Queued(held) => {
            vec![held.held.asset]
        }
        Outcome::Refused(refused) => vec![refused.released.asset],
        Outcome::Released(released) => vec![released.released.asset],
        Outcome::Returned(reversal) => vec![reversal.amount.asset],
        Outcome::RecallRequested(recall) => vec![recall.amount.asset],
        Outcome::RecallRefused(recall) => vec![recall.amount.asset],
        Outcome::Done | Outcome::Proposed(_) | Outcome::Rejected(_) => Vec::new(),
    }
}

/// A node's word about an operation that moves no money.
fn declared(answer: &ReceiptView, expected: &Expected) -> Result<Ended, Text> {
    if Hash::from_hex(&answer.transaction) != Some(expected.transaction) {
        return Err(say!("its receipt is of another transaction", "其回执属于另一笔交易"));
    }
    let rejection = Rejection::ALL.into_iter().find(|r| Some(r.code()) == answer.code.as_deref());
    let proposal = answer.proposal.map(ProposalNumber);
    let is_plain = payment(&expected.operation).is_none();
    let outcome = match (answer.status.as_str(), rejection, proposal) {
        ("done", None, None) if is_plain => Outcome::Done,
        ("recall-requested", None, None) if is_plain => {
            requested(&expected.operation).ok_or_else(contradiction)?
        }
        // The order names no more of the recall than the payment.
        ("recall-refused", None, None) if is_refusal(&expected.operation) => Outcome::Done,
        ("done", None, Some(number)) if is_plain => Outcome::Proposed(number),
        ("rejected", Some(rejection), None) => Outcome::Rejected(rejection),
        _ => return Err(contradiction()),
    };
    let transaction = expected.transaction;
    let receipt =
        Receipt { transaction, operation: 0, uetr: None, outcome, rules: RulesMet::default() };
    let block = answer.block.ok_or_else(|| say!("its receipt names no block", "其回执未写明区块"));
    let height = Height(block?);
    let time = answer.time.as_deref().and_then(api::text::parse_time);
    let time = time.ok_or_else(|| say!("its receipt names no time", "其回执未写明时间"))?;
    Ok(Ended { receipt, height, time, evidence: None })
}

fn contradiction() -> Text {
    say!("its receipt contradicts itself", "其回执自相矛盾")
}

/// What comes of an order that asks a payment back.
fn requested(operation: &Operation) -> Option<Outcome> {
    let Operation::RequestRecall(request) = operation else { return None };
    let settled = request.evidence.settled()?;
    Some(Outcome::RecallRequested(RecallRequested {
        payment: settled.payment,
        from: settled.payer,
        to: settled.payee,
        amount: request.amount,
        reason: request.reason,
        deadline: request.deadline,
    }))
}

const fn is_refusal(operation: &Operation) -> bool {
    matches!(operation, Operation::AnswerRecall { answer: RecallAnswer::Refuse { .. }, .. })
}

/// How a receipt differs from the operation, if it does.
fn difference(receipt: &Receipt, operation: &Operation) -> Option<Text> {
    if receipt.uetr != payment(operation) {
        return Some(say!("another UETR", "UETR 不同"));
    }
    match (&receipt.outcome, operation) {
        (Outcome::Rejected(_), _) if operation.uetr().is_some() => None,
        (Outcome::Settled(settlement), _) => unlike(settlement, operation),
        (Outcome::Held(held), Operation::Hold(hold)) => held_unlike(held, hold),
        (Outcome::AwaitingApproval(held) | Outcome::AwaitingReview(held), Operation::Pay(pay)) => {
            set_aside_unlike(held, pay)
        }
        (Outcome::Queued(held), Operation::Queue(queue)) => queued_unlike(held, queue),
        (Outcome::Queued(held), Operation::Prioritise { priority, .. }) => {
            let is_it = held.awaits.place().is_some_and(|place| place.priority == *priority);
            (!is_it).then(|| say!("another priority", "优先级不同"))
        }
        (
            Outcome::AwaitingApproval(held) | Outcome::AwaitingReview(held),
            Operation::Approve { order, .. },
        ) => {
            let is_it = held.awaits.order() == Some(*order);
            (!is_it).then(|| say!("another order", "指令不同"))
        }
        (Outcome::Released(_), Operation::Release { .. }) => None,
        (Outcome::Returned(reversal), Operation::Return(back)) => returned_unlike(reversal, back),
        (Outcome::Returned(reversal), Operation::AnswerRecall { payment, answer }) => {
            given_unlike(reversal, *payment, answer)
        }
        (Outcome::Refused(refused), Operation::Refuse { reason, .. }) => {
            (refused.reason != *reason).then(|| say!("another reason", "原因不同"))
        }
        (
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
            | Outcome::Refused(_),
            _,
        ) => Some(say!("no settlement", "没有结算")),
    }
}

/// How a hold differs from what was to be held, if it does.
fn held_unlike(held: &Held, hold: &Hold) -> Option<Text> {
    let terms = held.deadline == hold.deadline && held.awaits.lock() == hold.lock;
    set_aside_unlike(held, &hold.pay)
        .or_else(|| (!terms).then(|| say!("other terms of the hold", "预授权条件不同")))
}

/// How what is queued differs from what was to be queued, if it does.
fn queued_unlike(held: &Held, queue: &Queue) -> Option<Text> {
    let Queue { pay, priority, deadline } = queue;
    let parties = held.from == pay.from && held.to == pay.to;
    let is_placed = held.awaits.place().is_some_and(|place| place.priority == *priority);
    let amounts = held.amount == pay.amount
        && held.held.amount.is_zero()
        && held.most_charges <= pay.terms.maximum_fee
        && held.deadline == *deadline;
    first_difference(parties, amounts && is_placed)
}

/// How what is set aside differs from what the payment can take, if it does.
fn set_aside_unlike(held: &Held, pay: &Pay) -> Option<Text> {
    let parties = held.from == pay.from && held.to == pay.to;
    let set_aside = match pay.terms.charge_bearer {
        ChargeBearer::Debtor | ChargeBearer::Shared => pay.amount.amount.plus(held.most_charges),
        ChargeBearer::Creditor => Some(pay.amount.amount),
    };
    let set_aside = set_aside.map(|amount| Money::new(amount, pay.amount.asset));
    let amounts = held.amount == pay.amount
        && set_aside == Some(held.held)
        && held.most_charges <= pay.terms.maximum_fee;
    first_difference(parties, amounts)
}

/// How what went back differs from what was to go back, if it does.
fn returned_unlike(reversal: &Reversal, back: &Return) -> Option<Text> {
    let is_of = |settled: Settled| {
        let parties = (reversal.from, reversal.to) == (settled.payee, settled.payer);
        parties && reversal.payment == settled.payment
    };
    let parties = back.evidence.settled().is_some_and(is_of);
    let amounts = reversal.amount == back.amount && reversal.reason == back.reason;
    first_difference(parties, amounts)
}

/// How what went back differs from the answer to a recall, if it does.
fn given_unlike(reversal: &Reversal, payment: Uetr, answer: &RecallAnswer) -> Option<Text> {
    let amounts = match answer {
        RecallAnswer::Accept { amount, .. } => reversal.amount == *amount,
        RecallAnswer::Refuse { .. } => false,
    };
    first_difference(reversal.payment == payment, amounts)
}

/// How a settlement differs from a payment within one asset, if it does.
fn paid_unlike(settlement: &Settlement, pay: &Pay) -> Option<Text> {
    let parties = settlement.from == Some(pay.from) && settlement.to == Some(pay.to);
    let credited = principal(settlement, pay.amount, &pay.terms);
    let amounts = credited == Some(settlement.credited) && settlement.exchange.is_none();
    first_difference(parties, amounts)
}

/// How a settlement differs from the operation, if it does.
fn unlike(settlement: &Settlement, operation: &Operation) -> Option<Text> {
    match operation {
        Operation::Pay(pay) => paid_unlike(settlement, pay),
        Operation::Queue(queue) => paid_unlike(settlement, &queue.pay),
        Operation::PayAcross(pay) => {
            let parties = settlement.from == Some(pay.from) && settlement.to == Some(pay.to);
            let sold = principal(settlement, pay.sell, &pay.terms);
            let exchanges = settlement.exchange.iter().chain(settlement.onward.as_deref());
            let offers = pay.route.quotes().map(|signed| (signed.quote.dealer, signed.quote.rate));
            let amounts = sold.is_some()
                && settlement.exchange.as_ref().map(|exchange| exchange.sold) == sold
                && exchanges.map(|exchange| (exchange.dealer, exchange.rate)).eq(offers)
                && settlement.credited.asset == pay.minimum_received.asset
                && settlement.credited.amount >= pay.minimum_received.amount;
            first_difference(parties, amounts)
        }
        Operation::Capture { amount, .. } => {
            // Whoever bears the charges, one side is exactly what was captured.
            let paid = settlement.credited.amount.plus(settlement.fee());
            let amounts = settlement.exchange.is_none()
                && settlement.debited.asset == amount.asset
                && settlement.credited.asset == amount.asset
                && (settlement.credited == *amount || settlement.debited == *amount)
                && paid == Some(settlement.debited.amount);
            first_difference(true, amounts)
        }
        // What was approved is what waited, and the ledger pays that or nothing.
        Operation::Approve { .. } => first_difference(true, settlement.exchange.is_none()),
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
        | Operation::SetLimits { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. }
        | Operation::Hold(_)
        | Operation::Prioritise { .. }
        | Operation::Release { .. }
        | Operation::Return(_)
        | Operation::RequestRecall(_)
        | Operation::AnswerRecall { .. }
        | Operation::Refuse { .. } => Some(say!("money moved", "资金发生了变动")),
    }
}

fn first_difference(parties: bool, amounts: bool) -> Option<Text> {
    match (parties, amounts) {
        (false, _) => Some(say!("other accounts", "账户不同")),
        (true, false) => Some(say!("other amounts", "金额不同")),
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
