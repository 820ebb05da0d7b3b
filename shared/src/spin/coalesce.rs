//! Requests that arrive at an instance together share a statement, and with it a commit.
//!
//! A request that comes while no statement is in flight sends its own at once, as the [`Leader`]: a lone request waits
//! for nothing. Requests that come meanwhile wait. All of them go together in the next statement, which is sent as soon
//! as the one before it is answered. So there is no timer, and the more there is to do, the more requests share a
//! commit.
//!
//! What holds at any time:
//! * one statement of the coalescer is in flight, and beside it those of items that are resent singly, or that have
//!   been overtaken because they took too long ([`Watch`]);
//! * the requests of one [`Sender`] are decided in the order in which they came;
//! * every request that waits is told its [`Turn`], or is woken without one because the request that sent its statement
//!   has ended.
//!
//! Nothing here knows a runtime. A request that waits is woken by dropping its `W`.

use crate::{rules::id::UserId, wire::envelope::parameter};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

/// The user who sent a request. The requests of one sender keep their order.
pub type Sender = Option<UserId>;

/// The limits of a coalescer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most items in one statement.
    pub items: usize,
    /// Most bytes of their envelopes together; a single item may have more.
    pub bytes: usize,
    /// Most items that wait.
    pub waiting: usize,
    /// Most items that are resent singly at the same time.
    pub solo: usize,
}

/// Gathers the requests of one function in one instance. `O` is the outcome of one of them, `W` wakes it when dropped.
pub struct Coalescer<O, W>(Rc<RefCell<Queue<O, W>>>);

struct Queue<O, W> {
    bounds: Bounds,
    /// The number of the leader, if there is one.
    leader: Option<u64>,
    /// How many leaders there have been.
    leaders: u64,
    /// The item that the leader has in flight, if it is one by itself.
    single: Option<Single>,
    /// Whether a [`Watch`] looks after it.
    watched: bool,
    /// In the order of arrival; requeued items first.
    waiting: VecDeque<Item<O, W>>,
    /// The items of failed statements, which are resent singly.
    singly: VecDeque<Item<O, W>>,
    /// How many of them are in flight.
    solo: usize,
    /// The senders of both: their other items wait.
    held: BTreeMap<Sender, Held>,
}

/// An item that is in flight by itself while others may wait behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Single {
    leader: u64,
    number: u64,
    sender: Sender,
}

#[derive(Default)]
struct Held {
    items: usize,
    running: bool,
}

/// A request that waits, as the coalescer sees it.
pub struct Item<O, W> {
    sender: Sender,
    envelope: Vec<u8>,
    turn: Turns<O, W>,
    /// Only ever dropped.
    _wake: W,
}

type Turns<O, W> = Rc<Cell<Option<Turn<O, W>>>>;

/// What a request does when it comes.
pub enum Entrance<O, W> {
    /// It sends its statement, and then those of the requests that have come meanwhile.
    Lead(Leader<O, W>),
    /// It waits.
    Wait,
    /// Too many wait already.
    Full,
}

/// What a waiting request is told.
pub enum Turn<O, W> {
    /// Its statement was sent with others and had this outcome.
    Decided(O),
    /// The shared statement failed, so it sends its own; its sender's other items wait until this is dropped.
    Solo(Solo<O, W>),
    /// It leads from now on, and sends its own statement first.
    Lead(Leader<O, W>),
}

/// A waiting request's claim to its turn.
pub struct Ticket<O, W>(Turns<O, W>);

impl<O, W> Ticket<O, W> {
    /// The turn, once the request has been woken; `None` if nothing is known about its statement.
    pub fn turn(self) -> Option<Turn<O, W>> {
        self.0.take()
    }
}

impl<O, W> Item<O, W> {
    /// Whether the request has ended: its client has gone, or its time was up.
    fn is_gone(&self) -> bool {
        Rc::strong_count(&self.turn) == 1
    }

    fn tell(self, turn: Turn<O, W>) {
        self.turn.set(Some(turn));
    }

    /// Tells the request the outcome of its statement.
    pub fn decide(self, outcome: O) {
        self.tell(Turn::Decided(outcome));
    }
}

impl<O, W> Clone for Coalescer<O, W> {
    fn clone(&self) -> Self {
        Coalescer(Rc::clone(&self.0))
    }
}

impl<O, W> Coalescer<O, W> {
    /// A coalescer without requests.
    pub fn new(bounds: Bounds) -> Coalescer<O, W> {
        Coalescer(Rc::new(RefCell::new(Queue {
            bounds,
            leader: None,
            leaders: 0,
            single: None,
            watched: false,
            waiting: VecDeque::new(),
            singly: VecDeque::new(),
            solo: 0,
            held: BTreeMap::new(),
        })))
    }

