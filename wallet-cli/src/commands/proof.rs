//! `feiqian proof get|absent|verify`.

mod absent;

use api::proof::{MEDIA_TYPE, ProofView};
use ledger::ids::{AccountId, Height, Uetr};
use ledger::money::Decimals;
use ledger::proof::{Proven, Verdict};
use ledger::receipt::Outcome;
use serde::Serialize;
use std::path::Path;

use crate::assurance;
use crate::cli::{Anchor, Proof};
use crate::code::Own;
use crate::desk::Desk;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::files;
use crate::language::{Text, say};
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
        Proof::Absent { id, valid_from, valid_until, file } => {
            absent::prove(session, &id, valid_from.zip(valid_until), file.as_deref())
        }
        Proof::Verify { file, anchor } => verify(session, &file, &anchor),
    }
}

fn get(session: &Session, id: &str, file: Option<&Path>) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    let (proof, verdict) = find(&desk, id)?;
    let usual = format!("{}.proof", uetr_of(&verdict));
    keep(&desk, (&proof, &verdict), file.unwrap_or(Path::new(&usual)))
}

/// Writes a verified proof to a file, or to standard output for `-`, and says what it proves.
fn keep(desk: &Desk<'_>, (proof, verdict): (&[u8], &Verdict), file: &Path) -> Result<(), Fault> {
    if file == Path::new("-") {
        desk.session.output.bytes(proof);
        return Ok(());
    }
    files::replace_public(file, proof).map_err(|error| Fault::file(file, &error))?;
    let document = document(&desk.chain, proof, verdict, Some(file));
    let text = say!(
        "{said}\nThe proof is in {file}.",
        "{said}\n证明在 {file}。",
        file = file.display();
        said = sentence_of(&desk.chain, verdict)
    );
    desk.session.output.result(&text, &document);
    Ok(())
}

/// The proof of the payment whose id begins so, verified: this wallet's own copy, or a node's.
///
/// # Errors
/// Exit 3 for a proof that does not hold, or if there is no such payment; exit 5 if no node
/// answers.
pub(in crate::commands) fn find(desk: &Desk<'_>, id: &str) -> Result<(Vec<u8>, Verdict), Fault> {
    let archived = desk.session.outbox().archived(id)?;
    let id = match &archived {
        Some(entry) => entry.id.clone(),
        None => beginning(id)?,
    };
    let kept = archived
        .and_then(|entry| entry.outcome?.proof)
        .and_then(|proof| api::text::parse_base64(&proof));
    let path = format!("/v1/payments/{id}/proof");
    let ask = || desk.network.ask(|node, limit| node.get(&path, &[], MEDIA_TYPE, limit));
    let proof = match kept {
        // A hold is not the last word: only a node knows what came after it.
        Some(proof) if is_of_hold(&desk.chain, &proof) => ask().unwrap_or(proof),
        Some(proof) => proof,
        None => ask()?,
    };
    let verdict = checked(&desk.chain, &proof)?;
    if !digits(&uetr_of(&verdict)).starts_with(&digits(&id)) {
        return Err(of_something_else());
    }
    Ok((proof, verdict))
}

