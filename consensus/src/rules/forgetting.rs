//! R19: validators that lost their records, and those that report to them.

use ledger::certificate::VoteKind;
use ledger::hash::Hash;
use ledger::ids::{Epoch, ValidatorIndex, View};

use super::committee::{Bench, Committee, T0, built, records, votes};
use super::network::Network;
use crate::{Input, Memory, Message, Output, Record, Replica, Report, Start, Status};

const NOTARIZE: VoteKind = VoteKind::Notarize;
const NULLIFY: VoteKind = VoteKind::Nullify;
const FINALIZE: VoteKind = VoteKind::Finalize;

const LOST: Memory = Memory::Lost { inquiry: 77 };

fn forgetful(committee: &Committee, index: u16, records: Vec<Record>) -> Bench<'_> {
    committee.started(index, Start { memory: LOST, ..committee.start(records) })
}

fn report(view: u64) -> Message {
    Message::Report(Report { epoch: Epoch(0), inquiry: 77, view: View(view) })
}

/// The question of each status that was broadcast.
fn asked(outputs: &[Output]) -> Vec<Option<u64>> {
    let statuses = outputs.iter().filter_map(|output| match output {
        Output::Broadcast(Message::Status(status)) => Some(status.inquiry),
        _ => None,
    });
    statuses.collect()
}

fn reported(outputs: &[Output]) -> Option<Report> {
    outputs.iter().find_map(|output| match output {
        Output::Send { message: Message::Report(report), .. } => Some(*report),
        _ => None,
    })
}

fn ask(epoch: Epoch, inquiry: u64) -> Message {
    let view = View(1);
    let finalized = View(0);
    Message::Status(Status { epoch, view, finalized, missing: view, inquiry: Some(inquiry) })
}

#[test]
fn r19_who_forgot_says_nothing_until_enough_have_reported() {
    let committee = Committee::new();
    let mut bench = forgetful(&committee, 1, Vec::new());
    assert_eq!(asked(&bench.first), [Some(77)]);
    assert_eq!(built(&bench.first), None, "it leads view 1, and asks for no block");
    assert_eq!(bench.replica.memory(), LOST);
    let mut parent = committee.genesis.clone();
    let mut said = Vec::new();
    for view in 1..=4 {
        bench.step(Input::WorkWaits);
        said.extend(bench.wait(5_000));
        let block = committee.block(view, &parent);
        said.extend(bench.notarize(&block));
        // The first is its own, which it would have built, and fetches now.
        bench.step(Input::Fetched { block: block.clone() });
        bench.valid(&block);
        said.extend(bench.hear(2, report(2)));
        said.extend(bench.hear(3, report(2)));
        parent = block;
    }
    assert!(votes(&said).is_empty(), "two reports are too few");
    let relayed = said.iter().any(|o| matches!(o, Output::Broadcast(Message::Certificate(_))));
    assert!(relayed, "but it relays");
    // View 5 is its own to lead, and 5 is the bound that view 4 gives.
    bench.hear(0, report(4));
    bench.step(Input::WorkWaits);
    assert!(votes(&bench.wait(5_000)).is_empty());
    let block = committee.block(5, &parent);
    assert!(votes(&bench.learn(committee.notarization(&block))).is_empty());
    let next = committee.block(6, &block);
    bench.step(Input::Fetched { block });
    let mut outputs = bench.propose(&next);
    for block in [committee.block(5, &parent), next.clone()] {
        outputs.extend(bench.valid(&block));
    }
    outputs.extend(bench.learn(committee.notarization(&next)));
    assert_eq!(votes(&outputs), [(NOTARIZE, 6), (FINALIZE, 6)]);
    assert_eq!(bench.replica.memory(), LOST, "nothing above the bound is final");
    let outputs = bench.learn(committee.finalization(&next));
    let forgotten = Record::Forgotten { epoch: Epoch(0), view: View(5) };
    let at = |wanted: &Output| outputs.iter().position(|output| output == wanted);
    let (recorded, regained) = (at(&Output::Persist(forgotten)), at(&Output::Regained));
    assert!(recorded.is_some() && recorded < regained, "{outputs:?}");
    assert_eq!(bench.replica.memory(), Memory::Whole);
    assert_eq!(asked(&bench.wait(5_000)), [None]);
}

