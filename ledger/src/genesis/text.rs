//! Text forms of names and keys within JSON documents.
//!
//! Invariants: one value has one text, and reading refuses every other spelling of it, so a
//! document reads back as it was written. Absent: the documents themselves (see `json`, `member`,
//! `keyfile`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::crypto::{PublicKey, Signature, Suite};
use crate::hash::Hash;
use crate::ids::{Bic, Network};

/// A value that a document carries as text.
pub(crate) trait TextForm: Sized {
    /// The value's one text.
    fn to_text(&self) -> String;

    /// Reads that text; the error says what to write instead.
    fn from_text(text: &str) -> Result<Self, String>;
}

impl TextForm for Bic {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

impl TextForm for Network {
    fn to_text(&self) -> String {
        match self {
            Self::Production => "production",
            Self::Test => "test",
            Self::Devnet => "devnet",
        }
        .to_owned()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|network| network.to_text() == text);
        known.ok_or_else(|| {
            format!("\"{}\" is no network. Write production, test or devnet", excerpt(text))
        })
    }
}

impl TextForm for Suite {
    fn to_text(&self) -> String {
        match self {
            Self::Ed25519Blake3 => "ed25519-blake3",
            #[cfg(feature = "test-suite")]
            Self::KeyedHash => "keyed-hash",
        }
        .to_owned()
    }

    /// The suite for simulations has no text that is read: no document can start a network with it.
    fn from_text(text: &str) -> Result<Self, String> {
        if text == Self::Ed25519Blake3.to_text() {
            Ok(Self::Ed25519Blake3)
        } else {
            Err(format!("\"{}\" is no crypto suite. Write ed25519-blake3", excerpt(text)))
        }
    }
}

impl TextForm for PublicKey {
    fn to_text(&self) -> String {
        self.to_hex()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let key = Self::from_hex(text).filter(|key| key.to_hex() == text);
        key.ok_or_else(|| {
            format!("\"{}\" is no key. Write 64 lower-case hexadecimal digits", excerpt(text))
        })
    }
}

impl TextForm for Signature {
    fn to_text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        let halves = text.split_at_checked(64);
        let halves =
            halves.and_then(|(left, right)| Hash::from_hex(left).zip(Hash::from_hex(right)));
        let signature = halves.map(|(left, right)| {
            let mut bytes = [0; 64];
            bytes[..32].copy_from_slice(&left.0);
            bytes[32..].copy_from_slice(&right.0);
            Self(bytes)
        });
        signature.filter(|signature| signature.to_text() == text).ok_or_else(|| {
            format!(
                "\"{}\" is no signature. Write 128 lower-case hexadecimal digits",
                excerpt(text)
            )
        })
    }
}

/// The start of a refused text: enough to find it, never a whole secret.
fn excerpt(text: &str) -> String {
    let short: String = text.chars().take(20).collect();
    if short.len() < text.len() { format!("{short}...") } else { short }
}

/// A value inside a list or an option.
struct Text<T>(T);

impl<T: TextForm> Serialize for Text<&T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_text())
    }
}

impl<'de, T: TextForm> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::from_text(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// For `#[serde(with = ...)]` on one value.
pub(crate) mod one {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Text, TextForm};

    pub(crate) fn serialize<T: TextForm, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Text(value).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: TextForm, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        Text::deserialize(deserializer).map(|text| text.0)
    }
}

/// For `#[serde(with = ...)]` on a list.
pub(crate) mod list {
    use super::{Deserialize, Deserializer, Serializer, Text, TextForm};

    pub(crate) fn serialize<T: TextForm, S: Serializer>(
        values: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(Text))
    }

    pub(crate) fn deserialize<'de, T: TextForm, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let texts = Vec::<Text<T>>::deserialize(deserializer)?;
        Ok(texts.into_iter().map(|text| text.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<T: TextForm + PartialEq + std::fmt::Debug>(value: T) {
        assert_eq!(T::from_text(&value.to_text()).unwrap(), value);
    }

    #[test]
    fn values_round_trip() {
        round_trip(Bic::parse("PSBCCNBJ").unwrap());
        Network::ALL.into_iter().for_each(round_trip);
        round_trip(Suite::Ed25519Blake3);
        round_trip(PublicKey([0xab; 32]));
        round_trip(Signature([0xcd; 64]));
    }

    #[test]
    fn other_spellings_are_refused() {
        assert!(PublicKey::from_text(&"AB".repeat(32)).is_err());
        assert!(PublicKey::from_text("ab").is_err());
        assert!(Signature::from_text(&"飞".repeat(40)).is_err());
        assert!(Signature::from_text(&"ab".repeat(65)).is_err());
        assert!(Network::from_text("Production").is_err());
        assert!(Suite::from_text("keyed-hash").is_err());
        assert!(Bic::from_text("psbccnbj").is_err());
    }

    #[test]
    fn a_refused_text_is_shown_in_part_only() {
        let error = PublicKey::from_text(&"x".repeat(64)).unwrap_err();
        assert!(error.contains("xxxxxxxxxxxxxxxxxxxx...") && !error.contains(&"x".repeat(21)));
    }
}
