//! Command lines that no program may take: each ends with its documented exit code, by name, and
//! shows no character that changes how the terminal looks.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use ledger::ids::{AccountId, InstitutionNumber, Network};

use crate::program::{Expected, Program, judge};

/// Lines of one program that all end alike: words parted by `|`.
struct Lines {
    program: Program,
    exit: i32,
    says: &'static str,
    lines: Vec<String>,
}

fn lines(program: Program, exit: i32, says: &'static str, lines: &[&str]) -> Lines {
    Lines { program, exit, says, lines: lines.iter().map(|line| (*line).to_owned()).collect() }
}

/// The same line with each of these in the place of `{}`.
fn each(program: Program, exit: i32, says: &'static str, line: &str, values: &[&str]) -> Lines {
    let lines = values.iter().map(|value| line.replace("{}", value)).collect();
    Lines { program, exit, says, lines }
}

use Program::{Genesis, Node, Wallet};

const USAGE: i32 = 2;

/// A good address.
fn address() -> String {
    AccountId::new(InstitutionNumber(1), [0; 12]).address(Network::Devnet)
}

fn amounts() -> Vec<Lines> {
    let long = "9".repeat(100_000);
    let malformed = [
        "1e3 CNY",
        "0x10 CNY",
        "1_000 CNY",
        "NaN CNY",
        "inf CNY",
        "١٢ CNY",
        "１ CNY",
        "1,0000 CNY",
        "1..0 CNY",
        "1/2 CNY",
        ".5 CNY",
        "1. CNY",
        "+1 CNY",
        "1 000 CNY",
        "∞ CNY",
        "\u{202e}1 CNY",
        "1\u{200b}0 CNY",
        "0.+1 CNY",
    ];
    let mut all = Vec::new();
    for line in ["pay|@lee|{}", "tx|build|@lee|{}|-o|f", "request|create|@lee|--amount|{}"] {
        all.push(each(Wallet, USAGE, "amount-malformed", line, &malformed));
        all.push(each(
            Wallet,
            USAGE,
            "amount-without-asset",
            line,
            &["25", "", " ", "1.00CNY", "飞"],
        ));
        all.push(each(Wallet, USAGE, "amount-too-precise", line, &["1.001 CNY", "1.5 JPY"]));
        all.push(each(Wallet, USAGE, "bad-asset-code", line, &["1 cny", "1 飞钱", "1 C\u{202e}Y"]));
        let large = format!("{long} CNY");
        all.push(each(Wallet, USAGE, "amount-too-large", line, &[&large]));
    }
    all.push(each(Wallet, USAGE, "unexpected argument", "pay|@lee|{}", &["-1 CNY", "-1.00 CNY"]));
    all
}

fn names() -> Vec<Lines> {
    let nobody = ["@nobody", "@", "@LEE", "@lee\u{202e}", "@../lee", "@lee\n"];
    let deep = "@a".repeat(50_000);
    vec![
        each(Wallet, USAGE, "unknown-name", "pay|{}|1 CNY", &nobody),
        each(Wallet, USAGE, "unknown-name", "pay|@lee|1 CNY|--from|{}", &[&deep]),
        each(
            Wallet,
            USAGE,
            "bad-",
            "pay|{}|1 CNY",
            &[
                "",
                "lee",
                "fqd1qqqq",
                "FQD1QQQQ",
                "PSBCCNB/1",
                "psbccnbj/1",
                "../../etc/passwd",
                "0",
            ],
        ),
        each(
            Wallet,
            USAGE,
            "bad-uetr",
            "pay|@lee|1 CNY|--id|{}",
            &[
                "",
                "x",
                "7F0C2B9E-4A55-4C0E-9D0B-2F6C1F1F8A10",
                "7f0c2b9e-4a55-1c0e-9d0b-2f6c1f1f8a10",
                "00000000-0000-0000-0000-000000000000",
                "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a1\u{202e}",
                "' OR 1=1 --",
            ],
        ),
        each(
            Wallet,
            USAGE,
            "bad-key-name",
            "keys|new|{}",
            &["", "A", "a/b", "..", "a b", "飞", "a\u{202e}", "a\u{1b}[2J", &"a".repeat(33)],
        ),
        each(
            Wallet,
            USAGE,
            "bad-name",
            "accounts|add|{}|fqd1",
            &["", "A", "a/b", "..", "a\u{202e}"],
        ),
        each(
            Wallet,
            USAGE,
            "bad-profile-name",
            "config|add|{}|--node|http://a",
            &["", "A", "a/b", ".."],
        ),
        each(
            Wallet,
            USAGE,
            "bad-profile",
            "--profile|{}|status",
            &["../x", "a/b", ".", "", "\u{202e}", "a\u{1b}[2J", "/etc/passwd", "nobody"],
        ),
        each(
            Wallet,
            USAGE,
            "bad-chain-id",
            "proof|verify|/dev/null|--chain-id|{}",
            &["", "fqd", "fqd-", "fqd-00", "btc-00", "\u{202e}", &"0".repeat(100_000)],
        ),
    ]
}

