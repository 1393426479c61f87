//! What was lost is sent again, and peers that are behind are helped (R14).
//!
//! Invariants: what a replica sends without progress is bounded in time: a few messages per pause,
//! one answer per peer and pause. Absent: any other repair; the transport may lose everything.

use ledger::certificate::{Certificate, VoteKind};
use ledger::ids::{Timestamp, ValidatorIndex, View};

use crate::memory::Inquiry;
use crate::message::{Message, Status};
use crate::replica::Replica;
use crate::signer::Signer;
use crate::step::Output;

impl Replica {
    /// The most certificates that one answer carries.
    pub const ANSWER_CERTIFICATES: usize = 32;

    /// The most notarized views whose finalization votes are sent again.
    const RESENT_VIEWS: usize = 4;

    /// Sends votes, proposal and status again when it is time.
    pub(crate) fn resend_if_due(&mut self, now: Timestamp) {
        if self.resend_time().is_some_and(|due| now < due) {
            return;
        }
        // R14
        let view = self.turn.view;
        let proposal = self.own_proposal().map(Box::new).map(Message::Proposal);
        let mut votes: Vec<(View, VoteKind)> =
            vec![(view, VoteKind::Notarize), (view, VoteKind::Nullify)];
        if proposal.is_some() {
            votes.remove(0);
        }
        let pending = self.views.pending().take(Self::RESENT_VIEWS);
        votes.extend(pending.map(|certified| (certified.view, VoteKind::Finalize)));
        let signer = self.signer.as_ref();
        let signed = votes
            .into_iter()
            .filter_map(|(view, kind)| signer?.vote(view, kind))
            .map(|vote| Message::Vote(**vote));
        let messages: Vec<Message> =
            proposal.into_iter().chain(signed).chain([Message::Status(self.status())]).collect();
        for message in messages {
            self.broadcast(message);
        }
        self.resend.repeats = self.resend.repeats.saturating_add(1);
        self.seek(true);
        self.resend.count = self.resend.count.saturating_add(u32::from(self.is_unsettled()));
        self.resend.last = Some(now);
    }

    /// When votes are sent again; `None` for at once, after a start.
    pub(crate) fn resend_time(&self) -> Option<Timestamp> {
        let pause = if self.is_unsettled() {
            self.pace.resend_pause(self.resend.count)
        } else {
            self.pace.longest_pause()
        };
        self.resend.last.map(|last| last.plus(pause))
    }

    /// True if something is open that a lost message may hold up.
    fn is_unsettled(&self) -> bool {
        self.turn.busy_since.is_some()
            || self.is_asking()
            || self.views.pending().next().is_some()
            || !self.fetching.is_empty()
            || self
                .signer
                .as_ref()
                .is_some_and(|signer| signer.vote(self.turn.view, VoteKind::Nullify).is_some())
    }

    /// Where this replica stands, and what it misses.
    fn status(&self) -> Status {
        let view = self.turn.view;
        let finalized = self.views.finalized().view;
        // The candidate's gap first: it may need a nullification where a notarization is known.
        let missing = self
            .view_of_the_base()
            .and_then(|base| self.views.gap(base.max(finalized), view))
            .or_else(|| self.views.lowest_unknown(view))
            .unwrap_or(view);
        let inquiry = self.inquiry.as_ref().map(Inquiry::number);
        Status { epoch: self.epoch, view, finalized, missing, inquiry }
    }

    /// The view after which the current candidate asks that all are nullified.
    fn view_of_the_base(&self) -> Option<View> {
        let view = self.turn.view;
        let hash = self.views.get(view)?.candidate?;
        let header = &self.chain.get(&hash)?.header;
        if header.view == view {
            return Some(self.chain.get(&header.parent)?.header.view);
        }
        // R18
        self.views
            .pending()
            .find(|known| known.block == hash && known.view < view)
            .map(|known| known.view)
    }

