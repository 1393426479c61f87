//! Profiles: which network, through which nodes, with which names.
//!
//! Invariants: the chain id of a profile is the anchor of trust; nodes are only asked. Between
//! several profiles the wallet never chooses by itself. Absent: keys (see `keyring`).

use ledger::crypto::Suite;
use ledger::genesis::json::{SealedGenesis, chain_id_text, parse_chain_id};
use ledger::hash::{ChainId, Domains};
use ledger::ids::Network;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::book::Book;
use crate::code::Own;
use crate::devnet;
use crate::fault::{Fault, in_file, quoted, sentence};
use crate::files;
use crate::folders::Folders;
use crate::language::{Text, say};
use crate::token::Token;

const MAXIMUM_BYTES: usize = 1024 * 1024;
const MAXIMUM_GENESIS_BYTES: usize = 16 * 1024 * 1024;

/// A network's identity: what every proof is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The kind of network, which gives addresses their prefix.
    pub(crate) network: Network,
    /// The hash of the genesis document.
    pub(crate) id: ChainId,
}

impl Chain {
    /// Reads `fqd-3f2a...`.
    ///
    /// # Errors
    /// A usage fault for anything else.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let (network, id) = parse_chain_id(text).map_err(|error| {
            Fault::usage(Own::BadChainId, chain_id_defect(&error), Text::default())
        })?;
        Ok(Self { network, id })
    }

    /// Reads a sealed genesis document and checks all of it.
    ///
    /// # Errors
    /// A usage fault that says what is wrong.
    pub(crate) fn of_genesis(path: &Path) -> Result<Self, Fault> {
        let text = files::read_text(path, MAXIMUM_GENESIS_BYTES)
            .map_err(|error| Fault::file(path, &error))?;
        let refused = |reason: Text| {
            let hint = say!(
                "Take the file that the network was sealed with.",
                "请使用该网络封存时的文件。"
            );
            Fault::usage(Own::BadGenesis, in_file(path, &reason), hint)
        };
        let sealed: SealedGenesis =
            serde_json::from_str(&text).map_err(|error| refused(quoted(&error)))?;
        let document = sealed.open().map_err(|error| refused(quoted(&error)))?;
        Ok(Self { network: document.network, id: document.chain_id() })
    }

    /// The chain's hash keys.
    pub(crate) fn domains(&self) -> Domains {
        Domains::new(Suite::Ed25519Blake3, self.id)
    }

    /// The text form: `fqd-3f2a...` in full.
    pub(crate) fn text(&self) -> String {
        chain_id_text(self.network, self.id)
    }
}

/// An account with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedAccount {
    /// Its address.
    pub(crate) address: String,
    /// Its institution's BIC, where it is known.
    pub(crate) institution: Option<String>,
    /// Its key, where a devnet gives one.
    pub(crate) keystore: Option<PathBuf>,
}

/// A devnet's key of an institution's operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OperatorKey {
    /// The institution's BIC.
    pub(crate) institution: String,
    /// The keystore or key file.
    pub(crate) path: PathBuf,
}

/// A network as this wallet knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    /// The profile's name.
    pub(crate) name: String,
    /// The nodes to ask, in order.
    pub(crate) apis: Vec<String>,
    /// The chain; without it nothing can be signed or verified.
    pub(crate) chain: Option<Chain>,
    /// The name or address of the usual payer.
    pub(crate) from: Option<String>,
    /// From which amounts on a payer types them again.
    pub(crate) large: Vec<String>,
    /// The address book, by name without `@`.
    pub(crate) accounts: BTreeMap<String, NamedAccount>,
    /// A devnet's operator keys.
    pub(crate) operators: Vec<OperatorKey>,
    /// The public passphrase of a devnet's keystores.
    pub(crate) passphrase: Option<String>,
    /// The file of an operator's token at the first node.
    pub(crate) token_file: Option<PathBuf>,
    /// The token itself, once a session has found it.
    pub(crate) token: Option<Token>,
}

