//! Judge: every entry of the clients' accounts is one side of a payment that a client has made, and
//! of none that a node had refused or rejected.

use std::collections::BTreeMap;

use super::{Case, Verdict};
use crate::chaos::history::{Ending, Payment};

pub(super) fn judge(case: &Case<'_>) -> Verdict {
    let payments = case.history.payments.iter().map(|payment| (payment.uetr.as_str(), payment));
    let payments: BTreeMap<&str, &Payment> = payments.collect();
    let mut verdict = Verdict::default();
    for testimony in case.testimonies {
        for (account, entries) in testimony.entries.iter().enumerate() {
            for entry in entries {
                let payment = payments.get(entry.uetr.as_str());
                let is_right = payment.is_some_and(|payment| {
                    let party = if entry.paid { payment.from } else { payment.to };
                    party == account
                        && payment.amount == entry.amount
                        && payment.ending != Ending::NotPaid
                });
                verdict.check(is_right, || {
                    format!("{}, account {account}: {entry:?} of {payment:?}", testimony.node)
                });
            }
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::chaos::{history::Ending, judge::world::World, testimony::Entry};

    #[test]
    fn what_nobody_paid_or_was_refused_is_found() {
        let world = World::new();
        assert_eq!(judge(&world.case()).violations, [""; 0]);
        let stray = || Entry { uetr: "stray".into(), paid: false, amount: 5, block: 2 };
        let mut world = World::new();
        world.testimonies[2].entries[1].push(stray());
        assert_eq!(judge(&world.case()).violations.len(), 1);
        let mut world = World::new();
        world.history.payments[0].ending = Ending::NotPaid;
        assert_eq!(judge(&world.case()).violations.len(), 8, "two sides on four nodes");
    }
}
