//! R1 to R3, R5 to R10, R13, R16: certificates, votes, and what they make final.

use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{Epoch, Height, Timestamp, ValidatorIndex, View};

use super::committee::{Committee, T0, finals, records, votes};
use crate::{Evidence, Input, Message, Output, Record, Verdict};

const NOTARIZE: VoteKind = VoteKind::Notarize;
const NULLIFY: VoteKind = VoteKind::Nullify;
const FINALIZE: VoteKind = VoteKind::Finalize;

#[test]
fn r1_leaders_take_turns() {
    let committee = Committee::new();
    let bench = committee.validator(0);
    for (view, leader) in [(1, 1), (2, 2), (3, 3), (4, 0), (5, 1), (4_000_000_003, 3)] {
        assert_eq!(bench.replica.leader(View(view)), ValidatorIndex(leader), "view {view}");
    }
}

#[test]
fn r2_only_a_quorum_of_valid_votes_counts() {
    let committee = Committee::new();
    let good = |index| committee.vote(index, NULLIFY, 1, Hash::ZERO);
    let mut forged = good(3);
    forged.signature = good(2).signature;
    let mut foreign = committee.vote(3, NULLIFY, 1, Hash::ZERO);
    foreign.subject.epoch = Epoch(1);
    let malformed = committee.vote(3, NULLIFY, 1, Hash([1; 32]));
    let mut outsider = good(3);
    outsider.validator = ValidatorIndex(4);
    let cases = [
        ("a repeated vote", good(2), 1),
        ("a forged vote", forged, 1),
        ("a vote of another epoch", foreign, 1),
        ("a vote for a nullified block", malformed, 1),
        ("an outsider's vote", outsider, 1),
        ("the third vote", good(3), 2),
    ];
    for (what, third, view) in cases {
        // The leader, who gives nothing up for what the others vote.
        let mut bench = committee.validator(1);
        for vote in [good(0), good(2), third] {
            bench.hear(0, Message::Vote(vote));
        }
        assert_eq!(bench.view(), view, "{what}");
    }
}

#[test]
fn r2_a_certificate_counts_whole_or_not_at_all() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let votes = [1, 2].map(|index| committee.vote(index, NULLIFY, 1, Hash::ZERO));
    let signatures = votes.map(|vote| (vote.validator, vote.signature));
    bench.learn(Certificate::assemble(votes[0].subject, 4, signatures));
    let mut moved = committee.nullification(1);
    moved.subject.view = View(2);
    bench.learn(moved);
    let mut other = committee.nullification(1);
    other.subject.epoch = Epoch(1);
    bench.learn(other);
    assert_eq!(bench.view(), 1);
    bench.learn(committee.nullification(1));
    assert_eq!(bench.view(), 2);
}

#[test]
fn r3_a_certificate_leads_into_the_next_view_and_is_relayed() {
    let committee = Committee::new();
    let block = committee.block(7, &committee.genesis);
    let cases = [
        (committee.nullification(1), 2),
        (committee.nullification(9), 10),
        (committee.notarization(&block), 8),
        (committee.finalization(&block), 8),
    ];
    for (certificate, view) in cases {
        let mut bench = committee.validator(0);
        let outputs = bench.learn(certificate.clone());
        assert_eq!(bench.view(), view);
        let relay = Output::Broadcast(Message::Certificate(certificate.clone()));
        assert!(outputs.contains(&relay));
        assert!(bench.learn(certificate).is_empty(), "it says nothing new");
        bench.learn(committee.nullification(0));
        assert_eq!(bench.view(), view, "a lower one leads nowhere");
    }
}

