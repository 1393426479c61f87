//! The member file: what an institution hands over to join the genesis, as `feiqian.member/v1`
//! JSON.
//!
//! Invariants: every key of the file has signed the file's whole content and its own role in it, so
//! nobody can enter another's key or shift one to another role. Such a signature is made before any
//! chain exists, and names the kind of network, so keys that a devnet shows do not pass for
//! production's. Absent: secrets, and who the people behind a file are (they compare it in person).

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::keyfile::KeyKind;
use super::{Member, MemberValidator, text};
use crate::account::{Institution, KeySet, Roles};
use crate::crypto::{PublicKey, SecretKey, Signature, SignatureCheck, Suite};
use crate::hash::{ChainId, Domain, Domains, Hash};
use crate::ids::{Bic, Network};
use crate::text::{INSTITUTION_NAME, is_name};

/// The suite of every genesis that a file can describe.
pub(super) const SUITE: Suite = Suite::Ed25519Blake3;

/// The secret keys of a new member.
#[derive(Debug)]
pub struct MemberKeys {
    /// The validator's voting key and node key, for a member that runs one.
    pub validator: Option<(SecretKey, SecretKey)>,
    /// The operators' keys: 1 to 16.
    pub operators: Vec<SecretKey>,
    /// The compliance key.
    pub compliance: SecretKey,
}

/// Who a member is, beside its keys.
#[derive(Clone, Debug)]
pub struct MemberProfile {
    /// The kind of network it joins.
    pub network: Network,
    /// Its BIC.
    pub bic: Bic,
    /// Its name, 1 to 140 bytes.
    pub name: String,
    /// Whether it issues and deals; that it validates follows from its keys.
    pub roles: Roles,
    /// How many of the operators must sign.
    pub threshold: u8,
    /// Where peers reach its node: `host:port`; without meaning for a member that runs none.
    pub address: String,
}

/// Why a member file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// The content is not well formed.
    #[error("{bic}: {reason}")]
    Malformed {
        /// Whose file.
        bic: Bic,
        /// What is wrong and how to mend it.
        reason: &'static str,
    },
    /// One key stands twice in the file.
    #[error("{bic} uses the key {key} twice. Each role has its own key: run `join` again")]
    DuplicateKey {
        /// Whose file.
        bic: Bic,
        /// The key, hexadecimal.
        key: String,
    },
    /// A key's proof of possession does not fit.
    #[error(
        "{bic}: the {kind} key {key} does not prove that {bic} holds it. \
         The file was changed after `join`, or the key is another's: ask {bic} for a new file"
    )]
    Possession {
        /// Whose file.
        bic: Bic,
        /// The key's role.
        kind: KeyKind,
        /// The key, hexadecimal.
        key: String,
    },
}

/// The format's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum MemberFormat {
    #[serde(rename = "feiqian.member/v1")]
    Version1,
}

/// A role's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleWord {
    Validator,
    Issuer,
    Dealer,
}

/// The operators' keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operators {
    pub(crate) threshold: u8,
    #[serde(with = "text::list")]
    pub(crate) keys: Vec<PublicKey>,
}

/// The validator's keys and address, each key with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidatorPart {
    #[serde(with = "text::one")]
    voting_key: PublicKey,
    #[serde(with = "text::one")]
    node_key: PublicKey,
    address: String,
}

/// The proofs of the validator's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidatorPossession {
    #[serde(with = "text::one")]
    voting: Signature,
    #[serde(with = "text::one")]
    node: Signature,
}

/// The proofs of all keys; the operators' in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Possession {
    #[serde(with = "text::list")]
    operators: Vec<Signature>,
    #[serde(with = "text::one")]
    compliance: Signature,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validator: Option<ValidatorPossession>,
}

