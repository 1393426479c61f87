//! The wallet's own codes: one table with each code, what it means, and what to do.
//!
//! Invariants: a code never changes its text. Absent: the details of one fault, which stand where
//! it is made.

use super::Advice;
use crate::language::say;

/// Makes the list of codes from its table.
macro_rules! codes {
    ($($name:ident $text:literal
       [$meaning:literal, $chinese_meaning:literal]
       [$action:literal, $chinese_action:literal])+) => {
        /// A code of the wallet's own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Own {
            $(#[doc = $meaning] $name,)+
        }

        impl Own {
            /// Every code.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code in kebab case.
            pub(crate) const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// What it means and what to do.
            pub(super) fn advice(self) -> Advice {
                match self {
                    $(Self::$name => Advice {
                        meaning: say!($meaning, $chinese_meaning),
                        action: say!($action, $chinese_action),
                    },)+
                }
            }
        }
    };
}

codes! {
    // What was written on the command line.
    Usage "usage"
        ["The command line is not understood.", "无法理解该命令行。"]
        ["Compare it with: feiqian help COMMAND.", "请对照：feiqian help COMMAND。"]
    UnknownTopic "unknown-topic"
        ["There is no such command and no such code.", "没有该命令，也没有该代码。"]
        ["List the commands with: feiqian --help.", "列出命令：feiqian --help。"]
    MissingFlag "missing-flag"
        ["Something is not said, and nobody can be asked.", "缺少必要的内容，且无人可询问。"]
        ["Add the flag that the fault names.", "请加上错误信息所指的参数。"]
    NotConfirmed "not-confirmed"
        ["The question was not answered with yes, so nothing was sent.", "未确认，因此未发送任何内容。"]
        ["Give the command again, and answer y or add --yes.", "重复该命令并回答 y，或加上 --yes。"]
    Interrupted "interrupted"
        ["The command was ended by Ctrl-C.", "命令被 Ctrl-C 中断。"]
        ["Repeat the same command: nothing is paid twice.", "重复同一命令，不会重复付款。"]
    AmountWithoutAsset "amount-without-asset"
        ["An amount was written without its asset.", "金额未写明资产。"]
        ["Write the asset after the number: \"25.00 CNY\".", "请在数字后写明资产：\"25.00 CNY\"。"]
    AmountMalformed "amount-malformed"
        ["An amount cannot be read as a number.", "金额不是可识别的数字。"]
        ["Write digits and one decimal point: \"1234.50 CNY\".", "只用数字和一个小数点：\"1234.50 CNY\"。"]
    AmountTooPrecise "amount-too-precise"
        ["An amount has more decimals than its asset. Nothing is ever rounded.",
         "小数位数超过该资产的精度。金额从不舍入。"]
        ["Write fewer decimals.", "请减少小数位数。"]
    AmountTooLarge "amount-too-large"
        ["An amount is larger than any amount can be.", "金额超出可表示的上限。"]
        ["Write a smaller amount.", "请写较小的金额。"]
    UnknownAsset "unknown-asset"
        ["The ledger has no such asset.", "账本上没有该资产。"]
        ["List the assets with: feiqian assets.", "列出资产：feiqian assets。"]
    BadAssetCode "bad-asset-code"
        ["An asset's code is not well formed.", "资产代码格式不正确。"]
        ["Write the code in capitals, like CNY.", "请用大写字母书写代码，如 CNY。"]
    BadBic "bad-bic"
        ["A BIC is not well formed.", "BIC 格式不正确。"]
        ["Write 8 or 11 characters, like PSBCCNBJ.", "请写 8 或 11 个字符，如 PSBCCNBJ。"]
    BadUetr "bad-uetr"
        ["A payment's id is no UUID of version 4.", "支付编号不是第 4 版 UUID。"]
        ["Copy the id whole, or leave --id out to get one.", "请完整复制编号；省略 --id 则自动生成。"]
    BadAddress "bad-address"
        ["An address is not well formed, or of another network.", "地址格式不正确，或属于其他网络。"]
        ["Copy it again from the payee. It is never corrected by guessing.",
         "请向收款人重新索取并完整复制。钱包从不猜测更正。"]
    BadReference "bad-reference"
        ["An account's reference is empty or too long.", "账户参考号为空或过长。"]
        ["Write BIC/reference, with 1 to 34 characters.", "请写 BIC/参考号，参考号 1 至 34 个字符。"]
    UnknownName "unknown-name"
        ["The address book has no such name.", "通讯录中没有该名称。"]
        ["List the names with: feiqian accounts.", "列出名称：feiqian accounts。"]
    BadName "bad-name"
        ["A name for an account is not well formed.", "账户名称格式不正确。"]
        ["Use 1 to 32 lower-case letters, digits, - and _.", "使用 1 至 32 个小写字母、数字、- 和 _。"]
    NameTaken "name-taken"
        ["The name stands for another account already.", "该名称已用于另一账户。"]
        ["Choose another name, or remove that one first.", "请换一个名称，或先删除原有的。"]
    UnknownInstitution "unknown-institution"
        ["The ledger has no such institution.", "账本上没有该机构。"]
        ["List them with: feiqian institutions.", "列出机构：feiqian institutions。"]
    // Payments.
    FeeInOtherAsset "fee-in-other-asset"
        ["The most charges were written in another asset than is paid.", "手续费上限所用资产与付款资产不同。"]
        ["Write --max-fee in the asset of the amount.", "请用付款资产书写 --max-fee。"]
    FeeAboveAmount "fee-above-amount"
        ["The charges are above the amount that they are taken from.", "手续费超过从中扣收的金额。"]
        ["Pay more, or bear the charges yourself: --charge DEBT.", "增加金额，或由付款人承担：--charge DEBT。"]
    OddFee "odd-fee"
        ["A node states charges in another asset than is paid.", "节点报出的手续费与付款资产不同。"]
        ["Ask another node with --api. Nothing was sent.", "请用 --api 询问其他节点。未发送任何内容。"]
    SameAsset "same-asset"
        ["The payee receives this asset without any exchange.", "收款人本就收到该资产，无需兑换。"]
        ["Leave --to-asset out.", "请去掉 --to-asset。"]
    QuoteRefused "quote-refused"
        ["A dealer's offer is not what was asked for, so it was refused.", "做市商的报价与询价不符，已拒绝。"]
        ["Ask again, or ask another node with --api. Nothing was sent.",
         "请重新询价，或用 --api 询问其他节点。未发送任何内容。"]
    BadNote "bad-note"
        ["The note does not fit.", "附言无法使用。"]
        ["Write a shorter note.", "请缩短附言。"]
    NoteKept "note-kept"
        ["The note of a payment has not reached the payer's bank. The payment stands.",
         "支付的附言尚未送达付款行。支付有效。"]
        ["Hand it over with: feiqian pay --resume ID, through a profile with that bank's node.",
         "请送交：feiqian pay --resume ID，所用配置须含该行的节点。"]
    BadSecret "bad-secret"
        ["A file holds no secret of a hash lock.", "文件中没有哈希锁的密值。"]
        ["Get the secret again: 64 hexadecimal digits.", "请重新索取：64 位十六进制数字。"]
    IdTaken "id-taken"
        ["The id that was chosen belongs to another order.", "所选编号属于另一笔指令。"]
        ["Choose another id, or look that one up: feiqian payment show ID.",
         "请换一个编号，或查询：feiqian payment show ID。"]
    InProgress "in-progress"
        ["Another command goes on with this right now.", "另一个命令正在处理同一内容。"]
        ["Wait until it has ended.", "请等待其结束。"]
    NotInOutbox "not-in-outbox"
        ["No single unfinished payment of this wallet has an id that begins so.",
         "没有唯一一笔未完成支付的编号以此开头。"]
        ["List the unfinished ones with: feiqian status.", "列出未完成的支付：feiqian status。"]
    NotFound "not-found"
        ["No final block that the nodes keep has this payment.", "节点保存的终局区块中没有这笔支付。"]
        ["Ask who sent it; it may be on its way.", "请询问付款方；它可能仍在途中。"]
    NotAllPaid "not-all-paid"
        ["Some rows of a file of payments are not paid.", "付款文件中有未支付的行。"]
        ["Repeat the same command: what is paid stays paid, once.", "重复同一命令：已付的不会重复支付。"]
    BadPaymentsFile "bad-payments-file"
        ["A file of payments cannot be read. Nothing was sent.", "付款文件无法读取。未发送任何内容。"]
        ["Mend the line that the fault names.", "请修正错误信息所指的行。"]
    TooManyRows "too-many-rows"
        ["A file of payments has too many rows.", "付款文件的行数过多。"]
        ["Split the file.", "请拆分文件。"]
    OtherJournal "other-journal"
        ["The journal beside the file belongs to another chain or payer.", "文件旁的日志属于另一条链或另一付款人。"]
        ["Use that profile and payer, or move the journal away to pay all rows anew.",
         "使用原配置和付款人；若要全部重新付款，请移走日志。"]
    DamagedJournal "damaged-journal"
        ["The journal beside a file of payments cannot be read.", "付款文件旁的日志无法读取。"]
        ["Restore it: it says which rows were paid. Nothing was sent.", "请恢复它：它记录哪些行已付。未发送任何内容。"]
    NoNode "no-node"
        ["No node of the profile answers, and nothing was sent.", "配置中没有节点应答，未发送任何内容。"]
        ["Check that a node runs, and the profile or --api.", "请检查节点是否运行，以及配置或 --api。"]
    OutcomeUnknown "outcome-unknown"
        ["It was sent, or may have been, and its outcome is not known.", "已经或可能已经发送，结果未知。"]
        ["Repeat the same command. It is never paid twice.", "重复同一命令，不会重复付款。"]
    Expired "expired"
        ["The time of the transaction is over: it was not executed and no longer can be.",
         "交易有效期已过：未执行，也不会再执行。"]
        ["Give the order anew.", "请重新下达指令。"]
    MessageRejected "message-rejected"
        ["A payment in an ISO 20022 message was rejected.", "ISO 20022 报文中的支付被拒绝。"]
        ["The answer says all reasons: mend the message.", "应答列明全部原因：请修正报文。"]
    // Keys.
    KeysMissing "keys-missing"
        ["The wallet has too few of the keys that must sign.", "钱包缺少必须签名的密钥。"]
        ["Name the others with --key, or have them sign: feiqian tx build.",
         "用 --key 指明其余密钥，或交由他人签名：feiqian tx build。"]
    ApprovalsMissing "approvals-missing"
        ["More owners must sign before the account pays.", "账户付款前还须更多所有人签名。"]
        ["Make a file for them to sign with: feiqian tx build.", "生成供其签名的文件：feiqian tx build。"]
    AwaitingApproval "awaiting-approval"
        ["The payment is not made yet: it waits for approvals.", "尚未付款：该笔支付等待批准。"]
        ["Have its approvers give theirs: feiqian approve.", "请批准人执行：feiqian approve。"]
    AwaitingReview "awaiting-review"
        ["The payment is not made yet: it waits for a bank's review.", "尚未付款：该笔支付等待银行审查。"]
        ["Its bank answers: feiqian approve or feiqian refuse.",
         "由该银行答复：feiqian approve 或 feiqian refuse。"]
    AwaitingFunds "awaiting-funds"
        ["The payment is not made yet: it waits for funds.", "尚未付款：该笔支付等待资金。"]
        ["It settles by itself; list the queue with: feiqian queue list.",
         "资金到位后自动结算；查看队列：feiqian queue list。"]
    TurnedDown "turned-down"
        ["A payment that waited was refused, or taken back.", "等待中的支付已被拒绝或撤回。"]
        ["Order it anew if it is to be paid.", "如仍须付款，请重新下达。"]
    OrderUnlike "order-unlike"
        ["A node shows an order that is not the one it names.", "节点所示的指令与其所称的不符。"]
        ["Ask another node with --api.", "请用 --api 询问另一节点。"]
    KeyNotWanted "key-not-wanted"
        ["A key was named that has nothing to sign here.", "所指密钥在此无须签名。"]
        ["Compare it with: feiqian tx inspect FILE.", "请对照：feiqian tx inspect FILE。"]
    NotAnOwner "not-an-owner"
        ["The key is none of the account's.", "该密钥不属于该账户。"]
        ["Name one of the keys that the fault lists.", "请指明错误信息所列的密钥之一。"]
    BadKey "bad-key"
        ["A key's file cannot be used.", "密钥文件无法使用。"]
        ["Name a keystore, or an operator's or compliance key file.", "请指明密钥库，或操作员、合规密钥文件。"]
    BadKeyName "bad-key-name"
        ["A name for a key is not well formed.", "密钥名称格式不正确。"]
        ["Use 1 to 32 lower-case letters, digits, - and _.", "使用 1 至 32 个小写字母、数字、- 和 _。"]
    KeyExists "key-exists"
        ["There is a key of this name already.", "已有同名密钥。"]
        ["Choose another name. No key is ever overwritten.", "请换一个名称。密钥从不被覆盖。"]
    UnknownKey "unknown-key"
        ["The wallet has no key of this name.", "钱包中没有该名称的密钥。"]
        ["List them with: feiqian keys list.", "列出密钥：feiqian keys list。"]
    WrongPassphrase "wrong-passphrase"
        ["The passphrase does not open the key. Nothing was signed.", "口令无法打开密钥。未签名任何内容。"]
        ["Try again with the right one.", "请用正确的口令重试。"]
    NoPassphrase "no-passphrase"
        ["There is no passphrase to read.", "没有可读取的口令。"]
        ["Write it in the first line of the file, or type it at a terminal.", "请写在文件第一行，或在终端输入。"]
    PassphraseTooShort "passphrase-too-short"
        ["The new passphrase is too short.", "新口令过短。"]
        ["Choose one of 8 characters or more.", "请选用 8 个或更多字符。"]
    PassphrasesDiffer "passphrases-differ"
        ["The passphrase was typed differently the second time.", "两次输入的口令不同。"]
        ["Try again.", "请重试。"]
    BadWords "bad-words"
        ["The words are not those of a key.", "这些单词不构成密钥。"]
        ["Compare them with what was written down, word by word.", "请与抄写的内容逐词核对。"]
    WordsNotKept "words-not-kept"
        ["The words were not written down correctly, so no key was made.", "单词抄写有误，未生成密钥。"]
        ["Begin again.", "请重新开始。"]
    BadPolicy "bad-policy"
        ["The keys and the threshold make no rule for an account.", "密钥与签名门限不构成账户规则。"]
        ["Check --key and --threshold.", "请检查 --key 与 --threshold。"]
    // Files of the wallet and files given to it.
    File "file"
        ["A file cannot be read or written.", "文件无法读写。"]
        ["Check the path, its permissions, and the disk's free space.", "请检查路径、权限及磁盘剩余空间。"]
    FileExists "file-exists"
        ["The file to be written is there already.", "要写入的文件已存在。"]
        ["Name a new file. A secret never overwrites a file.", "请指定新文件。机密从不覆盖文件。"]
    BadTransactionFile "bad-transaction-file"
        ["A transaction file cannot be read, or was changed.", "交易文件无法读取，或已被更改。"]
        ["Get the file again from who made it.", "请向制作者重新索取。"]
    OtherTransaction "other-transaction"
        ["The files are not of the same transaction.", "这些文件不属于同一笔交易。"]
        ["Compare them with: feiqian tx inspect FILE.", "请对照：feiqian tx inspect FILE。"]
    OtherChain "other-chain"
        ["It is for another chain than the profile's.", "它属于另一条链，与当前配置不符。"]
        ["Choose the --profile of that network.", "请选择该网络的 --profile。"]
    DamagedOutbox "damaged-outbox"
        ["An entry of the outbox cannot be read, so nothing is paid.", "发件箱中有条目无法读取，因此不付款。"]
        ["Restore it, or move it away if you know the outcome of that payment.",
         "请恢复它；若已知该笔结果，可将其移走。"]
    DamagedTrust "damaged-trust"
        ["What the light client trusted before cannot be read, or was changed.",
         "轻客户端此前的信任记录无法读取，或已被更改。"]
        ["Restore it, or move it away to begin again from the chain id.", "请恢复它；或移走它，从链标识重新开始。"]
    BadProfile "bad-profile"
        ["A profile's file cannot be used.", "配置文件无法使用。"]
        ["Mend the file, or choose another with --profile.", "请修正文件，或用 --profile 另选。"]
    BadToken "bad-token"
        ["An operator's token cannot be used.", "操作员令牌无法使用。"]
        ["Name a file with the token that you alone can read, and a node by https.",
         "请指定仅您本人可读的令牌文件，并使用 https 节点地址。"]
    BadProfileName "bad-profile-name"
        ["A name for a profile is not well formed.", "配置名称格式不正确。"]
        ["Use 1 to 32 lower-case letters, digits, - and _.", "使用 1 至 32 个小写字母、数字、- 和 _。"]
    ProfileExists "profile-exists"
        ["There is a profile of this name already.", "已有同名配置。"]
        ["Choose another name, or remove that one first.", "请换一个名称，或先删除原有的。"]
    UnknownProfile "unknown-profile"
        ["There is no profile of this name.", "没有该名称的配置。"]
        ["List them with: feiqian config list.", "列出配置：feiqian config list。"]
    NoProfile "no-profile"
        ["The wallet knows no network.", "钱包不知道任何网络。"]
        ["Add one with: feiqian config add, or start a devnet.", "添加：feiqian config add；或启动开发网。"]
    BadConfig "bad-config"
        ["The file that says which profile is the usual one cannot be read.", "记录常用配置的文件无法读取。"]
        ["Mend the file, or remove it.", "请修正或删除该文件。"]
    BadAddressBook "bad-address-book"
        ["The address book's file cannot be read.", "通讯录文件无法读取。"]
        ["Mend the file.", "请修正该文件。"]
    BadDevnet "bad-devnet"
        ["The folder holds no devnet that can be used.", "该文件夹中没有可用的开发网。"]
        ["Start one with: feiqian-node devnet --dir DIR.", "启动：feiqian-node devnet --dir DIR。"]
    BadChainId "bad-chain-id"
        ["A chain id is not well formed.", "链标识格式不正确。"]
        ["Copy it whole, like fq-3f2a..., from someone you trust.", "请从可信来源完整复制，如 fq-3f2a...。"]
    BadGenesis "bad-genesis"
        ["A genesis document cannot be used.", "创世文件无法使用。"]
        ["Take the file that the network was sealed with.", "请使用该网络封存时的文件。"]
    NoHome "no-home"
        ["The system tells no home folder.", "系统未提供主文件夹。"]
        ["Set FEIQIAN_HOME or HOME.", "请设置 FEIQIAN_HOME 或 HOME。"]
    Internal "internal"
        ["The wallet cannot go on: a defect of its own, or of the system below it.",
         "钱包无法继续：自身或所在系统有缺陷。"]
        ["Report it with the command that you gave.", "请连同所用命令一并报告。"]
    // What nodes answer.
    WrongChain "wrong-chain"
        ["A node follows another chain than the profile's.", "节点所在的链与当前配置不符。"]
        ["Do not use this profile with these nodes.", "请勿将此配置用于这些节点。"]
    Conflict "conflict"
        ["Two certified blocks contradict each other: validators signed both.",
         "两个经认证的区块相互矛盾：验证者对两者都签了名。"]
        ["Stop paying, keep the evidence, and give it to the operators and the auditor.",
         "停止付款，保存证据，并交给运营方和审计方。"]
    NotTrusted "not-trusted"
        ["A node shows a header that does not follow from what is trusted.", "节点给出的区块头与已信任的内容不相承接。"]
        ["Stop paying, and ask the operators.", "停止付款，并询问运营方。"]
    ProofRefused "proof-refused"
        ["A proof does not hold, so it proves nothing.", "证明不成立，不能证明任何内容。"]
        ["Get the proof again, from another node.", "请从其他节点重新获取证明。"]
    StatementRefused "statement-refused"
        ["A statement's file does not hold, so it proves nothing.", "对账单文件不成立，不能证明任何内容。"]
        ["Get the statement again, from another node.", "请从其他节点重新获取对账单。"]
    UnreadableEntry "unreadable-entry"
        ["A node tells of an entry of a kind that this wallet does not know.", "节点给出了本钱包不识别的分录类型。"]
        ["Ask another node with --api, or update this wallet.", "请用 --api 询问其他节点，或升级钱包。"]
    NotStatable "not-statable"
        ["An ISO 20022 statement cannot say this.", "ISO 20022 对账单无法表达此内容。"]
        ["Choose a period with entries, or --format csv.", "请选择有分录的期间，或使用 --format csv。"]
    UnreadableProposal "unreadable-proposal"
        ["A node shows no change that the proposal could make.", "节点给出的提案不含可执行的变更。"]
        ["Ask another node with --api, or update this wallet.", "请用 --api 询问其他节点，或升级钱包。"]
    NotInOrder "not-in-order"
        ["The doctor found things that are not in order.", "检查发现异常。"]
        ["Do what each line advises.", "请按各行的建议处理。"]
    // Requests to be paid.
    BadRequest "bad-request"
        ["A request to be paid cannot be understood, or was changed.", "收款请求无法理解，或已被更改。"]
        ["Ask the payee for it again.", "请向收款人重新索取。"]
    OtherAmount "other-amount"
        ["The request asks for another amount than was written.", "收款请求的金额与所写金额不同。"]
        ["Leave AMOUNT out to pay what is asked for.", "省略 AMOUNT 即按请求金额支付。"]
    NotForMerchants "not-for-merchants"
        ["The request does not fit a merchant's code.", "该请求不适用于商户码。"]
        ["Use the URI form, or change what does not fit.", "请使用 URI 形式，或修改不合之处。"]
    TooLongForCode "too-long-for-code"
        ["The text is too long for a QR code.", "文本过长，无法生成二维码。"]
        ["Shorten the name or the note.", "请缩短名称或附言。"]
    // What institutions do.
    NotPoints "not-points"
        ["The code is a currency's, which has the standard's decimals.", "该代码为货币，小数位数由标准规定。"]
        ["Leave --points-decimals out.", "请去掉 --points-decimals。"]
    BadFeeSchedule "bad-fee-schedule"
        ["The file of a fee schedule cannot be used.", "费率表文件无法使用。"]
        ["Mend the file (docs/reference/wallet.md).", "请修正文件（docs/reference/wallet.md）。"]
    BadLimits "bad-limits"
        ["The file of limits cannot be used.", "限额文件无法使用。"]
        ["Mend the file (docs/reference/wallet.md).", "请修正文件（docs/reference/wallet.md）。"]
    BadChange "bad-change"
        ["The file of a change cannot be used.", "变更文件无法使用。"]
        ["Mend the file (docs/operating/governance.md).", "请修正文件（docs/operating/governance.md）。"]
    WouldHalt "would-halt"
        ["After the change the live validators could not go on.", "变更之后，在线的验证者将无法继续。"]
        ["Bring the missing nodes up first, or change something else.", "请先启动缺失的节点，或改做其他变更。"]
    ChangeRefused "refused"
        ["The ledger would not take the change.", "账本不会接受该变更。"]
        ["Change something else. Nothing was proposed.", "请改做其他变更。未提出任何提案。"]
}
