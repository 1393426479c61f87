//! The command line's help and its usage errors, in the reader's language.
//!
//! Invariants: English help is the command line's own (the comments in `cli`); every text of it has
//! a Chinese one in the table, and the table has no others: a test compares both. Absent: names of
//! commands, flags and values, which are the same in every language.

mod chinese;

use clap::builder::{PossibleValue, StyledStr};
use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, Command};

use crate::language::Language;

/// How a page of help is laid out in Chinese.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";

/// The flag that every command gets by itself.
const HELP: &str = "help";

/// The command line as it speaks to readers of `language`.
pub(crate) fn speaking(command: Command, language: Language) -> Command {
    match language {
        Language::English => command,
        Language::Chinese => {
            let mut command = command;
            // Only a built command has its own flags, like --help.
            command.build();
            translated(command)
        }
    }
}

fn translated(command: Command) -> Command {
    let about = command.get_about().map(text);
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    command
        .help_template(TEMPLATE)
        .subcommand_help_heading("命令")
        .mut_args(argument)
        .mut_subcommands(translated)
}

fn argument(argument: Arg) -> Arg {
    let heading = match argument.get_help_heading() {
        Some(heading) => chinese(heading).unwrap_or("选项"),
        None if argument.is_positional() => "参数",
        None => "选项",
    };
    if argument.get_id() == HELP {
        // Its own text speaks of two lengths, which are one here.
        return argument.help_heading(heading).help("显示帮助").long_help("显示帮助");
    }
    // Under a heading of its own, a positional argument has no place by itself.
    let argument = match argument.get_index() {
        Some(place) => argument.display_order(place),
        None => argument,
    };
    let help = argument.get_help().map(text).unwrap_or_default();
    let help = format!("{help}{}", choices(&argument));
    let argument = argument.hide_possible_values(true).hide_default_value(true);
    argument.help_heading(heading).help(help)
}

/// The values that can be chosen, and the usual one.
fn choices(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let values = argument.get_possible_values();
    let value = |value: &PossibleValue| match value.get_help() {
        Some(help) => format!("{}（{}）", value.get_name(), text(help)),
        None => value.get_name().to_owned(),
    };
    let values: Vec<String> = values.iter().map(value).collect();
    let usual: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let mut choices = String::new();
    if !values.is_empty() {
        choices.push_str(&format!(" [可选：{}]", values.join("、")));
    }
    if !usual.is_empty() {
        choices.push_str(&format!(" [默认：{}]", usual.join("、")));
    }
    choices
}

fn text(english: &StyledStr) -> String {
    let english = english.to_string();
    chinese(&english).map_or(english.clone(), str::to_owned)
}

fn chinese(english: &str) -> Option<&'static str> {
    let found = chinese::texts().find(|(known, _)| *known == english);
    found.map(|(_, chinese)| *chinese)
}

/// What is wrong with a command line, in `language`.
pub(crate) fn usage_error(error: &clap::Error, language: Language) -> String {
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    match language {
        Language::Chinese if !is_help => chinese_error(error),
        Language::English | Language::Chinese => error.render().ansi().to_string(),
    }
}

