//! Limits in words: an institution's rules, and those of an account's owners.
//!
//! Invariants: every rule is shown whole: whoever signs it sees it. Absent: what of them is used.

use api::limits::{offset_text, outcome_word};
use api::text::Naming;
use ledger::ids::AssetCode;
use ledger::limits::{LimitRule, Limits, Measure, OwnLimits, Tiers};
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
