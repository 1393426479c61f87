//! The program `feiqian-node`; its commands are in the library, where they are tested.

/// Blocks are built by one thread and dropped by another; this allocator takes that well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    node::commands::main()
}
