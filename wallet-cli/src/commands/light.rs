//! `feiqian light follow`: follows the chain as a light client, from several nodes at once.
//!
//! Invariants: a header counts only under a finalization of its epoch's validators, followed from
//! the chain id; two certified headers at one height stop everything, because then the validators
//! themselves are not honest. Absent: the blocks' contents.

use api::proof::MEDIA_TYPE;
use ledger::hash::Hash;
use ledger::ids::{AccountId, InstitutionNumber};
use ledger::light::{Advance, Refusal, TrustedState};
use ledger::proof::Proof;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::desk::Desk;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::{Fault, sentence};
use crate::network::nobody_answers;
use crate::node::{Node, NodeError};
use crate::session::Session;

/// The pause between two rounds of all nodes.
const PAUSE: Duration = Duration::from_millis(500);

/// How many rounds without any answer end the command.
const PATIENCE: u32 = 20;

/// How many headers are remembered, to compare what other nodes show later.
const REMEMBERED: usize = 10_000;

#[derive(Serialize)]
struct FollowedDocument {
    chain_id: String,
    height: u64,
    hash: String,
    epoch: u64,
    /// How many later headers were verified.
    followed: u64,
}

/// A light client and what it has seen.
struct Client<'a> {
    desk: Desk<'a>,
    trust: Option<TrustedState>,
    seen: BTreeMap<u64, Hash>,
    last: Option<FollowedDocument>,
    followed: u64,
}

pub(super) fn follow(session: &Session, blocks: Option<u64>) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let mut client = Client { desk, trust: None, seen: BTreeMap::new(), last: None, followed: 0 };
    let mut silent = 0;
    while blocks.is_none_or(|blocks| client.followed < blocks) {
        match client.round() {
            Ok(()) => silent = 0,
            Err(fault) if fault.exit == Exit::NotSent && silent < PATIENCE => silent += 1,
            Err(fault) => return Err(fault),
        }
        std::thread::sleep(PAUSE);
    }
    if let Some(last) = &client.last {
        let text = format!("Followed {} blocks to {}.", last.followed, last.height);
        session.output.result(text, last);
    }
    Ok(())
}

impl Client<'_> {
    /// Asks every node once.
    fn round(&mut self) -> Result<(), Fault> {
        let nodes: Vec<Node> = self.desk.network.nodes().to_vec();
        let mut failures = Vec::new();
        for node in &nodes {
            match self.ask(node) {
                Ok(proof) => self.take(node, &proof)?,
                Err(error) => failures.push(format!("{}: {error}", node.base())),
            }
        }
        if failures.len() == nodes.len() { Err(nobody_answers(&failures)) } else { Ok(()) }
    }

    /// The newest certified header that a node has: every proof ends in one.
    fn ask(&self, node: &Node) -> Result<Proof, NodeError> {
        let nobody = AccountId::new(InstitutionNumber(1), [0; 12]);
        let path = format!("/v1/accounts/{}/proof", nobody.address(self.desk.chain.network));
        let file = node.get(&path, &[], MEDIA_TYPE, self.desk.network.limit())?;
        Proof::decode(&file).map_err(|error| NodeError::Broken { reason: error.to_string() })
    }

    fn take(&mut self, node: &Node, proof: &Proof) -> Result<(), Fault> {
        let domains = self.desk.chain.domains();
        // Every proof begins at the genesis document: what it leads to is checked from there, and
        // then compared with what was seen.
        let verified = TrustedState::genesis(self.desk.chain.id, &proof.genesis)
            .and_then(|genesis| genesis.certify(&domains, &proof.progress));
        let (epoch, validators) = match verified {
            Ok(verified) => verified,
            Err(error) => {
                let reason = sentence(&error);
                self.desk.session.output.warning(format!("Do not trust {}: {reason}", node.base()));
                return Ok(());
            }
        };
        let header = &proof.progress.header;
        let (height, hash) = (header.height.0, header.hash(&domains));
        if self.seen.insert(height, hash).is_some_and(|seen| seen != hash) {
            return Err(conflict(&Refusal::Conflict { height: header.height }));
        }
        while self.seen.len() > REMEMBERED {
            self.seen.pop_first();
        }
        let advance = match &mut self.trust {
            None => {
                let latest = Box::new(header.clone());
                let height = latest.height;
                self.trust = Some(TrustedState::Following { epoch, validators, latest });
                Advance::To(height)
            }
            Some(trust) => advance(trust, &domains, proof)?,
        };
        if advance == Advance::NotNewer {
            return Ok(());
        }
        self.followed += 1;
        let signers = proof.progress.certificate.signers().count();
        let line = format!(
            "block {height}  {}  {}  {signers} signed  from {}",
            api::text::time(header.time),
            &hash.to_hex()[..16],
            node.base()
        );
        self.desk.session.output.line(line);
        self.last = Some(FollowedDocument {
            chain_id: self.desk.chain.text(),
            height,
            hash: hash.to_hex(),
            epoch: epoch.0,
            followed: self.followed,
        });
        Ok(())
    }
}

/// Moves trust on. A proof tells of all epochs since genesis; those that are trusted are left out.
fn advance(
    trust: &mut TrustedState,
    domains: &ledger::hash::Domains,
    proof: &Proof,
) -> Result<Advance, Fault> {
    let mut progress = proof.progress.clone();
    if let TrustedState::Following { epoch, .. } = trust {
        if progress.header.epoch < *epoch {
            return Ok(Advance::NotNewer);
        }
        progress.epochs.retain(|change| change.header.epoch >= *epoch);
    }
    trust.advance(domains, &progress, entropy::now()).map_err(|refusal| conflict(&refusal))
}

fn conflict(refusal: &Refusal) -> Fault {
    let code = if matches!(refusal, Refusal::Conflict { .. }) { "conflict" } else { "not-trusted" };
    Fault::new(Exit::Rejected, code, sentence(refusal), "Stop paying, and ask the operators.")
}
