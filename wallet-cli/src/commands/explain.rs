//! `feiqian help [TOPIC]`: a command's help, or what a code means and what to do about it.
//!
//! Codes are the wallet's, the ledger's, the API's, ISO 20022's reasons, and the exit codes. One
//! code may stand in several of these lists: then all are told.

use clap::CommandFactory;
use ledger::rejection::Rejection;
use serde::Serialize;

use crate::cli::CommandLine;
use crate::code::{Advice, Code, Own};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::help;
use crate::language::{Text, say};
use crate::session::Session;

#[derive(Serialize)]
struct CodeDocument {
    code: String,
    /// Whose code it is: `wallet`, `ledger`, `node` or `exit`.
    kind: &'static str,
    meaning: String,
    what_to_do: String,
    /// The exit of a rejection, and of an exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iso_reason: Option<&'static str>,
    /// Whether a rejection may be gone later.
    #[serde(skip_serializing_if = "Option::is_none")]
    transient: Option<bool>,
    /// The same for people.
    #[serde(skip)]
    text: Text,
}

pub(super) fn run(session: &Session, topic: &[String]) -> Result<(), Fault> {
    let documents = explained(&topic.join("-"));
    if documents.is_empty() || topic.is_empty() {
        return command(session, topic);
    }
    let texts: Vec<Text> = documents.iter().map(|document| document.text.clone()).collect();
    session.output.result(&Text::join(&texts, "\n"), &documents);
    Ok(())
}

/// Every code that `asked` names.
fn explained(asked: &str) -> Vec<CodeDocument> {
    let (lower, upper) = (asked.to_lowercase(), asked.to_uppercase());
    let is_it = |code: &Code| {
        code.text() == lower || matches!(code, Code::Ledger(known) if known.iso() == upper)
    };
    let codes = Code::all().filter(is_it).filter_map(|code| document(&code));
    let number = lower.strip_prefix("exit-").unwrap_or(&lower);
    let exits = Exit::ALL.into_iter().filter(|exit| exit.code().to_string() == number);
    codes.chain(exits.map(of_exit)).collect()
}

fn document(code: &Code) -> Option<CodeDocument> {
    let advice = code.advice()?;
    Some(match code {
        Code::Own(code) => plain(code.text(), "wallet", say!("the wallet", "钱包"), &advice),
        Code::Node(code) => plain(code.text(), "node", say!("a node's API", "节点接口"), &advice),
        Code::Ledger(rejection) => of_rejection(*rejection, &advice),
        Code::Foreign(_) => return None,
    })
}

fn plain(code: &str, kind: &'static str, whose: Text, advice: &Advice) -> CodeDocument {
    let words = advice.meaning.and(&advice.action);
    let text = say!(
        "{code} ({whose}): {words}",
        "{code}（{whose}）：{words}";
        whose = whose, words = words
    );
    CodeDocument {
        code: code.to_owned(),
        kind,
        meaning: advice.meaning.english().to_owned(),
        what_to_do: advice.action.english().to_owned(),
        exit: None,
        iso_reason: None,
        transient: None,
        text,
    }
}

fn of_rejection(rejection: Rejection, advice: &Advice) -> CodeDocument {
    let again = if rejection.is_transient() {
        say!("A new payment may succeed once that has changed.", "情况改变后，新的支付可能成功。")
    } else {
        say!("The same payment will always be rejected.", "同一支付将始终被拒绝。")
    };
    let (code, iso) = (rejection.code(), rejection.iso());
    let exit = Exit::of_rejection(rejection).code();
    let words = advice.meaning.and(&advice.action).and(&again);
    let text = say!(
        "{code} (ISO 20022 {iso}, exit {exit}): {words}",
        "{code}（ISO 20022 {iso}，退出码 {exit}）：{words}";
        words = words
    );
    CodeDocument {
        exit: Some(exit),
        iso_reason: Some(iso),
        transient: Some(rejection.is_transient()),
        text,
        ..plain(code, "ledger", Text::default(), advice)
    }
}

fn of_exit(exit: Exit) -> CodeDocument {
    let advice = exit.advice();
    let (code, words) = (exit.code(), advice.meaning.and(&advice.action));
    let text = say!("exit {code}: {words}", "退出码 {code}：{words}"; words = words);
    let plain = plain(&code.to_string(), "exit", Text::default(), &advice);
    CodeDocument { exit: Some(code), text, ..plain }
}

fn command(session: &Session, topic: &[String]) -> Result<(), Fault> {
    let mut command = help::speaking(CommandLine::command(), session.output.language);
    command.build();
    for word in topic {
        let Some(found) = command.find_subcommand(word) else {
            let detail = say!(
                "There is no command and no code \"{topic}\".",
                "没有命令或代码“{topic}”。",
                topic = topic.join(" ")
            );
            let hint = say!("See: feiqian --help", "请查看：feiqian --help");
            return Err(Fault::usage(Own::UnknownTopic, detail, hint));
        };
        command = found.clone();
    }
    session.output.help(&command.render_long_help().ansi().to_string());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_code_says_what_it_means_and_what_to_do() {
        let found = explained("AM04").remove(0);
        assert_eq!(
            found.text.english(),
            "insufficient-funds (ISO 20022 AM04, exit 3): The available balance is too small. \
             Top up the account. A new payment may succeed once that has changed."
        );
        assert_eq!(
            found.text.of(Language::Chinese),
            "insufficient-funds（ISO 20022 AM04，退出码 3）：可用余额不足。请充值。\
             情况改变后，新的支付可能成功。"
        );
    }

    #[test]
    fn every_code_is_explained_under_its_own_text() {
        for code in Code::all() {
            let found = explained(code.text());
            assert!(!found.is_empty(), "{code:?}");
            for document in found {
                let said = [document.meaning, document.what_to_do];
                assert!(said.iter().all(|text| text.ends_with('.')), "{said:?}");
            }
        }
    }

    #[test]
    fn every_exit_is_explained_by_its_number() {
        for exit in Exit::ALL {
            for asked in [exit.code().to_string(), format!("exit-{}", exit.code())] {
                let [found] = <[CodeDocument; 1]>::try_from(explained(&asked)).ok().unwrap();
                assert_eq!((found.kind, found.exit), ("exit", Some(exit.code())), "{asked}");
            }
            let chinese = exit.advice().meaning.of(Language::Chinese).to_owned();
            assert!(chinese.ends_with('。'), "{chinese}");
        }
    }

    #[test]
    fn a_code_of_two_lists_is_told_of_both() {
        let kinds: Vec<&str> = explained("unknown-asset").iter().map(|found| found.kind).collect();
        assert_eq!(kinds, ["wallet", "ledger"]);
    }
}
