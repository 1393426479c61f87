//! The dealer: firm offers at the rates of the configuration.
//!
//! An offer is for at most the amount that was asked for, so that one quote never commits the
//! dealer to more than somebody wanted. Invariants: every offer has a number of its own, from the
//! operating system's entropy. Absent: positions, margins and rates that move.

use ledger::hash::Domains;
use ledger::ids::{AssetCode, Timestamp};
use ledger::money::{Amount, Decimals, Money, Rate};
use ledger::quote::{Quote, Route, SignedQuote};

use crate::config::RateConfig;
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
    /// The signed quote, or the two over a third asset.
    pub route: Route,
    /// What each quote gives for all of what is sold; the last is the payee's.
    pub given: Vec<Money>,
    /// How far the rates are below the middle ones, where those are disclosed: in hundredths of a
    /// percent, rounded up.
    pub markup: Option<i64>,
}

impl Offer {
    /// What the payee receives for all of what is sold.
    pub fn receive(&self) -> Option<Money> {
        self.given.last().copied()
    }
}

/// What an offer is made at: the moment, from which on it is firm for the dealer's time, and a
/// number that never repeats for each of two quotes.
pub type Moment = (Timestamp, [u64; 2]);

/// Offers to buy `sell` for `buy`: by the rate of the pair, or else over the third asset that gives
/// the most.
///
/// # Errors
/// [`Decline`] says why there is no offer.
pub fn offer(
    dealer: &Dealer,
    domains: &Domains,
    decimals: impl Fn(AssetCode) -> Option<Decimals>,
    (sell, buy): (Money, AssetCode),
    (now, [first, second]): Moment,
) -> Result<Offer, Decline> {
    let desk = Rates { dealer, domains, now };
    if desk.has(sell.asset, buy) {
        let (quote, receive) = desk.quote(&decimals, sell, buy, first)?;
        let markup = desk.markup(&[&quote]);
        return Ok(Offer { route: Route::direct(quote), given: vec![receive], markup });
    }
    let mut best: Option<Offer> = None;
    let mut declined = Decline::Pair { sell: sell.asset, buy };
    for third in desk.bought_for(sell.asset).filter(|third| desk.has(*third, buy)) {
        let way = desk.quote(&decimals, sell, third, first).and_then(|(quote, middle)| {
            let (onward, receive) = desk.quote(&decimals, middle, buy, second)?;
            let markup = desk.markup(&[&quote, &onward]);
            Ok(Offer { route: Route::over(quote, onward), given: vec![middle, receive], markup })
        });
        match way {
            Ok(offer) if best.as_ref().is_none_or(|best| best.receive() < offer.receive()) => {
                best = Some(offer);
            }
            Ok(_) => {}
            Err(decline) => declined = decline,
        }
    }
    best.ok_or(declined)
}

/// The rows of a dealer, at a moment.
struct Rates<'a> {
    dealer: &'a Dealer,
    domains: &'a Domains,
    now: Timestamp,
}

