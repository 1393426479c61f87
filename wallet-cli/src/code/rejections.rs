//! What the ledger's rejections mean, and what to do.
//!
//! Invariants: the English words are the ledger's own, as they stand in every receipt.

use ledger::rejection::Rejection;

use super::Advice;
use crate::language::Text;

/// The advice for a rejection.
pub(super) fn advice(rejection: Rejection) -> Advice {
    let (chinese_meaning, chinese_action) = chinese(rejection);
    let explanation = rejection.explanation();
    let (meaning, action) = explanation.split_once(". ").unwrap_or((explanation, ""));
    Advice {
        meaning: Text::new(format!("{meaning}."), chinese_meaning.to_owned()),
        action: Text::new(action.to_owned(), chinese_action.to_owned()),
    }
}

const fn chinese(rejection: Rejection) -> (&'static str, &'static str) {
    match rejection {
        Rejection::NotYetValid => ("交易尚未生效。", "请检查签名机器的时钟。"),
        Rejection::Expired => ("交易有效期已过。", "请重新签名。"),
        Rejection::SignersMissing => ("签名不满足账户规则。", "请补齐签名。"),
        Rejection::DuplicateUetr => ("该编号（UETR）属于另一笔交易。", "请查询那一笔。"),
        Rejection::UnknownInstitution => ("账本上没有该机构。", "请核对其 BIC。"),
        Rejection::UnknownAccount => ("没有该账户。", "请核对付款账户地址。"),
        Rejection::UnknownPayee => ("没有该收款账户。", "请核对地址。"),
        Rejection::AccountExists => ("该编号的账户已存在。", "请换一个编号。"),
        Rejection::AccountClosed => ("账户已销户。", "请使用其他账户。"),
        Rejection::AccountNotEmpty => ("账户仍有余额。", "请先清空。"),
        Rejection::AccountFrozen => ("账户已冻结。", "请联系开户机构。"),
        Rejection::NotPermitted => ("该机构无权这样做。", "请检查其角色。"),
        Rejection::UnknownProposal => ("没有该编号的提案。", "请列出提案。"),
        Rejection::ProposalClosed => ("提案已执行或已否决。", "请另行提出。"),
        Rejection::ProposalExpired => ("提案已过期，或期限过长。", "请重新提出。"),
        Rejection::AlreadyVoted => ("该机构已对此提案投票。", "投票不可更改。"),
        Rejection::NotApproved => ("赞成的成员不足。", "待更多成员赞成后再执行。"),
        Rejection::EpochEnding => ("已有另一项验证者变更在先。", "请再次执行本项。"),
        Rejection::InstitutionRemoved => ("该机构已退出账本。", "请使用其他机构的账户。"),
        Rejection::InstitutionExists => ("已有成员使用该 BIC。", "请核对 BIC。"),
        Rejection::NotValidator => ("该机构没有验证者。", "请核对其 BIC。"),
        Rejection::ValidatorExists => ("该机构已有验证者。", "请先移除或轮换。"),
        Rejection::SupplyOutstanding => ("该机构发行的货币仍在流通。", "请先赎回。"),
        Rejection::KeyInUse => ("该密钥已被使用。", "请新建一个密钥。"),
        Rejection::ValidatorCount => ("网络须有 1 至 128 个验证者。", "请先增加或移除其他验证者。"),
        Rejection::ParametersRefused => ("参数超出范围，或永远不能如此更改。", "请另选取值。"),
        Rejection::UpgradeRefused => ("升级须在更高的区块高度，且版本更新。", "请据此选择。"),
        Rejection::SameAccount => ("付款账户与收款账户相同。", "请指定其他收款人。"),
        Rejection::UnknownAsset => ("该资产未在账本上登记。", "请核对其代码。"),
        Rejection::AssetConflict => ("已登记，或与 ISO 4217 不符。", "请核对代码。"),
        Rejection::ZeroAmount => ("金额为零。", "请填写更大的金额。"),
        Rejection::AmountTooLarge => ("金额超过单笔上限。", "请分笔支付。"),
        Rejection::PayeeNotAllowed => ("账户自身规则不允许该收款人。", "请先更改账户规则。"),
        Rejection::PaymentLimit => ("金额超过银行的单笔限额。", "请减少金额。"),
        Rejection::MissingInformation | Rejection::NewPayeeLimit => of_payee(rejection),
        Rejection::OwnDailyLimit => ("超过账户自设的每日限额。", "请明日支付，或减少金额。"),
        Rejection::DailyLimit => ("超过银行对该账户的每日限额。", "请明日支付，或减少金额。"),
        Rejection::PositionLimit => ("银行今日对他行的付款限额已用尽。", "请明日支付。"),
        Rejection::IncomingRefused => ("收款行不接受此类来款。", "请联系收款人。"),
        Rejection::QuoteForged => ("报价不是由做市商签名的。", "请重新询价。"),
        Rejection::QuoteExpired => ("报价已过期。", "请重新询价。"),
        Rejection::QuoteUsed => ("报价已被使用。", "请重新询价。"),
        Rejection::QuoteMismatch => ("报价与该笔支付不符。", "请重新询价。"),
        Rejection::NotHeld => ("该笔支付没有预授权资金。", "请查询其结果。"),
        Rejection::WaitsOtherwise => ("该笔支付等待的是另一步骤。", "请查询下一步由谁处理。"),
        Rejection::OwnPayment => ("经办人不能批准自己的支付。", "请由另一密钥批准。"),
        Rejection::AlreadyApproved => ("该密钥已批准过。", "请由另一批准人批准。"),
        Rejection::OrderMismatch => ("该编号下等待的是另一笔指令。", "请重新查看。"),
        Rejection::ApprovalsMissing | Rejection::ReviewMissing => ("不能等待。", "请一并签名。"),
        Rejection::DeadlineRefused => ("截止时间已过，或晚于允许的期限。", "请另选时间。"),
        Rejection::SecretWrong => ("密值与预授权的哈希锁不符。", "请核对。"),
        Rejection::ProofForged => ("证明所列的验证者并非其纪元的验证者。", "请重新获取证明。"),
        Rejection::NotSettled => ("所证明的并非已结算的支付。", "请查询其结果。"),
        Rejection::NoRecall => ("该笔支付没有待答复的退回请求。", "请查询其结果。"),
        Rejection::RecallOpen => ("该笔支付已有待答复的退回请求。", "请等待答复。"),
        Rejection::ReturnMismatch => ("超出尚可退回的金额，或资产不同。", "请减少退回金额。"),
        Rejection::TooManyReturns => ("一笔支付最多分 16 次退回。", "其余请另行支付。"),
        Rejection::CaptureMismatch => ("超出预授权金额，或资产不同。", "请减少请款金额。"),
        Rejection::FeeScheduleConflict => ("费率表不是下一个版本。", "请使用紧接上一版的编号。"),
        Rejection::LimitsConflict => ("限额规则不是下一个版本。", "请使用紧接上一版的编号。"),
        Rejection::FeeAboveAgreed => ("手续费高于约定上限。", "请提高上限。"),
        Rejection::InsufficientFunds => ("可用余额不足。", "请充值。"),
        Rejection::DealerInsufficientFunds => ("做市商暂时无法交付。", "请向其他做市商询价。"),
        Rejection::LinkedRejected => ("同一原子交易的另一部分被拒绝。", "请修正那一部分。"),
        Rejection::NotQueued | Rejection::CannotQueue | Rejection::QueueFull => queue(rejection),
        Rejection::InternalDefect => ("账本无法处理。", "请报告给运营方。"),
    }
}

/// What is said of a rejection that looks at whom the payment is for.
const fn of_payee(rejection: Rejection) -> (&'static str, &'static str) {
    if matches!(rejection, Rejection::NewPayeeLimit) {
        ("金额超过银行对新收款人的限额。", "请先付较小金额，稍后再付其余。")
    } else {
        ("缺少付款人与收款人的信息。", "请附上双方名称后支付。")
    }
}

/// What is said of a rejection that only queues have.
const fn queue(rejection: Rejection) -> (&'static str, &'static str) {
    if matches!(rejection, Rejection::QueueFull) {
        ("等待资金的支付过多。", "请取消其中一笔，或补足资金。")
    } else if matches!(rejection, Rejection::CannotQueue) {
        ("原子交易的一部分不能等待资金。", "请先备足资金。")
    } else {
        ("该笔支付没有等待资金。", "请查询其结果。")
    }
}
