//! A statement as comma-separated values (RFC 4180).

use super::{StatementDocument, parts, signed};
use crate::fault::Fault;

pub(super) fn write(document: &StatementDocument) -> Result<String, Fault> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let failed = |error: ::csv::Error| Fault::defect(&error);
    let header = [
        "time",
        "block",
        "kind",
        "amount",
        "asset",
        "balance",
        "counterparty",
        "name",
        "id",
        "note",
    ];
    writer.write_record(header).map_err(failed)?;
    for line in &document.entries {
        let entry = &line.entry;
        let (_, asset) = parts(&entry.amount);
        let block = entry.block.to_string();
        let amount = signed(entry);
        let fields = [
            entry.time.as_str(),
            &block,
            &entry.kind,
            &amount,
            asset,
            parts(&line.balance).0,
            entry.counterparty.as_deref().unwrap_or_default(),
            line.name.as_deref().unwrap_or_default(),
            &entry.id,
            line.note.as_deref().unwrap_or_default(),
        ];
        writer.write_record(fields).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Fault::defect(&error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
