//! The outbox: every signed transaction is here, durably, before its first byte is sent.
//!
//! Invariants: an entry stays until its outcome is known, and a payment that settled stays until it
//! was told: its outcome is in the archive, with its proof, before it is printed, and the entry
//! leaves the outbox after that. So a crash at any point leaves the entry or a told outcome, never
//! neither. An entry that a living command holds is locked and is nobody else's to go on with. An
//! entry that cannot be read stops every payment, because it might be the one that is ordered.
//! Absent: sending.

use ledger::ids::{AccountId, Timestamp};
use ledger::transaction::SignedTransaction;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::code::Own;
use crate::describe;
use crate::exit::Exit;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::folders::Folders;
use crate::language::{Text, say};

const FORMAT: &str = "feiqian.outbox/v1";

/// The most bytes of an entry: the longest transaction in base64, and its proof.
const MAXIMUM_BYTES: usize = 16 * 1024 * 1024;

/// A signed transaction and what it was ordered for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    format: String,
    /// The payment's UETR, or the transaction's id where no money moves.
    pub(crate) id: String,
    /// What was ordered, in one text: the same order has the same text.
    pub(crate) order: String,
    /// The chain.
    pub(crate) chain_id: String,
    /// When it was signed, RFC 3339.
    pub(crate) created: String,
    /// How the payee was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payee: Option<String>,
    /// The private text to which the transaction commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// The salt of that commitment, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) salt: Option<String>,
    /// True if the payer's institution has the note.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    note_handed_over: bool,
    /// The signed bytes, base64.
    transaction: String,
    /// How it ended; only in the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
}

impl Outcome {
    /// True if the order was carried out.
    pub(crate) fn is_carried_out(&self) -> bool {
        matches!(
            self.status.as_str(),
            "settled"
                | "done"
                | "held"
                | "released"
                | "returned"
                | "recall-requested"
                | "awaiting-approval"
                | "awaiting-review"
                | "queued"
                | "refused"
        )
    }
}

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    /// `settled`, `done`, `held`, `released`, `returned`, `recall-requested`,
    /// `awaiting-approval`, `awaiting-review`, `queued`, `refused`, `rejected`, `expired` or
    /// `not-sent`.
    pub(crate) status: String,
    /// The block, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<u64>,
    /// The proof file, base64, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proof: Option<String>,
}

impl Entry {
    /// An entry for `bytes`, a signed transaction.
    pub(crate) fn new(
        id: String,
        order: String,
        chain_id: String,
        created: Timestamp,
        bytes: &[u8],
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            id,
            order,
            chain_id,
            created: api::text::time(created),
            payee: None,
            note: None,
            salt: None,
            note_handed_over: false,
            transaction: api::text::base64(bytes),
            outcome: None,
        }
    }

    /// True if it is known that no block has it and that none will.
    pub(crate) fn is_certainly_unexecuted(&self) -> bool {
        let status = self.outcome.as_ref().map(|outcome| outcome.status.as_str());
        matches!(status, Some("expired" | "not-sent"))
    }

    /// True if the payer's institution has the note; none if there is no note to hand over.
    pub(crate) fn note_handed_over(&self) -> Option<bool> {
        self.note.as_ref().and(self.salt.as_ref()).map(|_| self.note_handed_over)
    }

    /// The signed bytes and what they say.
    ///
    /// # Errors
    /// An internal fault if the entry is damaged.
    pub(crate) fn transaction(&self) -> Result<(Vec<u8>, SignedTransaction), Fault> {
        let bytes = api::text::parse_base64(&self.transaction).ok_or_else(|| {
            Fault::internal(say!("An outbox entry is not base64.", "发件箱条目不是 base64。"))
        })?;
        let signed = SignedTransaction::decode(&bytes).map_err(|error| Fault::defect(&error))?;
        Ok((bytes, signed))
    }
}

/// An entry of the outbox that this command holds.
#[derive(Debug)]
pub(crate) struct Held {
    /// The entry.
    pub(crate) entry: Entry,
    /// True if an earlier command left it.
    pub(crate) is_resumed: bool,
    _lock: File,
}

/// What is known of an order.
#[derive(Debug)]
pub(crate) enum Found {
    /// It is in the outbox.
    Pending(Box<Held>),
    /// It has ended, and that was told.
    Ended(Box<Entry>),
}

impl Found {
    /// True if it is known that no block has it and that none will.
    pub(crate) fn is_certainly_unexecuted(&self) -> bool {
        matches!(self, Self::Ended(entry) if entry.is_certainly_unexecuted())
    }
}

/// The outbox and the archive.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    outbox: PathBuf,
    archive: PathBuf,
}

