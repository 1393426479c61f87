//! Two bugs of the start after a crash: the last final block of the log is left out; the lane
//! batches of the log are left out.

use node::core::Recovered;
use node::core::record::ReadRecord;

use super::{Bug, Planted};

/// The last final block is lost.
pub(super) const FINAL_BLOCK: Planted = Planted {
    name: "loses-last-final-block",
    spans_epochs: false,
    finders: &["monotone reads", "health"],
    make: |_| Box::new(LossyStart { lose: lose_last_final }),
};

/// All batches are lost.
pub(super) const BATCHES: Planted = Planted {
    name: "forgets-batches",
    spans_epochs: false,
    finders: &["health", "durable acknowledgements"],
    make: |_| Box::new(LossyStart { lose: lose_batches }),
};

struct LossyStart {
    lose: fn(&mut Vec<ReadRecord>),
}

fn lose_last_final(records: &mut Vec<ReadRecord>) {
    let last = records.iter().rposition(|record| matches!(record, ReadRecord::Final(_)));
    if let Some(last) = last {
        records.remove(last);
    }
}

fn lose_batches(records: &mut Vec<ReadRecord>) {
    records.retain(|record| !matches!(record, ReadRecord::Batch(_)));
}

impl Bug for LossyStart {
    fn recover(&mut self, recovered: &mut Recovered) {
        (self.lose)(&mut recovered.records);
    }
}
