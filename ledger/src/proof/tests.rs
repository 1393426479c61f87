//! A small chain, proofs of all kinds on it, and every way to spoil them.

mod statements;

use super::*;
use crate::account::{Institution, KeySet, Policy, Roles};
use crate::block::Cut;
use crate::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use crate::chain::{Executed, Tip};
use crate::crypto::{SecretKey, Suite};
use crate::genesis::{Member, MemberValidator, Parameters};
use crate::hash::Hash;
use crate::ids::{
    AccountId, AssetCode, Bic, InstitutionNumber, Network, Uetr, ValidatorIndex, View,
};
use crate::light::{Advance, Refusal};
use crate::merkle;
use crate::money::{Amount, Decimals, Money};
use crate::operation::{AssetKind, Operation};
use crate::receipt::Outcome;
use crate::state::{MarkerKey, StateKey};
use crate::transaction::{SignedTransaction, Transaction, VerifiedTransaction, verify_all};

const SUITE: Suite = Suite::Ed25519Blake3;
const START: Timestamp = Timestamp(1_795_000_000_000);
const BICS: [&str; 4] = ["DBSSSGSG", "HSBCHKHH", "ICBKCNBJ", "PSBCCNBJ"];

fn key(role: u8, index: u8) -> SecretKey {
    let mut seed = [role; 32];
    seed[0] = index;
    SecretKey::from_seed(SUITE, seed)
}

fn genesis() -> GenesisDocument {
    let member = |(index, bic): (u8, &str)| Member {
        institution: Institution {
            bic: Bic::parse(bic).unwrap(),
            name: bic.to_owned(),
            operators: KeySet::single(key(1, index).public()),
            compliance: key(2, index).public(),
            roles: Roles { validator: true, issuer: true, dealer: true },
        },
        validator: Some(MemberValidator {
            voting_key: key(3, index).public(),
            node_key: key(4, index).public(),
            address: "127.0.0.1:1".to_owned(),
        }),
    };
    GenesisDocument {
        suite: SUITE,
        network: Network::Devnet,
        name: "test".to_owned(),
        time: START,
        parameters: Parameters::USUAL,
        members: (0_u8..).zip(BICS).map(member).collect(),
    }
}

fn certificate(domains: &Domains, header: &Header) -> Certificate {
    let subject = VoteSubject {
        epoch: header.epoch,
        view: header.view,
        kind: VoteKind::Finalize,
        block: header.hash(domains),
    };
    let votes = (0_u8..3).map(|index| {
        let validator = ValidatorIndex(u16::from(index));
        (validator, Vote::sign(domains, &key(3, index), validator, subject).signature)
    });
    Certificate::assemble(subject, 4, votes)
}

fn account() -> AccountId {
    AccountId::new(InstitutionNumber(4), [9; 12])
}

fn cny() -> AssetCode {
    AssetCode::parse("CNY").unwrap()
}

fn uetr(number: u8) -> Uetr {
    Uetr::from_entropy([number; 16])
}

fn order(domains: &Domains, operations: Vec<Operation>) -> VerifiedTransaction {
    let operator = key(1, 3);
    let transaction = Transaction {
        suite: SUITE,
        chain_id: domains.chain_id(),
        valid_from: START,
        valid_until: START.plus(1_200_000),
        operations,
        atomic: false,
        signers: vec![operator.public()],
    };
    let signatures = vec![operator.sign(&transaction.id(domains))];
    verify_all(domains, vec![SignedTransaction { transaction, signatures }]).remove(0).unwrap()
}

/// A chain of four blocks: an account gets 100.00 CNY in the second and 5.00 and 2.00 CNY in the
/// fourth; the third is empty.
struct Chain {
    domains: Domains,
    genesis: GenesisDocument,
    blocks: Vec<Executed>,
}

