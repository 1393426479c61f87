//! Each checker objects to a made-up violation of its property, and to nothing before it.

use std::rc::Rc;
use std::sync::Arc;

use ledger::account::Policy;
use ledger::certificate::{VoteKind, VoteSubject};
use ledger::chain::{Executed, Tip};
use ledger::codec;
use ledger::crypto::Suite;
use ledger::hash::Hash;
use ledger::ids::{AccountId, Epoch, Timestamp, Uetr, ValidatorIndex, View};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, Operation};
use ledger::receipt::Outcome;
use ledger::state::Marker;
use ledger::transaction::{SignedTransaction, Transaction, VerifiedTransaction, verify_all};

use super::super::clients::Sort;
use super::*;

const A: Hash = Hash([1; 32]);
const B: Hash = Hash([2; 32]);

/// Four hosts, the last an adversary, and all checkers.
struct Bench {
    setup: Arc<Setup>,
    hosts: Vec<Standing>,
    epochs: Epochs,
    checkers: Vec<Box<dyn Checker>>,
}

impl Bench {
    fn new() -> Self {
        let setup = Setup::of(4, Suite::KeyedHash);
        let role = |seat| if seat < 3 { Role::Honest } else { Role::Adversary(0) };
        let standing = |seat| Standing { seat, role: role(seat) };
        let epochs = Epochs::new(&setup);
        Self { setup, hosts: (0..4).map(standing).collect(), epochs, checkers: all() }
    }

    /// Takes a rightful observation.
    fn pass(&mut self, observation: &Observation) {
        assert_eq!(self.objections(observation), Vec::<&str>::new(), "{observation:?}");
    }

    /// The names of the checkers that object.
    fn objections(&mut self, observation: &Observation) -> Vec<&'static str> {
        let (setup, hosts, epochs) = (&self.setup, &self.hosts, &self.epochs);
        let context = Context { setup, hosts, epochs, now: 0 };
        let object = |checker: &mut Box<dyn Checker>| {
            checker.observe(&context, observation).map(|_| checker.name())
        };
        self.checkers.iter_mut().filter_map(object).collect()
    }

    fn vote(&self, index: u16, kind: VoteKind, block: Hash) -> Vote {
        let subject = VoteSubject { epoch: Epoch(0), view: View(1), kind, block };
        let key = &self.setup.banks[usize::from(index)].voting;
        Vote::sign(&self.setup.domains, key, ValidatorIndex(index), subject)
    }

    /// A certificate of votes that their signers have recorded.
    fn certificate(&mut self, kind: VoteKind, block: Hash, signers: u16) -> Certificate {
        let votes: Vec<_> = (0..signers).map(|index| self.vote(index, kind, block)).collect();
        for (host, vote) in votes.iter().enumerate() {
            let record = LogRecord::Consensus(Box::new(consensus::Record::Vote(*vote)));
            self.pass(&Observation::Recorded(host, &record));
        }
        self.phantom(&votes)
    }

    fn phantom(&self, votes: &[Vote]) -> Certificate {
        let signatures = votes.iter().map(|vote| (vote.validator, vote.signature));
        Certificate::assemble(votes[0].subject, self.setup.banks.len(), signatures)
    }

    /// A child of `tip` with these transactions, one of many.
    fn child(&self, tip: &Tip, variant: u64, transactions: &[VerifiedTransaction]) -> Executed {
        let time = Timestamp(Setup::EPOCH + 1 + variant);
        let cut = tip.cut().clone();
        let view = tip.header().view.next();
        tip.build(view, ValidatorIndex(0), time, cut, transactions)
    }

    fn verified(&self, operations: Vec<Operation>) -> VerifiedTransaction {
        let domains = &self.setup.domains;
        let mut keys: Vec<_> = self.setup.banks.iter().map(|bank| &bank.operator).collect();
        keys.sort_by_key(|key| key.public());
        let transaction = Transaction {
            suite: domains.suite(),
            chain_id: domains.chain_id(),
            valid_from: Timestamp(Setup::EPOCH - 1_000),
            valid_until: Timestamp(Setup::EPOCH + 1_000_000),
            operations,
            atomic: false,
            signers: keys.iter().map(|key| key.public()).collect(),
        };
        let id = transaction.id(domains);
        let signatures = keys.iter().map(|key| key.sign(&id)).collect();
        let signed = SignedTransaction { transaction, signatures };
        verify_all(domains, vec![signed]).remove(0).unwrap()
    }

    /// The asset, an account, and money for it.
    fn opening(&self, amount: u128) -> VerifiedTransaction {
        let (code, account) = (Setup::asset(), self.account());
        let policy = Policy::single(self.setup.banks[0].accounts[0].key.public());
        let money = Money::new(Amount(amount), code);
        self.verified(vec![
            Operation::RegisterAsset {
                code,
                kind: AssetKind::Currency,
                decimals: Decimals(2),
                issuer: self.setup.banks[0].number,
            },
            Operation::OpenAccount { account, policy, tier: 1 },
            Operation::Issue { uetr: Uetr::from_entropy([1; 16]), to: account, amount: money },
        ])
    }

    fn account(&self) -> AccountId {
        self.setup.banks[0].accounts[0].account
    }

    fn order(&self, transaction: &VerifiedTransaction) -> Order {
        Order {
            id: transaction.id(),
            sort: Sort::Opening,
            bytes: Rc::new(codec::encode(transaction.signed())),
            until_final: false,
            repeated: 0,
            is_answered: false,
        }
    }
}

