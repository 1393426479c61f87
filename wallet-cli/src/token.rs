//! An operator's token: who one is to the node of one's own institution.
//!
//! Invariants: it comes from a file that nobody else can read, or from the environment, never from
//! an argument; it goes to one node, the first, over https or within this machine; it is shown
//! nowhere and wiped from memory. Absent: tokens' making (`feiqian-node operator add`).

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

use crate::code::Own;
use crate::fault::{Fault, in_file};
use crate::files;
use crate::language::{Text, say};
use crate::node;

/// What every token begins with.
const PREFIX: &str = "fqop_";

const MAXIMUM_BYTES: usize = 1024;

/// A token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(Zeroizing<String>);

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

/// Where a token comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// `--token-file` or `FEIQIAN_TOKEN_FILE`; its first line is the token.
    pub(crate) file: Option<PathBuf>,
    /// `FEIQIAN_TOKEN`.
    pub(crate) value: Option<Token>,
}

impl Source {
    /// The token for a profile that may name a file, too, and whose first node is at `node`.
    ///
    /// # Errors
    /// A usage fault if it cannot be used.
    pub(crate) fn find(
        &self,
        profile: Option<&Path>,
        node: Option<&String>,
    ) -> Result<Option<Token>, Fault> {
        let token = match (self.file.as_deref(), &self.value, profile) {
            (Some(file), _, _) | (None, None, Some(file)) => Some(Token::read(file)?),
            (None, Some(token), _) => Some(token.check()?),
            (None, None, None) => None,
        };
        match node.filter(|node| !node.starts_with("https://") && !node::is_loopback(node)) {
            Some(node) if token.is_some() => {
                let detail =
                    say!("{node} would get the token in the clear.", "令牌将以明文发送到 {node}。");
                let hint = say!(
                    "Name the node by its https URL, or leave the token out.",
                    "请使用该节点的 https 地址，或不提供令牌。"
                );
                Err(Fault::usage(Own::BadToken, detail, hint))
            }
            Some(_) | None => Ok(token),
        }
    }
}

impl Token {
    /// The token of this text, which is not looked at yet.
    pub(crate) fn of_environment(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The value of the header `Authorization`.
    pub(crate) fn bearer(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Bearer {}", *self.0))
    }

    fn read(path: &Path) -> Result<Self, Fault> {
        let failed = |error: &std::io::Error| Fault::file(path, error);
        let metadata = std::fs::metadata(path).map_err(|error| failed(&error))?;
        // A pipe that a shell hands over is nobody else's.
        if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 {
            let hint = Text::data(format!("chmod 600 {}", path.display()));
            let why = say!("others can read it.", "他人可读取该文件。");
            return Err(Fault::usage(Own::BadToken, in_file(path, &why), hint));
        }
        let text = files::read_text(path, MAXIMUM_BYTES).map(Zeroizing::new);
        let text = text.map_err(|error| failed(&error))?;
        let first = text.lines().next().unwrap_or_default().trim();
        Self(Zeroizing::new(first.to_owned())).check()
    }

    fn check(&self) -> Result<Self, Fault> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if self.0.starts_with(PREFIX) && self.0.bytes().all(plain) {
            return Ok(self.clone());
        }
        let detail = say!("That is no operator's token.", "这不是操作员令牌。");
        let hint = say!(
            "A token begins with fqop_. Ask who runs the node for it.",
            "令牌以 fqop_ 开头。请向节点运营方索取。"
        );
        Err(Fault::usage(Own::BadToken, detail, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const GOOD: &str = "fqop_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn the_first_line_of_a_private_file_by_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for (text, mode, expected) in [
            (format!("{GOOD}\n"), 0o600, Ok(GOOD)),
            (format!("{GOOD}\r\nsecond\n"), 0o400, Ok(GOOD)),
            (GOOD.to_owned(), 0o644, Err("bad-token")),
            (GOOD.to_owned(), 0o660, Err("bad-token")),
            (String::new(), 0o600, Err("bad-token")),
            ("hunter2".to_owned(), 0o600, Err("bad-token")),
            (format!("{GOOD}\u{202e}"), 0o600, Err("bad-token")),
            ("x".repeat(2000), 0o600, Err("file")),
        ] {
            let _gone = fs::remove_file(&path);
            fs::write(&path, &text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let source = Source { file: Some(path.clone()), value: None };
            let found = source.find(None, None);
            let found = found.map(|token| token.unwrap().0.to_string());
            let found = found.map_err(|fault| fault.code.text().to_owned());
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{text:?}");
        }
    }

    #[test]
    fn a_token_goes_nowhere_in_the_clear() {
        let value = Some(Token::of_environment(GOOD.to_owned()));
        let source = Source { file: None, value };
        for (node, good) in [
            ("https://node.bank.example", true),
            ("http://127.0.0.1:7680", true),
            ("http://localhost:7680", true),
            ("http://node.bank.example", false),
            ("http://10.0.0.7:7680", false),
            ("ftp://node.bank.example", false),
        ] {
            let node = node.to_owned();
            assert_eq!(source.find(None, Some(&node)).is_ok(), good, "{node}");
            assert_eq!(Source::default().find(None, Some(&node)).unwrap(), None);
        }
        assert!(!format!("{source:?}").contains(GOOD));
    }
}