impl Rates<'_> {
    fn has(&self, sell: AssetCode, buy: AssetCode) -> bool {
        self.bought_for(sell).any(|bought| bought == buy)
    }

    /// What the dealer gives for this asset.
    fn bought_for(&self, sell: AssetCode) -> impl Iterator<Item = AssetCode> {
        let pairs = self.dealer.rates.iter().filter_map(|row| row.pair().ok());
        pairs.filter(move |(sells, ..)| *sells == sell).map(|(_, buys, _)| buys)
    }

    fn row(&self, sell: AssetCode, buy: AssetCode) -> Option<(&RateConfig, Rate)> {
        self.dealer.rates.iter().find_map(|row| {
            let (sells, buys, rate) = row.pair().ok()?;
            (sells == sell && buys == buy).then_some((row, rate))
        })
    }

    /// How far these quotes in their order are below the middle rates.
    fn markup(&self, quotes: &[&SignedQuote]) -> Option<i64> {
        const WHOLE: u128 = 1_000_000_000;
        let mut left = WHOLE;
        for SignedQuote { quote, .. } in quotes {
            let middle = self.row(quote.sell, quote.buy)?.0.middle().ok()??;
            left = quote.rate.share_of(&middle, left)?;
        }
        let (left, whole) = (i64::try_from(left).ok()?, i64::try_from(WHOLE).ok()?);
        let missing = whole.checked_sub(left)?;
        // Towards the customer's disadvantage, so that no markup is told smaller than it is.
        let hundredth = whole.checked_div(10_000)?;
        let up = i64::from(missing.checked_rem(hundredth)? > 0);
        missing.checked_div(hundredth)?.checked_add(up)
    }

    /// A signed quote by the pair's row, and what it gives for all of `sell`.
    fn quote(
        &self,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
        sell: Money,
        buy: AssetCode,
        nonce: u64,
    ) -> Result<(SignedQuote, Money), Decline> {
        let pair = || Decline::Pair { sell: sell.asset, buy };
        let outside = || Decline::Amount { sell: sell.asset, buy };
        let unfit = |_| Decline::Configuration { asset: sell.asset };
        let sold_decimals = decimals(sell.asset).ok_or_else(pair)?;
        let bought_decimals = decimals(buy).ok_or_else(pair)?;
        let (row, rate) = self.row(sell.asset, buy).ok_or_else(pair)?;
        let (minimum, maximum) = row.bounds(sell.asset, sold_decimals).map_err(unfit)?;
        if sell.amount < minimum || sell.amount > maximum {
            return Err(outside());
        }
        let receive = rate.convert(sell.amount, sold_decimals, bought_decimals);
        let receive = receive.filter(|receive| !receive.is_zero()).ok_or_else(outside)?;
        let quote = Quote {
            dealer: self.dealer.account,
            sell: sell.asset,
            buy,
            rate,
            minimum,
            maximum: sell.amount,
            expires: self.now.plus(self.dealer.valid_ms),
            nonce,
        };
        let signed = SignedQuote::sign(self.domains, &self.dealer.key, quote);
        Ok((signed, Money::new(receive, buy)))
    }
}

/// A markup in words: `0.18%`.
pub fn percent(markup: i64) -> String {
    let sign = if markup < 0 { "-" } else { "" };
    let size = markup.unsigned_abs();
    let (whole, rest) = (size.checked_div(100), size.checked_rem(100));
    format!("{sign}{}.{:02}%", whole.unwrap_or_default(), rest.unwrap_or_default())
}

