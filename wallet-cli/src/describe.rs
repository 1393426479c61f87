//! What an operation does, in words made from its bytes alone.
//!
//! Invariants: every member that matters is shown, addresses in full; nothing is read from a node.
//! Absent: names that others gave to accounts; the address book's are the caller's to add.

use api::text::Naming;
use ledger::account::{KeySet, Policy};
use ledger::crypto::PublicKey;
use ledger::hash::Hash;
use ledger::ids::{AccountId, AssetCode, InstitutionNumber};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{ChargeBearer, Operation, Pay, PayAcross, PaymentTerms};
use std::collections::BTreeMap;

/// A line: what, and its value.
pub(crate) type Line = (&'static str, String);

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
        Operation::Pay(pay) => vec![pay.amount.asset],
        Operation::PayAcross(pay) => vec![pay.sell.asset, pay.minimum_received.asset],
        Operation::SetFeeSchedule { schedule, .. } => {
            schedule.rules.iter().map(|rule| rule.asset).collect()
        }
        Operation::RegisterAsset { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::RotateKeys { .. }
        | Operation::Freeze { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => Vec::new(),
    }
}

/// Who is paid.
pub(crate) const fn payee(operation: &Operation) -> Option<AccountId> {
    match operation {
        Operation::Pay(pay) => Some(pay.to),
        Operation::PayAcross(pay) => Some(pay.to),
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
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => None,
    }
}

/// The operation, line by line; the first says what it is.
pub(crate) fn lines(operation: &Operation, naming: &Naming) -> Vec<Line> {
    let money = |amount: &Money| text(*amount, naming);
    let address = |account: &AccountId| naming.address(*account);
    match operation {
        Operation::Pay(pay) => payment(pay, naming),
        Operation::PayAcross(pay) => exchange(pay, naming),
        Operation::Issue { uetr, to, amount } => {
            vec![("issue", money(amount)), ("to", address(to)), ("id", uetr.to_string())]
        }
        Operation::Redeem { uetr, from, amount } => {
            vec![("redeem", money(amount)), ("from", address(from)), ("id", uetr.to_string())]
        }
        Operation::RotateKeys { account, keys } => {
            [vec![("rotate keys", address(account))], owners(keys)].concat()
        }
        Operation::OpenAccount { account, policy, tier } => {
            let lines = vec![("open account", address(account)), ("tier", tier.to_string())];
            [lines, rules(policy)].concat()
        }
        Operation::SetPolicy { account, policy } => {
            [vec![("set policy", address(account))], rules(policy)].concat()
        }
        Operation::Freeze { account, direction } => vec![
            ("freeze", address(account)),
            ("direction", format!("{direction:?}").to_lowercase()),
        ],
        Operation::Unfreeze { account } => vec![("unfreeze", address(account))],
        Operation::CloseAccount { account } => vec![("close account", address(account))],
        Operation::SetTier { account, tier } => {
            vec![("set tier", tier.to_string()), ("account", address(account))]
        }
        Operation::RegisterAsset { code, kind, decimals, issuer } => vec![
            ("register asset", code.to_string()),
            ("kind", format!("{kind:?}").to_lowercase()),
            ("decimals", decimals.0.to_string()),
            ("issuer", institution(*issuer)),
        ],
        Operation::SetFeeSchedule { institution: number, schedule } => vec![
            ("set fees", format!("version {}, {} rules", schedule.version, schedule.rules.len())),
            ("institution", institution(*number)),
            ("collector", address(&schedule.collector)),
        ],
        Operation::Propose { institution: number, change, expires } => vec![
            ("propose", api::governance::summary(change, &|number| institution(number))),
            ("institution", institution(*number)),
            ("expires", api::text::time(*expires)),
        ],
        Operation::Vote { institution: number, proposal, approve } => vec![
            ("vote", if *approve { "for" } else { "against" }.to_owned()),
            ("proposal", proposal.0.to_string()),
            ("institution", institution(*number)),
        ],
        Operation::Enact { institution: number, proposal } => {
            vec![("enact", proposal.0.to_string()), ("institution", institution(*number))]
        }
    }
}

fn payment(pay: &Pay, naming: &Naming) -> Vec<Line> {
    let mut lines = vec![
        ("pay", text(pay.amount, naming)),
        ("from", naming.address(pay.from)),
        ("to", naming.address(pay.to)),
        ("id", pay.uetr.to_string()),
    ];
    lines.extend(terms(&pay.terms, pay.amount.asset, naming));
    lines
}

fn exchange(pay: &PayAcross, naming: &Naming) -> Vec<Line> {
    let quote = &pay.quote.quote;
    let mut lines = vec![
        ("pay", text(pay.sell, naming)),
        ("receive", format!("at least {}", text(pay.minimum_received, naming))),
        ("from", naming.address(pay.from)),
        ("to", naming.address(pay.to)),
        ("rate", format!("1 {} = {} {}", quote.sell, quote.rate, quote.buy)),
        ("dealer", naming.address(quote.dealer)),
        ("firm until", api::text::time(quote.expires)),
        ("id", pay.uetr.to_string()),
    ];
    lines.extend(terms(&pay.terms, pay.sell.asset, naming));
    lines
}

fn text(money: Money, naming: &Naming) -> String {
    if naming.decimals.contains_key(&money.asset) {
        return naming.money(money);
    }
    format!("{} minor units of {}", money.amount.text(Decimals(0)), money.asset)
}

fn terms(terms: &PaymentTerms, asset: AssetCode, naming: &Naming) -> Vec<Line> {
    let bearer = match terms.charge_bearer {
        ChargeBearer::Debtor => "DEBT: the payer, on top of the amount",
        ChargeBearer::Shared => "SHAR: the payer those of its own institution, on top",
        ChargeBearer::Creditor => "CRED: the payee, taken from the amount",
    };
    let most = if terms.maximum_fee == Amount::MAXIMUM {
        "without limit".to_owned()
    } else {
        format!("at most {}", text(Money::new(terms.maximum_fee, asset), naming))
    };
    let mut lines = vec![("charges", most), ("borne by", bearer.to_owned())];
    if terms.purpose != [0; 4] {
        lines.push(("purpose", String::from_utf8_lossy(&terms.purpose).into_owned()));
    }
    if terms.remittance != Hash::ZERO {
        lines.push(("commits to", terms.remittance.to_hex()));
    }
    lines
}

fn rules(policy: &Policy) -> Vec<Line> {
    let mandate = if policy.mandate { "the servicer may order payments" } else { "none" };
    [vec![("mandate", mandate.to_owned())], owners(&policy.owners)].concat()
}

fn owners(keys: &KeySet) -> Vec<Line> {
    let threshold = format!("{} of {} keys sign", keys.threshold, keys.keys.len());
    let keys = keys.keys.iter().map(PublicKey::to_hex).map(|key| ("owner", key));
    std::iter::once(("owners", threshold)).chain(keys).collect()
}

fn institution(number: InstitutionNumber) -> String {
    format!("number {}", number.0)
}
