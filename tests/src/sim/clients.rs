//! The clients: banks and customers that send transactions and do not give up.
//!
//! The first transaction opens the ledger: the asset, an account for each customer, money for all,
//! and every bank's limits, which some payments meet.
//! Then come payments, and what the council wants; some are sent to several nodes, some are bad.
//! Invariants: a client sends the
//! same bytes until it has a final answer, or until it is told "accepted" if that is all it asked
//! for; it believes nothing else. Absent: what answers must say (the checkers').

use ledger::account::Policy;
use ledger::codec;
use ledger::corrections::{Evidence, Reason, RecallAnswer, RecallRequest, Return};
use ledger::crypto::SecretKey;
use ledger::hash::Hash;
use ledger::ids::{AccountId, Timestamp, Uetr};
use ledger::merkle;
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, ChargeBearer, Hold, Operation, Pay, PaymentTerms, Queue};
use ledger::step_up::{StepUp, StepUpRule};
use ledger::transaction::{SignedTransaction, Transaction, TransactionId};
use ledger::waiting::{OrderHash, Priority, Refusal};
use node::core::step::{Committed, Reply, RequestId};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::council::Council;
use super::limits;
use super::random::Random;
use super::setup::{Owned, Setup};

/// What is the matter with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It opens the ledger.
    Opening,
    /// A payment that settles if the payer has the money.
    Payment,
    /// A payment of more than there is.
    TooLarge,
    /// A payment under the UETR of another one.
    Repeated,
    /// A payment whose signature is of another key: refused by whoever checks it.
    Forged,
    /// A payment that only a stranger signed.
    Stranger,
    /// A payment whose funds are held for some seconds or minutes.
    Hold,
    /// A capture or release of a payment that was to be held, or an approver's word on one that is
    /// to be approved.
    FollowUp,
    /// A payment that waits for funds, perhaps, or another priority or an end for one.
    Queue,
    /// A return or a recall of a payment that settled, or an answer to a recall.
    Return,
    /// A change of the network, proposed, approved and enacted.
    Council,
}

/// A transaction of a client.
#[derive(Clone, Debug)]
pub struct Order {
    /// The transaction's id.
    pub id: TransactionId,
    /// What is the matter with it.
    pub sort: Sort,
    /// What is sent.
    pub bytes: Rc<Vec<u8>>,
    /// True: the client waits for its receipts. False: for the word that it was taken in.
    pub until_final: bool,
    /// How often it was sent because the client had waited in vain.
    pub repeated: u32,
    /// True if the client waits no longer.
    pub is_answered: bool,
}

/// Something that a client sends to a node.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The order's number.
    pub order: usize,
    /// The host that it goes to.
    pub host: usize,
    /// Names the request.
    pub request: RequestId,
}

/// All clients.
#[derive(Debug)]
pub struct Clients {
    setup: Arc<Setup>,
    orders: Vec<Order>,
    waiting: BTreeMap<(usize, RequestId), usize>,
    requests: u64,
    hosts: usize,
    is_open: bool,
    council: Option<Council>,
    /// The payments that were to be held: the order's number, the payee's, the amount.
    holds: Vec<(usize, usize, u128)>,
    /// The proofs of payments that settled.
    proofs: Vec<Evidence>,
    /// The payments that wait for an approval or a review if they are taken, and who pays.
    waits: Vec<(TransactionId, Pay, usize)>,
    /// The payments that wait for funds if they are taken.
    queued: Vec<Uetr>,
}

impl Clients {
    /// The most orders of one simulation.
    const MOST: usize = 240;

    /// How long a client waits for an answer before it asks another node, in milliseconds; it
    /// doubles each time, up to the second number.
    const PATIENCE: (u64, u64) = (2_500, 320_000);

    /// The chance in a thousand that the next order is the council's, when it wants something.
    const CONVENES: u64 = 300;

    /// What customers pay without an approval.
    const APPROVED_ABOVE: u128 = 300;

    /// What each customer is given.
    pub const GIFT: u128 = 10_000;

