//! What reports on accounts share (camt.053, camt.054): the account, and its entries.
//!
//! Invariants: what is written is valid by the schemas whatever the values are: texts are cut to
//! the schemas' lengths. Absent: balances, which a statement has and a notification has not; where
//! entries come from.

use ledger::account::{Entry, EntryKind};
use ledger::ids::{AssetCode, Bic, Uetr};
use ledger::money::{Amount, Decimals, Money};

use crate::envelope::NAMESPACE_PREFIX;
use crate::schema::{CurrencyAmount, identification, parts, write_institution};
use crate::time::DateTime;
use crate::xml::Writer;

/// The longest `Max500Text` and `Max34Text`.
const INFORMATION_CHARACTERS: usize = 500;
const ACCOUNT_CHARACTERS: usize = 34;

/// Whose account it is (`Acct`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedAccount {
    /// `Id/Othr/Id`: the account's address without its network's prefix, as pacs.008 is read.
    pub identification: String,
    /// `Svcr`: the servicer.
    pub servicer: Bic,
}

/// An account's address without its network's prefix: as messages name accounts.
pub fn identification_of(address: &str) -> &str {
    address.split_once('1').map_or(address, |(_, data)| data)
}

/// One line (`Ntry`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedEntry {
    /// `NtryDtls/TxDtls/Refs/UETR`.
    pub uetr: Uetr,
    /// Why.
    pub kind: EntryKind,
    /// True for money that comes in (CRDT), false for money that goes out (DBIT).
    pub is_credit: bool,
    /// By how much the holding changed, in minor units.
    pub amount: Amount,
    /// `AcctSvcrRef`: the block that booked it.
    pub block: u64,
    /// `BookgDt` and `ValDt`: the block's time.
    pub booked: DateTime,
    /// The other side's account (without its network's prefix), where there is one.
    pub counterparty: Option<String>,
    /// `AddtlNtryInf`: words of the account's owner; cut to 500 characters.
    pub note: Option<String>,
}

impl ReportedEntry {
    /// What the ledger booked, at a block's time, with the other side's account (without its
    /// network's prefix).
    pub fn of(entry: &Entry, booked: DateTime, counterparty: Option<String>) -> Self {
        Self {
            uetr: entry.uetr,
            kind: entry.kind,
            is_credit: entry.credit,
            amount: entry.amount,
            block: entry.height.0,
            booked,
            counterparty,
            note: None,
        }
    }
}

/// Why something cannot be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportFault {
    /// There is nothing to report.
    #[error("there is no currency to report")]
    Empty,
    /// Points, or an asset with more than 5 decimals.
    #[error("{0} is no currency that ISO 20022 can state: it takes three letters, 5 decimals")]
    NotACurrency(AssetCode),
    /// An amount or a balance has more than 18 digits.
    #[error("an amount of {0} has more than the 18 digits that ISO 20022 allows")]
    TooLarge(AssetCode),
    /// The balance would be below zero, or beyond what can be counted.
    #[error("the entries of {0} do not follow from the opening balance")]
    Unbalanced(AssetCode),
}

/// The currency of a report, and how its amounts are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Currency {
    pub(crate) asset: AssetCode,
    pub(crate) decimals: Decimals,
}

impl Currency {
    /// An amount of it.
    ///
    /// # Errors
    /// [`ReportFault::NotACurrency`], [`ReportFault::TooLarge`].
    pub(crate) fn amount(self, amount: Amount) -> Result<CurrencyAmount, ReportFault> {
        let of = |amount| CurrencyAmount::new(Money::new(amount, self.asset), self.decimals);
        of(amount).ok_or_else(|| {
            if of(Amount::ZERO).is_some() {
                ReportFault::TooLarge(self.asset)
            } else {
                ReportFault::NotACurrency(self.asset)
            }
        })
    }
}

/// Begins a message of `definition`: the document, its `root`, and `GrpHdr`.
pub(crate) fn begin(
    definition: &str,
    root: &'static str,
    message_id: &str,
    created: &DateTime,
) -> Writer {
    let mut writer = begin_group(definition, root, message_id, created);
    writer.close();
    writer
}

