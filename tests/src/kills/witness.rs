//! Somebody who joins the network in a validator's place, and remembers every vote of the others.
//!
//! Invariant: two votes contradict each other if both are for a block of one view and the blocks
//! differ, or if one nullifies and the other finalizes the same view; whoever sent both is faulty.
//! A witness needs no order of events to know that. Absent: votes of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use consensus::Message;
use ledger::{
    certificate::{Vote, VoteKind},
    genesis::keyfile::KeyKind,
    hash::{Domains, Hash},
    ids::{Epoch, ValidatorIndex, View},
    validators::ValidatorSet,
};
use node::{
    core::message::PeerMessage,
    home::read_key,
    net::{Network, NetworkConfig, NetworkEvent, NetworkHandle, PeerAddress, PeerKey, Timing},
};
use tokio::runtime::Runtime;

use crate::{devnet::Purse, xtask::Failure};

/// Where a vote stands.
type Place = (ValidatorIndex, Epoch, View);

/// What was seen.
#[derive(Debug, Default)]
pub struct Memory {
    life: u64,
    /// For each place, each kind and block with the life in which it was first seen.
    votes: BTreeMap<Place, BTreeMap<(VoteKind, Hash), u64>>,
    count: u64,
    repeated: BTreeSet<(Place, VoteKind)>,
    contradictions: Vec<String>,
}

impl Memory {
    /// Takes note of a vote whose signature holds.
    pub fn note(&mut self, vote: &Vote) {
        let subject = vote.subject;
        let place = (vote.validator, subject.epoch, subject.view);
        let seen = self.votes.entry(place).or_default();
        if let Some(life) = seen.get(&(subject.kind, subject.block)) {
            if *life < self.life {
                self.repeated.insert((place, subject.kind));
            }
            return;
        }
        let contradicts = |(kind, block): &(VoteKind, Hash)| match (kind, subject.kind) {
            (VoteKind::Nullify, VoteKind::Finalize) | (VoteKind::Finalize, VoteKind::Nullify) => {
                true
            }
            (VoteKind::Nullify, VoteKind::Notarize | VoteKind::Nullify)
            | (VoteKind::Notarize, VoteKind::Nullify) => false,
            (VoteKind::Notarize | VoteKind::Finalize, VoteKind::Notarize | VoteKind::Finalize) => {
                *block != subject.block
            }
        };
        let before = seen.iter().find(|(vote, _)| contradicts(vote));
        if let Some(((kind, block), life)) = before {
            self.contradictions.push(format!(
                "validator {} voted {kind:?} {block} in its life {life} and {:?} {} in its life \
                 {}, both in view {} of epoch {}",
                vote.validator.0,
                subject.kind,
                subject.block,
                self.life,
                subject.view,
                subject.epoch
            ));
        }
        seen.insert((subject.kind, subject.block), self.life);
        self.count += 1;
    }
}

/// The witness.
pub struct Witness {
    runtime: Option<Runtime>,
    network: NetworkHandle,
    memory: Arc<Mutex<Memory>>,
}

