//! What a node counts by itself: blocks and bytes to its peers (`/metrics`), and the syncs of its
//! block log (a seal stands there for each).
//!
//! Absent: the index's own durable writes, which nothing counts.

use std::{path::Path, sync::Arc};

use node::log::{Disk, Walk};

/// Counts since the node's start, and of its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Final blocks.
    pub(super) blocks: u64,
    /// Bytes sent to peers.
    pub(super) sent: u64,
    /// Syncs of the block log that left their seal in it.
    pub(super) syncs: u64,
}

impl Counters {
    /// Of the node with this API and home; zero where it does not say.
    pub(super) fn of(api: &str, home: &Path) -> Self {
        let text = scrape(api).unwrap_or_default();
        Self {
            blocks: sum(&text, "feiqian_final_blocks_total"),
            sent: sum(&text, "feiqian_sent_bytes_total"),
            syncs: seals(&home.join("log")).unwrap_or_default(),
        }
    }

    /// What has been counted since.
    pub(super) const fn since(self, before: Self) -> Self {
        Self {
            blocks: self.blocks.saturating_sub(before.blocks),
            sent: self.sent.saturating_sub(before.sent),
            syncs: self.syncs.saturating_sub(before.syncs),
        }
    }
}

fn scrape(api: &str) -> Option<String> {
    let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
    let mut answer = agent.get(format!("{api}/metrics")).call().ok()?;
    answer.body_mut().read_to_string().ok()
}

/// The sum of a metric over its labels.
fn sum(text: &str, name: &str) -> u64 {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let value = match rest.strip_prefix('{') {
            Some(labelled) => labelled.split_once('}')?.1,
            None => rest,
        };
        value.strip_prefix(' ')?.split(' ').next()?.parse::<u64>().ok()
    });
    values.sum()
}

/// The seals of a log on the disk, up to where it grows just now.
fn seals(folder: &Path) -> Option<u64> {
    let mut walk = Walk::new(Arc::new(Disk::create(folder).ok()?)).ok()?;
    walk.by_ref().take_while(Result::is_ok).for_each(drop);
    Some(walk.seals())
}

#[cfg(test)]
mod tests {
    use node::log::{Log, LogOptions};

    use super::{seals, sum};

    #[test]
    fn a_metric_is_summed_over_its_labels() {
        let text = "# HELP a_total x\na_total{class=\"votes\"} 7\na_total{class=\"lanes\"} 5\n\
                    a_total_other 9\nb_total 3\n";
        assert_eq!((sum(text, "a_total"), sum(text, "b_total"), sum(text, "c")), (12, 3, 0));
    }

    #[test]
    fn every_sync_leaves_a_seal() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, _) = Log::open(folder.path(), LogOptions::default()).unwrap();
        let before = seals(folder.path()).unwrap();
        for _ in 0..3 {
            log.append(1, b"one").unwrap();
            log.append(1, b"two").unwrap();
            log.sync().unwrap();
        }
        assert_eq!(seals(folder.path()).unwrap() - before, 3);
    }
}
