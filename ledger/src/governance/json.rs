//! A change as a JSON document, `feiqian.change/v1`, that people write and exchange.
//!
//! ```json
//! {
//!   "format": "feiqian.change/v1",
//!   "change": { "rotate-validator-key": { "institution": "PSBCCNBJ", "voting_key": "3f2a..." } }
//! }
//! ```
//!
//! Invariants: institutions are named by their BICs, and become numbers only against the members of
//! one ledger; an unknown field is refused, so a misspelt one changes nothing silently. Absent:
//! files.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::Change;
use crate::account::{Institution, KeySet, NodeRecord};
use crate::crypto::PublicKey;
use crate::genesis::Parameters;
use crate::genesis::json::ParametersForm;
use crate::genesis::member::{Operators, RoleWord, role_words, roles_of};
use crate::genesis::text;
use crate::ids::{Bic, Height, InstitutionNumber};

/// Why a document is no change of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// No member has the BIC.
    #[error("{bic} is no member of this ledger. Admit it first, or correct the BIC")]
    UnknownInstitution {
        /// The BIC.
        bic: Bic,
    },
    /// The change is not well formed.
    #[error("the change is malformed: {reason}")]
    Malformed {
        /// What is wrong.
        reason: &'static str,
    },
}

/// The format's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ChangeFormat {
    #[serde(rename = "feiqian.change/v1")]
    Version1,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeForm {
    #[serde(with = "text::one")]
    node_key: PublicKey,
    address: String,
}

/// An institution that is to be admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InstitutionForm {
    #[serde(with = "text::one")]
    bic: Bic,
    name: String,
    roles: BTreeSet<RoleWord>,
    operators: Operators,
    #[serde(with = "text::one")]
    compliance: PublicKey,
}

/// The change itself; one name for each kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", deny_unknown_fields)]
enum ChangeForm {
    AdmitInstitution {
        institution: InstitutionForm,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<NodeForm>,
    },
    RemoveInstitution {
        #[serde(with = "text::one")]
        institution: Bic,
    },
    AddValidator {
        #[serde(with = "text::one")]
        institution: Bic,
        #[serde(with = "text::one")]
        voting_key: PublicKey,
        node: NodeForm,
    },
    RemoveValidator {
        #[serde(with = "text::one")]
        institution: Bic,
    },
    ReplaceValidator {
        #[serde(with = "text::one")]
        leaving: Bic,
        #[serde(with = "text::one")]
        entering: Bic,
        #[serde(with = "text::one")]
        voting_key: PublicKey,
        node: NodeForm,
    },
    RotateValidatorKey {
        #[serde(with = "text::one")]
        institution: Bic,
        #[serde(with = "text::one")]
        voting_key: PublicKey,
    },
    SetNode {
        #[serde(with = "text::one")]
        institution: Bic,
        node: NodeForm,
    },
    /// [`Change::SetNode`] without a node: a name of its own, so that nobody takes a node away by
    /// forgetting a field.
    RemoveNode {
        #[serde(with = "text::one")]
        institution: Bic,
    },
    SetParameters(#[serde(with = "ParametersForm")] Parameters),
    ScheduleUpgrade {
        height: u64,
        protocol: u32,
    },
}

/// A change, as it is written. What it means on a ledger is what [`ChangeFile::resolve`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeFile {
    format: ChangeFormat,
    change: ChangeForm,
}

