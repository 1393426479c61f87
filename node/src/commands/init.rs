//! `feiqian-node init`: a node's home from the keys and the document of a genesis ceremony.
//!
//! Invariants: a founder is found by its voting key, so nobody can set up a founder's node under
//! another's name; an institution that joins later names itself, and the others admit its network
//! key or not; the compliance key never reaches a node. Absent: the ceremony (`feiqian-genesis`),
//! admission (governance).

use clap::Args;
use ledger::crypto::SecretKey;
use ledger::genesis::json::{SealedGenesis, parse_chain_id};
use ledger::genesis::keyfile::KeyKind;
use ledger::genesis::{GenesisDocument, Member, MemberValidator};
use ledger::ids::Bic;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::config::{
    ApiConfig, BicText, ChainIdText, Config, IsoConfig, LogConfig, LogFormat, NetworkConfig,
    NodeConfig, OperatorConfig, StorageConfig, WebhooksConfig,
};
use crate::home::{self, HomeError, NODE_KEY, NewHome, VOTING_KEY};
use crate::output;

/// The API's port where none is named.
const API_PORT: u16 = 7680;

/// Writes a node's home from the keys and the document of a genesis ceremony.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The folder to make.
    #[arg(long)]
    home: PathBuf,
    /// The folder of keys that `feiqian-genesis join` wrote. An observer needs only node.key.
    #[arg(long, value_name = "DIR")]
    member_keys: PathBuf,
    /// The sealed document that `feiqian-genesis seal` wrote.
    #[arg(long, value_name = "FILE")]
    genesis: PathBuf,
    /// The chain id that all members agreed on; the document must make it.
    #[arg(long)]
    chain_id: Option<String>,
    /// The institution, if it is no founder of the network but joins it later.
    #[arg(long, value_name = "BIC", requires = "listen")]
    joining: Option<String>,
    /// Where to listen for peers [default: every address, at the port of the genesis document]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where the HTTP API listens [default: 127.0.0.1:7680]
    #[arg(long, value_name = "ADDRESS:PORT")]
    api: Option<SocketAddr>,
    /// Leave the voting key out: the node follows, checks, executes and serves, and never votes.
    #[arg(long, conflicts_with = "founding")]
    observer: bool,
    /// How the node's log looks [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// Take ISO 20022 messages: the operators' keys are copied to the node too.
    #[arg(long)]
    iso: bool,
    /// The voting key has never voted: the network is being founded. Without this the node
    /// observes until the others have moved past every vote that the key may have cast.
    #[arg(long)]
    founding: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (sealed, genesis) = home::read_genesis(&arguments.genesis)?;
    if let Some(text) = &arguments.chain_id {
        let (_, expected) =
            parse_chain_id(text).map_err(|error| Failure::usage(error.to_string()))?;
        if expected != genesis.chain_id() {
            let file = arguments.genesis.display();
            let message = format!("{file} makes {}, not {text}", sealed.chain_id());
            return Err(Failure::new(message).hint("Get the document that the members agreed on."));
        }
    }
    let folder = &arguments.member_keys;
    let (bic, port, voting) = identify(arguments, &genesis)?;
    let voting = voting.filter(|_| !arguments.observer);
    let mut keys: Vec<_> =
        voting.into_iter().map(|key| (VOTING_KEY.to_owned(), KeyKind::Voting, key)).collect();
    let node = home::read_key(&folder.join(NODE_KEY), KeyKind::Node)?;
    keys.push((NODE_KEY.to_owned(), KeyKind::Node, node));
    let operators = if arguments.iso { operator_keys(folder)? } else { Vec::new() };
    let config = configure(arguments, &sealed, (bic, port), &operators)?;
    keys.extend(operators);
    home::create(
        &arguments.home,
        &NewHome { config: &config, genesis: &sealed, keys, founding: arguments.founding },
    )?;
    // Opening checks everything that the node would check.
    home::Home::open(&arguments.home)?.close()?;
    let home = arguments.home.display();
    output::result(format_args!(
        "The home of {} on chain {} is at {home}.\nStart it with: feiqian-node run --home {home}",
        bic,
        sealed.chain_id(),
    ));
    Ok(())
}

