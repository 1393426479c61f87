//! The program `feiqian`: everything is in the library, so that it can be tested.

use std::process::ExitCode;

fn main() -> ExitCode {
    wallet_cli::main()
}
