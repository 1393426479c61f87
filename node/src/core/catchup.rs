//! Catch-up: which final blocks to ask for, whom, and what of the answers to believe.
//!
//! Invariants: no height is believed without a finalization certificate; a peer that stalls or lies
//! is left for the next one; at most one request for blocks is under way. Absent: execution of the
//! blocks (the core does that as for any final block).

use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::{Domains, Hash};
use ledger::ids::{Height, Timestamp, ValidatorIndex, View};
use ledger::validators::ValidatorSet;

use super::message::{ChainPart, FinalBlock};

/// How long a peer may take to answer, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// Where catch-up stands.
#[derive(Debug, Default)]
pub struct CatchUp {
    target: Option<Certificate>,
    asked: Option<Asked>,
    turn: u16,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    peer: ValidatorIndex,
    until: Timestamp,
}

impl CatchUp {
    /// There is a finalization beyond what this node holds.
    pub fn aim(&mut self, certificate: Certificate) {
        let view = |target: &Certificate| target.subject.view;
        if self.target.as_ref().is_none_or(|target| view(target) < certificate.subject.view) {
            self.target = Some(certificate);
        }
    }

    /// The block in `view` is final here.
    pub fn reached(&mut self, view: View) {
        if self.target.as_ref().is_some_and(|target| target.subject.view <= view) {
            self.target = None;
            self.asked = None;
        }
    }

    /// True while this node knows of a final block that it does not hold.
    pub const fn is_behind(&self) -> bool {
        self.target.is_some()
    }

    /// The peer to ask now, if one is to be asked: the signers of the target in turn.
    pub fn next_peer(&mut self, now: Timestamp, me: ValidatorIndex) -> Option<ValidatorIndex> {
        let target = self.target.as_ref()?;
        if self.asked.is_some_and(|asked| asked.until > now) {
            return None;
        }
        let signers: Vec<_> = target.signers().filter(|signer| *signer != me).collect();
        let count = u16::try_from(signers.len()).ok()?;
        self.turn = self.turn.wrapping_add(1);
        let peer = *signers.get(usize::from(self.turn.checked_rem(count)?))?;
        self.asked = Some(Asked { peer, until: now.plus(PATIENCE_MS) });
        Some(peer)
    }

    /// When to look again, if a request is under way.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.asked.filter(|_| self.is_behind()).map(|asked| asked.until)
    }

    /// Takes a peer's answer: the blocks that are certainly final and follow `tip`. An answer that
    /// was not asked for, has a gap, or is not certified gives nothing, and the next peer is asked.
    pub fn accept(
        &mut self,
        from: ValidatorIndex,
        part: ChainPart,
        (height, hash): (Height, Hash),
        domains: &Domains,
        validators: &ValidatorSet,
    ) -> Vec<FinalBlock> {
        if self.asked.is_none_or(|asked| asked.peer != from) {
            return Vec::new();
        }
        self.asked = None;
        let mut next = height.next();
        let mut parent = hash;
        let mut certified = 0;
        let mut blocks = Vec::new();
        for block in part.0 {
            let header = &block.block.header;
            let linked = header.height == next
                && header.parent == parent
                && header.lanes_root == block.block.cut.root(domains);
            if !linked {
                break;
            }
            next = next.next();
            parent = block.block.hash(domains);
            let is_final = block
                .certificate
                .as_ref()
                .is_some_and(|certificate| finalizes(certificate, parent, domains, validators));
            blocks.push(block);
            if is_final {
                certified = blocks.len();
            }
        }
        blocks.truncate(certified);
        blocks
    }
}

fn finalizes(
    certificate: &Certificate,
    block: Hash,
    domains: &Domains,
    validators: &ValidatorSet,
) -> bool {
    certificate.subject.kind == VoteKind::Finalize
        && certificate.subject.block == block
        && certificate.verify(domains, validators).is_ok()
}
