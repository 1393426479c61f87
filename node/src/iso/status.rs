//! Questions for the status of payments: what the ledger and the records say of each.
//!
//! Invariants: a status is never guessed: a payment that neither the ledger nor this node's
//! records know has none in the answer, for it may still be on its way by another node. Absent:
//! questions to other nodes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use iso20022::pacs002::{Code, StatusReason, StatusReport, TransactionStatus};
use iso20022::pacs008::{CreditTransfer, Identification, OriginalGroup};
use iso20022::pacs028::{Question, StatusRequest};
use ledger::hash::Domains;
use ledger::ids::{Timestamp, Uetr};
use ledger::money::Decimals;
use ledger::receipt::Outcome;
use ledger::rejection::Rejection;
use ledger::state::{MarkerKey, State};

use super::answer::{Context, Handled, of_receipt};
use super::records::Record;
use super::settling::Archived;
use super::{Desk, DeskError, Reception, Surroundings, report};

/// The reason of a payment of which nothing is known: the original was never received.
pub(super) const NEVER_RECEIVED: &str = "AG09";

/// The reason of a question that names no payment.
const NOT_NAMED: &str = "CH21";

/// The most payments of one answer.
const MAXIMUM_PAYMENTS: usize = 8192;

/// A payment that is asked about.
struct Asked {
    /// Its references, and the agents between whom the question goes.
    payment: CreditTransfer,
    /// The message that ordered it, if that is known.
    original: Option<OriginalGroup>,
    /// Which payment it is, if that can be told.
    uetr: Option<Uetr>,
}

/// What is known of the payments that are asked about.
struct Known<'a> {
    state: &'a State,
    /// Receipts of those that the index has.
    receipts: BTreeMap<Uetr, Archived>,
    /// Orders of those that this node recorded.
    records: BTreeMap<Uetr, Record>,
    /// The time of the last final block.
    time: Timestamp,
}

impl Desk {
    /// Answers a question for the status of payments.
    pub(super) async fn tell(
        &self,
        around: Surroundings<'_>,
        bytes: &[u8],
        request: &StatusRequest,
    ) -> Result<Reception, DeskError> {
        let latest = around.driver.view.latest();
        let domains = latest.tip.domains();
        let asked = around.readers.work(|| self.asked(domains, request)).await?;
        let uetrs: Vec<Uetr> = asked.iter().filter_map(|asked| asked.uetr).collect();
        let receipts = self.archived(around, &uetrs).await?;
        let load = || self.records.load_all(domains, &uetrs);
        let records = around.readers.work(load).await?;
        let time = latest.tip.header().time;
        let known = Known { state: latest.tip.state(), receipts, records, time };
        let handled = asked.into_iter().map(|asked| known.status(asked)).collect();
        let application = request.application.as_ref();
        let is_one = request.questions.is_empty() && request.originals.len() == 1;
        let whole = request.originals.first().filter(|_| is_one);
        let answer = |id, created, statuses| match whole {
            Some(original) => StatusReport::answer(original, id, created, statuses),
            None => StatusReport::of_payments(id, created, statuses),
        };
        Ok(report(bytes, application, handled, answer))
    }

    /// Finds out which payments are asked about.
    fn asked(&self, domains: &Domains, request: &StatusRequest) -> Result<Vec<Asked>, DeskError> {
        if request.questions.is_empty() {
            return self.all_of(domains, &request.originals);
        }
        let mut messages = BTreeMap::new();
        let mut asked = Vec::with_capacity(request.questions.len());
        for question in &request.questions {
            let given = question.payment.identification.uetr.as_deref();
            let given = given.and_then(|text| Uetr::parse(text).ok());
            let uetr = match (given, &question.original) {
                (Some(uetr), _) => Some(uetr),
                (None, Some(original)) => {
                    let id = original.message_id.as_str();
                    let references = match messages.entry(id) {
                        Entry::Occupied(entry) => entry.into_mut(),
                        Entry::Vacant(entry) => {
                            let records = self.records.of_message(domains, id)?;
                            entry.insert(records.iter().map(Reference::of).collect::<Vec<_>>())
                        }
                    };
                    the_one(references, question)
                }
                (None, None) => None,
            };
            asked.push(Asked {
                payment: question.payment.clone(),
                original: question.original.clone(),
                uetr,
            });
        }
        Ok(asked)
    }

    /// All payments of these messages.
    fn all_of(
        &self,
        domains: &Domains,
        originals: &[OriginalGroup],
    ) -> Result<Vec<Asked>, DeskError> {
        let mut seen = BTreeSet::new();
        let mut asked = Vec::new();
        for original in originals {
            let is_new = seen.insert((&original.message_id, &original.definition));
            if is_new && asked.len() < MAXIMUM_PAYMENTS {
                let records = self.records.of_message(domains, &original.message_id)?;
                let is_of = |record: &&Record| record.original.definition == original.definition;
                asked.extend(records.iter().filter(is_of).map(of_record));
            }
        }
        asked.truncate(MAXIMUM_PAYMENTS);
        Ok(asked)
    }
}

/// The references of a recorded payment.
struct Reference {
    uetr: Uetr,
    /// `InstrId`, `EndToEndId`, `TxId`.
    ids: [Option<String>; 3],
}

