//! `cargo xtask`: the verbs of the house. Everything is in the library, so that tests reach it too.

use std::process::ExitCode;

/// As the node has it: a simulation allocates as much as a node does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tests::xtask::main()
}
