//! `cargo xtask fuzz`: feeds the decoders of bytes from outside with hostile input, for minutes.
//!
//! Two engines: libFuzzer, which is led by the coverage of the targets and remembers what it found
//! (`tests/fuzz`, a workspace of its own), and the seeded mutator of the tests, which needs nothing.
//! Invariant: an input that breaks a target is kept, and the failure names the command that runs it
//! again. Absent: the targets (see [`crate::fuzz`]).

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Failure, command::Task, output, project, verb::Run};
use crate::fuzz::{
    Target,
    campaign::{self, Bound},
    find, targets,
};

/// The engine's own folder, below the target folder.
const FOLDER: &str = "fuzz";

/// The longest input that libFuzzer makes, in bytes.
const LONGEST: usize = 1 << 16;

/// What makes rustc count which edges of the code an input reaches (no nightly is needed).
const COVERAGE: &str = "--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Feeds decoders of outside bytes with hostile input
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The target; all of them, one after the other, if it is left out
    target: Option<String>,
    /// How many minutes in all
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    minutes: u64,
    /// Use the seeded mutator of the tests instead of libFuzzer, from this seed on
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
        match self.seed {
            Some(seed) => chosen.iter().try_for_each(|target| seeded(target, seed, each)),
            None => {
                let program = build()?;
                chosen.iter().try_for_each(|target| guided(&program, target, each))
            }
        }
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

/// Runs the seeded mutator.
fn seeded(target: &'static Target, seed: u64, time: Duration) -> Result<(), Failure> {
    let report = campaign::run(target, seed, Bound::lasting(time));
    output::result(&report);
    let Some((input, _)) = &report.failure else { return Ok(()) };
    let file = folder(target, "broken")?.join(format!("seed-{seed}"));
    fs::write(&file, input).map_err(failed(&file))?;
    Err(broken(target, &file))
}

/// Runs libFuzzer, which goes on from what earlier runs found.
fn guided(program: &Path, target: &'static Target, time: Duration) -> Result<(), Failure> {
    let (corpus, found) = (folder(target, "corpus")?, folder(target, "broken")?);
    for (place, sample) in (target.samples)().iter().enumerate() {
        let file = corpus.join(format!("sample-{place}"));
        fs::write(&file, sample).map_err(failed(&file))?;
    }
    let words = corpus.with_file_name("words");
    let dictionary: Vec<_> = target.words.iter().map(|word| entry(word)).collect();
    fs::write(&words, dictionary.concat()).map_err(failed(&words))?;
    output::begins(target.name);
    let task = Task::new(
        &program.display().to_string(),
        [
            corpus.display().to_string(),
            format!("-max_total_time={}", time.as_secs().max(1)),
            format!("-max_len={LONGEST}"),
            format!("-dict={}", words.display()),
            format!("-artifact_prefix={}/", found.display()),
            "-timeout=20".to_owned(),
            "-rss_limit_mb=2048".to_owned(),
            "-print_final_stats=1".to_owned(),
        ],
    );
    let ended = task.with("FEIQIAN_FUZZ_TARGET", target.name).run();
    let newest = newest(&found)?;
    match (ended, newest) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(file)) => Err(broken(target, &file)),
        (Err(failure), None) => Err(failure),
    }
}

/// Builds libFuzzer with the targets, apart from all other builds, with the libraries of the main
/// lock file.
fn build() -> Result<PathBuf, Failure> {
    let folder = project::root().join("tests/fuzz");
    let lock = folder.join("Cargo.lock");
    fs::copy(project::root().join("Cargo.lock"), &lock).map_err(failed(&lock))?;
    let target = target_folder()?.join("build");
    let task = Task::cargo("build --quiet --release --bin targets --manifest-path")
        .argument(folder.join("Cargo.toml").display().to_string())
        .argument("--target-dir")
        .argument(target.display().to_string());
    task.with("RUSTFLAGS", COVERAGE).run()?;
    Ok(target.join("release/targets"))
}

/// A line of libFuzzer's dictionary.
fn entry(word: &str) -> String {
    let hex: String = word.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{hex}\"\n")
}

fn target_folder() -> Result<PathBuf, Failure> {
    let profile = project::profile_folder();
    let folder = profile.as_deref().and_then(Path::parent).map(|folder| folder.join(FOLDER));
    folder.ok_or_else(|| Failure::Found { summary: "this program lies in no folder".to_owned() })
}

/// A folder of the target, made if it is not there.
fn folder(target: &Target, name: &str) -> Result<PathBuf, Failure> {
    let folder = target_folder()?.join(target.name).join(name);
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    Ok(folder)
}

/// The file that was written last.
fn newest(folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(failed(folder))?.flatten();
    let dated =
        entries.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())));
    Ok(dated.max().map(|(_, path)| path))
}

fn broken(target: &Target, file: &Path) -> Failure {
    let (name, file) = (target.name, file.display());
    Failure::Found {
        summary: format!("{name} is broken; again: cargo xtask fuzz {name} --input {file}"),
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.to_path_buf();
    move |error| Failure::File { path, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, entry};

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

    #[test]
    fn words_are_written_as_a_dictionary() {
        assert_eq!(entry("a\""), "\"\\x61\\x22\"\n");
    }
}