    /// Says what a request does when it comes.
    pub fn enter(&self, sender: Sender) -> Entrance<O, W> {
        let mut queue = self.0.borrow_mut();
        if queue.leader.is_none() && !queue.held.contains_key(&sender) {
            return Entrance::Lead(self.lead(&mut queue));
        }
        if queue.waiting.len() >= queue.bounds.waiting {
            queue.waiting.retain(|item| !item.is_gone());
        }
        if queue.waiting.len() < queue.bounds.waiting { Entrance::Wait } else { Entrance::Full }
    }

    /// Queues a request that has been told to wait.
    pub fn wait(&self, sender: Sender, envelope: Vec<u8>, wake: W) -> Ticket<O, W> {
        let turn = Rc::new(Cell::new(None));
        let item = Item { sender, envelope, turn: Rc::clone(&turn), _wake: wake };
        self.0.borrow_mut().waiting.push_back(item);
        Ticket(turn)
    }

    /// A watch over the single item in flight, if there is one and nothing watches it yet.
    pub fn watch(&self) -> Option<Watch<O, W>> {
        let mut queue = self.0.borrow_mut();
        let single = queue.single.filter(|_| !queue.watched)?;
        queue.watched = true;
        Some(Watch { coalescer: self.clone(), single })
    }

    fn lead(&self, queue: &mut Queue<O, W>) -> Leader<O, W> {
        queue.leaders += 1;
        queue.leader = Some(queue.leaders);
        queue.single = None;
        Leader { coalescer: self.clone(), number: queue.leaders, single: Cell::new(None) }
    }

    /// Makes the first item that may be sent the leader, if there is none.
    fn pass_on(&self) {
        let first = {
            let mut queue = self.0.borrow_mut();
            let first = if queue.leader.is_some() { None } else { queue.take(1).pop() };
            first.map(|item| (item, self.lead(&mut queue)))
        };
        // Outside the borrow: a request that has ended drops its turn.
        if let Some((item, lead)) = first {
            item.tell(Turn::Lead(lead));
        }
    }

    /// Ends an item that ran beside the leader's statement.
    fn end_solo(&self, sender: Sender) {
        {
            let mut queue = self.0.borrow_mut();
            queue.solo -= 1;
            queue.release(sender);
        }
        self.hand_out();
        self.pass_on();
    }

    /// Resends as many items singly as the bounds allow.
    fn hand_out(&self) {
        loop {
            let next = self.0.borrow_mut().next_solo();
            let Some(item) = next else { break };
            let solo = Solo { coalescer: self.clone(), sender: item.sender };
            item.tell(Turn::Solo(solo));
        }
    }
}

impl<O, W> Queue<O, W> {
    /// Takes out the first items that may go together: at most `most`, and within the bounds.
    fn take(&mut self, most: usize) -> Vec<Item<O, W>> {
        let most = most.min(self.bounds.items);
        let mut taken: Vec<Item<O, W>> = Vec::with_capacity(most.min(self.waiting.len()));
        let mut bytes = 0;
        let mut passed_over = Vec::new();
        while taken.len() < most {
            let Some(item) = self.waiting.pop_front() else { break };
            if item.is_gone() {
                continue;
            }
            if self.held.contains_key(&item.sender) {
                passed_over.push(item);
                continue;
            }
            bytes += item.envelope.len();
            if bytes > self.bounds.bytes && !taken.is_empty() {
                passed_over.push(item);
                break;
            }
            taken.push(item);
        }
        self.put_back(passed_over);
        taken
    }

    /// Puts items before all others, in their order.
    fn put_back(&mut self, items: Vec<Item<O, W>>) {
        for item in items.into_iter().rev() {
            self.waiting.push_front(item);
        }
    }

    /// The next item to resend singly; a sender has one of them in flight at a time.
    fn next_solo(&mut self) -> Option<Item<O, W>> {
        if self.solo >= self.bounds.solo {
            return None;
        }
        let may_run = |item: &Item<O, W>| self.held.get(&item.sender).is_some_and(|held| !held.running);
        let at = self.singly.iter().position(may_run)?;
        let item = self.singly.remove(at)?;
        self.held.entry(item.sender).or_default().running = true;
        self.solo += 1;
        Some(item)
    }

    /// Notes that one of a sender's items is no longer to be resent singly.
    fn release(&mut self, sender: Sender) {
        if let Some(held) = self.held.get_mut(&sender) {
            held.running = false;
            held.items -= 1;
            if held.items == 0 {
                self.held.remove(&sender);
            }
        }
    }
}

