//! A dealer's firm quote, or the two of a way over a third asset, checked before anyone relies on
//! them.
//!
//! Invariants: what the payee receives is computed here from the signed rates, not read from the
//! words beside them. Absent: choosing the best of several dealers; the first that deals is taken.

use api::quote::{QuoteAnswer, QuoteRequest};
use api::text::Naming;
use ledger::codec;
use ledger::ids::{AssetCode, Timestamp};
use ledger::money::{Amount, Money};
use ledger::quote::Route;

use crate::code::Own;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};

/// The most bytes of signed quotes.
const MAXIMUM_BYTES: usize = 2048;

/// What a dealer offers.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The signed quotes.
    pub(crate) route: Route,
    /// How far the rates are below the market's middle ones, by the dealer's word.
    pub(crate) markup: Option<String>,
}

impl Offer {
    /// The rates and the markup: `1 CNY = 1.085 HKD, markup 0.19%`.
    pub(crate) fn rates(&self) -> Text {
        let rates = &self.route;
        match &self.markup {
            Some(markup) => say!("{rates}, markup {markup}", "{rates}，加价 {markup}"),
            None => Text::data(rates.to_string()),
        }
    }
}

/// A markup is a number of percent: nothing else of a dealer's words is printed.
fn is_percent(text: &str) -> bool {
    let number = text.strip_suffix('%').unwrap_or_default();
    let number = number.strip_prefix('-').unwrap_or(number);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    text.len() <= 12
        && number.split_once('.').is_some_and(|(whole, rest)| is_number(whole) && is_number(rest))
}

/// Asks node after node until one deals, and checks its offer.
///
/// # Errors
/// Exit 5 if no node answers, exit 3 or 4 if none deals or the offer is not what was asked for.
pub(crate) fn ask(
    desk: &Desk<'_>,
    sell: Money,
    buy: AssetCode,
    naming: &Naming,
    now: Timestamp,
) -> Result<Offer, Fault> {
    let question = QuoteRequest { sell: naming.money(sell), buy: buy.to_string() };
    let answer: QuoteAnswer =
        desk.network.ask(|node, limit| node.post_json("/v1/quotes", &question, limit))?;
    let bytes = api::text::parse_base64(&answer.quote).unwrap_or_default();
    let route: Route = codec::decode(&bytes, MAXIMUM_BYTES).map_err(|error| {
        refused(say!("the quote cannot be read: {error}", "报价无法读取：{error}"))
    })?;
    match defect(desk, &route, sell, buy, now) {
        Some(reason) => Err(refused(reason)),
        None => Ok(Offer { route, markup: answer.markup.filter(|text| is_percent(text)) }),
    }
}

/// What the payee receives for `sold` by the quotes' rates, rounded down.
///
/// # Errors
/// Exit 3 if it does not fit a number or an asset is not known.
pub(crate) fn receive(route: &Route, sold: Amount, naming: &Naming) -> Result<Money, Fault> {
    let given = route.converted(sold, |asset| naming.decimals.get(&asset).copied());
    let received = given.and_then(|given| given.last().copied());
    received.ok_or_else(|| refused(say!("its rate gives no amount", "其汇率得不出金额")))
}

fn defect(
    desk: &Desk<'_>,
    route: &Route,
    sell: Money,
    buy: AssetCode,
    now: Timestamp,
) -> Option<Text> {
    if let Some(defect) = route.defect() {
        return Some(Text::data(defect.to_string()));
    }
    if route.sell() != sell.asset || route.buy() != buy {
        return Some(say!("it exchanges other assets", "兑换的是其他资产"));
    }
    // What the second quote takes is no more than what it holds for: the ledger sees to that.
    if sell.amount > route.first.quote.maximum {
        return Some(say!("it holds for less than this amount", "其适用金额低于所询金额"));
    }
    if route.expires() <= now {
        return Some(say!("it has expired already", "已经过期"));
    }
    let domains = desk.chain.domains();
    let mut checks = route.quotes().map(|signed| signed.signature_check(&domains));
    let is_signed = checks.all(|check| domains.suite().verify(&check));
    (!is_signed).then(|| say!("its signature is invalid", "其签名无效"))
}

fn refused(reason: Text) -> Fault {
    let detail = say!(
        "The dealer's offer is refused: {reason}.",
        "做市商的报价被拒绝：{reason}。";
        reason = reason
    );
    let hint = say!("Ask again. Nothing was sent.", "请重新询价。未发送任何内容。");
    Fault::new(Exit::Rejected, Own::QuoteRefused, detail, hint)
}
