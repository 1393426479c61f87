//! The private part of a payment: everything the message says about it, names and remittance
//! included.
//!
//! It is kept by the two institutions and sent from one to the other, never to the ledger, which
//! holds only a salted commitment. Invariants: one private part has one encoding; nothing of the
//! transaction is left out; `Debug` shows no content. Absent: encryption, storage, the salt's
//! source.

use borsh::{BorshDeserialize, BorshSerialize};
use ledger::codec;
use ledger::hash::{Domain, Domains, Hash};
use std::fmt;

use crate::xml::Element;

/// One element or attribute of the transaction.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PrivateEntry {
    /// How deep it stands within the transaction: 0 for `Dbtr`, 1 for `Dbtr/Nm`.
    pub depth: u8,
    /// The element's name, or `@` and the attribute's name.
    pub name: String,
    /// The text; empty for an element that only holds others.
    pub value: String,
}

/// A transaction's elements in document order, as names and texts.
#[derive(Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct PrivateData {
    entries: Vec<PrivateEntry>,
}

impl PrivateData {
    /// The most bytes of an encoded private part.
    pub const MAXIMUM_BYTES: usize = 16 * 1024 * 1024;

    /// The private part of these entries.
    pub const fn new(entries: Vec<PrivateEntry>) -> Self {
        Self { entries }
    }

    /// A text for the payee and nothing else: what a message with this remittance text would have.
    pub fn note(text: &str) -> Self {
        let entry = |depth, name: &str, value: &str| PrivateEntry {
            depth,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        Self::new(vec![entry(0, "RmtInf", ""), entry(1, "Ustrd", text)])
    }

    pub(crate) fn of(transaction: Element<'_>) -> Self {
        Self::default().with(transaction)
    }

    /// What `element` holds but for its children called `left_out`.
    pub(crate) fn without(element: Element<'_>, left_out: &str) -> Self {
        let mut private = Self::default();
        for child in element.children().filter(|child| child.name() != left_out) {
            private.add(child);
        }
        private
    }

    /// This and what `transaction` holds, behind it.
    pub(crate) fn with(&self, transaction: Element<'_>) -> Self {
        let mut private = self.clone();
        for child in transaction.children() {
            private.add(child);
        }
        private
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        // A depth and two lengths beside the texts.
        let size = |entry: &PrivateEntry| entry.name.len().saturating_add(entry.value.len());
        let sizes = self.entries.iter().map(|entry| size(entry).saturating_add(9));
        sizes.fold(0, usize::saturating_add)
    }

    /// Adds the element and everything in it.
    fn add(&mut self, element: Element<'_>) {
        self.push(element, 0);
        let mut waiting = vec![(element.children(), 1_u8)];
        while let Some((mut children, depth)) = waiting.pop() {
            let Some(element) = children.next() else { continue };
            waiting.push((children, depth));
            self.push(element, depth);
            waiting.push((element.children(), depth.saturating_add(1)));
        }
    }

    fn push(&mut self, element: Element<'_>, depth: u8) {
        let deeper = depth.saturating_add(1);
        let entry = |depth, name: String, value: &str| PrivateEntry {
            depth,
            name,
            value: value.to_owned(),
        };
        self.entries.push(entry(depth, element.name().to_owned(), element.text()));
        let attributes = element.attributes();
        let attributes = attributes.map(|(name, value)| entry(deeper, format!("@{name}"), value));
        self.entries.extend(attributes);
    }

    /// All entries in document order.
    pub fn entries(&self) -> &[PrivateEntry] {
        &self.entries
    }

    /// The texts at `path`, such as `RmtInf/Ustrd` or `Dbtr/PstlAdr/Ctry`, in document order.
    pub fn values(&self, path: &str) -> Vec<&str> {
        let mut at: Vec<&str> = Vec::new();
        let mut found = Vec::new();
        for entry in &self.entries {
            at.truncate(usize::from(entry.depth));
            at.push(&entry.name);
            if at.len() == path.split('/').count() && at.iter().copied().eq(path.split('/')) {
                found.push(entry.value.as_str());
            }
        }
        found
    }

    /// The payer's name, if given.
    pub fn debtor_name(&self) -> Option<&str> {
        self.values("Dbtr/Nm").first().copied()
    }

    /// The payee's name, if given.
    pub fn creditor_name(&self) -> Option<&str> {
        self.values("Cdtr/Nm").first().copied()
    }

    /// The unstructured remittance text, line by line.
    pub fn remittance_lines(&self) -> Vec<&str> {
        self.values("RmtInf/Ustrd")
    }

    /// The one encoding: what is committed to, and what the institutions send each other.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads an encoded private part.
    ///
    /// # Errors
    /// `InvalidData` for more than [`Self::MAXIMUM_BYTES`] or anything but the one encoding.
    pub fn decode(bytes: &[u8]) -> std::io::Result<Self> {
        codec::decode(bytes, Self::MAXIMUM_BYTES)
    }

    /// The commitment that goes on the ledger. `salt` is random and is kept with the private part;
    /// without it nobody can tell by trying which names a commitment stands for.
    pub fn commitment(&self, domains: &Domains, salt: &[u8; 32]) -> Hash {
        domains.hash_of(Domain::Commitment, &(salt, self))
    }
}

impl PrivateData {
    /// The hash of a message's exact bytes, as [`Self::commitment_in`] takes it.
    pub fn message_hash(domains: &Domains, message: &[u8]) -> Hash {
        domains.hash(Domain::Commitment, message)
    }

