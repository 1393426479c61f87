//! A new payment: from what was ordered to what is signed.
//!
//! Invariants: what the payer agrees to (amount, charges, rate) is known before anything is signed;
//! the signed maximum of the charges is what was shown. Absent: payments that an earlier command
//! left.

use api::receipt::ReceiptView;
use api::text::Naming;
use iso20022::{PrivateData, PrivateEntry};
use ledger::codec;
use ledger::crypto::{PublicKey, SecretKey};
use ledger::hash::{Domains, Hash};
use ledger::ids::{AssetCode, Uetr};
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, Operation, Pay as PayOperation, PayAcross, PaymentTerms};
use ledger::quote::SignedQuote;

use super::order::Order;
use super::{consent, quote};
use crate::desk::{Desk, Done};
use crate::entropy;
use crate::envelope;
use crate::exit::Exit;
use crate::fault::{Fault, sentence};
use crate::language::Language;
use crate::names::Party;
use crate::network::parse_money;
use crate::signers;

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
    quote: Option<SignedQuote>,
    note: Option<Note>,
    /// The order in one text.
    text: String,
}

/// What the payer agrees to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreement {
    /// The charges right now.
    pub(crate) fee: Money,
    /// The most charges.
    pub(crate) maximum_fee: Money,
    /// What the payee receives at least, if it is another asset.
    receive: Option<Money>,
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
    let bytes = entropy::bytes().map_err(|error| Fault::internal(sentence(&error)))?;
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
    let keys = signers::of_account(session, &desk.profile, &account, keys)?;
    let public: Vec<_> = keys.iter().map(|key| key.public).collect();
    let agreement = draft.agree(desk, &public, &naming)?;
    if let Some(line) = draft.exchange_line(&agreement, &naming) {
        session.output.line(line);
    }
    consent::ask(desk, &draft, &agreement, &naming)?;
    let secrets = signers::open(session, &keys)?;
    draft.send(desk, &agreement, &secrets)
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
            let detail = format!("Charges are in {}.", amount.asset);
            return Err(Fault::usage("fee-in-other-asset", detail, "Write --max-fee in it."));
        }
        let note = order.note.as_deref().map(|text| Note::new(&desk.chain.domains(), text));
        let note = note.transpose()?;
        let from = order.from.resolve(&desk.chain, &desk.network)?;
        let to = order.to.resolve(&desk.chain, &desk.network)?;
        let quote = match order.to_asset {
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
        Ok(Self { uetr, from, to, amount, most, terms, quote, note, text })
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
        let maximum = self.most.map_or(Amount::MAXIMUM, |most| most.amount);
        let received = self.quote.as_ref().map(|quote| Money::new(Amount::ZERO, quote.quote.buy));
        let operation = self.operation(maximum, received);
        let now = entropy::now();
        let asked = envelope::transaction(&desk.chain, now, operation, signers.to_vec());
        let fee = self.fee_of(&desk.simulate(asked)?, naming)?;
        let receive = match &self.quote {
            Some(quote) => Some(quote::receive(quote, self.sold(fee)?, naming)?),
            None => None,
        };
        Ok(Agreement { fee, maximum_fee: self.most.unwrap_or(fee), receive })
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
                let detail = "The charges are above the amount that they are taken from.";
                Fault::new(Exit::Rejected, "fee-above-amount", detail, "Nothing was sent.")
            }),
        }
    }

    fn operation(&self, maximum_fee: Amount, minimum_received: Option<Money>) -> Operation {
        let (uetr, from, to) = (self.uetr, self.from.account, self.to.account);
        let terms = PaymentTerms { maximum_fee, ..self.terms.clone() };
        match (&self.quote, minimum_received) {
            (Some(quote), Some(minimum_received)) => Operation::PayAcross(Box::new(PayAcross {
                uetr,
                from,
                to,
                sell: self.amount,
                minimum_received,
                quote: quote.clone(),
                terms,
            })),
            (Some(_) | None, _) => {
                Operation::Pay(PayOperation { uetr, from, to, amount: self.amount, terms })
            }
        }
    }

    /// What is asked about: everything that the payer agrees to.
    pub(crate) fn summary(
        &self,
        agreement: &Agreement,
        naming: &Naming,
        language: Language,
    ) -> String {
        let line = |what, value: String| format!("  {:<7} {value}", language.word(what));
        let party = |party: &Party| {
            let groups = party.address.as_bytes().chunks(4).map(String::from_utf8_lossy);
            let groups: Vec<_> = groups.collect();
            let name = if party.label == party.address { "" } else { party.label.as_str() };
            format!("{name}\n          {}", groups.join(" "))
        };
        let (fee, most) = (naming.money(agreement.fee), naming.money(agreement.maximum_fee));
        let receive = agreement.receive.map(|money| line("receive", naming.money(money)));
        let lines = [
            Some(line("pay", naming.money(self.amount))),
            receive,
            Some(line("from", party(&self.from))),
            Some(line("to", party(&self.to))),
            Some(line("fee", format!("{fee}, {} {most}", language.word("at most")))),
        ];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// The rate, the charges and what the payee receives, for a payment across assets.
    fn exchange_line(&self, agreement: &Agreement, naming: &Naming) -> Option<String> {
        let quote = &self.quote.as_ref()?.quote;
        Some(format!(
            "  quote 1 {} = {} {}, fee {}, {} receives {}, firm until {}",
            quote.sell,
            quote.rate,
            quote.buy,
            naming.money(agreement.fee),
            self.to.label,
            naming.money(agreement.receive?),
            api::text::time(quote.expires)
        ))
    }
}

impl Note {
    fn new(domains: &Domains, text: &str) -> Result<Self, Fault> {
        let salt = entropy::bytes().map_err(|error| Fault::internal(sentence(&error)))?;
        let commitment = commitment(domains, text, &salt)?;
        Ok(Self { text: text.to_owned(), salt, commitment })
    }
}

/// The commitment to a private text.
///
/// # Errors
/// A usage fault for a text that is too long.
pub(crate) fn commitment(domains: &Domains, text: &str, salt: &[u8; 32]) -> Result<Hash, Fault> {
    // It is the one that a pacs.008 with this remittance text would have.
    let entry = |depth, name: &str, value: &str| PrivateEntry {
        depth,
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let entries = vec![entry(0, "RmtInf", ""), entry(1, "Ustrd", text)];
    let data = PrivateData::decode(&codec::encode(&entries))
        .map_err(|error| Fault::usage("bad-note", sentence(&error), "Write a shorter note."))?;
    Ok(data.commitment(domains, salt))
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
        let detail = format!("The payee receives {buy} anyway.");
        return Err(Fault::usage("same-asset", detail, "Leave --to-asset out."));
    }
    if naming.decimals.contains_key(&buy) {
        return Ok(());
    }
    let detail = format!("{buy} is not an asset of this ledger.");
    Err(Fault::usage("unknown-asset", detail, "List the assets with: feiqian assets"))
}

fn odd_fee(text: &str) -> Fault {
    let detail = format!("A node states charges of {text}, in another asset than is paid.");
    Fault::new(Exit::Rejected, "odd-fee", detail, "Ask another node. Nothing was sent.")
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
    }
}
