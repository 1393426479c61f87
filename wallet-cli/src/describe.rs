//! What an operation does, in words made from its bytes alone.
//!
//! Invariants: every member that matters is shown, addresses in full; nothing is read from a node.
//! Absent: names that others gave to accounts; the address book's are the caller's to add.

mod correction;
mod limits;

use api::text::Naming;
use ledger::account::{KeySet, Policy};
use ledger::corrections::RecallAnswer;
use ledger::crypto::PublicKey;
use ledger::hash::Hash;
use ledger::ids::{AccountId, AssetCode, InstitutionNumber, ProposalNumber, Uetr};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{
    AssetKind, ChargeBearer, FreezeDirection, Operation, Pay, PayAcross, PaymentTerms,
};
use std::collections::BTreeMap;

use crate::language::{Text, say};
use crate::protocol;
use correction::correction;

/// A line: what, and its value.
pub(crate) type Line = (Text, Text);

/// What it takes to write an operation without any node: currencies have the standard's decimals,
/// and amounts of points are in minor units.
pub(crate) fn offline(network: ledger::ids::Network, operation: &Operation) -> Naming {
    let assets = assets(operation).into_iter();
    let known = assets.filter_map(|asset| Some((asset, Decimals::of_currency(asset)?)));
    Naming { network, decimals: known.collect::<BTreeMap<_, _>>() }
}

fn assets(operation: &Operation) -> Vec<AssetCode> {
    match operation {
        Operation::Issue { amount, .. } | Operation::Redeem { amount, .. } => vec![amount.asset],
        Operation::Capture { amount, .. } => vec![amount.asset],
        Operation::Return(back) => vec![back.amount.asset],
        Operation::RequestRecall(request) => vec![request.amount.asset],
        Operation::AnswerRecall { answer, .. } => match answer {
            RecallAnswer::Accept { amount, .. } => vec![amount.asset],
            RecallAnswer::Refuse { .. } => Vec::new(),
        },
        Operation::Pay(pay) => vec![pay.amount.asset],
        Operation::Hold(hold) => vec![hold.pay.amount.asset],
        Operation::Queue(queue) => vec![queue.pay.amount.asset],
        Operation::PayAcross(pay) => vec![pay.sell.asset, pay.minimum_received.asset],
        Operation::SetFeeSchedule { schedule, .. } => {
            schedule.rules.iter().map(|rule| rule.asset).collect()
        }
        Operation::SetLimits { limits, .. } => limits.rules.iter().map(|rule| rule.asset).collect(),
        Operation::OpenAccount { policy, .. } | Operation::SetPolicy { policy, .. } => {
            let daily = policy.limits.iter().flat_map(|own| &own.daily).map(|limit| limit.asset);
            let rules = policy.step_up.iter().flat_map(|step_up| &step_up.rules);
            rules.map(|rule| rule.asset).chain(daily).collect()
        }
        Operation::RegisterAsset { .. }
        | Operation::RotateKeys { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. }
        | Operation::Release { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. }
        | Operation::Prioritise { .. } => Vec::new(),
    }
}

/// A payment that an operation orders: between whom, and what it commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ordered {
    /// Who pays.
    pub(crate) from: AccountId,
    /// Who is paid.
    pub(crate) to: AccountId,
    /// The commitment to private data; zero for none.
    pub(crate) remittance: Hash,
}