#[test]
fn r5_each_defect_of_a_candidate_ends_its_view() {
    type Change = fn(&mut ledger::block::Header);
    let cases: [(&str, Change); 10] = [
        ("chain", |header| header.chain_id.0 = Hash([9; 32])),
        ("epoch", |header| header.epoch = Epoch(1)),
        ("proposer", |header| header.proposer = ValidatorIndex(2)),
        ("validators", |header| header.validators_hash = Hash::ZERO),
        ("height", |header| header.height = Height(2)),
        ("same height", |header| header.height = Height(0)),
        ("time", |header| header.time = T0.minus(10_000)),
        ("earlier", |header| header.time = Timestamp(0)),
        ("other suite's chain", |header| header.chain_id.0 = Hash::ZERO),
        ("both", |header| header.validators_hash = Hash([1; 32])),
    ];
    let committee = Committee::new();
    for (what, change) in cases {
        let mut block = committee.block(1, &committee.genesis);
        change(&mut block.header);
        let mut bench = committee.validator(0);
        assert_eq!(votes(&bench.propose(&block)), [(NULLIFY, 1)], "{what}");
    }
}

#[test]
fn r5_a_cut_that_is_not_the_headers_and_a_false_leader_are_no_candidates() {
    let committee = Committee::new();
    let good = committee.block(1, &committee.genesis);
    let mut changed = good.clone();
    changed.cut.0[2].sequence = 5;
    let mut bench = committee.validator(0);
    assert!(votes(&bench.propose(&changed)).is_empty());
    let usurped = committee.proposal(&good, Vec::new());
    let Message::Proposal(mut usurped) = usurped else { panic!("it is a proposal") };
    usurped.vote = committee.vote(2, NOTARIZE, 1, committee.hash(&good));
    assert!(votes(&bench.hear(2, Message::Proposal(usurped))).is_empty());
    bench.propose(&good);
    assert_eq!(votes(&bench.valid(&good)), [(NOTARIZE, 1)], "the true one is still welcome");
}

#[test]
fn r6_a_valid_candidate_gets_one_vote() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    assert!(bench.propose(&block).contains(&Output::Execute(block.clone())));
    let outputs = bench.valid(&block);
    assert_eq!(votes(&outputs), [(NOTARIZE, 1)]);
    assert!(votes(&bench.valid(&block)).is_empty());
    let mut other = block.clone();
    other.header.time = other.header.time.plus(1);
    let proposal = committee.proposal(&other, Vec::new());
    assert!(!votes(&bench.hear(1, proposal)).contains(&(NOTARIZE, 1)));
}

#[test]
fn r6_what_is_missing_is_waited_for() {
    let committee = Committee::new();
    let parent = committee.block(1, &committee.genesis);
    let block = committee.block(3, &parent);
    let mut bench = committee.validator(0);
    bench.learn(committee.nullification(2));
    assert_eq!(bench.view(), 3);
    bench.propose(&block);
    let outputs = bench.learn(committee.notarization(&parent));
    let fetch = outputs.iter().find(|output| matches!(output, Output::Fetch { .. }));
    assert!(fetch.is_some(), "the parent is certified but not held: {outputs:?}");
    bench.step(Input::Fetched { block: parent.clone() });
    bench.valid(&parent);
    assert_eq!(votes(&bench.valid(&block)), [(NOTARIZE, 3)]);
}

#[test]
fn r6_a_parent_must_be_certified() {
    let committee = Committee::new();
    let parent = committee.block(1, &committee.genesis);
    let block = committee.block(2, &parent);
    let mut bench = committee.validator(0);
    bench.propose(&parent);
    bench.learn(committee.nullification(1));
    assert!(!bench.propose(&block).contains(&Output::Execute(block.clone())), "held is not enough");
    assert!(bench.learn(committee.notarization(&parent)).contains(&Output::Execute(block.clone())));
    bench.valid(&parent);
    assert_eq!(votes(&bench.valid(&block)), [(NOTARIZE, 2)]);
}

#[test]
fn r6_a_gap_must_be_nullified() {
    let committee = Committee::new();
    let block = committee.block(3, &committee.genesis);
    let mut bench = committee.validator(0);
    bench.learn(committee.nullification(2));
    assert!(!bench.propose(&block).contains(&Output::Execute(block.clone())));
    let outputs = bench.learn(committee.nullification(1));
    assert!(outputs.contains(&Output::Execute(block.clone())));
    assert_eq!(votes(&bench.valid(&block)), [(NOTARIZE, 3)]);
}

