//! Payments that wait for funds: queued, given another priority, and settled by the block itself.
//!
//! Invariants: a queued payment holds nothing; none settles before another one of its account and
//! asset that comes first and could be paid; what a block settles at its end it settles at once
//! (see `netting`), and no account is below zero before, between or after. Absent: giving one up
//! (see `holds`), and expiry (see `waits`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fees::Charges;
use super::limits::{self, Move};
use super::netting::{self, Flow};
use super::pay::{ask_limits, ensure_payable, pay_now, settlement};
use super::postings::Leg;
use super::scene::{Effect, Scene, ensure};
use super::working::Working;
use super::{Booked, step_up, together, waits};
use crate::account::{EntryKind, HoldingKey};
use crate::ids::Uetr;
use crate::limits::RulesMet;
use crate::money::{Amount, Money};
use crate::operation::Queue;
use crate::receipt::{Outcome, Receipt, settlement_id};
use crate::rejection::Rejection;
use crate::waiting::{Awaits, Priority, Waiting};

/// Pays at once if the funds are there and no payment of the account that comes before waits; else
/// queues the payment.
pub(super) fn queue(scene: &mut Scene<'_, '_>, queue: &Queue) -> Result<Effect, Rejection> {
    let Queue { pay, priority, deadline } = queue;
    // One that has expired long ago may still be there to be swept, and its marker forgotten.
    ensure(scene.working.waiting(pay.uetr).is_none(), Rejection::DuplicateUetr)?;
    let payer = ensure_payable(scene, pay)?;
    let limits::Answer { counted, reviews } = ask_limits(scene, pay, &payer)?;
    step_up::ensure_approved(scene, pay.from, &payer, pay.amount, reviews)?;
    let now = scene.working.time;
    let latest = Waiting::latest_deadline(now, scene.directory.parameters());
    ensure(now < *deadline && *deadline <= latest, Rejection::DeadlineRefused)?;
    let charges = Charges::of(scene, pay.from, pay.to, pay.amount, &pay.terms)?;
    let most_charges = charges.fee();
    let waiver = charges.waiver;
    let holding = (pay.from, pay.amount.asset);
    if !is_behind(scene, holding, *priority) {
        match pay_now(scene, pay, charges) {
            Err(Rejection::InsufficientFunds) => {}
            paid => {
                let effect = paid?;
                counted.write(scene.working);
                return Ok(effect);
            }
        }
    }
    ensure(scene.may_wait, Rejection::CannotQueue)?;
    ensure(scene.working.queue().has_room(holding), Rejection::QueueFull)?;

    // After this point the operation must succeed.
    let waiting = Waiting {
        order: pay.clone(),
        transaction: scene.transaction,
        height: scene.working.height,
        held: Money::new(Amount::ZERO, pay.amount.asset),
        most_charges,
        awaits: Awaits::Funds(scene.working.queue().last(holding, *priority)),
        deadline: *deadline,
    };
    let outcome = Outcome::Queued(waits::said(&waiting));
    scene.working.put_waiting(waiting);
    counted.write(scene.working);
    waiver.count(scene.working);
    Ok(Effect { outcome, entries: Vec::new() })
}

/// True if a payment of the account that comes before one of `priority` waits.
fn is_behind(scene: &mut Scene<'_, '_>, holding: HoldingKey, priority: Priority) -> bool {
    let now = scene.working.time;
    let of_account: Vec<Uetr> = scene
        .working
        .queue()
        .of(holding)
        .take_while(|(place, _)| place.priority <= priority)
        .map(|(_, payment)| payment)
        .collect();
    let mut records = of_account.into_iter().filter_map(|payment| scene.working.waiting(payment));
    records.any(|waiting| !waiting.is_expired_at(now))
}

/// Gives a queued payment another priority, in which it is the last.
pub(super) fn prioritise(
    scene: &mut Scene<'_, '_>,
    payment: Uetr,
    priority: Priority,
) -> Result<Effect, Rejection> {
    let waiting = waits::open(scene, payment).map_err(|_| Rejection::NotQueued)?;
    let (holding, _) = waiting.queued().ok_or(Rejection::WaitsOtherwise)?;
    let from = waiting.order.from;
    let payer = scene.account(from);
    scene.ensure_ordered(from, payer.as_deref())?;

    // After this point the operation must succeed.
    let awaits = Awaits::Funds(scene.working.queue().last(holding, priority));
    Ok(waits::turn_to(scene, &waiting, awaits))
}

