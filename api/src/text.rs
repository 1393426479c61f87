//! Text forms of ledger values: what a reader needs to know to write them.
//!
//! Invariants: one value has one text. Absent: parsing of amounts (see `ledger::money`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp as Moment;
use ledger::ids::{AccountId, AssetCode, Network, Timestamp};
use ledger::money::{Amount, Decimals, Money};
use std::collections::BTreeMap;

/// What it takes to write addresses and amounts: the network and the assets' decimals.
#[derive(Clone, Debug)]
pub struct Naming {
    /// The network, which gives addresses their prefix.
    pub network: Network,
    /// The decimals of every registered asset.
    pub decimals: BTreeMap<AssetCode, Decimals>,
}

impl Naming {
    /// `100.50 CNY`. An asset that is not known is written in minor units, as if without decimals.
    pub fn money(&self, money: Money) -> String {
        money.text(self.decimals.get(&money.asset).copied().unwrap_or(Decimals(0)))
    }

    /// The same for an amount of `asset`.
    pub fn amount(&self, amount: Amount, asset: AssetCode) -> String {
        self.money(Money::new(amount, asset))
    }

    /// The account's address.
    pub fn address(&self, account: AccountId) -> String {
        account.address(self.network)
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-21T20:15:00.123Z`.
pub fn time(timestamp: Timestamp) -> String {
    let milliseconds = i64::try_from(timestamp.0).unwrap_or(i64::MAX);
    let moment = Moment::from_millisecond(milliseconds).unwrap_or(Moment::MAX);
    format!("{moment:.3}")
}

/// Reads RFC 3339 in capitals; `None` for anything else or a time before 1970.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    if !is_shaped_as_time(text) {
        return None;
    }
    let moment: Moment = text.parse().ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

/// True for digits in the places of `2026-11-21T20:15:00`, perhaps a fraction, and `Z` or an
/// offset: the library beside it reads more of ISO 8601 than RFC 3339 has.
fn is_shaped_as_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with('0') => fraction.trim_start_matches('0'),
        Some(_) => return false,
        None => rest,
    };
    matches!(zone, "Z" | "+00:00" | "-00:00")
}

/// Standard base64 with padding (RFC 4648).
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads standard base64 with padding; `None` for anything else.
pub fn parse_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The chain id as people see it: the network's prefix and the hash, `fqd-3f2a...` in full.
pub fn chain_id(network: Network, chain_id: ledger::hash::ChainId) -> String {
    format!("{}-{}", network.prefix(), chain_id)
}

/// Reads the text form of a chain id of any network.
pub fn parse_chain_id(text: &str) -> Option<(Network, ledger::hash::ChainId)> {
    let (prefix, hash) = text.split_once('-')?;
    let network = Network::ALL.into_iter().find(|network| network.prefix() == prefix)?;
    let hash = ledger::hash::Hash::from_hex(hash)?;
    Some((network, ledger::hash::ChainId(hash)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip() {
        let moment = Timestamp(1_795_294_500_123);
        assert_eq!(time(moment), "2026-11-21T20:55:00.123Z");
        assert_eq!(parse_time(&time(moment)), Some(moment));
        assert_eq!(parse_time("1969-12-31T23:59:59Z"), None);
        assert_eq!(time(Timestamp(u64::MAX)), "9999-12-30T22:00:00.999Z");
    }

    #[test]
    fn chain_ids_round_trip() {
        let id = ledger::hash::ChainId(ledger::hash::Hash([7; 32]));
        let text = chain_id(Network::Devnet, id);
        assert_eq!(parse_chain_id(&text), Some((Network::Devnet, id)));
        assert_eq!(parse_chain_id("fqx-00"), None);
    }
}