fn committed(executed: Executed) -> Committed {
    Committed::new(Arc::new(executed), None, Vec::new())
}

fn say(message: Message) -> PeerMessage {
    PeerMessage::Consensus(message)
}

#[test]
fn agreement_objects_to_a_fork() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let (one, other) = (bench.child(&tip, 0, &[]), bench.child(&tip, 1, &[]));
    bench.pass(&Observation::Final(0, &committed(one)));
    let fork = committed(other);
    assert_eq!(bench.objections(&Observation::Final(1, &fork)), ["agreement"]);
}

#[test]
fn ancestry_objects_to_a_gap() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let first = bench.child(&tip, 0, &[]);
    let second = bench.child(&first.tip, 1, &[]);
    let third = bench.child(&second.tip, 2, &[]);
    bench.pass(&Observation::Final(0, &committed(first)));
    let orphan = committed(third);
    assert_eq!(bench.objections(&Observation::Final(0, &orphan)), ["ancestry"]);
}

#[test]
fn certificates_objects_to_too_few_signers_and_to_votes_that_were_never_cast() {
    let mut bench = Bench::new();
    let quorum = bench.certificate(VoteKind::Notarize, A, 3);
    bench.pass(&Observation::Sent(0, &say(Message::Certificate(quorum))));
    let short = say(Message::Certificate(bench.certificate(VoteKind::Notarize, A, 2)));
    assert_eq!(bench.objections(&Observation::Sent(0, &short)), ["certificates"]);
    let uncast: Vec<_> = (1..4).map(|index| bench.vote(index, VoteKind::Finalize, B)).collect();
    let phantom = say(Message::Certificate(bench.phantom(&uncast)));
    assert_eq!(bench.objections(&Observation::Sent(0, &phantom)), ["certificates"]);
    let mut wrong = uncast;
    wrong[0].signature = wrong[1].signature;
    let forged = say(Message::Certificate(bench.phantom(&wrong)));
    assert_eq!(bench.objections(&Observation::Sent(0, &forged)), ["certificates"]);
}

#[test]
fn double_votes_objects_to_contradictions_and_to_voting_after_nullifying() {
    let cases = [
        (VoteKind::Notarize, A, VoteKind::Notarize, B),
        (VoteKind::Finalize, A, VoteKind::Finalize, B),
        (VoteKind::Nullify, Hash::ZERO, VoteKind::Finalize, A),
        (VoteKind::Finalize, A, VoteKind::Nullify, Hash::ZERO),
        (VoteKind::Nullify, Hash::ZERO, VoteKind::Notarize, A),
    ];
    for (first, one, second, other) in cases {
        let mut bench = Bench::new();
        let earlier = say(Message::Vote(bench.vote(0, first, one)));
        bench.pass(&Observation::Sent(0, &earlier));
        bench.pass(&Observation::Sent(0, &earlier));
        let later = say(Message::Vote(bench.vote(0, second, other)));
        assert_eq!(bench.objections(&Observation::Sent(0, &later)), ["double votes"]);
        bench.pass(&Observation::Sent(3, &later));
    }
}