/// Whose node it is, the port that the genesis document says for it, and its voting key.
fn identify(
    arguments: &Arguments,
    genesis: &GenesisDocument,
) -> Result<(Bic, Option<u16>, Option<SecretKey>), Failure> {
    let file = arguments.member_keys.join(VOTING_KEY);
    if let Some(text) = &arguments.joining {
        let bic = Bic::parse(text).map_err(|error| Failure::usage(error.to_string()))?;
        let voting = file.exists().then(|| home::read_key(&file, KeyKind::Voting)).transpose()?;
        return Ok((bic, None, voting));
    }
    let voting = home::read_key(&file, KeyKind::Voting)?;
    let (member, validator) = find_member(genesis, &voting).ok_or_else(|| {
        let message = format!("no member of {} has this voting key", arguments.genesis.display());
        let hint = "Use the keys that `feiqian-genesis join` wrote for it, or name an institution \
                    that joins later with --joining.";
        Failure::new(message).hint(hint)
    })?;
    let port = validator.address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    Ok((member.institution.bic, port, Some(voting)))
}

fn find_member<'a>(
    genesis: &'a GenesisDocument,
    voting: &SecretKey,
) -> Option<(&'a Member, &'a MemberValidator)> {
    let mut validators = genesis
        .members
        .iter()
        .filter_map(|member| member.validator.as_ref().map(|validator| (member, validator)));
    validators.find(|(_, validator)| validator.voting_key == voting.public())
}

fn configure(
    arguments: &Arguments,
    sealed: &SealedGenesis,
    (bic, port): (Bic, Option<u16>),
    operators: &[(String, KeyKind, SecretKey)],
) -> Result<Config, Failure> {
    let bic = BicText(bic);
    let chain_id = ChainIdText::try_from(sealed.chain_id().to_owned())
        .map_err(|error| Failure::new(error.to_string()))?;
    let listen = match (arguments.listen, port) {
        (Some(listen), _) => listen,
        (None, Some(port)) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
        (None, None) => return Err(Failure::usage("name where to listen with --listen")),
    };
    let keys: Vec<PathBuf> =
        operators.iter().map(|(name, _, _)| Path::new("keys").join(name)).collect();
    let operators = if keys.is_empty() { Vec::new() } else { vec![OperatorConfig { bic, keys }] };
    let mut config = Config {
        node: NodeConfig::at_usual_places(bic, chain_id),
        network: NetworkConfig { listen: vec![listen], peers: std::collections::BTreeMap::new() },
        api: ApiConfig::listening(
            arguments.api.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, API_PORT))),
        ),
        storage: StorageConfig::default(),
        iso: IsoConfig { operators, ..IsoConfig::default() },
        dealer: None,
        log: LogConfig { format: arguments.log_format.unwrap_or_default(), ..LogConfig::default() },
        webhooks: WebhooksConfig::default(),
    };
    // Written out, so that whoever reads the file sees what is public.
    config.api.public_reads = Some(config.public_reads());
    Ok(config)
}

