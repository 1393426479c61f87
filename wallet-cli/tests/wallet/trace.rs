//! Runs the wallet system call by system call, and kills it at a chosen one.
//!
//! Every place where a program can be killed with a different effect lies between two of its
//! system calls, so no step is left out. Threads beside the main one run freely.

use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::process::Child;

use super::stub::home::{Ended, Home};

/// How a traced run ended.
pub(crate) struct Traced {
    /// What it printed, and its exit code; -1 if it was killed.
    pub(crate) ended: Ended,
    /// How many stops (before and after each system call) it made.
    pub(crate) stops: usize,
}

/// Runs the wallet with these words, and kills it at the stop `fatal`, counted from 1.
pub(crate) fn run(home: &Home, words: &[&str], fatal: Option<usize>) -> Traced {
    let child = home.start_stopped(words);
    let stops = follow(&child, fatal);
    // The program has ended: what is left is to read what it printed.
    let output = child.wait_with_output();
    match output {
        Ok(output) => Traced { ended: Ended::of(&output), stops },
        Err(error) => panic!("{error}"),
    }
}

fn follow(child: &Child, fatal: Option<usize>) -> usize {
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
    assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGSTOP));
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACEEXEC;
    ptrace::seize(pid, options | Options::PTRACE_O_EXITKILL).unwrap();
    kill(pid, Signal::SIGCONT).unwrap();
    let (mut stops, mut is_wallet) = (0, false);
    loop {
        // Ended programs are left to the child's own wait.
        let flags = WaitPidFlag::WNOWAIT | WaitPidFlag::WEXITED | WaitPidFlag::WSTOPPED;
        let status = nix::sys::wait::waitid(nix::sys::wait::Id::Pid(pid), flags).unwrap();
        if matches!(status, WaitStatus::Exited(..) | WaitStatus::Signaled(..)) {
            return stops;
        }
        match waitpid(pid, None).unwrap() {
            WaitStatus::PtraceSyscall(_) if is_wallet => {
                stops += 1;
                if Some(stops) == fatal {
                    kill(pid, Signal::SIGKILL).unwrap();
                    continue;
                }
                ptrace::syscall(pid, None).unwrap();
            }
            WaitStatus::PtraceEvent(_, _, event) => {
                is_wallet |= event == ptrace::Event::PTRACE_EVENT_EXEC as i32;
                ptrace::syscall(pid, None).unwrap();
            }
            WaitStatus::Stopped(_, signal) => ptrace::syscall(pid, signal).unwrap(),
            WaitStatus::PtraceSyscall(_)
            | WaitStatus::Continued(_)
            | WaitStatus::StillAlive
            | WaitStatus::Exited(..)
            | WaitStatus::Signaled(..) => ptrace::syscall(pid, None).unwrap(),
        }
    }
}
