//! The Chinese texts of the help, from the banks' commands on.

/// English and Chinese, in the order of the commands.
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("Make an asset known: a currency of ISO 4217, or points", "登记资产：ISO 4217 货币，或积分"),
    ("Open a customer's account", "为客户开户"),
    ("Create money in an account", "在账户中发行货币"),
    ("How much, with its asset: \"1000000.00 CNY\"", "金额及其资产：\"1000000.00 CNY\""),
    ("The account that receives it", "收款账户"),
    ("Publish the next fee schedule", "发布下一版费率表"),
    ("The schedule (docs/reference/wallet.md)", "费率表（docs/reference/wallet.md）"),
    ("The institution's BIC", "机构的 BIC"),
    (
        "Replace what an account's policy says of approvals and of the servicer; its owners sign \
         too",
        "更改账户策略中的批准与开户机构授权；所有人须一同签名",
    ),
    ("Let no payment need approvals", "任何支付均无须批准"),
    ("Let the servicer order payments no longer", "不再允许开户机构发起支付"),
    ("Publish the next limits", "发布下一版限额规则"),
    ("The limits (docs/reference/wallet.md)", "限额规则（docs/reference/wallet.md）"),
    ("Stop an account", "冻结账户"),
    ("The account", "账户"),
    ("What is stopped", "冻结的方向"),
    ("Lift every freeze of an account", "解除账户的全部冻结"),
    ("Close an empty account for ever", "永久注销空账户"),
    (
        "The code: a currency's of ISO 4217, or a new one for points",
        "代码：ISO 4217 货币代码，或积分的新代码",
    ),
    ("The BIC of the one institution that issues and redeems it", "唯一发行并赎回它的机构的 BIC"),
    (
        "Decimals of points, 0 to 9; a currency has the standard's",
        "积分的小数位数，0 至 9；货币按标准",
    ),
    ("The servicer's BIC", "开户机构的 BIC"),
    (
        "The servicer's own reference of the account (an IBAN, a local number); a random number \
         if left out",
        "开户机构自己的账户参考号（IBAN 或本地账号）；省略则随机",
    ),
    (
        "An owner's key: a name of one's own, a key file, or 64 hexadecimal digits of a public \
         key; repeat it for several. Without any, the signing operators own it",
        "所有人的密钥：自有密钥名称、密钥文件，或公钥的 64 位十六进制数字；可重复。不写则归签名的操作员所有",
    ),
    ("How many owners must sign", "须几个所有人签名"),
    (
        "Let the servicer order payments too, as ISO 20022 messages ask it to",
        "允许开户机构按 ISO 20022 报文代为下达支付",
    ),
    ("The know-your-customer tier, 0 (unverified) to 9", "客户身份等级，0（未核实）至 9"),
    ("Nothing goes out", "止付"),
    ("Nothing comes in", "止收"),
    ("Neither", "双向冻结"),
    (
        "An operator's keystore or key file; repeat it for several. A devnet's are known",
        "操作员的密钥库或密钥文件；可重复。开发网的已知",
    ),
    ("List the proposals, newest first", "列出提案，最新在前"),
    ("How many at most", "最多多少个"),
    (
        "Show a proposal: what it changes, who voted, what is missing",
        "查看提案：变更什么、谁投了票、还缺什么",
    ),
    ("Its number", "编号"),
    (
        "Ask a node what a change would do now: whether the validators that are live could go on",
        "询问节点某项变更此刻的后果：在线的验证者能否继续",
    ),
    ("The change (docs/operating/governance.md)", "变更（docs/operating/governance.md）"),
    ("Propose a change, and approve it", "提出变更并投赞成票"),
    ("For how many days it can be voted on and enacted", "可投票和执行的天数"),
    ("Vote on a proposal, once and for all", "对提案投票，一经投出不可更改"),
    ("Vote for it", "投赞成票"),
    ("Vote against it", "投反对票"),
    ("Bring about what a quorum approved", "执行已获法定多数赞成的提案"),
    ("The institution's BIC; it runs a validator", "运行验证者的机构的 BIC"),
    (
        "Make a key from fresh entropy and keep it encrypted. At a terminal its 24 words are \
         shown once and asked back",
        "用新的随机数生成密钥并加密保存。在终端会显示一次其 24 个单词并要求复核",
    ),
    ("Its name: lower-case letters, digits, - and _", "名称：小写字母、数字、- 和 _"),
    (
        "Do not show the words. `keys export` can show them later",
        "不显示单词。之后可用 `keys export` 显示",
    ),
    (
        "Bring a key back from its 24 words or from a keystore file",
        "用 24 个单词或密钥库文件恢复密钥",
    ),
    ("Its name here: lower-case letters, digits, - and _", "在此的名称：小写字母、数字、- 和 _"),
    (
        "A file with the 24 words; at a terminal they are asked for",
        "含 24 个单词的文件；在终端则询问",
    ),
    ("A keystore file, whose passphrase stays", "密钥库文件，口令不变"),
    ("List the keys", "列出密钥"),
    ("Show a key's public half and where it is kept", "查看公钥及其存放位置"),
    ("Its name", "名称"),
    (
        "Show a key's 24 words on a cleared screen, or write them or the keystore to a file",
        "在清空的屏幕上显示密钥的 24 个单词，或将单词或密钥库写入文件",
    ),
    (
        "A new file for the 24 words, readable by you alone. Whoever reads it has the key",
        "存放 24 个单词的新文件，仅您可读。谁读到它，谁就持有密钥",
    ),
    (
        "A new file for the keystore, encrypted under the same passphrase",
        "存放密钥库的新文件，以同一口令加密",
    ),
    ("Put another key in the place of one of an account's keys", "更换账户的一个密钥"),
    (
        "The key to be replaced: a name, a file, or 64 hexadecimal digits",
        "被更换的密钥：名称、文件或 64 位十六进制数字",
    ),
    ("The account: @name, address, or BIC/reference", "账户：@名称、地址或 BIC/参考号"),
    (
        "The new key: one's own by name (made if there is none), or 64 hexadecimal digits",
        "新密钥：自有密钥名称（没有则生成），或 64 位十六进制数字",
    ),
    (
        "A key to sign with, by name or file; repeat it for several",
        "用于签名的密钥，名称或文件；可重复",
    ),
    (
        "Write a transaction file for others to sign (see `tx sign`), and send nothing",
        "写出交易文件供他人签名（见 `tx sign`），不发送任何内容",
    ),
    (
        "Who will sign the file: a key's name, file, or 64 hexadecimal digits; repeat it",
        "由谁签名：密钥名称、文件或 64 位十六进制数字；可重复",
    ),
    ("Whom: @name, address, or BIC/reference", "付给谁：@名称、地址或 BIC/参考号"),
    ("How much, with its asset: \"25.00 CNY\"", "金额及其资产：\"25.00 CNY\""),
    (
        "Pay every row of a CSV file with the columns payee and amount, and if you like from, \
         max_fee, charge and note. A second run pays nothing twice",
        "支付 CSV 文件的每一行；列为 payee 和 amount，可另有 from、max_fee、charge 和 note。再次运行不会重复付款",
    ),
    (
        "Pay rows that the ledger has rejected once more, under new ids",
        "用新编号重新支付被账本拒绝的行",
    ),
    (
        "The payment's id (UETR, a UUID of version 4), chosen by you: whatever happens, the same \
         command never pays twice",
        "自选的支付编号（UETR，第 4 版 UUID）：无论发生什么，同一命令不会重复付款",
    ),
    (
        "The payer's account; the profile's usual one if left out",
        "付款账户；省略则为配置的常用账户",
    ),
    (
        "Let the payee receive this asset, at a dealer's firm rate",
        "让收款人按做市商的确定汇率收到此资产",
    ),
    (
        "The most charges to agree to: \"1.50 CNY\"; what they are right now if left out",
        "同意的手续费上限：\"1.50 CNY\"；省略则为当前手续费",
    ),
    ("Who bears the charges", "由谁承担费用"),
    (
        "A text that stays off the ledger; only its salted commitment goes on it",
        "不上账本的附言；账本上只有其加盐承诺",
    ),
    (
        "Say what the payment would come to now and whose signatures it needs. Nothing is signed \
         or sent",
        "说明支付此刻的结果及所需签名。不签名，也不发送",
    ),
    ("Go on with a payment whose outcome is not known, by its id", "按编号继续结果未知的支付"),
    ("The payer, on top of the amount", "付款人，在金额之外另付"),
    ("The payer those of its own institution, on top of the amount", "付款人另付其开户机构的费用"),
    ("The payee; they are taken from the amount", "收款人，从金额中扣收"),
    ("List the accounts that have a name here", "列出已命名的账户"),
    ("Give an account a name", "为账户命名"),
    ("The name: lower-case letters, digits, - and _", "名称：小写字母、数字、- 和 _"),
    ("The account: an address, or BIC/reference", "账户：地址或 BIC/参考号"),
    ("Forget a name that was added here", "删除在此添加的名称"),
    ("The name", "名称"),
    (
        "Replace the limits that an account's owners set themselves; its servicer signs too",
        "更换账户所有人自设的限额；开户机构须一同签名",
    ),
    ("@name, address, or BIC/reference", "@名称、地址或 BIC/参考号"),
    (
        "The most that it pays in one day, with its asset: \"1000.00 CNY\"; repeat it for several",
        "每日最多支付多少，写明资产：\"1000.00 CNY\"；可重复",
    ),
    ("The only accounts that it may pay; repeat it for several", "仅可向这些账户付款；可重复"),
    (
        "Let it pay every account, without a daily limit of its own",
        "可向任何账户付款，不设自身的每日限额",
    ),
    (
        "A key of its owners, by name or file; repeat it for several",
        "所有人的密钥，名称或文件；可重复",
    ),
    (
        "Show the profile in use and where the wallet keeps its files",
        "查看当前配置及钱包文件的位置",
    ),
    ("List the profiles", "列出配置"),
    ("Make a profile of a network", "添加网络配置"),
    ("Let a profile be the usual one", "设为常用配置"),
    (
        "Remove a profile's file. Keys, outbox and archive stay",
        "删除配置文件。密钥、发件箱和归档保留",
    ),
    ("A node's API; repeat it for several", "节点接口地址；可重复"),
    ("The chain id, from someone you trust: fq-3f2a...", "链标识，来自可信来源：fq-3f2a..."),
    (
        "The network's sealed genesis document, in the place of the chain id",
        "网络的封存创世文件，可代替链标识",
    ),
    ("The usual payer: @name or address", "常用付款账户：@名称或地址"),
    ("Make a request: a URI and its QR code", "生成收款请求：URI 及其二维码"),
    ("Pay a request", "支付请求"),
    (
        "The account to be paid: @name, address, or BIC/reference; the profile's usual payer if \
         left out",
        "收款账户：@名称、地址或 BIC/参考号；省略则为配置的常用账户",
    ),
    (
        "How much, with its asset: \"25.00 CNY\"; left to the payer if left out",
        "金额及其资产：\"25.00 CNY\"；省略则由付款人填写",
    ),
    ("A word on what it is for; the payer sees it", "用途说明；付款人可见"),
    ("What you call yourself; the payer sees it", "您的称呼；付款人可见"),
    (
        "Let it be paid many times, as on a poster. Otherwise it has an id and is paid once",
        "可多次支付，如张贴的收款码。否则带有编号，只付一次",
    ),
    ("A URI, or a merchant's code by EMVCo", "URI，或 EMVCo 商户码"),
    (
        "The merchant's country, for EMVCo: two letters of ISO 3166",
        "商户所在国家（EMVCo）：ISO 3166 两字母代码",
    ),
    ("The merchant's city, for EMVCo", "商户所在城市（EMVCo）"),
    (
        "The merchant's category, for EMVCo: four digits of ISO 18245",
        "商户类别（EMVCo）：ISO 18245 四位数字",
    ),
    ("Write the QR code as a PNG picture", "将二维码写为 PNG 图片"),
    ("Write the QR code as an SVG picture", "将二维码写为 SVG 图片"),
    ("feiqian:ADDRESS?...", "feiqian:ADDRESS?... 形式的 URI"),
    ("A merchant's code (Merchant-Presented Mode)", "商户码（商户出示模式）"),
    ("What the code says: a feiqian: URI or a merchant's code", "码的内容：feiqian: URI 或商户码"),
    (
        "How much, where the request leaves it to you: \"25.00 CNY\"",
        "金额（请求由您填写时）：\"25.00 CNY\"",
    ),
    ("Make a payment, unsigned, where there is a network", "在联网处生成未签名的支付"),
    (
        "Show what a transaction file would do, read from its bytes, offline",
        "离线查看交易文件的内容，直接读自其字节",
    ),
    ("The transaction file", "交易文件"),
    ("Sign a transaction file, offline", "离线签名交易文件"),
    (
        "A key to sign with, by name or file; repeat it for several. Without any, all keys here \
         that the transaction names",
        "用于签名的密钥，名称或文件；可重复。不写则用本机上交易所列的全部密钥",
    ),
    (
        "Where to write it with the signatures; the same file if left out",
        "带签名的文件写到何处；省略则写回原文件",
    ),
    (
        "Bring the signatures of several files of one transaction together, offline",
        "离线合并同一交易多个文件中的签名",
    ),
    ("The transaction files", "交易文件"),
    ("Where to write the one file", "合并后的文件写到何处"),
    (
        "Send a transaction that all its signers have signed. The same file never pays twice",
        "发送全部签名人已签名的交易。同一文件不会重复付款",
    ),
    ("Whom to pay: @name, address, or BIC/reference", "付给谁：@名称、地址或 BIC/参考号"),
    ("A text that stays off the ledger; it travels in the file", "不上账本的附言；随文件传递"),
    ("The payment's id (UETR), chosen by you", "自选的支付编号（UETR）"),
    (
        "Who will sign: a key's name, file, or 64 hexadecimal digits of its public half; repeat \
         it. Without any, all owners if all must sign, else those whose keys are here",
        "由谁签名：密钥名称、文件或公钥的 64 位十六进制数字；可重复。不写则：须全部签名时为全部所有人，否则为本机持有密钥者",
    ),
    ("For how many hours it can be sent, at most 23", "可在多少小时内发送，最多 23"),
    ("The file to write", "要写入的文件"),
    ("Options of every command", "所有命令的选项"),
    ("Print version", "显示版本"),
];
