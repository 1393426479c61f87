//! What the medium in memory loses and keeps.

use super::super::tests::sequence;
use super::*;

fn file(memory: &Memory) -> Box<dyn SegmentFile> {
    let file = memory.create(1).unwrap();
    memory.sync_names().unwrap();
    file.write_all_at(&[1; 2000], 0).unwrap();
    file.sync().unwrap();
    file
}

#[test]
fn a_power_loss_takes_back_what_no_sync_has_covered() {
    let memory = Memory::default();
    let file = file(&memory);
    file.write_all_at(&[2; 1000], 1500).unwrap();
    file.write_all_at(&[3; 10], 1990).unwrap();
    file.cut(1995).unwrap();
    assert_eq!((file.length().unwrap(), memory.unsynced()), (1995, 3));
    memory.create(2).unwrap();
    memory.lose_power(Survival::Nothing, &mut sequence(1));
    assert_eq!(memory.segment_lengths(), [(1, 2000)]);
    assert_eq!(memory.bytes(1), [1; 2000]);
}

#[test]
fn a_removal_that_no_sync_has_covered_is_taken_back() {
    let memory = Memory::default();
    let file = file(&memory);
    memory.remove(1).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 0).unwrap();
    assert_eq!((byte, memory.segments().unwrap()), ([1], Vec::new()));
    memory.lose_power(Survival::Nothing, &mut sequence(1));
    assert_eq!(memory.bytes(1), [1; 2000]);
    memory.remove(1).unwrap();
    memory.sync_names().unwrap();
    memory.lose_power(Survival::Nothing, &mut sequence(1));
    assert_eq!(memory.segments().unwrap(), Vec::<u64>::new());
}

#[test]
fn a_prefix_survives_at_any_byte() {
    let mut random = sequence(2);
    let mut lengths = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let memory = Memory::default();
        let file = file(&memory);
        file.write_all_at(&[2; 30], 2000).unwrap();
        file.write_all_at(&[3; 30], 2030).unwrap();
        memory.lose_power(Survival::Prefix, &mut random);
        let whole = [vec![1; 2000], vec![2; 30], vec![3; 30]].concat();
        let left = memory.bytes(1);
        assert!(whole.starts_with(&left) && left.len() >= 2000);
        lengths.insert(left.len());
    }
    assert!(lengths.len() > 40, "{lengths:?}");
}

#[test]
fn any_sectors_survive() {
    let mut random = sequence(3);
    let mut patterns = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let memory = Memory::default();
        let file = file(&memory);
        file.write_all_at(&[2; 1536], 512).unwrap();
        memory.lose_power(Survival::Sectors, &mut random);
        let left = memory.bytes(1);
        let sectors: Vec<&[u8]> = left[512..].chunks(512).collect();
        assert!(sectors.iter().all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        patterns.insert(sectors.iter().map(|sector| sector[0]).collect::<Vec<_>>());
    }
    assert_eq!(patterns.len(), 8, "{patterns:?}");
}

#[test]
fn what_a_failed_sync_forgot_stays_lost_though_the_next_sync_succeeds() {
    let memory = Memory::default();
    let file = file(&memory);
    file.write_all_at(&[2; 100], 2000).unwrap();
    memory.set_faults(Some(Box::new(|_: Operation| Fault::Fails)));
    assert!(file.sync().is_err());
    memory.set_faults(None);
    file.write_all_at(&[3; 100], 2100).unwrap();
    file.sync().unwrap();
    assert_eq!(memory.bytes(1)[2000..], [[2; 100], [3; 100]].concat());
    memory.lose_power(Survival::Everything, &mut sequence(1));
    assert_eq!(memory.bytes(1)[2000..], [[0; 100], [3; 100]].concat());
}

#[test]
fn a_full_medium_takes_what_there_is_room_for() {
    let memory = Memory::default();
    let file = file(&memory);
    memory.set_capacity(Some(2050));
    let error = file.write_all_at(&[2; 100], 2000).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(memory.segment_lengths(), [(1, 2050)]);
    memory.set_capacity(None);
    file.write_all_at(&[2; 100], 2000).unwrap();
    assert_eq!(memory.segment_lengths(), [(1, 2100)]);
}

#[test]
fn a_torn_write_fails_after_its_first_bytes() {
    let memory = Memory::default();
    let file = file(&memory);
    memory.set_faults(Some(Box::new(|_: Operation| Fault::Tears(7))));
    assert!(file.write_all_at(&[2; 100], 2000).is_err());
    assert_eq!(memory.segment_lengths(), [(1, 2007)]);
}

#[test]
fn a_flip_a_copy_and_a_wipe_do_what_they_say() {
    let memory = Memory::default();
    drop(file(&memory));
    let copy = memory.copy();
    assert!(memory.flip(1, 5, 0x81) && !memory.flip(1, 2000, 1) && !memory.flip(2, 0, 1));
    assert_eq!((memory.bytes(1)[5], copy.bytes(1)[5]), (0x80, 1));
    memory.wipe();
    assert_eq!((memory.segment_lengths(), copy.segment_lengths()), (vec![], vec![(1, 2000)]));
}

#[test]
fn one_holder_at_a_time() {
    let memory = Memory::default();
    let held = memory.hold().unwrap();
    assert!(held.is_some() && memory.hold().unwrap().is_none());
    drop(held);
    assert!(memory.hold().unwrap().is_some());
}
