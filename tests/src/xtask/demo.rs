//! `cargo demo`: shows the main job end to end, with files to keep in `./demo`.

use super::{Failure, build, output, verb::Run};
use crate::demo::demo;

/// Settles a payment across two currencies between four banks, and proves it
#[derive(clap::Args)]
pub(super) struct Arguments {}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let products = build::products()?;
        let here = std::env::current_dir()
            .map_err(|error| Failure::File { path: ".".into(), reason: error.to_string() })?;
        demo(&products, &here.join("demo"), &|line| output::result(line))
    }
}
