//! `cargo xtask fuzz`: feeds the decoders of bytes from outside with hostile input, for minutes.
//!
//! Invariant: an input that breaks a target is kept, and the failure names the command that runs it
//! again. Absent: the targets (see [`crate::fuzz`]).

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Failure, output, project, verb::Run};
use crate::fuzz::{
    Target,
    campaign::{self, Bound},
    find, targets,
};

/// Feeds decoders of outside bytes with hostile input
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The target; all of them, one after the other, if it is left out
    target: Option<String>,
    /// How many minutes in all
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    minutes: u64,
    /// Begin with this seed; a new one, which is printed, if it is left out
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Run the target on this file alone
    #[arg(long, value_name = "FILE", requires = "target")]
    input: Option<PathBuf>,
    /// Print the names of the targets and end
    #[arg(long)]
    list: bool,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        if self.list {
            targets().iter().for_each(|target| output::result(target.name));
            return Ok(());
        }
        let chosen = self.chosen()?;
        if let Some(file) = &self.input {
            return chosen.iter().try_for_each(|target| again(target, file));
        }
        let each = Duration::from_secs(self.minutes.saturating_mul(60))
            .checked_div(u32::try_from(chosen.len()).unwrap_or(u32::MAX))
            .unwrap_or_default();
        // Without entropy it is the tests' course again, which harms nothing.
        let seed = self.seed.unwrap_or_else(|| getrandom::u64().unwrap_or(1));
        chosen.iter().try_for_each(|target| seeded(target, seed, each))
    }
}

impl Arguments {
    fn chosen(&self) -> Result<Vec<&'static Target>, Failure> {
        let Some(name) = &self.target else { return Ok(targets()) };
        let unknown = || Failure::Found {
            summary: format!("no target is named {name}; `cargo xtask fuzz --list` names them"),
        };
        find(name).map(|target| vec![target]).ok_or_else(unknown)
    }
}

/// Runs the target on one file.
fn again(target: &'static Target, file: &Path) -> Result<(), Failure> {
    let input = fs::read(file).map_err(failed(file))?;
    match campaign::attempt(target, &input) {
        Ok(taken) => {
            let what = if taken { "taken" } else { "refused" };
            output::result(format_args!("{}: {what}", target.name));
            Ok(())
        }
        Err(said) => Err(Failure::Found { summary: format!("{}: {said}", target.name) }),
    }
}

fn seeded(target: &'static Target, seed: u64, time: Duration) -> Result<(), Failure> {
    let report = campaign::run(target, seed, Bound::lasting(time));
    output::result(&report);
    let Some((input, _)) = &report.failure else { return Ok(()) };
    let file = broken(target)?.join(format!("seed-{seed}"));
    fs::write(&file, input).map_err(failed(&file))?;
    let (name, file) = (target.name, file.display());
    Err(Failure::Found {
        summary: format!("{name} is broken; again: cargo xtask fuzz {name} --input {file}"),
    })
}

/// The folder of inputs that broke the target, made if it is not there.
fn broken(target: &Target) -> Result<PathBuf, Failure> {
    let profile = project::profile_folder();
    let folder = profile.as_deref().and_then(Path::parent).map(|folder| folder.join("fuzz"));
    let folder = folder.ok_or_else(|| Failure::Found {
        summary: "this program lies in no folder where inputs can be kept".to_owned(),
    })?;
    let folder = folder.join(target.name);
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    Ok(folder)
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.to_path_buf();
    move |error| Failure::File { path, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    #[test]
    fn targets_are_chosen_by_name() {
        let choose = |target: Option<&str>| {
            let target = target.map(str::to_owned);
            Arguments { target, minutes: 1, seed: None, input: None, list: false }.chosen()
        };
        assert_eq!(choose(Some("transaction")).unwrap().len(), 1);
        assert!(choose(None).unwrap().len() > 12);
        assert!(choose(Some("nothing")).is_err());
    }
}