impl Reference {
    fn of(record: &Record) -> Self {
        let paths = ["PmtId/InstrId", "PmtId/EndToEndId", "PmtId/TxId"];
        Self { uetr: record.uetr, ids: paths.map(|path| written(record, path)) }
    }
}

fn written(record: &Record, path: &str) -> Option<String> {
    record.private.values(path).first().copied().map(ToOwned::to_owned)
}

/// The payment of a message that has the references of the question, if there is just one.
fn the_one(references: &[Reference], question: &Question) -> Option<Uetr> {
    let ids = &question.payment.identification;
    let wanted = [&ids.instruction_id, &ids.end_to_end_id, &ids.transaction_id];
    let fits = |reference: &&Reference| {
        let mut pairs = wanted.iter().zip(&reference.ids);
        pairs.all(|(wanted, own)| wanted.is_none() || *wanted == own)
    };
    let mut fitting = references.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(reference), None) => Some(reference.uetr),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

fn of_record(record: &Record) -> Asked {
    let identification = Identification {
        instruction_id: written(record, "PmtId/InstrId"),
        end_to_end_id: written(record, "PmtId/EndToEndId"),
        transaction_id: written(record, "PmtId/TxId"),
        uetr: Some(record.uetr.to_string()),
        clearing_reference: None,
    };
    Asked {
        payment: CreditTransfer { identification, ..CreditTransfer::default() },
        original: Some(record.original.clone()),
        uetr: Some(record.uetr),
    }
}

impl Known<'_> {
    fn status(&self, asked: Asked) -> Handled {
        let Asked { mut payment, original, uetr } = asked;
        if let Some(uetr) = uetr {
            payment.identification.uetr = Some(uetr.to_string());
        }
        let record = uetr.and_then(|uetr| self.records.get(&uetr));
        let handled = match uetr {
            Some(uetr) => self.of_payment(&payment, uetr, record),
            None => untold(&payment),
        };
        let original = record.map(|record| record.original.clone()).or(original);
        let status = TransactionStatus { original, ..handled.status };
        Handled { status, ..handled }
    }

    fn of_payment(&self, payment: &CreditTransfer, uetr: Uetr, record: Option<&Record>) -> Handled {
        if let Some(archived) = self.receipts.get(&uetr) {
            return of_receipt(payment, &archived.receipt, self.context(archived, record));
        }
        if self.state.marker(&MarkerKey::Payment(uetr)).is_some() {
            let text = "It is final, and this node has not its receipt at hand. Ask again, or ask \
                        an archive node.";
            return Handled::waiting(payment, Code::PENDING, text);
        }
        match record {
            Some(record) if record.signed.transaction.transaction.valid_until < self.time => {
                let expired = Rejection::Expired;
                let (code, text) = (expired.iso(), expired.explanation());
                Handled::now(TransactionStatus::rejected(payment, code, text))
            }
            Some(_) => {
                let text = "Ordered and signed here; not final yet.";
                Handled::waiting(payment, Code::IN_PROCESS, text)
            }
            None => {
                let text = "Neither the ledger nor this node knows it. It may still be on its way \
                            by another node.";
                without_status(payment, NEVER_RECEIVED, text)
            }
        }
    }

    fn context(&self, archived: &Archived, record: Option<&Record>) -> Context {
        let settlement = match &archived.receipt.outcome {
            Outcome::Settled(settlement) => Some(settlement),
            Outcome::Done
            | Outcome::Rejected(_)
            | Outcome::Proposed(_)
            | Outcome::Held(_)
            | Outcome::Released(_)
            | Outcome::Returned(_)
            | Outcome::RecallRequested(_)
            | Outcome::RecallRefused(_)
            | Outcome::AwaitingApproval(_)
            | Outcome::AwaitingReview(_)
            | Outcome::Queued(_)
            | Outcome::Refused(_) => None,
        };
        let asset = settlement.and_then(|settled| self.state.asset(settled.debited.asset));
        let servicer = settlement.and_then(|settled| settled.from).map(|from| from.servicer());
        let charger = servicer.and_then(|number| self.state.institution(number));
        Context {
            height: archived.height,
            time: archived.time,
            accepted: record.map_or(archived.time, |record| record.accepted),
            charger: charger.map(|institution| institution.bic),
            decimals: asset.map_or(Decimals(0), |asset| asset.decimals),
        }
    }
}

/// The answer to a question of which it cannot be told which payment it means.
fn untold(payment: &CreditTransfer) -> Handled {
    let ids = &payment.identification;
    let is_named = [&ids.instruction_id, &ids.end_to_end_id, &ids.transaction_id, &ids.uetr];
    if is_named.iter().all(|id| id.is_none()) {
        let text = "The question names no payment. Give OrgnlUETR, or the message and a reference.";
        return without_status(payment, NOT_NAMED, text);
    }
    let text = "No one payment of that message has these references here. Ask by OrgnlUETR.";
    without_status(payment, NEVER_RECEIVED, text)
}

fn without_status(payment: &CreditTransfer, code: &str, text: &str) -> Handled {
    let reasons = vec![StatusReason::new(code, text)];
    Handled::now(TransactionStatus { reasons, ..TransactionStatus::unknown(payment) })
}
