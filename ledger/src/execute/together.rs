//! Booking many payments at once: all of them or none.
//!
//! All credits are booked before all debits, so that no line of any statement shows less than
//! nothing, though some of the payments are paid out of others. Invariants: as for a plan of one
//! movement (see `postings`): every debit fits, each asset's sum stays, and writing cannot fail.
//! Absent: which payments these are (see `netting`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::postings::Leg;
use super::scene::{Scene, ensure};
use crate::account::{Account, Entry, Holding, HoldingKey};
use crate::ids::{AccountId, AssetCode, Uetr};
use crate::money::Amount;
use crate::rejection::Rejection;

/// A holding before the movement and after it.
struct Position {
    before: Holding,
    after: Holding,
}

/// Books `legs`, each of its payment; gives the lines in the order of booking.
///
/// # Errors
/// The shortfall of the first leg that does not fit, or `InternalDefect`; nothing is written then.
pub(super) fn book(
    scene: &mut Scene<'_, '_>,
    legs: &[(Uetr, Leg)],
) -> Result<Vec<(HoldingKey, Entry)>, Rejection> {
    let mut positions: BTreeMap<HoldingKey, Position> = BTreeMap::new();
    let mut entries = Vec::with_capacity(legs.len());
    let (credits, debits): (Vec<_>, Vec<_>) =
        legs.iter().filter(|(_, leg)| !leg.amount.is_zero()).partition(|(_, leg)| leg.credit);
    for (uetr, leg) in credits.into_iter().chain(debits) {
        let entry = scene.entry(*uetr, leg);
        let position = positions.entry(leg.holding).or_insert_with(|| {
            let before = scene.working.holding(leg.holding);
            Position { before, after: before }
        });
        ensure(leg.credit || position.after.available() >= leg.amount, leg.shortfall)?;
        let after = position.after.after(scene.working.domains(), &entry);
        position.after = after.ok_or(Rejection::InternalDefect)?;
        entries.push((leg.holding, entry));
    }
    ensure(is_conserved(&positions), Rejection::InternalDefect)?;
    let accounts = counted(scene, &positions)?;

    // After this point the operation must succeed.
    for (key, position) in positions {
        scene.working.put_holding(key, position.after);
    }
    for (id, account) in accounts {
        scene.working.put_account(id, account);
    }
    Ok(entries)
}

/// True if of each asset there is as much as before.
fn is_conserved(positions: &BTreeMap<HoldingKey, Position>) -> bool {
    let mut sums: BTreeMap<AssetCode, Option<(Amount, Amount)>> = BTreeMap::new();
    for ((_, asset), Position { before, after }) in positions {
        let sum = sums.entry(*asset).or_insert(Some((Amount::ZERO, Amount::ZERO)));
        *sum = sum.and_then(|(was, is)| Some((was.plus(before.posted)?, is.plus(after.posted)?)));
    }
    sums.values().all(|sum| sum.is_some_and(|(was, is)| was == is))
}

/// The accounts whose number of open holdings changes, as they will be.
fn counted(
    scene: &mut Scene<'_, '_>,
    positions: &BTreeMap<HoldingKey, Position>,
) -> Result<BTreeMap<AccountId, Arc<Account>>, Rejection> {
    let mut accounts: BTreeMap<AccountId, Arc<Account>> = BTreeMap::new();
    for ((id, _), position) in positions {
        let opens = position.before.posted.is_zero();
        if opens == position.after.posted.is_zero() {
            continue;
        }
        let mut account = match accounts.remove(id) {
            Some(account) => account,
            None => scene.account(*id).ok_or(Rejection::InternalDefect)?,
        };
        let open = account.open_holdings;
        let open = if opens { open.checked_add(1) } else { open.checked_sub(1) };
        Arc::make_mut(&mut account).open_holdings = open.ok_or(Rejection::InternalDefect)?;
        accounts.insert(*id, account);
    }
    Ok(accounts)
}
