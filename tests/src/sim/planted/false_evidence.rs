//! Two bugs of justice: a vote to notarize and one to nullify the same view, which honest nodes may
//! both cast, are taken for evidence; and of a bad batch another than its sender is accused.

use consensus::{Evidence, Message};
use ledger::certificate::{Vote, VoteKind};
use ledger::codec;
use ledger::ids::{ValidatorIndex, View};
use node::core::step::{Input, Output};
use std::collections::BTreeMap;

use super::super::actor::Place;
use super::super::setup::{peer_at, seat_of};
use super::wiring::heard;
use super::{Bug, Planted};

/// What is no evidence is taken for it.
pub(super) const EVIDENCE: Planted = Planted {
    name: "false-evidence",
    spans_epochs: false,
    finders: &["evidence"],
    make: |_| Box::new(FalseEvidence::default()),
};

/// Another than the sender is accused.
pub(super) const ACCUSATION: Planted = Planted {
    name: "accuses-another",
    spans_epochs: false,
    finders: &["evidence"],
    make: |place| Box::new(AccusesAnother { place: place.clone() }),
};

#[derive(Default)]
struct FalseEvidence {
    notarized: BTreeMap<(ValidatorIndex, View), Vote>,
    found: Option<Evidence>,
}

impl Bug for FalseEvidence {
    fn input(&mut self, input: Input) -> Vec<Input> {
        if let Some((_, Message::Vote(vote))) = heard(&input) {
            let place = (vote.validator, vote.subject.view);
            match vote.subject.kind {
                VoteKind::Notarize => {
                    self.notarized.insert(place, *vote);
                }
                VoteKind::Nullify => {
                    let pair = self.notarized.get(&place).map(|first| (*first, *vote));
                    let bytes = pair.map(|pair| codec::encode(&pair)).unwrap_or_default();
                    self.found = codec::decode(&bytes, Message::MAXIMUM_BYTES).ok();
                }
                VoteKind::Finalize => {}
            }
        }
        vec![input]
    }

    fn output(&mut self, output: Output) -> Vec<Output> {
        let found = self.found.take().map(|evidence| Output::Evidence(Box::new(evidence)));
        found.into_iter().chain([output]).collect()
    }
}

struct AccusesAnother {
    place: Place,
}

impl Bug for AccusesAnother {
    fn output(&mut self, output: Output) -> Vec<Output> {
        if let Output::Misbehaviour { peer, what } = output {
            let count = self.place.setup.banks.len();
            let other = peer_at((seat_of(peer) + 1) % count);
            return vec![Output::Misbehaviour { peer: other, what }];
        }
        vec![output]
    }
}
