//! Clients that send by the clock, whatever became of their last request.
//!
//! A request's time counts from the moment at which it was due. So a server that stands still for a second is charged
//! for all the requests that were due in it, and not only for those that happened to be under way.

use super::{
    connection::{Connection, open_many},
    figures::{Figures, Tally, percentile_ms},
    requests::Random,
    system::memory_mib,
};
use anyhow::Result;
use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::task::LocalSet;

/// How long after the end requests may still be sent and answered; what is not answered then is an error.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often the memory of the server is looked at.
const SAMPLE: Duration = Duration::from_secs(1);

/// A request that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Microseconds from the start.
    pub at: u32,
    /// Which of the requests.
    pub request: u32,
}

/// What one connection sends, in the order of time.
#[derive(Clone, Debug)]
pub struct Lane {
    /// What is due.
    pub due: Vec<Due>,
    /// With whose requests it is counted: the place in [`Outcome::figures`].
    pub group: usize,
}

/// Moments that are spread over `length`: one in each stretch of `interval`, at random within it, so that so many clients
/// neither march in step nor change their rate.
pub fn moments(interval: Duration, length: Duration, random: &mut Random) -> Vec<u32> {
    let (interval, length) = (interval.as_micros() as f64, length.as_micros() as f64);
    let times = (0..).map(|turn| (f64::from(turn) + random.share()) * interval);
    // Only the last stretch may reach beyond the end.
    let stretches = (length / interval).ceil() as usize;
    times.take(stretches).filter(|&at| at < length).map(|at| at as u32).collect()
}

/// What a run showed.
#[derive(Debug)]
pub struct Outcome {
    /// Of each group of lanes. What was due and not answered is among the errors.
    pub figures: Vec<Figures>,
    /// Of all together.
    pub all: Figures,
    /// 99 of 100 requests that had no other before them on their connection were sent at most so much too late: by the
    /// load generator, then, and not by the server.
    pub late_p99_ms: f64,
    /// The server's memory in MiB, once a second.
    pub memory: Vec<f64>,
    /// The first answer other than 200 and 201, or the first failure.
    pub first_error: Option<String>,
}

/// Connections to one server, one for each lane.
#[derive(Debug)]
pub struct Lanes {
    address: Rc<str>,
    requests: Rc<[Vec<u8>]>,
    connections: Vec<Option<Connection>>,
    answered: u64,
}

impl Lanes {
    /// For requests to `host:port`.
    pub fn new(address: &str, requests: Vec<Vec<u8>>) -> Lanes {
        Lanes { address: address.into(), requests: requests.into(), connections: Vec::new(), answered: 0 }
    }

    /// How many requests were done (200 or 201) so far.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// Opens the connections that so many lanes lack. Each sends the request that `first` says once.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub async fn open(&mut self, number: usize, first: impl Fn(usize) -> usize) -> Result<()> {
        self.connections.resize_with(number, || None);
        let missing: Vec<_> = (0..number).filter(|&lane| self.connections[lane].is_none()).collect();
        let request = |turn: usize| self.requests[first(missing[turn])].as_slice();
        let (connections, answered) = open_many(&self.address, missing.len(), request).await?;
        self.answered += answered;
        for (lane, connection) in missing.into_iter().zip(connections) {
            self.connections[lane] = Some(connection);
        }
        Ok(())
    }

    /// Sends what is due in these lanes within `length`, and looks at the memory of the process `pid` meanwhile.
    ///
    /// # Errors
    /// When the lanes' connections are not open.
    pub async fn run(&mut self, lanes: Vec<Lane>, length: Duration, pid: u32) -> Result<Outcome> {
        let groups = lanes.iter().map(|lane| lane.group + 1).max().unwrap_or(0);
        let mut due_in_group = vec![0; groups];
        for lane in &lanes {
            due_in_group[lane.group] += lane.due.len() as u64;
        }
        let tallies: Vec<_> = (0..groups).map(|_| Rc::new(RefCell::new(Tally::default()))).collect();
        let late = Rc::new(RefCell::new(Vec::new()));
        let memory = Rc::new(RefCell::new(Vec::new()));
        let connections = Rc::new(RefCell::new(std::mem::take(&mut self.connections)));
        let begun = Instant::now();
        let set = LocalSet::new();
        set.spawn_local(watch_memory(pid, begun + length, Rc::clone(&memory)));
        for (number, lane) in lanes.into_iter().enumerate() {
            let worker = Worker {
                number,
                begun,
                address: Rc::clone(&self.address),
                requests: Rc::clone(&self.requests),
                connections: Rc::clone(&connections),
                tally: Rc::clone(&tallies[lane.group]),
                late: Rc::clone(&late),
            };
            set.spawn_local(worker.work(lane.due));
        }
        // Who is still at work then is counted by what is missing, and its connection is given up.
        let _ = tokio::time::timeout(length + PATIENCE, set).await;
        self.connections = connections.take();

        let mut outcome = Outcome {
            figures: Vec::with_capacity(groups),
            all: Figures::of(Vec::new(), 0, length),
            late_p99_ms: sorted_p99(late.take()),
            memory: memory.take(),
            first_error: None,
        };
        let mut all = Vec::new();
        for (tally, due) in tallies.iter().zip(&due_in_group) {
            let tally = tally.take();
            all.extend_from_slice(&tally.latencies);
            let errors = due - tally.latencies.len() as u64;
            outcome.first_error = outcome.first_error.or(tally.first_error);
            outcome.figures.push(Figures::of(tally.latencies, errors, length));
        }
        self.answered += all.len() as u64;
        let errors = due_in_group.iter().sum::<u64>() - all.len() as u64;
        outcome.all = Figures::of(all, errors, length);
        if errors > 0 && outcome.first_error.is_none() {
            outcome.first_error = Some(format!("no answer within {} s of the end", PATIENCE.as_secs()));
        }
        Ok(outcome)
    }
}

