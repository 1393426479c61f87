//! The command line of `feiqian return`.

use clap::Args;
use ledger::corrections::Reason;

use super::hold::PayeeKeys;

/// What is returned.
#[derive(Debug, Args)]
pub(crate) struct Return {
    /// The payment's id (UETR), or 8 or more of its first digits.
    pub(crate) id: String,
    /// How much, with its asset: "40.00 CNY"; all that was received if left out.
    pub(crate) amount: Option<String>,
    /// Why: a code of the ISO 20022 external return reasons, such as AC04 (closed account) or CUST
    /// (the customer asks for it).
    #[arg(long, value_name = "CODE", value_parser = reason)]
    pub(crate) reason: Reason,
    /// The return's own id (UETR, a UUID of version 4), chosen by you: whatever happens, the same
    /// command never returns twice.
    #[arg(long, value_name = "ID")]
    pub(crate) return_id: Option<String>,
    #[command(flatten)]
    pub(crate) payee: PayeeKeys,
}

/// Reads a reason code.
pub(super) fn reason(text: &str) -> Result<Reason, String> {
    Reason::parse(text).map_err(|error| error.to_string())
}