fn chinese_error(error: &clap::Error) -> String {
    let part = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let (name, value) = (part(ContextKind::InvalidArg), part(ContextKind::InvalidValue));
    let what = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有参数“{name}”。"),
        ErrorKind::InvalidSubcommand => {
            format!("没有命令“{}”。", part(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("缺少 {name}。"),
        ErrorKind::MissingSubcommand => "缺少子命令。".to_owned(),
        ErrorKind::ArgumentConflict => {
            format!("{name} 不能与 {} 同时使用。", part(ContextKind::PriorArg))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{name} 缺少值。"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("“{value}”不能用作 {name} 的值。")
        }
        ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues
        | ErrorKind::NoEquals => format!("{name} 的值的个数不对。"),
        ErrorKind::InvalidUtf8
        | ErrorKind::DisplayHelp
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::DisplayVersion
        | ErrorKind::Io
        | ErrorKind::Format
        | _ => format!("{}。", error.kind()),
    };
    let choices = part(ContextKind::ValidValue);
    let choices = if choices.is_empty() { choices } else { format!("可选：{choices}。") };
    let usage = part(ContextKind::Usage);
    let usage = usage.trim_start_matches("Usage: ").trim();
    let usage = if usage.is_empty() { String::new() } else { format!("\n\n用法：{usage}") };
    format!("错误：{what}{choices}{usage}\n\n详情请用 --help。\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::CommandLine;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    fn texts(command: &Command, found: &mut BTreeSet<String>) {
        found.extend(command.get_about().map(ToString::to_string));
        assert!(
            command.get_long_about().is_none(),
            "{}: no text in two lengths",
            command.get_name()
        );
        for argument in command.get_arguments().filter(|argument| argument.get_id() != HELP) {
            found.extend(argument.get_help().map(ToString::to_string));
            found.extend(argument.get_help_heading().map(str::to_owned));
            if argument.get_action().takes_values() {
                let values = argument.get_possible_values();
                found.extend(values.iter().filter_map(|v| Some(v.get_help()?.to_string())));
            }
            let long = argument.get_long_help();
            assert!(long.is_none(), "{}: no text in two lengths", argument.get_id());
        }
        for command in command.get_subcommands() {
            texts(command, found);
        }
    }

    #[test]
    fn every_text_of_the_help_has_a_chinese_one_and_the_table_no_others() {
        let mut command = CommandLine::command();
        command.build();
        let mut found = BTreeSet::new();
        texts(&command, &mut found);
        let known: BTreeSet<String> =
            chinese::texts().map(|(english, _)| (*english).to_owned()).collect();
        let missing: Vec<_> = found.difference(&known).collect();
        let unused: Vec<_> = known.difference(&found).collect();
        assert!(missing.is_empty() && unused.is_empty(), "missing {missing:#?} unused {unused:#?}");
    }

    #[test]
    fn a_page_of_help_is_in_chinese_whole() {
        let mut command = speaking(CommandLine::command(), Language::Chinese);
        let pay = command.find_subcommand_mut("pay").unwrap();
        let page = pay.render_help().to_string();
        for expected in ["用法：", "参数:", "选项:", "[默认：SHAR]", "所有命令的选项:"]
        {
            assert!(page.contains(expected), "{expected}: {page}");
        }
        let long = pay.render_long_help().to_string();
        for english in ["Usage", "Arguments", "Options", "Print help", "default:", "possible"] {
            assert!(!page.contains(english), "{english}: {page}");
            assert!(!long.contains(english), "{english}: {long}");
        }
        let [payee, amount] = ["[PAYEE]  ", "[AMOUNT]  "].map(|name| page.find(name).unwrap());
        assert!(payee < amount, "{page}");
    }

    #[test]
    fn usage_errors_are_told_in_chinese_by_row() {
        for (line, expected) in [
            ("pay @lee 25 --nonsense", "没有参数“--nonsense”。"),
            ("nonsense", "没有命令“nonsense”。"),
            ("pay @lee", "缺少 <AMOUNT>。"),
            ("pay @lee 25 --timeout 0", "“0”不能用作 --timeout <SECONDS> 的值。"),
            ("pay @lee 25 --output yaml", "可选：text, json。"),
            ("pay @lee 25 --file p.csv", "不能与"),
            ("tx merge a -o", "缺少值。"),
        ] {
            let words = std::iter::once("feiqian").chain(line.split_whitespace());
            let command = speaking(CommandLine::command(), Language::Chinese);
            let error = command.try_get_matches_from(words).unwrap_err();
            let told = usage_error(&error, Language::Chinese);
            assert!(told.starts_with("错误：") && told.contains(expected), "{line}: {told}");
        }
    }
}
