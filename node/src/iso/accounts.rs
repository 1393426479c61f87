//! Which ledger account a message's account reference means.
//!
//! Invariants: a reference means one account of the institution that the message names. Absent:
//! whether the account exists; the ledger says that.

use iso20022::order::AccountReference;
use ledger::hash::Domains;
use ledger::ids::{AccountId, InstitutionNumber, Network};

/// The characters of an address after the network's prefix and the digit 1.
const ADDRESS_DATA: usize = 32;

/// The account of `institution` that `reference` names: an address without its prefix, if it is one
/// of that institution; else the account that it keeps under this reference.
pub(super) fn resolve(
    domains: &Domains,
    network: Network,
    institution: InstitutionNumber,
    reference: &AccountReference,
) -> AccountId {
    let text = reference.as_str();
    let by_reference = || AccountId::from_reference(domains, institution, text);
    match reference {
        AccountReference::Iban(_) => by_reference(),
        AccountReference::Other { identification, .. } => {
            let address = format!("{}1{identification}", network.prefix());
            let account = AccountId::parse(network, &address).ok();
            let account = account.filter(|_| identification.len() == ADDRESS_DATA);
            let own = account.filter(|account| account.servicer() == institution);
            own.unwrap_or_else(by_reference)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::crypto::Suite;
    use ledger::hash::{ChainId, Hash};

    #[test]
    fn references_by_row() {
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([3; 32])));
        let bank = InstitutionNumber(2);
        let account = AccountId::new(bank, [7; 12]);
        let address = account.address(Network::Devnet);
        let data = address.strip_prefix("fqd1").unwrap();
        assert_eq!(data.len(), ADDRESS_DATA);
        let other =
            |text: &str| AccountReference::Other { identification: text.to_owned(), scheme: None };
        let named = |text: &str| AccountId::from_reference(&domains, bank, text);
        let resolved = |institution, reference: &AccountReference| {
            resolve(&domains, Network::Devnet, institution, reference)
        };
        assert_eq!(resolved(bank, &other(data)), account);
        assert_eq!(resolved(bank, &other("EXId")), named("EXId"));
        let damaged = data.replacen('q', "p", 1);
        assert_eq!(resolved(bank, &other(&damaged)), named(&damaged));
        let iban = "GB29NWBK60161331926819";
        assert_eq!(resolved(bank, &AccountReference::Iban(iban.to_owned())), named(iban));
        let stranger = InstitutionNumber(3);
        assert_eq!(
            resolved(stranger, &other(data)),
            AccountId::from_reference(&domains, stranger, data)
        );
    }
}
