//! `cargo xtask bench`: how fast it is, with figures as ratios to what the machine could do.
//!
//! Invariant: with `--output json` nothing but one JSON document is on standard output.

use std::path::Path;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::{
    Failure,
    build::{self, Products},
    output,
    verb::Run,
};
use crate::load::{self, FailoverSettings, Settings};

/// Measures: the parts alone, or four real processes under load
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Seconds instead of minutes; the figures are rougher
    #[arg(long, global = true)]
    quick: bool,
    /// What standard output carries
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Subcommand)]
enum What {
    /// Signatures, coding, execution and proofs, on one core
    Micro,
    /// Four validators on loopback: light load, saturation, batches
    Cluster {
        /// How many accounts pay each other
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        accounts: usize,
        /// How many seconds each scenario lasts [default: 30, or 8 with --quick]
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
        /// How many requests are under way at once at saturation
        #[arg(long, value_name = "N", default_value_t = 1024)]
        concurrency: usize,
        /// Also measure an open loop at so many payments a second
        #[arg(long, value_name = "N")]
        rate: Option<u64>,
    },
    /// One of four validators is killed under a steady load: the others' finality before, during
    /// and after
    Failover {
        /// How many seconds each phase lasts [default: 20, or 6 with --quick]
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
        /// Payments a second
        #[arg(long, value_name = "N", default_value_t = 100)]
        rate: u64,
    },
    /// One of four validators again: after a crash, by a snapshot, by all blocks
    Recovery {
        /// How many accounts the ledger has [default: 100,000, or 20,000 with --quick]
        #[arg(long, value_name = "N")]
        accounts: Option<usize>,
        /// For how many seconds payments are made before [default: 30, or 8 with --quick]
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
    },
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let Self { what, quick, output: format } = self;
        match what {
            Some(What::Micro) => micro(quick, format),
            Some(What::Cluster { accounts, seconds, concurrency, rate }) => {
                let seconds = seconds.unwrap_or_else(|| usual_seconds(quick));
                let settings = Settings { accounts: accounts.max(2), seconds, concurrency, rate };
                cluster(settings, format)
            }
            Some(What::Failover { seconds, rate }) => {
                let seconds = seconds.unwrap_or(if quick { 6 } else { 20 });
                failover(FailoverSettings { accounts: 1000, seconds, rate }, format)
            }
            Some(What::Recovery { accounts, seconds }) => {
                let accounts = accounts.unwrap_or(if quick { 20_000 } else { 100_000 }).max(2);
                recovery((accounts, seconds.unwrap_or_else(|| usual_seconds(quick))), format)
            }
            None => {
                micro(quick, format)?;
                let seconds = usual_seconds(quick);
                let (accounts, concurrency) = (10_000, 1024);
                cluster(Settings { accounts, seconds, concurrency, rate: None }, format)
            }
        }
    }
}

const fn usual_seconds(quick: bool) -> u64 {
    if quick { 8 } else { 30 }
}

fn micro(quick: bool, format: Format) -> Result<(), Failure> {
    let figures = load::micro(quick)?;
    print(&figures, figures.lines(), format);
    Ok(())
}

fn cluster(settings: Settings, format: Format) -> Result<(), Failure> {
    let report = with_nodes(|products, work, say| load::cluster(products, work, settings, say))?;
    print(&report, report.lines(), format);
    Ok(())
}

fn failover(settings: FailoverSettings, format: Format) -> Result<(), Failure> {
    let report = with_nodes(|products, work, say| load::failover(products, work, settings, say))?;
    print(&report, report.lines(), format);
    Ok(())
}

fn recovery(size: (usize, u64), format: Format) -> Result<(), Failure> {
    let report = with_nodes(|products, work, say| load::recovery(products, work, size, say))?;
    print(&report, report.lines(), format);
    Ok(())
}

/// Measures something in a folder of its own, which is kept if that fails.
fn with_nodes<T>(
    measure: impl FnOnce(&Products, &Path, &dyn Fn(String)) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let products = build::products()?;
    let work = tempfile::Builder::new().prefix("feiqian-bench-").tempdir();
    let work = work
        .map_err(|error| Failure::File { path: std::env::temp_dir(), reason: error.to_string() })?;
    match measure(&products, work.path(), &|line| output::progress(line)) {
        Ok(report) => Ok(report),
        Err(failure) => {
            let kept = work.keep();
            let summary = format!("{failure}\nThe nodes' logs are kept in {}", kept.display());
            Err(Failure::Found { summary })
        }
    }
}

fn print(document: &impl Serialize, lines: Vec<String>, format: Format) {
    match format {
        // Text and numbers always render.
        Format::Json => output::result(serde_json::to_string(document).unwrap_or_default()),
        Format::Text => lines.into_iter().for_each(output::result),
    }
}
