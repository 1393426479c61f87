//! `join`: a member makes its keys and the public file that it hands over.
//!
//! Invariants: the public file holds no secret, and every key in it proves possession. Absent: the
//! draft; a member needs nothing but its own machine.

use ledger::account::Roles;
use ledger::genesis::keyfile::KeyKind;
use ledger::genesis::member::{MemberFile, MemberKeys, MemberProfile};
use ledger::ids::{Bic, Network};
use std::path::{Path, PathBuf};

use crate::{Fault, files, keys};

/// What a member says about itself.
#[derive(Clone, Debug)]
pub struct Join {
    /// The kind of network that it joins.
    pub network: Network,
    /// Its BIC.
    pub bic: Bic,
    /// Its name, 1 to 140 bytes.
    pub name: String,
    /// Its roles. A validator makes a voting key and a node key too.
    pub roles: Roles,
    /// Where peers reach its node: `host:port`; needed of a validator only.
    pub address: Option<String>,
    /// How many operator keys it makes: 1 to 16.
    pub operators: u8,
    /// How many of them must sign: 1 to `operators`.
    pub threshold: u8,
    /// The folder of its keys.
    pub keys: PathBuf,
}

/// Makes the keys that are not in the folder yet, and writes the public file to `output`, a new
/// file.
///
/// # Errors
/// [`Fault`] says what is wrong; keys that were made stay.
pub fn join(join: &Join, output: &Path) -> Result<MemberFile, Fault> {
    if output.exists() {
        return Err(Fault::Exists { path: output.to_owned() });
    }
    if join.operators == 0 || join.operators > 16 {
        let reason = format!("a member has 1 to 16 operator keys, not {}", join.operators);
        return Err(Fault::Argument { reason });
    }
    if join.roles.validator && join.address.is_none() {
        let reason = "a validator needs an address where peers reach it. Name it with --address";
        return Err(Fault::Argument { reason: reason.to_owned() });
    }
    keys::make_folder(&join.keys)?;
    let key = |name: String, kind| keys::read_or_make(&join.keys.join(name), kind, join.network);
    let named = |name: &str, kind| key(format!("{name}.key"), kind);
    let validator = if join.roles.validator {
        Some((named("voting", KeyKind::Voting)?, named("node", KeyKind::Node)?))
    } else {
        None
    };
    let operators = (1..=join.operators)
        .map(|number| key(format!("operator-{number}.key"), KeyKind::Operator))
        .collect::<Result<_, _>>()?;
    let compliance = named("compliance", KeyKind::Compliance)?;
    let profile = MemberProfile {
        network: join.network,
        bic: join.bic,
        name: join.name.clone(),
        roles: join.roles,
        threshold: join.threshold,
        address: join.address.clone().unwrap_or_default(),
    };
    let file = MemberFile::sign(profile, MemberKeys { validator, operators, compliance })?;
    files::write_new(output, &file)?;
    Ok(file)
}