/// A profile's file. Either `devnet` stands alone, or the others describe a network.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    devnet: Option<PathBuf>,
    #[serde(default)]
    api: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    genesis: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    large: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    accounts: BTreeMap<String, String>,
}

impl ProfileFile {
    /// The file of a network's profile.
    pub(crate) fn of_network(api: &[String], chain: &Chain, from: Option<String>) -> Self {
        Self { api: api.to_vec(), chain_id: Some(chain.text()), from, ..Self::default() }
    }
}

/// The wallet's own choices.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    profile: Option<String>,
}

/// What selects a profile, in the order of precedence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// `--profile` or `FEIQIAN_PROFILE`.
    pub(crate) name: Option<String>,
    /// `FEIQIAN_DEVNET`: a devnet's folder.
    pub(crate) devnet: Option<PathBuf>,
    /// `--api`: nodes in the place of the profile's.
    pub(crate) apis: Vec<String>,
}

impl Profile {
    /// Finds the profile.
    ///
    /// # Errors
    /// A usage fault if there is none, if it is unclear which, or if its file is wrong.
    pub(crate) fn find(folders: &Folders, selection: &Selection) -> Result<Self, Fault> {
        let mut profile = match (&selection.name, &selection.devnet) {
            (Some(name), _) => Self::read(&folders.profiles(), name)?,
            (None, Some(devnet)) => devnet::read(devnet)?,
            (None, None) => match (usual(folders)?, selection.apis.is_empty()) {
                (Some(name), _) => Self::read(&folders.profiles(), &name)?,
                (None, false) => Self { name: "none".to_owned(), ..Self::default() },
                (None, true) => return Err(no_profile()),
            },
        };
        if !selection.apis.is_empty() {
            profile.apis.clone_from(&selection.apis);
            // The profile's token is for the profile's first node, and for no other.
            profile.token_file = None;
        }
        Book::read(folders, &profile.name)?.extend(&mut profile);
        Ok(profile)
    }

    /// The chain.
    ///
    /// # Errors
    /// A usage fault if the profile does not name it.
    pub(crate) fn chain(&self) -> Result<Chain, Fault> {
        self.chain.ok_or_else(|| {
            let detail = say!(
                "The chain id is not known, so nothing can be signed or verified.",
                "链标识未知，因此无法签名或验证。"
            );
            let hint = say!(
                "Add --profile, with a profile that names chain_id or genesis.",
                "请加上 --profile，并使用写明 chain_id 或 genesis 的配置。"
            );
            Fault::usage(Own::MissingFlag, detail, hint)
        })
    }

    fn read(profiles: &Path, name: &str) -> Result<Self, Fault> {
        let path = profiles.join(format!("{name}.toml"));
        let refused = |reason: Text| {
            let hint = say!(
                "Mend the file, or choose another with --profile.",
                "请修正文件，或用 --profile 另选。"
            );
            Fault::usage(Own::BadProfile, in_file(&path, &reason), hint)
        };
        let is_name = !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
        if !is_name {
            return Err(refused(say!(
                "a profile's name has no slashes and no leading dot.",
                "配置名称不含斜杠，也不以点开头。"
            )));
        }
        let text =
            files::read_text(&path, MAXIMUM_BYTES).map_err(|error| refused(quoted(&error)))?;
        let file: ProfileFile = toml::from_str(&text).map_err(|error| refused(quoted(&error)))?;
        if let Some(folder) = &file.devnet {
            return Ok(Self { name: name.to_owned(), ..devnet::read(folder)? });
        }
        let chain = match (&file.chain_id, &file.genesis) {
            (Some(text), None) => Chain::parse(text)?,
            (None, Some(genesis)) => Chain::of_genesis(&profiles.join(genesis))?,
            (Some(_), Some(_)) | (None, None) => {
                return Err(refused(say!(
                    "it names one of chain_id and genesis.",
                    "应写明 chain_id 与 genesis 之一。"
                )));
            }
        };
        if file.api.is_empty() {
            return Err(refused(say!(
                "it names no node: api = [\"https://...\"].",
                "未写明节点：api = [\"https://...\"]。"
            )));
        }
        let accounts = file.accounts.into_iter().map(|(name, address)| {
            (name, NamedAccount { address, institution: None, keystore: None })
        });
        Ok(Self {
            name: name.to_owned(),
            apis: file.api,
            chain: Some(chain),
            from: file.from,
            large: file.large,
            accounts: accounts.collect(),
            operators: Vec::new(),
            passphrase: None,
            token_file: file.token_file.map(|file| profiles.join(file)),
            token: None,
        })
    }
}

