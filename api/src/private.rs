//! A payment's private data: handed over by the payer's wallet, shown to the institution's own
//! operators; and the receipt of its erasure.
//!
//! Invariants: with `salt` and `message_hash` the data open the commitment that the ledger has, so
//! whoever gets a view can check it against a proof of the payment. Absent: a node's answer to
//! anybody but an operator.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of `PUT /v1/payments/{uetr}/private`: what the payer's wallet has committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivateRequest {
    /// 32 bytes that open the commitment, 64 hexadecimal digits.
    pub salt: String,
    /// What was committed to, in its order: elements as in a message's transaction.
    pub entries: Vec<PrivateEntryView>,
}

impl PrivateRequest {
    /// The most bytes of a body.
    pub const MAXIMUM_BYTES: usize = 64 * 1024;
}

/// That the payer's institution has a payment's private data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrivateTaken {
    /// The payment.
    pub uetr: String,
}

/// What is known of a payment's private data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrivateView {
    /// The payment.
    pub uetr: String,
    /// `ordered` if a message to this node ordered the payment, `handed` if the payer's wallet
    /// handed the data over, `received` if the payer's institution sent them.
    pub origin: PrivateOrigin,
    /// When the payee's institution had the data, by this node's clock; none as long as they are
    /// owed to it, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<String>,
    /// The BIC of the institution that the data are still owed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed_to: Option<String>,
    /// The commitment that the ledger has, 64 hexadecimal digits.
    pub commitment: String,
    /// 32 bytes that open it, 64 hexadecimal digits.
    pub salt: String,
    /// The hash of the exact bytes of the message that ordered the payment, 64 hexadecimal digits;
    /// none if no message did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_hash: Option<String>,
    /// The payer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debtor: Option<String>,
    /// The payee's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor: Option<String>,
    /// The lines of the remittance text.
    pub remittance: Vec<String>,
    /// Everything that the message says of the payment, or that the wallet handed over, in its
    /// order.
    pub entries: Vec<PrivateEntryView>,
}

/// Where private data came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrivateOrigin {
    /// A message to this node ordered the payment.
    Ordered,
    /// The payer's wallet handed them over.
    Handed,
    /// The payer's institution sent them.
    Received,
}

/// One element or attribute of the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivateEntryView {
    /// How deep it stands within the transaction.
    pub depth: u8,
    /// The element's name, or `@` and the attribute's.
    pub name: String,
    /// Its text.
    pub value: String,
}

/// That an institution's node erased a payment's private data, signed by the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Whose copy: the node's institution and its ledger's chain id.
    pub owner: String,
    /// The payment.
    pub uetr: String,
    /// The commitment that the ledger keeps, and that nothing opens any more without the data.
    pub commitment: String,
    /// When, by the node's clock.
    pub erased_at: String,
    /// The key that signed: the node's.
    pub node_key: String,
    /// The signature (ed25519).
    pub signature: String,
}