    /// What the last customer is given in its place: its payments wait for funds.
    const ALMS: u128 = 100;

    /// Clients of a chain with so many hosts, and the council of its banks.
    pub fn new(setup: &Arc<Setup>, hosts: usize, council: Option<Council>) -> Self {
        Self {
            setup: Arc::clone(setup),
            orders: Vec::new(),
            waiting: BTreeMap::new(),
            requests: 0,
            hosts,
            is_open: false,
            council,
            holds: Vec::new(),
            proofs: Vec::new(),
            waits: Vec::new(),
            queued: Vec::new(),
        }
    }

    /// The orders so far.
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// A client acts: a new order, sent to one host or several. Nothing before the ledger is open
    /// but the order that opens it.
    pub fn act(&mut self, now: Timestamp, random: &mut Random) -> Vec<Submission> {
        if self.orders.is_empty() {
            let order = self.opening(now);
            self.orders.push(order);
        } else if self.is_open && self.orders.len() < Self::MOST {
            let order = self.convene(now, random).unwrap_or_else(|| self.draw(now, random));
            self.orders.push(order);
        } else {
            return Vec::new();
        }
        let order = self.orders.len() - 1;
        let first = random.position(self.hosts);
        let copies = if random.chance(150) { self.hosts.min(3) } else { 1 };
        (0..copies).map(|copy| self.send(order, (first + copy) % self.hosts)).collect()
    }

    /// A block is final at a node of the product.
    pub fn note(&mut self, committed: &Committed) {
        if let Some(council) = &mut self.council {
            council.note(committed);
        }
        if self.proofs.len() < Self::MOST {
            self.proofs.extend(proof_of_one(committed));
        }
    }

    /// What the council wants next, if it does now.
    fn convene(&mut self, now: Timestamp, random: &mut Random) -> Option<Order> {
        let council = self.council.as_ref().filter(|council| council.is_ready())?;
        if !random.chance(Self::CONVENES) {
            return None;
        }
        let motion = council.move_on(now, random)?;
        let change = motion.change();
        let order = self.order(Sort::Council, now, motion.operations, &motion.signers, true);
        self.council.as_mut()?.ordered(order.id, change);
        Some(order)
    }

    /// A client has waited long enough for the answer to an order: it asks another node.
    pub fn lose_patience(&mut self, order: usize, random: &mut Random) -> Option<Submission> {
        let waiting = &mut self.orders[order];
        if waiting.is_answered {
            return None;
        }
        waiting.repeated += 1;
        let host = random.position(self.hosts);
        Some(self.send(order, host))
    }

    /// How long the client waits for the answer to an order this time.
    pub fn patience(&self, order: usize) -> u64 {
        let (first, most) = Self::PATIENCE;
        (first << self.orders[order].repeated.min(8)).min(most)
    }

    /// An answer has come. Gives the order that it is about.
    pub fn answered(&mut self, host: usize, request: RequestId, reply: &Reply) -> Option<usize> {
        let place = self.waiting.remove(&(host, request))?;
        let order = self.orders.get_mut(place)?;
        order.is_answered |= match reply {
            Reply::Busy => false,
            Reply::Accepted(_) => !order.until_final,
            Reply::Refused(_) | Reply::Rejected(_) | Reply::Final(..) | Reply::Known(_) => true,
        };
        self.is_open |= order.sort == Sort::Opening && order.is_answered;
        Some(place)
    }

    /// True if every order was answered.
    pub fn all_answered(&self) -> bool {
        self.orders.iter().all(|order| order.is_answered)
    }

    fn send(&mut self, order: usize, host: usize) -> Submission {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.waiting.insert((host, request), order);
        Submission { order, host, request }
    }

    fn uetr(&self, number: usize) -> Uetr {
        let number = u128::try_from(number).unwrap_or(0);
        Uetr::from_entropy((number + 1).to_be_bytes())
    }

