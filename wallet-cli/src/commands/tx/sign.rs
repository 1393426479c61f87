//! `feiqian tx sign`: adds this machine's signatures, after showing what the bytes say.

use ledger::ids::Network as NetworkKind;
use std::path::Path;

use super::{inspect, other_chain};
use crate::code::Own;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::say;
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
        return Err(other_chain(&paper));
    }
    if paper.transaction.valid_until < entropy::now() {
        let detail = say!("The time of the transaction is over.", "交易有效期已过。");
        let hint = say!("Build it anew.", "请重新生成。");
        return Err(Fault::new(Exit::Expired, Own::Expired, detail, hint));
    }
    let missing = paper.missing();
    let keys = signers::among(session, profile.as_ref(), &missing, keys)?;
    if keys.is_empty() {
        let detail = say!(
            "This machine has none of the keys that have not signed yet.",
            "本机没有任何尚未签名的密钥。"
        );
        let hint = say!(
            "Name one with --key, or import it with: feiqian keys import",
            "请用 --key 指明，或导入：feiqian keys import"
        );
        return Err(Fault::new(Exit::NotPermitted, Own::KeysMissing, detail, hint));
    }
    if paper.chain.network != NetworkKind::Devnet {
        session.confirm(&inspect::text(session, &paper), &say!("Sign this?", "确认签名？"))?;
    }
    for secret in signers::open(session, &keys)? {
        paper.sign(&secret)?;
    }
    let out = out.unwrap_or(file);
    paper.write(out)?;
    let left = paper.missing().len();
    let out = out.display();
    let next = if left == 0 {
        say!("Signed. Send it with: feiqian tx send {out}", "已签名。发送：feiqian tx send {out}")
    } else {
        say!("Signed. {left} more must sign {out}.", "已签名。还须 {left} 人签名 {out}。")
    };
    inspect::show(session, &paper, &next);
    Ok(())
}