/// The right to send the coalescer's next statement. Dropping it passes it on to the next request that waits.
pub struct Leader<O, W> {
    coalescer: Coalescer<O, W>,
    number: u64,
    /// The item in flight, if it is one by itself.
    single: Cell<Option<Single>>,
}

impl<O, W> Leader<O, W> {
    /// Notes that a single item of this sender is in flight.
    pub fn goes_solo(&self, sender: Sender) {
        let mut queue = self.coalescer.0.borrow_mut();
        let number = self.single.get().map_or(0, |single| single.number + 1);
        let single = Single { leader: self.number, number, sender };
        self.single.set(Some(single));
        queue.single = Some(single);
    }

    /// The items that have come meanwhile, for the next statement; none if the lead has been taken.
    pub fn next(&self) -> Option<Batch<O, W>> {
        let items = {
            let mut queue = self.coalescer.0.borrow_mut();
            if queue.leader != Some(self.number) {
                return None;
            }
            queue.single = None;
            queue.take(usize::MAX)
        };
        if let [item] = items.as_slice() {
            self.goes_solo(item.sender);
        }
        (!items.is_empty()).then_some(Batch(items))
    }

    /// Whether requests wait for the next statement.
    pub fn is_awaited(&self) -> bool {
        let queue = self.coalescer.0.borrow();
        queue.leader == Some(self.number) && !queue.waiting.is_empty()
    }

    /// Puts the items that a statement deferred back, before all that have come since.
    pub fn requeue(&self, items: Vec<Item<O, W>>) {
        self.coalescer.0.borrow_mut().put_back(items);
    }

    /// Has each item of a failed statement sent again by its own request.
    pub fn resend_singly(&self, batch: Batch<O, W>) {
        {
            let mut queue = self.coalescer.0.borrow_mut();
            for item in &batch.0 {
                queue.held.entry(item.sender).or_default().items += 1;
            }
            queue.singly.extend(batch.0);
        }
        self.coalescer.hand_out();
    }
}

impl<O, W> Drop for Leader<O, W> {
    fn drop(&mut self) {
        let has_lead = {
            let mut queue = self.coalescer.0.borrow_mut();
            let has_lead = queue.leader == Some(self.number);
            if has_lead {
                (queue.leader, queue.single) = (None, None);
            }
            has_lead
        };
        match self.single.get() {
            // The leader was overtaken while it had this in flight.
            Some(single) if !has_lead => self.coalescer.end_solo(single.sender),
            _ => self.coalescer.pass_on(),
        }
    }
}

/// Looks after a single item in flight, so that the others do not wait for long behind a lock that only it needs.
pub struct Watch<O, W> {
    coalescer: Coalescer<O, W>,
    single: Single,
}

impl<O, W> Watch<O, W> {
    /// Takes the lead from a request that still has the same item in flight. Only that item's sender goes on waiting.
    pub fn overtake(&self) -> Option<Leader<O, W>> {
        let mut queue = self.coalescer.0.borrow_mut();
        if queue.single != Some(self.single) {
            return None;
        }
        let held = queue.held.entry(self.single.sender).or_default();
        (held.items, held.running) = (held.items + 1, true);
        queue.solo += 1;
        Some(self.coalescer.lead(&mut queue))
    }

    /// Watches the item that is in flight by now; false if it is not one by itself.
    pub fn go_on(&mut self) -> bool {
        let single = self.coalescer.0.borrow().single;
        self.single = single.unwrap_or(self.single);
        single.is_some()
    }
}

impl<O, W> Drop for Watch<O, W> {
    fn drop(&mut self) {
        self.coalescer.0.borrow_mut().watched = false;
    }
}

/// The right to send one item's own statement. Its sender's other items wait until this is dropped.
pub struct Solo<O, W> {
    coalescer: Coalescer<O, W>,
    sender: Sender,
}

impl<O, W> Drop for Solo<O, W> {
    fn drop(&mut self) {
        self.coalescer.end_solo(self.sender);
    }
}

/// The items of one statement.
pub struct Batch<O, W>(Vec<Item<O, W>>);

impl<O, W> Batch<O, W> {
    /// How many items there are: at least one.
    #[allow(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The parameter of the statement.
    pub fn text(&self) -> Vec<u8> {
        parameter(&self.0.iter().map(|item| item.envelope.as_slice()).collect::<Vec<_>>())
    }

    /// Its items, in their order.
    pub fn into_items(self) -> Vec<Item<O, W>> {
        self.0
    }
}

#[cfg(test)]
mod tests;
