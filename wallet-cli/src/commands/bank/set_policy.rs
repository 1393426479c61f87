//! `feiqian bank set-policy`: who must approve an account's large payments, and whether its
//! servicer may pay from it.
//!
//! Invariants: the owners' keys and their own limits stay as they are. Absent: what the account's
//! owners can change without their bank (`keys rotate`).

use ledger::account::Policy;
use ledger::step_up::StepUp;

use crate::cli::SetPolicy;
use crate::code::Own;
use crate::commands::policy::{Change, change, resolve, step_up, step_up_text};
use crate::desk::Desk;
use crate::fault::{Fault, quoted};
use crate::language::say;

pub(super) fn run(desk: &Desk<'_>, command: &SetPolicy) -> Result<(), Fault> {
    let party = resolve(desk, &command.account)?;
    let rules = step_up(desk, &command.approver, &command.step_up)?;
    let order = Change {
        party: &party,
        text: order_text(&party.address, command, rules.as_ref()),
        told: say!(
            "The policy of {account} is set",
            "已设置 {account} 的策略",
            account = party.label
        ),
        signers: &command.signers,
    };
    change(desk, order, |policy| {
        let step_up = if command.no_step_up { None } else { rules.or(policy.step_up) };
        let mandate = (policy.mandate || command.mandate) && !command.no_mandate;
        let policy = Policy { step_up, mandate, ..policy };
        match policy.defect() {
            None => Ok(policy),
            Some(defect) => {
                let hint =
                    say!("Check --approver and --step-up.", "请检查 --approver 与 --step-up。");
                Err(Fault::usage(Own::BadPolicy, quoted(&defect), hint))
            }
        }
    })
}

/// The order in one text.
fn order_text(address: &str, command: &SetPolicy, rules: Option<&StepUp>) -> String {
    let approvals = match rules {
        Some(rules) => format!(" {}", step_up_text(rules, &command.step_up)),
        None if command.no_step_up => " no step-up".to_owned(),
        None => String::new(),
    };
    let mandate = match (command.mandate, command.no_mandate) {
        (true, _) => " mandate",
        (false, true) => " no mandate",
        (false, false) => "",
    };
    format!("set-policy of {address}:{approvals}{mandate}")
}
