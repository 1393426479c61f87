//! The program `feiqian-node`; its commands are in the library, where they are tested.

fn main() -> std::process::ExitCode {
    node::commands::main()
}
