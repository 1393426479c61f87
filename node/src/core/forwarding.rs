//! Clients' transactions at a node that has no lane of its own (an observer, or a validator that
//! has lost its memory): kept, and forwarded to those that are.
//!
//! Invariants: what was taken in is durable here before the client hears so, and is sent again, to
//! another validator each time, until it is final or can never be: ever more rarely while nothing
//! becomes final, soon if blocks become final without it; how much waits is bounded by admission.
//! Absent: order (the lane's of whoever takes it in); a transaction that reaches several
//! validators executes once, as any that is sent twice.

use ledger::chain::Tip;
use ledger::ids::Timestamp;
use ledger::rejection::Rejection;
use ledger::state::Marker;
use ledger::transaction::{SignedTransaction, TransactionId, VerifiedTransaction};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::message::{Forwarded, PeerMessage};
use super::record::LogRecord;
use super::step::{Channel, Output, Reply};
use super::submission::executed_by;
use super::{Core, RETRY_MS};

/// The longest pause before a transaction is forwarded again, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 8_000;

/// Transactions that wait to become final through others' lanes.
#[derive(Debug, Default)]
pub(super) struct Forwards {
    waiting: BTreeMap<TransactionId, Waiting>,
    /// When a block became final last.
    final_at: Timestamp,
}

#[derive(Debug)]
struct Waiting {
    transaction: VerifiedTransaction,
    sent: Timestamp,
    pause: u64,
}

impl Waiting {
    /// When to send it again. Whoever got it last would have ordered it in a block that became
    /// final since: it was lost, or sent to one that has no lane.
    fn next(&self, final_at: Timestamp) -> Timestamp {
        let pause = if final_at > self.sent { RETRY_MS } else { self.pause };
        self.sent.plus(pause)
    }
}

impl Forwards {
    /// Keeps transactions that are sent now.
    pub(super) fn keep(&mut self, now: Timestamp, transactions: &[VerifiedTransaction]) {
        for transaction in transactions {
            let transaction = transaction.clone();
            let waiting = Waiting { transaction, sent: now, pause: RETRY_MS };
            self.waiting.insert(waiting.transaction.id(), waiting);
        }
    }

    /// The transaction is final.
    pub(super) fn remove(&mut self, id: &TransactionId) {
        self.waiting.remove(id);
    }

    /// A block has become final.
    pub(super) const fn note_final(&mut self, now: Timestamp) {
        self.final_at = now;
    }

    /// True if nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Gives all up: this node has a lane of its own now.
    pub(super) fn take(&mut self) -> Vec<VerifiedTransaction> {
        std::mem::take(&mut self.waiting).into_values().map(|waiting| waiting.transaction).collect()
    }

    /// All are to be sent again: the clock was set back, and what it said before says nothing.
    pub(super) fn send_again(&mut self) {
        self.final_at = Timestamp(0);
        for waiting in self.waiting.values_mut() {
            (waiting.sent, waiting.pause) = (Timestamp(0), RETRY_MS);
        }
    }

    /// Takes those out that `tip` or a block before it has executed, and names them.
    pub(super) fn take_executed(&mut self, tip: &Tip) -> Vec<Marker> {
        let transactions = self.waiting.values().map(|waiting| &waiting.transaction);
        let executed = transactions.filter_map(|one| executed_by(tip, one.body(), one.id()));
        let executed: Vec<_> = executed.collect();
        executed.iter().for_each(|marker| self.remove(&marker.transaction));
        executed
    }

    /// Drops those that no block after `time` can execute, and names them.
    fn expire(&mut self, time: Timestamp) -> Vec<TransactionId> {
        let is_late = |waiting: &Waiting| waiting.transaction.body().valid_until < time;
        let late: Vec<_> =
            self.waiting.iter().filter(|(_, w)| is_late(w)).map(|(id, _)| *id).collect();
        self.waiting.retain(|_, waiting| !is_late(waiting));
        late
    }

    /// Those that are to be sent again at `now`.
    fn due(&mut self, now: Timestamp) -> Vec<SignedTransaction> {
        let mut due = Vec::new();
        let final_at = self.final_at;
        let is_due = |waiting: &&mut Waiting| waiting.next(final_at) <= now;
        for waiting in self.waiting.values_mut().filter(is_due) {
            waiting.pause = waiting.pause.saturating_mul(2).min(LONGEST_PAUSE_MS);
            waiting.sent = now;
            due.push(waiting.transaction.signed().clone());
        }
        due
    }
}

