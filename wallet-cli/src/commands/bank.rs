//! `feiqian bank ...`: what an institution's operators sign.
//!
//! Invariants: as for payments: simulated, signed, saved, sent; an unfinished order is gone on
//! with. Absent: a person's confirmation on a devnet.

pub(crate) mod fees;
pub(crate) mod limits;
mod open_account;
mod register_asset;
mod rules;
mod set_policy;

use ledger::ids::Uetr;
use ledger::operation::Operation;

use self::rules::Rules;
use crate::cli::{Bank, Operators};
use crate::code::Own;
use crate::desk::Desk;
use crate::entropy;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::names::{Party, Written};
use crate::network::parse_money;
use crate::orders::{order, report};
use crate::session::Session;
use crate::signers;

pub(super) fn run(session: &Session, command: Bank) -> Result<(), Fault> {
    let desk = Desk::open(session)?;
    match command {
        Bank::RegisterAsset(command) => register_asset::run(&desk, &command),
        Bank::OpenAccount(command) => open_account::run(&desk, &command),
        Bank::SetPolicy(command) => set_policy::run(&desk, &command),
        Bank::Issue { amount, to, operators } => issue(&desk, &amount, &to, &operators),
        Bank::SetFees { file, institution, operators } => {
            let (path, institution) = (file.as_path(), institution.as_str());
            fees::run(&desk, &Rules { path, institution, operators: &operators })
        }
        Bank::SetLimits { file, institution, operators } => {
            let (path, institution) = (file.as_path(), institution.as_str());
            limits::run(&desk, &Rules { path, institution, operators: &operators })
        }
        Bank::Freeze { account, direction, operators } => {
            let direction = direction.freeze();
            let verb = ("freeze", say!("Froze", "已冻结"));
            restrict(&desk, &account, &operators, verb, |account| Operation::Freeze {
                account,
                direction,
            })
        }
        Bank::Unfreeze { account, operators } => {
            let verb = ("unfreeze", say!("Unfroze", "已解冻"));
            restrict(&desk, &account, &operators, verb, |account| Operation::Unfreeze { account })
        }
        Bank::Close { account, operators } => {
            let verb = ("close", say!("Closed", "已销户"));
            restrict(&desk, &account, &operators, verb, |account| Operation::CloseAccount {
                account,
            })
        }
    }
}

fn issue(desk: &Desk<'_>, amount: &str, to: &str, operators: &Operators) -> Result<(), Fault> {
    let assets = desk.network.assets()?;
    let naming = crate::network::naming(desk.chain.network, &assets);
    let amount = parse_money(amount, &naming)?;
    let code = amount.asset.to_string();
    let issuer = assets.iter().find(|asset| asset.code == code).map(|asset| asset.issuer.as_str());
    let issuer = issuer.unwrap_or_default();
    let to = party(desk, to)?;
    let keys = signers::of_institution(desk.session, &desk.profile, issuer, &operators.keys)?;
    let uetr = entropy::bytes().map_err(|error| Fault::defect(&error))?;
    let uetr = Uetr::from_entropy(uetr);
    let operation = Operation::Issue { uetr, to: to.account, amount };
    let amount = naming.money(amount);
    let done = order(desk, format!("issue {amount} to {}", to.address), &keys, operation)?;
    let told = say!("Issued {amount} to {to}", "已向 {to} 发行 {amount}", to = to.label);
    report(desk, done, &told)
}

/// Orders what concerns one account and its servicer.
fn restrict(
    desk: &Desk<'_>,
    account: &str,
    operators: &Operators,
    (verb, past): (&str, Text),
    operation: impl FnOnce(ledger::ids::AccountId) -> Operation,
) -> Result<(), Fault> {
    let account = party(desk, account)?;
    let servicer = servicer(desk, &account)?;
    let keys = signers::of_institution(desk.session, &desk.profile, &servicer, &operators.keys)?;
    let operation = operation(account.account);
    let direction = match &operation {
        Operation::Freeze { direction, .. } => format!(" {direction:?}").to_lowercase(),
        Operation::RegisterAsset { .. }
        | Operation::Issue { .. }
        | Operation::Redeem { .. }
        | Operation::OpenAccount { .. }
        | Operation::SetPolicy { .. }
        | Operation::RotateKeys { .. }
        | Operation::Unfreeze { .. }
        | Operation::CloseAccount { .. }
        | Operation::Pay(_)
        | Operation::PayAcross(_)
        | Operation::Hold(_)
        | Operation::Queue(_)
        | Operation::Prioritise { .. }
        | Operation::Capture { .. }
        | Operation::Release { .. }
        | Operation::Return(_)
        | Operation::RequestRecall(_)
        | Operation::AnswerRecall { .. }
        | Operation::Approve { .. }
        | Operation::Refuse { .. }
        | Operation::SetFeeSchedule { .. }
        | Operation::SetLimits { .. }
        | Operation::SetTier { .. }
        | Operation::Propose { .. }
        | Operation::Vote { .. }
        | Operation::Enact { .. } => String::new(),
    };
    let text = format!("{verb} {}{direction}", account.address);
    let done = order(desk, text, &keys, operation)?;
    let told = say!("{past} {account}", "{past} {account}", account = account.label; past = past);
    report(desk, done, &told)
}

fn party(desk: &Desk<'_>, text: &str) -> Result<Party, Fault> {
    Written::parse(text, &desk.profile, desk.chain.network)?.resolve(&desk.chain, &desk.network)
}

/// The BIC of the institution that services an account.
fn servicer(desk: &Desk<'_>, account: &Party) -> Result<String, Fault> {
    let number = account.account.servicer();
    let institutions = desk.network.institutions()?;
    let found = institutions.into_iter().find(|institution| institution.number == number.0);
    found.map(|institution| institution.bic).ok_or_else(|| {
        let detail = say!(
            "No institution of this ledger services {address}.",
            "账本上没有机构管理 {address}。",
            address = account.address
        );
        let hint = say!("Check the address.", "请核对地址。");
        Fault::new(Exit::Rejected, Own::UnknownInstitution, detail, hint)
    })
}
