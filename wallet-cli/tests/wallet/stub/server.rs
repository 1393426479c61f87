//! A stub node: HTTP/1.1, one request per connection, misbehaving on command.

use api::chain::StatusView;
use api::private::PrivateTaken;
use api::problem::Problem;
use api::quote::QuoteAnswer;
use api::transaction::{SimulationAnswer, TransactionAnswer, TransactionRequest};
use ledger::codec;
use ledger::ids::Uetr;
use ledger::money::{Amount, Money};
use ledger::operation::Operation;
use ledger::quote::Route;
use ledger::rejection::Rejection;
use serde::Serialize;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::world::{BICS, World, account, asset, key};

/// What a node does with a submitted transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Executes it and answers.
    Honest,
    /// Takes it in and never answers; nothing is executed.
    Silent,
    /// Executes it and closes the connection without an answer.
    Mute,
    /// Answers nothing at all, not even questions.
    Hanging,
    /// Is busy.
    Busy,
    /// Executes it and answers the proof of another payment.
    OtherProof,
    /// Answers "final" with a proof in which one byte is changed.
    SpoiledProof,
    /// Answers "final" without a proof.
    NoProof,
    /// Executes honestly, but says of every simulation that it would settle free of charge.
    BlindSimulation,
    /// Says that it would have rejected the transaction, without proof.
    Refusing,
    /// Answers everything with bytes that are nothing.
    Malformed,
    /// Leaves the newest entry out of every history.
    ShortHistory,
    /// Signs its quotes with another key than it says.
    ForgedQuote,
    /// Takes no notes.
    Noteless,
    /// Shows the chain as it began.
    Behind,
    /// Shows another block of the last one's height, under as good a certificate.
    Forked,
}

/// A running stub node. Its thread ends with the process.
pub(crate) struct StubNode {
    pub(crate) api: String,
    mode: Arc<Mutex<Mode>>,
    /// How many submissions came.
    submissions: Arc<Mutex<usize>>,
    /// How many questions were answered since it last changed its behaviour.
    answers: Arc<Mutex<usize>>,
    fuse: Fuse,
}

/// After how many steps (a request arrives, was worked on, half of its answer left) the node dies.
#[derive(Clone, Debug, Default)]
struct Fuse(Arc<Mutex<Option<usize>>>);

impl Fuse {
    /// One more step: true if the node is dead.
    fn step(&self) -> bool {
        let mut left = self.0.lock().unwrap();
        let is_dead = *left == Some(0);
        *left = left.map(|left| left.saturating_sub(1));
        is_dead
    }
}

impl StubNode {
    pub(crate) fn start(world: &Arc<Mutex<World>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = format!("http://{}", listener.local_addr().unwrap());
        let mode = Arc::new(Mutex::new(Mode::Honest));
        let submissions = Arc::new(Mutex::new(0));
        let answers = Arc::new(Mutex::new(0));
        let fuse = Fuse::default();
        let shared = (world.clone(), mode.clone(), submissions.clone(), fuse.clone());
        let counted = answers.clone();
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                let (world, mode, submissions, fuse) = &shared;
                let stream = stream.unwrap();
                let mode = *mode.lock().unwrap();
                kept.extend(serve(stream, &mut world.lock().unwrap(), mode, submissions, fuse));
                *counted.lock().unwrap() += 1;
            }
        });
        Self { api, mode, submissions, answers, fuse }
    }

    /// Dies after this many steps; what it executed until then stays executed.
    pub(crate) fn die_after(&self, steps: usize) {
        *self.fuse.0.lock().unwrap() = Some(steps);
    }

    /// Lives again; true if it had died.
    pub(crate) fn revive(&self) -> bool {
        self.fuse.0.lock().unwrap().take() == Some(0)
    }

    pub(crate) fn behave(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
        *self.answers.lock().unwrap() = 0;
    }

    /// How many questions it has answered since it began to behave so.
    pub(crate) fn answers(&self) -> usize {
        *self.answers.lock().unwrap()
    }

    pub(crate) fn submissions(&self) -> usize {
        *self.submissions.lock().unwrap()
    }
}

/// Answers one request; gives the connection back if it shall stay open without an answer.
fn serve(
    stream: TcpStream,
    world: &mut World,
    mode: Mode,
    submissions: &Mutex<usize>,
    fuse: &Fuse,
) -> Option<TcpStream> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        // A client that was killed sends half a request.
        reader.read_line(&mut header).ok().filter(|length| *length > 0)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = line.split(' ').nth(1).unwrap().to_owned();
    if fuse.step() {
        return None;
    }
    if mode == Mode::Hanging {
        return Some(stream);
    }
    if path.starts_with("/v1/transactions?") {
        *submissions.lock().unwrap() += 1;
        if mode == Mode::Silent {
            return Some(stream);
        }
        if mode == Mode::Mute {
            world.submit(&body).unwrap();
            return None;
        }
    }
    let (status, media_type, answer) = answer(&path, &body, world, mode);
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        answer.len()
    );
    let mut stream = stream;
    if fuse.step() {
        return None;
    }
    let (first, second) = answer.split_at(answer.len() / 2);
    let _gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(first));
    if !fuse.step() {
        let _gone = stream.write_all(second);
    }
    None
}

