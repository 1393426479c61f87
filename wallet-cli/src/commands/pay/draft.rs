//! A new payment: from what was ordered to what is signed.
//!
//! Invariants: what the payer agrees to (amount, charges, rate) is known before anything is signed;
//! the signed maximum of the charges is what was shown. Absent: payments that an earlier command
//! left.

use api::limits::RuleView;
use api::receipt::ReceiptView;
use api::text::Naming;
use iso20022::PrivateData;
use ledger::crypto::{PublicKey, SecretKey};
use ledger::hash::{Domains, Hash};
use ledger::ids::{AssetCode, Timestamp, Uetr};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{
    ChargeBearer, Hold, Operation, Pay as PayOperation, PayAcross, PaymentTerms, Queue,
};
use ledger::transaction::Transaction;
use ledger::waiting::{HashLock, Priority};

use super::order::Order;
use super::quote::Offer;
use super::{consent, quote};
use crate::code::Own;
use crate::desk::{Desk, Done};
use crate::entropy;
use crate::envelope;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, padded, say};
use crate::names::Party;
use crate::network::parse_money;
use crate::protocol;
use crate::reviewing;
use crate::signers;

/// The most bytes of a note: however they are written in JSON, a node takes them.
const LONGEST_NOTE: usize = 8 * 1024;

/// A payment that is not signed yet.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The payment's identity.
    pub(crate) uetr: Uetr,
    /// Who pays.
    pub(crate) from: Party,
    /// Who is paid.
    pub(crate) to: Party,
    /// What is paid.
    pub(crate) amount: Money,
    /// The most charges that the payer agrees to, if that was ordered.
    most: Option<Money>,
    terms: PaymentTerms,
    offer: Option<Offer>,
    note: Option<Note>,
    /// Until when its funds are held, and under which lock, if it is not paid at once.
    hold: Option<(Timestamp, Option<HashLock>)>,
    /// Until when it waits for funds, and with which priority, if it may.
    queue: Option<(Timestamp, Priority)>,
    /// The order in one text.
    text: String,
}

/// What the payer agrees to.
#[derive(Clone, Debug)]
pub(crate) struct Agreement {
    /// The charges right now.
    pub(crate) fee: Money,
    /// The most charges.
    pub(crate) maximum_fee: Money,
    /// What the payee receives at least, if it is another asset.
    receive: Option<Money>,
    /// The institutions' rules that it would meet: they are alerted.
    pub(crate) rules: Vec<RuleView>,
    /// How many approvals it then waits for.
    pub(crate) approvals: usize,
    /// The banks that then review it, if some do.
    pub(crate) reviews: Option<Text>,
}

/// A text that stays off the ledger, and the salt of its commitment.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    text: String,
    salt: [u8; 32],
    commitment: Hash,
}

/// The id of a new payment, from fresh entropy.
///
/// # Errors
/// An internal fault if the system has none.
pub(crate) fn fresh_uetr() -> Result<Uetr, Fault> {
    let bytes = entropy::bytes().map_err(|error| Fault::defect(&error))?;
    Ok(Uetr::from_entropy(bytes))
}

/// Makes, shows, signs and sends the payment.
///
/// # Errors
/// Before anything is sent: what is wrong with the order, exit 2 to 5. After: see
/// [`Desk::deliver`].
pub(super) fn pay(
    desk: &Desk<'_>,
    order: Order,
    uetr: Uetr,
    keys: &[String],
) -> Result<Done, Fault> {
    let session = desk.session;
    let naming = desk.network.naming(desk.chain.network)?;
    let draft = Draft::new(desk, order, uetr, &naming)?;
    let account = desk.network.account(draft.from.account, desk.chain.network)?;
    let approvers = signers::approvers(session, &account, keys)?;
    let mut keys = signers::of_account(session, &desk.profile, &account, keys)?;
    keys.extend(
        approvers.into_iter().filter(|key| !account.policy.keys.contains(&key.public.to_hex())),
    );
    let public: Vec<_> = keys.iter().map(|key| key.public).collect();
    let agreement = draft.agree(desk, &public, &naming)?;
    if let Some(line) = draft.exchange_line(&agreement, &naming) {
        session.output.line(&line);
    }
    for line in alert_lines(&agreement.rules) {
        session.output.line(&line);
    }
    if let Some(banks) = &agreement.reviews {
        session.output.line(&review_line(banks));
    }
    consent::ask(desk, &draft, &agreement, &naming)?;
    let secrets = signers::open(session, &keys)?;
    draft.send(desk, &agreement, &secrets)
}

/// What is said of the rules that a payment would meet.
pub(super) fn alert_lines(rules: &[RuleView]) -> Vec<Text> {
    let line = |RuleView { institution, name }: &RuleView| {
        say!(
            "  alert   meets rule {name} of institution {institution}, which is told of it",
            "  提醒    符合机构 {institution} 的规则 {name}，该机构将收到提醒"
        )
    };
    rules.iter().map(line).collect()
}

