//! Evidence of the test network: every founder's validator finalizes what its banks executed.

use std::collections::BTreeMap;

use ledger::block::Header;
use ledger::certificate::Certificate;
use ledger::chain::Executed;
use ledger::corrections::{Evidence, Reason, RecallAnswer, RecallRequest, Return};
use ledger::crypto::SecretKey;
use ledger::hash::{Domains, Hash};
use ledger::history::HistoryProof;
use ledger::merkle;
use ledger::money::Money;
use ledger::operation::Operation;
use ledger::proof::Ancestor;
use ledger::validators::ValidatorSet;

use super::governance::{finalized, voting};
use super::{Order, World};

/// The finalization of `header` by all `validators`, whose keys are those of `label`.
pub fn finalization(
    domains: &Domains,
    header: &Header,
    validators: &ValidatorSet,
    label: &str,
) -> Certificate {
    finalized(domains, header, header.view, validators, |bank| Some(voting(bank, label)))
}

/// The evidence of the receipt at `place`, from the block's own certificate.
pub fn evidence(executed: &Executed, place: usize) -> Evidence {
    let domains = executed.tip.domains();
    let validators = executed.tip.validators().clone();
    let header = executed.block.header.clone();
    Evidence {
        receipt: executed.booked[place].receipt.clone(),
        path: merkle::prove(domains, &executed.leaves, u64::try_from(place).unwrap()).unwrap(),
        ancestor: None,
        certificate: finalization(domains, &header, &validators, ""),
        header,
        validators,
    }
}

/// The evidence of a receipt of `old` from the certificate of the later block `late`; `nodes` are
/// those of the history.
pub fn later_evidence(
    old: &Executed,
    place: usize,
    late: &Executed,
    nodes: &BTreeMap<u64, Hash>,
) -> Evidence {
    let (header, height) = (old.block.header.clone(), late.block.header.height.0);
    let node = |position| nodes.get(&position).copied();
    let domains = old.tip.domains();
    let path = HistoryProof::prove(domains, header.height.0, height, node).unwrap();
    let own = evidence(old, place);
    let certified = late.block.header.clone();
    Evidence {
        ancestor: Some(Ancestor { header, path }),
        certificate: finalization(domains, &certified, &own.validators, ""),
        header: certified,
        ..own
    }
}

/// Refuses a recall.
pub fn refuse(evidence: &Evidence) -> Operation {
    let answer = RecallAnswer::Refuse { reason: Reason::parse("NOAS").unwrap() };
    Operation::AnswerRecall { payment: evidence.receipt.uetr.unwrap(), answer }
}

impl World {
    /// Executes one operation, which must not be rejected, in a block of its own; gives the
    /// evidence.
    pub fn prove(&mut self, operation: Operation, signers: &[SecretKey]) -> Evidence {
        let order = Order::one(operation, signers);
        let executed = self.block(&[self.verified(&order)]);
        let evidence = evidence(&executed, 0);
        assert_eq!(evidence.receipt.outcome.rejection(), None);
        evidence
    }

    /// Asks `amount` of the proven payment back, to be answered within an hour.
    pub fn ask_back(&self, evidence: &Evidence, amount: Money) -> Operation {
        let (evidence, reason) = (evidence.clone(), Reason::parse("DUPL").unwrap());
        let deadline = self.time().plus(3_600_000);
        Operation::RequestRecall(Box::new(RecallRequest { evidence, amount, reason, deadline }))
    }

    /// Accepts a recall.
    pub fn accept(&mut self, evidence: &Evidence, amount: Money) -> Operation {
        let payment = evidence.receipt.uetr.unwrap();
        let answer = RecallAnswer::Accept { uetr: self.fresh_uetr(), amount };
        Operation::AnswerRecall { payment, answer }
    }

    /// Returns `amount` of the proven payment because the customer asked for it.
    pub fn send_back(&mut self, evidence: &Evidence, amount: Money) -> Operation {
        let (uetr, reason) = (self.fresh_uetr(), Reason::parse("CUST").unwrap());
        Operation::Return(Box::new(Return { uetr, evidence: evidence.clone(), amount, reason }))
    }
}
