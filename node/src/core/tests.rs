//! Tests of several cores together: epochs that change, and nodes that are no validators.

mod world;

use ledger::genesis::Parameters;
use ledger::governance::Change;
use ledger::ids::{Height, InstitutionNumber};

use ledger::proof::Proof;
use std::sync::Arc;

use super::step::Reply;
use crate::proofs::{self, Origin};
use world::{NEXT_VOTING, VOTING, World, institution, key, record};

const FOUR: [u32; 3] = [1, 2, 3];

fn add(number: u32) -> Change {
    Change::AddValidator {
        institution: InstitutionNumber(number),
        voting_key: key(VOTING, number).public(),
        node: record(number),
    }
}

fn remove(number: u32) -> Change {
    Change::RemoveValidator { institution: InstitutionNumber(number) }
}

/// Enacts a change at node 1 and waits until it is final there.
fn enact(world: &mut World, by: &[u32], change: Change) {
    let signed = world.change(by, change);
    world.settle(1, &signed);
}

/// The voting keys of the epoch, as node 1 knows them.
fn voters(world: &World) -> Vec<ledger::crypto::PublicKey> {
    let validators = world.core(1).final_tip().child_validators();
    validators.iter().map(|(_, validator)| validator.key).collect()
}

/// Payments through each of `nodes` become final everywhere.
fn pay_through(world: &mut World, nodes: &[u32], first: u64) {
    let before = world.paid(1);
    for (number, node) in (first..).zip(nodes) {
        let payment = world.payment(number);
        world.settle(*node, &payment);
    }
    world.level();
    let count = u128::try_from(nodes.len()).unwrap();
    assert!(nodes.iter().all(|node| world.paid(*node) == before + count));
}

#[test]
fn an_institution_is_admitted_catches_up_and_votes() {
    let mut world = World::running(4, 0);
    pay_through(&mut world, &[1, 2, 3, 4], 0);
    let institution = institution(5, false);
    enact(&mut world, &FOUR, Change::AdmitInstitution { institution, node: Some(record(5)) });
    assert_eq!(world.epoch(1), 0);
    // An observer that begins with the genesis block, and whom its peers know by now.
    world.start(5);
    world.level();
    assert!(world.core(5).is_synced());
    pay_through(&mut world, &[5], 10);
    enact(&mut world, &FOUR, add(5));
    world.level();
    assert_eq!(world.epoch(5), 1);
    assert_eq!(voters(&world).len(), 5);
    pay_through(&mut world, &[1, 2, 3, 4, 5], 20);
    // Of five, four must vote: without the new one nothing would be final now.
    world.stop(4);
    pay_through(&mut world, &[1, 2, 3, 5], 30);
}

#[test]
fn one_that_is_added_while_it_is_away_catches_up_over_the_change() {
    let mut world = World::running(4, 1);
    enact(&mut world, &FOUR, add(5));
    pay_through(&mut world, &[1, 2, 3, 4], 0);
    world.start(5);
    world.level();
    pay_through(&mut world, &[5], 10);
}

#[test]
fn a_removed_validator_observes_and_its_clients_get_their_receipts() {
    let mut world = World::running(5, 0);
    enact(&mut world, &[1, 2, 3, 4], remove(5));
    world.level();
    assert_eq!(voters(&world).len(), 4);
    pay_through(&mut world, &[5, 1, 5], 0);
    // Its record goes too: nobody listens to it any more.
    let node = Change::SetNode { institution: InstitutionNumber(5), node: None };
    enact(&mut world, &FOUR, node);
    let height = world.height(5);
    world.run_for(10_000);
    assert!(world.height(1) > height + 2);
    assert!(world.height(5) <= height + 1);
}

