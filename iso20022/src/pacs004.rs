//! Reads pacs.004, the return of payments, versions 001.09 and 001.10 (what is read agrees), and
//! writes it, version 001.09.
//!
//! Each `TxInf` returns one payment, named by its UETR, whole or in part: `RtrdIntrBkSttlmAmt` goes
//! back in the currency that the payee got. Invariants: an order to return is complete and well
//! formed; a return that asks for more than to move that amount back is refused. Absent: the
//! payment's proof, and what is left to return of it (the ledger's).

mod write;

use ledger::corrections::Reason as ReturnReason;
use ledger::hash::{Domain, Domains};
use ledger::ids::{AssetCode, Uetr};
use ledger::money::{Decimals, Money};

use crate::envelope::{ApplicationHeader, Found};
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::group::{OriginalGroup, check_count, check_sums, read_group_of, read_number};
use crate::order::Judge;
use crate::pacs008::{Shared, read_settlement};
use crate::private::PrivateData;
use crate::refusal::{Reason, Refusal};
use crate::time::Date;
use crate::transfer::{CreditTransfer, Identification, agent_or, amount};
use crate::xml::Element;

pub use write::{SettledReturn, write};

/// The message definitions that are accepted.
pub const DEFINITIONS: [&str; 2] = ["pacs.004.001.09", "pacs.004.001.10"];

/// The element that holds the message.
pub(crate) const ROOT: &str = "PmtRtr";

/// One return as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentReturn {
    /// The payment: its references, the agents between whom the return goes, and what goes back.
    pub payment: CreditTransfer,
    /// `RtrId`.
    pub return_id: Option<String>,
    /// `RtrRsnInf/Rsn/Cd`.
    pub reason: Option<String>,
    /// Its place in the message, from 0.
    pub place: u32,
}

/// A message of returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnMessage {
    /// What an answer says about this message.
    pub group: OriginalGroup,
    /// The application header, if the message came in an envelope.
    pub application: Option<ApplicationHeader>,
    /// The returns, in document order.
    pub returns: Vec<PaymentReturn>,
}

/// A return that a message orders. What is left to do: find the payment and its proof, sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnOrder {
    /// The return's own identity.
    pub uetr: Uetr,
    /// The payment.
    pub payment: Uetr,
    /// What goes back.
    pub amount: Money,
    /// Why.
    pub reason: ReturnReason,
    /// The settlement date, if stated.
    pub settlement_date: Option<Date>,
    /// Everything that the message says of the return.
    pub private: PrivateData,
}

/// Reads the message; what an answer needs is left in `original` as soon as it is known.
pub(crate) fn read_found(
    found: Found<'_>,
    original: &mut Option<OriginalGroup>,
) -> Result<ReturnMessage, MessageFault> {
    let (group, mut fields) = read_group_of(&found, original)?;
    read_settlement(&mut fields)?;
    let elements: Vec<_> = found.body.named("TxInf").collect();
    check_count(&mut fields, elements.len())?;
    let shared = Shared::read(&mut fields);
    let control_sum = read_number(&mut fields, "CtrlSum")?;
    let total = amount(&mut fields, "TtlRtrdIntrBkSttlmAmt");
    if let Some(element) = fields.first_defect() {
        return Err(MessageFault::Repeated { element });
    }
    let returns: Vec<_> =
        (0..).zip(elements).map(|(place, element)| read_return(element, &shared, place)).collect();
    let payments: Vec<_> = returns.iter().map(|back| back.payment.clone()).collect();
    check_sums(control_sum.as_ref(), total.as_ref(), &payments)?;
    Ok(ReturnMessage { group, application: found.header, returns })
}

fn read_return(element: Element<'_>, shared: &Shared, place: u32) -> PaymentReturn {
    let mut fields = Fields::of(element);
    let return_id = fields.text("RtrId");
    let reason = fields.text("RtrRsnInf/Rsn/Cd");
    let compensation = fields.has("CompstnAmt");
    let asks = "asks for more than the payment. Pay that by a pacs.008";
    let payment = CreditTransfer {
        identification: Identification::of_original(&mut fields),
        settlement_amount: amount(&mut fields, "RtrdIntrBkSttlmAmt"),
        settlement_date: fields.text("IntrBkSttlmDt").or_else(|| shared.settlement_date.clone()),
        instructing_agent: agent_or(&mut fields, "InstgAgt/FinInstnId", &shared.instructing_agent),
        instructed_agent: agent_or(&mut fields, "InstdAgt/FinInstnId", &shared.instructed_agent),
        unsupported: compensation.then_some(("CompstnAmt", asks)).into_iter().collect(),
        private: PrivateData::of(element),
        ..CreditTransfer::default()
    };
    let payment = CreditTransfer { misplaced: fields.into_defects(), ..payment };
    PaymentReturn { payment, return_id, reason, place }
}

impl PaymentReturn {
    /// Judges the return, which stands in the message `message_id`. `decimals` tells the decimals
    /// of the ledger's assets.
    ///
    /// # Errors
    /// Every reason to reject it, in the order of the elements; never empty.
    pub fn order(
        &self,
        domains: &Domains,
        message_id: &str,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
    ) -> Result<ReturnOrder, Vec<Refusal>> {
        let of = &self.payment;
        let mut judge = Judge { refusals: Vec::new() };
        judge.placement(of);
        judge.agents(["InstgAgt/FinInstnId/BICFI", "InstdAgt/FinInstnId/BICFI"], of);
        let payment = judge.uetr("OrgnlUETR", of.identification.uetr.as_deref());
        let element = "RtrdIntrBkSttlmAmt";
        let amount = match &of.settlement_amount {
            Some(written) => judge.money(element, written, decimals).map(|(money, _)| money),
            None => judge.refuse(Reason::Amount, element, "is missing. State the amount"),
        };
        let settlement_date = judge.date("IntrBkSttlmDt", of.settlement_date.as_deref());
        let reason = judge.reason_code("RtrRsnInf/Rsn/Cd", self.reason.as_deref());
        match (payment, amount, reason) {
            (Some(payment), Some(amount), Some(reason)) if judge.refusals.is_empty() => {
                let own = (message_id, &self.return_id, self.place);
                Ok(ReturnOrder {
                    uetr: derived(domains, "derived UETR of a return", own, of),
                    payment,
                    amount,
                    reason,
                    settlement_date,
                    private: of.private.clone(),
                })
            }
            (_, _, _) => Err(judge.refusals),
        }
    }
}

/// The identity of a `what` that follows from the references of its message (the message's id, its
/// own id there, its place) and of the payment: the message has no UETR for it, and the same
/// message orders once. Not from the amount: what was altered under the same references is no
/// second order.
pub(crate) fn derived(
    domains: &Domains,
    what: &str,
    own: (&str, &Option<String>, u32),
    payment: &CreditTransfer,
) -> Uetr {
    let parts = (what, own, (&payment.instructing_agent.bic, &payment.identification.uetr));
    let hash = domains.hash_of(Domain::Commitment, &parts);
    let mut entropy = [0; 16];
    entropy.copy_from_slice(&hash.0[..16]);
    Uetr::from_entropy(entropy)
}
