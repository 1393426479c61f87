//! The same payments against PostgreSQL: what a bank's own database does on this machine.
//!
//! A new server in a temporary folder, over a Unix socket; each transaction changes two balances
//! and adds one row to a journal, and is on the disk when it is answered (`fsync`,
//! `synchronous_commit`). The clients are Debian's `pgbench` with prepared statements.
//!
//! Invariants: every payment that was counted stands in the journal, and no money appeared or
//! vanished; the server ends with the bench. Absent: signatures, copies on other machines, proofs.

mod log;
mod server;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Serialize;

use super::figures;
use crate::xtask::Failure;
use server::Server;

/// What an account starts with, in minor units.
const FUNDS: u64 = 1_000_000_000;

/// One payment. Accounts are taken in the order of their numbers, so that no two payments wait for
/// each other in a circle.
const PAYMENT: &str = "\
\\set one random(1, :accounts)
\\set other random(1, :accounts)
\\set first least(:one, :other)
\\set second greatest(:one, :other)
BEGIN;
UPDATE account SET balance = balance - 100 WHERE id = :first;
UPDATE account SET balance = balance + 100 WHERE id = :second;
INSERT INTO journal (uetr, payer, payee, amount) VALUES (gen_random_uuid(), :first, :second, 100);
COMMIT;
";

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct PostgresSettings {
    /// How many accounts there are.
    pub accounts: u64,
    /// How many clients pay at once.
    pub clients: usize,
    /// For how many seconds.
    pub seconds: u64,
}

/// What the bench found.
#[derive(Clone, Debug, Serialize)]
pub struct Postgres {
    /// The format's name.
    pub format: &'static str,
    /// The server's version, in its own words.
    pub version: String,
    /// How many accounts there are.
    pub accounts: u64,
    /// How many clients paid at once.
    pub clients: usize,
    /// For how many seconds.
    pub seconds: u64,
    /// How many payments there were.
    pub payments: u64,
    /// Payments in a second, each on the disk.
    pub final_per_second: u64,
    /// Latency of the middle one.
    pub p50_ms: f64,
    /// Of the 90th of 100.
    pub p90_ms: f64,
    /// Of the 99th of 100.
    pub p99_ms: f64,
    /// What the server's files take on the disk.
    pub disk_bytes: u64,
}

impl Postgres {
    /// The report in lines for a person.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        vec![
            format!(
                "{}: {} accounts, {} clients, {} s",
                self.version, self.accounts, self.clients, self.seconds
            ),
            format!(
                "{} payments/s on the disk; p50 {} ms, p90 {} ms, p99 {} ms; {} MiB of files",
                self.final_per_second,
                self.p50_ms,
                self.p90_ms,
                self.p99_ms,
                self.disk_bytes >> 20
            ),
        ]
    }
}

/// Runs the bench in a new temporary folder.
///
/// # Errors
/// [`Failure::Found`] if PostgreSQL is not installed, or what it says when it refuses something.
pub fn postgres(settings: PostgresSettings, say: &dyn Fn(String)) -> Result<Postgres, Failure> {
    let PostgresSettings { accounts, clients, seconds } = settings;
    let folder = tempfile::Builder::new().prefix("feiqian-pg-").tempdir();
    let folder = folder.map_err(|error| refused(&std::env::temp_dir(), error.to_string()))?;
    let server = Server::start(folder.path())?;
    say(format!("{}: making {accounts} accounts", server.version()));
    server.order(&tables(accounts))?;
    let script = folder.path().join("payment.sql");
    std::fs::write(&script, PAYMENT).map_err(|error| refused(&script, error.to_string()))?;
    say(format!("paying with {clients} clients for {seconds} s"));
    let arguments = [
        format!("--client={clients}"),
        format!("--jobs={}", std::thread::available_parallelism().map_or(1, usize::from)),
        format!("--time={seconds}"),
        format!("--define=accounts={accounts}"),
        format!("--file={}", script.display()),
        format!("--log-prefix={}", folder.path().join("payments").display()),
        "--no-vacuum".to_owned(),
        "--protocol=prepared".to_owned(),
        "--log".to_owned(),
    ];
    server.client("pgbench", &arguments, Duration::from_secs(seconds + 120))?;
    let mut latencies = log::latencies(folder.path(), "payments.")
        .map_err(|error| refused(folder.path(), error.to_string()))?;
    latencies.sort_unstable();
    let payments = u64::try_from(latencies.len()).unwrap_or(0);
    check(&server, accounts, payments)?;
    let percentile = |percent| figures::milliseconds(figures::percentile(&latencies, percent));
    Ok(Postgres {
        format: "feiqian.bench-postgres/v1",
        version: server.version().to_owned(),
        accounts,
        clients,
        seconds,
        payments,
        final_per_second: payments / seconds.max(1),
        p50_ms: percentile(50),
        p90_ms: percentile(90),
        p99_ms: percentile(99),
        disk_bytes: super::cost::disk_bytes(&folder.path().join("data")),
    })
}

/// Makes and fills the tables.
fn tables(accounts: u64) -> Vec<String> {
    vec![
        "CREATE TABLE account (id bigint PRIMARY KEY, balance bigint NOT NULL \
         CHECK (balance >= 0)) WITH (fillfactor = 90)"
            .to_owned(),
        "CREATE TABLE journal (uetr uuid PRIMARY KEY, payer bigint NOT NULL, payee bigint NOT \
         NULL, amount bigint NOT NULL, at timestamptz NOT NULL DEFAULT now())"
            .to_owned(),
        format!("INSERT INTO account SELECT id, {FUNDS} FROM generate_series(1, {accounts}) AS id"),
        "VACUUM ANALYZE account".to_owned(),
        "CHECKPOINT".to_owned(),
    ]
}

/// Every payment that was answered is in the journal, and money was conserved.
fn check(server: &Server, accounts: u64, payments: u64) -> Result<(), Failure> {
    let counted = server.order(&["SELECT count(*) FROM journal".to_owned()])?;
    let held = server.order(&["SELECT sum(balance) FROM account".to_owned()])?;
    let expected = (payments.to_string(), (u128::from(accounts) * u128::from(FUNDS)).to_string());
    if (counted.trim(), held.trim()) == (expected.0.as_str(), expected.1.as_str()) {
        return Ok(());
    }
    let summary = format!(
        "the journal has {} rows and the accounts {}, where {} and {} were expected",
        counted.trim(),
        held.trim(),
        expected.0,
        expected.1
    );
    Err(Failure::Found { summary })
}

fn refused(path: &Path, reason: String) -> Failure {
    Failure::File { path: PathBuf::from(path), reason }
}
