//! A page as a script: what is typed and shown, and what its comments say besides.
//!
//! A comment on a line of its own, `<!-- transcript: DIRECTIVE -->`, is for the next block:
//!
//! | directive | says |
//! |---|---|
//! | `not run: REASON` | the block is shown only |
//! | `stays until TEXT` | its last command stays in the foreground; go on when that is printed |
//! | `ends with N` | its last command's exit code, where the output does not tell it |
//! | `file PATH`, `appended to PATH` | the block, of any kind, is what the reader writes there |
//!
//! and by itself:
//!
//! | directive | says |
//! |---|---|
//! | `$ COMMAND` | is typed, too; its output is nobody's business, but it must end well |
//! | `runs COMMAND until TEXT` | stays in the foreground of another terminal |
//! | `Ctrl-C COMMAND` | ends what stays in the foreground and begins so |
//! | `port N ...` | these ports stand for free ones |
//! | `folder PATH` | stands for one of this transcript's |
//!
//! Invariant: what is not understood is a fault, and nothing is left out without a reason.

/// The fence of a transcript.
const CONSOLE: &str = "console";

/// How a directive begins.
const MARK: &str = "<!-- transcript:";

/// Something to do, and the line of the page that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) act: Act,
}

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A command of a transcript.
    Type(Typed),
    /// A command that the reader does not see.
    Unseen(String),
    /// What stays in the foreground of a terminal that the reader does not see.
    Runs(Typed),
    /// A file to write.
    Write { path: String, text: String, append: bool },
    /// What stays in the foreground and begins so is ended.
    Interrupt(String),
    /// A port stands for a free one.
    Port(String),
    /// A folder stands for one of this transcript's.
    Folder(String),
    /// A block that is shown only.
    Shown,
}

/// A command of a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) command: String,
    /// The lines that it prints.
    pub(crate) shown: Vec<String>,
    /// What it has printed when the transcript goes on, although it has not ended.
    pub(crate) until: Option<String>,
    /// Its exit code, where something says so.
    pub(crate) code: Option<i32>,
}

/// What is wrong with a page, and where.
pub(crate) type Fault = (usize, String);

/// What the comments before a block say of it.
#[derive(Default)]
struct Marks {
    line: usize,
    reason: Option<String>,
    until: Option<String>,
    code: Option<i32>,
    file: Option<(String, bool)>,
}

impl Marks {
    fn any(&self) -> bool {
        self.line > 0
    }
}

/// Reads a page.
pub(crate) fn read(text: &str) -> Result<Vec<Step>, Fault> {
    let (mut steps, mut marks) = (Vec::new(), Marks::default());
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    while let Some((line, text)) = lines.next() {
        if let Some(rest) = text.trim_start().strip_prefix(MARK) {
            let directive = rest.trim_end().strip_suffix("-->");
            let directive = directive.ok_or((line, "end the comment on its line".to_owned()))?;
            match alone(directive.trim()) {
                Some(act) => steps.push(Step { line, act }),
                None => mark(&mut marks, line, directive.trim())?,
            }
        } else if let Some(kind) = text.trim_start().strip_prefix("```") {
            let inside = lines.by_ref().take_while(|(_, one)| !one.trim_start().starts_with("```"));
            let inside: Vec<_> = inside.map(|(_, one)| one).collect();
            block(&mut steps, std::mem::take(&mut marks), (line, kind.trim()), &inside)?;
        } else if marks.any() && !text.trim().is_empty() {
            return Err((marks.line, "write it directly before the block that it is for".into()));
        }
    }
    match marks.line {
        0 => Ok(steps),
        line => Err((line, "no block follows".into())),
    }
}

/// Whether the page has a transcript that is not marked as only shown.
pub(crate) fn is_played(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step.act, Act::Type(_)))
}

/// A directive that is for no block.
fn alone(directive: &str) -> Option<Act> {
    let (word, rest) = directive.split_once(' ')?;
    match word {
        "$" => Some(Act::Unseen(rest.to_owned())),
        "runs" => rest.rsplit_once(" until ").map(|(command, text)| {
            let (command, until) = (command.to_owned(), Some(text.to_owned()));
            Act::Runs(Typed { command, until, ..Typed::default() })
        }),
        "Ctrl-C" => Some(Act::Interrupt(rest.to_owned())),
        "port" => Some(Act::Port(rest.to_owned())),
        "folder" => Some(Act::Folder(rest.to_owned())),
        _ => None,
    }
}

fn mark(marks: &mut Marks, line: usize, directive: &str) -> Result<(), Fault> {
    marks.line = line;
    let after = |start: &str| directive.strip_prefix(start).map(|rest| rest.trim().to_owned());
    if let Some(reason) = after("not run:").filter(|reason| !reason.is_empty()) {
        marks.reason = Some(reason);
    } else if let Some(text) = after("stays until ").filter(|text| !text.is_empty()) {
        marks.until = Some(text);
    } else if let Some(code) = after("ends with ").and_then(|code| code.parse().ok()) {
        marks.code = Some(code);
    } else if let Some(path) = after("file ") {
        marks.file = Some((path, false));
    } else if let Some(path) = after("appended to ") {
        marks.file = Some((path, true));
    } else {
        return Err((line, format!("`{directive}` is no directive of a transcript")));
    }
    Ok(())
}

