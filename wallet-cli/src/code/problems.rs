//! What the codes of a node's refusals mean, and what to do.

use api::problem::ProblemCode;

use super::Advice;
use crate::language::{Text, say};

/// The advice for a code of the API.
pub(super) fn advice(code: ProblemCode) -> Advice {
    Advice { meaning: meaning(code), action: action(code) }
}

fn meaning(code: ProblemCode) -> Text {
    let english = format!("{}.", code.title());
    let chinese = match code {
        ProblemCode::Malformed => "节点无法读取该请求。",
        ProblemCode::MalformedTransaction => "交易格式不正确。",
        ProblemCode::TokenMissing => "该调用需要操作员令牌。",
        ProblemCode::TokenRefused => "操作员令牌被拒绝。",
        ProblemCode::NotOffered => "该节点不提供此服务。",
        ProblemCode::RoleRefused => "操作员的角色无权进行此操作。",
        ProblemCode::NotFound => "没有所请求的内容。",
        ProblemCode::MethodNotAllowed => "该路径不接受此方法。",
        ProblemCode::BodyTimeout => "请求未能及时完整送达。",
        ProblemCode::Ambiguous => "有多笔支付的编号以此开头。",
        ProblemCode::PaymentExists => "无法证明其不存在：该支付确已发生。",
        ProblemCode::TooEarly => "尚不能证明其不存在。",
        ProblemCode::TooLate => "已不能证明其不存在。",
        ProblemCode::Pruned => "该节点不再保存这些内容。",
        ProblemCode::Erased => "该内容已被删除。",
        ProblemCode::TooLarge => "请求过大。",
        ProblemCode::TooDeep => "请求嵌套过深。",
        ProblemCode::UnsupportedMediaType => "不接受该媒体类型。",
        ProblemCode::WrongChain => "交易属于另一条链。",
        ProblemCode::BadSignature => "缺少签名，或签名无效。",
        ProblemCode::CarriedProofRefused => "所附的支付证明不成立。",
        ProblemCode::OtherPrivateData => "该支付承诺的不是这些非公开数据。",
        ProblemCode::MessageNotAccepted => "不接受此类报文。",
        ProblemCode::TooManyRequests => "来自该地址的请求过多。",
        ProblemCode::HeadersTooLarge => "请求头过大。",
        ProblemCode::Internal => "节点出错。",
        ProblemCode::Busy => "节点繁忙。",
        ProblemCode::NotReady => "节点尚未就绪。",
        ProblemCode::OutcomeUnknown => "结果尚未知晓。",
    };
    Text::new(english, chinese.to_owned())
}

fn get_the_proof_again() -> Text {
    say!(
        "Get the proof of the payment again, from this network. Nothing was paid.",
        "请重新获取本网络上该支付的证明。未付款。"
    )
}

fn action(code: ProblemCode) -> Text {
    match code {
        ProblemCode::Malformed | ProblemCode::MethodNotAllowed => say!(
            "Compare the request with docs/reference/api.md, or update this wallet.",
            "请对照 docs/reference/api.md 检查请求，或升级钱包。"
        ),
        ProblemCode::MalformedTransaction => say!(
            "Build it with the wallet or the documented encoding. Nothing was paid.",
            "请用钱包或文档所述编码生成交易。未付款。"
        ),
        ProblemCode::TokenMissing => name_a_token(),
        ProblemCode::TokenRefused => ask_for_a_token(),
        ProblemCode::RoleRefused => ask_another(),
        ProblemCode::NotOffered => say!(
            "Ask a node of the institution that does it, with --api.",
            "请用 --api 询问提供该服务的机构的节点。"
        ),
        ProblemCode::NotFound => say!(
            "Check what was asked for; what was sent just now may not be final yet.",
            "请核对所请求的内容；刚刚发送的可能尚未终局。"
        ),
        ProblemCode::BodyTimeout | ProblemCode::Busy => say!(
            "Send the same request again, or ask another node.",
            "请再次发送同一请求，或询问其他节点。"
        ),
        ProblemCode::Ambiguous => say!("Write more of the id.", "请写出更多位编号。"),
        ProblemCode::PaymentExists => {
            say!("Look it up: feiqian payment show ID.", "请查询：feiqian payment show ID。")
        }
        ProblemCode::TooEarly => say!(
            "Ask again after the end of the transaction's validity.",
            "请在交易有效期结束后再询问。"
        ),
        ProblemCode::TooLate => {
            say!("Look for a proof that was made in time.", "请寻找当时及时生成的证明。")
        }
        ProblemCode::Erased => ask_the_other_side(),
        ProblemCode::Pruned => say!(
            "Ask an archive node: one that keeps all blocks.",
            "请询问保存全部区块的归档节点。"
        ),
        ProblemCode::TooLarge | ProblemCode::TooDeep => {
            say!("Send less in one request.", "请减少单次请求的内容。")
        }
        ProblemCode::UnsupportedMediaType | ProblemCode::MessageNotAccepted => {
            say!("Send a kind that the answer names.", "请使用应答所指明的类型。")
        }
        ProblemCode::WrongChain => check_the_network(),
        ProblemCode::BadSignature => sign_again(),
        ProblemCode::CarriedProofRefused => get_the_proof_again(),
        ProblemCode::OtherPrivateData => send_what_was_committed_to(),
        ProblemCode::TooManyRequests => say!(
            "Send the same request again after the Retry-After seconds.",
            "请在 Retry-After 所示秒数之后再次发送。"
        ),
        ProblemCode::HeadersTooLarge => {
            say!("Send fewer or shorter headers.", "请减少或缩短请求头。")
        }
        ProblemCode::Internal => say!(
            "Report it to the node's operator with the time and the text.",
            "请将时间和内容报告给节点运营方。"
        ),
        ProblemCode::NotReady => {
            say!("Ask again later, or ask another node.", "请稍后再试，或询问其他节点。")
        }
        ProblemCode::OutcomeUnknown => {
            say!("Repeat the same command. It is never paid twice.", "重复同一命令，不会重复付款。")
        }
    }
}

fn send_what_was_committed_to() -> Text {
    say!(
        "Send what was committed to, with its salt. The payment stands.",
        "请发送所承诺的内容及其盐值。支付有效。"
    )
}

fn name_a_token() -> Text {
    say!(
        "Name the file of your token with --token-file, or set FEIQIAN_TOKEN_FILE.",
        "请用 --token-file 指明令牌文件，或设置 FEIQIAN_TOKEN_FILE。"
    )
}

fn ask_for_a_token() -> Text {
    say!("Ask who runs the node for a new token.", "请向节点运营方索取新的令牌。")
}

fn ask_the_other_side() -> Text {
    say!(
        "This institution has erased the payment's names and texts; the other one may have its own \
         copy. The payment and its proofs stand.",
        "本机构已删除该付款的姓名与附言；对方机构可能仍有自己的副本。付款及其证明仍然有效。"
    )
}

fn ask_another() -> Text {
    say!("Let somebody do it who has that role.", "请由具备相应角色的人员操作。")
}

fn check_the_network() -> Text {
    say!(
        "Check which network was signed for. Nothing was paid.",
        "请核对签名所针对的网络。未付款。"
    )
}

fn sign_again() -> Text {
    say!(
        "Sign again with the keys that the transaction names. Nothing was paid.",
        "请用交易所列的密钥重新签名。未付款。"
    )
}
