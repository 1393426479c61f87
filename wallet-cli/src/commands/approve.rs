//! `feiqian approve` and `feiqian refuse`: an approver's or a bank's word on a payment that waits.
//!
//! Invariants: what is shown is read from the order's own bytes, and what is signed names their
//! hash, made here: a node that shows another order gets an approval of nothing. Absent: who may
//! approve (the ledger's rules).

pub(super) mod report;

use api::transaction::PaymentView;
use ledger::codec;
use ledger::crypto::PublicKey;
use ledger::hash::Hash;
use ledger::operation::{Operation, Pay};
use ledger::rejection::Rejection;
use ledger::waiting::OrderHash;

use crate::cli::{Approve, Refuse};
use crate::code::Own;
use crate::describe;
use crate::desk::Desk;
use crate::entropy;
use crate::envelope;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::keyring::{self, StoredKey};
use crate::language::{Text, padded, say};
use crate::reviewing;
use crate::session::Session;
use crate::signers;

/// The most bytes of an order.
const MAXIMUM_BYTES: usize = 1024;

/// A payment that waits for approvals or a review, as its own bytes say.
struct Ordered {
    pay: Pay,
    hash: OrderHash,
    /// The keys that approve nothing more: the makers', and those that approved.
    spent: Vec<PublicKey>,
    /// What it waits for.
    step: Step,
    /// Until when.
    until: String,
}

/// What a payment waits for.
enum Step {
    /// For approvers of its account: so many are there, of so many.
    Approvals(usize, u8),
    /// For the review of an institution: whose it is, and its number.
    Review(String, u32),
}

pub(super) fn approve(session: &Session, command: &Approve) -> Result<(), Fault> {
    let text = format!("approval of {}", command.id);
    let question = say!("Approve this?", "确认批准？");
    answer(session, command, text, &question, |ordered| Operation::Approve {
        payment: ordered.pay.uetr,
        order: ordered.hash,
    })
}

pub(super) fn refuse(session: &Session, command: &Refuse) -> Result<(), Fault> {
    let reason = command.reason.reason();
    let text = format!("refusal of {} as {}", command.approve.id, reason.word());
    let question = say!("Refuse this, for ever?", "确认拒绝？拒绝后不可撤回。");
    answer(session, &command.approve, text, &question, |ordered| Operation::Refuse {
        payment: ordered.pay.uetr,
        order: ordered.hash,
        reason,
    })
}

/// Shows the payment, asks, signs and sends what `operation` makes of it; or goes on with the same
/// answer, if an earlier command left one.
fn answer(
    session: &Session,
    command: &Approve,
    text: String,
    question: &Text,
    operation: impl FnOnce(&Ordered) -> Operation,
) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    if let Some(left) = desk.unfinished(&text)? {
        return report::report(&desk, desk.deliver(left)?);
    }
    let ordered = ordered(&desk, &command.id)?;
    let keys = keys(&desk, &ordered, &command.key)?;
    let public = keys.iter().map(|key| key.public).collect();
    let operation = operation(&ordered);
    let transaction = envelope::transaction(&desk.chain, entropy::now(), operation, public);
    desk.simulate(transaction.clone())?;
    let summary = summary(&desk, &ordered);
    if session.is_sure() {
        session.output.line(&summary);
    }
    session.confirm(&summary, question)?;
    let secrets = signers::open(session, &keys)?;
    report::report(&desk, desk.dispatch(transaction, &secrets, text, |_| ())?)
}

/// The payment whose id begins so, if it waits for approvals or a review.
///
/// # Errors
/// Exit 3 if it does not wait; exit 1 if a node's answer contradicts itself.
fn ordered(desk: &Desk<'_>, id: &str) -> Result<Ordered, Fault> {
    let path = format!("/v1/payments/{}", super::proof::beginning(id)?);
    let view: PaymentView = desk.network.ask(|node, limit| node.get_json(&path, &[], limit))?;
    let waiting = view.waiting.ok_or_else(|| Fault::rejected(Rejection::NotHeld).about(id))?;
    let bytes = api::text::parse_base64(&waiting.order).unwrap_or_default();
    let pay = codec::decode::<Pay>(&bytes, MAXIMUM_BYTES).ok();
    let transaction = Hash::from_hex(&waiting.transaction);
    let (Some(pay), Some(transaction)) = (pay, transaction) else { return Err(broken()) };
    let hash = OrderHash::of(&desk.chain.domains(), &transaction, &pay);
    let (named, spent, step) = match (&waiting.approvals, &waiting.review) {
        (Some(of), None) => {
            let step = Step::Approvals(of.given.len(), of.needed);
            (&of.order_hash, of.makers.iter().chain(&of.given), step)
        }
        (None, Some(of)) => {
            let step = Step::Review(of.side.clone(), of.institution);
            (&of.order_hash, of.spent.iter().chain(&of.given), step)
        }
        (Some(_), Some(_)) | (None, None) => return Err(broken()),
    };
    let named = hash.0.to_hex() == *named && pay.uetr.to_string() == view.id;
    let digits = |id: &str| id.replace('-', "");
    if !named || !digits(&view.id).starts_with(&digits(id)) {
        return Err(broken());
    }
    let spent = spent.filter_map(|key| PublicKey::from_hex(key)).collect();
    Ok(Ordered { pay, hash, spent, step, until: waiting.deadline })
}

