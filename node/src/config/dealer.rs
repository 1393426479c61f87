//! The dealer's part of the configuration: an account, its key, and fixed rates.
//!
//! Invariants: a rate is exact decimal text; amounts are decimal text of the sold asset, read once
//! its decimals are known. Absent: where rates come from; this dealer quotes what stands here.

use ledger::ids::AssetCode;
use ledger::money::{Amount, Decimals, MoneyError, Rate, parse_number};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use super::ConfigError;

/// A dealer that this node quotes for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DealerConfig {
    /// The address of the account that takes in and pays out.
    pub account: String,
    /// The file of the account's owner key, of the kind `account`.
    pub key: PathBuf,
    /// How long a quote is firm, in seconds: 1 to 86,400.
    #[serde(default = "default_valid")]
    pub valid_seconds: u64,
    /// What is offered.
    pub rates: Vec<RateConfig>,
}

fn default_valid() -> u64 {
    30
}

/// One pair of assets and its rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// The asset that the payer sells: `CNY`.
    pub sell: String,
    /// The asset that the payee receives: `HKD`.
    pub buy: String,
    /// Units of `buy` for one unit of `sell`: `1.0850`.
    pub rate: String,
    /// The market's middle rate, `1.0900`, if the dealer discloses how far its own is from that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle: Option<String>,
    /// The least that is exchanged at once, in units of `sell`: `0.01`.
    pub minimum: String,
    /// The most that is exchanged at once, in units of `sell`: `1000000.00`.
    pub maximum: String,
}

impl RateConfig {
    /// The sold asset, the bought asset, and the rate.
    ///
    /// # Errors
    /// [`ConfigError::Value`] names the mistake. None after [`super::Config::parse`].
    pub fn pair(&self) -> Result<(AssetCode, AssetCode, Rate), ConfigError> {
        let code = |text: &str| {
            AssetCode::parse(text)
                .map_err(|error| ConfigError::value("dealer.rates", error.to_string()))
        };
        Ok((code(&self.sell)?, code(&self.buy)?, parse_rate(&self.rate)?))
    }

    /// The market's middle rate, if it is disclosed.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if it is no rate. None after [`super::Config::parse`].
    pub fn middle(&self) -> Result<Option<Rate>, ConfigError> {
        self.middle.as_deref().map(parse_rate).transpose()
    }

    /// The least and the most that is exchanged at once, once the sold asset's decimals are known.
    ///
    /// # Errors
    /// [`MoneyError`] if an amount does not fit the asset.
    pub fn bounds(
        &self,
        sell: AssetCode,
        decimals: Decimals,
    ) -> Result<(Amount, Amount), MoneyError> {
        let minimum = parse_number(&self.minimum, sell, decimals)?;
        let maximum = parse_number(&self.maximum, sell, decimals)?;
        Ok((minimum, maximum))
    }
}

fn parse_rate(text: &str) -> Result<Rate, ConfigError> {
    Rate::parse(text).ok_or_else(|| {
        let reason = format!("\"{text}\" is not a rate. Write a number like 1.0850");
        ConfigError::value("dealer.rates", reason)
    })
}

impl DealerConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        super::within("dealer.valid_seconds", self.valid_seconds, 1, 86_400)?;
        let mut pairs = Vec::new();
        for rate in &self.rates {
            let (sell, buy, _) = rate.pair()?;
            rate.middle()?;
            let refused = |reason: String| Err(ConfigError::value("dealer.rates", reason));
            if sell == buy {
                return refused(format!("{sell} is exchanged for itself. Leave the rate out"));
            }
            if pairs.contains(&(sell, buy)) {
                return refused(format!("{sell} to {buy} is listed twice. Keep one rate"));
            }
            pairs.push((sell, buy));
            // Any asset has at most so many decimals; its own are checked when they are known.
            match rate.bounds(sell, Decimals::MAXIMUM) {
                Err(error) => return refused(error.to_string()),
                Ok((minimum, maximum)) if minimum > maximum => {
                    return refused(format!("{sell} to {buy}: the minimum is above the maximum"));
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }
}
