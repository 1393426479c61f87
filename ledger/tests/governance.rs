//! Governance and the changes of epoch that it brings, by the numbers of the crate's documentation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::account::NodeRecord;
use ledger::block::{Block, Cut, LaneTip};
use ledger::chain::{BlockRefusal, Executed, Tip};
use ledger::genesis::Parameters;
use ledger::governance::{Change, Decision, ProposalStatus, Upgrade};
use ledger::ids::{Epoch, Height, InstitutionNumber, ProposalNumber, ValidatorIndex, View};
use ledger::money::Decimals;
use ledger::operation::{AssetKind, Operation};
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::State;
use support::governance::*;
use support::*;

fn settled_in(executed: &Executed, place: usize) -> Option<Rejection> {
    executed.booked[place].receipt.outcome.rejection()
}

fn tally(world: &World, number: ProposalNumber) -> (usize, usize, usize, usize) {
    let proposal = world.tip.state().proposal(number).unwrap();
    let tally = proposal.tally(world.tip.child_validators());
    (tally.approvals, tally.refusals, tally.members, tally.quorum)
}

#[test]
fn l21_validators_institutions_govern_by_quorum() {
    let mut world = World::new();
    world.decide(admission());
    let refused = world.submit(world.proposing(FIFTH, dismissal(POST)), &[operator(FIFTH)]);
    assert_eq!(refused, rejected(Rejection::NotPermitted), "it runs no validator");
    let number = world.propose(addition(FIFTH, "")).unwrap();
    assert_eq!(tally(&world, number), (1, 0, 4, 3), "proposing is approving");
    assert_eq!(world.vote(DEALER_BANK, number, false), Err(Rejection::AlreadyVoted));
    world.vote(CHINA, number, true).unwrap();
    assert_eq!(world.status(number), ProposalStatus::Open);
    assert_eq!(world.enact(CHINA, number), Err(Rejection::NotApproved));
    world.vote(POST, number, true).unwrap();
    assert_eq!(world.status(number), ProposalStatus::Approved);
    world.vote(HONG_KONG, number, false).unwrap();
    assert_eq!(tally(&world, number), (3, 1, 4, 3));
    world.enact(HONG_KONG, number).unwrap();
    // The newcomer governs now: five members, of whom four decide.
    let number = world.propose(dismissal(POST)).unwrap();
    world.vote(FIFTH, number, true).unwrap();
    assert_eq!(tally(&world, number), (2, 0, 5, 4));
}

#[test]
fn l21_a_vote_counts_as_long_as_its_institution_governs() {
    let mut world = World::new();
    let waiting = world
        .approved(Change::SetParameters(Parameters { heartbeat_ms: 1_000, ..Parameters::USUAL }));
    let leaves = world.tip.state().proposal(waiting).unwrap().ballots[1].institution;
    world.decide(dismissal(leaves));
    assert_eq!(tally(&world, waiting), (2, 0, 3, 3));
    assert_eq!(world.enact(POST, waiting), Err(Rejection::NotApproved));
    assert_eq!(world.vote(leaves, waiting, true), Err(Rejection::NotPermitted));
    world.vote(POST, waiting, true).unwrap();
    let kept = world.tip.state().proposal(waiting).unwrap().ballots;
    assert!(kept.iter().all(|ballot| ballot.institution != leaves), "{kept:?}");
    world.enact(POST, waiting).unwrap();
    assert_eq!(world.tip.state().parameters().heartbeat_ms, 1_000);
}

