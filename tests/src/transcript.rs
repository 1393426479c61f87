//! Transcripts of the documents, typed again: the commands of a page, in order, in a fresh folder,
//! by a real shell, with the real programs; what is printed must be what the page shows.
//!
//! Only a block marked `console` is a transcript. Its lines that begin with `$ ` are typed, what
//! follows each is what it prints. What differs from run to run stands on the page as it was once
//! printed, and its kind may differ (see [`vary`]): an id, key or port that is shown twice must be
//! the same twice, and one that is typed stands for the one of this run (see [`names`]).
//! `...` stands for anything, on a line of its own for any lines; `^C` ends what runs. Comments of
//! the page say what a reader does besides (see [`page`]).
//!
//! Invariants: the reader's own files, settings and programs are never touched: home, folder and
//! path are the transcript's; whatever it started has ended when it ends.

mod compare;
mod names;
pub(crate) mod page;
mod scene;
mod shell;
mod stay;
mod vary;

pub use scene::play;