/// A member's public file. Whether it is true is what [`MemberFile::verify`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberFile {
    format: MemberFormat,
    #[serde(with = "text::one")]
    network: Network,
    #[serde(with = "text::one")]
    bic: Bic,
    name: String,
    roles: BTreeSet<RoleWord>,
    operators: Operators,
    #[serde(with = "text::one")]
    compliance: PublicKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validator: Option<ValidatorPart>,
    possession: Possession,
}

impl MemberFile {
    /// Makes the file of a member: its public keys, each with its proof of possession.
    ///
    /// # Errors
    /// [`MemberError`] if profile or keys are not well formed.
    pub fn sign(mut profile: MemberProfile, mut keys: MemberKeys) -> Result<Self, MemberError> {
        profile.roles.validator = keys.validator.is_some();
        keys.operators.sort_by_key(SecretKey::public);
        let member = member_of(&profile, &keys);
        let network = profile.network;
        let sign = |kind, key: &SecretKey| {
            key.sign(&possession_digest(network, &member, kind, &key.public()))
        };
        let possession = Possession {
            operators: keys.operators.iter().map(|key| sign(KeyKind::Operator, key)).collect(),
            compliance: sign(KeyKind::Compliance, &keys.compliance),
            validator: keys.validator.as_ref().map(|(voting, node)| ValidatorPossession {
                voting: sign(KeyKind::Voting, voting),
                node: sign(KeyKind::Node, node),
            }),
        };
        let file = Self::of(network, &member, possession);
        file.verify()?;
        Ok(file)
    }

    fn of(network: Network, member: &Member, possession: Possession) -> Self {
        let institution = &member.institution;
        Self {
            format: MemberFormat::Version1,
            network,
            bic: institution.bic,
            name: institution.name.clone(),
            roles: role_words(institution.roles),
            operators: Operators {
                threshold: institution.operators.threshold,
                keys: institution.operators.keys.clone(),
            },
            compliance: institution.compliance,
            validator: member.validator.as_ref().map(|validator| ValidatorPart {
                voting_key: validator.voting_key,
                node_key: validator.node_key,
                address: validator.address.clone(),
            }),
            possession,
        }
    }

    /// Whose file it is.
    pub const fn bic(&self) -> Bic {
        self.bic
    }

    /// The kind of network it was made for.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The member as the genesis document records it.
    pub fn member(&self) -> Member {
        Member {
            institution: Institution {
                bic: self.bic,
                name: self.name.clone(),
                operators: KeySet {
                    threshold: self.operators.threshold,
                    keys: self.operators.keys.clone(),
                },
                compliance: self.compliance,
                roles: roles_of(&self.roles),
            },
            validator: self.validator.as_ref().map(|part| MemberValidator {
                voting_key: part.voting_key,
                node_key: part.node_key,
                address: part.address.clone(),
            }),
        }
    }

    /// Every key of the file with its role.
    pub fn keys(&self) -> impl Iterator<Item = (KeyKind, PublicKey)> {
        let validator = self
            .validator
            .iter()
            .flat_map(|part| [(KeyKind::Voting, part.voting_key), (KeyKind::Node, part.node_key)]);
        let operators = self.operators.keys.iter().map(|key| (KeyKind::Operator, *key));
        validator.chain(operators).chain([(KeyKind::Compliance, self.compliance)])
    }

    /// Checks that the content is well formed and that every key signed it.
    ///
    /// # Errors
    /// [`MemberError`]: the first thing that is wrong.
    pub fn verify(&self) -> Result<(), MemberError> {
        let bic = self.bic;
        let member = self.member();
        if let Some(reason) = self.defect(&member) {
            return Err(MemberError::Malformed { bic, reason });
        }
        let mut seen = BTreeSet::new();
        if let Some((_, key)) = self.keys().find(|(_, key)| !seen.insert(*key)) {
            return Err(MemberError::DuplicateKey { bic, key: key.to_hex() });
        }
        for ((kind, key), signature) in self.keys().zip(self.signatures()) {
            let digest = possession_digest(self.network, &member, kind, &key);
            if !SUITE.verify(&SignatureCheck { key, digest, signature }) {
                return Err(MemberError::Possession { bic, kind, key: key.to_hex() });
            }
        }
        Ok(())
    }

