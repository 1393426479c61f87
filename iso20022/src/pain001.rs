//! Reads pain.001, a customer's orders to its institution, version 001.09.
//!
//! Each `CdtTrfTxInf` of each `PmtInf` is one transaction; what `PmtInf` says holds for all of its
//! transactions and is in the private part of each. The payee gets `InstdAmt`, in its currency, and
//! the payer is debited the same. Invariants: no transaction of a refused message is executed; the
//! private parts together are bounded. Absent: a UETR that
//! the customer did not give (whoever signs has to choose one that the same message leads to
//! again); `BtchBookg`, for the ledger books each payment by itself.

use crate::envelope::Found;
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::group::{
    MAXIMUM_TRANSACTIONS, MAXIMUM_UNKNOWN, OriginalGroup, check_count, check_sums, check_uetrs,
    read_group_of, read_number, unknown_elements,
};
use crate::private::PrivateData;
use crate::transfer::{
    CreditTransfer, CreditTransferMessage, MessageHeader, account, agent, amount,
    creditor_instructions, identification,
};
use crate::xml::Element;

/// The message definition that is accepted.
pub const DEFINITION: &str = "pain.001.001.09";

/// The element that holds the message.
pub(crate) const ROOT: &str = "CstmrCdtTrfInitn";

/// The most bytes that what holds for several transactions may take in all their private parts.
const MAXIMUM_REPEATED: usize = 48 * 1024 * 1024;

/// The elements that `CdtTrfTxInf` has.
const KNOWN: [&str; 26] = [
    "Amt",
    "Cdtr",
    "CdtrAcct",
    "CdtrAgt",
    "CdtrAgtAcct",
    "ChqInstr",
    "ChrgBr",
    "InstrForCdtrAgt",
    "InstrForDbtrAgt",
    "IntrmyAgt1",
    "IntrmyAgt1Acct",
    "IntrmyAgt2",
    "IntrmyAgt2Acct",
    "IntrmyAgt3",
    "IntrmyAgt3Acct",
    "PmtId",
    "PmtTpInf",
    "Purp",
    "RgltryRptg",
    "RltdRmtInf",
    "RmtInf",
    "SplmtryData",
    "Tax",
    "UltmtCdtr",
    "UltmtDbtr",
    "XchgRateInf",
];

/// Reads the message; what an answer needs is left in `original` as soon as it is known.
pub(crate) fn read_found(
    found: Found<'_>,
    original: &mut Option<OriginalGroup>,
) -> Result<CreditTransferMessage, MessageFault> {
    let (group, mut fields) = read_group_of(&found, original)?;
    let orders: Vec<_> = found.body.named("PmtInf").collect();
    let elements = |order: &Element<'_>| order.named("CdtTrfTxInf").count();
    check_count(&mut fields, orders.iter().map(elements).sum())?;
    let control_sum = read_number(&mut fields, "CtrlSum")?;
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    let mut transactions = Vec::new();
    let mut unknown = Vec::new();
    let mut room = MAXIMUM_REPEATED;
    for order in orders {
        let elements: Vec<_> = order.named("CdtTrfTxInf").collect();
        transactions.extend(read_order(order, &elements, &mut room)?);
        unknown.extend(unknown_elements(&elements, &KNOWN));
    }
    check_sums(control_sum.as_ref(), None, &transactions)?;
    check_uetrs(&transactions)?;
    unknown.sort();
    unknown.dedup();
    unknown.truncate(MAXIMUM_UNKNOWN);
    Ok(CreditTransferMessage {
        header: MessageHeader {
            group,
            settlement_method: None,
            control_sum,
            total: None,
            application: found.header,
        },
        transactions,
        unknown_elements: unknown,
    })
}

