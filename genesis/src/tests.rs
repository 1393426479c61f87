//! The ceremony as its parties run it: four of them, each in a folder of its own, and every
//! refusal.

use super::*;
use ledger::account::Roles;
use ledger::genesis::Parameters;
use ledger::ids::{Bic, Network, Timestamp};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const BANKS: [&str; 4] = ["PSBCCNBJ", "ICBKCNBJ", "HSBCHKHH", "DBSSSGSG"];
const TIME: Timestamp = Timestamp(1_795_294_500_123);

fn party(folder: &Path, bic: &str, network: Network) -> Join {
    Join {
        network,
        bic: Bic::parse(bic).unwrap(),
        name: format!("Bank {bic}"),
        roles: Roles { validator: true, issuer: true, dealer: false },
        address: Some(format!("{}.example:7600", bic.to_lowercase())),
        operators: 2,
        threshold: 1,
        keys: folder.join(bic).join("keys"),
    }
}

/// A folder with the draft and the member files of all banks.
fn ceremony(network: Network) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let start = NewDraft { name: "four".to_owned(), network, parameters: Parameters::USUAL };
    new(start, &folder.path().join("draft.json")).unwrap();
    let files = BANKS.map(|bic| {
        let file = folder.path().join(format!("{bic}.json"));
        join(&party(folder.path(), bic, network), &file).unwrap();
        file
    });
    (folder, files.to_vec())
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn four_parties_found_a_network() {
    let (folder, files) = ceremony(Network::Test);
    let draft = folder.path().join("draft.json");
    let sealed = folder.path().join("genesis.json");
    for file in &files {
        add(&draft, &[file]).unwrap();
    }
    let chain_id = seal(&draft, TIME, &sealed).unwrap().chain_id().to_owned();
    let report = verify(&sealed, Some(&chain_id)).unwrap();
    assert_eq!((report.validators, report.quorum, report.fault_bound), (4, 3, 1));
    assert_eq!(report.warning(), None);
    assert!(chain_id.starts_with("fqt-"));
    let page = show(&sealed).unwrap();
    for bic in BANKS {
        assert!(page.contains(bic), "{bic}");
    }
}

#[test]
fn no_public_file_holds_a_secret() {
    let (folder, files) = ceremony(Network::Test);
    for (bic, file) in BANKS.iter().zip(&files) {
        let public = fs::read_to_string(file).unwrap();
        let keys = fs::read_dir(folder.path().join(bic).join("keys")).unwrap();
        let mut count = 0;
        for key in keys {
            let key = key.unwrap();
            assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let text = fs::read_to_string(key.path()).unwrap();
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(!public.contains(value["secret"].as_str().unwrap()));
            assert!(public.contains(value["public"].as_str().unwrap()));
            count += 1;
        }
        assert_eq!(count, 5);
    }
}

#[test]
fn joining_again_keeps_the_keys() {
    let (folder, files) = ceremony(Network::Test);
    let mut again = party(folder.path(), BANKS[0], Network::Test);
    again.name = "Another name".to_owned();
    let file = folder.path().join("again.json");
    join(&again, &file).unwrap();
    let value = |file: &Path| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    };
    assert_eq!(value(&file)["validator"], value(&files[0])["validator"]);
    assert_ne!(value(&file)["possession"], value(&files[0])["possession"]);
    assert!(matches!(join(&again, &file).unwrap_err(), Fault::Exists { .. }));
}

#[test]
fn bad_members_are_refused_by_name_and_the_draft_stays() {
    type Change = fn(&Path, &[PathBuf]);
    let rows: [(&str, Change); 8] = [
        ("is in the document already", |_, files| {
            fs::copy(&files[0], &files[1]).unwrap();
        }),
        ("which another member has", |folder, files| {
            fs::remove_file(&files[1]).unwrap();
            let mut thief = party(folder, BANKS[1], Network::Test);
            thief.keys = folder.join(BANKS[0]).join("keys");
            join(&thief, &files[1]).unwrap();
        }),
        ("is not a BIC", |_, files| replace(&files[1], "ICBKCNBJ", "ICBK1NBJ")),
        ("does not prove that ICBKCNBJ holds it", |_, files| {
            replace(&files[1], "Bank ICBKCNBJ", "Bank of another name");
        }),
        ("unknown field `nmae`", |_, files| replace(&files[1], "\"name\"", "\"nmae\"")),
        ("join --network test", |folder, files| {
            fs::remove_file(&files[1]).unwrap();
            join(&party(folder, BANKS[1], Network::Devnet), &files[1]).unwrap();
        }),
        ("a SECRET key, which never leaves its folder", |folder, files| {
            fs::copy(folder.join(BANKS[1]).join("keys/voting.key"), &files[1]).unwrap();
        }),
        ("expected ident at line 1", |_, files| fs::write(&files[1], "no json").unwrap()),
    ];
    for (expected, change) in rows {
        let (folder, files) = ceremony(Network::Test);
        let draft = folder.path().join("draft.json");
        let before = fs::read_to_string(&draft).unwrap();
        change(folder.path(), &files);
        let fault = add(&draft, &files).unwrap_err();
        assert!(fault.to_string().contains(expected), "{expected}: {fault}");
        assert_eq!(fs::read_to_string(&draft).unwrap(), before, "{expected}");
    }
}

