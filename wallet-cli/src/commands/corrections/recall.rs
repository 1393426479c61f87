//! `feiqian recall request|accept|refuse|list`: asks for payments back, and answers who asks.
//!
//! Invariants: what is asked back is read from the payment's verified proof; what is given back by
//! default is what a node says is asked for, and the ledger never lets more go. Absent: deciding.

use api::recall::{RecallPage, RecallView};
use api::transaction::PaymentView;
use ledger::corrections::{RecallAnswer, RecallRequest, Settled};
use ledger::ids::Uetr;
use ledger::operation::Operation;
use ledger::rejection::Rejection;

use super::{deliver_under, keys_of, report, settled};
use crate::cli::{Accept, AskBack, ListRecalls, PayeeKeys, Recall, RefuseRecall};
use crate::commands::pay::order;
use crate::commands::table;
use crate::desk::Desk;
use crate::entropy;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::names::Written;
use crate::network::parse_money;
use crate::orders;
use crate::session::Session;

pub(in crate::commands) fn run(session: &Session, command: Recall) -> Result<(), Fault> {
    match command {
        Recall::Request(command) => request(session, &command),
        Recall::Accept(command) => accept(session, &command),
        Recall::Refuse(command) => refuse(session, &command),
        Recall::List(command) => list(session, &command),
    }
}

fn request(session: &Session, command: &AskBack) -> Result<(), Fault> {
    let written = command.amount.as_deref().map(order::canonical_amount).transpose()?;
    let desk = Desk::open(session)?;
    let amount = written.unwrap_or_else(|| "all".to_owned());
    let text = format!("recall of {amount} of {} for {}", command.id, command.reason);
    if let Some(left) = desk.unfinished(&text)? {
        return report(&desk, desk.deliver(left)?);
    }
    let (evidence, of) = settled(&desk, &command.id)?;
    let amount = match &command.amount {
        Some(amount) => parse_money(amount, &desk.network.naming(desk.chain.network)?)?,
        None => of.credited,
    };
    let keys = keys_of(&desk, of.payer, (&command.key, &command.operator_key))?;
    let deadline = command.until.from(entropy::now());
    let reason = command.reason;
    let request = RecallRequest { evidence, amount, reason, deadline };
    let operation = Operation::RequestRecall(Box::new(request));
    report(&desk, orders::order(&desk, text, &keys, operation)?)
}

fn accept(session: &Session, command: &Accept) -> Result<(), Fault> {
    let written = command.amount.as_deref().map(order::canonical_amount).transpose()?;
    let own = command.return_id.as_deref().map(Uetr::parse).transpose()?;
    let desk = Desk::open(session)?;
    let amount = written.unwrap_or_else(|| "all".to_owned());
    let text = format!("answer to the recall of {}: {amount}", command.id);
    let done = deliver_under(&desk, own, &text, |uetr| {
        let (of, asked) = asked(&desk, &command.id)?;
        let amount = command.amount.as_ref().unwrap_or(&asked.amount);
        let amount = parse_money(amount, &desk.network.naming(desk.chain.network)?)?;
        answer(&desk, &text, &of, RecallAnswer::Accept { uetr, amount }, &command.payee)
    })?;
    report(&desk, done)
}

fn refuse(session: &Session, command: &RefuseRecall) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let text = format!("refusal of the recall of {} for {}", command.id, command.reason);
    if let Some(left) = desk.unfinished(&text)? {
        return report(&desk, desk.deliver(left)?);
    }
    let (of, _) = asked(&desk, &command.id)?;
    let refusal = RecallAnswer::Refuse { reason: command.reason };
    report(&desk, answer(&desk, &text, &of, refusal, &command.payee)?)
}

/// The payment whose id begins so, by its proof, and what a node says is asked back of it.
fn asked(desk: &Desk<'_>, id: &str) -> Result<(Settled, RecallView), Fault> {
    let (_, of) = settled(desk, id)?;
    let path = format!("/v1/payments/{}", of.payment);
    let view: PaymentView = desk.network.ask(|node, limit| node.get_json(&path, &[], limit))?;
    let recall = view.recall.ok_or_else(|| Fault::rejected(Rejection::NoRecall).about(id))?;
    Ok((of, recall))
}

fn answer(
    desk: &Desk<'_>,
    text: &str,
    of: &Settled,
    answer: RecallAnswer,
    payee: &PayeeKeys,
) -> Result<crate::desk::Done, Fault> {
    let keys = keys_of(desk, of.payee, (&payee.key, &payee.operator_key))?;
    let operation = Operation::AnswerRecall { payment: of.payment, answer };
    orders::order(desk, text.to_owned(), &keys, operation)
}

fn list(session: &Session, command: &ListRecalls) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let account = command.account.as_ref().map(|text| {
        let written = Written::parse(text, &desk.profile, desk.chain.network)?;
        Ok::<_, Fault>(written.resolve(&desk.chain, &desk.network)?.address)
    });
    let account = account.transpose()?;
    let members = [
        ("account", account.as_ref()),
        ("institution", command.institution.as_ref()),
        ("cursor", command.cursor.as_ref()),
    ];
    let query = members.into_iter().filter_map(|(name, value)| Some((name, value?.as_str())));
    let query: Vec<(&str, &str)> = query.collect();
    let page: RecallPage =
        desk.network.ask(|node, limit| node.get_json("/v1/recalls", &query, limit))?;
    session.output.result(&listed(&page), &page);
    Ok(())
}

fn listed(page: &RecallPage) -> Text {
    let headings = [
        say!("answer by", "答复截止"),
        say!("asked back", "请求退回"),
        say!("of", "原支付"),
        say!("reason", "原因"),
        say!("payment", "支付编号"),
        say!("payee", "收款人"),
    ];
    let row = |recall: &RecallView| {
        let RecallView { deadline, amount, credited, iso_reason, payment, to, .. } = recall;
        [deadline, amount, credited, iso_reason, payment, to].map(|text| Text::data(text.as_str()))
    };
    let rows: Vec<Vec<Text>> = page.recalls.iter().map(|recall| row(recall).to_vec()).collect();
    let mut text = table::table(&headings, &rows, &[1, 2]);
    if page.recalls.is_empty() {
        text = say!("Nothing is asked back.", "没有待答复的退回请求。");
    }
    if let Some(cursor) = &page.next_cursor {
        text = table::more(&text, cursor);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn recalls_are_listed_in_both_languages() {
        let none = listed(&RecallPage { recalls: Vec::new(), next_cursor: None });
        assert_eq!(none.english(), "Nothing is asked back.");
        let recall = RecallView {
            payment: "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10".to_owned(),
            amount: "30.00 CNY".to_owned(),
            credited: "50.00 CNY".to_owned(),
            iso_status: "PDCR".to_owned(),
            iso_reason: "DUPL".to_owned(),
            from: "fqd1wei".to_owned(),
            to: "fqd1lee".to_owned(),
            deadline: "2026-11-28T20:15:00.000Z".to_owned(),
            block: 7,
        };
        let page = RecallPage { recalls: vec![recall], next_cursor: Some("1-2".to_owned()) };
        let text = listed(&page);
        for language in [Language::English, Language::Chinese] {
            let told = text.of(language);
            assert!(told.contains("30.00 CNY") && told.contains("--cursor 1-2"), "{told}");
        }
    }
}
