//! `cargo xtask kills`: real nodes killed a thousand times, or robbed of their power, while a
//! witness remembers every vote.
//!
//! Invariant: a violation ends with the seed, the command to run again and the folder with the
//! logs. Absent: the run itself (see `crate::kills`).

use std::{path::Path, process::Command, time::Duration};

use super::{
    Failure,
    build::{self, Products},
    output,
    verb::Run,
};
use crate::{
    chaos::{packets::Packets, sandbox, sandbox::Alone},
    kills::{self, Report, Settings, power::PowerDisk},
};

/// Kills real nodes again and again while payments flow, and checks that no vote is contradicted
/// and no payment lost
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// How often [default: 1000, or 100 with --power]
    #[arg(long, value_name = "N")]
    times: Option<u64>,
    /// Let the file system of all nodes lose what was not synced, instead of killing processes
    #[arg(long)]
    power: bool,
    /// End after so many minutes, however often it was
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,
    /// What the moments are drawn from; a new one if left out
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// What this process has for itself; the verb sets it for the process that it starts
    #[arg(long, hide = true, value_enum)]
    alone: Option<Alone>,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        match self.alone {
            Some(alone) => self.play(alone),
            None if self.power => self.start(),
            None => self.play(Alone::Nothing),
        }
    }
}

impl Arguments {
    /// Builds, then plays where what is mounted ends with the process.
    fn start(self) -> Result<(), Failure> {
        let products = build::products()?;
        let (words, alone) = sandbox::words();
        let not_started = |error: std::io::Error| Failure::NotStarted {
            command: words.join(" "),
            reason: error.to_string(),
        };
        let (Some((first, others)), Ok(own)) = (words.split_first(), std::env::current_exe())
        else {
            return left_out("namespaces of processes and mounts");
        };
        let mut command = Command::new(first);
        command.args(others).arg(own).args(std::env::args_os().skip(1));
        let alone = clap::ValueEnum::to_possible_value(&alone);
        command.arg("--alone").args(alone.map(|alone| alone.get_name().to_owned()));
        command.env(build::READY_MADE, products.node.parent().unwrap_or(Path::new(".")));
        let status = command.status().map_err(not_started)?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::Found { summary: format!("power loss has found something ({status})") })
    }

    fn play(self, alone: Alone) -> Result<(), Failure> {
        let products = build::products()?;
        let seed = self.seed.unwrap_or_else(|| crate::devnet::now().0);
        let work = tempfile::Builder::new().prefix("feiqian-kills-").tempdir();
        let work = work.map_err(|error| Failure::File {
            path: std::env::temp_dir(),
            reason: error.to_string(),
        })?;
        if alone == Alone::Everything {
            Packets::wake_loopback()?;
        }
        match self.kill(&products, work.path(), seed) {
            Ok(Some(report)) if self.json => {
                // Text and numbers always render.
                output::result(serde_json::to_string(&report).unwrap_or_default());
                Ok(())
            }
            Ok(Some(report)) => {
                output::result(report.line());
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(failure) => {
                let (kept, power) = (work.keep(), if self.power { " --power" } else { "" });
                let times = self.times();
                let again = format!("cargo xtask kills{power} --times {times} --seed {seed}");
                let summary = format!("{failure}\nLogs: {}. Again: `{again}`", kept.display());
                Err(Failure::Found { summary })
            }
        }
    }

    fn times(&self) -> u64 {
        self.times.unwrap_or(if self.power { 100 } else { 1000 })
    }

    fn kill(&self, products: &Products, work: &Path, seed: u64) -> Result<Option<Report>, Failure> {
        let times = self.times();
        let time = self.minutes.map(|minutes| Duration::from_secs(60 * minutes));
        let settings = Settings { times, seed, time };
        let say = |line: String| output::progress(line);
        if !self.power {
            return kills::run(products, work, None, settings, &say).map(Some);
        }
        match PowerDisk::mount(work) {
            Ok(disk) => kills::run(products, &disk.folder, Some(&disk), settings, &say).map(Some),
            Err(error) => left_out(&error.to_string()).map(|()| None),
        }
    }
}

/// Says on both outputs that the machine does not allow it: nobody should take it for a pass.
fn left_out(reason: &str) -> Result<(), Failure> {
    let line = format!("LEFT OUT: power loss of a real file system: {reason}");
    output::progress(&line);
    output::result(line);
    Ok(())
}
