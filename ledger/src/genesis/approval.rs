//! A member's approval of a sealed genesis document: its operators' signatures over the chain id,
//! as `feiqian.genesis-signature/v1` JSON.
//!
//! Invariants: an approval names its chain and its member in what is signed, so none passes for
//! another's or for another document's; it counts only if as many operators signed as the member's
//! own rule asks for. Absent: any effect on the chain. The document stands without approvals; they
//! let its members show each other that they mean the same one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::json::{DocumentError, chain_id_text, parse_chain_id};
use super::{GenesisDocument, text};
use crate::crypto::{PublicKey, SecretKey, Signature, SignatureCheck};
use crate::hash::{Domain, Hash};
use crate::ids::Bic;

/// Why an approval was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// The chain id is none.
    #[error(transparent)]
    ChainId(#[from] DocumentError),
    /// It approves another document.
    #[error(
        "{bic} signed chain {found}, and the document makes {expected}. \
         Give {bic} this document, and compare the chain id in person"
    )]
    OtherChain {
        /// Who signed.
        bic: Bic,
        /// What was signed.
        found: String,
        /// What the document makes.
        expected: String,
    },
    /// The signer is no member.
    #[error("{bic} is no member of this document")]
    NoMember {
        /// Who signed.
        bic: Bic,
    },
    /// A key that is none of the member's operators'.
    #[error("{key} is no operator's key of {bic} in this document. Sign with the keys of `join`")]
    ForeignKey {
        /// Whose approval.
        bic: Bic,
        /// The key, hexadecimal.
        key: String,
    },
    /// A signature does not fit.
    #[error("the signature of {bic} by {key} does not hold. Ask {bic} for a new one")]
    Forged {
        /// Whose approval.
        bic: Bic,
        /// The key, hexadecimal.
        key: String,
    },
    /// Fewer operators signed than the member's own rule asks for.
    #[error("{signed} of {bic}'s operators signed, and {threshold} are needed")]
    TooFew {
        /// Whose approval.
        bic: Bic,
        /// How many signed.
        signed: usize,
        /// How many its rule asks for.
        threshold: u8,
    },
}

/// The format's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ApprovalFormat {
    #[serde(rename = "feiqian.genesis-signature/v1")]
    Version1,
}

/// One operator's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureForm {
    #[serde(with = "text::one")]
    key: PublicKey,
    #[serde(with = "text::one")]
    signature: Signature,
}

/// A member's approval. Whether it is one is what [`Approval::verify`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    format: ApprovalFormat,
    chain_id: String,
    #[serde(with = "text::one")]
    bic: Bic,
    signatures: Vec<SignatureForm>,
}

impl Approval {
    /// The approval of `document` by the member `bic`, whose operators' keys are `keys`.
    pub fn sign(document: &GenesisDocument, bic: Bic, keys: &[SecretKey]) -> Self {
        let digest = digest(document, bic);
        let sign =
            |key: &SecretKey| SignatureForm { key: key.public(), signature: key.sign(&digest) };
        Self {
            format: ApprovalFormat::Version1,
            chain_id: chain_id_text(document.network, document.chain_id()),
            bic,
            signatures: keys.iter().map(sign).collect(),
        }
    }

    /// Whose approval it says it is.
    pub const fn bic(&self) -> Bic {
        self.bic
    }

    /// Checks that the member approves `document` by its own rule.
    ///
    /// # Errors
    /// [`ApprovalError`]: the first thing that is wrong.
    pub fn verify(&self, document: &GenesisDocument) -> Result<(), ApprovalError> {
        let bic = self.bic;
        let (network, chain_id) = parse_chain_id(&self.chain_id)?;
        if (network, chain_id) != (document.network, document.chain_id()) {
            let found = self.chain_id.clone();
            let expected = chain_id_text(document.network, document.chain_id());
            return Err(ApprovalError::OtherChain { bic, found, expected });
        }
        let mut members = document.members.iter().map(|member| &member.institution);
        let member = members.find(|institution| institution.bic == bic);
        let operators = &member.ok_or(ApprovalError::NoMember { bic })?.operators;
        let digest = digest(document, bic);
        let mut signed = BTreeSet::new();
        for SignatureForm { key, signature } in &self.signatures {
            if !operators.keys.contains(key) {
                return Err(ApprovalError::ForeignKey { bic, key: key.to_hex() });
            }
            let check = SignatureCheck { key: *key, digest, signature: *signature };
            if !document.suite.verify(&check) {
                return Err(ApprovalError::Forged { bic, key: key.to_hex() });
            }
            signed.insert(*key);
        }
        if signed.len() < usize::from(operators.threshold) {
            let (signed, threshold) = (signed.len(), operators.threshold);
            return Err(ApprovalError::TooFew { bic, signed, threshold });
        }
        Ok(())
    }
}

fn digest(document: &GenesisDocument, bic: Bic) -> Hash {
    document.domains().hash_of(Domain::GenesisApproval, &bic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesis::Parameters;
    use crate::genesis::json::Draft;
    use crate::genesis::member::tests::{key, member};
    use crate::ids::{Network, Timestamp};

    /// The document of two members; the first has the operators 12 and 13.
    fn document(name: &str) -> GenesisDocument {
        let mut draft = Draft::new(Network::Test, name.to_owned(), Parameters::USUAL).unwrap();
        draft.add(member(Network::Test, "PSBCCNBJ", 10)).unwrap();
        draft.add(member(Network::Test, "HSBCHKHH", 20)).unwrap();
        draft.seal(Timestamp(1_795_294_500_123)).unwrap().open().unwrap()
    }

    fn bic(text: &str) -> Bic {
        Bic::parse(text).unwrap()
    }

    #[test]
    fn an_approval_round_trips_and_holds() {
        let document = document("two");
        let approval = Approval::sign(&document, bic("PSBCCNBJ"), &[key(12), key(13)]);
        let text = serde_json::to_string_pretty(&approval).unwrap();
        let read: Approval = serde_json::from_str(&text).unwrap();
        assert_eq!(read, approval);
        read.verify(&document).unwrap();
    }

    #[test]
    fn refusals_by_row() {
        let (two, other) = (document("two"), document("other"));
        let good = Approval::sign(&two, bic("PSBCCNBJ"), &[key(12)]);
        let mut renamed = good.clone();
        renamed.chain_id = chain_id_text(other.network, other.chain_id());
        let mut shifted = good.clone();
        shifted.bic = bic("HSBCHKHH");
        let rows = [
            (Approval::sign(&other, bic("PSBCCNBJ"), &[key(12)]), &two, "signed chain fqt-"),
            (renamed, &other, "does not hold"),
            (shifted, &two, "is no operator's key of HSBCHKHH"),
            (Approval::sign(&two, bic("DBSSSGSG"), &[key(12)]), &two, "is no member"),
            (Approval::sign(&two, bic("PSBCCNBJ"), &[key(10)]), &two, "is no operator's key"),
            (Approval::sign(&two, bic("PSBCCNBJ"), &[]), &two, "0 of PSBCCNBJ's operators signed"),
        ];
        for (approval, document, expected) in rows {
            let error = approval.verify(document).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
        good.verify(&two).unwrap();
    }

    #[test]
    fn one_operator_does_not_count_for_two() {
        let mut document = document("two");
        document.members[1].institution.operators.threshold = 2;
        let twice = Approval::sign(&document, bic("PSBCCNBJ"), &[key(12), key(12)]);
        let error = twice.verify(&document).unwrap_err();
        assert_eq!(error, ApprovalError::TooFew { bic: bic("PSBCCNBJ"), signed: 1, threshold: 2 });
    }
}
