//! Writes a statement message, element by element in the schema's order.

use ledger::money::{Amount, Money};

use super::{
    DEFINITION, EntryReason, Statement, StatementAccount, StatementEntry, StatementFault,
    StatementMessage,
};
use crate::envelope::NAMESPACE_PREFIX;
use crate::schema::{CurrencyAmount, identification, parts, write_institution};
use crate::time::DateTime;
use crate::xml::Writer;

/// The longest `Max500Text` and `Max34Text`.
const INFORMATION_CHARACTERS: usize = 500;
const ACCOUNT_CHARACTERS: usize = 34;

/// Writes the message as an XML document.
///
/// # Errors
/// [`StatementFault`] for what the message cannot say.
pub fn write(message: &StatementMessage) -> Result<String, StatementFault> {
    if message.statements.is_empty() {
        return Err(StatementFault::Empty);
    }
    let mut writer = Writer::new();
    writer.open_in("Document", &format!("{NAMESPACE_PREFIX}{DEFINITION}"));
    writer.open("BkToCstmrStmt");
    writer.open("GrpHdr");
    writer.leaf("MsgId", &identification(&message.message_id));
    writer.leaf("CreDtTm", message.created.as_str());
    writer.close();
    for statement in &message.statements {
        write_statement(&mut writer, message, statement)?;
    }
    Ok(writer.finish())
}

fn write_statement(
    writer: &mut Writer,
    message: &StatementMessage,
    statement: &Statement,
) -> Result<(), StatementFault> {
    let closing = statement.closing()?;
    writer.open("Stmt");
    writer.leaf("Id", &identification(&statement.id));
    writer.leaf("CreDtTm", message.created.as_str());
    writer.open("FrToDt");
    writer.leaf("FrDtTm", statement.from.as_str());
    writer.leaf("ToDtTm", statement.to.as_str());
    writer.close();
    write_account(writer, statement, &message.account)?;
    let balances = [("OPBD", statement.opening, &statement.from), ("CLBD", closing, &statement.to)];
    for (code, balance, at) in balances {
        write_balance(writer, code, &amount(statement, balance)?, at);
    }
    write_summary(writer, statement)?;
    for entry in &statement.entries {
        write_entry(writer, statement, entry)?;
    }
    write_information(writer, "AddtlStmtInf", &statement.information);
    writer.close();
    Ok(())
}

fn write_account(
    writer: &mut Writer,
    statement: &Statement,
    account: &StatementAccount,
) -> Result<(), StatementFault> {
    writer.open("Acct");
    write_account_id(writer, &account.identification);
    writer.leaf("Ccy", amount(statement, Amount::ZERO)?.currency());
    writer.open("Svcr");
    write_institution(writer, account.servicer);
    writer.close();
    writer.close();
    Ok(())
}

fn write_account_id(writer: &mut Writer, identification: &str) {
    let text = parts(identification, ACCOUNT_CHARACTERS).into_iter().next();
    writer.open("Id");
    writer.open("Othr");
    writer.leaf("Id", text.as_deref().unwrap_or("NOTPROVIDED"));
    writer.close();
    writer.close();
}

fn write_balance(writer: &mut Writer, code: &str, amount: &CurrencyAmount, at: &DateTime) {
    writer.open("Bal");
    writer.open("Tp");
    writer.open("CdOrPrtry");
    writer.leaf("Cd", code);
    writer.close();
    writer.close();
    amount.write(writer, "Amt");
    // No holding is ever below zero.
    writer.leaf("CdtDbtInd", "CRDT");
    write_moment(writer, "Dt", at);
    writer.close();
}

fn write_moment(writer: &mut Writer, name: &'static str, at: &DateTime) {
    writer.open(name);
    writer.leaf("DtTm", at.as_str());
    writer.close();
}

fn write_summary(writer: &mut Writer, statement: &Statement) -> Result<(), StatementFault> {
    writer.open("TxsSummry");
    let kinds = [("TtlNtries", None), ("TtlCdtNtries", Some(true)), ("TtlDbtNtries", Some(false))];
    for (name, credit) in kinds {
        let counted = || {
            statement
                .entries
                .iter()
                .filter(move |entry| credit.is_none_or(|credit| entry.is_credit == credit))
        };
        let sum = counted().try_fold(Amount::ZERO, |sum, entry| sum.plus(entry.amount));
        let sum = sum.ok_or(StatementFault::TooLarge(statement.asset))?;
        writer.open(name);
        writer.leaf("NbOfNtries", &counted().count().to_string());
        writer.leaf("Sum", amount(statement, sum)?.number());
        writer.close();
    }
    writer.close();
    Ok(())
}

fn write_entry(
    writer: &mut Writer,
    statement: &Statement,
    entry: &StatementEntry,
) -> Result<(), StatementFault> {
    writer.open("Ntry");
    amount(statement, entry.amount)?.write(writer, "Amt");
    writer.leaf("CdtDbtInd", if entry.is_credit { "CRDT" } else { "DBIT" });
    writer.open("Sts");
    writer.leaf("Cd", "BOOK");
    writer.close();
    write_moment(writer, "BookgDt", &entry.booked);
    write_moment(writer, "ValDt", &entry.booked);
    writer.leaf("AcctSvcrRef", &format!("block {}", entry.block));
    write_transaction_code(writer, entry);
    writer.open("NtryDtls");
    writer.open("TxDtls");
    writer.open("Refs");
    writer.leaf("UETR", &entry.uetr.to_string());
    writer.close();
    if let Some(counterparty) = &entry.counterparty {
        writer.open("RltdPties");
        writer.open(if entry.is_credit { "DbtrAcct" } else { "CdtrAcct" });
        write_account_id(writer, counterparty);
        writer.close();
        writer.close();
    }
    writer.close();
    writer.close();
    write_information(writer, "AddtlNtryInf", entry.note.as_deref().unwrap_or_default());
    writer.close();
    Ok(())
}

/// The code of the external set (domain, family, sub-family), and the ledger's own word.
fn write_transaction_code(writer: &mut Writer, entry: &StatementEntry) {
    let transfers = if entry.is_credit { "RCDT" } else { "ICDT" };
    let (domain, family, subfamily, word) = match entry.reason {
        EntryReason::Issue => ("PMNT", transfers, "OTHR", "issue"),
        EntryReason::Redemption => ("PMNT", transfers, "OTHR", "redeem"),
        EntryReason::Payment => ("PMNT", transfers, "OTHR", "payment"),
        EntryReason::Fee => ("PMNT", transfers, "CHRG", "fee"),
        EntryReason::Exchange => ("FORX", "SPOT", "OTHR", "exchange"),
    };
    writer.open("BkTxCd");
    writer.open("Domn");
    writer.leaf("Cd", domain);
    writer.open("Fmly");
    writer.leaf("Cd", family);
    writer.leaf("SubFmlyCd", subfamily);
    writer.close();
    writer.close();
    writer.open("Prtry");
    writer.leaf("Cd", word);
    writer.close();
    writer.close();
}

fn write_information(writer: &mut Writer, name: &'static str, text: &str) {
    if let Some(first) = parts(text, INFORMATION_CHARACTERS).into_iter().next() {
        writer.leaf(name, &first);
    }
}

fn amount(statement: &Statement, amount: Amount) -> Result<CurrencyAmount, StatementFault> {
    let of = |amount| CurrencyAmount::new(Money::new(amount, statement.asset), statement.decimals);
    of(amount).ok_or_else(|| {
        if of(Amount::ZERO).is_some() {
            StatementFault::TooLarge(statement.asset)
        } else {
            StatementFault::NotACurrency(statement.asset)
        }
    })
}
