//! Certificates come in, and views are entered by them (R3, R8, R9).
//!
//! Invariants: the current view is one above the highest view of which a certificate is known.
//! Absent: how votes are cast (see [`crate::voting`]).

use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{Timestamp, View};

use crate::message::Message;
use crate::record::Record;
use crate::replica::{Replica, Turn};
use crate::signer::Signer;
use crate::step::Output;
use crate::verified::Verified;

impl Replica {
    /// Checks a certificate from outside, if it says anything new, and uses it.
    pub(crate) fn learn(&mut self, now: Timestamp, certificate: Certificate) {
        let subject = certificate.subject;
        if subject.epoch != self.epoch || self.views.knows(subject.kind, subject.view) {
            return;
        }
        if let Some(certificate) = self.verified(certificate) {
            self.adopt(now, certificate);
        }
    }

    /// The certificate, if it is one of this epoch and valid.
    pub(crate) fn verified(&self, certificate: Certificate) -> Option<Verified<Certificate>> {
        Verified::certificate(certificate, &self.domains, self.epoch, &self.validators)
    }

    /// Uses a certificate that is new: keeps it, relays it, moves on by it.
    pub(crate) fn adopt(&mut self, now: Timestamp, certificate: Verified<Certificate>) {
        let subject = certificate.subject;
        let moves = subject.view >= self.turn.view;
        self.is_fresh = false;
        let relay = moves || subject.kind == VoteKind::Finalize;
        let record = Record::Certificate((*certificate).clone());
        if subject.kind != VoteKind::Finalize || !self.is_linked(&subject.block) {
            self.outputs.push(Output::Persist(record));
        }
        // R3, R9: whoever moves on takes the others along.
        if relay {
            self.broadcast(Message::Certificate((*certificate).clone()));
        }
        self.views.insert(certificate);
        match subject.kind {
            VoteKind::Notarize => self.vote_to_finalize(now, subject.view, subject.block),
            VoteKind::Nullify => {}
            VoteKind::Finalize => self.on_finalization(),
        }
        // R18: nothing comes after the block that ends the epoch.
        if moves && subject.view >= self.turn.view && !self.has_ended() {
            self.enter(now, subject.view, subject.kind);
        }
    }

    /// Enters the view after `passed`, which `kind` has certified.
    fn enter(&mut self, now: Timestamp, passed: View, kind: VoteKind) {
        // R3
        let view = passed.next();
        if kind != VoteKind::Nullify {
            self.idle_since = now;
        }
        if passed > self.turn.view {
            self.leaders.hear_all(view);
        } else {
            // R12
            match kind {
                VoteKind::Nullify => self.pace.nullified(),
                VoteKind::Notarize | VoteKind::Finalize => {
                    let measured = self.turn.busy_since.map(|since| now.since(since));
                    self.pace.notarized(measured);
                }
            }
        }
        self.begin(now, view);
    }

    /// Starts the turn of `view`.
    pub(crate) fn begin(&mut self, now: Timestamp, view: View) {
        self.turn = Turn::new(view, now);
        self.resend.count = 0;
        // R19: views that go by do not put off the question of one that has forgotten.
        if !self.is_asking() {
            self.resend.last = self.resend.last.map(|_| now);
        }
        for (view, block) in self.views.compact(view) {
            if !self.is_of_use(view, &block) {
                self.chain.forget(&block);
            }
        }
        if self.views.get(view).is_some_and(|state| state.candidate.is_some()) {
            self.make_busy(now);
        }
        self.outputs.push(Output::Entered { view, leader: self.leaders.leader(view) });
    }

    /// True if a candidate of `view` that was dropped is still kept: peers may fetch what this
    /// replica has voted for, and what is certified.
    fn is_of_use(&self, view: View, block: &Hash) -> bool {
        // R17, R18: a block that is proposed again was voted for, or certified, in another view.
        let first = self.chain.get(block).map_or(view, |held| held.header.view);
        let votes = |signer: &Signer, view| {
            signer.vote(view, VoteKind::Notarize).is_some_and(|vote| vote.subject.block == *block)
        };
        let is_voted_for = |signer| votes(signer, view) || votes(signer, first);
        self.signer.as_ref().is_some_and(is_voted_for) || self.views.is_certified(block)
    }

    /// Sends to all, unless this replica only observes.
    pub(crate) fn broadcast(&mut self, message: Message) {
        if self.signer.is_some() {
            self.outputs.push(Output::Broadcast(message));
        }
    }
}
