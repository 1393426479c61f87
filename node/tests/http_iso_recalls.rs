//! camt.056 and camt.029 to a real node: payments are asked back and answered for, once.
#![allow(clippy::unwrap_used, clippy::panic)]

mod single;

use api::recall::RecallPage;
use api::transaction::PaymentView;
use iso20022::camt029::AnswerMessage;
use iso20022::incoming::{self, Message};
use iso20022::xml::Limits;
use ledger::corrections::{Evidence, Reason, RecallAnswer, RecallRequest};
use ledger::ids::Uetr;
use ledger::operation::{Operation, Pay};
use ledger::proof::Proof;
use node::home::now;
use single::{Answered, BANKS, Single, XML, key, money, report, uetr, verdicts};

fn send(node: &Single, message: &str) -> Answered {
    node.post("/v1/iso20022", XML, message.as_bytes())
}

fn assignment(id: &str, from: usize, to: usize) -> String {
    let agent = |name: &str, bank: usize| {
        let bic = BANKS[bank];
        format!("<{name}><Agt><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></Agt></{name}>")
    };
    format!(
        "<Assgnmt><Id>{id}</Id>{}{}<CreDtTm>2026-01-05T10:00:00+08:00</CreDtTm></Assgnmt>",
        agent("Assgnr", from),
        agent("Assgne", to)
    )
}

/// A request for each of these payments: its number, what was settled, and why it is asked back.
fn requests(id: &str, payments: &[(u64, Option<&str>, &str)]) -> String {
    let one = |(number, amount, reason): &(u64, Option<&str>, &str)| {
        let amount = amount.map(|amount| {
            format!("<OrgnlIntrBkSttlmAmt Ccy=\"CNY\">{amount}</OrgnlIntrBkSttlmAmt>")
        });
        format!(
            "<TxInf><CxlId>C-{number}</CxlId><OrgnlUETR>{}</OrgnlUETR>{}\
             <CxlRsnInf><Rsn><Cd>{reason}</Cd></Rsn></CxlRsnInf></TxInf>",
            uetr(*number),
            amount.unwrap_or_default()
        )
    };
    let body: String = payments.iter().map(one).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.056.001.08\"><FIToFIPmtCxlReq>\
         {}<Undrlyg>{body}</Undrlyg></FIToFIPmtCxlReq></Document>",
        assignment(id, 3, 1)
    )
}

/// Answers for these payments: each its number, and what stands after it in `TxInfAndSts`.
fn answers(id: &str, payments: &[(u64, String)]) -> String {
    let one = |(number, rest): &(u64, String)| {
        format!("<TxInfAndSts><OrgnlUETR>{}</OrgnlUETR>{rest}</TxInfAndSts>", uetr(*number))
    };
    let body: String = payments.iter().map(one).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.029.001.09\"><RsltnOfInvstgtn>\
         {}<Sts><Conf>PECR</Conf></Sts><CxlDtls>{body}</CxlDtls></RsltnOfInvstgtn></Document>",
        assignment(id, 3, 1)
    )
}

fn accepts(amount: &str, of: Option<u64>) -> String {
    let uetr = of.map(|number| format!("<UETR>{}</UETR>", uetr(number))).unwrap_or_default();
    format!(
        "<TxCxlSts>ACCR</TxCxlSts><RsltnRltdInf>{uetr}\
         <IntrBkSttlmAmt Ccy=\"CNY\">{amount}</IntrBkSttlmAmt></RsltnRltdInf>"
    )
}

fn refuses(reason: &str) -> String {
    format!("<TxCxlSts>RJCR</TxCxlSts><CxlStsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></CxlStsRsnInf>")
}

fn resolution(answer: &Answered) -> AnswerMessage {
    assert_eq!((answer.status, answer.media_type.as_str()), (200, XML), "{}", answer.text());
    match incoming::read(&answer.body, &Limits::default()) {
        Ok(Message::Answers(message)) => message,
        other => panic!("{other:?}"),
    }
}

/// What holds of all, then status and reason of each.
fn told(answer: &Answered) -> Vec<String> {
    let message = resolution(answer);
    let each = message.answers.iter().map(|of| {
        let reason = of.reason.as_deref().or(of.own_reason.as_deref());
        format!("{} {}", of.status.as_deref().unwrap_or("none"), reason.unwrap_or("none"))
    });
    message.confirmation.clone().into_iter().chain(each).collect()
}

/// wei paid 200.00 CNY to lee in payment 1, and lee 100.00 CNY to wei in payment 2. The node has
/// the operators of wei's bank, and not those of lee's.
fn started() -> Single {
    let node = Single::start(|_| {});
    node.open_wei_and_lee();
    node.settle(&node.signed_payment(1, 20_000));
    let Operation::Pay(pay) = node.payment(2, 10_000) else { panic!("a payment") };
    let pay = Operation::Pay(Pay { from: pay.to, to: pay.from, ..pay });
    node.settle(&node.sign(&[&key(51)], node.transaction(vec![pay])));
    node
}

