//! The checkers: one property each, told of everything that honest validators do.
//!
//! Invariants: a checker knows nothing but what it observes and the setup; it never asks a process.
//! Absent: the properties of the ledger (the toy ledger has none).

mod agreement;
mod ancestry;
mod certificates;
mod double_votes;
mod durability;
mod evidence;
mod exclusive_views;
mod liveness;

use consensus::{Evidence, Message};
use ledger::block::Block;
use ledger::certificate::{Certificate, Vote};

use super::process::Setup;

/// Something that an honest validator did, or that happened to the world.
#[derive(Clone, Copy, Debug)]
pub enum Observation<'a> {
    /// A validator sent a consensus message.
    Sent(usize, &'a Message),
    /// A block is final at a validator.
    Final(usize, &'a Block, Option<&'a Certificate>),
    /// A validator has started, and this is its last final block.
    Restored(usize, &'a Block),
    /// A validator holds evidence.
    Evidence(usize, &'a Evidence),
    /// All faults have healed.
    Healed,
    /// The simulation is over.
    Ended,
}

/// What every checker knows.
#[derive(Debug)]
pub struct Context<'a> {
    /// The simulated chain.
    pub setup: &'a Setup,
    /// For each validator, whether it is honest.
    pub honest: &'a [bool],
}

/// A property.
pub trait Checker {
    /// The property's name.
    fn name(&self) -> &'static str;

    /// Takes an observation; says what is wrong, if it shows something wrong.
    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String>;

    /// True if there is nothing that the checker still waits for.
    fn is_content(&self) -> bool {
        true
    }
}

/// All checkers, new.
pub fn all() -> Vec<Box<dyn Checker>> {
    vec![
        Box::<agreement::Agreement>::default(),
        Box::<ancestry::Ancestry>::default(),
        Box::<certificates::Certificates>::default(),
        Box::<double_votes::DoubleVotes>::default(),
        Box::<durability::Durability>::default(),
        Box::<evidence::EvidenceIsTrue>::default(),
        Box::<exclusive_views::ExclusiveViews>::default(),
        Box::<liveness::Liveness>::default(),
    ]
}

/// The certificates in a message.
fn certificates(message: &Message) -> Vec<&Certificate> {
    match message {
        Message::Proposal(proposal) => proposal.justification.iter().collect(),
        Message::Certificate(certificate) => vec![certificate],
        Message::Vote(_) | Message::Status(_) => Vec::new(),
    }
}

/// The sender's own vote in a message.
fn vote(message: &Message) -> Option<&Vote> {
    match message {
        Message::Proposal(proposal) => Some(&proposal.vote),
        Message::Vote(vote) => Some(vote),
        Message::Certificate(_) | Message::Status(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Options, genesis, set_up};
    use ledger::certificate::{VoteKind, VoteSubject};
    use ledger::crypto::SecretKey;
    use ledger::hash::Hash;
    use ledger::ids::{Epoch, ValidatorIndex, View};
    use std::rc::Rc;

    struct Fixture {
        setup: Rc<Setup>,
        keys: Vec<SecretKey>,
        checkers: Vec<Box<dyn Checker>>,
    }

    impl Fixture {
        fn new() -> Self {
            let (setup, keys) = set_up(4, Options::default());
            Self { setup, keys, checkers: all() }
        }

        /// The names of the checkers that object to the last of the observations.
        fn objections(mut self, observations: &[Observation]) -> Vec<&'static str> {
            let honest = [true, true, true, false];
            let context = Context { setup: &self.setup, honest: &honest };
            let mut objecting = Vec::new();
            for observation in observations {
                assert_eq!(objecting, Vec::<&str>::new(), "only the last is wrong");
                for checker in &mut self.checkers {
                    objecting
                        .extend(checker.observe(&context, observation).map(|_| checker.name()));
                }
            }
            objecting
        }

        fn vote(&self, index: u16, kind: VoteKind, block: Hash) -> Vote {
            let subject = VoteSubject { epoch: Epoch(0), view: View(1), kind, block };
            let key = &self.keys[usize::from(index)];
            Vote::sign(&self.setup.domains, key, ValidatorIndex(index), subject)
        }

        fn certificate(&self, kind: VoteKind, block: Hash, signers: u16) -> Message {
            let votes: Vec<_> = (0..signers).map(|index| self.vote(index, kind, block)).collect();
            let signatures = votes.iter().map(|vote| (vote.validator, vote.signature));
            let subject = votes[0].subject;
            Message::Certificate(Certificate::assemble(subject, 4, signatures))
        }

        /// A block of height 1, one of many.
        fn block(&self, variant: u64) -> Block {
            let mut block = genesis(&self.setup.domains, &self.setup.validators);
            block.header.parent = block.hash(&self.setup.domains);
            block.header.height = block.header.height.next();
            block.header.view = View(1);
            block.header.time = block.header.time.plus(1 + variant);
            block
        }
    }

    const A: Hash = Hash([1; 32]);
    const B: Hash = Hash([2; 32]);

    #[test]
    fn agreement_objects_to_a_fork() {
        let fixture = Fixture::new();
        let (one, other) = (fixture.block(0), fixture.block(1));
        let finals = [Observation::Final(0, &one, None), Observation::Final(1, &other, None)];
        assert_eq!(fixture.objections(&finals), ["agreement"]);
    }

    #[test]
    fn ancestry_objects_to_a_gap() {
        let fixture = Fixture::new();
        let block = fixture.block(0);
        let mut orphan = block.clone();
        orphan.header.height = block.header.height.next().next();
        let finals = [Observation::Final(0, &block, None), Observation::Final(0, &orphan, None)];
        assert_eq!(fixture.objections(&finals), ["ancestry"]);
    }

    #[test]
    fn certificates_objects_to_too_few_signers() {
        let fixture = Fixture::new();
        let quorum = fixture.certificate(VoteKind::Notarize, A, 3);
        let short = fixture.certificate(VoteKind::Notarize, A, 2);
        let sent = [Observation::Sent(0, &quorum), Observation::Sent(0, &short)];
        assert_eq!(fixture.objections(&sent), ["certificates"]);
    }

    #[test]
    fn double_votes_objects_to_contradictions_and_to_voting_after_nullifying() {
        let cases = [
            (VoteKind::Notarize, A, VoteKind::Notarize, B),
            (VoteKind::Finalize, A, VoteKind::Finalize, B),
            (VoteKind::Nullify, Hash::ZERO, VoteKind::Finalize, A),
            (VoteKind::Nullify, Hash::ZERO, VoteKind::Notarize, A),
        ];
        for (first, one, second, other) in cases {
            let fixture = Fixture::new();
            let earlier = Message::Vote(fixture.vote(0, first, one));
            let later = Message::Vote(fixture.vote(0, second, other));
            let sent = [
                Observation::Sent(0, &earlier),
                Observation::Sent(0, &earlier),
                Observation::Sent(0, &later),
            ];
            assert_eq!(fixture.objections(&sent), ["double votes"]);
        }
    }

    #[test]
    fn durability_objects_to_a_lost_final_block() {
        let fixture = Fixture::new();
        let block = fixture.block(0);
        let genesis = fixture.setup.genesis.clone();
        let seen = [Observation::Final(0, &block, None), Observation::Restored(0, &genesis)];
        assert_eq!(fixture.objections(&seen), ["durability"]);
    }

    #[test]
    fn evidence_objects_to_naming_an_honest_validator() {
        let fixture = Fixture::new();
        let evidence = |index| {
            let first = fixture.vote(index, VoteKind::Notarize, A);
            Evidence::of(first, fixture.vote(index, VoteKind::Notarize, B)).unwrap()
        };
        let (just, unjust) = (evidence(3), evidence(1));
        let held = [Observation::Evidence(0, &just), Observation::Evidence(0, &unjust)];
        assert_eq!(fixture.objections(&held), ["evidence"]);
    }

    #[test]
    fn exclusive_views_objects_to_two_fates_of_a_view() {
        let cases = [
            (VoteKind::Finalize, A, VoteKind::Nullify, Hash::ZERO),
            (VoteKind::Notarize, A, VoteKind::Notarize, B),
        ];
        for (first, one, second, other) in cases {
            let fixture = Fixture::new();
            let earlier = fixture.certificate(first, one, 3);
            let later = fixture.certificate(second, other, 4);
            let sent = [Observation::Sent(0, &earlier), Observation::Sent(1, &later)];
            assert_eq!(fixture.objections(&sent), ["exclusive views"]);
        }
    }

    #[test]
    fn liveness_objects_to_one_that_stays_behind() {
        let fixture = Fixture::new();
        let block = fixture.block(0);
        let seen = [
            Observation::Healed,
            Observation::Final(0, &block, None),
            Observation::Final(1, &block, None),
            Observation::Ended,
        ];
        assert_eq!(fixture.objections(&seen), ["liveness"]);
    }
}
