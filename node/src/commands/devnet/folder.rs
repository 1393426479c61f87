//! The folder of a devnet: found, made, emptied.
//!
//! Invariants: a folder without the marker is never touched if anything is in it; the marker is
//! locked while the devnet runs. Absent: what a new devnet consists of (see `layout`).

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::message::Payment;
use super::plan::{self, Plan};
use super::{Failure, USUAL_VALIDATORS, layout};
use crate::home::{Home, HomeError};

/// A devnet's folder, held by this process.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes the folder at `path`, which is made if it does not exist. With `reset`, or if a devnet
    /// was left half made there, it is emptied.
    ///
    /// # Errors
    /// A failure if the folder is something else's, or another process runs the devnet.
    pub(super) fn open(path: &Path, reset: bool) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
        fs::create_dir_all(path).map_err(failed)?;
        let path = &fs::canonicalize(path).map_err(failed)?;
        let is_empty = fs::read_dir(path).map_err(failed)?.next().is_none();
        let marker = path.join(plan::MARKER);
        if !is_empty && !marker.exists() {
            let message = format!("{} holds something that is no devnet", path.display());
            return Err(Failure::usage(message).hint("Choose an empty or a new folder with --dir."));
        }
        let lock = File::options().create(true).truncate(false).write(true).open(&marker);
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another process runs the devnet in {}", path.display());
                return Err(Failure::new(message).hint("Stop it first, or choose another --dir."));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let folder = Self { path: path.clone(), _lock: lock };
        if reset || !path.join(plan::PLAN).exists() {
            folder.check_idle()?;
            folder.empty().map_err(failed)?;
        }
        Ok(folder)
    }

    /// Where it is, from the root.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The plan of the devnet; a new one is laid out if there is none.
    ///
    /// # Errors
    /// A failure if the devnet that exists is not the one that is asked for.
    pub(super) fn plan(
        &self,
        validators: Option<usize>,
        payments: &[Payment],
    ) -> Result<Plan, Failure> {
        if !self.path.join(plan::PLAN).exists() {
            layout::lay_out(&self.path, validators.unwrap_or(USUAL_VALIDATORS), payments)?;
            return Plan::read(&self.path);
        }
        let plan = Plan::read(&self.path)?;
        let there = plan.nodes.len();
        if let Some(wanted) = validators.filter(|wanted| *wanted != there) {
            let message = format!("the devnet here has {there} validators, not {wanted}");
            return Err(Failure::usage(message).hint("Start a new one with --reset."));
        }
        let members: Vec<&str> =
            plan.operators.iter().map(|operator| operator.institution.as_str()).collect();
        let parties = payments.iter().flat_map(|payment| [&payment.debtor, &payment.creditor]);
        for party in parties {
            if !members.contains(&party.institution.to_string().as_str()) {
                let message = format!("{} takes no part in this devnet", party.institution);
                return Err(Failure::usage(message).hint("Start a new one with --reset."));
            }
        }
        self.check_idle()?;
        Ok(plan)
    }

    /// Refuses a devnet of which a process still holds a home.
    fn check_idle(&self) -> Result<(), Failure> {
        let Ok(plan) = Plan::read(&self.path) else { return Ok(()) };
        for node in &plan.nodes {
            let opened = Home::open(&self.path.join(&node.home)).and_then(Home::close);
            if let Err(error @ HomeError::Held { .. }) = opened {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Removes everything but the marker.
    fn empty(&self) -> std::io::Result<()> {
        // The plan goes first: without it the folder counts as half made, whatever is left.
        match fs::remove_file(self.path.join(plan::PLAN)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() == plan::MARKER {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}
