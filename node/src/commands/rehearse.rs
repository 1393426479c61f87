//! `feiqian-node rehearse`: what a change of the network would do now, by the running node's word.
//!
//! Invariants: exit code 0 only for a change that is safe now. Absent: the rehearsal itself (see
//! `ledger::governance`), proposing (the wallet's `feiqian govern propose`).

use std::path::PathBuf;
use std::time::Duration;

use api::governance::RehearsalAnswer;
use api::problem::Problem;
use clap::Args;
use ledger::governance::json::ChangeFile;
use ureq::Agent;

use super::Failure;
use super::format::Format;
use crate::client;
use crate::home;

/// How long the node may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most bytes of a change's file.
const MAXIMUM_BYTES: usize = 64 * 1024;

/// Says what a change of the network would do now: "safe" or "would halt".
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The change, a feiqian.change/v1 document (docs/operating/governance.md).
    change: PathBuf,
    /// The home of the running node to ask.
    #[arg(long, required_unless_present = "api", conflicts_with = "api")]
    home: Option<PathBuf>,
    /// The API of a running node to ask.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.change;
    let unread = |error: &dyn std::fmt::Display| {
        let message = format!("{} cannot be read: {error}", path.display());
        Failure::usage(message).hint("Write it as docs/operating/governance.md shows.")
    };
    let text =
        home::read_text(path, MAXIMUM_BYTES).map_err(|error| Failure::usage(error.to_string()))?;
    let change: ChangeFile = serde_json::from_str(&text).map_err(|error| unread(&error))?;
    // A token goes to the home's own node alone.
    let bearer = if arguments.api.is_none() { client::bearer()? } else { None };
    let answer = ask(&base(arguments)?, bearer.as_deref().map(String::as_str), &change)?;
    arguments.output.print(
        &answer,
        |RehearsalAnswer { verdict, summary, explanation, .. }| {
            format!("{}: {summary}\n{explanation}", verdict.replace('-', " "))
        },
    )?;
    if answer.verdict == RehearsalAnswer::SAFE {
        return Ok(());
    }
    let hint = "Nothing was proposed. Bring the missing nodes up, or change something else.";
    Err(Failure::new(format!("the change is not safe now: {}", answer.explanation)).hint(hint))
}

/// Where the node listens.
fn base(arguments: &Arguments) -> Result<String, Failure> {
    match (&arguments.api, &arguments.home) {
        (Some(api), _) => Ok(api.trim_end_matches('/').to_owned()),
        (None, Some(home)) => Ok(format!("http://{}", home::read_config(home)?.api.listen)),
        (None, None) => Err(Failure::usage("name the node with --home or --api")),
    }
}

fn ask(base: &str, bearer: Option<&str>, change: &ChangeFile) -> Result<RehearsalAnswer, Failure> {
    let config =
        Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build();
    let silent = |error: ureq::Error| {
        let message = format!("the node at {base} does not answer: {error}");
        Failure::new(message).hint("Start it, or name another one with --api.")
    };
    let url = format!("{base}/v1/proposals/rehearse");
    let mut request = Agent::new_with_config(config).post(&url);
    if let Some(bearer) = bearer {
        request = request.header("authorization", bearer);
    }
    let mut response = request.send_json(change).map_err(silent)?;
    if response.status().is_success() {
        return response.body_mut().read_json().map_err(silent);
    }
    let problem: Problem = response.body_mut().read_json().map_err(silent)?;
    Err(Failure::new(problem.detail).hint(problem.hint))
}