#[test]
fn monotone_reads_objects_to_what_goes_back() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let block = committed(bench.child(&tip, 0, &[]));
    bench.pass(&Observation::Final(0, &block));
    bench.pass(&Observation::Read(0, Height(1)));
    bench.pass(&Observation::Read(1, Height(0)));
    assert_eq!(bench.objections(&Observation::Read(0, Height(0))), ["monotone reads"]);
    assert_eq!(bench.objections(&Observation::Restored(0, &tip)), ["monotone reads"]);
}

#[test]
fn evidence_objects_to_naming_a_whole_node() {
    let mut bench = Bench::new();
    let evidence = |bench: &Bench, index| {
        let first = bench.vote(index, VoteKind::Notarize, A);
        Evidence::of(first, bench.vote(index, VoteKind::Notarize, B)).unwrap()
    };
    let (just, unjust) = (evidence(&bench, 3), evidence(&bench, 1));
    bench.pass(&Observation::Evidence(0, &just));
    assert_eq!(bench.objections(&Observation::Evidence(0, &unjust)), ["evidence"]);
    bench.pass(&Observation::Accused(0, 3, "lied"));
    assert_eq!(bench.objections(&Observation::Accused(0, 2, "lied")), ["evidence"]);
}

#[test]
fn exclusive_views_objects_to_two_fates_of_a_view() {
    let cases = [
        (VoteKind::Finalize, A, VoteKind::Nullify, Hash::ZERO),
        (VoteKind::Notarize, A, VoteKind::Notarize, B),
    ];
    for (first, one, second, other) in cases {
        let mut bench = Bench::new();
        let earlier = say(Message::Certificate(bench.certificate(first, one, 3)));
        let later = say(Message::Certificate(bench.certificate(second, other, 4)));
        bench.pass(&Observation::Sent(0, &earlier));
        assert_eq!(bench.objections(&Observation::Sent(1, &later)), ["exclusive views"]);
    }
}

#[test]
fn liveness_objects_to_one_that_stays_behind() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let block = committed(bench.child(&tip, 0, &[]));
    bench.pass(&Observation::Healed);
    bench.pass(&Observation::Final(0, &block));
    bench.pass(&Observation::Final(1, &block));
    assert_eq!(bench.objections(&Observation::Ended), ["liveness"]);
}

#[test]
fn same_results_objects_to_other_receipts_and_to_another_state() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let executed = bench.child(&tip, 0, &[bench.opening(100)]);
    bench.pass(&Observation::Final(0, &committed(executed.clone())));
    let mut other = executed.clone();
    other.booked.pop();
    let other = committed(other);
    assert_eq!(bench.objections(&Observation::Final(1, &other)), ["same results"]);
    let mut other = executed;
    other.tip = tip;
    let other = committed(other);
    assert_eq!(bench.objections(&Observation::Final(2, &other)), ["same results"]);
}

#[test]
fn exactly_once_objects_to_a_second_execution() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let opening = bench.opening(100);
    let first = bench.child(&tip, 0, std::slice::from_ref(&opening));
    let mut second = bench.child(&first.tip, 1, &[]);
    bench.pass(&Observation::Final(0, &committed(first.clone())));
    second.booked = first.booked.into_iter().filter(|b| b.receipt.uetr.is_none()).collect();
    let second = committed(second);
    assert_eq!(bench.objections(&Observation::Final(0, &second)), ["exactly once"]);
}

#[test]
fn conservation_objects_to_money_from_nowhere() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let mut executed = bench.child(&tip, 0, &[bench.opening(100)]);
    let settled = executed.booked.iter_mut().find_map(|booked| match &mut booked.receipt.outcome {
        Outcome::Settled(settlement) => Some(settlement),
        Outcome::Done
        | Outcome::Rejected(_)
        | Outcome::Proposed(_)
        | Outcome::Held(_)
        | Outcome::Released(_)
        | Outcome::Returned(_)
        | Outcome::RecallRequested(_)
        | Outcome::RecallRefused(_)
        | Outcome::AwaitingApproval(_)
        | Outcome::AwaitingReview(_)
        | Outcome::Queued(_)
        | Outcome::Refused(_) => None,
    });
    settled.unwrap().credited.amount = Amount(101);
    let executed = committed(executed);
    assert_eq!(bench.objections(&Observation::Final(0, &executed)), ["conservation"]);
}

