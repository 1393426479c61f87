//! R18: the end of an epoch by proposing its last block again, and the start of the next.

use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{Epoch, ValidatorIndex, View};

use super::committee::{Bench, Committee, T0, built, finals, records, votes};
use super::network::{Network, Parcel};
use crate::verified::Verified;
use crate::{Input, Memory, Message, Output, Record, Replica, Start, Timing};

const NOTARIZE: VoteKind = VoteKind::Notarize;
const NULLIFY: VoteKind = VoteKind::Nullify;
const FINALIZE: VoteKind = VoteKind::Finalize;

fn nothing(_: &Parcel) -> bool {
    false
}

/// The kind and view that a message votes or certifies.
fn subject(message: &Message) -> Option<(VoteKind, u64)> {
    let subject = match message {
        Message::Proposal(proposal) => proposal.vote.subject,
        Message::Vote(vote) => vote.subject,
        Message::Certificate(certificate) => certificate.subject,
        Message::Status(_) | Message::Report(_) => return None,
    };
    Some((subject.kind, subject.view.0))
}

/// The views of the proposals, and of their blocks.
fn proposed(said: &[(u16, Message)]) -> Vec<(u64, u64)> {
    let proposals = said.iter().filter_map(|(_, message)| match message {
        Message::Proposal(proposal) => {
            Some((proposal.vote.subject.view.0, proposal.block.header.view.0))
        }
        _ => None,
    });
    let mut proposals: Vec<_> = proposals.collect();
    proposals.dedup();
    proposals
}

/// The height, view and finalized view of what each validator made final last.
fn ends(network: &Network<'_>) -> Vec<(u64, u64, Option<u64>)> {
    let end = |index: u16| {
        let (block, certificate) = network.finals[&index].last().unwrap();
        let certified = certificate.as_ref().map(|certificate| certificate.subject.view.0);
        (block.header.height.0, block.header.view.0, certified)
    };
    (0..4).map(end).collect()
}

#[test]
fn r18_after_its_last_block_an_epoch_is_over() {
    let committee = Committee::new();
    let mut network = Network::new(&committee, Some(3));
    network.pass(2_000, nothing);
    assert_eq!(ends(&network), [(3, 3, Some(3)); 4]);
    let said = network.said.len();
    network.pass(60_000, nothing);
    assert_eq!(network.said.len(), said, "nothing is said any more");
    for index in 0..4 {
        assert!(network.replica(index).has_ended());
        assert_eq!(network.finals[&index].len(), 3);
    }
    assert!(proposed(&network.said).iter().all(|(_, block)| *block <= 3), "it gets no child");
}

#[test]
fn r18_a_last_block_whose_view_some_nullified_is_proposed_again() {
    let committee = Committee::new();
    let mut network = Network::new(&committee, Some(1));
    // Validators 2 and 3 do not learn that it was notarized.
    network.pass(1_500, |(_, to, message)| {
        *to >= 2
            && subject(message) == Some((NOTARIZE, 1))
            && !matches!(message, Message::Proposal(_))
            || subject(message) == Some((NULLIFY, 1))
    });
    let voted = |index: u16, kind| {
        let is_vote = |(from, message): &(u16, Message)| {
            *from == index
                && matches!(message, Message::Vote(_))
                && subject(message) == Some((kind, 1))
        };
        network.said.iter().any(is_vote)
    };
    let cast: Vec<_> =
        (0..4).map(|index| (voted(index, NULLIFY), voted(index, FINALIZE))).collect();
    assert_eq!(cast, [(false, true), (false, true), (true, false), (true, false)]);
    assert!(network.finals.is_empty(), "it cannot become final in its view");
    network.pass(3_000, nothing);
    let later = |(height, view, certified)| (height, view) == (1, 1) && certified >= Some(2);
    assert!(ends(&network).into_iter().all(later), "{:?}", ends(&network));
    let proposed = proposed(&network.said);
    assert!(proposed.iter().all(|(_, block)| *block == 1), "{proposed:?}");
}

