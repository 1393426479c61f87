//! The only module that prints.
//!
//! Invariants: with `--output json` standard output carries one JSON document and nothing else, and
//! faults go to standard error as problem documents. Colour only on terminals and without
//! `NO_COLOR`. Absent: the making of texts.

use clap::ValueEnum;
use serde::Serialize;
use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fault::Fault;
use crate::language::{Language, Text, say};

/// What standard output carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    #[default]
    Text,
    /// One JSON document for programs.
    Json,
}

const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const RED: &str = "\u{1b}[31m";
const PLAIN: &str = "\u{1b}[0m";

/// The terminal's second screen, cleared; and back to the first.
const ENTER_SCREEN: &str = "\u{1b}[?1049h\u{1b}[2J\u{1b}[H";
const LEAVE_SCREEN: &str = "\u{1b}[2J\u{1b}[?1049l";

/// A screen that holds a secret.
#[derive(Debug)]
pub(crate) struct PrivateScreen;

static IS_SCREEN_OPEN: AtomicBool = AtomicBool::new(false);

impl PrivateScreen {
    /// Goes back to the first screen, if this process has left it.
    pub(crate) fn clear_if_open() {
        if IS_SCREEN_OPEN.swap(false, Ordering::SeqCst) {
            let mut stdout = std::io::stdout();
            let _closed = write!(stdout, "{LEAVE_SCREEN}").and_then(|()| stdout.flush());
        }
    }
}

impl Drop for PrivateScreen {
    fn drop(&mut self) {
        Self::clear_if_open();
    }
}

/// Where a command's results go. A closed pipe is not a fault: what happened has happened.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    format: Format,
    /// The language for people.
    pub(crate) language: Language,
    is_line_open: Cell<bool>,
}

impl Output {
    /// Output in this format.
    pub(crate) fn new(format: Format) -> Self {
        Self { format, language: Language::of_process(), is_line_open: Cell::new(false) }
    }

    /// The format.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// A command's one result: lines for people, or the document for programs.
    pub(crate) fn result(&self, text: &Text, document: &impl Serialize) {
        match self.format {
            Format::Text => self.line(text),
            Format::Json => {
                // Documents hold strings, numbers and lists: they always render.
                let json = serde_json::to_string_pretty(document).unwrap_or_default();
                let _closed = writeln!(anstream::stdout(), "{json}");
            }
        }
    }

    /// A line for people.
    pub(crate) fn line(&self, text: &Text) {
        if self.format == Format::Text {
            self.end_line();
            let _closed = writeln!(anstream::stdout(), "{}", text.of(self.language));
        }
    }

    /// A step that went well, on a line that goes on.
    pub(crate) fn step(&self, what: &Text) {
        let what = what.of(self.language);
        let gap = if self.is_line_open.get() { "   " } else { "  " };
        self.part(&format!("{gap}{what} {GREEN}ok{PLAIN}"));
    }

    /// Text at the beginning of a line that goes on.
    pub(crate) fn begin(&self, text: &Text) {
        if self.format == Format::Text {
            self.end_line();
            self.part(text.of(self.language));
        }
    }

    /// What reads the same in every language, on a line that goes on.
    pub(crate) fn part(&self, text: &str) {
        if self.format == Format::Text {
            self.is_line_open.set(true);
            let mut stdout = anstream::stdout();
            let _closed = write!(stdout, "{text}").and_then(|()| stdout.flush());
        }
    }

    /// A sign that the command still waits, for a person at a terminal.
    pub(crate) fn waiting(&self) {
        if self.is_terminal() {
            self.part(".");
        }
    }

    /// A warning for people, on standard error.
    pub(crate) fn warning(&self, text: &Text) {
        if self.format == Format::Text {
            self.end_line();
            let word = say!("warning:", "警告：");
            let (word, text) = (word.of(self.language), text.of(self.language));
            let _closed = writeln!(anstream::stderr(), "{YELLOW}{word}{PLAIN} {text}");
        }
    }

    /// A question for a person at a terminal, on standard error, without a line end.
    pub(crate) fn question(&self, text: &Text) {
        let (mut stderr, text) = (anstream::stderr(), text.of(self.language));
        let _closed = write!(stderr, "{text} ").and_then(|()| stderr.flush());
    }

    /// Bytes as they are: a file that goes to standard output.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let mut stdout = std::io::stdout();
        let _closed = stdout.write_all(bytes).and_then(|()| stdout.flush());
    }

    /// True if a person reads standard output.
    pub(crate) fn is_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Shows text on a screen of its own, which is gone, and not in the terminal's history, once
    /// the answer is dropped.
    pub(crate) fn private_screen(&self, text: &str) -> PrivateScreen {
        let mut stdout = std::io::stdout();
        IS_SCREEN_OPEN.store(true, Ordering::SeqCst);
        let _closed = write!(stdout, "{ENTER_SCREEN}{text}").and_then(|()| stdout.flush());
        PrivateScreen
    }

    /// The fault that ends the command.
    pub(crate) fn fault(&self, fault: &Fault) {
        self.end_line();
        let mut stderr = anstream::stderr();
        let _closed = match self.format {
            Format::Text => {
                let (word, text) = (say!("error", "错误"), fault.text());
                // What is wrong may quote a file, a request or a node.
                let word = word.of(self.language);
                let text = ledger::text::shown(text.of(self.language));
                writeln!(stderr, "{RED}{word}[{}]:{PLAIN} {text}", fault.code.text())
            }
            Format::Json => {
                let json = serde_json::to_string_pretty(&fault.document()).unwrap_or_default();
                writeln!(stderr, "{json}")
            }
        };
    }

    /// Help that was asked for.
    pub(crate) fn help(&self, text: &str) {
        let _closed = write!(anstream::stdout(), "{text}");
    }

    /// A usage error in the words of the command line's parser.
    pub(crate) fn usage(&self, text: &str) {
        let _closed = write!(anstream::stderr(), "{text}");
    }

    fn end_line(&self) {
        if self.is_line_open.replace(false) {
            let _closed = writeln!(anstream::stdout());
        }
    }
}
