//! `cargo xtask chaos`: four real processes under faults that a seed draws, while clients pay.
//!
//! Invariants: the run happens in namespaces of its own where that is permitted, so that nothing of
//! it outlasts it; a violation ends with the seed, the command to run again, and the folder with
//! logs and history. Absent: the run itself (see `crate::chaos`).

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    Failure,
    build::{self, Products},
    output,
    verb::Run,
};
use crate::chaos::{self, Settings, sandbox, sandbox::Alone};

/// Disturbs four real nodes, their network, disks and clocks at random while payments flow, and
/// checks that none is lost or doubled
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// For how many minutes [default: 5]
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,
    /// For how many hours
    #[arg(long, value_name = "N", conflicts_with = "minutes")]
    hours: Option<u64>,
    /// For how many seconds; for tests
    #[arg(long, hide = true, conflicts_with_all = ["minutes", "hours"])]
    seconds: Option<u64>,
    /// What the faults are drawn from; a new one if left out
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// What this process has for itself; the verb sets it for the process that it starts
    #[arg(long, hide = true, value_enum, requires = "folder")]
    alone: Option<Alone>,
    /// Where the run leaves what it writes
    #[arg(long, hide = true)]
    folder: Option<PathBuf>,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        match (self.alone, &self.folder) {
            (Some(alone), Some(folder)) => self.play(folder, alone),
            (Some(_) | None, _) => self.start(),
        }
    }
}

impl Arguments {
    fn time(&self) -> Duration {
        let minutes = self.hours.map(|hours| hours * 60).or(self.minutes).unwrap_or(5);
        Duration::from_secs(self.seconds.unwrap_or(60 * minutes))
    }

    /// Builds, then plays in namespaces of their own.
    fn start(self) -> Result<(), Failure> {
        let seed = self.seed.unwrap_or_else(|| crate::devnet::now().0);
        let products = build::products()?;
        let work = tempfile::Builder::new().prefix("feiqian-chaos-").tempdir();
        let work = work.map_err(|error| Failure::File {
            path: std::env::temp_dir(),
            reason: error.to_string(),
        })?;
        let (words, alone) = sandbox::words();
        let again = Self { seed: Some(seed), folder: Some(work.path().to_owned()), ..self };
        let played = again.within(&words, alone, &products);
        played.map_err(|failure| {
            let kept = work.keep();
            let time = match (again.hours, again.minutes) {
                (Some(hours), _) => format!("--hours {hours}"),
                (None, minutes) => format!("--minutes {}", minutes.unwrap_or(5)),
            };
            let again = format!("cargo xtask chaos {time} --seed {seed}");
            let summary = format!("{failure}\nLogs: {}. Again: `{again}`", kept.display());
            Failure::Found { summary }
        })
    }

    /// Runs this program again behind these words, which may be none.
    fn within(&self, words: &[String], alone: Alone, products: &Products) -> Result<(), Failure> {
        let not_started = |error: std::io::Error| Failure::NotStarted {
            command: words.join(" "),
            reason: error.to_string(),
        };
        let own = std::env::current_exe().map_err(not_started)?;
        let mut command = match words.split_first() {
            None => Command::new(&own),
            Some((first, others)) => {
                let mut command = Command::new(first);
                command.args(others).arg(&own);
                command
            }
        };
        let alone = clap::ValueEnum::to_possible_value(&alone);
        let alone = alone.map(|alone| alone.get_name().to_owned()).unwrap_or_default();
        command.args(["chaos", "--alone", &alone]);
        command.args(["--seed", &self.seed.unwrap_or_default().to_string()]);
        command.args(["--seconds", &self.time().as_secs().to_string()]);
        command.args(self.json.then_some("--json"));
        command.arg("--folder").args(&self.folder);
        let folder = products.node.parent().unwrap_or(Path::new("."));
        command.env(build::READY_MADE, folder);
        let status = command.status().map_err(not_started)?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::Found { summary: format!("chaos has found something (ended with {status})") })
    }

    fn play(&self, work: &Path, alone: Alone) -> Result<(), Failure> {
        let settings = Settings { seed: self.seed.unwrap_or_default(), time: self.time(), alone };
        let say = |line: String| output::progress(line);
        let report = chaos::run(&build::products()?, work, settings, &say)?;
        if self.json {
            // Text and numbers always render.
            output::result(serde_json::to_string(&report).unwrap_or_default());
        } else {
            report.lines().into_iter().for_each(output::result);
        }
        Ok(())
    }
}
