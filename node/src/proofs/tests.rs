//! Proofs from an index whose blocks are not all certified: every one verifies from the chain id.

use std::sync::Arc;

use super::*;
use crate::home::tests::{key, sealed};
use crate::log::Position;
use crate::store::{Backlog, IndexItem};
use ledger::certificate::{Vote, VoteKind, VoteSubject};
use ledger::chain::{Executed, Tip};
use ledger::ids::{InstitutionNumber, ValidatorIndex, View};
use ledger::money::{Amount, Money};
use ledger::operation::Operation;
use ledger::proof::Proven;
use ledger::transaction::{SignedTransaction, VerifiedTransaction};

/// The validators' voting keys, by index: the members ascend by BIC.
const VOTING: [u8; 4] = [40, 30, 20, 10];

fn uetr(number: u8) -> Uetr {
    Uetr::from_entropy([number; 16])
}

/// A payment that is rejected, and has a receipt and a proof like any other.
fn payment(domains: &Domains, number: u8) -> VerifiedTransaction {
    let transaction = Transaction {
        suite: domains.suite(),
        chain_id: domains.chain_id(),
        valid_from: Timestamp(0),
        valid_until: Timestamp(u64::MAX),
        operations: vec![Operation::Issue {
            uetr: uetr(number),
            to: AccountId::new(InstitutionNumber(1), [number; 12]),
            amount: Money::new(Amount(1), AssetCode::parse("CNY").unwrap()),
        }],
        atomic: false,
        signers: vec![key(12).public()],
    };
    VerifiedTransaction::recorded(domains, SignedTransaction { transaction, signatures: vec![] })
}

fn certificate(executed: &Executed) -> Certificate {
    let header = &executed.block.header;
    let domains = executed.tip.domains();
    let (epoch, view, block) = (header.epoch, header.view, header.hash(domains));
    let subject = VoteSubject { epoch, view, kind: VoteKind::Finalize, block };
    let votes = (0..).map(ValidatorIndex).zip(VOTING).take(3).map(|(validator, seed)| {
        (validator, Vote::sign(domains, &key(seed), validator, subject).signature)
    });
    Certificate::assemble(subject, VOTING.len(), votes)
}

struct Chain {
    genesis: GenesisDocument,
    domains: Domains,
    tip: Tip,
    blocks: Vec<Arc<Committed>>,
}

impl Chain {
    fn origin(&self) -> Origin<'_> {
        Origin { genesis: &self.genesis, epochs: Arc::default() }
    }

    /// Blocks with two payments each; those of `certified` heights have a certificate.
    fn new(heights: u8, certified: &[u8]) -> Self {
        let genesis = sealed().open().unwrap();
        let (domains, tip) = (genesis.domains(), Tip::genesis(&genesis).unwrap().tip);
        let mut chain = Self { genesis, domains, tip, blocks: Vec::new() };
        for height in 1..=heights {
            let payments = [height * 2, height * 2 + 1].map(|n| payment(&chain.domains, n));
            let (view, time) = (View(u64::from(height)), chain.tip.header().time.plus(1_000));
            let cut = chain.tip.cut().clone();
            let executed = chain.tip.build(view, ValidatorIndex(0), time, cut, &payments);
            let certificate = certified.contains(&height).then(|| certificate(&executed));
            chain.tip = executed.tip.clone();
            let committed = Committed::new(Arc::new(executed), certificate, Vec::new());
            chain.blocks.push(Arc::new(committed));
        }
        chain
    }

    /// The index of these blocks, on top of the genesis block.
    fn index(&self, folder: &tempfile::TempDir) -> Store {
        let store = Store::open(&folder.path().join("index"), 1 << 20).unwrap();
        let place = Position { segment: 1, offset: 0 };
        store.found(&Tip::genesis(&self.genesis).unwrap().tip, place).unwrap();
        let item = |committed: &Arc<Committed>| IndexItem {
            committed: committed.clone(),
            batches: Vec::new(),
            replay_from: place,
        };
        let items: Vec<_> = self.blocks.iter().map(item).collect();
        store.write(&items, &mut Backlog::default(), true).unwrap();
        store
    }

    fn verify(&self, proof: &Proof) -> (Height, Proven) {
        let read = Proof::decode(&proof.encode()).unwrap();
        let verdict = read.verify(self.domains.chain_id()).unwrap();
        (verdict.header.height, verdict.proven)
    }
}

