//! The desk: the way of every order from an operation to its proven receipt.
//!
//! Invariants: an order that an earlier command left unfinished is gone on with before a new one is
//! signed; what is signed is saved before it is sent; what is known is archived before it is told,
//! and told before its order counts as ended ([`Desk::conclude`]).
//! Absent: what the operations are (the commands).

use api::limits::RuleView;
use api::proof::MEDIA_TYPE;
use api::receipt::ReceiptView;
use api::text::Naming;
use api::transaction::{SimulationAnswer, TransactionRequest};
use ledger::codec;
use ledger::crypto::SecretKey;
use ledger::ids::{AssetCode, Height};
use ledger::money::Decimals;
use ledger::operation::Operation;
use ledger::receipt::Receipt;
use ledger::rejection::Rejection;
use ledger::transaction::{SignedTransaction, Transaction};
use serde::Serialize;
use std::time::{Duration, Instant};

use crate::assurance::{self, Ended, Evidence, Expected};
use crate::code::Own;
use crate::delivery::{Delivered, Delivery};
use crate::entropy;
use crate::envelope;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::interrupt;
use crate::language::say;
use crate::network::{Network, naming};
use crate::node::{Node, NodeError};
use crate::outbox::{Entry, Held, Outcome};
use crate::profile::{Chain, Profile};
use crate::session::Session;

/// How long to wait for the proof of what an operation without money did.
const EFFECT: Duration = Duration::from_secs(1);

/// Everything that an order needs.
pub(crate) struct Desk<'a> {
    /// The session.
    pub(crate) session: &'a Session,
    /// The profile.
    pub(crate) profile: Profile,
    /// The profile's chain.
    pub(crate) chain: Chain,
    /// The profile's nodes.
    pub(crate) network: Network,
}

/// An order that ended well.
pub(crate) struct Done {
    /// What was saved for it.
    pub(crate) entry: Entry,
    /// What was ordered.
    pub(crate) operation: Operation,
    /// How it ended.
    pub(crate) ended: Ended,
    /// From the saving to the verified proof.
    pub(crate) elapsed: Duration,
    /// True if an earlier command had left it unfinished.
    pub(crate) is_resumed: bool,
    /// The entry in the outbox; none if its end was told before.
    held: Option<Held>,
}

/// What an order's JSON adds to the receipt.
#[derive(Serialize)]
pub(crate) struct DoneDocument {
    /// The receipt; `id` is always there.
    #[serde(flatten)]
    pub(crate) receipt: ReceiptView,
    chain_id: String,
    resumed: bool,
    /// Whether the payer's institution has the payment's note; absent without a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    note_handed_over: Option<bool>,
    finality_ms: u64,
    /// Absent where money does not move: there is no kind of proof for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<VerifiedDocument>,
}

/// What the proof rests on.
#[derive(Serialize)]
struct VerifiedDocument {
    signers: usize,
    validators: usize,
    quorum: usize,
}

impl<'a> Desk<'a> {
    /// Opens the desk on the session's profile.
    ///
    /// # Errors
    /// A usage fault if there is no profile, or it names no chain.
    pub(crate) fn open(session: &'a Session) -> Result<Self, Fault> {
        let profile = session.profile()?;
        let chain = profile.chain()?;
        let network = session.network(&profile);
        Ok(Self { session, profile, chain, network })
    }

    /// The unfinished order with this text, if an earlier command left one.
    ///
    /// # Errors
    /// An internal fault if the outbox is damaged.
    pub(crate) fn unfinished(&self, order: &str) -> Result<Option<Held>, Fault> {
        self.session.outbox().unfinished(&self.chain.text(), order)
    }

    /// The receipt that the transaction would get now. What is sent for it can never be executed.
    ///
    /// # Errors
    /// The rejection that it would get, or exit 5 if no node answers. Nothing was sent.
    pub(crate) fn simulate(&self, transaction: Transaction) -> Result<ReceiptView, Fault> {
        would_settle(&self.rehearse(transaction)?).cloned()
    }

    /// What the transaction would do now, and whose approvals it needs, as a node tells it.
    ///
    /// # Errors
    /// As for [`Network::ask`]. Nothing was sent.
    pub(crate) fn rehearse(&self, transaction: Transaction) -> Result<SimulationAnswer, Fault> {
        let bytes = codec::encode(&envelope::unsigned(transaction));
        let question = TransactionRequest { transaction: api::text::base64(&bytes) };
        let path = "/v1/transactions/simulate";
        self.network.ask(|node, limit| node.post_json(path, &question, limit))
    }

    /// Signs, saves, sends, verifies.
    ///
    /// # Errors
    /// See [`Desk::deliver`].
    pub(crate) fn dispatch(
        &self,
        transaction: Transaction,
        keys: &[SecretKey],
        order: String,
        complete: impl FnOnce(&mut Entry),
    ) -> Result<Done, Fault> {
        self.submit(&envelope::sign(&self.chain, transaction, keys), order, complete)
    }

