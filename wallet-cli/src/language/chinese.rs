//! Chinese texts (zh-CN).
//!
//! Absent: choosing the language.

use ledger::rejection::Rejection;

use crate::exit::Exit;

/// Words and questions of a payment's way.
const WORDS: &[(&str, &str)] = &[
    ("saved", "已保存"),
    ("resumed", "继续"),
    ("paid before", "此前已支付"),
    ("sent", "已发送"),
    ("final", "已终局"),
    ("error", "错误"),
    ("warning:", "警告："),
    ("pay", "支付"),
    ("receive", "对方收到"),
    ("from", "付款账户"),
    ("to", "收款账户"),
    ("fee", "手续费"),
    ("at most", "最多"),
    ("note", "提示"),
    ("first payment to this account from this wallet", "本钱包首次向该账户付款"),
    ("Pay?", "确认支付？"),
    ("Type the amount again:", "金额较大，请再次输入金额："),
];

/// The Chinese for a word.
pub(super) fn word(english: &str) -> Option<&'static str> {
    WORDS.iter().find(|(word, _)| *word == english).map(|(_, chinese)| *chinese)
}

/// What an exit means for money.
pub(super) const fn exit(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "",
        Exit::Internal => "钱包无法继续。",
        Exit::Usage => "命令有误。",
        Exit::Rejected => "已拒绝，确定未付款。",
        Exit::NotPermitted => "不允许，或缺少授权。",
        Exit::NotSent => "未发送任何内容。",
        Exit::Unknown => "结果未知，可放心重复同一命令，不会重复付款。",
        Exit::Expired => "已过期，未付款，也不会再付款。",
        Exit::Interrupted => "已中断，可放心重复同一命令，不会重复付款。",
    }
}

/// The explanation of a rejection, by its code.
pub(super) fn rejection(code: &str) -> Option<&'static str> {
    Rejection::ALL.into_iter().find(|rejection| rejection.code() == code).map(explanation)
}

const fn explanation(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::NotYetValid => "交易尚未生效。请检查签名机器的时钟。",
        Rejection::Expired => "交易有效期已过。请重新签名。",
        Rejection::SignersMissing => "签名不满足账户规则。请补齐签名。",
        Rejection::DuplicateUetr => "该编号（UETR）属于另一笔交易。请查询那一笔。",
        Rejection::UnknownInstitution => "账本上没有该机构。",
        Rejection::UnknownAccount => "没有该账户。请核对付款账户地址。",
        Rejection::UnknownPayee => "没有该收款账户。请核对地址。",
        Rejection::AccountExists => "该编号的账户已存在。请换一个编号。",
        Rejection::AccountClosed => "账户已销户。",
        Rejection::AccountNotEmpty => "账户仍有余额。请先清空。",
        Rejection::AccountFrozen => "账户已冻结。请联系开户机构。",
        Rejection::NotPermitted => "该机构无权这样做。请检查其角色。",
        Rejection::UnknownProposal => "没有该编号的提案。请列出提案。",
        Rejection::ProposalClosed => "提案已执行或已否决。",
        Rejection::ProposalExpired => "提案已过期，或期限过长。请重新提出。",
        Rejection::AlreadyVoted => "该机构已投票。投票不可更改。",
        Rejection::NotApproved => "赞成的成员不足。待更多成员赞成后再执行。",
        Rejection::EpochEnding => "已有另一项验证者变更在先。请再次执行本项。",
        Rejection::InstitutionRemoved => "该机构已退出账本。请使用其他机构的账户。",
        Rejection::InstitutionExists => "已有成员使用该 BIC。",
        Rejection::NotValidator => "该机构没有验证者。",
        Rejection::ValidatorExists => "该机构已有验证者。请先移除或轮换。",
        Rejection::SupplyOutstanding => "该机构发行的货币仍在流通。请先赎回。",
        Rejection::KeyInUse => "该密钥已被使用。请新建一个密钥。",
        Rejection::ValidatorCount => "网络须有 1 至 128 个验证者。请先增加或移除其他验证者。",
        Rejection::ParametersRefused => "参数超出范围，或永远不能如此更改。",
        Rejection::UpgradeRefused => "升级须在更高的区块高度，且版本更新。",
        Rejection::SameAccount => "付款账户与收款账户相同。",
        Rejection::UnknownAsset => "该资产未在账本上登记。",
        Rejection::AssetConflict => "该资产已登记，或与 ISO 4217 不符。",
        Rejection::ZeroAmount => "金额为零。",
        Rejection::AmountTooLarge => "金额超过单笔上限。",
        Rejection::QuoteForged => "报价不是由做市商签名的。请重新询价。",
        Rejection::QuoteExpired => "报价已过期。请重新询价。",
        Rejection::QuoteUsed => "报价已被使用。请重新询价。",
        Rejection::QuoteMismatch => "报价与该笔支付不符。请重新询价。",
        Rejection::FeeScheduleConflict => "费率表不是下一个版本。",
        Rejection::FeeAboveAgreed => "手续费高于约定上限。请提高上限。",
        Rejection::InsufficientFunds => "可用余额不足。请充值。",
        Rejection::DealerInsufficientFunds => "做市商暂时无法交付。请向其他做市商询价。",
        Rejection::LinkedRejected => "同一原子交易的另一部分被拒绝。",
        Rejection::InternalDefect => "账本无法处理。请报告给运营方。",
    }
}