/// What the payee receives by these quotes for `sold`, if they can be used for that now.
pub fn receives(
    route: &Route,
    sold: Money,
    decimals: impl Fn(AssetCode) -> Option<Decimals>,
    now: Timestamp,
) -> Option<Amount> {
    let given = route.converted(sold.amount, decimals)?;
    let taken = std::iter::once(sold.amount).chain(given.iter().map(|money| money.amount));
    let is_fit = route.defect().is_none()
        && route.sell() == sold.asset
        && route.quotes().zip(taken).all(|(SignedQuote { quote, .. }, amount)| {
            (quote.minimum..=quote.maximum).contains(&amount) && now < quote.expires
        });
    given.last().map(|money| money.amount).filter(|_| is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::crypto::SecretKey;
    use ledger::crypto::Suite;
    use ledger::hash::{ChainId, Hash};
    use ledger::ids::{AccountId, InstitutionNumber};

    fn dealer() -> Dealer {
        Dealer {
            account: AccountId::new(InstitutionNumber(1), [9; 12]),
            key: SecretKey::from_seed(Suite::Ed25519Blake3, [7; 32]),
            valid_ms: 30_000,
            rates: vec![
                row("CNY", "HKD", "1.0850"),
                row("CNY", "USD", "0.1401"),
                row("CNY", "EUR", "0.1200"),
                row("USD", "SGD", "1.3000"),
                row("EUR", "SGD", "1.5000"),
            ],
        }
    }

    fn row(sell: &str, buy: &str, rate: &str) -> RateConfig {
        RateConfig {
            sell: sell.to_owned(),
            buy: buy.to_owned(),
            rate: rate.to_owned(),
            middle: None,
            minimum: "1.00".to_owned(),
            maximum: "5000.00".to_owned(),
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
        offer(&dealer(), &domains(), decimals, (sell, code(buy)), (Timestamp(1_000), [5, 6]))
    }

    #[test]
    fn an_offer_is_signed_and_for_no_more_than_was_asked() {
        let offer = ask(100_000, "CNY", "HKD").unwrap();
        assert_eq!(offer.given, [Money::new(Amount(108_500), code("HKD"))]);
        assert_eq!(offer.route.onward, None);
        let quote = &offer.route.first.quote;
        assert_eq!((quote.minimum, quote.maximum), (Amount(100), Amount(100_000)));
        assert_eq!((quote.expires, quote.nonce), (Timestamp(31_000), 5));
        assert!(domains().suite().verify(&offer.route.first.signature_check(&domains())));
    }

    #[test]
    fn where_no_rate_leads_the_best_way_over_a_third_asset_is_offered() {
        let offer = ask(100_000, "CNY", "SGD").unwrap();
        // 140.10 USD are 182.13 SGD; 120.00 EUR would be 180.00.
        let money = |amount, asset| Money::new(Amount(amount), code(asset));
        assert_eq!(offer.given, [money(14_010, "USD"), money(18_213, "SGD")]);
        let nonces: Vec<_> = offer.route.quotes().map(|signed| signed.quote.nonce).collect();
        assert_eq!(nonces, [5, 6]);
        assert_eq!(offer.route.onward.as_ref().unwrap().quote.maximum, Amount(14_010));
        let sold = money(50_000, "CNY");
        let receives = |now| receives(&offer.route, sold, Decimals::of_currency, Timestamp(now));
        assert_eq!(receives(1_000), Some(Amount(9_106)));
        assert_eq!(receives(31_000), None);
        // 0.70 USD are below what the second row is for, and 0.60 EUR too.
        assert!(matches!(ask(500, "CNY", "SGD"), Err(Decline::Amount { .. })));
    }

    #[test]
    fn a_markup_is_told_where_every_middle_rate_is_known() {
        let markup = |rows: &[(&str, &str, &str, Option<&str>)], sell, buy| {
            let of = |(sell, buy, rate, middle): &(&str, &str, &str, Option<&str>)| RateConfig {
                middle: middle.map(str::to_owned),
                ..row(sell, buy, rate)
            };
            let dealer = Dealer { rates: rows.iter().map(of).collect(), ..dealer() };
            let sell = Money::new(Amount(100_000), code(sell));
            let moment = (Timestamp(1_000), [5, 6]);
            let decimals = Decimals::of_currency;
            let offer = offer(&dealer, &domains(), decimals, (sell, code(buy)), moment).unwrap();
            offer.markup.map(percent)
        };
        let direct = [("CNY", "HKD", "1.0850", Some("1.0870"))];
        // 0.18399...%, rounded up.
        assert_eq!(markup(&direct, "CNY", "HKD").as_deref(), Some("0.19%"));
        let exact = [("CNY", "HKD", "1.0850", Some("1.0850"))];
        assert_eq!(markup(&exact, "CNY", "HKD").as_deref(), Some("0.00%"));
        let gift = [("CNY", "HKD", "1.1000", Some("1.0000"))];
        assert_eq!(markup(&gift, "CNY", "HKD").as_deref(), Some("-10.00%"));
        let way = [("CNY", "USD", "0.1", Some("0.2")), ("USD", "SGD", "1.5", Some("2"))];
        assert_eq!(markup(&way, "CNY", "SGD").as_deref(), Some("62.50%"));
        let half = [("CNY", "USD", "0.1", Some("0.2")), ("USD", "SGD", "1.5", None)];
        assert_eq!(markup(&half, "CNY", "SGD"), None);
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
        let route = ask(100_000, "CNY", "HKD").unwrap().route;
        let at = |amount, asset, now| {
            let sold = Money::new(Amount(amount), code(asset));
            receives(&route, sold, Decimals::of_currency, Timestamp(now))
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
