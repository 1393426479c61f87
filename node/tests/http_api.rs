//! The API of a real node over real sockets: what clients may rely on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::as_conversions)]

mod single;

use std::io::{Read, Write};
use std::net::TcpStream;

use api::account::{AccountView, HistoryPage};
use api::chain::{
    AssetView, BlockPage, BlockView, HealthView, InstitutionView, StatusView, ValidatorView,
};
use api::problem::Retry;
use api::proof::ProofView;
use api::quote::{QuoteAnswer, QuoteRequest};
use api::transaction::{PaymentView, SimulationAnswer, TransactionAnswer, TransactionRequest};
use ledger::account::NodeRecord;
use ledger::codec;
use ledger::crypto::Signature;
use ledger::governance::Change;
use ledger::hash::{ChainId, Hash};
use ledger::ids::{InstitutionNumber, Network, ProposalNumber};
use ledger::operation::Operation;
use ledger::proof::{Proof, Proven};
use ledger::quote::Route;
use ledger::transaction::{SignedTransaction, Transaction};
use node::home::now;
use single::{Answered, JSON, OCTETS, Single, key, operator, uetr};

fn started() -> Single {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node
}

fn submit(node: &Single, signed: &SignedTransaction) -> Answered {
    node.post("/v1/transactions?wait=final", OCTETS, &codec::encode(signed))
}

#[test]
fn a_payment_is_final_proven_and_looked_up() {
    let node = started();
    let answer = node.settle(&node.signed_payment(1, 2_500));
    assert_eq!((answer.status.as_str(), answer.receipts.len()), ("final", 1));
    let receipt = &answer.receipts[0];
    assert_eq!((receipt.status.as_str(), receipt.iso_status.as_str()), ("settled", "ACSC"));
    assert_eq!(receipt.id, Some(uetr(1).to_string()));
    assert_eq!(receipt.debited.as_deref(), Some("25.00 CNY"));
    assert_eq!((node.balance(3, "wei", "CNY"), node.balance(1, "lee", "CNY")), (97_500, 2_500));

    let file = api::text::parse_base64(receipt.proof.as_ref().unwrap()).unwrap();
    let chain = node.domains.chain_id();
    let verdict = Proof::decode(&file).unwrap().verify(chain).unwrap();
    assert_eq!(Some(verdict.header.height.0), receipt.block);

    // By its whole name and by its beginning.
    let name = uetr(1).to_string();
    for name in [name.as_str(), &name[..8], &name[..20]] {
        let view: PaymentView = node.get(&format!("/v1/payments/{name}")).json();
        assert_eq!((view.id.as_str(), view.iso_status.as_str()), (&*uetr(1).to_string(), "ACSC"));
        let events: Vec<_> = view.timeline.iter().map(|one| one.event.as_str()).collect();
        assert_eq!(events, ["received", "settled"]);
        assert_eq!((view.timeline[1].block, view.next_actor), (receipt.block, None));
        assert!(view.summary.contains("credited 25.00 CNY"), "{}", view.summary);
    }
    let path = format!("/v1/payments/{name}/proof");
    let again = node.get(&path);
    assert_eq!(again.media_type, OCTETS);
    let again = Proof::decode(&again.body).unwrap().verify(chain).unwrap();
    assert_eq!(again.proven, verdict.proven);
    let rendered: ProofView = node.get_as(&path, JSON).json();
    assert_eq!((rendered.kind.as_str(), rendered.signers), ("payment", 1));
    assert_eq!(rendered.receipt.unwrap().id, receipt.id);
    let file = api::text::parse_base64(&rendered.proof).unwrap();
    Proof::decode(&file).unwrap().verify(chain).unwrap();
}

