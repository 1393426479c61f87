//! Queued payments for tests.

use super::{World, owner};
use ledger::ids::{AccountId, Uetr};
use ledger::money::Money;
use ledger::operation::{Operation, Queue};
use ledger::receipt::Outcome;
use ledger::waiting::Priority;

/// A queued payment with an hour's time.
pub fn queue(
    world: &mut World,
    from: AccountId,
    to: AccountId,
    amount: Money,
    priority: Priority,
) -> Queue {
    let deadline = world.time().plus(3_600_000);
    Queue { pay: world.pay(from, to, amount), priority, deadline }
}

/// Queues a payment that must wait, in a block of its own. Gives its UETR.
pub fn queued(
    world: &mut World,
    from: AccountId,
    to: AccountId,
    amount: Money,
    priority: Priority,
) -> Uetr {
    let queue = queue(world, from, to, amount, priority);
    let payment = queue.pay.uetr;
    let outcome = world.submit(Operation::Queue(Box::new(queue)), &[owner(from)]);
    assert!(matches!(outcome, Outcome::Queued(_)), "{outcome:?}");
    payment
}
