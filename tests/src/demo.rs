//! The golden path of a newcomer: a message in, two currencies settled by four banks, an answer and
//! a proof out, and the proof checked with every node stopped.
//!
//! Invariants: what is printed was measured; every step has a limit and its failure names a log;
//! nothing runs on when it ends. Absent: trust in the node's own word: balances of all parties are
//! compared.

mod message;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::receipt::ReceiptView;
use iso20022::{
    pacs002::{self, Code},
    xml::Limits,
};
use ledger::ids::Uetr;
pub use message::message;
use serde_json::Value;

use crate::{
    devnet::{Client, Devnet, DevnetError, Purse, Ran, balance, fresh_uetr, now, run, until},
    xtask::{Failure, build::Products},
};

/// How long a command or a call may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What the four parties hold before and after, in minor units.
const LEGS: [(&str, &str, i128); 5] = [
    ("wei", "CNY", -100_150),
    ("lee", "HKD", 108_500),
    ("dealer", "CNY", 100_000),
    ("dealer", "HKD", -108_500),
    ("fees", "CNY", 150),
];

/// Runs the demo with files in the folder `out`, and says each step's result.
///
/// # Errors
/// The first step that does not hold; then the devnet's folder is kept, so that its logs can be
/// read.
pub fn demo(products: &Products, out: &Path, say: &dyn Fn(String)) -> Result<(), Failure> {
    let work = tempfile::Builder::new().prefix("feiqian-demo-").tempdir();
    let work = work.map_err(|error| file(&std::env::temp_dir(), &error))?;
    fs::create_dir_all(out).map_err(|error| file(out, &error))?;
    let demo = Demo { products, out, say, client: Client::new(LIMIT) };
    let done = demo.run(work.path());
    if let Err(failure) = done {
        let kept = work.keep();
        let logs = kept.join("devnet").join("*").join("node.log");
        let summary = format!("{failure}\nThe nodes' logs are {}", logs.display());
        return Err(Failure::Found { summary });
    }
    Ok(())
}

struct Demo<'a> {
    products: &'a Products,
    out: &'a Path,
    say: &'a dyn Fn(String),
    client: Client,
}

/// A payment that settled, as the demo tells of it.
struct Settled {
    uetr: Uetr,
    took: Duration,
    receipt: ReceiptView,
}

