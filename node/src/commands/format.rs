//! How commands print what they found.
//!
//! Invariant: every command has the same two forms. Absent: the words for people, which each
//! command has.

use clap::ValueEnum;
use serde::Serialize;

use super::Failure;
use crate::output;

/// What standard output carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: JSON.
    Json,
}

impl Format {
    /// Prints a result: its words for people, or all of it as one document.
    ///
    /// # Errors
    /// [`Failure`] for a result that is no JSON.
    pub(super) fn print<T: Serialize>(
        self,
        result: &T,
        words: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self {
            Self::Text => output::result(words(result)),
            Self::Json => {
                let json = serde_json::to_string_pretty(result);
                output::result(json.map_err(|error| Failure::new(error.to_string()))?);
            }
        }
        Ok(())
    }
}