#[test]
fn r18_it_is_proposed_again_until_it_is_final() {
    let committee = Committee::new();
    let mut network = Network::new(&committee, Some(2));
    network.pass(1_000, |(_, _, message)| {
        subject(message).is_some_and(|(kind, view)| kind == FINALIZE && view < 6)
    });
    assert_eq!(ends(&network), [(2, 2, Some(6)); 4]);
    let proposed = proposed(&network.said);
    assert_eq!(proposed[..6], [(1, 1), (2, 2), (3, 2), (4, 2), (5, 2), (6, 2)]);
}

#[test]
fn r18_those_that_missed_the_end_are_told() {
    let committee = Committee::new();
    let mut network = Network::new(&committee, Some(2));
    network.pass(1_000, |(from, to, _)| *to == 3 || *from == 3);
    assert!(network.replica(0).has_ended() && !network.finals.contains_key(&3));
    network.pass(3_000, nothing);
    assert_eq!(ends(&network)[3].0, 2);
    // One that lost what it had learned is told, too.
    network.stop(3);
    network.start(3, committee.start(Vec::new()));
    assert!(!network.replica(3).has_ended());
    network.pass(3_000, nothing);
    assert!(network.replica(3).has_ended());
}

#[test]
fn r18_one_that_has_seen_the_end_answers_everything_with_it_and_signs_nothing() {
    let committee = Committee::new();
    let last = committee.ending(1, &committee.genesis);
    let hash = committee.hash(&last);
    let messages = [
        committee.proposal_in(3, &last, vec![committee.notarization(&last)]),
        Message::Vote(committee.vote(3, NULLIFY, 3, Hash::ZERO)),
        Message::Certificate(committee.certificate(NOTARIZE, 3, hash)),
        Message::Certificate(committee.certificate(FINALIZE, 3, hash)),
    ];
    for message in messages {
        let mut bench = committee.validator(0);
        bench.notarize(&last);
        bench.learn(committee.finalization(&last));
        assert!(bench.replica.has_ended());
        let end = Message::Certificate(committee.finalization(&last));
        let outputs = bench.hear(3, message.clone());
        assert_eq!(outputs, [Output::Send { to: ValidatorIndex(3), message: end }], "{message:?}");
        assert!(bench.hear(3, message).is_empty(), "once per pause");
    }
}

/// Validator 0 after the epoch's last block was notarized and nullified in view 1.
fn in_the_tail(committee: &Committee) -> (Bench<'_>, ledger::block::Block, Vec<Record>) {
    let mut bench = committee.validator(0);
    let last = committee.ending(1, &committee.genesis);
    let mut kept = records(&bench.notarize(&last));
    kept.extend(records(&bench.learn(committee.nullification(1))));
    assert_eq!(bench.view(), 2);
    (bench, last, kept)
}

#[test]
fn r18_only_a_certified_last_block_is_voted_for_again() {
    let committee = Committee::new();
    let genesis = &committee.genesis;
    let again = |view: u64, block, justification| committee.proposal_in(view, block, justification);
    let last = committee.ending(1, genesis);
    let other = committee.ending(1, &committee.ending(0, genesis));
    let plain = committee.block(1, genesis);
    let notarized = || vec![committee.notarization(&last)];
    let certain = (vec![(NOTARIZE, 5)], true);
    let never = (vec![(NULLIFY, 5)], true);
    let waits = (vec![], true);
    let unheld = (vec![(NULLIFY, 5)], false);
    let gap = |views: &[u64]| -> Vec<Certificate> {
        let nullified = views.iter().map(|view| committee.nullification(*view));
        notarized().into_iter().chain(nullified).collect()
    };
    let future = committee.ending(7, genesis);
    let mut usurped = last.clone();
    usurped.header.proposer = ValidatorIndex(2);
    let cases = [
        ("as it should be", again(5, &last, gap(&[2, 3])), &last, &certain),
        ("view 3 is not nullified", again(5, &last, gap(&[2])), &last, &waits),
        ("it is not certified", again(5, &last, Vec::new()), &last, &waits),
        ("its parent is unknown", again(5, &other, Vec::new()), &other, &waits),
        ("it does not end the epoch", again(5, &plain, gap(&[2, 3])), &plain, &unheld),
        ("it is of a later view", again(5, &future, gap(&[2, 3])), &future, &unheld),
        ("its first proposer did not lead", again(5, &usurped, gap(&[2, 3])), &usurped, &never),
    ];
    for (what, message, block, (cast, held)) in cases {
        let mut bench = committee.validator(0);
        bench.learn(committee.nullification(4));
        let mut outputs = bench.hear(1, message);
        outputs.extend(bench.valid(block));
        let cast_now: Vec<_> = votes(&outputs).into_iter().filter(|(_, view)| *view == 5).collect();
        assert_eq!(cast_now, *cast, "{what}");
        let is_held = bench.replica.block(&committee.hash(block)).is_some();
        assert_eq!(is_held, *held, "{what}");
    }
}