    /// The proofs in the order of [`Self::keys`].
    fn signatures(&self) -> impl Iterator<Item = Signature> {
        let possession = &self.possession;
        let validator = possession.validator.iter().flat_map(|part| [part.voting, part.node]);
        validator.chain(possession.operators.iter().copied()).chain([possession.compliance])
    }

    fn defect(&self, member: &Member) -> Option<&'static str> {
        let institution = &member.institution;
        if !is_name(&institution.name, INSTITUTION_NAME) {
            return Some("its name must be 1 to 140 bytes, none of them hidden");
        }
        if let Some(reason) = institution.operators.defect() {
            return Some(reason);
        }
        if institution.roles.validator != member.validator.is_some() {
            return Some("its role and its node must agree: both or neither is a validator");
        }
        let address = member.validator.as_ref().map(|validator| validator.address.as_str());
        if address.is_some_and(|address| !is_host_and_port(address)) {
            return Some("its address must be host:port, like node.bank.example:7600");
        }
        let possession = &self.possession;
        let complete = possession.operators.len() == institution.operators.keys.len()
            && possession.validator.is_some() == member.validator.is_some();
        (!complete).then_some("a key lacks its proof of possession. Run `join` again")
    }
}

fn member_of(profile: &MemberProfile, keys: &MemberKeys) -> Member {
    let operators = keys.operators.iter().map(SecretKey::public).collect();
    Member {
        institution: Institution {
            bic: profile.bic,
            name: profile.name.clone(),
            operators: KeySet { threshold: profile.threshold, keys: operators },
            compliance: keys.compliance.public(),
            roles: profile.roles,
        },
        validator: keys.validator.as_ref().map(|(voting, node)| MemberValidator {
            voting_key: voting.public(),
            node_key: node.public(),
            address: profile.address.clone(),
        }),
    }
}

/// The roles that the words name.
pub(crate) fn roles_of(words: &BTreeSet<RoleWord>) -> Roles {
    let has = |word| words.contains(&word);
    Roles {
        validator: has(RoleWord::Validator),
        issuer: has(RoleWord::Issuer),
        dealer: has(RoleWord::Dealer),
    }
}

/// The words of roles.
pub(crate) fn role_words(roles: Roles) -> BTreeSet<RoleWord> {
    let words = [
        (roles.validator, RoleWord::Validator),
        (roles.issuer, RoleWord::Issuer),
        (roles.dealer, RoleWord::Dealer),
    ];
    words.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect()
}

/// What a key signs to prove that its holder wants it in this place: no chain exists yet, so the
/// domain's chain is zero.
fn possession_digest(network: Network, member: &Member, kind: KeyKind, key: &PublicKey) -> Hash {
    let domains = Domains::new(SUITE, ChainId(Hash::ZERO));
    let role: u8 = match kind {
        KeyKind::Voting => 1,
        KeyKind::Node => 2,
        KeyKind::Operator => 3,
        KeyKind::Compliance => 4,
        KeyKind::Account => 5,
        KeyKind::Data => 6,
    };
    domains.hash_of(Domain::Possession, &(network, role, *key, member))
}