#[test]
fn the_same_bytes_get_the_same_receipts_even_after_a_restart() {
    let node = started();
    let signed = node.signed_payment(1, 2_500);
    let mut first = node.settle(&signed);
    let body = TransactionRequest { transaction: api::text::base64(&codec::encode(&signed)) };
    let body = serde_json::to_vec(&body).unwrap();
    let again: TransactionAnswer = node.post("/v1/transactions?wait=final", JSON, &body).json();
    first.receipts[0].proof = None;
    assert_eq!(again, first);
    let accepted: TransactionAnswer =
        node.post("/v1/transactions", OCTETS, &codec::encode(&signed)).json();
    assert_eq!(accepted, first);

    let node = node.restart();
    let mut after = node.settle(&signed);
    let file = api::text::parse_base64(&after.receipts[0].proof.take().unwrap()).unwrap();
    Proof::decode(&file).unwrap().verify(node.domains.chain_id()).unwrap();
    assert_eq!(after, first);
    assert_eq!(node.balance(1, "lee", "CNY"), 2_500);

    // Another payment under the same UETR has a receipt and no proof: it says nothing of the first.
    let other = node.settle(&node.signed_payment(1, 2_600));
    assert_eq!(other.receipts[0].code.as_deref(), Some("duplicate-uetr"));
    assert_eq!(other.receipts[0].proof, None);
    let view: PaymentView = node.get(&format!("/v1/payments/{}", uetr(1))).json();
    assert_eq!(view.status, "settled");
}

/// Makes a second institution a validator, whose node never runs: nothing more becomes final.
fn lose_quorum(node: &Single) {
    let node_key = key(4).public();
    let change = Box::new(Change::AddValidator {
        institution: InstitutionNumber(1),
        voting_key: key(3).public(),
        node: NodeRecord { node_key, address: "127.0.0.1:1".to_owned() },
    });
    let institution = InstitutionNumber(4);
    let expires = now().plus(60_000);
    for operation in [
        Operation::Propose { institution, change, expires },
        Operation::Enact { institution, proposal: ProposalNumber(1) },
    ] {
        let signed = node.sign(&[&operator(3)], node.transaction(vec![operation]));
        assert_eq!(node.settle(&signed).receipts[0].status, "done");
    }
}

#[test]
fn a_payment_on_its_way_is_shown_with_who_acts_next() {
    let node = started();
    lose_quorum(&node);
    let path = format!("/v1/payments/{}", uetr(1));
    assert_eq!(node.get(&path).problem().status, 404);
    let bytes = codec::encode(&node.signed_payment(1, 100));
    let answer = node.post("/v1/transactions?wait=accepted", OCTETS, &bytes);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let view: PaymentView = node.get(&path).json();
    assert_eq!((view.status.as_str(), view.iso_status.as_str()), ("received", "RCVD"));
    assert_eq!(view.next_actor.as_deref(), Some("validators"));
    assert_eq!((view.timeline.len(), view.timeline[0].event.as_str()), (1, "received"));
    assert_eq!(view.receipt, None);
    // What did not enter is not shown.
    let stranger = node.sign(&[&key(99)], node.transaction(vec![node.payment(2, 100)]));
    assert_eq!(submit(&node, &stranger).status, 422);
    assert_eq!(node.get(&format!("/v1/payments/{}", uetr(2))).problem().status, 404);
}

#[test]
fn accepted_comes_before_final() {
    let node = started();
    let signed = node.signed_payment(1, 2_500);
    let answer = node.post("/v1/transactions?wait=accepted", OCTETS, &codec::encode(&signed));
    assert_eq!(answer.status, 202);
    let accepted: TransactionAnswer = answer.json();
    assert_eq!((accepted.status.as_str(), accepted.receipts.len()), ("accepted", 0));
    assert_eq!(node.settle(&signed).transaction, accepted.transaction);
}

