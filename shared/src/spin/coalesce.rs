//! Requests that meet in an instance share a statement, and with it a commit.
//!
//! Whoever comes while no statement is in flight sends its own at once, as the [`Lead`]: a lone request waits for nothing
//! and nobody. Whoever comes meanwhile waits, and all who wait go together in the next statement, which is sent as soon as
//! the one before it is answered. So there is no timer, and the more there is to do, the more requests share a commit.
//!
//! What holds at any time:
//! * one statement of the group is in flight, and beside it those of items that are run one by one, or that have been
//!   overtaken because they took too long ([`Watch`]);
//! * what one sender asked for is decided in the order in which it came: a sender is a [`Lane`];
//! * every request that waits is told its [`Turn`], or is woken without one because whoever had it in hand is gone.
//!
//! Nothing here knows a runtime. A request that waits is woken by dropping its `W`.

use crate::rules::id::UserId;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

/// Whose order of arrival is kept: a sender.
pub type Lane = Option<UserId>;

/// How much goes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Items in one statement.
    pub items: usize,
    /// Bytes of their envelopes together; a single item may have more.
    pub bytes: usize,
    /// Items that wait.
    pub waiting: usize,
    /// Items that are run one by one at the same time.
    pub alone: usize,
}

/// The requests of one function in one instance. `O` is what a shared statement tells one of them, `W` wakes it.
pub struct Group<O, W>(Rc<RefCell<Queue<O, W>>>);

struct Queue<O, W> {
    bounds: Bounds,
    /// Who has the lead, if anybody has.
    leader: Option<u64>,
    /// How many have had it.
    leaders: u64,
    /// The item by itself that the leader has in flight.
    single: Option<Single>,
    /// Somebody watches how long that takes.
    watched: bool,
    /// In the order of arrival, those first that a statement put off.
    waiting: VecDeque<Item<O, W>>,
    /// What a failed statement left to be run one by one.
    one_by_one: VecDeque<Item<O, W>>,
    /// How many are being run one by one.
    alone: usize,
    /// The lanes of both: what else they have to send waits.
    held: BTreeMap<Lane, Held>,
}

/// An item that is in flight by itself while others may wait behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Single {
    leader: u64,
    number: u64,
    lane: Lane,
}

#[derive(Default)]
struct Held {
    items: usize,
    running: bool,
}

/// A request that waits, as the others see it.
pub struct Item<O, W> {
    lane: Lane,
    envelope: Vec<u8>,
    turn: Turns<O, W>,
    /// Only ever dropped.
    _wake: W,
}

type Turns<O, W> = Rc<Cell<Option<Turn<O, W>>>>;

/// What a request does that has come.
pub enum Entrance<O, W> {
    /// It sends its statement, and sees to those who have come meanwhile.
    Lead(Lead<O, W>),
    /// It waits.
    Wait,
    /// Too many wait already.
    Full,
}

/// What a request is told that waited.
pub enum Turn<O, W> {
    /// Its statement was sent with others, and this came of it.
    Decided(O),
    /// It sends its own statement, the shared one having failed; its lane waits until this is dropped.
    Alone(Alone<O, W>),
    /// As if it had just come and nobody else were there.
    Lead(Lead<O, W>),
}

/// A request that waits, as it sees itself.
pub struct Ticket<O, W>(Turns<O, W>);

impl<O, W> Ticket<O, W> {
    /// The turn, once the request has been woken; `None` if nothing is known about its statement.
    pub fn turn(self) -> Option<Turn<O, W>> {
        self.0.take()
    }
}

impl<O, W> Item<O, W> {
    /// The request has gone: its client has, or its time was up.
    fn is_gone(&self) -> bool {
        Rc::strong_count(&self.turn) == 1
    }

    fn tell(self, turn: Turn<O, W>) {
        self.turn.set(Some(turn));
    }

    /// Tells the request what came of its statement.
    pub fn decide(self, outcome: O) {
        self.tell(Turn::Decided(outcome));
    }
}

impl<O, W> Clone for Group<O, W> {
    fn clone(&self) -> Self {
        Group(Rc::clone(&self.0))
    }
}

