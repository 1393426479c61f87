//! Words of the API that people read too: statuses, kinds, roles.
//!
//! Invariants: a word that this version does not know is shown as it came. Absent: JSON, which
//! carries the words themselves.

use crate::language::Text;

/// The words of this version's API.
const WORDS: [(&str, &str); 60] = [
    // Accounts.
    ("active", "正常"),
    ("frozen-outgoing", "止付"),
    ("frozen-incoming", "止收"),
    ("frozen", "冻结"),
    ("closed", "已销户"),
    // Entries.
    ("issue", "发行"),
    ("redeem", "赎回"),
    ("payment", "支付"),
    ("fee", "手续费"),
    ("exchange", "兑换"),
    ("return", "退回"),
    // Outcomes.
    ("settled", "已结算"),
    ("done", "已完成"),
    ("rejected", "已拒绝"),
    ("held", "已预授权"),
    ("released", "已撤销"),
    ("returned", "已退回"),
    ("recall-requested", "已请求退回"),
    ("recall-refused", "已拒绝退回"),
    ("partly-returned", "已部分退回"),
    ("awaiting-approval", "待批准"),
    ("awaiting-review", "待审查"),
    ("queued", "等待资金"),
    // Priorities.
    ("urgent", "紧急"),
    ("high", "高"),
    ("normal", "普通"),
    ("absent", "未发生"),
    ("expired", "已过期"),
    ("not-sent", "未发送"),
    ("unknown", "未知"),
    // Limits.
    ("alert", "提醒"),
    ("refuse", "拒绝"),
    ("hold", "待审查"),
    ("day", "每日金额"),
    ("count", "每日笔数"),
    ("first", "首笔"),
    ("position", "对他行净额"),
    ("incoming", "来款单笔"),
    ("new-payee", "新收款人单笔"),
    ("missing-information", "缺少当事人信息"),
    ("incoming-missing-information", "来款缺少当事人信息"),
    ("anyone", "所有付款人"),
    ("other-institutions", "他行"),
    ("other-countries", "境外"),
    ("institution", "机构"),
    ("account", "账户"),
    ("own-daily-limit", "自设每日限额"),
    // Proposals.
    ("open", "投票中"),
    ("approved", "已通过"),
    ("enacted", "已执行"),
    ("refused", "已拒绝"),
    ("safe", "安全"),
    ("would-halt", "将停止"),
    // Assets.
    ("currency", "货币"),
    ("points", "积分"),
    // Institutions.
    ("validator", "验证者"),
    ("issuer", "发行"),
    ("dealer", "做市"),
    // What the doctor finds.
    ("ok", "正常"),
    ("problem", "问题"),
];

