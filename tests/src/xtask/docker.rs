//! `cargo xtask docker`: the images around this build's programs, and the trial of the network in
//! them.
//!
//! Invariant: where no engine can run, the trial says so and is left out; it is never skipped
//! silently.

use super::{Failure, build, output, verb::Run};
use crate::docker::{FOUNDER, IMAGE, context, engine::Engine, trial::Trial};

/// Builds the container images around the programs, without any registry
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Another base image than the bare one, with a C library as new as this machine's
    #[arg(long, value_name = "IMAGE")]
    base: Option<String>,
    /// Try the network of docker/compose.yml: pay, kill one node, cut one off, bring both back
    #[arg(long)]
    trial: bool,
}

impl Run for Arguments {
    fn run(self) -> Result<(), Failure> {
        let refused = |why| Failure::Found { summary: format!("no engine: {why}") };
        let engine = Engine::find().map_err(refused)?;
        prepare(&engine, self.base.as_deref())?;
        if self.trial {
            return Trial::new(&engine)?.run();
        }
        output::result(format_args!(
            "{IMAGE} and {FOUNDER} are built. Start the network: docker-compose -f \
             docker/compose.yml up -d"
        ));
        Ok(())
    }
}

fn prepare(engine: &Engine, base: Option<&str>) -> Result<(), Failure> {
    let context = context::gather(&build::products()?)?;
    engine.build(&context, base)
}

/// The step of `cargo xtask test`: the trial, or what was left out.
pub(super) fn check() -> Result<Vec<String>, Failure> {
    let engine = match Engine::find() {
        Ok(engine) => engine,
        Err(why) => {
            let what = format!("the network in containers: {why}");
            output::progress(format_args!("LEFT OUT: {what}"));
            return Ok(vec![what]);
        }
    };
    prepare(&engine, None)?;
    Trial::new(&engine)?.run()?;
    Ok(Vec::new())
}
