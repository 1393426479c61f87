//! The adversary that sends batches that are none: transactions that nobody signed, a payload that
//! is not the one it signed, a batch in the name of another lane's owner.
//!
//! A batch is verified as a whole before it is kept, by the key of its lane's owner; one that fails
//! counts for nothing, and who sent it is named.

use ledger::block::Batch;
use ledger::crypto::Signature;
use ledger::ids::{Timestamp, ValidatorIndex};
use node::core::Core;
use node::core::lanes::HeldBatch;
use node::core::message::PeerMessage;
use node::core::step::Output;

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, send, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "batch forger", start };

struct BatchForger;

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(BatchForger, place, core, first)
}

fn forge(voice: &mut Voice, own: &HeldBatch) -> Batch {
    let header = own.header.clone();
    let mut transactions: Vec<_> =
        own.transactions.iter().map(|one| one.signed().clone()).collect();
    match voice.random.between(0, 2) {
        0 => {
            // The payer never signed this: another amount's worth of time, the old signature.
            for one in &mut transactions {
                one.transaction.valid_until = one.transaction.valid_until.plus(1);
                one.signatures.fill(Signature([0x11; 64]));
            }
            let parent =
                ledger::block::LaneTip { sequence: header.sequence - 1, batch: header.parent };
            let (epoch, lane) = (header.epoch, header.lane);
            Batch::sign(voice.domains(), voice.key(), epoch, lane, parent, transactions)
        }
        1 => {
            transactions.pop();
            Batch { header, signature: own.signature, transactions }
        }
        _ => {
            let count = u16::try_from(voice.count()).unwrap_or(1);
            let lane = ValidatorIndex((header.lane.0 + 1) % count);
            let parent = ledger::block::LaneTip::default();
            let epoch = header.epoch;
            Batch::sign(voice.domains(), voice.key(), epoch, lane, parent, transactions)
        }
    }
}

impl Mischief for BatchForger {
    fn say(&mut self, voice: &mut Voice, output: Output) -> Vec<Output> {
        let mut outputs = Vec::new();
        if let Output::BroadcastBatch(own) = &output {
            for peer in voice.peers() {
                let forged = forge(voice, own);
                voice.did("forged a batch");
                outputs.push(send(peer, PeerMessage::Batch(forged)));
            }
        }
        outputs.push(output);
        outputs
    }
}
