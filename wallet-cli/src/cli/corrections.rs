//! The command line of `feiqian return` and `feiqian recall`.

use clap::{Args, Subcommand};
use ledger::corrections::Reason;

use super::hold::PayeeKeys;
use crate::commands::hold::until::Until;

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

/// Commands about payments that are asked back.
#[derive(Debug, Subcommand)]
pub(crate) enum Recall {
    /// Ask for a payment back that you made, whole or a part. The payee's side decides.
    Request(AskBack),
    /// Give back what is asked of you, whole or a part.
    Accept(Accept),
    /// Refuse to give back what is asked of you.
    Refuse(RefuseRecall),
    /// List what is asked back and not answered yet.
    List(ListRecalls),
}

/// What is asked back.
#[derive(Debug, Args)]
pub(crate) struct AskBack {
    /// The payment's id (UETR), or 8 or more of its first digits.
    pub(crate) id: String,
    /// How much, with its asset: "40.00 CNY"; all that was paid if left out.
    pub(crate) amount: Option<String>,
    /// Why: a code of the ISO 20022 external cancellation reasons, such as DUPL (paid twice) or
    /// FRAD (fraud).
    #[arg(long, value_name = "CODE", value_parser = reason)]
    pub(crate) reason: Reason,
    /// Until when it can be answered: so long from now (30m, 24h, 7d), or a time like
    /// 2026-11-21T20:15:00Z; 30 days at most.
    #[arg(long, value_name = "WHEN", value_parser = Until::parse, default_value = "7d")]
    pub(crate) until: Until,
    /// A key of the payer's owners, by name or file; repeat it for several.
    #[arg(long, value_name = "KEY", conflicts_with = "operator_key")]
    pub(crate) key: Vec<String>,
    /// A key file of an operator of the payer's servicer, in the place of the owners' keys; repeat
    /// it for several.
    #[arg(long, value_name = "FILE")]
    pub(crate) operator_key: Vec<String>,
}

/// What is given back.
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// The payment's id (UETR), or 8 or more of its first digits.
    pub(crate) id: String,
    /// How much, with its asset: "20.00 CNY"; all that is asked for if left out.
    pub(crate) amount: Option<String>,
    /// The return's own id (UETR, a UUID of version 4), chosen by you: whatever happens, the same
    /// command never returns twice.
    #[arg(long, value_name = "ID")]
    pub(crate) return_id: Option<String>,
    #[command(flatten)]
    pub(crate) payee: PayeeKeys,
}

/// What is refused.
#[derive(Debug, Args)]
pub(crate) struct RefuseRecall {
    /// The payment's id (UETR), or 8 or more of its first digits.
    pub(crate) id: String,
    /// Why: a code of the ISO 20022 external reasons for refusing a cancellation, such as NOAS (no
    /// answer from the customer) or CUST (the customer refuses).
    #[arg(long, value_name = "CODE", value_parser = reason)]
    pub(crate) reason: Reason,
    #[command(flatten)]
    pub(crate) payee: PayeeKeys,
}

/// Whose recalls are listed.
#[derive(Debug, Args)]
pub(crate) struct ListRecalls {
    /// @name, address, or BIC/reference: payments from or to it; all if left out.
    pub(crate) account: Option<String>,
    /// A BIC: payments from or to accounts of this institution.
    #[arg(long, value_name = "BIC", conflicts_with = "account")]
    pub(crate) institution: Option<String>,
    /// Where to go on, as the page before has printed it.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
}
