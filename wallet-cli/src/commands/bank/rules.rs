//! What `bank set-fees` and `bank set-limits` have in common: the next version of an institution's
//! rules, read from a file.

use ledger::ids::InstitutionNumber;
use ledger::operation::Operation;
use serde::de::DeserializeOwned;
use std::path::Path;

use crate::cli::Operators;
use crate::code::Own;
use crate::desk::Desk;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::language::{Text, say};
use crate::names::institution_number;
use crate::orders::{bic, order, report};
use crate::signers;

const MAXIMUM_BYTES: usize = 256 * 1024;

/// A file of rules, and for whom they are.
pub(super) struct Rules<'a> {
    /// The file.
    pub(super) path: &'a Path,
    /// The institution's BIC.
    pub(super) institution: &'a str,
    /// Who signs.
    pub(super) operators: &'a Operators,
}

impl Rules<'_> {
    /// What the file says: its text, and what that means.
    pub(super) fn read<T: DeserializeOwned>(&self, wrong: Own) -> Result<(String, T), Fault> {
        let text = files::read_text(self.path, MAXIMUM_BYTES)
            .map_err(|error| Fault::file(self.path, &error))?;
        let read = toml::from_str(&text).map_err(|error| refused(self.path, wrong, &error))?;
        Ok((text, read))
    }

    /// Orders the operation that `operation` makes for the institution, and tells what `told` says
    /// of its BIC. The order is `verb` the version of the file's text.
    pub(super) fn publish(
        &self,
        desk: &Desk<'_>,
        (verb, version, text): (&str, u32, &str),
        operation: impl FnOnce(InstitutionNumber) -> Operation,
        told: impl FnOnce(&str) -> Text,
    ) -> Result<(), Fault> {
        let institution = bic(self.institution)?;
        let operation = operation(institution_number(&desk.network, &institution)?);
        let bic = institution.to_string();
        let given = &self.operators.keys;
        let keys = signers::of_institution(desk.session, &desk.profile, &bic, given)?;
        let text = format!("{verb} of {bic} version {version}: {}", text.trim());
        let done = order(desk, text, &keys, operation)?;
        report(desk, done, &told(&bic))
    }
}

/// What is wrong with a file of rules.
pub(super) fn refused(path: &Path, code: Own, reason: &impl std::fmt::Display) -> Fault {
    let hint = say!(
        "Mend the file (docs/reference/wallet.md).",
        "请修正文件（docs/reference/wallet.md）。"
    );
    Fault::usage(code, in_file(path, &quoted(reason)), hint)
}
