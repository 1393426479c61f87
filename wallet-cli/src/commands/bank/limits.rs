//! `feiqian bank set-limits`: publishes the next limits, from a file with human amounts.

use api::text::Naming;
use ledger::ids::{AssetCode, Bic, InstitutionNumber};
use ledger::limits::{Country, LimitRule, Limits, Measure, RuleName, RuleOutcome, Senders, Tiers};
use ledger::money::{Amount, parse_number};
use ledger::operation::Operation;
use serde::Deserialize;
use std::path::Path;

use super::rules::{self, Rules};
use crate::code::Own;
use crate::commands::pay::draft;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::say;
use crate::names::institution_number;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsFile {
    version: u32,
    #[serde(default = "utc")]
    utc_offset: String,
    #[serde(default)]
    rules: Vec<RuleFile>,
}

/// A rule; an amount is a number of the rule's asset, as text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    name: String,
    asset: String,
    tiers: Option<Vec<u8>>,
    measure: MeasureWord,
    most: Option<String>,
    most_payments: Option<u32>,
    cool_off_seconds: Option<u32>,
    from: Option<String>,
    outcome: OutcomeWord,
}

/// Finds the number of an institution.
type NumberOf<'a> = &'a dyn Fn(&Bic) -> Result<InstitutionNumber, Fault>;

/// What a rule looks at.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MeasureWord {
    Payment,
    Day,
    Count,
    First,
    Position,
    Incoming,
    NewPayee,
    MissingInformation,
    IncomingMissingInformation,
}

/// What happens to a payment that meets a rule.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OutcomeWord {
    Alert,
    Hold,
    Refuse,
}

fn utc() -> String {
    "+00:00".to_owned()
}

pub(super) fn run(desk: &Desk<'_>, rules: &Rules<'_>) -> Result<(), Fault> {
    let (text, file): (_, LimitsFile) = rules.read(Own::BadLimits)?;
    let naming = desk.network.naming(desk.chain.network)?;
    let number_of = |bic: &Bic| institution_number(&desk.network, bic);
    let limits = file.parse(rules.path, &naming, &number_of)?;
    let version = file.version;
    rules.publish(
        desk,
        ("set-limits", version, &text),
        |institution| Operation::SetLimits { institution, limits },
        |bic| {
            say!(
                "{bic} limits payments by version {version} of its rules now",
                "{bic} 现按第 {version} 版规则限制支付"
            )
        },
    )
}

impl LimitsFile {
    fn parse(
        &self,
        path: &Path,
        naming: &Naming,
        number_of: NumberOf<'_>,
    ) -> Result<Limits, Fault> {
        let utc_offset_minutes = api::limits::parse_offset(&self.utc_offset).ok_or_else(|| {
            let text = &self.utc_offset;
            refused(path, &format!("utc_offset is like \"+08:00\", not \"{text}\""))
        })?;
        let rules = self.rules.iter().map(|rule| rule.parse(path, naming, number_of));
        let rules = rules.collect::<Result<Vec<LimitRule>, Fault>>()?;
        let limits = Limits { version: self.version, utc_offset_minutes, rules };
        match limits.defect() {
            Some(defect) => Err(refused(path, &defect)),
            None => Ok(limits),
        }
    }
}

