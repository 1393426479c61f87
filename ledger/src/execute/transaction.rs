//! One transaction: exactly once, in its window, all or none or each for itself.
//!
//! Invariants: a transaction that executes has one receipt per operation and leaves a marker for
//! each UETR that no other transaction owns, settled or rejected alike; a transaction that one of
//! its markers names is skipped. Absent: what operations do.

use super::scene::{Effect, Scene};
use super::working::Working;
use super::{Booked, accounts, fees, governance, holds, limits, pay, pay_across, recalls, returns};
use super::{queue, step_up, supply};
use crate::account::Asset;
use crate::ids::Timestamp;
use crate::limits::RulesMet;
use crate::operation::Operation;
use crate::receipt::{Outcome, Receipt};
use crate::rejection::Rejection;
use crate::state::{Marker, MarkerKey};
use crate::transaction::{Transaction, TransactionId};

/// What became of an operation, and the rules that its receipt names.
struct Verdict {
    result: Result<Effect, Rejection>,
    rules: RulesMet,
}

impl Verdict {
    const fn rejected(rejection: Rejection) -> Self {
        Self { result: Err(rejection), rules: RulesMet(Vec::new()) }
    }
}

/// Executes a transaction; gives the marker that names it if it was executed before.
pub(super) fn run(
    working: &mut Working<'_>,
    id: TransactionId,
    body: &Transaction,
) -> Result<Vec<Booked>, Marker> {
    let claims = Claims::of(working, id, body)?;
    let verdicts = match window_rejection(body, working.time) {
        Some(rejection) => body.operations.iter().map(|_| Verdict::rejected(rejection)).collect(),
        None if body.atomic => all_or_none(working, id, body, &claims),
        None => each_for_itself(working, id, body, &claims),
    };
    claims.mark(working, id, body);
    working.commit();
    let operations = (0_u16..).zip(&body.operations).zip(&claims.is_foreign);
    let booked = operations.zip(verdicts).map(|(((place, operation), is_foreign), verdict)| {
        let duplicate = || Verdict::rejected(Rejection::DuplicateUetr);
        let Verdict { result, rules } = if *is_foreign { duplicate() } else { verdict };
        // What is refused says nothing of a payment that another transaction ordered.
        let follows = operation.follows().filter(|_| result.is_ok());
        let uetr = operation.uetr().or(follows);
        let (outcome, entries) = match result {
            Ok(effect) => (effect.outcome, effect.entries),
            Err(rejection) => (Outcome::Rejected(rejection), Vec::new()),
        };
        let receipt = Receipt { transaction: id, operation: place, uetr, outcome, rules };
        Booked { receipt, entries }
    });
    Ok(booked.collect())
}

/// Which of a transaction's UETRs another transaction owns.
struct Claims {
    is_foreign: Vec<bool>,
}

impl Claims {
    /// Looks up every UETR of the transaction; a marker that names the transaction itself ends it.
    fn of(
        working: &mut Working<'_>,
        id: TransactionId,
        body: &Transaction,
    ) -> Result<Self, Marker> {
        let mut is_foreign = Vec::with_capacity(body.operations.len());
        for operation in &body.operations {
            let uetr = operation.uetr();
            let marker = uetr.and_then(|uetr| working.marker(MarkerKey::Payment(uetr)));
            match marker {
                Some(marker) if marker.transaction == id => return Err(marker),
                Some(_) => is_foreign.push(true),
                None => is_foreign.push(false),
            }
        }
        let claims = Self { is_foreign };
        if !claims.needs_own_marker(body) {
            return Ok(claims);
        }
        working.marker(MarkerKey::Transaction(id)).map_or(Ok(claims), Err)
    }

    /// True if the UETRs alone would not show that the transaction was executed.
    fn needs_own_marker(&self, body: &Transaction) -> bool {
        let has_none = body.operations.iter().any(|operation| operation.uetr().is_none());
        has_none || self.is_foreign.iter().all(|is_foreign| *is_foreign)
    }

    fn any_foreign(&self) -> bool {
        self.is_foreign.iter().any(|is_foreign| *is_foreign)
    }

    /// Marks what the transaction owns from now on.
    fn mark(&self, working: &mut Working<'_>, id: TransactionId, body: &Transaction) {
        let marker = Marker { transaction: id, height: working.height };
        for (operation, is_foreign) in body.operations.iter().zip(&self.is_foreign) {
            if let Some(uetr) = operation.uetr()
                && !is_foreign
            {
                working.put_marker(MarkerKey::Payment(uetr), marker);
            }
        }
        if self.needs_own_marker(body) {
            working.put_marker(MarkerKey::Transaction(id), marker);
        }
    }
}

fn window_rejection(body: &Transaction, time: Timestamp) -> Option<Rejection> {
    if time < body.valid_from {
        Some(Rejection::NotYetValid)
    } else if time > body.valid_until {
        Some(Rejection::Expired)
    } else {
        None
    }
}

