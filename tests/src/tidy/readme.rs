//! Rule: the commands that documents show exist (programs, aliases of cargo, verbs of xtask), and
//! what CI runs is the test command of the README.

use super::{Finding, Tree};
use crate::xtask;

/// Cargo's own commands that documents may show.
const CARGO: [&str; 9] =
    ["bench", "build", "clippy", "doc", "fmt", "install", "nextest", "run", "test"];

/// Programs of the system that documents may show.
const SYSTEM: [&str; 20] = [
    "apt-get",
    "cat",
    "cd",
    "chmod",
    "cp",
    "curl",
    "date",
    "docker",
    "docker-compose",
    "echo",
    "export",
    "git",
    "jq",
    "kill",
    "ls",
    "mkdir",
    "python3",
    "rm",
    "sed",
    "xmllint",
];

/// The script that CI runs.
const CI: &str = ".ci/run";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<_> = ci_fault(tree).into_iter().collect();
    for (path, text) in tree.texts.iter().filter(|(path, _)| is_for_users(path)) {
        for (line, command) in commands(text) {
            findings.extend(fault(tree, &command).map(|advice| Finding {
                path: path.clone(),
                line,
                rule: "readme",
                advice,
            }));
        }
    }
    findings
}

fn ci_fault(tree: &Tree) -> Option<Finding> {
    let script = tree.texts.get(CI)?;
    let started = script.lines().find_map(|line| line.strip_prefix("exec "));
    let command = started?.split('<').next()?.trim();
    if tree.texts.get("README.md").is_some_and(|readme| readme.contains(command)) {
        return None;
    }
    Some(Finding {
        path: CI.to_owned(),
        line: 1,
        rule: "readme",
        advice: format!("README.md does not show `{command}`; show it, or run what it shows"),
    })
}

fn is_for_users(path: &str) -> bool {
    path == "README.md"
        || path == "ARCHITECTURE.md"
        || (path.ends_with(".md") && path.starts_with("docs/"))
}

/// The commands after a `$` in fenced transcripts, each with its line.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        let Some(typed) = line.trim_start().strip_prefix("$ ").filter(|_| code) else { continue };
        let typed = typed.split(" #").next().unwrap_or_default();
        let parts = parts(typed).into_iter().filter(|part| !part.trim().is_empty());
        found.extend(parts.map(|part| (number + 1, part.trim().to_owned())));
    }
    found
}

/// The commands of a line, parted where a shell parts them: not within quotes.
fn parts(line: &str) -> Vec<String> {
    let (mut parts, mut quote) = (vec![String::new()], None);
    for letter in line.chars() {
        match quote {
            None if ";|&".contains(letter) => parts.push(String::new()),
            Some(open) if open == letter => quote = None,
            None if "'\"".contains(letter) => quote = Some(letter),
            None | Some(_) => {}
        }
        if let Some(last) = parts.last_mut().filter(|_| quote.is_some() || !";|&".contains(letter))
        {
            last.push(letter);
        }
    }
    parts
}

fn fault(tree: &Tree, command: &str) -> Option<String> {
    let mut words = command.split_whitespace().skip_while(|word| word.contains('='));
    let program = words.next()?.rsplit('/').next()?;
    match program {
        "cargo" => cargo_fault(tree, words.next()?, words.next()),
        _ if SYSTEM.contains(&program) => None,
        _ if tree.packages.values().any(|package| package.programs.contains(program)) => None,
        _ => Some(format!("no program is named `{program}`; show one that exists")),
    }
}

fn cargo_fault(tree: &Tree, word: &str, verb: Option<&str>) -> Option<String> {
    let line_of =
        |config: &String| config.lines().any(|line| line.starts_with(&format!("{word} =")));
    let alias = tree.texts.get(".cargo/config.toml").is_some_and(line_of);
    if !alias && !CARGO.contains(&word) {
        return Some(format!("`cargo {word}` is no alias of .cargo/config.toml; show one that is"));
    }
    let verb = verb.filter(|verb| word == "xtask" && !verb.starts_with('-'))?;
    if xtask::command_line().find_subcommand(verb).is_some() {
        return None;
    }
    Some(format!("`cargo xtask` has no verb `{verb}`; `cargo xtask --help` lists them"))
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn each_shown_command_must_exist() {
        let rows = [
            ("$ cargo xtask test", 0),
            ("$ cargo xtask tidy   # quick", 0),
            ("$ cargo xtask dance", 1),
            ("$ cargo dance", 1),
            ("$ cargo nextest run && cd a", 0),
            ("$ jq '.a | b; c' a.json | dance", 1),
            ("$ curl \"http://a/?b&c\"", 0),
            ("$ A=1 dance --now", 1),
            ("dance", 0),
        ];
        for (line, found) in rows {
            let text = format!("```console\n{line}\n```\n");
            let config = (".cargo/config.toml", "[alias]\nxtask = \"run\"\n");
            let tree = Tree::sample(&[("README.md", &text), config]);
            assert_eq!(check(&tree).len(), found, "{line}");
        }
    }
    #[test]
    fn ci_runs_what_the_readme_shows() {
        let rows = [("cargo xtask test", 0), ("cargo test", 1)];
        for (command, found) in rows {
            let script = format!("set -e\nexec {command} < /dev/null\n");
            let files =
                [(".ci/run", script.as_str()), ("README.md", "`cargo xtask test` tests.\n")];
            assert_eq!(check(&Tree::sample(&files)).len(), found, "{command}");
        }
    }
}
