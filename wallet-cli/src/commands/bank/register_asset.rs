//! `feiqian bank register-asset`: makes a currency or points known.

use ledger::ids::AssetCode;
use ledger::money::Decimals;
use ledger::operation::{AssetKind, Operation};

use crate::cli::RegisterAsset;
use crate::desk::{self, Desk};
use crate::fault::Fault;
use crate::names::institution_number;
use crate::orders::{bic, order, report};
use crate::signers;

pub(super) fn run(desk: &Desk<'_>, command: &RegisterAsset) -> Result<(), Fault> {
    let code = desk::asset(&command.code)?;
    let (kind, decimals) = kind(code, command.points_decimals)?;
    let issuer = bic(&command.issuer)?;
    let number = institution_number(&desk.network, &issuer)?;
    let keys = &command.operators.keys;
    let keys = signers::of_institution(desk.session, &desk.profile, &issuer.to_string(), keys)?;
    let operation = Operation::RegisterAsset { code, kind, decimals, issuer: number };
    let text = format!("register-asset {code} decimals {} issuer {issuer}", decimals.0);
    let done = order(desk, text, &keys, operation)?;
    report(desk, done, &format!("Registered {code}, issued by {issuer}"))
}

/// Currency by the standard, or points with the given decimals.
fn kind(code: AssetCode, points_decimals: Option<u8>) -> Result<(AssetKind, Decimals), Fault> {
    match (Decimals::of_currency(code), points_decimals) {
        (Some(decimals), None) => Ok((AssetKind::Currency, decimals)),
        (None, Some(decimals)) => Ok((AssetKind::Points, Decimals(decimals))),
        (Some(_), Some(_)) => {
            let detail =
                format!("{code} is a currency of ISO 4217 and has the standard's decimals.");
            Err(Fault::usage("not-points", detail, "Leave --points-decimals out."))
        }
        (None, None) => {
            let why = format!("{code} is no currency of ISO 4217, so it is points.");
            Err(Fault::missing("--points-decimals COUNT", &why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_row() {
        for (code, points, expected) in [
            ("CNY", None, Ok((AssetKind::Currency, Decimals(2)))),
            ("JPY", None, Ok((AssetKind::Currency, Decimals(0)))),
            ("MILES", Some(3), Ok((AssetKind::Points, Decimals(3)))),
            ("CNY", Some(2), Err("not-points")),
            ("MILES", None, Err("missing-flag")),
        ] {
            let found = kind(AssetCode::parse(code).unwrap(), points).map_err(|fault| fault.code);
            assert_eq!(found, expected.map_err(str::to_owned), "{code}");
        }
    }
}
