//! Orders blocks among Byzantine validators: Simplex as a step function.
//!
//! This is the specification. The protocol is Simplex (Chan, Pass: "Simplex Consensus: A Simple and
//! Fast Consensus Protocol", IACR ePrint 2023/463) with n validators of equal weight, of which at
//! most f = floor((n - 1) / 3) are faulty, and quorums of q = n - f. It is safe whatever the
//! timing, and live once messages between honest validators arrive within a bound. A block is final
//! three message delays after its proposal, and the next may be proposed after two.
//!
//! [`Replica::step`] takes the time and an [`Input`] and gives [`Output`]s. Code cites the rules
//! below as `// R4`, and each rule has tests named `r4_...`.
//!
//! # Words
//!
//! A *view* is one attempt of one leader, numbered from 1; the genesis block stands in view 0. In a
//! view a validator may sign a vote to *notarize* one block, to *nullify* the view, to *finalize* a
//! block. q votes on one subject are a certificate: a *notarization*, *nullification*,
//! *finalization*. A block is *certified* if a notarization or finalization of it is known.
//! *Pending*: certified, not yet final.
//!
//! # Rules
//!
//! - **R1 Leader.** The leader of view v is validator v mod n.
//! - **R2 Belief.** A vote counts if it is of this epoch, well formed and its signature valid; of
//!   one validator, view and kind the first counts. A certificate counts as a whole or not at all.
//!   What says nothing new is dropped before its signature is checked.
//! - **R3 Enter.** A certificate of view w, not below the current view, leads into view w + 1;
//!   whoever enters by it relays it to all. Views between are passed over.
//! - **R4 Propose.** The leader of v extends the block of the highest certified view below v such
//!   that all views between are known to be nullified, once that block is held and executed. It
//!   builds at once when work waits; without work when the last notarization is a heartbeat ago, or
//!   a time-out ago while a block is pending, or at once in the first view after its own start. It
//!   proposes once. Its vote to notarize is its signature on the proposal. The proposal shows the
//!   parent's certificate and the nullifications after it.
//! - **R5 Check.** A candidate is the first block that the leader's vote names. It must name the
//!   chain's suite and id, the epoch, the view, its leader and the epoch's validators, follow its
//!   parent in height, be later in view and time, be decided by the validators that the parent
//!   names as the next, and its cut must be the one its header commits to.
//! - **R6 Notarize.** In the current view, a validator votes for the candidate once its parent is
//!   certified and held, all views between are known to be nullified, its time is at most a bound
//!   ahead of the own clock, and the node has found it valid (all lane data held, executed, roots
//!   right). Never after it has nullified the view. What is missing or too early is waited for.
//! - **R7 Nullify.** In the current view, a validator votes to nullify when the view's time ends,
//!   when the leader is proven to have voted for two blocks, when the candidate can never be valid
//!   (R5, or an invalid verdict, or it passes over a final view), or at once if the leader was
//!   silent (R13). Never after it has voted to finalize in the view.
//! - **R8 Notarized.** When q votes notarize a block of v, a validator votes to finalize it unless
//!   it has nullified v; also later, when it is in a higher view already.
//! - **R9 Final.** When q votes finalize a block, it and its ancestors are final, in height order;
//!   whoever learns it relays the certificate.
//! - **R10 Sign.** Only the [`signer`] signs. It refuses a second block in a kind and view, a
//!   nullification after a vote to finalize, a notarization or a vote to finalize after a
//!   nullification, and every view that is final. A vote's record, and before it the block it
//!   names, is persisted before the vote is sent or anything that depends on it.
//! - **R11 Recover.** A replica starts with its last final block and its records after it: own
//!   votes go back to the signer, blocks and certificates to where they were. A node that has lost
//!   records votes in no view that it may have voted in (`Start::observe_until`).
//! - **R12 Pace.** A view's time runs from the moment that it is busy (work waits here, or its
//!   proposal is here), and without that from the moment that its leader would build. It lasts a
//!   time-out: a multiple of what views were measured to take, within fixed bounds; doubled for
//!   each failed view in a row beyond f, never above the bound.
//! - **R13 Silence.** A leader is silent if it was heard in none of the views of a whole rotation
//!   before its turn. Passing over a view, or a start, makes everyone heard. A candidate ends the
//!   silence.
//! - **R14 Repeat.** While something is open, the votes of the current view, the own proposal, the
//!   votes to finalize pending blocks and a status are sent again, at pauses that double up to a
//!   bound; when nothing is open, the status alone. A peer whose status, or vote to nullify, shows
//!   that it is behind is sent what it misses: the last finalization, up to 32 certificates from
//!   the first it misses, and the certificate by which this replica has entered its view; once per
//!   peer and pause.
//! - **R15 Seek.** A block that is certified but not held, and its ancestors, are fetched one by
//!   one. When the last finalization is known to be more than 8 heights ahead of what is held, the
//!   node is asked to catch up instead. Only blocks that were asked for, by hash, are taken.
//! - **R16 Evidence.** Two votes of one validator in one view are evidence if they notarize two
//!   blocks, finalize two blocks, or nullify and finalize. It is given once per validator and
//!   epoch.
//! - **R17 Bounds.** Votes and candidates are kept for views up to 64 from the current one, above
//!   the last final one; one vote per validator, kind and view; one candidate per view.
//!   Certificates, and blocks that are certified or voted for, are kept from the last final view
//!   on.
//!
//! # Safety
//!
//! *Quorums.* Two quorums share at least n - 2f >= f + 1 validators, so an honest one.
//!
//! *One notarization per view.* Two would share an honest validator that notarized two blocks
//! (R10).
//!
//! *No view is finalized and nullified.* The shared honest validator would have signed both (R10).
//!
//! *Agreement.* Let b be final in view v, and c certified in a view w >= v. By induction over w, c
//! is b or descends from b. For w = v it is b (one notarization). For w > v an honest validator
//! notarized c, so c's parent p was certified in a view u < w with all views between u and w
//! nullified (R6). u < v would mean that v was nullified, which it is not; so u >= v, and p is b or
//! descends from it. A final block was notarized first: an honest validator votes to finalize only
//! what was (R8). So of two final blocks one descends from the other. None of this depends on how
//! views are entered (R3), on time, or on silence.
//!
//! *Evidence is true.* An honest validator's votes all pass its signer, which never signs both of
//! what R16 calls evidence, over restarts too (R10, R11).
//!
//! # Liveness
//!
//! Suppose that from some moment on messages between honest validators arrive within d (those sent
//! again included: R14 repeats everything that is still of use, so a lossy past does not matter),
//! and that 2d plus an execution is below the longest time-out.
//!
//! *All come together.* The honest validator in the highest view w entered by a certificate. It
//! relays it (R3); if that is lost, peers behind are answered it when their status comes, which R14
//! sends at bounded pauses. So all honest validators enter w, or higher, soon after.
//!
//! *Every view ends.* If an honest validator notarized-and-moved on, its certificate takes the
//! others along. If none did, no honest validator has voted to finalize, so all of them may
//! nullify, and do so when their time ends (R7): the q honest ones are a quorum. A validator that
//! finalized cannot nullify, but it holds the notarization that takes the others along.
//!
//! *An honest leader's view succeeds.* On entering, the leader has the certificates of the views
//! below or asks for them (R14); it proposes on the highest that it can justify, and the proposal
//! carries the justification. No validator's view is passed over while it votes: R13 needs a whole
//! rotation of silence, and everyone is heard again with its first vote or status. Time-outs grow
//! to the bound while views fail (R12), so eventually all honest validators notarize in time, hence
//! finalize, and the block is final. Silence that is wrongly assumed costs at most that view,
//! because the next vote heard ends it.
//!
//! *A pending block becomes final, also on an idle chain.* Its votes to finalize are repeated
//! (R14). If honest validators nullified its view so that they can never be a quorum, the next
//! leader proposes an empty child after one time-out (R4), and that child's finality covers it. The
//! wait of one time-out is what keeps an idle chain from making empty blocks at network speed: in
//! the good case the finalization is here before. The others give the leader two time-outs (R12),
//! so it is not nullified for waiting.
//!
//! *Quorum lost and back.* Time-outs never exceed their bound, so after any outage the first block
//! comes within a few bounded time-outs, not after a backed-off eternity.
//!
//! # Crashes
//!
//! Outputs are performed in order, and what follows a record waits until it is durable (R10). So
//! the own vote may be counted at once: no effect of it leaves the node before it is durable.
//! Whatever a crash loses, no one has seen. Certificates that this replica relies on are records
//! too, so that after a crash of all validators the views that were passed can still be justified,
//! and the blocks that it voted for are records before the vote, so that a certified block is held
//! by at least f + 1 honest validators.
//!
//! # Deviations from the paper
//!
//! - Votes to finalize name the block, and are allowed after the view was left (R8). Safe by the
//!   argument above, which needs only that nobody both nullifies and finalizes; it lets a block
//!   become final that some validators saw notarized late.
//! - A view is entered by one certificate, not by a whole notarized chain (R3). What a vote needs
//!   of the views between is checked where the vote is cast (R6).
//! - The leader proposes when there is work, not at once (R4, R12), and leaders that were silent
//!   are not waited for (R13).
//! - The time-out adapts (R12) and the view's clock starts with the work, not with the view.
//! - The leader is fixed round robin, not drawn (R1): the validators are known institutions.
//! - Blocks are proposed by reference to lanes of data and are executed before the vote (R6).
#![deny(clippy::arithmetic_side_effects)]

pub mod chain;
pub mod config;
mod entering;
pub mod evidence;
mod finality;
pub mod leaders;
pub mod message;
pub mod pace;
mod proposals;
mod proposing;
pub mod record;
mod recovery;
pub mod replica;
mod resending;
#[cfg(test)]
mod rules;
pub mod signer;
pub mod step;
pub mod tally;
pub mod verified;
pub mod views;
mod voting;

pub use config::{Config, Identity, Start, Timing};
pub use evidence::{Evidence, EvidenceError};
pub use message::{Message, Proposal, Status};
pub use record::Record;
pub use replica::Replica;
pub use step::{Input, Output, Verdict};