#[test]
fn a_key_is_rotated_to_the_next_one() {
    let mut world = World::running(4, 0);
    world.stop(2);
    world.node_mut(2).keys.push(key(NEXT_VOTING, 2));
    world.start(2);
    let voting_key = key(NEXT_VOTING, 2).public();
    let change = Change::RotateValidatorKey { institution: InstitutionNumber(2), voting_key };
    enact(&mut world, &FOUR, change);
    assert!(voters(&world).contains(&voting_key));
    world.level();
    world.stop(4);
    pay_through(&mut world, &[1, 2, 3], 0);
    // Started with the old key alone, it observes: three of four are needed.
    world.stop(2);
    world.node_mut(2).keys.pop();
    world.start(2);
    let height = world.height(1);
    world.run_for(10_000);
    assert_eq!(world.height(1), height);
    world.start(4);
    pay_through(&mut world, &[1, 2, 3, 4], 10);
}

#[test]
fn one_validator_is_replaced_by_another() {
    let mut world = World::running(4, 1);
    world.start(5);
    let change = Change::ReplaceValidator {
        leaving: InstitutionNumber(4),
        entering: InstitutionNumber(5),
        voting_key: key(VOTING, 5).public(),
        node: record(5),
    };
    enact(&mut world, &FOUR, change);
    world.level();
    world.stop(3);
    pay_through(&mut world, &[1, 2, 4, 5], 0);
}

#[test]
fn what_is_in_flight_over_a_change_is_final_once() {
    let mut world = World::running(4, 1);
    world.start(5);
    let mut requests = Vec::new();
    let change = world.change(&FOUR, add(5));
    for number in 0..400 {
        if number == 100 {
            let request = world.submit(3, &change);
            requests.push((3, request));
        }
        let node = 1 + u32::try_from(number % 4).unwrap();
        let payment = world.payment(number);
        requests.push((node, world.submit(node, &payment)));
        // And some at another node, too.
        if number % 7 == 0 {
            let other = 1 + node % 4;
            requests.push((other, world.submit(other, &payment)));
        }
    }
    world.run_until("all have their receipts", |world| {
        requests.iter().all(|(node, request)| world.is_final(*node, *request))
    });
    world.level();
    assert_eq!(world.epoch(1), 1);
    assert!((1..=5).all(|node| world.paid(node) == 400));
}

#[test]
fn what_an_epoch_did_not_order_is_ordered_after_a_crash() {
    let mut world = World::running(4, 0);
    // Node 1 has a payment in its lane that no block orders, for it is alone.
    for other in 2..=4 {
        world.stop(other);
    }
    let payment = world.payment(0);
    world.submit(1, &payment);
    world.run_for(100);
    world.stop(1);
    for other in 2..=4 {
        world.start(other);
    }
    let change = world.change(&[2, 3, 4], remove(4));
    world.settle(2, &change);
    world.run_for(1_000);
    // It learns of the change, and crashes as soon as it has.
    world.start(1);
    world.run_until("the change is here", |world| world.epoch(1) == 1);
    world.stop(1);
    world.start(1);
    world.run_until("it is final", |world| world.paid(1) == 1);
    world.level();
    world.stop(2);
    world.start(2);
    world.run_for(5_000);
    assert_eq!(world.paid(2), 1);
}

#[test]
fn a_node_that_was_away_for_two_changes_catches_up() {
    let mut world = World::running(4, 2);
    world.start(5);
    world.stop(4);
    enact(&mut world, &FOUR, add(5));
    pay_through(&mut world, &[1, 2, 3, 5], 0);
    world.start(6);
    enact(&mut world, &[1, 2, 3, 5], add(6));
    pay_through(&mut world, &[1, 2, 3, 5, 6], 10);
    assert_eq!(world.epoch(1), 2);
    world.start(4);
    world.level();
    assert_eq!(world.epoch(4), 2);
    pay_through(&mut world, &[4], 20);
    // All start again from their logs, which cross both changes.
    for number in 1..=6 {
        world.stop(number);
    }
    for number in 1..=6 {
        world.start(number);
    }
    pay_through(&mut world, &[1, 2, 3, 4, 5, 6], 30);
}

