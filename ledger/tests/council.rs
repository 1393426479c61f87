//! Random governance against a model that is written apart, as simply as possible: who is a member,
//! who has which validator and node, who voted how.
//!
//! After each block: the same operations were taken and refused, the validators and nodes are the
//! model's, an epoch ended exactly when its validators changed, and never is there no validator, a
//! key in two places, or a proposal enacted twice. At the end the state is rebuilt from the changes
//! of the blocks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::wildcard_enum_match_arm, reason = "the model takes what is drawn")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use ledger::account::NodeRecord;
use ledger::crypto::PublicKey;
use ledger::genesis::Parameters;
use ledger::governance::{Change, ProposalStatus};
use ledger::ids::{Epoch, InstitutionNumber, ProposalNumber};
use ledger::operation::Operation;
use ledger::state::State;
use support::draw::Draw;
use support::families::{Tally, run_seeds};
use support::governance::*;
use support::*;

impl Draw {
    fn institution(&mut self) -> InstitutionNumber {
        InstitutionNumber(self.below(7) + 1)
    }

    /// One of few keys, so that two places often ask for the same.
    fn key(&mut self) -> PublicKey {
        public(&format!("drawn {}", self.below(20)))
    }

    fn node(&mut self) -> NodeRecord {
        NodeRecord { node_key: self.key(), ..node("") }
    }

    /// Mostly one that governs.
    fn actor(&mut self, world: &World) -> InstitutionNumber {
        let governing = world.governing();
        let one = self.of(&governing);
        if self.below(8) == 0 { self.institution() } else { one }
    }

    fn change(&mut self, world: &World) -> Change {
        let (institution, voting_key, node) = (self.institution(), self.key(), self.node());
        match self.below(12) {
            0 => {
                let bics = ["BOFAUS3N", "CITIUS33", "DEUTDEFF", "PSBCCNBJ"];
                let bic = self.of(&bics);
                // With keys of its own, or of one that is there.
                let next = world.tip.state().directory().institutions().len() + 1;
                let next = InstitutionNumber(u32::try_from(next).unwrap());
                let founder = InstitutionNumber(self.below(4) + 1);
                let number = if self.below(4) == 0 { founder } else { next };
                let newcomer = newcomer(number, bic);
                Change::AdmitInstitution { institution: newcomer, node: None }
            }
            1 => Change::RemoveInstitution { institution },
            2..=4 => Change::AddValidator { institution, voting_key, node },
            5 | 6 => Change::RemoveValidator { institution },
            7 => {
                let entering = self.institution();
                Change::ReplaceValidator { leaving: institution, entering, voting_key, node }
            }
            8 => Change::RotateValidatorKey { institution, voting_key },
            9 => Change::SetNode { institution, node: Some(node) },
            10 => Change::SetNode { institution, node: None },
            _ => {
                let heartbeat_ms = 50 + self.below(200);
                Change::SetParameters(Parameters { heartbeat_ms, ..Parameters::USUAL })
            }
        }
    }

    fn operation(&mut self, world: &World) -> Operation {
        let institution = self.actor(world);
        let last = u32::try_from(world.tip.state().directory().proposal_count()).unwrap();
        let proposal = ProposalNumber(u64::from(last.saturating_sub(self.below(4))));
        match self.below(10) {
            0..=2 => world.proposing(institution, self.change(world)),
            3..=7 => Operation::Vote { institution, proposal, approve: self.below(7) > 0 },
            _ => Operation::Enact { institution, proposal },
        }
    }
}

#[derive(Clone)]
struct Motion {
    change: Change,
    votes: BTreeMap<u32, bool>,
    is_closed: bool,
}

/// The simplest governance.
#[derive(Clone)]
struct Model {
    /// BICs and keys of operators and compliance, by number; who left too.
    members: BTreeMap<u32, (String, [PublicKey; 2])>,
    left: BTreeSet<u32>,
    validators: BTreeMap<u32, PublicKey>,
    nodes: BTreeMap<u32, PublicKey>,
    motions: Vec<Motion>,
    heartbeat_ms: u32,
}

