//! Fuzz targets: one function for every decoder of bytes from outside, and what feeds them.
//!
//! A target reads its input as the product does and checks what must hold of any input: what is
//! taken has one encoding or one canonical text, what was read again is the same, a proof that is
//! changed convinces nobody, an answer can be written about whatever came in. It panics where that
//! does not hold. [`campaign`] feeds them with seeded changes of valid samples, in the tests and
//! for as long as one likes. Invariant: a target depends on its input alone. Absent: sockets and
//! files, which the corpus of `tests/tests/hostile_input` tries; coverage, which no build here
//! counts.

pub mod campaign;
mod documents;
mod encodings;
mod log;
mod messages;
mod mutator;
mod proofs;
pub mod samples;
mod texts;
mod wallet;

pub use mutator::Mutator;

/// A decoder under test.
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Valid inputs, from which others are made.
    pub samples: fn() -> Vec<Vec<u8>>,
    /// Parts that inputs of this kind are made of, to be put anywhere.
    pub words: &'static [&'static str],
    /// Reads an input and checks what must hold; says whether the input was taken.
    pub run: fn(&[u8]) -> bool,
}

/// All targets of all files, in the order of their layers.
#[must_use]
pub fn targets() -> Vec<&'static Target> {
    let layers = [
        encodings::TARGETS,
        proofs::TARGETS,
        log::TARGETS,
        documents::TARGETS,
        messages::TARGETS,
        texts::TARGETS,
        wallet::TARGETS,
    ];
    layers.into_iter().flatten().collect()
}

/// The target of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    targets().into_iter().find(|target| target.name == name)
}

/// The text of an input, where the product reads only UTF-8.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Checks that reading what was written gives the same text again.
fn settles(first: &str, read: impl Fn(&str) -> Option<String>) {
    let again = read(first);
    assert_eq!(again.as_deref(), Some(first), "what was written does not read back");
}
