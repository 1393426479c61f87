//! A proof in words: the JSON rendering of a proof file beside the file itself.
//!
//! Invariants: the words say what the file proves; whoever needs certainty verifies the file and
//! reads nothing else. Absent: verification (`ledger::proof`).

use ledger::ids::Height;
use ledger::proof::{Proven, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::account::{HoldingView, PolicyView};
use crate::receipt::ReceiptView;
use crate::text::{self, Naming};

/// The media type of proof files.
pub const MEDIA_TYPE: &str = "application/octet-stream";

/// The query of a payment's proof: when its transaction is valid, if its absence is to be proven.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ProofQuery {
    /// From when on the transaction was valid: RFC 3339, or milliseconds since 1970.
    pub valid_from: Option<String>,
    /// Until when it was valid.
    pub valid_until: Option<String>,
}

/// A proof file and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProofView {
    /// `feiqian.proof/v1`.
    pub format: String,
    /// `payment`, `no-payment`, `holding` or `account`.
    pub kind: String,
    /// The file, base64.
    pub proof: String,
    /// The height of the block that it is proven of.
    pub block: u64,
    /// That block's time.
    #[schema(format = "date-time")]
    pub time: String,
    /// How many validators signed the certificate.
    pub signers: usize,
    /// How many validators there are.
    pub validators: usize,
    /// How many had to sign.
    pub quorum: usize,
    /// The payment, for proofs of payments and of their absence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    pub id: Option<String>,
    /// The payment's receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptView>,
    /// The first time at which the absent payment could have happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub valid_from: Option<String>,
    /// The last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub valid_until: Option<String>,
    /// The account's address, for proofs of holdings and accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The holding; absent if there never was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holding: Option<HoldingView>,
    /// The account's keys and rules; absent if there is no such account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyView>,
}

impl ProofView {
    /// Renders what `file` was found to prove.
    pub fn new(file: &[u8], verdict: &Verdict, naming: &Naming) -> Self {
        let Height(block) = verdict.header.height;
        let mut view = Self {
            format: "feiqian.proof/v1".to_owned(),
            kind: String::new(),
            proof: text::base64(file),
            block,
            time: text::time(verdict.time()),
            signers: verdict.signers,
            validators: verdict.validators,
            quorum: verdict.quorum,
            id: None,
            receipt: None,
            valid_from: None,
            valid_until: None,
            account: None,
            holding: None,
            policy: None,
        };
        view.tell(verdict, naming);
        view
    }

    fn tell(&mut self, verdict: &Verdict, naming: &Naming) {
        match &verdict.proven {
            Proven::Payment(receipt) => {
                let place = (verdict.header.height, verdict.time());
                "payment".clone_into(&mut self.kind);
                self.id = receipt.uetr.map(|uetr| uetr.to_string());
                self.receipt = Some(ReceiptView::new(receipt, Some(place), naming));
            }
            Proven::NoPayment { uetr, valid_from, valid_until } => {
                "no-payment".clone_into(&mut self.kind);
                self.id = Some(uetr.to_string());
                self.valid_from = Some(text::time(*valid_from));
                self.valid_until = Some(text::time(*valid_until));
            }
            Proven::Holding { account, asset, holding } => {
                "holding".clone_into(&mut self.kind);
                self.account = Some(naming.address(*account));
                self.holding =
                    holding.as_ref().map(|holding| HoldingView::new(*asset, holding, naming));
            }
            Proven::Account { account, record } => {
                "account".clone_into(&mut self.kind);
                self.account = Some(naming.address(*account));
                let record = record.as_ref();
                self.policy = record.map(|record| PolicyView::new(&record.policy, naming));
            }
        }
    }
}
