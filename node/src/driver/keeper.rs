//! What is kept of a snapshot that is being fetched, in a folder of its own, over a restart.
//!
//! Invariants: nothing here is trusted: whatever is read back is verified again, so nothing need be
//! durable, and a file that ends unfinished is cut off there. A disk that refuses ends the keeping,
//! not the fetch. Absent: the finished state (the index has it).

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ledger::codec;
use ledger::tree::Chunk;

use crate::core::message::PeerMessage;
use crate::core::snapshot::{ChunkPlace, Keep, Manifest};

const MANIFEST: &str = "manifest";
const CHUNKS: &str = "chunks";

/// The most bytes of one kept chunk: it came as one message.
const LIMIT: usize = PeerMessage::MAXIMUM_BYTES;

/// Keeps parts of a snapshot in a folder.
pub(super) struct Keeper {
    folder: PathBuf,
    chunks: Option<File>,
}

/// What a former run kept.
pub(super) struct Kept {
    pub(super) manifest: Box<Manifest>,
    pub(super) chunks: KeptChunks,
}

impl Keeper {
    /// A keeper in `folder`, and what is kept there.
    pub(super) fn open(folder: &Path) -> (Self, Option<Kept>) {
        let mut keeper = Self { folder: folder.to_owned(), chunks: None };
        let kept = keeper.read().ok();
        (keeper, kept)
    }

    fn read(&mut self) -> io::Result<Kept> {
        let bytes = fs::read(self.folder.join(MANIFEST))?;
        let manifest = codec::decode(&bytes, LIMIT)?;
        let path = self.folder.join(CHUNKS);
        let mut file = File::options().read(true).write(true).open(&path)?;
        let end = end_of_frames(&mut file)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        self.chunks = Some(file);
        Ok(Kept { manifest, chunks: KeptChunks { file: BufReader::new(File::open(path)?) } })
    }

    /// Keeps or forgets.
    pub(super) fn keep(&mut self, keep: &Keep) {
        let kept = match keep {
            Keep::Begin(manifest) => self.begin(manifest),
            Keep::Chunk(place, chunk) => self.chunk(*place, chunk),
            Keep::End => self.end(),
        };
        if let Err(error) = kept {
            self.chunks = None;
            let folder = self.folder.display();
            tracing::warn!(%error, %folder, "a restart will not find the snapshot's chunks");
        }
    }

    fn begin(&mut self, manifest: &Manifest) -> io::Result<()> {
        self.end()?;
        fs::create_dir_all(&self.folder)?;
        self.chunks = Some(File::create(self.folder.join(CHUNKS))?);
        let unfinished = self.folder.join("manifest.new");
        fs::write(&unfinished, codec::encode(manifest))?;
        fs::rename(unfinished, self.folder.join(MANIFEST))
    }

    fn chunk(&mut self, place: ChunkPlace, chunk: &Chunk) -> io::Result<()> {
        let Some(file) = &mut self.chunks else { return Ok(()) };
        let bytes = codec::encode(&(place, chunk));
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        file.write_all(&[&length.to_le_bytes(), bytes.as_slice()].concat())
    }

    fn end(&mut self) -> io::Result<()> {
        self.chunks = None;
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Where the last whole frame ends.
fn end_of_frames(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut end = 0;
    loop {
        let mut prefix = [0; 4];
        let Some(begin) = end_of(end, 4, length) else { return Ok(end) };
        file.seek(SeekFrom::Start(end))?;
        file.read_exact(&mut prefix)?;
        let size = u64::from(u32::from_le_bytes(prefix));
        let is_frame = size > 0 && usize::try_from(size).is_ok_and(|size| size <= LIMIT);
        let Some(next) = end_of(begin, size, length).filter(|_| is_frame) else { return Ok(end) };
        end = next;
    }
}

/// The end of `size` bytes from `start`, if the file is so long.
fn end_of(start: u64, size: u64, length: u64) -> Option<u64> {
    start.checked_add(size).filter(|end| *end <= length)
}

/// The kept chunks, read one after the other; those that cannot be read are left out.
pub(super) struct KeptChunks {
    file: BufReader<File>,
}

impl Iterator for KeptChunks {
    type Item = (ChunkPlace, Chunk);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut prefix = [0; 4];
            self.file.read_exact(&mut prefix).ok()?;
            let size = usize::try_from(u32::from_le_bytes(prefix)).ok()?;
            let mut bytes = vec![0; size.min(LIMIT)];
            self.file.read_exact(&mut bytes).ok()?;
            if let Ok(chunk) = codec::decode(&bytes, LIMIT) {
                return Some(chunk);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::snapshot::tests::world::Chain;
    use crate::core::snapshot::{Snapshot, SnapshotAnswer, SnapshotRequest};
    use ledger::ids::Epoch;
    use ledger::state::Part;

    #[test]
    fn what_was_kept_is_found_again_up_to_a_torn_end() {
        let chain = Chain::new(2);
        let (tip, certificate, history) = chain.blocks[1].clone();
        let snapshot = Snapshot::new(tip, certificate, history);
        let ask = |request| snapshot.answer(&request, |_| None);
        let id = snapshot.id();
        let request = SnapshotRequest::Manifest { snapshot: id, epoch: Epoch(0) };
        let SnapshotAnswer::Manifest(manifest) = ask(request) else { panic!() };
        let chunk = |index| {
            let place = ChunkPlace { part: Part::Map, index };
            let answer = ask(SnapshotRequest::Chunk { snapshot: id, place });
            let SnapshotAnswer::Chunk { place, chunk, .. } = answer else { panic!("{answer:?}") };
            (place, chunk)
        };
        let work = tempfile::tempdir().unwrap();
        let folder = work.path().join("snapshot");
        let (mut keeper, kept) = Keeper::open(&folder);
        assert!(kept.is_none());
        keeper.keep(&Keep::Begin(manifest.clone()));
        for index in 0..3 {
            let (place, chunk) = chunk(index);
            keeper.keep(&Keep::Chunk(place, Box::new(chunk)));
        }
        drop(keeper);
        let path = folder.join(CHUNKS);
        let whole = fs::read(&path).unwrap();
        let found = |folder: &Path| {
            let kept = Keeper::open(folder).1.unwrap();
            assert_eq!(kept.manifest, manifest);
            kept.chunks.collect::<Vec<_>>()
        };
        assert_eq!(found(&folder), [chunk(0), chunk(1), chunk(2)]);
        for end in [whole.len() - 1, whole.len() * 2 / 3 + 2, 3, 0] {
            fs::write(&path, &whole[..end]).unwrap();
            let before = found(&folder);
            assert!(before.len() < 3);
            // What is kept next stands behind the last whole one.
            let mut keeper = Keeper::open(&folder).0;
            let (place, added) = chunk(3);
            keeper.keep(&Keep::Chunk(place, Box::new(added)));
            let after = found(&folder);
            assert_eq!((after.len(), after.last()), (before.len() + 1, Some(&chunk(3))));
        }
        let mut keeper = Keeper::open(&folder).0;
        keeper.keep(&Keep::End);
        assert!(!folder.exists() && Keeper::open(&folder).1.is_none());
    }
}
