//! A light client across changes of epoch, and everything that must not carry it over one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use ledger::block::Header;
use ledger::certificate::{Certificate, CertificateError};
use ledger::governance::Change;
use ledger::hash::Domains;
use ledger::ids::{Epoch, InstitutionNumber, Timestamp, View};
use ledger::light::{Advance, EpochChange, Progress, Refusal, TrustedState};
use ledger::proof::{Claim, Proof, ProofError, Proven};
use ledger::state::StateKey;
use ledger::validators::ValidatorSet;
use support::governance::*;
use support::*;

/// Four epochs: the genesis validators; the third bank's key rotated; the fifth bank instead of the
/// fourth; the fourth bank added again, with another key.
struct Chain {
    world: World,
    domains: Domains,
    /// The last block of each epoch, certified.
    ends: Vec<EpochChange>,
    /// A block within each epoch, with the epoch's validators.
    within: Vec<(Header, ValidatorSet)>,
}

impl Chain {
    fn new() -> Self {
        let world = World::new();
        let domains = world.domains().clone();
        let mut chain = Self { world, domains, ends: Vec::new(), within: Vec::new() };
        chain.world.decide(admission());
        let replacement = Change::ReplaceValidator {
            leaving: POST,
            entering: FIFTH,
            voting_key: voting(FIFTH, "").public(),
            node: node("node 5"),
        };
        for change in [rotation(CHINA, "b"), replacement, addition(POST, "b")] {
            let number = chain.world.approved(change);
            chain.note();
            let enacting = chain.world.governing()[0];
            chain.world.enact(enacting, number).unwrap();
            let (header, validators) = chain.tip();
            let next = chain.world.tip.child_validators().as_ref().clone();
            let certificate = chain.certified(&header, header.view, &validators);
            chain.ends.push(EpochChange { header, certificate, next });
        }
        chain.world.block(&[]);
        chain.note();
        chain
    }

    fn tip(&self) -> (Header, ValidatorSet) {
        (self.world.tip.header().clone(), self.world.tip.validators().clone())
    }

    fn note(&mut self) {
        let within = self.tip();
        self.within.push(within);
    }

    fn certified(&self, header: &Header, view: View, validators: &ValidatorSet) -> Certificate {
        let signer = |bank: InstitutionNumber| {
            let (_, validator) = validators.of(bank)?;
            let keys = ["", "b"].into_iter().map(|label| voting(bank, label));
            keys.into_iter().find(|key| key.public() == validator.key)
        };
        finalized(&self.domains, header, view, validators, signer)
    }

    /// The way from the beginning to a block within the epoch `number`.
    fn progress(&self, number: usize) -> Progress {
        let (header, validators) = &self.within[number];
        let certificate = self.certified(header, header.view, validators);
        progress(self.ends[..number].to_vec(), header.clone(), certificate)
    }

    fn client(&self) -> TrustedState {
        TrustedState::genesis(self.domains.chain_id(), &document()).unwrap()
    }

    fn now(&self) -> Timestamp {
        self.world.tip.header().time
    }

    fn certify(&self, progress: &Progress) -> Result<Epoch, Refusal> {
        self.client().certify(&self.domains, progress).map(|(epoch, _)| epoch)
    }
}

