//! The Chinese texts (zh-CN) of the command line's help, by their English ones.

mod banks;

/// English and Chinese of every text, in the order of the commands.
pub(super) fn texts() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    CUSTOMERS.iter().chain(banks::TEXTS)
}

/// What customers use.
const CUSTOMERS: &[(&str, &str)] = &[
    (
        "The Feiqian wallet: keys, payments, proofs. It trusts proofs, not nodes",
        "飞钱钱包：密钥、支付、证明。它信任证明，不信任节点",
    ),
    (
        "The network's profile: a file NAME.toml in the folder of profiles [env: FEIQIAN_PROFILE]",
        "网络的配置：配置目录中的文件 NAME.toml [环境变量：FEIQIAN_PROFILE]",
    ),
    (
        "A node to ask in the place of the profile's; repeat it for several [env: FEIQIAN_API]",
        "代替配置所列节点的节点；可重复 [环境变量：FEIQIAN_API]",
    ),
    ("What standard output carries", "标准输出的内容"),
    ("Do not ask for confirmation", "不询问确认"),
    (
        "A file whose first line is the passphrase of the keys [env: FEIQIAN_PASSWORD_FILE]",
        "第一行为密钥口令的文件 [环境变量：FEIQIAN_PASSWORD_FILE]",
    ),
    (
        "A file with your operator's token, for the first node [env: FEIQIAN_TOKEN_FILE]",
        "含操作员令牌的文件，用于第一个节点 [环境变量：FEIQIAN_TOKEN_FILE]",
    ),
    ("How many seconds to wait for an outcome", "等待结果的秒数"),
    ("Make, list and show keys", "生成、列出和查看密钥"),
    ("Pay, in one currency or across two", "支付：同币种或跨币种"),
    (
        "Approve a payment that waits for it; the last approval pays it",
        "批准等待批准的支付；最后一项批准即付款",
    ),
    (
        "List the payments that wait for an account's approvers, or for an institution's review",
        "列出等待账户批准人批准的支付，或等待机构审查的支付",
    ),
    ("What waits for the review of this institution, by its BIC", "等待该机构（BIC）审查的支付"),
    (
        "Refuse a payment that waits for approvals or a review, for ever",
        "拒绝等待批准或审查的支付，不可撤回",
    ),
    (
        "A key to sign with, an approver's or the reviewing bank's, by name or file; repeat it for \
         several",
        "用于签名的密钥，批准人或审查银行的，名称或文件；可重复",
    ),
    ("Why", "原因"),
    ("It is not to be paid (ISO 20022 DS02)", "不应支付（ISO 20022 DS02）"),
    ("It is taken for fraud (ISO 20022 FR01)", "疑为欺诈（ISO 20022 FR01）"),
    ("A regulation forbids it (ISO 20022 RR04)", "监管规定不允许（ISO 20022 RR04）"),
    (
        "Who approves large payments: a key as for --key; repeat it for several",
        "大额支付的批准人：密钥写法同 --key；可重复",
    ),
    (
        "How many approvers must approve payments above an amount: \"10000.00 CNY=2\"; repeat it \
         for several assets",
        "超过某金额的支付须几名批准人批准：\"10000.00 CNY=2\"；可为多种资产重复",
    ),
    (
        "Let the payment wait for funds if there are too few, or others of the account come \
         first. It settles by itself once it can",
        "资金不足或账户另有在前的支付时，让该笔支付排队等待；条件具备即自动结算",
    ),
    ("How early it is tried among the account's payments that wait", "在账户等待的支付中先后如何"),
    (
        "Until when it waits: so long from now (30m, 24h, 7d), or a time like \
         2026-11-21T20:15:00Z; 7 days at most",
        "等待截止：从现在起的时长（30m、24h、7d），或时间如 2026-11-21T20:15:00Z；最长 7 天",
    ),
    ("Before all others of the account", "先于账户的其他支付"),
    ("Before normal ones", "先于普通支付"),
    ("After all others", "在其他支付之后"),
    (
        "List payments that wait for funds, cancel one, or give it another priority",
        "列出等待资金的支付，取消其中一笔，或调整其优先级",
    ),
    (
        "List what waits of an account, in the order in which it is tried; or an institution's \
         sums",
        "按先后列出账户等待资金的支付；或列出机构的合计",
    ),
    (
        "Take a payment that waits for funds out of the queue: it is not paid",
        "将等待资金的支付撤出队列：不再付款",
    ),
    (
        "Give a payment that waits for funds another priority, in which it is the last",
        "调整等待资金的支付的优先级，并排在该级最后",
    ),
    ("Its new priority", "新的优先级"),
    (
        "@name, address, or BIC/reference; the profile's usual account if left out",
        "@名称、地址或 BIC/参考号；省略则为配置的常用账户",
    ),
    (
        "Show what waits between this institution's accounts and those of others: its BIC",
        "显示该机构账户与他行之间等待资金的支付：其 BIC",
    ),
    (
        "A key of the payer's to sign with, by name or file; repeat it for several",
        "付款账户用于签名的密钥，名称或文件；可重复",
    ),
    (
        "An operator's key of the payer's bank, which may order under the account's mandate, by \
         name or file; repeat it for several",
        "付款账户开户机构操作员的密钥（须有账户授权），名称或文件；可重复",
    ),
    (
        "Hold funds for a payee, and capture or release what is held",
        "为收款人预授权资金，以及请款或撤销",
    ),
    (
        "Hold funds for a payee, who can capture them until a deadline",
        "为收款人预授权资金，收款人可在截止时间前请款",
    ),
    (
        "Take what is held for you, whole or a part; the rest is the payer's again",
        "请款：收取为您预授权的资金的全部或一部分；其余归还付款人",
    ),
    ("Give up what is held for you: it is the payer's again", "撤销为您预授权的资金：归还付款人"),
    (
        "Make a secret in a new file, and print the hash lock that it opens",
        "在新文件中生成密值，并输出其哈希锁",
    ),
    ("Return a payment that you received, whole or a part", "退回所收到的支付，全部或一部分"),
    (
        "How much, with its asset: \"40.00 CNY\"; all that was received if left out",
        "退回多少，写明资产：\"40.00 CNY\"；省略则退回全部所收金额",
    ),
    (
        "Why: a code of the ISO 20022 external return reasons, such as AC04 (closed account) or \
         CUST (the customer asks for it)",
        "原因：ISO 20022 外部退回原因代码，如 AC04（账户已销户）或 CUST（客户要求）",
    ),
    (
        "The return's own id (UETR, a UUID of version 4), chosen by you: whatever happens, the \
         same command never returns twice",
        "自选的退回编号（UETR，第 4 版 UUID）：无论如何，同一命令绝不会重复退回",
    ),
    (
        "Ask for a payment back, answer who asks, and list what is asked",
        "请求退回支付、答复退回请求并列出待答复者",
    ),
    (
        "Ask for a payment back that you made, whole or a part. The payee's side decides",
        "请求退回所付款项，全部或一部分。由收款方决定",
    ),
    ("Give back what is asked of you, whole or a part", "同意退回，全部或一部分"),
    ("Refuse to give back what is asked of you", "拒绝退回"),
    ("List what is asked back and not answered yet", "列出待答复的退回请求"),
    (
        "How much, with its asset: \"40.00 CNY\"; all that was paid if left out",
        "请求退回多少，写明资产：\"40.00 CNY\"；省略则为全部付款",
    ),
    (
        "Why: a code of the ISO 20022 external cancellation reasons, such as DUPL (paid twice) or \
         FRAD (fraud)",
        "原因：ISO 20022 外部撤销原因代码，如 DUPL（重复支付）或 FRAD（欺诈）",
    ),
    (
        "Until when it can be answered: so long from now (30m, 24h, 7d), or a time like \
         2026-11-21T20:15:00Z; 30 days at most",
        "答复截止：从现在起的时长（30m、24h、7d），或时间如 2026-11-21T20:15:00Z；最长 30 天",
    ),
    (
        "A key of the payer's owners, by name or file; repeat it for several",
        "付款人所有人的密钥，名称或文件；可重复",
    ),
    (
        "A key file of an operator of the payer's servicer, in the place of the owners' keys; \
         repeat it for several",
        "付款人开户机构操作员的密钥文件，代替所有人的密钥；可重复",
    ),
    (
        "How much, with its asset: \"20.00 CNY\"; all that is asked for if left out",
        "退回多少，写明资产：\"20.00 CNY\"；省略则退回全部所请求金额",
    ),
    (
        "Why: a code of the ISO 20022 external reasons for refusing a cancellation, such as NOAS \
         (no answer from the customer) or CUST (the customer refuses)",
        "原因：ISO 20022 外部拒绝撤销原因代码，如 NOAS（客户未答复）或 CUST（客户拒绝）",
    ),
    (
        "@name, address, or BIC/reference: payments from or to it; all if left out",
        "@名称、地址或 BIC/参考号：其付出或收到的支付；省略则为全部",
    ),
    ("A BIC: payments from or to accounts of this institution", "BIC：该机构账户付出或收到的支付"),
    ("For whom: @name, address, or BIC/reference", "为谁：@名称、地址或 BIC/参考号"),
    (
        "The most that can be captured, with its asset: \"100.00 CNY\"",
        "最多可请款多少，写明资产：\"100.00 CNY\"",
    ),
    (
        "Until when it can be captured: so long from now (30m, 24h, 7d), or a time like \
         2026-11-21T20:15:00Z; 7 days at most",
        "请款截止：从现在起的时长（30m、24h、7d），或时间如 2026-11-21T20:15:00Z；最长 7 天",
    ),
    (
        "A hash lock (SHA-256, 64 hexadecimal digits): only who shows its secret captures",
        "哈希锁（SHA-256，64 位十六进制数字）：出示密值者方可请款",
    ),
    (
        "The payment's id (UETR), or 8 or more of its first digits",
        "支付编号（UETR），或其前 8 位以上",
    ),
    (
        "How much, with its asset: \"60.00 CNY\"; all of it if left out",
        "多少，写明资产：\"60.00 CNY\"；省略则为全部",
    ),
    (
        "The file with the secret of the hold's hash lock, as `hold secret` writes it. The secret \
         becomes public with this",
        "哈希锁密值的文件，由 `hold secret` 写成。密值由此公开",
    ),
    (
        "A key of the payee's owners, by name or file; repeat it for several",
        "收款账户所有人的密钥，名称或文件；可重复",
    ),
    (
        "A key file of an operator of the payee's servicer, in the place of the owners' keys; \
         repeat it for several",
        "收款账户开户机构操作员的密钥文件，代替所有人的密钥；可重复",
    ),
    (
        "Pay with keys on another machine: build, inspect, sign, merge, send",
        "用另一台机器上的密钥支付：生成、查看、签名、合并、发送",
    ),
    ("Ask to be paid with a QR code, and pay what a code says", "用二维码收款，或按码付款"),
    ("Show what accounts hold", "查看账户余额"),
    (
        "@name, address, or BIC/reference; all accounts of the profile if left out",
        "@名称、地址或 BIC/参考号；省略则为配置中的全部账户",
    ),
    ("Show an account's entries, newest first", "查看账户分录，最新在前"),
    (
        "Write all entries of an account with the balances, checked against the ledger's proofs",
        "输出账户的全部分录与余额，并对照账本证明核验",
    ),
    ("Show what became of a payment", "查看支付的结果"),
    ("Ask what a dealer gives now. Nothing is ordered", "询问做市商现价。不下达任何指令"),
    ("What is sold: \"1000.00 CNY\"", "卖出什么：\"1000.00 CNY\""),
    ("The asset to be received", "要收到的资产"),
    (
        "Say which limits such a payment to this payee would meet: @name, address, or \
         BIC/reference",
        "说明向该收款人如此付款会触及哪些限额规则：@名称、地址或 BIC/参考号",
    ),
    (
        "Show what an account may pay and what of it is used today, or an institution's limits",
        "查看账户的支付限额与今日已用额度，或机构的限额规则",
    ),
    (
        "The limits of this institution, by its BIC, in the place of an account's",
        "按 BIC 查看该机构的限额规则，而非账户的限额",
    ),
    (
        "List the accounts that have a name here; add and remove names; limit an account",
        "列出已命名的账户；添加和删除名称；为账户设限",
    ),
    ("List the assets of the ledger", "列出账本上的资产"),
    ("List the institutions of the ledger", "列出账本上的机构"),
    (
        "Show the network's state, and payments of this wallet whose outcome is not known",
        "查看网络状态，以及本钱包结果未知的支付",
    ),
    (
        "Check this wallet and the way to its network, and say what to do",
        "检查本钱包及其网络通路，并说明如何处理",
    ),
    ("Follow the chain as a light client", "以轻客户端跟随链"),
    ("Get and verify proofs of payments", "获取并验证支付证明"),
    ("Send ISO 20022 messages", "发送 ISO 20022 报文"),
    (
        "What an institution's operators do: assets, accounts, money supply, fees",
        "机构操作员的工作：资产、账户、货币供应、费率",
    ),
    (
        "How the institutions change their network: proposals, votes, enactments",
        "机构如何变更网络：提案、投票、执行",
    ),
    (
        "Show and choose profiles, and where the wallet keeps its files",
        "查看和选择配置，以及钱包文件的位置",
    ),
    ("Print the script that completes commands in a shell", "输出命令补全脚本"),
    ("The shell", "命令行外壳"),
    (
        "Explain a command, or a code such as insufficient-funds or AM04",
        "解释命令，或 insufficient-funds、AM04 等代码",
    ),
    ("The command or the code", "命令或代码"),
    (
        "@name, address, or BIC/reference; the profile's usual payer if left out",
        "@名称、地址或 BIC/参考号；省略则为配置的常用付款账户",
    ),
    ("How many entries at most", "最多多少条分录"),
    ("Where to go on, as the page before has printed it", "从何处继续：上一页所给出的位置"),
    ("What is written", "输出的格式"),
    ("The first day (UTC), like 2026-11-01", "起始日（UTC），如 2026-11-01"),
    ("The last day (UTC)", "截止日（UTC）"),
    ("The file to write; standard output if left out", "要写入的文件；省略则写到标准输出"),
    ("A table for people", "供人阅读的表格"),
    ("Comma-separated values with a header (RFC 4180)", "带标题行的逗号分隔值（RFC 4180）"),
    (
        "The ISO 20022 message camt.053.001.08, for a bank's or a company's accounting",
        "ISO 20022 报文 camt.053.001.08，供银行或企业记账",
    ),
    ("A journal of hledger, with each balance asserted", "hledger 日记账，逐笔核对余额"),
    (
        "A file that anybody can verify offline: no entry is missing",
        "任何人都可离线验证的文件：无一遗漏",
    ),
    (
        "Begin where this proven statement ends; for --format proof",
        "从这份已证明的对账单结束处开始；用于 --format proof",
    ),
    ("Verify a statement's file offline, and list its entries", "离线验证对账单文件，并列出分录"),
    ("The file", "文件"),
    (
        "Prove that a payment did not happen and no longer can: ordering it anew is then safe",
        "证明付款未发生且不再可能发生：此后可安全地重新下单",
    ),
    (
        "Since when its transaction was valid (2026-11-21T20:15:00Z); known for own payments",
        "其交易的生效时间（2026-11-21T20:15:00Z）；本钱包自己的付款无需填写",
    ),
    ("Until when its transaction was valid", "其交易的失效时间"),
    ("Text for people", "供人阅读的文本"),
    ("One JSON document for programs", "供程序使用的一个 JSON 文档"),
    (
        "Follow and verify headers from all nodes of the profile; stop on a conflict",
        "跟随并验证配置中所有节点的区块头；遇矛盾即停止",
    ),
    (
        "End after so many new headers; otherwise at an interrupt",
        "收到这么多新区块头后结束；否则直到中断",
    ),
    (
        "Show what is known of a payment, here and on the ledger",
        "查看本地和账本上关于一笔支付的全部已知信息",
    ),
    (
        "The payment's id (UETR); the first characters of one of this wallet's payments suffice",
        "支付编号（UETR）；本钱包的支付只写开头几位即可",
    ),
    ("Get a payment's proof, verify it and keep it in a file", "获取支付证明，验证并存入文件"),
    ("The file to write; - for standard output", "要写入的文件；- 表示标准输出"),
    ("Verify a proof offline, trusting no node", "离线验证证明，不信任任何节点"),
    ("The proof file", "证明文件"),
    ("The network's sealed genesis document", "网络的封存创世文件"),
    ("The network's chain id: fqd-3f2a...", "网络的链标识：fqd-3f2a..."),
    (
        "Send an ISO 20022 message (a transfer, a return, a recall, its answer, or a question), or \
         all messages of a folder, to a node that acts for its institution, and get the answer",
        "将 ISO 20022 报文（转账、退回、退回请求、其答复或查询）或文件夹中的全部报文发给代表其机构的节点，\
         并取得应答",
    ),
    (
        "The message, XML; or a folder of messages, where each answer is written beside its \
         message",
        "报文，XML；或报文文件夹，每份应答写在其报文旁边",
    ),
    (
        "Where to write the answer (pacs.002 or camt.029); standard output if left out",
        "应答（pacs.002 或 camt.029）写到何处；省略则写到标准输出",
    ),
    ("Check offline that a message ordered a payment", "离线核验某报文指示了某笔支付"),
    ("The message, exactly as it was sent", "报文，与发送时完全一致"),
    ("The answer that the node gave (pacs.002)", "节点给出的应答（pacs.002）"),
    ("The payment's proof", "支付的证明"),
];