impl RuleFile {
    fn parse(
        &self,
        path: &Path,
        naming: &Naming,
        number_of: NumberOf<'_>,
    ) -> Result<LimitRule, Fault> {
        let wrong = |what: &str| refused(path, &format!("rule \"{}\": {what}", self.name));
        let name = RuleName::parse(&self.name);
        let name = name.ok_or_else(|| wrong("a name is 1 to 24 of a-z, 0-9 and -"))?;
        let asset = AssetCode::parse(&self.asset)?;
        let decimals = draft::decimals_of(asset, naming)?;
        let tiers = match &self.tiers {
            Some(tiers) => Tiers::of(tiers).ok_or_else(|| wrong("tiers are some of 0 to 9"))?,
            None => Tiers::ALL,
        };
        let amount = || -> Result<Amount, Fault> {
            let most = self.most.as_deref().ok_or_else(|| wrong("it needs most, an amount"))?;
            Ok(parse_number(most, asset, decimals)?)
        };
        let measure = match self.measure {
            MeasureWord::Payment => Measure::Payment { most: amount()? },
            MeasureWord::Day => Measure::Day { most: amount()? },
            MeasureWord::Position => Measure::Position { most: amount()? },
            MeasureWord::Incoming => {
                Measure::Incoming { most: amount()?, from: self.senders(path, number_of)? }
            }
            MeasureWord::First => Measure::First,
            MeasureWord::Count => {
                let most = self.most_payments.ok_or_else(|| wrong("it needs most_payments"))?;
                Measure::Count { most }
            }
            MeasureWord::NewPayee => {
                let cool_off = self.cool_off_seconds;
                let cool_off = cool_off.ok_or_else(|| wrong("it needs cool_off_seconds"))?;
                Measure::NewPayee { most: amount()?, cool_off }
            }
            MeasureWord::MissingInformation => Measure::MissingInformation { most: amount()? },
            MeasureWord::IncomingMissingInformation => {
                let from = self.senders(path, number_of)?;
                Measure::IncomingMissingInformation { most: amount()?, from }
            }
        };
        if let Some(stray) = self.stray(measure) {
            return Err(wrong(stray));
        }
        let outcome = match self.outcome {
            OutcomeWord::Alert => RuleOutcome::Alert,
            OutcomeWord::Hold => RuleOutcome::Hold,
            OutcomeWord::Refuse => RuleOutcome::Refuse,
        };
        Ok(LimitRule { name, asset, tiers, measure, outcome })
    }

    /// Says which line does not belong to a rule of `measure`, if one does not.
    const fn stray(&self, measure: Measure) -> Option<&'static str> {
        let counts = matches!(measure, Measure::Count { .. });
        if self.most.is_some() != measure.most().is_some() || self.most_payments.is_some() != counts
        {
            Some("most or most_payments does not fit its measure")
        } else if self.from.is_some() && measure.senders().is_none() {
            Some("only what comes in has a from")
        } else if self.cool_off_seconds.is_some() && !measure.knows_payees() {
            Some("only new-payee has cool_off_seconds")
        } else {
            None
        }
    }

    /// Whose payments a rule about what comes in is for: anyone's, if it does not say.
    fn senders(&self, path: &Path, number_of: NumberOf<'_>) -> Result<Senders, Fault> {
        let text = self.from.as_deref().unwrap_or("anyone");
        if let Some(country) = Country::parse(text) {
            return Ok(Senders::Country(country));
        }
        match text {
            "anyone" => Ok(Senders::Anyone),
            "other-institutions" => Ok(Senders::OtherInstitutions),
            "other-countries" => Ok(Senders::OtherCountries),
            _ => {
                let bic = Bic::parse(text).map_err(|_| {
                    let known = "anyone, other-institutions, other-countries, a BIC or a country \
                                 like SG";
                    refused(path, &format!("rule \"{}\": from is {known}", self.name))
                })?;
                number_of(&bic).map(Senders::Institution)
            }
        }
    }
}