#[test]
fn rejections_and_refusals_by_row() {
    let node = started();
    let pay = |number, amount| node.transaction(vec![node.payment(number, amount)]);
    let sign = |transaction| node.sign(&[&key(50)], transaction);
    let mut forged = sign(pay(1, 100));
    forged.signatures[0] = Signature([7; 64]);
    let mut unsigned = sign(pay(2, 100));
    unsigned.signatures.clear();
    let other_chain = Transaction { chain_id: ChainId(Hash([9; 32])), ..pay(3, 100) };
    let (from, until) = (now().minus(2_000), now().minus(1_000));
    let expired = Transaction { valid_from: from, valid_until: until, ..pay(4, 100) };
    let (from, until) = (now().plus(60_000), now().plus(120_000));
    let early = Transaction { valid_from: from, valid_until: until, ..pay(5, 100) };
    let empty = Transaction { operations: vec![], ..pay(6, 100) };
    let stranger = node.sign(&[&key(99)], pay(7, 100));
    for (signed, status, code, retry) in [
        (forged, 422, "bad-signature", Retry::Never),
        (unsigned, 422, "bad-signature", Retry::Never),
        (sign(other_chain), 422, "wrong-chain", Retry::Never),
        (sign(expired), 422, "expired", Retry::Later),
        (sign(early), 422, "not-yet-valid", Retry::Later),
        (sign(empty), 400, "malformed-transaction", Retry::Never),
        (stranger, 422, "signers-missing", Retry::Never),
    ] {
        let problem = submit(&node, &signed).problem();
        assert_eq!((problem.status, problem.code.as_str(), problem.retry), (status, code, retry));
    }
    // What may be ordered and cannot be done has a receipt and a proof.
    for (number, amount, code, reason) in
        [(10, 0, "zero-amount", "AM01"), (11, 200_000, "insufficient-funds", "AM04")]
    {
        let answer = node.settle(&sign(pay(number, amount)));
        let receipt = &answer.receipts[0];
        assert_eq!(
            (receipt.code.as_deref(), receipt.iso_reason.as_deref()),
            (Some(code), Some(reason))
        );
        assert!(receipt.proof.is_some());
        let view: PaymentView = node.get(&format!("/v1/payments/{}", uetr(number))).json();
        assert_eq!((view.status.as_str(), view.iso_status.as_str()), ("rejected", "RJCT"));
        assert!(view.summary.contains(reason), "{}", view.summary);
    }
    assert_eq!(node.balance(3, "wei", "CNY"), 100_000);
}

#[test]
fn bodies_that_are_no_transaction_by_row() {
    let node = Single::start(|_| {});
    let big = vec![b'a'; SignedTransaction::MAXIMUM_BYTES + 1];
    for (media_type, body, status, code) in [
        (OCTETS, &b"garbage"[..], 400, "malformed-transaction"),
        (OCTETS, b"", 400, "malformed-transaction"),
        (OCTETS, &big, 413, "too-large"),
        (JSON, b"{\"transaction\":\"%%\"}", 400, "malformed"),
        (JSON, b"{\"transaction\":\"AAAA\"}", 400, "malformed-transaction"),
        (JSON, b"{}", 400, "malformed"),
        (JSON, b"{\"transaction\":\"\",\"more\":1}", 400, "malformed"),
        (JSON, b"\xff", 400, "malformed"),
        ("text/plain", b"x", 415, "unsupported-media-type"),
    ] {
        for path in ["/v1/transactions", "/v1/transactions/simulate"] {
            let problem = node.post(path, media_type, body).problem();
            assert_eq!((problem.status, problem.code.as_str()), (status, code), "{path} {body:?}");
        }
    }
}

