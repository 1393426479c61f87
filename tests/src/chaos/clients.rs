//! Clients that pay and clients that read, while nodes and network fail.
//!
//! A payer behaves as a careful bank system does: it sends the same bytes, to whichever node
//! answers, until the outcome is final; a refusal counts only if nothing that was sent before may
//! still arrive. A reader asks again what it was told before.
//! Invariants: no payment is ever made anew under another UETR; every answer is recorded. Absent:
//! judgement (`judge`).

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::history::{Answer, Attempt, Ending, Payment, Reading, Recorder, Seen};
use crate::{
    devnet::{Client, DevnetError, Outcome, Purse, until},
    load::Accounts,
    sim::random::Random,
};

/// How many clients pay.
const PAYERS: usize = 8;

/// How many clients read.
const READERS: usize = 2;

/// How long one sending waits for its outcome.
const ATTEMPT: Duration = Duration::from_secs(2);

/// How long a payer tries. A payment that has no outcome then is a finding: the network has been
/// whole for some of this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// The pause between two payments, two sendings or two readings of a client.
const PAUSE: Duration = Duration::from_millis(30);

/// How many acknowledged payments are remembered for the readers.
const REMEMBERED: usize = 256;

/// A payment that a node has called final.
#[derive(Clone, Debug)]
struct Told {
    uetr: String,
    node: usize,
    block: u64,
}

/// What all clients share.
struct Shared {
    purse: Purse,
    accounts: Accounts,
    addresses: Vec<String>,
    apis: Vec<String>,
    recorder: Arc<Recorder>,
    stop: AtomicBool,
    count: AtomicU64,
    told: Mutex<VecDeque<Told>>,
}

/// Who pays and reads what, where.
#[derive(Clone, Debug)]
pub struct World {
    /// The keys.
    pub purse: Purse,
    /// The accounts that pay each other.
    pub accounts: Accounts,
    /// The nodes' APIs.
    pub apis: Vec<String>,
}

/// Clients at work.
pub struct Clients {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    /// Starts them; `seed` decides who pays whom, how much, and asks which node.
    #[must_use]
    pub fn start(world: &World, recorder: &Arc<Recorder>, seed: u64) -> Self {
        let World { purse, accounts, apis } = world.clone();
        let network = purse.genesis.network;
        let shared = Arc::new(Shared {
            addresses: accounts.ids().map(|account| account.address(network)).collect(),
            purse,
            accounts,
            apis,
            recorder: recorder.clone(),
            stop: AtomicBool::new(false),
            count: AtomicU64::new(0),
            told: Mutex::default(),
        });
        let mut seeds = Random::new(seed);
        let mut threads = Vec::new();
        for number in 0..PAYERS + READERS {
            let (shared, random) = (shared.clone(), Random::new(seeds.next()));
            let client = Client::new(ATTEMPT);
            threads.push(std::thread::spawn(move || {
                if number < PAYERS {
                    Payer { shared, random, client }.run();
                } else {
                    Reader { number, shared, random, client }.run();
                }
            }));
        }
        Self { shared, threads }
    }

    /// How many payments have settled.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }

    /// Waits until so many more payments have settled.
    ///
    /// # Errors
    /// [`DevnetError::TimedOut`].
    pub fn wait_for(&self, more: u64, limit: Duration) -> Result<(), DevnetError> {
        let goal = self.count().saturating_add(more);
        let what = format!("{more} more payments");
        until(&what, "the nodes' logs".as_ref(), limit, || (self.count() >= goal).then_some(()))
    }

    /// Lets every client come to the end of what it is at.
    ///
    /// # Errors
    /// [`DevnetError::NotSettled`] if a client failed by itself.
    pub fn finish(mut self) -> Result<(), DevnetError> {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in std::mem::take(&mut self.threads) {
            thread.join().map_err(|_| {
                let (uetr, reason) = ("?".to_owned(), "its client panicked".to_owned());
                DevnetError::NotSettled { uetr, reason }
            })?;
        }
        Ok(())
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // Clients of a run that has failed end with their present try.
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn tell(&self, told: Told) {
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back(told);
        if all.len() > REMEMBERED {
            all.pop_front();
        }
    }
}

/// One client that pays.
struct Payer {
    shared: Arc<Shared>,
    random: Random,
    client: Client,
}

impl Payer {
    fn run(mut self) {
        while !self.shared.is_over() {
            self.pay();
            std::thread::sleep(PAUSE);
        }
    }

