//! `cargo xtask book`: builds the documents as a book of web pages, with mdBook.
//!
//! Absent: a place in the test command: compiling mdBook takes minutes, and what it would find
//! (pages that are not listed, links that lead nowhere) the house rules find. In the book, links to
//! files outside of `docs/` lead nowhere: the book is the documents alone.

use super::{Failure, command::Task, output, project, verb::Run};

/// The version of mdBook that the book is built with.
const VERSION: &str = "0.5.4";

/// Builds the documents as a book in target/book; installs mdBook where it is missing
#[derive(clap::Args)]
pub(super) struct Arguments {}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        if !Task::new("mdbook", ["--version"]).succeeds() {
            output::progress(format_args!("installing mdbook {VERSION}"));
            install().run()?;
        }
        Task::new("mdbook", ["build", "docs"]).run()?;
        output::result(project::root().join("target/book/index.html").display());
        Ok(())
    }
}

/// Without the server and the watcher, which a reader of the result does not need.
fn install() -> Task {
    Task::cargo("install --locked --debug --no-default-features --features search --version")
        .argument(VERSION)
        .argument("mdbook")
        .with("CARGO_PROFILE_DEV_DEBUG", "0")
        .without("CARGO_TARGET_DIR")
}
