//! Fetchers and peers wired in memory: honest ones, liars, and those that leave.

pub(crate) mod world;

use ledger::ids::{Epoch, Height, InstitutionNumber};
use ledger::tree::Chunk;
use std::collections::BTreeMap;

use super::*;
use world::{Chain, Manner, START, Scene, certify};

fn scene(chain: &Chain, manners: &[Manner]) -> Scene {
    let peers = manners.iter().map(|manner| (chain.shelf(4), *manner)).collect();
    Scene::new(chain, 8, peers)
}

fn finished(scene: &Scene, chain: &Chain, height: u64) {
    let Installed { manifest, tip } = scene.finished.as_ref().expect("the fetch finishes");
    assert_eq!(tip.height(), Height(height));
    let original = &chain.blocks[usize::try_from(height).unwrap() - 1].0;
    assert_eq!(tip.hash(), original.hash());
    assert_eq!(tip.state().root(), original.state().root());
    assert_eq!(tip.history(), original.history());
    assert_eq!(tip.state().entry_count(), original.state().entry_count());
    assert_eq!(manifest.block().header, *original.header());
}

#[test]
fn a_snapshot_comes_in_parts_from_all_peers() {
    let chain = Chain::new(18);
    let mut scene = scene(&chain, &[Manner::Honest; 3]);
    scene.call(|fetcher, at| fetcher.seek(at, false));
    scene.run(60_000);
    finished(&scene, &chain, 16);
    assert!(scene.blamed.is_empty());
    assert!(scene.most <= 12, "{} chunks under way", scene.most);
    let served: Vec<u32> = scene.peers.values().map(|peer| peer.served).collect();
    assert!(served.iter().all(|served| *served > 0), "{served:?}");
    assert_eq!(served.iter().sum::<u32>(), 12, "eight chunks of the map, four of markers");
    assert!(scene.now.since(START) < 1_000, "no time-out was needed");
}

#[test]
fn whoever_lies_or_stalls_is_left_for_others() {
    let chain = Chain::new(18);
    let liars: [(Manner, bool); 8] = [
        (Manner::Silent, false),
        (Manner::Slow(9_000), false),
        (Manner::Inflates, true),
        (Manner::ForgesManifest, true),
        (Manner::ForgesChunks, true),
        (Manner::SwapsChunks, true),
        (Manner::Leaves(1), false),
        (Manner::Teases, false),
    ];
    for (manner, is_blamed) in liars {
        // The liar comes first in every order that the fetcher knows.
        let mut scene = scene(&chain, &[manner, Manner::Honest, Manner::Honest]);
        scene.call(|fetcher, at| fetcher.seek(at, false));
        scene.run(120_000);
        finished(&scene, &chain, 16);
        let liar = InstitutionNumber(2);
        assert_eq!(scene.blamed, vec![liar; usize::from(is_blamed)], "{manner:?}");
        assert!(scene.now.since(START) <= 60_000, "{manner:?}: {}", scene.now.since(START));
        assert!(scene.requests < 200, "{manner:?}: {} requests", scene.requests);
    }
}

#[test]
fn liars_alone_bring_a_bounded_end_and_blocks_go_on() {
    let chain = Chain::new(18);
    let manners = [
        Manner::Silent,
        Manner::Inflates,
        Manner::ForgesManifest,
        Manner::ForgesChunks,
        Manner::Leaves(0),
        Manner::Teases,
    ];
    for manner in manners {
        let peers = vec![(chain.shelf(4), manner), (chain.shelf(4), manner)];
        // An inflated offer is the only one that is far enough ahead.
        let beyond = if manner == Manner::Inflates { 1 << 30 } else { 8 };
        let mut scene = Scene::new(&chain, beyond, peers);
        scene.call(|fetcher, at| fetcher.seek(at, false));
        scene.run(300_000);
        assert!(scene.finished.is_none(), "{manner:?}");
        assert!(!scene.fetcher.is_fetching(), "{manner:?}");
        assert_eq!(scene.fetcher.deadline(), None, "{manner:?} comes to an end");
        assert!(scene.requests < 200, "{manner:?}: {} requests", scene.requests);
        // Not at once again, but after a while.
        let before = scene.requests;
        scene.call(|fetcher, at| fetcher.seek(at, false));
        let waited = scene.requests == before;
        assert!(waited || scene.now.since(START) > 100_000, "{manner:?}");
        scene.now = scene.now.plus(60_000);
        scene.call(|fetcher, at| fetcher.seek(at, false));
        assert!(scene.requests > before, "{manner:?} is asked again");
    }
}