impl Core {
    /// Forwards what is ready for a lane, at a node that has none.
    pub(super) fn forward_ready(&mut self, now: Timestamp) {
        while self.admission.has_ready() {
            let transactions = self.admission.take_batch();
            self.forwards.keep(now, &transactions);
            let signed = transactions.iter().map(|one| one.signed().clone()).collect();
            let ids: Vec<_> = transactions.iter().map(VerifiedTransaction::id).collect();
            self.outputs.push(Output::Persist(LogRecord::Forward(Arc::new(transactions))));
            for id in ids {
                for request in self.admission.in_lane(id) {
                    self.outputs.push(Output::Reply(request, Reply::Accepted(id)));
                }
            }
            self.forward(now, signed);
        }
    }

    /// Sends what waits for long again, and answers for what came too late.
    pub(super) fn forward_again(&mut self, now: Timestamp) {
        if self.forwards.is_empty() {
            return;
        }
        let time = self.final_tip().header().time;
        for id in self.forwards.expire(time) {
            for request in self.admission.leave(id) {
                self.outputs.push(Output::Reply(request, Reply::Rejected(Rejection::Expired)));
            }
        }
        let due = self.forwards.due(now);
        let (count, bytes) = self.admission.batch_limits();
        let mut part = Vec::new();
        let mut size = 0_usize;
        for signed in due {
            let length = ledger::codec::encode(&signed).len();
            if part.len() >= count || (size.saturating_add(length) > bytes && !part.is_empty()) {
                self.forward(now, std::mem::take(&mut part));
                size = 0;
            }
            size = size.saturating_add(length);
            part.push(signed);
        }
        if !part.is_empty() {
            self.forward(now, part);
        }
    }

    fn forward(&mut self, now: Timestamp, transactions: Vec<SignedTransaction>) {
        let Some(to) = self.another_peer(now) else { return };
        let message = PeerMessage::Forward(Forwarded(transactions));
        self.outputs.push(Output::Send { to, channel: Channel::Lanes, message });
    }

    /// Takes in what a node that is no validator forwards; what does not fit now comes again.
    pub(super) fn forwarded(&mut self, now: Timestamp, Forwarded(transactions): Forwarded) {
        if self.own_lane().is_none() {
            return;
        }
        for signed in transactions {
            let bytes = ledger::codec::encode(&signed).len();
            // The forwarder learns the outcome from the block, and of a refusal it made the check
            // itself before.
            let _ = self.take_in(now, signed, bytes, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::snapshot::tests::world::{Chain, START};
    use ledger::transaction::verify_all;

    /// One payment that was forwarded at [`START`].
    fn forwarded() -> Forwards {
        let chain = Chain::new(1);
        let signed = SignedTransaction::decode(&chain.payment(START)).unwrap();
        let verified = verify_all(chain.genesis.domains(), vec![signed]).remove(0).unwrap();
        let mut forwards = Forwards::default();
        forwards.keep(START, &[verified]);
        forwards
    }

    /// Forwards one payment at [`START`]; gives how many milliseconds later it is sent again, if a
    /// block becomes final at each of `finals`.
    fn sent_again(finals: &[u64], until: u64) -> Vec<u64> {
        let mut forwards = forwarded();
        let mut times = Vec::new();
        for later in (0..until).step_by(100) {
            let now = START.plus(later);
            if finals.contains(&later) {
                forwards.note_final(now);
            }
            times.extend(forwards.due(now).iter().map(|_| later));
        }
        times
    }

    #[test]
    fn what_waits_is_sent_ever_more_rarely_unless_the_chain_goes_on_without_it() {
        assert_eq!(sent_again(&[], 10_000), [500, 1_500, 3_500, 7_500]);
        assert_eq!(sent_again(&[4_000, 4_600], 10_000), [500, 1_500, 3_500, 4_000, 4_600]);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let mut forwards = forwarded();
        forwards.note_final(START);
        forwards.send_again();
        assert_eq!(forwards.due(Timestamp(1_000)).len(), 1);
    }
}
