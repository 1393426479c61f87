//! The Feiqian wallet `feiqian`: keys, payments and proofs on the command line.

mod assurance;
mod book;
mod cli;
mod commands;
mod delivery;
mod describe;
mod desk;
mod devnet;
mod entropy;
mod envelope;
mod exit;
mod fault;
mod files;
mod folders;
mod interrupt;
mod keyring;
mod language;
mod names;
mod network;
mod node;
mod orders;
mod outbox;
mod output;
mod paper;
mod passphrase;
mod profile;
mod qr;
mod request;
mod session;
mod signers;
mod words;

use clap::Parser;
use std::process::ExitCode;

use crate::cli::CommandLine;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::{Format, Output};
use crate::session::Session;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let exit = match CommandLine::try_parse_from(&words) {
        Ok(line) => run(line),
        Err(error) => explain(&words, &error),
    };
    ExitCode::from(exit.code())
}

fn run(line: CommandLine) -> Exit {
    let output = Output::new(line.options.output);
    let done = Session::new(line.options).and_then(|session| commands::run(&session, line.command));
    match done {
        Ok(()) => Exit::Done,
        Err(fault) => {
            output.fault(&fault);
            fault.exit
        }
    }
}

/// Help, the version, or what is wrong with the command line.
fn explain(words: &[std::ffi::OsString], error: &clap::Error) -> Exit {
    let is_json = words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
        || words.iter().any(|word| word == "--output=json");
    let output = Output::new(if is_json { Format::Json } else { Format::Text });
    if !error.use_stderr() {
        output.help(&error.render().ansi().to_string());
        return Exit::Done;
    }
    if is_json {
        let text = error.to_string();
        let detail = text.trim_start_matches("error: ").lines().next().unwrap_or_default();
        output.fault(&Fault::usage("usage", detail, "See: feiqian --help"));
    } else {
        output.usage(&error.render().ansi().to_string());
    }
    Exit::Usage
}