#[test]
fn l22_a_proposal_is_enacted_once_and_in_time() {
    let mut world = World::new();
    let number = world.approved(admission());
    world.enact(CHINA, number).unwrap();
    assert_eq!(world.enact(CHINA, number), Err(Rejection::ProposalClosed));
    assert_eq!(world.vote(POST, number, true), Err(Rejection::ProposalClosed));
    let enacted = world.tip.state().proposal(number).unwrap();
    assert_eq!(enacted.decision, Some(Decision::Enacted(Height(world.tip.height().0 - 2))));
    // Two of four against it leave no quorum of three.
    let number = world.propose(dismissal(POST)).unwrap();
    world.vote(POST, number, false).unwrap();
    assert_eq!(world.status(number), ProposalStatus::Open);
    world.vote(CHINA, number, false).unwrap();
    assert_eq!(world.status(number), ProposalStatus::Refused);
    assert_eq!(world.vote(HONG_KONG, number, true), Err(Rejection::ProposalClosed));
    // An approved one expires too.
    let number = world.approved(dismissal(POST));
    let expires = world.tip.state().proposal(number).unwrap().expires;
    world.step = expires.since(world.tip.header().time);
    let mut late = world.clone();
    late.step += 1;
    assert_eq!(late.enact(CHINA, number), Err(Rejection::ProposalExpired));
    assert_eq!(late.status(number), ProposalStatus::Expired);
    world.enact(CHINA, number).unwrap();
    assert_eq!(world.tip.state().directory().proposal_count(), 3);
}

#[test]
fn l22_atomic_transactions_take_governance_back_too() {
    let mut world = World::new();
    let number = world.approved(dismissal(POST));
    let before = world.tip.state().entries().count();
    let operations = vec![
        Operation::Enact { institution: CHINA, proposal: number },
        world.proposing(CHINA, rotation(CHINA, "b")),
        Operation::Vote { institution: CHINA, proposal: ProposalNumber(77), approve: true },
    ];
    let outcomes = world.order(&Order::new(operations, &[operator(CHINA)]).atomic());
    assert_eq!(outcomes[2], rejected(Rejection::UnknownProposal));
    assert!(!world.tip.header().ends_epoch());
    assert_eq!(world.tip.state().directory().proposal_count(), 1);
    assert_eq!(world.tip.state().entries().count(), before + 1, "only the marker");
    assert_eq!(world.status(number), ProposalStatus::Approved);
    world.enact(CHINA, number).unwrap();
    assert!(world.tip.header().ends_epoch());
}

#[test]
fn l23_what_would_halt_the_chain_is_refused_when_proposed() {
    let usual = Parameters::USUAL;
    let at = |height, protocol| Change::ScheduleUpgrade { height: Height(height), protocol };
    let mut world = World::new();
    let next = world.tip.height().0 + 1;
    for (change, reason) in [
        (
            Change::SetParameters(Parameters { heartbeat_ms: 60_001, ..usual }),
            Rejection::ParametersRefused,
        ),
        (
            Change::SetParameters(Parameters { block_bytes: 1, ..usual }),
            Rejection::ParametersRefused,
        ),
        (
            // Payments would be marked in buckets of other numbers, and forgotten at once.
            Change::SetParameters(Parameters { marker_bucket_ms: 86_400_000, ..usual }),
            Rejection::ParametersRefused,
        ),
        (
            // What is dropped already would be proven to have never happened.
            Change::SetParameters(Parameters { marker_buckets_kept: 4, ..usual }),
            Rejection::ParametersRefused,
        ),
        (at(next, 2), Rejection::UpgradeRefused),
        (at(next + 1, 1), Rejection::UpgradeRefused),
        (at(next + 1, 3), Rejection::UpgradeRefused),
        (rotation(POST, ""), Rejection::KeyInUse),
        (addition(POST, "b"), Rejection::ValidatorExists),
        (Change::RemoveInstitution { institution: POST }, Rejection::ValidatorExists),
        (Change::SetNode { institution: POST, node: None }, Rejection::ValidatorExists),
    ] {
        assert_eq!(world.clone().propose(change.clone()), Err(reason), "{change:?}");
    }
    assert_eq!(world.propose(at(next + 1, 2)), Ok(ProposalNumber(1)));
}

#[test]
fn l23_the_last_validator_stays() {
    let mut world = World::new();
    for institution in [POST, CHINA, HONG_KONG] {
        world.decide(dismissal(institution));
    }
    assert_eq!(world.governing(), [DEALER_BANK]);
    assert_eq!(world.propose(dismissal(DEALER_BANK)), Err(Rejection::ValidatorCount));
    world.decide(rotation(DEALER_BANK, "b"));
    let replace = Change::ReplaceValidator {
        leaving: DEALER_BANK,
        entering: POST,
        voting_key: voting(POST, "b").public(),
        node: node("node 4"),
    };
    world.decide(replace);
    assert_eq!(world.governing(), [POST]);
}