    fn pay(&mut self) {
        let count = self.shared.addresses.len();
        let from = self.random.position(count);
        let to = (from + 1 + self.random.position(count - 1)) % count;
        // Amounts differ, so that a payment that is lost cannot hide behind one that is doubled.
        let amount = u128::from(self.random.between(100, 9_999));
        let Ok((uetr, bytes)) = self.shared.accounts.pay(&self.shared.purse, from, to, amount)
        else {
            return;
        };
        let uetr = uetr.to_string();
        let (attempts, ending) = self.settle(&uetr, &bytes);
        self.shared.recorder.payment(Payment { uetr, from, to, amount, attempts, ending });
    }

    fn settle(&mut self, uetr: &str, bytes: &[u8]) -> (Vec<Attempt>, Ending) {
        let deadline = Instant::now() + PATIENCE;
        let mut attempts = Vec::new();
        let mut may_be_sent = false;
        loop {
            let node = self.random.position(self.shared.apis.len());
            let asked_ms = self.shared.recorder.now_ms();
            let answer = self.send(node, bytes);
            let answered_ms = self.shared.recorder.now_ms();
            attempts.push(Attempt { node, asked_ms, answered_ms, answer: answer.clone() });
            match answer {
                Answer::Settled { block } => {
                    self.shared.tell(Told { uetr: uetr.to_owned(), node, block });
                    self.shared.count.fetch_add(1, Ordering::Relaxed);
                    return (attempts, Ending::Settled(block));
                }
                Answer::Rejected { .. } => return (attempts, Ending::NotPaid),
                Answer::Refused { .. } if !may_be_sent => return (attempts, Ending::NotPaid),
                Answer::Refused { .. } => {}
                Answer::Unknown { .. } => may_be_sent = true,
            }
            if Instant::now() > deadline {
                return (attempts, Ending::Unknown);
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn send(&self, node: usize, bytes: &[u8]) -> Answer {
        let Some(api) = self.shared.apis.get(node) else {
            return Answer::Unknown { reason: "there is no such node".to_owned() };
        };
        match self.client.submit(api, bytes) {
            Outcome::Final(answer) => match answer.receipts.into_iter().next() {
                Some(receipt) if receipt.status == "settled" => {
                    Answer::Settled { block: receipt.block.unwrap_or(0) }
                }
                Some(receipt) => Answer::Rejected { code: receipt.code.unwrap_or_default() },
                None => Answer::Unknown { reason: "an answer without a receipt".to_owned() },
            },
            Outcome::Refused(problem) => Answer::Refused { code: problem.code },
            Outcome::Unknown(reason) => Answer::Unknown { reason },
        }
    }
}

/// One client that reads.
struct Reader {
    number: usize,
    shared: Arc<Shared>,
    random: Random,
    client: Client,
}

impl Reader {
    fn run(mut self) {
        while !self.shared.is_over() {
            let node = self.random.position(self.shared.apis.len());
            let read = match self.random.position(3) {
                0 => self.height(node).map(|seen| (node, seen)),
                1 => self.account(node).map(|seen| (node, seen)),
                _ => self.payment(),
            };
            // A node that does not answer says nothing that could be wrong.
            if let Some((node, seen)) = read {
                let at_ms = self.shared.recorder.now_ms();
                self.shared.recorder.reading(Reading { reader: self.number, node, at_ms, seen });
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn height(&self, node: usize) -> Option<Seen> {
        let status = self.client.status(self.shared.apis.get(node)?).ok()?;
        Some(Seen::Height(status.height))
    }

    fn account(&mut self, node: usize) -> Option<Seen> {
        let account = self.random.position(self.shared.addresses.len());
        let address = self.shared.addresses.get(account)?;
        let view = self.client.account(self.shared.apis.get(node)?, address).ok()?;
        let holding = view.holdings.into_iter().find(|holding| holding.asset == "CNY")?;
        let (posted, entries) = (holding.posted, holding.entries);
        Some(Seen::Account { account, height: view.height, posted, entries })
    }

    /// Asks a node for a payment that it has called final itself.
    fn payment(&mut self) -> Option<(usize, Seen)> {
        let told = {
            let all = self.shared.told.lock().unwrap_or_else(PoisonError::into_inner);
            if all.is_empty() {
                return None;
            }
            all.get(self.random.position(all.len())).cloned()?
        };
        let api = self.shared.apis.get(told.node)?;
        let found = match self.client.payment(api, &told.uetr) {
            Ok(view) => view.receipt.and_then(|receipt| receipt.block),
            Err(DevnetError::Call { reason, .. }) if reason.contains("HTTP status 404") => None,
            Err(_) => return None,
        };
        Some((told.node, Seen::Payment { uetr: told.uetr, told: told.block, found }))
    }
}