impl Outbox {
    /// The outbox in these folders.
    pub(crate) fn new(folders: &Folders) -> Self {
        Self { outbox: folders.outbox(), archive: folders.archive() }
    }

    /// Saves a new entry durably. Only after this may its bytes be sent.
    ///
    /// # Errors
    /// What the system says; then nothing is saved.
    pub(crate) fn save(&self, entry: Entry) -> Result<Held, Fault> {
        let archived = file_of(&self.archive, &entry.id);
        if let Some(ended) = read(&archived)? {
            if !ended.is_certainly_unexecuted() {
                let detail =
                    say!("The id {id} was used before.", "编号 {id} 已被使用过。", id = entry.id);
                return Err(Fault::internal(detail));
            }
            // What did not happen must not speak for what is sent now under the same id.
            files::remove(&archived).map_err(|error| Fault::file(&archived, &error))?;
        }
        let path = file_of(&self.outbox, &entry.id);
        let lock =
            files::create(&path, &render(&entry)).map_err(|error| Fault::file(&path, &error))?;
        Ok(Held { entry, is_resumed: false, _lock: lock })
    }

    /// The oldest entry of this order on this chain that no living command holds.
    ///
    /// # Errors
    /// An internal fault if any entry cannot be read.
    pub(crate) fn unfinished(&self, chain_id: &str, order: &str) -> Result<Option<Held>, Fault> {
        let is_same = |entry: &Entry| entry.chain_id == chain_id && entry.order == order;
        let mut same: Vec<Entry> = self.list()?.into_iter().filter(is_same).collect();
        same.sort_by(|left, right| left.created.cmp(&right.created));
        for entry in same {
            if let Some(held) = self.hold(entry)? {
                return Ok(Some(held));
            }
        }
        Ok(None)
    }

    /// The entries whose outcome is not known, and those that were carried out and not told yet,
    /// which have their outcome.
    ///
    /// # Errors
    /// An internal fault if any entry cannot be read.
    pub(crate) fn list(&self) -> Result<Vec<Entry>, Fault> {
        let mut entries = Vec::new();
        for id in ids(&self.outbox) {
            entries.extend(self.pending(&id)?);
        }
        Ok(entries)
    }

    /// The entry with this id, if it is in the outbox and there is anything left to do or to tell.
    fn pending(&self, id: &str) -> Result<Option<Entry>, Fault> {
        let path = file_of(&self.outbox, id);
        let ended = read(&file_of(&self.archive, id))?;
        let is_told = |entry: &Entry| !entry.outcome.as_ref().is_some_and(Outcome::is_carried_out);
        if ended.as_ref().is_some_and(is_told) {
            // Nothing was paid, and the command ended before it took the entry out.
            files::remove(&path).map_err(|error| Fault::file(&path, &error))?;
            return Ok(None);
        }
        let entry = read(&path)?;
        Ok(entry.map(|entry| ended.unwrap_or(entry)))
    }

    /// The accounts that this wallet has paid.
    pub(crate) fn payees(&self) -> BTreeSet<AccountId> {
        let payees = ids(&self.archive).into_iter().filter_map(|id| {
            let entry = read(&file_of(&self.archive, &id)).ok().flatten()?;
            let is_paid = entry.outcome.as_ref().is_some_and(Outcome::is_carried_out);
            let (_, signed) = entry.transaction().ok().filter(|_| is_paid)?;
            signed.transaction.operations.first().and_then(describe::payee)
        });
        payees.collect()
    }

    /// Holds the unfinished entry whose id starts with `prefix`.
    ///
    /// # Errors
    /// A usage fault if there is none, several, or another command goes on with it right now.
    pub(crate) fn resume(&self, prefix: &str) -> Result<Held, Fault> {
        let mut found = self.list()?;
        found.retain(|entry| entry.id.starts_with(prefix));
        let (Some(entry), true) = (found.pop(), found.is_empty()) else {
            let detail = say!(
                "No single unfinished payment has the id {prefix}.",
                "没有唯一一笔未完成的支付以 {prefix} 为编号。"
            );
            let hint = say!("See: feiqian status", "请查看：feiqian status");
            return Err(Fault::usage(Own::NotInOutbox, detail, hint));
        };
        let id = entry.id.clone();
        self.hold(entry)?.ok_or_else(|| in_progress(&id))
    }

    /// The archived entry whose id starts with `prefix`, if there is exactly one.
    ///
    /// # Errors
    /// An internal fault if it cannot be read.
    pub(crate) fn archived(&self, prefix: &str) -> Result<Option<Entry>, Fault> {
        let mut found = ids(&self.archive);
        found.retain(|id| id.starts_with(prefix));
        match found.as_slice() {
            [id] => read(&file_of(&self.archive, id)),
            _ => Ok(None),
        }
    }

