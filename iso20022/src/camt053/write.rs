//! Writes a statement message, element by element in the schema's order.

use ledger::money::Amount;

use super::{DEFINITION, Statement, StatementMessage};
use crate::report::{
    ReportFault, begin, write_account, write_entry, write_information, write_moment,
};
use crate::schema::{CurrencyAmount, identification};
use crate::time::DateTime;
use crate::xml::Writer;

/// Writes the message as an XML document.
///
/// # Errors
/// [`ReportFault`] for what the message cannot say.
pub fn write(message: &StatementMessage) -> Result<String, ReportFault> {
    if message.statements.is_empty() {
        return Err(ReportFault::Empty);
    }
    let mut writer = begin(DEFINITION, "BkToCstmrStmt", &message.message_id, &message.created);
    for statement in &message.statements {
        write_statement(&mut writer, message, statement)?;
    }
    Ok(writer.finish())
}

fn write_statement(
    writer: &mut Writer,
    message: &StatementMessage,
    statement: &Statement,
) -> Result<(), ReportFault> {
    let closing = statement.closing()?;
    let currency = statement.currency();
    writer.open("Stmt");
    writer.leaf("Id", &identification(&statement.id));
    writer.leaf("CreDtTm", message.created.as_str());
    writer.open("FrToDt");
    writer.leaf("FrDtTm", statement.from.as_str());
    writer.leaf("ToDtTm", statement.to.as_str());
    writer.close();
    write_account(writer, currency, &message.account)?;
    let balances = [("OPBD", statement.opening, &statement.from), ("CLBD", closing, &statement.to)];
    for (code, balance, at) in balances {
        write_balance(writer, code, &currency.amount(balance)?, at);
    }
    write_summary(writer, statement)?;
    for entry in &statement.entries {
        write_entry(writer, currency, entry)?;
    }
    write_information(writer, "AddtlStmtInf", &statement.information);
    writer.close();
    Ok(())
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

fn write_summary(writer: &mut Writer, statement: &Statement) -> Result<(), ReportFault> {
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
        let sum = sum.ok_or(ReportFault::TooLarge(statement.asset))?;
        writer.open(name);
        writer.leaf("NbOfNtries", &counted().count().to_string());
        writer.leaf("Sum", statement.currency().amount(sum)?.number());
        writer.close();
    }
    writer.close();
    Ok(())
}