#[test]
fn l28_a_client_follows_every_epoch_at_once_or_step_by_step() {
    let chain = Chain::new();
    for number in 0..4 {
        let epoch = Epoch(u64::try_from(number).unwrap());
        assert_eq!(chain.certify(&chain.progress(number)), Ok(epoch));
    }
    let mut client = chain.client();
    for number in 0..4 {
        let mut step = chain.progress(number);
        step.epochs.drain(..number.saturating_sub(1));
        let height = step.header.height;
        let advance = client.advance(&chain.domains, &step, chain.now());
        assert_eq!(advance, Ok(Advance::To(height)), "{number}");
        // To the epoch's last block too; from there the next step takes the change again.
        if let Some(end) = chain.ends.get(number) {
            let certificate = end.certificate.clone();
            let last = progress(Vec::new(), end.header.clone(), certificate);
            let height = end.header.height;
            let advance = client.advance(&chain.domains, &last, chain.now());
            assert_eq!(advance, Ok(Advance::To(height)), "{number}");
        }
    }
    let TrustedState::Following { epoch, validators, .. } = &client else { panic!("it stopped") };
    assert_eq!((*epoch, validators.count()), (Epoch(3), 5));
    let old = client.advance(&chain.domains, &chain.progress(1), chain.now());
    assert_eq!(old, Err(Refusal::EpochChain), "trust never goes back");
}

#[test]
fn l28_the_chain_of_epochs_has_no_gap_and_no_detour() {
    let chain = Chain::new();
    let spoiled = |spoil: &dyn Fn(&mut Progress)| {
        let mut progress = chain.progress(3);
        spoil(&mut progress);
        chain.certify(&progress)
    };
    assert_eq!(spoiled(&|_| ()), Ok(Epoch(3)));
    for skipped in 0..3 {
        let refused = spoiled(&|progress| drop(progress.epochs.remove(skipped)));
        assert_eq!(refused, Err(Refusal::EpochChain), "epoch {skipped} skipped");
    }
    let twice = spoiled(&|progress| progress.epochs.insert(1, progress.epochs[0].clone()));
    assert_eq!(twice, Err(Refusal::EpochChain));
    let swapped = spoiled(&|progress| progress.epochs.swap(0, 1));
    assert_eq!(swapped, Err(Refusal::EpochChain));
    let wrong_next = spoiled(&|progress| progress.epochs[1].next = progress.epochs[0].next.clone());
    assert_eq!(wrong_next, Err(Refusal::EpochChain));
    let beyond = spoiled(&|progress| {
        progress.epochs.push(EpochChange {
            header: progress.header.clone(),
            certificate: progress.certificate.clone(),
            next: chain.ends[2].next.clone(),
        });
    });
    assert_eq!(beyond, Err(Refusal::EpochChain), "a block that ends no epoch hands nothing over");
    let fewer = spoiled(&|progress| {
        let (header, validators) = chain.within[2].clone();
        progress.certificate = chain.certified(&header, header.view, &validators);
        progress.header = header;
    });
    assert_eq!(fewer, Err(Refusal::EpochChain), "a header of an epoch before");
}

#[test]
fn l28_the_old_validators_decide_nothing_of_a_new_epoch() {
    let chain = Chain::new();
    let signed_by = |number: usize, label: &dyn Fn(InstitutionNumber) -> &'static str| {
        let mut progress = chain.progress(number);
        let (header, validators) = &chain.within[number];
        let signer = |bank| Some(voting(bank, label(bank)));
        progress.certificate = finalized(&chain.domains, header, header.view, validators, signer);
        chain.certify(&progress)
    };
    let wrong = Err(Refusal::Certificate(CertificateError::Signature));
    let china = |label: &'static str| move |bank| if bank == CHINA { label } else { "" };
    assert_eq!(signed_by(1, &china("b")), Ok(Epoch(1)));
    assert_eq!(signed_by(1, &china("")), wrong, "the key before the rotation");
    // The four that were removed or replaced say that nothing ended.
    let (header, _) = &chain.within[3];
    let old = chain.within[0].1.clone();
    let mut forged = header.clone();
    forged.epoch = Epoch(0);
    forged.validators_hash = old.hash(&chain.domains);
    forged.next_validators_hash = forged.validators_hash;
    let certificate = chain.certified(&forged, forged.view, &old);
    let mut client = chain.client();
    client.advance(&chain.domains, &chain.progress(1), chain.now()).unwrap();
    let refused = client.advance(
        &chain.domains,
        &progress(Vec::new(), forged.clone(), certificate.clone()),
        chain.now(),
    );
    assert_eq!(refused, Err(Refusal::EpochChain));
    // As a header of the new epoch, under the hash of the old set.
    forged.epoch = Epoch(1);
    let certificate = chain.certified(&forged, forged.view, &old);
    let refused =
        client.advance(&chain.domains, &progress(Vec::new(), forged, certificate), chain.now());
    assert_eq!(refused, Err(Refusal::Header));
}