impl Witness {
    /// Joins with the network key of a home whose node does not run.
    ///
    /// # Errors
    /// [`Failure::Found`] if it cannot join.
    pub fn join(purse: &Purse, home: &Path) -> Result<Self, Failure> {
        let refused = |reason: String| Failure::Found {
            summary: format!("the witness cannot join: {reason}"),
        };
        let key = read_key(&home.join("keys/node.key"), KeyKind::Node)
            .map_err(|error| refused(error.to_string()))?;
        let members = purse.genesis.members.iter().filter_map(|member| member.validator.as_ref());
        let own = members.clone().find(|validator| validator.node_key == key.public());
        let listen = own.and_then(|validator| validator.address.parse().ok());
        let peers = members.map(|validator| PeerAddress {
            key: PeerKey(validator.node_key.0),
            addresses: vec![validator.address.clone()],
        });
        let config = NetworkConfig {
            identity: key.seed(),
            chain: purse.domains.chain_id().0.0,
            listen: listen.into_iter().collect(),
            peers: peers.collect(),
            timing: Timing::default(),
        };
        let runtime = Runtime::new().map_err(|error| refused(error.to_string()))?;
        let (network, mut events) =
            runtime.block_on(Network::start(config)).map_err(|error| refused(error.to_string()))?;
        let memory = Arc::new(Mutex::new(Memory::default()));
        let validators = purse.genesis.validators().map_err(|error| refused(error.to_string()))?;
        let (domains, noting) = (purse.domains.clone(), memory.clone());
        runtime.spawn(async move {
            while let Some(event) = events.recv().await {
                if let NetworkEvent::Frame { bytes, .. } = event {
                    for vote in votes(&domains, &validators, &bytes) {
                        lock(&noting).note(&vote);
                    }
                }
            }
        });
        Ok(Self { runtime: Some(runtime), network, memory })
    }

    /// From now on, votes come from nodes that were started again.
    pub fn next_life(&self) {
        lock(&self.memory).life += 1;
    }

    /// # Errors
    /// [`Failure::Found`] names every contradiction.
    pub fn check(&self) -> Result<(), Failure> {
        let contradictions = lock(&self.memory).contradictions.join("\n");
        if contradictions.is_empty() {
            return Ok(());
        }
        Err(Failure::Found { summary: contradictions })
    }

    /// How many votes were seen, and how many of them again in a later life.
    pub fn counts(&self) -> (u64, u64) {
        let memory = lock(&self.memory);
        (memory.count, u64::try_from(memory.repeated.len()).unwrap_or(u64::MAX))
    }

    /// Leaves the network; what was seen stays.
    pub fn leave(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(self.network.shutdown());
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The votes in a frame, those whose signatures hold: a proposal and a status carry some too.
fn votes(domains: &Domains, validators: &ValidatorSet, frame: &[u8]) -> Vec<Vote> {
    let found = match PeerMessage::decode(frame) {
        Ok(PeerMessage::Consensus(Message::Vote(vote))) => vec![vote],
        Ok(PeerMessage::Consensus(Message::Proposal(proposal))) => vec![proposal.vote],
        _ => Vec::new(),
    };
    found.into_iter().filter(|vote| vote.verify(domains, validators)).collect()
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use ledger::{certificate::VoteSubject, crypto::Signature};

    use super::*;

    fn vote(view: u64, kind: VoteKind, block: u8) -> Vote {
        let block = Hash([block; 32]);
        let subject = VoteSubject { epoch: Epoch(0), view: View(view), kind, block };
        Vote { subject, validator: ValidatorIndex(1), signature: Signature([0; 64]) }
    }

    #[test]
    fn contradictions_by_row() {
        use VoteKind::{Finalize, Notarize, Nullify};
        for (one, other, contradicts) in [
            (vote(1, Notarize, 1), vote(1, Notarize, 1), false),
            (vote(1, Notarize, 1), vote(1, Notarize, 2), true),
            (vote(1, Notarize, 1), vote(2, Notarize, 2), false),
            (vote(1, Notarize, 1), vote(1, Nullify, 0), false),
            (vote(1, Notarize, 1), vote(1, Finalize, 1), false),
            (vote(1, Notarize, 1), vote(1, Finalize, 2), true),
            (vote(1, Finalize, 1), vote(1, Nullify, 0), true),
            (vote(1, Nullify, 0), vote(1, Nullify, 0), false),
        ] {
            for (first, second) in [(one, other), (other, one)] {
                let mut memory = Memory::default();
                memory.note(&first);
                memory.life += 1;
                memory.note(&second);
                assert_eq!(memory.contradictions.len(), usize::from(contradicts), "{one:?}");
                assert_eq!(memory.repeated.len(), usize::from(first == second), "{one:?}");
            }
        }
    }
}
