//! Same results: at one height every node of the product has the same state, the same receipts and
//! the same statement lines, and its header names them.

use ledger::codec;
use ledger::hash::{Domain, Hash};
use ledger::ids::Height;
use node::core::step::Committed;
use std::collections::BTreeMap;

use super::{Checker, Context, Observation};

/// What each height came to, as first seen: the state's root, and a hash of receipts and lines.
#[derive(Debug, Default)]
pub(super) struct Results {
    results: BTreeMap<Height, (Hash, Hash)>,
    checked: u64,
}

fn result(context: &Context, committed: &Committed) -> (Hash, Hash) {
    let mut bytes = Vec::new();
    for booked in &committed.executed.booked {
        bytes.extend(codec::encode(&booked.receipt));
        bytes.extend(codec::encode(&booked.entries));
    }
    let root = committed.executed.tip.state().root();
    (root, context.setup.domains.hash(Domain::Message, &bytes))
}

impl Checker for Results {
    fn name(&self) -> &'static str {
        "same results"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        let (Observation::Final(host, committed) | Observation::Replayed(host, committed)) =
            observation
        else {
            return None;
        };
        if !context.is_product(*host) {
            return None;
        }
        self.checked += 1;
        let height = committed.height();
        let found = result(context, committed);
        if found.0 != committed.executed.block.header.state_root {
            return Some(format!("host {host} has another state at {height} than its header says"));
        }
        let first = *self.results.entry(height).or_insert(found);
        (first != found).then(|| format!("host {host} has other results at {height} than another"))
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