/// The payment that is ordered, if one is.
pub(crate) const fn ordered(operation: &Operation) -> Option<Ordered> {
    let (from, to, terms) = match operation {
        Operation::Pay(pay) => (pay.from, pay.to, &pay.terms),
        Operation::PayAcross(pay) => (pay.from, pay.to, &pay.terms),
        Operation::Hold(hold) => (hold.pay.from, hold.pay.to, &hold.pay.terms),
        Operation::Queue(queue) => (queue.pay.from, queue.pay.to, &queue.pay.terms),
        Operation::RegisterAsset { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::RotateKeys { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetLimits { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. }
        | Operation::Capture { .. }
        | Operation::Release { .. }
        | Operation::Return(_)
        | Operation::RequestRecall(_)
        | Operation::AnswerRecall { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. }
        | Operation::Prioritise { .. } => return None,
    };
    Some(Ordered { from, to, remittance: terms.remittance })
}

/// Who is paid.
pub(crate) fn payee(operation: &Operation) -> Option<AccountId> {
    ordered(operation).map(|payment| payment.to)
}

/// The operation, line by line; the first says what it is.
pub(crate) fn lines(operation: &Operation, naming: &Naming) -> Vec<Line> {
    let money = |amount: &Money| text(*amount, naming);
    let address = |account: &AccountId| Text::data(naming.address(*account));
    match operation {
        Operation::Pay(pay) => payment(pay, naming),
        Operation::PayAcross(pay) => exchange(pay, naming),
        Operation::Hold(_)
        | Operation::Queue(_)
        | Operation::Prioritise { .. }
        | Operation::Capture { .. }
        | Operation::Release { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. } => two_phase(operation, naming),
        Operation::Return(_) | Operation::RequestRecall(_) | Operation::AnswerRecall { .. } => {
            correction(operation, naming)
        }
        Operation::Issue { uetr, to, amount } => vec![
            (say!("issue", "发行"), money(amount)),
            (say!("to", "收款账户"), address(to)),
            (say!("id", "编号"), Text::data(uetr.to_string())),
        ],
        Operation::Redeem { uetr, from, amount } => vec![
            (say!("redeem", "赎回"), money(amount)),
            (say!("from", "付款账户"), address(from)),
            (say!("id", "编号"), Text::data(uetr.to_string())),
        ],
        Operation::RotateKeys { account, keys } => {
            [vec![(say!("rotate keys", "更换密钥"), address(account))], owners(keys)].concat()
        }
        Operation::OpenAccount { account, policy, tier } => {
            let lines = vec![
                (say!("open account", "开户"), address(account)),
                (say!("tier", "等级"), Text::data(tier.to_string())),
            ];
            [lines, rules(policy, naming)].concat()
        }
        Operation::SetPolicy { account, policy } => {
            let head = vec![(say!("set policy", "设置规则"), address(account))];
            [head, rules(policy, naming)].concat()
        }
        Operation::Freeze { account, direction } => vec![
            (say!("freeze", "冻结"), address(account)),
            (say!("direction", "方向"), way(*direction)),
        ],
        Operation::Unfreeze { account } => {
            vec![(say!("unfreeze", "解冻"), address(account))]
        }
        Operation::CloseAccount { account } => {
            vec![(say!("close account", "销户"), address(account))]
        }
        Operation::SetTier { account, tier } => vec![
            (say!("set tier", "设置等级"), Text::data(tier.to_string())),
            (say!("account", "账户"), address(account)),
        ],
        Operation::RegisterAsset { code, kind, decimals, issuer } => vec![
            (say!("register asset", "登记资产"), Text::data(code.to_string())),
            (say!("kind", "种类"), asset_kind(*kind)),
            (say!("decimals", "小数位数"), Text::data(decimals.0.to_string())),
            (say!("issuer", "发行机构"), institution(*issuer)),
        ],
        Operation::SetFeeSchedule { .. }
        | Operation::SetLimits { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => institutional(operation, naming),
    }
}

/// What an institution orders about itself or the network.
fn institutional(operation: &Operation, naming: &Naming) -> Vec<Line> {
    let by = |number: &InstitutionNumber| (say!("institution", "机构"), institution(*number));
    let number = |proposal: &ProposalNumber| Text::data(proposal.0.to_string());
    match operation {
        Operation::SetFeeSchedule { institution: number, schedule } => {
            let (version, rules) = (schedule.version, schedule.rules.len());
            let what = say!("version {version}, {rules} rules", "第 {version} 版，{rules} 条规则");
            let collector = Text::data(naming.address(schedule.collector));
            let mut lines = vec![
                (say!("set fees", "设置费率"), what),
                by(number),
                (say!("collector", "收费账户"), collector),
            ];
            let waives = schedule.rules.iter().filter(|rule| rule.free_payments > 0);
            lines.extend(waives.map(|rule| {
                let (asset, count) = (rule.asset, rule.free_payments);
                let first = say!(
                    "an account's first {count} of {asset} that would be charged",
                    "账户首 {count} 笔应收费的 {asset} 支付"
                );
                (say!("free", "免费"), first)
            }));
            lines
        }
        Operation::SetLimits { institution: number, limits } => {
            limits::of_institution(by(number), limits, naming)
        }
        Operation::Propose { institution: member, change, expires } => vec![
            (
                say!("propose", "提案"),
                Text::data(api::governance::summary(change, &|number| {
                    format!("number {}", number.0)
                })),
            ),
            by(member),
            (say!("expires", "截止"), Text::data(api::text::time(*expires))),
        ],
        Operation::Vote { institution: member, proposal, approve } => vec![
            (say!("vote", "投票"), ballot(*approve)),
            (say!("proposal", "提案编号"), number(proposal)),
            by(member),
        ],
        Operation::Enact { institution: member, proposal } => {
            vec![(say!("enact", "执行提案"), number(proposal)), by(member)]
        }
        Operation::Pay(_)
        | Operation::PayAcross(_)
        | Operation::Hold(_)
        | Operation::Queue(_)
        | Operation::Prioritise { .. }
        | Operation::Capture { .. }
        | Operation::Release { .. }
        | Operation::Return(_)
        | Operation::RequestRecall(_)
        | Operation::AnswerRecall { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::RotateKeys { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetTier { .. }
        | Operation::RegisterAsset { .. } => Vec::new(),
    }
}

/// What is held, captured or released, approved or refused.
fn two_phase(operation: &Operation, naming: &Naming) -> Vec<Line> {
    let of = |payment: &Uetr| (say!("payment", "支付编号"), Text::data(payment.to_string()));
    match operation {
        Operation::Hold(hold) => {
            let mut lines = payment(&hold.pay, naming);
            if let Some((what, _)) = lines.first_mut() {
                *what = say!("hold", "预授权");
            }
            let until = Text::data(api::text::time(hold.deadline));
            lines.push((say!("capture by", "请款截止"), until));
            let lock = hold.lock.map(|lock| Text::data(lock.0.to_hex()));
            lines.extend(lock.map(|lock| (say!("hash lock", "哈希锁"), lock)));
            lines
        }
        Operation::Queue(queue) => {
            let mut lines = payment(&queue.pay, naming);
            lines.push((say!("queue", "排队"), protocol::word(queue.priority.word())));
            lines.push((say!("until", "截止"), Text::data(api::text::time(queue.deadline))));
            lines
        }
        Operation::Prioritise { payment, priority } => vec![
            (say!("prioritise", "调整优先级"), Text::data(payment.to_string())),
            (say!("priority", "优先级"), protocol::word(priority.word())),
        ],
        Operation::Capture { payment, amount, secret } => {
            let mut lines = vec![(say!("capture", "请款"), text(*amount, naming)), of(payment)];
            let secret = secret.map(|secret| Text::data(secret.0.to_hex()));
            lines.extend(secret.map(|secret| (say!("secret", "密值"), secret)));
            lines
        }
        Operation::Release { payment } => {
            vec![(say!("release", "撤销预授权"), Text::data(payment.to_string()))]
        }
        Operation::Approve { payment, order } => vec![
            (say!("approve", "批准"), Text::data(payment.to_string())),
            (say!("order hash", "指令哈希"), Text::data(order.0.to_hex())),
        ],
        Operation::Refuse { payment, order, reason } => vec![
            (say!("refuse", "拒绝"), Text::data(payment.to_string())),
            (say!("order hash", "指令哈希"), Text::data(order.0.to_hex())),
            (say!("reason", "原因"), Text::data(reason.word())),
        ],
        Operation::Pay(_)
        | Operation::PayAcross(_)
        | Operation::Return(_)
        | Operation::RequestRecall(_)
        | Operation::AnswerRecall { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::RotateKeys { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetTier { .. }
        | Operation::RegisterAsset { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetLimits { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => Vec::new(),
    }
}

/// How a vote reads.
pub(crate) fn ballot(approve: bool) -> Text {
    if approve { say!("for", "赞成") } else { say!("against", "反对") }
}

/// Which way an account is frozen.
pub(crate) fn way(direction: FreezeDirection) -> Text {
    match direction {
        FreezeDirection::Outgoing => say!("outgoing", "付出"),
        FreezeDirection::Incoming => say!("incoming", "收入"),
        FreezeDirection::Both => say!("both", "双向"),
    }
}

fn asset_kind(kind: AssetKind) -> Text {
    match kind {
        AssetKind::Currency => say!("currency", "货币"),
        AssetKind::Points => say!("points", "积分"),
    }
}

fn payment(pay: &Pay, naming: &Naming) -> Vec<Line> {
    let mut lines = vec![
        (say!("pay", "支付"), text(pay.amount, naming)),
        (say!("from", "付款账户"), Text::data(naming.address(pay.from))),
        (say!("to", "收款账户"), Text::data(naming.address(pay.to))),
        (say!("id", "编号"), Text::data(pay.uetr.to_string())),
    ];
    lines.extend(terms(&pay.terms, pay.amount.asset, naming));
    lines
}

fn exchange(pay: &PayAcross, naming: &Naming) -> Vec<Line> {
    let least = text(pay.minimum_received, naming);
    let dealers = pay
        .route
        .quotes()
        .map(|signed| (say!("dealer", "做市商"), Text::data(naming.address(signed.quote.dealer))));
    let until = api::text::time(pay.route.expires());
    let mut lines = vec![
        (say!("pay", "支付"), text(pay.sell, naming)),
        (say!("receive", "对方收到"), say!("at least {least}", "至少 {least}"; least = least)),
        (say!("from", "付款账户"), Text::data(naming.address(pay.from))),
        (say!("to", "收款账户"), Text::data(naming.address(pay.to))),
        (say!("rate", "汇率"), Text::data(pay.route.to_string())),
        (say!("firm until", "报价有效至"), Text::data(until)),
        (say!("id", "编号"), Text::data(pay.uetr.to_string())),
    ];
    lines.extend(dealers);
    lines.extend(terms(&pay.terms, pay.sell.asset, naming));
    lines
}

fn text(money: Money, naming: &Naming) -> Text {
    if naming.decimals.contains_key(&money.asset) {
        return Text::data(naming.money(money));
    }
    say!(
        "{number} minor units of {asset}",
        "{number} 个 {asset} 最小单位",
        number = money.amount.text(Decimals(0)),
        asset = money.asset
    )
}

fn terms(terms: &PaymentTerms, asset: AssetCode, naming: &Naming) -> Vec<Line> {
    let bearer = match terms.charge_bearer {
        ChargeBearer::Debtor => {
            say!("DEBT: the payer, on top of the amount", "DEBT：付款人，在金额之外另付")
        }
        ChargeBearer::Shared => say!(
            "SHAR: the payer those of its own institution, on top",
            "SHAR：付款人另付其开户机构的费用"
        ),
        ChargeBearer::Creditor => {
            say!("CRED: the payee, taken from the amount", "CRED：收款人，从金额中扣收")
        }
    };
    let most = if terms.maximum_fee == Amount::MAXIMUM {
        say!("without limit", "不设上限")
    } else {
        let most = text(Money::new(terms.maximum_fee, asset), naming);
        say!("at most {most}", "最多 {most}"; most = most)
    };
    let mut lines = vec![(say!("charges", "手续费"), most), (say!("borne by", "费用承担"), bearer)];
    if terms.purpose != [0; 4] {
        let purpose = String::from_utf8_lossy(&terms.purpose).into_owned();
        lines.push((say!("purpose", "用途"), Text::data(purpose)));
    }
    if terms.remittance != Hash::ZERO {
        lines.push((say!("commits to", "附言承诺"), Text::data(terms.remittance.to_hex())));
    }
    lines
}

fn rules(policy: &Policy, naming: &Naming) -> Vec<Line> {
    let mandate = if policy.mandate {
        say!("the servicer may order payments", "开户机构可代为下达支付")
    } else {
        say!("none", "无")
    };
    let mut lines = [vec![(say!("mandate", "授权"), mandate)], owners(&policy.owners)].concat();
    let own = policy.limits.as_ref().map(|own| limits::of_account(own, naming));
    lines.extend(own.unwrap_or_default());
    let Some(step_up) = &policy.step_up else { return lines };
    lines.extend(step_up.rules.iter().map(|rule| {
        let above = text(Money::new(rule.above, rule.asset), naming);
        let needs = say!(
            "{count} approvals above {above}",
            "超过 {above} 须 {count} 项批准",
            count = rule.approvals;
            above = above
        );
        (say!("step-up", "大额批准"), needs)
    }));
    let approvers = step_up.approvers.iter().map(PublicKey::to_hex);
    lines.extend(approvers.map(|key| (say!("approver", "批准人"), Text::data(key))));
    lines
}

fn owners(keys: &KeySet) -> Vec<Line> {
    let (threshold, all) = (keys.threshold, keys.keys.len());
    let threshold = say!("{threshold} of {all} keys sign", "{all} 个密钥中须 {threshold} 个签名");
    let keys = keys.keys.iter().map(PublicKey::to_hex);
    let keys = keys.map(|key| (say!("owner", "所有人"), Text::data(key)));
    std::iter::once((say!("owners", "签名规则"), threshold)).chain(keys).collect()
}

fn institution(number: InstitutionNumber) -> Text {
    say!("number {number}", "编号 {number}", number = number.0)
}
