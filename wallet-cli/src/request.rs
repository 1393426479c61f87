//! Requests to be paid: what a payee hands to a payer, as a URI or as an EMVCo merchant code.
//!
//! Invariants: a request is understood wholly or refused; the payee's words in it are shown as the
//! payee's. Under a request's own id there is one payment for ever, so a code that is scanned
//! twice is not paid twice. Absent: pictures (see `qr`), paying.

pub(crate) mod emv;
pub(crate) mod uri;

use ledger::ids::{AccountId, Uetr};

use crate::code::Own;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::profile::Chain;

/// How many hexadecimal digits of the chain id a request carries.
const CHAIN_DIGITS: usize = 16;

/// A request to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The payee's address.
    pub(crate) address: String,
    /// The first digits of the chain id.
    pub(crate) chain: String,
    /// How much, with its asset; left to the payer if absent.
    pub(crate) amount: Option<String>,
    /// The id of the one payment that answers it; a request without may be paid many times.
    pub(crate) id: Option<Uetr>,
    /// What the payee calls itself.
    pub(crate) name: Option<String>,
    /// What the payee writes about the payment.
    pub(crate) note: Option<String>,
}

impl Request {
    /// The digits by which requests name a chain.
    pub(crate) fn chain_digits(chain: &Chain) -> String {
        chain.id.to_string().chars().take(CHAIN_DIGITS).collect()
    }

    /// Reads either form.
    ///
    /// # Errors
    /// A usage fault that names the mistake.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let scheme = text.get(..uri::SCHEME.len()).unwrap_or_default();
        let request = if scheme.eq_ignore_ascii_case(uri::SCHEME) {
            uri::parse(text)?
        } else {
            emv::parse(text)?
        };
        // What no address and no chain has might look like another one.
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_plain(&request.address) && is_plain(&request.chain.replace('-', "")) {
            return Ok(request);
        }
        Err(refused(say!("The request's address or chain is none.", "请求中的地址或链无效。")))
    }

    /// Checks that it is for this chain, and gives the account.
    ///
    /// # Errors
    /// A usage fault for another chain or an address that is not well formed.
    pub(crate) fn account(&self, chain: &Chain) -> Result<AccountId, Fault> {
        if self.chain != Self::chain_digits(chain) {
            let detail = say!(
                "The request is for the chain that begins {chain}.",
                "该请求属于以 {chain} 开头的链。",
                chain = self.chain
            );
            let hint = say!("Choose the --profile of that network.", "请选择该网络的 --profile。");
            return Err(Fault::usage(Own::OtherChain, detail, hint));
        }
        Ok(AccountId::parse(chain.network, &self.address)?)
    }
}

/// That a request cannot be read.
fn refused(reason: Text) -> Fault {
    Fault::usage(
        Own::BadRequest,
        reason,
        say!("Ask the payee for it again.", "请向收款人重新索取。"),
    )
}

#[cfg(test)]
pub(crate) fn samples() -> Vec<Request> {
    let whole = Request {
        address: "fqd1qqqqqqqqqqqqqqqqqqqqqqqqqqqsj6gql".to_owned(),
        chain: "0707070707070707".to_owned(),
        amount: Some("25.00 CNY".to_owned()),
        id: Some(Uetr::from_entropy([9; 16])),
        name: Some("Tea & Cake".to_owned()),
        note: Some("table 7, 50% off".to_owned()),
    };
    let open = Request { amount: None, id: None, name: None, note: None, ..whole.clone() };
    vec![whole, open]
}
