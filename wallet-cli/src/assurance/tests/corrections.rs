//! Returns, recalls and answers that differ from their order in one thing each.

use ledger::block::Header;
use ledger::certificate::{Certificate, VoteKind, VoteSubject};
use ledger::corrections::{Evidence as Carried, Reason, RecallRequest};
use ledger::ids::{Bic, Epoch, ValidatorIndex, View};
use ledger::merkle;
use ledger::validators::{Validator, ValidatorSet};

use super::*;

const PAYMENT: Uetr = Uetr::from_entropy([8; 16]);

/// The evidence of a payment of account 1 to account 2, by nobody's certificate.
fn carried() -> Carried {
    let chain = ChainId(Hash([7; 32]));
    let domains = Domains::new(Suite::Ed25519Blake3, chain);
    let receipt = Receipt { uetr: Some(PAYMENT), ..receipt(Outcome::Settled(settlement())) };
    let block = Hash([8; 32]);
    let (epoch, view, kind) = (Epoch(0), View(1), VoteKind::Finalize);
    let validator = Validator {
        institution: InstitutionNumber(1),
        bic: Bic::parse("PSBCCNBJ").unwrap(),
        key: SecretKey::from_seed(Suite::Ed25519Blake3, [1; 32]).public(),
    };
    Carried {
        path: merkle::prove(&domains, &[receipt.hash(&domains)], 0).unwrap(),
        receipt,
        ancestor: None,
        header: Header {
            suite: Suite::Ed25519Blake3,
            chain_id: chain,
            epoch,
            height: Height(5),
            view,
            parent: Hash::ZERO,
            time: Timestamp(1),
            lanes_root: Hash::ZERO,
            receipts_root: Hash::ZERO,
            state_root: Hash::ZERO,
            history_root: Hash::ZERO,
            validators_hash: Hash::ZERO,
            next_validators_hash: Hash::ZERO,
            proposer: ValidatorIndex(0),
        },
        certificate: Certificate::assemble(VoteSubject { epoch, view, kind, block }, 1, []),
        validators: ValidatorSet::new(vec![validator]).unwrap(),
    }
}

fn reason(code: &str) -> Reason {
    Reason::parse(code).unwrap()
}

fn reversal() -> Reversal {
    Reversal {
        payment: PAYMENT,
        from: account(2),
        to: account(1),
        amount: money(4_000, "CNY"),
        reason: reason("AC04"),
        total: Amount(4_000),
        credited: Amount(10_000),
    }
}

#[test]
fn a_return_is_of_the_payment_and_the_amount_that_were_ordered() {
    let back = Operation::Return(Box::new(Return {
        uetr: uetr(),
        evidence: carried(),
        amount: money(4_000, "CNY"),
        reason: reason("AC04"),
    }));
    let verdict = |reversal| differs(&receipt(Outcome::Returned(reversal)), &back);
    assert_eq!(verdict(reversal()), None);
    for changed in [
        Reversal { payment: uetr(), ..reversal() },
        Reversal { from: account(3), ..reversal() },
        Reversal { to: account(3), ..reversal() },
        Reversal { amount: money(4_001, "CNY"), ..reversal() },
        Reversal { reason: reason("CUST"), ..reversal() },
    ] {
        assert!(verdict(changed.clone()).is_some(), "{changed:?}");
    }
    assert!(differs(&receipt(Outcome::Settled(settlement())), &back).is_some());
}

#[test]
fn what_is_given_back_is_what_the_answer_says() {
    let amount = money(4_000, "CNY");
    let answer = RecallAnswer::Accept { uetr: uetr(), amount };
    let accept = Operation::AnswerRecall { payment: PAYMENT, answer };
    let verdict = |reversal| differs(&receipt(Outcome::Returned(reversal)), &accept);
    assert_eq!(verdict(reversal()), None);
    for changed in [
        Reversal { payment: uetr(), ..reversal() },
        Reversal { amount: money(4_001, "CNY"), ..reversal() },
    ] {
        assert!(verdict(changed.clone()).is_some(), "{changed:?}");
    }
}

#[test]
fn a_recall_and_its_refusal_are_a_nodes_word() {
    let transaction = Hash([1; 32]);
    let chain = Chain { network: Network::Devnet, id: ChainId(Hash([7; 32])) };
    let naming = crate::network::naming(Network::Devnet, &[]);
    let view = |outcome| {
        let receipt =
            Receipt { transaction, operation: 0, uetr: None, outcome, rules: RulesMet::default() };
        ReceiptView::new(&receipt, Some((Height(5), Timestamp(1_000))), &naming)
    };
    let (amount, deadline) = (money(4_000, "CNY"), Timestamp(9));
    let request = RecallRequest { evidence: carried(), amount, reason: reason("DUPL"), deadline };
    let request = Operation::RequestRecall(Box::new(request));
    let requested = requested(&request).unwrap();
    let answer = RecallAnswer::Refuse { reason: reason("NOAS") };
    let refuse = Operation::AnswerRecall { payment: PAYMENT, answer };
    let refused = Outcome::RecallRefused(ledger::receipt::RecallRefused {
        payment: PAYMENT,
        from: account(1),
        to: account(2),
        amount,
        reason: reason("NOAS"),
    });
    let told = |operation: &Operation, outcome: &Outcome| {
        let expected = Expected { transaction, operation: operation.clone() };
        check(&chain, &view(outcome.clone()), &expected).map(|ended| ended.receipt.outcome).ok()
    };
    assert_eq!(told(&request, &requested), Some(requested.clone()));
    assert_eq!(told(&refuse, &refused), Some(Outcome::Done));
    assert_eq!(told(&refuse, &requested), None);
    assert_eq!(told(&request, &refused), None);
}
