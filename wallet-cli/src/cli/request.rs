//! The command line of `feiqian request`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Commands about requests to be paid.
#[derive(Debug, Subcommand)]
pub(crate) enum Request {
    /// Make a request: a URI and its QR code.
    Create(CreateRequest),
    /// Pay a request.
    Pay(PayRequest),
}

/// A new request.
#[derive(Debug, Args)]
pub(crate) struct CreateRequest {
    /// The account to be paid: @name, address, or BIC/reference; the profile's usual payer if left
    /// out.
    pub(crate) account: Option<String>,
    /// How much, with its asset: "25.00 CNY"; left to the payer if left out.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) amount: Option<String>,
    /// A word on what it is for; the payer sees it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// What you call yourself; the payer sees it.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Let it be paid many times, as on a poster. Otherwise it has an id and is paid once.
    #[arg(long)]
    pub(crate) reusable: bool,
    /// A URI, or a merchant's code by EMVCo.
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(crate) form: Form,
    /// The merchant's country, for EMVCo: two letters of ISO 3166.
    #[arg(long, value_name = "COUNTRY", required_if_eq("form", "emvco"))]
    pub(crate) country: Option<String>,
    /// The merchant's city, for EMVCo.
    #[arg(long, value_name = "CITY", required_if_eq("form", "emvco"))]
    pub(crate) city: Option<String>,
    /// The merchant's category, for EMVCo: four digits of ISO 18245.
    #[arg(long, value_name = "DIGITS", default_value = "0000")]
    pub(crate) category: String,
    /// Write the QR code as a PNG picture.
    #[arg(long, value_name = "FILE")]
    pub(crate) png: Option<PathBuf>,
    /// Write the QR code as an SVG picture.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

/// How a request is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// feiqian:ADDRESS?...
    #[default]
    Uri,
    /// A merchant's code (Merchant-Presented Mode).
    Emvco,
}

/// The payment of a request.
#[derive(Debug, Args)]
pub(crate) struct PayRequest {
    /// What the code says: a feiqian: URI or a merchant's code.
    pub(crate) request: String,
    /// How much, where the request leaves it to you: "25.00 CNY".
    pub(crate) amount: Option<String>,
    /// The payer's account; the profile's usual one if left out.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) from: Option<String>,
    /// The most charges to agree to: "1.50 CNY"; what they are right now if left out.
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) max_fee: Option<String>,
    /// A key to sign with, by name or file; repeat it for several.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
}