impl<O, W> Group<O, W> {
    /// A group without requests.
    pub fn new(bounds: Bounds) -> Group<O, W> {
        Group(Rc::new(RefCell::new(Queue {
            bounds,
            leader: None,
            leaders: 0,
            single: None,
            watched: false,
            waiting: VecDeque::new(),
            one_by_one: VecDeque::new(),
            alone: 0,
            held: BTreeMap::new(),
        })))
    }

    /// Says what a request does that has come.
    pub fn enter(&self, lane: Lane) -> Entrance<O, W> {
        let mut queue = self.0.borrow_mut();
        if queue.leader.is_none() && !queue.held.contains_key(&lane) {
            return Entrance::Lead(self.lead(&mut queue));
        }
        if queue.waiting.len() >= queue.bounds.waiting {
            queue.waiting.retain(|item| !item.is_gone());
        }
        if queue.waiting.len() < queue.bounds.waiting { Entrance::Wait } else { Entrance::Full }
    }

    /// Lets a request wait that has been told to.
    pub fn wait(&self, lane: Lane, envelope: Vec<u8>, wake: W) -> Ticket<O, W> {
        let turn = Rc::new(Cell::new(None));
        let item = Item { lane, envelope, turn: Rc::clone(&turn), _wake: wake };
        self.0.borrow_mut().waiting.push_back(item);
        Ticket(turn)
    }

    /// The duty to look after the item by itself that is in flight, if there is one and nobody has it yet.
    pub fn watch(&self) -> Option<Watch<O, W>> {
        let mut queue = self.0.borrow_mut();
        let single = queue.single.filter(|_| !queue.watched)?;
        queue.watched = true;
        Some(Watch { group: self.clone(), single })
    }

    fn lead(&self, queue: &mut Queue<O, W>) -> Lead<O, W> {
        queue.leaders += 1;
        queue.leader = Some(queue.leaders);
        queue.single = None;
        Lead { group: self.clone(), number: queue.leaders, single: Cell::new(None) }
    }

    /// Gives the lead to the first who may have it, if nobody has.
    fn pass_on(&self) {
        let first = {
            let mut queue = self.0.borrow_mut();
            let first = if queue.leader.is_some() { None } else { queue.take(1).pop() };
            first.map(|item| (item, self.lead(&mut queue)))
        };
        // Outside the borrow: a request that has gone drops its turn.
        if let Some((item, lead)) = first {
            item.tell(Turn::Lead(lead));
        }
    }

    /// An item that ran beside the leader's statement is done with.
    fn end_alone(&self, lane: Lane) {
        {
            let mut queue = self.0.borrow_mut();
            queue.alone -= 1;
            queue.release(lane);
        }
        self.hand_out();
        self.pass_on();
    }

    /// Starts as many items one by one as may run.
    fn hand_out(&self) {
        loop {
            let next = self.0.borrow_mut().next_alone();
            let Some(item) = next else { break };
            let alone = Alone { group: self.clone(), lane: item.lane };
            item.tell(Turn::Alone(alone));
        }
    }
}

impl<O, W> Queue<O, W> {
    /// Takes the first items out that may go together, as many as the bounds allow, and at most `most`.
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
            if self.held.contains_key(&item.lane) {
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

    /// The next item to be run one by one: of a lane, one after the other.
    fn next_alone(&mut self) -> Option<Item<O, W>> {
        if self.alone >= self.bounds.alone {
            return None;
        }
        let may_run = |item: &Item<O, W>| self.held.get(&item.lane).is_some_and(|held| !held.running);
        let at = self.one_by_one.iter().position(may_run)?;
        let item = self.one_by_one.remove(at)?;
        self.held.entry(item.lane).or_default().running = true;
        self.alone += 1;
        Some(item)
    }

    /// One item of a lane less is to be run one by one.
    fn release(&mut self, lane: Lane) {
        if let Some(held) = self.held.get_mut(&lane) {
            held.running = false;
            held.items -= 1;
            if held.items == 0 {
                self.held.remove(&lane);
            }
        }
    }
}

/// The right to send the group's next statement. Whoever drops it passes it on to the next who waits.
pub struct Lead<O, W> {
    group: Group<O, W>,
    number: u64,
    /// What is in flight, if it is one item by itself.
    single: Cell<Option<Single>>,
}

impl<O, W> Lead<O, W> {
    /// Says that an item goes by itself.
    pub fn goes_alone(&self, lane: Lane) {
        let mut queue = self.group.0.borrow_mut();
        let number = self.single.get().map_or(0, |single| single.number + 1);
        let single = Single { leader: self.number, number, lane };
        self.single.set(Some(single));
        queue.single = Some(single);
    }