impl Model {
    fn founded() -> Self {
        let bank = |number: u32| InstitutionNumber(number);
        let keys = |number| [operator(bank(number)).public(), compliance(bank(number)).public()];
        let bics = ["DBSSSGSG", "HSBCHKHH", "ICBKCNBJ", "PSBCCNBJ"];
        Self {
            members: (1..).zip(bics).map(|(n, bic)| (n, (bic.to_owned(), keys(n)))).collect(),
            left: BTreeSet::new(),
            validators: (1..=4).map(|n| (n, voting(bank(n), "").public())).collect(),
            nodes: (1..=4).map(|n| (n, public(&format!("node {n}")))).collect(),
            motions: Vec::new(),
            heartbeat_ms: Parameters::USUAL.heartbeat_ms,
        }
    }

    /// Takes an operation in a block that `before` preceded, or refuses it.
    fn take(&mut self, operation: &Operation, before: &Self) -> Option<()> {
        match operation {
            Operation::Propose { institution, change, .. } => {
                self.governs(*institution, before)?;
                self.clone().apply(change, before)?;
                let votes = BTreeMap::from([(institution.0, true)]);
                self.motions.push(Motion { change: (**change).clone(), votes, is_closed: false });
            }
            Operation::Vote { institution, proposal, approve } => {
                self.governs(*institution, before)?;
                let place = self.open(*proposal)?;
                let motion = &mut self.motions[place];
                if motion.votes.contains_key(&institution.0) {
                    return None;
                }
                motion.votes.retain(|voter, _| before.validators.contains_key(voter));
                motion.votes.insert(institution.0, *approve);
                let all = before.validators.len();
                let left = all - motion.votes.values().filter(|approve| !**approve).count();
                motion.is_closed = left < quorum(all);
            }
            Operation::Enact { institution, proposal } => {
                self.governs(*institution, before)?;
                let place = self.open(*proposal)?;
                let motion = self.motions[place].clone();
                let mut votes = motion.votes.iter();
                let counts = |(voter, approve): &(&u32, &bool)| {
                    **approve && before.validators.contains_key(voter)
                };
                let approvals = votes.by_ref().filter(counts).count();
                let mut after = self.clone();
                after.apply(&motion.change, before)?;
                let is_second =
                    self.validators != before.validators && after.validators != self.validators;
                if approvals < quorum(before.validators.len()) || is_second {
                    return None;
                }
                after.motions[place].is_closed = true;
                *self = after;
            }
            other => panic!("{other:?} is not drawn"),
        }
        Some(())
    }

    fn governs(&self, institution: InstitutionNumber, before: &Self) -> Option<()> {
        let seats = before.validators.contains_key(&institution.0);
        (seats && !self.left.contains(&institution.0)).then_some(())
    }

    fn open(&self, number: ProposalNumber) -> Option<usize> {
        let place = usize::try_from(number.0).unwrap().checked_sub(1)?;
        (!self.motions.get(place)?.is_closed).then_some(place)
    }

    fn apply(&mut self, change: &Change, before: &Self) -> Option<()> {
        let is_member =
            |n: InstitutionNumber| self.members.contains_key(&n.0) && !self.left.contains(&n.0);
        if !change.institutions().all(is_member) {
            return None;
        }
        let seated = |n: &InstitutionNumber| self.validators.contains_key(&n.0);
        let free = |n: &InstitutionNumber| !seated(n) && !before.validators.contains_key(&n.0);
        let sound = match change {
            Change::AdmitInstitution { institution, .. } => {
                let bic = institution.bic.to_string();
                let mut known = self.members.iter();
                !known.any(|(n, (other, _))| *other == bic && !self.left.contains(n))
            }
            Change::RemoveInstitution { institution } => free(institution),
            Change::AddValidator { institution, .. } => free(institution),
            Change::RemoveValidator { institution } => {
                seated(institution) && self.validators.len() > 1
            }
            Change::ReplaceValidator { leaving, entering, .. } => seated(leaving) && free(entering),
            Change::RotateValidatorKey { institution, .. } => seated(institution),
            Change::SetNode { institution, node } => node.is_some() || free(institution),
            Change::SetParameters(parameters) => parameters.heartbeat_ms >= 100,
            Change::ScheduleUpgrade { .. } => false,
        };
        (sound && self.are_new_keys(change, before)).then_some(())?;
        self.write(change);
        Some(())
    }