#[test]
fn l23_what_was_sound_when_proposed_is_asked_again_when_enacted() {
    let mut world = World::new();
    world.decide(admission());
    let first = world.approved(addition(FIFTH, ""));
    let second = world.approved(addition(FIFTH, "b"));
    let by_key = world.approved(rotation(POST, "b"));
    let same_key = world.approved(Change::RotateValidatorKey {
        institution: CHINA,
        voting_key: voting(POST, "b").public(),
    });
    let height = Height(world.tip.height().0 + 12);
    let upgrade = world.approved(Change::ScheduleUpgrade { height, protocol: 2 });
    world.enact(POST, first).unwrap();
    for number in [second, by_key, same_key, upgrade] {
        world.vote(POST, number, true).unwrap();
    }
    assert_eq!(world.enact(POST, second), Err(Rejection::ValidatorExists));
    world.enact(POST, by_key).unwrap();
    assert_eq!(world.enact(POST, same_key), Err(Rejection::KeyInUse));
    while world.tip.height() < height {
        world.block(&[]);
    }
    assert_eq!(world.enact(POST, upgrade), Err(Rejection::UpgradeRefused));
}

#[test]
fn l23_at_most_128_validators() {
    let mut document = document();
    for number in 5..=128_u32 {
        let mut member = document.members[0].clone();
        let bic = format!("ZZZZCNBJ{number:03}");
        member.institution = newcomer(InstitutionNumber(number), &bic);
        member.institution.roles.validator = true;
        let validator = member.validator.as_mut().unwrap();
        validator.voting_key = voting(InstitutionNumber(number), "").public();
        validator.node_key = public(&format!("node {number}"));
        document.members.push(member);
    }
    let mut spare = document.members[0].clone();
    spare.institution = newcomer(InstitutionNumber(129), "ZZZZCNBJZZZ");
    spare.validator = None;
    document.members.push(spare);
    let mut world = World::empty();
    world.tip = Tip::genesis(&document).unwrap().tip;
    let full = addition(InstitutionNumber(129), "");
    assert_eq!(world.propose(full), Err(Rejection::ValidatorCount));
}

/// The parts of a tip that a change of epoch replaces.
fn epoch(tip: &Tip) -> (Epoch, Epoch, usize, usize) {
    let own = (tip.header().epoch, tip.validators().count());
    (own.0, tip.child_epoch(), own.1, tip.child_validators().count())
}

#[test]
fn l24_a_block_that_changes_the_validators_ends_its_epoch() {
    let mut world = World::new();
    world.decide(admission());
    let number = world.approved(addition(FIFTH, ""));
    let parent = world.tip.clone();
    let mut lanes = parent.child_cut();
    lanes.0[2] = LaneTip { sequence: 7, batch: uetr_hash() };
    let enact = Operation::Enact { institution: POST, proposal: number };
    let transactions = [world.verified(&Order::one(enact, &[operator(POST)]))];
    let view = View(parent.header().view.0 + 5);
    let last = parent.build(view, ValidatorIndex(1), world.time(), lanes.clone(), &transactions);
    assert_eq!(parent.check(&last.block, &transactions).unwrap().changes, last.changes);
    let header = &last.block.header;
    assert!(header.ends_epoch());
    assert_eq!(epoch(&last.tip), (Epoch(0), Epoch(1), 4, 5));
    assert_eq!(header.validators_hash, last.tip.validators().hash(last.tip.domains()));
    assert_eq!(header.next_validators_hash, last.tip.child_validators().hash(last.tip.domains()));
    assert_eq!((last.tip.cut(), last.tip.child_cut()), (&lanes, Cut::empty(5)));

    let child = last.tip.build(View(40), ValidatorIndex(4), world.time(), Cut::empty(5), &[]);
    assert!(last.tip.check(&child.block, &[]).is_ok());
    assert!(!child.block.header.ends_epoch());
    assert_eq!(epoch(&child.tip), (Epoch(1), Epoch(1), 5, 5));
    assert_eq!(child.block.header.validators_hash, header.next_validators_hash);
    type Spoil = fn(&mut Block);
    let cases: Vec<(Spoil, BlockRefusal)> = vec![
        (|block| block.header.epoch = Epoch(0), BlockRefusal::Epoch),
        (|block| block.header.epoch = Epoch(2), BlockRefusal::Epoch),
        (|block| block.header.proposer = ValidatorIndex(5), BlockRefusal::Proposer),
        (|block| block.cut = Cut::empty(4), BlockRefusal::Lanes),
        (|block| block.header.validators_hash = block.header.state_root, BlockRefusal::Validators),
    ];
    for (change, expected) in cases {
        let mut block = child.block.clone();
        change(&mut block);
        assert_eq!(last.tip.check(&block, &[]).err(), Some(expected));
    }
    let mut hidden = last.block.clone();
    hidden.header.next_validators_hash = hidden.header.validators_hash;
    let refused = parent.check(&hidden, &transactions).err();
    assert_eq!(refused, Some(BlockRefusal::NextValidators));
}

