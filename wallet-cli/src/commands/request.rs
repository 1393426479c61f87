//! `feiqian request create|pay`.
//!
//! Invariants: what a payee writes in a request is shown as the payee's word; who is paid is the
//! address. Absent: reading pictures; a phone or a till reads the code.

use serde::Serialize;
use std::path::Path;

use super::pay::{self, draft, order};
use crate::cli::{Charge, CreateRequest, Form, PayRequest, Request as Command};
use crate::code::Own;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::files;
use crate::language::{Text, say};
use crate::names::Written;
use crate::qr::Code;
use crate::request::{Request, emv, uri};
use crate::session::Session;

#[derive(Serialize)]
struct RequestDocument {
    request: String,
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    png: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    svg: Option<String>,
}

pub(super) fn run(session: &Session, command: Command) -> Result<(), Fault> {
    match command {
        Command::Create(command) => create(session, &command),
        Command::Pay(command) => answer(session, &command),
    }
}

fn create(session: &Session, command: &CreateRequest) -> Result<(), Fault> {
    if let Some(amount) = &command.amount {
        order::canonical_amount(amount)?;
    }
    let desk = Desk::open(session)?;
    let written = command.account.as_deref().or(desk.profile.from.as_deref());
    let written = written.ok_or_else(|| {
        Fault::missing("ACCOUNT", say!("It is not said who is to be paid.", "未说明向谁付款。"))
    })?;
    let party = Written::parse(written, &desk.profile, desk.chain.network)?
        .resolve(&desk.chain, &desk.network)?;
    let id = if command.reusable { None } else { Some(draft::fresh_uetr()?) };
    let request = Request {
        address: party.address,
        chain: Request::chain_digits(&desk.chain),
        amount: command.amount.clone(),
        id,
        name: command.name.clone(),
        note: command.note.clone(),
    };
    let text = text(&request, command)?;
    let code = Code::new(&text)?;
    let write = |path: &Path, bytes: &[u8]| {
        files::replace_public(path, bytes).map_err(|error| Fault::file(path, &error))
    };
    if let Some(path) = &command.png {
        write(path, &code.png())?;
    }
    if let Some(path) = &command.svg {
        write(path, code.svg().as_bytes())?;
    }
    let path = |path: &Option<std::path::PathBuf>| Some(path.as_ref()?.display().to_string());
    let document = RequestDocument {
        request: text,
        account: request.address,
        amount: request.amount,
        id: id.map(|id| id.to_string()),
        png: path(&command.png),
        svg: path(&command.svg),
    };
    let account = &document.account;
    let asked = match &document.amount {
        Some(amount) => say!("{amount} to {account}", "{amount} 付给 {account}"),
        None => Text::data(account.as_str()),
    };
    let (code, request) = (code.terminal(), &document.request);
    let text = asked.map(|asked| format!("{code}\n\n  {asked}\n{request}"));
    session.output.result(&text, &document);
    Ok(())
}

fn text(request: &Request, command: &CreateRequest) -> Result<String, Fault> {
    match command.form {
        Form::Uri => Ok(uri::text(request)),
        Form::Emvco => {
            let merchant = emv::Merchant {
                country: command.country.clone().unwrap_or_default(),
                city: command.city.clone().unwrap_or_default(),
                category: command.category.clone(),
            };
            emv::text(request, &merchant)
        }
    }
}

fn answer(session: &Session, command: &PayRequest) -> Result<(), Fault> {
    let request = Request::parse(&command.request)?;
    let amount = match (&request.amount, &command.amount) {
        (Some(asked), None) => asked,
        (None, Some(given)) => given,
        (Some(asked), Some(given)) if same(asked, given) => asked,
        (Some(asked), Some(_)) => {
            let detail = say!("The request asks for {asked}.", "该请求的金额为 {asked}。");
            let hint = say!("Leave AMOUNT out to pay that.", "省略 AMOUNT 即按此支付。");
            return Err(Fault::usage(Own::OtherAmount, detail, hint));
        }
        (None, None) => {
            let why = say!("The request leaves the amount to you.", "该请求由您填写金额。");
            let hint = say!("Add AMOUNT, like \"25.00 CNY\".", "请加上 AMOUNT，如 \"25.00 CNY\"。");
            return Err(Fault::usage(Own::MissingFlag, why, hint));
        }
    };
    order::canonical_amount(amount)?;
    let desk = Desk::open(session)?;
    let account = request.account(&desk.chain)?;
    let address = account.address(desk.chain.network);
    let named = desk.profile.accounts.iter().find(|(_, named)| named.address == address);
    let to = Written::Known { account, name: named.map(|(name, _)| name.clone()) };
    let from = order::payer(&desk, command.from.as_deref())?;
    let order = order::Order {
        from: Written::parse(from, &desk.profile, desk.chain.network)?,
        to,
        amount: amount.clone(),
        to_asset: None,
        charge: Charge::Shar,
        max_fee: command.max_fee.clone(),
        note: request.note.clone(),
        id: request.id,
        hold: None,
        queue: None,
    };
    if let Some(name) = &request.name {
        session.output.line(&say!(
            "  the payee calls itself {name:?}; nobody has checked that",
            "  收款人自称 {name:?}；无人核实"
        ));
    }
    pay::pay(&desk, order, &command.key)
}

fn same(left: &str, right: &str) -> bool {
    let canonical = |text| order::canonical_amount(text).ok();
    canonical(left) == canonical(right)
}