/// A block's steps.
fn block(
    steps: &mut Vec<Step>,
    marks: Marks,
    (line, kind): (usize, &str),
    inside: &[&str],
) -> Result<(), Fault> {
    if let Some((path, append)) = marks.file {
        let text = inside.iter().map(|line| format!("{line}\n")).collect();
        steps.push(Step { line, act: Act::Write { path, text, append } });
        return Ok(());
    }
    if kind != CONSOLE {
        return match marks.line {
            0 => Ok(()),
            line => Err((line, format!("it is for a `{CONSOLE}` block"))),
        };
    }
    if marks.reason.is_some() {
        steps.push(Step { line, act: Act::Shown });
        return Ok(());
    }
    let mut typed = commands(line, inside)?;
    let last = typed.last_mut().ok_or((line, "no line begins with `$ `".to_owned()))?;
    last.1.until = marks.until;
    last.1.code = marks.code.or(last.1.code);
    let types = typed.into_iter().map(|(line, one)| Step { line, act: Act::Type(one) });
    steps.extend(types);
    Ok(())
}

fn commands(line: usize, inside: &[&str]) -> Result<Vec<(usize, Typed)>, Fault> {
    let mut typed: Vec<(usize, Typed)> = Vec::new();
    let mut goes_on = false;
    for (at, text) in inside.iter().enumerate() {
        let line = line + 1 + at;
        match (text.strip_prefix("$ "), typed.last_mut()) {
            (Some(command), _) if !goes_on => {
                let one = Typed { command: command.to_owned(), ..Typed::default() };
                typed.push((line, one));
            }
            (_, Some((_, last))) if goes_on => last.command = format!("{}\n{text}", last.command),
            (_, Some((_, last))) => last.shown.push((*text).to_owned()),
            (_, None) => return Err((line, "begin with a line `$ COMMAND`".to_owned())),
        }
        let is_command = goes_on || text.starts_with("$ ");
        goes_on = is_command && text.ends_with('\\');
    }
    for (_, one) in &mut typed {
        while one.shown.last().is_some_and(|line| line.is_empty()) {
            one.shown.pop();
        }
        one.code = one.shown.iter().find_map(|line| exit_code(line));
    }
    Ok(typed)
}

/// The code of `error[...]: ...        (exit N)`.
fn exit_code(line: &str) -> Option<i32> {
    line.rsplit_once("(exit ")?.1.strip_suffix(')')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(steps: &[Step]) -> Vec<Typed> {
        let mut typed = Vec::new();
        for step in steps {
            if let Act::Type(one) = &step.act {
                typed.push(one.clone());
            }
        }
        typed
    }

    #[test]
    fn a_transcript_is_commands_and_what_they_print() {
        let page =
            "# P\n\n```console\n$ a \\\n  b\n1\n\n$ c   # why\nerror: x        (exit 4)\n```\n";
        let steps = read(page).unwrap();
        let typed = types(&steps);
        assert_eq!(steps.iter().map(|step| step.line).collect::<Vec<_>>(), [4, 8]);
        assert_eq!(typed[0].command, "a \\\n  b");
        assert_eq!((typed[0].shown.as_slice(), typed[0].code), (&["1".to_owned()][..], None));
        assert_eq!((typed[1].command.as_str(), typed[1].code), ("c   # why", Some(4)));
    }

    #[test]
    fn comments_say_what_else_is_done() {
        let page = "<!-- transcript: port 7680 -->\n\
                    <!-- transcript: $ mkdir x -->\n\
                    <!-- transcript: file x/a.toml -->\n```toml\na = 1\n```\n\
                    <!-- transcript: stays until ok -->\n```console\n$ serve\n```\n\
                    <!-- transcript: not run: needs a disk -->\n```console\n$ mkfs\n```\n\
                    <!-- transcript: Ctrl-C serve -->\n";
        let acts: Vec<_> = read(page).unwrap().into_iter().map(|step| step.act).collect();
        let serve =
            Typed { command: "serve".to_owned(), until: Some("ok".to_owned()), ..Typed::default() };
        let path = "x/a.toml".to_owned();
        assert_eq!(
            acts,
            [
                Act::Port("7680".to_owned()),
                Act::Unseen("mkdir x".to_owned()),
                Act::Write { path, text: "a = 1\n".to_owned(), append: false },
                Act::Type(serve),
                Act::Shown,
                Act::Interrupt("serve".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_is_a_fault() {
        let pages = [
            "<!-- transcript: dance -->\n```console\n$ a\n```\n",
            "<!-- transcript: not run: -->\n```console\n$ a\n```\n",
            "<!-- transcript: ends with 1 -->\n```text\na\n```\n",
            "<!-- transcript: ends with 1 -->\nprose\n```console\n$ a\n```\n",
            "<!-- transcript: ends with 1 -->\n",
            "```console\nno command\n```\n",
            "```console\n```\n",
        ];
        for page in pages {
            assert!(read(page).is_err(), "{page}");
        }
    }
}
