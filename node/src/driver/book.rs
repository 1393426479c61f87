//! The nodes that this one talks to: their institutions, network keys and addresses.
//!
//! Invariants: it is what the ledger's node records say, at the operator's addresses where
//! `node.toml` names some; the network's allow-list is the same list. Absent: connections (the
//! network's).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use ledger::account::NodeRecord;
use ledger::ids::{Bic, InstitutionNumber};
use ledger::state::Directory;

use crate::net::{PeerAddress, PeerKey};

/// Institutions and the network keys of their nodes, this one's left out.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) keys: BTreeMap<InstitutionNumber, PeerKey>,
    institutions: BTreeMap<PeerKey, InstitutionNumber>,
}

/// The book of one node.
pub(super) struct Book {
    own: PeerKey,
    /// Where to reach institutions whatever their records say.
    overrides: BTreeMap<Bic, Vec<String>>,
    entries: RwLock<Arc<Entries>>,
}

impl Book {
    /// An empty book of the node with the network key `own`.
    pub(super) fn new(own: PeerKey, overrides: BTreeMap<Bic, Vec<String>>) -> Self {
        Self { own, overrides, entries: RwLock::default() }
    }

    /// The present entries.
    pub(super) fn entries(&self) -> Arc<Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The institution of a node.
    pub(super) fn institution(&self, key: &PeerKey) -> Option<InstitutionNumber> {
        self.entries().institutions.get(key).copied()
    }

    /// Takes the records of `nodes` in the place of what was there; `directory` names the
    /// institutions. Gives the allow-list.
    pub(super) fn replace(
        &self,
        nodes: &BTreeMap<InstitutionNumber, NodeRecord>,
        directory: &Directory,
    ) -> Vec<PeerAddress> {
        let mut entries = Entries::default();
        let mut list = Vec::new();
        for (institution, record) in nodes {
            let key = PeerKey(record.node_key.0);
            if key == self.own {
                continue;
            }
            let bic = directory.institutions().get(institution).map(|one| one.bic);
            let addresses = bic.and_then(|bic| self.overrides.get(&bic)).cloned();
            let addresses = addresses.unwrap_or_else(|| vec![record.address.clone()]);
            list.push(PeerAddress { key, addresses });
            entries.keys.insert(*institution, key);
            entries.institutions.insert(key, *institution);
        }
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(entries);
        list
    }
}