/// Reads one `PmtInf`; what its transactions repeat is taken from `room`.
fn read_order(
    order: Element<'_>,
    elements: &[Element<'_>],
    room: &mut usize,
) -> Result<Vec<CreditTransfer>, MessageFault> {
    let mut fields = Fields::of(order);
    let stated = fields.text("NbOfTxs");
    if stated.is_some() {
        check_count(&mut fields, elements.len())?;
    }
    let control_sum = read_number(&mut fields, "CtrlSum")?;
    let common = Common::read(&mut fields);
    if common.transfer.payment_information_id.is_none() {
        return Err(MessageFault::Missing { element: "PmtInf/PmtInfId" });
    }
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    let private = PrivateData::without(order, "CdtTrfTxInf");
    let repeated = private.size().saturating_mul(elements.len());
    *room = room.checked_sub(repeated).ok_or(MessageFault::TooMuchRepeated {
        transactions: elements.len().min(MAXIMUM_TRANSACTIONS),
    })?;
    let read = |element: &Element<'_>| common.transaction(*element, &private);
    let transactions: Vec<_> = elements.iter().map(read).collect();
    check_sums(control_sum.as_ref(), None, &transactions)?;
    Ok(transactions)
}

/// What holds for all transactions of a `PmtInf`.
struct Common {
    /// The debtor's side; the creditor's is empty.
    transfer: CreditTransfer,
}

impl Common {
    fn read(fields: &mut Fields<'_>) -> Self {
        let mut unsupported = Vec::new();
        let method = fields.text("PmtMtd");
        if !matches!(method.as_deref(), Some("TRF" | "TRA")) {
            unsupported.push(("PmtMtd", "asks for something else than a transfer. Use TRF"));
        }
        let date = fields.text("ReqdExctnDt/Dt");
        let moment = fields.text("ReqdExctnDt/DtTm");
        let day = |text: String| text.split('T').next().unwrap_or_default().to_owned();
        let transfer = CreditTransfer {
            payment_information_id: fields.text("PmtInfId"),
            settlement_date: date.or_else(|| moment.map(day)),
            charge_bearer: fields.text("ChrgBr"),
            debtor_agent: agent(fields, "DbtrAgt/FinInstnId"),
            debtor_account: account(fields, "DbtrAcct"),
            missing_parties: if fields.has("Dbtr") { Vec::new() } else { vec!["Dbtr"] },
            unsupported,
            ..CreditTransfer::default()
        };
        Self { transfer }
    }

    fn transaction(&self, element: Element<'_>, private: &PrivateData) -> CreditTransfer {
        let mut fields = Fields::of(element);
        let common = self.transfer.clone();
        let mut unsupported = common.unsupported;
        if fields.has("Amt/EqvtAmt") {
            unsupported.push(("Amt/EqvtAmt", "leaves the amount to a rate. State InstdAmt"));
        }
        if fields.has("ChqInstr") {
            unsupported.push(("ChqInstr", "asks for a cheque: the ledger credits accounts"));
        }
        let mut missing_parties = common.missing_parties;
        if !fields.has("Cdtr") {
            missing_parties.push("Cdtr");
        }
        let bearer = fields.text("ChrgBr").or(common.charge_bearer);
        CreditTransfer {
            identification: identification(&mut fields),
            settlement_amount: amount(&mut fields, "Amt/InstdAmt"),
            charge_bearer: Some(bearer.unwrap_or_else(|| "SHAR".to_owned())),
            creditor_agent: agent(&mut fields, "CdtrAgt/FinInstnId"),
            creditor_account: account(&mut fields, "CdtrAcct"),
            creditor_instructions: creditor_instructions(element),
            purpose: fields.text("Purp/Cd"),
            missing_parties,
            unsupported,
            misplaced: fields.into_defects(),
            private: private.with(element),
            ..common
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_elements_are_found() {
        assert!(KNOWN.is_sorted());
        let is_known = |name| KNOWN.binary_search(&name).is_ok();
        assert!(is_known("XchgRateInf") && is_known("Amt") && !is_known("IntrBkSttlmAmt"));
    }
}