#[test]
fn r19_the_question_is_repeated_while_the_others_pass_views_quickly() {
    let committee = Committee::new();
    let mut bench = forgetful(&committee, 1, Vec::new());
    let mut parent = committee.genesis.clone();
    let mut pass = |bench: &mut Bench<'_>, views: std::ops::RangeInclusive<u64>| {
        let mut questions = Vec::new();
        for view in views {
            let block = committee.block(view, &parent);
            bench.learn(committee.notarization(&block));
            questions.extend(asked(&bench.wait(20)));
            parent = block;
        }
        questions
    };
    // A second, in which there is never so long a pause as one between repetitions.
    let questions = pass(&mut bench, 1..=50);
    assert!((4..=5).contains(&questions.len()), "{questions:?}");
    assert!(questions.iter().all(|question| *question == Some(77)));
    for peer in [0, 2, 3] {
        bench.hear(peer, report(50));
    }
    assert_eq!(pass(&mut bench, 51..=100), [], "it knows its bound");
}

#[test]
fn r19_the_record_closes_the_views_for_later_starts() {
    let committee = Committee::new();
    let forgotten = |epoch| Record::Forgotten { epoch: Epoch(epoch), view: View(1) };
    for (records, cast) in [
        (vec![forgotten(0)], vec![]),
        (vec![forgotten(1)], vec![(NOTARIZE, 1)]),
        (vec![], vec![(NOTARIZE, 1)]),
    ] {
        let mut bench = committee.restarted(0, records);
        let block = committee.block(1, &committee.genesis);
        let mut outputs = bench.propose(&block);
        outputs.extend(bench.valid(&block));
        assert_eq!(votes(&outputs), cast);
    }
    let record = forgotten(3);
    assert_eq!((record.epoch(), record.view()), (Epoch(3), View(1)));
    assert_eq!(Record::decode(&record.encode()).unwrap(), record);
}

#[test]
fn r19_only_answers_to_this_question_count() {
    let committee = Committee::new();
    let answer = |epoch, inquiry, view| {
        Message::Report(Report { epoch: Epoch(epoch), inquiry, view: View(view) })
    };
    let cases = [
        ("another start's", 3, answer(0, 76, 0), false),
        ("another epoch's", 3, answer(1, 77, 0), false),
        ("a stranger's", 4, answer(0, 77, 0), false),
        ("its own", 0, answer(0, 77, 0), false),
        ("one that was heard", 2, answer(0, 77, 0), false),
        ("a third", 3, answer(0, 77, 0), true),
    ];
    for (what, from, message, counts) in cases {
        let mut bench = forgetful(&committee, 0, Vec::new());
        bench.hear(1, report(0));
        bench.hear(2, report(0));
        bench.hear(from, message);
        bench.learn(committee.nullification(1));
        bench.step(Input::WorkWaits);
        let cast = votes(&bench.wait(2_000));
        assert_eq!(cast.contains(&(NULLIFY, 2)), counts, "{what}");
    }
}

#[test]
fn r19_a_lie_closes_views_only_until_the_truth_is_here() {
    let committee = Committee::new();
    for (lie, closed) in [(u64::MAX, true), (0, false)] {
        let mut bench = forgetful(&committee, 0, Vec::new());
        for (from, view) in [(1, 1), (2, 1), (3, lie)] {
            bench.hear(from, report(view));
        }
        bench.learn(committee.nullification(2));
        bench.step(Input::WorkWaits);
        assert_eq!(votes(&bench.wait(2_000)).is_empty(), closed);
        // With four validators, of which this one counts as the faulty one, all others are honest:
        // the liar has to tell the truth, or is outvoted in larger sets.
        bench.hear(3, report(1));
        bench.learn(committee.nullification(3));
        bench.step(Input::WorkWaits);
        assert!(votes(&bench.wait(2_000)).contains(&(NULLIFY, 4)));
    }
}

#[test]
fn r19_a_peer_reports_the_highest_view_it_may_have_voted_in() {
    let committee = Committee::new();
    let vote = Record::Vote(committee.vote(0, NULLIFY, 9, Hash::ZERO));
    let entered = |bench: &mut Bench<'_>| drop(bench.learn(committee.nullification(4)));
    let nothing = |_: &mut Bench<'_>| {};
    let told = |bench: &mut Bench<'_>| {
        for from in 1..4 {
            bench.hear(from, report(20));
        }
    };
    type Change<'a> = &'a dyn Fn(&mut Bench<'_>);
    type Case<'a> = (&'a str, Memory, Vec<Record>, Change<'a>, Option<u64>);
    let cases: [Case<'_>; 6] = [
        ("at the start", Memory::Whole, vec![], &nothing, Some(1)),
        ("where it is", Memory::Whole, vec![], &entered, Some(5)),
        ("where it voted before a crash", Memory::Whole, vec![vote.clone()], &entered, Some(9)),
        ("it does not know itself", LOST, vec![vote], &entered, None),
        ("it was told", LOST, vec![], &told, Some(21)),
        (
            "it was told before",
            Memory::Whole,
            vec![Record::Forgotten { epoch: Epoch(0), view: View(7) }],
            &nothing,
            Some(7),
        ),
    ];
    for (what, memory, records, change, expected) in cases {
        let mut bench = committee.started(0, Start { memory, ..committee.start(records) });
        change(&mut bench);
        let outputs = bench.hear(3, ask(Epoch(0), 5));
        let view = reported(&outputs).map(|report| {
            assert_eq!((report.epoch, report.inquiry), (Epoch(0), 5));
            report.view.0
        });
        assert_eq!(view, expected, "{what}");
        assert_eq!(reported(&bench.hear(3, ask(Epoch(0), 5))), None, "too soon");
        bench.wait(100);
        let again = reported(&bench.hear(3, ask(Epoch(0), 5)));
        assert_eq!(again.is_some(), expected.is_some(), "{what}");
    }
}

