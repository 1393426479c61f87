//! The bug: what stands behind a record is done before the record is durable.

use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "skips-sync",
    spans_epochs: false,
    finders: &["double votes", "evidence", "monotone reads", "durable acknowledgements"],
    make: |_| Box::new(SkipsSync),
};

struct SkipsSync;

impl Bug for SkipsSync {
    fn awaits_sync(&self) -> bool {
        false
    }
}
