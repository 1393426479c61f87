//! The adversary that lives in the future: it votes and proposes in views far ahead, up to the last
//! that a number can name, claims to be there, and asks for what does not exist.
//!
//! Votes and candidates are kept for 64 views only, one of each kind (R17); no claim moves a view,
//! only a certificate does (R3); a request that goes too far is answered with nothing.

use consensus::{Message, Proposal, Report, Status};
use ledger::block::{Block, LaneTip};
use ledger::certificate::{VoteKind, VoteSubject};
use ledger::hash::Hash;
use ledger::ids::{Epoch, Height, Timestamp, ValidatorIndex, View};
use node::core::Core;
use node::core::message::{BatchRequest, PeerMessage};
use node::core::step::{Input, Output};

use super::super::actor::{Place, Started};
use super::Adversary;
use super::voice::{Mischief, Voice, heard, say, send, wrap};

/// The adversary.
pub(super) const ADVERSARY: Adversary = Adversary { name: "future-view flooder", start };

struct FutureFlooder;

fn start(place: Place, core: Core, first: Vec<Output>, _: Timestamp) -> Started {
    wrap(FutureFlooder, place, core, first)
}

/// A view ahead of `view`: soon, or never.
fn ahead(voice: &mut Voice, view: View) -> View {
    let by = match voice.random.between(0, 3) {
        0 => voice.random.between(1, 4),
        1 => voice.random.between(1, 70),
        2 => voice.random.between(60, 10_000),
        _ => u64::MAX,
    };
    View(view.0.saturating_add(by))
}

fn vote(voice: &mut Voice, now: &VoteSubject) -> Message {
    let (kind, block) = match voice.random.between(0, 2) {
        0 => (VoteKind::Nullify, Hash::ZERO),
        1 => (VoteKind::Notarize, voice.nonsense()),
        _ => (VoteKind::Finalize, voice.nonsense()),
    };
    let view = ahead(voice, now.view);
    Message::Vote(voice.sign(VoteSubject { epoch: now.epoch, view, kind, block }))
}

/// A block for a view that the adversary will lead, on a parent that nobody knows.
fn proposal(voice: &mut Voice, heard: &Proposal) -> Message {
    let count = u64::try_from(voice.count()).unwrap_or(1);
    let own = u64::from(voice.index().0);
    let turns = voice.random.between(1, 40);
    let now = heard.vote.subject.view.0;
    let view = View((now / count).saturating_add(turns).saturating_mul(count).saturating_add(own));
    let mut block: Block = heard.block.clone();
    let header = &mut block.header;
    header.view = view;
    header.proposer = voice.index();
    header.height =
        Height(if voice.random.chance(300) { u64::MAX } else { header.height.next().0 });
    header.parent = voice.nonsense();
    let subject = VoteSubject {
        view,
        kind: VoteKind::Notarize,
        block: block.hash(voice.domains()),
        ..heard.vote.subject
    };
    let vote = voice.sign(subject);
    Message::Proposal(Box::new(Proposal { block, vote, justification: Vec::new() }))
}

fn nonsense_requests(voice: &mut Voice, epoch: Epoch) -> Vec<PeerMessage> {
    let tip = LaneTip { sequence: u64::MAX, batch: voice.nonsense() };
    let lane = ValidatorIndex(u16::try_from(voice.random.between(0, 70)).unwrap_or(0));
    let after = if voice.random.chance(500) { 0 } else { u64::MAX };
    vec![
        PeerMessage::ChainRequest(Height(u64::MAX)),
        PeerMessage::BatchRequest(BatchRequest { epoch, lane, after, tip }),
        PeerMessage::BlockRequest(voice.nonsense()),
    ]
}

impl Mischief for FutureFlooder {
    fn hear(&mut self, voice: &mut Voice, _: Timestamp, input: &Input) -> Vec<Output> {
        let Some(Message::Proposal(heard)) = heard(input) else { return Vec::new() };
        let now = heard.vote.subject;
        let mut outputs = Vec::new();
        for _ in 0..4 {
            voice.did("spoke of a view to come");
            let vote = vote(voice, &now);
            outputs.push(say(voice.some_peer(), vote));
        }
        let proposal = proposal(voice, heard);
        outputs.push(say(voice.some_peer(), proposal));
        let view = ahead(voice, now.view);
        let finalized = ahead(voice, now.view);
        let status = Status { epoch: now.epoch, view, finalized, missing: view, inquiry: None };
        outputs.push(say(voice.some_peer(), Message::Status(status)));
        let inquiry = voice.random.between(0, 3);
        let report = Report { epoch: now.epoch, inquiry, view: View(u64::MAX) };
        outputs.push(say(voice.some_peer(), Message::Report(report)));
        for request in nonsense_requests(voice, now.epoch) {
            outputs.push(send(voice.some_peer(), request));
        }
        outputs
    }
}
