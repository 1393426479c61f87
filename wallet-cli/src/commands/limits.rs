//! `feiqian limits [ACCOUNT]`: what an account may pay, and what of it is used today, as a node
//! tells it; with `--institution`, an institution's rules.

use api::limits::{AccountLimitView, AccountLimitsView, KnownPayeeView, LimitRuleView, LimitsView};

use super::table;
use crate::cli::Limits;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::names::Written;
use crate::orders::bic;
use crate::protocol;
use crate::session::Session;

pub(super) fn run(session: &Session, command: &Limits) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    match &command.institution {
        Some(institution) => of_institution(&desk, institution),
        None => of_account(&desk, command.account.as_ref()),
    }
}

fn of_account(desk: &Desk<'_>, account: Option<&String>) -> Result<(), Fault> {
    let text = account.or(desk.profile.from.as_ref()).ok_or_else(|| {
        let why = say!("It is not clear whose limits are asked for.", "未说明查询谁的限额。");
        Fault::missing("ACCOUNT", why)
    })?;
    let written = Written::parse(text, &desk.profile, desk.chain.network)?;
    let party = written.resolve(&desk.chain, &desk.network)?;
    let path = format!("/v1/accounts/{}/limits", party.address);
    let view: AccountLimitsView = desk.network.ask(|node, time| node.get_json(&path, &[], time))?;
    let head = say!(
        "{account} at {bic}, tier {tier}, day {day} ({offset})",
        "{account}，{bic}，等级 {tier}，日期 {day}（{offset}）",
        account = party.label,
        bic = view.institution,
        tier = view.tier,
        day = view.day,
        offset = view.utc_offset
    );
    let mut parts = vec![head];
    if view.limits.is_empty() {
        parts.push(say!("No rule limits its payments.", "没有规则限制其支付。"));
    } else {
        let rows: Vec<Vec<Text>> = view.limits.iter().map(account_row).collect();
        let mut headings = vec![say!("by", "来自")];
        headings.extend(rule_headings());
        headings.push(say!("used today", "今日已用"));
        parts.push(table::table(&headings, &rows, &[4, 6]));
    }
    if let Some(payees) = &view.payees {
        let payees = payees.join(" ");
        parts.push(say!("It may pay only: {payees}", "仅可付款给：{payees}"));
    }
    if !view.known_payees.is_empty() {
        parts.push(known_payees(&view));
    }
    desk.session.output.result(&Text::join(&parts, "\n"), &view);
    Ok(())
}

/// The payees that the account has paid, the last one first.
fn known_payees(view: &AccountLimitsView) -> Text {
    let row =
        |known: &KnownPayeeView| [Text::data(&*known.payee), Text::data(&*known.since)].into();
    let rows: Vec<Vec<Text>> = view.known_payees.iter().rev().map(row).collect();
    let headings = [say!("known payee", "已付收款人"), say!("first paid", "首次付款")];
    table::table(&headings, &rows, &[])
}

fn account_row(limit: &AccountLimitView) -> Vec<Text> {
    let used = limit.used.clone().or(limit.used_payments.map(|count| count.to_string()));
    let mut row = vec![protocol::word(&limit.by)];
    row.extend(rule_cells(&limit.rule));
    row.push(Text::data(used.unwrap_or_default()));
    row
}

fn of_institution(desk: &Desk<'_>, institution: &str) -> Result<(), Fault> {
    let path = format!("/v1/institutions/{}/limits", bic(institution)?);
    let view: LimitsView = desk.network.ask(|node, time| node.get_json(&path, &[], time))?;
    let head = say!(
        "{bic}, version {version}, day {day} ({offset})",
        "{bic}，第 {version} 版，日期 {day}（{offset}）",
        bic = view.institution,
        version = view.version,
        day = view.day,
        offset = view.utc_offset
    );
    let mut parts = vec![head];
    if view.rules.is_empty() {
        parts.push(say!("It has no rules.", "没有规则。"));
    } else {
        let mut headings = rule_headings().to_vec();
        headings.push(say!("tiers", "等级"));
        let row = |rule: &LimitRuleView| {
            let tiers: Vec<String> = rule.tiers.iter().map(u8::to_string).collect();
            let mut row = rule_cells(rule).to_vec();
            row.push(Text::data(tiers.join(" ")));
            row
        };
        let rows: Vec<Vec<Text>> = view.rules.iter().map(row).collect();
        parts.push(table::table(&headings, &rows, &[3]));
    }
    for position in &view.positions {
        parts.push(say!(
            "To other banks today: {outgoing}, from them {incoming}, net {net}",
            "今日付他行 {outgoing}，收他行 {incoming}，净付 {net}",
            outgoing = position.outgoing,
            incoming = position.incoming,
            net = position.net_outgoing
        ));
    }
    desk.session.output.result(&Text::join(&parts, "\n"), &view);
    Ok(())
}

fn rule_headings() -> [Text; 5] {
    [
        say!("rule", "规则"),
        say!("asset", "资产"),
        say!("measure", "衡量"),
        say!("at most", "上限"),
        say!("outcome", "结果"),
    ]
}

fn rule_cells(rule: &LimitRuleView) -> [Text; 5] {
    let most = rule.most.clone().or(rule.most_payments.map(|count| count.to_string()));
    [
        protocol::word(&rule.name),
        Text::data(rule.asset.as_str()),
        measure(rule),
        Text::data(most.unwrap_or_default()),
        protocol::word(&rule.outcome),
    ]
}

/// What a rule looks at, and of whose payments.
fn measure(rule: &LimitRuleView) -> Text {
    let measure = protocol::word(&rule.measure);
    if let Some(cool_off) = rule.cool_off_seconds {
        return say!("{measure} {cool_off} s", "{measure} {cool_off} 秒"; measure = measure);
    }
    match rule.from.as_deref() {
        Some(from) => say!(
            "{measure} {from}",
            "{measure} {from}";
            measure = measure, from = protocol::word(from)
        ),
        None => measure,
    }
}
