//! The genesis ceremony: members make their own keys, hand over public files, and one seals them.
//!
//! Invariants: a secret key is made where it will be used and never leaves that folder; every
//! refusal has a name and says what to do; what `seal` writes, anyone can check with `verify`.
//! Absent: the rules of the document itself (`ledger::genesis`), any network.

mod admit;
mod ceremony;
mod fault;
mod files;
mod join;
mod keys;
mod report;
mod sign;
#[cfg(test)]
mod tests;

pub use admit::admit;
pub use ceremony::{NewDraft, add, new, seal};
pub use fault::Fault;
pub use join::{Join, join};
pub use report::{Report, show, verify};
pub use sign::{approvals, sign};