#[test]
fn r6_a_time_beyond_the_clocks_bound_is_waited_for() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let mut block = committee.block(1, &committee.genesis);
    block.header.time = T0.plus(1_040);
    let outputs = bench.propose(&block);
    assert!(outputs.contains(&Output::WakeAt(T0.plus(40))), "{outputs:?}");
    assert!(!bench.wait(39).contains(&Output::Execute(block.clone())));
    assert!(bench.wait(1).contains(&Output::Execute(block.clone())));
}

#[test]
fn r6_never_after_nullifying() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    bench.step(Input::WorkWaits);
    assert_eq!(votes(&bench.wait(2_000)), [(NULLIFY, 1)]);
    bench.propose(&block);
    assert!(!votes(&bench.valid(&block)).contains(&(NOTARIZE, 1)));
}

#[test]
fn r7_what_can_never_be_valid_is_nullified_at_once() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    bench.propose(&block);
    let verdict = Input::Verdict { block: committee.hash(&block), verdict: Verdict::Invalid };
    assert_eq!(votes(&bench.step(verdict)), [(NULLIFY, 1)]);
}

#[test]
fn r7_a_block_over_a_final_view_is_nullified_at_once() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let first = committee.block(1, &committee.genesis);
    bench.notarize(&first);
    bench.learn(committee.finalization(&first));
    let over = committee.block(2, &committee.genesis);
    assert_eq!(votes(&bench.propose(&over)), [(NULLIFY, 2)]);
    // Also while the final block itself is not held.
    let mut bench = committee.validator(0);
    bench.notarize(&first);
    let missed = committee.block(3, &committee.block(2, &first));
    bench.learn(committee.finalization(&missed));
    bench.learn(committee.nullification(4));
    assert_eq!(votes(&bench.propose(&committee.block(5, &first))), [(NULLIFY, 5)]);
}

#[test]
fn r7_a_leader_that_votes_twice_is_nullified_at_once() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    let mut other = block.clone();
    other.header.time = other.header.time.plus(1);
    bench.propose(&block);
    let outputs = bench.propose(&other);
    assert_eq!(votes(&outputs), [(NULLIFY, 1)]);
    assert!(outputs.iter().any(|output| matches!(output, Output::Evidence(_))));
}

#[test]
fn r7_a_leader_that_gives_its_view_up_is_not_waited_for() {
    let committee = Committee::new();
    let given_up = |index| Message::Vote(committee.vote(index, NULLIFY, 1, Hash::ZERO));
    let mut bench = committee.validator(0);
    assert!(votes(&bench.hear(2, given_up(2))).is_empty(), "it does not lead");
    assert_eq!(votes(&bench.hear(1, given_up(1))), [(NULLIFY, 1)]);
    // What it has proposed is still worth a vote.
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    bench.propose(&block);
    assert!(votes(&bench.hear(1, given_up(1))).is_empty());
    assert_eq!(votes(&bench.valid(&block)), [(NOTARIZE, 1)]);
}

#[test]
fn r7_a_leader_that_has_to_catch_up_gives_its_view_up() {
    let committee = Committee::new();
    let mut chain = vec![committee.genesis.clone()];
    for view in 1..=12 {
        chain.push(committee.block(view, &chain[chain.len() - 1]));
    }
    let mut bench = committee.validator(3);
    let certificate = committee.finalization(&chain[12]);
    bench.learn(certificate.clone());
    bench.step(Input::Fetched { block: chain[12].clone() });
    for (view, gives_up) in [(13, false), (14, false), (15, true)] {
        let outputs = bench.learn(committee.nullification(view - 1));
        assert_eq!(bench.view(), view);
        assert_eq!(votes(&outputs).contains(&(NULLIFY, view)), gives_up, "{view}");
    }
    bench.step(Input::CaughtUp { block: chain[12].clone(), certificate });
    assert!(votes(&bench.learn(committee.nullification(18))).is_empty());
}

