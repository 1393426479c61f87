//! Payments that institutions review through the API of a real node: simulated, ordered, listed,
//! released by the payer's bank, refused by the payee's.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::approval::{ReviewView, WaitingList, WaitingView};
use api::transaction::{PaymentView, SimulationAnswer};
use ledger::codec;
use ledger::crypto::SecretKey;
use ledger::hash::Hash;
use ledger::ids::InstitutionNumber;
use ledger::limits::{LimitRule, Limits, Measure, RuleName, RuleOutcome, Senders, Tiers};
use ledger::money::Amount;
use ledger::operation::{Operation, Pay};
use ledger::proof::{Proof, Proven};
use ledger::receipt::Outcome;
use ledger::transaction::SignedTransaction;
use ledger::waiting::{OrderHash, Refusal};
use single::{HOST, OCTETS, Single, asset, key, operator, uetr};

/// The payer's bank reviews what is above 100.00 CNY, and the payee's what comes in above 150.00.
fn started() -> Single {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    let incoming = Measure::Incoming { most: Amount(15_000), from: Senders::OtherInstitutions };
    for (bank, number, name, measure) in [
        (HOST, 4, "large", Measure::Payment { most: Amount(10_000) }),
        (1, 2, "incoming", incoming),
    ] {
        let rule = LimitRule {
            name: RuleName::parse(name).unwrap(),
            asset: asset("CNY"),
            tiers: Tiers::ALL,
            measure,
            outcome: RuleOutcome::Hold,
        };
        let limits = Limits { version: 1, utc_offset_minutes: 0, rules: vec![rule] };
        let set = Operation::SetLimits { institution: InstitutionNumber(number), limits };
        let signed = node.sign(&[&operator(bank)], node.transaction(vec![set]));
        assert_eq!(node.settle(&signed).receipts[0].status, "done");
    }
    node
}

fn view(node: &Single, number: u64) -> PaymentView {
    node.get(&format!("/v1/payments/{}", uetr(number))).json()
}

fn events(view: &PaymentView) -> Vec<&str> {
    view.timeline.iter().map(|step| step.event.as_str()).collect()
}

fn list(node: &Single, bic: &str) -> Vec<WaitingView> {
    let list: WaitingList = node.get(&format!("/v1/institutions/{bic}/reviews")).json();
    list.waiting
}

/// What a reviewer of a payment signs, made of the order's own bytes.
fn answered(
    node: &Single,
    waiting: &WaitingView,
    reviewer: &SecretKey,
    answer: fn(Pay, OrderHash) -> Operation,
) -> SignedTransaction {
    let bytes = api::text::parse_base64(&waiting.order).unwrap();
    let pay: Pay = codec::decode(&bytes, 1_000).unwrap();
    let transaction = Hash::from_hex(&waiting.transaction).unwrap();
    let order = OrderHash::of(&node.domains, &transaction, &pay);
    assert_eq!(order.0.to_hex(), waiting.review.as_ref().unwrap().order_hash);
    node.sign(&[reviewer], node.transaction(vec![answer(pay, order)]))
}

fn approve(pay: Pay, order: OrderHash) -> Operation {
    Operation::Approve { payment: pay.uetr, order }
}

fn refuse(pay: Pay, order: OrderHash) -> Operation {
    Operation::Refuse { payment: pay.uetr, order, reason: Refusal::Regulatory }
}