fn uetr_hash() -> ledger::hash::Hash {
    ledger::hash::Hash([5; 32])
}

#[test]
fn l24_one_change_of_validators_in_a_block() {
    let mut world = World::new();
    let numbers = [world.approved(rotation(POST, "b")), world.approved(rotation(CHINA, "b"))];
    let parameters = Parameters { heartbeat_ms: 700, ..Parameters::USUAL };
    let other = world.approved(Change::SetParameters(parameters));
    let enact = |institution, proposal| {
        Order::one(Operation::Enact { institution, proposal }, &[operator(institution)])
    };
    let orders = [enact(POST, numbers[0]), enact(CHINA, numbers[1]), enact(HONG_KONG, other)];
    let transactions: Vec<_> = orders.iter().map(|order| world.verified(order)).collect();
    let executed = world.block(&transactions);
    let reasons: Vec<_> = (0..3).map(|place| settled_in(&executed, place)).collect();
    assert_eq!(reasons, [None, Some(Rejection::EpochEnding), None]);
    assert!(Rejection::EpochEnding.is_transient());
    assert_eq!(world.tip.child_epoch(), Epoch(1));
    world.enact(CHINA, numbers[1]).unwrap();
    assert_eq!(world.tip.child_epoch(), Epoch(2));
    let validators = world.tip.child_validators();
    for bank in [POST, CHINA] {
        let (_, validator) = validators.of(bank).unwrap();
        assert_eq!(validator.key, voting(bank, "b").public());
    }
}

#[test]
fn l24_within_the_block_the_present_validators_govern() {
    let mut world = World::new();
    world.decide(admission());
    let number = world.approved(Change::ReplaceValidator {
        leaving: POST,
        entering: FIFTH,
        voting_key: voting(FIFTH, "").public(),
        node: node("node 5"),
    });
    let open = world.propose(rotation(CHINA, "b")).unwrap();
    let vote = |institution| Operation::Vote { institution, proposal: open, approve: true };
    let operations =
        vec![Operation::Enact { institution: POST, proposal: number }, vote(POST), vote(FIFTH)];
    let outcomes = world.order(&Order::new(operations, &[operator(POST), operator(FIFTH)]));
    let reasons: Vec<_> = outcomes.iter().map(Outcome::rejection).collect();
    assert_eq!(reasons, [None, None, Some(Rejection::NotPermitted)]);
    assert_eq!(world.vote(FIFTH, open, true), Ok(()));
    assert_eq!(world.enact(POST, open), Err(Rejection::NotPermitted));
}

