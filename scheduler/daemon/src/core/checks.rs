//! From a due check to its result; commands of messages and event handlers.

use std::num::NonZeroU16;
use std::time::Duration;

use config::{CheckMacros, Configuration, HandlerMacros, NotificationMacros};
use engine::{CheckResult, Condition, Event, Handling, Job as Due, Notification, ObjectId, Said, Timestamp};
use jobs::{Done, Job, Outcome};
use nagios::State;
use tokio::sync::oneshot;

use super::{Core, Purpose, now};
use crate::deliver::{judge, own_commands};
use crate::pools::into_argv;

impl Core {
    /// Starts a check: expands its command line and gives it to the right pool.
    pub(super) fn check(&mut self, due: Due, at: Timestamp) {
        let timeout = time_limit(&self.configuration, due.object);
        let states = |id| Some(self.engine.state(id));
        let command = CheckMacros::new(&self.configuration, due.object, at).with(&states).expand();
        // the engine asks only for what has a command; one without words is refused by the worker
        let (argv, environment) = command.map(into_argv).unwrap_or_default();
        let id = self.number(Purpose::Check(Some(due.object)));
        self.submit(Job { id, argv, environment, timeout });
    }

    /// Runs the nth command that a message's contact has for it. If it has none, since the
    /// configuration changed, the one who waits is left alone.
    pub(super) fn run_for(&mut self, told: &Notification, nth: usize, reply: oneshot::Sender<Done>) {
        let Some(command) = own_commands(&self.configuration.graph, told).get(nth) else { return };
        let states = |id| Some(self.engine.state(id));
        let macros = NotificationMacros::new(&self.configuration, told, command, now()).with(&states);
        let (argv, environment) = into_argv(macros.expand());
        let timeout = seconds(self.configuration.options.timeouts.notification, 30);
        let id = self.number(Purpose::Command(reply));
        self.submit(Job { id, argv, environment, timeout });
    }

    /// Runs an event handler; how it ended is for the log only.
    pub(super) fn handle(&mut self, handling: &Handling, at: Timestamp) {
        let states = |id| Some(self.engine.state(id));
        let macros = HandlerMacros::new(&self.configuration, handling, at).with(&states);
        let (argv, environment) = into_argv(macros.expand());
        let timeout = seconds(self.configuration.options.timeouts.event_handler, 30);
        let graph = self.engine.graph();
        let name = &graph.command(handling.command.command).name;
        let what = format!("event handler {name} of {}", graph.identity(handling.object));
        tracing::info!("{what} runs: {} ({})", handling.condition, handling.state_type);
        let id = self.number(Purpose::Handler(what));
        self.submit(Job { id, argv, environment, timeout });
    }

    fn submit(&self, job: Job) {
        if let Some(pools) = &self.pools {
            pools.submit(job);
        }
    }

    fn number(&mut self, purpose: Purpose) -> u64 {
        let id = self.next_job;
        self.next_job += 1;
        self.jobs.insert(id, purpose);
        id
    }

    /// A job came back.
    pub(super) fn done(&mut self, done: Done) {
        match self.jobs.remove(&done.id) {
            Some(Purpose::Check(Some(object))) => {
                let event = if done.outcome == Outcome::Lost {
                    Event::Lost(object)
                } else {
                    Event::Result(self.result(object, &done))
                };
                self.engine.handle(event, now());
            }
            Some(Purpose::Command(reply)) => drop(reply.send(done)),
            Some(Purpose::Handler(what)) => {
                if let Err(error) = judge(&done) {
                    tracing::error!("{what}: {error}");
                }
            }
            // of an object that a reload took away
            Some(Purpose::Check(None)) => {}
            None => tracing::error!("job {} came back that was never sent", done.id),
        }
    }

    fn result(&self, object: ObjectId, done: &Done) -> CheckResult {
        let (state, printed) = done.verdict();
        let late = self
            .configuration
            .globals
            .timeout_condition
            .filter(|_| done.outcome == Outcome::TimedOut && !self.engine.graph().is_host(object));
        CheckResult {
            object,
            started: Timestamp::from_micros(done.started),
            finished: Timestamp::from_micros(done.finished),
            state: late.map_or(state, state_of),
            said: Said::from(&printed),
        }
    }
}

/// After so long a check of an object is ended.
pub(crate) fn time_limit(configuration: &Configuration, object: ObjectId) -> Duration {
    let timeouts = &configuration.options.timeouts;
    if configuration.graph.is_host(object) {
        seconds(timeouts.host_check, 30)
    } else {
        seconds(timeouts.service_check, 60)
    }
}

fn seconds(configured: Option<NonZeroU16>, default: u16) -> Duration {
    Duration::from_secs(configured.map_or(default, NonZeroU16::get).into())
}

fn state_of(condition: Condition) -> State {
    match condition {
        Condition::Ok | Condition::Up => State::Ok,
        Condition::Warning => State::Warning,
        Condition::Critical | Condition::Down => State::Critical,
        Condition::Unknown | Condition::Unreachable => State::Unknown,
    }
}
