use super::*;
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeSet;
use uuid::Uuid;

const BOUNDS: Bounds = Bounds { items: 4, bytes: 40, waiting: 8, solo: 2 };

/// Says when it is dropped, which is how a request is woken.
struct Wake(Rc<Cell<bool>>);

impl Drop for Wake {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

type TestCoalescer = Coalescer<u32, Wake>;
type TestLeader = Leader<u32, Wake>;

/// A request that waits.
struct Waiting {
    ticket: Ticket<u32, Wake>,
    woken: Rc<Cell<bool>>,
}

impl Waiting {
    /// The turn of a request that has been woken.
    fn turn(self) -> Option<Turn<u32, Wake>> {
        assert!(self.woken.get(), "it has a turn only once it has been woken");
        self.ticket.turn()
    }

    fn decided(self) -> u32 {
        match self.turn() {
            Some(Turn::Decided(outcome)) => outcome,
            other => panic!("{}", name(&other)),
        }
    }

    fn solo(self) -> Solo<u32, Wake> {
        match self.turn() {
            Some(Turn::Solo(solo)) => solo,
            other => panic!("{}", name(&other)),
        }
    }

    fn lead(self) -> TestLeader {
        match self.turn() {
            Some(Turn::Lead(lead)) => lead,
            other => panic!("{}", name(&other)),
        }
    }
}

fn name(turn: &Option<Turn<u32, Wake>>) -> &'static str {
    match turn {
        None => "nothing",
        Some(Turn::Decided(_)) => "decided",
        Some(Turn::Solo(_)) => "solo",
        Some(Turn::Lead(_)) => "lead",
    }
}

fn sender(number: u8) -> Sender {
    Some(UserId::from(Uuid::from_u128(number.into())))
}

fn lead(coalescer: &TestCoalescer, number: u8) -> TestLeader {
    match coalescer.enter(sender(number)) {
        Entrance::Lead(lead) => lead,
        _ => panic!("nobody leads"),
    }
}

fn wait(coalescer: &TestCoalescer, number: u8, envelope: &str) -> Waiting {
    assert!(matches!(coalescer.enter(sender(number)), Entrance::Wait));
    let woken = Rc::new(Cell::new(false));
    let ticket = coalescer.wait(sender(number), envelope.into(), Wake(Rc::clone(&woken)));
    Waiting { ticket, woken }
}

fn text(lead: &TestLeader) -> (Batch<u32, Wake>, String) {
    let batch = lead.next().unwrap();
    let text = String::from_utf8(batch.text()).unwrap();
    (batch, text)
}

#[test]
fn a_lone_request_goes_at_once_and_the_next_one_too() {
    let coalescer = TestCoalescer::new(BOUNDS);
    for _ in 0..3 {
        let lead = lead(&coalescer, 1);
        assert!(!lead.is_awaited() && lead.next().is_none());
    }
}

#[test]
fn those_who_meet_go_together_in_their_order_and_each_gets_its_own_outcome() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let lead = lead(&coalescer, 1);
    let waiting: Vec<_> = [(1, "a"), (2, "b"), (1, "c")].map(|(number, text)| wait(&coalescer, number, text)).into();
    assert!(lead.is_awaited());
    let (batch, text) = text(&lead);
    assert_eq!((batch.len(), text.as_str()), (3, "[a,b,c]"));
    assert!(waiting.iter().all(|waiting| !waiting.woken.get()));
    for (item, outcome) in batch.into_items().into_iter().zip(1..) {
        item.decide(outcome);
    }
    assert_eq!(waiting.into_iter().map(Waiting::decided).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(lead.next().is_none());
}

#[test]
fn one_alone_is_sent_as_it_is() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let lead = lead(&coalescer, 1);
    let _waiting = wait(&coalescer, 2, "{}");
    assert_eq!(text(&lead).1, "{}");
}

#[test]
fn a_statement_has_so_many_items_and_bytes_and_no_more() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let lead = lead(&coalescer, 1);
    let large = "x".repeat(30);
    let huge = "y".repeat(50);
    let _waiting: Vec<_> =
        ["a", "b", "c", "d", "e", &large, &large, &huge].map(|text| wait(&coalescer, 2, text)).into();
    let sizes: Vec<_> = std::iter::from_fn(|| lead.next()).map(|batch| batch.len()).collect();
    // Four items; 1 + 30 bytes; 30 bytes; and one that has too many by itself.
    assert_eq!(sizes, [4, 2, 1, 1]);
}

