//! The Feiqian wallet `feiqian`: keys, payments and proofs on the command line.
//!
//! A library so that what the program reads can be tried from outside ([`reading`]); the program is
//! [`main`]. Absent: anything that another package may build on.

mod assurance;
mod book;
mod cli;
mod code;
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
mod handing;
mod help;
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
mod protocol;
mod qr;
pub mod reading;
mod request;
mod reviewing;
mod session;
mod signers;
mod token;
mod words;

use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::CommandLine;
use crate::code::Own;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Language, Text, say};
use crate::output::{Format, Output};
use crate::session::Session;

/// Runs the command that the process's arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let language = if asks_for_json(&words) { Language::English } else { Language::of_process() };
    let command = help::speaking(CommandLine::command(), language);
    let line = command
        .try_get_matches_from(&words)
        .and_then(|matches| CommandLine::from_arg_matches(&matches));
    let exit = match line {
        Ok(line) => run(line),
        Err(error) => explain(&words, &error, language),
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

/// True if programs read the output, as far as a command line says that may not be understood.
fn asks_for_json(words: &[OsString]) -> bool {
    words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
        || words.iter().any(|word| word == "--output=json")
}

/// Help, the version, or what is wrong with the command line.
fn explain(words: &[OsString], error: &clap::Error, language: Language) -> Exit {
    let is_json = asks_for_json(words);
    let output = Output::new(if is_json { Format::Json } else { Format::Text });
    if !error.use_stderr() {
        output.help(&error.render().ansi().to_string());
        return Exit::Done;
    }
    if is_json {
        let text = error.to_string();
        let detail = text.trim_start_matches("error: ").lines().next().unwrap_or_default();
        let hint = say!("See: feiqian --help", "请查看：feiqian --help");
        output.fault(&Fault::usage(Own::Usage, Text::data(detail), hint));
    } else {
        output.usage(&help::usage_error(error, language));
    }
    Exit::Usage
}
