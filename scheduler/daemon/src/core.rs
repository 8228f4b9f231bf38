//! The core: one loop that feeds the engine and carries out what it decides. Dumb on purpose:
//! receive, call the engine, carry out its actions, one `match` arm each.

mod answers;
mod checks;
mod commands;
mod reload;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use config::Configuration;
use engine::{Action, Engine, Entry, Limits, Notification, Restored, Span, Timestamp};
use jiff::tz::TimeZone;
use jobs::Done;
use store::{Batch, DeliveryId, Loaded};
use tokio::sync::{mpsc, oneshot};

use crate::away::Away;
use crate::pools::Pools;
use crate::storage::{Storage, Task};
use crate::wire::{Answer, Request};
use crate::words::in_words;

pub(crate) use checks::time_limit;
pub(crate) use reload::{Read, log_problem};

/// What is known is stored at least this often; a message never waits for it.
const FLUSH: Duration = Duration::from_secs(1);

/// The wall clock is looked at at least this often: it may have been set.
const GLANCE: Duration = Duration::from_secs(1);

/// Due checks are started at most so often, those of a tick together: waking a process for every
/// single one costs more than the engine's own work, and nobody misses ten milliseconds.
const TICK: Duration = Duration::from_millis(10);

/// Inputs taken at once before the engine's timers are looked at again.
const AT_ONCE: usize = 1000;

/// History and the finished ledger are kept so long.
const KEEP_HISTORY: Span = Span::from_secs(400 * 86_400);

/// What reaches the core.
pub(crate) enum Input {
    /// A job ended.
    Done(Done),
    /// A message needs the nth command of its contact run; somebody waits for the end.
    Run { message: Box<Notification>, nth: usize, reply: oneshot::Sender<Done> },
    /// A batch is stored; these messages may go out.
    Stored(Vec<(DeliveryId, Notification)>),
    /// What became of a message.
    Reported(notify::Report<DeliveryId>),
    /// Somebody asks.
    Asked(Request, oneshot::Sender<Answer>),
    /// Lines of the command file; their reader goes on when this is answered.
    Commands(Vec<String>, oneshot::Sender<()>),
    /// Read the configuration again.
    Reload,
    /// A configuration was read, for somebody or for a signal.
    Read(Box<Read>),
    /// Stop cleanly.
    Stop,
}

/// What a job is for.
enum Purpose {
    /// A check of this object; none if a reload took it away meanwhile.
    Check(Option<engine::ObjectId>),
    /// Somebody waits for it.
    Command(oneshot::Sender<Done>),
    /// An event handler, in words.
    Handler(String),
}

/// Everything the loop holds.
pub(crate) struct Core {
    engine: Engine,
    configuration: Arc<Configuration>,
    current: tokio::sync::watch::Sender<Arc<Configuration>>,
    path: PathBuf,
    inputs: mpsc::UnboundedReceiver<Input>,
    itself: mpsc::UnboundedSender<Input>,
    pools: Option<Pools>,
    outbox: mpsc::UnboundedSender<(DeliveryId, Notification)>,
    /// Subjects of messages that wait to be delivered.
    undelivered: HashMap<DeliveryId, String>,
    storage: Storage,
    jobs: HashMap<u64, Purpose>,
    next_job: u64,
    batch: Batch,
    committing: bool,
    last_flush: std::time::Instant,
    last_look: std::time::Instant,
    last_prune: Timestamp,
    away: Away,
    started: Timestamp,
    refusals: commands::Refusals,
    stopping: bool,
}

/// What the core is built from.
pub(crate) struct Parts {
    pub configuration: Arc<Configuration>,
    pub current: tokio::sync::watch::Sender<Arc<Configuration>>,
    pub path: PathBuf,
    pub inputs: mpsc::UnboundedReceiver<Input>,
    pub itself: mpsc::UnboundedSender<Input>,
    pub pools: Pools,
    pub outbox: mpsc::UnboundedSender<(DeliveryId, Notification)>,
    pub storage: Storage,
    pub loaded: Loaded,
}

/// The wall clock.
pub(crate) fn now() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

impl Core {
    /// Goes on where the store ended.
    pub fn new(parts: Parts) -> Core {
        let started = now();
        let graph = parts.configuration.graph.clone();
        let (here, away): (Vec<_>, Vec<_>) =
            parts.loaded.states.into_iter().partition(|(identity, _)| graph.find(identity).is_some());
        let limits = limits(&parts.configuration);
        let restored = Restored { states: here, globals: parts.loaded.globals, alive: parts.loaded.alive };
        let mut core = Core {
            engine: Engine::new(graph, limits, restored, started),
            configuration: parts.configuration,
            current: parts.current,
            path: parts.path,
            inputs: parts.inputs,
            itself: parts.itself,
            pools: Some(parts.pools),
            outbox: parts.outbox,
            undelivered: parts.loaded.outbox.iter().map(|(id, message)| (*id, announced(message))).collect(),
            storage: parts.storage,
            jobs: HashMap::new(),
            next_job: 1,
            batch: Batch::default(),
            committing: false,
            last_flush: std::time::Instant::now(),
            last_look: std::time::Instant::now(),
            last_prune: started,
            away: away.into_iter().collect(),
            started,
            refusals: commands::Refusals::default(),
            stopping: false,
        };
        let forgotten = core.away.forget(started);
        core.batch.removed.extend(forgotten);
        core
    }