    /// The commitment to this private part and to the message that ordered the payment, by its
    /// [`Self::message_hash`].
    pub fn commitment_in(&self, domains: &Domains, salt: &[u8; 32], message: &Hash) -> Hash {
        domains.hash_of(Domain::Commitment, &(salt, self, message))
    }
}

impl fmt::Debug for PrivateData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateData({} entries)", self.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Document, Limits};
    use ledger::crypto::Suite;
    use ledger::hash::ChainId;

    const TRANSACTION: &str = "<T><Dbtr><Nm>Wei</Nm><PstlAdr><AdrLine>1</AdrLine><AdrLine>2\
        </AdrLine></PstlAdr></Dbtr><Cdtr><Nm>Lee</Nm></Cdtr><Amt Ccy='CNY'>1.00</Amt><RmtInf>\
        <Ustrd>lunch</Ustrd><Ustrd>飞钱</Ustrd></RmtInf></T>";

    fn read(text: &str) -> PrivateData {
        PrivateData::of(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root())
    }

    #[test]
    fn nothing_is_left_out() {
        let private = read(TRANSACTION);
        assert_eq!(private.debtor_name(), Some("Wei"));
        assert_eq!(private.creditor_name(), Some("Lee"));
        assert_eq!(private.remittance_lines(), ["lunch", "飞钱"]);
        assert_eq!(private.values("Dbtr/PstlAdr/AdrLine"), ["1", "2"]);
        assert_eq!(private.values("Amt/@Ccy"), ["CNY"]);
        assert_eq!(private.values("Nm"), Vec::<&str>::new());
        assert_eq!(private.entries().len(), 12);
    }

    #[test]
    fn a_note_is_what_a_message_with_that_remittance_text_has() {
        let private = read("<T><RmtInf><Ustrd>lunch</Ustrd></RmtInf></T>");
        assert_eq!(PrivateData::note("lunch"), private);
    }

    #[test]
    fn one_private_part_has_one_encoding() {
        let private = read(TRANSACTION);
        let bytes = private.encode();
        assert_eq!(PrivateData::decode(&bytes).unwrap(), private);
        assert_eq!(PrivateData::decode(&bytes).unwrap().encode(), bytes);
        assert!(PrivateData::decode(&bytes[1..]).is_err());
        assert_eq!(format!("{private:?}"), "PrivateData(12 entries)");
    }

    #[test]
    fn the_commitment_binds_salt_and_content() {
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])));
        let commitment = read(TRANSACTION).commitment(&domains, &[1; 32]);
        assert_eq!(commitment, read(TRANSACTION).commitment(&domains, &[1; 32]));
        assert_ne!(commitment, read(TRANSACTION).commitment(&domains, &[2; 32]));
        let other = read(&TRANSACTION.replace("lunch", "Lunch"));
        assert_ne!(commitment, other.commitment(&domains, &[1; 32]));
    }
}
