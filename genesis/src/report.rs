//! `verify` and `show`: what a sealed document says, after checking that it may say so.
//!
//! Invariants: nothing is reported of a document that is not right. Absent: trust in the file's own
//! word; the chain id is computed again.

use ledger::genesis::GenesisDocument;
use ledger::genesis::json::{SealedGenesis, network_word, parse_chain_id};
use std::fmt::Write;
use std::path::Path;

use crate::ceremony::SEALED;
use crate::{Fault, files};

/// A sealed document that was found to be right.
#[derive(Clone, Debug)]
pub struct Report {
    /// The chain id: `fqd-3f2a...`.
    pub chain_id: String,
    /// The document.
    pub document: GenesisDocument,
    /// How many members run a validator.
    pub validators: usize,
    /// How many validators may be faulty.
    pub fault_bound: usize,
    /// How many votes decide.
    pub quorum: usize,
}

impl Report {
    /// What the owners of a network must know about its size; `None` if one validator may fail.
    pub fn warning(&self) -> Option<String> {
        (self.fault_bound == 0).then(|| {
            format!(
                "with fewer than 4 validators (here {}) the network stops as soon as one of them \
                 fails. 4 tolerate one failure",
                self.validators
            )
        })
    }

    /// The document for a person.
    pub fn page(&self) -> String {
        let document = &self.document;
        let mut page = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(page, "chain      {}", self.chain_id);
        let _ = writeln!(page, "network    {} ({})", document.name, network_word(document.network));
        let _ = writeln!(page, "time       {} ms since 1970", document.time.0);
        let _ = writeln!(
            page,
            "votes      {} of {} decide, {} may fail",
            self.quorum, self.validators, self.fault_bound
        );
        let parameters = &document.parameters;
        let _ = writeln!(
            page,
            "parameters heartbeat {} ms, clock bound {} ms, blocks {} bytes, markers {} x {} ms",
            parameters.heartbeat_ms,
            parameters.clock_bound_ms,
            parameters.block_bytes,
            parameters.marker_buckets_kept,
            parameters.marker_bucket_ms
        );
        for (number, member) in document.institutions() {
            let institution = &member.institution;
            let operators = &institution.operators;
            let node = member.validator.as_ref();
            let node =
                node.map_or("no node".to_owned(), |node| format!("node at {}", node.address));
            let _ = write!(
                page,
                "\n{:>3}  {:<11}  {}\n     {node}; {} of {} operators sign",
                number.0,
                institution.bic.to_string(),
                institution.name,
                operators.threshold,
                operators.keys.len(),
            );
            if let Some(node) = &member.validator {
                let _ = write!(page, "\n     voting key {}", node.voting_key.to_hex());
            }
        }
        page
    }
}

/// Checks a sealed document, all members' proofs in it, and, if it is given, that it makes the
/// chain that all agreed on.
///
/// # Errors
/// [`Fault`] says what is wrong.
pub fn verify(path: &Path, chain_id: Option<&str>) -> Result<Report, Fault> {
    let sealed: SealedGenesis = files::read(path, SEALED)?;
    let document =
        sealed.open().map_err(|source| Fault::Document { path: path.to_owned(), source })?;
    if let Some(expected) = chain_id {
        parse_chain_id(expected).map_err(|error| Fault::Argument { reason: error.to_string() })?;
        if expected != sealed.chain_id() {
            return Err(Fault::OtherChain {
                path: path.to_owned(),
                found: sealed.chain_id().to_owned(),
                expected: expected.to_owned(),
            });
        }
    }
    let set = document.validators().map_err(|error| Fault::Document {
        path: path.to_owned(),
        source: ledger::genesis::GenesisError::from(error).into(),
    })?;
    Ok(Report {
        chain_id: sealed.chain_id().to_owned(),
        validators: set.count(),
        fault_bound: set.fault_bound(),
        quorum: set.quorum(),
        document,
    })
}

/// The page of a sealed document that was found to be right.
///
/// # Errors
/// [`Fault`] says what is wrong.
pub fn show(path: &Path) -> Result<String, Fault> {
    verify(path, None).map(|report| report.page())
}
