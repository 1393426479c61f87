//! A payment's life in words: where it stands, who acts next, and what happened so far.
//!
//! Invariants: made from the payment's last receipt, what was returned of it or is asked back, and
//! the time of the last final block alone.
//! Absent: where those come from.

use api::approval::{ReviewView, WaitingView};
use api::recall::RecallView;
use api::receipt::ReceiptView;
use api::text::{self, Naming};
use api::transaction::{PaymentView, ReturnView, TimelineEvent};
use ledger::corrections::{Returned, Returns};
use ledger::ids::{Height, Timestamp, Uetr};
use ledger::waiting::Awaits;

use crate::http::intake::Received;

/// The status of a payment that waits for approvals.
const AWAITING: &str = "awaiting-approval";

/// The status of a payment that waits for an institution's review.
const REVIEW: &str = "awaiting-review";
/// The status of a payment that waits for funds.
const QUEUED: &str = "queued";

/// The status of a payment that waits for this.
pub(super) const fn word_of(awaits: &Awaits) -> &'static str {
    match awaits {
        Awaits::Capture | Awaits::Secret(_) => "held",
        Awaits::Approval(_) => AWAITING,
        Awaits::Review(_) => REVIEW,
        Awaits::Funds(_) => QUEUED,
    }
}

/// What is known of a payment that a final block has.
pub(super) struct Life {
    pub(super) uetr: Uetr,
    /// Its last receipt.
    pub(super) receipt: ReceiptView,
    /// Until when it waits, if that receipt says that it does.
    pub(super) deadline: Option<Timestamp>,
    /// The time of that receipt's block.
    pub(super) time: Timestamp,
    /// What was returned of it, if anything was.
    pub(super) returns: Option<Reversed>,
    /// The open recall of it, if there is one.
    pub(super) recall: Option<(RecallView, Timestamp)>,
    /// The order with its approvals or its review, while it waits for them.
    pub(super) waiting: Option<WaitingView>,
    /// The block from which it waited, if the last receipt is of a later step.
    pub(super) ordered: Option<Ordered>,
    /// When this node was given it, if it was.
    pub(super) received: Option<Received>,
    /// The time of the last final block.
    pub(super) now: Timestamp,
}

/// The time of each return's block, where it is known.
pub(super) type Times = Vec<Option<Timestamp>>;

/// What was returned of a payment.
pub(super) struct Reversed {
    returns: Vec<ReturnView>,
    total: String,
    is_whole: bool,
}

impl Reversed {
    pub(super) fn new(returns: &Returns, times: Times, naming: &Naming) -> Self {
        let asset = returns.settled.credited.asset;
        let view = |(of, time): (&Returned, Option<Timestamp>)| ReturnView {
            id: of.uetr.to_string(),
            amount: naming.amount(of.amount, asset),
            iso_status: "ACSC".to_owned(),
            iso_reason: of.reason.to_string(),
            block: of.height.0,
            time: time.map(text::time),
        };
        Self {
            returns: returns.returned.iter().zip(times).map(view).collect(),
            total: naming.amount(returns.total(), asset),
            is_whole: returns.left().amount.is_zero(),
        }
    }

    const fn status(&self) -> &'static str {
        if self.is_whole { "returned" } else { "partly-returned" }
    }
}

/// From when a payment waited, and for what.
pub(super) struct Ordered {
    pub(super) height: Height,
    pub(super) time: Timestamp,
    /// As which status.
    pub(super) waited: &'static str,
}

/// A payment that this node was given and that may still become final.
pub(super) fn on_its_way(uetr: Uetr, received: Received) -> PaymentView {
    let until = text::time(received.until);
    PaymentView {
        id: uetr.to_string(),
        status: "received".to_owned(),
        iso_status: "RCVD".to_owned(),
        iso_reason: None,
        summary: format!("Received, and not final yet. After {until} it can no longer happen."),
        next_actor: Some("validators".to_owned()),
        deadline: None,
        waiting: None,
        timeline: vec![arrival(received)],
        returns: Vec::new(),
        recall: None,
        receipt: None,
    }
}

fn arrival(received: Received) -> TimelineEvent {
    event("received", received.at, None)
}

fn event(word: &str, time: Timestamp, block: Option<u64>) -> TimelineEvent {
    TimelineEvent { event: word.to_owned(), time: Some(text::time(time)), block }
}

