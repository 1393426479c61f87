//! Writes a return that has settled, as a message from the payee's institution to the payer's.
//!
//! Invariants: what is written is valid by the schema whatever the values are. Absent: returns of
//! points, which the message cannot state.

use ledger::corrections::Reason;
use ledger::ids::{Bic, Timestamp, Uetr};
use ledger::money::{Decimals, Money};

use super::{DEFINITIONS, ROOT};
use crate::report::{Currency, ReportFault, begin_group};
use crate::schema::{identification, write_institution};
use crate::time::DateTime;

/// A return that the ledger made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledReturn {
    /// `GrpHdr/MsgId`, 1 to 35 characters.
    pub message_id: String,
    /// When it became final.
    pub settled: Timestamp,
    /// The return's own identity: `RtrId`, without its hyphens, which do not fit.
    pub uetr: Uetr,
    /// `OrgnlUETR`: the payment.
    pub payment: Uetr,
    /// `RtrdIntrBkSttlmAmt`; its asset's code has three capital letters.
    pub amount: Money,
    /// The decimals of its asset, at most 5.
    pub decimals: Decimals,
    /// `RtrRsnInf/Rsn/Cd`.
    pub reason: Reason,
    /// `ClrSysRef`: where it stands on the ledger, at most 35 characters.
    pub clearing_reference: String,
    /// `InstgAgt`: the payee's institution, which gave back.
    pub payee_institution: Bic,
    /// `InstdAgt`: the payer's institution.
    pub payer_institution: Bic,
}

/// Writes the message as an XML document.
///
/// # Errors
/// [`ReportFault`] for an amount that the message cannot say.
pub fn write(back: &SettledReturn) -> Result<String, ReportFault> {
    let amount = Currency { asset: back.amount.asset, decimals: back.decimals };
    let amount = amount.amount(back.amount.amount)?;
    let [definition, ..] = DEFINITIONS;
    let settled = DateTime::of(back.settled);
    let mut writer = begin_group(definition, ROOT, &back.message_id, &settled);
    writer.leaf("NbOfTxs", "1");
    writer.open("SttlmInf");
    writer.leaf("SttlmMtd", "CLRG");
    writer.close();
    writer.close();
    writer.open("TxInf");
    writer.leaf("RtrId", &identification(&back.uetr.to_string().replace('-', "")));
    writer.leaf("OrgnlUETR", &back.payment.to_string());
    amount.write(&mut writer, "RtrdIntrBkSttlmAmt");
    writer.leaf("IntrBkSttlmDt", settled.day());
    writer.leaf("ClrSysRef", &identification(&back.clearing_reference));
    for (name, bic) in [("InstgAgt", back.payee_institution), ("InstdAgt", back.payer_institution)]
    {
        writer.open(name);
        write_institution(&mut writer, bic);
        writer.close();
    }
    writer.open("RtrRsnInf");
    writer.open("Rsn");
    writer.leaf("Cd", &back.reason.to_string());
    Ok(writer.finish())
}
