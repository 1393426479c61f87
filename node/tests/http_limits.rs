//! Limits through the API of a real node: shown, tried, met, told of on the stream and in metrics.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use api::limits::{AccountLimitsView, LimitsView};
use api::receipt::ReceiptView;
use api::transaction::SimulationAnswer;
use ledger::account::Policy;
use ledger::codec;
use ledger::ids::InstitutionNumber;
use ledger::limits::{DailyLimit, LimitRule, Limits, Measure, OwnLimits};
use ledger::limits::{RuleName, RuleOutcome, Tiers};
use ledger::money::Amount;
use ledger::operation::Operation;
use single::{OCTETS, Single, asset, key, operator};

/// The place of the bank whose node it is.
const HOST: usize = 3;

fn rule(name: &str, measure: Measure, outcome: RuleOutcome) -> LimitRule {
    let name = RuleName::parse(name).unwrap();
    LimitRule { name, asset: asset("CNY"), tiers: Tiers::ALL, measure, outcome }
}

/// The last bank alerts payments above 50.00 CNY and lets an account pay 100.00 CNY a day.
fn started() -> Single {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    let rules = vec![
        rule("large", Measure::Payment { most: Amount(5_000) }, RuleOutcome::Alert),
        rule("per-day", Measure::Day { most: Amount(10_000) }, RuleOutcome::Refuse),
        rule("abroad", Measure::Position { most: Amount(900_000) }, RuleOutcome::Refuse),
    ];
    let limits = Limits { version: 1, utc_offset_minutes: 480, rules };
    let set = Operation::SetLimits { institution: InstitutionNumber(4), limits };
    let answer = node.settle(&node.sign(&[&operator(HOST)], node.transaction(vec![set])));
    assert_eq!(answer.receipts[0].status, "done");
    node
}

fn names(receipt: &ReceiptView) -> Vec<(u32, &str)> {
    receipt.rules.iter().map(|rule| (rule.institution, rule.name.as_str())).collect()
}

fn of_wei(node: &Single) -> AccountLimitsView {
    node.get(&format!("/v1/accounts/{}/limits", node.address_of(HOST, "wei"))).json()
}

#[test]
fn what_is_used_is_shown_and_what_would_be_met_is_told_before() {
    let node = started();
    let shown: LimitsView = node.get("/v1/institutions/PSBCCNBJ/limits").json();
    assert_eq!((shown.version, shown.utc_offset.as_str()), (1, "+08:00"));
    let rules: Vec<_> =
        shown.rules.iter().map(|rule| (rule.name.as_str(), rule.most.as_deref())).collect();
    let expected = [
        ("large", Some("50.00 CNY")),
        ("per-day", Some("100.00 CNY")),
        ("abroad", Some("9000.00 CNY")),
    ];
    assert_eq!(rules, expected);
    let none: LimitsView = node.get("/v1/institutions/HSBCHKHH/limits").json();
    assert_eq!((none.version, none.rules.len()), (0, 0));
    for unknown in ["XXXXXXXX", "nonsense"] {
        let problem = node.get(&format!("/v1/institutions/{unknown}/limits")).problem();
        assert_eq!((problem.status, problem.code.as_str()), (404, "not-found"));
    }

    let try_it = |number, amount| -> SimulationAnswer {
        let bytes = codec::encode(&node.signed_payment(number, amount));
        node.post("/v1/transactions/simulate", OCTETS, &bytes).json()
    };
    assert_eq!(names(&try_it(1, 6_000).receipts[0]), [(4, "large")]);
    assert_eq!(names(&try_it(1, 5_000).receipts[0]), []);
    let refused = try_it(1, 10_001).receipts.remove(0);
    assert_eq!(refused.code.as_deref(), Some("daily-limit"));
    assert_eq!(
        (refused.iso_reason.as_deref(), names(&refused)),
        (Some("AM14"), vec![(4, "per-day")])
    );

    let settled = node.settle(&node.signed_payment(1, 6_000)).receipts.remove(0);
    assert_eq!((settled.status.as_str(), names(&settled)), ("settled", vec![(4, "large")]));
    let day = of_wei(&node).limits.remove(1);
    let told = (day.used.as_deref(), day.left.as_deref());
    assert_eq!((day.by.as_str(), told), ("institution", (Some("60.00 CNY"), Some("40.00 CNY"))));
    let shown: LimitsView = node.get("/v1/institutions/PSBCCNBJ/limits").json();
    assert_eq!(shown.positions[0].net_outgoing, "60.00 CNY");
    let refused = node.settle(&node.signed_payment(2, 4_001)).receipts.remove(0);
    assert_eq!(
        (refused.code.as_deref(), names(&refused)),
        (Some("daily-limit"), vec![(4, "per-day")])
    );
    assert!(refused.proof.is_some(), "a refusal by a limit is proven too");

    // The totals are counted with the index.
    let height = node.driver().view.latest().tip.height().0;
    node.get(&format!("/v1/blocks/{height}"));
    let scrape = node.get("/metrics").text();
    for line in ["rules_met_total{outcome=\"alert\"} 1", "rules_met_total{outcome=\"refuse\"} 1"] {
        assert!(scrape.lines().any(|found| found == format!("feiqian_{line}")), "{line}\n{scrape}");
    }
}

