//! The one module of `cargo xtask` that prints.
//!
//! Progress and findings go to standard error, results to standard output, so that a verb's JSON
//! stays alone there.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the output module")]

use std::{fmt::Display, time::Duration};

/// Prints one line of a result.
pub fn result(line: impl Display) {
    println!("{line}");
}

/// Prints one line of progress.
pub fn progress(line: impl Display) {
    eprintln!("{line}");
}

/// Prints that a step begins.
pub fn begins(step: &str) {
    eprintln!("\n==> {step}");
}

/// Prints that a step ended well, and how long it took.
pub fn passed(step: &str, took: Duration) {
    eprintln!("<== {step} passed in {took:.1?}");
}

/// Prints why a verb failed.
pub fn failure(failure: &impl Display) {
    eprintln!("\nerror: {failure}");
}
