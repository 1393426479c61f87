//! The genesis document as JSON: the draft that a ceremony collects, and the sealed file.
//!
//! Invariants: a sealed file names its chain id, and the id is computed again from everything
//! beside it whenever it is opened, so a changed file is noticed. It keeps every member's proofs of
//! possession: whoever holds the file can check the whole ceremony. Absent: files (the callers read
//! and write them).

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::member::{MemberError, MemberFile, SUITE};
use super::text::{self, TextForm};
use super::{GenesisDocument, GenesisError, Parameters};
use crate::crypto::Suite;
use crate::hash::{ChainId, Hash};
use crate::ids::{Bic, Network, Timestamp};
use crate::text::{NETWORK_NAME, is_name};

/// Why a draft, or a sealed file, was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// A member's file is not right.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A member made its keys for another kind of network.
    #[error(
        "{bic} made its keys for a {} network, and this document is for a {} network. \
         Ask {bic} to run `join --network {}`",
        found.to_text(), expected.to_text(), expected.to_text()
    )]
    MemberNetwork {
        /// The member.
        bic: Bic,
        /// The document's network.
        expected: Network,
        /// The member's network.
        found: Network,
    },
    /// The same BIC again.
    #[error("{bic} is in the document already. Leave one of its two files out")]
    DuplicateBic {
        /// The BIC.
        bic: Bic,
    },
    /// A key that another member has too.
    #[error("{bic} names the key {key}, which another member has. Both must make new keys")]
    DuplicateKey {
        /// The second user.
        bic: Bic,
        /// The key, hexadecimal.
        key: String,
    },
    /// Nobody votes, so no number of votes is a quorum.
    #[error(
        "no member runs a validator, so nothing could ever be decided. \
         Add members with the role validator: 4 tolerate one that fails"
    )]
    NoValidators,
    /// The document as a whole is not right.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The chain id's text cannot be read.
    #[error("\"{text}\" is not a chain id. Write it as `seal` printed it, like fqd-3f2a...")]
    ChainIdText {
        /// What was given.
        text: String,
    },
    /// The prefix of the chain id and the network contradict each other.
    #[error(
        "the document says that its network is {}, but its chain id is one of a {} network. \
         Get the document again from whoever sealed it",
        network.to_text(), stated.to_text()
    )]
    Network {
        /// What the document says.
        network: Network,
        /// What the chain id's prefix says.
        stated: Network,
    },
    /// The content does not hash to the chain id.
    #[error(
        "the document was changed after it was sealed: its content makes chain {computed}, and it \
         says {stated}. Get it again from whoever sealed it"
    )]
    Changed {
        /// The chain id that the file states.
        stated: String,
        /// The chain id of its content.
        computed: String,
    },
}

/// Text of a chain id: the network's prefix and the hash, `fqd-3f2a...` in full.
pub fn chain_id_text(network: Network, chain_id: ChainId) -> String {
    format!("{}-{chain_id}", network.prefix())
}

/// Reads the text of a chain id.
///
/// # Errors
/// [`DocumentError::ChainIdText`] for anything else.
pub fn parse_chain_id(text: &str) -> Result<(Network, ChainId), DocumentError> {
    let read = || {
        let (prefix, hash) = text.split_once('-')?;
        let network = Network::ALL.into_iter().find(|network| network.prefix() == prefix)?;
        Some((network, ChainId(Hash::from_hex(hash)?)))
    };
    let parsed = read().filter(|(network, chain_id)| chain_id_text(*network, *chain_id) == text);
    parsed.ok_or_else(|| DocumentError::ChainIdText { text: text.chars().take(80).collect() })
}

/// Reads the word of a network: `production`, `test` or `devnet`.
///
/// # Errors
/// What to write instead.
pub fn parse_network(text: &str) -> Result<Network, String> {
    Network::from_text(text)
}

/// The word of a network: `production`, `test` or `devnet`.
pub fn network_word(network: Network) -> String {
    network.to_text()
}

/// The parameters in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Parameters", deny_unknown_fields)]
pub(crate) struct ParametersForm {
    marker_bucket_ms: u64,
    marker_buckets_kept: u32,
    block_bytes: u32,
    clock_bound_ms: u32,
    heartbeat_ms: u32,
}

/// The draft's format name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum DraftFormat {
    #[serde(rename = "feiqian.genesis-draft/v1")]
    Version1,
}

/// The sealed file's format name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum SealedFormat {
    #[serde(rename = "feiqian.genesis/v1")]
    Version1,
}

/// A genesis in the making: it has no time and no chain id yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    format: DraftFormat,
    #[serde(with = "text::one")]
    suite: Suite,
    #[serde(with = "text::one")]
    network: Network,
    name: String,
    #[serde(with = "ParametersForm")]
    parameters: Parameters,
    members: Vec<MemberFile>,
}

