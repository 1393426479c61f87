//! The council: the banks' operators, who change the network while it runs.
//!
//! One change at a time: its proposal, the votes of all other governing banks and its enactment are
//! one transaction, all or nothing. Invariants: at any time at most f of the validators are faulty,
//! whatever is changed; nothing is ordered before the last order's outcome is final. Absent: how an
//! order is sent and answered (the clients'), and whether the change came about as ordered (the
//! checkers').

use ledger::crypto::{PublicKey, SecretKey};
use ledger::governance::Change;
use ledger::ids::{ProposalNumber, Timestamp};
use ledger::operation::Operation;
use ledger::receipt::Outcome;
use ledger::transaction::TransactionId;
use node::core::step::Committed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::random::Random;
use super::setup::{Setup, peer_at, seat_of};

/// The banks that govern, and what they still want to change.
#[derive(Debug)]
pub struct Council {
    setup: Arc<Setup>,
    /// The seats whose nodes are not expected to be sound.
    faulty: BTreeSet<usize>,
    /// The voting key of each governing seat.
    seated: BTreeMap<usize, PublicKey>,
    /// How many proposals there have been.
    proposals: u64,
    left: u64,
    pending: Option<(TransactionId, Change)>,
}

/// A transaction of the council: what it does and who signs.
pub struct Motion<'a> {
    /// The operations, to be done all or none.
    pub operations: Vec<Operation>,
    /// The operators that must sign.
    pub signers: Vec<&'a SecretKey>,
    change: Change,
}

impl Council {
    /// How long a proposal stands, in milliseconds.
    const STANDS: u64 = 12 * 60 * 60 * 1_000;

    /// A council that wants so many changes; the nodes of these seats are not sound.
    pub fn new(setup: &Arc<Setup>, changes: u64, faulty: BTreeSet<usize>) -> Self {
        let seated = setup.banks.iter().enumerate();
        Self {
            seated: seated.map(|(seat, bank)| (seat, bank.voting.public())).collect(),
            setup: Arc::clone(setup),
            faulty,
            proposals: 0,
            left: changes,
            pending: None,
        }
    }

    /// True while it wants something and waits for nothing.
    pub const fn is_ready(&self) -> bool {
        self.left > 0 && self.pending.is_none()
    }

    /// The next change. None if what was drawn is not possible now.
    pub fn move_on(&self, now: Timestamp, random: &mut Random) -> Option<Motion<'_>> {
        let change = self.draw(random)?;
        let number = ProposalNumber(self.proposals).next();
        let mut seats = self.seated.keys().copied();
        let first = peer_at(seats.next()?);
        let mut operations = vec![Operation::Propose {
            institution: first,
            change: Box::new(change.clone()),
            expires: now.plus(Self::STANDS),
        }];
        operations.extend(seats.map(|seat| Operation::Vote {
            institution: peer_at(seat),
            proposal: number,
            approve: true,
        }));
        operations.push(Operation::Enact { institution: first, proposal: number });
        let signers = self.seated.keys().map(|seat| &self.setup.banks[*seat].operator).collect();
        Some(Motion { operations, signers, change })
    }

    /// The order with this motion was made: its outcome is awaited.
    pub fn ordered(&mut self, id: TransactionId, change: Change) {
        self.left -= 1;
        self.pending = Some((id, change));
    }

    /// A block is final at a node of the product.
    pub fn note(&mut self, committed: &Committed) {
        let Some((id, change)) = &self.pending else { return };
        let (_, booked) = committed.booked_by(*id);
        if booked.is_empty() {
            return;
        }
        let rejected = booked.iter().any(|one| matches!(one.receipt.outcome, Outcome::Rejected(_)));
        if !rejected {
            self.proposals += 1;
            apply(&mut self.seated, change);
        }
        self.pending = None;
    }

    fn draw(&self, random: &mut Random) -> Option<Change> {
        match random.between(0, 9) {
            0..=3 => self.rotation(random),
            4..=6 => self.removal(random),
            7 | 8 => self.addition(random).or_else(|| self.rotation(random)),
            _ => Some(self.other_parameters(random)),
        }
    }

    fn seat(&self, random: &mut Random) -> Option<usize> {
        let seats: Vec<_> = self.seated.keys().copied().collect();
        (!seats.is_empty()).then(|| seats[random.position(seats.len())])
    }

    /// A key of the bank that it does not vote with now.
    fn other_key(&self, seat: usize, random: &mut Random) -> PublicKey {
        let present = self.seated.get(&seat);
        let keys = self.setup.banks[seat].voting_keys().map(SecretKey::public);
        let keys: Vec<_> = keys.filter(|key| Some(key) != present).collect();
        keys[random.position(keys.len())]
    }

    fn rotation(&self, random: &mut Random) -> Option<Change> {
        let seat = self.seat(random)?;
        let voting_key = self.other_key(seat, random);
        Some(Change::RotateValidatorKey { institution: peer_at(seat), voting_key })
    }

    fn removal(&self, random: &mut Random) -> Option<Change> {
        let seat = self.seat(random)?;
        let change = Change::RemoveValidator { institution: peer_at(seat) };
        self.is_bearable(&change).then_some(change)
    }

    fn addition(&self, random: &mut Random) -> Option<Change> {
        let all = 0..self.setup.banks.len();
        let absent: Vec<_> = all.filter(|seat| !self.seated.contains_key(seat)).collect();
        if absent.is_empty() {
            return None;
        }
        let seat = absent[random.position(absent.len())];
        let (entering, node) = (peer_at(seat), self.setup.banks[seat].node.clone());
        let voting_key = self.other_key(seat, random);
        let change = match self.seat(random).filter(|_| random.chance(500)) {
            Some(leaving) => {
                let leaving = peer_at(leaving);
                Change::ReplaceValidator { leaving, entering, voting_key, node }
            }
            None => Change::AddValidator { institution: entering, voting_key, node },
        };
        self.is_bearable(&change).then_some(change)
    }

    fn other_parameters(&self, random: &mut Random) -> Change {
        let heartbeat_ms = u32::try_from(random.between(1_000, 5_000)).unwrap_or(1_000);
        Change::SetParameters(ledger::genesis::Parameters {
            heartbeat_ms,
            ..self.setup.genesis.parameters
        })
    }

    /// True if at most f of the validators after the change are faulty.
    fn is_bearable(&self, change: &Change) -> bool {
        let mut after = self.seated.clone();
        apply(&mut after, change);
        let faulty = after.keys().filter(|seat| self.faulty.contains(*seat)).count();
        !after.is_empty() && faulty <= (after.len() - 1) / 3
    }
}

impl Motion<'_> {
    /// What it changes.
    pub fn change(&self) -> Change {
        self.change.clone()
    }
}

/// Who votes with which key once `change` has come about.
pub fn apply(seated: &mut BTreeMap<usize, PublicKey>, change: &Change) {
    match change {
        Change::AddValidator { institution, voting_key, .. }
        | Change::RotateValidatorKey { institution, voting_key } => {
            seated.insert(seat_of(*institution), *voting_key);
        }
        Change::RemoveValidator { institution } => {
            seated.remove(&seat_of(*institution));
        }
        Change::ReplaceValidator { leaving, entering, voting_key, .. } => {
            seated.remove(&seat_of(*leaving));
            seated.insert(seat_of(*entering), *voting_key);
        }
        Change::AdmitInstitution { .. }
        | Change::RemoveInstitution { .. }
        | Change::SetNode { .. }
        | Change::SetParameters(_)
        | Change::ScheduleUpgrade { .. } => {}
    }
}
