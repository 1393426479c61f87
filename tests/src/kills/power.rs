//! A file system that loses its power: whatever no sync has covered is gone.
//!
//! An ext4 image on a loop device, which the kernel is told to shut down without writing its
//! journal (`EXT4_IOC_SHUTDOWN` with `NOLOGFLUSH`, the way in which file systems are tested
//! themselves). From then on every write and sync fails, as on a disk that has gone; unmounted and
//! mounted again, it holds what was synced, and of the rest what the kernel had happened to write.
//! The ioctl is made by python3, because this program has no unsafe code.
//!
//! Invariant: the file system is this process's own (see `chaos::sandbox`). Absent: machines
//! without root or loop devices; there [`PowerDisk::mount`] says what is missing.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::devnet::{DevnetError, run, until};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The size of the image, which takes room on the real disk only as it is used.
const IMAGE: u64 = 4 << 30;

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`.
const SHUTDOWN: &str = "import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

/// The file system.
#[derive(Debug)]
pub struct PowerDisk {
    /// Where it is mounted.
    pub folder: PathBuf,
    image: PathBuf,
}

impl PowerDisk {
    /// Makes and mounts it as `work/power`, and loses its power once for a trial.
    ///
    /// # Errors
    /// What is missing on this machine.
    pub fn mount(work: &Path) -> Result<Self, DevnetError> {
        let (folder, image) = (work.join("power"), work.join("power.img"));
        fs::create_dir_all(&folder).map_err(|error| DevnetError::file(&folder, &error))?;
        let made = File::create(&image).and_then(|file| file.set_len(IMAGE));
        made.map_err(|error| DevnetError::file(&image, &error))?;
        let lazy = "lazy_itable_init=1,lazy_journal_init=1";
        command(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0", "-E", lazy]).arg(&image))?;
        let disk = Self { folder, image };
        disk.mount_image()?;
        let (kept, lost) = (disk.folder.join("kept"), disk.folder.join("lost"));
        let written = |path: &Path| fs::write(path, b"x").map_err(|e| DevnetError::file(path, &e));
        written(&kept)?;
        rustix::fs::sync();
        written(&lost)?;
        disk.lose()?;
        disk.come_back()?;
        if !kept.exists() || lost.exists() {
            let reason = "it does not lose what was not synced".to_owned();
            return Err(DevnetError::Call { url: "EXT4_IOC_SHUTDOWN".to_owned(), reason });
        }
        Ok(disk)
    }

    /// Loses the power.
    ///
    /// # Errors
    /// If python3 is missing or the kernel refuses.
    pub fn lose(&self) -> Result<(), DevnetError> {
        command(Command::new("python3").args(["-c", SHUTDOWN]).arg(&self.folder))
    }

    /// Mounts it again. Nothing may have a file on it open.
    ///
    /// # Errors
    /// If it cannot be unmounted or mounted.
    pub fn come_back(&self) -> Result<(), DevnetError> {
        until("the end of all use of the lost disk", &self.folder, LIMIT, || {
            command(Command::new("umount").arg(&self.folder)).ok()
        })?;
        self.mount_image()
    }

    fn mount_image(&self) -> Result<(), DevnetError> {
        command(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.folder))
    }
}

impl Drop for PowerDisk {
    fn drop(&mut self) {
        // Where this process has namespaces of its own, the mount ends with them anyway.
        let _ended = command(Command::new("umount").arg("--lazy").arg(&self.folder));
    }
}

fn command(command: &mut Command) -> Result<(), DevnetError> {
    let ran = run(command, LIMIT)?;
    if ran.code == Some(0) {
        return Ok(());
    }
    Err(DevnetError::Call { url: format!("{command:?}"), reason: ran.stderr.trim().to_owned() })
}
