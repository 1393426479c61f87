//! R11, R14, R15 and R17: restarts, repetition, fetching, bounds.

use ledger::certificate::VoteKind;
use ledger::hash::Hash;
use ledger::ids::{Epoch, ValidatorIndex, View};

use super::committee::{Committee, T0, finals, records, votes};
use crate::{Input, Message, Output, Proposal, Record, Replica, Status};

const NOTARIZE: VoteKind = VoteKind::Notarize;
const NULLIFY: VoteKind = VoteKind::Nullify;
const FINALIZE: VoteKind = VoteKind::Finalize;

#[test]
fn r11_a_restart_goes_on_where_the_records_end() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let first = committee.block(1, &committee.genesis);
    let second = committee.block(2, &first);
    let mut kept = records(&bench.notarize(&first));
    kept.extend(records(&bench.propose(&second)));
    kept.extend(records(&bench.valid(&second)));
    let mut again = committee.restarted(0, kept.clone());
    assert_eq!(again.view(), 2);
    // Its votes are sent again at once.
    assert_eq!(votes(&again.first), [(NOTARIZE, 2), (FINALIZE, 1)]);
    assert!(records(&again.first).is_empty(), "nothing is persisted twice");
    // Another block of the view gets no vote, also when it is proposed first now.
    let mut other = second.clone();
    other.header.time = other.header.time.plus(1);
    again.propose(&other);
    assert!(!votes(&again.valid(&other)).contains(&(NOTARIZE, 2)));
    // A finalization finds the blocks.
    let finalization = committee.finalization(&second);
    assert_eq!(finals(&again.learn(finalization)), [(1, false), (2, true)]);
    // Without the records it would have voted: the test can fail.
    let mut forgetful = committee.restarted(0, Vec::new());
    forgetful.learn(committee.nullification(1));
    let mut other = committee.block(2, &committee.genesis);
    other.header.time = other.header.time.plus(1);
    forgetful.propose(&other);
    assert_eq!(votes(&forgetful.valid(&other)), [(NOTARIZE, 2)]);
}

#[test]
fn r11_every_prefix_of_the_records_is_a_start() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let first = committee.block(1, &committee.genesis);
    let mut kept = records(&bench.notarize(&first));
    kept.extend(records(&bench.learn(committee.nullification(2))));
    for length in 0..=kept.len() {
        let again = committee.restarted(0, kept[..length].to_vec());
        assert!(again.view() <= bench.view());
    }
    assert_eq!(committee.restarted(0, kept).view(), 3);
}

#[test]
fn r11_an_observer_follows_and_says_nothing() {
    let committee = Committee::new();
    let start = committee.start(Vec::new());
    let (mut replica, first) = Replica::new(committee.config(None), start, T0);
    let block = committee.block(1, &committee.genesis);
    let mut outputs = first;
    let from = ValidatorIndex(1);
    for message in [
        committee.proposal(&block, Vec::new()),
        Message::Certificate(committee.notarization(&block)),
        Message::Certificate(committee.finalization(&block)),
    ] {
        outputs.extend(replica.step(T0, Input::Message { from, message }));
    }
    outputs.extend(replica.step(T0.plus(60_000), Input::Wake));
    assert_eq!(finals(&outputs), [(1, true)]);
    let says = |output: &Output| matches!(output, Output::Broadcast(_) | Output::Send { .. });
    assert!(!outputs.iter().any(says));
}

#[test]
fn r14_open_votes_are_repeated_at_growing_pauses() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    bench.propose(&block);
    bench.valid(&block);
    let mut sent = Vec::new();
    for millisecond in 1..=460_u64 {
        if votes(&bench.wait(1)).contains(&(NOTARIZE, 1)) {
            sent.push(millisecond);
        }
    }
    assert_eq!(sent, [200]);
    // A lost finalization vote is repeated as well.
    bench.learn(committee.notarization(&block));
    assert!(votes(&bench.wait(200)).contains(&(FINALIZE, 1)));
    assert!(!votes(&bench.wait(200)).contains(&(FINALIZE, 1)), "the pause has doubled");
    assert!(votes(&bench.wait(200)).contains(&(FINALIZE, 1)));
}

#[test]
fn r14_a_leader_repeats_its_proposal() {
    let committee = Committee::new();
    let mut bench = committee.validator(1);
    let block = committee.block(1, &committee.genesis);
    bench.step(Input::Built { block: block.clone() });
    let proposal = Output::Broadcast(committee.proposal(&block, Vec::new()));
    assert!(bench.wait(200).contains(&proposal));
}

