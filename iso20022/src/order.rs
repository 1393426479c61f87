//! Judges one transaction of a message: a payment order, or all reasons to reject it.
//!
//! The rule for currencies: without `InstdAmt`, or with one in the currency of `IntrBkSttlmAmt`,
//! the payer is debited and the payee credited `IntrBkSttlmAmt` (and `XchgRate` says nothing). With
//! an `InstdAmt` in another currency the payer is debited `InstdAmt` and the payee credited
//! `IntrBkSttlmAmt`, and `XchgRate`, if given, must lead from the one to the other.
//!
//! The ledger settles between the debtor's and the creditor's agent directly, so previous and
//! intermediary agents, reimbursement agents and settlement accounts do not change what happens;
//! they stay in the private part. Invariants: an order is complete and well formed; a transaction
//! that asks for something else than a credit to an account is refused. Absent: look-ups, the
//! clock, fees.

use ledger::ids::{AssetCode, Bic, Uetr};
use ledger::money::{Decimals, Money};
use ledger::operation::ChargeBearer;

use crate::iban;
use crate::number::{self, Number};
use crate::pacs008::{AccountText, AgentText, AmountText, CreditTransfer};
use crate::private::PrivateData;
use crate::refusal::{Reason, Refusal, shown};
use crate::time::Date;

/// How an institution's account is named in a message. The institution's own number for it may be
/// on the ledger only as a hash (`AccountId::from_reference`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountReference {
    /// An IBAN whose checksum fits, in its electronic form.
    Iban(String),
    /// Any other identification.
    Other {
        /// `Othr/Id`, 1 to 34 characters: a reference of the servicer, or an address without its
        /// network prefix and the digit 1.
        identification: String,
        /// The scheme's code or name, if given.
        scheme: Option<String>,
    },
}

impl AccountReference {
    /// The IBAN or the other identification.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Iban(text) => text,
            Self::Other { identification, .. } => identification,
        }
    }
}

/// What moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// The payer is debited and the payee is credited the same money.
    SameAsset(Money),
    /// Two assets are exchanged.
    Exchange {
        /// What the payer gives.
        debit: Money,
        /// What the payee gets.
        credit: Money,
        /// The rate that the message states: units of `credit` for one unit of `debit`.
        rate: Option<Number>,
    },
}

impl Transfer {
    /// What the payer gives.
    pub const fn debit(&self) -> Money {
        match self {
            Self::SameAsset(money) => *money,
            Self::Exchange { debit, .. } => *debit,
        }
    }

    /// What the payee gets.
    pub const fn credit(&self) -> Money {
        match self {
            Self::SameAsset(money) => *money,
            Self::Exchange { credit, .. } => *credit,
        }
    }
}

/// A payment that a message orders. What is left to do: find the accounts, get a quote, sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrder {
    /// The payment's identity.
    pub uetr: Uetr,
    /// The institution that services the payer's account.
    pub debtor_institution: Bic,
    /// The payer's account there.
    pub debtor_account: AccountReference,
    /// The institution that services the payee's account.
    pub creditor_institution: Bic,
    /// The payee's account there.
    pub creditor_account: AccountReference,
    /// What moves.
    pub transfer: Transfer,
    /// Who bears the charges.
    pub charge_bearer: ChargeBearer,
    /// The settlement date, if stated.
    pub settlement_date: Option<Date>,
    /// The purpose code as `PaymentTerms` wants it: padded with zeros, all zero for none.
    pub purpose: [u8; 4],
    /// What the two institutions tell each other, and the ledger only commits to.
    pub private: PrivateData,
}