impl Life {
    /// True if it waited until its deadline, and that has passed.
    fn is_expired(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline < self.now)
    }

    /// The status of what it waited for before its last receipt.
    fn waited(&self) -> &'static str {
        self.ordered.as_ref().map_or("held", |ordered| ordered.waited)
    }

    /// Who acts next on what waits.
    fn actor(&self) -> &'static str {
        let review = self.receipt.review.as_ref();
        match review.map(|review| review.side.as_str()) {
            Some(ReviewView::PAYER) => "payer-institution",
            Some(_) => "payee-institution",
            None if self.receipt.status == AWAITING => "approvers",
            None if self.receipt.status == QUEUED => "payer",
            None => "payee",
        }
    }

    pub(super) fn view(self) -> PaymentView {
        let (is_expired, summary, actor) = (self.is_expired(), self.summary(), self.actor());
        let Self {
            uetr, receipt, deadline, waiting, time, ordered, returns, recall, received, ..
        } = self;
        // What still waits after a later step than the order has been approved by some, or has got
        // another priority.
        let last = match &ordered {
            Some(_) if [AWAITING, REVIEW].contains(&receipt.status.as_str()) => "approved",
            Some(_) if receipt.status == QUEUED => "prioritised",
            Some(_) | None => &receipt.status,
        };
        let decided = event(last, time, receipt.block);
        let ordered =
            ordered.map(|Ordered { height, time, waited }| event(waited, time, Some(height.0)));
        let expiry = deadline.filter(|_| is_expired).map(|end| event("expired", end, None));
        let arrived = received.map(arrival);
        let status_of_returns = returns.as_ref().map(Reversed::status);
        let returns = returns.map(|reversed| reversed.returns).unwrap_or_default();
        let returned = returns.iter().map(|of| TimelineEvent {
            event: "returned".to_owned(),
            time: of.time.clone(),
            block: Some(of.block),
        });
        let timeline = [arrived, ordered, Some(decided), expiry].into_iter().flatten();
        let timeline = timeline.chain(returned).collect();
        let answer = recall.as_ref().map(|(_, deadline)| *deadline);
        let open = deadline.filter(|_| !is_expired).or(answer);
        let (status, iso_status, iso_reason) = if is_expired {
            ("expired".to_owned(), "RJCT".to_owned(), Some("TM01".to_owned()))
        } else {
            let ReceiptView { status, iso_status, iso_reason, .. } = &receipt;
            let asked = recall.as_ref().map(|_| "recall-requested");
            let status = asked.or(status_of_returns).unwrap_or(status).to_owned();
            (status, iso_status.clone(), iso_reason.clone())
        };
        PaymentView {
            id: uetr.to_string(),
            status,
            iso_status,
            iso_reason,
            summary,
            next_actor: open.map(|_| actor.to_owned()),
            deadline: open.map(text::time),
            waiting: waiting.filter(|_| open.is_some()),
            timeline,
            returns,
            recall: recall.map(|(recall, _)| recall),
            receipt: Some(receipt),
        }
    }

    /// What was returned, if anything was.
    fn returned(&self) -> String {
        let told = |reversed: &Reversed| {
            let extent = if reversed.is_whole { "the whole" } else { "a part" };
            format!(" {} were returned since: {extent} of it.", reversed.total)
        };
        self.returns.as_ref().map(told).unwrap_or_default()
    }

    /// What is asked back, if anything is.
    fn asked(&self) -> String {
        let told = |(recall, _): &(RecallView, Timestamp)| {
            let RecallView { amount, iso_reason, deadline, .. } = recall;
            format!(" The payer's side asks {amount} back ({iso_reason}), until {deadline}.")
        };
        self.recall.as_ref().map(told).unwrap_or_default()
    }

    /// Of what waits for a review: whose, and until when.
    fn in_review(&self) -> String {
        let of = |member: &Option<String>| member.clone().unwrap_or_default();
        let ReceiptView { block, held, deadline, review, reviewers, .. } = &self.receipt;
        let at = block.map(|block| format!(" in block {block}")).unwrap_or_default();
        let side = review.as_ref().map(|review| review.side.as_str()).unwrap_or_default();
        let then = if reviewers.len() > 1 { ", and the payee's institution after it" } else { "" };
        format!(
            "Awaits review{at} by the {side}'s institution{then}, until {until}. {held} are held \
             for it. Nothing is paid yet.",
            until = of(deadline),
            held = of(held)
        )
    }

    /// What is said of a payment that waits for funds, or waited until its deadline.
    fn queued(&self, at: &str) -> String {
        let of = |member: &Option<String>| member.clone().unwrap_or_default();
        let until = of(&self.receipt.deadline);
        if self.is_expired() {
            return format!(
                "Expired (TM01): it was queued{at}, and the payer's account had not the funds for \
                 it until {until}. Nothing was paid."
            );
        }
        format!(
            "Queued{at}, {priority}: {amount} are paid as soon as the payer's account has the \
             funds, until {until}. Nothing is held for it, and nothing is paid yet.",
            priority = of(&self.receipt.priority),
            amount = of(&self.receipt.amount)
        )
    }

    /// What is said of a payment whose funds were held until its deadline.
    fn expired(&self, at: &str) -> String {
        let of = |member: &Option<String>| member.clone().unwrap_or_default();
        let (held, until) = (of(&self.receipt.held), of(&self.receipt.deadline));
        let what = match self.receipt.status.as_str() {
            AWAITING => "approved",
            REVIEW => "approved by its reviewer",
            _ => "captured",
        };
        format!(
            "Expired (TM01): {held} were held{at}, and neither {what} nor released until {until}. \
             They are the payer's again. Nothing was paid."
        )
    }

    /// One sentence or two for a person.
    fn summary(&self) -> String {
        let receipt = &self.receipt;
        let of = |member: &Option<String>| member.clone().unwrap_or_default();
        let at = receipt.block.map(|block| format!(" in block {block}")).unwrap_or_default();
        let (held, until) = (of(&receipt.held), of(&receipt.deadline));
        if receipt.status == QUEUED {
            return self.queued(&at);
        }
        if self.is_expired() {
            return self.expired(&at);
        }
        match receipt.status.as_str() {
            "held" => format!(
                "Held{at}: {held}, of which the payee's side may capture up to {amount} until \
                 {until}.{lock} Nothing is paid yet.",
                amount = of(&receipt.amount),
                lock = if receipt.lock.is_some() { " A capture must show the secret." } else { "" }
            ),
            AWAITING => {
                let (given, needed) = receipt
                    .approvals
                    .as_ref()
                    .map_or((0, 0), |approvals| (approvals.given.len(), approvals.needed));
                format!(
                    "Awaits approval{at}: {given} of {needed} approvals are there, and the others \
                     can be given until {until}. {held} are held for it. Nothing is paid yet."
                )
            }
            REVIEW => self.in_review(),
            "released" if self.waited() == QUEUED => format!(
                "Released{at}: the payer's side took the payment out of its queue. Nothing was \
                 paid."
            ),
            "released" => format!(
                "Released{at}: {side} side gave the payment up, and {held} are the payer's again. \
                 Nothing was paid.",
                side = if self.waited() == AWAITING { "the payer's" } else { "the payee's" }
            ),
            "refused" => format!(
                "Refused{at} by {who} ({reason}, {iso}). {held} are the payer's again. Nothing was \
                 paid.",
                who = receipt.reviewer_side.as_ref().map_or_else(
                    || "an approver".to_owned(),
                    |side| format!("the {side}'s institution")
                ),
                reason = of(&receipt.reason),
                iso = of(&receipt.iso_reason)
            ),
            "rejected" => format!(
                "Rejected{at} ({reason}). {explanation} Nothing was paid.",
                reason = of(&receipt.iso_reason),
                explanation = of(&receipt.explanation)
            ),
            "settled" => format!(
                "Settled{at}: debited {debited}, credited {credited}, charges {fee}.{more}",
                debited = of(&receipt.debited),
                credited = of(&receipt.credited),
                fee = of(&receipt.fee),
                more = self.returned() + &self.asked()
            ),
            "returned" => format!(
                "Returned{at} ({reason}): {credited} of payment {payment} went back to its payer.",
                reason = of(&receipt.iso_reason),
                credited = of(&receipt.credited),
                payment = of(&receipt.payment)
            ),
            _ => format!("Done{at}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::hash::Hash;
    use ledger::ids::{AccountId, AssetCode, InstitutionNumber, Network};
    use ledger::limits::RulesMet;
    use ledger::money::{Amount, Decimals, Money};
    use ledger::receipt::{Held, Outcome, Receipt, Refused, Released};
    use ledger::waiting::{
        Approvals, Awaits, OrderHash, Priority, QueuePlace, Refusal, Review, Reviewers,
    };

    /// The last outcome, how long after the deadline, the words, the next actor, the timeline.
    type Row = (Outcome, u64, [&'static str; 3], Option<&'static str>, &'static [&'static str]);

    const DEADLINE: Timestamp = Timestamp(1_795_294_500_123);

    fn life(outcome: Outcome, now: Timestamp) -> Life {
        let asset = AssetCode::parse("CNY").unwrap();
        let naming = Naming { network: Network::Devnet, decimals: [(asset, Decimals(2))].into() };
        let uetr = Uetr::from_entropy([1; 16]);
        let deadline = outcome.waits().map(|held| held.deadline);
        let waited = if let Outcome::Refused(refused) = &outcome {
            if refused.reviewer.is_some() { REVIEW } else { AWAITING }
        } else if let Outcome::Released(released) = &outcome
            && released.released.amount.is_zero()
        {
            QUEUED
        } else {
            "held"
        };
        let receipt = Receipt {
            transaction: Hash::ZERO,
            operation: 0,
            uetr: Some(uetr),
            outcome,
            rules: RulesMet::default(),
        };
        let place = (Height(7), DEADLINE.minus(5));
        let is_later = deadline.is_none();
        Life {
            uetr,
            receipt: ReceiptView::new(&receipt, Some(place), &naming),
            deadline,
            time: place.1,
            returns: None,
            recall: None,
            waiting: None,
            ordered: is_later.then_some(Ordered {
                height: Height(5),
                time: DEADLINE.minus(9),
                waited,
            }),
            received: None,
            now,
        }
    }

    #[test]
    fn a_hold_is_told_from_one_that_expired_and_one_that_was_released() {
        let money = |amount| Money::new(Amount(amount), AssetCode::parse("CNY").unwrap());
        let account = |number| AccountId::new(InstitutionNumber(1), [number; 12]);
        let held = Outcome::Held(Held {
            from: account(1),
            to: account(2),
            amount: money(10_000),
            held: money(10_150),
            most_charges: Amount(150),
            awaits: Awaits::Capture,
            deadline: DEADLINE,
            remittance: Hash::ZERO,
        });
        let released = Released { from: account(1), to: account(2), released: money(10_150) };
        let awaits = Awaits::Approval(Approvals {
            order: OrderHash(Hash::ZERO),
            needed: 2,
            makers: vec![],
            given: vec![],
            reviewers: Reviewers::default(),
        });
        let Outcome::Held(hold) = &held else { panic!("a hold") };
        let awaiting = Outcome::AwaitingApproval(Held { awaits, ..hold.clone() });
        let review = |reviewer| {
            let awaits = Awaits::Review(Review {
                order: OrderHash(Hash::ZERO),
                reviewer: InstitutionNumber(reviewer),
                later: Reviewers::default(),
                spent: vec![],
                given: vec![],
            });
            Outcome::AwaitingReview(Held { awaits, ..hold.clone() })
        };
        let refused = |reviewer| {
            Outcome::Refused(Refused {
                from: account(1),
                to: account(2),
                released: money(10_150),
                reason: Refusal::Declined,
                reviewer,
            })
        };
        let by_bank = refused(Some(InstitutionNumber(2)));
        let refused = refused(None);
        let approvers = Some("approvers");
        let (payers, payees) = (Some("payer-institution"), Some("payee-institution"));
        let place = QueuePlace { priority: Priority::High, number: 1 };
        let queued = Held { awaits: Awaits::Funds(place), held: money(0), ..hold.clone() };
        let queued = Outcome::Queued(queued);
        let withdrawn = Released { released: money(0), ..released.clone() };
        let withdrawn = Outcome::Released(withdrawn);
        let rows: [Row; 13] = [
            (review(1), 0, [REVIEW, "PDNG", ""], payers, &[REVIEW]),
            (review(2), 0, [REVIEW, "PDNG", ""], payees, &[REVIEW]),
            (review(2), 1, ["expired", "RJCT", "TM01"], None, &[REVIEW, "expired"]),
            (by_bank, 0, ["refused", "RJCT", "DS02"], None, &[REVIEW, "refused"]),
            (queued.clone(), 0, [QUEUED, "ACSP", ""], Some("payer"), &[QUEUED]),
            (queued, 1, ["expired", "RJCT", "TM01"], None, &[QUEUED, "expired"]),
            (withdrawn, 0, ["released", "CANC", ""], None, &[QUEUED, "released"]),
            (awaiting.clone(), 0, [AWAITING, "PATC", ""], approvers, &[AWAITING]),
            (awaiting, 1, ["expired", "RJCT", "TM01"], None, &[AWAITING, "expired"]),
            (refused, 0, ["refused", "RJCT", "DS02"], None, &[AWAITING, "refused"]),
            (held.clone(), 0, ["held", "PDNG", ""], Some("payee"), &["held"]),
            (held, 1, ["expired", "RJCT", "TM01"], None, &["held", "expired"]),
            (Outcome::Released(released), 0, ["released", "CANC", ""], None, &["held", "released"]),
        ];
        for (outcome, after, words, actor, events) in rows {
            let view = life(outcome, DEADLINE.plus(after)).view();
            let reason = view.iso_reason.as_deref().unwrap_or_default();
            assert_eq!([view.status.as_str(), view.iso_status.as_str(), reason], words);
            assert_eq!(view.next_actor.as_deref(), actor);
            assert_eq!(view.deadline.is_some(), actor.is_some());
            let timeline: Vec<&str> =
                view.timeline.iter().map(|step| step.event.as_str()).collect();
            assert_eq!(timeline, events);
            let is_queued = events.first() == Some(&QUEUED);
            let told = view.summary.contains(if is_queued { "queue" } else { "101.50 CNY" });
            assert!(told || view.summary.contains("Queued"), "{}", view.summary);
        }
    }
}
