//! The program itself: its arguments, its exit codes, where it writes what.

use std::process::Command;

#[test]
fn the_program_runs_the_ceremony() {
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_feiqian-genesis"))
            .args(line.split(' '))
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    assert_eq!(run("new one --network devnet -o draft.json").0, 0);
    let join = "join --network devnet --bic PSBCCNBJ --name Bank --roles validator,issuer \
                --address 127.0.0.1:7600 --keys keys -o member.json";
    let join: Vec<_> = join.split_whitespace().collect();
    assert_eq!(run(&join.join(" ")).0, 0);
    assert_eq!(run("add draft.json member.json").1, "members: PSBCCNBJ\n");
    let (code, chain_id, warning) = run("seal draft.json -o genesis.json");
    assert_eq!(code, 0);
    assert!(chain_id.starts_with("fqd-") && warning.starts_with("warning: with fewer"));
    let verified = run(&format!("verify genesis.json --chain-id {}", chain_id.trim()));
    assert!(verified.0 == 0 && verified.1.starts_with("Valid: all proofs hold"));
    assert!(run("show genesis.json").1.contains("PSBCCNBJ"));
    assert_eq!(run("show genesis.json --id").1, chain_id);
    let (code, _, error) = run("verify genesis.json --all-signed");
    assert!(code == 1 && error.contains("not signed by PSBCCNBJ"), "{error}");
    let signed = run("sign genesis.json --keys keys -o signature.json");
    assert_eq!(
        (signed.0, signed.1.as_str()),
        (0, "PSBCCNBJ approves. Hand over signature.json.\n")
    );
    let verified = run("verify genesis.json --all-signed --signature signature.json");
    assert!(
        verified.0 == 0 && verified.1.ends_with("Signed by 1 of 1: PSBCCNBJ\n"),
        "{verified:?}"
    );
    let change = run("admit member.json").1;
    assert!(change.contains("admit-institution") && change.contains("127.0.0.1:7600"), "{change}");
    let (code, _, error) = run("seal draft.json -o genesis.json");
    assert!(code == 2 && error.contains("exists already"), "{error}");
    let (code, _, error) = run("verify draft.json");
    assert!(code == 1 && error.contains("is a draft"), "{error}");
    assert_eq!(run("join --bic nonsense").0, 2);
}