impl CreditTransfer {
    /// Where the message says what is paid.
    const fn amount_element(&self) -> &'static str {
        if self.payment_information_id.is_some() { "Amt/InstdAmt" } else { "IntrBkSttlmAmt" }
    }

    /// Where the message says when.
    const fn date_element(&self) -> &'static str {
        if self.payment_information_id.is_some() { "ReqdExctnDt" } else { "IntrBkSttlmDt" }
    }

    /// Judges the transaction. `decimals` tells the decimals of the ledger's assets.
    ///
    /// # Errors
    /// Every reason to reject it, in the order of the elements; never empty.
    pub fn order(
        &self,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
    ) -> Result<PaymentOrder, Vec<Refusal>> {
        let mut judge = Judge { refusals: Vec::new() };
        judge.structure(self);
        let uetr = judge.uetr("PmtId/UETR", self.identification.uetr.as_deref());
        let settlement_date = judge.date(self.date_element(), self.settlement_date.as_deref());
        let transfer = judge.transfer(self, decimals);
        let charge_bearer = judge.charge_bearer(self.charge_bearer.as_deref());
        let debtor_institution = judge.institution(&DEBTOR_AGENT, self);
        let creditor_institution = judge.institution(&CREDITOR_AGENT, self);
        let debtor_account = judge.account(&DEBTOR_ACCOUNT, self.debtor_account.as_ref());
        let creditor_account = judge.account(&CREDITOR_ACCOUNT, self.creditor_account.as_ref());
        if let Some(transfer) = &transfer {
            judge.account_currency(&DEBTOR_ACCOUNT, self.debtor_account.as_ref(), transfer.debit());
            let credit = transfer.credit();
            judge.account_currency(&CREDITOR_ACCOUNT, self.creditor_account.as_ref(), credit);
        }
        judge.instructions(&self.creditor_instructions);
        let purpose = judge.purpose(self.purpose.as_deref());
        let order = || {
            Some(PaymentOrder {
                uetr: uetr?,
                debtor_institution: debtor_institution?,
                debtor_account: debtor_account?,
                creditor_institution: creditor_institution?,
                creditor_account: creditor_account?,
                transfer: transfer?,
                charge_bearer: charge_bearer?,
                settlement_date,
                purpose,
                private: self.private.clone(),
            })
        };
        match (order(), judge.refusals) {
            (Some(order), refusals) if refusals.is_empty() => Ok(order),
            (_, refusals) => {
                assert!(!refusals.is_empty(), "what is missing in an order was refused");
                Err(refusals)
            }
        }
    }
}

/// The agent of one side.
struct AgentRole {
    element: &'static str,
    reason: Reason,
    named: fn(&CreditTransfer) -> &AgentText,
    /// Who it is if the element names nobody.
    otherwise: fn(&CreditTransfer) -> &AgentText,
    otherwise_element: &'static str,
}

const DEBTOR_AGENT: AgentRole = AgentRole {
    element: "DbtrAgt/FinInstnId/BICFI",
    reason: Reason::DebtorAgentBic,
    named: |transfer| &transfer.debtor_agent,
    otherwise: |transfer| &transfer.instructing_agent,
    otherwise_element: "InstgAgt/FinInstnId/BICFI",
};

const CREDITOR_AGENT: AgentRole = AgentRole {
    element: "CdtrAgt/FinInstnId/BICFI",
    reason: Reason::CreditorAgentBic,
    named: |transfer| &transfer.creditor_agent,
    otherwise: |transfer| &transfer.instructed_agent,
    otherwise_element: "InstdAgt/FinInstnId/BICFI",
};

/// The account of one side.
struct AccountRole {
    element: &'static str,
    currency_element: &'static str,
    reason: Reason,
    currency_reason: Reason,
}

const DEBTOR_ACCOUNT: AccountRole = AccountRole {
    element: "DbtrAcct/Id",
    currency_element: "DbtrAcct/Ccy",
    reason: Reason::DebtorAccount,
    currency_reason: Reason::DebtorAccountCurrency,
};

const CREDITOR_ACCOUNT: AccountRole = AccountRole {
    element: "CdtrAcct/Id",
    currency_element: "CdtrAcct/Ccy",
    reason: Reason::CreditorAccount,
    currency_reason: Reason::CreditorAccountCurrency,
};