fn broken() -> Fault {
    let detail = say!(
        "The node shows an order that is not the one it names.",
        "节点所示的指令与其所称的不符。"
    );
    let hint = say!(
        "Ask another node with --api. Nothing was sent.",
        "请用 --api 询问另一节点。未发送任何内容。"
    );
    Fault::new(Exit::Rejected, Own::OrderUnlike, detail, hint)
}

/// The keys that sign: an approver's or the reviewing bank's.
fn keys(desk: &Desk<'_>, ordered: &Ordered, given: &[String]) -> Result<Vec<StoredKey>, Fault> {
    match &ordered.step {
        Step::Approvals(..) => approvers(desk, ordered, given),
        Step::Review(_, number) => reviewers(desk, *number, given),
    }
}

/// The keys of the reviewing bank: the named ones, or else a devnet's operators'.
fn reviewers(desk: &Desk<'_>, number: u32, given: &[String]) -> Result<Vec<StoredKey>, Fault> {
    if !given.is_empty() {
        let named = given.iter().map(|name| keyring::named(&desk.session.folders, name));
        return named.collect();
    }
    let banks = desk.network.institutions()?;
    let bank = banks.into_iter().find(|bank| bank.number == number);
    let bic = bank.map(|bank| bank.bic).unwrap_or_default();
    if !desk.profile.operators.iter().any(|operator| operator.institution == bic) {
        let why = say!(
            "{bic} reviews this payment: an operator of it, or its compliance officer, signs.",
            "该笔支付由 {bic} 审查：须由其操作员或合规人员签名。"
        );
        return Err(Fault::missing("--key KEY", why));
    }
    signers::of_institution(desk.session, &desk.profile, &bic, &[])
}

/// The approvers' keys that sign: the named ones, or else one of this wallet's.
fn approvers(
    desk: &Desk<'_>,
    ordered: &Ordered,
    given: &[String],
) -> Result<Vec<StoredKey>, Fault> {
    let account = desk.network.account(ordered.pay.from, desk.chain.network)?;
    let approvers = account.policy.step_up.map(|rules| rules.approvers).unwrap_or_default();
    let approvers: Vec<PublicKey> =
        approvers.iter().filter_map(|key| PublicKey::from_hex(key)).collect();
    // Named keys that can do nothing are the ledger's to refuse, with its reason.
    let is_asked = |key: &&PublicKey| !given.is_empty() || !ordered.spent.contains(key);
    let wanted: Vec<PublicKey> = approvers.iter().filter(is_asked).copied().collect();
    let mut keys = signers::among(desk.session, Some(&desk.profile), &wanted, given)?;
    if given.is_empty() {
        keys.truncate(1);
    }
    if keys.is_empty() {
        let detail = say!(
            "This wallet has none of the keys that can still approve: {keys}.",
            "本钱包没有尚可批准的密钥：{keys}。",
            keys = wanted.iter().map(PublicKey::to_hex).collect::<Vec<_>>().join(", ")
        );
        let hint =
            say!("Name one with --key. Nothing was sent.", "请用 --key 指明一个。未发送任何内容。");
        return Err(Fault::new(Exit::NotPermitted, Own::KeysMissing, detail, hint));
    }
    Ok(keys)
}

/// The whole content of the order, and where its approvals stand.
fn summary(desk: &Desk<'_>, ordered: &Ordered) -> Text {
    let operation = Operation::Pay(ordered.pay.clone());
    let naming = describe::offline(desk.chain.network, &operation);
    let mut lines = describe::lines(&operation, &naming);
    lines.push(match &ordered.step {
        Step::Approvals(given, needed) => {
            (say!("approvals", "批准"), say!("{given} of {needed}", "{given}/{needed}"))
        }
        Step::Review(side, number) => {
            let bank = reviewing::bank(side);
            let by = say!(
                "by {bank}, institution {number}",
                "{bank}，机构 {number}";
                bank = bank
            );
            (say!("review", "审查"), by)
        }
    });
    lines.push((say!("until", "截止"), Text::data(ordered.until.as_str())));
    lines.push((say!("order hash", "指令哈希"), Text::data(ordered.hash.0.to_hex())));
    Text::each(|language| {
        let lines = lines.iter().map(|(what, value)| {
            format!("  {} {}", padded(what.of(language), 10), value.of(language))
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}