    /// Runs until it is told to stop.
    pub async fn run(mut self) {
        while !self.stopping {
            let wake = self.wake();
            tokio::select! {
                input = self.inputs.recv() => {
                    let Some(input) = input else { break };
                    self.take(input);
                    for _ in 0..AT_ONCE {
                        let Ok(input) = self.inputs.try_recv() else { break };
                        self.take(input);
                    }
                }
                () = tokio::time::sleep(wake) => {}
            }
            let now = now();
            if self.last_look.elapsed() >= TICK {
                self.last_look = std::time::Instant::now();
                self.engine.handle_timeout(now);
            }
            self.carry_out(now);
            self.tell_refusals();
            self.flush(now);
        }
        self.stop().await;
    }

    /// How long nothing needs to be done.
    fn wake(&self) -> Duration {
        let next = self.engine.poll_timeout();
        if next == Timestamp::NEVER {
            return GLANCE;
        }
        let micros = u64::try_from(next.since(now()).micros()).unwrap_or(0);
        Duration::from_micros(micros).max(TICK.saturating_sub(self.last_look.elapsed())).min(GLANCE)
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Done(done) => self.done(done),
            Input::Run { message, nth, reply } => self.run_for(&message, nth, reply),
            Input::Stored(told) => {
                self.committing = false;
                for message in told {
                    self.undelivered.insert(message.0, announced(&message.1));
                    let _ = self.outbox.send(message);
                }
            }
            Input::Reported(report) => self.reported(report),
            Input::Asked(request, reply) => self.asked(request, reply),
            Input::Commands(lines, taken) => {
                self.commands(&lines);
                let _ = taken.send(());
            }
            Input::Reload => self.read_again(false, None),
            Input::Read(read) => self.reloaded(*read),
            Input::Stop => self.stopping = true,
        }
    }

    fn carry_out(&mut self, now: Timestamp) {
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Run(job) => self.check(job, now),
                Action::Skip { object, master } => {
                    let graph = self.engine.graph();
                    tracing::debug!("{} is not checked: {}", graph.identity(object), graph.identity(master));
                }
                Action::Handle(handling) => self.handle(&handling, now),
                Action::Notify(message) => self.batch.notifications.push(*message),
                Action::Record(entry) => {
                    say(&entry);
                    self.batch.history.push(*entry);
                }
            }
        }
    }

    /// Hands what changed to the store: at once when somebody is to be told, else every second. One
    /// batch is under way at a time, the next one grows meanwhile.
    fn flush(&mut self, now: Timestamp) {
        let urgent = !self.batch.notifications.is_empty();
        if self.committing || (!urgent && self.last_flush.elapsed() < FLUSH) {
            return;
        }
        self.commit(now);
    }

    fn commit(&mut self, now: Timestamp) {
        let graph = self.engine.graph().clone();
        let changed = self.engine.take_changed();
        let changed = changed.into_iter().map(|id| (graph.identity(id), self.engine.snapshot(id)));
        self.batch.states.extend(changed);
        self.batch.globals = self.engine.take_globals();
        self.batch.at = now;
        let batch = std::mem::take(&mut self.batch);
        self.storage.give(Task::Commit(Box::new(batch)));
        self.committing = true;
        self.last_flush = std::time::Instant::now();
        if now.since(self.last_prune) > Span::from_secs(60) {
            self.last_prune = now;
            self.storage.give(Task::Prune(now - KEEP_HISTORY));
        }
    }

    fn reported(&mut self, report: notify::Report<DeliveryId>) {
        match report {
            notify::Report::Delivered { id } => {
                if let Some(subject) = self.undelivered.remove(&id) {
                    tracing::info!("mail or command delivered {subject}");
                }
                self.storage.give(Task::Delivered(id, now()));
            }
            notify::Report::Failed { id, error, next_try } => {
                if next_try.is_none() {
                    self.undelivered.remove(&id);
                }
                self.storage.give(Task::Failed { id, at: now(), error, next_try });
            }
        }
    }

    /// Nothing new is started, checks under way are given up, all that is known is stored. What was
    /// not delivered is in the store and goes out after the next start.
    async fn stop(mut self) {
        tracing::info!("stopping");
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        if let Some(pools) = self.pools.take() {
            pools.stop().await;
        }
        self.carry_out_without_checks();
        self.commit(now());
        self.storage.finish();
    }

    fn carry_out_without_checks(&mut self) {
        while let Ok(input) = self.inputs.try_recv() {
            match input {
                Input::Done(done) if done.outcome != jobs::Outcome::Lost => self.done(done),
                Input::Reported(report) => self.reported(report),
                Input::Commands(lines, _) => self.commands(&lines),
                _ => {}
            }
        }
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Run(_) => break,
                Action::Skip { .. } | Action::Handle(_) => {}
                Action::Notify(message) => self.batch.notifications.push(*message),
                Action::Record(entry) => self.batch.history.push(*entry),
            }
        }
    }
}

/// A message in one line of the log.
fn announced(message: &Notification) -> String {
    format!("to {}: {}", message.contact, notify::subject(message))
}

/// How much may run at once.
pub(crate) fn limits(configuration: &Configuration) -> Limits {
    let workers = &configuration.options.workers;
    let per_host =
        workers.max_in_flight_per_host.map_or(Limits::default().per_host, |n| usize::from(n.get()));
    Limits { in_flight: usize::from(workers.max_in_flight.get()), per_host }
}

/// The log's line for a line of history.
fn say(entry: &Entry) {
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    let words = in_words(&entry.kind, &TimeZone::system());
    if entry.identity.host.is_empty() {
        tracing::info!("{words}");
    } else {
        tracing::info!("{} {words}", entry.identity);
    }
}
