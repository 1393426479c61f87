//! Limits in words: an institution's rules, and those of an account's owners.
//!
//! Invariants: every rule is shown whole: whoever signs it sees it. Absent: what of them is used.

use api::limits::{offset_text, outcome_word};
use api::text::Naming;
use ledger::ids::AssetCode;
use ledger::limits::{LimitRule, Limits, Measure, OwnLimits, Senders, Tiers};
use ledger::money::{Amount, Money};

use super::{Line, text};
use crate::language::{Text, say};
use crate::protocol;

/// An institution's next limits; `by` says whose.
pub(super) fn of_institution(by: Line, limits: &Limits, naming: &Naming) -> Vec<Line> {
    let (version, rules) = (limits.version, limits.rules.len());
    let what = say!("version {version}, {rules} rules", "第 {version} 版，{rules} 条规则");
    let zone = Text::data(offset_text(limits.utc_offset_minutes));
    let head = vec![(say!("set limits", "设置限额"), what), by, (say!("its time", "时区"), zone)];
    let rules = limits.rules.iter().map(|rule| rule_line(rule, naming));
    head.into_iter().chain(rules).collect()
}

/// The limits that an account's owners set themselves.
pub(super) fn of_account(own: &OwnLimits, naming: &Naming) -> Vec<Line> {
    let money = |asset: AssetCode, most: Amount| text(Money::new(most, asset), naming);
    let daily = own.daily.iter().map(|limit| {
        let most = money(limit.asset, limit.most);
        (say!("daily limit", "每日限额"), most)
    });
    let payees = own.payees.as_ref().map(|payees| {
        let nobody = payees.is_empty().then(|| say!("nobody", "无"));
        let named = payees.iter().map(|payee| Text::data(naming.address(*payee)));
        nobody.into_iter().chain(named).map(|payee| (say!("may pay", "可付款给"), payee))
    });
    daily.chain(payees.into_iter().flatten()).collect()
}

fn rule_line(rule: &LimitRule, naming: &Naming) -> Line {
    let money = |most: Amount| text(Money::new(most, rule.asset), naming);
    let asset = rule.asset;
    let what = match rule.measure {
        Measure::Payment { most } => {
            say!("one payment above {most}", "单笔高于 {most}"; most = money(most))
        }
        Measure::Day { most } => {
            say!("a day's payments above {most}", "一日合计高于 {most}"; most = money(most))
        }
        Measure::Count { most } => {
            say!("more than {most} payments of {asset} a day", "一日 {asset} 支付多于 {most} 笔")
        }
        Measure::First => say!("the first payment of {asset}", "首笔 {asset} 支付"),
        Measure::Position { most } => say!(
            "a day's payments to other banks, net, above {most}",
            "一日对他行净付款高于 {most}";
            most = money(most)
        ),
        Measure::Incoming { most, from } => say!(
            "one payment from {from} that brings above {most}",
            "来自{from}的单笔来款高于 {most}";
            most = money(most), from = senders(from)
        ),
        Measure::NewPayee { most, cool_off } => say!(
            "one payment above {most} to a payee first paid less than {cool_off} s ago",
            "向首次付款未满 {cool_off} 秒的收款人单笔高于 {most}";
            most = money(most), cool_off = Text::data(cool_off.to_string())
        ),
        Measure::MissingInformation { most } => say!(
            "one payment above {most} without private data",
            "没有附带非公开信息的单笔高于 {most}";
            most = money(most)
        ),
        Measure::IncomingMissingInformation { most, from } => say!(
            "one payment from {from} that brings above {most} without private data",
            "来自{from}、没有附带非公开信息的单笔来款高于 {most}";
            most = money(most), from = senders(from)
        ),
    };
    let tiers: Vec<String> = rule.tiers.list().iter().map(u8::to_string).collect();
    let tiers = if rule.tiers == Tiers::ALL {
        Text::default()
    } else {
        say!(", tiers {tiers}", "，等级 {tiers}", tiers = tiers.join(" "))
    };
    let outcome = protocol::word(outcome_word(rule.outcome));
    let value = say!(
        "{name}: {what}{tiers}: {outcome}",
        "{name}：{what}{tiers}：{outcome}",
        name = rule.name;
        what = what, tiers = tiers, outcome = outcome
    );
    (say!("rule", "规则"), value)
}