fn refused(path: &Path, reason: &impl std::fmt::Display) -> Fault {
    rules::refused(path, Own::BadLimits, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::ids::Network;
    use ledger::money::Decimals;

    fn parse(text: &str) -> Result<Limits, Fault> {
        let decimals = [(AssetCode::parse("CNY").unwrap(), Decimals(2))].into();
        let naming = Naming { network: Network::Devnet, decimals };
        let file: LimitsFile = toml::from_str(text).unwrap();
        file.parse(Path::new("limits.toml"), &naming, &|_| Ok(InstitutionNumber(7)))
    }

    #[test]
    fn rules_are_read_in_human_amounts() {
        let text = r#"
            version = 1
            utc_offset = "+08:00"
            [[rules]]
            name = "per-day"
            asset = "CNY"
            tiers = [0, 1]
            measure = "day"
            most = "50000.00"
            outcome = "refuse"
            [[rules]]
            name = "often"
            asset = "CNY"
            measure = "count"
            most_payments = 20
            outcome = "alert"
            [[rules]]
            name = "from-them"
            asset = "CNY"
            measure = "incoming"
            most = "100.00"
            from = "ICBKCNBJ"
            outcome = "hold"
            [[rules]]
            name = "from-there"
            asset = "CNY"
            measure = "incoming"
            most = "100.00"
            from = "SG"
            outcome = "refuse"
            [[rules]]
            name = "from-anyone"
            asset = "CNY"
            measure = "incoming"
            most = "100.00"
            outcome = "alert"
            [[rules]]
            name = "new-payee"
            asset = "CNY"
            measure = "new-payee"
            most = "100.00"
            cool_off_seconds = 86400
            outcome = "hold"
            [[rules]]
            name = "nameless"
            asset = "CNY"
            measure = "missing-information"
            most = "100.00"
            outcome = "refuse"
            [[rules]]
            name = "nameless-in"
            asset = "CNY"
            measure = "incoming-missing-information"
            most = "100.00"
            from = "other-countries"
            outcome = "hold"
        "#;
        let limits = parse(text).unwrap();
        assert_eq!(limits.utc_offset_minutes, 480);
        assert_eq!(limits.rules[0].measure, Measure::Day { most: Amount(5_000_000) });
        assert_eq!(limits.rules[0].tiers.list(), [0, 1]);
        assert_eq!(limits.rules[1].measure, Measure::Count { most: 20 });
        assert_eq!(limits.rules[1].outcome, RuleOutcome::Alert);
        assert_eq!(limits.rules[2].outcome, RuleOutcome::Hold);
        let from = |place: usize| {
            let Measure::Incoming { from, .. } = limits.rules[place].measure else { panic!() };
            from
        };
        assert_eq!(from(2), Senders::Institution(InstitutionNumber(7)));
        assert_eq!(from(3), Senders::Country(Country::parse("SG").unwrap()));
        assert_eq!(from(4), Senders::Anyone);
        let (most, from) = (Amount(10_000), Senders::OtherCountries);
        let rest: Vec<Measure> = limits.rules[5..].iter().map(|rule| rule.measure).collect();
        let expected = [
            Measure::NewPayee { most, cool_off: 86_400 },
            Measure::MissingInformation { most },
            Measure::IncomingMissingInformation { most, from },
        ];
        assert_eq!(rest, expected);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let rule = |lines: &str| {
            let head = "version = 1\n[[rules]]\nname = \"a\"\nasset = \"CNY\"";
            format!("{head}\noutcome = \"refuse\"\n{lines}")
        };
        for (lines, code) in [
            ("measure = \"day\"", "bad-limits"),
            ("measure = \"count\"\nmost = \"5\"", "bad-limits"),
            ("measure = \"day\"\nmost = \"5\"\nmost_payments = 1", "bad-limits"),
            ("measure = \"first\"", "bad-limits"),
            ("measure = \"incoming\"", "bad-limits"),
            ("measure = \"incoming\"\nmost = \"5\"\nfrom = \"nobody\"", "bad-limits"),
            ("measure = \"payment\"\nmost = \"5\"\nfrom = \"anyone\"", "bad-limits"),
            ("measure = \"new-payee\"\nmost = \"5\"", "bad-limits"),
            ("measure = \"new-payee\"\ncool_off_seconds = 5", "bad-limits"),
            ("measure = \"day\"\nmost = \"5\"\ncool_off_seconds = 5", "bad-limits"),
            ("measure = \"missing-information\"\nmost = \"5\"\nfrom = \"SG\"", "bad-limits"),
            ("measure = \"day\"\nmost = \"5\"\ntiers = []", "bad-limits"),
            ("measure = \"day\"\nmost = \"0.001\"", "amount-too-precise"),
        ] {
            assert_eq!(parse(&rule(lines)).unwrap_err().code, code, "{lines}");
        }
        assert_eq!(parse("version = 1\nutc_offset = \"8\"\n").unwrap_err().code, "bad-limits");
    }
}
