//! A dealer's firm quote, checked before anyone relies on it.
//!
//! Invariants: what the payee receives is computed here from the signed rate, not read from the
//! words beside it. Absent: choosing the best of several dealers; the first that deals is taken.

use api::quote::{QuoteAnswer, QuoteRequest};
use api::text::Naming;
use ledger::codec;
use ledger::crypto::SignatureCheck;
use ledger::ids::{AssetCode, Timestamp};
use ledger::money::{Amount, Money};
use ledger::quote::SignedQuote;

use crate::code::Own;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};

/// The most bytes of a signed quote.
const MAXIMUM_BYTES: usize = 1024;

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
) -> Result<SignedQuote, Fault> {
    let question = QuoteRequest { sell: naming.money(sell), buy: buy.to_string() };
    let answer: QuoteAnswer =
        desk.network.ask(|node, limit| node.post_json("/v1/quotes", &question, limit))?;
    let bytes = api::text::parse_base64(&answer.quote).unwrap_or_default();
    let signed: SignedQuote = codec::decode(&bytes, MAXIMUM_BYTES).map_err(|error| {
        refused(say!("the quote cannot be read: {error}", "报价无法读取：{error}"))
    })?;
    match defect(desk, &signed, sell, buy, now) {
        Some(reason) => Err(refused(reason)),
        None => Ok(signed),
    }
}

/// What the payee receives for `sold` by the quote's rate, rounded down.
///
/// # Errors
/// Exit 3 if it does not fit a number or an asset is not known.
pub(crate) fn receive(quote: &SignedQuote, sold: Amount, naming: &Naming) -> Result<Money, Fault> {
    let quote = &quote.quote;
    let decimals = |asset: &AssetCode| naming.decimals.get(asset).copied();
    let amount = decimals(&quote.sell)
        .zip(decimals(&quote.buy))
        .and_then(|(sell, buy)| quote.rate.convert(sold, sell, buy));
    let amount =
        amount.ok_or_else(|| refused(say!("its rate gives no amount", "其汇率得不出金额")))?;
    Ok(Money::new(amount, quote.buy))
}

fn defect(
    desk: &Desk<'_>,
    signed: &SignedQuote,
    sell: Money,
    buy: AssetCode,
    now: Timestamp,
) -> Option<Text> {
    let quote = &signed.quote;
    if let Some(defect) = quote.defect() {
        return Some(Text::data(defect.to_string()));
    }
    if quote.sell != sell.asset || quote.buy != buy {
        return Some(say!("it exchanges other assets", "兑换的是其他资产"));
    }
    if sell.amount > quote.maximum {
        return Some(say!("it holds for less than this amount", "其适用金额低于所询金额"));
    }
    if quote.expires <= now {
        return Some(say!("it has expired already", "已经过期"));
    }
    let domains = desk.chain.domains();
    let check =
        SignatureCheck { key: signed.key, digest: quote.id(&domains), signature: signed.signature };
    (!domains.suite().verify(&check)).then(|| say!("its signature is invalid", "其签名无效"))
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
