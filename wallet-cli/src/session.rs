//! A session: what every command has at hand.
//!
//! Invariants: the profile is found only when a command needs it, so that keys can be made and
//! codes explained without any network. Absent: the commands.

use std::ffi::OsString;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::Options;
use crate::code::Own;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::folders::Folders;
use crate::language::{Text, say};
use crate::network::Network;
use crate::outbox::Outbox;
use crate::output::Output;
use crate::passphrase::Passphrases;
use crate::profile::{Profile, Selection};
use crate::token::{self, Token};

/// How long one question to a node may take.
const QUESTION: Duration = Duration::from_secs(5);

/// What every command has at hand.
pub(crate) struct Session {
    /// Where results go.
    pub(crate) output: Output,
    /// The wallet's folders.
    pub(crate) folders: Folders,
    /// Where passphrases come from.
    pub(crate) passphrases: Passphrases,
    /// How long to wait for an outcome.
    pub(crate) timeout: Duration,
    selection: Selection,
    token: token::Source,
    yes: bool,
}

impl Session {
    /// A session with these options.
    ///
    /// # Errors
    /// A usage fault if there is no home folder.
    pub(crate) fn new(options: Options) -> Result<Self, Fault> {
        let text = |name| variable(name).and_then(|value| value.into_string().ok());
        let path = |name| variable(name).map(PathBuf::from);
        let mut apis = options.api;
        if apis.is_empty() {
            apis.extend(text("FEIQIAN_API"));
        }
        Ok(Self {
            output: Output::new(options.output),
            folders: Folders::find(path("FEIQIAN_HOME"))?,
            passphrases: Passphrases {
                file: options.password_file.or_else(|| path("FEIQIAN_PASSWORD_FILE")),
            },
            timeout: Duration::from_secs(options.timeout),
            selection: Selection {
                name: options.profile.or_else(|| text("FEIQIAN_PROFILE")),
                devnet: path("FEIQIAN_DEVNET"),
                apis,
            },
            token: token::Source {
                file: options.token_file.or_else(|| path("FEIQIAN_TOKEN_FILE")),
                value: text("FEIQIAN_TOKEN").map(Token::of_environment),
            },
            yes: options.yes,
        })
    }

    /// The profile, with the token for its first node.
    ///
    /// # Errors
    /// As for [`Profile::find`]; a usage fault for a token that cannot be used.
    pub(crate) fn profile(&self) -> Result<Profile, Fault> {
        let mut profile = Profile::find(&self.folders, &self.selection)?;
        let (file, node) = (profile.token_file.as_deref(), profile.apis.first());
        profile.token = self.token.find(file, node)?;
        Ok(profile)
    }

    /// The profile's nodes.
    pub(crate) fn network(&self, profile: &Profile) -> Network {
        Network::new(profile, QUESTION.min(self.timeout))
    }

    /// The outbox.
    pub(crate) fn outbox(&self) -> Outbox {
        Outbox::new(&self.folders)
    }

    /// True if a person can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    /// Asks a person for a line.
    ///
    /// # Errors
    /// A usage fault that names `flag` where nobody can be asked.
    pub(crate) fn ask(&self, question: &Text, flag: &str) -> Result<String, Fault> {
        if !self.can_ask() {
            let why = say!(
                "An answer is needed, and standard input is no terminal.",
                "需要回答，而标准输入不是终端。"
            );
            return Err(Fault::missing(flag, why));
        }
        self.output.question(question);
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        match read {
            Ok(length) if length > 0 => Ok(answer),
            Ok(_) | Err(_) => Err(not_confirmed()),
        }
    }

    /// Asks a person whether to go on, showing `summary`.
    ///
    /// # Errors
    /// Exit 5 for a no; a usage fault that names `--yes` where nobody can be asked.
    pub(crate) fn confirm(&self, summary: &Text, question: &Text) -> Result<(), Fault> {
        if self.yes {
            return Ok(());
        }
        let asked = say!(
            "{summary}\n{question} [y/N]",
            "{summary}\n{question} [y/N]";
            summary = summary, question = question
        );
        let answer = self.ask(&asked, "--yes")?;
        if matches!(answer.trim(), "y" | "Y" | "yes" | "是") {
            Ok(())
        } else {
            Err(not_confirmed())
        }
    }

    /// True if nobody is to be asked.
    pub(crate) const fn is_sure(&self) -> bool {
        self.yes
    }

    /// Asks a person to type an amount again, to be sure that it was read.
    ///
    /// # Errors
    /// Exit 5 for anything else.
    pub(crate) fn retype(
        &self,
        question: &Text,
        is_it: impl Fn(&str) -> bool,
    ) -> Result<(), Fault> {
        if self.yes {
            return Ok(());
        }
        let answer = self.ask(question, "--yes")?;
        if is_it(answer.trim()) { Ok(()) } else { Err(not_confirmed()) }
    }
}

fn not_confirmed() -> Fault {
    let detail = say!("You did not confirm.", "您未确认。");
    let hint = say!("Nothing was sent.", "未发送任何内容。");
    Fault::new(Exit::NotSent, Own::NotConfirmed, detail, hint)
}

/// An environment variable; one that is empty counts as not set.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
