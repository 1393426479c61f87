//! Reads whichever message comes in, as far as a ledger can do something for it.
//!
//! Invariants: a message is one of the kinds of [`Message`], or it is refused with the reason; what
//! its sender can be told is in the refusal. Absent: what is done for each kind.

use crate::camt029::AnswerMessage;
use crate::camt056::RecallMessage;
use crate::envelope::{self, Found};
use crate::fault::MessageFault;
use crate::group::{OriginalGroup, RefusedMessage};
use crate::pacs004::ReturnMessage;
use crate::pacs028::StatusRequest;
use crate::transfer::CreditTransferMessage;
use crate::xml::{Document, Limits};
use crate::{camt029, camt056, pacs004, pacs008, pacs009, pacs028, pain001};

const ACCEPTED_NAMES: &str = "camt.029.001.09, camt.056.001.08, pacs.004.001.09, pacs.004.001.10, \
                              pacs.008.001.08, pacs.008.001.10, pacs.009.001.08, pain.001.001.09 \
                              or pacs.028.001.03";

/// What a message asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Payments: pacs.008, pacs.009 or pain.001.
    Transfers(CreditTransferMessage),
    /// Returns of payments: pacs.004.
    Returns(ReturnMessage),
    /// Requests for payments to be given back: camt.056.
    Recalls(RecallMessage),
    /// Answers to such requests: camt.029.
    Answers(AnswerMessage),
    /// What became of payments: pacs.028.
    StatusRequest(StatusRequest),
}

/// How a definition is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Customers,
    Institutions,
    Initiation,
    Request,
    Return,
    Recall,
    Answer,
}

impl Kind {
    /// The kind of a definition, and the element that holds such a message.
    fn of(definition: &str) -> Option<(Self, &'static str)> {
        match definition {
            "pacs.008.001.08" | "pacs.008.001.10" => Some((Self::Customers, pacs008::ROOT)),
            pacs009::DEFINITION => Some((Self::Institutions, pacs009::ROOT)),
            pain001::DEFINITION => Some((Self::Initiation, pain001::ROOT)),
            pacs028::DEFINITION => Some((Self::Request, pacs028::ROOT)),
            camt056::DEFINITION => Some((Self::Recall, camt056::ROOT)),
            camt029::DEFINITION => Some((Self::Answer, camt029::ROOT)),
            _ if pacs004::DEFINITIONS.contains(&definition) => Some((Self::Return, pacs004::ROOT)),
            _ => None,
        }
    }
}

/// Reads a message.
///
/// # Errors
/// [`RefusedMessage`] with the one fault that was found first, and what is needed to answer it.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Message, Box<RefusedMessage>> {
    let refused = |fault| Box::new(RefusedMessage { fault, original: None, application: None });
    let document = Document::parse(bytes, limits).map_err(|error| refused(error.into()))?;
    let root = |definition: &str| Kind::of(definition).map(|(_, root)| root);
    let found = envelope::find(&document, root, ACCEPTED_NAMES);
    let found = found.map_err(refused)?;
    let mut original = None;
    let application = found.header.clone();
    read_found(found, &mut original)
        .map_err(|fault| Box::new(RefusedMessage { fault, original, application }))
}

fn read_found(
    found: Found<'_>,
    original: &mut Option<OriginalGroup>,
) -> Result<Message, MessageFault> {
    let kind = Kind::of(found.definition).map(|(kind, _)| kind);
    match kind.ok_or(MessageFault::NoMessage)? {
        Kind::Customers => {
            pacs008::read_found(found, &pacs008::KIND, original).map(Message::Transfers)
        }
        Kind::Institutions => {
            pacs008::read_found(found, &pacs009::KIND, original).map(Message::Transfers)
        }
        Kind::Initiation => pain001::read_found(found, original).map(Message::Transfers),
        Kind::Request => pacs028::read_found(found, original).map(Message::StatusRequest),
        Kind::Return => pacs004::read_found(found, original).map(Message::Returns),
        Kind::Recall => camt056::read_found(&found, original).map(Message::Recalls),
        Kind::Answer => camt029::read_found(&found, original).map(Message::Answers),
    }
}