fn numbers() -> Vec<Lines> {
    let no_number = ["", "x", "-1", "1.5", "1e3", "0x1", "99999999999999999999", "１", "\u{202e}1"];
    let mut all = Vec::new();
    for line in [
        "--timeout|{}|status",
        "history|@lee|--limit|{}",
        "govern|list|--limit|{}",
        "govern|show|{}",
        "light|follow|--blocks|{}",
        "tx|build|@lee|1 CNY|-o|f|--hours|{}",
        "bank|open-account|--institution|PSBCCNBJ|--tier|{}",
        "bank|open-account|--institution|PSBCCNBJ|--threshold|{}",
        "bank|register-asset|X|--issuer|PSBCCNBJ|--points-decimals|{}",
    ] {
        all.push(each(Wallet, USAGE, "error", line, &no_number));
    }
    all.push(lines(
        Wallet,
        USAGE,
        "error",
        &[
            "--timeout|0|status",
            "--timeout|3601|status",
            "history|--limit|0",
            "history|--limit|501",
            "tx|build|@lee|1 CNY|-o|f|--hours|24",
            "bank|open-account|--institution|PSBCCNBJ|--tier|10",
            "bank|register-asset|X|--issuer|PSBCCNBJ|--points-decimals|10",
        ],
    ));
    let days = [
        "",
        "today",
        "2026-02-30",
        "2026-13-01",
        "2026-11-1",
        "20261101",
        "2026-11-01T00:00:00Z",
        "２０２６-11-01",
    ];
    all.push(each(Wallet, USAGE, "like 2026-11-01", "statement|@lee|--since|{}", &days));
    all.push(each(Node, USAGE, "error", "status|--home|h|--wait|{}", &no_number));
    all.push(each(Node, USAGE, "error", "devnet|--dir|d|--validators|{}", &no_number));
    for line in ["--heartbeat-ms", "--clock-bound-ms"] {
        let line = format!("new|n|--network|devnet|-o|f|{line}|{{}}");
        all.push(each(Genesis, USAGE, "error", &line, &no_number));
    }
    for option in ["--operators", "--threshold"] {
        let line = format!("{JOIN}|--bic|PSBCCNBJ|--name|P|{option}|{{}}");
        all.push(each(Genesis, USAGE, "error", &line, &no_number));
        all.push(each(Genesis, USAGE, "error", &line, &["256"]));
    }
    all
}

const JOIN: &str = "join|--network|devnet|--roles|issuer|--keys|k|-o|f";

