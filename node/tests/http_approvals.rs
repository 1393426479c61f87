//! Payments that wait for approvals through the API of a real node: simulated, ordered, listed,
//! approved, refused.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::account::AccountView;
use api::transaction::{PaymentView, SimulationAnswer};
use ledger::codec;
use ledger::proof::{Proof, Proven};
use single::approvals::{answered, approve, list, refuse, started};
use single::{HOST, OCTETS, Single, key, uetr};

fn view(node: &Single, number: u64) -> PaymentView {
    node.get(&format!("/v1/payments/{}", uetr(number))).json()
}

fn events(view: &PaymentView) -> Vec<&str> {
    view.timeline.iter().map(|step| step.event.as_str()).collect()
}

#[test]
fn a_payment_waits_is_listed_and_is_paid_by_its_last_approval() {
    let node = started();
    let account: AccountView =
        node.get(&format!("/v1/accounts/{}", node.address_of(HOST, "wei"))).json();
    let rules = account.policy.step_up.unwrap();
    assert_eq!((rules.rules[0].above.as_str(), rules.rules[0].approvals), ("100.00 CNY", 2));

    let signed = node.signed_payment(1, 20_000);
    let bytes = codec::encode(&signed);
    let simulated: SimulationAnswer = node.post("/v1/transactions/simulate", OCTETS, &bytes).json();
    assert_eq!(simulated.receipts[0].status, "awaiting-approval");
    let asked: Vec<_> =
        simulated.approvals.iter().map(|one| (one.asked.as_str(), one.missing)).collect();
    assert_eq!(asked, [("owners", 0), ("approvers", 2)]);

    let receipt = node.settle(&signed).receipts.remove(0);
    assert_eq!(
        (receipt.status.as_str(), receipt.iso_status.as_str()),
        ("awaiting-approval", "PATC")
    );
    assert_eq!(receipt.held.as_deref(), Some("201.50 CNY"));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("awaiting-approval", "PATC"));
    assert_eq!(shown.next_actor.as_deref(), Some("approvers"));
    assert_eq!((shown.deadline.clone(), shown.waiting.is_some()), (receipt.deadline, true));
    assert_eq!(events(&shown), ["received", "awaiting-approval"]);
    let waiting = list(&node).remove(0);
    assert_eq!(Some(&waiting), shown.waiting.as_ref());
    assert_eq!((waiting.amount.as_str(), waiting.fee.as_str()), ("200.00 CNY", "1.50 CNY"));

    // A stranger's approval does not enter the ledger.
    let strange = codec::encode(&answered(&node, &waiting, &key(99), approve));
    let refused = node.post("/v1/transactions?wait=final", OCTETS, &strange);
    assert_eq!(refused.problem().code, "signers-missing");

    let first = node.settle(&answered(&node, &waiting, &key(60), approve)).receipts.remove(0);
    assert_eq!(first.status, "awaiting-approval");
    let shown = view(&node, 1);
    assert_eq!(events(&shown), ["received", "awaiting-approval", "approved"]);
    assert_eq!(shown.waiting.unwrap().approvals.unwrap().given, [key(60).public().to_hex()]);

    let last = node.settle(&answered(&node, &waiting, &key(61), approve)).receipts.remove(0);
    assert_eq!((last.status.as_str(), last.id.clone()), ("settled", Some(uetr(1).to_string())));
    let proof = Proof::decode(&api::text::parse_base64(&last.proof.unwrap()).unwrap()).unwrap();
    let proven = proof.verify(node.domains.chain_id()).unwrap().proven;
    let Proven::Payment(proven) = proven else { panic!("a payment") };
    assert_eq!(proven.uetr, Some(uetr(1)));
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("settled", "ACSC"));
    assert_eq!(events(&shown), ["received", "awaiting-approval", "settled"]);
    assert!(list(&node).is_empty() && shown.waiting.is_none());
    assert_eq!(node.balance(1, "lee", "CNY"), 20_000);
}

#[test]
fn a_refused_payment_is_rejected_and_its_funds_are_free() {
    let node = started();
    node.settle(&node.signed_payment(1, 20_000));
    let waiting = list(&node).remove(0);
    let receipt = node.settle(&answered(&node, &waiting, &key(61), refuse)).receipts.remove(0);
    assert_eq!((receipt.status.as_str(), receipt.reason.as_deref()), ("refused", Some("declined")));
    // The wait outlives a restart no more than its end does.
    let node = node.restart();
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("refused", "RJCT"));
    assert_eq!(shown.iso_reason.as_deref(), Some("DS02"));
    assert_eq!((shown.next_actor, shown.waiting), (None, None));
    let late = codec::encode(&answered(&node, &waiting, &key(60), approve));
    let answer = node.post("/v1/transactions?wait=final", OCTETS, &late);
    assert_eq!(answer.problem().code, "not-held");
    let account: AccountView =
        node.get(&format!("/v1/accounts/{}", node.address_of(HOST, "wei"))).json();
    assert_eq!(account.holdings[0].available, "1000.00 CNY");
}
