//! What the clients saw: every payment with everything that was answered, and every reading.
//!
//! It is kept in memory for the judges, and in a file, a line of JSON each, for people.
//! Invariants: what is written here was seen by a client, in the client's own order; moments are
//! of one clock. Absent: judgement (`judge`).

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde::Serialize;

use crate::devnet::DevnetError;

/// What came of one sending of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is final, and settled.
    Settled {
        /// In which block.
        block: u64,
    },
    /// It is final, and rejected.
    Rejected {
        /// Why.
        code: String,
    },
    /// The node refuses it; by its word nothing was paid, unless it was sent before.
    Refused {
        /// Why.
        code: String,
    },
    /// Nothing is known.
    Unknown {
        /// What happened instead of an answer.
        reason: String,
    },
}

/// One sending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The node that was asked.
    pub node: usize,
    /// When, in milliseconds since the run began.
    pub asked_ms: u64,
    /// When the answer came, or the client gave up on it.
    pub answered_ms: u64,
    /// What was answered.
    pub answer: Answer,
}

/// How a payment ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It settled in this block.
    Settled(u64),
    /// By the answers, it did not happen.
    NotPaid,
    /// The client has given up.
    Unknown,
}

/// A payment and all that its client saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// Its UETR.
    pub uetr: String,
    /// The account that pays.
    pub from: usize,
    /// The account that is paid.
    pub to: usize,
    /// How much, in minor units of CNY.
    pub amount: u128,
    /// Every sending, in order.
    pub attempts: Vec<Attempt>,
    /// How it ended.
    pub ending: Ending,
}

/// What a reader read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The height of the last final block.
    Height(u64),
    /// An account after a block.
    Account {
        /// Which.
        account: usize,
        /// After the block at this height.
        height: u64,
        /// What it held of CNY, as the node writes it.
        posted: String,
        /// How many entries it had in CNY.
        entries: u64,
    },
    /// A payment that this very node had called final, in `told`.
    Payment {
        /// Its UETR.
        uetr: String,
        /// The block in which the node had said it settled.
        told: u64,
        /// The block in which it says so now; none if it knows nothing of it.
        found: Option<u64>,
    },
}

/// A reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Who read.
    pub reader: usize,
    /// Of which node.
    pub node: usize,
    /// When the answer came, in milliseconds since the run began.
    pub at_ms: u64,
    /// What.
    pub seen: Seen,
}

/// What was seen since the last audit.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The payments.
    pub payments: Vec<Payment>,
    /// The readings, in each reader's order.
    pub readings: Vec<Reading>,
}

/// Writes the history down as it happens.
#[derive(Debug)]
pub struct Recorder {
    begin: Instant,
    path: PathBuf,
    file: Mutex<BufWriter<File>>,
    history: Mutex<History>,
}

impl Recorder {
    /// A recorder into a new file.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub fn create(path: &Path) -> Result<Self, DevnetError> {
        let file = File::create(path).map_err(|error| DevnetError::file(path, &error))?;
        let (file, history) = (Mutex::new(BufWriter::new(file)), Mutex::default());
        Ok(Self { begin: Instant::now(), path: path.to_owned(), file, history })
    }

    /// Milliseconds since the run began.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Takes a payment that has ended for its client.
    pub fn payment(&self, payment: Payment) {
        self.write(&payment);
        self.history.lock().unwrap_or_else(PoisonError::into_inner).payments.push(payment);
    }

    /// Takes a reading.
    pub fn reading(&self, reading: Reading) {
        self.write(&reading);
        self.history.lock().unwrap_or_else(PoisonError::into_inner).readings.push(reading);
    }

    /// What was seen since the last call.
    ///
    /// # Errors
    /// [`DevnetError::File`] if the file lacks a line of it.
    pub fn take(&self) -> Result<History, DevnetError> {
        let flushed = self.file.lock().unwrap_or_else(PoisonError::into_inner).flush();
        flushed.map_err(|error| DevnetError::file(&self.path, &error))?;
        Ok(std::mem::take(&mut *self.history.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn write(&self, line: &impl Serialize) {
        // Text and numbers always render; a file that takes no more is told of by `take`.
        let line = serde_json::to_string(line).unwrap_or_default();
        let _written = writeln!(self.file.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
    }
}
