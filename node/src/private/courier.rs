//! Brings private data to the institutions that are owed it, and takes in what others send.
//!
//! Invariants: a payment's private part is sent once the payment is final, and again, ever more
//! rarely, until it is acknowledged; what is taken in is compared with the ledger's commitment
//! first, and durable before it is acknowledged. Absent: what is owed (the records know); an order
//! among messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ledger::codec;
use ledger::ids::{Height, InstitutionNumber, Uetr};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::Private;
use super::commitment::Committed;
use super::key::DataPublicKey;
use super::message::{DataMessage, NotKept, PrivateRecord, label};
use crate::driver::{Driver, PrivateFrame};
use crate::home::now;
use crate::http::Phase;
use crate::iso::{Delivery, DeskError, receipts_of};
use crate::readers::Readers;
use crate::store::Store;

/// The most payments of one look at what is owed.
const AT_ONCE: usize = 256;

/// The shortest pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// How long what is owed to a node without a connection, or without an answer, is left alone.
const REST: Duration = Duration::from_secs(2);

/// The longest pause before a payment's private part is sent again.
const LONGEST: Duration = Duration::from_secs(600);

/// The courier of a node.
struct Courier {
    private: Arc<Private>,
    driver: Arc<Driver>,
    readers: Readers,
    /// The data keys of others, as they said themselves.
    keys: BTreeMap<InstitutionNumber, DataPublicKey>,
    /// How often each was sent, and when it is sent again.
    sent: BTreeMap<Uetr, (u32, Instant)>,
    /// Where the next look begins.
    cursor: Option<Uetr>,
    /// When that is.
    look_at: Instant,
    /// True if some payments that are owed were not final yet.
    awaits_blocks: bool,
}

/// Why the courier wakes.
enum Cause {
    /// A frame came.
    Frame(PrivateFrame),
    /// It is time to look at what is owed.
    Time,
    /// There are new orders, or new final payments.
    News,
}

/// Works until `stopped` says so.
pub(crate) async fn start(
    private: Arc<Private>,
    driver: Arc<Driver>,
    mut stopped: watch::Receiver<Phase>,
) {
    let Some(mut frames) = driver.private_frames() else { return };
    let mut courier = Courier {
        private: private.clone(),
        driver: driver.clone(),
        readers: Readers::default(),
        keys: BTreeMap::new(),
        sent: BTreeMap::new(),
        cursor: None,
        look_at: Instant::now(),
        awaits_blocks: false,
    };
    loop {
        let next = Height(driver.view.indexed_height().0.saturating_add(1));
        let awaits_blocks = courier.awaits_blocks;
        let look_at = courier.look_at;
        let cause = tokio::select! {
            _ = stopped.wait_for(|phase| *phase == Phase::Stopping) => return,
            Some(frame) = frames.recv() => Cause::Frame(frame),
            () = sleep_until(look_at) => Cause::Time,
            () = private.ordered.notified() => Cause::News,
            () = driver.view.indexed(next), if awaits_blocks => Cause::News,
        };
        match cause {
            Cause::Frame(frame) => courier.take_all(frame, &mut frames).await,
            Cause::Time => courier.look().await,
            Cause::News => {
                courier.awaits_blocks = false;
                courier.hurry();
            }
        }
    }
}

impl Courier {
    /// Looks soon.
    fn hurry(&mut self) {
        self.look_at = self.look_at.min(Instant::now() + PAUSE);
    }

    /// Looks at what is owed, and sends what is due.
    async fn look(&mut self) {
        self.look_at = Instant::now() + LONGEST;
        if let Err(error) = self.send_due().await {
            tracing::error!(%error, "private data could not be sent");
            self.look_at = Instant::now() + REST;
        }
    }

    async fn send_due(&mut self) -> Result<(), DeskError> {
        let (private, cursor) = (self.private.clone(), self.cursor);
        let owed = self.readers.work(move || private.records.owed(cursor, AT_ONCE)).await?;
        self.cursor = owed.last().filter(|_| owed.len() == AT_ONCE).map(|(uetr, _)| *uetr);
        if self.cursor.is_some() {
            self.look_at = Instant::now() + PAUSE;
        }
        let connected = self.driver.view.connected();
        let mut due = BTreeMap::new();
        let mut settled = Vec::new();
        for (uetr, to) in owed {
            if self.private.serves(&self.driver, to) {
                settled.push((uetr, Some(now())));
            } else if !connected.contains(&to) {
                self.look_again(Instant::now() + REST);
            } else if let Some((_, again)) = self.sent.get(&uetr).filter(|it| it.1 > Instant::now())
            {
                self.look_again(*again);
            } else if let Some(key) = self.key_of(to) {
                due.insert(uetr, (to, key));
            }
        }
        let uetrs: Vec<Uetr> = due.keys().copied().collect();
        let read = |store: &Store| receipts_of(store, &uetrs);
        let receipts = self.readers.read(&self.driver, read).await?;
        for uetr in &uetrs {
            let archived = receipts.get(uetr);
            let is_told = archived.map(|it| Committed::of(&it.receipt.outcome).is_some());
            if is_told == Some(true) {
                continue;
            }
            due.remove(uetr);
            if is_told.is_none() {
                self.awaits_blocks = true;
            } else {
                // It was rejected or given up, and there is nothing to tell of it.
                settled.push((*uetr, None));
            }
        }
        let private = self.private.clone();
        let wanted: Vec<Uetr> = due.keys().copied().collect();
        let records = self.readers.work(move || {
            if !settled.is_empty() {
                private.records.settle(&settled)?;
            }
            private.records.privates(&wanted)
        });
        for record in records.await? {
            if let Some((to, key)) = due.get(&record.uetr) {
                self.send(*to, *key, &record);
            }
        }
        Ok(())
    }

