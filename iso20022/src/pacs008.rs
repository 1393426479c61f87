//! Reads pacs.008, the customer credit transfer between institutions, versions 001.08 and 001.10.
//!
//! Reading has two steps. This one takes the message apart and refuses it as a whole where it is
//! not one message, or contradicts itself. The second, [`CreditTransfer::order`], judges one
//! transaction and gives either a payment order or all reasons to reject it. Invariants: no
//! transaction of a refused message is executed; elements of unknown names are tolerated and
//! listed. Absent: look-ups of institutions and accounts, the clock, profiles of other schemes.

mod transaction;

use std::collections::BTreeSet;

use crate::envelope::{self, ApplicationHeader};
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::number::Number;
use crate::refusal::shown;
use crate::time::DateTime;
use crate::xml::{Document, Element, Limits};

pub use transaction::{
    AccountText, AgentText, AmountText, ChargeText, CreditTransfer, Identification,
};

/// The message definitions that are accepted; the elements that are read agree in both.
pub const ACCEPTED: [&str; 2] = ["pacs.008.001.08", "pacs.008.001.10"];
const ACCEPTED_NAMES: &str = "pacs.008.001.08 or pacs.008.001.10";

/// The most transactions of one message: what one ledger transaction can carry.
pub const MAXIMUM_TRANSACTIONS: usize = 8192;

/// The most names of unknown elements that are listed.
const MAXIMUM_UNKNOWN: usize = 32;

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

/// How the institutions settle (`SttlmInf/SttlmMtd`). On this ledger all three come to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettlementMethod {
    /// INDA: on the books of the instructed agent.
    InstructedAgent,
    /// INGA: on the books of the instructing agent.
    InstructingAgent,
    /// CLRG: through a clearing system, which is this ledger.
    ClearingSystem,
}

/// The group header and the application header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageHeader {
    /// What an answer says about this message.
    pub group: OriginalGroup,
    /// How to settle.
    pub settlement_method: SettlementMethod,
    /// `CtrlSum`, which was found to be the sum.
    pub control_sum: Option<Number>,
    /// `TtlIntrBkSttlmAmt`, which was found to be the sum.
    pub total: Option<AmountText>,
    /// The application header, if the message came in an envelope.
    pub application: Option<ApplicationHeader>,
}

/// A message whose parts agree with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditTransferMessage {
    /// Its headers.
    pub header: MessageHeader,
    /// Its transactions, 1 to 8,192, in document order.
    pub transactions: Vec<CreditTransfer>,
    /// Names of elements that no supported version has; tolerated, at most 32 are listed.
    pub unknown_elements: Vec<String>,
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

/// Reads a pacs.008 message.
///
/// # Errors
/// [`RefusedMessage`] with the one fault that was found first, and what is needed to answer it.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<CreditTransferMessage, Box<RefusedMessage>> {
    let refused = |fault| Box::new(RefusedMessage { fault, original: None, application: None });
    let document = Document::parse(bytes, limits).map_err(|error| refused(error.into()))?;
    let found = envelope::find(&document, &ACCEPTED, ACCEPTED_NAMES, "FIToFICstmrCdtTrf")
        .map_err(refused)?;
    let mut group = None;
    let application = found.header.clone();
    read_found(found, &mut group)
        .map_err(|fault| Box::new(RefusedMessage { fault, original: group, application }))
}

/// Reads the message; what an answer needs is left in `original` as soon as it is known.
fn read_found(
    found: envelope::Found<'_>,
    original: &mut Option<OriginalGroup>,
) -> Result<CreditTransferMessage, MessageFault> {
    let mut body = Fields::of(found.body);
    let group_header = body.element("GrpHdr").ok_or(match body.first_defect() {
        Some(element) => MessageFault::Repeated { element },
        None => MessageFault::Missing { element: "GrpHdr" },
    })?;
    let mut fields = Fields::of(group_header);
    let group = read_group(&mut fields, found.definition)?;
    *original = Some(group.clone());
    if found
        .header
        .as_ref()
        .is_some_and(|header| header.copy_or_duplicate.as_deref() == Some("COPY"))
    {
        return Err(MessageFault::InformationCopy);
    }
    let created = fields.text("CreDtTm");
    require_created(&group, created)?;
    let settlement_method = read_settlement(&mut fields)?;
    let elements: Vec<_> = found.body.named("CdtTrfTxInf").collect();
    check_count(&mut fields, &elements)?;
    let shared = transaction::Shared::read(&mut fields);
    let control_sum = read_number(&mut fields, "CtrlSum")?;
    let total = transaction::amount(&mut fields, "TtlIntrBkSttlmAmt");
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    let transactions: Vec<_> =
        elements.iter().map(|element| CreditTransfer::read(*element, &shared)).collect();
    check_sums(control_sum.as_ref(), total.as_ref(), &transactions)?;
    check_uetrs(&transactions)?;
    Ok(CreditTransferMessage {
        header: MessageHeader {
            group,
            settlement_method,
            control_sum,
            total,
            application: found.header,
        },
        transactions,
        unknown_elements: unknown_elements(&elements),
    })
}