fn each_for_itself(
    working: &mut Working<'_>,
    id: TransactionId,
    body: &Transaction,
    claims: &Claims,
) -> Vec<Verdict> {
    let operations = body.operations.iter().zip(&claims.is_foreign);
    let verdict = |(operation, is_foreign): (&Operation, &bool)| {
        if *is_foreign {
            Verdict::rejected(Rejection::DuplicateUetr)
        } else {
            perform(working, id, body, operation)
        }
    };
    operations.map(verdict).collect()
}

fn all_or_none(
    working: &mut Working<'_>,
    id: TransactionId,
    body: &Transaction,
    claims: &Claims,
) -> Vec<Verdict> {
    let reject = |_| Verdict::rejected(Rejection::LinkedRejected);
    let linked = || body.operations.iter().map(reject);
    if claims.any_foreign() {
        return linked().collect();
    }
    let mut verdicts = Vec::with_capacity(body.operations.len());
    for operation in &body.operations {
        let verdict = perform(working, id, body, operation);
        if verdict.result.is_err() {
            working.roll_back();
            let before = linked().take(verdicts.len());
            let after = linked().skip(verdicts.len()).skip(1);
            return before.chain([verdict]).chain(after).collect();
        }
        verdicts.push(verdict);
    }
    verdicts
}

fn perform(
    working: &mut Working<'_>,
    id: TransactionId,
    body: &Transaction,
    operation: &Operation,
) -> Verdict {
    let directory = working.directory();
    let may_wait = !body.atomic || body.operations.len() == 1;
    let signers = &body.signers;
    let rules = Vec::new();
    let mut scene = Scene { working, directory, signers, transaction: id, rules, may_wait };
    let result = dispatch(&mut scene, operation);
    // An alert is of what happened; a rejection for another reason is no rule's.
    let is_named = result.as_ref().err().is_none_or(|rejection| rejection.names_rule());
    Verdict { result, rules: RulesMet(if is_named { scene.rules } else { Vec::new() }) }
}

fn dispatch(scene: &mut Scene<'_, '_>, operation: &Operation) -> Result<Effect, Rejection> {
    match operation {
        Operation::RegisterAsset { code, kind, decimals, issuer } => {
            let asset = Asset { kind: *kind, decimals: *decimals, issuer: *issuer };
            supply::register_asset(scene, *code, asset)
        }
        Operation::Issue { uetr, to, amount } => supply::issue(scene, *uetr, *to, *amount),
        Operation::Redeem { uetr, from, amount } => supply::redeem(scene, *uetr, *from, *amount),
        Operation::OpenAccount { account, policy, tier } => {
            accounts::open(scene, *account, policy, *tier)
        }
        Operation::SetPolicy { account, policy } => accounts::set_policy(scene, *account, policy),
        Operation::RotateKeys { account, keys } => accounts::rotate_keys(scene, *account, keys),
        Operation::Freeze { account, direction } => accounts::freeze(scene, *account, *direction),
        Operation::Unfreeze { account } => accounts::unfreeze(scene, *account),
        Operation::CloseAccount { account } => accounts::close(scene, *account),
        Operation::Pay(payment) => pay::pay(scene, payment),
        Operation::PayAcross(payment) => pay_across::pay(scene, payment),
        Operation::Hold(payment) => holds::hold(scene, payment),
        Operation::Capture { payment, amount, secret } => {
            holds::capture(scene, *payment, *amount, secret.as_ref())
        }
        Operation::Release { payment } => holds::release(scene, *payment),
        Operation::Queue(payment) => queue::queue(scene, payment),
        Operation::Prioritise { payment, priority } => {
            queue::prioritise(scene, *payment, *priority)
        }
        Operation::Return(back) => returns::send_back(scene, back),
        Operation::RequestRecall(request) => recalls::request(scene, request),
        Operation::AnswerRecall { payment, answer } => recalls::answer(scene, *payment, answer),
        Operation::Approve { payment, order } => step_up::approve(scene, *payment, *order),
        Operation::Refuse { payment, order, reason } => {
            step_up::refuse(scene, *payment, *order, *reason)
        }
        Operation::SetFeeSchedule { institution, schedule } => {
            fees::set_schedule(scene, *institution, schedule)
        }
        Operation::SetLimits { institution, limits } => limits::set(scene, *institution, limits),
        Operation::SetTier { account, tier } => accounts::set_tier(scene, *account, *tier),
        Operation::Propose { institution, change, expires } => {
            governance::propose(scene, *institution, change, *expires)
        }
        Operation::Vote { institution, proposal, approve } => {
            governance::vote(scene, *institution, *proposal, *approve)
        }
        Operation::Enact { institution, proposal } => {
            governance::enact(scene, *institution, *proposal)
        }
    }
}