#[test]
fn a_later_certificate_proves_the_blocks_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::new(9, &[4, 8]);
    let store = chain.index(&folder);
    for height in 1..=9_u8 {
        for index in 0..2_u8 {
            let proof = of_archived(
                &store,
                &chain.domains,
                &chain.origin(),
                Height(u64::from(height)),
                usize::from(index),
            );
            let Some(proof) = proof.unwrap() else {
                assert_eq!(height, 9, "nothing certifies the last block yet");
                continue;
            };
            let (at, proven) = chain.verify(&proof);
            assert_eq!(at, Height(u64::from(height)));
            let Proven::Payment(receipt) = proven else { panic!("another claim") };
            assert_eq!(receipt.uetr, Some(uetr(height * 2 + index)));
            assert_eq!(proof.ancestor.is_none(), [4, 8].contains(&height));
        }
    }
    let none = of_archived(&store, &chain.domains, &chain.origin(), Height(4), 2);
    assert_eq!(none.unwrap(), None);
}

#[test]
fn a_block_with_its_own_certificate_needs_no_index() {
    let chain = Chain::new(2, &[2]);
    for (place, uetr_of) in [(0, uetr(4)), (1, uetr(5))] {
        let proof = of_committed(&chain.blocks[1], place, &chain.origin()).unwrap();
        let (_, proven) = chain.verify(&proof);
        assert!(matches!(proven, Proven::Payment(receipt) if receipt.uetr == Some(uetr_of)));
    }
    assert_eq!(of_committed(&chain.blocks[0], 0, &chain.origin()), None);
    assert_eq!(of_committed(&chain.blocks[1], 2, &chain.origin()), None);
}

#[test]
fn receipts_are_found_by_their_transaction() {
    let chain = Chain::new(1, &[]);
    for (place, number) in [(0, 2), (1, 3)] {
        let id = payment(&chain.domains, number).id();
        let (first, booked) = chain.blocks[0].booked_by(id);
        assert_eq!((first, booked.len()), (place, 1));
        assert_eq!(booked[0].receipt.transaction, id);
    }
    assert!(chain.blocks[0].booked_by(payment(&chain.domains, 9).id()).1.is_empty());
}

#[test]
fn absences_by_row() {
    let chain = Chain::new(3, &[3]);
    let last = &chain.blocks[2];
    let certified =
        Certified { tip: chain.tip.clone(), certificate: last.certificate.clone().unwrap() };
    let time = chain.tip.header().time;
    let bucket = chain.genesis.parameters.marker_bucket_ms;
    let oldest = Timestamp(chain.tip.state().oldest_bucket_at(time) * bucket);
    let prove =
        |number, from, until| absence(&certified, &chain.origin(), uetr(number), (from, until));
    for (from, until) in
        [(time.minus(1_000), time.minus(1)), (oldest, oldest), (oldest, oldest.plus(86_400_000))]
    {
        let (_, proven) = chain.verify(&prove(99, from, until).unwrap());
        assert!(matches!(proven, Proven::NoPayment { uetr: absent, .. } if absent == uetr(99)));
    }
    for (number, from, until, refusal) in [
        (99, time.minus(1), time.minus(2), AbsenceRefusal::Span),
        (99, time.minus(86_400_002), time.minus(1), AbsenceRefusal::Span),
        (2, time.minus(2), time.minus(1), AbsenceRefusal::Happened),
        (99, time.minus(1), time, AbsenceRefusal::TooEarly),
        (99, oldest.minus(1), oldest, AbsenceRefusal::TooLate),
    ] {
        assert_eq!(prove(number, from, until).unwrap_err(), refusal);
    }
}
