//! The ledger's rules, as one deterministic function of a state and a block.
//!
//! # The rules
//!
//! Each has a test of its name (`l1_...`) in `ledger/tests`; every rejection of every
//! operation has its rows in `ledger/tests/rejections.rs`.
//!
//! **Money**
//!
//! - **L1** An amount is a whole number of minor units of one asset, zero to 10^27 in one
//!   operation. Every sum and difference is checked. Nothing is rounded but an exchange, and that
//!   down.
//! - **L2** Conservation: after every operation, for each asset, the sum of all holdings is what
//!   was issued less what was redeemed.
//! - **L3** An asset is registered once, with the decimals that ISO 4217 gives a currency; points
//!   take a code that is no currency's. Only its issuer's operators issue and, with the owners,
//!   redeem it.
//! - **L4** Each movement is an entry of each holding it touches, and a holding's entry chain is
//!   the hash of the chain before and the entry, so that no line can be left out of a statement.
//!
//! **Transactions**
//!
//! - **L5** A UETR belongs to the first transaction that executes with it. The same transaction
//!   again changes nothing and has no second receipt; any other operation under that UETR is
//!   rejected as a duplicate, whatever else is wrong with it: no receipt ever speaks of a payment
//!   that is not its own.
//! - **L6** A transaction executes only in a block whose time is within its window. Outside of it
//!   every operation is rejected, and the transaction is spent.
//! - **L7** Every operation has exactly one receipt. A rejected one changes nothing but leaves the
//!   marker of its UETR, and never stops its block.
//! - **L8** The reason of a rejection is the first that applies in the order of
//!   [`rejection::Rejection`]. Signatures are asked of every party that exists.
//! - **L9** Atomic: all operations or none. The one that failed keeps its reason, the others are
//!   rejected as linked. Best effort: each for itself, in order.
//! - **L10** All signatures that an operation asks for are checked before anything of it is
//!   applied, and only against keys that were in force; a payment is ordered by the payer's owners,
//!   or under a mandate by its servicer's operators.
//!
//! **Accounts**
//!
//! - **L11** An account is opened by its servicer's operators, under a number that names the
//!   servicer for ever. Owners rotate their keys themselves; a change of other rules needs the
//!   servicer too.
//! - **L12** A freeze, by the servicer's operators or its compliance key, stops what goes out, what
//!   comes in, or both. Freezes add up; one unfreeze lifts all. An account that may not pay may not
//!   rotate.
//! - **L13** An account closes when all its holdings are empty, for ever, unless its institution's
//!   charges are collected there.
//!
//! **Charges and exchange**
//!
//! - **L14** A payment costs what the schedule of the payer's servicer says for the debited asset,
//!   never above what the payer signed; it is itemised in the receipt and booked to the schedule's
//!   collector.
//! - **L15** DEBT and SHAR charges come on top of the amount; CRED charges are taken from it,
//!   before an exchange, and must leave something.
//! - **L16** Payment versus payment: all legs of a payment across assets settle, or none, also over
//!   a third asset by two quotes. Each result is rounded down, an exchange that comes to nothing is
//!   refused, and there and back never gains.
//! - **L17** A quote binds its dealer once, until it expires, for its assets and amounts; it must
//!   expire within 24 hours. Only a key that may sign alone for the dealer's account makes one, and
//!   only a dealer's institution has such accounts. A rejected payment does not use it up.
//!
//! **State and blocks**
//!
//! - **L18** Markers lie in buckets by block time. A bucket is forgotten whole once more than the
//!   kept number of buckets have begun after it.
//! - **L19** The same state and transactions give the same receipts, changes and root on every
//!   machine; a state rebuilt from its entries has the same root.
//! - **L20** A block is good only if every field of its header is what execution gives, it is later
//!   than its parent, and no lane of its cut goes back.
//!
//! **Governance and epochs**
//!
//! - **L21** The institutions with a validator in the present epoch govern: one vote each, and n -
//!   floor((n-1)/3) of the n decide. Proposing is approving, a vote stands, and it counts as long
//!   as its institution governs.
//! - **L22** A proposal is enacted at most once, by a governing member, before it expires, after a
//!   quorum approved it. It is refused for ever once those against it leave no quorum.
//! - **L23** What would halt the chain is refused when it is proposed, and again when it is
//!   enacted: there are 1 to 128 validators, one per institution; each key has one place;
//!   parameters stay within their bounds and forget no marker that was to be kept; an upgrade is
//!   ahead, and to the next version.
//! - **L24** The block that changes the validators ends its epoch: its header names the next
//!   validators, they decide its child, which is of the next epoch and whose lanes begin anew. A
//!   block holds at most one such change, and within it the present validators govern.
//! - **L25** An institution is removed when it runs no validator and no money that it issued is in
//!   circulation. From then on nothing is paid to its accounts and it takes nothing new on; its
//!   accounts pay, without charges. Its number is never given again.
//! - **L26** The ledger records where each institution's node is; who has a validator has a node.
//! - **L27** An upgrade is a height and the version of the rules that the block there needs. It can
//!   be replaced until it is due.
//! - **L28** A light client follows an epoch only through the certified block that ends the epoch
//!   before. A certificate of a later view than its header's is believed of such a block only.
//!
//! **Holds**
//!
//! - **L29** A hold sets aside in the payer's holding all that its capture can take: the amount,
//!   and the charges that come on top of it now. What is held of a holding is the sum of its open
//!   holds. It cannot be spent, and its account does not close.
//! - **L30** A hold ends once: the payee's side (its owners or its servicer's operators) captures
//!   it, whole or a part, and the rest is free at once; or the payee's side releases it; or its
//!   deadline passes. The payer cannot take it back. A capture with a lock shows its secret.
//! - **L31** A capture obeys what is so in its own block: closed and frozen accounts, institutions
//!   that were removed, the fee schedule. It never costs more than what was held for it.
//! - **L32** A hold's deadline is at most 7 days ahead, and no later than its UETR is remembered
//!   for certain. After it there is no capture and no release. A block first frees what is held
//!   beyond its deadline, earliest first, at most 1,000 holds.
//! - **L33** A capture or release is executed once, by its transaction's marker. Refused, it says
//!   nothing of the payment: only the holder of a UETR, and what went on with its payment, have
//!   receipts under it.
//!
//! **Corrections**
//!
//! - **L39** Who corrects a payment brings the proof that it settled between two accounts of this
//!   ledger, however long ago: its receipt, the path to a block, and the finalization by the
//!   validators that the state knows of that epoch. The proof of a payment that failed or waits, of
//!   an issue, or of a return is refused.
//! - **L40** The payee's side (its owners or its servicer's operators) returns a payment under a
//!   UETR of the return's own, whole or in at most 16 parts, in the asset that the payee got and to
//!   the payer, without charges. All that is returned of a payment is never more than the payee
//!   got.
//! - **L41** The payer's side (its owners or its servicer's operators) asks for a payment back,
//!   whole or a part, with its proof, a reason and a deadline at most 30 days ahead. A payment has
//!   at most one open recall. It moves no money and holds none: only the payee's own bank can stop
//!   the payee's account.
//! - **L42** A recall ends once: the payee's side accepts it, whole or a part, which moves the
//!   money as a return does and for the reason FOCR, or refuses it with a reason; or its deadline
//!   passes. The payer cannot take it back, and can ask again once it has ended.
//! - **L43** A recall beyond its deadline has lapsed, swept or not. A block first forgets what has
//!   lapsed, earliest first, at most 1,000 recalls.
//!
//! **Approvals**
//!
//! - **L34** A payment above the amount that its account's policy names for the asset needs
//!   approvals by keys of the policy's approvers. A key counts once in a payment: for its makers,
//!   who order it, or as an approver. With all of them among its signers it settles at once;
//!   without, a payment within one asset waits, and what cannot wait (across assets, a hold, a part
//!   of an atomic transaction) is rejected.
//! - **L35** A payment that waits for approvals has its funds set aside as for a hold (L29), for 24
//!   hours or as long as a hold may last, if that is shorter; then it has expired (L32).
//! - **L36** An approval names the exact order and its transaction. It counts only from a key that
//!   is an approver's in the block that counts it, made nothing of the order, and did not approve
//!   it before.
//! - **L37** The last approval that is needed pays in its own block and obeys what is so there, as
//!   a capture does (L31). If that block refuses the payment, the approval is not given, and the
//!   payment waits on.
//! - **L38** A wait for approvals ends once: it is paid; one approver refuses it, for ever; whoever
//!   may order from the account releases it; or its deadline passes.
//!
//! **Limits**
//!
//! - **L44** An institution limits what its accounts pay, by asset and tier, in named rules: one
//!   payment, a day's payments, their number, the first one, what its accounts pay to other
//!   institutions in a day, one payment that comes to its accounts, one to a new payee (L59), and
//!   one without private data (L62). A payment that meets a rule is refused, waits for a review
//!   (L54), or settles and alerts. Without rules nothing is counted, and an institution that was
//!   removed has none.
//! - **L45** A receipt names the rules with an alert or a review that a payment met which settled
//!   or waits, or the one rule that refused it: of the first reason, the first in the list; or all
//!   that ask for a review, if the payment was refused because it cannot wait. Nothing else names
//!   rules.
//! - **L46** A day is the institution's, by block time, and begins at nothing. A payment counts
//!   with what was ordered, charges on top left out; one that is held or waits for approvals when
//!   it is made, whatever comes of it. What is rejected does not count.
//! - **L47** An institution's position is what its accounts paid to others in a day less what they
//!   got. What waits goes out when it is made and comes in when it is paid. Of a payment across
//!   assets each move between institutions counts, and the dealer's institution is asked too.
//! - **L48** An account's owners, with its servicer, limit it themselves: the most of an asset in a
//!   day, and the only payees. What is beyond is refused, before the institution's rules of the
//!   same kind.
//!
//! **Queues**
//!
//! - **L49** A queued payment settles at once if its account has the funds and no other of the
//!   account's in the asset that comes before it waits; else it waits, by priority and then as it
//!   came, until its deadline, which is one of a hold (L32). Nothing is held for it. At most 100
//!   payments of an account in one asset wait so, 500 of an institution and 4,000 in all; a part of
//!   an atomic transaction does not.
//! - **L50** At its end a block settles, all at once, the largest set of queued payments after
//!   which no account is below zero. Of each account's queue that is a beginning: nothing is
//!   overtaken but what is frozen, closed or removed. There is one such set, whatever the order of
//!   looking.
//! - **L51** What a block settles so has its receipts behind those of the transactions, under a
//!   name made of the block's height and numbered. It obeys what is so in that block, as a capture
//!   does (L31), and costs at most what it would have cost when it was queued.
//! - **L52** A wait for funds ends once: the payment settles, whoever may order from the account
//!   releases it, or its deadline passes, swept or not. Until then they may give it another
//!   priority, in which it is the last.
//! - **L53** Everything else passes the queue: what is available is for whom the block executes
//!   first. A queued payment counts in limits when it is queued (L46), whatever comes of it.
//!
//! **Reviews**
//!
//! - **L54** A payment that a rule holds waits until the rule's institution has reviewed it: the
//!   payer's, or the payee's for what comes to its accounts. One that needs several steps takes
//!   them one after the other: its account's approvals (L34), the payer's institution, the payee's;
//!   which, is decided when it is ordered, and an institution reviews once. What its signers give
//!   of them at once is given. What cannot wait (across assets, a hold, a part of an atomic
//!   transaction) is rejected without.
//! - **L55** Its funds are set aside as for a hold (L29), for 72 hours or as long as a hold may
//!   last, if that is shorter: one deadline for all that it waits for; then it has expired (L32).
//! - **L56** A review is given by the institution's compliance key, or by as many of its operators'
//!   as its policy asks for, together or one after the other. It names the exact order and its
//!   transaction. Keys that made the payment, or approved it for its account, count in no review.
//! - **L57** The last step pays in its own block and obeys what is so there, as a capture does
//!   (L31). If that block refuses the payment, the step is not taken, and the payment waits on.
//! - **L58** A wait for a review ends once: it is paid; one key of the reviewing institution
//!   refuses it, for ever, and the receipt names the institution; whoever may order from the
//!   account releases it; or its deadline passes.
//!
//! **New payees and missing names**
//!
//! - **L59** A payee is new to an account until the cool-off after the account's first payment to
//!   it is over, by block time. A rule on new payees is met by a payment of more than its bound to
//!   one that is new when the payment is ordered.
//! - **L60** A payment that settles makes its payee known to its payer's account, however small it
//!   is, in the block that settles it: at once, out of the queue, by the last approval or review,
//!   or by a capture of any part. What is rejected, refused, released, expired or still waits makes
//!   nobody known; neither do returns, and dealers are no payees. It is remembered where the
//!   payer's institution has a rule on new payees for the asset and the account's tier.
//! - **L61** An account's last 32 payees are remembered, whatever the asset. One more makes it
//!   forget the least recently paid, which is new again.
//! - **L62** A rule on missing information is met by a payment of more than its bound that carries
//!   no commitment to private data: at the payer's institution, and by a measure of its own for
//!   what comes in, at the payee's.
//!
//! **Free payments**
//!
//! - **L63** A fee rule can waive an account's first payments in its asset, up to 255, of those
//!   that would be charged: all charges of the account's own institution, whoever bears them; a
//!   dealer's rate stays. A payment is one of them in the block in which it settles or begins to
//!   wait, whatever comes of it, and what waits so settles free. What is free anyway, or rejected,
//!   is none of them. Where nothing is waived, nothing is looked up or counted.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]
#![cfg_attr(test, allow(clippy::as_conversions))]

/// The version of the rules that this program has. A scheduled upgrade
/// ([`governance::Upgrade`]) names the version that a node needs from its height on; a node with a
/// lower one must not vote there.
pub const PROTOCOL: u32 = 1;

pub mod account;
pub mod block;
pub mod certificate;
pub mod chain;
pub mod codec;
pub mod corrections;
pub mod crypto;
pub mod execute;
pub mod fees;
pub mod genesis;
pub mod governance;
pub mod hash;
pub mod history;
pub mod ids;
pub mod light;
pub mod limits;
pub mod merkle;
pub mod money;
pub mod operation;
pub mod proof;
pub mod quote;
pub mod receipt;
pub mod rejection;
pub mod state;
pub mod step_up;
pub mod text;
pub mod transaction;
pub mod tree;
pub mod validators;
pub mod waiting;
