//! R10: the signer, vote by vote.

use ledger::certificate::{Vote, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{Epoch, View};

use super::committee::{Bench, Committee, records};
use crate::signer::{Refusal, Signer};
use crate::verified::Verified;
use crate::{Evidence, Input, Message, Output, Record};

const NOTARIZE: VoteKind = VoteKind::Notarize;
const NULLIFY: VoteKind = VoteKind::Nullify;
const FINALIZE: VoteKind = VoteKind::Finalize;

/// Everything that can be asked for in one view, with two blocks.
const ASKED: [(VoteKind, u8); 5] =
    [(NOTARIZE, 1), (NOTARIZE, 2), (NULLIFY, 0), (FINALIZE, 1), (FINALIZE, 2)];

/// Which of [`ASKED`] is signed, by columns, after one of [`ASKED`] was, by rows.
const SIGNED_AFTER: [[u8; 5]; 5] =
    [[1, 0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 1, 0, 0], [1, 0, 0, 1, 0], [0, 1, 0, 0, 1]];

fn signer(committee: &Committee, closed: u64, forgotten: u64) -> Signer {
    let identity = committee.config(Some(2)).identity.unwrap();
    let domains = committee.domains.clone();
    Signer::new(domains, Epoch(0), identity, View(closed), View(forgotten))
}

fn sign(signer: &mut Signer, view: u64, kind: VoteKind, block: u8) -> Result<Vote, Refusal> {
    let mut outputs = Vec::new();
    let signed = signer.sign(View(view), kind, Hash([block; 32]), None, &mut outputs);
    let expected: Vec<_> = signed.iter().map(|vote| Record::Vote(**vote)).collect();
    assert_eq!(records(&outputs), expected, "a vote comes with its record, a refusal with none");
    signed.map(Verified::into_inner)
}

#[test]
fn r10_after_every_vote_every_other_one() {
    let committee = Committee::new();
    for ((first, one), signed) in ASKED.into_iter().zip(SIGNED_AFTER) {
        for ((second, other), allowed) in ASKED.into_iter().zip(signed) {
            let what = format!("{first:?} {one}, then {second:?} {other}");
            let mut running = signer(&committee, 0, 0);
            let vote = sign(&mut running, 5, first, one).unwrap();
            let again = sign(&mut running, 5, second, other);
            let expected = Refusal::Contradiction { view: View(5) };
            assert_eq!(
                again.map(drop),
                if allowed == 1 { Ok(()) } else { Err(expected) },
                "{what}"
            );
            assert!(sign(&mut running, 6, second, other).is_ok(), "another view is free");
            // And after a restart: what was recorded binds as it did before.
            let mut restarted = signer(&committee, 0, 0);
            assert!(restarted.recall(&committee.vote(3, first, 5, Hash([one; 32]))).is_none());
            assert_eq!(restarted.recall(&vote).map(|vote| *vote), Some(vote), "same bytes again");
            assert_eq!(sign(&mut restarted, 5, second, other).is_ok(), allowed == 1, "{what}");
        }
    }
}

#[test]
fn r10_no_sequence_of_requests_makes_evidence() {
    let committee = Committee::new();
    // All sequences of five requests, with a restart after the second.
    for number in 0..5_usize.pow(5) {
        let asked = (0..5).map(|place| ASKED[number / 5_usize.pow(place) % 5]);
        let mut running = signer(&committee, 0, 0);
        let mut signed: Vec<Vote> = Vec::new();
        for (place, (kind, block)) in asked.enumerate() {
            if place == 2 {
                running = signer(&committee, 0, 0);
                for vote in &signed {
                    running.recall(vote);
                }
            }
            signed.extend(sign(&mut running, 5, kind, block));
        }
        for (place, one) in signed.iter().enumerate() {
            let contradicts = |other: &Vote| Evidence::of(*one, *other).is_some();
            assert!(!signed[place..].iter().any(contradicts), "{signed:?}");
        }
        // Nor does it notarize in a view that it has nullified.
        let at = |kind| signed.iter().position(|vote| vote.subject.kind == kind);
        let last = signed.iter().rposition(|vote| vote.subject.kind == NOTARIZE);
        assert!(at(NULLIFY).is_none_or(|nullified| last < Some(nullified)), "{signed:?}");
    }
}

#[test]
fn r10_no_vote_in_final_and_forgotten_views_and_none_that_is_malformed() {
    let committee = Committee::new();
    let closed = |view| Err(Refusal::Closed { view: View(view) });
    let forgotten = |view| Err(Refusal::Forgotten { view: View(view) });
    let cases = [
        (7, 0, 7, NULLIFY, 0, closed(7)),
        (7, 0, 8, NULLIFY, 0, Ok(())),
        (7, 9, 7, NULLIFY, 0, closed(7)),
        (7, 9, 9, NOTARIZE, 1, forgotten(9)),
        (7, 9, 10, NOTARIZE, 1, Ok(())),
        (0, u64::MAX, u64::MAX, FINALIZE, 1, forgotten(u64::MAX)),
        (u64::MAX, 0, u64::MAX, FINALIZE, 1, closed(u64::MAX)),
        (0, 0, 10, NOTARIZE, 0, Err(Refusal::Malformed)),
        (0, 0, 10, FINALIZE, 0, Err(Refusal::Malformed)),
        (0, 0, 10, NULLIFY, 1, Err(Refusal::Malformed)),
    ];
    for (until, lost, view, kind, block, expected) in cases {
        let mut signer = signer(&committee, until, lost);
        assert_eq!(sign(&mut signer, view, kind, block).map(drop), expected, "{kind:?} in {view}");
        assert_eq!(signer.is_open(View(view)), view > until.max(lost));
    }
    let mut signer = signer(&committee, 7, 0);
    signer.close(View(9));
    signer.close(View(8));
    assert_eq!(sign(&mut signer, 9, NULLIFY, 0).map(drop), closed(9));
    signer.forget_up_to(View(12));
    assert_eq!(sign(&mut signer, 12, NULLIFY, 0).map(drop), forgotten(12));
    assert_eq!((signer.highest(), signer.forgotten()), (View(12), View(12)));
    sign(&mut signer, 15, NULLIFY, 0).unwrap();
    signer.forget_up_to(View(11));
    assert_eq!(signer.highest(), View(15));
}

#[test]
fn r10_a_block_is_on_record_before_the_vote_that_names_it() {
    let committee = Committee::new();
    let block = committee.block(1, &committee.genesis);
    let hash = committee.hash(&block);
    let mut signer = signer(&committee, 0, 0);
    let mut outputs = Vec::new();
    let named = Some(block.clone());
    let vote = signer.sign(View(1), NOTARIZE, hash, named.clone(), &mut outputs).unwrap();
    assert_eq!(records(&outputs), [Record::Block(block), Record::Vote(*vote)]);
    let refused = signer.sign(View(1), NOTARIZE, Hash([9; 32]), named, &mut outputs);
    assert!(refused.is_err() && outputs.len() == 2);
}

/// The votes that were broadcast, those on proposals too.
fn sent(outputs: &[Output]) -> Vec<Vote> {
    let votes = outputs.iter().filter_map(|output| match output {
        Output::Broadcast(Message::Vote(vote)) => Some(*vote),
        Output::Broadcast(Message::Proposal(proposal)) => Some(proposal.vote),
        _ => None,
    });
    votes.collect()
}

#[test]
fn r10_a_crash_between_two_outputs_makes_no_evidence() {
    let committee = Committee::new();
    let block = committee.block(1, &committee.genesis);
    let mut other = block.clone();
    other.header.time = other.header.time.plus(1);
    let life = |bench: &mut Bench<'_>, block| {
        let mut outputs = bench.propose(block);
        outputs.extend(bench.valid(block));
        outputs.extend(bench.learn(committee.notarization(block)));
        outputs
    };
    let impatient = |bench: &mut Bench<'_>| {
        bench.step(Input::WorkWaits);
        bench.wait(2_000)
    };
    let first = life(&mut committee.validator(0), &block);
    let mut refused = 0;
    for length in 0..=first.len() {
        // What comes after the crash was neither written nor sent.
        let (done, _) = first.split_at(length);
        for (late, second) in [(false, &block), (false, &other), (true, &other)] {
            let mut again = committee.restarted(0, records(done));
            let mut votes = [sent(done), sent(&again.first)].concat();
            if late {
                votes.extend(sent(&impatient(&mut again)));
            }
            votes.extend(sent(&life(&mut again, second)));
            let pairs = votes.iter().flat_map(|one| votes.iter().map(move |two| (one, two)));
            let evidence = pairs.filter(|(one, two)| Evidence::of(**one, **two).is_some()).count();
            assert_eq!(evidence, 0, "{length}: {votes:?}");
            refused += usize::from(votes.len() < 2);
        }
    }
    assert!(refused > 0, "the second life is really held back");
    // With the records gone there is evidence: the test can fail.
    let votes = [sent(&first), sent(&life(&mut committee.validator(0), &other))].concat();
    assert!(votes.iter().any(|one| Evidence::of(votes[0], *one).is_some()));
}
