//! The audit log of a node's API, as far as it is shown: where it ends.
//!
//! Absent: its records.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where the audit log ends, signed by the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditHeadView {
    /// Whose log it is: the node's institution and the chain id.
    pub owner: String,
    /// The last record's number.
    pub sequence: u64,
    /// The last record's hash, hexadecimal.
    pub hash: String,
    /// When this was signed.
    #[schema(format = "date-time")]
    pub time: String,
    /// The key that signed: the node's, as on the ledger, hexadecimal.
    pub node_key: String,
    /// The signature (ed25519), hexadecimal.
    pub signature: String,
}