#[test]
fn r19_an_epochs_end_does_not_bring_memory_back_unless_its_block_is_new() {
    let committee = Committee::new();
    for (view, memory) in [(6, LOST), (7, Memory::Whole)] {
        let mut bench = forgetful(&committee, 0, Vec::new());
        for from in 1..4 {
            bench.hear(from, report(5));
        }
        let last = committee.ending(view, &committee.genesis);
        bench.step(Input::CaughtUp {
            block: last.clone(),
            certificate: committee.certificate(FINALIZE, 9, committee.hash(&last)),
        });
        assert!(bench.replica.has_ended());
        assert_eq!(bench.replica.memory(), memory, "the bound is 6, the block of view {view}");
        // The next epoch's replica goes on with it.
        let next = committee.after(&last);
        let start = Start { memory: bench.replica.memory(), ..next.start(Vec::new()) };
        let mut bench = next.started(3, start);
        bench.step(Input::WorkWaits);
        assert_eq!(votes(&bench.wait(2_000)).is_empty(), memory == LOST);
    }
}

#[test]
fn r19_an_observer_keeps_that_it_forgot() {
    let committee = Committee::new();
    let start = Start { memory: LOST, ..committee.start(Vec::new()) };
    let (mut replica, first) = Replica::new(committee.config(None), start, T0);
    assert!(asked(&first).is_empty(), "it asks nobody");
    let block = committee.block(1, &committee.genesis);
    let certificate = committee.finalization(&block);
    let outputs = replica.step(T0, Input::CaughtUp { block, certificate });
    assert!(!outputs.contains(&Output::Regained));
    assert_eq!(replica.memory(), LOST);
}

#[test]
fn r19_a_restored_backup_repeats_what_it_recalls_and_adds_nothing() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let first = committee.block(1, &committee.genesis);
    let kept = records(&bench.notarize(&first));
    let mut again = forgetful(&committee, 0, kept);
    assert_eq!(votes(&again.first), [(FINALIZE, 1)], "it was cast, and is on record");
    let second = committee.block(2, &first);
    let mut outputs = again.propose(&second);
    outputs.extend(again.valid(&second));
    assert!(votes(&outputs).is_empty());
}

#[test]
fn r19_a_wiped_validator_comes_back_by_itself() {
    let committee = Committee::new();
    let mut network = Network::new(&committee, None);
    network.pass(1_000, |_| false);
    network.stop(3);
    network.pass(1_000, |_| false);
    network.finals.remove(&3);
    network.start(3, Start { memory: LOST, ..committee.start(Vec::new()) });
    network.pass(5_000, |_| false);
    assert_eq!(network.replica(3).memory(), Memory::Whole);
    let heights: Vec<_> = (0..4).map(|i| network.replica(i).finalized().header.height.0).collect();
    assert!(heights.iter().max().unwrap() - heights.iter().min().unwrap() <= 1, "{heights:?}");
    let said = network.said.len();
    network.pass(1_000, |_| false);
    let votes_again = network.said[said..].iter().any(|(from, message)| {
        *from == 3 && matches!(message, Message::Vote(vote) if vote.subject.kind == FINALIZE)
    });
    assert!(votes_again);
}

#[test]
fn r19_validators_that_are_all_wiped_stay_silent() {
    let committee = Committee::new();
    let mut network = Network::new(&committee, None);
    network.pass(1_000, |_| false);
    for index in [2, 3] {
        network.start(index, Start { memory: LOST, ..committee.start(Vec::new()) });
    }
    let before = network.said.len();
    network.pass(10_000, |_| false);
    let votes = network.said[before..].iter().filter(|(from, message)| {
        *from >= 2 && matches!(message, Message::Vote(_) | Message::Proposal(_))
    });
    assert_eq!(votes.count(), 0, "more than can be faulty have forgotten: the chain stands still");
    assert_eq!(network.replica(2).index(), Some(ValidatorIndex(2)));
}
