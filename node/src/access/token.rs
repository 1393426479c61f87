//! Tokens: 256 random bits in letters, and the hash by which a node knows one.
//!
//! Invariants: a token's text is wiped from memory and is in no error, log or file of the home;
//! hashes are compared in a time that does not depend on them. Absent: salts and slow hashes, which
//! are for secrets that people think up.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// What every token begins with, so that scanners of files and repositories find one that leaked.
const PREFIX: &str = "fqop_";

/// The characters behind the prefix: 32 bytes in base64 without padding.
const CHARACTERS: usize = 43;

/// The domain of the hash.
const DOMAIN: &str = "feiqian/operator-token/v1";

/// A token.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

impl Token {
    /// The token of this entropy.
    pub fn new(entropy: [u8; 32]) -> Self {
        let entropy = Zeroizing::new(entropy);
        Self(Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(*entropy))))
    }

    /// Reads a token; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_token = rest.len() == CHARACTERS && rest.bytes().all(plain);
        is_token.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, to be handed over.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash by which it is known.
    pub fn hash(&self) -> TokenHash {
        let mut hasher = blake3::Hasher::new_derive_key(DOMAIN);
        hasher.update(self.0.as_bytes());
        TokenHash(hasher.finalize())
    }
}

/// A token's hash. Two are compared in constant time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash(blake3::Hash);

impl TryFrom<String> for TokenHash {
    type Error = blake3::HexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        blake3::Hash::from_hex(text).map(Self)
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hash.0.to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_is_written_and_shown_by_no_debug_text() {
        let token = Token::new([0xa5; 32]);
        assert_eq!(token.reveal().len(), 48);
        assert_eq!(Token::parse(token.reveal()).unwrap().hash(), token.hash());
        assert_ne!(Token::new([0xa6; 32]).hash(), token.hash());
        assert_eq!(format!("{token:?}"), "Token");
        let hash = String::from(token.hash());
        assert_eq!(TokenHash::try_from(hash.clone()).unwrap(), token.hash());
        assert!(!hash.contains(&token.reveal()[5..]));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let good = Token::new([1; 32]).reveal().to_owned();
        let long = format!("{good}A");
        let short = good[..47].to_owned();
        let padded = format!("{}=", &good[..47]);
        let case = good.replacen("fqop_", "FQOP_", 1);
        for bad in ["", "fqop_", &long, &short, &padded, &case, " ", &format!(" {good}")] {
            assert!(Token::parse(bad).is_none(), "{bad:?}");
        }
    }
}