impl Demo<'_> {
    fn run(&self, work: &Path) -> Result<(), Failure> {
        let mut devnet = Devnet::start(self.products, work, [""; 0])?;
        let purse = devnet.purse()?;
        let banks: Vec<_> = devnet.document.nodes.iter().map(|node| node.bic.as_str()).collect();
        (self.say)(format!("  four banks: {} ... first final block ... ok", banks.join(" ")));
        let settled = self.settle(&devnet, &purse)?;
        let proof = self.out.join("payment.proof");
        self.get_proof(&devnet, settled.uetr, &proof)?;
        let chain_id = devnet.document.chain_id.clone();
        stop(&mut devnet)?;
        let verdict = self.verify(&proof, &chain_id)?;
        self.refuse_changed(&proof, &chain_id)?;
        self.tell(&settled, &proof, &verdict);
        Ok(())
    }

    /// Sends the message, writes its answer, and compares all balances.
    fn settle(&self, devnet: &Devnet, purse: &Purse) -> Result<Settled, Failure> {
        let api = &devnet.apis().into_iter().next().ok_or(DevnetError::NoNode { place: 0 })?;
        let before = self.holdings(api, purse)?;
        let uetr = fresh_uetr()?;
        let text = message(uetr, now());
        self.write("pacs.008.xml", &text)?;
        let begin = Instant::now();
        let (status, answer) = self.client.message(api, &text)?;
        let took = begin.elapsed();
        self.write("pacs.002.xml", &answer)?;
        let report = pacs002::read(answer.as_bytes(), &Limits::default());
        let report = report.map_err(|error| {
            found(format!("HTTP status {status}, and the answer is no pacs.002: {error}: {answer}"))
        })?;
        let accepted = report.transactions.iter().any(|transaction| {
            transaction.uetr == Some(uetr) && transaction.status == Some(Code::SETTLED)
        });
        if !accepted {
            return Err(found(format!("the pacs.002 does not accept the payment: {answer}")));
        }
        let receipt = self.client.payment(api, &uetr.to_string())?.receipt;
        let receipt = receipt.ok_or_else(|| found(format!("payment {uetr} has no receipt")))?;
        let after = self.holdings(api, purse)?;
        for (((name, code, change), before), after) in LEGS.iter().zip(before).zip(after) {
            if before.checked_add_signed(*change) != Some(after) {
                let change = format!("{before} became {after}, not {change} more");
                return Err(found(format!("the {code} of {name}, in minor units: {change}")));
            }
        }
        Ok(Settled { uetr, took, receipt })
    }

    fn holdings(&self, api: &str, purse: &Purse) -> Result<Vec<u128>, DevnetError> {
        LEGS.iter().map(|(name, code, _)| balance(&self.client, api, purse, name, code)).collect()
    }

    /// Gets the proof with the wallet, which verifies it before it keeps it.
    fn get_proof(&self, devnet: &Devnet, uetr: Uetr, proof: &Path) -> Result<(), Failure> {
        let mut command = devnet.wallet(["proof", "get", &uetr.to_string(), "-o"]);
        succeeded(&run(command.arg(proof), LIMIT)?, "feiqian proof get").map(|_| ())
    }

    /// Verifies the proof with nothing but the chain id.
    fn verify(&self, proof: &Path, chain_id: &str) -> Result<Value, Failure> {
        let ran = self.offline(proof, chain_id)?;
        let text = succeeded(&ran, "feiqian proof verify")?;
        serde_json::from_str(text).map_err(|error| found(format!("{error}: {text}")))
    }

    /// Changes one byte in the middle of a copy; the wallet must refuse it.
    fn refuse_changed(&self, proof: &Path, chain_id: &str) -> Result<(), Failure> {
        let mut bytes = fs::read(proof).map_err(|error| file(proof, &error))?;
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 1;
        }
        let folder = tempfile::tempdir().map_err(|error| file(&std::env::temp_dir(), &error))?;
        let changed = folder.path().join("changed.proof");
        fs::write(&changed, bytes).map_err(|error| file(&changed, &error))?;
        let ran = self.offline(&changed, chain_id)?;
        match ran.code {
            Some(3) => Ok(()),
            _ => Err(found(format!("a proof with one byte changed was not refused: {ran:?}"))),
        }
    }

    /// `feiqian proof verify` by a stranger to the devnet: no profile, no folder.
    fn offline(&self, proof: &Path, chain_id: &str) -> Result<Ran, Failure> {
        let home = tempfile::tempdir().map_err(|error| file(&std::env::temp_dir(), &error))?;
        let mut command = std::process::Command::new(&self.products.wallet);
        command.args(["proof", "verify", "--output", "json", "--chain-id", chain_id]).arg(proof);
        command.env("FEIQIAN_HOME", home.path()).env_remove("FEIQIAN_DEVNET");
        command.stdin(std::process::Stdio::null());
        Ok(run(&mut command, LIMIT)?)
    }

    fn tell(&self, settled: &Settled, proof: &Path, verdict: &Value) {
        let receipt = &settled.receipt;
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let exchange = receipt.exchange.as_ref();
        let rate = exchange.map_or("", |exchange| &exchange.rate);
        let sold = exchange.map_or(String::new(), |exchange| grouped(&exchange.sold));
        let (credited, fee) = (grouped(&text(&receipt.credited)), text(&receipt.fee));
        (self.say)(format!(
            "  pacs.008 in  ->  {sold} from wei@PSBCCNBJ becomes {credited} for lee@HSBCHKHH \
             (quote {rate}, fee {fee})"
        ));
        let number = |name: &str| verdict.get(name).and_then(Value::as_u64).unwrap_or_default();
        (self.say)(format!(
            "  settled in block {}, finality {:.3} s, both legs, {} of {} validators signed",
            number("block"),
            settled.took.as_secs_f64(),
            number("signers"),
            number("validators"),
        ));
        let answer = shown(&self.out.join("pacs.002.xml"));
        (self.say)(format!("  pacs.002 ACSC out ->  {}", answer.display()));
        (self.say)(format!(
            "  proof out         ->  {}     verified offline: ok, one byte changed: refused",
            shown(proof).display()
        ));
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.out.join(name);
        fs::write(&path, text).map_err(|error| file(&path, &error))
    }
}

/// Stops everything and makes sure that no API answers any more.
fn stop(devnet: &mut Devnet) -> Result<(), Failure> {
    let ended = devnet.stop()?;
    if !ended.is_some_and(|status| status.success()) {
        return Err(found(format!("the devnet ended with {ended:?}")));
    }
    let client = Client::new(LIMIT);
    for node in &devnet.nodes {
        let what = format!("silence of {}", node.name);
        until(&what, &node.log(), LIMIT, || client.status(&node.api).is_err().then_some(()))?;
    }
    Ok(())
}

/// The standard output of a command that must end well.
fn succeeded<'a>(ran: &'a Ran, command: &str) -> Result<&'a str, Failure> {
    if ran.code == Some(0) {
        return Ok(&ran.stdout);
    }
    Err(found(format!("`{command}` ended with {:?}: {}{}", ran.code, ran.stdout, ran.stderr)))
}

/// An amount with its thousands parted by commas: `1,085.00 HKD`.
fn grouped(amount: &str) -> String {
    let end = amount.find(['.', ' ']).unwrap_or(amount.len());
    let (whole, rest) = amount.split_at(end);
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// The path as the reader would type it.
fn shown(path: &Path) -> PathBuf {
    let current = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(current).unwrap_or(path).to_owned()
}

fn found(summary: String) -> Failure {
    Failure::Found { summary }
}

fn file(path: &Path, error: &std::io::Error) -> Failure {
    Failure::File { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_parted() {
        for (amount, text) in [
            ("1.50 CNY", "1.50 CNY"),
            ("100.00 CNY", "100.00 CNY"),
            ("1085.00 HKD", "1,085.00 HKD"),
            ("1000000 JPY", "1,000,000 JPY"),
        ] {
            assert_eq!(grouped(amount), text);
        }
    }
}
