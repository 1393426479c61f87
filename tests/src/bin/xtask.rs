//! `cargo xtask`: the verbs of the house. Everything is in the library, so that tests reach it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    tests::xtask::main()
}