/// Collects what is wrong with a transaction.
pub(crate) struct Judge {
    pub(crate) refusals: Vec<Refusal>,
}

impl Judge {
    /// Notes a refusal; gives `None`, for what cannot be had because of it.
    pub(crate) fn refuse<T>(
        &mut self,
        reason: Reason,
        element: &'static str,
        detail: impl Into<String>,
    ) -> Option<T> {
        self.refusals.push(Refusal::new(reason, element, detail));
        None
    }

    /// What stands where it must not.
    pub(crate) fn placement(&mut self, transfer: &CreditTransfer) {
        for element in &transfer.misplaced {
            let detail = "stands twice or is not plain text. Keep one text";
            self.refuse::<()>(Reason::ElementNotAllowed, element, detail);
        }
        for (element, detail) in &transfer.unsupported {
            self.refuse::<()>(Reason::UnsupportedInstruction, element, *detail);
        }
    }

    /// Judges by whom and to whom a correction is sent, as far as the message says it.
    pub(crate) fn agents(&mut self, elements: [&'static str; 2], transfer: &CreditTransfer) {
        let agents = [&transfer.instructing_agent, &transfer.instructed_agent];
        for (element, agent) in elements.into_iter().zip(agents) {
            if let Some(text) = agent.bic.as_deref().filter(|text| Bic::parse(text).is_err()) {
                self.refuse_bic(element, text);
            }
        }
    }

    fn refuse_bic(&mut self, element: &'static str, text: &str) {
        let detail = format!("\"{}\" is no BIC. Write 8 or 11 characters", shown(text));
        self.refuse::<()>(Reason::AgentBic, element, detail);
    }

    fn structure(&mut self, transfer: &CreditTransfer) {
        self.placement(transfer);
        for element in &transfer.missing_parties {
            self.refuse::<()>(Reason::MissingElement, element, "is missing. Name the party");
        }
        let ids = &transfer.identification;
        if ids.end_to_end_id.as_deref().is_none_or(|text| !fits(text, 35)) {
            let detail =
                "is missing or longer than 35 characters. Write NOTPROVIDED if there is none";
            self.refuse::<()>(Reason::EndToEndId, "PmtId/EndToEndId", detail);
        }
        for (element, text) in
            [("PmtId/InstrId", &ids.instruction_id), ("PmtId/TxId", &ids.transaction_id)]
        {
            if text.as_deref().is_some_and(|text| !fits(text, 35)) {
                let detail = "is longer than 35 characters. Shorten it";
                self.refuse::<()>(Reason::Content, element, detail);
            }
        }
    }

    pub(crate) fn uetr(&mut self, element: &'static str, text: Option<&str>) -> Option<Uetr> {
        let Some(text) = text else {
            let detail = "is missing. Give the payment a version 4 UUID in lower case";
            return self.refuse(Reason::MissingElement, element, detail);
        };
        match Uetr::parse(text) {
            Ok(uetr) => Some(uetr),
            Err(error) => self.refuse(Reason::Content, element, error.to_string()),
        }
    }

    /// Why a payment goes back, is asked back, or is not given back.
    pub(crate) fn reason_code(
        &mut self,
        element: &'static str,
        text: Option<&str>,
    ) -> Option<ledger::corrections::Reason> {
        let Some(text) = text else {
            let detail = "is missing. Say why by a code such as AC04";
            return self.refuse(Reason::MissingElement, element, detail);
        };
        ledger::corrections::Reason::parse(text).ok().or_else(|| {
            let detail = format!("is {}. Write 4 capital letters or digits", shown(text));
            self.refuse(Reason::Content, element, detail)
        })
    }

    pub(crate) fn date(&mut self, element: &'static str, text: Option<&str>) -> Option<Date> {
        let date = Date::parse(text?);
        if date.is_none() {
            let detail = "is no date. Write it like 2026-01-31";
            self.refuse::<()>(Reason::Date, element, detail);
        }
        date
    }

    fn transfer(
        &mut self,
        transfer: &CreditTransfer,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
    ) -> Option<Transfer> {
        let element = transfer.amount_element();
        let Some(written) = transfer.settlement_amount.as_ref() else {
            return self.refuse(Reason::Amount, element, "is missing. State the amount");
        };
        let credit = self.money(element, written, &decimals);
        let other = transfer
            .instructed_amount
            .as_ref()
            .filter(|instructed| instructed.currency != written.currency);
        let Some(instructed) = other else {
            return credit.map(|(money, _)| Transfer::SameAsset(money));
        };
        let debit = self.money("InstdAmt", instructed, &decimals);
        let (debit, credit) = (debit?, credit?);
        let rate = match transfer.exchange_rate.as_deref() {
            None => None,
            Some(text) => Some(self.rate(text, debit, credit)?),
        };
        Some(Transfer::Exchange { debit: debit.0, credit: credit.0, rate })
    }

    pub(crate) fn money(
        &mut self,
        element: &'static str,
        written: &AmountText,
        decimals: impl Fn(AssetCode) -> Option<Decimals>,
    ) -> Option<(Money, Decimals)> {
        let currency = &written.currency;
        let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        let asset = AssetCode::parse(currency).ok().filter(|_| is_code);
        let number = Number::parse(&written.number)
            .filter(|number| !number.negative && number.length() <= 18 && number.scale <= 5);
        if number.is_none() {
            let detail =
                "is no amount. Write digits with a point: at most 18 digits, 5 of them decimals";
            self.refuse::<()>(Reason::Amount, element, detail);
        }
        let Some(asset) = asset else {
            let detail = "has no currency. Write it as Ccy=\"CNY\"";
            return self.refuse(Reason::CurrencyCode, element, detail);
        };
        let Some(decimals) = decimals(asset) else {
            let detail = format!("{asset} is not an asset of this ledger");
            return self.refuse(Reason::CurrencyUnknown, element, detail);
        };
        match number?.to_amount(decimals) {
            Some(amount) if amount.is_zero() => {
                self.refuse(Reason::ZeroAmount, element, "is zero. State what is to be paid")
            }
            Some(amount) => Some((Money::new(amount, asset), decimals)),
            None => {
                let detail = format!("has more than the {} decimals of {asset}", decimals.0);
                self.refuse(Reason::TooManyDecimals, element, detail)
            }
        }
    }

    fn rate(
        &mut self,
        text: &str,
        (debit, debit_decimals): (Money, Decimals),
        (credit, credit_decimals): (Money, Decimals),
    ) -> Option<Number> {
        let element = "XchgRate";
        let is_rate = |rate: &Number| rate.length() <= 11 && rate.scale <= 10 && !rate.negative;
        let Some(rate) = Number::parse(text).filter(is_rate) else {
            let detail = "is no rate. Write at most 11 digits, 10 of them decimals";
            return self.refuse(Reason::Rate, element, detail);
        };
        let agrees = number::rate_agrees(
            (debit.amount, debit_decimals),
            (credit.amount, credit_decimals),
            &rate,
        );
        if agrees {
            return Some(rate);
        }
        let detail = format!(
            "{rate} does not lead from InstdAmt {} to IntrBkSttlmAmt {}. State {} for one {}",
            debit.text(debit_decimals),
            credit.text(credit_decimals),
            credit.asset,
            debit.asset,
        );
        self.refuse(Reason::Rate, element, detail)
    }

    fn charge_bearer(&mut self, text: Option<&str>) -> Option<ChargeBearer> {
        match text {
            Some("DEBT") => Some(ChargeBearer::Debtor),
            Some("SHAR") => Some(ChargeBearer::Shared),
            Some("CRED") => Some(ChargeBearer::Creditor),
            other => {
                let written = shown(other.unwrap_or("missing"));
                let detail = format!("is {written}. Use DEBT, SHAR or CRED");
                self.refuse(Reason::ChargeBearer, "ChrgBr", detail)
            }
        }
    }

    fn institution(&mut self, role: &AgentRole, transfer: &CreditTransfer) -> Option<Bic> {
        let otherwise = (role.otherwise)(transfer);
        let own = (role.named)(transfer);
        if !own.is_empty()
            && let Some(text) = &otherwise.bic
            && Bic::parse(text).is_err()
        {
            self.refuse_bic(role.otherwise_element, text);
        }
        let is_own = !own.is_empty() || transfer.is_between_institutions;
        let named = if is_own { own } else { otherwise };
        let Some(text) = &named.bic else {
            let detail = "is missing. Institutions are found by their BIC";
            return self.refuse(role.reason, role.element, detail);
        };
        match Bic::parse(text) {
            Ok(bic) => Some(bic),
            Err(error) => self.refuse(role.reason, role.element, error.to_string()),
        }
    }

    fn account(
        &mut self,
        role: &AccountRole,
        account: Option<&AccountText>,
    ) -> Option<AccountReference> {
        let named = account.map(|account| (account.iban.as_deref(), account.other.as_deref()));
        match named {
            Some((Some(iban), None)) if iban::is_iban(iban) => {
                Some(AccountReference::Iban(iban.to_owned()))
            }
            Some((Some(_), None)) => {
                let detail = "the IBAN's checksum does not fit. Compare it with the original";
                self.refuse(role.reason, role.element, detail)
            }
            Some((None, Some(other))) if fits(other, 34) => Some(AccountReference::Other {
                identification: other.to_owned(),
                scheme: account.and_then(|account| account.scheme.clone()),
            }),
            Some((None, Some(_))) => {
                let detail = "Othr/Id is longer than 34 characters. Shorten it";
                self.refuse(role.reason, role.element, detail)
            }
            Some((Some(_), Some(_))) => self.refuse(
                role.reason,
                role.element,
                "names an IBAN and another account. Keep one",
            ),
            Some((None, None)) | None => {
                let detail = "is missing. Name the account by IBAN or Othr/Id";
                self.refuse(role.reason, role.element, detail)
            }
        }
    }

    fn account_currency(
        &mut self,
        role: &AccountRole,
        account: Option<&AccountText>,
        money: Money,
    ) {
        let Some(currency) = account.and_then(|account| account.currency.as_deref()) else {
            return;
        };
        if currency != money.asset.to_string() {
            let detail =
                format!("is {}, but {} is moved. Make them agree", shown(currency), money.asset);
            self.refuse::<()>(role.currency_reason, role.currency_element, detail);
        }
    }

    /// A cheque, or money held until somebody calls for it, is no credit to an account; a code of
    /// unknown meaning may be anything.
    fn instructions(&mut self, codes: &[String]) {
        for code in codes.iter().filter(|code| !matches!(code.as_str(), "PHOB" | "TELB")) {
            let detail =
                format!("{} cannot be carried out: the ledger credits accounts", shown(code));
            self.refuse::<()>(Reason::UnsupportedInstruction, "InstrForCdtrAgt/Cd", detail);
        }
    }

    fn purpose(&mut self, text: Option<&str>) -> [u8; 4] {
        let mut purpose = [0; 4];
        let Some(text) = text else { return purpose };
        let is_code = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match purpose.get_mut(..text.len()) {
            Some(slot) if is_code => slot.copy_from_slice(text.as_bytes()),
            _ => {
                let detail = "is no purpose code. Write 1 to 4 letters or digits";
                self.refuse::<()>(Reason::Purpose, "Purp/Cd", detail);
            }
        }
        purpose
    }
}

/// True for 1 to `most` characters.
fn fits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count())
}