#[test]
fn a_snapshot_that_is_near_is_not_worth_it_unless_there_is_no_other_way() {
    let chain = Chain::new(6);
    let mut scene = scene(&chain, &[Manner::Honest; 3]);
    scene.call(|fetcher, at| fetcher.seek(at, false));
    scene.run(60_000);
    assert!(scene.finished.is_none());
    scene.call(|fetcher, at| fetcher.seek(at, true));
    scene.run(60_000);
    finished(&scene, &chain, 4);
}

#[test]
fn offers_that_have_aged_while_a_manifest_failed_to_come_are_asked_for_again() {
    let (chain, longer) = (Chain::new(18), Chain::new(42));
    let mut scene = scene(&chain, &[Manner::Teases, Manner::Honest, Manner::Honest]);
    scene.call(|fetcher, at| fetcher.seek(at, false));
    scene.run(5_000);
    // No peer keeps what it offered five seconds ago.
    for peer in scene.peers.values_mut() {
        peer.shelf = longer.shelf(4);
    }
    scene.run(60_000);
    finished(&scene, &longer, 40);
    assert!(scene.now.since(START) < 15_000, "{}", scene.now.since(START));
}

#[test]
fn a_fetch_goes_on_after_a_restart_with_what_was_kept() {
    let chain = Chain::new(18);
    let mut first = scene(&chain, &[Manner::Honest; 3]);
    first.call(|fetcher, at| fetcher.seek(at, false));
    first.run_until(60_000, |scene| scene.kept_chunks() >= 3);
    assert!(first.finished.is_none());
    let mut kept = first.kept.into_iter();
    let Some(Keep::Begin(manifest)) = kept.next() else { panic!("a fetch begins so") };
    let chunks: Vec<(ChunkPlace, Chunk)> = kept
        .filter_map(|keep| match keep {
            Keep::Chunk(place, chunk) => Some((place, *chunk)),
            Keep::Begin(_) | Keep::End => None,
        })
        .collect();
    let whole = {
        let mut again = scene(&chain, &[Manner::Honest; 3]);
        again.call(|fetcher, at| fetcher.seek(at, false));
        again.run(60_000);
        again.kept_chunks()
    };
    let kept = chunks.len();
    let mut second = scene(&chain, &[Manner::Honest; 3]);
    second.call(|fetcher, at| fetcher.resume(at, manifest.clone(), chunks.clone()));
    assert!(second.fetcher.is_fetching());
    second.run(60_000);
    finished(&second, &chain, 16);
    assert_eq!(second.kept_chunks(), whole - kept, "nothing is fetched twice");

    // Damaged chunks are fetched again, a damaged manifest is forgotten.
    let mut damaged = chunks;
    let first_place = damaged[0].0;
    damaged[0].1 = damaged[1].1.clone();
    let mut third = scene(&chain, &[Manner::Honest; 3]);
    third.call(|fetcher, at| fetcher.resume(at, manifest.clone(), damaged));
    third.run(60_000);
    finished(&third, &chain, 16);
    let places = third.kept.iter().filter_map(|keep| match keep {
        Keep::Chunk(place, _) => Some(*place),
        Keep::Begin(_) | Keep::End => None,
    });
    assert!(places.collect::<Vec<_>>().contains(&first_place));
    let mut forged = manifest;
    forged.outline.count += 1;
    let mut fourth = scene(&chain, &[Manner::Honest; 3]);
    fourth.call(|fetcher, at| fetcher.resume(at, forged, Vec::new()));
    assert!(!fourth.fetcher.is_fetching());
    assert!(matches!(fourth.kept.as_slice(), [Keep::End]));
}

#[test]
fn a_node_that_comes_by_the_block_on_its_own_keeps_nothing_of_the_fetch() {
    let chain = Chain::new(18);
    let mut scene = scene(&chain, &[Manner::Honest; 3]);
    scene.call(|fetcher, at| fetcher.seek(at, false));
    scene.run_until(60_000, |scene| scene.kept_chunks() >= 3);
    scene.tip = chain.tip().clone();
    scene.run(60_000);
    assert!(scene.finished.is_none());
    assert!(matches!(scene.kept.last(), Some(Keep::End)), "{:?}", scene.kept.last());
    assert!(scene.now.since(START) < 1_000, "once its last chunk is here");
}