    /// What is known of the order with exactly this id: its entry, held, or its archived end.
    ///
    /// # Errors
    /// A usage fault if another command goes on with it right now; an internal fault if it cannot
    /// be read.
    pub(crate) fn find(&self, id: &str) -> Result<Option<Found>, Fault> {
        if let Some(entry) = self.pending(id)? {
            return match self.hold(entry)? {
                Some(held) => Ok(Some(Found::Pending(Box::new(held)))),
                None => Err(in_progress(id)),
            };
        }
        Ok(read(&file_of(&self.archive, id))?.map(|entry| Found::Ended(Box::new(entry))))
    }

    /// Puts the outcome of a held entry into the archive. The entry stays in the outbox.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn archive(&self, held: &mut Held, outcome: Outcome) -> Result<(), Fault> {
        held.entry.outcome = Some(outcome);
        self.rearchive(&held.entry)
    }

    /// Keeps of an archived entry that the payer's institution has its note.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn mark_handed_over(&self, entry: &mut Entry) -> Result<(), Fault> {
        entry.note_handed_over = true;
        self.rearchive(entry)
    }

    fn rearchive(&self, entry: &Entry) -> Result<(), Fault> {
        let archived = file_of(&self.archive, &entry.id);
        files::replace(&archived, &render(entry)).map_err(|error| Fault::file(&archived, &error))
    }

    /// Takes an entry out of the outbox: its outcome is in the archive, and was told.
    ///
    /// # Errors
    /// What the system says; then the entry is still in the outbox.
    pub(crate) fn release(&self, held: Held) -> Result<(), Fault> {
        let path = file_of(&self.outbox, &held.entry.id);
        files::remove(&path).map_err(|error| Fault::file(&path, &error))
    }

    fn hold(&self, entry: Entry) -> Result<Option<Held>, Fault> {
        let path = file_of(&self.outbox, &entry.id);
        let lock = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Fault::file(&path, &error)),
        };
        if lock.try_lock().is_err() || !path.exists() {
            return Ok(None);
        }
        Ok(Some(Held { entry, is_resumed: true, _lock: lock }))
    }
}

fn in_progress(id: &str) -> Fault {
    let detail = say!(
        "Another command goes on with this payment right now.",
        "另一个命令正在处理这笔支付。"
    );
    Fault::usage(Own::InProgress, detail, say!("Wait for it.", "请等待。")).about(id)
}

fn file_of(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.json"))
}

fn ids(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut ids: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    ids.sort_unstable();
    ids
}

/// An entry's file.
pub(crate) fn render(entry: &Entry) -> Vec<u8> {
    // An entry holds strings and numbers: it always renders.
    serde_json::to_vec_pretty(entry).unwrap_or_default()
}

/// Reads an entry; `None` if another command has just taken it away.
fn read(path: &Path) -> Result<Option<Entry>, Fault> {
    let damaged = |reason: Text| {
        let hint = say!(
            "Restore it, or move it away if you know the outcome of that payment.",
            "请恢复它；若已知该笔支付的结果，可将其移走。"
        );
        Fault::new(Exit::Internal, Own::DamagedOutbox, in_file(path, &reason), hint)
    };
    let bytes = match files::read(path, MAXIMUM_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(damaged(quoted(&error))),
    };
    parse(&bytes).map(Some).map_err(damaged)
}