#[test]
fn beyond_the_limit_nobody_waits_unless_somebody_has_gone() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let _lead = lead(&coalescer, 1);
    let mut waiting: Vec<_> = (0..8).map(|_| wait(&coalescer, 1, "a")).collect();
    assert!(matches!(coalescer.enter(sender(2)), Entrance::Full));
    drop(waiting.remove(3));
    assert!(matches!(coalescer.enter(sender(2)), Entrance::Wait));
}

#[test]
fn who_has_gone_is_not_sent() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let lead = lead(&coalescer, 1);
    let mut waiting: Vec<_> = ["a", "b", "c"].map(|text| wait(&coalescer, 1, text)).into();
    drop(waiting.remove(1));
    assert_eq!(text(&lead).1, "[a,c]");
    drop(waiting);
    assert!(lead.next().is_none());
}

#[test]
fn what_was_requeued_goes_before_what_has_come_since() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let lead = lead(&coalescer, 1);
    let _waiting: Vec<_> = ["a", "b", "c"].map(|text| wait(&coalescer, 1, text)).into();
    let (batch, _) = text(&lead);
    let _later = wait(&coalescer, 1, "d");
    let mut items = batch.into_items();
    items.remove(0).decide(1);
    lead.requeue(items);
    assert_eq!(text(&lead).1, "[b,c,d]");
}

#[test]
fn the_items_of_a_failed_statement_run_by_themselves_each_sender_in_its_order() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let lead = lead(&coalescer, 1);
    let [one, again, two, three] = [(1, "a"), (1, "b"), (2, "c"), (3, "d")].map(|(n, text)| wait(&coalescer, n, text));
    let (batch, _) = text(&lead);
    lead.resend_singly(batch);
    // Two at the same time, of different senders.
    assert!(one.woken.get() && two.woken.get() && !again.woken.get() && !three.woken.get());
    let (one, two) = (one.solo(), two.solo());
    // Their senders wait, also those of items that have not begun; the others go on.
    let held = [1, 2, 3].map(|number| wait(&coalescer, number, "held"));
    let free = wait(&coalescer, 4, "free");
    assert_eq!(text(&lead).1, "free");
    drop(two);
    assert!(three.woken.get() && !again.woken.get());
    assert_eq!(text(&lead).1, "held");
    drop(one);
    assert!(again.woken.get());
    let (again, three) = (again.solo(), three.solo());
    assert!(lead.next().is_none());
    drop(again);
    drop(three);
    assert_eq!(text(&lead).1, "[held,held]");
    drop((held, free));
}

#[test]
fn a_failed_item_whose_request_has_gone_holds_up_nobody() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let lead = lead(&coalescer, 1);
    let [gone, next] = ["a", "b"].map(|text| wait(&coalescer, 1, text));
    let (batch, _) = text(&lead);
    drop(gone);
    lead.resend_singly(batch);
    drop(next.solo());
    assert!(matches!(coalescer.enter(sender(2)), Entrance::Wait));
    drop(lead);
    assert!(matches!(coalescer.enter(sender(1)), Entrance::Lead(_)));
}

#[test]
fn a_lead_that_ends_early_is_passed_on() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let first = lead(&coalescer, 1);
    let [in_flight, gone, next] = ["a", "b", "c"].map(|text| wait(&coalescer, 1, text));
    let batch = {
        let mut items = first.next().unwrap().into_items();
        first.requeue(items.split_off(1));
        Batch(items)
    };
    drop(gone);
    // The task that has a statement in flight is cancelled.
    drop((batch, first));
    assert!(in_flight.turn().is_none(), "nobody knows what came of it");
    let second = next.lead();
    assert!(matches!(coalescer.enter(sender(2)), Entrance::Wait));
    drop(second);
    assert!(matches!(coalescer.enter(sender(2)), Entrance::Lead(_)));
}

#[test]
fn a_lead_that_nobody_takes_is_passed_on() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let first = lead(&coalescer, 1);
    let [one, other] = [1, 2].map(|number| wait(&coalescer, number, "a"));
    drop(first);
    assert!(one.woken.get() && !other.woken.get());
    drop(one);
    assert!(other.woken.get());
    drop(other.lead());
}

