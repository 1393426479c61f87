//! Reads pacs.009, the credit transfer between institutions' own accounts, version 001.08: core and
//! cover.
//!
//! A cover names the customer transfer that it covers in `UndrlygCstmrCdtTrf`, which is kept in the
//! private part like everything else. An institution's account that no message names is the one
//! that its servicer keeps under its BIC; its servicer is its agent, or else itself.
//! Invariants and absences: those of `pacs008`. An advice (settlement method COVE) is refused: it
//! tells of a transfer, and orders none.

use ledger::ids::Bic;

use crate::fields::Fields;
use crate::pacs008::{Kind, Shared};
use crate::transfer::{AccountText, AgentText, CreditTransfer, agent};
use crate::xml::Element;

/// The message definition that is accepted.
pub const DEFINITION: &str = "pacs.009.001.08";

/// The element that holds the message.
pub(crate) const ROOT: &str = "FICdtTrf";

/// pacs.009.
pub(crate) const KIND: Kind = Kind { transaction, known: &KNOWN };

/// The elements that `CdtTrfTxInf` has.
const KNOWN: [&str; 37] = [
    "Cdtr",
    "CdtrAcct",
    "CdtrAgt",
    "CdtrAgtAcct",
    "Dbtr",
    "DbtrAcct",
    "DbtrAgt",
    "DbtrAgtAcct",
    "InstdAgt",
    "InstgAgt",
    "InstrForCdtrAgt",
    "InstrForNxtAgt",
    "IntrBkSttlmAmt",
    "IntrBkSttlmDt",
    "IntrmyAgt1",
    "IntrmyAgt1Acct",
    "IntrmyAgt2",
    "IntrmyAgt2Acct",
    "IntrmyAgt3",
    "IntrmyAgt3Acct",
    "PmtId",
    "PmtTpInf",
    "PrvsInstgAgt1",
    "PrvsInstgAgt1Acct",
    "PrvsInstgAgt2",
    "PrvsInstgAgt2Acct",
    "PrvsInstgAgt3",
    "PrvsInstgAgt3Acct",
    "Purp",
    "RmtInf",
    "SplmtryData",
    "SttlmPrty",
    "SttlmTmIndctn",
    "SttlmTmReq",
    "UltmtCdtr",
    "UltmtDbtr",
    "UndrlygCstmrCdtTrf",
];

fn transaction(element: Element<'_>, shared: &Shared) -> CreditTransfer {
    let mut fields = Fields::of(element);
    let transfer = shared.transfer(element, &mut fields);
    let debtor = agent(&mut fields, "Dbtr/FinInstnId");
    let creditor = agent(&mut fields, "Cdtr/FinInstnId");
    CreditTransfer {
        // The message has no element for it: each institution bears what its own servicer takes.
        charge_bearer: Some("SHAR".to_owned()),
        debtor_account: transfer.debtor_account.or_else(|| own_account(&debtor)),
        creditor_account: transfer.creditor_account.or_else(|| own_account(&creditor)),
        debtor_agent: servicer(transfer.debtor_agent, debtor),
        creditor_agent: servicer(transfer.creditor_agent, creditor),
        // The party itself, not whoever sends the message, has the account.
        is_between_institutions: true,
        misplaced: fields.into_defects(),
        ..transfer
    }
}

fn servicer(agent: AgentText, institution: AgentText) -> AgentText {
    if agent.is_empty() { institution } else { agent }
}

/// The account that a servicer keeps under the institution's BIC.
fn own_account(institution: &AgentText) -> Option<AccountText> {
    let bic = Bic::parse(institution.bic.as_deref()?).ok()?;
    Some(AccountText { other: Some(bic.to_string()), ..AccountText::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_elements_are_found() {
        assert!(KNOWN.is_sorted());
        let is_known = |name| KNOWN.binary_search(&name).is_ok();
        assert!(is_known("UndrlygCstmrCdtTrf") && is_known("Cdtr") && !is_known("ChrgBr"));
    }
}
