//! Judge: what a reader reads of one node never goes back, also over the node's restarts; a node
//! that called a payment final still does; and two nodes say the same of an account after the same
//! block.

use std::collections::BTreeMap;

use super::{Case, Verdict};
use crate::chaos::history::Seen;

pub(super) fn judge(case: &Case<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut heights: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    let mut accounts: BTreeMap<(usize, usize, usize), u64> = BTreeMap::new();
    let mut contents: BTreeMap<(usize, u64), (&str, u64)> = BTreeMap::new();
    for reading in &case.history.readings {
        let (reader, node) = (reading.reader, reading.node);
        let wrong = |what: &str| format!("node {node}, reader {reader}: {what} ({reading:?})");
        match &reading.seen {
            Seen::Height(height) => {
                let before = heights.insert((reader, node), *height).unwrap_or(0);
                verdict.check(*height >= before, || wrong(&format!("it was at {before}")));
            }
            Seen::Account { account, height, posted, entries } => {
                let place = (reader, node, *account);
                let before = accounts.insert(place, *height).unwrap_or(0);
                verdict.check(*height >= before, || wrong(&format!("it was at {before}")));
                let content = (posted.as_str(), *entries);
                let first = *contents.entry((*account, *height)).or_insert(content);
                verdict.check(first == content, || wrong(&format!("another said {first:?}")));
            }
            Seen::Payment { told, found, .. } => {
                verdict.check(*found == Some(*told), || wrong("it has forgotten"));
            }
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::chaos::{
        history::{Reading, Seen},
        judge::world::World,
    };

    #[test]
    fn what_goes_back_is_found() {
        let account = |height, posted: &str| Seen::Account {
            account: 0,
            height,
            posted: posted.to_owned(),
            entries: 1,
        };
        let payment = |found| Seen::Payment { uetr: "a".into(), told: 3, found };
        let rows = [
            (0, Seen::Height(5), 0, Seen::Height(5), 0),
            (0, Seen::Height(5), 0, Seen::Height(4), 1),
            (0, Seen::Height(5), 1, Seen::Height(4), 0),
            (0, account(5, "1.00 CNY"), 0, account(4, "2.00 CNY"), 1),
            (0, account(5, "1.00 CNY"), 1, account(5, "2.00 CNY"), 1),
            (0, account(5, "1.00 CNY"), 1, account(5, "1.00 CNY"), 0),
            (0, payment(Some(3)), 0, payment(None), 1),
            (0, payment(Some(3)), 0, payment(Some(4)), 1),
        ];
        for (first, seen, second, then, violations) in rows {
            let mut world = World::new();
            let reading =
                |node, seen: &Seen| Reading { reader: 0, node, at_ms: 0, seen: seen.clone() };
            world.history.readings = vec![reading(first, &seen), reading(second, &then)];
            let verdict = judge(&world.case());
            assert_eq!(verdict.violations.len(), violations, "{seen:?} {then:?}");
        }
    }
}
