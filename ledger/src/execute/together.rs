//! Booking many payments at once: all of them or none.
//!
//! All credits are booked before all debits, so that no line of any statement shows less than
//! nothing, though some of the payments are paid out of others. Invariants: those of a plan (see
//! `postings`). Absent: which payments these are (see `netting`).

use std::collections::BTreeMap;

use super::postings::{Leg, Plan, Position};
use super::scene::Scene;
use crate::account::HoldingKey;
use crate::ids::Uetr;
use crate::rejection::Rejection;

/// Plans `legs`, each of its payment; their lines are in the order of booking.
///
/// # Errors
/// The shortfall of the first leg that does not fit, or `InternalDefect`.
pub(super) fn plan(scene: &mut Scene<'_, '_>, legs: &[(Uetr, Leg)]) -> Result<Plan, Rejection> {
    let mut positions: BTreeMap<HoldingKey, Position> = BTreeMap::new();
    let mut entries = Vec::with_capacity(legs.len());
    let (credits, debits): (Vec<_>, Vec<_>) =
        legs.iter().filter(|(_, leg)| !leg.amount.is_zero()).partition(|(_, leg)| leg.credit);
    for (uetr, leg) in credits.into_iter().chain(debits) {
        let entry = scene.entry(*uetr, leg);
        let position = positions
            .entry(leg.holding)
            .or_insert_with(|| Position::new(leg.holding, scene.working.holding(leg.holding)));
        position.post(scene.working.domains(), leg, &entry)?;
        entries.push((leg.holding, entry));
    }
    scene.finish(positions.into_values().collect(), None, entries)
}