/// The profile that is meant when none is named: the chosen one, `default`, or the only one.
///
/// # Errors
/// A usage fault between several, or if the choice cannot be read.
pub(crate) fn usual(folders: &Folders) -> Result<Option<String>, Fault> {
    let mut names = names(folders);
    let chosen = chosen(folders)?;
    if let Some(name) = names.iter().find(|name| Some(*name) == chosen.as_ref()) {
        return Ok(Some(name.clone()));
    }
    if let Some(name) = names.iter().find(|name| *name == "default") {
        return Ok(Some(name.clone()));
    }
    if names.len() > 1 {
        let detail = say!(
            "There are several profiles: {all}.",
            "有多个配置：{all}。",
            all = names.join(", ")
        );
        let hint = say!(
            "Add --profile NAME, or choose one with: feiqian config use NAME.",
            "请加上 --profile NAME，或选定一个：feiqian config use NAME。"
        );
        return Err(Fault::usage(Own::MissingFlag, detail, hint));
    }
    Ok(names.pop())
}

/// The profiles' names.
pub(crate) fn names(folders: &Folders) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folders.profiles()) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort_unstable();
    names
}

/// Where the profile `name` is.
pub(crate) fn path_of(folders: &Folders, name: &str) -> PathBuf {
    folders.profiles().join(format!("{name}.toml"))
}

/// Lets `name` be the usual profile.
///
/// # Errors
/// What the system says.
pub(crate) fn choose(folders: &Folders, name: &str) -> Result<(), Fault> {
    let path = folders.config();
    let file = ConfigFile { profile: Some(name.to_owned()) };
    let text = toml::to_string(&file).map_err(|error| Fault::defect(&error))?;
    files::replace(&path, text.as_bytes()).map_err(|error| Fault::file(&path, &error))
}

fn chosen(folders: &Folders) -> Result<Option<String>, Fault> {
    let path = folders.config();
    let refused = |reason: Text| {
        let hint = say!("Mend the file, or remove it.", "请修正或删除该文件。");
        Fault::usage(Own::BadConfig, in_file(&path, &reason), hint)
    };
    match files::read_text(&path, MAXIMUM_BYTES) {
        Ok(text) => {
            let file: ConfigFile =
                toml::from_str(&text).map_err(|error| refused(quoted(&error)))?;
            Ok(file.profile)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused(quoted(&error))),
    }
}

fn no_profile() -> Fault {
    let hint = say!(
        "Start one with: feiqian-node devnet --dir DIR, or add a profile with: feiqian config add",
        "请启动：feiqian-node devnet --dir DIR；或添加配置：feiqian config add"
    );
    Fault::usage(Own::NoProfile, say!("No network is known.", "未知任何网络。"), hint)
}