    fn look_again(&mut self, at: Instant) {
        self.look_at = self.look_at.min(at.max(Instant::now() + PAUSE));
    }

    /// An institution's data key; asks for it if it is not known.
    fn key_of(&mut self, institution: InstitutionNumber) -> Option<DataPublicKey> {
        let known = self.keys.get(&institution).copied();
        if known.is_none() {
            self.say(institution, &DataMessage::Ask);
            self.look_again(Instant::now() + REST);
        }
        known
    }

    fn send(&mut self, to: InstitutionNumber, key: DataPublicKey, record: &PrivateRecord) {
        let (times, _) = self.sent.get(&record.uetr).copied().unwrap_or((0, Instant::now()));
        let pause = REST.saturating_mul(1 << times.min(10)).min(LONGEST);
        self.sent.insert(record.uetr, (times.saturating_add(1), Instant::now() + pause));
        self.look_again(Instant::now() + pause);
        let content = codec::encode(record);
        // Of an earlier version, which ordered what does not fit a frame.
        if content.len() > PrivateRecord::MAXIMUM_BYTES {
            let (uetr, bytes) = (record.uetr, content.len());
            tracing::error!(%uetr, bytes, "private data is too large to be sent");
            return;
        }
        match key.seal(self.private.domains.chain_id(), &label(record.uetr), &content) {
            Ok(sealed) => self.say(to, &DataMessage::Record { uetr: record.uetr, sealed }),
            Err(error) => tracing::error!(peer = to.0, %error, "private data was not sealed"),
        }
    }

    fn say(&self, to: InstitutionNumber, message: &DataMessage) {
        self.driver.send_private(to, codec::encode(message).into());
    }

    /// Takes in a frame, and those that wait behind it.
    async fn take_all(&mut self, first: PrivateFrame, frames: &mut mpsc::Receiver<PrivateFrame>) {
        let mut kept = BTreeSet::new();
        let mut next = Some(first);
        while let Some((from, bytes)) = next {
            match DataMessage::decode(&bytes) {
                Ok(message) => self.take(from, message, &mut kept).await,
                Err(error) => tracing::warn!(peer = from.0, %error, "a malformed private message"),
            }
            next = frames.try_recv().ok();
        }
        if !kept.is_empty() {
            self.acknowledge(kept).await;
        }
    }

    async fn take(
        &mut self,
        from: InstitutionNumber,
        message: DataMessage,
        kept: &mut BTreeSet<(Uetr, InstitutionNumber)>,
    ) {
        match message {
            DataMessage::Ask => self.say(from, &DataMessage::Key(self.private.key.public())),
            DataMessage::Key(key) => {
                if self.keys.insert(from, key) != Some(key) {
                    self.hurry();
                }
            }
            DataMessage::Record { uetr, sealed } => {
                let answer = match self.keep(uetr, sealed).await {
                    Ok(()) => DataMessage::Kept(uetr),
                    Err(reason) => DataMessage::Refused { uetr, reason },
                };
                self.say(from, &answer);
            }
            DataMessage::Kept(uetr) => {
                kept.insert((uetr, from));
            }
            DataMessage::Refused { uetr, reason } => {
                tracing::warn!(peer = from.0, %uetr, ?reason, "private data was not taken");
                if reason == NotKept::Unreadable {
                    self.keys.remove(&from);
                }
            }
        }
    }

    /// Keeps what was sent, if the ledger has a commitment to it by a payment to an institution
    /// that this node acts for.
    async fn keep(&self, uetr: Uetr, sealed: Vec<u8>) -> Result<(), NotKept> {
        let private = self.private.clone();
        let opened = self.readers.work(move || private.key.open(&label(uetr), &sealed)).await;
        let opened = opened.ok_or(NotKept::Unreadable)?;
        let record = PrivateRecord::decode(&opened).map_err(|_| NotKept::Mismatch)?;
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "private data could not be kept");
            NotKept::Failed
        };
        let found = Committed::find(&self.driver, &self.readers, uetr).await;
        let committed = found.map_err(|error| failed(&error))?;
        let serves = |it: &Committed| self.private.serves(&self.driver, it.to);
        let committed = committed.filter(serves).ok_or(NotKept::Unknown)?;
        let private = self.private.clone();
        if record.uetr != uetr || record.commitment(&private.domains) != committed.commitment {
            return Err(NotKept::Mismatch);
        }
        let kept = self.readers.work(move || private.keep(&record)).await;
        kept.map_err(|error| failed(&error))
    }

    /// Takes note of what others have. What is not owed to who says so is left as it is.
    async fn acknowledge(&mut self, kept: BTreeSet<(Uetr, InstitutionNumber)>) {
        for (uetr, _) in &kept {
            self.sent.remove(uetr);
        }
        let private = self.private.clone();
        let work = move || -> Result<(), DeskError> {
            let mut settled = Vec::with_capacity(kept.len());
            for (uetr, from) in kept {
                if private.records.delivery(uetr)? == Delivery::Owed(from) {
                    settled.push((uetr, Some(now())));
                }
            }
            private.records.settle(&settled)
        };
        if let Err(error) = self.readers.work(work).await {
            tracing::error!(%error, "that private data was delivered could not be noted");
        }
    }
}