impl Chain {
    fn new() -> Self {
        let genesis = genesis();
        let domains = genesis.domains();
        let mut blocks = vec![Tip::genesis(&genesis).unwrap()];
        let issuer = InstitutionNumber(4);
        let decimals = Decimals(2);
        let issue = |number, amount| Operation::Issue {
            uetr: uetr(number),
            to: account(),
            amount: Money::new(Amount(amount), cny()),
        };
        let opening = vec![
            Operation::RegisterAsset { code: cny(), kind: AssetKind::Currency, decimals, issuer },
            Operation::OpenAccount {
                account: account(),
                policy: Policy::single(key(5, 0).public()),
                tier: 1,
            },
        ];
        let later = vec![issue(3, 500), issue(4, 200)];
        let contents = [opening, vec![issue(1, 10_000), issue(2, 0)], vec![], later];
        for (view, operations) in (1_u64..).zip(contents) {
            let tip = &blocks.last().unwrap().tip;
            let transactions: Vec<_> =
                if operations.is_empty() { Vec::new() } else { vec![order(&domains, operations)] };
            let time = START.plus(view * 250_000);
            let cut = Cut::empty(4);
            blocks.push(tip.build(View(view), ValidatorIndex(0), time, cut, &transactions));
        }
        Self { domains, genesis, blocks }
    }

    fn header(&self, height: usize) -> Header {
        self.blocks[height].block.header.clone()
    }

    fn progress(&self, height: usize) -> Progress {
        let header = self.header(height);
        let certificate = certificate(&self.domains, &header);
        Progress { epochs: Vec::new(), header, certificate }
    }

    fn proof(&self, claim: Claim, height: usize) -> Proof {
        let genesis = self.genesis.clone();
        Proof { claim, ancestor: None, progress: self.progress(height), genesis }
    }

    fn payment(&self, index: usize) -> Proof {
        let block = &self.blocks[2];
        let receipt = block.booked[index].receipt.clone();
        let path = merkle::prove(&self.domains, &block.leaves, index as u64).unwrap();
        self.proof(Claim::Payment { receipt, path }, 2)
    }

    fn old_payment(&self) -> Proof {
        let nodes: std::collections::BTreeMap<u64, Hash> =
            self.blocks.iter().flat_map(|block| block.history_nodes.clone()).collect();
        let path = HistoryProof::prove(&self.domains, 2, 3, |at| nodes.get(&at).copied()).unwrap();
        let ancestor = Some(Ancestor { header: self.header(2), path });
        Proof { ancestor, progress: self.progress(3), ..self.payment(0) }
    }

    fn holding(&self) -> Proof {
        self.holding_at(account(), 3)
    }

    fn holding_at(&self, account: AccountId, height: usize) -> Proof {
        let state = self.blocks[height].tip.state();
        let claim = Claim::Holding {
            account,
            asset: cny(),
            holding: state.holding(account, cny()),
            path: state.prove(&StateKey::Holding(account, cny())),
        };
        self.proof(claim, height)
    }

    fn account(&self) -> Proof {
        let state = self.blocks[3].tip.state();
        let claim = Claim::Account {
            account: account(),
            record: state.account(account()),
            path: state.prove(&StateKey::Account(account())),
        };
        self.proof(claim, 3)
    }

    fn absence(&self, number: u8, height: usize) -> Proof {
        let state = self.blocks[height].tip.state();
        let parameters = *state.parameters();
        let (valid_from, valid_until) = (START, START.plus(600_000));
        let key = MarkerKey::Payment(uetr(number));
        let buckets = Absence::buckets_of(valid_from, valid_until, &parameters)
            .map(|bucket| state.prove_marker(bucket, &key))
            .collect();
        let claim = Claim::NoPayment(Absence {
            uetr: uetr(number),
            valid_from,
            valid_until,
            parameters,
            parameters_path: state.prove(&StateKey::Parameters),
            buckets,
        });
        self.proof(claim, height)
    }
}