    /// Answers a peer's status with the certificates that it misses, and with the report that it
    /// asks for.
    pub(crate) fn answer(&mut self, now: Timestamp, to: ValidatorIndex, status: &Status) {
        let Some(answered) = self.answered.get(to.position()) else { return };
        let pause = self.pace.timing().resend_ms / 2;
        let too_soon = answered.is_some_and(|last| now.since(last) < pause);
        let report = status.inquiry.and_then(|inquiry| self.report(inquiry));
        let certificates = self.missed_by(status);
        let is_needless = certificates.is_empty() && report.is_none();
        if is_needless || too_soon || self.signer.is_none() {
            return;
        }
        if let Some(answered) = self.answered.get_mut(to.position()) {
            *answered = Some(now);
        }
        let certificates = certificates.into_iter().map(Message::Certificate);
        let messages = report.map(Message::Report).into_iter().chain(certificates);
        self.outputs.extend(messages.map(|message| Output::Send { to, message }));
    }

    /// What a peer that stands at `status` misses: the last finalization, the lowest certificates
    /// that it asks for, and the one by which this replica is where it is.
    fn missed_by(&self, status: &Status) -> Vec<Certificate> {
        let finalization =
            self.views.finalization().filter(|known| known.subject.view > status.finalized);
        let mut missed: Vec<Certificate> =
            finalization.map(|known| (**known).clone()).into_iter().collect();
        if status.missing < self.turn.view {
            let lowest = self.views.certificates(status.missing.min(status.view));
            missed.extend(lowest.take(Self::ANSWER_CERTIFICATES).map(|known| (**known).clone()));
            let entry = self.turn.view.previous().unwrap_or_default();
            let last = self.views.certificates(entry).next();
            missed
                .extend(last.map(|known| (**known).clone()).filter(|last| !missed.contains(last)));
        }
        missed
    }

    /// A peer votes in a view that this replica has left: it gets what lets it leave, too.
    pub(crate) fn help(&mut self, now: Timestamp, to: ValidatorIndex, view: View) {
        let finalized = view.previous().unwrap_or_default();
        self.answer_from(now, to, view, finalized);
    }

    /// Answers a peer that is in `view`, as can be told from what it says.
    fn answer_from(&mut self, now: Timestamp, to: ValidatorIndex, view: View, finalized: View) {
        let status = Status { epoch: self.epoch, view, finalized, missing: view, inquiry: None };
        self.answer(now, to, &status);
    }

    /// A peer still works in the epoch that has ended here: it gets the finalization.
    pub(crate) fn tell_the_end(&mut self, now: Timestamp, to: ValidatorIndex) {
        // R18
        let view = self.turn.view;
        self.answer_from(now, to, view, View(0));
    }

    /// Asks to be woken when the next rule can act by time alone.
    pub(crate) fn set_wake(&mut self, now: Timestamp) {
        let deadline = self.may_nullify().then(|| self.deadline());
        let build = self.may_lead().then(|| self.build_time());
        let early = self.early_candidate();
        let moments = [deadline, build, early, self.resend_time()];
        let next = moments.into_iter().flatten().filter(|moment| *moment > now).min();
        if next != self.wake
            && let Some(at) = next
        {
            self.outputs.push(Output::WakeAt(at));
        }
        self.wake = next;
    }

    fn may_nullify(&self) -> bool {
        let view = self.turn.view;
        let free = |signer: &Signer| {
            signer.is_open(view) && signer.vote(view, VoteKind::Nullify).is_none()
        };
        !self.turn.refused && self.signer.as_ref().is_some_and(free)
    }

    /// When the current candidate's time comes within the bound of the clock (R6).
    fn early_candidate(&self) -> Option<Timestamp> {
        let hash = self.views.get(self.turn.view)?.candidate?;
        let time = self.chain.get(&hash)?.header.time;
        Some(time.minus(self.pace.timing().clock_bound_ms))
    }
}
