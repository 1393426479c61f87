//! `feiqian quote`: what a dealer would give now. Nothing is ordered, and nothing is reserved.

use serde::Serialize;

use super::pay::quote;
use crate::desk::{self, Desk};
use crate::entropy;
use crate::fault::Fault;
use crate::language::say;
use crate::network::parse_money;
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
}

/// The second exchange, over a third asset.
#[derive(Serialize)]
struct OnwardDocument {
    from: String,
    rate: String,
    dealer: String,
}

pub(super) fn run(session: &Session, amount: &str, to_asset: &str) -> Result<(), Fault> {
    super::pay::order::canonical_amount(amount)?;
    let desk = Desk::open(session)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let (sell, buy) = (parse_money(amount, &naming)?, desk::asset(to_asset)?);
    super::pay::draft::ensure_exchange(sell.asset, buy, &naming)?;
    let offer = quote::ask(&desk, sell, buy, &naming, entropy::now())?;
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
    };
    let text = say!(
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
    session.output.result(&text, &document);
    Ok(())
}