#[test]
fn a_new_payee_is_told_before_and_shown_once_it_is_known() {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    let new_payee = Measure::NewPayee { most: Amount(5_000), cool_off: 0 };
    let nameless = Measure::MissingInformation { most: Amount(20_000) };
    let rules = vec![
        rule("new-payee", new_payee, RuleOutcome::Alert),
        rule("nameless", nameless, RuleOutcome::Refuse),
    ];
    let limits = Limits { version: 1, utc_offset_minutes: 480, rules };
    let set = Operation::SetLimits { institution: InstitutionNumber(4), limits };
    node.settle(&node.sign(&[&operator(HOST)], node.transaction(vec![set])));
    let shown = of_wei(&node);
    let words: Vec<_> = shown.limits.iter().map(|limit| limit.rule.measure.as_str()).collect();
    assert_eq!(words, ["new-payee", "missing-information"]);
    assert_eq!(shown.limits[0].rule.cool_off_seconds, Some(0));
    assert_eq!(shown.known_payees, []);

    let try_it = |number, amount| -> ReceiptView {
        let bytes = codec::encode(&node.signed_payment(number, amount));
        let answer: SimulationAnswer =
            node.post("/v1/transactions/simulate", OCTETS, &bytes).json();
        answer.receipts[0].clone()
    };
    assert_eq!(names(&try_it(1, 6_000)), [(4, "new-payee")]);
    let settled = node.settle(&node.signed_payment(1, 6_000)).receipts.remove(0);
    assert_eq!(names(&settled), [(4, "new-payee")]);
    assert_eq!(names(&try_it(2, 6_000)), []);
    let known = of_wei(&node).known_payees;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].payee, node.address_of(1, "lee"));
    let refused = try_it(2, 20_001);
    let told = (refused.code.as_deref(), refused.iso_reason.as_deref());
    assert_eq!(told, (Some("missing-information"), Some("RR02")));
    assert_eq!(names(&refused), [(4, "nameless")]);
}

#[test]
fn an_accounts_own_limits_are_part_of_its_policy() {
    let node = started();
    let account = node.account(HOST, "wei");
    let daily = vec![DailyLimit { asset: asset("CNY"), most: Amount(2_000) }];
    let payees = Some(vec![node.account(1, "lee")]);
    let policy =
        Policy { limits: Some(OwnLimits { daily, payees }), ..Policy::single(key(50).public()) };
    let set = Operation::SetPolicy { account, policy };
    let keys = [&key(50), &operator(HOST)];
    let answer = node.settle(&node.sign(&keys, node.transaction(vec![set])));
    assert_eq!(answer.receipts[0].status, "done");
    let path = format!("/v1/accounts/{}", node.address_of(HOST, "wei"));
    let shown: api::account::AccountView = node.get(&path).json();
    let own = shown.policy.limits.unwrap();
    assert_eq!(own.daily, ["20.00 CNY"]);
    assert_eq!(own.payees, Some(vec![node.address_of(1, "lee")]));
    let refused = node.settle(&node.signed_payment(1, 2_001)).receipts.remove(0);
    assert_eq!((refused.code.as_deref(), names(&refused)), (Some("own-daily-limit"), vec![]));
    node.settle(&node.signed_payment(2, 500));
    let limits = of_wei(&node);
    assert_eq!(limits.payees, own.payees);
    let first = &limits.limits[0];
    assert_eq!((first.by.as_str(), first.used.as_deref()), ("account", Some("5.00 CNY")));
    assert_eq!(limits.limits[2].used.as_deref(), Some("5.00 CNY"), "one counter for both");
}

#[test]
fn a_payment_that_met_a_rule_is_told_of_before_its_receipt() {
    let node = started();
    let mut socket = TcpStream::connect(node.address).unwrap();
    write!(socket, "GET /v1/events HTTP/1.1\r\nHost: node\r\n\r\n").unwrap();
    let mut lines = BufReader::new(socket).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("200 OK"));
    let settled = node.settle(&node.signed_payment(1, 6_000)).receipts.remove(0);
    node.settle(&node.signed_payment(2, 100));
    let refused = node.settle(&node.signed_payment(3, 4_000)).receipts.remove(0);
    let mut event = || {
        let name = lines.find_map(|line| Some(line.strip_prefix("event: ")?.to_owned())).unwrap();
        let mut rest = lines.by_ref().take_while(|line| !line.is_empty());
        let rest: Vec<String> = rest.by_ref().collect();
        let data = rest.iter().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let receipt: ReceiptView = serde_json::from_str(data).unwrap();
        (name, receipt.id, rest.iter().any(|line| line.starts_with("id: ")))
    };
    let ids = [settled.id.clone(), settled.id, None, refused.id.clone(), refused.id];
    let names = ["payment-alert", "receipt", "receipt", "payment-alert", "receipt"];
    for (expected, name) in ids.into_iter().zip(names) {
        let (found, id, has_place) = event();
        assert_eq!((found.as_str(), has_place), (name, name == "receipt"));
        assert!(expected.is_none() || id == expected, "{name}");
    }
}
