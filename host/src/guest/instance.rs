//! The instances of a component, with a queue in front of them.
//!
//! An instance lives long and works on many requests at a time, which is what makes it fast and lets requests meet in it.
//! What can go wrong stays inside it:
//! * a trap ends the instance, and only the requests that were in it fail;
//! * a request that takes too long is answered without it, and since the engine cannot cancel what it still does
//!   (wasmtime issue 11833), its instance takes no more requests and ends when the others in it are done and the answers
//!   that leave it piece by piece have left.
//!
//! Either way a new instance takes its place at once. An instance that has served its number of requests is renewed: it
//! takes requests until its successor does, and then finishes what it has.

use crate::guest::context::ComponentContext;
use crate::guest::queue::Queue;
use crate::guest::state::GuestState;
use crate::guest::vitals::{End, Tick, Vitals};
use crate::log::Log;
use futures::channel::oneshot;
use futures::future::OptionFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use rolecall_shared::wire::log::{Level, Line};
use serde::Serialize;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::task::task_tracker::TaskTrackerToken;
use wasmtime::component::Accessor;
use wasmtime::{AsContextMut, Engine, Store, UpdateDeadline};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{ExpirationError, Prepared, Proxy, ProxyPre, Request, Response};

/// How long an instance that takes no more requests may still run after its last answer.
const LINGERING_TIME: Duration = Duration::from_secs(5);

/// How long to wait before trying again to start an instance that could not be started.
const RESTART_PAUSE: Duration = Duration::from_millis(500);

/// The limits of a component's instances.
#[derive(Clone, Copy, Debug)]
pub struct InstanceLimits {
    /// Requests in one instance at the same time.
    pub concurrency: usize,
    /// Requests until the instance is renewed.
    pub requests: usize,
    /// Linear memory, in bytes.
    pub memory: usize,
    /// CPU time without yielding.
    pub cpu: Duration,
}

/// Why a component gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The request was still waiting for an instance when its time was up; nothing was done.
    NeverStarted,
    /// The component did not answer in time.
    Timeout,
    /// The instance that had the request ended.
    Ended(End),
    /// The component answered with an error instead of a response.
    NoResponse,
    /// No instance could be started.
    NotStartable,
}

/// A component, served by its instances.
pub struct Service {
    engine: Engine,
    component: Arc<ComponentContext>,
    linked: ProxyPre<GuestState>,
    limits: InstanceLimits,
    log: Log,
    queue: Queue<Job>,
    /// Instances that take requests.
    accepting: AtomicUsize,
}

/// The instance that this one replaces.
#[derive(Default)]
struct Predecessor {
    /// Tells a renewed instance that its successor takes requests; `None` unless the instance is renewed.
    ready: Option<oneshot::Sender<()>>,
    /// Upgrades until the renewed instance has ended.
    life: Weak<()>,
}

/// Counts an instance among those that take requests, until it is dropped.
struct Accepting<'a>(&'a AtomicUsize);

impl Accepting<'_> {
    fn of(number: &AtomicUsize) -> Accepting<'_> {
        number.fetch_add(1, Ordering::Relaxed);
        Accepting(number)
    }
}

impl Drop for Accepting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request on its way to an instance.
struct Job {
    request: Request,
    answer: oneshot::Sender<Result<Response, wasmtime::Error>>,
    deadline: Instant,
    /// Filled in by the instance that takes the request.
    taken_by: Arc<OnceLock<Arc<Vitals>>>,
    /// The request's place among those in flight, until the instance is done with it.
    place: Arc<OwnedSemaphorePermit>,
}

/// A component's answer.
pub struct Answered {
    /// Its head, and a body that may still be on its way.
    pub response: Response,
    /// The instance that gives it.
    pub vitals: Arc<Vitals>,
}

impl Service {
    /// A component without instances yet.
    pub fn new(
        engine: &Engine,
        component: Arc<ComponentContext>,
        linked: ProxyPre<GuestState>,
        limits: InstanceLimits,
        log: &Log,
    ) -> Arc<Service> {
        Arc::new(Service {
            engine: engine.clone(),
            component,
            linked,
            limits,
            log: log.clone(),
            queue: Queue::default(),
            accepting: AtomicUsize::new(0),
        })
    }

    /// Starts one more instance, which replaces itself for as long as the service is not stopped.
    pub fn start_instance(self: &Arc<Self>, alive: TaskTrackerToken) {
        self.start_successor(alive, Predecessor::default());
    }

    fn start_successor(self: &Arc<Self>, alive: TaskTrackerToken, predecessor: Predecessor) {
        tokio::spawn(run_instance(self.clone(), alive, predecessor));
    }

    /// The component's name.
    pub fn name(&self) -> &str {
        &self.component.name
    }