/// Sends raw bytes and gives everything that comes back.
fn raw(node: &Single, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(node.address).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_body_without_length_is_bounded_too() {
    let node = Single::start(|_| {});
    let chunk = 1 << 20;
    let head = "POST /v1/quotes HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let mut bytes = format!("{head}{chunk:x}\r\n").into_bytes();
    bytes.extend(vec![b' '; chunk]);
    bytes.extend(b"\r\n0\r\n\r\n");
    let mut stream = TcpStream::connect(node.address).unwrap();
    // The node may close before it has read everything.
    let _ = stream.write_all(&bytes);
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[test]
fn paths_methods_and_queries_are_refused_in_the_same_words() {
    let node = Single::start(|_| {});
    for (path, status, code) in [
        ("/", 404, "not-found"),
        ("/v1/nothing", 404, "not-found"),
        ("/v1/transactions", 405, "method-not-allowed"),
        ("/v1/blocks?limit=0", 400, "malformed"),
        ("/v1/blocks?limit=x", 400, "malformed"),
        ("/v1/blocks?page=2", 400, "malformed"),
        ("/v1/blocks?cursor=x", 400, "malformed"),
        ("/v1/blocks/x", 400, "malformed"),
        ("/v1/blocks/999999", 404, "not-found"),
        ("/v1/payments/7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10", 404, "not-found"),
        ("/v1/payments/7f0c", 400, "malformed"),
        ("/v1/payments/%ff", 400, "malformed"),
        ("/v1/accounts/fqd1x", 400, "malformed"),
        ("/v1/payments/7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10/absence", 400, "malformed"),
    ] {
        let problem = node.get(path).problem();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{path}");
    }
    let nobody = node.address_of(0, "nobody");
    for path in [format!("/v1/accounts/{nobody}"), format!("/v1/accounts/{nobody}/history")] {
        assert_eq!(node.get(&path).problem().code, "not-found");
    }
    assert_eq!(node.get("/v1/transactions").headers["allow"], "POST");
    let garbled = raw(&node, b"GET /v1/status HTTP/9.9\r\n\r\n");
    assert!(garbled.starts_with("HTTP/1.1 400"), "{garbled}");
}

#[test]
fn a_simulation_tells_what_would_happen_and_changes_nothing() {
    let node = started();
    node.charge();
    let mut signed = node.signed_payment(1, 20_000);
    signed.signatures.clear();
    let simulate = |signed: &SignedTransaction| -> SimulationAnswer {
        node.post("/v1/transactions/simulate", OCTETS, &codec::encode(signed)).json()
    };
    let tried = simulate(&signed);
    let receipt = &tried.receipts[0];
    assert_eq!((receipt.status.as_str(), receipt.block), ("settled", None));
    assert_eq!(receipt.fee.as_deref(), Some("1.50 CNY"));
    let wei = node.address_of(3, "wei");
    let balance = tried.balances.iter().find(|balance| balance.account == wei).unwrap();
    assert_eq!(balance.holding.posted, "798.50 CNY");
    let [approval] = tried.approvals.as_slice() else { panic!("{:?}", tried.approvals) };
    assert_eq!((&approval.account, approval.threshold, approval.missing), (&wei, 1, 0));
    assert_eq!(approval.signers, [signed.transaction.signers[0].to_hex()]);
    let stranger = ledger::crypto::PublicKey([9; 32]);
    let mut unapproved = signed.clone();
    unapproved.transaction.signers = vec![stranger];
    let waiting = simulate(&unapproved);
    assert_eq!(waiting.receipts[0].code.as_deref(), Some("signers-missing"));
    assert_eq!((waiting.approvals[0].missing, waiting.approvals[0].others.len()), (1, 1));
    assert_eq!(node.balance(3, "wei", "CNY"), 100_000);
    let poor = simulate(&node.signed_payment(2, 1_000_000));
    assert_eq!(poor.receipts[0].code.as_deref(), Some("insufficient-funds"));

    // What was executed has its receipt already.
    let signed = node.signed_payment(1, 20_000);
    let settled = node.settle(&signed);
    let tried = simulate(&signed);
    assert_eq!(tried.receipts[0].block, settled.receipts[0].block);
    assert!(tried.balances.is_empty() && tried.approvals.is_empty());
}

#[test]
fn accounts_holdings_and_histories_are_shown_and_proven() {
    let node = started();
    for number in 1..=5 {
        node.settle(&node.signed_payment(number, 100 * u128::from(number)));
    }
    let wei = node.address_of(3, "wei");
    let view: AccountView = node.get(&format!("/v1/accounts/{wei}")).json();
    assert_eq!((view.institution.as_str(), view.status.as_str()), ("PSBCCNBJ", "active"));
    assert_eq!(view.holdings[0].posted, "985.00 CNY");
    assert_eq!(view.holdings[0].entries, 6);
    assert!(view.policy.mandate);

    let mut entries = Vec::new();
    let mut query = "limit=4".to_owned();
    loop {
        let page: HistoryPage = node.get(&format!("/v1/accounts/{wei}/history?{query}")).json();
        assert!(page.entries.len() <= 4);
        entries.extend(page.entries);
        let Some(cursor) = page.next_cursor else { break };
        query = format!("limit=4&cursor={cursor}");
    }
    let lines: Vec<_> =
        entries.iter().map(|entry| (entry.kind.as_str(), entry.amount.as_str())).collect();
    let expected = [
        ("payment", "5.00 CNY"),
        ("payment", "4.00 CNY"),
        ("payment", "3.00 CNY"),
        ("payment", "2.00 CNY"),
        ("payment", "1.00 CNY"),
        ("issue", "1000.00 CNY"),
    ];
    assert_eq!(lines, expected);
    assert_eq!((entries[0].direction.as_str(), entries[5].direction.as_str()), ("out", "in"));
    assert_eq!(entries[0].counterparty, Some(node.address_of(1, "lee")));

    let verify = |path: &str| {
        let answer = node.get(path);
        assert_eq!(answer.status, 200, "{path} {}", answer.text());
        Proof::decode(&answer.body).unwrap().verify(node.domains.chain_id()).unwrap().proven
    };
    let nobody = node.address_of(0, "nobody");
    let Proven::Account { record, .. } = verify(&format!("/v1/accounts/{wei}/proof")) else {
        panic!("another claim")
    };
    assert_eq!(record.unwrap().policy.owners.keys, [key(50).public()]);
    let Proven::Account { record, .. } = verify(&format!("/v1/accounts/{nobody}/proof")) else {
        panic!("another claim")
    };
    assert_eq!(record, None);
    let path = format!("/v1/accounts/{wei}/holdings/CNY/proof");
    let Proven::Holding { holding, .. } = verify(&path) else { panic!("another claim") };
    assert_eq!(holding.unwrap().posted.0, 98_500);
    let rendered: ProofView = node.get_as(&path, JSON).json();
    assert_eq!(rendered.holding.unwrap().posted, "985.00 CNY");
}

#[test]
fn a_payment_that_can_no_longer_happen_is_proven_absent() {
    let node = started();
    node.settle(&node.signed_payment(1, 100));
    let span = |from: u64, until: u64| format!("valid_from={from}&valid_until={until}");
    let past = span(now().0 - 60_000, now().0 - 10_000);
    // The genesis block is a second old: the first block after it proves what is older.
    let absent = uetr(99);
    for path in [
        format!("/v1/payments/{absent}/absence?{past}"),
        format!("/v1/payments/{absent}/proof?{past}"),
    ] {
        let answer = node.get(&path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let proof = Proof::decode(&answer.body).unwrap();
        let verdict = proof.verify(node.domains.chain_id()).unwrap();
        assert!(matches!(verdict.proven, Proven::NoPayment { uetr, .. } if uetr == absent));
    }
    let rfc = "valid_from=2026-01-01T00:00:00Z&valid_until=2026-01-01T01:00:00Z";
    let future = span(now().0, now().0 + 60_000);
    let endless = span(0, now().0 - 1);
    for (uetr, query, status, code) in [
        (absent, future.as_str(), 409, "too-early"),
        (absent, endless.as_str(), 400, "malformed"),
        (absent, "valid_from=1", 400, "malformed"),
        (absent, "valid_from=x&valid_until=y", 400, "malformed"),
        (absent, "valid_from=1000&valid_until=2000", 409, "too-late"),
        (uetr(1), past.as_str(), 409, "payment-exists"),
    ] {
        let problem = node.get(&format!("/v1/payments/{uetr}/absence?{query}")).problem();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{query}");
    }
    let old = node.get(&format!("/v1/payments/{absent}/absence?{rfc}"));
    assert!(matches!(old.status, 200 | 409), "{}", old.text());
    // A payment that is there has its own proof, whatever the query says.
    let there = node.get(&format!("/v1/payments/{}/proof?{past}", uetr(1)));
    let proof = Proof::decode(&there.body).unwrap().verify(node.domains.chain_id()).unwrap();
    assert!(matches!(proof.proven, Proven::Payment(_)));
}

#[test]
fn the_chain_and_its_members_are_listed() {
    let node = started();
    for number in 1..=3 {
        node.settle(&node.signed_payment(number, 100));
    }
    let status: StatusView = node.get("/v1/status").json();
    assert_eq!(status.chain_id, node.genesis.chain_id());
    assert_eq!((status.validators, status.quorum, status.connected), (1, 1, 1));
    assert!(status.synced && status.height >= 6 && status.node == "PSBCCNBJ");

    let mut heights = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page: BlockPage = node.get(&format!("/v1/blocks?{query}")).json();
        heights.extend(page.blocks.iter().map(|block| block.height));
        let Some(cursor) = page.next_cursor else { break };
        query = format!("limit=2&cursor={cursor}");
    }
    assert!(heights.first().unwrap() >= &status.height);
    assert!(heights.windows(2).all(|pair| pair[0] == pair[1] + 1), "{heights:?}");
    assert_eq!(heights.last(), Some(&0));
    let first: BlockView = node.get("/v1/blocks/1").json();
    let genesis: BlockView = node.get("/v1/blocks/0").json();
    assert_eq!(first.parent, genesis.hash);

    let validators: Vec<ValidatorView> = node.get("/v1/validators").json();
    assert!(validators.len() == 1 && validators[0].connected);
    let institutions: Vec<InstitutionView> = node.get("/v1/institutions").json();
    let bics: Vec<_> = institutions.iter().map(|institution| institution.bic.as_str()).collect();
    assert_eq!(bics, single::BANKS);
    assert_eq!(institutions[3].roles, ["validator", "issuer", "dealer"]);
    let assets: Vec<AssetView> = node.get("/v1/assets").json();
    let cny = assets.iter().find(|asset| asset.code == "CNY").unwrap();
    assert_eq!((cny.outstanding.as_str(), cny.issuer.as_str()), ("1000.00 CNY", "PSBCCNBJ"));
}

#[test]
fn health_and_metrics_tell_how_it_goes() {
    let node = started();
    node.settle(&node.signed_payment(1, 100));
    node.settle(&node.signed_payment(2, 1_000_000));
    assert_eq!(node.get("/livez").json::<HealthView>().status, "ok");
    let ready: HealthView = node.get("/readyz?verbose").json();
    assert_eq!((ready.reasons.len(), ready.checks.len()), (0, 3));
    assert!(node.get("/readyz").json::<HealthView>().checks.is_empty());
    // The totals are counted with the index.
    let height = node.driver().view.latest().tip.height().0;
    node.get(&format!("/v1/blocks/{height}"));
    let metrics = node.get("/metrics");
    assert!(metrics.media_type.starts_with("application/openmetrics-text"));
    let text = metrics.text();
    for line in [
        "feiqian_synced 1",
        "feiqian_validators 1",
        "feiqian_receipts_total{outcome=\"insufficient-funds\"} 1",
        "feiqian_http_requests_total{class=\"transactions\",status=\"2xx\"} 5",
        "feiqian_http_request_duration_seconds_count{class=\"transactions\"} 5",
        "feiqian_sent_bytes_total{class=\"votes\"} 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn a_node_that_drains_says_no_and_still_settles() {
    let node = started();
    node.drain();
    let answered = node.get("/readyz");
    assert_eq!(answered.status, 503);
    assert!(answered.text().contains("it drains, and stops soon"), "{}", answered.text());
    assert_eq!(node.get("/livez").status, 200);
    assert_eq!(node.settle(&node.signed_payment(1, 100)).status, "final");
    assert!(node.get("/metrics").text().lines().any(|line| line == "feiqian_ready 0"));
}

#[test]
fn a_quote_is_firm_and_a_node_without_dealer_says_so() {
    let node = started();
    let ask = |node: &Single, sell: &str, buy: &str| {
        let question = QuoteRequest { sell: sell.to_owned(), buy: buy.to_owned() };
        node.post("/v1/quotes", JSON, &serde_json::to_vec(&question).unwrap())
    };
    let answer: QuoteAnswer = ask(&node, "1,000.00 CNY", "HKD").json();
    assert_eq!((answer.rate.as_str(), answer.receive.as_str()), ("1.085", "1085.00 HKD"));
    let bytes = api::text::parse_base64(&answer.quote).unwrap();
    let route: Route = codec::decode(&bytes, 1024).unwrap();
    assert_eq!((route.onward, answer.onward), (None, None));
    let signed = route.first;
    assert!(node.domains.suite().verify(&signed.signature_check(&node.domains)));
    assert_eq!(signed.quote.dealer.address(Network::Devnet), answer.dealer);
    let again: QuoteAnswer = ask(&node, "1000.00 CNY", "HKD").json();
    assert_ne!(again.quote, answer.quote);
    for (sell, buy, status, code) in [
        ("1000.00 HKD", "CNY", 403, "not-offered"),
        ("100000.01 CNY", "HKD", 403, "not-offered"),
        ("1000.00", "HKD", 400, "malformed"),
        ("1000.00 CNY", "hkd", 400, "malformed"),
    ] {
        let problem = ask(&node, sell, buy).problem();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{sell} {buy}");
    }
    drop(node);
    let node = Single::start(|config| config.dealer = None);
    assert_eq!(ask(&node, "1.00 CNY", "HKD").problem().code, "not-offered");
}

#[test]
fn a_request_over_the_bound_is_answered_busy_at_once() {
    let node = Single::start(|config| config.api.requests = 1);
    // A request that holds the one slot: its body does not come.
    let mut slow = TcpStream::connect(node.address).unwrap();
    let head = format!(
        "POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-type: {OCTETS}\r\n\
         content-length: 10\r\nexpect: 100-continue\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).unwrap();
    let mut begun = [0; 12];
    slow.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    let answer = node.get("/v1/status");
    let problem = answer.problem();
    assert_eq!((problem.status, problem.code.as_str()), (503, "busy"));
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(node.get("/livez").status, 200);
    drop(slow);
    // The slot comes back when the node sees that its client is gone.
    while node.get("/v1/status").status == 503 {
        std::thread::yield_now();
    }
}

#[test]
fn a_batch_pays_each_for_itself_under_one_signature() {
    let node = started();
    let operations = (1..=100).map(|number| node.payment(number, 1_001)).collect();
    let answer = node.settle(&node.sign(&[&key(50)], node.transaction(operations)));
    let count = |status: &str| answer.receipts.iter().filter(|r| r.status == status).count();
    assert_eq!((count("settled"), count("rejected")), (99, 1));
    // So many proofs are fetched one by one.
    assert!(answer.receipts.iter().all(|receipt| receipt.proof.is_none()));
    for number in [1, 50, 100] {
        let file = node.get(&format!("/v1/payments/{}/proof", uetr(number)));
        Proof::decode(&file.body).unwrap().verify(node.domains.chain_id()).unwrap();
    }
    let few = (201..=203).map(|number| node.payment(number, 1)).collect();
    let answer = node.settle(&node.sign(&[&operator(3)], node.transaction(few)));
    for receipt in &answer.receipts {
        let file = api::text::parse_base64(receipt.proof.as_ref().unwrap()).unwrap();
        let verdict = Proof::decode(&file).unwrap().verify(node.domains.chain_id()).unwrap();
        let Proven::Payment(proven) = verdict.proven else { panic!("another claim") };
        assert_eq!(proven.uetr.map(|uetr| uetr.to_string()), receipt.id);
    }
}