#[test]
fn r14_a_peer_that_is_behind_is_told_once_per_pause() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let first = committee.block(1, &committee.genesis);
    bench.notarize(&first);
    bench.learn(committee.finalization(&first));
    bench.learn(committee.nullification(2));
    bench.learn(committee.nullification(3));
    let told = |outputs: Vec<Output>| -> Vec<u64> {
        let sent = outputs.into_iter().filter_map(|output| match output {
            Output::Send { to, message: Message::Certificate(certificate) } => {
                assert_eq!(to, ValidatorIndex(2));
                Some(certificate.subject.view.0)
            }
            _ => None,
        });
        sent.collect()
    };
    let status = |view, finalized, missing| {
        Message::Status(Status {
            epoch: Epoch(0),
            view: View(view),
            finalized: View(finalized),
            missing: View(missing),
            inquiry: None,
        })
    };
    assert_eq!(told(bench.hear(2, status(1, 0, 1))), [1, 2, 3]);
    assert!(told(bench.hear(2, status(1, 0, 1))).is_empty(), "too soon");
    bench.wait(100);
    assert_eq!(told(bench.hear(2, status(3, 1, 3))), [3]);
    bench.wait(100);
    assert!(told(bench.hear(2, status(4, 1, 4))).is_empty(), "it misses nothing");
    let nullify = committee.vote(2, NULLIFY, 3, Hash::ZERO);
    assert_eq!(told(bench.hear(2, Message::Vote(nullify))), [3]);
}

#[test]
fn r15_a_certified_block_is_fetched_by_its_hash() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    let outputs = bench.learn(committee.finalization(&block));
    let from: Vec<_> = [1, 2, 3].map(ValidatorIndex).to_vec();
    assert!(outputs.contains(&Output::Fetch { block: committee.hash(&block), from }));
    let mut other = block.clone();
    other.header.time = other.header.time.plus(1);
    assert!(finals(&bench.step(Input::Fetched { block: other })).is_empty());
    let mut changed = block.clone();
    changed.cut.0[0].sequence = 1;
    assert!(finals(&bench.step(Input::Fetched { block: changed })).is_empty());
    let first = |outputs: Vec<Output>| {
        outputs.into_iter().find_map(|output| match output {
            Output::Fetch { from, .. } => from.first().copied(),
            _ => None,
        })
    };
    let mut asked: Vec<_> = (0..3).filter_map(|_| first(bench.wait(1_000))).collect();
    asked.sort();
    assert_eq!(asked, [1, 2, 3].map(ValidatorIndex), "each is asked first in turn");
    assert_eq!(finals(&bench.step(Input::Fetched { block })), [(1, true)]);
}

#[test]
fn r15_far_behind_the_node_catches_up() {
    let committee = Committee::new();
    let mut chain = vec![committee.genesis.clone()];
    for view in 1..=12 {
        chain.push(committee.block(view, &chain[chain.len() - 1]));
    }
    let mut bench = committee.validator(3);
    let certificate = committee.finalization(&chain[11]);
    bench.learn(certificate.clone());
    let outputs = bench.step(Input::Fetched { block: chain[11].clone() });
    assert!(outputs.contains(&Output::CatchUp { certificate: certificate.clone() }));
    let caught_up = Input::CaughtUp { block: chain[11].clone(), certificate };
    assert!(finals(&bench.step(caught_up)).is_empty(), "the node has them already");
    assert_eq!(bench.replica.finalized(), &chain[11]);
    bench.propose(&chain[12]);
    assert_eq!(votes(&bench.learn(committee.notarization(&chain[12]))), [(FINALIZE, 12)]);
    assert_eq!(finals(&bench.learn(committee.finalization(&chain[12]))), [(12, true)]);
}

#[test]
fn r15_a_false_catch_up_is_refused() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    let certificate = committee.notarization(&block);
    bench.step(Input::CaughtUp { block: block.clone(), certificate });
    let other = committee.block(2, &committee.genesis);
    let certificate = committee.finalization(&block);
    bench.step(Input::CaughtUp { block: other, certificate });
    assert_eq!(bench.replica.finalized(), &committee.genesis);
}

#[test]
fn r17_a_flood_of_views_is_not_kept() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    for view in 1..=300 {
        let block = committee.block(view, &committee.genesis);
        bench.propose(&block);
        for (kind, hash) in [(NULLIFY, Hash::ZERO), (FINALIZE, Hash([1; 32]))] {
            bench.hear(2, Message::Vote(committee.vote(2, kind, view, hash)));
        }
    }
    // Every fourth view is led by this validator itself, whose proposals do not come from outside.
    assert_eq!(bench.replica.kept(), (65, 49));
    bench.learn(committee.nullification(300));
    assert_eq!(bench.view(), 301);
    let (views, blocks) = bench.replica.kept();
    assert!(views <= 66 && blocks <= 65, "{views} {blocks}");
    bench.learn(committee.nullification(400));
    assert_eq!(bench.replica.kept().1, 0, "old candidates are dropped");
}

#[test]
fn r17_messages_are_bounded_before_they_are_read() {
    let committee = Committee::new();
    let block = committee.block(1, &committee.genesis);
    let many = vec![committee.nullification(1); Proposal::MAXIMUM_CERTIFICATES];
    let largest = committee.proposal(&block, many.clone());
    assert_eq!(Message::decode(&largest.encode()).unwrap(), largest);
    let more = [many, vec![committee.nullification(1)]].concat();
    assert!(Message::decode(&committee.proposal(&block, more).encode()).is_err());
    assert!(Message::decode(&[largest.encode(), vec![0]].concat()).is_err(), "trailing bytes");
    assert!(Message::decode(&vec![0; Message::MAXIMUM_BYTES + 1]).is_err());
    let record = Record::Block(block);
    assert_eq!(Record::decode(&record.encode()).unwrap(), record);
}
