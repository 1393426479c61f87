//! `feiqian proof get|verify`.

use api::proof::{MEDIA_TYPE, ProofView};
use ledger::ids::{AccountId, Uetr};
use ledger::money::Decimals;
use ledger::proof::{Proven, Verdict};
use serde::Serialize;
use std::path::Path;

use crate::assurance;
use crate::cli::{Anchor, Proof};
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::{Fault, sentence};
use crate::files;
use crate::network::naming;
use crate::profile::Chain;
use crate::session::Session;

#[derive(Serialize)]
struct ProofDocument {
    valid: bool,
    chain_id: String,
    #[serde(flatten)]
    proof: ProofView,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

pub(super) fn run(session: &Session, command: Proof) -> Result<(), Fault> {
    match command {
        Proof::Get { id, file } => get(session, &id, file.as_deref()),
        Proof::Verify { file, anchor } => verify(session, &file, &anchor),
    }
}

fn get(session: &Session, id: &str, file: Option<&Path>) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let (proof, verdict) = find(&desk, id)?;
    let uetr = uetr_of(&verdict);
    if file == Some(Path::new("-")) {
        session.output.bytes(&proof);
        return Ok(());
    }
    let usual = format!("{uetr}.proof");
    let file = file.unwrap_or(Path::new(&usual));
    files::replace_public(file, &proof).map_err(|error| Fault::file(file, &error))?;
    let document = document(&desk.chain, &proof, &verdict, Some(file));
    let text =
        format!("{}\nThe proof is in {}.", sentence_of(&desk.chain, &verdict), file.display());
    session.output.result(text, &document);
    Ok(())
}

/// The proof of the payment whose id begins so, verified: this wallet's own copy, or a node's.
///
/// # Errors
/// Exit 3 for a proof that does not hold, or if there is no such payment; exit 5 if no node
/// answers.
pub(super) fn find(desk: &Desk<'_>, id: &str) -> Result<(Vec<u8>, Verdict), Fault> {
    let archived = desk.session.outbox().archived(id)?;
    let id = match &archived {
        Some(entry) => entry.id.clone(),
        None => beginning(id)?,
    };
    let kept = archived
        .and_then(|entry| entry.outcome?.proof)
        .and_then(|proof| api::text::parse_base64(&proof));
    let path = format!("/v1/payments/{id}/proof");
    let proof = match kept {
        Some(proof) => proof,
        None => desk.network.ask(|node, limit| node.get(&path, &[], MEDIA_TYPE, limit))?,
    };
    let verdict = checked(&desk.chain, &proof)?;
    if !digits(&uetr_of(&verdict)).starts_with(&digits(&id)) {
        return Err(refused("A node sent the proof of something else.".to_owned()));
    }
    Ok((proof, verdict))
}

/// The payment that a proof is about; empty if it is about something else.
fn uetr_of(verdict: &Verdict) -> String {
    let proven = match &verdict.proven {
        Proven::Payment(receipt) => receipt.uetr,
        Proven::NoPayment { uetr, .. } => Some(*uetr),
        Proven::Holding { .. } | Proven::Account { .. } => None,
    };
    proven.map(|uetr| uetr.to_string()).unwrap_or_default()
}

/// A UETR, or its first 8 or more hexadecimal digits.
fn beginning(id: &str) -> Result<String, Fault> {
    let is_digit = |letter: char| letter.is_ascii_digit() || ('a'..='f').contains(&letter);
    let digits = digits(id);
    if (8..32).contains(&digits.len()) && digits.chars().all(is_digit) {
        return Ok(id.to_owned());
    }
    Ok(Uetr::parse(id)?.to_string())
}

fn digits(id: &str) -> String {
    id.replace('-', "")
}

fn verify(session: &Session, file: &Path, anchor: &Anchor) -> Result<(), Fault> {
    let chain = match (&anchor.genesis, &anchor.chain_id) {
        (Some(genesis), _) => Chain::of_genesis(genesis)?,
        (None, Some(text)) => Chain::parse(text)?,
        (None, None) => session.profile().and_then(|profile| profile.chain()).map_err(|fault| {
            let why = "A proof is checked against a chain that you trust.";
            Fault::missing("--genesis FILE or --chain-id ID, or choose a profile", why)
                .with_cause(&fault)
        })?,
    };
    let proof = files::read(file, ledger::proof::Proof::MAXIMUM_BYTES)
        .map_err(|error| Fault::file(file, &error))?;
    let verdict = checked(&chain, &proof)?;
    session.output.result(sentence_of(&chain, &verdict), &document(&chain, &proof, &verdict, None));
    Ok(())
}

fn checked(chain: &Chain, proof: &[u8]) -> Result<Verdict, Fault> {
    assurance::verify(chain, proof).map_err(|reason| refused(sentence(&reason)))
}

fn refused(reason: String) -> Fault {
    let hint = "It proves nothing. Get the proof again, from another node.";
    Fault::new(Exit::Rejected, "proof-refused", reason, hint)
}

/// `Valid: payment 7f0c2b9e settled in block 41; 4 of 4 validators signed (3 needed); chain
/// fqd-...`
fn sentence_of(chain: &Chain, verdict: &Verdict) -> String {
    let short = |uetr: &Uetr| uetr.to_string().chars().take(8).collect::<String>();
    let height = verdict.header.height;
    let address = |account: AccountId| account.address(chain.network);
    let said = match &verdict.proven {
        Proven::Payment(receipt) => {
            let id = receipt.uetr.as_ref().map(short).unwrap_or_default();
            match receipt.outcome.rejection() {
                None => format!("payment {id} settled in block {height}"),
                Some(rejection) => format!(
                    "payment {id} was REJECTED in block {height} ({}, ISO 20022 {})",
                    rejection.code(),
                    rejection.iso()
                ),
            }
        }
        Proven::NoPayment { uetr, .. } => {
            format!("payment {} did not happen and no longer can", short(uetr))
        }
        Proven::Holding { account, asset, holding } => format!(
            "account {} held {} minor units of {asset} after block {height}",
            address(*account),
            holding.unwrap_or_default().posted.0
        ),
        Proven::Account { account, record: Some(_) } => {
            format!("account {} existed after block {height}", address(*account))
        }
        Proven::Account { account, record: None } => {
            format!("there was no account {} after block {height}", address(*account))
        }
    };
    format!(
        "Valid: {said}; {} of {} validators signed ({} needed); chain {}",
        verdict.signers,
        verdict.validators,
        verdict.quorum,
        chain.text()
    )
}

fn document(chain: &Chain, bytes: &[u8], verdict: &Verdict, file: Option<&Path>) -> ProofDocument {
    let mut naming = naming(chain.network, &[]);
    let assets = match &verdict.proven {
        Proven::Payment(receipt) => assurance::assets(receipt),
        Proven::Holding { asset, .. } => vec![*asset],
        Proven::NoPayment { .. } | Proven::Account { .. } => Vec::new(),
    };
    // Offline only currencies have decimals; points are written in minor units.
    for asset in assets {
        naming.decimals.extend(Decimals::of_currency(asset).map(|decimals| (asset, decimals)));
    }
    ProofDocument {
        valid: true,
        chain_id: chain.text(),
        proof: ProofView::new(bytes, verdict, &naming),
        file: file.map(|file| file.display().to_string()),
    }
}
