//! What messages have in common: references, counts, sums, names of elements.
//!
//! Invariants: a count or a sum that a message states was found to be true. Absent: what one kind
//! of message says beside that.

use std::collections::BTreeSet;

use crate::envelope::{ApplicationHeader, Found};
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::number::Number;
use crate::refusal::shown;
use crate::time::DateTime;
use crate::transfer::{AmountText, CreditTransfer};
use crate::xml::Element;

/// The most transactions of one message: what one ledger transaction can carry.
pub const MAXIMUM_TRANSACTIONS: usize = 8192;

/// The most names of unknown elements that are listed.
pub(crate) const MAXIMUM_UNKNOWN: usize = 32;

/// What an answer must say about the message it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalGroup {
    /// `GrpHdr/MsgId`, at most 35 characters.
    pub message_id: String,
    /// The message definition: `pacs.008.001.08`.
    pub definition: String,
    /// `GrpHdr/CreDtTm` as written, if it is a date and time.
    pub created: Option<DateTime>,
    /// `GrpHdr/NbOfTxs`, if it is a number.
    pub number_of_transactions: Option<u32>,
}

/// A message that is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct RefusedMessage {
    /// Why.
    pub fault: MessageFault,
    /// What an answer can say about it, if its header could be read so far.
    pub original: Option<OriginalGroup>,
    /// The application header, if it could be read.
    pub application: Option<ApplicationHeader>,
}

/// The group header of a message, and its fields; `original` knows it as soon as it is read.
pub(crate) fn read_group_of<'document>(
    found: &Found<'document>,
    original: &mut Option<OriginalGroup>,
) -> Result<(OriginalGroup, Fields<'document>), MessageFault> {
    let mut body = Fields::of(found.body);
    let header = body.element("GrpHdr").ok_or(match body.first_defect() {
        Some(element) => MessageFault::Repeated { element },
        None => MessageFault::Missing { element: "GrpHdr" },
    })?;
    let mut fields = Fields::of(header);
    let group = read_group(&mut fields, found.definition)?;
    *original = Some(group.clone());
    ensure_not_copy(found)?;
    let created = fields.text("CreDtTm");
    require_created("GrpHdr/CreDtTm", &group, created)?;
    Ok((group, fields))
}

/// Refuses what was sent for information only.
pub(crate) fn ensure_not_copy(found: &Found<'_>) -> Result<(), MessageFault> {
    let copy = found.header.as_ref().and_then(|header| header.copy_or_duplicate.as_deref());
    if copy == Some("COPY") { Err(MessageFault::InformationCopy) } else { Ok(()) }
}

fn content(element: &'static str, value: &str, expected: &'static str) -> MessageFault {
    MessageFault::Content { element, value: shown(value), expected }
}

/// What an answer needs: the message's own id above all.
fn read_group(fields: &mut Fields<'_>, definition: &str) -> Result<OriginalGroup, MessageFault> {
    Ok(OriginalGroup {
        message_id: read_id(fields, "MsgId", "GrpHdr/MsgId")?,
        definition: definition.to_owned(),
        created: fields.text("CreDtTm").and_then(|text| DateTime::parse(&text)),
        number_of_transactions: fields.text("NbOfTxs").and_then(|text| parse_count(&text)),
    })
}

/// The message's own id, at `path` in the fields, which is `element` in the message.
pub(crate) fn read_id(
    fields: &mut Fields<'_>,
    path: &'static str,
    element: &'static str,
) -> Result<String, MessageFault> {
    let id = fields.text(path).ok_or(MessageFault::Missing { element })?;
    if id.chars().count() > 35 {
        return Err(content(element, &id, "at most 35 characters"));
    }
    Ok(id)
}

/// Refuses a message that does not say when it was written.
pub(crate) fn require_created(
    element: &'static str,
    group: &OriginalGroup,
    written: Option<String>,
) -> Result<(), MessageFault> {
    match (&group.created, written) {
        (Some(_), _) => Ok(()),
        (None, None) => Err(MessageFault::Missing { element }),
        (None, Some(text)) => {
            Err(content(element, &text, "a date and time like 2026-01-01T10:00:00+08:00"))
        }
    }
}