#[test]
fn the_lead_comes_back_when_a_sender_is_free_again() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let lead = lead(&coalescer, 1);
    let failed = [1, 2].map(|number| wait(&coalescer, number, "a"));
    let (batch, _) = text(&lead);
    lead.resend_singly(batch);
    let [one, two] = failed.map(Waiting::solo);
    let held = wait(&coalescer, 1, "b");
    assert!(lead.next().is_none());
    drop(lead);
    assert!(matches!(coalescer.enter(sender(3)), Entrance::Lead(_)), "a sender that is free need not wait");
    drop(two);
    assert!(!held.woken.get());
    drop(one);
    drop(held.lead());
}

#[test]
fn an_item_by_itself_that_takes_too_long_is_overtaken_by_all_but_its_sender() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let slow = lead(&coalescer, 1);
    slow.goes_solo(sender(1));
    let watch = coalescer.watch().unwrap();
    assert!(coalescer.watch().is_none(), "one watches");
    let [same, other, another] = [(1, "same"), (2, "a"), (3, "b")].map(|(number, text)| wait(&coalescer, number, text));
    let fast = watch.overtake().unwrap();
    assert!(watch.overtake().is_none(), "nobody waits for it any more");
    assert_eq!(text(&fast).1, "[a,b]");
    assert!(!slow.is_awaited() && slow.next().is_none(), "it has no say any more");
    assert!(fast.next().is_none());
    drop(fast);
    assert!(!same.woken.get());
    drop(slow);
    drop(same.lead());
    drop((other, another));
}

#[test]
fn an_overtaken_item_that_fails_is_run_again_before_the_others_of_its_sender() {
    let coalescer = TestCoalescer::new(BOUNDS);
    let slow = lead(&coalescer, 1);
    let failing = wait(&coalescer, 2, "failing");
    let batch = slow.next().unwrap();
    let later = wait(&coalescer, 2, "later");
    let fast = coalescer.watch().unwrap().overtake().unwrap();
    slow.resend_singly(batch);
    assert!(!failing.woken.get(), "the sender is still held");
    drop(slow);
    let failing = failing.solo();
    assert!(fast.next().is_none());
    drop(failing);
    assert_eq!(text(&fast).1, "later");
    drop(later);
}

#[test]
fn what_is_shared_or_done_is_not_overtaken() {
    let coalescer = TestCoalescer::new(BOUNDS);
    assert!(coalescer.watch().is_none());
    let lead = lead(&coalescer, 1);
    lead.goes_solo(sender(1));
    let mut watch = coalescer.watch().unwrap();
    let mut waiting = vec![wait(&coalescer, 2, "a")];
    let one = lead.next().unwrap();
    assert!(watch.overtake().is_none(), "that was another");
    assert!(watch.go_on());
    waiting.extend([1, 3].map(|number| wait(&coalescer, number, "b")));
    drop(one);
    let both = lead.next().unwrap();
    assert!(watch.overtake().is_none() && !watch.go_on());
    drop(watch);
    assert!(coalescer.watch().is_none());
    drop((both, lead, waiting));
}

/// What may happen next.
#[derive(Clone, Debug)]
enum Step {
    /// A request of this sender comes, with an envelope of so many bytes.
    Come(u8, usize),
    /// One of those that wait goes away.
    Leave(prop::sample::Index),
    /// The leader's statement is answered: those of these items that may be are deferred, and the next is sent.
    Answer(Vec<bool>),
    /// It fails, and its items are resent singly.
    Fail,
    /// Its task is cancelled.
    Cancel,
    /// It takes too long.
    Overtake,
    /// What was overtaken is answered after all, or has failed.
    Late(prop::sample::Index, bool),
    /// One of those that run by themselves is done.
    Done(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_u8, 0..30_usize).prop_map(|(sender, bytes)| Step::Come(sender, bytes)),
        1 => any::<prop::sample::Index>().prop_map(Step::Leave),
        3 => vec(any::<bool>(), BOUNDS.items).prop_map(Step::Answer),
        1 => Just(Step::Fail),
        1 => Just(Step::Cancel),
        1 => Just(Step::Overtake),
        2 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(index, fails)| Step::Late(index, fails)),
        3 => any::<prop::sample::Index>().prop_map(Step::Done),
    ]
}

