//! `feiqian quote`: what a dealer would give now, and which limits a payment at that would meet.
//! Nothing is ordered, and nothing is reserved.

use api::limits::{LimitsView, RuleView};
use api::text::Naming;
use ledger::crypto::PublicKey;
use serde::Serialize;

use super::pay::draft::{self, Draft};
use super::pay::order::{self, Order};
use super::pay::quote::{self, Offer};
use crate::cli::{Charge, Quote};
use crate::desk::{self, Desk};
use crate::entropy;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::names::Written;
use crate::network::parse_money;
use crate::protocol;
use crate::session::Session;

#[derive(Serialize)]
struct QuoteDocument {
    sell: String,
    rate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    onward: Option<OnwardDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    markup: Option<String>,
    receive: String,
    dealer: String,
    expires: String,
    /// What the payment of all of it would meet, if a payee was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentDocument>,
}

/// The second exchange, over a third asset.
#[derive(Serialize)]
struct OnwardDocument {
    from: String,
    rate: String,
    dealer: String,
}

/// What a payment to the payee would meet.
#[derive(Serialize)]
struct PaymentDocument {
    /// The rules, with what they then do.
    limits: Vec<MetDocument>,
    /// Why the ledger would reject it, if it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection: Option<String>,
    /// The same for people.
    #[serde(skip)]
    why: Option<Text>,
}

/// A rule of an institution.
#[derive(Serialize)]
struct MetDocument {
    institution: String,
    name: String,
    /// `alert`, `hold` or `refuse`.
    outcome: String,
}

pub(super) fn run(session: &Session, command: &Quote) -> Result<(), Fault> {
    order::canonical_amount(&command.amount)?;
    let desk = Desk::open(session)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let (sell, buy) = (parse_money(&command.amount, &naming)?, desk::asset(&command.to_asset)?);
    draft::ensure_exchange(sell.asset, buy, &naming)?;
    let payee = command.payee.as_deref();
    let draft = payee.map(|payee| drafted(&desk, command, payee, &naming)).transpose()?;
    let offer = match draft.as_ref().and_then(Draft::offer) {
        Some(offer) => offer.clone(),
        None => quote::ask(&desk, sell, buy, &naming, entropy::now())?,
    };
    let route = &offer.route;
    let receive = quote::receive(route, sell.amount, &naming)?;
    let first = &route.first.quote;
    let document = QuoteDocument {
        sell: naming.money(sell),
        rate: first.rate.to_string(),
        onward: route.onward.as_ref().map(|onward| OnwardDocument {
            from: onward.quote.sell.to_string(),
            rate: onward.quote.rate.to_string(),
            dealer: naming.address(onward.quote.dealer),
        }),
        markup: offer.markup.clone(),
        receive: naming.money(receive),
        dealer: naming.address(first.dealer),
        expires: api::text::time(route.expires()),
        payment: draft.map(|draft| payment(&desk, &draft)).transpose()?,
    };
    session.output.result(&text(&document, &offer), &document);
    Ok(())
}

/// The payment of the whole amount to the payee, with an offer of its own.
fn drafted(desk: &Desk<'_>, command: &Quote, payee: &str, naming: &Naming) -> Result<Draft, Fault> {
    let parse = |text: &str| Written::parse(text, &desk.profile, desk.chain.network);
    let order = Order {
        from: parse(order::payer(desk, command.from.as_deref())?)?,
        to: parse(payee)?,
        amount: command.amount.clone(),
        to_asset: Some(desk::asset(&command.to_asset)?),
        charge: Charge::Shar,
        max_fee: None,
        note: None,
        id: None,
        hold: None,
        queue: None,
    };
    Draft::new(desk, order, draft::fresh_uetr()?, naming)
}

/// What the payment would meet, if as many of its owners signed as must.
fn payment(desk: &Desk<'_>, draft: &Draft) -> Result<PaymentDocument, Fault> {
    let account = desk.network.account(draft.from.account, desk.chain.network)?;
    let owners = account.policy.keys.iter().filter_map(|key| PublicKey::from_hex(key));
    let owners: Vec<_> = owners.take(usize::from(account.policy.threshold)).collect();
    let answer = desk.rehearse(draft.question(desk, &owners))?;
    let met = answer.receipts.first().map(|receipt| receipt.rules.as_slice()).unwrap_or_default();
    let fault = desk::would_settle(&answer).err();
    Ok(PaymentDocument {
        limits: met.iter().map(|rule| of_rule(desk, rule)).collect::<Result<_, _>>()?,
        rejection: fault.as_ref().map(|fault| fault.code.text().to_owned()),
        why: fault.map(|fault| fault.detail),
    })
}

/// A rule that was met, with its outcome as the institution's limits have it.
fn of_rule(desk: &Desk<'_>, rule: &RuleView) -> Result<MetDocument, Fault> {
    let institutions = desk.network.institutions()?.into_iter();
    let mut bics = institutions.filter(|it| it.number == rule.institution).map(|it| it.bic);
    let institution = bics.next().unwrap_or_default();
    let path = format!("/v1/institutions/{institution}/limits");
    let limits: LimitsView = desk.network.ask(|node, limit| node.get_json(&path, &[], limit))?;
    let found = limits.rules.into_iter().find(|of| of.name == rule.name);
    let outcome = found.map(|of| of.outcome).unwrap_or_default();
    Ok(MetDocument { institution, name: rule.name.clone(), outcome })
}

fn text(document: &QuoteDocument, offer: &Offer) -> Text {
    let head = say!(
        "{sell} is {receive} now ({rates}), charges aside.\n\
         dealer {dealer}, firm until {until}",
        "{sell} 现可兑换 {receive}（{rates}），不含手续费。\n\
         做市商 {dealer}，报价有效至 {until}",
        sell = document.sell,
        receive = document.receive,
        dealer = document.dealer,
        until = document.expires;
        rates = offer.rates()
    );
    let Some(payment) = &document.payment else { return head };
    let mut lines = vec![head];
    lines.extend(payment.limits.iter().map(|met| {
        say!(
            "limit {name} of {institution}: {outcome}",
            "{institution} 的限额规则 {name}：{outcome}",
            name = met.name,
            institution = met.institution;
            outcome = protocol::word(&met.outcome)
        )
    }));
    match &payment.why {
        Some(why) => lines.push(say!("would be rejected: {why}", "将被拒绝：{why}"; why = why)),
        None if payment.limits.is_empty() => {
            lines.push(say!("meets no rule of limits", "不触及任何限额规则"));
        }
        None => {}
    }
    Text::join(&lines, "\n")
}
