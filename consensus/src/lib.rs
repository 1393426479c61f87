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
//! *Pending*: certified, not yet final. An *epoch* is a span of the chain with one validator set; a
//! block *ends* it if its header names other validators as the next. There is one replica for each
//! epoch, and all that is said below is within one epoch.
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
//!   names as the next, and its cut must be the one its header commits to. Only a block that ends
//!   the epoch may be a candidate of a later view than its own (R18).
//! - **R6 Notarize.** In the current view, a validator votes for the candidate once its parent is
//!   certified and held, all views between are known to be nullified, its time is at most a bound
//!   ahead of the own clock, and the node has found it valid (all lane data held, executed, roots
//!   right). Never after it has nullified the view. What is missing or too early is waited for.
//! - **R7 Nullify.** In the current view, a validator votes to nullify when the view's time ends,
//!   when the leader is proven to have voted for two blocks, when the candidate can never be valid
//!   (R5, or an invalid verdict, or it passes over a final view), or at once if the leader was
//!   silent (R13), or has voted to nullify without a proposal. A leader that has to catch up first
//!   (R15) does that at once. Never after it has voted to finalize in the view.
//! - **R8 Notarized.** When q votes notarize a block of v, a validator votes to finalize it unless
//!   it has nullified v; also later, when it is in a higher view already.
//! - **R9 Final.** When q votes finalize a block, it and its ancestors are final, in height order;
//!   whoever learns it relays the certificate.
//! - **R10 Sign.** Only the [`signer`] signs. It refuses a second block in a kind and view, a
//!   nullification after a vote to finalize, a notarization or a vote to finalize after a
//!   nullification, every view that is final, and every view that may hold a forgotten vote (R19).
//!   A vote's record, and before it the block it names, is persisted before the vote is sent or
//!   anything that depends on it.
//! - **R11 Recover.** A replica starts with its last final block and its records after it: own
//!   votes go back to the signer, blocks and certificates to where they were. Whether the records
//!   hold all votes is said by `Start::memory`.
//! - **R12 Pace.** A view's time runs from the moment that it is busy (work waits here, or its
//!   proposal is here), and without that from the moment that its leader would build. It lasts a
//!   time-out: a multiple of what views were measured to take, within fixed bounds; doubled for
//!   each failed view in a row beyond f, never above the bound. A clock that is set back makes no
//!   span longer.
//! - **R13 Silence.** A leader is silent if it was heard in none of the views of a whole rotation
//!   before its turn. Passing over a view, or a start, makes everyone heard. A candidate ends the
//!   silence. One whose connection has ended is silent until it is heard again.
//! - **R14 Repeat.** While something is open, the votes of the current view, the own proposal, the
//!   votes to finalize pending blocks and a status are sent again, at pauses that double up to a
//!   bound; when nothing is open, the status alone. A new view begins the pauses anew, but not for
//!   a validator that asks what it forgot (R19): the others may pass views faster than it may
//!   repeat. A peer whose status, or vote to nullify, shows
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
//! - **R18 Epoch's end.** A block that ends its epoch gets no child in it. While it is certified
//!   but not final, a leader that would have to extend it (R4) proposes the very block again, at
//!   once; the vote names the later view and the same block, and the proposal shows the block's own
//!   certificate and the nullifications after it. It gets a vote to notarize if the block itself is
//!   certified in a lower view and all views between are known to be nullified, besides what R6
//!   asks. So a certificate's view may be above its block's, of such a block only. When it is
//!   final, in whichever view, the replica does nothing more, but answers peers of the epoch with
//!   the finalization. The next epoch's replica starts from that block, with the views after the
//!   block's own; votes and records carry their epoch, and those of another are ignored.
//! - **R19 Lost memory.** A validator whose records may lack votes (its home was wiped, or restored
//!   from a backup) starts with a number that it never used before, and its status asks with it. A
//!   peer answers with a report: the number, and the highest view that it has entered or may have
//!   voted in; a peer that does not know that of itself does not answer. Of each other validator
//!   the lowest report counts; let B be one above the (2f + 1)th lowest of these. The signer signs
//!   nothing up to B, and nothing at all while there is no B. Once a block is final whose own view
//!   is above B, B is put on record, and the memory is whole again. If the epoch ends before, the
//!   next one starts with lost memory, too.
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
//! notarized c, so a block p was certified in a view u < w with all views between u and w
//! nullified, and p is c's parent (R6), or p is c itself, certified again (R18). u < v would mean
//! that v was nullified, which it is not; so u >= v, and by induction p is b or descends from it,
//! and so is or does c. A final block was notarized first: an honest validator votes to finalize
//! only what was (R8). So of two final blocks one descends from the other. None of this depends on
//! how views are entered (R3), on time, or on silence.
//!
//! *An epoch has one last block.* If the final b ends the epoch, no block of the epoch descends
//! from it (an honest validator notarizes no child of it, R18), so whatever is certified in v or
//! later is b: all replicas of the epoch end with the same block, though perhaps with finalizations
//! of different views. The next epoch's first block names that block as its parent, and only the
//! validators that it names decide it. A vote of one epoch counts in no other (R2), so that both
//! number their views alike does no harm.
//!
//! *Evidence is true.* An honest validator's votes all pass its signer, which never signs both of
//! what R16 calls evidence, over restarts too (R10, R11), and over the loss of its records (R19).
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
//! rotation of silence, or a connection that ended, and everyone is heard again with its first vote
//! or status. Time-outs grow to the bound while views fail (R12), so eventually all honest
//! validators notarize in time, hence finalize, and the block is final. Silence that is wrongly
//! assumed costs at most that view, because the next vote heard ends it.
//!
//! *An epoch ends.* Let b end the epoch and be certified in view v, and let some honest validators
//! have nullified v, so that b can not become final there. A child that would make it final is
//! forbidden, so without R18 the chain would hang. The next honest leader whose view is after b's
//! certificate rests either on b, and proposes it again: it is held and executed, nothing has to be
//! built, so that view succeeds like any other; or on a lower block, because v is nullified, and
//! then b is left behind like any block. Validators that have seen the finalization vote no more.
//! Those that have not are told: by the relay (R9), or as an answer to whatever they say (R18), by
//! every one that has.
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
//! # Lost memory
//!
//! Let validator i be honest, and have lost records. It voted only in views that it had entered,
//! and to finalize only in lower ones, so if w is the highest view that it voted in, in the present
//! epoch, then view w - 1 is certified in that epoch, or w is the epoch's first view.
//!
//! *B is above every forgotten vote of the epoch.* In the first case q validators voted in w - 1.
//! At most f of them are faulty, and one may be i itself, so at least q - f - 1 = n - 2f - 1 other
//! honest ones did. Of 2f + 1 reports of others at least f + 1 are of honest ones. There are at
//! most n - 1 - f other honest ones (fewer faulty ones only help), and n - 2f - 1 + f + 1 is more
//! than that, so one that reported voted in w - 1. Its report was made after this start of i, since
//! it repeats the number, so after that vote; and it reports no view below one that it voted in:
//! its votes are on record, or it has lost records itself and reports its own B. So B >= w - 1 + 1.
//! In the second case every honest report is at least w. This holds for every choice of 2f + 1
//! reports; so the lowest may be chosen, and chosen anew when more come. A false high report delays
//! until there are 2f + 1 others, a false low one does nothing.
//!
//! *Memory that is whole again is whole in later epochs.* Suppose that i had voted in a later
//! epoch. Then it had known the finalization of the block b that ends this one, in a view u >= b's.
//! As above an honest validator that reported has voted in u, so B > u. If a block c is final whose
//! own view is above B, it is certified above u, so it is b (agreement, and an epoch has one last
//! block). But b's view is at most u. So there was no such vote. Of earlier epochs nothing is
//! signed any more.
//!
//! *It comes back.* While i observes it counts as one of the f faulty ones. Then at most f - 1
//! others are faulty, at least 2f + 1 others (n - 1 - (f - 1) >= 2f + 1) are honest and report at
//! each repetition (R14), and they are the quorum that goes on without i: two certified views after
//! the reports the signer is open, and the next final block ends the loss. With f - 1 liars the
//! (2f + 1)th lowest report is never above the highest honest one. If more than f validators have
//! lost their records at one time, or all of fewer than four one, too few are left to report: those
//! stay silent for ever, and without them there may be no quorum. That is safe, and needs the
//! operators (`docs/decisions/0013-amnesia-and-observing.md`).
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
//! - Epochs end by proposing a block again (R18); the paper has one set of validators for ever.
//! - The leader is fixed round robin, not drawn (R1): the validators are known institutions.
//! - Blocks are proposed by reference to lanes of data and are executed before the vote (R6).
#![deny(clippy::arithmetic_side_effects)]

pub mod chain;
mod clock;
pub mod config;
mod entering;
pub mod evidence;
mod finality;
pub mod leaders;
pub mod memory;
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
pub use memory::Memory;
pub use message::{Message, Proposal, Report, Status};
pub use record::Record;
pub use replica::Replica;
pub use step::{Input, Output, Verdict};
