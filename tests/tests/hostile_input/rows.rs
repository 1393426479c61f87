//! A row of the corpus: what was given to which reader, what it said, and what it has to say.

use std::collections::BTreeSet;

/// One refused input.
pub(crate) struct Row {
    /// Who reads.
    pub(crate) reader: String,
    /// What is wrong with the input.
    pub(crate) class: String,
    /// The input.
    pub(crate) input: Vec<u8>,
    /// The refusal, or `None` if the input was taken.
    pub(crate) refusal: Option<String>,
    /// What the refusal must contain; every row names its refusal.
    pub(crate) expected: String,
}

impl Row {
    pub(crate) fn new(
        (reader, class): (&str, &str),
        input: &[u8],
        refusal: Option<String>,
        expected: &str,
    ) -> Self {
        Self {
            reader: reader.to_owned(),
            class: class.to_owned(),
            input: input.to_vec(),
            refusal,
            expected: expected.to_owned(),
        }
    }
}

/// Checks that every row is refused as it should be; gives the number of distinct inputs.
pub(crate) fn check(rows: &[Row]) -> usize {
    let mut wrong = Vec::new();
    for Row { reader, class, input, refusal, expected } in rows {
        let said = refusal.as_deref().unwrap_or("TAKEN");
        let is_named = !expected.is_empty() && said.contains(expected.as_str());
        if refusal.is_none() || !is_named {
            let said: String = said.chars().take(200).collect();
            let input = String::from_utf8_lossy(input.get(..60).unwrap_or(input)).into_owned();
            wrong.push(format!("{reader} | {class} | {input:?}: {said} | not: {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    rows.iter().map(|row| (&row.reader, &row.input)).collect::<BTreeSet<_>>().len()
}

/// The name of an error's variant, as its `Debug` form begins.
pub(crate) fn variant(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}