#[test]
fn who_holds_blocks_whose_batches_were_pruned_since_looks_for_a_snapshot() {
    let seekers = |pruned: Option<Height>| {
        let mut world = World::running(4, 1);
        world.stop(4);
        pay_through(&mut world, &FOUR, 1);
        world.start(5);
        // What an earlier epoch has ordered is no longer in the peers' memories.
        enact(&mut world, &FOUR, add(5));
        world.pruned = pruned;
        world.start(4);
        world.run_for(3_000);
        (world.snapshot_seekers.contains(&InstitutionNumber(4)), world.height(4), world.height(1))
    };
    let (seeks, own, last) = seekers(None);
    assert!(!seeks && own == last, "{own} of {last}");
    assert!(seekers(Some(Height(100))).0);
    // What comes next is not below that.
    assert!(!seekers(Some(Height(1))).0);
}

#[test]
fn proofs_lead_over_changes_of_epoch() {
    let mut world = World::running(4, 2);
    enact(&mut world, &FOUR, add(5));
    world.start(5);
    world.level();
    enact(&mut world, &[1, 2, 3, 4], add(6));
    let payment = world.payment(0);
    world.settle(1, &payment);
    let committed = &world.node(1).committed;
    let epochs: Vec<_> = committed.iter().filter_map(|block| block.epoch_change()).collect();
    assert_eq!(epochs.len(), 2);
    let origin = Origin { genesis: &world.genesis, epochs: Arc::new(epochs) };
    let id = payment.transaction.id(&world.domains);
    let block = committed.iter().find(|block| !block.booked_by(id).1.is_empty()).unwrap();
    let proof = proofs::of_committed(block, block.booked_by(id).0, &origin).unwrap();
    let read = Proof::decode(&proof.encode()).unwrap();
    let verdict = read.verify(world.domains.chain_id()).unwrap();
    assert_eq!((verdict.header.epoch.0, verdict.validators), (2, 6));
    // Without a link of the way it convinces nobody.
    let shorter = Origin { epochs: Arc::new(origin.epochs[1..].to_vec()), ..origin };
    let proof = proofs::of_committed(block, block.booked_by(id).0, &shorter).unwrap();
    assert!(proof.verify(world.domains.chain_id()).is_err());
}

#[test]
fn an_observer_forwards_until_it_is_final_also_over_its_own_crash() {
    let mut world = World::running(4, 0);
    let institution = institution(5, false);
    enact(&mut world, &FOUR, Change::AdmitInstitution { institution, node: Some(record(5)) });
    world.start(5);
    world.level();
    // Nobody is there to take it.
    for number in 1..=4 {
        world.stop(number);
    }
    let payment = world.payment(0);
    world.submit(5, &payment);
    world.run_for(2_000);
    world.stop(5);
    for number in 1..=4 {
        world.start(number);
    }
    world.run_for(2_000);
    world.start(5);
    world.run_until("it is final", |world| world.paid(5) == 1);
    // A client that asks again hears that it was.
    let request = world.submit(5, &payment);
    assert!(matches!(world.node(5).replies[&request][..], [Reply::Known(_)]));
}

