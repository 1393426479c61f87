//! `feiqian bank register-asset`: makes a currency or points known.

use ledger::ids::AssetCode;
use ledger::money::Decimals;
use ledger::operation::{AssetKind, Operation};

use crate::cli::RegisterAsset;
use crate::code::Own;
use crate::desk::{self, Desk};
use crate::fault::Fault;
use crate::language::say;
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
    let told = say!("Registered {code}, issued by {issuer}", "已登记 {code}，由 {issuer} 发行");
    report(desk, done, &told)
}

/// Currency by the standard, or points with the given decimals.
fn kind(code: AssetCode, points_decimals: Option<u8>) -> Result<(AssetKind, Decimals), Fault> {
    match (Decimals::of_currency(code), points_decimals) {
        (Some(decimals), None) => Ok((AssetKind::Currency, decimals)),
        (None, Some(decimals)) => Ok((AssetKind::Points, Decimals(decimals))),
        (Some(_), Some(_)) => {
            let detail = say!(
                "{code} is a currency of ISO 4217 and has the standard's decimals.",
                "{code} 是 ISO 4217 货币，小数位数由标准规定。"
            );
            let hint = say!("Leave --points-decimals out.", "请去掉 --points-decimals。");
            Err(Fault::usage(Own::NotPoints, detail, hint))
        }
        (None, None) => {
            let why = say!(
                "{code} is no currency of ISO 4217, so it is points.",
                "{code} 不是 ISO 4217 货币，因此是积分。"
            );
            Err(Fault::missing("--points-decimals COUNT", why))
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
            let found = kind(AssetCode::parse(code).unwrap(), points);
            let found = found.map_err(|fault| fault.code.text().to_owned());
            assert_eq!(found, expected.map_err(str::to_owned), "{code}");
        }
    }
}