fn sorted_p99(mut values: Vec<u32>) -> f64 {
    values.sort_unstable();
    percentile_ms(&values, 0.99)
}

async fn watch_memory(pid: u32, end: Instant, samples: Rc<RefCell<Vec<f64>>>) {
    while Instant::now() < end {
        if let Some(mib) = memory_mib(pid) {
            samples.borrow_mut().push(mib);
        }
        tokio::time::sleep(SAMPLE).await;
    }
}

/// One lane at work.
struct Worker {
    number: usize,
    begun: Instant,
    address: Rc<str>,
    requests: Rc<[Vec<u8>]>,
    connections: Rc<RefCell<Vec<Option<Connection>>>>,
    tally: Rc<RefCell<Tally>>,
    late: Rc<RefCell<Vec<u32>>>,
}

impl Worker {
    async fn work(self, lane: Vec<Due>) {
        // It has been opened; a lane without one opens it with its first request.
        let mut connection = self.connections.borrow_mut().get_mut(self.number).and_then(Option::take);
        for due in lane {
            let at = self.begun + Duration::from_micros(due.at.into());
            if Instant::now() < at {
                tokio::time::sleep_until(at.into()).await;
                self.late.borrow_mut().push(at.elapsed().as_micros() as u32);
            }
            let mut open = match connection.take() {
                Some(open) => open,
                None => match Connection::open(&self.address).await {
                    Ok(open) => open,
                    Err(error) => {
                        self.tally.borrow_mut().failure(|| error.to_string());
                        continue;
                    }
                },
            };
            match open.exchange(&self.requests[due.request as usize]).await {
                Ok(answer) => {
                    if answer.is_success() {
                        self.tally.borrow_mut().success(at.elapsed());
                    } else {
                        let text = || String::from_utf8_lossy(open.last_answer()).into_owned();
                        self.tally.borrow_mut().failure(text);
                    }
                    connection = Some(open);
                }
                Err(error) => self.tally.borrow_mut().failure(|| error.to_string()),
            }
        }
        if let Some(slot) = self.connections.borrow_mut().get_mut(self.number) {
            *slot = connection;
        }
    }
}

/// The means of the first and the last quarter of what was seen over time; `None` of fewer than four.
pub fn quarters(samples: &[f64]) -> Option<(f64, f64)> {
    let quarter = samples.len() / 4;
    let mean = |samples: &[f64]| samples.iter().sum::<f64>() / samples.len() as f64;
    (quarter > 0).then(|| (mean(&samples[..quarter]), mean(&samples[samples.len() - quarter..])))
}

/// A search for the highest rate that holds, in a bounded number of tries: upwards in big steps (or down, if the first
/// does not hold) and then between the best that held and the least that did not.
#[derive(Debug)]
pub struct Search {
    held: Option<f64>,
    failed: Option<f64>,
    first: f64,
    tries: u32,
}

/// The search is over when the rates that hold and do not are this close.
const CLOSE: f64 = 1.06;

impl Search {
    /// From this rate, with so many tries at most.
    pub fn new(first: f64, tries: u32) -> Search {
        Search { held: None, failed: None, first, tries }
    }

    /// Notes that a rate holds or not.
    pub fn note(&mut self, rate: f64, holds: bool) {
        if holds {
            self.held = Some(self.held.map_or(rate, |held| held.max(rate)));
        } else {
            self.failed = Some(self.failed.map_or(rate, |failed| failed.min(rate)));
        }
    }

    /// The rate to try next.
    pub fn next_rate(&mut self) -> Option<f64> {
        self.tries = self.tries.checked_sub(1)?;
        match (self.held, self.failed) {
            (None, None) => Some(self.first),
            (Some(held), None) => Some(held * 1.4),
            (None, Some(failed)) => Some(failed / 1.6),
            (Some(held), Some(failed)) => (failed / held > CLOSE).then(|| (held * failed).sqrt()),
        }
    }

