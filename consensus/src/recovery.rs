//! A replica starts, also after a crash (R11).
//!
//! Invariants: what is in the durable records is known again before anything is done; nothing is
//! persisted a second time. Absent: reading of the log (the node's).

use ledger::certificate::{Vote, VoteKind};
use ledger::ids::{Timestamp, View};
use std::collections::BTreeSet;

use crate::chain::Chain;
use crate::config::{Config, Start};
use crate::leaders::Leaders;
use crate::memory::{Inquiry, Memory};
use crate::pace::Pace;
use crate::record::Record;
use crate::replica::{Replica, Resend, Turn};
use crate::signer::Signer;
use crate::step::Output;
use crate::verified::Verified;
use crate::views::{Certified, Views};

impl Replica {
    /// A replica that goes on after `start`, and its first outputs.
    pub fn new(config: Config, start: Start, now: Timestamp) -> (Self, Vec<Output>) {
        let mut replica = Self::fresh(config, &start, now);
        let votes = replica.replay(start.records);
        if replica.has_ended() {
            let outputs = replica.settle(now);
            return (replica, outputs);
        }
        // R11: the view that the certificates show, then the votes, which may complete another.
        let view = replica.views.highest_certified().next();
        replica.leaders.hear_all(view);
        replica.begin(now, view);
        for vote in votes {
            replica.count(now, vote);
        }
        let pending: Vec<Certified> = replica.views.pending().collect();
        for certified in pending.into_iter().rev() {
            replica.vote_to_finalize(now, certified.view, certified.block);
        }
        replica.resend = Resend::default();
        let outputs = replica.settle(now);
        (replica, outputs)
    }

    fn fresh(config: Config, start: &Start, now: Timestamp) -> Self {
        let Config { domains, validators, epoch, identity, timing } = config;
        let finalized = &start.finalized;
        let view = finalized.header.view;
        let certified = Certified { view, block: finalized.hash(&domains) };
        // R18: the certificate of the block that the epoch starts from is of the epoch before.
        let finalization = start
            .certificate
            .clone()
            .filter(|certificate| certificate.subject.block == certified.block)
            .and_then(|known| Verified::certificate(known, &domains, epoch, &validators));
        // R19
        let (forgotten, inquiry) = match start.memory {
            Memory::Whole => (View(0), None),
            Memory::Lost { inquiry } => {
                (View(u64::MAX), Some(Inquiry::new(inquiry, validators.fault_bound())))
            }
        };
        let signer = identity.map(|it| Signer::new(domains.clone(), epoch, it, view, forgotten));
        Self {
            validators_hash: validators.hash(&domains),
            leaders: Leaders::new(validators.count(), view.next()),
            pace: Pace::new(timing, validators.fault_bound()),
            views: Views::new(certified, finalization),
            chain: Chain::new(domains.clone(), finalized.clone()),
            turn: Turn::new(view.next(), now),
            idle_since: now,
            is_fresh: true,
            resend: Resend::default(),
            answered: vec![None; validators.count()],
            fetching: BTreeSet::new(),
            catching_up: None,
            named: BTreeSet::new(),
            wake: None,
            latest: now,
            outputs: Vec::new(),
            domains,
            validators,
            epoch,
            signer,
            inquiry,
        }
    }

    /// Takes the records back; gives this replica's own votes.
    fn replay(&mut self, records: Vec<Record>) -> Vec<Verified<Vote>> {
        let finalized = self.views.finalized().view;
        let mut votes = Vec::new();
        let is_of_use = |record: &Record| record.epoch() == self.epoch && record.view() > finalized;
        for record in records.into_iter().filter(is_of_use).collect::<Vec<_>>() {
            match record {
                Record::Block(block) => {
                    self.chain.insert(block);
                }
                Record::Vote(vote) => votes.extend(self.recall(&vote)),
                Record::Forgotten { view, .. } => {
                    if let Some(signer) = &mut self.signer {
                        signer.forget_up_to(view.max(signer.forgotten()));
                    }
                }
                Record::Certificate(certificate) => {
                    let subject = certificate.subject;
                    if !self.views.knows(subject.kind, subject.view)
                        && let Some(certificate) = self.verified(certificate)
                    {
                        self.views.insert(certificate);
                        if subject.kind == VoteKind::Finalize {
                            self.on_finalization();
                        }
                    }
                }
            }
        }
        votes
    }

    fn recall(&mut self, vote: &Vote) -> Option<Verified<Vote>> {
        let vote = self.signer.as_mut()?.recall(vote)?;
        if vote.subject.kind == VoteKind::Notarize {
            let view = vote.subject.view;
            self.views.entry(view).candidate = Some(vote.subject.block);
        }
        Some(vote)
    }
}