#[test]
fn when_all_peers_have_moved_on_a_newer_snapshot_is_fetched() {
    let old = Chain::new(18);
    let mut scene = scene(&old, &[Manner::Honest; 2]);
    scene.call(|fetcher, at| fetcher.seek(at, false));
    scene.run_until(60_000, |scene| scene.kept_chunks() >= 2);
    let new = Chain::new(30);
    for peer in scene.peers.values_mut() {
        peer.shelf = new.shelf(4);
    }
    scene.run(120_000);
    finished(&scene, &new, 28);
    let begun = scene.kept.iter().filter(|keep| matches!(keep, Keep::Begin(_))).count();
    assert_eq!(begun, 2);
}

#[test]
fn a_peer_that_comes_later_serves_too() {
    let chain = Chain::new(18);
    let mut scene = scene(&chain, &[Manner::Silent, Manner::Silent]);
    scene.call(|fetcher, at| fetcher.seek(at, false));
    scene.run_until(1_000, |_| false);
    let late = InstitutionNumber(3);
    scene.peers.get_mut(&late).unwrap().manner = Manner::Honest;
    scene.call(|fetcher, at| fetcher.connected(at, late));
    scene.run(60_000);
    finished(&scene, &chain, 16);
}

#[test]
fn what_was_asked_over_a_connection_that_broke_is_asked_for_again_at_once() {
    let chain = Chain::new(18);
    let is_choosing = |scene: &Scene| scene.requests > 1;
    let is_fetching = |scene: &Scene| scene.kept_chunks() >= 2;
    let moments: [fn(&Scene) -> bool; 2] = [is_choosing, is_fetching];
    for is_broken in moments {
        // One source, and its answers are lost from some moment on.
        let mut scene = scene(&chain, &[Manner::Honest]);
        scene.call(|fetcher, at| fetcher.seek(at, false));
        scene.run_until(60_000, is_broken);
        scene.lose_mail();
        scene.call(|fetcher, at| fetcher.connected(at, InstitutionNumber(2)));
        scene.run(60_000);
        finished(&scene, &chain, 16);
        assert!(scene.now.since(START) < 1_000, "{}", scene.now.since(START));
    }
}

#[test]
fn what_was_not_asked_for_changes_nothing() {
    let chain = Chain::new(18);
    let mut scene = scene(&chain, &[Manner::Honest; 3]);
    let (tip, certificate, history) = chain.blocks[15].clone();
    let snapshot = Snapshot::new(tip, certificate, history);
    let id = snapshot.id();
    let place = ChunkPlace { part: Part::Map, index: 0 };
    let requests = [
        SnapshotRequest::Offers,
        SnapshotRequest::Manifest { snapshot: id, epoch: Epoch(0) },
        SnapshotRequest::Chunk { snapshot: id, place },
    ];
    for request in requests {
        let answer = snapshot.answer(&request, |_| None);
        scene.call(|fetcher, at| fetcher.answer(at, InstitutionNumber(2), answer));
    }
    let gone = SnapshotAnswer::Gone(id);
    scene.call(|fetcher, at| fetcher.answer(at, InstitutionNumber(2), gone));
    assert!(scene.kept.is_empty() && scene.blamed.is_empty() && scene.finished.is_none());
    assert_eq!(scene.fetcher.deadline(), None);
    // Nor does a stranger's word.
    scene.call(|fetcher, at| fetcher.seek(at, false));
    let offers = SnapshotAnswer::Offers(Offers(vec![id]));
    let before = scene.requests;
    scene.call(|fetcher, at| fetcher.answer(at, InstitutionNumber(99), offers));
    assert_eq!(scene.requests, before);
}

/// Such an answer is true, and its sender is not to blame for it.
#[test]
fn a_late_answer_to_an_earlier_question_changes_nothing() {
    let chain = Chain::new(18);
    let mut scene = scene(&chain, &[Manner::Teases; 2]);
    scene.call(|fetcher, at| fetcher.seek(at, false));
    scene.run_until(4_000, |_| false);
    let peer = InstitutionNumber(2);
    let manifest = |place: usize| {
        let (tip, certificate, history) = chain.blocks[place].clone();
        let snapshot = Snapshot::new(tip, certificate, history);
        let request = SnapshotRequest::Manifest { snapshot: snapshot.id(), epoch: Epoch(0) };
        let answer = snapshot.answer(&request, |_| None);
        let SnapshotAnswer::Manifest(manifest) = answer else { panic!("{answer:?}") };
        manifest
    };
    let mut of_another_epoch = manifest(15);
    of_another_epoch.progress.header.epoch = Epoch(1);
    for late in [manifest(11), of_another_epoch] {
        scene.call(|fetcher, at| fetcher.answer(at, peer, SnapshotAnswer::Manifest(late)));
        assert!(scene.blamed.is_empty() && scene.kept.is_empty());
    }
    let asked_for = SnapshotAnswer::Manifest(manifest(15));
    scene.call(|fetcher, at| fetcher.answer(at, peer, asked_for));
    assert!(matches!(scene.kept.as_slice(), [Keep::Begin(_)]));
    assert!(scene.blamed.is_empty());
}