fn options() -> Vec<Lines> {
    let unknown = [
        "",
        "surprise",
        "--surprise",
        "-Z",
        "--help=x",
        "\u{202e}",
        "飞",
        "../pay",
        "pay;rm",
        "--",
        "a\u{1b}[2J",
    ];
    let mut all = Vec::new();
    for program in [Wallet, Node, Genesis] {
        all.push(each(program, USAGE, "", "{}", &unknown));
    }
    all.push(lines(
        Wallet,
        USAGE,
        "error",
        &[
            "--output|yaml|status",
            "--output|\u{202e}|status",
            "pay|@lee",
            "pay|@lee|1 CNY|--charge|NONE",
            "pay|@lee|1 CNY|--password|hunter2",
            "pay|@lee|1 CNY|--file|f",
            "pay|--retry-rejected",
            "completion|sh",
            "govern|vote|7|--institution|PSBCCNBJ",
            "govern|vote|7|--approve|--refuse|--institution|PSBCCNBJ",
            "keys|import|a|--words-file|f|--keystore|g",
            "request|create|@lee|--form|emvco",
            "tx|merge|-o|c",
        ],
    ));
    all.push(lines(
        Node,
        USAGE,
        "error",
        &[
            "run",
            "run|--home",
            "run|--home|a|--home|b",
            "status",
            "status|--home|h|--api|http://a",
            "init|--home|h",
            "init|--home|h|--member-keys|k|--genesis|g|--observer|--founding",
            "init|--home|h|--member-keys|k|--genesis|g|--listen|x",
            "init|--home|h|--member-keys|k|--genesis|g|--listen|127.0.0.1:65536",
            "init|--home|h|--member-keys|k|--genesis|g|--api|\u{202e}",
            "init|--home|h|--member-keys|k|--genesis|g|--log-format|xml",
            "check|--home|h|--output|yaml",
            "rehearse|c",
            "operator|remove|li|--home|h",
            "operator|add|li|--home|h",
            "operator|add|li|--role|king|--home|h",
            "operator|add|li|--role|maker|--home|h|--expires|soon",
            "operator|add|li|--role|maker|--home|h|--expires|-1d",
            "operator|add|li|--role|maker|--home|h|--expires|99999999999999999999d",
            "operator|add|li|--role|maker|--home|h|--token|x",
            "audit|verify|--home|h|--head|1",
            "audit|verify|--home|h|--head|x:00",
            "audit|verify|--home|h|--node-key|00",
            "audit|verify|--home|h|--from|x",
            "audit|show|--home|h|--since|yesterday",
            "devnet|--dir|d|--validators|0",
            "devnet|--dir|d|--validators|17",
        ],
    ));
    all
}

fn genesis() -> Vec<Lines> {
    let bics =
        ["", "P", "psbccnbj", "PSBCCNB", "PSBCCNBJX", "PSBC1NBJ", "飞钱飞钱", "PSBCCNBJ\u{202e}"];
    let with = |rest: &str| format!("{JOIN}{rest}");
    let networks = ["", "mainnet", "Production", "devnet\n", "飞", "\u{202e}devnet"];
    vec![
        each(Genesis, USAGE, "error", "new|n|-o|f|--network|{}", &networks),
        each(Genesis, USAGE, "error", &with("|--name|P|--bic|{}"), &bics),
        each(
            Genesis,
            1,
            "error",
            "new|{}|-o|f|--network|devnet",
            &["", "a\u{202e}b", "a\nb", "a\u{1b}[2J", &"a".repeat(10_000)],
        ),
        each(
            Genesis,
            1,
            "error",
            &with("|--bic|PSBCCNBJ|--name|{}"),
            &["", "a\u{202e}b", "a\nb", "a\u{1b}[2J", &"a".repeat(10_000)],
        ),
        each(
            Genesis,
            1,
            "error",
            &with("|--bic|PSBCCNBJ|--name|P|--roles|validator|--address|{}"),
            &["", "x", "x:", ":1", "x:0", "x:65536", "x:１", "\u{202e}:1", "a b:1", "http://x:1"],
        ),
        each(
            Genesis,
            1,
            "error",
            &with("|--bic|PSBCCNBJ|--name|P|{}"),
            &["--threshold|0", "--threshold|2"],
        ),
        each(
            Genesis,
            USAGE,
            "1 to 16 operator keys",
            &with("|--bic|PSBCCNBJ|--name|P|--operators|{}"),
            &["0", "17", "255"],
        ),
        each(
            Genesis,
            USAGE,
            "error",
            &with("|--bic|PSBCCNBJ|--name|P|--roles|{}"),
            &["", "x", "\u{202e}"],
        ),
    ]
}

