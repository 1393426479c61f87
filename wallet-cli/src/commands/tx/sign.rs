//! `feiqian tx sign`: adds this machine's signatures, after showing what the bytes say.

use ledger::ids::Network as NetworkKind;
use std::path::Path;

use super::inspect;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::paper::Paper;
use crate::session::Session;
use crate::signers;

pub(super) fn run(
    session: &Session,
    file: &Path,
    keys: &[String],
    out: Option<&Path>,
) -> Result<(), Fault> {
    let mut paper = Paper::read(file)?;
    // A machine that only signs needs no profile. One that has a profile signs for its chain only.
    let profile = session.profile().ok();
    let known = profile.as_ref().and_then(|profile| profile.chain);
    if known.is_some_and(|chain| chain.id != paper.chain.id) {
        let detail = format!("The transaction is for the chain {}.", paper.chain.text());
        return Err(Fault::usage("other-chain", detail, "Choose its --profile."));
    }
    if paper.transaction.valid_until < entropy::now() {
        let detail = "The time of the transaction is over.";
        return Err(Fault::new(Exit::Expired, "expired", detail, "Build it anew."));
    }
    let missing = paper.missing();
    let keys = signers::among(session, profile.as_ref(), &missing, keys)?;
    if keys.is_empty() {
        let detail = "This machine has none of the keys that have not signed yet.";
        let hint = "Name one with --key, or import it with: feiqian keys import";
        return Err(Fault::new(Exit::NotPermitted, "keys-missing", detail, hint));
    }
    if paper.chain.network != NetworkKind::Devnet {
        session.confirm(&inspect::text(session, &paper), "Sign this?")?;
    }
    for secret in signers::open(session, &keys)? {
        paper.sign(&secret)?;
    }
    let out = out.unwrap_or(file);
    paper.write(out)?;
    let left = paper.missing().len();
    let next = if left == 0 {
        format!("Signed. Send it with: feiqian tx send {}", out.display())
    } else {
        format!("Signed. {left} more must sign {}.", out.display())
    };
    inspect::show(session, &paper, &next);
    Ok(())
}
