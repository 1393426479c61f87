//! `sign`: a member's operators approve the sealed document, and whoever collects checks it.
//!
//! Invariants: the document is checked before it is signed, and the member is the one whose
//! operators' keys are in the folder. Absent: which members must have signed (the caller says).

use ledger::crypto::SecretKey;
use ledger::genesis::GenesisDocument;
use ledger::genesis::approval::Approval;
use ledger::genesis::keyfile::KeyKind;
use ledger::ids::{Bic, Network};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{Fault, Report, files, keys, verify};

/// The format of an approval's file.
pub(crate) const APPROVAL: &str = "feiqian.genesis-signature/v1";

/// Signs the sealed document with the operators' keys in `folder`, and writes the approval to
/// `output`, a new file.
///
/// # Errors
/// [`Fault`] says what is wrong.
pub fn sign(
    document: &Path,
    chain_id: Option<&str>,
    folder: &Path,
    output: &Path,
) -> Result<Approval, Fault> {
    let report = verify(document, chain_id)?;
    let keys = operators(folder, report.document.network)?;
    let approval =
        Approval::sign(&report.document, signer(&report.document, folder, &keys)?, &keys);
    approval
        .verify(&report.document)
        .map_err(|source| Fault::Approval { path: folder.to_owned(), source })?;
    files::write_new(output, &approval)?;
    Ok(approval)
}

/// Checks approvals of a document that was found to be right, and names the members that have
/// approved it and those that have not.
///
/// # Errors
/// [`Fault`] names the file at fault.
pub fn approvals(report: &Report, paths: &[PathBuf]) -> Result<(Vec<Bic>, Vec<Bic>), Fault> {
    let mut signed = BTreeSet::new();
    for path in paths {
        let approval: Approval = files::read(path, APPROVAL)?;
        approval
            .verify(&report.document)
            .map_err(|source| Fault::Approval { path: path.clone(), source })?;
        signed.insert(approval.bic());
    }
    let members = report.document.members.iter().map(|member| member.institution.bic);
    Ok(members.partition(|bic| signed.contains(bic)))
}

/// The keys `operator-1.key`, `operator-2.key` and so on, as many as are there.
fn operators(folder: &Path, network: Network) -> Result<Vec<SecretKey>, Fault> {
    let files = (1..=16).map(|number| folder.join(format!("operator-{number}.key")));
    let present: Vec<_> = files.filter(|file| file.exists()).collect();
    if present.is_empty() {
        return Err(Fault::NoOperator { path: folder.to_owned() });
    }
    present.iter().map(|file| keys::read(file, KeyKind::Operator, network)).collect()
}

/// The member that has one of the keys as an operator's.
fn signer(document: &GenesisDocument, folder: &Path, keys: &[SecretKey]) -> Result<Bic, Fault> {
    let mut institutions = document.members.iter().map(|member| &member.institution);
    let found = institutions.find(|institution| {
        keys.iter().any(|key| institution.operators.keys.contains(&key.public()))
    });
    found
        .map(|institution| institution.bic)
        .ok_or_else(|| Fault::Stranger { path: folder.to_owned() })
}