    /// Hands a request to the next instance that has room and waits for the head of its answer.
    ///
    /// # Errors
    /// There is no answer, or none in time.
    pub async fn handle(
        &self,
        request: Request,
        deadline: Instant,
        place: Arc<OwnedSemaphorePermit>,
    ) -> Result<Answered, Failure> {
        let (answer, answered) = oneshot::channel();
        let taken_by = Arc::new(OnceLock::new());
        let job = Job { request, answer, deadline, taken_by: taken_by.clone(), place };
        if self.queue.push(job).is_err() {
            return Err(Failure::NeverStarted);
        }
        let failure = match timeout_at(deadline, answered).await {
            Ok(Ok(Ok(response))) => match taken_by.get() {
                Some(vitals) => return Ok(Answered { response, vitals: vitals.clone() }),
                // Only the instance that took the request answers it.
                None => Failure::NotStartable,
            },
            Ok(Ok(Err(error))) if error.is::<ExpirationError>() => Failure::Timeout,
            Ok(Ok(Err(error))) => self.failed(&error, taken_by.get()),
            // The instance ended and took the sender with it.
            Ok(Err(oneshot::Canceled)) => match taken_by.get() {
                Some(vitals) => Failure::Ended(vitals.end()),
                None => Failure::NotStartable,
            },
            Err(_) if taken_by.get().is_none() => Failure::NeverStarted,
            Err(_) => Failure::Timeout,
        };
        Err(failure)
    }

    /// Accepts no more requests; the instances end when they have answered what they have.
    pub fn stop(&self) {
        self.queue.close();
    }

    fn failed(&self, error: &wasmtime::Error, taken_by: Option<&Arc<Vitals>>) -> Failure {
        match taken_by {
            Some(vitals) if error.is::<wasmtime::Trap>() => Failure::Ended(vitals.end()),
            _ => {
                self.report(Level::Error, "handler_error", Some(error));
                Failure::NoResponse
            }
        }
    }

    fn report(&self, level: Level, event: &str, error: Option<&wasmtime::Error>) {
        #[derive(Serialize)]
        struct Details<'a> {
            component: &'a str,
        }
        let cause = error.map(|error| format!("{error:?}"));
        let line = Line { cause: cause.as_deref(), ..Line::new(level, "host", event) };
        self.log.print(&line, &Details { component: &self.component.name });
    }

    fn store(&self, vitals: &Arc<Vitals>) -> Store<GuestState> {
        let state = GuestState::new(self.component.clone(), &self.log, self.limits.memory, vitals.clone());
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        let (vitals, limit) = (vitals.clone(), self.limits.cpu);
        store.epoch_deadline_callback(move |mut context| {
            let task = context.async_call_stack()?.last();
            Ok(match vitals.tick(task, limit) {
                Tick::GoOn => UpdateDeadline::Continue(1),
                // Tokio's own way of yielding lets everything else have a turn, sockets included, before this one.
                Tick::StepAside => UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())),
                Tick::Stop => {
                    vitals.record_cause(End::Cpu);
                    UpdateDeadline::Interrupt
                }
            })
        });
        store
    }
}

/// Runs one instance to its end and sees to its successor.
async fn run_instance(service: Arc<Service>, alive: TaskTrackerToken, predecessor: Predecessor) {
    let vitals = Arc::new(Vitals::default());
    let mut store = service.store(&vitals);
    let proxy = match service.linked.instantiate_async(&mut store).await {
        Ok(proxy) => proxy,
        Err(error) => {
            service.report(Level::Error, "instance_not_startable", Some(&error));
            if service.accepting.load(Ordering::Relaxed) == 0 {
                // Dropping what waits tells it that there is no instance.
                drop(service.queue.take_all());
            }
            sleep(RESTART_PAUSE).await;
            if !service.queue.is_closed() {
                service.start_successor(alive, predecessor);
            }
            return;
        }
    };

    let mut place = Place { alive: Some(alive), is_replaced: false, predecessor, life: Arc::new(()) };
    let result = {
        let (service, proxy, vitals, place) = (&service, &proxy, &vitals, &mut place);
        let serve = async move |accessor: &Accessor<GuestState>| serve(accessor, proxy, service, vitals, place).await;
        let mut running = pin!(store.run_concurrent(serve));
        poll_fn(|context| {
            vitals.turn_begins();
            let turn = running.as_mut().poll(context);
            vitals.turn_ends();
            turn
        })
        .await
    };
    if let Err(error) = result.flatten() {
        let event = match vitals.end() {
            End::Trap => "instance_trapped",
            End::Memory => "instance_out_of_memory",
            End::Cpu => "instance_out_of_cpu_time",
        };
        service.report(Level::Error, event, Some(&error));
    }
    drop(store);
    if let Some(alive) = place.alive
        && !place.is_replaced
        && !service.queue.is_closed()
    {
        service.start_instance(alive);
    }
}