    /// Asset, accounts, money and limits in one transaction, all or nothing.
    fn opening(&self, now: Timestamp) -> Order {
        let setup = &self.setup;
        let issuer = &setup.banks[0];
        let code = Setup::asset();
        let mut operations = vec![Operation::RegisterAsset {
            code,
            kind: AssetKind::Currency,
            decimals: Decimals::of_currency(code).unwrap_or(Decimals(2)),
            issuer: issuer.number,
        }];
        let poor = setup.customers().count() - 1;
        for (place, Owned { account, key }) in setup.customers().enumerate() {
            let step_up = Some(self.step_up());
            let policy = Policy { step_up, ..Policy::single(key.public()) };
            let account = *account;
            operations.push(Operation::OpenAccount { account, policy, tier: 1 });
            let uetr = self.uetr(1_000_000 + place);
            let gift = if place == poor { Self::ALMS } else { Self::GIFT };
            let amount = Money::new(Amount(gift), code);
            operations.push(Operation::Issue { uetr, to: account, amount });
        }
        let limited = setup.banks.iter().map(|bank| Operation::SetLimits {
            institution: bank.number,
            limits: limits::of_bank(),
        });
        operations.extend(limited);
        let signers: Vec<_> = setup.banks.iter().map(|bank| &bank.operator).collect();
        self.order(Sort::Opening, now, operations, &signers, true)
    }

    /// The first two customers are everybody's approvers: one of them approves what is large.
    fn step_up(&self) -> StepUp {
        let mut approvers: Vec<_> =
            self.setup.customers().take(2).map(|one| one.key.public()).collect();
        approvers.sort_unstable();
        let above = Amount(Self::APPROVED_ABOVE);
        let rule = StepUpRule { asset: Setup::asset(), above, approvals: 1 };
        StepUp { approvers, rules: vec![rule] }
    }

    fn draw(&mut self, now: Timestamp, random: &mut Random) -> Order {
        let setup = Arc::clone(&self.setup);
        let customers: Vec<_> = setup.customers().collect();
        let from = random.position(customers.len());
        let payer = customers[from];
        let to = random.position(customers.len());
        let payee = customers[to];
        let sort = match random.between(0, 22) {
            20.. => return self.queue(now, random, &customers),
            0 => Sort::TooLarge,
            1 => Sort::Repeated,
            2 => Sort::Forged,
            3 => Sort::Stranger,
            4 | 5 => Sort::Hold,
            6 | 7 if !self.holds.is_empty() => return self.follow_up(now, random, &customers),
            8 if !self.proofs.is_empty() => return self.send_back(now, random, &customers),
            9 if !self.proofs.is_empty() => return self.recall(now, random, &customers),
            9 | 10 if !self.waits.is_empty() => return self.approval(now, random, &customers),
            _ => Sort::Payment,
        };
        let number = match sort {
            Sort::Repeated => random.position(self.orders.len()),
            Sort::Opening
            | Sort::Council
            | Sort::Payment
            | Sort::Hold
            | Sort::FollowUp
            | Sort::Queue
            | Sort::Return
            | Sort::TooLarge
            | Sort::Forged
            | Sort::Stranger => self.orders.len(),
        };
        let amount = match sort {
            Sort::TooLarge => Self::GIFT * 1_000,
            Sort::Opening
            | Sort::Council
            | Sort::Payment
            | Sort::Hold
            | Sort::FollowUp
            | Sort::Queue
            | Sort::Return
            | Sort::Repeated
            | Sort::Forged
            | Sort::Stranger => u128::from(random.between(1, 400)),
        };
        let signer = if sort == Sort::Stranger { &setup.banks[0].operator } else { &payer.key };
        let pay = self.pay(number, payer.account, payee.account, amount);
        let operation = if sort == Sort::Hold {
            self.holds.push((number, to, amount));
            let deadline = now.plus(random.between(2_000, 300_000));
            Operation::Hold(Box::new(Hold { pay, deadline, lock: None }))
        } else {
            Operation::Pay(pay)
        };
        let until_final = random.chance(600);
        let order = self.order(sort, now, vec![operation.clone()], &[signer], until_final);
        if let (Sort::Payment, Operation::Pay(pay)) = (sort, operation)
            && amount > limits::REVIEWED
        {
            self.waits.push((order.id, pay, from));
        }
        order
    }

