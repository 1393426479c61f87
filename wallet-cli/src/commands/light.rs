//! `feiqian light follow`: follows the chain as a light client, from several nodes at once.
//!
//! Invariants: a header counts only under a finalization of its epoch's validators, followed from
//! the chain id and from what was trusted before; trust never goes back; two certified headers at
//! one height stop everything, because then the validators themselves are not honest, and their
//! proofs are kept. Absent: the blocks' contents.

mod trust;

use api::proof::MEDIA_TYPE;
use ledger::ids::{AccountId, InstitutionNumber};
use ledger::light::{Advance, Refusal, TrustedState};
use ledger::proof::Proof;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::code::Own;
use crate::delivery;
use crate::desk::Desk;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::{Fault, quoted};
use crate::language::{Text, say};
use crate::network::{at, nobody_answers};
use crate::node::{Node, NodeError};
use crate::session::Session;

use trust::{Seen, Trust};

/// The pause between two rounds of all nodes.
const PAUSE: Duration = Duration::from_millis(500);

/// How many rounds without any answer end the command.
const PATIENCE: u32 = 20;

/// How many headers are remembered, to compare what other nodes show later.
const REMEMBERED: usize = 1_000;

#[derive(Serialize)]
struct FollowedDocument {
    chain_id: String,
    height: u64,
    hash: String,
    epoch: u64,
    /// How many later headers were verified.
    followed: u64,
    /// The height that an earlier run had come to.
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed_from: Option<u64>,
    /// The file that keeps the trust.
    trust: String,
}

/// A light client and what it has seen.
struct Client<'a> {
    desk: Desk<'a>,
    trust: Trust,
    state: Option<TrustedState>,
    seen: BTreeMap<u64, Seen>,
    last: Option<Seen>,
    resumed_from: Option<u64>,
    followed: u64,
}

pub(super) fn follow(session: &Session, blocks: Option<u64>) -> Result<(), Fault> {
    let mut client = Client::open(session)?;
    let mut silent = 0;
    while blocks.is_none_or(|blocks| client.followed < blocks) {
        match client.round() {
            Ok(()) => silent = 0,
            Err(fault) if fault.exit == Exit::NotSent && silent < PATIENCE => silent += 1,
            Err(fault) => return Err(fault),
        }
        std::thread::sleep(PAUSE);
    }
    client.report();
    Ok(())
}

impl<'a> Client<'a> {
    /// A client that goes on from where an earlier one stopped.
    fn open(session: &'a Session) -> Result<Self, Fault> {
        let desk = Desk::open(session)?;
        let (trust, kept) = Trust::open(&session.folders, &desk.chain)?;
        let mut client = Self {
            desk,
            trust,
            state: kept.as_ref().map(Seen::state),
            seen: BTreeMap::new(),
            last: None,
            resumed_from: kept.as_ref().map(|seen| seen.height().0),
            followed: 0,
        };
        if let Some(seen) = kept {
            session.output.line(&say!(
                "from block {height} on, trusted before",
                "从此前已信任的区块 {height} 继续",
                height = seen.height()
            ));
            client.seen.insert(seen.height().0, seen);
        }
        Ok(client)
    }

    /// Asks every node once.
    fn round(&mut self) -> Result<(), Fault> {
        let nodes: Vec<Node> = self.desk.network.nodes().to_vec();
        let mut failures = Vec::new();
        for node in &nodes {
            match self.ask(node) {
                Ok((file, proof)) => self.take(node, file, proof)?,
                Err(error) => failures.push(at(node, &error.text())),
            }
        }
        if failures.len() == nodes.len() { Err(nobody_answers(&failures)) } else { Ok(()) }
    }

    /// The newest certified header that a node has: every proof ends in one.
    fn ask(&self, node: &Node) -> Result<(Vec<u8>, Proof), NodeError> {
        let nobody = AccountId::new(InstitutionNumber(1), [0; 12]);
        let path = format!("/v1/accounts/{}/proof", nobody.address(self.desk.chain.network));
        let file = node.get(&path, &[], MEDIA_TYPE, self.desk.network.limit())?;
        match Proof::decode(&file) {
            Ok(proof) => Ok((file, proof)),
            Err(error) => Err(NodeError::Broken { reason: Text::data(error.to_string()) }),
        }
    }

