//! Tests of homes: one that opens, and every reason why one does not.

use super::*;
use ledger::account::Roles;
use ledger::crypto::Suite;
use ledger::genesis::Parameters;
use ledger::genesis::json::Draft;
use ledger::genesis::member::{MemberFile, MemberKeys, MemberProfile};
use ledger::ids::InstitutionNumber;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const BANKS: [&str; 4] = ["PSBCCNBJ", "ICBKCNBJ", "HSBCHKHH", "DBSSSGSG"];

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32])
}

/// The sealed document of four banks; bank `n` has the voting key `10n + 10`, then node, operator
/// and compliance keys upwards.
pub(crate) fn sealed() -> SealedGenesis {
    let mut draft = Draft::new(Network::Test, "four".to_owned(), Parameters::USUAL).unwrap();
    for (bic, seed) in BANKS.into_iter().zip([10, 20, 30, 40]) {
        let keys = MemberKeys {
            validator: Some((key(seed), key(seed + 1))),
            operators: vec![key(seed + 2)],
            compliance: key(seed + 3),
        };
        let profile = MemberProfile {
            network: Network::Test,
            bic: Bic::parse(bic).unwrap(),
            name: bic.to_owned(),
            roles: Roles::default(),
            threshold: 1,
            address: format!("127.0.0.1:76{seed}"),
        };
        draft.add(MemberFile::sign(profile, keys).unwrap()).unwrap();
    }
    draft.seal(Timestamp(1_795_294_500_123)).unwrap()
}

fn config_text() -> String {
    let sealed = sealed();
    let chain_id = sealed.chain_id();
    let account = AccountId::new(InstitutionNumber(1), [7; 12]);
    let account = account.address(Network::Test);
    format!(
        "[node]\nbic = \"PSBCCNBJ\"\nchain_id = \"{chain_id}\"\n\
         [network]\nlisten = [\"127.0.0.1:7610\"]\npeers.HSBCHKHH = [\"127.0.0.1:9\"]\n\
         [api]\nlisten = \"127.0.0.1:7680\"\n\
         [iso]\noperators = [{{ bic = \"PSBCCNBJ\", keys = [\"keys/operator-1.key\"] }}]\n\
         [dealer]\naccount = \"{account}\"\nkey = \"keys/dealer.key\"\nrates = []\n"
    )
}

/// The home of the first bank.
pub(crate) fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("keys")).unwrap();
    for (name, kind, seed) in [
        ("voting", KeyKind::Voting, 10),
        ("node", KeyKind::Node, 11),
        ("operator-1", KeyKind::Operator, 12),
        ("dealer", KeyKind::Account, 90),
    ] {
        write_key(&path.join("keys").join(format!("{name}.key")), kind, &key(seed)).unwrap();
    }
    let text = serde_json::to_string_pretty(&sealed()).unwrap();
    write_text(&path.join("genesis.json"), &text).unwrap();
    write_text(&path.join(CONFIG_FILE), &config_text()).unwrap();
    folder
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_whole_home_opens() {
    let folder = home();
    let home = Home::open(folder.path()).unwrap();
    assert_eq!(home.voting_keys.len(), 1);
    assert_eq!(home.operators[&Bic::parse("PSBCCNBJ").unwrap()].len(), 1);
    assert_eq!(home.dealer.as_ref().unwrap().valid_ms, 30_000);
    assert_eq!(home.config.network.peers.len(), 1);
}

#[test]
fn a_home_holds_the_next_voting_key_too_or_none() {
    let folder = home();
    let keys = folder.path().join("keys");
    write_key(&keys.join(NEXT_VOTING_KEY), KeyKind::Voting, &key(55)).unwrap();
    let home = Home::open(folder.path()).unwrap();
    let held: Vec<_> = home.voting_keys.iter().map(|key| key.seed()[0]).collect();
    assert_eq!(held, [10, 55]);
    home.close().unwrap();
    fs::remove_file(keys.join(VOTING_KEY)).unwrap();
    fs::remove_file(keys.join(NEXT_VOTING_KEY)).unwrap();
    assert!(Home::open(folder.path()).unwrap().voting_keys.is_empty());
}

#[test]
fn a_home_is_held_by_one() {
    let folder = home();
    let first = Home::open(folder.path()).unwrap();
    assert!(matches!(Home::open(folder.path()).unwrap_err(), HomeError::Held { .. }));
    // By whatever path it is reached.
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    let roundabout = folder.path().join("keys/..");
    for path in [&link, &link.join("keys/.."), &roundabout] {
        assert!(matches!(Home::open(path).unwrap_err(), HomeError::Held { .. }), "{path:?}");
    }
    first.close().unwrap();
    let second = Home::open(&link).unwrap();
    assert!(matches!(Home::open(folder.path()).unwrap_err(), HomeError::Held { .. }));
    drop(second);
    Home::open(folder.path()).unwrap();
}

#[test]
fn refusals_name_the_file_and_the_mend() {
    type Damage = fn(&Path);
    let rows: [(&str, Damage); 8] = [
        ("chmod 600", |path| {
            let file = path.join("keys/voting.key");
            fs::set_permissions(file, fs::Permissions::from_mode(0o640)).unwrap();
        }),
        ("keys/node.key", |path| fs::remove_file(path.join("keys/node.key")).unwrap()),
        ("it holds the node key, and the voting key is needed", |path| {
            fs::rename(path.join("keys/node.key"), path.join("keys/voting.key")).unwrap();
        }),
        ("keys/operator-1.key", |path| {
            fs::remove_file(path.join("keys/operator-1.key")).unwrap();
        }),
        ("was changed after it was sealed", |path| {
            replace(&path.join("genesis.json"), "\"four\"", "\"five\"");
        }),
        ("unknown field `nmae`", |path| {
            replace(&path.join("genesis.json"), "\"name\"", "\"nmae\"");
        }),
        ("feiqian-node init", |path| fs::remove_file(path.join(CONFIG_FILE)).unwrap()),
        ("dealer.account", |path| {
            replace(&path.join(CONFIG_FILE), "account = \"fqt1", "account = \"fqd1");
        }),
    ];
    for (expected, damage) in rows {
        let folder = home();
        damage(folder.path());
        let error = Home::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_document_of_another_chain_is_refused() {
    let folder = home();
    let chain = format!("fqt-{}", "01".repeat(32));
    replace(&folder.path().join(CONFIG_FILE), sealed().chain_id(), &chain);
    let error = Home::open(folder.path()).unwrap_err();
    assert!(matches!(error, HomeError::WrongChain { .. }), "{error}");
    let folder = home();
    let devnet = sealed().chain_id().replacen("fqt", "fqd", 1);
    replace(&folder.path().join(CONFIG_FILE), sealed().chain_id(), &devnet);
    let error = Home::open(folder.path()).unwrap_err();
    assert!(matches!(error, HomeError::WrongNetwork { .. }), "{error}");
}

#[test]
fn key_files_are_private_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voting.key");
    write_key(&file, KeyKind::Voting, &key(1)).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(write_key(&file, KeyKind::Voting, &key(2)).is_err());
    assert_eq!(read_key(&file, KeyKind::Voting).unwrap().seed(), [1; 32]);
}

#[test]
fn texts_are_read_within_their_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text");
    write_text(&file, "12345").unwrap();
    write_text(&file, "1234").unwrap();
    assert_eq!(read_text(&file, 4).unwrap(), "1234");
    assert!(matches!(read_text(&file, 3).unwrap_err(), HomeError::TooLong { .. }));
}
