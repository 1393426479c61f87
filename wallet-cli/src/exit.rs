//! Exit codes: the contract with scripts.
//!
//! Invariants: the numbers never change; each says whether money can have moved. Absent: faults.

use ledger::rejection::Rejection;

use crate::code::Advice;
use crate::language::{Text, say};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and final where that applies.
    Done = 0,
    /// A defect of the wallet or its files.
    Internal = 1,
    /// The command line asks for something that cannot be.
    Usage = 2,
    /// Rejected: certainly not paid. A proof that is refused counts here too.
    Rejected = 3,
    /// Not permitted, or approvals are missing.
    NotPermitted = 4,
    /// Nothing was sent.
    NotSent = 5,
    /// The outcome is unknown; the same command is safe to repeat.
    Unknown = 6,
    /// Expired: it did not happen and no longer can.
    Expired = 7,
    /// Interrupted; the same command is safe to repeat.
    Interrupted = 130,
}

impl Exit {
    /// Every exit, by its code.
    pub(crate) const ALL: [Self; 9] = [
        Self::Done,
        Self::Internal,
        Self::Usage,
        Self::Rejected,
        Self::NotPermitted,
        Self::NotSent,
        Self::Unknown,
        Self::Expired,
        Self::Interrupted,
    ];

    /// The process's exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Rejected => 3,
            Self::NotPermitted => 4,
            Self::NotSent => 5,
            Self::Unknown => 6,
            Self::Expired => 7,
            Self::Interrupted => 130,
        }
    }

    /// The exit for a rejection by the ledger: whatever it is, nothing was paid.
    pub(crate) const fn of_rejection(rejection: Rejection) -> Self {
        let is_missing = matches!(
            rejection,
            Rejection::SignersMissing | Rejection::ApprovalsMissing | Rejection::ReviewMissing
        );
        let is_late = matches!(
            rejection,
            Rejection::Expired | Rejection::QuoteExpired | Rejection::ProposalExpired
        );
        if is_missing || matches!(rejection, Rejection::NotPermitted | Rejection::OwnPayment) {
            Self::NotPermitted
        } else if is_late {
            Self::Expired
        } else {
            Self::Rejected
        }
    }

    /// The HTTP status that says the same, for problem documents.
    pub(crate) const fn http_status(self) -> u16 {
        match self {
            Self::Done => 200,
            Self::Internal => 500,
            Self::Usage => 400,
            Self::Rejected | Self::Expired => 422,
            Self::NotPermitted => 403,
            Self::NotSent => 503,
            Self::Unknown | Self::Interrupted => 504,
        }
    }

    /// One short sentence, without a full stop.
    pub(crate) fn title(self) -> Text {
        match self {
            Self::Done => say!("Done", "已完成"),
            Self::Internal => say!("The wallet cannot go on", "钱包无法继续"),
            Self::Usage => say!("The command cannot be understood", "无法理解该命令"),
            Self::Rejected => say!("Rejected", "已拒绝"),
            Self::NotPermitted => {
                say!("Not permitted, or approval is needed", "不允许，或需要授权")
            }
            Self::NotSent => say!("Nothing was sent", "未发送任何内容"),
            Self::Unknown => say!("The outcome is unknown", "结果未知"),
            Self::Expired => say!("Expired", "已过期"),
            Self::Interrupted => say!("Interrupted", "已中断"),
        }
    }

    /// What it means for money and for the next step.
    pub(crate) fn advice(self) -> Advice {
        Advice { meaning: self.meaning(), action: self.action() }
    }

    fn meaning(self) -> Text {
        match self {
            Self::Done => say!("Done, and final where that applies.", "已完成；涉及付款的已终局。"),
            Self::Internal => say!(
                "A defect of the wallet, or a damaged file of its own.",
                "钱包自身的缺陷，或其文件已损坏。"
            ),
            Self::Usage => say!(
                "The command line asks for something that cannot be. Nothing was sent.",
                "命令所要求的不可行。未发送任何内容。"
            ),
            Self::Rejected => say!(
                "Rejected: certainly not paid. A proof that is refused counts here too.",
                "已拒绝，确定未付款。证明不成立也属此类。"
            ),
            Self::NotPermitted => say!(
                "Not permitted, or keys and approvals are missing. Nothing was paid.",
                "不允许，或缺少密钥与授权。未付款。"
            ),
            Self::NotSent => say!("Nothing was sent.", "未发送任何内容。"),
            Self::Unknown => {
                say!("The outcome is unknown: it may have been paid.", "结果未知：可能已经付款。")
            }
            Self::Expired => say!(
                "Expired: it did not happen and no longer can.",
                "已过期：未付款，也不会再付款。"
            ),
            Self::Interrupted => say!("Interrupted by Ctrl-C.", "被 Ctrl-C 中断。"),
        }
    }

    fn action(self) -> Text {
        match self {
            Self::Done => say!("Nothing is left to do.", "无须再做任何事。"),
            Self::Internal => say!(
                "Run feiqian doctor, and report the command if that finds nothing.",
                "请运行 feiqian doctor；若无发现，请报告所用命令。"
            ),
            Self::Usage => {
                say!("Change the command as the fault says.", "请按错误信息修改命令。")
            }
            Self::Rejected => say!(
                "Look up the fault's code: feiqian help CODE.",
                "请查询错误代码：feiqian help CODE。"
            ),
            Self::NotPermitted => say!(
                "Have those sign whose keys the fault names.",
                "请由错误信息所列密钥的持有人签名。"
            ),
            Self::NotSent => say!(
                "Give the same command again once a node answers.",
                "待节点应答后，再次执行同一命令。"
            ),
            Self::Unknown => say!(
                "Repeat the same command: it tells the outcome, and never pays twice.",
                "重复同一命令：它会给出结果，且不会重复付款。"
            ),
            Self::Expired => say!("Give the order anew.", "请重新下达指令。"),
            Self::Interrupted => say!(
                "Repeat the same command: nothing is paid twice.",
                "重复同一命令，不会重复付款。"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_the_contract() {
        for (exit, code) in [
            (Exit::Done, 0),
            (Exit::Internal, 1),
            (Exit::Usage, 2),
            (Exit::Rejected, 3),
            (Exit::NotPermitted, 4),
            (Exit::NotSent, 5),
            (Exit::Unknown, 6),
            (Exit::Expired, 7),
            (Exit::Interrupted, 130),
        ] {
            assert_eq!(exit.code(), code, "{exit:?}");
            assert!(Exit::ALL.contains(&exit), "{exit:?}");
        }
    }

    #[test]
    fn every_rejection_says_that_nothing_was_paid() {
        for rejection in Rejection::ALL {
            let exit = Exit::of_rejection(rejection);
            let certain = [Exit::Rejected, Exit::NotPermitted, Exit::Expired];
            assert!(certain.contains(&exit), "{rejection:?}");
        }
    }
}
