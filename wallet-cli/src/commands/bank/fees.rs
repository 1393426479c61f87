//! `feiqian bank set-fees`: publishes the next fee schedule, from a file with human amounts.

use api::text::Naming;
use ledger::fees::{FeeRule, FeeSchedule};
use ledger::ids::AssetCode;
use ledger::money::{Amount, parse_number};
use ledger::operation::Operation;
use serde::Deserialize;
use std::path::Path;

use super::party;
use crate::cli::Operators;
use crate::code::Own;
use crate::commands::pay::draft;
use crate::desk::Desk;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::language::say;
use crate::names::institution_number;
use crate::orders::{bic, order, report};
use crate::signers;

const MAXIMUM_BYTES: usize = 256 * 1024;

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
}

fn zero() -> String {
    "0".to_owned()
}

pub(super) fn run(
    desk: &Desk<'_>,
    path: &Path,
    institution: &str,
    operators: &Operators,
) -> Result<(), Fault> {
    let institution = bic(institution)?;
    let text = files::read_text(path, MAXIMUM_BYTES).map_err(|error| Fault::file(path, &error))?;
    let file: ScheduleFile = toml::from_str(&text).map_err(|error| refused(path, &error))?;
    let naming = desk.network.naming(desk.chain.network)?;
    let mut rules = file
        .rules
        .iter()
        .map(|rule| rule.parse(&naming))
        .collect::<Result<Vec<FeeRule>, Fault>>()?;
    rules.sort_by_key(|rule| rule.asset);
    let collector = party(desk, &file.collector)?.account;
    let schedule = FeeSchedule { version: file.version, collector, rules };
    if let Some(defect) = schedule.defect() {
        return Err(refused(path, &defect));
    }
    let number = institution_number(&desk.network, &institution)?;
    let bic = institution.to_string();
    let keys = signers::of_institution(desk.session, &desk.profile, &bic, &operators.keys)?;
    let operation = Operation::SetFeeSchedule { institution: number, schedule };
    let text = format!("set-fees of {bic} version {}: {}", file.version, text.trim());
    let done = order(desk, text, &keys, operation)?;
    let told = say!(
        "{bic} charges by its schedule {version} now",
        "{bic} 现按第 {version} 版费率收费",
        version = file.version
    );
    report(desk, done, &told)
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
        })
    }
}

fn refused(path: &Path, reason: &impl std::fmt::Display) -> Fault {
    let hint = say!(
        "Mend the file (docs/reference/wallet.md).",
        "请修正文件（docs/reference/wallet.md）。"
    );
    Fault::usage(Own::BadFeeSchedule, in_file(path, &quoted(reason)), hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::ids::Network;
    use ledger::money::Decimals;

    #[test]
    fn a_rule_is_read_in_human_amounts() {
        let text = "version = 1\ncollector = \"@fees\"\n[[rules]]\nasset = \"CNY\"\n\
            free_below = \"100.00\"\nbasis_points = 5\nminimum = \"0.50\"\ncap = \"9\"\n";
        let file: ScheduleFile = toml::from_str(text).unwrap();
        let cny = AssetCode::parse("CNY").unwrap();
        let decimals = [(cny, Decimals(2))].into();
        let naming = Naming { network: Network::Devnet, decimals };
        let rule = file.rules[0].parse(&naming).unwrap();
        assert_eq!(rule.free_below, Amount(10_000));
        assert_eq!((rule.flat, rule.minimum, rule.cap), (Amount(0), Amount(50), Amount(900)));
        let precise = RuleFile { cap: "9.001".to_owned(), ..toml::from_str(RULE).unwrap() };
        assert_eq!(precise.parse(&naming).unwrap_err().code, "amount-too-precise");
    }

    const RULE: &str = "asset = \"CNY\"\ncap = \"9\"\n";
}