type Answer = (u16, &'static str, Vec<u8>);

fn json(value: &impl Serialize) -> Answer {
    (200, "application/json", serde_json::to_vec(value).unwrap())
}

fn refuse(problem: &Problem) -> Answer {
    (problem.status, Problem::MEDIA_TYPE, serde_json::to_vec(problem).unwrap())
}

fn proof(bytes: Vec<u8>) -> Answer {
    (200, api::proof::MEDIA_TYPE, bytes)
}

fn answer(path: &str, body: &[u8], world: &mut World, mode: Mode) -> Answer {
    if mode == Mode::Malformed {
        return (200, "application/json", b"{\"]\xff".to_vec());
    }
    let path = path.split('?').next().unwrap();
    let missing = || refuse(&Problem::not_found("There is none.", "Check it."));
    match path.split('/').skip(2).collect::<Vec<_>>().as_slice() {
        ["transactions"] => submitted(body, world, mode),
        ["transactions", "simulate"] => json(&simulated(body, world, mode)),
        ["assets"] => json(&world.assets()),
        ["institutions"] => json(&world.institutions()),
        ["accounts", address] => world.account(address).map_or_else(missing, |view| json(&view)),
        ["accounts", address, "proof"] if mode == Mode::Behind => {
            proof(world.old_account_proof(address))
        }
        ["accounts", address, "proof"] if mode == Mode::Forked => {
            proof(world.forked_account_proof(address))
        }
        ["accounts", address, "proof"] => proof(world.account_proof(address)),
        ["accounts", address, "history"] => {
            let mut page = world.history(address);
            if mode == Mode::ShortHistory {
                page.entries.remove(0);
            }
            json(&page)
        }
        ["accounts", address, "holdings", code, "proof"] => {
            proof(world.holding_proof(address, code))
        }
        ["payments", id, "proof"] => match world.proof(id) {
            Some(bytes) if mode == Mode::SpoiledProof => proof(spoiled(bytes)),
            Some(_) if mode == Mode::OtherProof => proof(other_proof(world)),
            Some(bytes) => proof(bytes),
            None => missing(),
        },
        ["payments", id, "private"] if mode != Mode::Noteless => {
            let request = serde_json::from_slice(body).unwrap();
            world.handed.insert((*id).to_owned(), request);
            json(&PrivateTaken { uetr: (*id).to_owned() })
        }
        ["quotes"] => json(&quoted(world, mode)),
        ["status"] => json(&status(world)),
        _ => missing(),
    }
}

fn quoted(world: &mut World, mode: Mode) -> QuoteAnswer {
    let mut quote = world.quote();
    if mode == Mode::ForgedQuote {
        quote.signature.0[0] ^= 1;
    }
    QuoteAnswer {
        rate: quote.quote.rate.to_string(),
        onward: None,
        markup: None,
        receive: "1000000.00 HKD".to_owned(),
        expires: api::text::time(quote.quote.expires),
        dealer: "a lie, which the wallet does not read".to_owned(),
        quote: api::text::base64(&codec::encode(&Route::direct(quote))),
    }
}

/// The proof with one byte changed.
fn spoiled(mut bytes: Vec<u8>) -> Vec<u8> {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

/// The proof of a payment that nobody asked about.
fn other_proof(world: &mut World) -> Vec<u8> {
    let issue = Operation::Issue {
        uetr: Uetr::from_entropy([77; 16]),
        to: account("wei"),
        amount: Money::new(Amount(1), asset("CNY")),
    };
    let other = world.sign(vec![issue], &[key(1, 4)]);
    let receipt = world.submit(&codec::encode(&other)).unwrap();
    api::text::parse_base64(&receipt.proof.unwrap()).unwrap()
}

fn submitted(body: &[u8], world: &mut World, mode: Mode) -> Answer {
    if mode == Mode::Busy {
        return refuse(&Problem::busy());
    }
    if mode == Mode::Refusing {
        return refuse(&Problem::rejected(Rejection::InsufficientFunds));
    }
    let mut receipt = match world.submit(body) {
        Ok(receipt) => receipt,
        Err(problem) => return refuse(&problem),
    };
    let text = |bytes: Vec<u8>| Some(api::text::base64(&bytes));
    if mode == Mode::OtherProof {
        receipt.proof = text(other_proof(world));
    } else if mode == Mode::SpoiledProof {
        let proof = receipt.proof.as_deref().and_then(api::text::parse_base64).unwrap();
        receipt.proof = text(spoiled(proof));
    } else if mode == Mode::NoProof {
        receipt.proof = None;
    }
    json(&TransactionAnswer {
        transaction: receipt.transaction.clone(),
        status: "final".to_owned(),
        receipts: vec![receipt],
    })
}

fn simulated(body: &[u8], world: &World, mode: Mode) -> SimulationAnswer {
    let request: TransactionRequest = serde_json::from_slice(body).unwrap();
    let bytes = api::text::parse_base64(&request.transaction).unwrap();
    let (mut receipt, approvals) = world.simulate(&bytes);
    if mode == Mode::BlindSimulation {
        receipt.code = None;
        receipt.status = "settled".to_owned();
    }
    let (height, _) = world.last();
    SimulationAnswer {
        height,
        receipts: vec![receipt],
        settled: Vec::new(),
        balances: Vec::new(),
        approvals,
    }
}

fn status(world: &World) -> StatusView {
    let (height, time) = world.last();
    StatusView {
        chain_id: world.chain_id(),
        height,
        earliest: 0,
        epoch: 0,
        validators: 4,
        quorum: 3,
        connected: 4,
        last_final_at: api::text::time(time),
        synced: true,
        voting: "validator".to_owned(),
        node: BICS[3].to_owned(),
        version: "0".to_owned(),
    }
}
