//! The light client is never misled: it is shown every header and certificate that anyone sends,
//! adversaries too, and believes only headers that are final; and it believes every certified final
//! block that a node shows.

use ledger::block::{Block, Header};
use ledger::certificate::{Certificate, VoteKind};
use ledger::hash::Hash;
use ledger::ids::{Epoch, Height, Timestamp};
use ledger::light::{Advance, Progress, Refusal, TrustedState};
use node::core::message::PeerMessage;
use std::collections::{BTreeMap, VecDeque};

use super::super::setup::Setup;
use super::{Checker, Context, Observation, certificates};

/// A light client that trusts the genesis document, the headers that were sent, what is final, and
/// what the client has come to believe before a node called it final.
#[derive(Debug, Default)]
pub(super) struct LightClient {
    client: Option<TrustedState>,
    headers: VecDeque<(Hash, Header)>,
    finals: BTreeMap<Height, Hash>,
    believed: BTreeMap<Height, Hash>,
    checked: u64,
}

impl LightClient {
    /// How many headers it remembers.
    const MEMORY: usize = 32;

    fn hear(&mut self, context: &Context, block: &Block) {
        let hash = block.hash(&context.setup.domains);
        if self.headers.iter().all(|(known, _)| *known != hash) {
            self.headers.push_back((hash, block.header.clone()));
            if self.headers.len() > Self::MEMORY {
                self.headers.pop_front();
            }
        }
    }

    /// Shows the client a header with a certificate. Whatever it comes to believe must be what is
    /// final at that height, now or later.
    fn show(
        &mut self,
        context: &Context,
        header: &Header,
        certificate: &Certificate,
    ) -> Result<Advance, Refusal> {
        self.checked += 1;
        let setup = context.setup;
        let trusted = || TrustedState::genesis(setup.domains.chain_id(), &setup.genesis);
        let mut anew;
        let client = match &mut self.client {
            // Who follows the chain knows the validators of past epochs no more.
            Some(client) if header.epoch < epoch_of(client) => {
                anew = trusted()?;
                &mut anew
            }
            Some(client) => client,
            none => none.insert(trusted()?),
        };
        let progress = Progress {
            epochs: context.epochs.changes(epoch_of(client), header.epoch),
            header: header.clone(),
            certificate: certificate.clone(),
        };
        let advance = client.advance(&setup.domains, &progress, Timestamp(Setup::EPOCH))?;
        if let Advance::To(height) = advance {
            self.believed.insert(height, header.hash(&setup.domains));
        }
        Ok(advance)
    }

    /// What the client believes and what is final must not differ.
    fn compare(&self) -> Option<String> {
        let differs = |(height, hash): (&Height, &Hash)| {
            let last = self.finals.get(height)?;
            (last != hash).then(|| format!("believes {hash} at {height}, final is {last}"))
        };
        self.believed.iter().rev().take(4).find_map(differs)
    }

    fn overhear(&mut self, context: &Context, message: &PeerMessage) -> Option<String> {
        if let PeerMessage::Consensus(consensus::Message::Proposal(proposal)) = message {
            self.hear(context, &proposal.block);
        }
        if let PeerMessage::Block(block) = message {
            self.hear(context, block);
        }
        if let PeerMessage::Chain(part) = message {
            part.0.iter().for_each(|final_block| self.hear(context, &final_block.block));
        }
        for certificate in certificates(message) {
            if certificate.subject.kind != VoteKind::Finalize {
                continue;
            }
            let named = self.headers.iter().find(|(hash, _)| *hash == certificate.subject.block);
            let last = self.headers.back();
            let shown: Vec<_> = named.into_iter().chain(last).map(|(_, h)| h.clone()).collect();
            for header in shown {
                // A refusal is what adversaries deserve.
                let _ = self.show(context, &header, certificate);
            }
        }
        self.compare()
    }
}

/// The epoch up to which the client knows the validators.
const fn epoch_of(client: &TrustedState) -> Epoch {
    match client {
        TrustedState::Following { epoch, .. } => *epoch,
        TrustedState::Genesis { .. } | TrustedState::Stopped => Epoch(0),
    }
}

impl Checker for LightClient {
    fn name(&self) -> &'static str {
        "light client"
    }

    fn observe(&mut self, context: &Context, observation: &Observation) -> Option<String> {
        match observation {
            Observation::Sent(_, message) => self.overhear(context, message),
            Observation::Final(host, committed) | Observation::Replayed(host, committed)
                if context.is_product(*host) =>
            {
                let header = &committed.executed.block.header;
                self.finals.insert(header.height, header.hash(&context.setup.domains));
                if let Some(certificate) = &committed.certificate
                    && context.epochs.knows_changes_before(header.epoch)
                    && let Err(refusal) = self.show(context, header, certificate)
                {
                    return Some(format!("final {} is not believed: {refusal}", header.height));
                }
                self.compare()
            }
            Observation::Final(..)
            | Observation::Recorded(..)
            | Observation::Replayed(..)
            | Observation::Restored(..)
            | Observation::Read(..)
            | Observation::Kept(..)
            | Observation::Ordered(_)
            | Observation::Replied(..)
            | Observation::Evidence(..)
            | Observation::Accused(..)
            | Observation::Stopped(..)
            | Observation::Healed
            | Observation::Late
            | Observation::Ended => None,
        }
    }

    fn checked(&self) -> u64 {
        self.checked
    }
}
