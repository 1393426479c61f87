//! A state in parts: fetched chunk by chunk it is the same, and nothing false passes for a part.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use ledger::hash::Hash;
use ledger::operation::Operation;
use ledger::state::{Part, Restoration, State, StateKey};
use ledger::tree::Outline;
use support::{CHINA, World, account, cny, owner};

/// A state with some thousands of accounts and a few markers.
fn large() -> (World, State) {
    let mut world = World::with_fees();
    for number in 0..3 {
        let (from, to) = (account(CHINA, 1), account(support::POST, 1));
        let pay = Operation::Pay(world.pay(from, to, cny(20_000 + number)));
        world.submit(pay, &[owner(from)]);
    }
    let known = world.tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let mut listed: Vec<_> = known.collect();
    let record = |key: &[u8]| key.first() == StateKey::Account(account(CHINA, 1)).bytes().first();
    let value = listed.iter().find(|(key, _)| record(key)).unwrap().1.clone();
    for number in 1_000..6_000 {
        listed.push((StateKey::Account(account(CHINA, number)).bytes(), value.clone()));
    }
    let state = State::restore(world.domains(), listed).unwrap();
    (world, state)
}

#[test]
fn l19_a_state_fetched_in_parts_is_the_same() {
    let (world, state) = large();
    let domains = world.domains();
    let mut restoration = Restoration::new(domains);
    let outline = state.outline();
    assert_eq!(outline.root(domains), state.root());
    assert!(Part::chunks(outline.count) >= 4, "the test needs several chunks");
    // From the last to the first: the order does not matter.
    for index in (0..Part::chunks(outline.count)).rev() {
        let chunk = state.chunk(Part::Map, index).unwrap();
        let prefix = Part::prefix(outline.count, index).unwrap();
        let entries = chunk.verify(domains, &prefix, &state.root()).unwrap();
        restoration.take_chunk(Part::Map, entries).unwrap();
    }
    assert!(state.chunk(Part::Map, Part::chunks(outline.count)).is_none());
    let buckets = restoration.announced().clone();
    assert!(!buckets.is_empty());
    for (bucket, summary) in buckets {
        for index in 0..Part::chunks(summary.count) {
            let chunk = state.chunk(Part::Markers(bucket), index).unwrap();
            let prefix = Part::prefix(summary.count, index).unwrap();
            let entries = chunk.verify(domains, &prefix, &summary.root).unwrap();
            restoration.take_chunk(Part::Markers(bucket), entries).unwrap();
        }
    }
    assert!(state.chunk(Part::Markers(0), 0).is_none());
    let fetched = restoration.finish().unwrap();
    assert_eq!(fetched.root(), state.root());
    assert_eq!(fetched.directory(), state.directory());
    assert_eq!(fetched.entry_count(), state.entry_count());
}

#[test]
fn an_outline_of_another_size_or_top_has_another_root() {
    let (world, state) = large();
    let Outline { count, top } = state.outline();
    for lie in [Outline { count: count + 1, top }, Outline { count, top: Hash([1; 32]) }] {
        assert_ne!(lie.root(world.domains()), state.root());
    }
}

#[test]
fn a_chunk_is_good_at_its_own_place_and_under_its_own_root_only() {
    let (world, state) = large();
    let (count, root) = (state.outline().count, state.root());
    let chunk = state.chunk(Part::Map, 1).unwrap();
    for index in 0..Part::chunks(count) {
        let prefix = Part::prefix(count, index).unwrap();
        let verdict = chunk.verify(world.domains(), &prefix, &root).is_ok();
        assert_eq!(verdict, index == 1, "{index}");
    }
    let own = Part::prefix(count, 1).unwrap();
    assert!(chunk.verify(world.domains(), &own, &world.tip.state().root()).is_err());
    let bytes = borsh::to_vec(&chunk).unwrap();
    for place in (0..bytes.len()).step_by(97) {
        let mut bad = bytes.clone();
        bad[place] ^= 1;
        let verdict = borsh::from_slice::<ledger::tree::Chunk>(&bad)
            .is_ok_and(|chunk| chunk.verify(world.domains(), &own, &root).is_ok());
        assert!(!verdict, "byte {place}");
    }
}