#[test]
fn every_kind_of_proof_is_accepted_and_says_what_happened() {
    let chain = Chain::new();
    let trusted = chain.domains.chain_id();
    let read = |proof: Proof| {
        let file = proof.encode();
        assert_eq!(Proof::decode(&file).unwrap(), proof);
        proof.verify(trusted).unwrap()
    };
    let verdict = read(chain.payment(0));
    assert_eq!((verdict.signers, verdict.validators, verdict.quorum), (3, 4, 3));
    let Proven::Payment(receipt) = verdict.proven else { panic!("a payment") };
    assert!(matches!(receipt.outcome, Outcome::Settled(_)));
    let Proven::Payment(failed) = read(chain.payment(1)).proven else { panic!("a payment") };
    assert_eq!(failed.outcome.iso_status(), "RJCT");
    assert_eq!(read(chain.old_payment()).header.height.0, 2);
    let Proven::Holding { holding, .. } = read(chain.holding()).proven else { panic!("a holding") };
    assert_eq!(holding.unwrap().posted, Amount(10_000));
    let Proven::Account { record, .. } = read(chain.account()).proven else { panic!("an account") };
    assert_eq!(record.unwrap().open_holdings, 1);
    assert!(matches!(read(chain.absence(7, 3)).proven, Proven::NoPayment { .. }));
}

#[test]
fn any_one_changed_byte_is_refused() {
    let chain = Chain::new();
    let trusted = chain.domains.chain_id();
    for proof in [
        chain.payment(0),
        chain.old_payment(),
        chain.holding(),
        chain.account(),
        chain.absence(7, 3),
    ] {
        let file = proof.encode();
        for place in 0..file.len() {
            let mut changed = file.clone();
            changed[place] ^= 1 << (place % 8);
            let verdict = Proof::decode(&changed).and_then(|proof| proof.verify(trusted));
            assert!(verdict.is_err(), "byte {place} of {} does not matter", file.len());
        }
        assert!(Proof::decode(&file[..file.len() - 1]).is_err());
        assert!(Proof::decode(&[file, vec![0]].concat()).is_err());
    }
}

#[test]
fn an_absence_must_be_final_and_true() {
    let chain = Chain::new();
    let trusted = chain.domains.chain_id();
    // Block 1 is at 250 s; the payment could still happen until 600 s.
    assert_eq!(chain.absence(7, 1).verify(trusted), Err(ProofError::TooEarly));
    assert!(matches!(chain.absence(1, 3).verify(trusted), Err(ProofError::Claim { .. })));
}

#[test]
fn another_chain_and_another_certificate_are_refused() {
    let chain = Chain::new();
    let mut other = chain.payment(0);
    other.genesis.name = "other".to_owned();
    assert!(matches!(
        other.verify(chain.domains.chain_id()),
        Err(ProofError::Trust(Refusal::OtherChain { .. }))
    ));
    let mut moved = chain.payment(0);
    moved.progress.certificate = chain.progress(3).certificate;
    assert_eq!(
        moved.verify(chain.domains.chain_id()),
        Err(ProofError::Trust(Refusal::NotCertified))
    );
}

#[test]
fn a_client_follows_stops_on_conflict_and_forgets_old_trust() {
    let chain = Chain::new();
    let domains = &chain.domains;
    let trusted = domains.chain_id();
    let mut client = TrustedState::genesis(trusted, &chain.genesis).unwrap();
    let now = START.plus(2_000_000);
    let advance = client.advance(domains, &chain.progress(2), now).unwrap();
    assert_eq!(advance, Advance::To(crate::ids::Height(2)));
    assert_eq!(client.advance(domains, &chain.progress(1), now), Ok(Advance::NotNewer));
    let expired = now.plus(crate::light::TRUSTING_PERIOD_MS);
    let refused = client.clone().advance(domains, &chain.progress(3), expired);
    assert_eq!(refused, Err(Refusal::TrustExpired));
    let mut forked = chain.progress(2);
    forked.header.state_root = Hash([1; 32]);
    forked.certificate = certificate(domains, &forked.header);
    let conflict = client.advance(domains, &forked, now);
    assert!(matches!(conflict, Err(Refusal::Conflict { .. })));
    assert_eq!(client, TrustedState::Stopped);
    assert!(client.advance(domains, &chain.progress(3), now).is_err());
}
