//! The assignment of a case (`Assgnmt`): what camt.056 and camt.029 have for a group header.
//!
//! Invariants: as for group headers: a message says its own id and when it was written. Absent:
//! the case itself, which is its creator's.

use ledger::ids::Bic;

use crate::envelope::{ApplicationHeader, Found};
use crate::fault::MessageFault;
use crate::fields::Fields;
use crate::group::{OriginalGroup, ensure_not_copy, read_id, require_created};
use crate::schema::{identification, write_institution};
use crate::time::DateTime;
use crate::transfer::{AgentText, agent};
use crate::xml::Writer;

/// Who assigns a case to whom, in which message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// What an answer says about the message: `Assgnmt/Id` and `CreDtTm`.
    pub group: OriginalGroup,
    /// `Assgnr`: who sends it.
    pub assigner: AgentText,
    /// `Assgne`: to whom it goes.
    pub assignee: AgentText,
    /// The application header, if the message came in an envelope.
    pub application: Option<ApplicationHeader>,
}

impl Assignment {
    /// Who sends it, and to whom, as far as they are named by BICs.
    pub fn parties(&self) -> (Option<Bic>, Option<Bic>) {
        let bic = |agent: &AgentText| agent.bic.as_deref().and_then(|text| Bic::parse(text).ok());
        (bic(&self.assigner), bic(&self.assignee))
    }

    /// Reads the assignment; `original` knows the message as soon as its id is read.
    pub(crate) fn read(
        found: &Found<'_>,
        original: &mut Option<OriginalGroup>,
    ) -> Result<Self, MessageFault> {
        let mut fields = Fields::of(found.body);
        let message_id = read_id(&mut fields, "Assgnmt/Id", "Assgnmt/Id")?;
        let written = fields.text("Assgnmt/CreDtTm");
        let group = OriginalGroup {
            message_id,
            definition: found.definition.to_owned(),
            created: written.as_deref().and_then(DateTime::parse),
            number_of_transactions: None,
        };
        *original = Some(group.clone());
        ensure_not_copy(found)?;
        require_created("Assgnmt/CreDtTm", &group, written)?;
        let assigner = agent(&mut fields, "Assgnmt/Assgnr/Agt/FinInstnId");
        let assignee = agent(&mut fields, "Assgnmt/Assgne/Agt/FinInstnId");
        match fields.first_defect() {
            Some(element) => Err(MessageFault::Repeated { element }),
            None => Ok(Self { group, assigner, assignee, application: found.header.clone() }),
        }
    }
}

/// Writes a choice of party and agent; one that is not known stays empty.
pub(crate) fn write_party(writer: &mut Writer, name: &'static str, bic: Option<Bic>) {
    writer.open(name);
    writer.open("Agt");
    match bic {
        Some(bic) => write_institution(writer, bic),
        None => writer.empty("FinInstnId"),
    }
    writer.close();
    writer.close();
}

/// Writes a case that its creator calls `id`.
pub(crate) fn write_case(
    writer: &mut Writer,
    name: &'static str,
    (id, creator): (&str, Option<Bic>),
) {
    writer.open(name);
    writer.leaf("Id", &identification(id));
    write_party(writer, "Cretr", creator);
    writer.close();
}