#[test]
fn l24_a_tip_is_restored_at_the_end_of_an_epoch() {
    let mut world = World::new();
    world.decide(rotation(POST, "b"));
    let tip = &world.tip;
    assert!(tip.header().ends_epoch());
    let block = Block { header: tip.header().clone(), cut: tip.cut().clone() };
    let entries = || tip.state().entries().map(|(key, value)| (key, value.to_vec()));
    let state = State::restore(tip.domains(), entries()).unwrap();
    assert_eq!(state.directory(), tip.state().directory());
    let restored = Tip::restore(block.clone(), state, world.before.clone()).unwrap();
    assert_eq!(epoch(&restored), epoch(tip));
    assert_eq!(restored.child_cut(), Cut::empty(4));
    assert_eq!(restored.validators(), tip.validators());
    let child = restored.build(View(90), ValidatorIndex(0), world.time(), Cut::empty(4), &[]);
    assert!(tip.check(&child.block, &[]).is_ok());
    // A header that hides the end of its epoch has another hash, and makes no tip either.
    let mut hidden = block;
    hidden.header.next_validators_hash = hidden.header.validators_hash;
    let refused = Tip::restore(hidden, tip.state().clone(), world.before.clone());
    assert_eq!(refused.err(), Some(BlockRefusal::NextValidators));
}

/// A fifth bank that has issued points, opened two accounts and charges for payments.
fn with_fifth() -> World {
    let mut world = World::new();
    let change = Change::AdmitInstitution {
        institution: newcomer(FIFTH, "BOFAUS3N"),
        node: Some(node("node 5")),
    };
    world.decide(change);
    let points = Operation::RegisterAsset {
        code: code("MILES"),
        kind: AssetKind::Points,
        decimals: Decimals(0),
        issuer: FIFTH,
    };
    assert_eq!(world.submit(points, &[operator(FIFTH)]), Outcome::Done);
    for number in [1, 2] {
        world.open(account(FIFTH, number));
    }
    let schedule = ledger::fees::FeeSchedule {
        version: 1,
        collector: account(FIFTH, 2),
        rules: vec![fee_rule()],
    };
    let publish = Operation::SetFeeSchedule { institution: FIFTH, schedule };
    assert_eq!(world.submit(publish, &[operator(FIFTH)]), Outcome::Done);
    world
}

#[test]
fn l25_a_removed_institution_is_wound_up() {
    let mut world = with_fifth();
    let customer = account(FIFTH, 1);
    world.issue(customer, cny(50_000));
    world.issue(customer, ledger::money::Money::new(ledger::money::Amount(5), code("MILES")));
    let remove = Change::RemoveInstitution { institution: FIFTH };
    assert_eq!(world.propose(remove.clone()), Err(Rejection::SupplyOutstanding));
    let redeem = Operation::Redeem {
        uetr: world.fresh_uetr(),
        from: customer,
        amount: ledger::money::Money::new(ledger::money::Amount(5), code("MILES")),
    };
    let redeemed = world.submit(redeem, &[owner(customer), operator(FIFTH)]);
    assert!(matches!(redeemed, Outcome::Settled(_)), "{redeemed:?}");
    world.decide(remove);
    let state = world.tip.state();
    assert!(state.directory().removals().contains_key(&FIFTH));
    assert_eq!((state.node(FIFTH), state.fee_schedule(FIFTH)), (None, None));

    // Its customer pays out, without charges, and is not paid.
    let pay = world.pay(customer, wei(), cny(20_000));
    let paid = world.submit(Operation::Pay(pay), &[owner(customer)]);
    assert_eq!(settled(&paid).fee().0, 0);
    let pay = world.pay(wei(), customer, cny(1));
    let refused = world.submit(Operation::Pay(pay), &[owner(wei())]);
    assert_eq!(refused, rejected(Rejection::InstitutionRemoved));
    let freeze = Operation::Freeze {
        account: customer,
        direction: ledger::operation::FreezeDirection::Both,
    };
    assert_eq!(world.submit(freeze, &[compliance(FIFTH)]), Outcome::Done);
    assert_eq!(world.propose(addition(FIFTH, "")), Err(Rejection::InstitutionRemoved));
}

