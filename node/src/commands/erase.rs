//! `feiqian-node erase UETR`: a payment's private data leaves this node for ever, and a signed
//! receipt says so.
//!
//! The running node erases, and records who told it to. Invariants: the ledger and every proof stay
//! as they are; nothing is printed as erased that the node's key has not signed for. Absent: copies
//! elsewhere: the other institution's, backups, what a disk keeps of a removed file.

use std::path::{Path, PathBuf};

use api::private::Erasure;
use clap::Args;
use ledger::crypto::PublicKey;
use ledger::genesis::keyfile::KeyKind;
use ledger::ids::Uetr;

use super::Failure;
use crate::client::{Client, TOKEN_FILE};
use crate::home::{self, NODE_KEY};
use crate::output;
use crate::private::{MAXIMUM_ERASURE_BYTES, is_erasure_by};

/// Erases a payment's private data from the running node of a home.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The payment.
    #[arg(required_unless_present = "check")]
    uetr: Option<String>,
    /// The node's home.
    #[arg(long)]
    home: PathBuf,
    /// Write the receipt to this file, too.
    #[arg(long, short = 'o', value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,
    /// Erase nothing: check this receipt, which the home's node must have signed.
    #[arg(long, value_name = "FILE", conflicts_with = "uetr")]
    check: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = home::read_config(&arguments.home)?;
    let keys = arguments.home.join(&config.node.keys);
    let node = home::read_key(&keys.join(NODE_KEY), KeyKind::Node)?.public();
    if let Some(file) = &arguments.check {
        return check(file, node);
    }
    let text = arguments.uetr.as_deref().unwrap_or_default();
    let uetr = Uetr::parse(text).map_err(|error| Failure::usage(format!("{error}")))?;
    let erasure = Client::of(&config.api).erase(uetr).map_err(|error| {
        let hint = format!(
            "The node must run, and FILE in {TOKEN_FILE}=FILE must hold an admin's token: \
             feiqian-node operator add NAME --role admin --home {}",
            arguments.home.display()
        );
        Failure::new(error.to_string()).hint(hint)
    })?;
    if !is_erasure_by(&erasure, node) || erasure.uetr != uetr.to_string() {
        let what = "the answer is no receipt that this home's node has signed";
        return Err(Failure::new(what).hint("Look which node listens at the home's api.listen."));
    }
    let text = serde_json::to_string_pretty(&erasure);
    let text = text.map_err(|error| Failure::new(error.to_string()))?;
    if let Some(file) = &arguments.out {
        home::write_text(file, &format!("{text}\n"))?;
    }
    output::result(text);
    Ok(())
}

fn check(file: &Path, node: PublicKey) -> Result<(), Failure> {
    let text = home::read_text(file, MAXIMUM_ERASURE_BYTES)?;
    let erasure: Erasure = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    if !is_erasure_by(&erasure, node) {
        let what = format!("{} is not signed by this home's node", file.display());
        return Err(Failure::new(what).hint("Check it at the home whose node_key it names."));
    }
    let Erasure { owner, uetr, erased_at, .. } = erasure;
    output::result(format_args!(
        "Valid: {owner} erased the private data of {uetr} at {erased_at}."
    ));
    Ok(())
}