/// Reads an entry's file.
///
/// # Errors
/// What is wrong.
pub(crate) fn parse(bytes: &[u8]) -> Result<Entry, Text> {
    let entry: Entry = serde_json::from_slice(bytes).map_err(|error| quoted(&error))?;
    if entry.format != FORMAT {
        return Err(say!("it is not of the format {FORMAT}.", "格式不是 {FORMAT}。"));
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox() -> (tempfile::TempDir, Outbox) {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::find(Some(home.path().to_owned())).unwrap();
        (home, Outbox::new(&folders))
    }

    fn entry(id: &str, order: &str, created: u64) -> Entry {
        let created = Timestamp(created);
        Entry::new(id.to_owned(), order.to_owned(), "fqd-1".to_owned(), created, b"bytes")
    }

    fn settled() -> Outcome {
        Outcome { status: "settled".to_owned(), block: Some(5), proof: None }
    }

    /// What the next command with the order "a" finds.
    fn next(outbox: &Outbox) -> Option<String> {
        let found = outbox.unfinished("fqd-1", "a").unwrap();
        found.map(|held| held.entry.id.clone())
    }

    #[test]
    fn a_crash_before_the_save_leaves_nothing_to_resume() {
        let (_home, outbox) = outbox();
        files::make_folder(&outbox.outbox).unwrap();
        std::fs::write(outbox.outbox.join(".0011.tmp"), render(&entry("1", "a", 1))).unwrap();
        assert_eq!(next(&outbox), None);
    }

    #[test]
    fn a_crash_after_the_save_leaves_the_entry_to_the_same_order_only() {
        let (_home, outbox) = outbox();
        drop(outbox.save(entry("1", "a", 1)).unwrap());
        assert!(outbox.unfinished("fqd-1", "b").unwrap().is_none());
        assert!(outbox.unfinished("fqd-2", "a").unwrap().is_none());
        let held = outbox.unfinished("fqd-1", "a").unwrap().unwrap();
        assert!(held.is_resumed);
        assert_eq!(held.entry, entry("1", "a", 1));
    }

    #[test]
    fn what_a_living_command_holds_is_not_resumed() {
        let (_home, outbox) = outbox();
        let held = outbox.save(entry("1", "a", 1)).unwrap();
        assert_eq!(next(&outbox), None);
        assert_eq!(outbox.resume("1").unwrap_err().code, "in-progress");
        drop(held);
        assert_eq!(next(&outbox).as_deref(), Some("1"));
    }

    #[test]
    fn a_crash_between_archive_and_telling_leaves_the_outcome_to_be_told() {
        let (_home, outbox) = outbox();
        let mut held = outbox.save(entry("1", "a", 1)).unwrap();
        outbox.archive(&mut held, settled()).unwrap();
        drop(held);
        let held = outbox.unfinished("fqd-1", "a").unwrap().unwrap();
        assert_eq!((held.is_resumed, &held.entry.outcome), (true, &Some(settled())));
        outbox.release(held).unwrap();
        assert_eq!(next(&outbox), None);
        assert_eq!(outbox.archived("1").unwrap().unwrap().outcome, Some(settled()));
        assert!(matches!(outbox.find("1").unwrap(), Some(Found::Ended(_))));
    }

    #[test]
    fn what_was_certainly_not_paid_is_not_told_again() {
        let (_home, outbox) = outbox();
        let mut held = outbox.save(entry("1", "a", 1)).unwrap();
        let outcome = Outcome { status: "expired".to_owned(), block: None, proof: None };
        outbox.archive(&mut held, outcome).unwrap();
        drop(held);
        assert_eq!(next(&outbox), None);
        assert!(!file_of(&outbox.outbox, "1").exists());
    }

    #[test]
    fn an_end_that_did_not_happen_gives_its_id_back() {
        let (_home, outbox) = outbox();
        let mut held = outbox.save(entry("1", "a", 1)).unwrap();
        let outcome = Outcome { status: "not-sent".to_owned(), block: None, proof: None };
        outbox.archive(&mut held, outcome).unwrap();
        outbox.release(held).unwrap();
        let mut held = outbox.save(entry("1", "a", 2)).unwrap();
        assert_eq!(outbox.list().unwrap().len(), 1);
        outbox.archive(&mut held, settled()).unwrap();
        outbox.release(held).unwrap();
        assert_eq!(outbox.save(entry("1", "a", 3)).unwrap_err().code, "internal");
    }

    #[test]
    fn the_oldest_of_the_same_order_comes_first() {
        let (_home, outbox) = outbox();
        drop(outbox.save(entry("1", "a", 2000)).unwrap());
        drop(outbox.save(entry("2", "a", 1000)).unwrap());
        assert_eq!(next(&outbox).as_deref(), Some("2"));
    }

    #[test]
    fn a_damaged_entry_stops_every_payment() {
        let (_home, outbox) = outbox();
        drop(outbox.save(entry("1", "b", 1)).unwrap());
        let path = file_of(&outbox.outbox, "1");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(outbox.unfinished("fqd-1", "a").unwrap_err().code, "damaged-outbox");
    }

    #[test]
    fn ids_are_found_by_a_prefix_that_is_unique() {
        let (_home, outbox) = outbox();
        for id in ["11", "12"] {
            let mut held = outbox.save(entry(id, "a", 1)).unwrap();
            outbox.archive(&mut held, settled()).unwrap();
            outbox.release(held).unwrap();
            drop(outbox.save(entry(&format!("3{id}"), "a", 1)).unwrap());
        }
        assert!(outbox.archived("1").unwrap().is_none());
        assert_eq!(outbox.archived("12").unwrap().unwrap().id, "12");
        assert_eq!(outbox.resume("31").unwrap_err().code, "not-in-outbox");
        assert_eq!(outbox.resume("311").unwrap().entry.id, "311");
    }
}
