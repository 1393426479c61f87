//! What a queued payment, and a change of its priority, can have.

use super::*;
use ledger::waiting::Priority;

/// More than wei has, so that it waits.
fn waiting(world: &mut World) -> Operation {
    let queue = support::queue::queue(world, wei(), min(), cny(10_000_000), Priority::Normal);
    Operation::Queue(Box::new(queue))
}

/// As many payments of wei's as may wait, under one signature.
fn fill(case: &mut Case) {
    let world = &mut case.world;
    let mut one = || {
        let queue = support::queue::queue(world, wei(), ann(), cny(10_000_000), Priority::Normal);
        Operation::Queue(Box::new(queue))
    };
    let operations = (0..ledger::state::Queue::MOST_OF_HOLDING).map(|_| one()).collect();
    let outcomes = case.world.order(&Order::new(operations, &[owner(wei())]));
    assert!(outcomes.iter().all(|outcome| outcome.rejection().is_none()));
}

#[test]
fn queue() {
    let mut defects = paying();
    defects.retain(|defect| defect.rejection != InsufficientFunds);
    defects.extend([
        defect(DeadlineRefused, &["deadline"], |case| case.queue().deadline = Timestamp(1)),
        defect(DeadlineRefused, &["deadline"], |case| {
            let now = case.world.time();
            case.queue().deadline = now.plus(2 * Waiting::MAXIMUM_AHEAD);
        }),
        // What else stops the account stops those before it, too.
        defect(QueueFull, &["from", "policy", "limits"], fill),
    ]);
    check(waiting, &[owner(wei())], &defects);
}

#[test]
fn prioritise() {
    fn payment(case: &mut Case) -> &mut Uetr {
        match &mut case.operation {
            Operation::Prioritise { payment, .. } => payment,
            _ => panic!("it prioritises nothing"),
        }
    }
    let mut defects = common();
    defects.extend([
        defect(NotQueued, &["payment"], |case| *payment(case) = uetr(4_000)),
        defect(NotQueued, &["payment"], |case| {
            let payment = *payment(case);
            case.prepare(Operation::Release { payment }, owner(wei()));
        }),
        defect(NotQueued, &["payment", "time"], |case| case.world.step = 2 * 3_600_000),
        defect(WaitsOtherwise, &["payment"], |case| {
            let hold = case.world.hold(wei(), min(), cny(1));
            *payment(case) = hold.pay.uetr;
            case.prepare(Operation::Hold(Box::new(hold)), owner(wei()));
        }),
    ]);
    let good = |world: &mut World| {
        let waiting = waiting(world);
        let payment = waiting.uetr().unwrap();
        assert_eq!(world.submit(waiting, &[owner(wei())]).rejection(), None);
        Operation::Prioritise { payment, priority: Priority::Urgent }
    };
    check(good, &[owner(wei())], &defects);
}
