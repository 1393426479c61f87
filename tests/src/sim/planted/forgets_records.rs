//! The bug: a restart forgets its votes. Final blocks and batches are there, records are not.

use node::core::Recovered;
use node::core::record::ReadRecord;

use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "forgets-records",
    spans_epochs: false,
    finders: &["double votes", "evidence"],
    make: |_| Box::new(ForgetsRecords),
};

struct ForgetsRecords;

impl Bug for ForgetsRecords {
    fn recover(&mut self, recovered: &mut Recovered) {
        recovered.records.retain(|record| !matches!(record, ReadRecord::Consensus(_)));
    }
}