/// The ceremony's `operator-1.key`, `operator-2.key` and so on.
fn operator_keys(folder: &Path) -> Result<Vec<(String, KeyKind, SecretKey)>, HomeError> {
    let mut keys = Vec::new();
    for number in 1_u8..=16 {
        let name = format!("operator-{number}.key");
        let file = folder.join(&name);
        if number > 1 && !file.exists() {
            break;
        }
        keys.push((name, KeyKind::Operator, home::read_key(&file, KeyKind::Operator)?));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::tests::{key, sealed};

    fn ceremony() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, kind, seed) in [
            ("voting.key", KeyKind::Voting, 20),
            ("node.key", KeyKind::Node, 21),
            ("operator-1.key", KeyKind::Operator, 22),
        ] {
            home::write_key(&folder.path().join(name), kind, &key(seed)).unwrap();
        }
        let text = serde_json::to_string(&sealed()).unwrap();
        home::write_text(&folder.path().join("genesis.json"), &text).unwrap();
        folder
    }

    fn arguments(folder: &Path) -> Arguments {
        Arguments {
            home: folder.join("home"),
            member_keys: folder.to_owned(),
            genesis: folder.join("genesis.json"),
            chain_id: Some(sealed().chain_id().to_owned()),
            joining: None,
            listen: None,
            api: None,
            observer: false,
            log_format: None,
            iso: false,
            founding: true,
        }
    }

    #[test]
    fn a_ceremony_becomes_a_home() {
        let folder = ceremony();
        run(&arguments(folder.path())).unwrap();
        let home = home::Home::open(&folder.path().join("home")).unwrap();
        assert_eq!(home.config.bic().to_string(), "ICBKCNBJ");
        assert_eq!(home.config.network.listen[0].to_string(), "0.0.0.0:7620");
        assert_eq!(home.config.api.listen.to_string(), "127.0.0.1:7680");
        assert!(home.operators.is_empty());
        assert!(!folder.path().join("home/keys/operator-1.key").exists());
    }

    #[test]
    fn operators_keys_are_copied_only_when_asked_for() {
        let folder = ceremony();
        run(&Arguments { iso: true, ..arguments(folder.path()) }).unwrap();
        let home = home::Home::open(&folder.path().join("home")).unwrap();
        assert_eq!(home.operators.len(), 1);
    }

    #[test]
    fn an_observer_leaves_the_voting_key_where_it_is() {
        let folder = ceremony();
        run(&Arguments { observer: true, founding: false, ..arguments(folder.path()) }).unwrap();
        let home = home::Home::open(&folder.path().join("home")).unwrap();
        assert_eq!(home.config.bic().to_string(), "ICBKCNBJ");
        assert!(home.voting_keys.is_empty());
        assert!(!folder.path().join("home/keys").join(VOTING_KEY).exists());
    }

    #[test]
    fn one_that_joins_later_names_itself_and_may_only_observe() {
        for votes in [true, false] {
            let folder = ceremony();
            if !votes {
                std::fs::remove_file(folder.path().join(VOTING_KEY)).unwrap();
            }
            let joining = Some("BOFAUS3N".to_owned());
            let listen = Some("127.0.0.1:7699".parse().unwrap());
            run(&Arguments { joining, listen, founding: false, ..arguments(folder.path()) })
                .unwrap();
            let home = home::Home::open(&folder.path().join("home")).unwrap();
            assert_eq!(home.config.bic().to_string(), "BOFAUS3N");
            assert_eq!(home.voting_keys.len(), usize::from(votes));
            assert!(home.recollect().unwrap().is_lost());
        }
    }

    #[test]
    fn refusals_by_row() {
        let other = format!("fqt-{}", "01".repeat(32));
        type Change = fn(&Path, &mut Arguments, &str);
        let rows: [(&str, Change); 4] = [
            ("makes fqt-", |_, arguments, other| arguments.chain_id = Some(other.to_owned())),
            ("is not a chain id", |_, arguments, _| arguments.chain_id = Some("x".to_owned())),
            ("no member", |folder, _, _| {
                std::fs::remove_file(folder.join("voting.key")).unwrap();
                home::write_key(&folder.join("voting.key"), KeyKind::Voting, &key(99)).unwrap();
            }),
            ("home already", |_, arguments, _| run(arguments).unwrap()),
        ];
        for (expected, change) in rows {
            let folder = ceremony();
            let mut arguments = arguments(folder.path());
            change(folder.path(), &mut arguments, &other);
            let failure = run(&arguments).unwrap_err();
            assert!(failure.message.contains(expected), "{expected}: {}", failure.message);
        }
    }
}
