//! The index begins anew at a snapshot.
//!
//! Invariants: one durable transaction takes the index from whatever block it stood at to the
//! snapshot's, so a crash leaves the one or the other. Blocks that were there before are kept, for
//! pruning to take them; between them and the snapshot's there is a gap. Absent: verification (the
//! core's).

use ledger::codec;
use ledger::ids::Height;
use redb::Durability;

use super::recent::Recent;
use super::tables::{
    BLOCKS, CERTIFICATES, CHECKPOINT, EARLIEST, EPOCHS, LOG_FROM, META, RANGE, STATE,
};
use super::write::{block_of, insert_state};
use super::{Checkpoint, IndexedBlock, Store, StoreError};
use crate::core::snapshot::Installed;
use crate::log::Position;

impl Store {
    /// Takes the index to a snapshot, durably. `replay_from` is where in the log a restart from it
    /// begins to read.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; then nothing was written.
    pub fn install(&self, installed: &Installed, replay_from: Position) -> Result<(), StoreError> {
        let Installed { manifest, tip } = installed;
        let height = tip.height().0;
        let mut transaction = self.database().begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.set_quick_repair(true);
        transaction.delete_table(STATE)?;
        {
            insert_state(&mut transaction.open_table(STATE)?, tip)?;
            // The number of receipts is not known; the block is there for its children's sake.
            let block = IndexedBlock { block: block_of(tip), receipts: 0 };
            transaction.open_table(BLOCKS)?.insert(height, codec::encode(&block).as_slice())?;
            let certificate = codec::encode(&manifest.progress.certificate);
            transaction.open_table(CERTIFICATES)?.insert(height, certificate.as_slice())?;
            let mut epochs = transaction.open_table(EPOCHS)?;
            for change in &manifest.progress.epochs {
                let row = codec::encode(change);
                epochs.insert(change.header.epoch.0, row.as_slice())?;
            }
            let mut range = transaction.open_table(RANGE)?;
            let mut history = manifest.history.clone();
            let before = history.nodes();
            let added = history.append(tip.domains(), &tip.hash());
            for (position, node) in before.into_iter().chain(added) {
                range.insert(position, node.0)?;
            }
            let from = (replay_from.segment, replay_from.offset);
            transaction.open_table(LOG_FROM)?.insert(height, from)?;
            let checkpoint = Checkpoint {
                block: block_of(tip),
                history: manifest.history.clone(),
                certificate: Some(manifest.progress.certificate.clone()),
                replay_from,
            };
            let mut meta = transaction.open_table(META)?;
            meta.insert(CHECKPOINT, checkpoint.to_row().as_slice())?;
            let earliest = Height(height).next();
            meta.insert(EARLIEST, codec::encode(&earliest).as_slice())?;
        }
        self.commit(transaction, Recent::default(), true)
    }
}