/// Of seven institutions some validators come and go while messages are lost and nodes crash.
fn disturbed(seed: u64) {
    let mut world = World::running(4, 3);
    world.seed(seed);
    let mut validators = vec![1, 2, 3, 4];
    for number in 5..=7 {
        let institution = InstitutionNumber(number);
        enact(&mut world, &FOUR, Change::SetNode { institution, node: Some(record(number)) });
        world.start(number);
    }
    world.level();
    world.loss = world.draw(35);
    let mut requests = Vec::new();
    for round in 0..6 {
        let other = 4 + u32::try_from(world.draw(4)).unwrap();
        let is_validator = validators.contains(&other);
        let change = if is_validator { remove(other) } else { add(other) };
        let quorum = validators.len() - (validators.len() - 1) / 3;
        let change = world.change(&validators[..quorum], change);
        let down = 1 + u32::try_from(world.draw(7)).unwrap();
        for number in 0..20_u64 {
            let node = 1 + u32::try_from(world.draw(7)).unwrap();
            let payment = world.payment(round * 20 + number);
            requests.push((payment, node));
        }
        let new = requests.len() - 20;
        for (payment, node) in &requests[new..] {
            world.submit(*node, payment);
        }
        world.submit(1, &change);
        let wait = world.draw(500);
        world.run_for(wait);
        world.stop(down);
        let wait = world.draw(3_000);
        world.run_for(wait);
        world.start(down);
        // Its client may have had no answer.
        world.submit(1, &change);
        let epoch = round + 1;
        world.run_until("the change is final", |world| world.epoch(1) == epoch);
        validators.retain(|one| *one != other);
        if !is_validator {
            validators.push(other);
            validators.sort_unstable();
        }
    }
    world.loss = 0;
    // What a crash took back that no client was told of, its client sends again.
    for (payment, node) in &requests {
        world.submit(*node, payment);
    }
    let count = u128::try_from(requests.len()).unwrap();
    world.run_until("all is paid", |world| (1..=7).all(|node| world.paid(node) == count));
    world.level();
    assert!((1..=7).all(|node| world.paid(node) == count && world.epoch(node) == 6));
}

#[test]
fn epochs_change_under_loss_and_crashes() {
    for seed in 0..12 {
        disturbed(seed);
    }
}

#[test]
fn a_change_of_parameters_changes_the_heartbeat() {
    let mut world = World::running(4, 0);
    world.run_for(10_000);
    let before = world.height(1);
    let parameters = Parameters { heartbeat_ms: 5_000, ..world.genesis.parameters };
    enact(&mut world, &FOUR, Change::SetParameters(parameters));
    let after = world.height(1);
    world.run_for(20_000);
    assert!(before >= 8, "{before} blocks in ten seconds");
    assert!(world.height(1) <= after + 6, "{} blocks in twenty", world.height(1) - after);
}

#[test]
fn nodes_halt_before_they_vote_by_rules_that_they_do_not_know() {
    let mut world = World::running(4, 0);
    let height = Height(world.height(1) + 5);
    let protocol = ledger::PROTOCOL + 1;
    enact(&mut world, &FOUR, Change::ScheduleUpgrade { height, protocol });
    world.run_for(20_000);
    for number in 1..=4 {
        let node = world.node(number);
        let text = node.halted.as_ref().expect("it halts");
        assert!(text.contains(&format!("version {protocol}")), "{text}");
        assert!(node.committed.iter().all(|block| block.height() < height));
    }
    assert!(world.node(1).committed.iter().any(|block| block.height().next() == height));
    // And it does not start again.
    world.node_mut(1).halted = None;
    world.start(1);
    assert!(world.node(1).halted.as_ref().is_some_and(|text| text.contains("Install")));
}

#[test]
fn a_crash_in_the_step_that_ends_an_epoch_loses_nothing() {
    for lost in 0..6 {
        let mut world = World::running(4, 0);
        world.stop(4);
        let payment = world.payment(0);
        let change = world.change(&FOUR, remove(4));
        world.submit(1, &change);
        world.submit(1, &payment);
        world.run_until("the change is final", |world| world.epoch(1) == 1);
        world.stop(1);
        world.node_mut(1).lose_records(lost);
        world.start(1);
        world.run_until("it is final", |world| world.paid(1) == 1);
        world.level();
        assert_eq!(world.epoch(2), 1, "{lost} records lost");
    }
}

#[test]
fn a_leader_that_gets_its_parent_block_late_still_builds() {
    let mut world = World::running(4, 0);
    for late in 1..=4 {
        world.late = Some(late);
        let before = world.now;
        pay_through(&mut world, &[1, 2, 3, 4, 1, 2, 3, 4], u64::from(late) * 10);
        // Nothing had to wait for the end of a view.
        assert_eq!(world.now, before, "{late}");
    }
}