/// What is said of the banks that would review a payment.
pub(super) fn review_line(banks: &Text) -> Text {
    let waits = reviewing::waits(banks);
    say!("  review  {waits}", "  审查    {waits}"; waits = waits)
}

impl Draft {
    /// The payment `uetr` as it was ordered, with a dealer's offer if it is across assets.
    ///
    /// # Errors
    /// What is wrong with the order; exit 3 to 5 if no dealer offers what was asked for.
    pub(crate) fn new(
        desk: &Desk<'_>,
        order: Order,
        uetr: Uetr,
        naming: &Naming,
    ) -> Result<Self, Fault> {
        let text = order.text(desk.chain.network)?;
        let amount = parse_money(&order.amount, naming)?;
        let most = order.max_fee.as_deref().map(|text| parse_money(text, naming)).transpose()?;
        if most.is_some_and(|most| most.asset != amount.asset) {
            let detail =
                say!("Charges are in {asset}.", "手续费以 {asset} 计。", asset = amount.asset);
            let hint = say!("Write --max-fee in it.", "请用该资产书写 --max-fee。");
            return Err(Fault::usage(Own::FeeInOtherAsset, detail, hint));
        }
        let note = order.note.as_deref().map(|text| Note::new(&desk.chain.domains(), text));
        let note = note.transpose()?;
        let from = order.from.resolve(&desk.chain, &desk.network)?;
        let to = order.to.resolve(&desk.chain, &desk.network)?;
        let offer = match order.to_asset {
            Some(buy) => {
                ensure_exchange(amount.asset, buy, naming)?;
                Some(quote::ask(desk, amount, buy, naming, entropy::now())?)
            }
            None => None,
        };
        let terms = PaymentTerms {
            charge_bearer: order.charge.bearer(),
            maximum_fee: Amount::MAXIMUM,
            purpose: [0; 4],
            remittance: note.as_ref().map_or(Hash::ZERO, |note| note.commitment),
        };
        let hold = order.hold.map(|hold| (hold.until.from(entropy::now()), hold.lock));
        let queue = order.queue.map(|queue| (queue.until.from(entropy::now()), queue.priority));
        Ok(Self { uetr, from, to, amount, most, terms, offer, note, hold, queue, text })
    }

    /// Finds out what the payment costs now, and what the payer agrees to.
    ///
    /// # Errors
    /// The rejection that it would get now; exit 5 if no node answers.
    pub(crate) fn agree(
        &self,
        desk: &Desk<'_>,
        signers: &[PublicKey],
        naming: &Naming,
    ) -> Result<Agreement, Fault> {
        self.agreement(&desk.simulate(self.question(desk, signers))?, naming)
    }

    /// The transaction by which it is asked what the payment would do.
    pub(crate) fn question(&self, desk: &Desk<'_>, signers: &[PublicKey]) -> Transaction {
        let maximum = self.most.map_or(Amount::MAXIMUM, |most| most.amount);
        let received = self.offer.as_ref().map(|it| Money::new(Amount::ZERO, it.route.buy()));
        let operation = self.operation(maximum, received);
        envelope::transaction(&desk.chain, entropy::now(), operation, signers.to_vec())
    }

    /// What the payer agrees to, by the receipt that the payment would get.
    ///
    /// # Errors
    /// Exit 3 for charges that cannot be agreed to.
    pub(crate) fn agreement(
        &self,
        simulated: &ReceiptView,
        naming: &Naming,
    ) -> Result<Agreement, Fault> {
        let fee = self.fee_of(simulated, naming)?;
        let receive = match &self.offer {
            Some(offer) => Some(quote::receive(&offer.route, self.sold(fee)?, naming)?),
            None => None,
        };
        let rules = simulated.rules.clone();
        let approvals = simulated.approvals.as_ref();
        let approvals =
            approvals.map_or(0, |has| usize::from(has.needed).saturating_sub(has.given.len()));
        let reviews = reviewing::banks(simulated, self.from.account.servicer().0);
        let maximum_fee = self.most.unwrap_or(fee);
        Ok(Agreement { fee, maximum_fee, receive, rules, approvals, reviews })
    }

    /// The operation, as the payer agreed to it.
    pub(crate) fn agreed(&self, agreement: &Agreement) -> Operation {
        self.operation(agreement.maximum_fee.amount, agreement.receive)
    }