#[test]
fn bad_joins_are_refused_by_name() {
    type Change = fn(&mut Join);
    let rows: [(&str, Change); 7] = [
        ("1 to 16 operator keys", |join| join.operators = 0),
        ("1 to 16 operator keys", |join| join.operators = 17),
        ("threshold must be 1", |join| join.threshold = 3),
        ("Name it with --address", |join| join.address = None),
        ("must be host:port", |join| join.address = Some("nowhere".to_owned())),
        ("name must be 1 to 140 bytes", |join| join.name = String::new()),
        ("chmod 600", |join| {
            let file = join.keys.join("voting.key");
            let first = join.keys.with_file_name("first.json");
            super::join(join, &first).unwrap();
            fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        }),
    ];
    for (expected, change) in rows {
        let folder = tempfile::tempdir().unwrap();
        let mut party = party(folder.path(), BANKS[0], Network::Test);
        change(&mut party);
        let fault = join(&party, &folder.path().join("member.json")).unwrap_err();
        assert!(fault.to_string().contains(expected), "{expected}: {fault}");
        assert!(!folder.path().join("member.json").exists());
    }
}

#[test]
fn too_few_to_vote_are_refused_and_few_are_warned() {
    let (folder, files) = ceremony(Network::Test);
    let draft = folder.path().join("draft.json");
    let sealed = folder.path().join("genesis.json");
    let fault = seal(&draft, TIME, &sealed).unwrap_err();
    assert!(fault.to_string().contains("no member runs a validator"), "{fault}");
    add(&draft, &files[..3]).unwrap();
    seal(&draft, TIME, &sealed).unwrap();
    let warning = verify(&sealed, None).unwrap().warning().unwrap();
    assert!(warning.contains("stops as soon as one of them fails"), "{warning}");
}

#[test]
fn a_sealed_document_is_checked_against_changes() {
    type Change = fn(&Path);
    let rows: [(&str, Change); 5] = [
        ("was changed after it was sealed", |file| replace(file, "\"four\"", "\"five\"")),
        ("was changed after it was sealed", |file| replace(file, "psbccnbj.ex", "evil.ex")),
        ("network is production, but its chain id is one of a devnet", |file| {
            let text = fs::read_to_string(file).unwrap();
            let text = text.replace("\"network\": \"test\"", "\"network\": \"production\"");
            fs::write(file, text.replacen("fqt-", "fqd-", 1)).unwrap();
        }),
        ("unknown field `nmae`", |file| replace(file, "\"name\"", "\"nmae\"")),
        ("a draft, and a sealed document", |file| {
            fs::copy(file.with_file_name("draft.json"), file).unwrap();
        }),
    ];
    for (expected, change) in rows {
        let (folder, files) = ceremony(Network::Test);
        let draft = folder.path().join("draft.json");
        let sealed = folder.path().join("genesis.json");
        add(&draft, &files).unwrap();
        seal(&draft, TIME, &sealed).unwrap();
        change(&sealed);
        let fault = verify(&sealed, None).unwrap_err();
        assert!(fault.to_string().contains(expected), "{expected}: {fault}");
    }
}

#[test]
fn a_sealed_document_takes_no_member_and_fits_one_chain_id() {
    let (folder, files) = ceremony(Network::Test);
    let draft = folder.path().join("draft.json");
    let sealed = folder.path().join("genesis.json");
    add(&draft, &files).unwrap();
    seal(&draft, TIME, &sealed).unwrap();
    let fault = add(&sealed, &files).unwrap_err();
    assert!(matches!(fault, Fault::WrongFile { .. }), "{fault}");
    assert!(matches!(seal(&draft, TIME, &sealed).unwrap_err(), Fault::Exists { .. }));
    let other = format!("fqt-{}", "01".repeat(32));
    let fault = verify(&sealed, Some(&other)).unwrap_err();
    assert!(matches!(fault, Fault::OtherChain { .. }), "{fault}");
    assert_eq!(verify(&sealed, Some("chain")).unwrap_err().exit_code(), 2);
}

#[test]
fn a_production_network_is_sealed_only_with_enough_for_a_quorum() {
    let (folder, files) = ceremony(Network::Production);
    let draft = folder.path().join("draft.json");
    let sealed = folder.path().join("genesis.json");
    add(&draft, &files[..3]).unwrap();
    let fault = seal(&draft, TIME, &sealed).unwrap_err();
    assert!(fault.to_string().contains("too few for a quorum"), "{fault}");
    assert!(!sealed.exists());
    add(&draft, &files[3..]).unwrap();
    seal(&draft, TIME, &sealed).unwrap();
}