#[test]
fn l25_a_number_is_never_given_again() {
    let mut world = World::new();
    world.decide(admission());
    assert_eq!(world.propose(admission()), Err(Rejection::InstitutionExists));
    world.decide(Change::RemoveInstitution { institution: FIFTH });
    let bic = newcomer(FIFTH, "BOFAUS3N").bic;
    assert_eq!(world.tip.state().institution_by_bic(bic), Some(FIFTH));
    assert_eq!(world.propose(admission()), Err(Rejection::KeyInUse), "its keys stay its own");
    let sixth = InstitutionNumber(6);
    world.decide(Change::AdmitInstitution { institution: newcomer(sixth, "BOFAUS3N"), node: None });
    assert_eq!(world.tip.state().institution_by_bic(bic), Some(sixth));
    assert_eq!(world.tip.state().directory().member_by_bic(bic), Some(sixth));
}

#[test]
fn l26_every_validator_has_a_node_on_record() {
    let mut world = World::new();
    let founders: Vec<_> = world.tip.state().directory().nodes().keys().copied().collect();
    assert_eq!(founders, [DEALER_BANK, HONG_KONG, CHINA, POST]);
    let moved = NodeRecord { address: "[::1]:7700".to_owned(), ..node("node 4") };
    world.decide(Change::SetNode { institution: POST, node: Some(moved.clone()) });
    assert_eq!(world.tip.state().node(POST), Some(&moved));
    world.decide(dismissal(POST));
    assert_eq!(world.tip.state().node(POST), Some(&moved), "an observer from now on");
    assert!(!world.tip.state().institution(POST).unwrap().roles.validator);
    world.decide(Change::SetNode { institution: POST, node: None });
    assert_eq!(world.tip.state().node(POST), None);
    world.decide(addition(POST, "b"));
    assert_eq!(world.tip.state().node(POST), Some(&node("node 4b")));
    assert!(world.tip.state().institution(POST).unwrap().roles.validator);
    let taken = Change::SetNode { institution: POST, node: Some(node("node 3")) };
    assert_eq!(world.propose(taken), Err(Rejection::KeyInUse));
}

#[test]
fn l27_an_upgrade_is_due_at_its_height() {
    let mut world = World::new();
    let height = Height(world.tip.height().0 + 9);
    assert_eq!(world.tip.child_protocol(), ledger::PROTOCOL);
    world.decide(Change::ScheduleUpgrade { height, protocol: 2 });
    // Postponed before it is due.
    let height = height.next();
    world.decide(Change::ScheduleUpgrade { height, protocol: 2 });
    let expected = Upgrade { before: 1, height, protocol: 2 };
    assert_eq!(world.tip.state().directory().upgrade(), Some(expected));
    while world.tip.height().next() < height {
        assert_eq!(world.tip.child_protocol(), 1, "{}", world.tip.height());
        world.block(&[]);
    }
    assert_eq!(world.tip.child_protocol(), 2);
    world.block(&[]);
    let next = Height(height.0 + 20);
    let back = Change::ScheduleUpgrade { height: next, protocol: 2 };
    assert_eq!(world.propose(back), Err(Rejection::UpgradeRefused));
    world.decide(Change::ScheduleUpgrade { height: next, protocol: 3 });
    assert_eq!(world.tip.child_protocol(), 2);
}

#[test]
fn malformed_changes_never_enter() {
    let world = World::new();
    let long = "x".repeat(141);
    let mut named = newcomer(FIFTH, "BOFAUS3N");
    named.name = long;
    let mut seated = newcomer(FIFTH, "BOFAUS3N");
    seated.roles.validator = true;
    let mut keyless = newcomer(FIFTH, "BOFAUS3N");
    keyless.operators.keys.clear();
    let nowhere = NodeRecord { address: "nowhere".to_owned(), ..node("n") };
    let admit = |institution| Change::AdmitInstitution { institution, node: None };
    for change in [
        admit(named),
        admit(seated),
        admit(keyless),
        Change::SetNode { institution: POST, node: Some(nowhere) },
    ] {
        assert!(world.proposing(POST, change.clone()).defect().is_some(), "{change:?}");
    }
    assert_eq!(world.proposing(POST, admission()).defect(), None);
}