fn chain_id_defect(error: &impl std::fmt::Display) -> Text {
    let english = sentence(error);
    say!("{english}", "链标识格式不正确：{english}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(profiles: &[(&str, &str)]) -> (tempfile::TempDir, Folders) {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("profiles");
        std::fs::create_dir(&folder).unwrap();
        for (name, text) in profiles {
            std::fs::write(folder.join(format!("{name}.toml")), text).unwrap();
        }
        let folders = Folders::find(Some(home.path().to_owned())).unwrap();
        (home, folders)
    }

    fn network(host: &str) -> String {
        let chain = format!("fqt-{}", "09".repeat(32));
        format!(
            "api = [\"https://{host}\"]\nchain_id = \"{chain}\"\nfrom = \"till\"\n\
             [accounts]\ntill = \"fqt1abc\"\n"
        )
    }

    #[test]
    fn a_network_is_read() {
        let (_home, folders) = folders(&[("bank", &network("a"))]);
        let profile = Profile::find(&folders, &Selection::default()).unwrap();
        assert_eq!(profile.name, "bank");
        assert_eq!(profile.apis, ["https://a"]);
        assert_eq!(profile.from.as_deref(), Some("till"));
        assert_eq!(profile.chain().unwrap().text(), format!("fqt-{}", "09".repeat(32)));
        assert_eq!(profile.accounts["till"].address, "fqt1abc");
    }

    #[test]
    fn a_profiles_token_is_for_its_own_first_node_alone() {
        let text = network("a").replace("from =", "token_file = \"li.token\"\nfrom =");
        let (home, folders) = folders(&[("bank", &text)]);
        let profile = Profile::find(&folders, &Selection::default()).unwrap();
        assert_eq!(profile.token_file, Some(home.path().join("profiles/li.token")));
        let api = Selection { apis: vec!["https://b".to_owned()], ..Selection::default() };
        assert_eq!(Profile::find(&folders, &api).unwrap().token_file, None);
    }

    #[test]
    fn a_devnet_is_found_by_its_profile_and_by_its_folder() {
        let devnet = tempfile::tempdir().unwrap();
        let json = devnet::tests::sample(&["http://127.0.0.1:1"]);
        std::fs::write(devnet.path().join("devnet.json"), json).unwrap();
        let pointer = format!("devnet = {:?}\n", devnet.path());
        let (_home, folders) = folders(&[("devnet", &pointer)]);
        let found = Profile::find(&folders, &Selection::default()).unwrap();
        let folder = Some(devnet.path().to_owned());
        let named = Selection { devnet: folder, ..Selection::default() };
        assert_eq!(Profile::find(&folders, &named).unwrap(), found);
    }

    #[test]
    fn selection_by_row() {
        let (a, b) = (network("a"), network("b"));
        let name = |name: &str| Selection { name: Some(name.to_owned()), ..Selection::default() };
        let api = Selection { apis: vec!["http://x".to_owned()], ..Selection::default() };
        for (profiles, selection, expected) in [
            (vec![], Selection::default(), Err("no-profile")),
            (vec![], api.clone(), Ok("http://x")),
            (vec![("a", &a)], api, Ok("http://x")),
            (vec![("a", &a), ("b", &b)], Selection::default(), Err("missing-flag")),
            (vec![("a", &a), ("default", &b)], Selection::default(), Ok("https://b")),
            (vec![("a", &a), ("b", &b)], name("a"), Ok("https://a")),
            (vec![("a", &a)], name("c"), Err("bad-profile")),
            (vec![("a", &a)], name("../a"), Err("bad-profile")),
        ] {
            let profiles: Vec<_> =
                profiles.into_iter().map(|(name, text)| (name, text.as_str())).collect();
            let (_home, folders) = folders(&profiles);
            let found = Profile::find(&folders, &selection);
            let found = found.map(|profile| profile.apis[0].clone());
            let found = found.map_err(|fault| fault.code.text().to_owned());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(found, expected, "{selection:?}");
        }
    }

    #[test]
    fn defects_are_named() {
        let good = network("a");
        for text in [
            good.replace("api", "apis"),
            good.replace("api = [\"https://a\"]", ""),
            good.replace("chain_id", "# chain_id"),
            format!("genesis = \"g.json\"\n{good}"),
            good.replace("fqt-09", "fqt-0"),
        ] {
            let (_home, folders) = folders(&[("bank", &text)]);
            let fault = Profile::find(&folders, &Selection::default()).unwrap_err();
            assert_eq!(fault.exit, crate::exit::Exit::Usage, "{text}");
        }
    }
}