fn content(element: &'static str, value: &str, expected: &'static str) -> MessageFault {
    MessageFault::Content { element, value: shown(value), expected }
}

/// What an answer needs: the message's own id above all.
fn read_group(fields: &mut Fields<'_>, definition: &str) -> Result<OriginalGroup, MessageFault> {
    let message_id =
        fields.text("MsgId").ok_or(MessageFault::Missing { element: "GrpHdr/MsgId" })?;
    if message_id.chars().count() > 35 {
        return Err(content("GrpHdr/MsgId", &message_id, "at most 35 characters"));
    }
    Ok(OriginalGroup {
        message_id,
        definition: definition.to_owned(),
        created: fields.text("CreDtTm").and_then(|text| DateTime::parse(&text)),
        number_of_transactions: fields.text("NbOfTxs").and_then(|text| parse_count(&text)),
    })
}

fn require_created(group: &OriginalGroup, written: Option<String>) -> Result<(), MessageFault> {
    match (&group.created, written) {
        (Some(_), _) => Ok(()),
        (None, None) => Err(MessageFault::Missing { element: "GrpHdr/CreDtTm" }),
        (None, Some(text)) => {
            Err(content("GrpHdr/CreDtTm", &text, "a date and time like 2026-01-01T10:00:00+08:00"))
        }
    }
}

fn parse_count(text: &str) -> Option<u32> {
    let is_count = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_count { text.parse().ok() } else { None }
}

fn read_settlement(fields: &mut Fields<'_>) -> Result<SettlementMethod, MessageFault> {
    let element = "GrpHdr/SttlmInf/SttlmMtd";
    let method = fields.text("SttlmInf/SttlmMtd").ok_or(MessageFault::Missing { element })?;
    let system = fields.text("SttlmInf/ClrSys/Cd").or_else(|| fields.text("SttlmInf/ClrSys/Prtry"));
    if let Some(system) = system {
        return Err(MessageFault::OtherClearingSystem { system: shown(&system) });
    }
    match method.as_str() {
        "INDA" => Ok(SettlementMethod::InstructedAgent),
        "INGA" => Ok(SettlementMethod::InstructingAgent),
        "CLRG" => Ok(SettlementMethod::ClearingSystem),
        _ => Err(MessageFault::SettlementMethod { method: shown(&method) }),
    }
}

fn check_count(fields: &mut Fields<'_>, elements: &[Element<'_>]) -> Result<(), MessageFault> {
    let stated =
        fields.text("NbOfTxs").ok_or(MessageFault::Missing { element: "GrpHdr/NbOfTxs" })?;
    let found = elements.len();
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

fn read_number(
    fields: &mut Fields<'_>,
    path: &'static str,
) -> Result<Option<Number>, MessageFault> {
    let Some(text) = fields.text(path) else { return Ok(None) };
    match Number::parse(&text) {
        Some(number) => Ok(Some(number)),
        None => Err(content(path, &text, "a decimal number like 1000.00")),
    }
}

fn check_sums(
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

fn check_uetrs(transactions: &[CreditTransfer]) -> Result<(), MessageFault> {
    let mut seen = BTreeSet::new();
    for uetr in transactions.iter().filter_map(|found| found.identification.uetr.as_deref()) {
        if !seen.insert(uetr.to_ascii_lowercase()) {
            return Err(MessageFault::DuplicateUetr { uetr: shown(uetr) });
        }
    }
    Ok(())
}

fn unknown_elements(transactions: &[Element<'_>]) -> Vec<String> {
    let children = transactions.iter().flat_map(|transaction| transaction.children());
    let unknown = children.map(|child| child.name()).filter(|name| !transaction::is_known(name));
    let names: BTreeSet<&str> = unknown.take(MAXIMUM_TRANSACTIONS).collect();
    names.into_iter().take(MAXIMUM_UNKNOWN).map(str::to_owned).collect()
}