    /// Signs, saves and sends it.
    ///
    /// # Errors
    /// See [`Desk::deliver`].
    pub(crate) fn send(
        self,
        desk: &Desk<'_>,
        agreement: &Agreement,
        secrets: &[SecretKey],
    ) -> Result<Done, Fault> {
        let operation = self.agreed(agreement);
        let signers = secrets.iter().map(SecretKey::public).collect();
        let transaction = envelope::transaction(&desk.chain, entropy::now(), operation, signers);
        desk.dispatch(transaction, secrets, self.text, |entry| {
            entry.payee = Some(self.to.label);
            entry.salt = self.note.as_ref().map(|note| Hash(note.salt).to_hex());
            entry.note = self.note.map(|note| note.text);
        })
    }

    /// The dealer's offer, for a payment across assets.
    pub(crate) const fn offer(&self) -> Option<&Offer> {
        self.offer.as_ref()
    }

    /// The private text and the salt of its commitment.
    pub(crate) fn note(&self) -> Option<(&str, String)> {
        let note = self.note.as_ref()?;
        Some((&note.text, Hash(note.salt).to_hex()))
    }

    /// What leaves the payer: the amount, and the charges that come on top of it.
    pub(crate) fn leaves(&self, agreement: &Agreement) -> Option<Money> {
        let amount = match self.terms.charge_bearer {
            ChargeBearer::Creditor => Some(self.amount.amount),
            ChargeBearer::Debtor | ChargeBearer::Shared => {
                self.amount.amount.plus(agreement.fee.amount)
            }
        };
        amount.map(|amount| Money::new(amount, self.amount.asset))
    }

    fn fee_of(&self, simulated: &ReceiptView, naming: &Naming) -> Result<Money, Fault> {
        let zero = Money::new(Amount::ZERO, self.amount.asset);
        let Some(text) = &simulated.fee else { return Ok(zero) };
        let fee = parse_money(text, naming)?;
        if fee.asset == zero.asset { Ok(fee) } else { Err(odd_fee(text)) }
    }

    /// What is left to exchange after charges that the payee bears.
    fn sold(&self, fee: Money) -> Result<Amount, Fault> {
        match self.terms.charge_bearer {
            ChargeBearer::Debtor | ChargeBearer::Shared => Ok(self.amount.amount),
            ChargeBearer::Creditor => self.amount.amount.minus(fee.amount).ok_or_else(|| {
                let detail = say!(
                    "The charges are above the amount that they are taken from.",
                    "手续费超过从中扣收的金额。"
                );
                let hint = say!("Nothing was sent.", "未发送任何内容。");
                Fault::new(Exit::Rejected, Own::FeeAboveAmount, detail, hint)
            }),
        }
    }

    fn operation(&self, maximum_fee: Amount, minimum_received: Option<Money>) -> Operation {
        let (uetr, from, to) = (self.uetr, self.from.account, self.to.account);
        let terms = PaymentTerms { maximum_fee, ..self.terms.clone() };
        match (&self.offer, minimum_received) {
            (Some(offer), Some(minimum_received)) => Operation::PayAcross(Box::new(PayAcross {
                uetr,
                from,
                to,
                sell: self.amount,
                minimum_received,
                route: offer.route.clone(),
                terms,
            })),
            (Some(_) | None, _) => {
                let pay = PayOperation { uetr, from, to, amount: self.amount, terms };
                match (self.hold, self.queue) {
                    (Some((deadline, lock)), _) => {
                        Operation::Hold(Box::new(Hold { pay, deadline, lock }))
                    }
                    (None, Some((deadline, priority))) => {
                        Operation::Queue(Box::new(Queue { pay, priority, deadline }))
                    }
                    (None, None) => Operation::Pay(pay),
                }
            }
        }
    }