#[test]
fn limits_objects_to_a_day_beyond_its_limit() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let mut executed = bench.child(&tip, 0, &[bench.opening(100)]);
    let issued = executed.booked.iter_mut().find_map(|booked| match &mut booked.receipt.outcome {
        Outcome::Settled(settlement) => Some(settlement),
        Outcome::Done
        | Outcome::Rejected(_)
        | Outcome::Proposed(_)
        | Outcome::Held(_)
        | Outcome::Released(_)
        | Outcome::Returned(_)
        | Outcome::RecallRequested(_)
        | Outcome::RecallRefused(_)
        | Outcome::AwaitingApproval(_)
        | Outcome::AwaitingReview(_)
        | Outcome::Queued(_)
        | Outcome::Refused(_) => None,
    });
    let payment = issued.unwrap();
    payment.from = payment.to;
    payment.debited.amount = Amount(super::super::limits::DAY + 1);
    let executed = committed(executed);
    assert!(bench.objections(&Observation::Final(0, &executed)).contains(&"limits"));
}

#[test]
fn durable_acknowledgements_objects_to_broken_promises() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let opening = bench.opening(100);
    let order = bench.order(&opening);
    let id = order.id;
    let executed = bench.child(&tip, 0, std::slice::from_ref(&opening));
    let name = ["durable acknowledgements"];
    let known = Reply::Known(Marker { transaction: id, height: executed.block.header.height });
    assert_eq!(bench.objections(&Observation::Replied(0, &order, &known)), name);
    let block = Arc::new(committed(executed));
    let last = Reply::Final(id, block.clone());
    assert_eq!(bench.objections(&Observation::Replied(0, &order, &last)), name);
    let accepted = Reply::Accepted(id);
    bench.pass(&Observation::Replied(0, &order, &accepted));
    bench.pass(&Observation::Replied(3, &order, &known));
    assert!(bench.objections(&Observation::Ended).contains(&name[0]));
    bench.pass(&Observation::Final(1, &block));
    bench.pass(&Observation::Replied(0, &order, &known));
    bench.pass(&Observation::Replied(0, &order, &last));
}

#[test]
fn health_objects_to_a_node_that_stops() {
    let mut bench = Bench::new();
    bench.pass(&Observation::Stopped(3, "of its own"));
    assert_eq!(bench.objections(&Observation::Stopped(0, "of its own")), ["health"]);
}

#[test]
fn light_client_objects_to_a_header_that_is_not_final() {
    let mut bench = Bench::new();
    let tip = bench.setup.first.clone();
    let (one, other) = (bench.child(&tip, 0, &[]), bench.child(&tip, 1, &[]));
    let votes: Vec<_> =
        (0..3).map(|index| bench.vote(index, VoteKind::Finalize, other.tip.hash())).collect();
    let certificate = Some(bench.phantom(&votes));
    let part = node::core::message::FinalBlock { block: other.block, certificate };
    let lie = PeerMessage::Chain(node::core::message::ChainPart(vec![part]));
    bench.pass(&Observation::Sent(3, &lie));
    let block = committed(one);
    assert_eq!(bench.objections(&Observation::Final(0, &block)), ["light client"]);
}

#[test]
fn bounded_memory_objects_to_each_collection_that_grows_too_much() {
    let mut bench = Bench::new();
    let good = Kept { batches: 2_000, jobs: 65, ..Kept::default() };
    bench.pass(&Observation::Kept(0, &good));
    let rows = [
        Kept { transactions: 50_001, ..good },
        Kept { batches: 3_000, ..good },
        Kept { blocks: 300, ..good },
        Kept { views: 2_000, ..good },
        Kept { candidates: 300, ..good },
        Kept { finals: 600, ..good },
        Kept { jobs: 66, ..good },
        Kept { requests: 3_000, ..good },
    ];
    for kept in rows {
        assert_eq!(bench.objections(&Observation::Kept(1, &kept)), ["bounded memory"]);
        bench.pass(&Observation::Kept(3, &kept));
    }
}