fn requests() -> Vec<Lines> {
    let known = format!("feiqian:{}?chain=0707070707070707", address());
    let with = |rest: &str| format!("{known}{rest}");
    let values = [
        String::new(),
        "x".to_owned(),
        "https://pay.example".to_owned(),
        "bitcoin:bc1".to_owned(),
        with("&speed=fast"),
        with("&chain=08"),
        with("&note=%1b%5b2J"),
        with("&note=%e2%80%ae"),
        with("&name=%E2%80%8F"),
        with("&name=%ef%bb%bf"),
        with("&name=%00"),
        with("&name=%ff"),
        with("&note=\u{202e}"),
        with(&format!("&note={}", "x".repeat(100_000))),
        "000201".to_owned(),
        "00020163040000".to_owned(),
        "0002012604飞6304ABCD".to_owned(),
    ];
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    vec![
        each(Wallet, USAGE, "bad-request", "request|pay|{}", &values),
        each(Wallet, USAGE, "bad-uetr", "request|pay|{}", &[&with("&id=7")]),
    ]
}

/// Words that are no UTF-8, in the place of every `{}`.
fn not_text() -> Vec<(Program, Vec<OsString>)> {
    let bad = OsString::from_vec(b"\xff\xfe".to_vec());
    let lines = [
        (Wallet, "{}"),
        (Wallet, "pay|@lee|{}"),
        (Wallet, "pay|{}|1 CNY"),
        (Wallet, "pay|@lee|1 CNY|--note|{}"),
        (Wallet, "pay|@lee|1 CNY|--id|{}"),
        (Wallet, "--profile|{}|status"),
        (Wallet, "--api|{}|status"),
        (Wallet, "request|pay|{}"),
        (Wallet, "keys|new|{}"),
        (Node, "{}"),
        (Node, "status|--api|{}"),
        (Node, "check|--home|h|--time-server|{}"),
        (Genesis, "{}"),
        (Genesis, "new|{}|--network|devnet|-o|f"),
        (Genesis, "join|--network|devnet|--roles|issuer|--keys|k|-o|f|--bic|PSBCCNBJ|--name|{}"),
    ];
    let word = |word: &str| if word == "{}" { bad.clone() } else { OsString::from(word) };
    lines.map(|(program, line)| (program, line.split('|').map(word).collect())).into()
}

/// A home with one profile, whose node nobody runs, and one name.
pub(crate) fn home(folder: &Path) {
    let profiles = folder.join("profiles");
    std::fs::create_dir_all(&profiles).unwrap();
    let chain = format!("fqd-{}", "07".repeat(32));
    let text = format!(
        "api = [\"http://127.0.0.1:9\"]\nchain_id = \"{chain}\"\nfrom = \"@lee\"\n\
         [accounts]\nlee = \"{}\"\n",
        address()
    );
    std::fs::write(profiles.join("bank.toml"), text).unwrap();
}

#[test]
fn no_hostile_argument_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    home(folder.path());
    let parts = [amounts(), names(), numbers(), options(), genesis(), requests()];
    let mut wrong = Vec::new();
    let mut count = 0;
    for Lines { program, exit, says, lines } in parts.into_iter().flatten() {
        for line in lines {
            let words: Vec<OsString> = line.split('|').map(OsString::from).collect();
            let ran = program.run(folder.path(), &words);
            count += 1;
            let shown: String = line.chars().take(120).collect();
            let fault = judge(&ran, &Expected { exit, says });
            wrong.extend(fault.map(|fault| format!("{program:?} {shown:?}: {fault}")));
        }
    }
    for (program, words) in not_text() {
        let ran = program.run(folder.path(), &words);
        count += 1;
        let fault = judge(&ran, &Expected { exit: USAGE, says: "error" });
        wrong.extend(fault.map(|fault| format!("{program:?} {words:?}: {fault}")));
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{count} command lines");
}