/// True for `host:port` with a port above 0; an IPv6 host stands in brackets.
pub fn is_host_and_port(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match bare {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
    };
    let port_fits = port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0);
    host_fits && port_fits && !host.is_empty() && address.len() <= 255
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::genesis) fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(SUITE, [seed; 32])
    }

    pub(in crate::genesis) fn profile(network: Network, bic: &str) -> MemberProfile {
        MemberProfile {
            network,
            bic: Bic::parse(bic).unwrap(),
            name: format!("The bank {bic}"),
            roles: Roles { validator: false, issuer: true, dealer: false },
            threshold: 1,
            address: "127.0.0.1:7600".to_owned(),
        }
    }

    pub(in crate::genesis) fn member(network: Network, bic: &str, seed: u8) -> MemberFile {
        let keys = MemberKeys {
            validator: Some((key(seed), key(seed + 1))),
            operators: vec![key(seed + 2), key(seed + 3)],
            compliance: key(seed + 4),
        };
        MemberFile::sign(profile(network, bic), keys).unwrap()
    }

    fn reread(text: &str) -> Result<MemberFile, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn a_file_round_trips_and_verifies() {
        let file = member(Network::Test, "PSBCCNBJ", 10);
        let text = serde_json::to_string_pretty(&file).unwrap();
        let read = reread(&text).unwrap();
        assert_eq!(read, file);
        read.verify().unwrap();
        assert!(read.member().institution.roles.validator);
        assert_eq!(read.keys().count(), 5);
    }

    #[test]
    fn a_member_without_a_node_verifies() {
        let keys = MemberKeys { validator: None, operators: vec![key(1)], compliance: key(2) };
        let file = MemberFile::sign(profile(Network::Test, "DBSSSGSG"), keys).unwrap();
        assert_eq!(file.member().validator, None);
        file.verify().unwrap();
    }

    #[test]
    fn every_change_breaks_a_proof() {
        let text = serde_json::to_string(&member(Network::Test, "PSBCCNBJ", 10)).unwrap();
        let (old, new) = (key(10).public().to_hex(), key(99).public().to_hex());
        let (operator, node) = (key(12).public().to_hex(), key(11).public().to_hex());
        let compliance = key(14).public().to_hex();
        for (from, to) in [
            ("The bank", "A bank"),
            ("\"test\"", "\"production\""),
            ("\"issuer\"", "\"dealer\""),
            ("127.0.0.1", "127.0.0.2"),
            ("PSBCCNBJ\"", "PSBCCNBJ123\""),
            ("\"threshold\":1", "\"threshold\":2"),
            (&old, &new),
            (&operator, "00000000000000000000000000000000000000000000000000000000000000ff"),
            (&node, &new),
            (&compliance, &new),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            let error = reread(&changed).unwrap().verify().unwrap_err();
            let named =
                matches!(error, MemberError::Possession { .. } | MemberError::Malformed { .. });
            assert!(named, "{from}: {error}");
        }
    }

    #[test]
    fn a_key_in_two_roles_is_refused() {
        let keys = MemberKeys { validator: None, operators: vec![key(1)], compliance: key(1) };
        let error = MemberFile::sign(profile(Network::Test, "DBSSSGSG"), keys).unwrap_err();
        assert!(matches!(error, MemberError::DuplicateKey { .. }), "{error}");
    }

    #[test]
    fn unknown_fields_and_bad_bics_are_refused_when_read() {
        let text = serde_json::to_string(&member(Network::Test, "PSBCCNBJ", 10)).unwrap();
        let error = reread(&text.replacen("\"name\"", "\"nmae\"", 1)).unwrap_err().to_string();
        assert!(error.contains("unknown field `nmae`"), "{error}");
        let error = reread(&text.replacen("PSBCCNBJ", "PSBC1NBJ", 1)).unwrap_err().to_string();
        assert!(error.contains("is not a BIC"), "{error}");
        let error = reread(&text.replacen("member/v1", "member/v2", 1)).unwrap_err().to_string();
        assert!(error.contains("feiqian.member/v1"), "{error}");
    }

    #[test]
    fn addresses() {
        for good in ["node.bank.example:7600", "127.0.0.1:1", "[::1]:7600", "a_b:65535"] {
            assert!(is_host_and_port(good), "{good}");
        }
        for bad in ["", ":7600", "host", "host:0", "host:65536", "::1:7600", "ho st:1", "h:+1"] {
            assert!(!is_host_and_port(bad), "{bad}");
        }
    }
}
