//! `cargo xtask test`: every check and every test, in the order in which a fault is cheapest to
//! find.
//!
//! Invariant: a step that fails ends the run, and the failure names the command to run again.
//! A new step is one entry in [`STEPS`].

use std::time::{Duration, Instant};

use super::{
    Failure, build, command::Task, deny, docker, install, operating, output, tidy, verb::Run,
};

/// Runs every check and test, installing what they need
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Only the steps of these names (repeatable); see `--list`
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// Print the names of the steps and end
    #[arg(long)]
    list: bool,
}

/// One step: its name, and what it does. Its answer names the checks that it had to leave out.
struct Step {
    name: &'static str,
    run: fn() -> Result<Vec<String>, Failure>,
}

const STEPS: &[Step] = &[
    Step { name: "needs", run: install::needs },
    Step { name: "format", run: || cargo("fmt --all --check") },
    Step { name: "tidy", run: || tidy::check().map(|()| Vec::new()) },
    Step { name: "deny", run: || Ok(deny::check()?.into_iter().collect()) },
    Step {
        name: "clippy",
        run: || cargo("clippy --locked --workspace --all-targets -- -D warnings"),
    },
    Step { name: "documentation", run: documentation },
    Step { name: "products", run: || build::products().map(|_| Vec::new()) },
    Step { name: "doctests", run: || cargo("test --quiet --locked --workspace --doc") },
    Step { name: "operating", run: operating::check },
    Step { name: "containers", run: docker::check },
    Step { name: "tests", run: || cargo("nextest run --locked --workspace") },
];

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        if self.list {
            STEPS.iter().for_each(|step| output::result(step.name));
            return Ok(());
        }
        self.refuse_unknown_steps()?;
        let chosen = STEPS.iter().filter(|step| self.includes(step.name));
        let started = Instant::now();
        let mut report = Report::default();
        for step in chosen {
            report.add(step)?;
        }
        report.print(started.elapsed());
        Ok(())
    }
}

impl Arguments {
    fn includes(&self, step: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == step)
    }

    fn refuse_unknown_steps(&self) -> Result<(), Failure> {
        let known = |name: &&String| STEPS.iter().any(|step| step.name == **name);
        match self.only.iter().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => Err(Failure::Found {
                summary: format!("no step is named {name}; `cargo xtask test --list` names them"),
            }),
        }
    }
}

/// What has passed so far.
#[derive(Default)]
struct Report {
    took: Vec<(&'static str, Duration)>,
    left_out: Vec<String>,
}

impl Report {
    fn add(&mut self, step: &Step) -> Result<(), Failure> {
        output::begins(step.name);
        let started = Instant::now();
        self.left_out.extend((step.run)()?);
        self.took.push((step.name, started.elapsed()));
        output::passed(step.name, started.elapsed());
        Ok(())
    }

    /// The last line is one that programs which read test reports know.
    fn print(&self, total: Duration) {
        output::result("");
        for (name, took) in &self.took {
            output::result(format_args!("{:>8.1} s  {name}", took.as_secs_f64()));
        }
        output::result(format_args!("{:>8.1} s  in all", total.as_secs_f64()));
        for check in &self.left_out {
            output::result(format_args!("LEFT OUT: {check}"));
        }
        output::result(format_args!("steps: {} passed, 0 failed", self.took.len()));
    }
}

/// The documentation is for readers of the code, so private items are in it and may be linked to.
fn documentation() -> Result<Vec<String>, Failure> {
    let task = Task::cargo("doc --locked --workspace --no-deps --document-private-items");
    task.with("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links")
        .run()
        .map(|()| Vec::new())
}

fn cargo(words: &str) -> Result<Vec<String>, Failure> {
    Task::cargo(words).run().map(|()| Vec::new())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Arguments, STEPS};

    #[test]
    fn steps_have_names_of_their_own() {
        let names: BTreeSet<_> = STEPS.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), STEPS.len());
    }

    #[test]
    fn an_unknown_step_is_refused() {
        let rows = [("tidy", true), ("tidi", false)];
        for (name, known) in rows {
            let arguments = Arguments { only: vec![name.to_owned()], list: false };
            assert_eq!(arguments.refuse_unknown_steps().is_ok(), known, "{name}");
        }
    }
}