#[test]
fn r8_a_notarization_gets_a_vote_to_finalize() {
    let committee = Committee::new();
    let block = committee.block(1, &committee.genesis);
    let mut bench = committee.validator(0);
    assert_eq!(votes(&bench.learn(committee.notarization(&block))), [(FINALIZE, 1)]);
    // Late, when a higher view is entered already.
    let mut bench = committee.validator(0);
    bench.learn(committee.nullification(5));
    assert_eq!(votes(&bench.learn(committee.notarization(&block))), [(FINALIZE, 1)]);
    // Never after nullifying.
    let mut bench = committee.validator(0);
    bench.step(Input::WorkWaits);
    assert_eq!(votes(&bench.wait(2_000)), [(NULLIFY, 1)]);
    assert!(votes(&bench.learn(committee.notarization(&block))).is_empty());
    assert_eq!(bench.view(), 2);
}

#[test]
fn r8_votes_complete_a_notarization_and_own_votes_count() {
    let committee = Committee::new();
    let block = committee.block(1, &committee.genesis);
    let mut bench = committee.validator(0);
    bench.propose(&block);
    bench.valid(&block);
    assert_eq!(bench.view(), 1, "the leader and this validator are two");
    let third = committee.vote(2, NOTARIZE, 1, committee.hash(&block));
    let outputs = bench.hear(2, Message::Vote(third));
    assert_eq!((bench.view(), votes(&outputs)), (2, vec![(FINALIZE, 1)]));
}

#[test]
fn r9_a_final_block_makes_its_ancestors_final_in_order() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let (mut parent, mut last) = (committee.genesis.clone(), Vec::new());
    for view in 1..=3 {
        let block = committee.block(view, &parent);
        bench.notarize(&block);
        last = bench.learn(committee.nullification(view));
        parent = block;
    }
    assert!(finals(&last).is_empty(), "notarized is not final");
    let finalization = committee.finalization(&parent);
    let outputs = bench.learn(finalization.clone());
    assert_eq!(finals(&outputs), [(1, false), (2, false), (3, true)]);
    assert!(outputs.contains(&Output::Broadcast(Message::Certificate(finalization))));
    assert_eq!(bench.replica.finalized(), &parent);
    assert_eq!(bench.replica.kept(), (0, 0));
}

#[test]
fn r9_votes_complete_a_finalization() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    bench.notarize(&block);
    let vote = |index| Message::Vote(committee.vote(index, FINALIZE, 1, committee.hash(&block)));
    assert!(finals(&bench.hear(1, vote(1))).is_empty());
    assert_eq!(finals(&bench.hear(2, vote(2))), [(1, true)]);
    assert!(finals(&bench.hear(3, vote(3))).is_empty());
}

#[test]
fn r10_a_vote_is_sent_after_its_record_and_its_block() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let block = committee.block(1, &committee.genesis);
    bench.propose(&block);
    let outputs = bench.valid(&block);
    let vote = committee.vote(0, NOTARIZE, 1, committee.hash(&block));
    assert_eq!(records(&outputs), [Record::Block(block), Record::Vote(vote)]);
    let position = |wanted: &Output| outputs.iter().position(|output| output == wanted).unwrap();
    let recorded = position(&Output::Persist(Record::Vote(vote)));
    assert!(recorded < position(&Output::Broadcast(Message::Vote(vote))));
}

#[test]
fn r13_a_silent_leader_is_not_waited_for() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let nullify = |index, view| Message::Vote(committee.vote(index, NULLIFY, view, Hash::ZERO));
    // Validator 1 is never heard; 2 and 3 nullify every view with this one.
    for view in 1..=8 {
        bench.step(Input::WorkWaits);
        bench.wait(2_000);
        bench.hear(2, nullify(2, view));
        assert_eq!(bench.view(), view);
        let outputs = bench.hear(3, nullify(3, view));
        let at_once = votes(&outputs).contains(&(NULLIFY, view + 1));
        assert_eq!(at_once, view + 1 == 9, "view {} of leader {}", view + 1, (view + 1) % 4);
    }
    // Its first vote ends the silence: its next turn is waited for again.
    bench.hear(1, nullify(1, 9));
    for view in 9..=12 {
        bench.step(Input::WorkWaits);
        bench.wait(2_000);
        bench.hear(2, nullify(2, view));
        assert!(!votes(&bench.hear(3, nullify(3, view))).contains(&(NULLIFY, 13)));
    }
    assert_eq!(bench.view(), 13);
}