#[test]
fn r18_a_last_block_gets_no_child_in_its_epoch() {
    let committee = Committee::new();
    for certified in [committee.nullification(1), committee.nullification(3)] {
        let (mut bench, last, _) = in_the_tail(&committee);
        bench.learn(certified);
        let view = bench.view();
        let child = committee.block(view, &last);
        let mut of_the_next_set = child.clone();
        of_the_next_set.header.validators_hash = last.header.next_validators_hash;
        for block in [child, of_the_next_set] {
            let mut bench = Bench { replica: bench.replica.clone(), first: Vec::new(), ..bench };
            if view % 4 == 2 {
                assert_eq!(votes(&bench.propose(&block)), [(NULLIFY, view)]);
            }
        }
    }
}

#[test]
fn r18_the_leader_of_the_tail_asks_for_no_block() {
    let committee = Committee::new();
    let last = committee.ending(1, &committee.genesis);
    let mut bench = committee.validator(2);
    bench.propose(&last);
    bench.valid(&last);
    let outputs = bench.learn(committee.notarization(&last));
    assert_eq!(built(&outputs), None);
    let expected = committee.proposal_in(2, &last, vec![committee.notarization(&last)]);
    assert!(outputs.contains(&Output::Broadcast(expected.clone())), "{outputs:?}");
    // Its block and its vote are durable before, and it repeats the same proposal.
    let vote = committee.vote(2, NOTARIZE, 2, committee.hash(&last));
    assert!(records(&outputs).ends_with(&[Record::Block(last.clone()), Record::Vote(vote)]));
    assert!(bench.wait(200).contains(&Output::Broadcast(expected)));
    // Where it is nullified below, too, both are shown.
    let mut bench = committee.validator(3);
    bench.notarize(&last);
    let outputs = bench.learn(committee.nullification(2));
    let shown = vec![committee.notarization(&last), committee.nullification(2)];
    assert!(outputs.contains(&Output::Broadcast(committee.proposal_in(3, &last, shown))));
}

#[test]
fn r18_the_leader_rests_on_the_highest_certificate_of_the_block() {
    let committee = Committee::new();
    let last = committee.ending(1, &committee.genesis);
    let mut bench = committee.validator(3);
    bench.notarize(&last);
    let again = committee.certificate(NOTARIZE, 2, committee.hash(&last));
    let outputs = bench.learn(again.clone());
    let proposal = committee.proposal_in(3, &last, vec![again]);
    assert!(outputs.contains(&Output::Broadcast(proposal)));
    assert!(votes(&outputs).contains(&(FINALIZE, 2)), "it may become final in view 2, too");
    assert_eq!(finals(&bench.learn(committee.finalization(&last))), [(1, true)]);
}

#[test]
fn r18_a_leader_that_proposes_it_and_another_block_is_proven_faulty() {
    let committee = Committee::new();
    for again_first in [true, false] {
        let (mut bench, last, _) = in_the_tail(&committee);
        let fresh = committee.block(2, &committee.genesis);
        let again = committee.proposal_in(2, &last, Vec::new());
        let other = committee.proposal(&fresh, Vec::new());
        let (first, second) = if again_first { (again, other) } else { (other, again) };
        let mut outputs = bench.hear(2, first);
        outputs.extend(bench.valid(&fresh));
        assert_eq!(votes(&outputs), [(NOTARIZE, 2)]);
        let outputs = bench.hear(2, second);
        assert_eq!(votes(&outputs), [(NULLIFY, 2)]);
        assert!(outputs.iter().any(|output| matches!(output, Output::Evidence(_))));
        // The fork is resolved by what is notarized, and then the block of the fork counts.
        let chosen = if again_first { committee.hash(&last) } else { committee.hash(&fresh) };
        bench.learn(committee.certificate(NOTARIZE, 2, chosen));
        let outputs = bench.learn(committee.certificate(FINALIZE, 2, chosen));
        assert_eq!(finals(&outputs), [(1, true)]);
        assert_eq!(bench.replica.has_ended(), again_first);
    }
}

