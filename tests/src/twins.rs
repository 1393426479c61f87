//! Twins: what happens if one key runs on two machines (Bano et al., "Twins: BFT Systems Made
//! Robust", OPODIS 2021; Diem's test of the same name).
//!
//! A faulty validator is two honest replicas with one key. Each believes that it is the only one,
//! so together they equivocate in every way that an honest program can, and none has to be
//! invented. The network is cut in each view into groups: what a replica sends while it is in view
//! v reaches only those of its group of v. So who hears which twin is enumerated, view by view;
//! after the last view everything reaches everyone. A cut ends also when it is old: then the view
//! is over for all that could end it by themselves.
//!
//! All scenarios of four validators, one of them twins, are run for a few views, and samples of
//! longer ones and of seven validators with two twins. The leader is fixed by the view (R1), so
//! which validator is the twin says in which views the twins lead.
//!
//! What is run only once: groupings by which the same replicas reach each other (twins never talk
//! to each other), scenarios that differ in the twins' names alone, the common beginning of
//! scenarios that differ later, and what follows from states that are the same in everything.
//!
//! Invariants: the replicas are the product's, unchanged; the simulator's checkers judge them; the
//! same scenario is the same run. Absent: the node around a replica (the simulator's), crashes and
//! other faults.

mod explore;
mod groups;
mod rig;
mod scenario;

pub use explore::{Counts, Finding, Summary, count, explore, sample};
pub use groups::Groups;
pub use rig::{Outcome, Planted, run};
pub use scenario::{Scenario, ScenarioError};