/// Whose payments a rule about what comes in is for.
fn senders(from: Senders) -> Text {
    match from {
        Senders::Anyone => say!("anyone", "任何人"),
        Senders::OtherInstitutions => say!("other banks", "他行"),
        Senders::OtherCountries => say!("other countries", "境外"),
        Senders::Institution(number) => {
            say!("institution {number}", "机构 {number}", number = number.0)
        }
        Senders::Country(country) => say!("{country}", "{country}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use ledger::ids::{AccountId, InstitutionNumber, Network};
    use ledger::limits::{DailyLimit, RuleName, RuleOutcome};
    use ledger::money::Decimals;

    fn naming() -> Naming {
        let decimals = [(AssetCode::parse("CNY").unwrap(), Decimals(2))].into();
        Naming { network: Network::Devnet, decimals }
    }

    #[test]
    fn every_rule_is_shown_whole_in_both_languages() {
        let most = Amount(5_000_000);
        let tiers = Tiers::of(&[0, 1]).unwrap();
        for (measure, tiers, english) in [
            (Measure::Payment { most }, Tiers::ALL, "r: one payment above 50000.00 CNY: refuse"),
            (
                Measure::Day { most },
                tiers,
                "r: a day's payments above 50000.00 CNY, tiers 0 1: refuse",
            ),
            (
                Measure::Count { most: 20 },
                Tiers::ALL,
                "r: more than 20 payments of CNY a day: refuse",
            ),
            (Measure::First, Tiers::ALL, "r: the first payment of CNY: refuse"),
            (
                Measure::Position { most },
                Tiers::ALL,
                "r: a day's payments to other banks, net, above 50000.00 CNY: refuse",
            ),
            (
                Measure::Incoming { most, from: Senders::OtherCountries },
                tiers,
                "r: one payment from other countries that brings above 50000.00 CNY, tiers 0 1: \
                 refuse",
            ),
            (
                Measure::NewPayee { most, cool_off: 3_600 },
                Tiers::ALL,
                "r: one payment above 50000.00 CNY to a payee first paid less than 3600 s ago: \
                 refuse",
            ),
            (
                Measure::MissingInformation { most },
                Tiers::ALL,
                "r: one payment above 50000.00 CNY without private data: refuse",
            ),
            (
                Measure::IncomingMissingInformation { most, from: Senders::Anyone },
                Tiers::ALL,
                "r: one payment from anyone that brings above 50000.00 CNY without private data: \
                 refuse",
            ),
        ] {
            let rule = LimitRule {
                name: RuleName::parse("r").unwrap(),
                asset: AssetCode::parse("CNY").unwrap(),
                tiers,
                measure,
                outcome: RuleOutcome::Refuse,
            };
            let (_, value) = rule_line(&rule, &naming());
            assert_eq!(value.english(), english);
            assert!(value.of(Language::Chinese).ends_with("：拒绝"), "{english}");
        }
    }

    #[test]
    fn an_empty_list_of_payees_is_said() {
        let daily =
            vec![DailyLimit { asset: AssetCode::parse("CNY").unwrap(), most: Amount(10_000) }];
        let values = |own: &OwnLimits| -> Vec<String> {
            let lines = of_account(own, &naming());
            lines.iter().map(|(_, value)| value.english().to_owned()).collect()
        };
        let nobody = OwnLimits { daily: daily.clone(), payees: Some(vec![]) };
        assert_eq!(values(&nobody), ["100.00 CNY", "nobody"]);
        let payee = AccountId::new(InstitutionNumber(1), [7; 12]);
        let one = OwnLimits { daily, payees: Some(vec![payee]) };
        assert_eq!(values(&one), ["100.00 CNY".to_owned(), naming().address(payee)]);
        assert_eq!(values(&OwnLimits { payees: None, ..one }), ["100.00 CNY"]);
    }
}