#[test]
fn a_manifest_is_believed_only_whole() {
    let chain = Chain::new(6);
    let (tip, certificate, history) = chain.blocks[3].clone();
    let trusted = ledger::light::TrustedState::Following {
        epoch: Epoch(0),
        validators: chain.genesis.validators().clone(),
        latest: Box::new(chain.genesis.header().clone()),
    };
    let domains = tip.domains().clone();
    let few = certify(&tip, 2);
    let snapshot = Snapshot::new(tip, certificate, history);
    let request = SnapshotRequest::Manifest { snapshot: snapshot.id(), epoch: Epoch(0) };
    let SnapshotAnswer::Manifest(good) = snapshot.answer(&request, |_| None) else { panic!() };
    assert_eq!(good.verify(&domains, &trusted), Ok(()));
    let bytes = borsh::to_vec(&good).unwrap();
    assert_eq!(borsh::from_slice::<Manifest>(&bytes).unwrap(), *good);
    type Lie<'a> = (&'static str, &'a dyn Fn(&mut Manifest));
    let lies: [Lie<'_>; 6] = [
        ("too few signers", &|manifest| manifest.progress.certificate = few.clone()),
        ("another height", &|manifest| manifest.progress.header.height = Height(5)),
        ("another state", &|manifest| manifest.progress.header.state_root.0[0] ^= 1),
        ("another cut", &|manifest| manifest.cut.0[1].sequence = 9),
        ("another history", &|manifest| manifest.history = chain.blocks[4].2.clone()),
        ("another size", &|manifest| manifest.outline.count += 1),
    ];
    for (name, lie) in lies {
        let mut bad = (*good).clone();
        lie(&mut bad);
        assert!(bad.verify(&domains, &trusted).is_err(), "{name}");
    }
}

fn offered(shelf: &mut Shelf, now: ledger::ids::Timestamp) -> Vec<u64> {
    match shelf.find(now, &SnapshotRequest::Offers).map_err(|answer| *answer) {
        Err(SnapshotAnswer::Offers(offers)) => offers.0.iter().map(|id| id.height.0).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shelf_holds_the_last_heights_and_what_is_being_fetched() {
    let chain = Chain::new(26);
    let mut shelf = Shelf::new(4);
    let expected: BTreeMap<u64, &[u64]> = BTreeMap::from([
        (7, [4].as_slice()),
        (11, &[4, 8]),
        // A block without a finalization of its own: the next one takes its place.
        (12, &[4, 8]),
        (15, &[8, 13]),
        (18, &[8, 16]),
        (20, &[8, 20]),
        (24, &[8, 24]),
    ]);
    for (tip, certificate, history) in &chain.blocks {
        let height = tip.height().0;
        let now = START.plus(height * 1_000);
        shelf.note(now, tip, Some(certificate).filter(|_| height != 12), history);
        if let Some(expected) = expected.get(&height) {
            assert_eq!(offered(&mut shelf, now), *expected, "at {height}");
        }
        if height == 15 {
            // Somebody fetches the older one, and then no more.
            let id = SnapshotId { height: Height(8), block: chain.blocks[7].0.hash() };
            let request = SnapshotRequest::Manifest { snapshot: id, epoch: Epoch(0) };
            assert!(shelf.find(now, &request).is_ok());
        }
    }
    let longer = Chain::new(28);
    let (tip, certificate, history) = longer.blocks.last().unwrap();
    let much_later = START.plus(300_000);
    shelf.note(much_later, tip, Some(certificate), history);
    assert_eq!(offered(&mut shelf, much_later), [24, 28]);
}

#[test]
fn a_young_chain_serves_its_last_block_and_a_shelf_of_none_nothing() {
    let chain = Chain::new(3);
    assert_eq!(offered(&mut chain.shelf(1_000), START), [3]);
    assert_eq!(offered(&mut chain.shelf(0), START), [0_u64; 0]);
}
