//! Writes camt.054, the bank to customer debit and credit notification, version 001.08.
//!
//! Invariants: what is written is valid by the schema whatever the values are; the same
//! notification gives the same bytes. Absent: balances (a statement has them); ids and times come
//! in as values.

use ledger::ids::AssetCode;
use ledger::money::Decimals;

use crate::report::{Currency, ReportFault, ReportedAccount, ReportedEntry};
use crate::report::{begin, write_account, write_entry};
use crate::schema::identification;
use crate::time::DateTime;
use crate::xml::Writer;

/// The message definition that is written.
pub const DEFINITION: &str = "camt.054.001.08";

/// A message: what was booked of one account, for each of its currencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationMessage {
    /// `GrpHdr/MsgId`, 1 to 35 characters.
    pub message_id: String,
    /// `GrpHdr/CreDtTm`, and `CreDtTm` of each notification.
    pub created: DateTime,
    /// The account.
    pub account: ReportedAccount,
    /// At least one.
    pub notifications: Vec<Notification>,
}

/// What was booked of one currency (`Ntfctn`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The currency; its code has three capital letters.
    pub asset: AssetCode,
    /// The currency's decimals, at most 5.
    pub decimals: Decimals,
    /// `Ntry`, in the order in which they were booked.
    pub entries: Vec<ReportedEntry>,
}

/// Writes the message as an XML document. `Ntfctn/Id` is the message's, with the currency.
///
/// # Errors
/// [`ReportFault`] for what the message cannot say.
pub fn write(message: &NotificationMessage) -> Result<String, ReportFault> {
    if message.notifications.is_empty() {
        return Err(ReportFault::Empty);
    }
    let mut writer =
        begin(DEFINITION, "BkToCstmrDbtCdtNtfctn", &message.message_id, &message.created);
    for notification in &message.notifications {
        write_notification(&mut writer, message, notification)?;
    }
    Ok(writer.finish())
}

fn write_notification(
    writer: &mut Writer,
    message: &NotificationMessage,
    notification: &Notification,
) -> Result<(), ReportFault> {
    let Notification { asset, decimals, entries } = notification;
    let currency = Currency { asset: *asset, decimals: *decimals };
    writer.open("Ntfctn");
    writer.leaf("Id", &identification(&format!("{asset}-{}", message.message_id)));
    writer.leaf("CreDtTm", message.created.as_str());
    write_account(writer, currency, &message.account)?;
    for entry in entries {
        write_entry(writer, currency, entry)?;
    }
    writer.close();
    Ok(())
}