impl ChangeFile {
    /// The document of `change`, where `bic` names institutions; `None` if it does not know one.
    pub fn of(change: &Change, bic: impl Fn(InstitutionNumber) -> Option<Bic>) -> Option<Self> {
        let change = match change.clone() {
            Change::AdmitInstitution { institution, node } => ChangeForm::AdmitInstitution {
                institution: institution.into(),
                node: node.map(NodeForm::from),
            },
            Change::RemoveInstitution { institution } => {
                ChangeForm::RemoveInstitution { institution: bic(institution)? }
            }
            Change::AddValidator { institution, voting_key, node } => {
                let (institution, node) = (bic(institution)?, node.into());
                ChangeForm::AddValidator { institution, voting_key, node }
            }
            Change::RemoveValidator { institution } => {
                ChangeForm::RemoveValidator { institution: bic(institution)? }
            }
            Change::ReplaceValidator { leaving, entering, voting_key, node } => {
                let (leaving, entering, node) = (bic(leaving)?, bic(entering)?, node.into());
                ChangeForm::ReplaceValidator { leaving, entering, voting_key, node }
            }
            Change::RotateValidatorKey { institution, voting_key } => {
                ChangeForm::RotateValidatorKey { institution: bic(institution)?, voting_key }
            }
            Change::SetNode { institution, node: Some(node) } => {
                ChangeForm::SetNode { institution: bic(institution)?, node: node.into() }
            }
            Change::SetNode { institution, node: None } => {
                ChangeForm::RemoveNode { institution: bic(institution)? }
            }
            Change::SetParameters(parameters) => ChangeForm::SetParameters(parameters),
            Change::ScheduleUpgrade { height, protocol } => {
                ChangeForm::ScheduleUpgrade { height: height.0, protocol }
            }
        };
        Some(Self { format: ChangeFormat::Version1, change })
    }

    /// The change on a ledger whose `member` has a BIC (see
    /// [`crate::state::Directory::member_by_bic`]).
    ///
    /// # Errors
    /// [`ChangeError`] says what to correct.
    pub fn resolve(
        &self,
        member: impl Fn(Bic) -> Option<InstitutionNumber>,
    ) -> Result<Change, ChangeError> {
        let number = |bic: Bic| member(bic).ok_or(ChangeError::UnknownInstitution { bic });
        let change = match self.change.clone() {
            ChangeForm::AdmitInstitution { institution, node } => Change::AdmitInstitution {
                institution: institution.into(),
                node: node.map(NodeRecord::from),
            },
            ChangeForm::RemoveInstitution { institution } => {
                Change::RemoveInstitution { institution: number(institution)? }
            }
            ChangeForm::AddValidator { institution, voting_key, node } => {
                let (institution, node) = (number(institution)?, node.into());
                Change::AddValidator { institution, voting_key, node }
            }
            ChangeForm::RemoveValidator { institution } => {
                Change::RemoveValidator { institution: number(institution)? }
            }
            ChangeForm::ReplaceValidator { leaving, entering, voting_key, node } => {
                let (leaving, entering) = (number(leaving)?, number(entering)?);
                Change::ReplaceValidator { leaving, entering, voting_key, node: node.into() }
            }
            ChangeForm::RotateValidatorKey { institution, voting_key } => {
                Change::RotateValidatorKey { institution: number(institution)?, voting_key }
            }
            ChangeForm::SetNode { institution, node } => {
                Change::SetNode { institution: number(institution)?, node: Some(node.into()) }
            }
            ChangeForm::RemoveNode { institution } => {
                Change::SetNode { institution: number(institution)?, node: None }
            }
            ChangeForm::SetParameters(parameters) => Change::SetParameters(parameters),
            ChangeForm::ScheduleUpgrade { height, protocol } => {
                Change::ScheduleUpgrade { height: Height(height), protocol }
            }
        };
        match change.defect() {
            None => Ok(change),
            Some(reason) => Err(ChangeError::Malformed { reason }),
        }
    }
}

impl From<NodeRecord> for NodeForm {
    fn from(node: NodeRecord) -> Self {
        Self { node_key: node.node_key, address: node.address }
    }
}

impl From<NodeForm> for NodeRecord {
    fn from(node: NodeForm) -> Self {
        Self { node_key: node.node_key, address: node.address }
    }
}

impl From<Institution> for InstitutionForm {
    fn from(institution: Institution) -> Self {
        let KeySet { threshold, keys } = institution.operators;
        Self {
            bic: institution.bic,
            name: institution.name,
            roles: role_words(institution.roles),
            operators: Operators { threshold, keys },
            compliance: institution.compliance,
        }
    }
}

impl From<InstitutionForm> for Institution {
    fn from(form: InstitutionForm) -> Self {
        Self {
            bic: form.bic,
            name: form.name,
            operators: KeySet::of(form.operators.threshold, form.operators.keys),
            compliance: form.compliance,
            roles: roles_of(&form.roles),
        }
    }
}
