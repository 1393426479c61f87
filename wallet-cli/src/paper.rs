//! Transaction files, `feiqian.transaction/v1`: what travels between the machine that knows the
//! network and the machines that hold keys.
//!
//! Invariants: the transaction's canonical bytes are the only thing that is signed and the only
//! thing that is shown; a signature in a file was verified when the file was read; no signature is
//! of a key that the transaction does not name. Absent: secrets, and words about the transaction
//! that its bytes do not say.

use ledger::codec;
use ledger::crypto::{PublicKey, SecretKey, Signature, SignatureCheck};
use ledger::hash::{Domains, Hash};
use ledger::ids::Network;
use ledger::transaction::{SignedTransaction, Transaction};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

use crate::code::Own;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::language::{Text, say};
use crate::profile::Chain;

const FORMAT: &str = "feiqian.transaction/v1";

/// The most bytes of a file: the longest transaction in base64, and its signatures.
const MAXIMUM_BYTES: usize = 5 * 1024 * 1024;

/// A private text that goes with a payment, and the salt of its commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrivateNote {
    /// The text.
    pub(crate) text: String,
    /// The salt, hexadecimal.
    pub(crate) salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    chain_id: String,
    transaction: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<PrivateNote>,
    signatures: Vec<SignatureDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureDocument {
    key: String,
    signature: String,
}

/// A transaction on its way to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paper {
    /// The network's kind, as the file says, and the chain, as the bytes say.
    pub(crate) chain: Chain,
    /// The transaction.
    pub(crate) transaction: Transaction,
    /// The private text.
    pub(crate) note: Option<PrivateNote>,
    signatures: BTreeMap<PublicKey, Signature>,
}

impl Paper {
    /// A transaction that nobody has signed.
    pub(crate) fn new(network: Network, transaction: Transaction) -> Self {
        let chain = Chain { network, id: transaction.chain_id };
        Self { chain, transaction, note: None, signatures: BTreeMap::new() }
    }

    /// Reads a file, and checks everything that can be checked without a network.
    ///
    /// # Errors
    /// A usage fault that says what is wrong.
    pub(crate) fn read(path: &Path) -> Result<Self, Fault> {
        let text =
            files::read_text(path, MAXIMUM_BYTES).map_err(|error| Fault::file(path, &error))?;
        Self::parse(&text).map_err(|reason| {
            let hint = say!("Get the file again from who made it.", "请向制作者重新索取该文件。");
            Fault::usage(Own::BadTransactionFile, in_file(path, &reason), hint)
        })
    }

