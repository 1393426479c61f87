//! Many threads ask a real node for two votes at one place; it signs one.
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, reason = "other tests use all of it")]
mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use consensus::{Message, Proposal};
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::chain::Tip;
use ledger::codec;
use ledger::ids::{Epoch, ValidatorIndex, View};
use node::core::message::PeerMessage;
use node::home::now;
use node::net::{Class, Network, NetworkEvent, NetworkEvents, PeerAddress, PeerKey};
use support::{Plan, key};

/// How many threads ask.
const THREADS: u64 = 64;

/// The leader of the first view.
const LEADER: u8 = 1;

/// The leader's proposal of the first view at this moment, signed.
fn proposal(plan: &Plan, genesis: &Tip, milliseconds: u64) -> PeerMessage {
    let (view, proposer) = (View(1), ValidatorIndex(u16::from(LEADER)));
    let time = now().minus(500).plus(milliseconds);
    let block = genesis.build(view, proposer, time, genesis.child_cut(), []).block;
    let subject = VoteSubject {
        epoch: Epoch(0),
        view,
        kind: VoteKind::Notarize,
        block: block.hash(&plan.domains),
    };
    let vote = Vote::sign(&plan.domains, &key(3, LEADER), proposer, subject);
    let proposal = Proposal { block, vote, justification: Vec::new() };
    PeerMessage::Consensus(Message::Proposal(Box::new(proposal)))
}

async fn next(events: &mut NetworkEvents) -> NetworkEvent {
    let event = tokio::time::timeout(Duration::from_secs(30), events.recv()).await;
    event.expect("an event in time").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_threads_that_ask_for_two_votes_at_one_place_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan::new(folder.path(), 4);
    let genesis = Tip::genesis(&plan.genesis).unwrap().tip;
    let mut network = plan.config(LEADER).network;
    let asked = PeerKey(key(4, 0).public().0);
    let address = plan.genesis.members[0].validator.as_ref().unwrap().address.clone();
    network.peers = vec![PeerAddress { key: asked, addresses: vec![address] }];
    let (leader, mut events) = Network::start(network).await.unwrap();
    let node = plan.start(0).await;
    while !matches!(next(&mut events).await, NetworkEvent::Connected(peer) if peer == asked) {}
    let frames: Vec<Vec<u8>> =
        (1..=2).map(|time| codec::encode(&proposal(&plan, &genesis, time))).collect();
    let (leader, frames) = (Arc::new(leader), Arc::new(frames));
    let threads: Vec<_> = (0..THREADS)
        .map(|number| {
            let (leader, frames) = (leader.clone(), frames.clone());
            std::thread::spawn(move || {
                for turn in 0..8 {
                    let frame = frames[usize::try_from((number + turn) % 2).unwrap()].clone();
                    // A full queue takes no more; the others' frames are in it.
                    let _taken = leader.send(asked, Class::Proposals, frame.into());
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let mut notarized = BTreeSet::new();
    let mut nullified = false;
    // The equivocation, or the time-out, ends the view: by then every vote in it was sent.
    while !nullified {
        let NetworkEvent::Frame { bytes, .. } = next(&mut events).await else { continue };
        let Ok(PeerMessage::Consensus(Message::Vote(vote))) = PeerMessage::decode(&bytes) else {
            continue;
        };
        assert_eq!(vote.validator, ValidatorIndex(0));
        if vote.subject.view > View(1) {
            continue;
        }
        match vote.subject.kind {
            VoteKind::Notarize => drop(notarized.insert(vote.subject.block)),
            VoteKind::Nullify => nullified = true,
            VoteKind::Finalize => panic!("a vote to finalize what no quorum has notarized"),
        }
    }
    assert_eq!(notarized.len(), 1, "{notarized:?}");
    leader.shutdown().await;
    assert!(node.stop().await.is_none());
}