    /// A payment of the poor customer's, another priority for one of its last, or the end of one.
    fn queue(&mut self, now: Timestamp, random: &mut Random, customers: &[&Owned]) -> Order {
        let poor = customers[customers.len() - 1];
        let recent = &self.queued[self.queued.len().saturating_sub(4)..];
        let last = (!recent.is_empty()).then(|| recent[random.position(recent.len())]);
        let priority = Priority::ALL[random.position(3)];
        let operation = match (random.between(0, 5), last) {
            (0, Some(payment)) => Operation::Release { payment },
            (1, Some(payment)) => Operation::Prioritise { payment, priority },
            _ => {
                let payee = customers[random.position(customers.len() - 1)];
                let amount = u128::from(random.between(1, 300));
                let pay = self.pay(self.orders.len(), poor.account, payee.account, amount);
                self.queued.push(pay.uetr);
                let deadline = now.plus(random.between(2_000, 300_000));
                Operation::Queue(Box::new(Queue { pay, priority, deadline }))
            }
        };
        let until_final = random.chance(600);
        self.order(Sort::Queue, now, vec![operation], &[&poor.key], until_final)
    }

    /// An approver's and the payee's bank's word on one of the last payments that wait, one step or
    /// two; or its payer takes it back.
    fn approval(&self, now: Timestamp, random: &mut Random, customers: &[&Owned]) -> Order {
        let recent = &self.waits[self.waits.len().saturating_sub(3)..];
        let (transaction, pay, payer) = &recent[random.position(recent.len())];
        let (payment, approver) = (pay.uetr, random.position(2));
        let order = OrderHash::of(&self.setup.domains, transaction, pay);
        let answer = random.between(0, 9);
        let operation = match answer {
            0 => Operation::Release { payment },
            1 => Operation::Refuse { payment, order, reason: Refusal::Declined },
            _ => Operation::Approve { payment, order },
        };
        let bank = self.setup.banks.iter().find(|bank| bank.number == pay.to.servicer());
        let bank = &bank.expect("who is paid is a bank's customer").operator;
        let first = if answer == 0 { *payer } else { approver };
        let signers = match random.between(0, 2) {
            0 => vec![bank],
            1 => vec![&customers[first].key, bank],
            _ => vec![&customers[first].key],
        };
        let until_final = random.chance(600);
        let steps = usize::from(random.chance(300)) + 1;
        self.order(Sort::FollowUp, now, vec![operation; steps], &signers, until_final)
    }

    /// A capture or release of one of the last payments that were to be held, by its payee.
    fn follow_up(&self, now: Timestamp, random: &mut Random, customers: &[&Owned]) -> Order {
        let recent = &self.holds[self.holds.len().saturating_sub(3)..];
        let (number, to, amount) = recent[random.position(recent.len())];
        let payment = self.uetr(number);
        let operation = if random.chance(300) {
            Operation::Release { payment }
        } else {
            let part = u128::from(random.between(1, 400)).min(amount);
            let amount = Money::new(Amount(part), Setup::asset());
            Operation::Capture { payment, amount, secret: None }
        };
        let until_final = random.chance(600);
        let signers = &[&customers[to].key];
        self.order(Sort::FollowUp, now, vec![operation], signers, until_final)
    }

    /// A return of a payment by its payee, whole or a part, perhaps of one that was returned.
    fn send_back(&self, now: Timestamp, random: &mut Random, customers: &[&Owned]) -> Order {
        let evidence = self.proofs[random.position(self.proofs.len())].clone();
        let settled = evidence.settled().expect("proofs are kept of what settled");
        let whole = settled.credited;
        let amount = if random.chance(500) { whole.amount.0 } else { whole.amount.0.div_ceil(2) };
        let back = Return {
            uetr: self.uetr(self.orders.len()),
            evidence,
            amount: Money::new(Amount(amount), whole.asset),
            reason: Reason::parse("CUST").expect("a reason"),
        };
        let payee = owner(customers, settled.payee);
        let until_final = random.chance(600);
        let operations = vec![Operation::Return(Box::new(back))];
        self.order(Sort::Return, now, operations, &[&payee.key], until_final)
    }

