//! A small file system of its own for one node, which can be filled and given room again.
//!
//! An ext4 image on a loop device where that is permitted, else a tmpfs; both within this process's
//! own mount namespace (see `sandbox`), so that they are gone with it.
//! Invariant: nothing outside the small file system is ever filled. Absent: quotas.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::devnet::{DevnetError, run};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The size of the ext4 image, which takes room on the real disk only as it is used: enough for
/// hours.
const IMAGE: u64 = 24 << 30;

/// The size of a tmpfs, which is memory: enough for minutes.
const MEMORY: u64 = 1 << 30;

/// The most that is written at once when the disk is filled.
const PORTION: usize = 1 << 20;

/// The small file system.
#[derive(Debug)]
pub struct SmallDisk {
    /// Where it is mounted.
    pub folder: PathBuf,
    /// `ext4` or `tmpfs`.
    pub kind: &'static str,
}

impl SmallDisk {
    /// Makes and mounts it as `work/disk`.
    ///
    /// # Errors
    /// If neither kind may be mounted here.
    pub fn mount(work: &Path) -> Result<Self, DevnetError> {
        let folder = work.join("disk");
        fs::create_dir_all(&folder).map_err(|error| DevnetError::file(&folder, &error))?;
        if Self::mount_image(work, &folder).is_ok() {
            return Ok(Self { folder, kind: "ext4" });
        }
        let size = format!("size={MEMORY}");
        command(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder))?;
        Ok(Self { folder, kind: "tmpfs" })
    }

    fn mount_image(work: &Path, folder: &Path) -> Result<(), DevnetError> {
        let image = work.join("disk.img");
        let made = File::create(&image).and_then(|file| file.set_len(IMAGE));
        made.map_err(|error| DevnetError::file(&image, &error))?;
        let lazy = "lazy_itable_init=1,lazy_journal_init=1";
        let mut format = Command::new("mkfs.ext4");
        command(format.args(["-q", "-F", "-m", "0", "-E", lazy]).arg(&image))?;
        command(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(folder))
    }

    /// Fills it to its last byte.
    ///
    /// # Errors
    /// [`DevnetError::File`] for anything but a full disk.
    pub fn fill(&self) -> Result<(), DevnetError> {
        let path = self.ballast();
        let failed = |error: std::io::Error| DevnetError::file(&path, &error);
        let mut file = File::create(&path).map_err(failed)?;
        let free = fs_free(&self.folder).map_err(failed)?;
        // What is reserved at once need not be written; what a file system cannot reserve is.
        let _reserved = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, free);
        let length = file.metadata().map_err(failed)?.len();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(length)).map_err(failed)?;
        let mut portion = PORTION;
        while portion > 0 {
            match file.write_all(&vec![0; portion]).and_then(|()| file.sync_data()) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => portion /= 2,
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// [`DevnetError::File`].
    pub fn free(&self) -> Result<(), DevnetError> {
        let path = self.ballast();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(DevnetError::file(&path, &error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

fn fs_free(folder: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail * found.f_frsize)
}

fn command(command: &mut Command) -> Result<(), DevnetError> {
    let ran = run(command, LIMIT)?;
    if ran.code == Some(0) {
        return Ok(());
    }
    Err(DevnetError::Call { url: format!("{command:?}"), reason: ran.stderr.trim().to_owned() })
}