    fn take(&mut self, node: &Node, file: Vec<u8>, proof: Proof) -> Result<(), Fault> {
        // Every proof begins at the genesis document: what it leads to is checked from there, and
        // then compared with what was seen.
        let seen = match Seen::check(&self.desk.chain, file, proof) {
            Ok(seen) => seen,
            Err(refusal) => {
                let reason = at(node, &quoted(&refusal));
                self.desk.session.output.warning(&delivery::distrust(&reason));
                return Ok(());
            }
        };
        if let Some(other) = self.seen.get(&seen.height().0)
            && other.hash != seen.hash
        {
            return Err(self.trust.convict(other, &seen));
        }
        let advance = match self.advance(&seen) {
            Ok(advance) => advance,
            Err(refusal) => return Err(self.refused(&refusal, &seen)),
        };
        self.seen.entry(seen.height().0).or_insert_with(|| seen.clone());
        while self.seen.len() > REMEMBERED {
            self.seen.pop_first();
        }
        if advance == Advance::NotNewer {
            return Ok(());
        }
        self.trust.keep(&seen)?;
        self.followed += 1;
        self.tell(node, &seen);
        self.last = Some(seen);
        Ok(())
    }

    /// Moves trust on. A proof tells of all epochs since genesis; those that are trusted are left
    /// out.
    fn advance(&mut self, seen: &Seen) -> Result<Advance, Refusal> {
        let Some(state) = &mut self.state else {
            self.state = Some(seen.state());
            return Ok(Advance::To(seen.height()));
        };
        let mut progress = seen.proof.progress.clone();
        if let TrustedState::Following { epoch, .. } = state {
            if progress.header.epoch < *epoch {
                return Ok(Advance::NotNewer);
            }
            progress.epochs.retain(|change| change.header.epoch >= *epoch);
        }
        let domains = self.desk.chain.domains();
        state.advance(&domains, &progress, entropy::now())
    }

    fn refused(&self, refusal: &Refusal, seen: &Seen) -> Fault {
        let file = self.trust.path().display();
        let hint = match refusal {
            Refusal::Conflict { height } => {
                // The header that is trusted is among those that were seen.
                let trusted = self.seen.get(&height.0).unwrap_or(seen);
                return self.trust.convict(trusted, seen);
            }
            Refusal::TrustExpired => say!(
                "Compare a block of today with someone you trust, and move {file} away.",
                "请与可信的人核对今天的一个区块，然后移走 {file}。"
            ),
            Refusal::OtherChain { .. }
            | Refusal::Genesis
            | Refusal::EpochChain
            | Refusal::NotCertified
            | Refusal::Certificate(_)
            | Refusal::Header => {
                say!("Stop paying, and ask the operators.", "停止付款，并询问运营方。")
            }
        };
        Fault::new(Exit::Rejected, Own::NotTrusted, quoted(refusal), hint)
    }

    fn tell(&self, node: &Node, seen: &Seen) {
        self.desk.session.output.line(&say!(
            "block {height}  {time}  {hash}  {signers} signed  from {node}",
            "区块 {height}  {time}  {hash}  {signers} 个签名  来自 {node}",
            height = seen.height(),
            time = api::text::time(seen.proof.progress.header.time),
            hash = &seen.hash.to_hex()[..16],
            signers = seen.proof.progress.certificate.signers().count(),
            node = node.base()
        ));
    }

    fn report(&self) {
        let Some(last) = &self.last else { return };
        let document = FollowedDocument {
            chain_id: self.desk.chain.text(),
            height: last.height().0,
            hash: last.hash.to_hex(),
            epoch: last.epoch().0,
            followed: self.followed,
            resumed_from: self.resumed_from,
            trust: self.trust.path().display().to_string(),
        };
        let (count, height) = (self.followed, document.height);
        let text =
            say!("Followed {count} blocks to {height}.", "已跟随 {count} 个区块，至 {height}。");
        self.desk.session.output.result(&text, &document);
    }
}
