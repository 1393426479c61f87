//! What is wrong with a configuration, and what was probably meant.
//!
//! Invariants: an error names the line or the key. Absent: the values of secrets; the configuration
//! has none.

/// Why a configuration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A key that does not exist.
    #[error("line {line}: there is no key `{key}` here. {advice}")]
    UnknownKey {
        /// Where, from 1.
        line: usize,
        /// The key.
        key: String,
        /// The nearest key, or all there are.
        advice: String,
    },
    /// Not readable as TOML of this shape.
    #[error("line {line}: {reason}")]
    Shape {
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A value out of its bounds.
    #[error("{key}: {reason}")]
    Value {
        /// The key, with its section.
        key: &'static str,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// The configuration cannot be written as text.
    #[error("the configuration cannot be written: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
}

impl ConfigError {
    pub(super) fn value(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Value { key, reason: reason.into() }
    }

    /// Says what the reader of TOML found, with the nearest key for an unknown one.
    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
        let message = error.message();
        // The reader's message lists the keys that exist here: "unknown field `a`, expected `b` or
        // `c`".
        let mut quoted = message.split('`').skip(1).step_by(2);
        match (message.starts_with("unknown field"), quoted.next()) {
            (true, Some(key)) => {
                let advice = advice(key, &quoted.collect::<Vec<_>>());
                Self::UnknownKey { line, key: key.to_owned(), advice }
            }
            (true | false, _) => Self::Shape { line, reason: message.to_owned() },
        }
    }
}

/// The nearest of the known words, or all of them.
pub(super) fn advice(key: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|name| (distance(key, name), *name)).min();
    match nearest {
        Some((distance, name)) if distance <= name.len().div_ceil(2) => {
            format!("Did you mean `{name}`?")
        }
        Some(_) | None => format!("Keys here: {}", known.join(", ")),
    }
}

/// How many letters must be changed, added or left out to make one word of the other (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, to) in right.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (left, right, expected) in
            [("", "", 0), ("a", "", 1), ("listen", "lisen", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn the_nearest_key_is_advised_and_all_where_none_is_near() {
        let known = ["listen", "requests", "wait_seconds"];
        assert_eq!(advice("lisen", &known), "Did you mean `listen`?");
        assert_eq!(advice("wait", &known), "Keys here: listen, requests, wait_seconds");
        assert_eq!(advice("x", &[]), "Keys here: ");
    }
}
