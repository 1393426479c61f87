//! What planted bugs share: looking at messages on their way, changing them, and making what should
//! have been there to make the core believe something.
//!
//! Invariant: only the rig makes signatures of others, in place of a check that a bug leaves out.
//! Absent: the bugs.

use consensus::Message;
use ledger::certificate::{Certificate, VoteSubject};
use ledger::ids::ValidatorIndex;
use node::core::message::PeerMessage;
use node::core::step::{Input, Output};

use super::super::setup::{Peer, Setup};

/// What a peer says of consensus, and who.
pub(super) const fn heard(input: &Input) -> Option<(Peer, &Message)> {
    match input {
        Input::Peer { from, message: PeerMessage::Consensus(message) } => Some((*from, message)),
        Input::Peer { .. }
        | Input::Submit { .. }
        | Input::Verified(..)
        | Input::Connected(_)
        | Input::Disconnected(_)
        | Input::Wake => None,
    }
}

/// The input, with another text if it is of consensus.
pub(super) fn peer_says(input: Input, change: impl FnOnce(Message) -> Message) -> Input {
    if let Input::Peer { from, message: PeerMessage::Consensus(message) } = input {
        let message = PeerMessage::Consensus(change(message));
        return Input::Peer { from, message };
    }
    input
}

/// What the core tells all of consensus.
pub(super) const fn broadcast(output: &Output) -> Option<&Message> {
    if let Output::Broadcast { message: PeerMessage::Consensus(message), .. } = output {
        Some(message)
    } else {
        None
    }
}

/// The output, with another text if it is a message.
pub(super) fn said(output: Output, change: impl FnOnce(PeerMessage) -> PeerMessage) -> Output {
    if let Output::Send { to, channel, message } = output {
        return Output::Send { to, channel, message: change(message) };
    }
    if let Output::Broadcast { channel, message } = output {
        return Output::Broadcast { channel, message: change(message) };
    }
    output
}

/// A certificate that these signers have really signed: the rig signs for them.
pub(super) fn endorsed(
    setup: &Setup,
    subject: VoteSubject,
    signers: impl Iterator<Item = ValidatorIndex>,
) -> Certificate {
    let digest = subject.digest(&setup.domains);
    let votes = signers.filter_map(|signer| {
        let bank = setup.banks.get(signer.position())?;
        Some((signer, bank.voting.sign(&digest)))
    });
    Certificate::assemble(subject, setup.validators.count(), votes)
}

/// The certificate as one takes it who does not look at signatures: if it is wrong, the one that it
/// claims to be, with as many signers as are needed.
pub(super) fn trusted(setup: &Setup, certificate: Certificate) -> Certificate {
    let is_right = certificate.verify(&setup.domains, &setup.validators).is_ok();
    if is_right || !certificate.subject.is_well_formed() {
        return certificate;
    }
    let quorum = u16::try_from(setup.validators.quorum()).unwrap_or(u16::MAX);
    endorsed(setup, certificate.subject, (0..quorum).map(ValidatorIndex))
}
