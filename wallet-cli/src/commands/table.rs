//! Tables for people: plain columns, numbers to the right.
//!
//! Absent: colours and lines; a table can be copied into a mail.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A table with these headings.
pub(super) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(headings.iter().copied());
    table
}

/// The table's text, with these columns (from 0) to the right.
pub(super) fn text(mut table: Table, right: &[usize]) -> String {
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
