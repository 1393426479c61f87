//! What the images are built from: the programs, the shared libraries that they ask for, a shell
//! for the founding, and the machine's Prometheus.
//!
//! Invariant: the folder is made anew each time, and holds nothing else.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::xtask::{Failure, build::Products, command::Task, project};

/// Parts of the C library that it loads by name when it looks up hosts, where it is an older one.
const RESOLVERS: [&str; 3] = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

/// What is copied from the folder `docker/`.
const FILES: [&str; 3] = ["Dockerfile", "found.sh", "open.sh"];

/// The shell that runs the founding.
const SHELL: &str = "/bin/sh";

/// Where Debian's package puts Prometheus.
const PROMETHEUS: &str = "/usr/bin/prometheus";

/// Gathers the context beside the products, and gives its folder.
///
/// # Errors
/// When a file cannot be read or written, or `ldd` does not know a program.
pub fn gather(products: &Products) -> Result<PathBuf, Failure> {
    let beside = products.node.parent().and_then(Path::parent).unwrap_or(Path::new("target"));
    let folder = beside.join("docker");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    }
    make(&folder.join("empty"))?;
    let programs = [&products.node, &products.wallet, &products.genesis];
    let mut libraries = BTreeSet::new();
    for program in programs {
        let name = program.file_name().unwrap_or_default();
        copy(program, &folder.join("programs").join(name))?;
        libraries.extend(needed(program)?);
    }
    copy_all(&libraries, &folder.join("libraries"))?;
    let shell = Path::new(SHELL);
    let mut of_shell = needed(shell)?;
    of_shell.insert(shell.to_owned());
    copy_all(&of_shell, &folder.join("shell"))?;
    if has_prometheus() {
        let program = Path::new(PROMETHEUS);
        let mut of_prometheus = needed(program)?;
        of_prometheus.insert(program.to_owned());
        copy_all(&of_prometheus, &folder.join("prometheus"))?;
    }
    for name in FILES {
        copy(&project::root().join("docker").join(name), &folder.join(name))?;
    }
    Ok(folder)
}

/// Whether this machine has Prometheus to make an image of.
#[must_use]
pub fn has_prometheus() -> bool {
    Path::new(PROMETHEUS).exists()
}

/// The shared libraries of a program, its loader included.
fn needed(program: &Path) -> Result<BTreeSet<PathBuf>, Failure> {
    let listing = Task::new("ldd", [program.to_string_lossy()]).read()?;
    let mut libraries = paths(&listing);
    let libc = libraries.iter().find(|path| path.ends_with("libc.so.6")).cloned();
    let beside = libc.as_deref().and_then(Path::parent);
    let resolvers = RESOLVERS.iter().filter_map(|name| Some(beside?.join(name)));
    libraries.extend(resolvers.filter(|path| path.exists()));
    Ok(libraries)
}

/// The paths in what `ldd` prints: `libc.so.6 => /lib/libc.so.6 (0x...)`, or the loader's alone.
fn paths(listing: &str) -> BTreeSet<PathBuf> {
    let words = listing.lines().filter_map(|line| {
        line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from)
    });
    words.collect()
}

/// Copies files to where they lie, below `root`.
fn copy_all(files: &BTreeSet<PathBuf>, root: &Path) -> Result<(), Failure> {
    files.iter().try_for_each(|file| copy(file, &root.join(file.strip_prefix("/").unwrap_or(file))))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    make(to.parent().unwrap_or(to))?;
    fs::copy(from, to).map(|_| ()).map_err(|error| failed(from, &error))
}

fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::File { path: path.to_owned(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::paths;

    #[test]
    fn libraries_are_read_from_what_ldd_prints() {
        let listing = "\tlinux-vdso.so.1 (0x00007ffd)\n\
                       \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f0e)\n\
                       \t/lib64/ld-linux-x86-64.so.2 (0x00007f0f)\n";
        let found: Vec<_> = paths(listing).into_iter().collect();
        let expected = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"];
        assert_eq!(found, expected.map(PathBuf::from));
    }
}