#[test]
fn l28_only_the_last_block_of_an_epoch_is_certified_in_a_later_view() {
    let chain = Chain::new();
    let in_view = |header: &Header, validators: &ValidatorSet, view: u64| {
        let certificate = chain.certified(header, View(view), validators);
        let number = usize::try_from(header.epoch.0).unwrap();
        chain.certify(&progress(chain.ends[..number].to_vec(), header.clone(), certificate))
    };
    let validators = [&chain.within[0].1, &chain.within[1].1, &chain.within[2].1];
    for (end, validators) in chain.ends.iter().zip(validators) {
        let (epoch, view) = (end.header.epoch, end.header.view.0);
        assert_eq!(in_view(&end.header, validators, view), Ok(epoch));
        assert_eq!(in_view(&end.header, validators, view + 1), Ok(epoch));
        assert_eq!(in_view(&end.header, validators, view + 900), Ok(epoch));
        let earlier = in_view(&end.header, validators, view - 1);
        assert_eq!(earlier, Err(Refusal::NotCertified));
    }
    for (header, validators) in &chain.within {
        for view in [header.view.0 - 1, header.view.0 + 1, header.view.0 + 900] {
            let refused = in_view(header, validators, view);
            assert_eq!(refused, Err(Refusal::NotCertified), "{}", header.height);
        }
    }
    // An epoch's end that was proposed again carries a client over as well.
    let mut progress = chain.progress(3);
    let again = &mut progress.epochs[1];
    again.certificate =
        chain.certified(&again.header, View(again.header.view.0 + 3), &chain.within[1].1);
    assert_eq!(chain.certify(&progress), Ok(Epoch(3)));
}

#[test]
fn l28_two_ends_of_one_epoch_stop_the_client() {
    let chain = Chain::new();
    let mut client = chain.client();
    let end = &chain.ends[0];
    let last = progress(Vec::new(), end.header.clone(), end.certificate.clone());
    client.advance(&chain.domains, &last, chain.now()).unwrap();
    let mut forked = chain.progress(1);
    let fork = &mut forked.epochs[0];
    fork.header.state_root = fork.header.parent;
    fork.certificate = chain.certified(&fork.header, fork.header.view, &chain.within[0].1);
    let conflict = client.advance(&chain.domains, &forked, chain.now());
    assert_eq!(conflict, Err(Refusal::Conflict { height: end.header.height }));
    assert_eq!(client, TrustedState::Stopped);
}

#[test]
fn a_proof_file_leads_through_the_epochs_to_the_genesis() {
    let chain = Chain::new();
    let state = chain.world.tip.state();
    let claim = Claim::Holding {
        account: wei(),
        asset: code("CNY"),
        holding: state.holding(wei(), code("CNY")),
        path: state.prove(&StateKey::Holding(wei(), code("CNY"))),
    };
    let proof = Proof { claim, ancestor: None, progress: chain.progress(3), genesis: document() };
    let read = Proof::decode(&proof.encode()).unwrap();
    let verdict = read.verify(chain.domains.chain_id()).unwrap();
    assert!(matches!(verdict.proven, Proven::Holding { holding: Some(_), .. }));
    assert_eq!((verdict.signers, verdict.validators, verdict.quorum), (5, 5, 4));
    let mut gap = read;
    gap.progress.epochs.remove(1);
    let refused = gap.verify(chain.domains.chain_id());
    assert_eq!(refused.err(), Some(ProofError::Trust(Refusal::EpochChain)));
}
