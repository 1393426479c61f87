//! `admit`: from the public file of a bank that joins a running network to the change that its
//! members vote on.
//!
//! Invariants: the file's proofs of possession are checked, so nobody is admitted with a key that
//! it does not hold. Absent: proposing and voting (the wallet's `feiqian govern`).

use ledger::genesis::member::MemberFile;
use ledger::governance::Change;
use ledger::governance::json::ChangeFile;
use std::path::Path;

use crate::ceremony::MEMBER;
use crate::{Fault, files};

/// The change that takes the member of a public file in; its node, if it has one, may connect and
/// observe.
///
/// # Errors
/// [`Fault`] says what is wrong with the file.
pub fn admit(path: &Path) -> Result<ChangeFile, Fault> {
    let file: MemberFile = files::read(path, MEMBER)?;
    file.verify()
        .map_err(|source| Fault::Document { path: path.to_owned(), source: source.into() })?;
    let member = file.member();
    let node = member.validator.as_ref().map(ledger::genesis::MemberValidator::node);
    let mut institution = member.institution;
    // That it votes is a change of its own (`add-validator`), once its node has followed.
    institution.roles.validator = false;
    let change = Change::AdmitInstitution { institution, node };
    let refused = |reason: &str| Fault::Format { path: path.to_owned(), reason: reason.to_owned() };
    if let Some(defect) = change.defect() {
        return Err(refused(defect));
    }
    ChangeFile::of(&change, |_| None).ok_or_else(|| refused("it makes no change"))
}
