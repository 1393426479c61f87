//! Governance of the test network: who asks for changes, who approves, who signs for a validator.

use ledger::account::{Institution, KeySet, NodeRecord, Roles};
use ledger::block::Header;
use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::crypto::{PublicKey, SecretKey};
use ledger::governance::{Change, ProposalStatus};
use ledger::hash::Domains;
use ledger::ids::{Bic, InstitutionNumber, ProposalNumber, View};
use ledger::light::{EpochChange, Progress};
use ledger::operation::Operation;
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::validators::ValidatorSet;

use super::{World, compliance, key, operator};

/// The number of the next institution.
pub const FIFTH: InstitutionNumber = InstitutionNumber(5);

/// A voting key of a bank: of the genesis document for an empty `label`, a later one otherwise.
pub fn voting(bank: InstitutionNumber, label: &str) -> SecretKey {
    key(&format!("vote {}{label}", bank.0))
}

pub fn public(label: &str) -> PublicKey {
    key(label).public()
}

pub fn node(label: &str) -> NodeRecord {
    NodeRecord { node_key: public(label), address: "node.bank.example:7600".to_owned() }
}

/// An institution that may issue, with the keys that `operator` and `compliance` know.
pub fn newcomer(number: InstitutionNumber, bic: &str) -> Institution {
    Institution {
        bic: Bic::parse(bic).unwrap(),
        name: format!("Bank {}", number.0),
        operators: KeySet::single(operator(number).public()),
        compliance: compliance(number).public(),
        roles: Roles { validator: false, issuer: true, dealer: false },
    }
}

pub fn admission() -> Change {
    Change::AdmitInstitution { institution: newcomer(FIFTH, "BOFAUS3N"), node: None }
}

/// Gives `institution` a validator with its key and node of `label`.
pub fn addition(institution: InstitutionNumber, label: &str) -> Change {
    let voting_key = voting(institution, label).public();
    let node = node(&format!("node {}{label}", institution.0));
    Change::AddValidator { institution, voting_key, node }
}

pub fn rotation(institution: InstitutionNumber, label: &str) -> Change {
    let voting_key = voting(institution, label).public();
    Change::RotateValidatorKey { institution, voting_key }
}

pub const fn dismissal(institution: InstitutionNumber) -> Change {
    Change::RemoveValidator { institution }
}

impl World {
    /// The institutions with a validator that decides the next block.
    pub fn governing(&self) -> Vec<InstitutionNumber> {
        let validators = self.tip.child_validators();
        validators.iter().map(|(_, validator)| validator.institution).collect()
    }

    pub fn proposing(&self, institution: InstitutionNumber, change: Change) -> Operation {
        let expires = self.time().plus(3_600_000);
        Operation::Propose { institution, change: Box::new(change), expires }
    }

    /// The first governing member proposes.
    pub fn propose(&mut self, change: Change) -> Result<ProposalNumber, Rejection> {
        let proposer = self.governing()[0];
        let propose = self.proposing(proposer, change);
        match self.submit(propose, &[operator(proposer)]) {
            Outcome::Proposed(number) => Ok(number),
            Outcome::Rejected(rejection) => Err(rejection),
            Outcome::Done
            | Outcome::Settled(_)
            | Outcome::Held(_)
            | Outcome::Released(_)
            | Outcome::Returned(_)
            | Outcome::RecallRequested(_)
            | Outcome::RecallRefused(_)
            | Outcome::AwaitingApproval(_)
            | Outcome::AwaitingReview(_)
            | Outcome::Queued(_)
            | Outcome::Refused(_) => {
                panic!("a proposal has a number")
            }
        }
    }

    pub fn vote(
        &mut self,
        institution: InstitutionNumber,
        proposal: ProposalNumber,
        approve: bool,
    ) -> Result<(), Rejection> {
        let vote = Operation::Vote { institution, proposal, approve };
        self.submit(vote, &[operator(institution)]).rejection().map_or(Ok(()), Err)
    }

    pub fn enact(
        &mut self,
        institution: InstitutionNumber,
        proposal: ProposalNumber,
    ) -> Result<(), Rejection> {
        let enact = Operation::Enact { institution, proposal };
        self.submit(enact, &[operator(institution)]).rejection().map_or(Ok(()), Err)
    }

    /// Proposes, and has as many approve as must.
    pub fn approved(&mut self, change: Change) -> ProposalNumber {
        let number = self.propose(change).unwrap();
        let quorum = self.tip.child_validators().quorum();
        for institution in self.governing().into_iter().take(quorum).skip(1) {
            self.vote(institution, number, true).unwrap();
        }
        assert_eq!(self.status(number), ProposalStatus::Approved);
        number
    }

    /// Proposes, approves and enacts, in blocks of their own.
    pub fn decide(&mut self, change: Change) -> ProposalNumber {
        let number = self.approved(change);
        let enacting = self.governing()[0];
        self.enact(enacting, number).unwrap();
        number
    }

    pub fn status(&self, number: ProposalNumber) -> ProposalStatus {
        let proposal = self.tip.state().proposal(number).unwrap();
        proposal.status(self.tip.child_validators(), self.tip.header().time)
    }
}

/// The finalization of `header` in `view` by `signers`, in the order of the set's indexes.
pub fn finalized(
    domains: &Domains,
    header: &Header,
    view: View,
    validators: &ValidatorSet,
    signers: impl Fn(InstitutionNumber) -> Option<SecretKey>,
) -> Certificate {
    let block = header.hash(domains);
    let subject = VoteSubject { epoch: header.epoch, view, kind: VoteKind::Finalize, block };
    let votes = validators.iter().filter_map(|(index, validator)| {
        let key = signers(validator.institution)?;
        Some((index, Vote::sign(domains, &key, index, subject).signature))
    });
    Certificate::assemble(subject, validators.count(), votes)
}

/// The way of a light client along `epochs` to `header`.
pub const fn progress(
    epochs: Vec<EpochChange>,
    header: Header,
    certificate: Certificate,
) -> Progress {
    Progress { epochs, header, certificate }
}
