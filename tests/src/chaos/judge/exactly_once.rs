//! Judge: what a client was told has settled stands once in the payer's and once in the payee's
//! history, on every node, in the block that the client was told; and every payment has an outcome.

use std::collections::BTreeMap;

use super::{Case, Verdict};
use crate::chaos::{history::Ending, testimony::Entry};

pub(super) fn judge(case: &Case<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    for payment in &case.history.payments {
        verdict.check(payment.ending != Ending::Unknown, || {
            format!("{} has no outcome: {:?}", payment.uetr, payment.attempts.last())
        });
    }
    for testimony in case.testimonies {
        let sides: Vec<_> = testimony.entries.iter().map(|entries| by_uetr(entries)).collect();
        for payment in &case.history.payments {
            let Ending::Settled(block) = payment.ending else { continue };
            for (account, paid) in [(payment.from, true), (payment.to, false)] {
                let found = sides.get(account).and_then(|side| side.get(payment.uetr.as_str()));
                let found = found.map(Vec::as_slice).unwrap_or_default();
                let is_right = matches!(found, [entry] if entry.paid == paid
                    && entry.amount == payment.amount && entry.block == block);
                verdict.check(is_right, || {
                    let (node, uetr) = (&testimony.node, &payment.uetr);
                    format!("{node}, account {account}: {uetr} in block {block} as {found:?}")
                });
            }
        }
    }
    verdict
}

fn by_uetr(entries: &[Entry]) -> BTreeMap<&str, Vec<&Entry>> {
    let mut found: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        found.entry(&entry.uetr).or_default().push(entry);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::chaos::{history::Ending, judge::world::World};

    #[test]
    fn what_is_lost_doubled_or_changed_is_found() {
        let world = World::new();
        assert_eq!(judge(&world.case()).violations, [""; 0]);
        let rows: [fn(&mut World); 6] = [
            |world| drop(world.testimonies[1].entries[0].remove(0)),
            |world| {
                let again = world.testimonies[2].entries[1][0].clone();
                world.testimonies[2].entries[1].push(again);
            },
            |world| world.testimonies[0].entries[0][0].amount += 1,
            |world| world.testimonies[0].entries[0][0].block += 1,
            |world| world.testimonies[3].entries[0][0].paid = false,
            |world| world.history.payments[0].ending = Ending::Unknown,
        ];
        for (row, change) in rows.iter().enumerate() {
            let mut world = World::new();
            change(&mut world);
            assert_eq!(judge(&world.case()).violations.len(), 1, "{row}");
        }
    }
}
