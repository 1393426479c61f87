//! What a light client trusts, kept from one run to the next.
//!
//! Invariants: what is kept is a proof, so it is checked from the chain id again when it is read,
//! and nobody who changes the file is believed; it is replaced whole, and only by a later header.
//! One command at a time follows a chain. The proofs of a conflict stay until a person moves them
//! away, and while they are there nothing is followed. Absent: asking nodes.

use ledger::hash::{Domains, Hash};
use ledger::ids::{Epoch, Height};
use ledger::light::{Refusal, TrustedState};
use ledger::proof::Proof;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::code::Own;
use crate::exit::Exit;
use crate::fault::{Fault, in_file, quoted};
use crate::files;
use crate::folders::Folders;
use crate::language::{Text, say};
use crate::profile::Chain;

/// A header that a quorum finalized, and the proof that says so.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The proof's file.
    pub(super) file: Vec<u8>,
    /// The proof.
    pub(super) proof: Proof,
    /// The header's hash.
    pub(super) hash: Hash,
    state: TrustedState,
}

impl Seen {
    /// Checks a proof from the chain id on.
    ///
    /// # Errors
    /// The link that does not hold.
    pub(super) fn check(chain: &Chain, file: Vec<u8>, proof: Proof) -> Result<Self, Refusal> {
        let domains: Domains = chain.domains();
        let genesis = TrustedState::genesis(chain.id, &proof.genesis)?;
        let (epoch, validators) = genesis.certify(&domains, &proof.progress)?;
        let latest = Box::new(proof.progress.header.clone());
        let hash = latest.hash(&domains);
        let state = TrustedState::Following { epoch, validators, latest };
        Ok(Self { file, proof, hash, state })
    }

    /// The header's height.
    pub(super) fn height(&self) -> Height {
        self.proof.progress.header.height
    }

    /// The header's epoch.
    pub(super) fn epoch(&self) -> Epoch {
        self.proof.progress.header.epoch
    }

    /// What a client trusts that begins here.
    pub(super) fn state(&self) -> TrustedState {
        self.state.clone()
    }
}

/// The trust of one chain on disk, held by this command.
#[derive(Debug)]
pub(super) struct Trust {
    path: PathBuf,
    evidence: PathBuf,
    kept: Option<Height>,
    _lock: File,
}

impl Trust {
    /// Takes hold of the chain's trust; also what was kept of it, if anything was.
    ///
    /// # Errors
    /// Exit 3 if there is evidence of a conflict; a fault if another command holds it, or if what
    /// is kept cannot be believed.
    pub(super) fn open(folders: &Folders, chain: &Chain) -> Result<(Self, Option<Seen>), Fault> {
        let (folder, name) = (folders.trust(), chain.text());
        let failed = |path: &Path, error: &std::io::Error| Fault::file(path, error);
        files::make_folder(&folder).map_err(|error| failed(&folder, &error))?;
        let lock = folder.join(format!("{name}.lock"));
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let file = file.map_err(|error| failed(&lock, &error))?;
        if file.try_lock().is_err() {
            let detail =
                say!("Another command follows this chain right now.", "另一个命令正在跟随这条链。");
            return Err(Fault::usage(Own::InProgress, detail, say!("Wait for it.", "请等待。")));
        }
        let evidence = folder.join(format!("{name}.conflict"));
        if evidence.exists() {
            return Err(conflict(&evidence));
        }
        let path = folder.join(format!("{name}.proof"));
        let kept = read(chain, &path)?;
        let height = kept.as_ref().map(Seen::height);
        Ok((Self { path, evidence, kept: height, _lock: file }, kept))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a header, if it is later than what is kept.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn keep(&mut self, seen: &Seen) -> Result<(), Fault> {
        if self.kept.is_some_and(|kept| seen.height() <= kept) {
            return Ok(());
        }
        files::replace(&self.path, &seen.file).map_err(|error| Fault::file(&self.path, &error))?;
        self.kept = Some(seen.height());
        Ok(())
    }

    /// Keeps the proofs of two headers that contradict each other; the fault that ends everything.
    pub(super) fn convict(&self, first: &Seen, second: &Seen) -> Fault {
        for seen in [first, second] {
            let name = format!("{}-{}.proof", seen.height(), &seen.hash.to_hex()[..16]);
            let path = self.evidence.join(name);
            if let Err(error) = files::replace(&path, &seen.file) {
                return conflict(&self.evidence).with_cause(&Fault::file(&path, &error));
            }
        }
        conflict(&self.evidence)
    }
}

fn read(chain: &Chain, path: &Path) -> Result<Option<Seen>, Fault> {
    let damaged = |reason: Text| {
        let hint = say!(
            "Restore it, or move it away to begin again from the chain id.",
            "请恢复它；或移走它，从链标识重新开始。"
        );
        Fault::new(Exit::Internal, Own::DamagedTrust, in_file(path, &reason), hint)
    };
    let file = match files::read(path, Proof::MAXIMUM_BYTES) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(damaged(quoted(&error))),
    };
    let proof = Proof::decode(&file).map_err(|error| damaged(quoted(&error)))?;
    let seen = Seen::check(chain, file, proof).map_err(|refusal| damaged(quoted(&refusal)))?;
    Ok(Some(seen))
}

fn conflict(evidence: &Path) -> Fault {
    let detail = say!(
        "Two certified headers at one height contradict each other. Their proofs are in {folder}.",
        "同一高度有两个经认证的区块头相互矛盾。其证明在 {folder}。",
        folder = evidence.display()
    );
    let hint = say!(
        "Stop paying, and give the proofs to the operators and the auditor. Nothing is followed \
         until the folder is moved away.",
        "停止付款，并将证明交给运营方和审计方。移走该文件夹之前不再跟随。"
    );
    Fault::new(Exit::Rejected, Own::Conflict, detail, hint)
}