    /// Every key of the change is in no other place, and in it once.
    fn are_new_keys(&self, change: &Change, before: &Self) -> bool {
        let mut taken: Vec<PublicKey> = Vec::new();
        taken.extend(self.members.values().flat_map(|(_, keys)| keys));
        taken.extend(before.validators.values().chain(self.validators.values()));
        let owner = match change {
            Change::AddValidator { institution, .. } | Change::SetNode { institution, .. } => {
                Some(institution.0)
            }
            Change::ReplaceValidator { entering, .. } => Some(entering.0),
            _ => None,
        };
        taken.extend(self.nodes.iter().filter(|(n, _)| Some(**n) != owner).map(|(_, key)| key));
        let mut new: Vec<PublicKey> = change.node().map(|node| node.node_key).into_iter().collect();
        match change {
            Change::AdmitInstitution { institution, .. } => {
                new.extend([institution.operators.keys[0], institution.compliance]);
            }
            Change::AddValidator { voting_key, .. }
            | Change::ReplaceValidator { voting_key, .. }
            | Change::RotateValidatorKey { voting_key, .. } => new.push(*voting_key),
            _ => {}
        }
        let is_once = new.iter().collect::<BTreeSet<_>>().len() == new.len();
        is_once && new.iter().all(|key| !taken.contains(key))
    }

    fn write(&mut self, change: &Change) {
        match change {
            Change::AdmitInstitution { institution, .. } => {
                let next = u32::try_from(self.members.len()).unwrap() + 1;
                let keys = [institution.operators.keys[0], institution.compliance];
                self.members.insert(next, (institution.bic.to_string(), keys));
            }
            Change::RemoveInstitution { institution } => {
                self.left.insert(institution.0);
                self.nodes.remove(&institution.0);
            }
            Change::AddValidator { institution, voting_key, node } => {
                self.validators.insert(institution.0, *voting_key);
                self.nodes.insert(institution.0, node.node_key);
            }
            Change::RemoveValidator { institution } => {
                self.validators.remove(&institution.0);
            }
            Change::ReplaceValidator { leaving, entering, voting_key, node } => {
                self.validators.remove(&leaving.0);
                self.validators.insert(entering.0, *voting_key);
                self.nodes.insert(entering.0, node.node_key);
            }
            Change::RotateValidatorKey { institution, voting_key } => {
                self.validators.insert(institution.0, *voting_key);
            }
            Change::SetNode { institution, node: Some(node) } => {
                self.nodes.insert(institution.0, node.node_key);
            }
            Change::SetNode { institution, node: None } => {
                self.nodes.remove(&institution.0);
            }
            Change::SetParameters(parameters) => self.heartbeat_ms = parameters.heartbeat_ms,
            Change::ScheduleUpgrade { .. } => panic!("it is not drawn"),
        }
    }
}

fn quorum(members: usize) -> usize {
    members - (members - 1) / 3
}

/// Compares everything that the model knows.
fn compare(world: &World, model: &Model, epoch: Epoch) {
    let (tip, directory) = (&world.tip, world.tip.state().directory());
    assert_eq!(tip.child_epoch(), epoch);
    let validators = tip.child_validators();
    assert!(validators.count() >= 1);
    assert_eq!(validators.quorum(), quorum(validators.count()));
    let found: Vec<_> = validators.iter().map(|(_, seat)| (seat.institution.0, seat.key)).collect();
    let expected: Vec<_> = model.validators.iter().map(|(n, key)| (*n, *key)).collect();
    assert_eq!(found, expected, "in the order of the institutions");
    let nodes: BTreeMap<_, _> =
        directory.nodes().iter().map(|(n, node)| (n.0, node.node_key)).collect();
    assert_eq!(nodes, model.nodes);
    assert!(model.validators.keys().all(|n| nodes.contains_key(n)), "a validator has a node");
    let roles = directory.institutions().iter().map(|(n, member)| (n.0, member.roles.validator));
    assert!(roles.into_iter().all(|(n, has)| has == model.validators.contains_key(&n)));
    let left: BTreeSet<_> = directory.removals().keys().map(|n| n.0).collect();
    assert_eq!(left, model.left);
    assert_eq!(directory.parameters().heartbeat_ms, model.heartbeat_ms);
    assert_eq!(directory.proposal_count(), u64::try_from(model.motions.len()).unwrap());
    let keys = found.iter().map(|(_, key)| *key).chain(nodes.into_values());
    let keys: Vec<_> = keys.chain(model.members.values().flat_map(|(_, keys)| *keys)).collect();
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "each key has one place");
}

