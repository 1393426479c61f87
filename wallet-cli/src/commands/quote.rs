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
    receive: String,
    dealer: String,
    expires: String,
}

pub(super) fn run(session: &Session, amount: &str, to_asset: &str) -> Result<(), Fault> {
    super::pay::order::canonical_amount(amount)?;
    let desk = Desk::open(session)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let (sell, buy) = (parse_money(amount, &naming)?, desk::asset(to_asset)?);
    super::pay::draft::ensure_exchange(sell.asset, buy, &naming)?;
    let signed = quote::ask(&desk, sell, buy, &naming, entropy::now())?;
    let receive = quote::receive(&signed, sell.amount, &naming)?;
    let quote = &signed.quote;
    let document = QuoteDocument {
        sell: naming.money(sell),
        rate: quote.rate.to_string(),
        receive: naming.money(receive),
        dealer: naming.address(quote.dealer),
        expires: api::text::time(quote.expires),
    };
    let text = say!(
        "{sell} is {receive} now (1 {from} = {rate} {to}), charges aside.\n\
         dealer {dealer}, firm until {until}",
        "{sell} 现可兑换 {receive}（1 {from} = {rate} {to}），不含手续费。\n\
         做市商 {dealer}，报价有效至 {until}",
        sell = document.sell,
        receive = document.receive,
        from = quote.sell,
        rate = quote.rate,
        to = quote.buy,
        dealer = document.dealer,
        until = document.expires
    );
    session.output.result(&text, &document);
    Ok(())
}