fn parse_count(text: &str) -> Option<u32> {
    let is_count = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_count { text.parse().ok() } else { None }
}

/// Checks the stated number of transactions, of which there must be one.
pub(crate) fn check_count(fields: &mut Fields<'_>, found: usize) -> Result<(), MessageFault> {
    let stated =
        fields.text("NbOfTxs").ok_or(MessageFault::Missing { element: "GrpHdr/NbOfTxs" })?;
    if found > MAXIMUM_TRANSACTIONS {
        return Err(MessageFault::TooManyTransactions { found, limit: MAXIMUM_TRANSACTIONS });
    }
    let agrees = parse_count(&stated).and_then(|count| usize::try_from(count).ok()) == Some(found);
    if agrees && found > 0 {
        Ok(())
    } else {
        Err(MessageFault::TransactionCount { stated: shown(&stated), found })
    }
}

/// A number that may be left out.
pub(crate) fn read_number(
    fields: &mut Fields<'_>,
    path: &'static str,
) -> Result<Option<Number>, MessageFault> {
    let Some(text) = fields.text(path) else { return Ok(None) };
    match Number::parse(&text) {
        Some(number) => Ok(Some(number)),
        None => Err(content(path, &text, "a decimal number like 1000.00")),
    }
}

/// Checks the sums that are stated.
pub(crate) fn check_sums(
    control_sum: Option<&Number>,
    total: Option<&AmountText>,
    transactions: &[CreditTransfer],
) -> Result<(), MessageFault> {
    let element = match (control_sum, total) {
        (None, None) => return Ok(()),
        (Some(_), _) => "CtrlSum",
        (None, Some(_)) => "TtlIntrBkSttlmAmt",
    };
    let mut sum = Number::ZERO;
    for (place, transaction) in (1..).zip(transactions) {
        let amount = transaction.settlement_amount.as_ref();
        let number = amount.and_then(|amount| Number::parse(&amount.number));
        let added = number.and_then(|number| sum.plus(&number));
        sum = added.ok_or(MessageFault::NotAddable { transaction: place, element })?;
        if let (Some(total), Some(amount)) = (total, amount)
            && total.currency != amount.currency
        {
            return Err(MessageFault::TotalCurrency {
                total: shown(&total.currency),
                transaction: place,
                found: shown(&amount.currency),
            });
        }
    }
    if let Some(stated) = control_sum
        && !stated.equals(&sum)
    {
        return Err(MessageFault::ControlSum { stated: *stated, found: sum });
    }
    let Some(total) = total else { return Ok(()) };
    match Number::parse(&total.number) {
        Some(stated) if stated.equals(&sum) => Ok(()),
        Some(stated) => Err(MessageFault::Total { stated, found: sum }),
        None => {
            Err(content("GrpHdr/TtlIntrBkSttlmAmt", &total.number, "a decimal number like 1000.00"))
        }
    }
}

/// Checks that no UETR stands twice.
pub(crate) fn check_uetrs(transactions: &[CreditTransfer]) -> Result<(), MessageFault> {
    let mut seen = BTreeSet::new();
    for uetr in transactions.iter().filter_map(|found| found.identification.uetr.as_deref()) {
        if !seen.insert(uetr.to_ascii_lowercase()) {
            return Err(MessageFault::DuplicateUetr { uetr: shown(uetr) });
        }
    }
    Ok(())
}

/// The names that are not among the `known` ones, which ascend; at most 32 of them.
pub(crate) fn unknown_elements(transactions: &[Element<'_>], known: &[&str]) -> Vec<String> {
    let children = transactions.iter().flat_map(|transaction| transaction.children());
    let unknown =
        children.map(|child| child.name()).filter(|name| known.binary_search(name).is_err());
    let names: BTreeSet<&str> = unknown.take(MAXIMUM_TRANSACTIONS).collect();
    names.into_iter().take(MAXIMUM_UNKNOWN).map(str::to_owned).collect()
}
