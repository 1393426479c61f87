//! The dealer: firm offers at the rates of the configuration.
//!
//! An offer is for at most the amount that was asked for, so that one quote never commits the
//! dealer to more than somebody wanted. Invariants: every offer has a number of its own, from the
//! operating system's entropy. Absent: positions, margins and rates that move.

use ledger::crypto::SecretKey;
use ledger::hash::Domains;
use ledger::ids::{AssetCode, Timestamp};
use ledger::money::{Amount, Decimals, Money};
use ledger::quote::{Quote, SignedQuote};

use crate::home::Dealer;

/// Why there is no offer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Decline {
    /// No rate for the pair.
    #[error("there is no rate from {sell} to {buy}")]
    Pair {
        /// The asset that the payer would sell.
        sell: AssetCode,
        /// The asset that the payee would receive.
        buy: AssetCode,
    },
    /// The amount is outside of the bounds, or comes to nothing.
    #[error("the amount is outside of what the rate from {sell} to {buy} is for")]
    Amount {
        /// The asset that the payer would sell.
        sell: AssetCode,
        /// The asset that the payee would receive.
        buy: AssetCode,
    },
    /// The configuration's bounds have more decimals than the asset.
    #[error("the dealer's configuration does not fit the asset {asset}")]
    Configuration {
        /// Which.
        asset: AssetCode,
    },
}

/// An offer and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The signed offer.
    pub quote: SignedQuote,
    /// What the payee receives for all of what is sold.
    pub receive: Money,
}

/// Offers to buy `sell` for `buy`, firm from `now` for the dealer's time. `nonce` must never
/// repeat.
///
/// # Errors
/// [`Decline`] says why there is no offer.
pub fn offer(
    dealer: &Dealer,
    domains: &Domains,
    decimals: impl Fn(AssetCode) -> Option<Decimals>,
    (sell, buy): (Money, AssetCode),
    (now, nonce): (Timestamp, u64),
) -> Result<Offer, Decline> {
    let pair = || Decline::Pair { sell: sell.asset, buy };
    let outside = || Decline::Amount { sell: sell.asset, buy };
    let unfit = |_| Decline::Configuration { asset: sell.asset };
    let sold_decimals = decimals(sell.asset).ok_or_else(pair)?;
    let bought_decimals = decimals(buy).ok_or_else(pair)?;
    let row = dealer.rates.iter().find_map(|row| {
        let (sells, buys, rate) = row.pair().ok()?;
        (sells == sell.asset && buys == buy).then_some((row, rate))
    });
    let (row, rate) = row.ok_or_else(pair)?;
    let (minimum, maximum) = row.bounds(sell.asset, sold_decimals).map_err(unfit)?;
    if sell.amount < minimum || sell.amount > maximum {
        return Err(outside());
    }
    let receive = rate.convert(sell.amount, sold_decimals, bought_decimals);
    let receive = receive.filter(|receive| !receive.is_zero()).ok_or_else(outside)?;
    let quote = Quote {
        dealer: dealer.account,
        sell: sell.asset,
        buy,
        rate,
        minimum,
        maximum: sell.amount,
        expires: now.plus(dealer.valid_ms),
        nonce,
    };
    let quote = sign(domains, &dealer.key, quote);
    Ok(Offer { quote, receive: Money::new(receive, buy) })
}

fn sign(domains: &Domains, key: &SecretKey, quote: Quote) -> SignedQuote {
    SignedQuote::sign(domains, key, quote)
}

/// What the payee receives by this offer for `sold`, if it can be used for that now.
pub fn receives(
    quote: &Quote,
    sold: Money,
    decimals: impl Fn(AssetCode) -> Option<Decimals>,
    now: Timestamp,
) -> Option<Amount> {
    let is_fit = quote.sell == sold.asset
        && (quote.minimum..=quote.maximum).contains(&sold.amount)
        && now < quote.expires
        && quote.defect().is_none();
    let (sell, buy) = (decimals(quote.sell)?, decimals(quote.buy)?);
    quote.rate.convert(sold.amount, sell, buy).filter(|_| is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RateConfig;
    use ledger::crypto::Suite;
    use ledger::hash::{ChainId, Hash};
    use ledger::ids::{AccountId, InstitutionNumber};

    fn dealer() -> Dealer {
        Dealer {
            account: AccountId::new(InstitutionNumber(1), [9; 12]),
            key: SecretKey::from_seed(Suite::Ed25519Blake3, [7; 32]),
            valid_ms: 30_000,
            rates: vec![RateConfig {
                sell: "CNY".to_owned(),
                buy: "HKD".to_owned(),
                rate: "1.0850".to_owned(),
                minimum: "1.00".to_owned(),
                maximum: "5000.00".to_owned(),
            }],
        }
    }

    fn domains() -> Domains {
        Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])))
    }

    fn code(text: &str) -> AssetCode {
        AssetCode::parse(text).unwrap()
    }

    fn ask(amount: u128, sell: &str, buy: &str) -> Result<Offer, Decline> {
        let sell = Money::new(Amount(amount), code(sell));
        let decimals = |asset| Decimals::of_currency(asset);
        offer(&dealer(), &domains(), decimals, (sell, code(buy)), (Timestamp(1_000), 5))
    }

    #[test]
    fn an_offer_is_signed_and_for_no_more_than_was_asked() {
        let offer = ask(100_000, "CNY", "HKD").unwrap();
        assert_eq!(offer.receive, Money::new(Amount(108_500), code("HKD")));
        let quote = &offer.quote.quote;
        assert_eq!((quote.minimum, quote.maximum), (Amount(100), Amount(100_000)));
        assert_eq!((quote.expires, quote.nonce), (Timestamp(31_000), 5));
        assert!(domains().suite().verify(&offer.quote.signature_check(&domains())));
    }

    #[test]
    fn declines_by_row() {
        let pair = |sell, buy| Decline::Pair { sell: code(sell), buy: code(buy) };
        let amount = Decline::Amount { sell: code("CNY"), buy: code("HKD") };
        for (sold, sell, buy, expected) in [
            (100_000, "HKD", "CNY", pair("HKD", "CNY")),
            (100_000, "CNY", "POINTS", pair("CNY", "POINTS")),
            (99, "CNY", "HKD", amount.clone()),
            (500_001, "CNY", "HKD", amount.clone()),
        ] {
            assert_eq!(ask(sold, sell, buy), Err(expected), "{sold} {sell} {buy}");
        }
    }

    #[test]
    fn an_offer_is_used_within_its_bounds_and_time() {
        let quote = ask(100_000, "CNY", "HKD").unwrap().quote.quote;
        let at = |amount, asset, now| {
            let sold = Money::new(Amount(amount), code(asset));
            receives(&quote, sold, Decimals::of_currency, Timestamp(now))
        };
        assert_eq!(at(100_000, "CNY", 1_000), Some(Amount(108_500)));
        assert_eq!(at(100, "CNY", 30_999), Some(Amount(108)));
        for (amount, asset, now) in [
            (100_001, "CNY", 1_000),
            (99, "CNY", 1_000),
            (1_000, "HKD", 1_000),
            (100, "CNY", 31_000),
        ] {
            assert_eq!(at(amount, asset, now), None, "{amount} {asset} {now}");
        }
    }
}
