//! Judge: every account holds what it held before, less what it paid, plus what it was paid; and
//! all accounts of the network together hold what is outstanding.

use super::{Case, Verdict};
use crate::chaos::history::Ending;

pub(super) fn judge(case: &Case<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let expected = expected(case);
    for testimony in case.testimonies {
        let node = &testimony.node;
        verdict.check(testimony.balances.len() == expected.len(), || {
            format!("{node} has {} of {} accounts", testimony.balances.len(), expected.len())
        });
        for (account, (found, expected)) in testimony.balances.iter().zip(&expected).enumerate() {
            verdict.check(u128::try_from(*expected) == Ok(*found), || {
                format!("{node}: account {account} holds {found}, not {expected}")
            });
        }
        verdict.check(testimony.held == testimony.outstanding, || {
            format!("{node}: held {:?}, outstanding {:?}", testimony.held, testimony.outstanding)
        });
        let first = case.testimonies.first().map(|first| &first.outstanding);
        verdict.check(first == Some(&testimony.outstanding), || {
            format!("{node}: outstanding {:?}, elsewhere {first:?}", testimony.outstanding)
        });
    }
    verdict
}

/// What each account must hold now; below zero would be a contradiction by itself.
fn expected(case: &Case<'_>) -> Vec<i128> {
    let signed = |amount: u128| i128::try_from(amount).unwrap_or(i128::MAX);
    let mut balances: Vec<_> = case.before.iter().map(|before| signed(*before)).collect();
    for payment in &case.history.payments {
        if !matches!(payment.ending, Ending::Settled(_)) {
            continue;
        }
        if let Some(balance) = balances.get_mut(payment.from) {
            *balance -= signed(payment.amount);
        }
        if let Some(balance) = balances.get_mut(payment.to) {
            *balance += signed(payment.amount);
        }
    }
    balances
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::chaos::judge::world::World;

    type Change = fn(&mut World);

    #[test]
    fn money_that_is_made_or_lost_is_found() {
        assert_eq!(judge(&World::new().case()).violations, [""; 0]);
        let rows: [(Change, usize); 4] = [
            (|world| world.testimonies[1].balances[0] += 1, 1),
            (|world| world.testimonies[1].balances.truncate(1), 1),
            (|world| *world.testimonies[2].held.get_mut("CNY").unwrap() -= 1, 1),
            // It contradicts the holdings, and the other nodes.
            (|world| *world.testimonies[3].outstanding.get_mut("CNY").unwrap() += 1, 2),
        ];
        for (row, (change, violations)) in rows.into_iter().enumerate() {
            let mut world = World::new();
            change(&mut world);
            assert_eq!(judge(&world.case()).violations.len(), violations, "{row}");
        }
    }
}
