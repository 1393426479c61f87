//! Payments that flow while nodes fail, by clients that never give up and never pay twice.
//!
//! Invariants: a client sends the same bytes until it has their receipt, at whichever node answers;
//! what it has acknowledged it remembers. Absent: judgement (see `audit`).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use api::receipt::ReceiptView;
use ledger::{ids::Uetr, transaction::SignedTransaction};

use super::{Client, DevnetError, Outcome, Purse, until};

/// How long one attempt waits for its receipt.
const ATTEMPT: Duration = Duration::from_secs(2);

/// How long a client tries before it reports that the network has lost its payment.
const PATIENCE: Duration = Duration::from_secs(90);

/// The pause after an attempt that failed at once, as a client without manners would not make.
const PAUSE: Duration = Duration::from_millis(20);

/// A payment with its receipt.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// The payment.
    pub uetr: Uetr,
    /// How much, in minor units.
    pub amount: u128,
    /// The receipt that the client got.
    pub receipt: ReceiptView,
    /// How often it was sent.
    pub attempts: u32,
}

/// What the clients remember.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Every payment that was started; all of them are acknowledged.
    pub payments: Vec<Acknowledged>,
}

impl History {
    /// How much was paid in all, in minor units.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.payments.iter().map(|payment| payment.amount).sum()
    }
}

/// Clients that pay from `wei` to `lee` in CNY, one payment after the other.
#[derive(Debug)]
pub struct Traffic {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Result<Vec<Acknowledged>, DevnetError>>>,
}

impl Traffic {
    /// Starts so many clients, each beginning at another node.
    #[must_use]
    pub fn start(purse: &Purse, apis: &[String], clients: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let count = Arc::new(AtomicU64::new(0));
        let payer = |number: usize| {
            let payer = Payer {
                purse: purse.clone(),
                apis: apis.to_vec(),
                client: Client::new(ATTEMPT),
                next: number,
                count: count.clone(),
            };
            let stop = stop.clone();
            std::thread::spawn(move || payer.run(&stop))
        };
        let clients = (0..clients).map(payer).collect();
        Self { stop, count, clients }
    }

    /// How many payments are acknowledged by now.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until so many more payments are acknowledged.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`].
    pub fn wait_for(&self, more: u64, limit: Duration) -> Result<(), DevnetError> {
        let goal = self.count().saturating_add(more);
        let what = format!("{more} more payments");
        until(&what, "the nodes' logs".as_ref(), limit, || (self.count() >= goal).then_some(()))
    }

    /// Lets every client finish its payment, and gives what they remember.
    ///
    /// # Errors
    /// The first payment that was refused or has no outcome.
    pub fn finish(self) -> Result<History, DevnetError> {
        self.stop.store(true, Ordering::Relaxed);
        let mut history = History::default();
        for client in self.clients {
            let payments = client.join().unwrap_or_else(|_| {
                let (uetr, reason) = ("?".to_owned(), "its client panicked".to_owned());
                Err(DevnetError::NotSettled { uetr, reason })
            });
            history.payments.extend(payments?);
        }
        Ok(history)
    }
}

/// One client.
struct Payer {
    purse: Purse,
    apis: Vec<String>,
    client: Client,
    next: usize,
    count: Arc<AtomicU64>,
}

impl Payer {
    fn run(mut self, stop: &AtomicBool) -> Result<Vec<Acknowledged>, DevnetError> {
        let mut payments = Vec::new();
        let mut amount = 100;
        while !stop.load(Ordering::Relaxed) {
            // Amounts differ, so that a payment that is lost cannot hide behind one that is
            // doubled.
            amount = if amount >= 196 { 100 } else { amount + 1 };
            let signed = self.purse.payment("wei", "lee", self.purse.money(amount, "CNY")?)?;
            payments.push(self.settle(&signed, amount)?);
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(payments)
    }

    /// Sends the same bytes to one node after the other until there is a receipt.
    fn settle(
        &mut self,
        signed: &SignedTransaction,
        amount: u128,
    ) -> Result<Acknowledged, DevnetError> {
        let uetr = signed.transaction.uetrs().next();
        let uetr = uetr.ok_or(DevnetError::NoName { name: "UETR".to_owned() })?;
        let failed = |reason: String| DevnetError::NotSettled { uetr: uetr.to_string(), reason };
        let bytes = ledger::codec::encode(signed);
        let deadline = Instant::now() + PATIENCE;
        let mut attempts = 0;
        loop {
            self.next = (self.next + 1) % self.apis.len().max(1);
            let api = self.apis.get(self.next).ok_or(DevnetError::NoNode { place: self.next })?;
            attempts += 1;
            match self.client.submit(api, &bytes) {
                Outcome::Final(answer) => {
                    let receipt = answer.receipts.into_iter().next();
                    let receipt = receipt.ok_or_else(|| failed("no receipt".to_owned()))?;
                    if receipt.status != "settled" {
                        return Err(failed(format!("{:?}", receipt.code)));
                    }
                    return Ok(Acknowledged { uetr, amount, receipt, attempts });
                }
                Outcome::Refused(problem) => return Err(failed(problem.to_string())),
                Outcome::Unknown(reason) if Instant::now() > deadline => {
                    return Err(failed(reason));
                }
                Outcome::Unknown(_) => std::thread::sleep(PAUSE),
            }
        }
    }
}
