//! What was booked of an account under one payment, as the ISO 20022 message camt.054.
//!
//! Invariants: a notification has exactly the lines of the account's history that a receipt booked.
//! Absent: points, which the message cannot state; a receipt that moved nothing else of the account
//! has no notification.

use api::text::Naming;
use iso20022::camt054::{self, Notification, NotificationMessage};
use iso20022::report::{ReportedAccount, ReportedEntry, identification_of};
use iso20022::time::DateTime;
use ledger::ids::{AccountId, AssetCode, Bic, Height, Timestamp, Uetr};
use ledger::money::Decimals;
use std::collections::BTreeMap;

use crate::store::HistoryLine;

/// Of whom is told, and how it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) account: AccountId,
    pub(super) servicer: Bic,
    pub(super) naming: &'a Naming,
}

/// The message about what the receipt at `place` booked under `payment`, of all `lines` of its
/// block; `None` if that is nothing that the message can state.
pub(super) fn message(
    subject: Subject<'_>,
    payment: Uetr,
    (height, index, time): (Height, usize, Timestamp),
    lines: &[HistoryLine],
) -> Option<String> {
    let Subject { account, servicer, naming } = subject;
    let name = |account| identification_of(&naming.address(account)).to_owned();
    let mut by_asset: BTreeMap<AssetCode, Vec<ReportedEntry>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.entry.uetr == payment) {
        let counterparty = line.counterparty.map(name);
        let entry = ReportedEntry::of(&line.entry, DateTime::of(time), counterparty);
        by_asset.entry(line.asset).or_default().push(entry);
    }
    let stated = by_asset.into_iter().filter(|(asset, _)| Decimals::of_currency(*asset).is_some());
    let notifications = stated.map(|(asset, entries)| {
        let decimals = naming.decimals.get(&asset).copied().unwrap_or(Decimals(0));
        Notification { asset, decimals, entries }
    });
    let message = NotificationMessage {
        message_id: format!("{height}-{index}"),
        created: DateTime::of(time),
        account: ReportedAccount { identification: name(account), servicer },
        notifications: notifications.collect(),
    };
    camt054::write(&message).ok()
}
