//! Customers' orders: the identity of a payment to which its customer gave none.
//!
//! Invariants: the same order of the same message has the same identity, so the message may be sent
//! again; another order, or the order of another message, has another one. Absent: checks of the
//! identities that customers give (see `order`).

use ledger::hash::{Domain, Domains};
use ledger::ids::Uetr;

use crate::transfer::{AccountText, CreditTransfer, CreditTransferMessage};

impl CreditTransferMessage {
    /// Gives each payment of a customer's message a UETR that has none.
    pub fn identify(&mut self, domains: &Domains) {
        let message_id = &self.header.group.message_id;
        for (place, transfer) in (0_u32..).zip(&mut self.transactions) {
            let is_customers = transfer.payment_information_id.is_some();
            if is_customers && transfer.identification.uetr.is_none() {
                let uetr = derived(domains, message_id, place, transfer);
                transfer.identification.uetr = Some(uetr.to_string());
            }
        }
    }
}

/// The identity that follows from who orders, and from the references of the message and the order.
/// Not from the amount or the payee: an order that was altered under the same references is not a
/// second payment.
fn derived(domains: &Domains, message_id: &str, place: u32, transfer: &CreditTransfer) -> Uetr {
    let ids = &transfer.identification;
    let account = transfer.debtor_account.as_ref();
    let number = |account: &AccountText| account.iban.clone().or_else(|| account.other.clone());
    let account = account.and_then(number);
    let parts = (
        "derived UETR",
        (&transfer.debtor_agent.bic, account),
        (message_id, &transfer.payment_information_id, place),
        (&ids.instruction_id, &ids.end_to_end_id),
    );
    let hash = domains.hash_of(Domain::Commitment, &parts);
    let mut entropy = [0; 16];
    entropy.copy_from_slice(&hash.0[..16]);
    Uetr::from_entropy(entropy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incoming::{self, Message};
    use crate::xml::Limits;
    use ledger::crypto::Suite;
    use ledger::hash::{ChainId, Hash};

    const ORDER: &str = "<CdtTrfTxInf><PmtId><EndToEndId>NOTPROVIDED</EndToEndId></PmtId>\
        <Amt><InstdAmt Ccy='CNY'>1.00</InstdAmt></Amt><Cdtr/></CdtTrfTxInf>";

    fn identified(message_id: &str, orders: &[String]) -> Vec<String> {
        let text = format!(
            "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.09'><CstmrCdtTrfInitn>\
             <GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-11-21T10:00:00Z</CreDtTm>\
             <NbOfTxs>{}</NbOfTxs><InitgPty/></GrpHdr><PmtInf><PmtInfId>P</PmtInfId>\
             <PmtMtd>TRF</PmtMtd>{}</PmtInf></CstmrCdtTrfInitn></Document>",
            orders.len(),
            orders.concat(),
        );
        let Ok(Message::Transfers(mut message)) =
            incoming::read(text.as_bytes(), &Limits::default())
        else {
            panic!("{text}")
        };
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])));
        message.identify(&domains);
        let uetrs = message.transactions.into_iter().filter_map(|t| t.identification.uetr);
        uetrs.collect()
    }

    #[test]
    fn an_order_without_identity_gets_the_same_one_again() {
        let two = [ORDER.to_owned(), ORDER.to_owned()];
        let first = identified("M-1", &two);
        assert!(first.iter().all(|uetr| Uetr::parse(uetr).is_ok()), "{first:?}");
        assert_ne!(first[0], first[1]);
        assert_eq!(first, identified("M-1", &two));
        assert_ne!(first, identified("M-2", &two));
        let dearer = [ORDER.replace("1.00", "2.00"), ORDER.to_owned()];
        assert_eq!(first, identified("M-1", &dearer));
        let named = ORDER.replace("NOTPROVIDED", "SALARY-7");
        assert_ne!(first[0], identified("M-1", &[named])[0]);
        let given = "7f0c2b9e-4a55-4c0e-9d0b-2f6c1f1f8a10";
        let own = ORDER.replace("</EndToEndId>", &format!("</EndToEndId><UETR>{given}</UETR>"));
        assert_eq!(identified("M-1", &[own]), [given]);
    }
}