    /// Saves, sends, verifies what is signed.
    ///
    /// # Errors
    /// See [`Desk::deliver`].
    pub(crate) fn submit(
        &self,
        signed: &SignedTransaction,
        order: String,
        complete: impl FnOnce(&mut Entry),
    ) -> Result<Done, Fault> {
        let id = self.id_of(&signed.transaction);
        let bytes = codec::encode(signed);
        let mut entry = Entry::new(id, order, self.chain.text(), entropy::now(), &bytes);
        complete(&mut entry);
        self.deliver(self.session.outbox().save(entry)?)
    }

    /// The id by which a transaction is known here: its payment's UETR, or else its own.
    pub(crate) fn id_of(&self, transaction: &Transaction) -> String {
        match transaction.uetrs().next() {
            Some(uetr) => uetr.to_string(),
            None => transaction.id(&self.chain.domains()).to_hex(),
        }
    }

    /// Sends what is saved until its outcome is proven.
    ///
    /// # Errors
    /// The proven rejection; exit 5, 6 or 7 with what to do; a node's refusal.
    pub(crate) fn deliver(&self, mut held: Held) -> Result<Done, Fault> {
        let start = Instant::now();
        let output = &self.session.output;
        if let Some(mut done) = self.recall(&held.entry) {
            output.step(&say!("paid before", "此前已支付"));
            self.try_to_hand_over(&mut held.entry);
            done.entry = held.entry.clone();
            done.held = Some(held);
            return Ok(done);
        }
        let _watch = interrupt::watch(output.format(), &held.entry.id)?;
        let saved =
            if held.is_resumed { say!("resumed", "继续") } else { say!("saved", "已保存") };
        output.step(&saved);
        let (bytes, signed) = held.entry.transaction()?;
        let expected = Expected::of(&self.chain, &signed.transaction).ok_or_else(|| {
            Fault::internal(say!(
                "The outbox holds a transaction without operation.",
                "发件箱中有一笔不含操作的交易。"
            ))
        })?;
        let delivery = Delivery {
            bytes: &bytes,
            id: &held.entry.id,
            chain: &self.chain,
            expected: &expected,
            validity: (signed.transaction.valid_from, signed.transaction.valid_until),
            may_be_sent: held.is_resumed,
        };
        let id = held.entry.id.clone();
        let delivered = delivery.run(&self.network, self.session.timeout, entropy::now(), output);
        let mut ended = match delivered {
            Ok(Delivered::Ended(ended)) => *ended,
            Ok(Delivered::Expired) => {
                self.archive(&mut held, "expired", None)?;
                self.session.outbox().release(held)?;
                return Err(expired().about(&id));
            }
            Err(fault) => {
                if fault.exit == Exit::NotSent {
                    self.archive(&mut held, "not-sent", None)?;
                    self.session.outbox().release(held)?;
                }
                return Err(fault);
            }
        };
        output.step(&say!("sent", "已发送"));
        if ended.evidence.is_none() && ended.receipt.outcome.rejection().is_none() {
            ended.evidence = self.effect(&expected.operation, ended.height);
        }
        output.step(&say!("final", "已终局"));
        let elapsed = start.elapsed();
        output.part(&format!("   {} s", seconds(elapsed)));
        let status = ReceiptView::new(&ended.receipt, None, &self.unnamed()).status;
        self.archive(&mut held, &status, Some(&ended))?;
        if let Some(rejection) = ended.receipt.outcome.rejection() {
            self.session.outbox().release(held)?;
            let rule = ended.receipt.rules.0.first().map(RuleView::new);
            return Err(Fault::rejected(rejection).by_rule(rule.as_ref()).about(&id));
        }
        self.try_to_hand_over(&mut held.entry);
        let (entry, is_resumed) = (held.entry.clone(), held.is_resumed);
        let operation = expected.operation;
        Ok(Done { entry, operation, ended, elapsed, is_resumed, held: Some(held) })
    }

    /// Ends an order whose end was told: from now on the same command orders anew.
    ///
    /// # Errors
    /// What the system says; then the same command tells the same end again.
    pub(crate) fn conclude(&self, done: Done) -> Result<(), Fault> {
        done.held.map_or(Ok(()), |held| self.session.outbox().release(held))
    }

    /// How a payment ended, by the proof that is kept of it; `None` if none is.
    pub(crate) fn recall(&self, entry: &Entry) -> Option<Done> {
        let file = entry.outcome.as_ref()?.proof.as_deref().and_then(api::text::parse_base64)?;
        let (_, signed) = entry.transaction().ok()?;
        let expected = Expected::of(&self.chain, &signed.transaction)?;
        let ended = assurance::prove(&self.chain, file, &expected).ok()?;
        Some(Done {
            entry: entry.clone(),
            operation: expected.operation,
            ended,
            elapsed: Duration::ZERO,
            is_resumed: true,
            held: None,
        })
    }

