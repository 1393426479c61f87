//! `cargo devnet`: builds the products and becomes `feiqian-node devnet`.

use std::{os::unix::process::CommandExt as _, process::Command};

use super::{Failure, build, verb::Run};

/// The folder of the devnet, unless another is named.
const FOLDER: &str = "devnet";

/// Runs four banks on this machine until Ctrl-C; what follows goes to `feiqian-node devnet`
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// For `feiqian-node devnet`: --dir, --validators, --for-message, --json, --reset
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    rest: Vec<String>,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let products = build::products()?;
        let mut command = Command::new(&products.node);
        command.arg("devnet").args(self.arguments());
        // It comes back only if the program cannot be started.
        let error = command.exec();
        let command = products.node.display().to_string();
        Err(Failure::NotStarted { command, reason: error.to_string() })
    }
}

impl Arguments {
    fn arguments(self) -> Vec<String> {
        let named = self.rest.iter().any(|word| word == "--dir" || word.starts_with("--dir="));
        let folder = if named { Vec::new() } else { vec!["--dir".to_owned(), FOLDER.to_owned()] };
        folder.into_iter().chain(self.rest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    #[test]
    fn a_folder_is_named_once() {
        for (given, passed) in [
            ("", "--dir devnet"),
            ("--reset", "--dir devnet --reset"),
            ("--dir x --json", "--dir x --json"),
            ("--dir=x", "--dir=x"),
        ] {
            let rest = given.split_whitespace().map(str::to_owned).collect();
            assert_eq!(Arguments { rest }.arguments().join(" "), passed, "{given}");
        }
    }
}