#[test]
fn r13_a_leader_whose_connection_ended_is_silent_until_it_is_heard() {
    let committee = Committee::new();
    let nullify = |index, view| Message::Vote(committee.vote(index, NULLIFY, view, Hash::ZERO));
    let mut bench = committee.validator(0);
    assert!(votes(&bench.step(Input::Lost(ValidatorIndex(2)))).is_empty(), "it does not lead");
    assert_eq!(votes(&bench.step(Input::Lost(ValidatorIndex(1)))), [(NULLIFY, 1)]);
    // The same turn of the leader, once it was heard again.
    let mut bench = committee.validator(0);
    bench.learn(committee.nullification(3));
    bench.step(Input::Lost(ValidatorIndex(1)));
    bench.hear(1, nullify(1, 4));
    assert!(votes(&bench.learn(committee.nullification(4))).is_empty());
    assert_eq!(bench.view(), 5);
}

#[test]
fn r13_after_a_jump_nobody_is_silent() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    assert!(votes(&bench.learn(committee.nullification(1_000))).is_empty());
    assert_eq!(bench.view(), 1_001);
}

#[test]
fn r16_contradictions_are_evidence_and_nothing_else_is() {
    let committee = Committee::new();
    let (a, b) = (Hash([1; 32]), Hash([2; 32]));
    let zero = Hash::ZERO;
    let cases = [
        ((NOTARIZE, 1, a), (NOTARIZE, 1, b), true),
        ((FINALIZE, 1, a), (FINALIZE, 1, b), true),
        ((NULLIFY, 1, zero), (FINALIZE, 1, a), true),
        ((NOTARIZE, 1, a), (NOTARIZE, 1, a), false),
        ((NOTARIZE, 1, a), (NOTARIZE, 2, b), false),
        ((NOTARIZE, 1, a), (NULLIFY, 1, zero), false),
        ((NOTARIZE, 1, a), (FINALIZE, 1, b), false),
        ((NULLIFY, 1, zero), (NULLIFY, 1, zero), false),
        ((NULLIFY, 1, zero), (FINALIZE, 2, a), false),
    ];
    let vote = |index, (kind, view, block)| committee.vote(index, kind, view, block);
    for (first, second, is_evidence) in cases {
        for (one, other) in [(first, second), (second, first)] {
            let evidence = Evidence::of(vote(2, one), vote(2, other));
            assert_eq!(evidence.is_some(), is_evidence, "{one:?} {other:?}");
            assert_eq!(Evidence::of(vote(2, one), vote(3, other)), None, "two validators");
            let verified = evidence.map(|evidence| {
                assert_eq!(evidence.culprit(), ValidatorIndex(2));
                evidence.verify(&committee.domains, &committee.validators)
            });
            assert!(verified.is_none_or(|verdict| verdict.is_ok()));
        }
    }
    let mut forged = vote(2, (NOTARIZE, 1, b));
    forged.signature = vote(3, (NOTARIZE, 1, b)).signature;
    let evidence = Evidence::of(vote(2, (NOTARIZE, 1, a)), forged).unwrap();
    assert!(evidence.verify(&committee.domains, &committee.validators).is_err());
}

#[test]
fn r16_evidence_is_given_once_for_a_validator() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    let mut given = 0;
    for view in 1..4 {
        for block in [Hash([1; 32]), Hash([2; 32]), Hash([3; 32])] {
            let vote = committee.vote(2, FINALIZE, view, block);
            let outputs = bench.hear(2, Message::Vote(vote));
            given += outputs.iter().filter(|o| matches!(o, Output::Evidence(_))).count();
        }
    }
    assert_eq!(given, 1);
}