    /// The proof of what an operation without money did to its account, from the first node that
    /// has it; `None` if there is no such account, or no node proves it in time.
    fn effect(&self, operation: &Operation, done: Height) -> Option<Evidence> {
        let address = assurance::affected(operation)?.address(self.chain.network);
        let path = format!("/v1/accounts/{address}/proof");
        let ask = |node: &Node, limit| {
            let file = node.get(&path, &[], MEDIA_TYPE, limit)?;
            assurance::check_effect(&self.chain, &file, operation, done)
                .map_err(|reason| NodeError::Broken { reason })
        };
        let deadline = Instant::now() + EFFECT;
        loop {
            match self.network.ask(ask) {
                Ok(evidence) => return Some(evidence),
                // The block may not have its certificate yet.
                Err(_) if Instant::now() < deadline => std::thread::sleep(EFFECT / 20),
                Err(_) => return None,
            }
        }
    }

    /// An order's receipt and proof for programs.
    pub(crate) fn document(&self, done: &Done, naming: &Naming) -> DoneDocument {
        let mut receipt = self.view(done, naming);
        receipt.id.get_or_insert_with(|| done.entry.id.clone());
        DoneDocument {
            receipt,
            chain_id: self.chain.text(),
            resumed: done.is_resumed,
            note_handed_over: done.entry.note_handed_over(),
            finality_ms: u64::try_from(done.elapsed.as_millis()).unwrap_or(u64::MAX),
            verified: done.ended.evidence.as_ref().map(|evidence| VerifiedDocument {
                signers: evidence.signers,
                validators: evidence.validators,
                quorum: evidence.quorum,
            }),
        }
    }

    /// The proven receipt in words.
    pub(crate) fn view(&self, done: &Done, naming: &Naming) -> ReceiptView {
        let ended = &done.ended;
        ReceiptView::new(&ended.receipt, Some((ended.height, ended.time)), naming)
    }

    /// What it takes to write the amounts of a receipt, if need be without any node.
    pub(crate) fn naming_of(&self, receipt: &Receipt) -> Naming {
        let mut naming = self.network.naming(self.chain.network).unwrap_or_else(|_| self.unnamed());
        for asset in assurance::assets(receipt) {
            if let Some(decimals) = Decimals::of_currency(asset) {
                naming.decimals.insert(asset, decimals);
            }
        }
        naming
    }

    fn unnamed(&self) -> Naming {
        naming(self.chain.network, &[])
    }

    fn archive(&self, held: &mut Held, status: &str, ended: Option<&Ended>) -> Result<(), Fault> {
        let evidence = ended.and_then(|ended| ended.evidence.as_ref());
        let outcome = Outcome {
            status: status.to_owned(),
            block: ended.map(|ended| ended.height.0),
            proof: evidence.map(|evidence| api::text::base64(&evidence.file)),
        };
        self.session.outbox().archive(held, outcome)
    }
}

/// The last receipt of a transaction that would settle or wait.
///
/// # Errors
/// The rejection that it would get.
pub(crate) fn would_settle(answer: &SimulationAnswer) -> Result<&ReceiptView, Fault> {
    let receipt = answer.settled.first().or(answer.receipts.first()).ok_or_else(|| {
        Fault::internal(say!(
            "A node simulates a transaction without a receipt.",
            "节点模拟交易却未给出回执。"
        ))
    })?;
    match Rejection::ALL.into_iter().find(|r| Some(r.code()) == receipt.code.as_deref()) {
        Some(rejection) => Err(Fault::rejected(rejection).by_rule(receipt.rules.first())),
        None => Ok(receipt),
    }
}

fn expired() -> Fault {
    let detail = say!(
        "The time of the transaction is over, and no node has it in its final blocks.",
        "交易有效期已过，且没有节点的终局区块包含它。"
    );
    let hint = say!(
        "It was not executed and no longer can be. The same command now orders anew.",
        "它未执行，也不会再执行。再次执行同一命令将重新下达指令。"
    );
    Fault::new(Exit::Expired, Own::Expired, detail, hint)
}

/// Seconds with two decimals.
fn seconds(duration: Duration) -> String {
    let hundredths = duration.as_millis().div_ceil(10);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Reads an asset's code that a person wrote.
///
/// # Errors
/// A usage fault for anything else.
pub(crate) fn asset(text: &str) -> Result<AssetCode, Fault> {
    Ok(AssetCode::parse(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_two_decimals() {
        for (milliseconds, text) in [(0, "0.00"), (1, "0.01"), (50, "0.05"), (12_340, "12.34")] {
            assert_eq!(seconds(Duration::from_millis(milliseconds)), text);
        }
    }
}