/// A queued payment that may be paid, with its charges of now.
struct Payable {
    waiting: Arc<Waiting>,
    charges: Charges,
}

/// Settles what can be settled of the queue, at the end of a block: nothing of it comes later. If
/// nothing that matters to the queue has changed since the last block, there is nothing to settle.
pub(super) fn settle(working: &mut Working<'_>) -> Vec<Booked> {
    if !working.is_queue_touched() {
        return Vec::new();
    }
    let (directory, domains) = (working.directory(), working.domains());
    let transaction = settlement_id(domains, working.height);
    let (rules, may_wait) = (Vec::new(), false);
    let mut scene = Scene { working, directory, signers: &[], transaction, rules, may_wait };
    let lanes = payable(&mut scene);
    let available = |holding| scene.working.holding(holding).available();
    let chosen: Vec<Payable> =
        netting::choose(lanes, available).into_values().flatten().map(|flow| flow.item).collect();
    // That does not fail: a defect of the ledger's leaves the queue as it is.
    let booked = pay_together(&mut scene, chosen).unwrap_or_default();
    working.commit();
    booked
}

/// The queued payments that may be paid now if there are funds, by account and asset in their
/// order. What is frozen, closed or removed is passed over.
fn payable(scene: &mut Scene<'_, '_>) -> BTreeMap<HoldingKey, Vec<Flow<Payable>>> {
    let queue = scene.working.queue().clone();
    let mut lanes = BTreeMap::new();
    for holding in queue.holdings() {
        let lane: Vec<Flow<Payable>> =
            queue.of(holding).filter_map(|(_, payment)| flow(scene, payment)).collect();
        lanes.insert(holding, lane);
    }
    lanes
}

fn flow(scene: &mut Scene<'_, '_>, payment: Uetr) -> Option<Flow<Payable>> {
    let waiting = waits::open(scene, payment).ok()?;
    waits::ensure_payable_now(scene, &waiting).ok()?;
    let order = &waiting.order;
    let charges = Charges::of_waiting(scene, order, order.amount, waiting.most_charges).ok()?;
    let payee = ((order.to, charges.principal.asset), charges.principal.amount);
    let collector = charges.collector_leg().map(|leg| (leg.holding, leg.amount));
    let given = [payee].into_iter().chain(collector).collect();
    let taken = charges.debited.amount;
    Some(Flow { item: Payable { waiting, charges }, taken, given })
}

/// Pays all of `chosen`, or nothing. The statement lines, in the order of booking, stand with the
/// last receipt.
fn pay_together(scene: &mut Scene<'_, '_>, chosen: Vec<Payable>) -> Result<Vec<Booked>, Rejection> {
    let mut legs = Vec::with_capacity(chosen.len().saturating_mul(4));
    for Payable { waiting, charges } in &chosen {
        let order = &waiting.order;
        let credit = Leg::credit(order.to, EntryKind::Payment, charges.principal);
        let of_one = charges.payer_legs(order.from).into_iter().chain([credit]);
        legs.extend(of_one.chain(charges.collector_leg()).map(|leg| (order.uetr, leg)));
    }
    let plan = together::plan(scene, &legs)?;

    // After this point the operation must succeed.
    let entries = scene.book(plan);
    let transaction = scene.transaction;
    let mut booked = Vec::with_capacity(chosen.len());
    for (operation, Payable { waiting, charges }) in (0_u16..).zip(chosen) {
        let order = &waiting.order;
        limits::settle(scene, Move { from: order.from, to: order.to, money: charges.principal });
        scene.working.remove_waiting(order.uetr);
        let outcome = Outcome::Settled(settlement(order, charges));
        let (uetr, rules) = (Some(order.uetr), RulesMet::default());
        let receipt = Receipt { transaction, operation, uetr, outcome, rules };
        booked.push(Booked { receipt, entries: Vec::new() });
    }
    if let Some(last) = booked.last_mut() {
        last.entries = entries;
    }
    Ok(booked)
}
