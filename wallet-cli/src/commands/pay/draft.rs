//! A new payment: from what was ordered to what is signed.
//!
//! Invariants: what the payer agrees to (amount, charges, rate) is known before anything is signed;
//! the signed maximum of the charges is what was shown. Absent: payments that an earlier command
//! left.

use api::receipt::ReceiptView;
use api::text::Naming;
use iso20022::{PrivateData, PrivateEntry};
use ledger::codec;
use ledger::hash::{Domains, Hash};
use ledger::ids::{AssetCode, Network as NetworkKind, Timestamp, Uetr};
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, Operation, Pay as PayOperation, PayAcross, PaymentTerms};
use ledger::quote::SignedQuote;

use super::{Order, quote};
use crate::cli::Pay;
use crate::desk::{Desk, Done};
use crate::entropy;
use crate::envelope;
use crate::exit::Exit;
use crate::fault::{Fault, sentence};
use crate::names::Party;
use crate::network::parse_money;
use crate::signers;

/// A payment whose charges are not agreed yet.
struct Draft {
    uetr: Uetr,
    from: Party,
    to: Party,
    amount: Money,
    terms: PaymentTerms,
    quote: Option<SignedQuote>,
}

/// What the payer agrees to.
struct Agreement {
    fee: Money,
    maximum_fee: Money,
    receive: Option<Money>,
}

/// A text that stays off the ledger, and the salt of its commitment.
struct Note {
    text: String,
    salt: [u8; 32],
    commitment: Hash,
}

/// Makes, shows, signs and sends the payment.
///
/// # Errors Before anything is sent: what is wrong with the order, exit 3, 4 or 5. After: see
/// `Desk::deliver`.
pub(super) fn pay(desk: &Desk<'_>, command: &Pay, order: Order) -> Result<Done, Fault> {
    let session = desk.session;
    let naming = desk.network.naming(desk.chain.network)?;
    let now = entropy::now();
    let note = command.note.as_deref().map(|text| Note::new(&desk.chain.domains(), text));
    let note = note.transpose()?;
    let draft = Draft::new(desk, command, &order, note.as_ref(), &naming, now)?;
    let account = desk.network.account(draft.from.account, desk.chain.network)?;
    let keys = signers::of_account(session, &desk.profile, &account, &command.key)?;
    let public: Vec<_> = keys.iter().map(|key| key.public).collect();
    let agreement = draft.agree(desk, command, &public, &naming, now)?;
    let summary = draft.summary(&agreement, &naming);
    if let Some(line) = draft.exchange_line(&agreement, &naming) {
        session.output.line(line);
    }
    // A devnet's money is worth nothing: a question would only be in the way.
    if desk.chain.network != NetworkKind::Devnet {
        session.confirm(&summary, "Pay?")?;
    }
    let secrets = signers::open(session, &keys)?;
    let payee = draft.to.label.clone();
    let operation = draft.operation(agreement.maximum_fee.amount, agreement.receive);
    let transaction = envelope::transaction(&desk.chain, now, operation, public);
    desk.dispatch(transaction, &secrets, order.text, |entry| {
        entry.payee = Some(payee);
        entry.salt = note.as_ref().map(|note| Hash(note.salt).to_hex());
        entry.note = note.map(|note| note.text);
    })
}

impl Draft {
    fn new(
        desk: &Desk<'_>,
        command: &Pay,
        order: &Order,
        note: Option<&Note>,
        naming: &Naming,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let amount = parse_money(&order.amount, naming)?;
        let from = order.from.resolve(&desk.chain, &desk.network)?;
        let to = order.to.resolve(&desk.chain, &desk.network)?;
        let quote = match order.to_asset {
            Some(buy) => {
                ensure_exchange(amount.asset, buy, naming)?;
                Some(quote::ask(desk, amount, buy, naming, now)?)
            }
            None => None,
        };
        let terms = PaymentTerms {
            charge_bearer: command.charge.bearer(),
            maximum_fee: Amount::MAXIMUM,
            purpose: [0; 4],
            remittance: note.map_or(Hash::ZERO, |note| note.commitment),
        };
        let uetr = entropy::bytes().map_err(|error| Fault::internal(sentence(&error)))?;
        Ok(Self { uetr: Uetr::from_entropy(uetr), from, to, amount, terms, quote })
    }

    /// Finds out what the payment costs now, and what the payer agrees to.
    fn agree(
        &self,
        desk: &Desk<'_>,
        command: &Pay,
        signers: &[ledger::crypto::PublicKey],
        naming: &Naming,
        now: Timestamp,
    ) -> Result<Agreement, Fault> {
        let most = command.max_fee.as_deref().map(|text| parse_money(text, naming)).transpose()?;
        if most.is_some_and(|most| most.asset != self.amount.asset) {
            let detail = format!("Charges are in {}.", self.amount.asset);
            return Err(Fault::usage("fee-in-other-asset", detail, "Write --max-fee in it."));
        }
        let maximum = most.map_or(Amount::MAXIMUM, |most| most.amount);
        let received = self.quote.as_ref().map(|quote| Money::new(Amount::ZERO, quote.quote.buy));
        let operation = self.operation(maximum, received);
        let asked = envelope::transaction(&desk.chain, now, operation, signers.to_vec());
        let fee = self.fee_of(&desk.simulate(asked)?, naming)?;
        let receive = match &self.quote {
            Some(quote) => Some(quote::receive(quote, self.sold(fee)?, naming)?),
            None => None,
        };
        Ok(Agreement { fee, maximum_fee: most.unwrap_or(fee), receive })
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

    fn summary(&self, agreement: &Agreement, naming: &Naming) -> String {
        let party = |party: &Party| {
            let grouped: Vec<String> = party
                .address
                .as_bytes()
                .chunks(4)
                .map(|group| String::from_utf8_lossy(group).into_owned())
                .collect();
            let name = if party.label == party.address { "" } else { party.label.as_str() };
            format!("{name}\n          {}", grouped.join(" "))
        };
        let receive = agreement.receive.map(|money| naming.money(money));
        let receive = receive.map(|money| format!("\n  receive {money}")).unwrap_or_default();
        format!(
            "  pay     {}{receive}\n  from    {}\n  to      {}\n  fee     {}, at most {}",
            naming.money(self.amount),
            party(&self.from),
            party(&self.to),
            naming.money(agreement.fee),
            naming.money(agreement.maximum_fee)
        )
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
        // The commitment is the one that a pacs.008 with this remittance text would have.
        let entry = |depth, name: &str, value: &str| PrivateEntry {
            depth,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let entries = vec![entry(0, "RmtInf", ""), entry(1, "Ustrd", text)];
        let data = PrivateData::decode(&codec::encode(&entries))
            .map_err(|error| Fault::usage("bad-note", sentence(&error), "Write a shorter note."))?;
        let commitment = data.commitment(domains, &salt);
        Ok(Self { text: text.to_owned(), salt, commitment })
    }
}

fn ensure_exchange(sell: AssetCode, buy: AssetCode, naming: &Naming) -> Result<(), Fault> {
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