/// A world in which requests come and go. Each has a number, in the order of arrival.
struct World {
    coalescer: TestCoalescer,
    arrivals: usize,
    senders: Vec<u8>,
    waiting: Vec<(usize, Waiting)>,
    /// Who leads, and what its statement holds: at first itself.
    leading: Option<(TestLeader, Statement)>,
    /// Whoever led and was overtaken.
    overtaken: Vec<(TestLeader, Statement)>,
    /// Who runs by itself.
    solo: Vec<(usize, Solo<u32, Wake>)>,
    /// Who has gone or got no answer.
    lost: BTreeSet<usize>,
    decided: Vec<usize>,
}

enum Statement {
    Own(usize),
    Shared(Batch<u32, Wake>),
}

/// The number of an item, which its envelope begins with.
fn number(item: &Item<u32, Wake>) -> usize {
    String::from_utf8_lossy(&item.envelope).trim_end_matches('.').parse().unwrap()
}

impl World {
    fn new() -> World {
        World {
            coalescer: TestCoalescer::new(BOUNDS),
            arrivals: 0,
            senders: Vec::new(),
            waiting: Vec::new(),
            leading: None,
            overtaken: Vec::new(),
            solo: Vec::new(),
            lost: BTreeSet::new(),
            decided: Vec::new(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Come(number, bytes) => self.come(number, bytes),
            Step::Leave(index) if !self.waiting.is_empty() => {
                let (number, _) = self.waiting.remove(index.index(self.waiting.len()));
                self.lost.insert(number);
            }
            Step::Answer(deferred) => self.answer(&deferred),
            Step::Fail => self.fail(),
            Step::Cancel => {
                if let Some((lead, statement)) = self.leading.take() {
                    self.cancel(statement);
                    drop(lead);
                }
            }
            Step::Overtake => {
                if let Some(lead) = self.coalescer.watch().and_then(|watch| watch.overtake()) {
                    self.overtaken.extend(self.leading.take());
                    self.next(lead);
                }
            }
            Step::Late(index, fails) if !self.overtaken.is_empty() => {
                let (lead, statement) = self.overtaken.remove(index.index(self.overtaken.len()));
                self.late(lead, statement, fails);
            }
            Step::Done(index) if !self.solo.is_empty() => {
                let (number, solo) = self.solo.remove(index.index(self.solo.len()));
                self.decide(number);
                drop(solo);
            }
            Step::Leave(_) | Step::Done(_) | Step::Late(..) => {}
        }
        self.wake();
        self.check();
    }

    /// Whose task is cancelled is lost; the other requests in a statement find out when they are woken.
    fn cancel(&mut self, statement: Statement) {
        if let Statement::Own(number) = statement {
            self.lost.insert(number);
        }
    }

    fn late(&mut self, lead: TestLeader, statement: Statement, fails: bool) {
        match statement {
            Statement::Own(number) => self.decide(number),
            Statement::Shared(batch) if fails => lead.resend_singly(batch),
            Statement::Shared(batch) => {
                for item in batch.into_items() {
                    let number = number(&item);
                    item.decide(number as u32);
                }
            }
        }
        assert!(lead.next().is_none());
    }

    fn come(&mut self, number: u8, bytes: usize) {
        let arrival = self.arrivals;
        match self.coalescer.enter(sender(number)) {
            Entrance::Lead(lead) => {
                assert!(self.leading.is_none(), "one leads");
                lead.goes_solo(sender(number));
                self.leading = Some((lead, Statement::Own(arrival)));
            }
            Entrance::Wait => {
                let woken = Rc::new(Cell::new(false));
                let envelope = format!("{arrival}{}", ".".repeat(bytes)).into_bytes();
                let ticket = self.coalescer.wait(sender(number), envelope, Wake(Rc::clone(&woken)));
                self.waiting.push((arrival, Waiting { ticket, woken }));
            }
            Entrance::Full => {
                assert!(self.waiting.len() >= BOUNDS.waiting);
                return;
            }
        }
        self.senders.push(number);
        self.arrivals += 1;
    }

    fn answer(&mut self, deferred: &[bool]) {
        let Some((lead, statement)) = self.leading.take() else { return };
        match statement {
            Statement::Own(number) => self.decide(number),
            Statement::Shared(batch) => {
                let mut later = Vec::new();
                let mut senders = BTreeSet::new();
                for (at, item) in batch.into_items().into_iter().enumerate() {
                    // As the database does: never the first, and all of a sender that come after one of it.
                    if (at > 0 && deferred[at]) || senders.contains(&item.sender) {
                        senders.insert(item.sender);
                        later.push(item);
                    } else {
                        let number = number(&item);
                        item.decide(number as u32);
                    }
                }
                lead.requeue(later);
            }
        }
        self.next(lead);
    }

    fn fail(&mut self) {
        match self.leading.take() {
            Some((lead, Statement::Shared(batch))) => {
                lead.resend_singly(batch);
                self.next(lead);
            }
            other => self.leading = other,
        }
    }

    fn next(&mut self, lead: TestLeader) {
        if let Some(batch) = lead.next() {
            assert!((1..=BOUNDS.items).contains(&batch.len()));
            assert!(batch.len() == 1 || batch.0.iter().map(|item| item.envelope.len()).sum::<usize>() <= BOUNDS.bytes);
            assert!(batch.0.iter().all(|item| !self.lost.contains(&number(item))), "who has gone is not sent");
            self.leading = Some((lead, Statement::Shared(batch)));
        }
    }

    /// Lets everybody act who has been woken, until nobody is left who has.
    fn wake(&mut self) {
        while let Some(at) = self.waiting.iter().position(|(_, waiting)| waiting.woken.get()) {
            let (number, waiting) = self.waiting.remove(at);
            match waiting.turn() {
                None => drop(self.lost.insert(number)),
                Some(Turn::Decided(outcome)) => {
                    assert_eq!(outcome as usize, number, "an answer never reaches another request");
                    self.decide(number);
                }
                Some(Turn::Solo(solo)) => self.solo.push((number, solo)),
                Some(Turn::Lead(lead)) => {
                    assert!(self.leading.is_none(), "one leads");
                    lead.goes_solo(sender(self.senders[number]));
                    self.leading = Some((lead, Statement::Own(number)));
                }
            }
        }
    }

    fn decide(&mut self, number: usize) {
        self.decided.push(number);
    }

    fn check(&self) {
        assert!(self.solo.len() <= BOUNDS.solo);
        assert!(self.leading.is_some() || self.waiting.is_empty() || self.solo.len() + self.overtaken.len() > 0);
        // What runs at the same time is of different senders.
        let mut running: Vec<u8> = self.solo.iter().map(|(number, _)| self.senders[*number]).collect();
        for (_, statement) in self.leading.iter().chain(&self.overtaken) {
            match statement {
                Statement::Own(number) => running.push(self.senders[*number]),
                Statement::Shared(batch) => {
                    running.extend(batch.0.iter().map(|item| self.senders[number(item)]).collect::<BTreeSet<_>>());
                }
            }
        }
        assert_eq!(running.iter().collect::<BTreeSet<_>>().len(), running.len(), "{running:?}");
    }

    /// Answers whatever is still asked.
    fn finish(mut self) {
        while self.leading.is_some() || !self.solo.is_empty() || !self.overtaken.is_empty() {
            for (lead, statement) in std::mem::take(&mut self.overtaken) {
                self.late(lead, statement, false);
            }
            self.wake();
            self.answer(&[false; BOUNDS.items]);
            self.wake();
            for (number, solo) in std::mem::take(&mut self.solo) {
                self.decide(number);
                drop(solo);
            }
            self.wake();
        }
        assert!(self.waiting.is_empty(), "nobody waits for ever");
        assert_eq!(self.decided.len() + self.lost.len(), self.arrivals, "everybody is told once");
        for sender in 0..4 {
            let of_sender: Vec<_> = self.decided.iter().filter(|number| self.senders[**number] == sender).collect();
            assert!(of_sender.is_sorted(), "the order of a sender: {of_sender:?}");
        }
        let queue = self.coalescer.0.borrow();
        assert!(
            queue.leader.is_none() && queue.single.is_none() && queue.waiting.is_empty() && queue.singly.is_empty()
        );
        assert!(queue.solo == 0 && queue.held.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_happens_each_is_told_once_and_senders_keep_their_order(steps in vec(step(), 0..80)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.finish();
    }
}
