//! The parties of files with orders (pacs.008, pacs.009, pain.001), so that a devnet can open their
//! accounts before a file is submitted.
//!
//! Invariants: only payments that the node itself would take are prepared. Absent: the submission.

use iso20022::incoming::{self, Message};
use iso20022::order::{PaymentOrder, Transfer};
use iso20022::xml::Limits;
use ledger::crypto::Suite;
use ledger::hash::{ChainId, Domains, Hash};
use ledger::ids::{AssetCode, Bic};
use ledger::money::{Amount, Decimals, Money, Rate};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::home;

/// An account that a message names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Party {
    /// Who services it.
    pub(super) institution: Bic,
    /// The servicer's reference of it.
    pub(super) reference: String,
}

/// What a payment of a message needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Payment {
    /// The payer's account.
    pub(super) debtor: Party,
    /// The payee's account.
    pub(super) creditor: Party,
    /// What the payer gives.
    pub(super) debit: Money,
    /// What the payee gets; of another asset than `debit` in an exchange.
    pub(super) credit: Money,
}

impl Payment {
    /// The lowest rate at which the payee gets at least `credit`, with 12 decimals; `None` if it is
    /// no rate of the ledger.
    pub(super) fn rate(&self) -> Option<Rate> {
        let major = |money: Money, scale: u32| {
            let decimals = Decimals::of_currency(money.asset)?;
            money.amount.0.checked_mul(10_u128.checked_pow(scale.checked_sub(decimals.0.into())?)?)
        };
        // 9 decimals on the debit side and 21 on the other leave the quotient 12.
        let debit = major(self.debit, u32::from(Decimals::MAXIMUM.0))?;
        let digits =
            major(self.credit, 21)?.checked_add(debit.checked_sub(1)?)?.checked_div(debit)?;
        Rate::parse(&Amount(digits).text(Decimals(12)))
    }
}

/// Reads the payments of these files.
///
/// # Errors
/// A usage failure that says what is wrong with which file.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<Payment>, Failure> {
    let payments = files.iter().map(|file| read_file(file));
    Ok(payments.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn read_file(file: &Path) -> Result<Vec<Payment>, Failure> {
    let refused = |reason: String| Failure::usage(format!("{}: {reason}", file.display()));
    let limits = Limits::default();
    let text = home::read_text(file, limits.total_bytes)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let message = incoming::read(text.as_bytes(), &limits);
    let hint = "--for-message takes pacs.008, pacs.009 and pain.001 files";
    let mut message = match message {
        Ok(Message::Transfers(message)) => message,
        Ok(
            Message::Returns(_)
            | Message::Recalls(_)
            | Message::Answers(_)
            | Message::StatusRequest(_),
        ) => {
            return Err(refused("it orders no payments".to_owned()).hint(hint));
        }
        Err(error) => return Err(refused(error.to_string()).hint(hint)),
    };
    // Only the parties matter here, and not under which id the node will pay.
    message.identify(&Domains::new(Suite::Ed25519Blake3, ChainId(Hash::ZERO)));
    let orders = message.transactions.iter().map(|transfer| {
        transfer.order(Decimals::of_currency).map_err(|refusals| {
            let reasons: Vec<_> = refusals.iter().map(ToString::to_string).collect();
            refused(reasons.join("; "))
        })
    });
    orders.map(|order| order.map(payment)).collect()
}

fn payment(order: PaymentOrder) -> Payment {
    let party =
        |institution, reference: &str| Party { institution, reference: reference.to_owned() };
    let (debit, credit) = match order.transfer {
        Transfer::SameAsset(money) => (money, money),
        Transfer::Exchange { debit, credit, .. } => (debit, credit),
    };
    Payment {
        debtor: party(order.debtor_institution, order.debtor_account.as_str()),
        creditor: party(order.creditor_institution, order.creditor_account.as_str()),
        debit,
        credit,
    }
}

/// The currencies that the payments move, with the debtor's institution to issue each.
pub(super) fn currencies(payments: &[Payment]) -> impl Iterator<Item = (AssetCode, Bic)> {
    payments.iter().flat_map(|payment| {
        let issuer = payment.debtor.institution;
        [(payment.debit.asset, issuer), (payment.credit.asset, issuer)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(debit: (u128, &str), credit: (u128, &str)) -> Payment {
        let party = |reference: &str| Party {
            institution: Bic::parse("PSBCCNBJ").unwrap(),
            reference: reference.to_owned(),
        };
        let money = |(amount, code): (u128, &str)| {
            Money::new(Amount(amount), AssetCode::parse(code).unwrap())
        };
        Payment {
            debtor: party("a"),
            creditor: party("b"),
            debit: money(debit),
            credit: money(credit),
        }
    }

    #[test]
    fn the_rate_gives_at_least_the_credit() {
        for (debit, credit, expected) in [
            ((100_000, "CNY"), (108_500, "HKD"), "1.085"),
            ((300, "CNY"), (100, "HKD"), "0.333333333334"),
            ((100, "USD"), (15_000, "JPY"), "15000"),
            ((15_000, "JPY"), (10_000, "USD"), "0.006666666667"),
        ] {
            let payment = payment(debit, credit);
            let rate = payment.rate().unwrap();
            assert_eq!(rate.to_string(), expected);
            let decimals = |money: Money| Decimals::of_currency(money.asset).unwrap();
            let received = rate
                .convert(payment.debit.amount, decimals(payment.debit), decimals(payment.credit))
                .unwrap();
            assert!(received >= payment.credit.amount);
        }
        assert_eq!(payment((0, "CNY"), (1, "HKD")).rate(), None);
    }

    #[test]
    fn a_file_that_is_no_pacs008_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.xml");
        std::fs::write(&file, "<Document/>").unwrap();
        let failure = read(&[file]).unwrap_err();
        assert!(failure.message.contains("a.xml") && failure.exit == 2);
    }
}