/// Begins a message of `definition`, and leaves its `GrpHdr` open.
pub(crate) fn begin_group(
    definition: &str,
    root: &'static str,
    message_id: &str,
    created: &DateTime,
) -> Writer {
    let mut writer = Writer::new();
    writer.open_in("Document", &format!("{NAMESPACE_PREFIX}{definition}"));
    writer.open(root);
    writer.open("GrpHdr");
    writer.leaf("MsgId", &identification(message_id));
    writer.leaf("CreDtTm", created.as_str());
    writer
}

/// Writes `Acct`.
pub(crate) fn write_account(
    writer: &mut Writer,
    currency: Currency,
    account: &ReportedAccount,
) -> Result<(), ReportFault> {
    writer.open("Acct");
    write_account_id(writer, &account.identification);
    writer.leaf("Ccy", currency.amount(Amount::ZERO)?.currency());
    writer.open("Svcr");
    write_institution(writer, account.servicer);
    writer.close();
    writer.close();
    Ok(())
}

fn write_account_id(writer: &mut Writer, identification: &str) {
    let text = parts(identification, ACCOUNT_CHARACTERS).into_iter().next();
    writer.open("Id");
    writer.open("Othr");
    writer.leaf("Id", text.as_deref().unwrap_or("NOTPROVIDED"));
    writer.close();
    writer.close();
}

/// Writes a choice of date and time.
pub(crate) fn write_moment(writer: &mut Writer, name: &'static str, at: &DateTime) {
    writer.open(name);
    writer.leaf("DtTm", at.as_str());
    writer.close();
}

/// Writes `Ntry`.
pub(crate) fn write_entry(
    writer: &mut Writer,
    currency: Currency,
    entry: &ReportedEntry,
) -> Result<(), ReportFault> {
    writer.open("Ntry");
    currency.amount(entry.amount)?.write(writer, "Amt");
    writer.leaf("CdtDbtInd", if entry.is_credit { "CRDT" } else { "DBIT" });
    writer.open("Sts");
    writer.leaf("Cd", "BOOK");
    writer.close();
    write_moment(writer, "BookgDt", &entry.booked);
    write_moment(writer, "ValDt", &entry.booked);
    writer.leaf("AcctSvcrRef", &format!("block {}", entry.block));
    write_transaction_code(writer, entry);
    writer.open("NtryDtls");
    writer.open("TxDtls");
    writer.open("Refs");
    writer.leaf("UETR", &entry.uetr.to_string());
    writer.close();
    if let Some(counterparty) = &entry.counterparty {
        writer.open("RltdPties");
        writer.open(if entry.is_credit { "DbtrAcct" } else { "CdtrAcct" });
        write_account_id(writer, counterparty);
        writer.close();
        writer.close();
    }
    writer.close();
    writer.close();
    write_information(writer, "AddtlNtryInf", entry.note.as_deref().unwrap_or_default());
    writer.close();
    Ok(())
}

/// The code of the external set (domain, family, sub-family), and the ledger's own word.
fn write_transaction_code(writer: &mut Writer, entry: &ReportedEntry) {
    let transfers = if entry.is_credit { "RCDT" } else { "ICDT" };
    let (domain, family, subfamily, word) = match entry.kind {
        EntryKind::Issue => ("PMNT", transfers, "OTHR", "issue"),
        EntryKind::Redeem => ("PMNT", transfers, "OTHR", "redeem"),
        EntryKind::Payment => ("PMNT", transfers, "OTHR", "payment"),
        EntryKind::Fee => ("PMNT", transfers, "CHRG", "fee"),
        EntryKind::Exchange => ("FORX", "SPOT", "OTHR", "exchange"),
        EntryKind::Return => ("PMNT", transfers, "RRTN", "return"),
    };
    writer.open("BkTxCd");
    writer.open("Domn");
    writer.leaf("Cd", domain);
    writer.open("Fmly");
    writer.leaf("Cd", family);
    writer.leaf("SubFmlyCd", subfamily);
    writer.close();
    writer.close();
    writer.open("Prtry");
    writer.leaf("Cd", word);
    writer.close();
    writer.close();
}

/// Writes a text of at most 500 characters; nothing if it is empty.
pub(crate) fn write_information(writer: &mut Writer, name: &'static str, text: &str) {
    if let Some(first) = parts(text, INFORMATION_CHARACTERS).into_iter().next() {
        writer.leaf(name, &first);
    }
}
