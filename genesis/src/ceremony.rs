//! `new`, `add`, `seal`: the draft, the members in it, and the document.
//!
//! Invariants: a draft takes a member in only after all checks, and a sealed document does not
//! change. Absent: secrets; whoever collects needs only public files.

use ledger::genesis::Parameters;
use ledger::genesis::json::{Draft, SealedGenesis};
use ledger::genesis::member::MemberFile;
use ledger::ids::{Network, Timestamp};
use std::path::Path;

use crate::fault::MINIMUM_VALIDATORS;
use crate::{Fault, files};

pub(crate) const MEMBER: &str = "feiqian.member/v1";
pub(crate) const DRAFT: &str = "feiqian.genesis-draft/v1";
pub(crate) const SEALED: &str = "feiqian.genesis/v1";

/// What a draft starts with.
#[derive(Clone, Debug)]
pub struct NewDraft {
    /// The network's name, 1 to 64 bytes.
    pub name: String,
    /// The kind of network.
    pub network: Network,
    /// The numbers that rule it.
    pub parameters: Parameters,
}

/// Writes a draft without members to `output`, a new file.
///
/// # Errors
/// [`Fault`] says what is wrong.
pub fn new(start: NewDraft, output: &Path) -> Result<Draft, Fault> {
    let draft = Draft::new(start.network, start.name, start.parameters)
        .map_err(|source| Fault::Document { path: output.to_owned(), source })?;
    files::write_new(output, &draft)?;
    Ok(draft)
}

/// Takes the members' files into the draft: all of them or none.
///
/// # Errors
/// [`Fault`] names the file at fault; the draft is as it was.
pub fn add(draft_file: &Path, members: &[impl AsRef<Path>]) -> Result<Draft, Fault> {
    let mut draft: Draft = files::read(draft_file, DRAFT)?;
    for path in members {
        let path = path.as_ref();
        let member: MemberFile = files::read(path, MEMBER)?;
        draft.add(member).map_err(|source| Fault::Document { path: path.to_owned(), source })?;
    }
    files::replace(draft_file, &draft)?;
    Ok(draft)
}

/// A production network that one failure stops is refused; for others it is a warning.
fn check_validators(path: &Path, sealed: &SealedGenesis) -> Result<(), Fault> {
    let refused = |source| Fault::Document { path: path.to_owned(), source };
    let document = sealed.open().map_err(refused)?;
    let members = document.members.iter().filter(|member| member.validator.is_some());
    let validators = members.count();
    if document.network == Network::Production && validators < MINIMUM_VALIDATORS {
        return Err(Fault::TooFew { path: path.to_owned(), validators });
    }
    Ok(())
}

/// Checks everything and writes the sealed document to `output`, a new file.
///
/// # Errors
/// [`Fault`] says what is wrong.
pub fn seal(draft_file: &Path, time: Timestamp, output: &Path) -> Result<SealedGenesis, Fault> {
    let draft: Draft = files::read(draft_file, DRAFT)?;
    let sealed = draft
        .seal(time)
        .map_err(|source| Fault::Document { path: draft_file.to_owned(), source })?;
    check_validators(draft_file, &sealed)?;
    files::write_new(output, &sealed)?;
    Ok(sealed)
}