    /// A recall of a payment, or an answer to one, if there is one: who asks does not tell.
    fn recall(&self, now: Timestamp, random: &mut Random, customers: &[&Owned]) -> Order {
        let recent = &self.proofs[self.proofs.len().saturating_sub(4)..];
        let evidence = recent[random.position(recent.len())].clone();
        let settled = evidence.settled().expect("proofs are kept of what settled");
        let (payment, amount) = (settled.payment, settled.credited);
        let reason = Reason::parse("DUPL").expect("a reason");
        let (operation, signer) = match random.between(0, 3) {
            0 | 1 => {
                let deadline = now.plus(random.between(2_000, 300_000));
                let request = RecallRequest { evidence, amount, reason, deadline };
                (Operation::RequestRecall(Box::new(request)), settled.payer)
            }
            2 => {
                let uetr = self.uetr(self.orders.len());
                let amount = Money::new(Amount(amount.amount.0.div_ceil(2)), amount.asset);
                let answer = RecallAnswer::Accept { uetr, amount };
                (Operation::AnswerRecall { payment, answer }, settled.payee)
            }
            _ => {
                let answer = RecallAnswer::Refuse { reason };
                (Operation::AnswerRecall { payment, answer }, settled.payee)
            }
        };
        let signers = &[&owner(customers, signer).key];
        self.order(Sort::Return, now, vec![operation], signers, random.chance(600))
    }

    fn pay(&self, number: usize, from: AccountId, to: AccountId, amount: u128) -> Pay {
        Pay {
            uetr: self.uetr(number),
            from,
            to,
            amount: Money::new(Amount(amount), Setup::asset()),
            terms: PaymentTerms {
                charge_bearer: ChargeBearer::Debtor,
                maximum_fee: Amount::ZERO,
                purpose: [0; 4],
                remittance: Hash::ZERO,
            },
        }
    }

    fn order(
        &self,
        sort: Sort,
        now: Timestamp,
        operations: Vec<Operation>,
        signers: &[&SecretKey],
        until_final: bool,
    ) -> Order {
        let domains = &self.setup.domains;
        let mut signers = signers.to_vec();
        signers.sort_by_key(|key| key.public());
        let transaction = Transaction {
            suite: domains.suite(),
            chain_id: domains.chain_id(),
            valid_from: now.minus(60_000),
            valid_until: now.plus(12 * 60 * 60 * 1_000),
            operations,
            atomic: matches!(sort, Sort::Opening | Sort::Council),
            signers: signers.iter().map(|key| key.public()).collect(),
        };
        let id = transaction.id(domains);
        let signed = if sort == Sort::Forged { Hash::ZERO } else { id };
        let signatures = signers.iter().map(|key| key.sign(&signed)).collect();
        let bytes = codec::encode(&SignedTransaction { transaction, signatures });
        Order { id, sort, bytes: Rc::new(bytes), until_final, repeated: 0, is_answered: false }
    }
}

fn owner<'c>(customers: &[&'c Owned], account: AccountId) -> &'c Owned {
    let found = customers.iter().find(|customer| customer.account == account);
    found.expect("who pays and is paid is a customer")
}

/// The proof of the first payment between two accounts that a certified block settled.
fn proof_of_one(committed: &Committed) -> Option<Evidence> {
    let executed = &committed.executed;
    let certificate = committed.certificate.clone()?;
    let domains = executed.tip.domains();
    let places = executed.booked.iter().enumerate();
    let mut found = places.filter_map(|(place, booked)| {
        let place = u64::try_from(place).ok()?;
        let evidence = Evidence {
            receipt: booked.receipt.clone(),
            path: merkle::prove(domains, &executed.leaves, place)?,
            ancestor: None,
            header: executed.block.header.clone(),
            certificate: certificate.clone(),
            validators: executed.tip.validators().clone(),
        };
        evidence.settled().map(|_| evidence)
    });
    found.next()
}