    /// The highest rate that held.
    pub fn highest(&self) -> Option<f64> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        sync::Notify,
    };

    #[test]
    fn a_client_sends_once_in_each_interval() {
        let (interval, length) = (Duration::from_secs(4), Duration::from_secs(300));
        for seed in 0..100 {
            let moments = moments(interval, length, &mut Random(seed));
            assert_eq!(moments.len(), 75);
            for (turn, at) in (0..).zip(moments) {
                assert_eq!(at / 4_000_000, turn, "{at}");
            }
        }
    }

    #[test]
    fn nothing_is_due_after_the_end() {
        let (interval, length) = (Duration::from_secs(4), Duration::from_secs(5));
        let sent: usize = (0..1000)
            .map(|seed| {
                let moments = moments(interval, length, &mut Random(seed));
                assert!(moments.iter().all(|&at| at < 5_000_000), "{moments:?}");
                moments.len()
            })
            .sum();
        // 1,000 in the first interval, and a quarter of the second.
        assert!((1200..1300).contains(&sent), "{sent}");
    }

    #[test]
    fn the_search_comes_close_to_the_limit() {
        for limit in [50.0, 900.0, 1250.0, 3000.0, 20_000.0] {
            let mut search = Search::new(1250.0, 20);
            let mut tries = 0;
            while let Some(rate) = search.next_rate() {
                search.note(rate, rate <= limit);
                tries += 1;
            }
            let highest = search.highest().unwrap();
            assert!(highest <= limit && highest * CLOSE * 1.01 >= limit, "{limit}: {highest}");
            assert!(tries <= 14, "{limit}: {tries} tries");
        }
    }

    #[test]
    fn the_search_is_bounded() {
        let mut search = Search::new(100.0, 3);
        let mut tried = Vec::new();
        while let Some(rate) = search.next_rate() {
            search.note(rate, false);
            tried.push(rate);
        }
        assert_eq!((tried.len(), search.highest()), (3, None));
        assert!(tried.is_sorted_by(|a, b| a > b), "{tried:?}");
    }

    #[test]
    fn quarters_are_means() {
        assert_eq!(quarters(&[1.0, 3.0, 9.0, 9.0, 9.0, 9.0, 5.0, 6.0]), Some((2.0, 5.5)));
        assert_eq!(quarters(&[1.0, 2.0, 3.0]), None);
    }

    const CREATED: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";

    /// Answers every request, the second one of the first connection when the second one of the second has come.
    async fn stalling_server(listener: TcpListener) {
        let stalled = Arc::new(Notify::new());
        for connection in 1..=2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let stalled = Arc::clone(&stalled);
            tokio::spawn(async move {
                let mut buffer = [0; 64];
                let mut requests = 0;
                while stream.read(&mut buffer).await.unwrap() > 0 {
                    requests += 1;
                    match (connection, requests) {
                        (1, 2) => stalled.notified().await,
                        (2, 2) => stalled.notify_one(),
                        _ => {}
                    }
                    stream.write_all(CREATED).await.unwrap();
                }
            });
        }
    }

    #[tokio::test]
    async fn requests_that_wait_for_a_stall_are_charged_for_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(stalling_server(listener));
        let mut lanes = Lanes::new(&address, vec![b"request".to_vec()]);
        lanes.open(1, |_| 0).await.unwrap();
        lanes.open(2, |_| 0).await.unwrap();
        assert_eq!(lanes.answered(), 2);
        // The first of three is stalled until long after the others were due.
        let due = |times: &[u32]| times.iter().map(|&at| Due { at, request: 0 }).collect();
        let work = vec![Lane { due: due(&[0, 50_000, 100_000]), group: 0 }, Lane { due: due(&[300_000]), group: 1 }];
        let outcome = lanes.run(work, Duration::from_millis(350), std::process::id()).await.unwrap();
        let stalled = outcome.figures[0];
        assert_eq!((stalled.requests, outcome.all.requests, outcome.all.errors, lanes.answered()), (3, 4, 0, 6));
        // 300, 250 and 200 ms, and not 300, 0 and 0.
        assert!(stalled.p50_ms >= 250.0, "{outcome:?}");
    }

    #[tokio::test]
    async fn what_is_not_answered_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 64];
            for answer in [CREATED, CREATED, b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", b""] {
                assert!(stream.read(&mut buffer).await.unwrap() > 0);
                stream.write_all(answer).await.unwrap();
            }
        });
        let mut lanes = Lanes::new(&address, vec![b"request".to_vec()]);
        lanes.open(1, |_| 0).await.unwrap();
        // The first is answered, the second refused, the third and the fourth meet a server that has gone.
        let due = [0, 1, 2, 3].map(|at| Due { at, request: 0 }).to_vec();
        let work = vec![Lane { due, group: 0 }];
        let outcome = lanes.run(work, Duration::from_millis(10), std::process::id()).await.unwrap();
        assert_eq!((outcome.all.requests, outcome.all.errors, lanes.answered()), (1, 3, 2));
        assert!(outcome.first_error.is_some_and(|text| text.starts_with("HTTP/1.1 503")));
    }
}
