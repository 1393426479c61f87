//! `feiqian bank set-fees`: publishes the next fee schedule, from a file with human amounts.

use api::text::Naming;
use ledger::fees::{FeeRule, FeeSchedule};
use ledger::ids::AssetCode;
use ledger::money::{Amount, parse_number};
use ledger::operation::Operation;
use serde::Deserialize;

use super::party;
use super::rules::{Rules, refused};
use crate::code::Own;
use crate::commands::pay::draft;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::say;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleFile {
    version: u32,
    collector: String,
    #[serde(default)]
    rules: Vec<RuleFile>,
}

/// A rule; amounts are numbers of the rule's asset, as text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    asset: String,
    #[serde(default = "zero")]
    free_below: String,
    #[serde(default = "zero")]
    flat: String,
    #[serde(default)]
    basis_points: u16,
    #[serde(default = "zero")]
    minimum: String,
    cap: String,
    #[serde(default = "zero")]
    interbank: String,
    #[serde(default = "zero")]
    cross_border: String,
    #[serde(default)]
    free_payments: u8,
}

fn zero() -> String {
    "0".to_owned()
}

pub(super) fn run(desk: &Desk<'_>, rules: &Rules<'_>) -> Result<(), Fault> {
    let (text, file): (_, ScheduleFile) = rules.read(Own::BadFeeSchedule)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let parsed = file.rules.iter().map(|rule| rule.parse(&naming));
    let mut parsed = parsed.collect::<Result<Vec<FeeRule>, Fault>>()?;
    parsed.sort_by_key(|rule| rule.asset);
    let collector = party(desk, &file.collector)?.account;
    let schedule = FeeSchedule { version: file.version, collector, rules: parsed };
    if let Some(defect) = schedule.defect() {
        return Err(refused(rules.path, Own::BadFeeSchedule, &defect));
    }
    let version = file.version;
    rules.publish(
        desk,
        ("set-fees", version, &text),
        |institution| Operation::SetFeeSchedule { institution, schedule },
        |bic| {
            say!("{bic} charges by its schedule {version} now", "{bic} 现按第 {version} 版费率收费")
        },
    )
}

impl RuleFile {
    fn parse(&self, naming: &Naming) -> Result<FeeRule, Fault> {
        let asset = AssetCode::parse(&self.asset)?;
        let decimals = draft::decimals_of(asset, naming)?;
        let amount =
            |text: &str| -> Result<Amount, Fault> { Ok(parse_number(text, asset, decimals)?) };
        Ok(FeeRule {
            asset,
            free_below: amount(&self.free_below)?,
            flat: amount(&self.flat)?,
            basis_points: self.basis_points,
            minimum: amount(&self.minimum)?,
            cap: amount(&self.cap)?,
            interbank: amount(&self.interbank)?,
            cross_border: amount(&self.cross_border)?,
            free_payments: self.free_payments,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::ids::Network;
    use ledger::money::Decimals;

    #[test]
    fn a_rule_is_read_in_human_amounts() {
        let text = "version = 1\ncollector = \"@fees\"\n[[rules]]\nasset = \"CNY\"\n\
            free_below = \"100.00\"\nbasis_points = 5\nminimum = \"0.50\"\ncap = \"9\"\n\
            free_payments = 1\n";
        let file: ScheduleFile = toml::from_str(text).unwrap();
        let cny = AssetCode::parse("CNY").unwrap();
        let decimals = [(cny, Decimals(2))].into();
        let naming = Naming { network: Network::Devnet, decimals };
        let rule = file.rules[0].parse(&naming).unwrap();
        assert_eq!(rule.free_below, Amount(10_000));
        assert_eq!((rule.flat, rule.minimum, rule.cap), (Amount(0), Amount(50), Amount(900)));
        assert_eq!((rule.free_payments, one_rule().parse(&naming).unwrap().free_payments), (1, 0));
        let precise = RuleFile { cap: "9.001".to_owned(), ..one_rule() };
        assert_eq!(precise.parse(&naming).unwrap_err().code, "amount-too-precise");
    }

    fn one_rule() -> RuleFile {
        toml::from_str("asset = \"CNY\"\ncap = \"9\"\n").unwrap()
    }
}