fn lee(node: &Single) -> u128 {
    node.balance(1, "lee", "CNY")
}

fn view(node: &Single, number: u64) -> PaymentView {
    node.get(&format!("/v1/payments/{}", uetr(number))).json()
}

fn open(node: &Single) -> Vec<String> {
    let page: RecallPage = node.get("/v1/recalls").json();
    page.recalls.into_iter().map(|recall| recall.amount).collect()
}

fn lee_answers(node: &Single, answer: RecallAnswer) {
    let operation = Operation::AnswerRecall { payment: uetr(1), answer };
    let settled = node.settle(&node.sign(&[&key(51)], node.transaction(vec![operation])));
    assert_eq!(settled.receipts[0].code, None);
}

fn reason(code: &str) -> Reason {
    Reason::parse(code).unwrap()
}

#[test]
fn a_message_asks_back_once_and_tells_how_it_stands() {
    let node = started();
    let message = requests("ASK-1", &[(1, Some("150.00"), "DUPL"), (9, None, "DUPL")]);
    let first = send(&node, &message);
    assert_eq!(told(&first), ["PDCR", "PDCR NARR", "RJCR NOOR"]);
    let answer = resolution(&first);
    assert_eq!(answer.assignment.assigner.bic.as_deref(), Some(BANKS[1]));
    assert_eq!(answer.assignment.assignee.bic.as_deref(), Some(BANKS[3]));
    assert_eq!(open(&node), ["150.00 CNY"]);
    assert_eq!(view(&node, 1).recall.unwrap().iso_reason, "DUPL");
    // The same message again asks nothing more, after a restart too.
    assert_eq!(told(&send(&node, &message)), told(&first));
    let node = node.restart();
    assert_eq!(told(&send(&node, &message)), told(&first));
    assert_eq!(open(&node), ["150.00 CNY"]);
    // Altered under the same references, or under others, it is refused while the first is open.
    let altered = message.replace("DUPL", "FRAD");
    assert_eq!(told(&send(&node, &altered))[1], "RJCR AM05");
    let other = requests("ASK-2", &[(1, None, "DUPL")]);
    assert_eq!(told(&send(&node, &other)), ["RJCR", "RJCR AM05"]);

    lee_answers(&node, RecallAnswer::Accept { uetr: uetr(5), amount: money(5_000, "CNY") });
    let message = requests("ASK-1", &[(1, Some("150.00"), "DUPL"), (9, None, "DUPL")]);
    let again = send(&node, &message);
    assert_eq!(told(&again), ["PECR", "ACCR NARR", "RJCR NOOR"]);
    let answered = &resolution(&again).answers[0];
    assert_eq!(answered.return_uetr.as_deref().map(Uetr::parse), Some(Ok(uetr(5))));
    assert_eq!(answered.payment.settlement_amount.as_ref().unwrap().number, "50.00");

    // Without an amount, all that is left is asked for.
    assert_eq!(told(&send(&node, &other)), ["PDCR", "PDCR NARR"]);
    assert_eq!(open(&node), ["150.00 CNY"]);
    lee_answers(&node, RecallAnswer::Refuse { reason: reason("CUST") });
    assert_eq!(told(&send(&node, &other)), ["RJCR", "RJCR NARR"]);
    // What the first request came to, stays as it was.
    assert_eq!(told(&send(&node, &message))[1], "ACCR NARR");
}

#[test]
fn what_cannot_be_asked_back_is_told() {
    let node = started();
    let verdict = |message: &str| told(&send(&node, message));
    let rows = [
        (Some("200.01"), "DUPL", "RJCR AM09"),
        (Some("0"), "DUPL", "RJCR AM01"),
        (None, "dupl", "RJCR CH16"),
    ];
    for (amount, reason, expected) in rows {
        assert_eq!(verdict(&requests("A", &[(1, amount, reason)]))[1], expected, "{amount:?}");
    }
    let euro = requests("B", &[(1, Some("1.00"), "DUPL")]).replace("CNY", "EUR");
    assert_eq!(verdict(&euro)[1], "RJCR AM09");
    // The payer of payment 2 has its account at a bank whose operators are elsewhere.
    let foreign = send(&node, &requests("C", &[(2, None, "DUPL")]));
    assert_eq!(foreign.problem().code, "not-offered");
    assert_eq!(open(&node), Vec::<String>::new());
    // Once all went back there is nothing to ask for.
    assert_eq!(verdict(&requests("D", &[(1, None, "DUPL")])), ["PDCR", "PDCR NARR"]);
    lee_answers(&node, RecallAnswer::Accept { uetr: uetr(5), amount: money(10_000, "CNY") });
    assert_eq!(verdict(&requests("D", &[(1, None, "DUPL")])), ["PECR", "ACCR NARR"]);
    let pay = node.payment(6, 10_000);
    node.settle(&node.sign(&[&key(50)], node.transaction(vec![pay])));
    assert_eq!(verdict(&requests("E", &[(1, None, "DUPL")])), ["PDCR", "PDCR NARR"]);
    lee_answers(&node, RecallAnswer::Accept { uetr: uetr(7), amount: money(10_000, "CNY") });
    assert_eq!(verdict(&requests("E", &[(1, None, "DUPL")])), ["CNCL", "ACCR NARR"]);
    assert_eq!(verdict(&requests("F", &[(1, None, "DUPL")])), ["RJCR", "RJCR ARDT"]);
}

