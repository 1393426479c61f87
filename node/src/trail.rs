//! The audit log: who called what on this node's API, and what was answered.
//!
//! A chain of records in files of `HOME/audit`, one JSON object a line, each with the hash of the
//! one before. Invariants: a record is only ever added behind the last one; what was waited for is
//! durable; once a write has failed nothing is taken any more, so no call is made that would not be
//! recorded; what an unfinished write left is cut off, and a record says so. Absent: what calls
//! mean (see `http::access`); the check of the ledger (see `crate::audit`).

mod head;
mod reader;
mod record;
mod writer;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ledger::crypto::SecretKey;
use ledger::ids::Timestamp;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

use crate::home::now;
use writer::Writer;

pub use head::{Head, read as read_head};
pub use reader::{Bad, Reading, Unfinished, read};
pub use record::{Entry, Fault, Kind, Link, Record};

/// The folder, in the home.
pub const FOLDER: &str = "audit";

/// How many entries wait at most; more than requests can be at work.
const QUEUE: usize = 1 << 18;

/// How many entries are made durable at once at most.
const GROUP: usize = 512;

/// How often the head is signed and written beside the chain, if something was added.
const HEAD_EVERY: Duration = Duration::from_secs(10);

/// How often a running node says in its log where the chain ends, if something was added.
const SAID_EVERY: Duration = Duration::from_secs(3600);

/// What an audit log is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of its files.
    pub folder: PathBuf,
    /// The size at which a new file is begun.
    pub file_bytes: u64,
    /// Signs the head.
    pub key: SecretKey,
    /// The chain id in words, and the node's institution.
    pub owner: String,
}

/// The audit log cannot be written: the call must not be made, or its record may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written")]
pub struct NotRecorded;

/// What the writer's thread is given.
struct Job {
    entry: Entry,
    /// Told when the record is durable.
    done: Option<oneshot::Sender<()>>,
}

/// A running node's audit log. Dropping it waits until everything is written.
#[derive(Debug)]
pub struct Trail {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The last durable record.
    last: Mutex<Option<Link>>,
    failed: AtomicBool,
}

impl Shared {
    fn fail(&self, error: &io::Error) {
        self.failed.store(true, Ordering::Release);
        tracing::error!(%error, "the audit log cannot be written; what it would record is refused");
    }
}

impl Trail {
    /// Opens the log and adds what its end and `opened` have to say. A log that cannot be opened
    /// takes nothing.
    pub fn start(settings: Settings, opened: Entry) -> Self {
        let shared = Arc::new(Shared::default());
        let writer = match open(&settings, opened) {
            Ok(writer) => writer,
            Err(error) => {
                shared.fail(&error);
                return Self { jobs: None, thread: None, shared };
            }
        };
        *shared.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer.last());
        tell(writer.last());
        let (jobs, waiting) = bounded(QUEUE);
        let keeper = Keeper { settings, writer, shared: shared.clone() };
        let thread = std::thread::Builder::new().name("audit".to_owned());
        match thread.spawn(move || keeper.run(&waiting)) {
            Ok(thread) => Self { jobs: Some(jobs), thread: Some(thread), shared },
            Err(error) => {
                shared.fail(&error);
                Self { jobs: None, thread: None, shared }
            }
        }
    }

    /// False once a write has failed: then nothing is taken until the node starts again.
    pub fn is_writable(&self) -> bool {
        self.jobs.is_some() && !self.shared.failed.load(Ordering::Acquire)
    }

    /// Adds a record without waiting for it.
    ///
    /// # Errors
    /// [`NotRecorded`].
    pub fn note(&self, entry: Entry) -> Result<(), NotRecorded> {
        self.give(Job { entry, done: None })
    }

    /// Adds a record and waits until it is durable.
    ///
    /// # Errors
    /// [`NotRecorded`]; part of it may be on disk.
    pub async fn record(&self, entry: Entry) -> Result<(), NotRecorded> {
        let (done, durable) = oneshot::channel();
        self.give(Job { entry, done: Some(done) })?;
        durable.await.map_err(|_| NotRecorded)
    }

    /// The last durable record.
    pub fn last(&self) -> Option<Link> {
        *self.shared.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, job: Job) -> Result<(), NotRecorded> {
        if !self.is_writable() {
            return Err(NotRecorded);
        }
        let jobs = self.jobs.as_ref().ok_or(NotRecorded)?;
        jobs.try_send(job).map_err(|_| NotRecorded)
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        // The thread ends when the last sender is gone.
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of the audit log failed");
        }
    }
}

/// Opens the chain and adds what is to be said of its end.
fn open(settings: &Settings, opened: Entry) -> io::Result<Writer> {
    let (head, unread) = match head::read(&settings.folder) {
        Ok(head) => (head, None),
        Err(error) => (None, Some(Entry::new(Kind::Damaged, now()).detail(error.to_string()))),
    };
    let (mut writer, mut entries) =
        Writer::open(&settings.folder, settings.file_bytes, head.as_ref(), now())?;
    entries.extend(unread);
    for Entry { kind, detail, .. } in &entries {
        let (kind, detail) = (kind.word(), detail.as_deref().unwrap_or_default());
        tracing::warn!(kind, detail, "the end of the audit log was not whole");
    }
    entries.push(opened);
    writer.append(entries)?;
    sign(settings, writer.last(), now())?;
    Ok(writer)
}

fn sign(settings: &Settings, last: Link, at: Timestamp) -> io::Result<()> {
    let head = Head::sign(&settings.owner, &settings.key, last, at);
    head.write(&settings.folder)
}

fn tell(last: Link) {
    let Link { sequence, hash } = last;
    tracing::info!(sequence, hash = %hash.to_hex(), "the audit log's last record");
}

/// The thread that writes.
struct Keeper {
    settings: Settings,
    writer: Writer,
    shared: Arc<Shared>,
}

impl Keeper {
    /// Writes what comes until nobody can give anything any more.
    fn run(mut self, jobs: &Receiver<Job>) {
        let (mut signed, mut said) = ((self.writer.last(), Instant::now()), Instant::now());
        loop {
            match jobs.recv_timeout(HEAD_EVERY) {
                Ok(first) => {
                    let group = std::iter::once(first).chain(jobs.try_iter().take(GROUP));
                    if let Err(error) = self.write(group.collect()) {
                        return self.shared.fail(&error);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let last = self.writer.last();
            if last != signed.0 && signed.1.elapsed() >= HEAD_EVERY {
                if let Err(error) = sign(&self.settings, last, now()) {
                    return self.shared.fail(&error);
                }
                signed = (last, Instant::now());
            }
            if said.elapsed() >= SAID_EVERY {
                tell(last);
                said = Instant::now();
            }
        }
        self.close();
    }

    fn write(&mut self, jobs: Vec<Job>) -> io::Result<()> {
        let (entries, waiting): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|Job { entry, done }| (entry, done)).unzip();
        self.writer.append(entries)?;
        let last = Some(self.writer.last());
        *self.shared.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
        for done in waiting.into_iter().flatten() {
            // Whoever waited may have gone.
            let _ = done.send(());
        }
        Ok(())
    }

    fn close(mut self) {
        let closed = Entry::new(Kind::Closed, now());
        let last = self.writer.append(vec![closed]).map(|()| self.writer.last());
        match last.and_then(|last| sign(&self.settings, last, now()).map(|()| last)) {
            Ok(last) => tell(last),
            Err(error) => self.shared.fail(&error),
        }
    }
}

#[cfg(test)]
mod tests;
