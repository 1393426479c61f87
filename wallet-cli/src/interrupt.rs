//! Ctrl-C while a payment is under way: the command ends with 130 and says where the payment is.
//!
//! Invariants: an interrupt changes nothing; what is saved stays saved, as with any other sudden
//! end; a screen that shows a secret is cleared. Before any of that the system's own way of ending
//! a program stands. Absent: undoing a payment, which nobody can.

use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::code::Own;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::say;
use crate::output::{Format, Output, PrivateScreen};

/// The id of the payment that is under way.
static UNDER_WAY: Mutex<Option<String>> = Mutex::new(None);

/// True once this process watches for interrupts.
static WATCHING: OnceLock<()> = OnceLock::new();

/// While this lives, an interrupt speaks of the payment.
#[derive(Debug)]
pub(crate) struct Watch;

impl Drop for Watch {
    fn drop(&mut self) {
        set(None);
    }
}

/// Lets an interrupt end the command with 130, speaking of the payment `id`.
///
/// # Errors
/// An internal fault if the system does not let signals be watched.
pub(crate) fn watch(format: Format, id: &str) -> Result<Watch, Fault> {
    set(Some(id.to_owned()));
    listen(format)?;
    Ok(Watch)
}

/// Lets an interrupt end the command with 130 and clear `screen`.
///
/// # Errors
/// An internal fault if the system does not let signals be watched.
pub(crate) fn guard(screen: PrivateScreen) -> Result<PrivateScreen, Fault> {
    listen(Format::Text)?;
    Ok(screen)
}

fn listen(format: Format) -> Result<(), Fault> {
    if WATCHING.set(()).is_ok() {
        let mut signals = Signals::new([SIGINT]).map_err(|error| Fault::defect(&error))?;
        std::thread::spawn(move || {
            if signals.forever().next().is_some() {
                PrivateScreen::clear_if_open();
                let fault = interrupted();
                Output::new(format).fault(&fault);
                std::process::exit(i32::from(fault.exit.code()));
            }
        });
    }
    Ok(())
}

fn set(id: Option<String>) {
    *UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner) = id;
}

fn interrupted() -> Fault {
    let id = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match id {
        Some(id) => {
            let detail = say!(
                "Interrupted. The signed payment is in the outbox, and may have been sent.",
                "已中断。已签名的支付在发件箱中，可能已经发送。"
            );
            let hint = say!(
                "Repeat the same command to learn its outcome: it is never paid twice.",
                "请重复同一命令以获知结果，不会重复付款。"
            );
            Fault::new(Exit::Interrupted, Own::Interrupted, detail, hint).about(&id)
        }
        None => {
            let detail =
                say!("Interrupted. No payment was under way.", "已中断。没有进行中的支付。");
            let hint = say!("Repeat the same command.", "请重复同一命令。");
            Fault::new(Exit::Interrupted, Own::Interrupted, detail, hint)
        }
    }
}
