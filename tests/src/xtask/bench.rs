//! `cargo xtask bench`: how fast it is, with figures as ratios to what the machine could do.
//!
//! Invariant: with `--output json` nothing but one JSON document is on standard output.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum, builder::TypedValueParser as _};
use serde::Serialize;

use super::{
    Failure,
    build::{self, Products},
    output,
    verb::Run,
};
use crate::load::{self, FailoverSettings, GrowthSettings, Name, PostgresSettings, Settings};

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
    /// Signatures, coding, execution and proofs, on one core; the block log
    Micro {
        /// Also execute on a ledger of ten million accounts: about 10 GB of memory
        #[arg(long)]
        large: bool,
    },
    /// Validators on loopback under one load after the other
    Cluster {
        /// A scenario to run; may be given several times [default: light, saturation, half,
        /// batches-1000]
        #[arg(long = "scenario", value_name = "NAME", value_enum)]
        scenarios: Vec<Name>,
        /// How many validators there are
        #[arg(long, value_name = "N", default_value_t = 4,
            value_parser = clap::builder::PossibleValuesParser::new(["4", "7", "10"])
                .try_map(|text| text.parse::<usize>()))]
        validators: usize,
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
    /// The same payments against a PostgreSQL server of the bench's own
    Postgres {
        /// How many accounts there are
        #[arg(long, value_name = "N", default_value_t = 1_000_000)]
        accounts: u64,
        /// How many clients pay at once
        #[arg(long, value_name = "N", default_value_t = 32)]
        clients: usize,
        /// For how many seconds [default: 30, or 8 with --quick]
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
    },
    /// What more accounts cost: speed, memory, disk, start
    Growth {
        /// How many accounts; may be given several times [default: 10,000 and 1,000,000, or 1,000
        /// and 10,000 with --quick]
        #[arg(long, value_name = "N")]
        accounts: Vec<usize>,
        /// For how many seconds payments are made [default: 30, or 8 with --quick]
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
        /// How many requests are under way at once
        #[arg(long, value_name = "N", default_value_t = 1024)]
        concurrency: usize,
    },
    /// A picture of reports: latency over offered rate, with the bound
    Plot {
        /// The JSON output of `bench cluster`
        #[arg(value_name = "FILE.json", required = true)]
        files: Vec<PathBuf>,
        /// Where the picture goes
        #[arg(long, value_name = "FILE.svg", default_value = "docs/performance.svg")]
        out: PathBuf,
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
            Some(What::Micro { large }) => micro(quick, large, format),
            Some(What::Cluster { scenarios, validators, accounts, seconds, concurrency, rate }) => {
                let seconds = seconds.unwrap_or_else(|| usual_seconds(quick));
                let accounts = accounts.max(2);
                let settings = Settings { validators, accounts, seconds, concurrency, rate };
                cluster((settings, &scenarios), format)
            }
            Some(What::Failover { seconds, rate }) => {
                let seconds = seconds.unwrap_or(if quick { 6 } else { 20 });
                failover(FailoverSettings { accounts: 1000, seconds, rate }, format)
            }
            Some(What::Recovery { accounts, seconds }) => {
                let accounts = accounts.unwrap_or(if quick { 20_000 } else { 100_000 }).max(2);
                recovery((accounts, seconds.unwrap_or_else(|| usual_seconds(quick))), format)
            }
            Some(What::Postgres { accounts, clients, seconds }) => {
                let seconds = seconds.unwrap_or_else(|| usual_seconds(quick));
                let (accounts, clients) = (accounts.max(2), clients.max(1));
                postgres(PostgresSettings { accounts, clients, seconds }, format)
            }
            Some(What::Growth { accounts, seconds, concurrency }) => {
                let usual = if quick { [1_000, 10_000] } else { [10_000, 1_000_000] };
                let mut accounts = if accounts.is_empty() { usual.to_vec() } else { accounts };
                accounts.iter_mut().for_each(|count| *count = (*count).max(2));
                let seconds = seconds.unwrap_or_else(|| usual_seconds(quick));
                growth(&GrowthSettings { accounts, seconds, concurrency }, format)
            }
            Some(What::Plot { files, out }) => plot(&files, &out),
            None => {
                micro(quick, false, format)?;
                let seconds = usual_seconds(quick);
                let (validators, accounts, concurrency, rate) = (4, 10_000, 1024, None);
                let settings = Settings { validators, accounts, seconds, concurrency, rate };
                cluster((settings, &[]), format)
            }
        }
    }
}

const fn usual_seconds(quick: bool) -> u64 {
    if quick { 8 } else { 30 }
}

fn micro(quick: bool, large: bool, format: Format) -> Result<(), Failure> {
    let figures = load::micro(quick, large, &|line| output::progress(line))?;
    print(&figures, figures.lines(), format);
    Ok(())
}

fn cluster(what: (Settings, &[Name]), format: Format) -> Result<(), Failure> {
    let report = with_nodes(|products, work, say| load::cluster(products, work, what, say))?;
    print(&report, report.lines(), format);
    Ok(())
}

fn failover(settings: FailoverSettings, format: Format) -> Result<(), Failure> {
    let report = with_nodes(|products, work, say| load::failover(products, work, settings, say))?;
    print(&report, report.lines(), format);
    Ok(())
}

fn postgres(settings: PostgresSettings, format: Format) -> Result<(), Failure> {
    let report = load::postgres(settings, &|line| output::progress(line))?;
    print(&report, report.lines(), format);
    Ok(())
}

fn growth(settings: &GrowthSettings, format: Format) -> Result<(), Failure> {
    let report = with_nodes(|products, work, say| load::growth(products, work, settings, say))?;
    print(&report, report.lines(), format);
    Ok(())
}

fn plot(files: &[PathBuf], out: &Path) -> Result<(), Failure> {
    let picture = load::plot(files)?;
    std::fs::write(out, picture)
        .map_err(|error| Failure::File { path: out.to_owned(), reason: error.to_string() })?;
    output::result(out.display());
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