#[test]
fn r18_a_restart_in_the_tail_forgets_no_vote() {
    let committee = Committee::new();
    let (mut bench, last, mut kept) = in_the_tail(&committee);
    let again = committee.proposal_in(2, &last, Vec::new());
    kept.extend(records(&bench.hear(2, again)));
    let renotarized = committee.certificate(NOTARIZE, 2, committee.hash(&last));
    for length in 0..=kept.len() {
        let prefix = kept[..length].to_vec();
        let had = |kind, view| {
            prefix.iter().any(|record| {
                matches!(record, Record::Vote(vote)
                    if vote.subject.kind == kind && vote.subject.view == View(view))
            })
        };
        let mut bench = committee.restarted(0, prefix.clone());
        bench.learn(committee.notarization(&last));
        bench.learn(committee.nullification(1));
        let fresh = committee.block(2, &committee.genesis);
        let mut outputs = bench.propose(&fresh);
        outputs.extend(bench.valid(&fresh));
        assert_eq!(votes(&outputs).contains(&(NOTARIZE, 2)), !had(NOTARIZE, 2), "{length}");
        bench.learn(renotarized.clone());
        let held = bench.step(Input::Fetched { block: last.clone() });
        let mut outputs = bench.learn(committee.certificate(FINALIZE, 2, committee.hash(&last)));
        outputs.extend(held);
        assert_eq!(finals(&outputs), [(1, true)], "{length}");
        assert!(bench.replica.has_ended());
    }
    // The finalization in the records ends it, too.
    kept.push(Record::Certificate(committee.certificate(FINALIZE, 9, committee.hash(&last))));
    let bench = committee.restarted(0, kept);
    assert_eq!(finals(&bench.first), [(1, true)]);
    assert!(votes(&bench.first).is_empty() && bench.replica.has_ended());
}

#[test]
fn r18_the_end_comes_by_catching_up_and_to_observers() {
    let committee = Committee::new();
    let last = committee.ending(1, &committee.genesis);
    let certificate = committee.certificate(FINALIZE, 4, committee.hash(&last));
    let mut bench = committee.validator(0);
    bench.step(Input::CaughtUp { block: last.clone(), certificate: certificate.clone() });
    assert!(bench.replica.has_ended());
    assert!(bench.wait(60_000).is_empty());
    let start = committee.start(Vec::new());
    let (mut observer, _) = Replica::new(committee.config(None), start, T0);
    let from = ValidatorIndex(3);
    let again = committee.proposal_in(3, &last, vec![committee.notarization(&last)]);
    let mut outputs = Vec::new();
    for message in [again, Message::Certificate(certificate.clone())] {
        outputs.extend(observer.step(T0, Input::Message { from, message }));
    }
    assert!(outputs.contains(&Output::Final { block: last, certificate: Some(certificate) }));
    assert!(observer.has_ended());
    let says = |output: &Output| matches!(output, Output::Broadcast(_) | Output::Send { .. });
    assert!(!outputs.iter().any(says));
}

#[test]
fn r18_the_next_epoch_starts_after_the_blocks_own_view_wherever_it_was_finalized() {
    let committee = Committee::new();
    let last = committee.ending(1, &committee.genesis);
    let next = committee.after(&last);
    let hash = committee.hash(&last);
    // What the epoch before left behind: votes and certificates of views that come again.
    let left = vec![
        Record::Block(last.clone()),
        Record::Vote(committee.vote(1, NOTARIZE, 2, hash)),
        Record::Vote(committee.vote(1, NULLIFY, 3, Hash::ZERO)),
        Record::Certificate(committee.certificate(NOTARIZE, 2, hash)),
        Record::Certificate(committee.nullification(3)),
    ];
    let mut network = Network::new(&next, None);
    for index in 0..4 {
        // Each has seen it final in another view.
        let view = 1 + u64::from(index) * 3;
        let start = Start {
            finalized: last.clone(),
            certificate: Some(committee.certificate(FINALIZE, view, hash)),
            records: left.clone(),
            memory: Memory::Whole,
        };
        network.stop(index);
        network.start(index, start);
        assert_eq!(network.replica(index).view(), View(2));
        assert_eq!(network.replica(index).finalization(), None);
        assert!(!network.replica(index).has_ended());
    }
    network.pass(1_000, nothing);
    let first = &network.finals[&0][0].0.header;
    assert_eq!((first.epoch, first.view, first.height.0), (Epoch(1), View(2), 2));
    assert_eq!(first.validators_hash, last.header.next_validators_hash);
    assert!(ends(&network).iter().all(|(height, view, _)| *height > 5 && view == height));
}

