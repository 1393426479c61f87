//! What `feiqian-genesis` says to the terminal: the only module that writes there.
//!
//! Invariants: results go to standard output, everything else to standard error; a closed pipe is
//! no error. Absent: colours and prompts.

use std::fmt;
use std::io::Write;

/// Writes a result.
pub(crate) fn result(text: impl fmt::Display) {
    // Whoever closed the pipe does not want to read on, and has not to be told.
    let _closed = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes something that the person should know.
pub(crate) fn warning(text: impl fmt::Display) {
    let _closed = writeln!(std::io::stderr().lock(), "warning: {text}");
}

/// Writes why nothing was done; it may quote a file.
pub(crate) fn failure(text: impl fmt::Display) {
    let text = ledger::text::shown(&text.to_string());
    let _closed = writeln!(std::io::stderr().lock(), "error: {text}");
}
