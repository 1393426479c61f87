//! A small window in which everything is right, for tests to plant a fault in.

use std::collections::BTreeMap;

use super::Case;
use crate::chaos::{
    history::{Ending, History, Payment},
    testimony::{Block, Entry, Proved, Testimony},
};

/// Two accounts, one payment of 5 between them in block 2, four nodes.
pub(super) struct World {
    pub(super) history: History,
    pub(super) testimonies: Vec<Testimony>,
}

impl World {
    pub(super) fn new() -> Self {
        let uetr = "a".to_owned();
        let (attempts, ending) = (Vec::new(), Ending::Settled(2));
        let payment = Payment { uetr: uetr.clone(), from: 0, to: 1, amount: 5, attempts, ending };
        let entry = |paid| Entry { uetr: uetr.clone(), paid, amount: 5, block: 2 };
        let block = |height: u64| Block {
            height,
            hash: format!("hash {height}"),
            parent: format!("hash {}", height - 1),
            roots: (format!("state {height}"), format!("receipts {height}")),
        };
        let supply = BTreeMap::from([("CNY".to_owned(), 20)]);
        let testimony = |node: usize| Testimony {
            node: format!("node {node}"),
            blocks: vec![block(1), block(2), block(3)],
            entries: vec![vec![entry(true)], vec![entry(false)]],
            balances: vec![5, 15],
            held: supply.clone(),
            outstanding: supply.clone(),
            proofs: vec![Proved { uetr: uetr.clone(), block: Ok(2) }],
        };
        let history = History { payments: vec![payment], readings: Vec::new() };
        Self { history, testimonies: (0..4).map(testimony).collect() }
    }

    pub(super) fn case(&self) -> Case<'_> {
        Case {
            history: &self.history,
            testimonies: &self.testimonies,
            before: &[10, 10],
            parent: Some("hash 0"),
        }
    }
}