#[test]
fn a_devnets_key_joins_no_other_network_whatever_folder_it_is_in() {
    let folder = tempfile::tempdir().unwrap();
    let devnet = party(folder.path(), BANKS[0], Network::Devnet);
    join(&devnet, &folder.path().join("devnet.json")).unwrap();
    for name in ["voting", "node", "operator-1", "operator-2", "compliance"] {
        for network in [Network::Production, Network::Test] {
            let other = tempfile::tempdir().unwrap();
            let honest = party(other.path(), BANKS[1], network);
            fs::create_dir_all(&honest.keys).unwrap();
            let copied = honest.keys.join(format!("{name}.key"));
            fs::copy(devnet.keys.join(format!("{name}.key")), &copied).unwrap();
            let output = other.path().join("member.json");
            let fault = join(&honest, &output).unwrap_err();
            assert!(matches!(fault, Fault::Devnet { .. }), "{name} {network:?} {fault}");
            let text = fault.to_string();
            assert!(text.contains(&copied.display().to_string()), "{text}");
            assert!(text.contains("is a devnet's key"), "{text}");
            assert!(!output.exists());
            fs::remove_file(&copied).unwrap();
            join(&honest, &output).unwrap();
        }
    }
}

#[test]
fn a_devnets_operator_signs_no_other_networks_document() {
    let (folder, document) = sealed();
    let devnet = party(folder.path(), "BOFAUS3N", Network::Devnet);
    join(&devnet, &folder.path().join("devnet.json")).unwrap();
    let file = folder.path().join("signature.json");
    let fault = sign(&document, None, &devnet.keys, &file).unwrap_err();
    assert!(matches!(fault, Fault::Devnet { .. }), "{fault}");
    assert!(!file.exists());
}

/// The sealed document of all banks.
fn sealed() -> (tempfile::TempDir, PathBuf) {
    let (folder, files) = ceremony(Network::Test);
    let draft = folder.path().join("draft.json");
    let sealed = folder.path().join("genesis.json");
    add(&draft, &files).unwrap();
    seal(&draft, TIME, &sealed).unwrap();
    (folder, sealed)
}

#[test]
fn all_members_sign_the_document_and_anyone_checks_it() {
    let (folder, document) = sealed();
    let mut signatures = Vec::new();
    for (count, bic) in BANKS.into_iter().enumerate() {
        let file = folder.path().join(format!("{bic}.signature"));
        let approval = sign(&document, None, &folder.path().join(bic).join("keys"), &file).unwrap();
        assert_eq!(approval.bic().to_string(), bic);
        signatures.push(file);
        let report = verify(&document, None).unwrap();
        let (signed, missing) = approvals(&report, &signatures).unwrap();
        assert_eq!((signed.len(), missing.len()), (count + 1, BANKS.len() - count - 1));
    }
}

#[test]
fn signatures_are_refused_by_name() {
    let (folder, document) = sealed();
    let keys = folder.path().join(BANKS[0]).join("keys");
    let file = folder.path().join("signature.json");
    let report = verify(&document, None).unwrap();
    let other = format!("fqt-{}", "01".repeat(32));
    let fault = sign(&document, Some(&other), &keys, &file).unwrap_err();
    assert!(matches!(fault, Fault::OtherChain { .. }), "{fault}");
    let fault = sign(&document, None, folder.path(), &file).unwrap_err();
    assert!(matches!(fault, Fault::NoOperator { .. }), "{fault}");
    let stranger = folder.path().join("stranger");
    let mut party = party(folder.path(), "BOFAUS3N", Network::Test);
    party.keys.clone_from(&stranger);
    join(&party, &folder.path().join("stranger.json")).unwrap();
    let fault = sign(&document, None, &stranger, &file).unwrap_err();
    assert!(matches!(fault, Fault::Stranger { .. }), "{fault}");
    assert!(!file.exists());
    sign(&document, None, &keys, &file).unwrap();
    let fault = sign(&document, None, &keys, &file).unwrap_err();
    assert!(matches!(fault, Fault::Exists { .. }), "{fault}");
    replace(&file, BANKS[0], BANKS[1]);
    let fault = approvals(&report, &[file]).unwrap_err().to_string();
    assert!(fault.contains(&format!("is no operator's key of {}", BANKS[1])), "{fault}");
    let fault = approvals(&report, &[document]).unwrap_err();
    assert!(matches!(fault, Fault::WrongFile { .. }), "{fault}");
}

#[test]
fn a_bank_is_admitted_only_with_keys_that_it_holds() {
    let (folder, files) = ceremony(Network::Test);
    let change = serde_json::to_string(&admit(&files[0]).unwrap()).unwrap();
    assert!(change.contains("\"admit-institution\"") && change.contains(BANKS[0]), "{change}");
    replace(&files[0], "Bank PSBCCNBJ", "Bank of another name");
    let fault = admit(&files[0]).unwrap_err().to_string();
    assert!(fault.contains("does not prove that PSBCCNBJ holds it"), "{fault}");
    let fault = admit(&folder.path().join("draft.json")).unwrap_err();
    assert!(matches!(fault, Fault::WrongFile { .. }), "{fault}");
}
