//! The product programs, run with hostile arguments and files.
//!
//! Each run is bounded in time and in memory, so that a program that waits for ever or fills the
//! memory fails its row instead of the machine.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use tests::devnet::{Ran, run};
use tests::xtask::build::Products;

use crate::support::products;

/// The most address space of a program, in KiB. None needs a tenth of it.
const MOST_MEMORY: u64 = 4 << 20;

/// How long a program may take that refuses what it is given.
const LIMIT: Duration = Duration::from_secs(20);

/// A program of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Wallet,
    Node,
    Genesis,
}

impl Program {
    /// Runs it in `folder`, which is all of its home.
    pub(crate) fn run(self, folder: &Path, words: &[OsString]) -> Ran {
        static PRODUCTS: LazyLock<Products> = LazyLock::new(products);
        let products = &*PRODUCTS;
        let program = match self {
            Self::Wallet => &products.wallet,
            Self::Node => &products.node,
            Self::Genesis => &products.genesis,
        };
        let mut command = Command::new("sh");
        let bounded = format!("ulimit -v {MOST_MEMORY}; exec \"$0\" \"$@\"");
        command.args([OsStr::new("-c"), OsStr::new(&bounded), program.as_os_str()]).args(words);
        command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", folder).env("FEIQIAN_HOME", folder).stdin(Stdio::null());
        run(&mut command, LIMIT).unwrap_or_else(|error| Ran {
            stderr: format!("it does not end: {error}"),
            ..Ran::default()
        })
    }
}

/// How a run has to end.
pub(crate) struct Expected {
    /// The exit code, as it is documented.
    pub(crate) exit: i32,
    /// What standard error must contain: the fault's code or words of the refusal, or one of
    /// several that are parted by `|`.
    pub(crate) says: &'static str,
}

/// What is wrong with how a run ended, if anything.
pub(crate) fn judge(ran: &Ran, expected: &Expected) -> Option<String> {
    let Ran { code, stdout, stderr } = ran;
    let is_whole = !stderr.contains("panicked") && !stderr.contains("overflowed its stack");
    // The parser of the command line repeats its words as they are; whoever typed them sees them.
    let is_parsers = stderr.contains("--help");
    let is_clean = is_parsers || !stderr.contains(['\u{202e}', '\u{1b}']);
    if *code == Some(expected.exit)
        && expected.says.split('|').any(|says| stderr.contains(says))
        && is_whole
        && is_clean
    {
        return None;
    }
    let short = |text: &str| text.chars().take(300).collect::<String>();
    let why = if is_clean { "" } else { "RAW " };
    Some(format!(
        "{why}{code:?} {:?} {:?}, not {} {}",
        short(stderr),
        short(stdout),
        expected.exit,
        expected.says
    ))
}