    /// What is asked about: everything that the payer agrees to.
    pub(crate) fn summary(&self, agreement: &Agreement, naming: &Naming) -> Text {
        let party = |party: &Party| {
            let groups = party.address.as_bytes().chunks(4).map(String::from_utf8_lossy);
            let groups: Vec<_> = groups.collect();
            let name = if party.label == party.address { "" } else { party.label.as_str() };
            Text::data(format!("{name}\n          {}", groups.join(" ")))
        };
        let (fee, most) = (naming.money(agreement.fee), naming.money(agreement.maximum_fee));
        let what = match self.hold {
            Some(_) => say!("hold", "预授权"),
            None => say!("pay", "支付"),
        };
        let mut lines = vec![(what, Text::data(naming.money(self.amount)))];
        if let Some(money) = agreement.receive {
            lines.push((say!("receive", "对方收到"), Text::data(naming.money(money))));
        }
        lines.extend([
            (say!("from", "付款"), party(&self.from)),
            (say!("to", "收款"), party(&self.to)),
            (say!("fee", "手续费"), say!("{fee}, at most {most}", "{fee}，最多 {most}")),
        ]);
        if agreement.approvals > 0 {
            let waits = say!(
                "then waits for {count} approvals",
                "随后等待 {count} 项批准",
                count = agreement.approvals
            );
            lines.push((say!("next", "下一步"), waits));
        }
        if let Some(banks) = &agreement.reviews {
            lines.push((say!("review", "审查"), reviewing::waits(banks)));
        }
        if let Some((deadline, priority)) = self.queue {
            lines.push((say!("queue", "排队"), protocol::word(priority.word())));
            lines.push((say!("until", "截止"), Text::data(api::text::time(deadline))));
        }
        if let Some((deadline, lock)) = self.hold {
            lines.push((say!("until", "截止"), Text::data(api::text::time(deadline))));
            let lock = lock.map(|lock| (say!("lock", "哈希锁"), Text::data(lock.0.to_hex())));
            lines.extend(lock);
        }
        Text::each(|language| {
            let lines = lines.iter().map(|(what, value)| {
                format!("  {} {}", padded(what.of(language), 7), value.of(language))
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    }

    /// The rate, the charges and what the payee receives, for a payment across assets.
    fn exchange_line(&self, agreement: &Agreement, naming: &Naming) -> Option<Text> {
        let offer = self.offer.as_ref()?;
        Some(say!(
            "  quote {rates}, fee {fee}, {payee} receives {receive}, \
             firm until {until}",
            "  报价 {rates}，手续费 {fee}，{payee} 收到 {receive}，\
             有效至 {until}",
            fee = naming.money(agreement.fee),
            payee = self.to.label,
            receive = naming.money(agreement.receive?),
            until = api::text::time(offer.route.expires());
            rates = offer.rates()
        ))
    }
}

impl Note {
    fn new(domains: &Domains, text: &str) -> Result<Self, Fault> {
        let salt = entropy::bytes().map_err(|error| Fault::defect(&error))?;
        let commitment = commitment(domains, text, &salt)?;
        Ok(Self { text: text.to_owned(), salt, commitment })
    }
}

/// The commitment to a private text.
///
/// # Errors
/// A usage fault for a text that is too long.
pub(crate) fn commitment(domains: &Domains, text: &str, salt: &[u8; 32]) -> Result<Hash, Fault> {
    if text.len() > LONGEST_NOTE {
        let detail =
            say!("A note has {LONGEST_NOTE} bytes at most.", "附言最多 {LONGEST_NOTE} 字节。");
        let hint = say!("Write a shorter note.", "请缩短附言。");
        return Err(Fault::usage(Own::BadNote, detail, hint));
    }
    Ok(PrivateData::note(text).commitment(domains, salt))
}

/// That two assets can be exchanged at all.
///
/// # Errors
/// A usage fault for the same asset twice, or one that is not registered.
pub(crate) fn ensure_exchange(
    sell: AssetCode,
    buy: AssetCode,
    naming: &Naming,
) -> Result<(), Fault> {
    if sell == buy {
        let detail = say!("The payee receives {buy} anyway.", "收款人本就收到 {buy}。");
        let hint = say!("Leave --to-asset out.", "请去掉 --to-asset。");
        return Err(Fault::usage(Own::SameAsset, detail, hint));
    }
    decimals_of(buy, naming).map(|_| ())
}

/// The decimals of an asset.
///
/// # Errors
/// A usage fault if the ledger has no such asset.
pub(crate) fn decimals_of(asset: AssetCode, naming: &Naming) -> Result<Decimals, Fault> {
    naming.decimals.get(&asset).copied().ok_or_else(|| unknown_asset(asset))
}

/// The ledger has no such asset.
fn unknown_asset(asset: AssetCode) -> Fault {
    let detail = say!("{asset} is not an asset of this ledger.", "{asset} 不是本账本的资产。");
    let hint = say!("List the assets with: feiqian assets", "请列出资产：feiqian assets");
    Fault::usage(Own::UnknownAsset, detail, hint)
}

fn odd_fee(text: &str) -> Fault {
    let detail = say!(
        "A node states charges of {text}, in another asset than is paid.",
        "节点报出手续费 {text}，与付款资产不同。"
    );
    let hint = say!("Ask another node. Nothing was sent.", "请询问其他节点。未发送任何内容。");
    Fault::new(Exit::Rejected, Own::OddFee, detail, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::crypto::Suite;
    use ledger::hash::ChainId;

    #[test]
    fn a_note_commits_with_a_salt() {
        let domains = Domains::new(Suite::Ed25519Blake3, ChainId(Hash([7; 32])));
        let first = Note::new(&domains, "lunch").unwrap();
        let second = Note::new(&domains, "lunch").unwrap();
        assert_ne!(first.commitment, second.commitment);
        assert_ne!(first.commitment, Hash::ZERO);
        assert!(Note::new(&domains, &"x".repeat(LONGEST_NOTE)).is_ok());
        let long = Note::new(&domains, &"x".repeat(LONGEST_NOTE + 1)).unwrap_err();
        assert_eq!(long.code, "bad-note");
    }
}