/// True if a proof's payment waited, in the block that it is of.
fn is_of_hold(chain: &Chain, proof: &[u8]) -> bool {
    assurance::verify(chain, proof).is_ok_and(|verdict| match verdict.proven {
        Proven::Payment(receipt) => receipt.outcome.waits().is_some(),
        Proven::NoPayment { .. } | Proven::Holding { .. } | Proven::Account { .. } => false,
    })
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
pub(super) fn beginning(id: &str) -> Result<String, Fault> {
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
    let chain = anchored(session, anchor)?;
    let proof = files::read(file, ledger::proof::Proof::MAXIMUM_BYTES)
        .map_err(|error| Fault::file(file, &error))?;
    let verdict = checked(&chain, &proof)?;
    let document = document(&chain, &proof, &verdict, None);
    session.output.result(&sentence_of(&chain, &verdict), &document);
    Ok(())
}

/// The chain that a file is checked against: the one that is named, else the profile's.
///
/// # Errors
/// A usage fault if there is none.
pub(super) fn anchored(session: &Session, anchor: &Anchor) -> Result<Chain, Fault> {
    match (&anchor.genesis, &anchor.chain_id) {
        (Some(genesis), _) => Chain::of_genesis(genesis),
        (None, Some(text)) => Chain::parse(text),
        (None, None) => session.profile().and_then(|profile| profile.chain()).map_err(|fault| {
            let why = say!(
                "A proof is checked against a chain that you trust.",
                "证明须对照您信任的链来验证。"
            );
            let hint = say!(
                "Add --genesis FILE or --chain-id ID, or choose a profile.",
                "请加上 --genesis FILE 或 --chain-id ID，或选择配置。"
            );
            Fault::usage(Own::MissingFlag, why, hint).with_cause(&fault)
        }),
    }
}

/// What a proof proves on this chain.
///
/// # Errors
/// Exit 3 if it does not hold.
pub(super) fn checked(chain: &Chain, proof: &[u8]) -> Result<Verdict, Fault> {
    assurance::verify(chain, proof)
        .map_err(|reason| refused(say!("{reason}.", "{reason}。"; reason = reason)))
}

fn of_something_else() -> Fault {
    let reason = say!("A node sent the proof of something else.", "节点发来的证明属于其他内容。");
    refused(reason)
}

/// The fault of a proof that does not hold.
pub(super) fn refused(reason: Text) -> Fault {
    let hint = say!(
        "It proves nothing. Get the proof again, from another node.",
        "它不能证明任何内容。请从其他节点重新获取证明。"
    );
    Fault::new(Exit::Rejected, Own::ProofRefused, reason, hint)
}

/// `Valid: payment 7f0c2b9e settled in block 41; 4 of 4 validators signed (3 needed); chain
/// fqd-...`
fn sentence_of(chain: &Chain, verdict: &Verdict) -> Text {
    let short = |uetr: &Uetr| uetr.to_string().chars().take(8).collect::<String>();
    let height = verdict.header.height;
    let address = |account: AccountId| account.address(chain.network);
    let said = match &verdict.proven {
        Proven::Payment(receipt) => {
            let id = receipt.uetr.as_ref().map(short).unwrap_or_default();
            payment(&id, &receipt.outcome, height)
        }
        Proven::NoPayment { uetr, .. } => say!(
            "payment {id} did not happen and no longer can",
            "支付 {id} 未发生，也不会再发生",
            id = short(uetr)
        ),
        Proven::Holding { account, asset, holding } => say!(
            "account {account} held {posted} minor units of {asset} after block {height}",
            "区块 {height} 之后，账户 {account} 持有 {posted} 个 {asset} 最小单位",
            account = address(*account),
            posted = holding.unwrap_or_default().posted.0
        ),
        Proven::Account { account, record: Some(_) } => say!(
            "account {account} existed after block {height}",
            "区块 {height} 之后，账户 {account} 存在",
            account = address(*account)
        ),
        Proven::Account { account, record: None } => say!(
            "there was no account {account} after block {height}",
            "区块 {height} 之后，没有账户 {account}",
            account = address(*account)
        ),
    };
    say!(
        "Valid: {said}; {signers} of {all} validators signed ({quorum} needed); chain {chain}",
        "有效：{said}；{all} 个验证者中有 {signers} 个签名（须 {quorum} 个）；链 {chain}",
        signers = verdict.signers,
        all = verdict.validators,
        quorum = verdict.quorum,
        chain = chain.text();
        said = said
    )
}

/// What is proven of a payment. That funds are held for one says nothing of what came after.
fn payment(id: &str, outcome: &Outcome, height: Height) -> Text {
    match outcome {
        Outcome::Settled(_)
        | Outcome::Done
        | Outcome::Proposed(_)
        | Outcome::RecallRequested(_)
        | Outcome::RecallRefused(_) => {
            say!("payment {id} settled in block {height}", "支付 {id} 已在区块 {height} 中结算")
        }
        Outcome::Held(held) => say!(
            "payment {id} was HELD in block {height}, to be captured until {until}, and is not \
             settled by that",
            "支付 {id} 在区块 {height} 中预授权，请款截至 {until}，尚未因此结算",
            until = api::text::time(held.deadline)
        ),
        Outcome::Released(_) => say!(
            "payment {id} was RELEASED in block {height}: it was not paid",
            "支付 {id} 的预授权在区块 {height} 中撤销：未付款"
        ),
        Outcome::Returned(reversal) => say!(
            "payment {payment} was RETURNED in block {height} ({reason}): {amount} minor units of \
             {asset} went back, {total} of {credited} in all",
            "支付 {payment} 在区块 {height} 中退回（{reason}）：退回 {amount} 个 {asset} 最小单位，共 \
             {total}/{credited}",
            payment = reversal.payment,
            reason = reversal.reason,
            amount = reversal.amount.amount.0,
            asset = reversal.amount.asset,
            total = reversal.total.0,
            credited = reversal.credited.0
        ),
        Outcome::AwaitingApproval(held) => say!(
            "payment {id} WAITED for approvals in block {height}, until {until} at most, and is \
             not settled by that",
            "支付 {id} 在区块 {height} 中等待批准，最晚至 {until}，尚未因此结算",
            until = api::text::time(held.deadline)
        ),
        Outcome::AwaitingReview(held) => say!(
            "payment {id} WAITED for a bank's review in block {height}, until {until} at most, \
             and is not settled by that",
            "支付 {id} 在区块 {height} 中等待银行审查，最晚至 {until}，尚未因此结算",
            until = api::text::time(held.deadline)
        ),
        Outcome::Queued(held) => say!(
            "payment {id} WAITED for funds in block {height}, until {until} at most, and is not \
             settled by that",
            "支付 {id} 在区块 {height} 中等待资金，最晚至 {until}，尚未因此结算",
            until = api::text::time(held.deadline)
        ),
        Outcome::Refused(refused) => say!(
            "payment {id} was REFUSED in block {height} ({reason}, ISO 20022 \
             {iso}): it was not paid",
            "支付 {id} 在区块 {height} 中未获批准（{reason}，ISO 20022 {iso}）：未付款",
            reason = refused.reason.word(),
            iso = refused.reason.iso()
        ),
        Outcome::Rejected(rejection) => say!(
            "payment {id} was REJECTED in block {height} ({code}, ISO 20022 {iso})",
            "支付 {id} 在区块 {height} 中被拒绝（{code}，ISO 20022 {iso}）",
            code = rejection.code(),
            iso = rejection.iso()
        ),
    }
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