/// An instance's place among the others.
struct Place {
    /// Keeps the process waiting for this instance's requests, although the successor has a token too.
    alive: Option<TaskTrackerToken>,
    /// Whether a successor has been started.
    is_replaced: bool,
    predecessor: Predecessor,
    /// Dropped when the instance has ended.
    life: Arc<()>,
}

impl Place {
    /// Whether the instance may be renewed: not while the one before it is still at work, so that a few long requests
    /// do not make many instances.
    fn is_renewable(&self) -> bool {
        !self.is_replaced && self.predecessor.life.strong_count() == 0
    }

    /// Starts the successor; a second call does nothing.
    fn replace(&mut self, service: &Arc<Service>, told: Predecessor) {
        if let Some(alive) = &self.alive
            && !std::mem::replace(&mut self.is_replaced, true)
        {
            service.start_successor(alive.clone(), told);
        }
    }
}

/// Takes requests from the queue and works on them, until the queue is closed, one of them takes too long, or a
/// successor has taken over after as many as it may have.
async fn serve(
    accessor: &Accessor<GuestState>,
    proxy: &Proxy,
    service: &Arc<Service>,
    vitals: &Arc<Vitals>,
    place: &mut Place,
) -> wasmtime::Result<()> {
    let mut in_progress = FuturesUnordered::new();
    let mut accepting = Some(Accepting::of(&service.accepting));
    if let Some(ready) = place.predecessor.ready.take() {
        // The predecessor may have ended meanwhile.
        let _ = ready.send(());
    }
    let mut taken = 0;
    let mut successor: Option<oneshot::Receiver<()>> = None;
    let mut is_retired = false;
    let mut is_lingering = false;
    let mut lingering = pin!(OptionFuture::from(None));
    let handler = match proxy {
        Proxy::P3(guest) => *guest.wasi_http_handler().func_handle().func(),
        Proxy::P2(guest) => *guest.wasi_http_incoming_handler().func_handle().func(),
    };
    poll_fn(|context| {
        loop {
            match in_progress.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(true))) => continue,
                // The request timed out. Its instance may be stuck and gets no more requests.
                Poll::Ready(Some(Ok(false))) => {
                    accepting = None;
                    if !std::mem::replace(&mut is_retired, true) {
                        service.report(Level::Warn, "instance_retired", None);
                        place.replace(service, Predecessor::default());
                    }
                    continue;
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) | Poll::Pending => {}
            }
            if taken >= service.limits.requests && accepting.is_some() && place.is_renewable() {
                let (ready, is_ready) = oneshot::channel();
                place.replace(service, Predecessor { ready: Some(ready), life: Arc::downgrade(&place.life) });
                successor = Some(is_ready);
            }
            if let Some(Poll::Ready(Ok(()))) = successor.as_mut().map(|ready| Pin::new(ready).poll(context)) {
                service.report(Level::Info, "instance_renewed", None);
                accepting = None;
                successor = None;
            }
            let has_room = accepting.is_some()
                && in_progress.len() < service.limits.concurrency
                && accessor.poll_ready_for_concurrent_call(handler, context).is_ready();
            if has_room {
                match service.queue.poll_take(context) {
                    Poll::Ready(Some(job)) => {
                        if !job.answer.is_canceled() {
                            taken += 1;
                            in_progress.push(work(accessor, proxy, vitals, job));
                        }
                        continue;
                    }
                    Poll::Ready(None) => accepting = None,
                    Poll::Pending => {}
                }
            }
            if accepting.is_some() || !in_progress.is_empty() {
                return Poll::Pending;
            }
            // Work that a request left behind, such as the end of its body, is finished too.
            if accessor.poll_no_interesting_tasks(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
            // There is a limit to that: it may be waiting for a database that does not come back.
            if !std::mem::replace(&mut is_lingering, true) {
                if is_retired {
                    // The request was answered long ago, so the end of the process need not wait for its rest.
                    place.alive = None;
                }
                lingering.set(OptionFuture::from(Some(sleep(LINGERING_TIME))));
            }
            match lingering.as_mut().poll(context) {
                // The last answers may still be leaving, as long as they make progress.
                Poll::Ready(_) if vitals.is_streaming() => {
                    lingering.set(OptionFuture::from(Some(sleep(LINGERING_TIME))));
                }
                end => return end.map(|_| Ok(())),
            }
        }
    })
    .await
}

/// Works on one request; `false` if its time was up before the guest answered.
async fn work(
    accessor: &Accessor<GuestState>,
    proxy: &Proxy,
    vitals: &Arc<Vitals>,
    job: Job,
) -> wasmtime::Result<bool> {
    let Job { request, answer, deadline, taken_by, place } = job;
    // The queue gives a request to one instance only.
    let _ = taken_by.set(vitals.clone());
    let prepared =
        accessor.with(|mut access| Prepared::new(access.as_context_mut(), proxy, request, GuestState::http, answer))?;
    let answered = prepared.run(accessor, sleep_until(deadline)).await;
    drop(place);
    answered
}
