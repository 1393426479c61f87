//! `feiqian help [TOPIC]`: a command's help, or what a code means.

use clap::CommandFactory;
use ledger::rejection::Rejection;
use serde::Serialize;

use crate::cli::CommandLine;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::session::Session;

#[derive(Serialize)]
struct CodeDocument {
    code: &'static str,
    iso_reason: &'static str,
    explanation: &'static str,
    exit: u8,
    transient: bool,
}

pub(super) fn run(session: &Session, topic: &[String]) -> Result<(), Fault> {
    let asked = topic.join("-");
    let found: Vec<Rejection> = Rejection::ALL
        .into_iter()
        .filter(|code| code.code() == asked.to_lowercase() || code.iso() == asked.to_uppercase())
        .collect();
    if found.is_empty() || topic.is_empty() {
        return command(session, topic);
    }
    let documents: Vec<CodeDocument> = found
        .into_iter()
        .map(|code| CodeDocument {
            code: code.code(),
            iso_reason: code.iso(),
            explanation: code.explanation(),
            exit: Exit::of_rejection(code).code(),
            transient: code.is_transient(),
        })
        .collect();
    let lines: Vec<String> = documents.iter().map(text).collect();
    session.output.result(lines.join("\n"), &documents);
    Ok(())
}

fn text(code: &CodeDocument) -> String {
    let again = if code.transient {
        "A new payment may succeed once that has changed."
    } else {
        "The same payment will always be rejected."
    };
    let CodeDocument { code, iso_reason, explanation, exit, .. } = code;
    format!("{code} (ISO 20022 {iso_reason}, exit {exit}): {explanation} {again}")
}

fn command(session: &Session, topic: &[String]) -> Result<(), Fault> {
    let mut command = CommandLine::command();
    command.build();
    for word in topic {
        let Some(found) = command.find_subcommand(word) else {
            let detail = format!("There is no command and no code \"{}\".", topic.join(" "));
            return Err(Fault::usage("unknown-topic", detail, "See: feiqian --help"));
        };
        command = found.clone();
    }
    session.output.help(&command.render_long_help().ansi().to_string());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_what_to_do() {
        let document = CodeDocument {
            code: "insufficient-funds",
            iso_reason: "AM04",
            explanation: "The available balance is too small. Top up the account.",
            exit: 3,
            transient: true,
        };
        assert_eq!(
            text(&document),
            "insufficient-funds (ISO 20022 AM04, exit 3): The available balance is too small. \
             Top up the account. A new payment may succeed once that has changed."
        );
    }
}
