//! What the program `feiqian-node` says to the terminal: the only module that writes there.
//!
//! Invariants: results go to standard output, everything else to standard error; a closed pipe is
//! no error. Absent: the log (see `tracing`).

use std::fmt;
use std::io::Write;

/// Writes a result, one or more lines.
pub fn result(text: impl fmt::Display) {
    let mut out = std::io::stdout().lock();
    // Whoever closed the pipe does not want to read on, and has not to be told.
    let _closed = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes news on the way to a result, for a person.
pub fn note(text: impl fmt::Display) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes a failure, which may quote a file or a node, and its mend.
pub fn failure(message: impl fmt::Display, hint: &str) {
    note(format_args!("error: {}", ledger::text::shown(&message.to_string())));
    if !hint.is_empty() {
        note(format_args!("hint: {hint}"));
    }
}
