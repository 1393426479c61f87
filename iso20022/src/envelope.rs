//! Finds the business message in what was sent, and its application header.
//!
//! Accepts a bare `Document`, `AppHdr` and `Document` inside a wrapper of any name and depth, and
//! wrappers that hold the message's element without a `Document` (US RTP). Invariants: exactly one
//! message; it is known by its namespace, never by its prefix or its wrapper. Absent: signatures of
//! headers.

use ledger::ids::Bic;

use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::xml::{Document, Element};

/// What every ISO 20022 namespace starts with.
pub const NAMESPACE_PREFIX: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// What an application header says that matters here (head.001).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationHeader {
    /// The sender's BIC, if it is named by one.
    pub from: Option<Bic>,
    /// The receiver's BIC, if it is named by one.
    pub to: Option<Bic>,
    /// The header's own reference of the message.
    pub business_message_id: Option<String>,
    /// The message definition that the header names.
    pub definition: Option<String>,
    /// The business service, such as `swift.cbprplus.03`.
    pub business_service: Option<String>,
    /// `COPY`, `CODU` or `DUPL`, if given.
    pub copy_or_duplicate: Option<String>,
    /// True if the sender says that it may have sent the message before.
    pub possible_duplicate: bool,
}

/// The one message of a document.
#[derive(Debug)]
pub(crate) struct Found<'document> {
    /// What the namespace names: `pacs.008.001.08`.
    pub(crate) definition: &'document str,
    /// The element within `Document`, such as `FIToFICstmrCdtTrf`.
    pub(crate) body: Element<'document>,
    /// The application header, if there is one.
    pub(crate) header: Option<ApplicationHeader>,
}

/// Finds the message; `root` tells the outermost element of a definition that is accepted, and
/// `accepted` names those.
pub(crate) fn find<'document>(
    document: &'document Document<'document>,
    root: impl Fn(&str) -> Option<&'static str>,
    accepted: &'static str,
) -> Result<Found<'document>, MessageFault> {
    let mut header = None;
    let mut message = None;
    let mut waiting = vec![document.root()];
    while let Some(element) = waiting.pop() {
        if element.name() == "AppHdr" {
            if header.replace(element).is_some() {
                return Err(MessageFault::SeveralMessages);
            }
        } else if let Some(definition) = definition_of(element) {
            if message.replace((element, definition)).is_some() {
                return Err(MessageFault::SeveralMessages);
            }
        } else {
            waiting.extend(element.children());
        }
    }
    let (outer, definition) = message.ok_or(MessageFault::NoMessage)?;
    let Some(root) = root(definition) else {
        let definition = crate::refusal::shown(definition);
        return Err(MessageFault::NotAccepted { definition, accepted });
    };
    let body = body_of(outer, root)?;
    let header = header.map(read_header).transpose()?;
    if let Some(said) = header.as_ref().and_then(|header| header.definition.as_deref())
        && said != definition
    {
        return Err(MessageFault::HeaderMismatch {
            header: crate::refusal::shown(said),
            definition: definition.to_owned(),
        });
    }
    Ok(Found { definition, body, header })
}

/// The message definition whose namespace the element is in, unless that is a header's.
fn definition_of(element: Element<'_>) -> Option<&str> {
    let definition = element.namespace()?.strip_prefix(NAMESPACE_PREFIX)?;
    (!definition.starts_with("head.")).then_some(definition)
}

fn body_of<'document>(
    outer: Element<'document>,
    root: &'static str,
) -> Result<Element<'document>, MessageFault> {
    if outer.name() == root {
        return Ok(outer);
    }
    let mut bodies = outer.named(root);
    match (outer.name(), bodies.next(), bodies.next()) {
        ("Document", Some(body), None) => Ok(body),
        ("Document", Some(_), Some(_)) => Err(MessageFault::Repeated { element: root }),
        _ => Err(MessageFault::Missing { element: root }),
    }
}

fn read_header(header: Element<'_>) -> Result<ApplicationHeader, MessageFault> {
    // The header's children are in head.001's namespace even where AppHdr itself is in a wrapper's.
    let mut fields = Fields::loose(header);
    let bic = |text: Option<String>, element| match text {
        None => Ok(None),
        Some(text) => Bic::parse(&text).map(Some).map_err(|_| MessageFault::Content {
            element,
            value: crate::refusal::shown(&text),
            expected: "a BIC of 8 or 11 characters",
        }),
    };
    let read = ApplicationHeader {
        from: bic(fields.text("Fr/FIId/FinInstnId/BICFI"), "AppHdr/Fr/FIId/FinInstnId/BICFI")?,
        to: bic(fields.text("To/FIId/FinInstnId/BICFI"), "AppHdr/To/FIId/FinInstnId/BICFI")?,
        business_message_id: fields.text("BizMsgIdr"),
        definition: fields.text("MsgDefIdr"),
        business_service: fields.text("BizSvc"),
        copy_or_duplicate: fields.text("CpyDplct"),
        possible_duplicate: fields
            .text("PssblDplct")
            .is_some_and(|text| text == "true" || text == "1"),
    };
    match fields.first_defect() {
        Some(element) => Err(MessageFault::Repeated { element }),
        None => Ok(read),
    }
}