impl Draft {
    /// The draft of a network without members yet.
    ///
    /// # Errors
    /// [`DocumentError::Genesis`] if the name or a parameter is out of bounds.
    pub fn new(
        network: Network,
        name: String,
        parameters: Parameters,
    ) -> Result<Self, DocumentError> {
        if !is_name(&name, NETWORK_NAME) {
            return Err(GenesisError::Name.into());
        }
        if let Some(reason) = parameters.defect() {
            return Err(GenesisError::Parameter { reason }.into());
        }
        let format = DraftFormat::Version1;
        Ok(Self { format, suite: SUITE, network, name, parameters, members: Vec::new() })
    }

    /// The kind of network.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The network's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The members so far, ascending by BIC.
    pub fn members(&self) -> &[MemberFile] {
        &self.members
    }

    /// Takes a member in, after checking its proofs and that neither BIC nor key is in already.
    ///
    /// # Errors
    /// [`DocumentError`] says what is wrong; the draft is as it was.
    pub fn add(&mut self, file: MemberFile) -> Result<(), DocumentError> {
        check_member(self.network, &file, &self.members)?;
        self.members.push(file);
        self.members.sort_by_key(MemberFile::bic);
        Ok(())
    }

    /// Checks everything again, sets the time, and seals.
    ///
    /// # Errors
    /// [`DocumentError`]: the first thing that is wrong.
    pub fn seal(&self, time: Timestamp) -> Result<SealedGenesis, DocumentError> {
        let mut sealed = SealedGenesis {
            format: SealedFormat::Version1,
            chain_id: String::new(),
            suite: self.suite,
            network: self.network,
            name: self.name.clone(),
            time_ms: time.0,
            parameters: self.parameters,
            members: self.members.clone(),
        };
        let document = sealed.checked_document()?;
        sealed.chain_id = chain_id_text(self.network, document.chain_id());
        Ok(sealed)
    }
}

/// A sealed genesis document with the proofs of the ceremony.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedGenesis {
    format: SealedFormat,
    chain_id: String,
    #[serde(with = "text::one")]
    suite: Suite,
    #[serde(with = "text::one")]
    network: Network,
    name: String,
    time_ms: u64,
    #[serde(with = "ParametersForm")]
    parameters: Parameters,
    members: Vec<MemberFile>,
}

impl SealedGenesis {
    /// The chain id that the file states: `fqd-3f2a...`. [`Self::open`] checks it.
    pub fn chain_id(&self) -> &str {
        &self.chain_id
    }

    /// The document, after checking everything: members, proofs, keys, validators, and that the
    /// content makes the chain that the file states.
    ///
    /// # Errors
    /// [`DocumentError`]: the first thing that is wrong.
    pub fn open(&self) -> Result<GenesisDocument, DocumentError> {
        let (stated, chain_id) = parse_chain_id(&self.chain_id)?;
        if stated != self.network {
            return Err(DocumentError::Network { network: self.network, stated });
        }
        // The chain id comes before the members' proofs: of a changed file, that it was changed is
        // what its reader has to know.
        let computed = self.document().chain_id();
        if computed != chain_id {
            return Err(DocumentError::Changed {
                stated: self.chain_id.clone(),
                computed: chain_id_text(self.network, computed),
            });
        }
        self.checked_document()
    }

    fn checked_document(&self) -> Result<GenesisDocument, DocumentError> {
        for (place, file) in self.members.iter().enumerate() {
            let before = self.members.get(..place).unwrap_or_default();
            check_member(self.network, file, before)?;
        }
        if !self.members.iter().any(|file| file.member().validator.is_some()) {
            return Err(DocumentError::NoValidators);
        }
        let document = self.document();
        document.check()?;
        Ok(document)
    }

    fn document(&self) -> GenesisDocument {
        GenesisDocument {
            suite: self.suite,
            network: self.network,
            name: self.name.clone(),
            time: Timestamp(self.time_ms),
            parameters: self.parameters,
            members: self.members.iter().map(MemberFile::member).collect(),
        }
    }
}