/// lee asks for `amount` of payment 2 back.
fn lee_asks(node: &Single, amount: u128) {
    let file = node.get(&format!("/v1/payments/{}/proof", uetr(2))).body;
    let evidence: Evidence =
        Proof::decode(&file).unwrap().evidence(node.domains.chain_id()).unwrap();
    let request = RecallRequest {
        evidence,
        amount: money(amount, "CNY"),
        reason: reason("CUST"),
        deadline: now().plus(3_600_000),
    };
    let operation = Operation::RequestRecall(Box::new(request));
    let settled = node.settle(&node.sign(&[&key(51)], node.transaction(vec![operation])));
    assert_eq!(settled.receipts[0].status, "recall-requested");
}

#[test]
fn a_message_answers_for_what_is_asked_back_once() {
    let node = started();
    let verdict = |node: &Single, message: &str| verdicts(&report(&send(node, message)));
    assert_eq!(verdict(&node, &answers("N", &[(2, refuses("CUST"))])), ["RJCT NARR"]);
    lee_asks(&node, 6_000);
    let before = lee(&node);
    // What decides nothing, and what gives more than was asked, leaves the recall open.
    let pending = "<TxCxlSts>PDCR</TxCxlSts>".to_owned();
    assert_eq!(verdict(&node, &answers("P", &[(2, pending)])), ["RJCT AG03"]);
    assert_eq!(verdict(&node, &answers("M", &[(2, accepts("60.01", None))])), ["RJCT AM09"]);
    assert_eq!(verdict(&node, &answers("D", &[(2, accepts("1.00", Some(1)))])), ["RJCT AM05"]);
    assert_eq!((open(&node), lee(&node)), (vec!["60.00 CNY".to_owned()], before));

    let message = answers("ANSWER-1", &[(2, accepts("25.00", Some(5))), (9, refuses("CUST"))]);
    assert_eq!(verdict(&node, &message), ["ACSC", "RJCT NARR"]);
    assert_eq!((open(&node), lee(&node)), (vec![], before + 2_500));
    let shown = view(&node, 2);
    assert_eq!(shown.status, "partly-returned");
    assert_eq!((shown.returns[0].id.clone(), &*shown.returns[0].iso_reason), {
        (uetr(5).to_string(), "FOCR")
    });
    // The same message again gives nothing more, after a restart too, and for another recall
    // neither.
    let node = node.restart();
    assert_eq!(verdict(&node, &message)[0], "ACSC");
    lee_asks(&node, 6_000);
    assert_eq!(verdict(&node, &message)[0], "ACSC");
    assert_eq!((open(&node).len(), lee(&node)), (1, before + 2_500));
    let altered = message.replace("25.00", "26.00");
    assert_eq!(verdict(&node, &altered)[0], "RJCT AM05");

    let refusal = answers("ANSWER-2", &[(2, refuses("LEGL"))]);
    let told = report(&send(&node, &refusal));
    assert_eq!(verdicts(&told), ["ACSC NARR"]);
    assert_eq!(told.original.unwrap().definition, "camt.029.001.09");
    assert_eq!((open(&node), lee(&node)), (vec![], before + 2_500));
    assert_eq!(verdict(&node, &refusal), ["ACSC NARR"]);
    // All that is asked goes back where the answer states no amount.
    lee_asks(&node, 3_000);
    let whole = "<TxCxlSts>ACCR</TxCxlSts>".to_owned();
    assert_eq!(verdict(&node, &answers("ANSWER-3", &[(2, whole)])), ["ACSC"]);
    assert_eq!(lee(&node), before + 5_500);
}

#[test]
fn an_answer_for_another_banks_customer_is_not_offered() {
    let node = started();
    let asked = requests("ASK-1", &[(1, None, "DUPL")]);
    assert_eq!(told(&send(&node, &asked)), ["PDCR", "PDCR NARR"]);
    let foreign = send(&node, &answers("A", &[(1, refuses("CUST"))]));
    assert_eq!(foreign.problem().code, "not-offered");
    assert_eq!(open(&node).len(), 1);
}