/// What happened over all seeds, so that the draws are seen to reach every corner.
#[derive(Default)]
struct Seen {
    epochs: u64,
    enacted: BTreeSet<&'static str>,
    refused: usize,
    lone: bool,
}

fn kind(change: &Change) -> &'static str {
    match change {
        Change::AdmitInstitution { .. } => "admit",
        Change::RemoveInstitution { .. } => "remove",
        Change::AddValidator { .. } => "add",
        Change::RemoveValidator { .. } => "dismiss",
        Change::ReplaceValidator { .. } => "replace",
        Change::RotateValidatorKey { .. } => "rotate",
        Change::SetNode { .. } => "node",
        Change::SetParameters(_) => "parameters",
        Change::ScheduleUpgrade { .. } => "upgrade",
    }
}

fn run(seed: u64, seen: &mut Seen, tally: &mut Tally) {
    let mut draw = Draw::new(seed);
    let mut world = World::empty();
    let mut model = Model::founded();
    let mut enactments: BTreeMap<u64, usize> = BTreeMap::new();
    let mut flat: BTreeMap<Vec<u8>, Vec<u8>> =
        world.tip.state().entries().map(|(key, value)| (key, value.to_vec())).collect();
    let mut epoch = Epoch(0);
    for _ in 0..80 {
        let before = model.clone();
        let operations: Vec<_> = (0..=draw.below(5)).map(|_| draw.operation(&world)).collect();
        let signed = operations.iter().map(|operation| {
            let (Operation::Propose { institution, .. }
            | Operation::Vote { institution, .. }
            | Operation::Enact { institution, .. }) = operation
            else {
                panic!("it is not drawn")
            };
            world.verified(&Order::one(operation.clone(), &[operator(*institution)]))
        });
        let mut known = BTreeSet::new();
        let pairs: Vec<_> =
            operations.iter().zip(signed).filter(|(_, sent)| known.insert(sent.id())).collect();
        let transactions: Vec<_> = pairs.iter().map(|(_, sent)| sent.clone()).collect();
        let executed = world.block(&transactions);
        for ((operation, _), booked) in pairs.iter().zip(&executed.booked) {
            let taken = model.take(operation, &before).is_some();
            let outcome = &booked.receipt.outcome;
            assert_eq!(outcome.rejection().is_none(), taken, "{seed}: {operation:?} {outcome:?}");
            if let (true, Operation::Enact { proposal, .. }) = (taken, operation) {
                let times = enactments.entry(proposal.0).or_default();
                *times += 1;
                assert_eq!(*times, 1, "{proposal} is enacted once");
                let change = world.tip.state().proposal(*proposal).unwrap().change;
                seen.enacted.insert(kind(&change));
            }
        }
        let has_changed = model.validators != before.validators;
        assert_eq!(world.tip.header().ends_epoch(), has_changed, "{seed}");
        epoch = if has_changed { epoch.next() } else { epoch };
        compare(&world, &model, epoch);
        seen.lone |= model.validators.len() == 1;
        for (key, value) in executed.changes.entries() {
            match value {
                Some(value) => flat.insert(key.to_vec(), value.to_vec()),
                None => flat.remove(key),
            };
        }
    }
    seen.epochs += epoch.0;
    for (number, motion) in (1..).map(ProposalNumber).zip(&model.motions) {
        let is_enacted = world.status(number) == ProposalStatus::Enacted;
        assert_eq!(is_enacted, enactments.contains_key(&number.0), "{number}");
        let is_refused = motion.is_closed && !is_enacted;
        assert_eq!(world.status(number) == ProposalStatus::Refused, is_refused);
        seen.refused += usize::from(is_refused);
    }
    let restored = State::restore(world.domains(), flat).unwrap();
    assert_eq!(restored.root(), world.tip.state().root());
    assert_eq!(restored.directory(), world.tip.state().directory());
    tally.add(&world.tally);
}

#[test]
fn random_governance_is_what_the_model_says() {
    let mut seen = Seen::default();
    run_seeds("governance", 60, |seed, tally| run(seed, &mut seen, tally));
    let all = ["add", "admit", "dismiss", "node", "parameters", "remove", "replace", "rotate"];
    assert_eq!(seen.enacted, BTreeSet::from(all));
    assert!(seen.epochs > 60 && seen.refused > 20 && seen.lone, "{}", seen.epochs);
}
