//! Check: the key files, their permissions, and whether they are this institution's.
//!
//! Absent: keys that the ledger names since the genesis; the node says at its start whether it
//! votes.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ledger::crypto::SecretKey;
use ledger::genesis::keyfile::KeyKind;
use ledger::genesis::{GenesisDocument, Member, MemberValidator};

use super::{Findings, Scene};
use crate::home::{self, DATA_KEY, NEXT_VOTING_KEY, NODE_KEY, VOTING_KEY};

pub(super) fn check(scene: &Scene<'_>, findings: &mut Findings) {
    let folder = scene.home.join(&scene.config.node.keys);
    folders(scene.home, &folder, findings);
    voting(scene, &folder, findings);
    if let Some(key) = read(&folder.join(NODE_KEY), KeyKind::Node, findings) {
        node(scene, &key, findings);
    }
    let data = folder.join(DATA_KEY);
    // It is made at the first start.
    if data.exists() && read(&data, KeyKind::Data, findings).is_some() {
        findings.good(format!("{} opens private data", data.display()));
    }
    let operators = scene.config.iso.operators.iter().flat_map(|operator| &operator.keys);
    let others: Vec<(PathBuf, KeyKind)> = operators
        .map(|file| (scene.home.join(file), KeyKind::Operator))
        .chain(scene.config.dealer.iter().map(|it| (scene.home.join(&it.key), KeyKind::Account)))
        .collect();
    for (file, kind) in others {
        if read(&file, kind, findings).is_some() {
            findings.good(format!("{} is a key of the kind {kind}", file.display()));
        }
    }
}

/// Others must not enter the home or its folder of keys, and the node's user must own them.
fn folders(home: &Path, keys: &Path, findings: &mut Findings) {
    for folder in [home, keys] {
        // A folder that cannot be looked at is found with the files in it.
        let Ok(metadata) = std::fs::metadata(folder) else { continue };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let what = format!("{} can be entered by others (mode {mode:03o})", folder.display());
            findings.warn(what, format!("chmod 700 {}", folder.display()));
        }
        let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
        if owner != own {
            findings.warn(
                format!(
                    "{} belongs to user {owner}, and this check runs as {own}",
                    folder.display()
                ),
                format!("Check as the user that runs the node, such as: sudo -u '#{owner}' ..."),
            );
        }
    }
}

fn voting(scene: &Scene<'_>, folder: &Path, findings: &mut Findings) {
    let files = [VOTING_KEY, NEXT_VOTING_KEY].map(|name| folder.join(name));
    let mut present = 0_usize;
    for file in files.iter().filter(|file| file.exists()) {
        present = present.saturating_add(1);
        let Some(key) = read(file, KeyKind::Voting, findings) else { continue };
        let holder = holder(scene.genesis, |validator| validator.voting_key == key.public());
        let (own, file) = (scene.config.bic(), file.display());
        match holder.map(|member| member.institution.bic) {
            Some(bic) if bic == own => {
                findings.good(format!("{file} is the voting key of {bic} in the genesis document"));
            }
            Some(bic) => findings.fail(
                format!("{file} is the voting key of {bic}, and node.bic is {own}"),
                "Two nodes must never vote with one key: bring each institution's key home.",
            ),
            None => findings.good(format!(
                "{file} is not in the genesis document: it votes once the ledger names it"
            )),
        }
    }
    if present == 0 {
        findings.good("there is no voting key: the node observes");
    }
}

fn node(scene: &Scene<'_>, key: &SecretKey, findings: &mut Findings) {
    let own = scene.config.bic();
    let holder = holder(scene.genesis, |validator| validator.node_key == key.public());
    match holder.map(|member| member.institution.bic) {
        Some(bic) if bic == own => {
            findings.good(format!("{NODE_KEY} is the node key of {bic} in the genesis document"));
        }
        Some(bic) => findings.fail(
            format!("{NODE_KEY} is the node key of {bic}, and node.bic is {own}"),
            "Peers would take this node for another's: bring each institution's key home.",
        ),
        None => findings.good(format!(
            "{NODE_KEY} ({}) is not in the genesis document: peers take it once the ledger \
             names it",
            key.public().to_hex()
        )),
    }
}

fn holder(genesis: &GenesisDocument, holds: impl Fn(&MemberValidator) -> bool) -> Option<&Member> {
    genesis.members.iter().find(|member| member.validator.as_ref().is_some_and(&holds))
}

/// The key in a file, or what is wrong with it.
fn read(file: &Path, kind: KeyKind, findings: &mut Findings) -> Option<SecretKey> {
    match home::read_key(file, kind) {
        Ok(key) => Some(key),
        Err(error) => {
            let is_exposed = matches!(error, home::HomeError::Exposed { .. });
            let mend = if is_exposed {
                "Whoever could read it may have it: on a machine that others use, make a new key \
                 (docs/operating/governance.md)."
                    .to_owned()
            } else {
                format!("Bring {} back from where it was made or backed up.", file.display())
            };
            findings.fail(error.to_string(), mend);
            None
        }
    }
}