#[test]
fn the_banks_review_a_payment_one_after_the_other() {
    let node = started();
    let signed = node.signed_payment(1, 20_000);
    let bytes = codec::encode(&signed);
    let simulated: SimulationAnswer = node.post("/v1/transactions/simulate", OCTETS, &bytes).json();
    let tried = &simulated.receipts[0];
    assert_eq!((tried.status.as_str(), tried.iso_status.as_str()), ("awaiting-review", "PDNG"));
    assert_eq!(tried.reviewers, [4, 2]);
    let receipt = node.settle(&signed).receipts.remove(0);
    let rules: Vec<_> = receipt.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(rules, ["large", "incoming"]);
    let review = receipt.review.clone().unwrap();
    assert_eq!((review.institution, review.side.as_str()), (4, ReviewView::PAYER));

    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_status.as_str()), ("awaiting-review", "PDNG"));
    assert_eq!(shown.next_actor.as_deref(), Some("payer-institution"));
    assert_eq!(events(&shown), ["received", "awaiting-review"]);
    assert!(shown.summary.contains("the payer's institution, and the payee's"), "{shown:?}");
    let waiting = list(&node, "PSBCCNBJ").remove(0);
    assert_eq!(Some(&waiting), shown.waiting.as_ref());
    assert!(list(&node, "HSBCHKHH").is_empty());
    assert_eq!(node.get("/v1/institutions/XXXXXXXX/reviews").problem().status, 404);

    // A stranger's word does not enter the ledger.
    let strange = codec::encode(&answered(&node, &waiting, &operator(1), approve));
    let refused = node.post("/v1/transactions?wait=final", OCTETS, &strange);
    assert_eq!(refused.problem().code, "signers-missing");

    let first =
        node.settle(&answered(&node, &waiting, &operator(HOST), approve)).receipts.remove(0);
    assert_eq!(first.status, "awaiting-review");
    let shown = view(&node, 1);
    assert_eq!(shown.next_actor.as_deref(), Some("payee-institution"));
    assert_eq!(events(&shown), ["received", "awaiting-review", "approved"]);
    assert!(list(&node, "PSBCCNBJ").is_empty());
    let waiting = list(&node, "HSBCHKHH").remove(0);
    let last = node.settle(&answered(&node, &waiting, &key(121), approve)).receipts.remove(0);
    assert_eq!((last.status.as_str(), last.id.clone()), ("settled", Some(uetr(1).to_string())));
    assert_eq!(events(&view(&node, 1)), ["received", "awaiting-review", "settled"]);
    assert_eq!(node.balance(1, "lee", "CNY"), 20_000);
}

#[test]
fn a_refusal_names_its_institution_and_is_proven() {
    let node = started();
    node.settle(&node.signed_payment(1, 20_000));
    let waiting = list(&node, "PSBCCNBJ").remove(0);
    node.settle(&answered(&node, &waiting, &operator(HOST), approve));
    let waiting = list(&node, "HSBCHKHH").remove(0);
    let refused = node.settle(&answered(&node, &waiting, &operator(1), refuse)).receipts.remove(0);
    assert_eq!((refused.status.as_str(), refused.iso_reason.as_deref()), ("refused", Some("RR04")));
    assert_eq!((refused.reviewer, refused.reviewer_side.as_deref()), (Some(2), Some("payee")));
    let proof = Proof::decode(&api::text::parse_base64(&refused.proof.unwrap()).unwrap()).unwrap();
    let proven = proof.verify(node.domains.chain_id()).unwrap().proven;
    let Proven::Payment(proven) = proven else { panic!("a payment") };
    let Outcome::Refused(outcome) = proven.outcome else { panic!("refused") };
    assert_eq!(outcome.reviewer, Some(InstitutionNumber(2)));
    // The wait outlives a restart no more than its end does.
    let node = node.restart();
    let shown = view(&node, 1);
    assert_eq!((shown.status.as_str(), shown.iso_reason.as_deref()), ("refused", Some("RR04")));
    assert!(shown.summary.contains("by the payee's institution"), "{}", shown.summary);
    assert_eq!((shown.next_actor, shown.waiting), (None, None));
}

#[test]
fn what_waits_is_listed_in_pages() {
    let node = started();
    for number in 1..=3 {
        node.settle(&node.signed_payment(number, 20_000));
    }
    let page =
        |path: &str, query: &str| -> WaitingList { node.get(&format!("{path}{query}")).json() };
    let path = "/v1/institutions/PSBCCNBJ/reviews";
    let whole = page(path, "");
    assert_eq!((whole.waiting.len(), &whole.next_cursor), (3, &None));
    let first = page(path, "?limit=2");
    let cursor = first.next_cursor.unwrap();
    let second = page(path, &format!("?limit=2&cursor={cursor}"));
    assert_eq!((first.waiting.len(), second.next_cursor), (2, None));
    assert_eq!([first.waiting, second.waiting].concat(), whole.waiting);
    // What others wait for is on no page, and what ends between two pages moves nothing.
    assert_eq!(page("/v1/institutions/HSBCHKHH/reviews", "?limit=1").waiting, []);
    let paid = answered(&node, &whole.waiting[0], &operator(HOST), refuse);
    assert_eq!(node.settle(&paid).receipts[0].status, "refused");
    let again = page(path, &format!("?limit=2&cursor={cursor}"));
    assert_eq!(again.waiting, whole.waiting[2..]);
    for query in ["?limit=0", "?limit=501", "?cursor=1", "?before=1"] {
        assert_eq!(node.get(&format!("{path}{query}")).problem().code, "malformed", "{query}");
    }
}