#[test]
fn r18_what_is_of_another_epoch_is_ignored() {
    let committee = Committee::new();
    let mut later = Committee::new();
    later.epoch = Epoch(1);
    let block = later.block(1, &later.genesis);
    let messages = [
        later.proposal(&block, Vec::new()),
        Message::Vote(later.vote(1, NOTARIZE, 1, later.hash(&block))),
        Message::Certificate(later.nullification(1)),
        Message::Status(crate::Status {
            epoch: Epoch(1),
            view: View(0),
            finalized: View(0),
            missing: View(0),
            inquiry: None,
        }),
    ];
    let mut bench = committee.validator(0);
    bench.learn(committee.nullification(1));
    for message in messages {
        assert_eq!(message.epoch(), Epoch(1));
        assert!(bench.hear(1, message).is_empty());
    }
    // The same keys serve in both epochs, so the signatures are valid.
    let check = |epoch| {
        let certificate = later.nullification(1);
        let checked =
            Verified::certificate(certificate, &later.domains, epoch, &later.validators).is_some();
        let vote = later.vote(1, NULLIFY, 1, Hash::ZERO);
        (checked, Verified::vote(vote, &later.domains, epoch, &later.validators).is_some())
    };
    assert_eq!((check(Epoch(0)), check(Epoch(1))), ((false, false), (true, true)));
    let record = Record::Certificate(later.nullification(5));
    assert_eq!((record.epoch(), Record::Block(block).epoch()), (Epoch(1), Epoch(1)));
    assert_eq!(committee.restarted(0, vec![record]).view(), 1);
}

#[test]
fn r17_a_block_proposed_again_is_kept_while_it_is_certified_or_voted_for() {
    let committee = Committee::new();
    let last = committee.ending(1, &committee.genesis);
    let cases = [("certified", true, false), ("voted for", false, true), ("neither", false, false)];
    for (what, certified, voted) in cases {
        let mut bench = committee.validator(0);
        if voted {
            bench.propose(&last);
            bench.valid(&last);
        }
        if certified {
            bench.learn(committee.notarization(&last));
        }
        bench.learn(committee.nullification(4));
        bench.hear(1, committee.proposal_in(5, &last, Vec::new()));
        assert!(bench.replica.block(&committee.hash(&last)).is_some());
        bench.learn(committee.nullification(200));
        let is_kept = bench.replica.block(&committee.hash(&last)).is_some();
        assert_eq!(is_kept, certified || voted, "{what}");
    }
    // Also when it becomes final long after its view, before its parent is here.
    let parent = committee.block(1, &committee.genesis);
    let last = committee.ending(2, &parent);
    let mut bench = committee.validator(0);
    bench.hear(0, committee.proposal_in(3, &last, Vec::new()));
    let held = committee.proposal_in(3, &last, vec![committee.nullification(2)]);
    bench.hear(3, held);
    bench.learn(committee.certificate(FINALIZE, 200, committee.hash(&last)));
    assert_eq!(finals(&bench.step(Input::Fetched { block: parent })), [(1, false), (2, true)]);
}

#[test]
fn r12_times_follow_the_chains_parameters() {
    let committee = Committee::new();
    let mut bench = committee.validator(0);
    assert_eq!(bench.replica.timeout_ms(), 500);
    let timing = Timing { maximum_timeout_ms: 400, ..Timing::default() };
    bench.step(Input::Timing(timing));
    assert_eq!(bench.replica.timeout_ms(), 400);
    let timing = Timing { heartbeat_ms: 100, ..timing };
    bench.step(Input::Timing(timing));
    assert!(votes(&bench.wait(499)).is_empty());
    assert_eq!(votes(&bench.wait(1)), [(NULLIFY, 1)]);
}