    /// Reads a file's text, and checks everything that can be checked without a network.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, Text> {
        let document: Document = serde_json::from_str(text).map_err(|error| quoted(&error))?;
        if document.format != FORMAT {
            return Err(say!("it is not of the format {FORMAT}.", "格式不是 {FORMAT}。"));
        }
        let chain = Chain::parse(&document.chain_id).map_err(|fault| fault.detail)?;
        let bytes = api::text::parse_base64(&document.transaction)
            .ok_or_else(|| say!("its transaction is not base64.", "其中的交易不是 base64。"))?;
        let transaction: Transaction = codec::decode(&bytes, SignedTransaction::MAXIMUM_BYTES)
            .map_err(|error| quoted(&error))?;
        if transaction.chain_id != chain.id {
            return Err(say!(
                "its transaction is for another chain than it says.",
                "其中的交易与所写的链不符。"
            ));
        }
        transaction.check(&chain.domains()).map_err(|error| quoted(&error))?;
        if transaction.operations.len() != 1 {
            return Err(say!(
                "this wallet signs transactions of one operation.",
                "本钱包只签名含一项操作的交易。"
            ));
        }
        let mut paper =
            Self { chain, transaction, note: document.note, signatures: BTreeMap::new() };
        for SignatureDocument { key, signature } in &document.signatures {
            let key = PublicKey::from_hex(key).ok_or_else(|| {
                say!("a key is not 64 hexadecimal digits.", "有密钥不是 64 位十六进制数字。")
            })?;
            let signature = api::text::parse_base64(signature).and_then(|b| b.try_into().ok());
            let signature = signature.ok_or_else(|| {
                say!("a signature is not 64 bytes in base64.", "有签名不是 64 字节的 base64。")
            })?;
            paper.add(key, Signature(signature))?;
        }
        Ok(paper)
    }

    /// Writes the file, for others to read.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Fault> {
        files::replace_public(path, self.text().as_bytes())
            .map_err(|error| Fault::file(path, &error))
    }

    /// The file's text.
    pub(crate) fn text(&self) -> String {
        let signatures = self.signatures.iter().map(|(key, signature)| SignatureDocument {
            key: key.to_hex(),
            signature: api::text::base64(&signature.0),
        });
        let document = Document {
            format: FORMAT.to_owned(),
            chain_id: self.chain.text(),
            transaction: api::text::base64(&codec::encode(&self.transaction)),
            note: self.note.clone(),
            signatures: signatures.collect(),
        };
        // A document holds strings: it always renders.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }

    fn add(&mut self, key: PublicKey, signature: Signature) -> Result<(), Text> {
        let name = key.to_hex();
        if !self.transaction.signers.contains(&key) {
            return Err(say!(
                "the key {name} is none of its signers.",
                "密钥 {name} 不在其签名人之列。"
            ));
        }
        let digest = self.id();
        let check = SignatureCheck { key, digest, signature };
        if !self.domains().suite().verify(&check) {
            return Err(say!(
                "the signature of the key {name} is invalid.",
                "密钥 {name} 的签名无效。"
            ));
        }
        self.signatures.insert(key, signature);
        Ok(())
    }

    /// Signs; the key is one of the transaction's signers.
    ///
    /// # Errors
    /// An internal fault for another key.
    pub(crate) fn sign(&mut self, key: &SecretKey) -> Result<(), Fault> {
        let signature = key.sign(&self.id());
        self.add(key.public(), signature).map_err(Fault::internal)
    }

    /// Takes over the signatures of another file of the same transaction.
    ///
    /// # Errors
    /// A usage fault if it is of another transaction.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Fault> {
        if self.transaction != other.transaction {
            let detail =
                say!("The files are not of the same transaction.", "这些文件不属于同一笔交易。");
            let hint = say!(
                "Compare them with: feiqian tx inspect FILE",
                "请对照：feiqian tx inspect FILE"
            );
            return Err(Fault::usage(Own::OtherTransaction, detail, hint));
        }
        self.signatures.extend(&other.signatures);
        self.note = self.note.take().or_else(|| other.note.clone());
        Ok(())
    }

    /// The keys that have not signed yet.
    pub(crate) fn missing(&self) -> Vec<PublicKey> {
        let signers = self.transaction.signers.iter();
        signers.filter(|key| !self.signatures.contains_key(key)).copied().collect()
    }

    /// True if this key has signed.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signatures.contains_key(key)
    }

    /// The signed transaction, if every signer has signed.
    pub(crate) fn complete(&self) -> Option<SignedTransaction> {
        let signers = self.transaction.signers.iter();
        let signatures = signers.map(|key| self.signatures.get(key).copied());
        let signatures = signatures.collect::<Option<Vec<_>>>()?;
        Some(SignedTransaction { transaction: self.transaction.clone(), signatures })
    }

    /// The transaction's id: what is signed.
    pub(crate) fn id(&self) -> Hash {
        self.transaction.id(&self.domains())
    }

    fn domains(&self) -> Domains {
        self.chain.domains()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope;
    use ledger::crypto::Suite;
    use ledger::hash::ChainId;
    use ledger::ids::{AccountId, InstitutionNumber, Timestamp};
    use ledger::operation::Operation;
    use ledger::transaction::verify_all;

    fn keys() -> [SecretKey; 2] {
        [9, 4].map(|seed| SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32]))
    }

    fn paper(customer: u8) -> Paper {
        let chain = Chain { network: Network::Devnet, id: ChainId(Hash([7; 32])) };
        let account = AccountId::new(InstitutionNumber(1), [customer; 12]);
        let signers = keys().iter().map(SecretKey::public).collect();
        let operation = Operation::Unfreeze { account };
        let transaction = envelope::transaction(&chain, Timestamp(1_000_000), operation, signers);
        Paper::new(Network::Devnet, transaction)
    }

    #[test]
    fn signatures_made_apart_come_together() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = keys();
        let (mut one, mut two) = (paper(0), paper(0));
        one.sign(&first).unwrap();
        two.sign(&second).unwrap();
        assert_eq!((one.missing(), one.complete()), (vec![second.public()], None));
        let paths = ["1", "2"].map(|name| folder.path().join(name));
        one.write(&paths[0]).unwrap();
        two.write(&paths[1]).unwrap();
        let mut both = Paper::read(&paths[0]).unwrap();
        both.merge(&Paper::read(&paths[1]).unwrap()).unwrap();
        let signed = both.complete().unwrap();
        assert!(verify_all(&both.domains(), vec![signed])[0].is_ok());
        assert_eq!(both.merge(&paper(1)).unwrap_err().code, "other-transaction");
    }

    #[test]
    fn a_changed_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1");
        let mut paper = paper(0);
        paper.sign(&keys()[0]).unwrap();
        paper.write(&path).unwrap();
        let good = std::fs::read_to_string(&path).unwrap();
        let document: Document = serde_json::from_str(&good).unwrap();
        let mut bytes = api::text::parse_base64(&document.transaction).unwrap();
        let last = bytes.len() - 40;
        bytes[last] ^= 1;
        let stranger = SecretKey::from_seed(Suite::Ed25519Blake3, [1; 32]).public().to_hex();
        for text in [
            good.replace(&document.transaction, &api::text::base64(&bytes)),
            good.replace(&keys()[0].public().to_hex(), &keys()[1].public().to_hex()),
            good.replace(&keys()[0].public().to_hex(), &stranger),
            good.replace("07070707", "08080808"),
            good.replace("feiqian.transaction/v1", "feiqian.transaction/v2"),
            good.replace("\"signatures\"", "\"words\": \"pay nothing\", \"signatures\""),
        ] {
            std::fs::write(&path, &text).unwrap();
            assert_eq!(Paper::read(&path).unwrap_err().code, "bad-transaction-file", "{text}");
        }
    }
}
