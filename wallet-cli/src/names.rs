//! How people write accounts: `@name`, an address, or `BIC/reference`.
//!
//! Invariants: a name or an address is understood without any node, and the same way every time;
//! only a servicer's reference needs the list of institutions. Absent: changing the address book.

use ledger::ids::{AccountId, Bic, InstitutionNumber, Network as NetworkKind};

use crate::code::Own;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::say;
use crate::network::Network;
use crate::profile::{Chain, Profile};

/// The longest reference of an account (ISO 20022 `Max34Text`).
const MAXIMUM_REFERENCE: usize = 34;

/// An account as it was written on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// A name of the address book, or an address.
    Known {
        /// The account.
        account: AccountId,
        /// Its name, if it was named.
        name: Option<String>,
    },
    /// A servicer's own reference.
    Reference {
        /// The servicer.
        servicer: Bic,
        /// The reference: an IBAN, a local account number.
        reference: String,
    },
}

/// An account and how to call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Party {
    /// The account.
    pub(crate) account: AccountId,
    /// Its address.
    pub(crate) address: String,
    /// Its name: the address book's, or else the address.
    pub(crate) label: String,
}

impl Written {
    /// Reads what was written, with the profile's address book.
    ///
    /// # Errors
    /// A usage fault that names the mistake.
    pub(crate) fn parse(text: &str, profile: &Profile, kind: NetworkKind) -> Result<Self, Fault> {
        if let Some(name) = text.strip_prefix('@') {
            return Self::named(name, profile, kind);
        }
        if let Some((bic, reference)) = text.split_once('/') {
            let servicer = Bic::parse(bic)?;
            let is_reference = (1..=MAXIMUM_REFERENCE).contains(&reference.chars().count());
            if !is_reference {
                let detail = say!(
                    "An account's reference has 1 to {MAXIMUM_REFERENCE} characters.",
                    "账户参考号有 1 至 {MAXIMUM_REFERENCE} 个字符。"
                );
                let hint = say!("Write BIC/reference.", "请写 BIC/参考号。");
                return Err(Fault::usage(Own::BadReference, detail, hint));
            }
            return Ok(Self::Reference { servicer, reference: reference.to_owned() });
        }
        Ok(Self::Known { account: AccountId::parse(kind, text)?, name: None })
    }

    fn named(name: &str, profile: &Profile, kind: NetworkKind) -> Result<Self, Fault> {
        let Some(account) = profile.accounts.get(name) else {
            let known: Vec<String> =
                profile.accounts.keys().map(|name| format!("@{name}")).collect();
            let detail = say!(
                "The profile \"{profile}\" knows no account @{name}.",
                "配置“{profile}”中没有账户 @{name}。",
                profile = profile.name
            );
            let hint = if known.is_empty() {
                say!("Write the address.", "请写地址。")
            } else {
                say!("It knows {all}.", "其中有 {all}。", all = known.join(", "))
            };
            return Err(Fault::usage(Own::UnknownName, detail, hint));
        };
        let account = AccountId::parse(kind, &account.address)?;
        Ok(Self::Known { account, name: Some(name.to_owned()) })
    }

    /// The account in one text, the same however it was written, as far as that is known offline.
    pub(crate) fn canonical(&self, kind: NetworkKind) -> String {
        match self {
            Self::Known { account, .. } => account.address(kind),
            Self::Reference { servicer, reference } => format!("{servicer}/{reference}"),
        }
    }

    /// The account, asking for its servicer's number where that is needed.
    ///
    /// # Errors
    /// Exit 5 if no node answers, exit 3 if there is no such institution.
    pub(crate) fn resolve(&self, chain: &Chain, network: &Network) -> Result<Party, Fault> {
        let (account, name) = match self {
            Self::Known { account, name } => (*account, name.clone()),
            Self::Reference { servicer, reference } => {
                let number = institution_number(network, servicer)?;
                let account = AccountId::from_reference(&chain.domains(), number, reference);
                (account, Some(reference.clone()))
            }
        };
        let address = account.address(chain.network);
        Ok(Party { account, label: name.unwrap_or_else(|| address.clone()), address })
    }
}

/// The number of the institution with this BIC.
///
/// # Errors
/// Exit 5 if no node answers, exit 3 if there is no such institution.
pub(crate) fn institution_number(network: &Network, bic: &Bic) -> Result<InstitutionNumber, Fault> {
    let institutions = network.institutions()?;
    let found = institutions.iter().find(|view| Bic::parse(&view.bic).is_ok_and(|b| b == *bic));
    found.map(|view| InstitutionNumber(view.number)).ok_or_else(|| {
        let known: Vec<&str> = institutions.iter().map(|view| view.bic.as_str()).collect();
        let detail =
            say!("There is no institution {bic} on this ledger.", "账本上没有机构 {bic}。");
        let hint = say!("There are {all}.", "现有 {all}。", all = known.join(", "));
        Fault::new(Exit::Rejected, Own::UnknownInstitution, detail, hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::NamedAccount;

    const KIND: NetworkKind = NetworkKind::Devnet;

    fn wei() -> AccountId {
        AccountId::new(InstitutionNumber(1), [5; 12])
    }

    fn profile() -> Profile {
        let account =
            NamedAccount { address: wei().address(KIND), institution: None, keystore: None };
        Profile { accounts: [("wei".to_owned(), account)].into(), ..Profile::default() }
    }

    #[test]
    fn the_three_forms_by_row() {
        let address = wei().address(KIND);
        for (text, expected) in [
            ("@wei", Ok(address.as_str())),
            (&address, Ok(address.as_str())),
            ("PSBCCNBJ/6217 0000", Ok("PSBCCNBJ/6217 0000")),
            ("PSBCCNBJXXX/a", Ok("PSBCCNBJ/a")),
            ("@lee", Err("unknown-name")),
            ("wei", Err("bad-address")),
            (&address.to_uppercase(), Err("bad-address")),
            (&wei().address(NetworkKind::Production), Err("bad-address")),
            ("PSBC/1", Err("bad-bic")),
            ("PSBCCNBJ/", Err("bad-reference")),
            (&format!("PSBCCNBJ/{}", "1".repeat(35)), Err("bad-reference")),
        ] {
            let written = Written::parse(text, &profile(), KIND);
            let found = written.map(|written| written.canonical(KIND));
            let found = found.map_err(|fault| fault.code.text().to_owned());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(found, expected, "{text}");
        }
    }
}