/// A word of the API, for people.
pub(crate) fn word(word: &str) -> Text {
    match WORDS.iter().find(|(known, _)| *known == word) {
        Some((english, chinese)) => Text::new((*english).to_owned(), (*chinese).to_owned()),
        None => Text::data(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use api::account::{AccountView, EntryView};
    use api::receipt::ReceiptView;
    use api::text::Naming;
    use ledger::account::{Account, AccountStatus, Entry, EntryKind, Policy};
    use ledger::corrections::Reason;
    use ledger::crypto::{SecretKey, Suite};
    use ledger::governance::ProposalStatus;
    use ledger::hash::Hash;
    use ledger::ids::{
        AccountId, AssetCode, Bic, Height, InstitutionNumber, Network, ProposalNumber, Timestamp,
        Uetr,
    };
    use ledger::limits::{Measure, RuleOutcome, RulesMet, Senders};
    use ledger::money::{Amount, Money};
    use ledger::receipt::{Outcome, Receipt, Released, Reversal};
    use ledger::rejection::Rejection;

    fn assert_known(found: &str) {
        assert_ne!(word(found).of(Language::Chinese), found, "{found}");
    }

    #[test]
    fn every_word_of_an_entry_is_known() {
        let asset = AssetCode::parse("CNY").unwrap();
        let decimals = [(asset, ledger::money::Decimals(2))].into();
        let naming = Naming { network: Network::Devnet, decimals };
        let uetr = Uetr::from_entropy([1; 16]);
        for kind in [
            EntryKind::Issue,
            EntryKind::Redeem,
            EntryKind::Payment,
            EntryKind::Fee,
            EntryKind::Exchange,
            EntryKind::Return,
        ] {
            let entry = Entry { uetr, kind, credit: true, amount: Amount(1), height: Height(1) };
            assert_known(&EntryView::new(asset, &entry, None, Timestamp(1), &naming).kind);
        }
    }

    #[test]
    fn every_word_of_an_account_is_known() {
        let key = SecretKey::from_seed(Suite::Ed25519Blake3, [1; 32]).public();
        let naming = Naming { network: Network::Devnet, decimals: [].into() };
        let id = AccountId::new(InstitutionNumber(1), [1; 12]);
        for status in [
            AccountStatus::Active,
            AccountStatus::FrozenOutgoing,
            AccountStatus::FrozenIncoming,
            AccountStatus::Frozen,
            AccountStatus::Closed,
        ] {
            let policy = Policy::single(key);
            let account = Account { status, tier: 0, policy, open_holdings: 0 };
            let bic = Bic::parse("PSBCCNBJ").unwrap();
            assert_known(&AccountView::new(id, &account, &bic, &[], Height(1), &naming).status);
        }
    }

    #[test]
    fn every_word_of_a_limit_is_known() {
        let most = Amount(1);
        for measure in [
            Measure::Payment { most },
            Measure::Day { most },
            Measure::Count { most: 1 },
            Measure::First,
            Measure::Position { most },
            Measure::Incoming { most, from: Senders::Anyone },
            Measure::NewPayee { most, cool_off: 60 },
            Measure::MissingInformation { most },
            Measure::IncomingMissingInformation { most, from: Senders::Anyone },
        ] {
            assert_known(api::limits::measure_word(measure));
        }
        for from in [Senders::Anyone, Senders::OtherInstitutions, Senders::OtherCountries] {
            assert_known(&api::limits::from_text(Measure::Incoming { most, from }).unwrap());
        }
        for outcome in [RuleOutcome::Alert, RuleOutcome::Refuse, RuleOutcome::Hold] {
            assert_known(api::limits::outcome_word(outcome));
        }
        for whose in ["institution", "account", "own-daily-limit"] {
            assert_known(whose);
        }
    }

    #[test]
    fn every_word_of_an_outcome_or_a_proposal_is_known() {
        let naming = Naming { network: Network::Devnet, decimals: [].into() };
        let account = AccountId::new(InstitutionNumber(1), [1; 12]);
        let money = Money::new(Amount(1), AssetCode::parse("CNY").unwrap());
        for outcome in [
            Outcome::Done,
            Outcome::Proposed(ProposalNumber(1)),
            Outcome::Rejected(Rejection::ZeroAmount),
            Outcome::Released(Released { from: account, to: account, released: money }),
            Outcome::Returned(Reversal {
                payment: Uetr::from_entropy([1; 16]),
                from: account,
                to: account,
                amount: money,
                reason: Reason::parse("CUST").unwrap(),
                total: money.amount,
                credited: money.amount,
            }),
        ] {
            let rules = RulesMet::default();
            let transaction = Hash::ZERO;
            let receipt = Receipt { transaction, operation: 0, uetr: None, outcome, rules };
            assert_known(&ReceiptView::new(&receipt, None, &naming).status);
        }
        for status in
            ["held", "expired", "awaiting-approval", "awaiting-review", "refused", "queued"]
        {
            assert_known(status);
        }
        for status in [
            ProposalStatus::Open,
            ProposalStatus::Approved,
            ProposalStatus::Enacted,
            ProposalStatus::Refused,
            ProposalStatus::Expired,
        ] {
            assert_known(api::governance::status_word(status));
        }
    }
}
