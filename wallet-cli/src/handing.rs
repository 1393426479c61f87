//! A payment's note on its way to the payer's institution, which sends it on to the payee's.
//!
//! Invariants: it goes to no node but one that says it is the payer's institution's, and only once
//! the payment is final; whatever becomes of it, the payment stands. Absent: what is committed to
//! (see `commands::pay::draft`).

use api::chain::StatusView;
use api::private::{PrivateEntryView, PrivateRequest};
use iso20022::PrivateData;

use crate::code::Own;
use crate::describe;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::network::at;
use crate::node::{Node, NodeError};
use crate::outbox::Entry;

impl Desk<'_> {
    /// Hands the note of a final payment over, if it has one that was not handed over. What goes
    /// wrong is told as a warning.
    pub(crate) fn try_to_hand_over(&self, entry: &mut Entry) {
        if entry.note_handed_over() != Some(false) {
            return;
        }
        let output = &self.session.output;
        match self.hand_over(entry) {
            Ok(()) => output.step(&say!("note", "附言")),
            Err(fault) => {
                let (why, hint) = (&fault.detail, &fault.hint);
                output.warning(&say!("{why} {hint}", "{why}{hint}"; why = why, hint = hint));
            }
        }
    }

    /// Hands the note of a final payment over.
    ///
    /// # Errors
    /// Exit 5 if the payer's institution has not taken it.
    pub(crate) fn hand_over(&self, entry: &mut Entry) -> Result<(), Fault> {
        self.give(entry).map_err(|reason| kept(&entry.id, &reason))?;
        self.session.outbox().mark_handed_over(entry)
    }

    fn give(&self, entry: &Entry) -> Result<(), Text> {
        let (Some(text), Some(salt)) = (&entry.note, &entry.salt) else { return Ok(()) };
        let (_, signed) = entry.transaction().map_err(|fault| fault.detail)?;
        let operation = signed.transaction.operations.first();
        let Some(payment) = operation.and_then(describe::ordered) else { return Ok(()) };
        let node = self.node_of(payment.from.servicer().0)?;
        let private = PrivateData::note(text);
        let entries = private.entries().iter().map(|entry| PrivateEntryView {
            depth: entry.depth,
            name: entry.name.clone(),
            value: entry.value.clone(),
        });
        let request = PrivateRequest { salt: salt.clone(), entries: entries.collect() };
        let path = format!("/v1/payments/{}/private", entry.id);
        match node.put_json(&path, &request, self.network.limit()) {
            // It had the note, and has erased it since.
            Err(NodeError::Refused { problem }) if problem.status == 410 => Ok(()),
            given => given.map_err(|error| at(node, &error.text())),
        }
    }

    /// The profile's node that says it is that institution's.
    fn node_of(&self, institution: u32) -> Result<&Node, Text> {
        let institutions = self.network.institutions().map_err(|fault| fault.detail)?;
        let known = institutions.into_iter().find(|it| it.number == institution);
        let bic = known.map(|institution| institution.bic).unwrap_or_default();
        let mut reasons = Vec::new();
        for node in self.network.nodes() {
            match node.get_json::<StatusView>("/v1/status", &[], self.network.limit()) {
                Ok(status) if status.node == bic => return Ok(node),
                Ok(_) => {}
                Err(error) => reasons.push(at(node, &error.text())),
            }
        }
        reasons
            .insert(0, say!("no node of the profile is that of {bic}", "配置中没有 {bic} 的节点"));
        Err(Text::join(&reasons, "; "))
    }
}

fn kept(id: &str, reason: &Text) -> Fault {
    let detail = say!(
        "The note has not reached the payer's bank ({reason}).",
        "附言尚未送达付款行（{reason}）。";
        reason = reason
    );
    let hint = say!(
        "The payment stands, and the note is kept here. \
         Hand it over with: feiqian pay --resume {id}.",
        "支付有效，附言保存在本机。请送交：feiqian pay --resume {id}。"
    );
    Fault::new(Exit::NotSent, Own::NoteKept, detail, hint).about(id)
}