    /// Those who have come meanwhile, for the next statement; nobody if the lead has been taken.
    pub fn next(&self) -> Option<Batch<O, W>> {
        let items = {
            let mut queue = self.group.0.borrow_mut();
            if queue.leader != Some(self.number) {
                return None;
            }
            queue.single = None;
            queue.take(usize::MAX)
        };
        if let [item] = items.as_slice() {
            self.goes_alone(item.lane);
        }
        (!items.is_empty()).then_some(Batch(items))
    }

    /// Whether anybody waits for it to be used.
    pub fn is_awaited(&self) -> bool {
        let queue = self.group.0.borrow();
        queue.leader == Some(self.number) && !queue.waiting.is_empty()
    }

    /// Lets items wait again that a statement has put off, before all who have come since.
    pub fn put_off(&self, items: Vec<Item<O, W>>) {
        self.group.0.borrow_mut().put_back(items);
    }

    /// Has the items of a failed statement sent again, each by its own request.
    pub fn one_by_one(&self, batch: Batch<O, W>) {
        {
            let mut queue = self.group.0.borrow_mut();
            for item in &batch.0 {
                queue.held.entry(item.lane).or_default().items += 1;
            }
            queue.one_by_one.extend(batch.0);
        }
        self.group.hand_out();
    }
}

impl<O, W> Drop for Lead<O, W> {
    fn drop(&mut self) {
        let has_lead = {
            let mut queue = self.group.0.borrow_mut();
            let has_lead = queue.leader == Some(self.number);
            if has_lead {
                (queue.leader, queue.single) = (None, None);
            }
            has_lead
        };
        match self.single.get() {
            // It was overtaken while it had this in flight.
            Some(single) if !has_lead => self.group.end_alone(single.lane),
            _ => self.group.pass_on(),
        }
    }
}

/// The duty to see to it that nobody waits for long behind one item that is in flight by itself: a lock may hold it up
/// that is nothing to the others.
pub struct Watch<O, W> {
    group: Group<O, W>,
    single: Single,
}

impl<O, W> Watch<O, W> {
    /// Takes the lead from whoever has still the same item in flight. Only its lane goes on waiting for it.
    pub fn overtake(&self) -> Option<Lead<O, W>> {
        let mut queue = self.group.0.borrow_mut();
        if queue.single != Some(self.single) {
            return None;
        }
        let held = queue.held.entry(self.single.lane).or_default();
        (held.items, held.running) = (held.items + 1, true);
        queue.alone += 1;
        Some(self.group.lead(&mut queue))
    }

    /// Goes on with the item that is in flight by now, if it is one by itself.
    pub fn go_on(&mut self) -> bool {
        let single = self.group.0.borrow().single;
        self.single = single.unwrap_or(self.single);
        single.is_some()
    }
}

impl<O, W> Drop for Watch<O, W> {
    fn drop(&mut self) {
        self.group.0.borrow_mut().watched = false;
    }
}

/// The right to send one item's own statement. Its lane waits until this is dropped.
pub struct Alone<O, W> {
    group: Group<O, W>,
    lane: Lane,
}

impl<O, W> Drop for Alone<O, W> {
    fn drop(&mut self) {
        self.group.end_alone(self.lane);
    }
}

/// What goes together in one statement.
pub struct Batch<O, W>(Vec<Item<O, W>>);

impl<O, W> Batch<O, W> {
    /// How many items there are; never none.
    #[allow(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The parameter of the statement: of one item its envelope as it is, of several an array of theirs.
    pub fn text(&self) -> Vec<u8> {
        if let [item] = self.0.as_slice() {
            return item.envelope.clone();
        }
        let length = self.0.iter().map(|item| item.envelope.len() + 1).sum::<usize>() + 1;
        let mut text = Vec::with_capacity(length);
        for item in &self.0 {
            text.push(if text.is_empty() { b'[' } else { b',' });
            text.extend_from_slice(&item.envelope);
        }
        text.push(b']');
        text
    }

    /// Its items, in their order.
    pub fn into_items(self) -> Vec<Item<O, W>> {
        self.0
    }
}

#[cfg(test)]
mod tests;
