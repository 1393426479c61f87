//! Tables and lists for people: plain columns, numbers to the right.
//!
//! Absent: colours and lines; a table can be copied into a mail.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::language::{Text, padded, say};

/// A table with these headings and rows, and with these columns (from 0) to the right.
pub(super) fn table(headings: &[Text], rows: &[Vec<Text>], right: &[usize]) -> Text {
    Text::each(|language| {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(headings.iter().map(|heading| heading.of(language)))
            .add_rows(rows.iter().map(|row| row.iter().map(|cell| cell.of(language))));
        for column in right {
            if let Some(column) = table.column_mut(*column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    })
}

/// Lines of what something is and its value, the values one below the other.
pub(super) fn list(lines: &[(Text, Text)], columns: usize) -> Text {
    Text::each(|language| {
        let lines = lines.iter().map(|(what, value)| {
            let line = format!("{} {}", padded(what.of(language), columns), value.of(language));
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

/// `text`, a page of something, and how the next one is asked for.
pub(super) fn more(text: &Text, cursor: &str) -> Text {
    say!(
        "{text}\nmore: add --cursor {cursor}",
        "{text}\n更多：加上 --cursor {cursor}";
        text = text
    )
}
