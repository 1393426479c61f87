//! `cargo xtask transcript`: plays the transcripts of pages, and shows what they print.
//!
//! What it prints is what a page should show. Absent: the judgement of all pages
//! (`tests/tests/transcripts.rs`).

use super::{Failure, output, verb::Run};
use crate::transcript;

/// Types the commands of pages again, and compares what they print with what the pages show
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Pages, by their paths from the project's root
    #[arg(required = true, value_name = "PAGE")]
    pages: Vec<String>,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let program = std::env::current_exe();
        let program = program
            .map_err(|error| Failure::Found { summary: format!("this program: {error}") })?;
        for page in &self.pages {
            transcript::play(page, &program, &|text| output::result(text))?;
            output::progress(format_args!("{page} prints what it shows"));
        }
        Ok(())
    }
}