fn check_member(
    network: Network,
    file: &MemberFile,
    others: &[MemberFile],
) -> Result<(), DocumentError> {
    let bic = file.bic();
    file.verify()?;
    if file.network() != network {
        let found = file.network();
        return Err(DocumentError::MemberNetwork { bic, expected: network, found });
    }
    if others.iter().any(|other| other.bic() == bic) {
        return Err(DocumentError::DuplicateBic { bic });
    }
    let taken: BTreeSet<_> = others.iter().flat_map(MemberFile::keys).map(|(_, key)| key).collect();
    match file.keys().find(|(_, key)| taken.contains(key)) {
        Some((_, key)) => Err(DocumentError::DuplicateKey { bic, key: key.to_hex() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::member::MemberKeys;
    use super::super::member::tests::{key, member, profile};
    use super::*;

    const BANKS: [&str; 4] = ["PSBCCNBJ", "ICBKCNBJ", "HSBCHKHH", "DBSSSGSG"];

    fn draft() -> Draft {
        let mut draft = Draft::new(Network::Test, "four".to_owned(), Parameters::USUAL).unwrap();
        for (bic, seed) in BANKS.into_iter().zip([10, 20, 30, 40]) {
            draft.add(member(Network::Test, bic, seed)).unwrap();
        }
        draft
    }

    fn sealed() -> SealedGenesis {
        draft().seal(Timestamp(1_795_294_500_123)).unwrap()
    }

    fn reread(text: &str) -> SealedGenesis {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_sealed_file_opens_as_the_same_document() {
        let sealed = sealed();
        let text = serde_json::to_string_pretty(&sealed).unwrap();
        let document = reread(&text).open().unwrap();
        assert_eq!(document.chain_id(), parse_chain_id(sealed.chain_id()).unwrap().1);
        assert_eq!(document.validators().unwrap().quorum(), 3);
        let bics: Vec<_> =
            document.members.iter().map(|member| member.institution.bic.to_string()).collect();
        assert_eq!(bics, ["DBSSSGSG", "HSBCHKHH", "ICBKCNBJ", "PSBCCNBJ"]);
    }

    #[test]
    fn the_order_of_joining_does_not_matter() {
        let mut other = Draft::new(Network::Test, "four".to_owned(), Parameters::USUAL).unwrap();
        for (bic, seed) in BANKS.into_iter().zip([10, 20, 30, 40]).rev() {
            other.add(member(Network::Test, bic, seed)).unwrap();
        }
        assert_eq!(other, draft());
    }

    #[test]
    fn additions_are_refused_by_name() {
        let mut draft = draft();
        let before = draft.clone();
        let error = draft.add(member(Network::Test, "PSBCCNBJ", 60)).unwrap_err();
        assert!(matches!(error, DocumentError::DuplicateBic { .. }), "{error}");
        let error = draft.add(member(Network::Test, "BOFAUS3N", 44)).unwrap_err();
        assert!(matches!(error, DocumentError::DuplicateKey { .. }), "{error}");
        let error = draft.add(member(Network::Devnet, "BOFAUS3N", 60)).unwrap_err();
        assert!(matches!(error, DocumentError::MemberNetwork { .. }), "{error}");
        assert!(error.to_string().contains("join --network test"), "{error}");
        assert_eq!(draft, before);
    }

    #[test]
    fn nobody_to_vote_is_refused() {
        let mut draft = Draft::new(Network::Test, "none".to_owned(), Parameters::USUAL).unwrap();
        assert_eq!(draft.seal(Timestamp(1)).unwrap_err(), DocumentError::NoValidators);
        let keys = MemberKeys { validator: None, operators: vec![key(1)], compliance: key(2) };
        draft.add(MemberFile::sign(profile(Network::Test, "DBSSSGSG"), keys).unwrap()).unwrap();
        assert_eq!(draft.seal(Timestamp(1)).unwrap_err(), DocumentError::NoValidators);
    }

    #[test]
    fn a_changed_file_is_noticed() {
        let text = serde_json::to_string(&sealed()).unwrap();
        for (from, to) in [
            ("\"four\"", "\"five\""),
            ("1795294500123", "1795294500124"),
            ("\"heartbeat_ms\":5000", "\"heartbeat_ms\":5001"),
            ("127.0.0.1", "127.0.0.2"),
            ("\"chain_id\":\"fqt-", "\"chain_id\":\"fqt-0"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            let error = reread(&changed).open().unwrap_err();
            let named =
                matches!(error, DocumentError::Changed { .. } | DocumentError::ChainIdText { .. });
            assert!(named, "{from}: {error}");
        }
    }

    #[test]
    fn a_network_and_a_chain_id_of_another_are_refused() {
        let text = serde_json::to_string(&sealed()).unwrap();
        let changed = text.replacen("\"chain_id\":\"fqt-", "\"chain_id\":\"fq-", 1);
        let expected =
            DocumentError::Network { network: Network::Test, stated: Network::Production };
        assert_eq!(reread(&changed).open().unwrap_err(), expected);
    }

    #[test]
    fn a_dropped_proof_is_noticed_though_the_chain_id_fits() {
        let sealed = sealed();
        let mut value = serde_json::to_value(&sealed).unwrap();
        let proof = value["members"][0]["possession"]["compliance"].clone();
        value["members"][1]["possession"]["compliance"] = proof;
        let changed: SealedGenesis = serde_json::from_value(value).unwrap();
        let error = changed.open().unwrap_err();
        assert!(matches!(error, DocumentError::Member(MemberError::Possession { .. })), "{error}");
    }

    #[test]
    fn chain_ids_have_one_text() {
        let sealed = sealed();
        assert!(parse_chain_id(sealed.chain_id()).is_ok());
        assert!(parse_chain_id(&sealed.chain_id().to_uppercase()).is_err());
        assert!(parse_chain_id("fqt-12").is_err());
        assert!(parse_chain_id("").is_err());
    }
}
