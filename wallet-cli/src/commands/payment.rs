//! `feiqian payment show`: what is known of a payment, here and on the ledger.
//!
//! Invariants: what is called proven was verified now. Absent: changing anything.

use api::receipt::ReceiptView;
use ledger::proof::Proven;
use serde::Serialize;

use super::proof;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::outbox::Entry;
use crate::session::Session;

#[derive(Serialize)]
struct PaymentDocument {
    id: String,
    /// `settled`, `rejected`, `absent` (proven not to have happened), `expired`, `not-sent`, or
    /// `unknown`.
    status: String,
    iso_status: String,
    proven: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ReceiptView>,
    /// What this wallet ordered, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

pub(super) fn show(session: &Session, id: &str) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let entry = local(&desk, id)?;
    let id = entry.as_ref().map_or_else(|| id.to_owned(), |entry| entry.id.clone());
    let document = match proof::find(&desk, &id) {
        Ok((_, verdict)) => proven(&desk, &verdict, entry.as_ref()),
        Err(fault) => match &entry {
            Some(entry) => unproven(entry),
            None if fault.code == "not-found" => return Err(not_final(&id)),
            None => return Err(fault),
        },
    };
    session.output.result(text(&document), &document);
    Ok(())
}

/// The outbox's or the archive's entry whose id begins so.
fn local(desk: &Desk<'_>, id: &str) -> Result<Option<Entry>, Fault> {
    let outbox = desk.session.outbox();
    let mut open = outbox.list()?;
    open.retain(|entry| entry.id.starts_with(id));
    match (open.pop(), open.is_empty()) {
        (Some(entry), true) => Ok(Some(entry)),
        (Some(_) | None, _) => outbox.archived(id),
    }
}

fn proven(
    desk: &Desk<'_>,
    verdict: &ledger::proof::Verdict,
    entry: Option<&Entry>,
) -> PaymentDocument {
    let (id, receipt) = match &verdict.proven {
        Proven::Payment(receipt) => {
            let naming = desk.naming_of(receipt);
            let place = Some((verdict.header.height, verdict.header.time));
            (receipt.uetr, Some(ReceiptView::new(receipt, place, &naming)))
        }
        Proven::NoPayment { uetr, .. } => (Some(*uetr), None),
        Proven::Holding { .. } | Proven::Account { .. } => (None, None),
    };
    let word = |of: fn(&ReceiptView) -> &String, otherwise: &str| {
        receipt.as_ref().map_or_else(|| otherwise.to_owned(), |receipt| of(receipt).clone())
    };
    PaymentDocument {
        id: id.map(|id| id.to_string()).unwrap_or_default(),
        status: word(|receipt| &receipt.status, "absent"),
        iso_status: word(|receipt| &receipt.iso_status, "RJCT"),
        proven: true,
        receipt,
        order: entry.map(|entry| entry.order.clone()),
        created: entry.map(|entry| entry.created.clone()),
        note: entry.and_then(|entry| entry.note.clone()),
    }
}

fn unproven(entry: &Entry) -> PaymentDocument {
    let status = entry.outcome.as_ref().map_or("unknown", |outcome| outcome.status.as_str());
    PaymentDocument {
        id: entry.id.clone(),
        status: status.to_owned(),
        iso_status: if status == "unknown" { "PDNG" } else { "RJCT" }.to_owned(),
        proven: false,
        receipt: None,
        order: Some(entry.order.clone()),
        created: Some(entry.created.clone()),
        note: entry.note.clone(),
    }
}

fn not_final(id: &str) -> Fault {
    let detail = format!("No final block that the nodes keep has a payment {id}.");
    let hint = "It may be on its way; who sent it knows more.";
    Fault::new(Exit::Rejected, "not-found", detail, hint)
}

fn text(document: &PaymentDocument) -> String {
    let mut lines = vec![
        ("payment", document.id.clone()),
        ("status", format!("{} (ISO 20022 {})", document.status, document.iso_status)),
    ];
    if let Some(receipt) = &document.receipt {
        let reason = receipt.code.as_ref().zip(receipt.explanation.as_ref());
        let block = receipt.block.zip(receipt.time.as_ref());
        let rows = [
            ("reason", reason.map(|(code, words)| format!("{code}: {words}"))),
            ("from", receipt.from.clone()),
            ("to", receipt.to.clone()),
            ("debited", receipt.debited.clone()),
            ("credited", receipt.credited.clone()),
            ("charges", receipt.fee.clone()),
            ("rate", receipt.exchange.as_ref().map(|exchange| exchange.rate.clone())),
            ("block", block.map(|(block, time)| format!("{block} of {time}, proven"))),
        ];
        lines.extend(rows.into_iter().filter_map(|(what, value)| Some((what, value?))));
    }
    let rows = [
        ("ordered", document.order.clone()),
        ("signed at", document.created.clone()),
        ("note", document.note.clone()),
    ];
    lines.extend(rows.into_iter().filter_map(|(what, value)| Some((what, value?))));
    if document.status == "unknown" {
        lines.push(("next", format!("feiqian pay --resume {}", document.id)));
    }
    let lines = lines.into_iter().map(|(what, value)| format!("{what:<10} {value}"));
    lines.collect::<Vec<_>>().join("\n")
}
