//! `feiqian iso check`: whether a message ordered a payment, checked offline.
//!
//! The payment's proof holds a commitment; the answer holds what opens it; the message is what it
//! must open to, byte for byte. Invariants: no node is asked; what is said to be ordered is what
//! was settled. Absent: who sent the message.

use iso20022::PrivateData;
use iso20022::incoming::{self, Message};
use iso20022::pacs002::{self, Opening};
use iso20022::pacs008::CreditTransfer;
use iso20022::xml::Limits;
use ledger::hash::Domains;
use ledger::ids::Uetr;
use ledger::proof::{Proof, Proven};
use ledger::receipt::{Outcome, Settlement};
use serde::Serialize;
use std::path::{Path, PathBuf};

use super::read_message;
use crate::cli::Anchor;
use crate::code::Own;
use crate::commands::proof::{anchored, checked};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::files;
use crate::language::{Text, say};
use crate::session::Session;

/// The files that belong together.
pub(super) struct Evidence {
    pub(super) message: PathBuf,
    pub(super) answer: PathBuf,
    pub(super) proof: PathBuf,
}

#[derive(Serialize)]
struct CheckDocument {
    valid: bool,
    chain_id: String,
    id: String,
    block: u64,
    /// The message's own id, which was in the bytes that were checked.
    message_id: String,
}

pub(super) fn run(session: &Session, evidence: &Evidence, anchor: &Anchor) -> Result<(), Fault> {
    let chain = anchored(session, anchor)?;
    let bytes = read_message(&evidence.message)?;
    let answer = read_message(&evidence.answer)?;
    let proof = files::read(&evidence.proof, Proof::MAXIMUM_BYTES)
        .map_err(|error| Fault::file(&evidence.proof, &error))?;
    let verdict = checked(&chain, &proof)?;
    let Proven::Payment(receipt) = &verdict.proven else { return Err(no_payment()) };
    let Outcome::Settled(settlement) = &receipt.outcome else { return Err(no_payment()) };
    let uetr = receipt.uetr.ok_or_else(no_payment)?;
    let opening = opening(&evidence.answer, &answer, uetr)?;
    let message_id = compare(&chain.domains(), &bytes, (uetr, &opening), settlement)?;
    let height = verdict.header.height;
    let text = say!(
        "Valid: message {message_id} ordered payment {uetr}, settled in block {height}.",
        "有效：报文 {message_id} 指示了支付 {uetr}，已在区块 {height} 中结算。"
    );
    let document = CheckDocument {
        valid: true,
        chain_id: chain.text(),
        id: uetr.to_string(),
        block: height.0,
        message_id,
    };
    session.output.result(&text, &document);
    Ok(())
}

/// What opens the commitment, from the answer to the message.
fn opening(path: &Path, answer: &[u8], uetr: Uetr) -> Result<Opening, Fault> {
    let report = pacs002::read(answer, &Limits::default());
    let transactions = report.map(|report| report.transactions).unwrap_or_default();
    let status = transactions.into_iter().find(|status| status.uetr == Some(uetr));
    status.and_then(|status| status.opening).ok_or_else(|| {
        let detail = say!(
            "{path} is no answer that opens payment {uetr}.",
            "{path} 不是可打开支付 {uetr} 的应答。",
            path = path.display()
        );
        refused(detail)
    })
}

/// Checks the message against the commitment; gives the message's id.
fn compare(
    domains: &Domains,
    bytes: &[u8],
    (uetr, opening): (Uetr, &Opening),
    settlement: &Settlement,
) -> Result<String, Fault> {
    let read = incoming::read(bytes, &Limits::default());
    let Ok(Message::Transfers(mut message)) = read else {
        return Err(refused(say!("The message orders no payments.", "该报文未指示任何支付。")));
    };
    message.identify(domains);
    let text = uetr.to_string();
    let is_it =
        |transfer: &&CreditTransfer| transfer.identification.uetr.as_deref() == Some(text.as_str());
    let Some(transfer) = message.transactions.iter().find(is_it) else {
        let detail =
            say!("The message does not order payment {uetr}.", "该报文未指示支付 {uetr}。");
        return Err(refused(detail));
    };
    let hash = PrivateData::message_hash(domains, bytes);
    if hash != opening.message {
        let detail = say!(
            "Payment {uetr} was ordered by a message with other bytes.",
            "支付 {uetr} 由内容不同的另一报文指示。"
        );
        return Err(refused(detail));
    }
    if transfer.private.commitment_in(domains, &opening.salt, &hash) != settlement.remittance {
        let detail = say!(
            "The payment on the ledger was not ordered by this message and answer.",
            "账本上的支付并非由该报文和应答所指示。"
        );
        return Err(refused(detail));
    }
    Ok(message.header.group.message_id)
}

fn no_payment() -> Fault {
    refused(say!("The proof is not of a settled payment.", "该证明不属于已结算的支付。"))
}

fn refused(detail: Text) -> Fault {
    let hint = say!(
        "Take the message as it was sent, the answer to it, and the payment's proof.",
        "请使用原样发送的报文、其应答以及该支付的证明。"
    );
    Fault::new(Exit::Rejected, Own::ProofRefused, detail, hint)
}
